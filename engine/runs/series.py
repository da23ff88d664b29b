"""From classified rasters of several dates to what became of each pixel: six rasters, a table and a page."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NoValidPixels, ParameterError
from ..execution.executor import Site
from ..execution.threads import ThreadExecutor
from ..map_requests import SeriesRequest
from ..maps.alignment import Alignment, grid_of
from ..maps.raster_set import RasterSet, open_raster_set
from ..maps.series import Followed, Series, flow_dates, follow
from ..maps.series_rasters import LAYERS, band_of, legend_of, majority_legend
from ..paths import Place, check_apart
from ..pixels.strips import STRIP_PIXELS, plan_strips
from ..progress import Progress, check_cancelled
from ..quantities import counted
from ..report import series as page
from ..results.geotiff import Rows, write_raster
from ..results.staging import Staging
from ..results.styles import pam_xml, qml_of_values
from ..scenes.scene import PixelGrid, Strip
from .frame import Run
from .pages import write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TABLE, PAGE = "series.csv", "series.html"
_FOLLOWED = 0.7
"""Share of the progress bar that goes to reading and following; the rest writes the rasters."""
# Bytes that the classes of a strip may take on all dates, in each thread: of many dates the strips are smaller.
_STACK_BYTES = 32 << 20


@dataclass(frozen=True)
class SeriesResult:
    """The files that were written, and the numbers in them."""

    series: Series
    """What was found."""
    output: Path
    """The folder."""

    @property
    def rasters(self) -> dict[str, Path]:
        """Name such as "majority" -> its file."""
        return {name: self.output / f"{name}.tif" for name in LAYERS}

    @property
    def table(self) -> Path:
        """Class x date."""
        return self.output / TABLE

    @property
    def report(self) -> Path:
        """The page."""
        return self.output / PAGE


def _written() -> list[str]:
    """Return the names of the rasters and pages."""
    return [*(f"{name}.tif" for name in LAYERS), TABLE, PAGE]


def check(request: SeriesRequest) -> tuple[RasterSet, PixelGrid]:
    """Check the parameters by the headers of the rasters.

    Returns
    -------
    raster_set : RasterSet
        The rasters.
    grid : PixelGrid
        That of the results.

    Raises
    ------
    IIkMCError
        Something is wrong; the message names the parameter.
    """
    request.check()
    given = [("RASTERS", path) for path in request.rasters] + ([("GRID", request.grid)] if request.grid else [])
    check_apart(
        [Place(f"OUTPUT: {name}", request.output / name) for name in _written()],
        [Place(parameter, path) for parameter, path in given],
        "choose another folder",
    )
    raster_set = open_raster_set(request.rasters)
    members = raster_set.members
    undated = next((member for member in members if member.day is None), None)
    if undated is not None:
        raise ParameterError(
            f"RASTERS: {undated.raster.path.name} tells no date in its name; name it after its product or with "
            "a date such as 2022-05-11."
        )
    if len({member.day for member in members}) < 2:
        raise ParameterError("RASTERS are all of one date; choose classified rasters of two dates or more.")
    grid = members[0].raster.grid if request.grid is None else grid_of("GRID", request.grid)
    for member in members:
        if (member.raster.grid.crs is None) != (grid.crs is None):
            raise ParameterError(
                f"RASTERS: {member.raster.path.name} and the grid of the results do not both have a CRS, so they "
                "cannot be laid on each other; give the one without its CRS."
            )
    return raster_set, grid


def follow_series(
    request: SeriesRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS
) -> SeriesResult:
    """Follow each pixel over the dates and write what became of it.

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
    run = Run(Staging(request.output), progress)
    progress = run.progress
    raster_set, grid = check(request)
    for line in raster_set.doubts():
        progress.warn(line)
    site = FollowSite(raster_set, grid)
    executor = ThreadExecutor(site, request.workers)
    strips = plan_strips(grid, 0, min(strip_pixels, max(_STACK_BYTES // len(site.days), 1)))
    with run:
        run.files.check_replaceable(_written())
        progress.stage(
            f"Following {grid.pixels:,} pixels over {len(site.days)} dates ({len(raster_set.members)} rasters) on "
            f"{counted(executor.workers, 'thread')}"
        )
        packed: list[Packed] = []
        sums = _Sums(site)
        with closing(executor.run([FollowStrip(strip) for strip in strips], run.span(0.0, _FOLLOWED))) as answers:
            for part in answers:
                packed.append(part.packed)
                sums.add(part)
        packed.sort(key=lambda part: part.row)
        series = sums.series(raster_set, grid)
        whose = "that of the earliest raster" if request.grid is None else f"that of {Path(request.grid).name}"
        for member, pixels in zip(raster_set.members, series.met):
            if not pixels:
                progress.warn(
                    f"{member.title} ({member.raster.path.name}) has no class on the grid of the results, {whose}; "
                    "follow places apart from each other one by one."
                )
        progress.stage("Writing the rasters")
        _write_rasters(run.files, series, packed, run.span(_FOLLOWED, 1.0))
        run.files.write_text(TABLE, page.to_csv(series))
        write_page(run.files, PAGE, page.render(series), progress)
        run.publish()
    progress.note(
        f"{series.altered:,} of {series.observed:,} pixels changed class at least once ({series.altered_percent:.2f} %)"
    )
    progress.report(1.0)
    return SeriesResult(series, request.output)


class FollowSite(Site):
    """Classified rasters on one grid, by date."""

    def __init__(self, raster_set: RasterSet, grid: PixelGrid) -> None:
        super().__init__()
        self.days: tuple[date, ...] = tuple(sorted({member.day for member in raster_set.members if member.day}))
        """The dates, ascending."""
        self.flow = flow_dates(len(self.days))
        """The numbers of the dates that the flow is counted between."""
        self.rasters = [
            (self.days.index(member.day), Alignment(grid, member.raster)) for member in raster_set.members if member.day
        ]
        """In the order of the set: the number of the date, and the raster on the grid."""
        self.width = grid.width
        """Columns of the grid."""


@dataclass(frozen=True)
class Packed:
    """The values of a strip's pixels, compressed: all strips stay in memory until the rasters are written."""

    row: int
    """First row of the strip."""
    values: dict[str, bytes]
    """Those of each of `LAYERS`."""
    highest: dict[str, int]
    """The highest value of each but nodata."""


@dataclass(frozen=True)
class StripFollowed:
    """What the pixels of a strip went through."""

    packed: Packed
    """Pixel by pixel."""
    counts: NDArray[np.int64]
    """(dates, 256) pixels of each class."""
    met: NDArray[np.int64]
    """(rasters,) classified pixels of each."""
    changed: NDArray[np.int64]
    """(dates,) pixels that changed class."""
    flows: NDArray[np.uint32]
    """(flow dates - 1, 256, 256)"""
    observed: int
    """Pixels that have a class on any date."""
    altered: int
    """Those that changed class."""


@dataclass(frozen=True)
class FollowStrip:
    """Follow the pixels of a strip of the grid over the dates."""

    strip: Strip
    """Which rows of the grid."""

    def do(self, site: FollowSite) -> StripFollowed:
        """Read all rasters there; of several of one day, the first by id with a class counts."""
        stack = np.zeros((len(site.days), self.strip.height * site.width), np.uint8)
        met = np.zeros(len(site.rasters), np.int64)
        for number, (day, raster) in enumerate(site.rasters):
            site.check()
            classes = raster.read(self.strip.row, self.strip.height).ravel()
            met[number] = np.count_nonzero(classes)
            stack[day] = np.where(stack[day] == 0, classes, stack[day])
        found = follow(stack, site.days, site.flow)
        layers: dict[str, NDArray[Any]] = {field.name: getattr(found, field.name) for field in fields(Followed)}
        counted = found.changes[found.observations > 0]
        highest = {name: int(layers[name].max(initial=0)) for name in LAYERS}
        highest["changes"] = int(counted.max(initial=0))
        return StripFollowed(
            Packed(self.strip.row, {name: zlib.compress(layers[name].tobytes(), 1) for name in LAYERS}, highest),
            np.stack([np.bincount(classes, minlength=256) for classes in stack]),
            met,
            found.changed,
            found.flows,
            counted.size,
            int(np.count_nonzero(counted)),
        )


class _Sums:
    """What all strips went through together."""

    def __init__(self, site: FollowSite) -> None:
        dates = len(site.days)
        self._site = site
        self._counts = np.zeros((dates, 256), np.int64)
        self._changed = np.zeros(dates, np.int64)
        self._flows = np.zeros((max(len(site.flow) - 1, 0), 256, 256), np.int64)
        self._met = np.zeros(len(site.rasters), np.int64)
        self._observed = self._altered = 0

    def add(self, part: StripFollowed) -> None:
        """Add a strip."""
        self._counts += part.counts
        self._changed += part.changed
        self._flows += part.flows
        self._met += part.met
        self._observed += part.observed
        self._altered += part.altered

    def series(self, raster_set: RasterSet, grid: PixelGrid) -> Series:
        """Return what they make of a series; NoValidPixels if that is nothing."""
        if not self._observed:
            raise NoValidPixels(
                f"RASTERS have no class on any of the {grid.pixels:,} pixels of the grid; choose rasters of one place, "
                "or another GRID."
            )
        return Series(
            raster_set,
            grid,
            self._site.days,
            self._counts,
            self._changed,
            tuple(self._site.flow),
            self._flows,
            self._observed,
            self._altered,
            tuple(int(n) for n in self._met),
        )


def _write_rasters(files: Staging, series: Series, parts: Sequence[Packed], progress: Progress) -> None:
    for place, name in enumerate(LAYERS):
        check_cancelled(progress)
        band = band_of(name, series)
        write_raster(files.path(f"{name}.tif"), series.grid, band, _rows(name, parts, band.dtype, series.grid.width))
        highest = max(part.highest[name] for part in parts)
        files.write_text(f"{name}.qml", qml_of_values(legend_of(name, series, highest)))
        progress.report((place + 1) / len(LAYERS))
    files.write_text("majority.tif.aux.xml", pam_xml(majority_legend(series).names_by_number))


def _rows(name: str, parts: Sequence[Packed], dtype: str, width: int) -> Iterator[Rows]:
    for part in parts:
        values = np.frombuffer(zlib.decompress(part.values[name]), dtype)
        yield Rows(part.row, values.reshape(-1, width))
