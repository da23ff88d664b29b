"""The Numba kernel: compiled loops that look at each pixel once, and later only at those that can change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import GRID
from ..compiled.cache import load_module
from ..pixels.block import Block, Tally
from ..sensors.roles import MOST_BANDS
from .kernel import NARROW, Change, HeldInMemory, Labelling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import Grid64
    from .moves import Moves

# Of a chunk, the share of doubtful pixels above which all its pixels are labelled anew, which costs less than picking
# the doubtful ones out (measured: a picked pixel costs about 2.5 times as much as one of a whole chunk).
_DENSE = 0.4
# Of a block, the share of doubtful pixels below which keys are worth making, and from which on they are dropped again:
# as picking touches most cache lines already at a few percent, labelling all pixels by scores is cheaper above that.
_WORTH = 0.06
_GIVE_UP = 0.12
# A centre that is never nearest, in DN: its squared distance is finite in float32.
_NOWHERE = 1e9


@dataclass
class _Gaps:
    """How far the pixels of a block are from changing class: a cache, made, used and dropped while labelling."""

    history: int
    """Number of the history (`kernels.moves`) that the keys belong to."""
    key: NDArray[np.uint16] | None
    """(n_valid,) closing of its class that a pixel withstands, in quanta of 1/16 DN; too small is never wrong."""
    doubtful: float
    """Share of the pixels that the last move of the centres put in doubt, or would have."""


class NumbaKernel:
    """Labels by float32 distances with an integer check of near ties; remembers how safe each pixel is."""

    name = "numba"

    def __init__(self, prune: bool = True, keys: Callable[[], bool] | None = None) -> None:
        """Load the loops.

        Parameters
        ----------
        prune
            False labels every pixel every time.
        keys
            Tells whether the loops with keys are ready, and is asked where keys would pay; by default they are.
        """
        self._loops = load_module("loops")
        self._prune = prune
        self._keys = keys

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> NumbaHeld:
        """Take a block in."""
        return NumbaHeld(self._loops, block, k, labelling, prune=self._prune, keys=self._keys)


class NumbaHeld(HeldInMemory):
    """A block with, for each pixel, how far its two nearest centres may close in on each other."""

    def __init__(
        self,
        loops: Any,
        block: Block,
        k: int,
        labelling: Labelling | None = None,
        prune: bool = True,
        keys: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__(block, k, labelling)
        self._loops = loops
        self._prune = prune
        self._may_make_keys = keys or (lambda: True)
        self.gaps: _Gaps | None = None
        """The cache; None where nothing is known."""

    @property
    def knows_gaps(self) -> bool:
        """Whether the next labelling need not look at every pixel."""
        return self.gaps is not None and self.gaps.key is not None

    def leave(self) -> None:
        """Drop the keys."""
        self.gaps = None

    def expect_few_doubts(self, history: int) -> None:
        """Make keys at the next labelling under this history, whatever the last one found: for the self-test."""
        self.gaps = _Gaps(history, None, 0.0)

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label the pixels, those alone that can have changed where that is known."""
        loops, labels = self._loops, self._labelling.labels
        k, n_bands = centres.shape
        squares = self._in_groups(_squares(centres))
        exact = np.ascontiguousarray(centres, np.int64)
        wide = n_bands > NARROW
        width, count = (loops.wide.COUNT + 1, loops.wide.COUNT) if wide else (loops.TALLY, loops.COUNT)
        # The loops tell by the dimensions how many bands there are.
        sums = np.zeros((loops.CLASSES, width) if wide else loops.CLASSES * width, np.int64)
        first = not self.tally.count.any()
        gaps = self.gaps if self._prune else None
        if moves is None or not self._prune:
            self.gaps = None
            changed = self._plain(centres, first, None, squares, exact, sums)[0]
        elif gaps is not None and gaps.key is not None and gaps.history == moves.history:
            limits = _by_class(moves.closed, loops.CLASSES)
            dense = int(_DENSE * loops.CHUNK)
            changed, looked_at = loops.relabel_some(
                self.block.dn, labels, gaps.key, limits, squares, GRID, exact, sums, dense
            )
            share = looked_at / max(self.block.size, 1)
            self.gaps = _Gaps(moves.history, gaps.key if share < _GIVE_UP else None, share)
        elif gaps is not None and gaps.doubtful < _WORTH and self._may_make_keys():
            limits = _by_class(moves.closed, loops.CLASSES)
            key = np.empty(self.block.size, np.uint16)
            changed = loops.relabel_keyed(self.block.dn, labels, first, key, limits, squares, GRID, exact, sums)
            self.gaps = _Gaps(moves.history, key, gaps.doubtful)
        else:
            changed, share = self._plain(centres, first, moves.closing, squares, exact, sums)
            self.gaps = _Gaps(moves.history, None, share)
        rows = sums.reshape(loops.CLASSES, width)[1 : k + 1]
        difference = Tally(rows[:, count].copy(), rows[:, :n_bands].copy())
        self.tally.add(difference)
        return Change(int(changed), difference)

    def _plain(
        self,
        centres: Grid64,
        first: bool,
        closing: NDArray[np.int64] | None,
        squares: NDArray[np.float32],
        exact: Grid64,
        sums: NDArray[np.int64],
    ) -> tuple[int, float]:
        """Label every pixel; return how many changed and the share in doubt if the centres moved so once more."""
        loops = self._loops
        expected = np.empty(0, np.float32) if closing is None else _by_class(closing, loops.CLASSES)
        scores, *bounds = _scores(centres)
        changed, tried, narrow = loops.relabel_plain(
            self.block.dn, self._labelling.labels, first, expected, squares, self._in_groups(scores), *bounds, GRID,
            exact, sums,
        )  # fmt: skip
        return int(changed), narrow / tried if tried else 1.0

    def _in_groups(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows of centres in groups as the loops take them, filled up with copies of the last row, out of reach.

        For up to six bands a group is one row, for more it has a dimension of its own, by which the loops tell.
        """
        wide = rows.shape[1] > NARROW + 1
        group = self._loops.wide.GROUP if wide else self._loops.GROUP
        k, width = rows.shape[0] - 1, rows.shape[1]
        groups = -(-k // group)
        full = np.concatenate([rows[:k], np.repeat(rows[k:], groups * group - k, axis=0)])
        return full.reshape((groups, group, width) if wide else (groups, group * width))


def _by_class(values: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Return the classes' values as a table that a label 1..k looks up."""
    table = np.zeros(classes, np.float32)
    table[1 : values.shape[0] + 1] = values
    return table


def _places(n_bands: int) -> int:
    """Return for how many bands the loops have places."""
    return NARROW if n_bands <= NARROW else MOST_BANDS


def _squares(centres: Grid64) -> NDArray[np.float32]:
    """Return the centres in DN, (k + 1, places), filled up with bands of zeros; the last is out of reach."""
    k, n_bands = centres.shape
    result = np.zeros((k + 1, _places(n_bands)), np.float32)
    result[k:] = _NOWHERE
    result[:k, :n_bands] = centres / GRID
    return result


def _scores(centres: Grid64) -> tuple[NDArray[np.float32], NDArray[np.float32], np.float32, np.float32]:
    """Return the scores' factors, (k + 1, places + 1), the last out of reach; offsets and bounds (`compiled.loops`)."""
    k, n_bands = centres.shape
    places = _places(n_bands)
    offsets = np.zeros(places, np.float32)
    offsets[:n_bands] = (centres.min(axis=0) + centres.max(axis=0)) // (2 * GRID)
    d = centres - GRID * offsets[:n_bands].astype(np.int64)
    norms = (d * d).sum(axis=1) / GRID**2
    result = np.zeros((k + 1, places + 1), np.float32)
    result[k:, places] = _NOWHERE**2
    result[:k, :n_bands] = -2 * d / GRID
    result[:k, places] = norms
    share = (2 * places + 8) * 2.0**-24
    slack = 2 * share * float(norms.max())
    return result, offsets, np.float32(slack), np.float32(share)
