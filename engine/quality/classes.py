"""What one common set of classes allows to compare: drift between scenes, separability, classes that vanish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

from ..results.statistics import Moments
from ..sensors.scale import SCALE


@dataclass(frozen=True)
class Drift:
    """How far the classes of one scene lie from those of all scenes, in reflectance."""

    distance: tuple[float | None, ...]
    """k Euclidean distances between a class's mean in the scene and in all scenes; None without a pixel."""
    overall: float | None
    """Their mean, each class weighted by its pixels in the scene."""
    offset: float | None
    """Mean over bands and pixels of (mean in the scene - mean in all scenes): above 0, the scene is brighter."""


def drift(scene: Moments, whole: Moments) -> Drift:
    """Compare the classes of a scene with those of all scenes.

    Parameters
    ----------
    scene, whole
        Moments of the same k classes and bands.
    """
    distances: list[float | None] = []
    weighted = shifted = 0.0
    pixels = 0
    for n, total, all_n, all_total in zip(scene.count, scene.total, whole.count, whole.total):
        if n == 0:
            distances.append(None)
            continue
        shifts = [SCALE * (s / n - t / all_n) for s, t in zip(total, all_total)]
        distances.append(sqrt(sum(shift * shift for shift in shifts)))
        pixels += n
        weighted += n * (distances[-1] or 0.0)
        shifted += n * sum(shifts) / len(shifts)
    if pixels == 0:
        return Drift(tuple(distances), None, None)
    return Drift(tuple(distances), weighted / pixels, shifted / pixels)


def jeffries_matusita(
    mean_a: Sequence[float], std_a: Sequence[float], mean_b: Sequence[float], std_b: Sequence[float]
) -> float:
    """Return the Jeffries-Matusita distance of two classes as normal distributions with independent bands.

    JM = 2 (1 - exp(-B)), B = sum over bands of (m1 - m2)**2 / (4 (v1 + v2)) + ln((v1 + v2) / (2 sqrt(v1 v2))) / 2:
    0 for equal classes, 2 for classes that do not overlap (Richards, Remote Sensing Digital Image Analysis,
    "Bhattacharyya distance" and "Jeffries-Matusita distance", with diagonal covariances).

    Parameters
    ----------
    mean_a, std_a, mean_b, std_b
        One number a band. A band without spread in one class alone separates them fully.
    """
    b = 0.0
    for m1, s1, m2, s2 in zip(mean_a, std_a, mean_b, std_b):
        v1, v2 = s1 * s1, s2 * s2
        if v1 > 0 and v2 > 0:
            b += (m1 - m2) ** 2 / (4 * (v1 + v2)) + log((v1 + v2) / (2 * sqrt(v1) * sqrt(v2))) / 2
        elif v1 != v2 or m1 != m2:
            b = inf
    return 2 * (1 - exp(-b))


def vanished(counts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return for each class the scenes where it has no pixel although it has some in another.

    Parameters
    ----------
    counts
        Per scene the k member counts; a scene without any valid pixel counts for no class.
    """
    k = len(counts[0]) if counts else 0
    seen = [scene for scene, count in enumerate(counts) if any(count)]
    return [
        [scene for scene in seen if counts[scene][j] == 0] if any(count[j] for count in counts) else []
        for j in range(k)
    ]
