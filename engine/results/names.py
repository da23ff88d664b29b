"""The names of the files in OUTPUT, and whether a folder may take them."""

from __future__ import annotations

import os

from ..choices import EACH_SCENE
from ..errors import ParameterError
from ..requests import Request
from ..scenes.scene import Scene
from ..sensors.landsat.product_id import leading_product_id

SIGNATURES_NAME = "signatures.json"
STATISTICS_NAME = "statistics.csv"
REPORT_NAME = "report.html"


def scene_signatures(scene: Scene) -> str:
    """Return the name, without ending, of the signatures of a scene with classes of its own."""
    return f"{scene.id}_signatures"


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
    for path in sorted(request.output.glob("*_signatures.json")):
        if leading_product_id(path.name):
            raise ParameterError(
                f"OUTPUT: {request.output} holds a run with classes of each scene ({path.name}), and MODE asks for "
                "common classes; choose another folder, so that the two can be compared."
            )


def raster_name(scene: Scene) -> str:
    """Return the name of a scene's classified raster."""
    return f"{scene.id}_classes.tif"
