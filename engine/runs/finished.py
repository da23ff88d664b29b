"""A run that has ended, read back from its folder: its classes as they are named now, and its scenes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import UNCLASSIFIED
from ..centres.fit import Fit, IterationRecord
from ..errors import ParameterError, SignatureError
from ..maps.classified import Classified, open_classified
from ..pixels.block import Tally
from ..progress import Progress
from ..quantities import counted
from ..report.kept import MOST_BYTES, KeptScene, read_kept
from ..results import signatures_file
from ..results.legend import UNCLASSIFIED_COLOUR, UNCLASSIFIED_NAME, Legend, edited, legend_of
from ..results.names import RASTER_END, REPORT_NAME, SIGNATURES_END, SIGNATURES_NAME
from ..results.signatures import Signatures
from ..results.statistics import Moments
from ..scenes.scene import Scene
from ..sensors.products import Product, leading_product_id
from ..sensors.sheet_file import generic
from ..text_files import Unreadable, read_text

RESULTS = "RESULTS"
"""The parameter that asks for the folder."""
# What a page tells of a run, where its record does not.
_ON_PAGE: dict[str, Any] = {
    "finished": "", "pixels": 0, "parameters": {}, "seconds": {}, "kernel": "", "device": {}, "versions": {},
}  # fmt: skip


@dataclass(frozen=True)
class FinishedScene:
    """A scene of a run that has ended."""

    scene: Scene
    """What is known of it, with the grid of its raster; it has no bands."""
    raster: Classified
    """Its raster."""
    of_run: bool
    """Whether signatures.json tells of it; not of one that the run left in the folder from an earlier one."""
    told: Any
    """Its audit as signatures.json tells it."""
    kept: KeptScene | None
    """What the page keeps of it."""


@dataclass(frozen=True)
class Finished:
    """A run that has ended."""

    folder: Path
    """Where it lies."""
    signed: Signatures
    """Its signatures, as they stand there."""
    legend: Legend
    """Its classes as they are named and coloured now: what was edited last in the styles, then its own."""
    scenes: tuple[FinishedScene, ...]
    """Those with a raster, in the order of time."""
    missing: tuple[str, ...]
    """Scenes of the run whose raster is not there."""
    unclassified: tuple[str, tuple[int, int, int]] | None
    """Name and colour of pixels that are unclassified; None where no raster has any."""

    @property
    def names(self) -> dict[int, str]:
        """Class -> name."""
        return dict(zip(self.legend.numbers, self.legend.names))

    @property
    def colours(self) -> dict[int, tuple[int, int, int]]:
        """Class -> colour."""
        return dict(zip(self.legend.numbers, self.legend.colours))

    @property
    def moments(self) -> Moments | None:
        """The sums of all scenes of the run; None where they are not known of each."""
        parts = [one.kept.moments if one.kept else None for one in self.scenes if one.of_run]
        if self.missing or not parts or None in parts:
            return None
        whole = Moments.zero(self.signed.k, len(self.signed.roles))
        for part in parts:
            if part is not None:
                whole.add(part)
        return whole

    def fit(self, tally: Tally) -> Fit:
        """Return how its centres were found, with the tally of its classes."""
        run = self.signed.run
        return Fit(self.signed.centres, tally, _iterations(run), run.get("converged") is True)


def legend_in(folder: Path) -> Legend:
    """Return the classes of a run as they are named and coloured now, without looking at its rasters.

    Raises
    ------
    IIkMCError
        The folder holds no run with common classes.
    """
    return edited(legend_of(_signatures(folder)), folder.glob(f"*{RASTER_END[:-4]}.qml"))


def open_finished(folder: Path) -> Finished:
    """Read back a run with common classes.

    Raises
    ------
    ParameterError
        The folder holds none, or none of its rasters.
    SignatureError
        Its signatures are damaged.
    ClassifiedError
        A raster is damaged.
    """
    signed = _signatures(folder)
    named = legend_of(signed)
    told = _told(signed.run)
    kept = read_kept(_page(folder / REPORT_NAME), signed.k, len(signed.roles))
    scenes = []
    for path in sorted(folder.glob(f"*{RASTER_END}")):
        raster = _raster(path)
        name = path.name[: -len(RASTER_END)]
        record = told.get(name, {})
        product = _product(name, record)
        if raster is None or product is None:
            continue
        scene = Scene(
            product=product,
            place=str(folder),
            bands={},
            sun_elevation=_real(record.get("sun_elevation")),
            sun_azimuth=_real(record.get("sun_azimuth")),
            grid=raster.grid,
        )
        of_run = product.text in told or not told
        scenes.append(FinishedScene(scene, raster, of_run, record.get("audit"), kept.get(product.text)))
    if not scenes:
        raise ParameterError(
            f"{RESULTS}: {folder} holds no raster ending in {RASTER_END}; choose the output folder of a run of "
            "iikmc:cluster, classify or merge."
        )
    scenes.sort(key=lambda one: (one.scene.acquired, one.scene.id))
    there = {one.scene.id for one in scenes}
    return Finished(
        folder,
        signed,
        edited(named, [one.raster.path.with_suffix(".qml") for one in scenes]),
        tuple(scenes),
        tuple(name for name in told if name not in there),
        _unclassified([one.raster for one in scenes]),
    )


def _signatures(folder: Path) -> Signatures:
    path = folder / SIGNATURES_NAME
    if not path.is_file():
        if any(leading_product_id(own.name) for own in folder.glob(f"*{SIGNATURES_END}.json")):
            raise ParameterError(
                f"{RESULTS}: {folder} holds a run with classes of each scene, in which no class means the same in two "
                "scenes; cluster the scenes together (MODE 0) and choose that folder."
            )
        raise ParameterError(
            f"{RESULTS}: {folder} holds no {SIGNATURES_NAME}; choose the output folder of a run of iikmc:cluster, "
            "classify or merge."
        )
    try:
        return signatures_file.read(path)
    except SignatureError as error:
        # The sentence is of the file; here it came by the folder.
        raise SignatureError(f"{RESULTS}: {str(error).partition(': ')[2]}") from error


def for_page(signed: Signatures) -> Signatures:
    """Return signatures whose record has all that a page tells of a run; a user may have written the file."""
    run = dict(signed.run)
    for key, default in _ON_PAGE.items():
        if not isinstance(run.get(key), type(default)):
            run[key] = default
    run["versions"] = {"iikmc": "?", **run["versions"]}
    if not all(isinstance(value, (int, float)) for value in run["seconds"].values()):
        run["seconds"] = {}
    return replace(signed, run=run)


def _told(run: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a run's record tells of its scenes, by identifier."""
    scenes = run.get("scenes")
    found = [scene for scene in scenes if isinstance(scene, dict)] if isinstance(scenes, list) else []
    return {scene["id"]: scene for scene in found if isinstance(scene.get("id"), str)}


def _product(name: str, record: Mapping[str, Any]) -> Product | None:
    """Return the product that a raster is named after: of a family that ships, or one that the run's record tells."""
    product = leading_product_id(f"{name}{RASTER_END}")
    if product is not None and product.text == name:
        return product
    try:
        day = date.fromisoformat(record["date"])
        sensor = str(record["sensor"])
    except (KeyError, TypeError, ValueError):
        return None
    # Of a sheet that the user has brought, or of a GeoTIFF of no family.
    return Product(name, "", sensor, "", day, "", (("tile", ""),), generic())


def _page(path: Path) -> str:
    try:
        return read_text(path, MOST_BYTES)
    except Unreadable:
        return ""


def _raster(path: Path) -> Classified | None:
    """Return a raster; None for a name that is none of a file, such as a folder."""
    if not path.is_file():
        return None
    return open_classified(RESULTS, path)


def _real(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _iterations(run: Mapping[str, Any]) -> tuple[IterationRecord, ...]:
    """Return the iterations of a run; none where its record does not tell them."""
    told, pixels = run.get("iterations"), run.get("pixels")
    found = []
    try:
        for number, one in enumerate(told or (), start=1):
            percent = float(one["changed_percent"])
            changed = round(percent * int(pixels or 0) / 100)
            move, seconds = float(one["largest_move_dn"]), float(one["seconds"])
            found.append(IterationRecord(number, changed, percent, move, seconds))
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(found)


def _unclassified(rasters: Sequence[Classified]) -> tuple[str, tuple[int, int, int]] | None:
    """Return how rasters show what is unclassified, that which was named otherwise first; None where none does."""
    showing = [one for one in rasters if UNCLASSIFIED in one.names or UNCLASSIFIED in one.colours]
    if not showing:
        return None
    name, colour = UNCLASSIFIED_NAME, UNCLASSIFIED_COLOUR
    names = (one.names.get(UNCLASSIFIED, name) for one in showing)
    colours = (one.colours.get(UNCLASSIFIED) for one in showing)
    return next((own for own in names if own != name), name), next(filter(None, colours), colour)


def tally_of(moments: Moments) -> Tally:
    """Return the tally of classes of which the sums are known, or at least the members."""
    total = moments.total or [[0]] * len(moments.count)
    return Tally(np.array(moments.count, np.int64), np.array(total, np.int64))


def tell_missing(finished: Finished, progress: Progress) -> None:
    """Warn of scenes of the run whose raster is not there."""
    if finished.missing:
        more = f" and {len(finished.missing) - 3} more" if len(finished.missing) > 3 else ""
        progress.warn(
            f"{RESULTS}: the rasters of {counted(len(finished.missing), 'scene')} of the run are not in "
            f"{finished.folder} ({', '.join(finished.missing[:3])}{more}); they are left out."
        )
