"""The Numba kernel: compiled loops that look at each pixel once, and later only at those that can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..compiled.cache import load_module
from ..pixels.block import Gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import Grid64
    from ..pixels.block import Block
    from .moves import Drift

# Of a chunk, the share of doubtful pixels above which all its pixels are labelled anew, which costs less than picking
# the doubtful ones out (measured: a picked pixel costs about 2.5 times as much as one of a whole chunk).
_DENSE = 0.4
# Of a block, the share of doubtful pixels below which keys are worth making, and from which on they are dropped again:
# as picking touches most cache lines already at a few percent, labelling all pixels by scores is cheaper above that.
_WORTH = 0.06
_GIVE_UP = 0.12
_BANDS = 6
# A centre that is never nearest, in DN: its squared distance is finite in float32.
_NOWHERE = 1e9


class NumbaKernel:
    """Labels by float32 distances with an integer check of near ties; remembers how safe each pixel is."""

    name = "numba"

    def __init__(self, prune: bool = True) -> None:
        """Load the loops; `prune` = False labels every pixel every time."""
        self._loops = load_module("loops")
        self._prune = prune

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        loops = self._loops
        k, n_bands = centres.shape
        squares = _squares(centres, loops.GROUP)
        exact = np.ascontiguousarray(centres, np.int64)
        tally = np.zeros(loops.CLASSES * loops.TALLY, np.int64)
        first = not block.tally.count.any()
        gaps = block.gaps if self._prune else None
        if drift is None or not self._prune:
            block.gaps = None
            changed = self._plain(block, centres, first, None, squares, exact, tally)[0]
        elif gaps is not None and gaps.key is not None and gaps.history == drift.history:
            limits = _by_class(drift.total, loops.CLASSES)
            dense = int(_DENSE * loops.CHUNK)
            changed, looked_at = loops.relabel_some(
                block.dn, block.labels, gaps.key, limits, squares, GRID, exact, tally, dense
            )
            share = looked_at / max(block.size, 1)
            block.gaps = Gaps(drift.history, gaps.key if share < _GIVE_UP else None, share)
        elif gaps is not None and gaps.doubtful < _WORTH:
            limits = _by_class(drift.total, loops.CLASSES)
            key = np.empty(block.size, np.uint16)
            changed = loops.relabel_keyed(block.dn, block.labels, first, key, limits, squares, GRID, exact, tally)
            block.gaps = Gaps(drift.history, key, gaps.doubtful)
        else:
            changed, share = self._plain(block, centres, first, drift.growth, squares, exact, tally)
            block.gaps = Gaps(drift.history, None, share)
        rows = tally.reshape(loops.CLASSES, loops.TALLY)[1 : k + 1]
        block.tally.count += rows[:, loops.COUNT]
        block.tally.total += rows[:, :n_bands]
        return int(changed)

    def _plain(
        self,
        block: Block,
        centres: Grid64,
        first: bool,
        growth: NDArray[np.int64] | None,
        squares: NDArray[np.float32],
        exact: Grid64,
        tally: NDArray[np.int64],
    ) -> tuple[int, float]:
        """Label every pixel; return how many changed and the share in doubt if the drift grew so once more."""
        loops = self._loops
        expected = np.empty(0, np.float32) if growth is None else _by_class(growth, loops.CLASSES)
        changed, tried, narrow = loops.relabel_plain(
            block.dn, block.labels, first, expected, squares, *_scores(centres, loops.GROUP), GRID, exact, tally
        )
        return int(changed), narrow / tried if tried else 1.0


def _by_class(values: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Return the classes' values as a table that a label 1..k looks up."""
    table = np.zeros(classes, np.float32)
    table[1 : values.shape[0] + 1] = values
    return table


def _squares(centres: Grid64, group: int) -> NDArray[np.float32]:
    """Return the centres in DN, `group` of them a row, filled up with bands of zeros and centres out of reach."""
    k, n_bands = centres.shape
    result = np.zeros((-(-k // group) * group, _BANDS), np.float32)
    result[k:] = _NOWHERE
    result[:k, :n_bands] = centres / GRID
    return result.reshape(-1, group * _BANDS)


def _scores(centres: Grid64, group: int) -> tuple[NDArray[np.float32], NDArray[np.float32], np.float32, np.float32]:
    """Return the scores' factors, offsets and error bounds (`compiled.loops`)."""
    k, n_bands = centres.shape
    offsets = np.zeros(_BANDS, np.float32)
    offsets[:n_bands] = (centres.min(axis=0) + centres.max(axis=0)) // (2 * GRID)
    d = centres - GRID * offsets[:n_bands].astype(np.int64)
    norms = (d * d).sum(axis=1) / GRID**2
    result = np.zeros((-(-k // group) * group, _BANDS + 1), np.float32)
    result[k:, _BANDS] = _NOWHERE**2
    result[:k, :n_bands] = -2 * d / GRID
    result[:k, _BANDS] = norms
    share = 20 * 2.0**-24
    slack = 2 * share * float(norms.max())
    return result.reshape(-1, group * (_BANDS + 1)), offsets, np.float32(slack), np.float32(share)
