"""What classes that are the same in all scenes allow to compare, against numbers worked out by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from iikmc.engine.quality.classes import drift, jeffries_matusita, vanished
from iikmc.engine.results.statistics import Moments, added


def bhattacharyya_by_integration(m1, s1, m2, s2):
    """Return -ln of the integral of sqrt(p1 p2) over a fine grid."""
    x = np.linspace(-5, 5, 400_001)

    def normal(m, s):
        return np.exp(-((x - m) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))

    return -math.log(np.sum(np.sqrt(normal(m1, s1) * normal(m2, s2))) * (x[1] - x[0]))


def test_jeffries_matusita_is_the_overlap_of_two_normal_distributions():
    a = ([0.1, 0.3], [0.05, 0.02])
    b = ([0.25, 0.28], [0.03, 0.06])
    expected = sum(bhattacharyya_by_integration(*values) for values in zip(a[0], a[1], b[0], b[1]))
    assert jeffries_matusita(*a, *b) == pytest.approx(2 * (1 - math.exp(-expected)), abs=1e-6)
    assert jeffries_matusita(*b, *a) == pytest.approx(jeffries_matusita(*a, *b))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (([0.1], [0.02]), ([0.1], [0.02]), 0.0),  # the same
        (([0.1], [0.0]), ([0.1], [0.0]), 0.0),  # the same point
        (([0.1], [0.0]), ([0.2], [0.0]), 2.0),  # two points
        (([0.1], [0.0]), ([0.1], [0.1]), 2.0),  # a point within a spread: no overlap of densities
        (([0.0], [1e-9]), ([1.0], [1e-9]), 2.0),
    ],
)
def test_jeffries_matusita_at_its_ends(a, b, expected):
    assert jeffries_matusita(*a, *b) == expected


def test_drift_against_means_of_the_pixels():
    rng = np.random.default_rng(11)
    scenes = [rng.integers(7000, 30000, (2, 3, n)) for n in (50, 80)]  # classes x bands x members
    parts = [
        Moments([s.shape[2]] * 2, s.sum(axis=2).tolist(), (s.astype(np.int64) ** 2).sum(axis=2).tolist())
        for s in scenes
    ]
    whole = added(parts, 2, 3)
    common = np.concatenate(scenes, axis=2).mean(axis=2)
    offsets = []
    for pixels, part in zip(scenes, parts):
        shift = 0.0000275 * (pixels.mean(axis=2) - common)
        found = drift(part, whole)
        np.testing.assert_allclose(found.distance, np.linalg.norm(shift, axis=1))
        assert found.overall == pytest.approx(np.linalg.norm(shift, axis=1).mean())
        assert found.offset == pytest.approx(shift.mean(), abs=1e-12)
        offsets.append(found.offset * pixels.shape[2])
    # Weighted by their pixels, the scenes' offsets are none at all.
    assert sum(offsets) == pytest.approx(0, abs=1e-9)


def test_drift_of_a_scene_without_pixels():
    whole = Moments([1], [[9000]], [[81_000_000]])
    found = drift(Moments.zero(1, 1), whole)
    assert (found.distance, found.overall, found.offset) == ((None,), None, None)


def test_vanished_classes():
    # Class 1 is everywhere, class 2 not in the second scene, class 3 nowhere; the last scene has no valid pixel.
    assert vanished([[1, 2, 0], [3, 0, 0], [4, 1, 0], [0, 0, 0]]) == [[], [1], []]
    assert vanished([]) == []
