"""The reference kernel: the definition of the answer in int64, obvious and slow. Every other kernel equals it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..pixels.block import Block, Tally
from .kernel import Change, Held, HeldInMemory, Labelling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64, Labels
    from .moves import Moves


def nearest(dn: DN, centres: Grid64) -> Labels:
    """Return the class of each pixel: the smallest sum_b (64 x_b - c_b)**2, a tie goes to the lowest class.

    Parameters
    ----------
    dn
        (n_bands, n_valid) DN.
    centres
        (k, n_bands) in 1/64 DN.

    Returns
    -------
    (n_valid,) uint8
        1..k. Distances are below 6 * (2**22)**2 < 2**47, so int64 holds them.
    """
    distance: NDArray[np.int64] = np.stack(
        [((GRID * dn.astype(np.int64) - centre[:, None]) ** 2).sum(axis=0) for centre in centres]
    )
    return (np.argmin(distance, axis=0) + 1).astype(np.uint8)


def tally(dn: DN, labels: Labels, k: int) -> Tally:
    """Return the members and sums of each class."""
    result = Tally.zero(k, dn.shape[0])
    for j in range(k):
        members = dn[:, labels == j + 1].astype(np.int64)
        result.count[j] = members.shape[1]
        result.total[j] = members.sum(axis=1)
    return result


class ReferenceKernel:
    """Labels by definition."""

    name = "reference"

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> Held:
        """Take a block in."""
        return _Held(block, k, labelling)


class _Held(HeldInMemory):
    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label every pixel and count anew."""
        before, dn = self._labelling, self.block.dn
        labels = nearest(dn, centres)
        after = tally(dn, labels, centres.shape[0])
        difference = Tally(after.count - before.tally.count, after.total - before.tally.total)
        changed = int(np.count_nonzero(labels != before.labels))
        self._labelling = Labelling(labels, after)
        return Change(changed, difference)
