"""The start centres, all in exact integers: step 4 of "What is computed" in docs/method.md."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64

PERCENTILES = (2, 98)


def between(low: Sequence[int], high: Sequence[int], k: int) -> Grid64:
    """Spread k centres evenly between two DN per band: low + (i + 1/2)(high - low)/k, i = 0..k-1.

    The method's own start (Han and Lee 2024), rounded half up to 1/64 DN.

    Returns
    -------
    (k, n_bands) int64
        In 1/64 DN.
    """
    centres = np.empty((k, len(low)), np.int64)
    for b, (lo, hi) in enumerate(zip(low, high)):
        for i in range(k):
            # value = numerator / (2k); floor(value + 1/2) = (numerator + k) // (2k).
            numerator = GRID * (2 * k * int(lo) + (2 * i + 1) * (int(hi) - int(lo)))
            centres[i, b] = (numerator + k) // (2 * k)
    return centres


def percentile(histogram: NDArray[np.int64], percent: int) -> int:
    """Return the lowest DN whose cumulative count reaches `percent` of all pixels.

    Parameters
    ----------
    histogram
        (65536,) pixels per DN, at least one.
    percent
        1..100.
    """
    cumulative = np.cumsum(histogram)
    total = int(cumulative[-1])
    # Smallest whole count c with 100 c >= percent * total.
    needed = -(-percent * total // 100)
    return int(np.searchsorted(cumulative, max(needed, 1)))


def plus_plus(sample: DN, k: int, seed: int) -> Grid64:
    """Draw k centres by greedy k-means++ (Arthur and Vassilvitskii 2007) and order them from dark to bright.

    Each new centre is the best of 2 + floor(ln k) pixels drawn with a probability proportional to their squared
    distance from the centres so far. Distances are integers and the draws come from SHA-256, so the result is the
    same on every machine and with every version of every library.

    Parameters
    ----------
    sample
        (n_bands, n) DN, n >= 1, in an order that depends on nothing but the pixels.
    k
        Number of centres; where the sample has fewer distinct pixels, the rest repeat (and stay empty).
    seed
        Any integer.

    Returns
    -------
    (k, n_bands) int64
        In 1/64 DN.
    """
    pixels = sample.astype(np.int64)
    n = pixels.shape[1]
    trials = 2 + int(math.log(k))
    chosen = [_draw(seed, 0, 0, n)]
    nearest = _squared(pixels, chosen[0])
    while len(chosen) < k:
        # Below 6 * 65535**2 * 20 000 = 5.2e14: no overflow.
        cumulative = np.cumsum(nearest)
        total = int(cumulative[-1])
        if total == 0:
            chosen.append(chosen[-1])
            continue
        draws = [_draw(seed, len(chosen), trial, total) for trial in range(trials)]
        candidates = [int(np.searchsorted(cumulative, draw, side="right")) for draw in draws]
        options = [np.minimum(nearest, _squared(pixels, candidate)) for candidate in candidates]
        costs = [int(option.sum()) for option in options]
        best = costs.index(min(costs))
        chosen.append(candidates[best])
        nearest = options[best]
    return dark_to_bright(np.ascontiguousarray(pixels[:, chosen].T) * GRID)


def dark_to_bright(centres: Grid64) -> Grid64:
    """Return the centres ordered by the sum of their bands, equal sums by the bands in turn."""
    order = np.lexsort((*centres.T[::-1], centres.sum(axis=1)))
    return np.ascontiguousarray(centres[order])


def _squared(pixels: NDArray[np.int64], index: int) -> NDArray[np.int64]:
    difference = pixels - pixels[:, index : index + 1]
    squares: NDArray[np.int64] = (difference * difference).sum(axis=0)
    return squares


def _draw(seed: int, centre: int, trial: int, below: int) -> int:
    """Return a number 0..below-1; the 256-bit hash makes the modulo's bias immaterial."""
    digest = hashlib.sha256(f"{seed}/{centre}/{trial}".encode()).digest()
    return int.from_bytes(digest, "little") % below
