"""The work on cells in compiled loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...arrays import GRID
from ...compiled.cache import load_module
from ...pixels.block import Tally
from ...sensors.roles import MOST_BANDS
from ..kernel import NARROW
from .boxes import Boxes
from .layout import Layout
from .table import Table
from .verdicts import MOST, ROUNDING, SLACK, Verdicts, rotated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...arrays import DN, Grid64, Labels
    from .partition import Partition


class NumbaWork:
    """Putting pixels into cells and labelling, in compiled loops: some for up to 6 bands, others for up to 10."""

    def __init__(self) -> None:
        """Load the loops."""
        self._loops, self._judging, self._mixed = map(load_module, ("cells", "judging", "mixed"))

    def lay_out(self, dn: DN, table: Table, out: DN) -> Layout:
        """Sort pixels by cell and add them to the table; see `numpy_work`."""
        n_bands, n = dn.shape
        partition = table.partition
        cell, starts = np.empty(n, np.uint16), np.zeros(partition.size + 1, np.int32)
        shape = np.array(partition.shape, np.int64)
        places = _places(n_bands)
        slope = _filled(partition.slope, partition.slope.shape[0], places)
        axes, total = _filled(partition.axes, places, places), np.zeros((partition.size, n_bands), np.int64)
        boxes = Boxes.empty(n_bands, partition.size)
        # All memory is taken before `out`, which may be `dn`, is written to. Four bands a word.
        if n_bands > NARROW:
            wide = load_module("wide_cells")
            wide.cell_numbers(dn, slope, partition.shift, shape, partition.table, cell, starts)
            records = np.empty(n * wide.WORDS, np.uint64)
            wide.to_records(dn, cell, starts.copy(), records)
            wide.lay_out(records, starts, axes, out, boxes.low, boxes.high, total)
        else:
            loops, flat, arranged = self._loops, _flat(dn), _flat(out)
            bins = np.empty(loops.CHUNK, np.int32)
            even, odd = np.zeros((2, partition.size + 1), np.int32)
            loops.cell_numbers(
                flat, n_bands, slope, partition.shift, shape, partition.table, bins, even, odd, cell, starts
            )
            records = np.empty(n * -(-n_bands // 4), np.uint64)
            loops.to_records(flat, n_bands, cell, starts.copy(), records)
            loops.lay_out(records, starts, axes, arranged, n_bands, boxes.low, boxes.high, total)
        table.add(boxes)
        return Layout(table, cell, starts, total)

    def judge(self, boxes: Boxes, partition: Partition, centres: Grid64) -> Verdicts:
        """Judge all cells."""
        n, k = partition.size, centres.shape[0]
        kind, base, other = (np.empty(n, np.uint8) for _ in range(3))
        first, listed = np.empty(n + 1, np.int32), np.empty(n * max(k - 1, 1), np.uint8)
        rows = np.ascontiguousarray(rotated(centres, GRID, partition.axes).T)
        gap, reach = np.empty((2, k))
        number = self._judging.judge(
            boxes.low, boxes.high, rows, SLACK, ROUNDING, MOST, gap, reach, kind, base, other, first, listed
        )  # fmt: skip
        return Verdicts(kind, base, other, first, listed[:number].copy())

    def label(
        self, arranged: DN, layout: Layout, verdicts: Verdicts, labels: Labels, owner: Labels, centres: Grid64
    ) -> tuple[int, Tally]:
        """Label the pixels of a block; see `numpy_work`."""
        k, n_bands = centres.shape
        wide, loops = n_bands > NARROW, self._mixed
        width = loops.WIDE_TALLY if wide else loops.TALLY
        rows = np.zeros((k, width), np.int64)
        exact = np.ascontiguousarray(centres, np.int64)
        new, distances = np.empty(loops.CHUNK, np.uint8), np.empty(2 * loops.CHUNK, np.float32)
        changed = loops.label(
            _flat(arranged), n_bands, labels, owner, layout.starts, layout.total, verdicts.kind, verdicts.base,
            verdicts.other, verdicts.first, verdicts.listed, exact, (exact * exact).sum(axis=1), GRID, new, distances,
            np.zeros(width, np.int32), np.zeros(width, np.float32), rows, (1,) if wide else (),
        )  # fmt: skip
        return int(changed), Tally(rows[:, -2].copy(), rows[:, :n_bands].copy())

    def in_rows(self, labels: Labels, owner: Labels, layout: Layout) -> Labels:
        """Return the classes row by row."""
        result = np.empty_like(labels)
        self._loops.in_rows(labels, owner, layout.cell, layout.starts.copy(), result)
        return result

    def in_cells(self, values: Labels, layout: Layout) -> Labels:
        """Return values, one a pixel row by row, as the pixels lie."""
        result = np.empty_like(values)
        self._loops.in_cells(values, layout.cell, layout.starts.copy(), result)
        return result


def _flat(dn: DN) -> DN:
    """Return the bands one behind the other, in the same memory."""
    if not dn.flags.c_contiguous:
        raise ValueError("the bands of a block must lie one behind the other")
    return dn.reshape(-1)


def _places(n_bands: int) -> int:
    """Return for how many bands the loops have places."""
    return NARROW if n_bands <= NARROW else MOST_BANDS


def _filled(rows: NDArray[np.float32] | NDArray[np.float64], number: int, places: int) -> NDArray[np.float32]:
    """Return `number` rows of so many bands in float32, filled up with zeros."""
    result = np.zeros((number, places), np.float32)
    result[: rows.shape[0], : rows.shape[1]] = rows
    return result
