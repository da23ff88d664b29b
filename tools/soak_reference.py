"""The result of a clustering as docs/method.md defines it, slowly and in plain NumPy; no line of the engine is used.

Whole numbers everywhere: pixels are DN, centres 1/64 DN, and a share of pixels is compared as a fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

QA_BITS = {"dilated cloud": 1, "cirrus": 2, "cloud": 3, "cloud shadow": 4, "snow or ice": 5, "water": 7}


@dataclass
class SceneData:
    """A scene as it was written."""

    name: str
    """Product identifier."""
    bands: dict[str, np.ndarray]
    """Role -> (height, width) uint16."""
    numbers: dict[str, int]
    """Role -> number of the band."""
    qa: np.ndarray
    """QA_PIXEL."""
    radsat: np.ndarray
    """QA_RADSAT."""


@dataclass
class Fitted:
    """What a clustering gives."""

    centres: np.ndarray
    """(k, bands) in 1/64 DN."""
    labels: list[np.ndarray]
    """(height, width) of each scene; 0 = nodata."""
    changed: list[int] = field(default_factory=list)
    """Pixels that changed class, of each iteration."""
    converged: bool = False
    """Whether it ended before the most iterations."""


def valid_of(scene: SceneData, roles: Sequence[str], flags: Sequence[str], saturated: bool) -> np.ndarray:
    """Return (height, width): whether a pixel is valid."""
    valid = (scene.qa & 1) == 0
    for role in roles:
        valid &= scene.bands[role] != 0
    for flag in flags:
        valid &= (scene.qa >> QA_BITS[flag]) & 1 == 0
    if saturated:
        for role in roles:
            valid &= (scene.radsat >> (scene.numbers[role] - 1)) & 1 == 0
    return valid


def pixels_of(scene: SceneData, roles: Sequence[str], valid: np.ndarray) -> np.ndarray:
    """Return (n, bands) int64 DN of the valid pixels, row by row."""
    return np.stack([scene.bands[role][valid] for role in roles], axis=1).astype(np.int64)


def between(low: Sequence[int], high: Sequence[int], k: int) -> np.ndarray:
    """Return the start between two bounds a band: lo + (i + 1/2)(hi - lo)/k, rounded half up to 1/64 DN."""
    rows = []
    for i in range(k):
        exact = [Fraction(lo) + Fraction(2 * i + 1, 2) * Fraction(hi - lo, k) for lo, hi in zip(low, high)]
        rows.append([int((value * 64 + Fraction(1, 2)).__floor__()) for value in exact])
    return np.array(rows, np.int64)


def percentile(values: np.ndarray, percent: int) -> int:
    """Return the lowest DN whose cumulative count reaches a share of all."""
    sought = np.sort(values)
    needed = Fraction(percent * len(values), 100)
    number = max(int(-((-needed).__floor__())), 1)  # the smallest whole number from there
    return int(sought[number - 1])


def nearest(dn: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the class of each pixel, 1..k; a tie goes to the lowest."""
    labels = np.empty(len(dn), np.int64)
    for first in range(0, len(dn), 20_000):
        part = 64 * dn[first : first + 20_000, None, :] - centres[None]
        labels[first : first + 20_000] = (part * part).sum(axis=2).argmin(axis=1) + 1
    return labels


def judge(dn: np.ndarray, centres: np.ndarray, reject: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the margin of each pixel, 1..255, and whether it is farther from every centre than a reflectance."""
    margins, far = [], []
    limit = None if reject is None else (64 * Fraction(str(reject)) / Fraction("0.0000275")) ** 2
    for pixel in dn:
        first, second = np.sort(((64 * pixel - centres) ** 2).sum(axis=1))[:2].tolist()
        margins.append(1 + 254 * (second - first) // max(second + first, 1))
        far.append(limit is not None and first > limit)
    return np.array(margins, np.uint8), np.array(far, bool)


def iterate(
    dn: np.ndarray, start: np.ndarray, most: int, tolerance: Fraction
) -> tuple[np.ndarray, np.ndarray, list[int], bool]:
    """Return centres, labels, changed pixels of each iteration, and whether it converged.

    Parameters
    ----------
    dn
        (n, bands).
    start
        (k, bands).
    most
        Iterations at most.
    tolerance
        Percent of the pixels.
    """
    centres, before, changed = start, np.zeros(len(dn), np.int64), []
    while True:
        labels = nearest(dn, centres)
        changed.append(int((labels != before).sum()))
        before = labels
        moved = centres.copy()
        for j in range(len(centres)):
            members = dn[labels == j + 1]
            n = len(members)
            if n:
                # The mean in 1/64 DN, rounded half up.
                moved[j] = [
                    int((Fraction(64 * int(total), n) + Fraction(1, 2)).__floor__()) for total in members.sum(axis=0)
                ]
        few = len(changed) > 1 and Fraction(100 * changed[-1], len(dn)) < tolerance
        still = np.array_equal(moved, centres)
        if few or still:
            return centres, labels, changed, True
        if len(changed) == most:
            return centres, labels, changed, False
        centres = moved


def spread(valid: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return labels of valid pixels in their places."""
    out = np.zeros(valid.shape, np.uint8)
    out[valid] = labels
    return out


def fit(
    scenes: Sequence[SceneData],
    valid: Sequence[np.ndarray],
    roles: Sequence[str],
    start: np.ndarray,
    stop: tuple[int, Fraction],
) -> Fitted:
    """Cluster scenes together.

    Parameters
    ----------
    scenes, valid, roles
        The pixels.
    start
        (k, bands) in 1/64 DN.
    stop
        The most iterations, and the tolerance in percent.
    """
    parts = [pixels_of(scene, roles, mask) for scene, mask in zip(scenes, valid)]
    centres, labels, changed, converged = iterate(np.concatenate(parts), start, *stop)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    placed = [spread(mask, part) for mask, part in zip(valid, np.split(labels, ends))]
    return Fitted(centres, placed, changed, converged)
