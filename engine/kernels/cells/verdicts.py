"""What is certain of all pixels of a cell at once.

A cell is *pure* where one centre a is the nearest of every point in its box. d_j = |x - c_j|**2 gives

    d_a - d_j = 2 x.(c_j - c_a) + |c_a|**2 - |c_j|**2,

which is linear in x, so it is largest in a corner. With the middle m of the box, its sides w, and everything in the
partition's axes, where distances are the same, d_j - d_a > 0 in all of it if and only if

    |m - c_j|**2 - |m - c_a|**2 > sum_b w_b |c_jb - c_ab|.

The class whose centre is nearest to m is tried as a; those that fail the test are its *rivals*. All other classes are
farther than a from every pixel of the cell, so neither nearest nor tied, and need no look. Ties make rivals.

The same is asked of two rivals: one that is farther than another from every pixel of the cell is dropped. Being farther
everywhere is strict, so of those that drop each other in a row one stays, and it is nearer than all of them: what is
nearest or tied is never dropped, whatever was dropped before.

Rounding. With u = 2**-24, B <= 10 bands and orthonormal axes, a projection in float32 is off by at most (B + 1) u
sum_b |a_b| x_b <= 11 u 65535 sqrt(10) < 0.14 DN, whatever is added first or fused, and cutting it to a whole number
moves it by less than 1: a pixel lies at most 1.14 DN outside of its box, and sides longer by 2.28 hold it. `SLACK` is
3, so the right side is too large by at least 0.72 |c_j - c_a|, and by 0.011 DN**2 where the centres differ at all
(where they do not, both sides are 0 and j is a rival). Axes that are orthonormal up to 1e-13 (`partition`) change d_j -
d_a by at most B 1e-13 |c_j - c_a| (|x - c_j| + |x - c_a|) < 1e-6 |c_j - c_a|. Rotated centres are off by 1e-9 DN, which
changes either side by less than 0.001. Both squares are rounded by less than 1e-14 of themselves, for which `ROUNDING`
of them is added to the right side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .boxes import Boxes

SLACK = 3.0
"""DN by which the sides of a box are lengthened."""
ROUNDING = 1e-9
"""Of two squares, by which their difference must exceed the reach."""
MOST = 16
"""Rivals of a cell that are compared with each other; the time goes by the square of their number."""

PURE, PAIR, MANY = 0, 1, 2


@dataclass(frozen=True)
class Verdicts:
    """What is certain of each cell for some centres."""

    kind: NDArray[np.uint8]
    """(cells,) PURE: all pixels are of class `base`; PAIR: of `base` or `other`; MANY: of `base` or one listed."""
    base: NDArray[np.uint8]
    """(cells,) classes, from 0; of a pair the lower, which gets the ties."""
    other: NDArray[np.uint8]
    """(cells,) the higher class of a pair."""
    first: NDArray[np.int32]
    """(cells + 1,) where the rivals of a cell begin in `listed`."""
    listed: NDArray[np.uint8]
    """Rivals, cell by cell, ascending."""


def rotated(centres: NDArray[np.int64], grid: int, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (k, n_bands) centres in DN in these axes."""
    return np.ascontiguousarray((centres / grid) @ axes.T)


def judge(boxes: Boxes, axes: NDArray[np.float64], centres: NDArray[np.int64], grid: int) -> Verdicts:
    """Judge all cells.

    Parameters
    ----------
    boxes
        Around all pixels that the verdicts are to be true of.
    axes
        Of the partition.
    centres
        (k, n_bands) in 1/`grid` DN.
    grid
        Steps of a DN.
    """
    occupied = np.flatnonzero(boxes.low[0] <= boxes.high[0])
    low, high = boxes.low[:, occupied].astype(np.float64), boxes.high[:, occupied].astype(np.float64)
    turned = rotated(centres, grid, axes)
    k, n = turned.shape[0], boxes.low.shape[1]
    middle, sides = 0.5 * (low + high), high - low + SLACK
    square, reach = np.zeros((occupied.size, k)), np.zeros((occupied.size, k))
    for m, c in zip(middle, turned.T):
        away = m[:, None] - c
        square += away * away
    nearest = square.argmin(axis=1)
    for w, c in zip(sides, turned.T):
        reach += w[:, None] * np.abs(c[:, None] - c)[nearest]
    smallest = square[np.arange(occupied.size), nearest][:, None]
    rivals = ~(square - smallest > reach + ROUNDING * (square + smallest))
    rivals[np.arange(occupied.size), nearest] = False
    _drop(rivals, square, sides, turned)
    classes = np.nonzero(rivals)[1]
    many = np.zeros(n, np.int64)
    many[occupied] = rivals.sum(axis=1)
    first = np.zeros(n + 1, np.int32)
    np.cumsum(many, out=first[1:])
    kind = np.minimum(many, MANY).astype(np.uint8)
    base, other = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    base[occupied] = nearest
    pairs = np.flatnonzero(kind == PAIR)
    if pairs.size:
        one, two = base[pairs], classes[first[pairs]].astype(np.uint8)
        base[pairs], other[pairs] = np.minimum(one, two), np.maximum(one, two)
    return Verdicts(kind, base, other, first, classes.astype(np.uint8))


def _drop(
    rivals: NDArray[np.bool_], square: NDArray[np.float64], sides: NDArray[np.float64], turned: NDArray[np.float64]
) -> None:
    """Drop the rivals that another rival is nearer than everywhere in the box.

    Parameters
    ----------
    rivals
        (cells, k) which classes are rivals, changed in place.
    square
        (cells, k) squared distances of the centres from the middles of the boxes.
    sides
        (n_bands, cells) of the boxes.
    turned
        (k, n_bands) centres in the axes of the boxes.
    """
    many = rivals.sum(axis=1)
    for number in range(2, MOST + 1):
        cells = np.flatnonzero(many == number)
        if not cells.size:
            continue
        # (cells, number) classes, and for each in turn which of the others it drops.
        classes = np.nonzero(rivals[cells])[1].reshape(cells.size, number)
        own = np.take_along_axis(square[cells], classes, axis=1)
        dropped = np.zeros(classes.shape, np.bool_)
        for i in range(number):
            reach = np.zeros(classes.shape)
            for side, along in zip(sides, turned.T):
                reach += side[cells][:, None] * np.abs(along[classes] - along[classes[:, i : i + 1]])
            nearer = own[:, i : i + 1]
            dropped |= own - nearer > reach + ROUNDING * (own + nearer)
        rows, places = np.nonzero(dropped)
        rivals[cells[rows], classes[rows, places]] = False
