"""The reference kernel: the definition of the answer in int64, obvious and slow. Every other kernel equals it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..pixels.block import Block, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64, Labels
    from .moves import Drift


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

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        dn = block.dn
        labels = nearest(dn, centres)
        changed = int(np.count_nonzero(labels != block.labels))
        block.labels[:] = labels
        block.tally = tally(dn, labels, centres.shape[0])
        return changed
