"""The start centres against numbers worked out by hand, exact fractions and laws."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iikmc.engine.centres.starts import between, dark_to_bright, percentile, plus_plus

DN = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("low", "high", "k", "expected"),
    [
        (10, 20, 2, [12.5 * 64, 17.5 * 64]),
        (10, 20, 4, [11.25 * 64, 13.75 * 64, 16.25 * 64, 18.75 * 64]),
        (1, 2, 3, [75, 96, 117]),  # 74.67, 96, 117.33
        (1, 2, 5, [70, 83, 96, 109, 122]),  # 70.4, 83.2, 96, 108.8, 121.6
        (7, 7, 3, [448, 448, 448]),
        (1, 65535, 2, [1 * 64 + 65534 * 16, 1 * 64 + 65534 * 48]),
        (1, 2, 64, [65 + i for i in range(64)]),  # 64.5, 65.5, ...: halves go up
    ],
)
def test_between_by_hand(low, high, k, expected):
    assert between([low], [high], k)[:, 0].tolist() == expected


def test_between_takes_each_band_by_itself():
    assert between([10, 1], [20, 2], 2).tolist() == [[800, 80], [1120, 112]]


@given(DN, DN, st.integers(2, 254))
def test_between_is_the_formula_rounded_half_up(a, b, k):
    low, high = sorted((a, b))
    expected = [
        math.floor(64 * (low + (i + Fraction(1, 2)) * Fraction(high - low, k)) + Fraction(1, 2)) for i in range(k)
    ]
    assert between([low], [high], k)[:, 0].tolist() == expected


def histogram(values) -> np.ndarray:
    return np.bincount(np.asarray(values), minlength=65536).astype(np.int64)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (range(1, 101), 2, 98),  # 2 of 100 are reached at 2
        ([5, 7, 9], 5, 9),
        ([5], 5, 5),
        ([1] + [8] * 98 + [65535], 8, 8),  # one of a hundred is below 2 %
        ([1] * 2 + [8] * 95 + [65535] * 3, 1, 65535),
        ([1] * 2 + [8] * 96 + [65535] * 2, 1, 8),
        ([0, 65535], 0, 65535),
    ],
)
def test_percentiles_by_hand(values, low, high):
    counts = histogram(list(values))
    assert (percentile(counts, 2), percentile(counts, 98)) == (low, high)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=120), st.integers(1, 100))
def test_percentile_is_the_lowest_number_that_reaches_the_share(values, percent):
    reached = [v for v in sorted(set(values)) if 100 * sum(u <= v for u in values) >= percent * len(values)]
    assert percentile(histogram(values), percent) == reached[0]


def test_dark_to_bright_orders_by_sum_then_by_the_bands_in_turn():
    centres = np.array([[3, 3], [1, 2], [2, 1], [0, 4], [0, 3]])
    assert dark_to_bright(centres).tolist() == [[0, 3], [1, 2], [2, 1], [0, 4], [3, 3]]


PIXELS = arrays(np.uint16, st.tuples(st.integers(1, 3), st.integers(1, 30)), elements=st.integers(1, 50))


@settings(max_examples=60)
@given(PIXELS, st.integers(2, 12), st.integers(-5, 5))
def test_plus_plus_chooses_pixels_and_each_distinct_one_before_any_twice(pixels, k, seed):
    centres = plus_plus(pixels, k, seed)
    assert centres.dtype == np.int64
    assert centres.shape == (k, pixels.shape[0])
    chosen = [tuple(c) for c in (centres // 64).tolist()]
    assert (centres % 64 == 0).all()
    distinct = {tuple(p) for p in pixels.T.tolist()}
    assert set(chosen) <= distinct
    assert len(set(chosen)) == min(k, len(distinct))
    assert [sum(c) for c in chosen] == sorted(sum(c) for c in chosen)


def test_plus_plus_is_deterministic_and_seeds_differ():
    pixels = np.random.default_rng(3).integers(1, 65536, (6, 4000)).astype(np.uint16)
    first = plus_plus(pixels, 8, 42)
    assert np.array_equal(first, plus_plus(pixels, 8, 42))
    others = [plus_plus(pixels, 8, seed) for seed in (0, 1, -1, 43, 2**70)]
    assert len({first.tobytes(), *(other.tobytes() for other in others)}) == 6


def test_plus_plus_finds_every_far_group():
    # Ten tight groups far apart: a pixel of a group without a centre is drawn with a probability of nearly one.
    rng = np.random.default_rng(8)
    middles = np.arange(10) * 6000 + 3000
    pixels = (np.repeat(middles, 300) + rng.integers(-9, 10, 3000)).astype(np.uint16)[None]
    for seed in range(5):
        centres = plus_plus(pixels, 10, seed)[:, 0] // 64
        assert np.abs(centres - middles).max() < 10


def test_plus_plus_beats_its_own_first_draws():
    # Greedy: of several candidates the one that lowers the cost most is taken, so it is no worse than minimum-maximum.
    rng = np.random.default_rng(4)
    pixels = rng.choice(np.array([100, 200, 65000, 65100]), 500, p=[0.4, 0.4, 0.1, 0.1]).astype(np.uint16)[None]

    def cost(centres):
        return int(((pixels[0][None].astype(np.int64) * 64 - centres) ** 2).min(axis=0).sum())

    assert cost(plus_plus(pixels, 4, 1)) == 0
    assert cost(plus_plus(pixels, 2, 1)) < cost(between([100], [65100], 2))
