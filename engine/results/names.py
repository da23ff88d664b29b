"""The names of the files in OUTPUT, and whether a folder may take them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..choices import EACH_SCENE
from ..errors import ParameterError
from ..paths import Place, check_apart
from ..requests import Request
from ..scenes.inputs import input_places
from ..scenes.scene import Scene
from ..sensors.products import may_lead_with_product

SIGNATURES_NAME = "signatures.json"
SIGNATURES_TABLE = "signatures.csv"
STATISTICS_NAME = "statistics.csv"
REPORT_NAME = "report.html"
RASTER_END = "_classes.tif"
"""How the name of a classified raster ends."""
MARGIN_END = "_margin.tif"
"""How the name of a raster of margins ends."""
SIGNATURES_END = "_signatures"
"""How the names, without ending, of the signatures of a single scene end."""

_REMEDY = "choose another folder"


def scene_signatures(scene: Scene) -> str:
    """Return the name, without ending, of the signatures of a scene with classes of its own."""
    return f"{scene.id}{SIGNATURES_END}"


def check_folder(request: Request) -> None:
    """Check that the output folder holds no results of the other mode, among which these would not be told apart.

    Raises
    ------
    ParameterError
        It does.
    """
    # os.path: a name that the disk cannot hold is one that does not exist, not an OSError.
    if not os.path.isdir(request.output):
        return
    if request.mode == EACH_SCENE:
        if (request.output / SIGNATURES_NAME).exists():
            raise ParameterError(
                f"OUTPUT: {request.output} holds a run with common classes ({SIGNATURES_NAME}), and MODE asks for "
                "classes of each scene; choose another folder, so that the two can be compared."
            )
        return
    for path in sorted(request.output.glob(f"*{SIGNATURES_END}.json")):
        if may_lead_with_product(path.name):
            raise ParameterError(
                f"OUTPUT: {request.output} holds a run with classes of each scene ({path.name}), and MODE asks for "
                "common classes; choose another folder, so that the two can be compared."
            )


def check_outputs(output: Path, names: Iterable[str], scenes: Sequence[Scene], signatures: Path | None = None) -> None:
    """Check that none of the files that will be written is one that is read.

    Parameters
    ----------
    output, names
        The folder, and the files in it.
    scenes
        Of the run.
    signatures
        The signatures file that is read. Its own place is no fault: signatures are read first and replaced last, so a
        run goes on from those in its own folder.

    Raises
    ------
    ParameterError
        One is.
    """
    own = () if signatures is None else [Place("SIGNATURES", signatures)]
    outputs = [Place(f"OUTPUT: {name}", output / name) for name in names]
    check_apart(outputs, input_places(scenes), _REMEDY)
    check_apart([place for place in outputs if place.path.suffix != ".json"], own, _REMEDY)


def written_names(scenes: Iterable[Scene], each: bool, margin: bool = False) -> Iterator[str]:
    """Yield the names of the files of a run with common classes, or with classes of each scene; also with margins."""
    for scene in scenes:
        raster = raster_name(scene)
        yield from (raster, f"{raster}.aux.xml", f"{raster[:-4]}.qml")
        if margin:
            yield from (margin_name(scene), f"{margin_name(scene)[:-4]}.qml")
        if each:
            yield from (f"{scene_signatures(scene)}{end}" for end in (".json", ".csv"))
    if not each:
        yield from (SIGNATURES_NAME, SIGNATURES_TABLE)
    yield from (STATISTICS_NAME, REPORT_NAME)


def raster_name(scene: Scene) -> str:
    """Return the name of a scene's classified raster."""
    return f"{scene.id}{RASTER_END}"


def margin_name(scene: Scene) -> str:
    """Return the name of a scene's raster of margins."""
    return f"{scene.id}{MARGIN_END}"


def raster_names(scenes: Iterable[Scene], margin: bool) -> Iterator[str]:
    """Yield the names of the rasters of scenes, those of margins where they are wanted."""
    for scene in scenes:
        yield raster_name(scene)
        if margin:
            yield margin_name(scene)
