"""A seeded sample of valid pixels that depends on neither the order of scenes nor how they are cut into blocks.

Each pixel gets a 64-bit hash of (seed, product, position in the scene's grid); the sample is the pixels with the
smallest hashes. Any partition of the pixels gives the same sample, because the smallest of a union are among the
smallest of its parts.

A sub-sample of share 1/r takes one pixel out of every run of r neighbours of a row; which one is drawn from a hash of
(seed, product, row, run). It is as free of order and blocks, costs a hash a run, and is spread more evenly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN

# Shares of the sub-samples, coarsest first. 1 is all pixels: the last resort of the smallest series.
SHARES = (512, 64, 8, 1)
# A share is drawn where all grids together give it at most so many pixels: 8 M pixels of 6 bands are 96 MB.
_MOST_PIXELS = 8_000_000


@dataclass(frozen=True)
class Sample:
    """Some pixels with their hashes."""

    hashes: NDArray[np.uint64]
    """(n,)"""
    dn: DN
    """(n_bands, n)"""


@dataclass(frozen=True)
class Draws:
    """Which sub-samples to draw of a scene while it is read."""

    key: int
    """`scene_key` of the scene."""
    shares: tuple[int, ...] = ()
    """One pixel in so many, each."""


def scene_key(seed: int, scene_id: str) -> int:
    """Return the 64-bit number that tells the hashes of one scene and seed from those of another."""
    digest = hashlib.sha256(f"{seed}:{scene_id}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def pixel_hashes(key: int, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the hash of each pixel position (row * width + column) of a scene.

    The finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"), whose
    increment is its golden-ratio constant. All arithmetic is modulo 2**64.
    """
    z = positions.astype(np.uint64)
    z += np.uint64(1)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(key)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def smallest(hashes: NDArray[np.uint64], dn: DN, size: int) -> Sample:
    """Return the `size` pixels with the smallest hashes in the order of their hashes, fewer where there are fewer.

    Parameters
    ----------
    hashes
        (n,)
    dn
        (n_bands, n)
    size
        Wanted pixels.
    """
    if hashes.size > size:
        chosen = np.argpartition(hashes, size - 1)[:size]
        hashes, dn = hashes[chosen], dn[:, chosen]
    # Two pixels of one hash (one pair in 10**9 runs) are put in order by their values.
    order = np.lexsort((*dn, hashes))
    return Sample(hashes[order], np.ascontiguousarray(dn[:, order]))


def merge(samples: Iterable[Sample], n_bands: int, size: int) -> Sample:
    """Return the sample of the union of the parts that the samples were drawn from."""
    parts = list(samples)
    hashes = np.concatenate([part.hashes for part in parts] or [np.empty(0, np.uint64)])
    dn = np.concatenate([part.dn for part in parts] or [np.empty((n_bands, 0), np.uint16)], axis=1)
    return smallest(hashes, dn, size)


def shares_for(grid_pixels: int) -> tuple[int, ...]:
    """Return the shares to draw while reading; a function of the grids alone, so the same for every machine."""
    return tuple(share for share in SHARES if share == SHARES[0] or grid_pixels // share <= _MOST_PIXELS)


def draw(share: int, key: int, bands: NDArray[np.uint16], valid: NDArray[np.bool_], first_row: int) -> Sample:
    """Draw the valid pixels of a strip that belong to a sub-sample.

    Parameters
    ----------
    share
        One pixel of every `share` neighbours in a row.
    key
        `scene_key` of the scene.
    bands
        (n_bands, height, width) DN of full rows.
    valid
        (height, width).
    first_row
        The strip's first row in the scene.

    Returns
    -------
    Sample
        In no particular order.
    """
    height, width = valid.shape
    runs = -(-width // share)
    numbers = (np.arange(first_row, first_row + height)[:, None] * runs + np.arange(runs)).ravel()
    # The share goes into the key (times an odd constant), or finer levels would repeat the draws of coarser ones.
    hashes = pixel_hashes((key ^ (share * 0xD6E8FEB86659FD93)) & 0xFFFFFFFFFFFFFFFF, numbers)
    columns = np.tile(np.arange(runs) * share, height) + (hashes % np.uint64(share)).astype(np.int64)
    rows = np.repeat(np.arange(height), runs)
    inside = columns < width
    rows, columns, hashes = rows[inside], columns[inside], hashes[inside]
    kept = valid[rows, columns]
    return Sample(hashes[kept], bands[:, rows[kept], columns[kept]])


# Pixels that k-means++ draws from: enough for 79 a class at k = 254, and its k passes over it stay below a second.
SAMPLE_SIZE = 20_000


# A strip's pixels are thinned at once, so that full scenes cost no memory: to at least so many pixels of the grid,
# valid or not, per wanted pixel, so that a scene of which 3 % are valid still fills its part of the sample.
_GRID_PIXELS_EACH = 32
# Each scene has at least this share of what an equal split would give it.
_LEAST = 10


@dataclass(frozen=True)
class Stratified:
    """A sample of several scenes."""

    dn: DN
    """(n_bands, n), in an order that depends on the seed and the pixels alone."""
    drawn: tuple[int, ...]
    """Pixels per scene in the sample."""
    valid: tuple[int, ...]
    """Valid pixels per scene."""
    doubts: tuple[tuple[str, ...], ...] = ()
    """What makes a scene doubtful, per scene, as in its audit."""


def quotas(valid: Sequence[int], size: int) -> list[int]:
    """Return how many pixels of each scene a sample of about `size` pixels takes.

    In proportion to its valid pixels, but not below a tenth of an equal share, so that a small or cloudy scene has a
    say; never more than it has. The order of the scenes does not matter.
    """
    total = sum(valid)
    least = -(-size // (_LEAST * len(valid)))
    return [min(pixels, max(least, size * pixels // total)) for pixels in valid] if total else [0] * len(valid)


def share_of(pixels: int, size: int) -> int:
    """Return which share 1/share of a grid to look at, a power of two; a function of the grid alone."""
    share = 1
    while pixels // (2 * share) >= _GRID_PIXELS_EACH * size:
        share *= 2
    return share
