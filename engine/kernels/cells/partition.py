"""Where feature space is cut into cells: the leaves of a k-d tree over a histogram of a sample's principal components.

The cut decides how long a labelling takes and never what it gives: a cell is only a set of pixels, whose box is found
from the pixels themselves. So any sample will do, and floating point that differs from machine to machine as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...arrays import DN

AXES = 3
"""Principal components that the histogram is made of; the others tell little apart (measured on Landsat scenes)."""
# Bins along the leading components, as powers of two, by their number: a table of at most 2 MB.
_BITS = {1: (13, 0, 0), 2: (9, 8, 0), 3: (8, 7, 5)}
# Of the sample, the share outside of the bins at either end, so that a few outliers do not coarsen all of them.
_OUTSIDE = 0.001
# A leaf is cut while it holds more than so many times what a cell should: leaves then come near the number wanted.
_LARGEST = 1.4
# Cells at most for each wanted one, whatever the sample: their numbers have 16 bits.
_MOST = 4
MOST_WANTED = 65535 // _MOST
"""Cells that may be asked for."""
# Rows of the axes are orthonormal up to this, or the bands themselves are the axes (`kernels.cells.verdicts`).
_ORTHONORMAL = 1e-13


@dataclass(frozen=True)
class Partition:
    """The cells: one object for all blocks of a run, never changed."""

    axes: NDArray[np.float64]
    """(n_bands, n_bands) orthonormal rows, the leading component first."""
    slope: NDArray[np.float32]
    """(AXES, n_bands) of the numbers of the bins: int(slope . x + shift), clamped to 0 .. shape - 1."""
    shift: NDArray[np.float32]
    """(AXES,)"""
    shape: tuple[int, int, int]
    """Bins along each axis; 1 where there are fewer bands than axes."""
    table: NDArray[np.uint16]
    """The cell of each bin, bin by bin, the last axis fastest."""
    size: int
    """Number of cells."""

    @classmethod
    def of(cls, sample: DN, wanted: int) -> Partition:
        """Cut feature space.

        Parameters
        ----------
        sample
            (n_bands, n) DN of any pixels, n at least 1.
        wanted
            About how many cells to make, at most `MOST_WANTED`.
        """
        values = sample.astype(np.float64)
        n_bands, n = values.shape
        used = min(AXES, n_bands)
        axes = _principal_axes(values)
        shape = tuple(1 << bits for bits in _BITS[used])
        along = axes[:used] @ values
        low, high = np.quantile(along, (_OUTSIDE, 1 - _OUTSIDE), axis=1)
        unit = np.maximum(high - low, 1.0) / shape[:used]
        slope, shift = np.zeros((AXES, n_bands), np.float32), np.zeros(AXES, np.float32)
        slope[:used], shift[:used] = axes[:used] / unit[:, None], -low / unit
        places = np.zeros((n, AXES), np.int64)
        places[:, :used] = np.clip((along - low[:, None]) / unit[:, None], 0, np.array(shape[:used])[:, None] - 1).T
        units = np.concatenate([unit, np.zeros(AXES - used)])
        table, size = _cut(places, units, _LARGEST * n / wanted, shape, _MOST * wanted)
        return cls(axes, slope, shift, (shape[0], shape[1], shape[2]), table, size)


def _principal_axes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the principal axes as rows, the leading one first; the bands where they cannot be found."""
    n_bands, n = values.shape
    centred = values - values.mean(axis=1, keepdims=True)
    try:
        axes = np.ascontiguousarray(np.linalg.eigh(centred @ centred.T / n)[1][:, ::-1].T)
    except np.linalg.LinAlgError:
        return np.eye(n_bands)
    found = bool(np.abs(axes @ axes.T - np.eye(n_bands)).max() <= _ORTHONORMAL)
    return axes if found else np.eye(n_bands)


def _cut(
    places: NDArray[np.int64], units: NDArray[np.float64], target: float, shape: tuple[int, ...], most: int
) -> tuple[NDArray[np.uint16], int]:
    """Halve the pixels of a box along its longest occupied side until it holds `target`; return the table of leaves.

    All boxes of a depth are cut together.

    Parameters
    ----------
    places
        (n, AXES) bins of the sample's pixels.
    units
        (AXES,) DN a bin.
    target
        Pixels that a leaf may hold.
    shape
        Bins along each axis.
    most
        Leaves at most.
    """
    flat, weight = np.unique((places[:, 0] * shape[1] + places[:, 1]) * shape[2] + places[:, 2], return_counts=True)
    bins = np.stack([flat // (shape[1] * shape[2]), flat // shape[2] % shape[1], flat % shape[2]])
    begins = np.zeros(1, np.int64)
    boxes = np.array([[[0, side] for side in shape]], np.int64)
    leaves: list[NDArray[np.int64]] = []
    number = 0
    while begins.size:
        totals = np.add.reduceat(weight, begins)
        low, high = np.minimum.reduceat(bins, begins, axis=1), np.maximum.reduceat(bins, begins, axis=1)
        spans = (high - low) * units[:, None]
        side = spans.argmax(axis=0)
        cut = (totals > target) & (spans.max(axis=0) > 0)
        if number + begins.size + np.count_nonzero(cut) > most:
            cut[:] = False
        leaves.append(boxes[~cut])
        number += int(np.count_nonzero(~cut))
        box = np.repeat(np.arange(begins.size), np.diff(np.append(begins, flat.size)))
        kept = cut[box]
        bins, weight, flat, box = bins[:, kept], weight[kept], flat[kept], np.cumsum(cut)[box[kept]] - 1
        side, totals, boxes = side[cut], totals[cut], boxes[cut]
        if not side.size:
            break
        along = bins[side[box], np.arange(box.size)]
        order = np.lexsort((along, box))
        bins, weight, flat, box, along = bins[:, order], weight[order], flat[order], box[order], along[order]
        begins = np.flatnonzero(np.diff(box, prepend=-1))
        # A cut lies behind the last pixel of a bin, at that which comes nearest to halving the box.
        summed = np.cumsum(weight)
        before = summed[begins] - weight[begins]
        may = np.flatnonzero((box[:-1] == box[1:]) & (along[:-1] != along[1:]))
        uneven = np.abs(2 * (summed[may] - before[box[may]]) - totals[box[may]])
        ranked = may[np.lexsort((uneven, box[may]))]
        at = ranked[np.flatnonzero(np.diff(box[ranked], prepend=-1))]
        edge = along[at] + 1
        left, right = boxes.copy(), boxes.copy()
        left[np.arange(side.size), side, 1] = edge
        right[np.arange(side.size), side, 0] = edge
        begins = np.stack([begins, at + 1], axis=1).reshape(-1)
        boxes = np.stack([left, right], axis=1).reshape(-1, *boxes.shape[1:])
    table = np.zeros(shape, np.uint16)
    for leaf, ((a, b), (c, d), (e, f)) in enumerate(np.concatenate(leaves).tolist()):
        table[a:b, c:d, e:f] = leaf
    return table.reshape(-1), number
