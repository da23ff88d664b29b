"""The NumPy kernel: matrix products in float64 that return exactly the integers' answer.

Why it is exact. With y = x - 32768 and d = c - 64 * 32768 for every band, |y| <= 2**15 and |d| <= 2**21, and

    sum_b (64 x_b - c_b)**2 = 64**2 |y|**2 + (|d|**2 - 128 y.d),

so the class with the smallest score |d|**2 - 128 y.d is the nearest. The absolute values of the score's terms sum to
at most B (2**42 + 2**43) = 3 B 2**42, for up to B = 10 bands 30 * 2**42 < 2**47. The score is multiplied by 2**6 and
the number of the class within its group of 64 is added, in all at most 30 * 2**48 + 63 < 2**53 (6 bands: 2**52.2):
every product and every partial sum is an integer that float64 holds exactly, in whatever order a BLAS adds and whether
or not it fuses. The minimum over the classes is then the smallest score and, among equal scores, the lowest class; its
low 6 bits are the class. With more than 64 classes the groups' minima are compared as int64, where score * 2**8 +
class stays below 30 * 2**50 + 256 < 2**55.
"""

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

_SHIFT = 32768
_GROUP_BITS = 6
_GROUP = 1 << _GROUP_BITS
# Scores of one chunk in flight, so that they stay in a core's second-level cache: 2**16 float64 = 0.5 MB (measured; the
# buffers are made once a block, because fresh ones of this size cost more in page faults than the arithmetic).
_SCORES = 1 << 16
_LEAST = 2048
# Up to this share of changed pixels, correcting the sums by them alone is cheaper than two full sums (measured).
_FEW = 0.25
# Pixels summed up at once: they and their weights stay in the second-level cache.
_SUMMED = 1 << 15


class NumpyKernel:
    """Labels by float64 matrix products with a packed class index; sums corrected by the pixels that changed."""

    name = "numpy"

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> Held:
        """Take a block in."""
        return _Held(block, k, labelling)


class _Held(HeldInMemory):
    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label every pixel, and correct the sums by those that changed."""
        dn, old = self.block.dn, self._labelling.labels
        new = nearest(dn, centres)
        index = np.flatnonzero(new != old)
        changed = index.size
        difference = Tally.zero(*centres.shape)
        if changed > _FEW * old.size:
            for start in range(0, old.size, _SUMMED):
                part = slice(start, start + _SUMMED)
                _correct(difference, dn[:, part], new[part], old[part])
            old[:] = new
        else:
            for start in range(0, changed, _SUMMED):
                part_of_changed = index[start : start + _SUMMED]
                pixels = np.stack([band[part_of_changed] for band in dn])
                _correct(difference, pixels, new[part_of_changed], old[part_of_changed])
            old[index] = new[index]
        self._labelling.tally.add(difference)
        return Change(int(changed), difference)


def nearest(dn: DN, centres: Grid64) -> Labels:
    """Return the class of each pixel, 1..k; the same as `reference.nearest`.

    Parameters
    ----------
    dn
        (n_bands, n) DN.
    centres
        (k, n_bands) in 1/64 DN.
    """
    n_bands, n = dn.shape
    groups = [_score_matrix(centres[start : start + _GROUP]) for start in range(0, centres.shape[0], _GROUP)]
    if not groups:
        raise ValueError("there is no centre")
    size = min(max(_LEAST, _SCORES // groups[0].shape[0]), max(n, 1))
    signed = np.empty((n_bands, size), np.uint16)
    extended = np.empty((n_bands + 1, size), np.float64)
    extended[n_bands] = 1.0
    scores = [np.empty((group.shape[0], size), np.float64) for group in groups]
    smallest = np.empty(size, np.float64)
    keys, best = np.empty(size, np.int64), np.empty(size, np.int64)
    labels = np.empty(n, np.uint8)
    for start in range(0, n, size):
        m = min(size, n - start)
        # x ^ 0x8000 read as int16 is x - 32768.
        np.bitwise_xor(dn[:, start : start + m], np.uint16(_SHIFT), out=signed[:, :m])
        extended[:n_bands, :m] = signed[:, :m].view(np.int16)
        for number, group in enumerate(groups):
            np.matmul(group, extended[:, :m], out=scores[number][:, :m])
            np.minimum.reduce(scores[number][:, :m], axis=0, out=smallest[:m])
            np.copyto(keys[:m], smallest[:m], casting="unsafe")
            if len(groups) > 1:
                # score * 2**8 + class, so that the groups' minima can be compared.
                keys[:m] = ((keys[:m] >> _GROUP_BITS) << 8) | ((keys[:m] & (_GROUP - 1)) + number * _GROUP)
                np.minimum(keys[:m], best[:m] if number else keys[:m], out=best[:m])
        if len(groups) > 1:
            np.bitwise_and(best[:m], 255, out=keys[:m])
        else:
            np.bitwise_and(keys[:m], _GROUP - 1, out=keys[:m])
        np.add(keys[:m], 1, out=labels[start : start + m], casting="unsafe")
    return labels


def _score_matrix(centres: Grid64) -> NDArray[np.float64]:
    """Return the (k, n_bands + 1) matrix whose product with (y, 1) is score * 64 + class."""
    d = centres - GRID * _SHIFT
    scores = np.empty((centres.shape[0], centres.shape[1] + 1), np.int64)
    scores[:, :-1] = -2 * GRID * d
    scores[:, -1] = (d * d).sum(axis=1)
    scores *= _GROUP
    scores[:, -1] += np.arange(centres.shape[0])
    return scores.astype(np.float64)


def _correct(sums: Tally, pixels: DN, new: Labels, old: Labels) -> None:
    """Take pixels out of the sums of their old class, if they have one, and into those of the new.

    The weights of `bincount` are float64, but the sums stay below 2**16 * 2**15 < 2**53: exact integers.
    """
    k = sums.count.shape[0]
    classes = new.astype(np.intp)
    if old.any():
        classes = np.concatenate([classes, k + 1 + old.astype(np.intp)])
        pixels = np.concatenate([pixels, pixels], axis=1)

    def difference(weights: DN | None) -> NDArray[np.int64]:
        both = np.bincount(classes, weights, 2 * (k + 1)).astype(np.int64)
        return both[1 : k + 1] - both[k + 2 :]

    sums.count += difference(None)
    for b, band in enumerate(pixels):
        sums.total[:, b] += difference(band)
