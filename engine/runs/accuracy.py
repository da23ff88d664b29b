"""From classified rasters and reference points to an error matrix, accuracies and areas with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import NoValidPixels, ParameterError
from ..execution.threads import ThreadExecutor
from ..map_requests import AccuracyRequest
from ..maps.accuracy import assess
from ..maps.assessment import Assessment, LeftOut
from ..maps.raster_set import (
    RasterSet,
    RasterSetSite,
    check_one_pixel_size,
    open_raster_set,
)
from ..maps.reference import Placed, candidates, classes_of, place
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress
from ..quantities import counted
from ..report import accuracy as page
from ..results.geotiff import NODATA
from ..results.staging import Destinations
from ..scenes.scene import Strip
from .frame import Run
from .pages import write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..maps.classified import Classified


def check(request: AccuracyRequest) -> RasterSet:
    """Check the parameters by the headers of the rasters and return these; the points are not looked at.

    Raises
    ------
    IIkMCError
        Something is wrong; the message names the parameter.
    """
    request.check()
    raster_set = open_raster_set(request.rasters)
    check_one_pixel_size(raster_set)
    members = raster_set.members
    if request.points.days is None and len({member.day for member in members}) > 1:
        raise ParameterError(
            f"RASTERS are of {len({member.day for member in members})} dates and DATE_FIELD is empty; choose the field "
            "that tells each point's date, or rasters of one date."
        )
    undated = next((member for member in members if member.day is None), None)
    if request.points.days is not None and undated is not None:
        raise ParameterError(
            f"RASTERS: {undated.raster.path.name} tells no date in its name, and DATE_FIELD is chosen; name it after "
            "its product or with a date such as 2022-05-11, or leave DATE_FIELD empty."
        )
    return raster_set


def assess_accuracy(
    request: AccuracyRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS
) -> Assessment:
    """Compare classified rasters with reference points and write what was asked for.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.
    strip_pixels
        Size of the units of work; never changes the result.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then.
    """
    run = Run(Destinations(request.destinations), progress)
    progress = run.progress
    raster_set = check(request)
    points = request.points
    if not len(points):
        raise ParameterError("POINTS has no point; choose a layer with reference points.")
    if not points.crs and raster_set.members[0].raster.grid.crs is not None:
        progress.warn(
            "POINTS has no CRS, so its coordinates are taken for those of the rasters; give the layer its CRS."
        )
    classes = classes_of(points, raster_set)
    placed = place(points, raster_set)
    rasters = [member.raster for member in raster_set.members]
    executor = ThreadExecutor(AssessmentSite(rasters, placed), request.workers)
    with run:
        progress.stage(
            f"Meeting {len(points):,} points in {raster_set.pixels:,} pixels of {counted(len(rasters), 'raster')} on "
            f"{counted(executor.workers, 'thread')}"
        )
        counts = np.zeros(256, np.int64)
        values = [np.zeros(len(points), np.uint8) for _ in rasters]
        for met in executor.run([MeetStrip(strip) for strip in raster_set.strips(strip_pixels)], run.span(0.0, 1.0)):
            counts += met.counts
            values[met.raster][met.numbers] = met.classes
        result = _assessed(request, raster_set, classes, placed, values, counts)
        for line in result.warnings():
            progress.warn(line)
        run.files.write_text("MATRIX", page.to_csv(result))
        write_page(run.files, "REPORT", page.render(result), progress)
        run.publish()
    _tell(result, progress)
    progress.report(1.0)
    return result


class AssessmentSite(RasterSetSite):
    """Classified rasters, and the points that lie in each."""

    def __init__(self, rasters: Sequence[Classified], placed: Sequence[Placed]) -> None:
        super().__init__(rasters)
        self.placed = list(placed)
        """In the order of the rasters."""


@dataclass(frozen=True)
class Met:
    """What a strip has of classes and points."""

    raster: int
    """The number of the raster."""
    counts: NDArray[np.int64]
    """(256,) pixels of each class."""
    numbers: NDArray[np.int64]
    """(n,) which points lie in it."""
    classes: NDArray[np.uint8]
    """(n,) the class at each."""


@dataclass(frozen=True)
class MeetStrip:
    """Count the pixels of each class in a strip, and look up the class at each point in it."""

    strip: Strip
    """Which rows of which raster."""

    def do(self, site: AssessmentSite) -> Met:
        """Do it."""
        found = site.read(self.strip)
        placed = site.placed[self.strip.scene]
        first, last = np.searchsorted(placed.rows, (self.strip.row, self.strip.row + self.strip.height))
        rows, columns = placed.rows[first:last] - self.strip.row, placed.columns[first:last]
        counts = np.bincount(found.ravel(), minlength=256)
        return Met(self.strip.scene, counts, placed.numbers[first:last], found[rows, columns])


def _assessed(
    request: AccuracyRequest,
    raster_set: RasterSet,
    classes: NDArray[np.int64],
    placed: Sequence[Placed],
    values: Sequence[NDArray[np.uint8]],
    counts: NDArray[np.int64],
) -> Assessment:
    points = request.points
    options, held = candidates(points, raster_set, placed, request.max_days)
    reasons = dict.fromkeys(LeftOut.__dataclass_fields__, 0)
    pairs = np.zeros((256, 256), np.int64)
    chosen = np.full(len(points), -1)
    with np.errstate(invalid="ignore"):
        somewhere = np.isfinite(np.asarray(points.x, float)) & np.isfinite(np.asarray(points.y, float))
    for point in range(len(points)):
        raster = next((number for number in options[point] if values[number][point] != NODATA), None)
        day = points.days[point] if points.days is not None else None
        if not somewhere[point]:
            reasons["placeless"] += 1
        elif classes[point] == NODATA:
            reasons["classless"] += 1
        elif points.days is not None and day is None:
            reasons["dayless"] += 1
        elif not held[point]:
            reasons["outside"] += 1
        elif not options[point]:
            reasons["another_day"] += 1
        elif raster is None:
            reasons["nodata"] += 1
        else:
            pairs[values[raster][point], classes[point]] += 1
            chosen[point] = raster
    left_out = LeftOut(**reasons)
    met = [int((chosen == number).sum()) for number in range(len(placed))]
    if not sum(met):
        told = ", ".join(f"{count:,} {words}" for words, count in left_out.told(request.max_days))
        raise NoValidPixels(
            f"POINTS: not one of {len(points):,} points can be used ({told}); check the layer, its fields and dates."
        )
    counts[NODATA] = 0
    there = [int(j) for j in np.flatnonzero(counts + pairs.sum(axis=0) + pairs.sum(axis=1))]
    accuracy = assess(there, pairs[np.ix_(there, there)], [int(counts[j]) for j in there])
    shared = sum(_sharing(part, chosen[part.numbers] == number) for number, part in enumerate(placed))
    return Assessment(raster_set, accuracy, tuple(met), left_out, shared, request.max_days)


def _sharing(placed: Placed, used: NDArray[np.bool_]) -> int:
    """Return how many of the used points of a raster lie in a pixel with another of them."""
    if not used.any():
        return 0
    _, counts = np.unique(np.stack([placed.rows[used], placed.columns[used]]), axis=1, return_counts=True)
    return int(counts[counts > 1].sum())


def _tell(result: Assessment, progress: Progress) -> None:
    for words, count in result.left_out.told(result.max_days):
        progress.note(f"{counted(count, 'point')} left out: {words}")
    overall = result.accuracy.overall
    if overall.value is None:
        return
    interval = "" if overall.half is None else f" ± {overall.half:.3f}"
    progress.note(f"Overall accuracy {overall.value:.3f}{interval} (95 %), from {result.used:,} points")
