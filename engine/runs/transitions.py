"""From two classified rasters to what became of each class: counts, change raster, table and report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..colours import default_colour
from ..errors import NoValidPixels, ParameterError
from ..execution.threads import ThreadExecutor
from ..maps.change_raster import attribute_table, write_changes
from ..maps.classified import Classified, open_classified
from ..maps.overlap import Overlap, doubts, overlap, placement
from ..maps.transition import Comparison, code_table, transitions_of
from ..pixels.strips import STRIP_PIXELS, plan_strips
from ..progress import Progress, Silent, Span, check_cancelled
from ..report import transitions as page
from ..requests import TransitionRequest
from ..results.geotiff import Rows
from ..results.legend import default_name
from ..results.staging import Destinations
from ..results.styles import qml_of_values
from ..scenes.files import small_block_cache
from ..scenes.scene import Strip

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
    for parameter, path in request.destinations.items():
        for given in (before, after):
            if path is not None and path.absolute() == given.path.absolute():
                raise ParameterError(f"{parameter} would overwrite {given.parameter}, {path}; choose another file.")
    if before.path.absolute() == after.path.absolute():
        raise ParameterError(f"BEFORE and AFTER are the same file, {before.path}; choose two dates.")
    return before, after, overlap(before, after)


def compare(
    request: TransitionRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS
) -> Comparison:
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
    progress = progress or Silent()
    before, after, common = check(request)
    for line in _notes(before, after, common):
        progress.note(line)
    for line in doubts(before, after):
        progress.warn(line)
    executor = ThreadExecutor(request.workers)
    strips = plan_strips(common.grid, 0, strip_pixels)
    pair = _Pair(before, after, common)
    with small_block_cache(), Destinations(request.destinations) as files:
        progress.stage(f"Comparing {common.grid.pixels:,} pixels on {executor.workers} thread(s)")
        counts = np.zeros((256, 256), np.int64)
        for part in executor.each(pair.count, strips, Span(progress, 0.0, _COUNTED)):
            counts += part
        result = _described(before, after, common, counts)
        if request.changes is not None:
            progress.stage("Writing the raster of changes")
            _write_changes(result, pair, strips, executor, files, Span(progress, _COUNTED, 1.0))
        files.write_text("MATRIX", page.to_csv(result))
        files.write_text("REPORT", page.render(result))
        check_cancelled(progress)
        files.publish()
    progress.note(
        f"{result.changed:,} of {result.common:,} pixels classified in both changed class "
        f"({result.changed_percent:.2f} %)"
    )
    progress.report(1.0)
    return result


class _Pair:
    """The two rasters, read window by window."""

    def __init__(self, before: Classified, after: Classified, common: Overlap) -> None:
        self._before, self._after, self._common = before, after, common

    def read(self, strip: Strip) -> NDArray[np.uint16]:
        """Return 256 * before + after, (height, width)."""
        (top, left), (top2, left2) = self._common.before, self._common.after
        width = self._common.grid.width
        both = self._before.read(top + strip.row, left, strip.height, width).astype(np.uint16)
        both <<= 8
        both |= self._after.read(top2 + strip.row, left2, strip.height, width)
        return both

    def count(self, strip: Strip) -> NDArray[np.int64]:
        """Return the pixels of each pair of classes, (256, 256)."""
        return np.bincount(self.read(strip).ravel(), minlength=1 << 16).reshape(256, 256)


def _described(before: Classified, after: Classified, common: Overlap, counts: NDArray[np.int64]) -> Comparison:
    result = Comparison(
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
    result: Comparison,
    pair: _Pair,
    strips: list[Strip],
    executor: ThreadExecutor,
    files: Destinations,
    progress: Progress,
) -> None:
    table = code_table(result.counts)
    found = transitions_of(result.counts, result.before_names, result.after_names, result.colours)

    def coded(strip: Strip) -> Rows:
        return Rows(strip.row, table.take(pair.read(strip)))

    def in_turn() -> Iterator[Rows]:
        # A few strips at a time: whoever reads faster than the writer compresses would fill the memory.
        few = 2 * executor.workers
        for first in range(0, len(strips), few):
            span = Span(progress, first / len(strips), min(1.0, (first + few) / len(strips)))
            yield from executor.each(coded, strips[first : first + few], span)

    grid = result.overlap.grid
    tags = {"BEFORE": result.before.path.name, "AFTER": result.after.path.name, "CODES": "1=unchanged; 1000*from+to"}
    write_changes(files.path("CHANGES"), grid, table.dtype.name, in_turn(), tags)
    files.write_text("CHANGES", qml_of_values((item.code, item.name, item.colour) for item in found), ".qml")
    files.write_text("CHANGES", attribute_table(found, grid.hectares_per_pixel), f"{files.suffix('CHANGES')}.aux.xml")


def _notes(before: Classified, after: Classified, common: Overlap) -> list[str]:
    lines = [f"BEFORE: {before.title} ({before.path.name})", f"AFTER: {after.title} ({after.path.name})"]
    lines.append(placement(common))
    return lines
