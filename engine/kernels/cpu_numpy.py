"""The NumPy kernel: matrix products in float64 that return exactly the integers' answer.

Why it is exact. With y = x - 32768 and d = c - 64 * 32768 for every band, |y| <= 2**15 and |d| <= 2**21, and

    sum_b (64 x_b - c_b)**2 = 64**2 |y|**2 + (|d|**2 - 128 y.d),

so the class with the smallest score |d|**2 - 128 y.d is the nearest. The absolute values of the score's terms sum to
at most B (2**42 + 2**43) = 3 B 2**42, for B = 6 bands below 2**46.2. The score is multiplied by 2**6 and the number of
the class within its group of 64 is added, below 2**52.2 < 2**53: every product and every partial sum is an integer
that float64 holds exactly, in whatever order a BLAS adds and whether or not it fuses. The minimum over the classes is
then the smallest score and, among equal scores, the lowest class; its low 6 bits are the class. With more than 64
classes the groups' minima are compared as int64, where score * 2**8 + class stays below 2**55.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..records import GRID, Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..records import DN, Grid64, Labels
    from .drift import Drift

_SHIFT = 32768
_GROUP_BITS = 6
_GROUP = 1 << _GROUP_BITS
# Scores of one chunk in flight, so that they stay in a core's second-level cache: 2**17 float64 = 1 MB.
_SCORES = 1 << 17
# Up to this share of changed pixels, correcting the sums by them alone is cheaper than two full sums (measured).
_FEW = 0.25


class NumpyKernel:
    """Labels by float64 matrix products with a packed class index; sums corrected by the pixels that changed."""

    name = "numpy"

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        k = centres.shape[0]
        dn = block.dn
        changed = 0
        for part in _chunks(block.size, k):
            old = block.labels[part]
            extended = _extend(dn[:, part])
            new = _nearest(extended, centres)
            differs = new != old
            moved = int(np.count_nonzero(differs))
            if moved == 0:
                continue
            changed += moved
            if moved > _FEW * old.size:
                _add_sums(block, extended, new, +1)
                _add_sums(block, extended, old, -1)
                old[:] = new
            else:
                index = np.flatnonzero(differs)
                pixels = extended[:, index]
                _add_sums(block, pixels, new[index], +1)
                _add_sums(block, pixels, old[index], -1)
                old[index] = new[index]
        return changed


def nearest(dn: DN, centres: Grid64) -> Labels:
    """Return the class of each pixel, 1..k; the same as `reference.nearest`.

    Parameters
    ----------
    dn
        (n_bands, n) DN.
    centres
        (k, n_bands) in 1/64 DN.
    """
    labels = np.empty(dn.shape[1], np.uint8)
    for part in _chunks(dn.shape[1], centres.shape[0]):
        labels[part] = _nearest(_extend(dn[:, part]), centres)
    return labels


def _chunks(n: int, k: int) -> list[slice]:
    size = max(2048, _SCORES // min(k, _GROUP))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _extend(dn: DN) -> NDArray[np.float64]:
    """Return (n_bands + 1, n) with rows y = x - 32768 and a last row of ones."""
    n_bands, n = dn.shape
    extended = np.empty((n_bands + 1, n), np.float64)
    # x ^ 0x8000 read as int16 is x - 32768.
    extended[:n_bands] = (dn ^ np.uint16(_SHIFT)).view(np.int16)
    extended[n_bands] = 1.0
    return extended


def _nearest(extended: NDArray[np.float64], centres: Grid64) -> Labels:
    k = centres.shape[0]
    best: NDArray[np.int64] | None = None
    for start in range(0, k, _GROUP):
        group = centres[start : start + _GROUP]
        keys = (_score_matrix(group) @ extended).min(axis=0).astype(np.int64)
        if k <= _GROUP:
            return ((keys & (_GROUP - 1)) + 1).astype(np.uint8)
        keys = ((keys >> _GROUP_BITS) << 8) | ((keys & (_GROUP - 1)) + start)
        best = keys if best is None else np.minimum(best, keys)
    if best is None:
        raise ValueError("there is no centre")
    return ((best & 255) + 1).astype(np.uint8)


def _score_matrix(centres: Grid64) -> NDArray[np.float64]:
    """Return the (k, n_bands + 1) matrix whose product with (y, 1) is score * 64 + class."""
    d = centres - GRID * _SHIFT
    scores = np.empty((centres.shape[0], centres.shape[1] + 1), np.int64)
    scores[:, :-1] = -2 * GRID * d
    scores[:, -1] = (d * d).sum(axis=1)
    scores *= _GROUP
    scores[:, -1] += np.arange(centres.shape[0])
    return scores.astype(np.float64)


def _add_sums(block: Block, extended: NDArray[np.float64], labels: Labels, sign: int) -> None:
    """Add (or take away) pixels to the sums of their classes; label 0 is no class.

    The weights are float64, but the sums of a chunk stay below 2**15 * 2**17 < 2**53: exact integers.
    """
    if not labels.any():
        return
    k = block.tally.count.shape[0]
    index = labels.astype(np.intp)
    count = np.bincount(index, minlength=k + 1)[1:]
    block.tally.count += sign * count
    for b, values in enumerate(extended[:-1]):
        sums = np.bincount(index, weights=values, minlength=k + 1)[1:].astype(np.int64)
        # The values are x - 32768: give each member its 32768 back.
        block.tally.total[:, b] += sign * (sums + _SHIFT * count)
