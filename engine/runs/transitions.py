"""From two classified rasters to what became of each class: counts, change raster, table and report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..colours import default_colour
from ..errors import NoValidPixels
from ..execution.executor import Site
from ..execution.threads import ThreadExecutor
from ..map_requests import TransitionRequest
from ..maps.change_raster import attribute_table, write_changes
from ..maps.classified import Classified, ClassifiedError, open_classified
from ..maps.overlap import Overlap, doubts, overlap, placement
from ..maps.transition import Transitions, code_table, transitions_of
from ..pixels.strips import STRIP_PIXELS, plan_strips
from ..progress import Progress
from ..quantities import counted
from ..report import transitions as page
from ..results.geotiff import Rows
from ..results.legend import default_name
from ..results.staging import Destinations
from ..results.styles import qml_of_values
from ..scenes.scene import Strip
from .frame import Run
from .pages import write_page

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COUNTED = 0.4
"""Share of the progress bar that goes to counting; the rest writes the change raster."""


def check(request: TransitionRequest) -> tuple[Classified, Classified, Overlap]:
    """Check the parameters by the headers of the rasters.

    Returns
    -------
    before, after : Classified
        The two rasters.
    common : Overlap
        The pixels that they have in common.

    Raises
    ------
    IIkMCError
        Something is wrong; the message names the parameter.
    """
    request.check()
    before, after = open_classified("BEFORE", request.before), open_classified("AFTER", request.after)
    return before, after, overlap(before, after)


def compare(
    request: TransitionRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS
) -> Transitions:
    """Compare two classified rasters pixel by pixel and write what was asked for.

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
    before, after, common = check(request)
    for line in _notes(before, after, common):
        progress.note(line)
    for line in doubts(before, after):
        progress.warn(line)
    executor = ThreadExecutor(PairSite(before, after, common), request.workers)
    strips = plan_strips(common.grid, 0, strip_pixels)
    with run:
        progress.stage(f"Comparing {common.grid.pixels:,} pixels on {counted(executor.workers, 'thread')}")
        counts = np.zeros((256, 256), np.int64)
        with executor.site.unchanged():
            for part in executor.run([CountPairs(strip) for strip in strips], run.span(0.0, _COUNTED)):
                counts += part
        result = _described(before, after, common, counts)
        if request.changes is not None:
            progress.stage("Writing the raster of changes")
            with executor.site.unchanged():
                _write_changes(result, strips, executor, run.files, run.span(_COUNTED, 1.0))
        run.files.write_text("MATRIX", page.to_csv(result))
        write_page(run.files, "REPORT", page.render(result), progress)
        run.publish()
    progress.note(
        f"{result.changed:,} of {result.common:,} pixels classified in both changed class "
        f"({result.changed_percent:.2f} %)"
    )
    progress.report(1.0)
    return result


class PairSite(Site):
    """Two classified rasters, read window by window."""

    def __init__(self, before: Classified, after: Classified, common: Overlap) -> None:
        super().__init__()
        self._before, self._after, self._common = before, after, common
        self.table: NDArray[np.uint16] | NDArray[np.uint32] = np.empty(0, np.uint16)
        """(65536,) code of each pair 256 * before + after; set when the pairs are counted."""

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Raise `ClassifiedError` if a raster has changed by the end; they are read twice, which must be the same."""
        try:
            yield
        except ClassifiedError:
            # That a file has changed says more than what came of reading it.
            self._check()
            raise
        self._check()

    def _check(self) -> None:
        self._before.check_unchanged()
        self._after.check_unchanged()

    def read(self, strip: Strip) -> NDArray[np.uint16]:
        """Return 256 * before + after, (height, width)."""
        (top, left), (top2, left2) = self._common.before, self._common.after
        width = self._common.grid.width
        both = self._before.read(top + strip.row, left, strip.height, width).astype(np.uint16)
        both <<= 8
        both |= self._after.read(top2 + strip.row, left2, strip.height, width)
        return both


@dataclass(frozen=True)
class CountPairs:
    """Count the pairs of classes in a strip."""

    strip: Strip
    """Which rows of the common area."""

    def do(self, site: PairSite) -> NDArray[np.int64]:
        """Return the pixels of each pair of classes, (256, 256)."""
        return np.bincount(site.read(self.strip).ravel(), minlength=1 << 16).reshape(256, 256)


@dataclass(frozen=True)
class CodeStrip:
    """Give the pairs of classes in a strip their codes."""

    strip: Strip
    """Which rows of the common area."""

    def do(self, site: PairSite) -> Rows:
        """Look the codes up."""
        return Rows(self.strip.row, site.table.take(site.read(self.strip)))


def _described(before: Classified, after: Classified, common: Overlap, counts: NDArray[np.int64]) -> Transitions:
    result = Transitions(
        before,
        after,
        common,
        counts,
        [_name(j, before, after) for j in range(256)],
        [_name(j, after, before) for j in range(256)],
        [after.colours.get(j) or before.colours.get(j) or default_colour(j) for j in range(256)],
    )
    if result.common == 0:
        raise NoValidPixels(
            f"BEFORE and AFTER share {common.grid.pixels:,} pixels, but not one is classified in both (0 is nodata); "
            "choose rasters with fewer masked pixels."
        )
    return result


def _name(number: int, own: Classified, other: Classified) -> str:
    """Return the name a user gave the class: in this raster, or else in the other one."""
    default = default_name(number)
    name = own.names.get(number, default)
    return other.names.get(number, default) if name == default else name


def _write_changes(
    result: Transitions,
    strips: list[Strip],
    executor: ThreadExecutor[PairSite],
    files: Destinations,
    progress: Progress,
) -> None:
    table = executor.site.table = code_table(result.counts)
    found = transitions_of(result.counts, result.before_names, result.after_names, result.colours)

    grid = result.overlap.grid
    tags = {"BEFORE": result.before.path.name, "AFTER": result.after.path.name, "CODES": "1=unchanged; 1000*from+to"}
    # The threads are never far ahead: whoever reads faster than the writer compresses would fill the memory.
    with closing(executor.run([CodeStrip(strip) for strip in strips], progress)) as rows:
        write_changes(files.path("CHANGES"), grid, table.dtype.name, rows, tags)
    files.write_text("CHANGES", qml_of_values((item.code, item.name, item.colour) for item in found), ".qml")
    files.write_text("CHANGES", attribute_table(found, grid.hectares_per_pixel), f"{files.suffix('CHANGES')}.aux.xml")


def _notes(before: Classified, after: Classified, common: Overlap) -> list[str]:
    lines = [f"BEFORE: {before.title} ({before.path.name})", f"AFTER: {after.title} ({after.path.name})"]
    lines.append(placement(common))
    return lines
