"""The work on cells in NumPy: putting pixels into cells, and labelling those of mixed cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ...arrays import GRID
from ...pixels.block import Tally
from ..numpy_kernel import nearest
from .boxes import Boxes
from .layout import Layout
from .partition import AXES
from .table import Table
from .verdicts import MANY, PAIR, PURE, Verdicts, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...arrays import DN, Grid64, Labels
    from .partition import Partition

T = TypeVar("T", bound=np.generic)

# Pixels in flight: their projections in float32 stay in a core's second-level cache (measured).
_CHUNK = 1 << 14


class NumpyWork:
    """Putting pixels into cells, judging cells and labelling, in NumPy."""

    def lay_out(self, dn: DN, table: Table, out: DN) -> Layout:
        """Sort pixels by cell and add them to the table; return where they lie.

        Parameters
        ----------
        dn
            (n_bands, n) row by row.
        table
            The cells.
        out
            (n_bands, n), written: the pixels cell by cell. It may be `dn` itself; if anything is raised, that is then
            as it was.
        """
        n = table.partition.size
        cell = _cells(dn, table.partition)
        starts = np.zeros(n + 1, np.int32)
        np.cumsum(np.bincount(cell, minlength=n), out=starts[1:])
        order = np.argsort(cell, kind="stable")
        # All memory for the way there and back is taken before `out`, which may be `dn`, is written to.
        one_band = np.empty(dn.shape[1], np.uint16)
        for band, sorted_band in zip(dn, out):
            np.take(band, order, out=one_band, mode="clip")
            sorted_band[...] = one_band
        try:
            total, boxes = _look(out, table.partition, starts)
            table.add(boxes)
        except BaseException:
            for band in out:
                one_band[...] = band
                band[order] = one_band
            raise
        return Layout(table, cell, starts, total)

    def judge(self, boxes: Boxes, partition: Partition, centres: Grid64) -> Verdicts:
        """Judge all cells."""
        return judge(boxes, partition.axes, centres, GRID)

    def label(
        self,
        arranged: DN,
        layout: Layout,
        verdicts: Verdicts,
        labels: Labels,
        owner: Labels,
        centres: Grid64,
    ) -> tuple[int, Tally]:
        """Label the pixels of a block.

        Parameters
        ----------
        arranged, layout
            The pixels.
        verdicts
            On the cells, for these centres.
        labels
            (n_valid,) classes as the pixels lie, brought up to date where a cell is mixed.
        owner
            (cells,) the class of all pixels of a cell, 0 where `labels` has them; brought up to date.
        centres
            (k, n_bands) in 1/64 DN.

        Returns
        -------
        changed : int
            Pixels whose class changed.
        tally : Tally
            Of all pixels.
        """
        counts = np.diff(layout.starts)
        pure = verdicts.kind == PURE
        after = np.where(pure, verdicts.base + np.uint8(1), np.uint8(0))
        changed = int(counts[pure & (owner != 0) & (owner != after)].sum())
        tally = _all_to_base(layout, counts, verdicts.base, centres.shape[0])
        # Where labels give way to an owner.
        for cells, begins, sizes in _some(np.flatnonzero(pure & (owner == 0) & (counts > 0)), layout.starts):
            was = np.concatenate(_cut(labels, begins, sizes))
            changed += int(np.count_nonzero(was != np.repeat(after[cells], sizes)))
        # And the other way round: those pixels are looked at below.
        for cell in np.flatnonzero(~pure & (owner != 0) & (counts > 0)).tolist():
            labels[layout.starts[cell] : layout.starts[cell + 1]] = owner[cell]
        owner[:] = after
        for group in _groups(verdicts, counts):
            for cells, begins, sizes in _some(group.cells, layout.starts):
                # All pieces in one call: thousands of small steps in Python would let no other thread run.
                new = _nearest_of(
                    _cut(arranged, begins, sizes), centres, group.classes, tally, verdicts.base[cells], sizes
                )
                mine = _cut(labels, begins, sizes)
                changed += int(np.count_nonzero(np.concatenate(mine) != new))
                end = 0
                for piece in mine:
                    begin, end = end, end + piece.size
                    piece[...] = new[begin:end]
        return changed, tally

    def in_rows(self, labels: Labels, owner: Labels, layout: Layout) -> Labels:
        """Return the classes row by row; labels and owner are those of `label`."""
        # Most pixels are of whole cells, and need no sorting.
        result = owner[layout.cell]
        single = np.flatnonzero(result == 0)
        order = np.argsort(layout.cell[single], kind="stable")
        of_cells = np.repeat(owner == 0, np.diff(layout.starts))
        result[single[order]] = labels[of_cells]
        return result

    def in_cells(self, values: Labels, layout: Layout) -> Labels:
        """Return values, one a pixel row by row, as the pixels lie."""
        return values[layout.order()]


@dataclass(frozen=True)
class _Group:
    """Mixed cells whose pixels are of the same few classes."""

    cells: NDArray[np.intp]
    """Their numbers."""
    classes: NDArray[np.intp]
    """From 0, ascending, so that ties go to the lowest."""


def _groups(verdicts: Verdicts, counts: NDArray[np.int32]) -> Iterator[_Group]:
    """Yield pairs by their two classes, and the other mixed cells by the classes that are nearest to their middles."""
    pairs = np.flatnonzero((verdicts.kind == PAIR) & (counts > 0))
    key = (verdicts.base[pairs].astype(np.intp) << 8) | verdicts.other[pairs]
    for cells, both in _alike(pairs, key):
        yield _Group(cells, np.array([both >> 8, both & 255], np.intp))
    many = np.flatnonzero((verdicts.kind == MANY) & (counts > 0))
    many = many[np.argsort(verdicts.base[many], kind="stable")]
    # Bases of few pixels share a group, as a group takes as long as thousands of pixels, and one more class little.
    far = np.cumsum(counts[many], dtype=np.int64)
    key = np.concatenate([[0], far // _CHUNK])[:-1][np.searchsorted(verdicts.base[many], verdicts.base[many])]
    for cells, _ in _alike(many, key):
        listed = [verdicts.listed[verdicts.first[cell] : verdicts.first[cell + 1]] for cell in cells]
        yield _Group(cells, np.unique(np.concatenate([*listed, verdicts.base[cells]])).astype(np.intp))


def _alike(cells: NDArray[np.intp], key: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Yield the cells of each key."""
    order = np.argsort(key, kind="stable")
    cells, key = cells[order], key[order]
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    for begin, end in zip(begins, np.append(begins[1:], key.size)):
        yield cells[begin:end], int(key[begin])


def _some(
    cells: NDArray[np.intp], starts: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield about `_CHUNK` pixels at a time, as pieces of cells: the cell of each, where it begins, and its size."""
    counts = (starts[cells + 1] - starts[cells]).astype(np.int64)
    if counts.sum() <= _CHUNK:
        if cells.size:
            yield cells, starts[cells].astype(np.int64), counts
        return
    pieces = -(-counts // _CHUNK)
    cells, left = np.repeat(cells, pieces), np.repeat(counts, pieces)
    # The pieces of a cell that come before this one are full.
    before = _CHUNK * (np.arange(cells.size) - np.repeat(np.cumsum(pieces) - pieces, pieces))
    sizes = np.minimum(left - before, _CHUNK)
    number = (np.cumsum(sizes) - 1) // _CHUNK
    turns = np.flatnonzero(np.diff(number, prepend=-1))
    for turn, end in zip(turns, np.append(turns[1:], cells.size)):
        some = cells[turn:end]
        yield some, starts[some] + before[turn:end], sizes[turn:end]


def _cut(array: NDArray[T], begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[NDArray[T]]:
    """Return pieces of an array, by its last axis, that share its memory."""
    return [array[..., begin:end] for begin, end in zip(begins.tolist(), (begins + sizes).tolist())]


def _all_to_base(layout: Layout, counts: NDArray[np.int32], base: Labels, k: int) -> Tally:
    """Return the tally that there would be if all pixels of a cell were of its base; sums below 2**53."""
    n_bands = layout.total.shape[1]
    tally = Tally.zero(k, n_bands)
    tally.count += np.bincount(base, counts, k).astype(np.int64)
    for b in range(n_bands):
        tally.total[:, b] += np.bincount(base, layout.total[:, b], k).astype(np.int64)
    return tally


def _nearest_of(
    pieces: list[DN],
    centres: Grid64,
    classes: NDArray[np.intp],
    tally: Tally,
    base: Labels,
    counts: NDArray[np.int64],
) -> Labels:
    """Return the classes of pixels that are of a few, and take them out of their base's tally into their own.

    Of two classes a < j, j is nearer where d_a - d_j > 0, which is linear (`verdicts`) and in units of 1/64**2 DN**2
    below 2 x 10 x 2**44 + 10 x 2**44 < 2**49: every partial sum is an integer that float64 holds.

    Parameters
    ----------
    pieces
        (n_bands, n) DN, one for each of `counts`.
    centres
        (k, n_bands) in 1/64 DN.
    classes
        Those they can be of, ascending.
    tally
        Corrected.
    base, counts
        Of the cells that the pixels are of: the class that has all of them in `tally`, and how many are here.
    """
    if classes.size > 2:
        pixels = np.concatenate(pieces, axis=1)
        found = nearest(pixels, centres[classes]) - np.uint8(1)
        old = np.repeat(base, counts)
        moved = np.flatnonzero(classes[found] != old)
        for index, sign in ((classes[found[moved]], 1), (old[moved].astype(np.intp), -1)):
            k = centres.shape[0]
            tally.count += sign * np.bincount(index, minlength=k)
            for b, band in enumerate(pixels):
                tally.total[:, b] += sign * np.bincount(index, band[moved], k).astype(np.int64)
        return classes[found].astype(np.uint8) + np.uint8(1)
    low, high = classes
    exact = np.concatenate(pieces, axis=1, dtype=np.float64)
    norms = (centres[classes] ** 2).sum(axis=1)
    slope = (2 * GRID * (centres[high] - centres[low])).astype(np.float64)
    is_high = slope @ exact > float(norms[1] - norms[0])
    # A pair's base is the lower of its classes.
    count = int(np.count_nonzero(is_high))
    total = (exact @ is_high.astype(np.float64)).astype(np.int64)
    tally.count[high] += count
    tally.count[low] -= count
    tally.total[high] += total
    tally.total[low] -= total
    return np.where(is_high, np.uint8(high + 1), np.uint8(low + 1))


def _cells(dn: DN, partition: Partition) -> NDArray[np.uint16]:
    """Return the cell of each pixel."""
    n_bands, n = dn.shape
    cell = np.empty(n, np.uint16)
    ends = np.array(partition.shape, np.float32)[:, None] - np.float32(1)
    _, n1, n2 = partition.shape
    # Fresh buffers would cost more in page faults than the arithmetic.
    values, found = np.empty((n_bands, _CHUNK), np.float32), np.empty((AXES, _CHUNK), np.float32)
    bins = np.empty((AXES, _CHUNK), np.int32)
    for start in range(0, n, _CHUNK):
        m = min(_CHUNK, n - start)
        part, along = slice(start, start + m), found[:, :m]
        np.copyto(values[:, :m], dn[:, part])
        np.matmul(partition.slope, values[:, :m], out=along)
        along += partition.shift[:, None]
        np.maximum(along, np.float32(0), out=along)
        np.minimum(along, ends, out=along)
        np.copyto(bins[:, :m], along, casting="unsafe")
        u, v, w = bins[:, :m]
        u *= n1
        u += v
        u *= n2
        u += w
        np.take(partition.table, u, out=cell[part], mode="clip")
    return cell


def _look(arranged: DN, partition: Partition, starts: NDArray[np.int32]) -> tuple[NDArray[np.int64], Boxes]:
    """Return the sums of the pixels of each cell, and the boxes around them."""
    n_bands = arranged.shape[0]
    total = np.zeros((partition.size, n_bands), np.int64)
    boxes = Boxes.empty(n_bands, partition.size)
    axes = partition.axes.astype(np.float32)
    values, along = np.empty((2, n_bands, _CHUNK), np.float32)
    for part, cells, offsets in _pieces(starts):
        pixels, m = arranged[:, part], part.stop - part.start
        total[cells] += np.add.reduceat(pixels, offsets, axis=1, dtype=np.int64).T
        np.copyto(values[:, :m], pixels)
        np.matmul(axes, values[:, :m], out=along[:, :m])
        low = np.minimum.reduceat(along[:, :m], offsets, axis=1).astype(np.int32)
        high = np.maximum.reduceat(along[:, :m], offsets, axis=1).astype(np.int32)
        boxes.low[:, cells] = np.minimum(boxes.low[:, cells], low)
        boxes.high[:, cells] = np.maximum(boxes.high[:, cells], high)
    return total, boxes


def _pieces(starts: NDArray[np.int32]) -> Iterator[tuple[slice, NDArray[np.intp], NDArray[np.intp]]]:
    """Yield pixels of up to `_CHUNK`: where they lie, the cells they are of, and where those begin among them."""
    n = int(starts[-1])
    for begin in range(0, n, _CHUNK):
        end = min(begin + _CHUNK, n)
        first, last = np.searchsorted(starts, begin, "right") - 1, np.searchsorted(starts, end, "left")
        cells = np.arange(first, last)
        cells = cells[starts[cells + 1] > starts[cells]]
        yield slice(begin, end), cells, np.maximum(starts[cells] - begin, 0).astype(np.intp)
