"""How far the centres have moved since the keys of the pixels were made (the bookkeeping of Hamerly's bound).

A pixel of class a that has a gap g between its two smallest distances keeps its class while the centres' moves cannot
close the gap: its own centre came at most p_a further away, any other at most p_j nearer. So with each move the gaps of
class a close by at most p_a + max_{j != a} p_j, and a pixel whose gap is larger than all they have closed since needs
no look. Everything is rounded up to integer quanta, so the comparison is exact; kernels use it to save time, and their
answer is the same without it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import Grid64

QUANTA = 16
"""Quanta of gaps a DN. A finer one would not fit reflectances' gaps into the 16 bits of a key."""
LARGEST = 60000
"""When gaps have closed by more than this (3750 DN) the keys' 16 bits become narrow: a new history begins."""
_GRID_PER_QUANTUM = GRID // QUANTA

# Numbers of histories, unique in this process, so that keys of one run are never taken for those of another.
_histories = itertools.count(1)


@dataclass(frozen=True)
class Moves:
    """The centres' moves since the beginning of a history, by class."""

    history: int
    """Number of the history; keys made under another are worthless."""
    closed: NDArray[np.int64]
    """(k,) by how much the gaps of each class may have closed since, in quanta; it only grows."""
    closing: NDArray[np.int64] | None
    """(k,) the last move's part of it, also where that move began a new history; None before any move."""
    ahead: float = 0.0
    """About how many labellings there will be from here on, this one included: what to prepare for."""


class MoveLog:
    """Follows the centres of a run from iteration to iteration."""

    def __init__(self) -> None:
        self._centres: Grid64 | None = None
        self._moves: Moves | None = None

    def follow(self, centres: Grid64, ahead: float = 0.0) -> Moves:
        """Return the moves up to these centres; call it once for every set of centres that pixels are labelled with.

        Parameters
        ----------
        centres
            (k, n_bands) in 1/64 DN.
        ahead
            `Moves.ahead`.
        """
        if self._moves is None or self._centres is None:
            moves = self._fresh(centres, None)
        else:
            step = closing(self._centres, centres)
            closed = self._moves.closed + step
            moves = Moves(self._moves.history, closed, step) if closed.max() <= LARGEST else self._fresh(centres, step)
        self._centres, self._moves = centres.copy(), moves
        return replace(moves, ahead=ahead)

    @staticmethod
    def _fresh(centres: Grid64, step: NDArray[np.int64] | None) -> Moves:
        return Moves(next(_histories), np.zeros(centres.shape[0], np.int64), step)


def closing(old: Grid64, new: Grid64) -> NDArray[np.int64]:
    """Return by how much one move of the centres may close the gaps of each class, in quanta, rounded up.

    Parameters
    ----------
    old, new
        (k, n_bands) in 1/64 DN, k at least 2.
    """
    ways = np.array([_quanta(int(squared)) for squared in ((new - old) ** 2).sum(axis=1)], np.int64)
    farthest = int(ways.argmax())
    others = np.full(ways.shape, ways[farthest])
    others[farthest] = np.delete(ways, farthest).max()
    return ways + others


def _quanta(squared: int) -> int:
    """Return the square root in quanta, rounded up; exact in integers. The square is in units of 1/64 DN."""
    root = math.isqrt(squared)
    root += root * root < squared
    return -(-root // _GRID_PER_QUANTUM)
