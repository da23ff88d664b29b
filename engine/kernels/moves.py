"""How far the centres have moved since the keys of the pixels were made (the bookkeeping of Hamerly's bound).

A pixel of class a that has a gap g between its two smallest distances keeps its class while the centres' moves cannot
close the gap: its own centre came at most p_a further away, any other at most p_j nearer. So the drift of class a grows
by p_a + max_{j != a} p_j with each move, and a pixel whose gap is larger than what the drift has grown since needs no
look. Everything is rounded up to integer quanta, so the comparison is exact; kernels use it to save time, and their
answer is the same without it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import Grid64

QUANTA = 16
"""Quanta of gap and drift a DN. A finer one would not fit reflectances' gaps into the 16 bits of a key."""
LARGEST = 60000
"""Above this drift (3750 DN) the keys' 16 bits become narrow: a new history begins."""
_GRID_PER_QUANTUM = GRID // QUANTA

# Numbers of histories, unique in this process, so that keys of one run are never taken for those of another.
_histories = itertools.count(1)


@dataclass(frozen=True)
class Drift:
    """The centres' moves since the beginning of a history, by class."""

    history: int
    """Number of the history; keys made under another are worthless."""
    total: NDArray[np.int64]
    """(k,) drift of each class in quanta; it only grows."""
    growth: NDArray[np.int64] | None
    """(k,) by how much the last move made it grow, also where that move began a new history; None before any move."""


class Log:
    """Follows the centres of a run from iteration to iteration."""

    def __init__(self) -> None:
        self._centres: Grid64 | None = None
        self._drift: Drift | None = None

    def follow(self, centres: Grid64) -> Drift:
        """Return the drift up to these centres; call it once for every set of centres that pixels are labelled with.

        Parameters
        ----------
        centres
            (k, n_bands) in 1/64 DN.
        """
        if self._drift is None or self._centres is None:
            drift = self._fresh(centres, None)
        else:
            step = growth(self._centres, centres)
            total = self._drift.total + step
            drift = Drift(self._drift.history, total, step) if total.max() <= LARGEST else self._fresh(centres, step)
        self._centres, self._drift = centres.copy(), drift
        return drift

    @staticmethod
    def _fresh(centres: Grid64, step: NDArray[np.int64] | None) -> Drift:
        return Drift(next(_histories), np.zeros(centres.shape[0], np.int64), step)


def growth(old: Grid64, new: Grid64) -> NDArray[np.int64]:
    """Return the growth of each class's drift by one move of the centres, in quanta, rounded up.

    Parameters
    ----------
    old, new
        (k, n_bands) in 1/64 DN, k at least 2.
    """
    moves = np.array([_quanta(int(squared)) for squared in ((new - old) ** 2).sum(axis=1)], np.int64)
    largest = int(moves.argmax())
    others = np.full(moves.shape, moves[largest])
    others[largest] = np.delete(moves, largest).max()
    return moves + others


def _quanta(squared: int) -> int:
    """Return the square root in quanta, rounded up; exact in integers. The square is in units of 1/64 DN."""
    root = math.isqrt(squared)
    root += root * root < squared
    return -(-root // _GRID_PER_QUANTUM)
