"""From classified rasters to points for an assessment: a stratified random sample of pixels."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ..choices import PROPORTIONAL_LEAST
from ..errors import NoValidPixels, ParameterError
from ..execution.threads import ThreadExecutor
from ..map_requests import SampleRequest
from ..maps.classified import ClassifiedError
from ..maps.raster_set import CountClasses, RasterSet, RasterSetSite, check_one_pixel_size, open_raster_set
from ..pixels.sampling import pixel_hashes, scene_key
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress, Span
from ..quality.allocation import allocate
from ..quantities import counted
from ..results.staging import Destinations
from ..scenes.coordinates import LONGITUDE_LATITUDE, centres_of, crs_of, moved
from ..scenes.files import raster_env
from ..scenes.scene import Strip
from .frame import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COUNTED = 0.4
"""Share of the progress bar that goes to counting; the rest draws."""
_ALL = (1 << 64) - 1
# How much more than the wanted points is looked at: the first is hardly ever too little, the second never.
_SPARES = (1, 16)


@dataclass(frozen=True)
class SamplePoint:
    """The centre of a pixel that was drawn."""

    id: int
    """1 to n, in an order that tells nothing of the class."""
    day: date | None
    """When its raster was taken, if its name says so."""
    scene: str
    """The raster it was drawn from: the product identifier or the file's name, without ending."""
    map_class: int
    """What the raster says it is."""
    x: float
    """Easting or longitude, in the CRS of the sample."""
    y: float
    """Northing or latitude."""
    row: int
    """Row in its raster."""
    column: int
    """Column in its raster."""


@dataclass(frozen=True)
class PointSample:
    """A stratified random sample of the pixels of some rasters."""

    points: tuple[SamplePoint, ...]
    """By id."""
    crs: str
    """That of all rasters if they have one; otherwise WGS 84, longitude and latitude. As WKT; "" without one."""
    names: dict[int, str]
    """Class -> name, of the classes that the rasters have."""
    pixels: dict[int, int]
    """Class -> its pixels in all rasters."""
    drawn: dict[int, int]
    """Class -> its points."""


def check(request: SampleRequest) -> RasterSet:
    """Check the parameters by the headers of the rasters and return these.

    Raises
    ------
    IIkMCError
        Something is wrong; the message names the parameter.
    """
    request.check()
    raster_set = open_raster_set(request.rasters)
    check_one_pixel_size(raster_set)
    if len({member.raster.grid.crs is None for member in raster_set.members}) > 1:
        without = next(member for member in raster_set.members if member.raster.grid.crs is None)
        raise ParameterError(f"RASTERS: {without.raster.path.name} has no CRS and others have one; give it its own.")
    return raster_set


def sample_points(
    request: SampleRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS
) -> PointSample:
    """Draw pixels at random, without replacement, so many of each class; nothing is written.

    Each pixel has a hash of seed, raster and place, and a class's points are its pixels with the smallest: neither the
    order of the rasters nor threads nor strips change the draw.

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
        Any of its children.
    """
    run = Run(Destinations({}), progress)
    progress = run.progress
    raster_set = check(request)
    for line in raster_set.doubts():
        progress.warn(line)
    executor = ThreadExecutor(RasterSetSite([member.raster for member in raster_set.members]), request.workers)
    strips = raster_set.strips(strip_pixels)
    with run:
        rasters = len(raster_set.members)
        progress.stage(
            f"Counting {raster_set.pixels:,} pixels of {counted(rasters, 'raster')} on "
            f"{counted(executor.workers, 'thread')}"
        )
        counts = np.zeros(256, np.int64)
        for _, part in executor.run([CountClasses(strip) for strip in strips], run.span(0.0, _COUNTED)):
            counts += part
        pixels = {int(j): int(counts[j]) for j in np.flatnonzero(counts) if j}
        if not pixels:
            raise NoValidPixels(
                f"RASTERS: not one of {raster_set.pixels:,} pixels is classified (0 is nodata); choose rasters with "
                "classes."
            )
        drawn = allocate(pixels, request.n, request.allocation, request.min_per_class)
        progress.stage(f"Drawing {request.n:,} points")
        keys = [scene_key(request.seed, member.id) for member in raster_set.members]
        chosen = _drawn(executor, strips, keys, pixels, drawn, run.span(_COUNTED, 1.0))
        result = _sample(raster_set, _mixed(chosen, request.seed), pixels, drawn)
        run.publish()
    _tell(request, raster_set, result, progress)
    progress.report(1.0)
    return result


@dataclass(frozen=True)
class Candidates:
    """Pixels that may be points, of some strips."""

    hashes: NDArray[np.uint64]
    """(n,)"""
    classes: NDArray[np.uint8]
    """(n,)"""
    rasters: NDArray[np.int64]
    """(n,) number of the raster in its set."""
    positions: NDArray[np.int64]
    """(n,) row * width + column in the raster."""

    def at(self, chosen: NDArray[Any]) -> Candidates:
        """Return some of them, by number or by mask."""
        return Candidates(self.hashes[chosen], self.classes[chosen], self.rasters[chosen], self.positions[chosen])


@dataclass(frozen=True)
class DrawStrip:
    """Find the pixels of a strip whose hash is at most the limit of their class."""

    strip: Strip
    """Which rows of which raster."""
    key: int
    """`scene_key` of the raster."""
    limits: NDArray[np.uint64]
    """(256,) limit of each class."""
    wanted: NDArray[np.bool_]
    """(256,) whether a class has points at all."""

    def do(self, site: RasterSetSite) -> Candidates:
        """Return them, in no particular order."""
        classes = site.read(self.strip).ravel()
        first = self.strip.row * site.rasters[self.strip.scene].grid.width
        positions = np.flatnonzero(self.wanted[classes])
        classes = classes[positions]
        hashes = pixel_hashes(self.key, positions + first)
        near = hashes <= self.limits[classes]
        positions = positions[near] + first
        return Candidates(hashes[near], classes[near], np.full(positions.size, self.strip.scene, np.int64), positions)


def _drawn(
    executor: ThreadExecutor[RasterSetSite],
    strips: list[Strip],
    keys: list[int],
    pixels: dict[int, int],
    drawn: dict[int, int],
    progress: Span,
) -> Candidates:
    """Return of each class the pixels with the smallest hashes, so many as are to be drawn."""
    wanted = np.zeros(256, np.bool_)
    wanted[[j for j, n in drawn.items() if n]] = True
    for spare in _SPARES:
        limits = _limits(pixels, drawn, spare)
        tasks = [DrawStrip(strip, keys[strip.scene], limits, wanted) for strip in strips]
        with closing(executor.run(tasks, progress)) as answers:
            found = _joined(answers)
        # Of pixels with one hash (one pair in 10**9 runs) the place decides.
        found = found.at(np.lexsort((found.positions, found.rasters, found.hashes)))
        own = {j: np.flatnonzero(found.classes == j)[:n] for j, n in drawn.items()}
        if all(own[j].size == n for j, n in drawn.items()):
            return found.at(np.sort(np.concatenate(list(own.values()))))
    raise ClassifiedError("RASTERS have changed while they were read; wait until nothing writes them, and run again.")


def _mixed(chosen: Candidates, seed: int) -> Candidates:
    """Return the points in an order that tells nothing of the class, whose hashes are the smaller the larger it is."""
    anew = pixel_hashes(scene_key(seed, "the order of the points"), chosen.hashes.astype(np.int64))
    return chosen.at(np.lexsort((chosen.positions, chosen.rasters, anew)))


def _limits(pixels: dict[int, int], drawn: dict[int, int], spare: int) -> NDArray[np.uint64]:
    """Return below which hash the points of each class will be found, with so much to spare that it hardly ever fails.

    Of N pixels about N L / 2**64 have a hash up to L, with a standard deviation below the root of that: n points and
    ten deviations more are missed once in 10**20 runs, and then looked for again with more to spare.
    """
    limits = np.zeros(256, np.uint64)
    for j, n in drawn.items():
        expected = spare * (n + 10 * int(n**0.5) + 100)
        limits[j] = min(_ALL, (expected << 64) // pixels[j])
    return limits


def _joined(parts: Iterable[Candidates]) -> Candidates:
    found = list(parts)
    return Candidates(
        np.concatenate([part.hashes for part in found]),
        np.concatenate([part.classes for part in found]),
        np.concatenate([part.rasters for part in found]),
        np.concatenate([part.positions for part in found]),
    )


def _sample(raster_set: RasterSet, chosen: Candidates, pixels: dict[int, int], drawn: dict[int, int]) -> PointSample:
    grids = [member.raster.grid for member in raster_set.members]
    crs = grids[0].crs
    if any(grid.crs != crs for grid in grids):
        crs = crs_of(LONGITUDE_LATITUDE, "RASTERS")
    x, y = np.empty(chosen.hashes.size), np.empty(chosen.hashes.size)
    rows, columns = np.empty(x.size, np.int64), np.empty(x.size, np.int64)
    for number, grid in enumerate(grids):
        own = chosen.rasters == number
        rows[own], columns[own] = np.divmod(chosen.positions[own], grid.width)
        x[own], y[own] = moved(*centres_of(grid, rows[own], columns[own]), grid.crs, crs)
    points = []
    for place in range(x.size):
        member = raster_set.members[int(chosen.rasters[place])]
        at = (float(x[place]), float(y[place]), int(rows[place]), int(columns[place]))
        points.append(SamplePoint(place + 1, member.day, member.id, int(chosen.classes[place]), *at))
    with raster_env():
        wkt = crs.to_wkt() if crs else ""
    return PointSample(tuple(points), wkt, {j: raster_set.names[j] for j in pixels}, pixels, drawn)


def _tell(request: SampleRequest, raster_set: RasterSet, result: PointSample, progress: Progress) -> None:
    for j, n in sorted(result.drawn.items()):
        progress.note(f"{raster_set.full_name(j)}: {n:,} of {result.pixels[j]:,} pixels")
    least = request.min_per_class if request.allocation == PROPORTIONAL_LEAST else 0
    few = [j for j, n in sorted(result.drawn.items()) if n < 2 or n < least]
    if few:
        listed = ", ".join(f"{raster_set.full_name(j)} ({result.drawn[j]})" for j in few)
        progress.warn(
            f"Few points: {listed}; an accuracy takes at least 2 points of a class, and 50 to be of use. Choose more "
            "points, another ALLOCATION, or merge small classes."
        )
