"""Every kernel gives the reference kernel's bits, and the reference kernel the definition's answer."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.choice import pick_kernel
from iikmc.engine.kernels.numpy_kernel import nearest as numpy_nearest
from tiny import Subject

K = (2, 3, 8, 63, 64, 65, 128, 254)
# The ends of uint16, both sides of the kernels' offset 32768, its eighth, and usual surface reflectances.
HOSTILE = (1, 2, 4095, 4096, 7273, 32767, 32768, 32769, 43636, 65534, 65535)
CENTRES = sorted({64, 65535 * 64, 32768 * 64, 32768 * 64 + 1, 0, *(64 * v + d for v in HOSTILE for d in (-1, 0, 32))})
CENTRES = [c for c in CENTRES if c <= 65535 * 64]


def definition(pixel, centres) -> int:
    """Return the class of one pixel in Python's integers: nothing can overflow or round."""
    distances = [sum((64 * x - c) ** 2 for x, c in zip(pixel, centre)) for centre in centres]
    return distances.index(min(distances)) + 1


def relabel_all(kernel, dn, sets):
    """Label one block with each set of centres in turn; check every answer against the reference."""
    subject = Subject(dn, len(sets[0]))
    before = dn.copy()
    old = np.zeros(subject.size, np.uint8)
    for centres in sets:
        kept = centres.copy()
        changed = subject.relabel(kernel, centres)
        expected = reference.nearest(dn, centres)
        np.testing.assert_array_equal(subject.labels, expected)
        assert changed == np.count_nonzero(expected != old)
        again = reference.tally(dn, expected, len(centres))
        np.testing.assert_array_equal(subject.tally.count, again.count)
        np.testing.assert_array_equal(subject.tally.total, again.total)
        assert subject.tally.count.sum() == subject.size
        np.testing.assert_array_equal(centres, kept)
        old = expected
    np.testing.assert_array_equal(dn, before)
    dtypes = (subject.labels.dtype, subject.tally.count.dtype, subject.tally.total.dtype)
    assert dtypes == (np.uint8, np.int64, np.int64)


def hostile(rng, n_bands, n):
    """Return pixels of extreme, middle and random values, some repeated."""
    dn = rng.choice(np.array(HOSTILE), (n_bands, n))
    usual = rng.random(n) < 0.4
    dn[:, usual] = rng.integers(1, 65536, (n_bands, int(usual.sum())))
    return dn.astype(np.uint16)


def hostile_centres(rng, dn, k):
    """Return centres at the extremes, on pixels, midway between two pixels, and some of them twice."""
    n_bands, n = dn.shape
    centres = rng.choice(np.array(CENTRES), (k, n_bands))
    for j in range(0, k, 3):
        centres[j] = 64 * dn[:, rng.integers(n)].astype(np.int64)
    for j in range(1, k, 5):
        centres[j] = 32 * (dn[:, rng.integers(n)].astype(np.int64) + dn[:, rng.integers(n)])
    for j in range(2, k, 4):
        centres[j] = centres[j - 2]
    return centres.astype(np.int64)


# --- the reference itself --------------------------------------------------------------------------------------------

small_dn = st.one_of(st.sampled_from(HOSTILE), st.integers(1, 65535))
small_centre = st.one_of(st.sampled_from(CENTRES), st.integers(64, 65535 * 64))


@settings(max_examples=80, deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(2, 9), st.integers(1, 6))
def test_reference_is_the_definition(data, n_bands, k, n):
    pixels = data.draw(st.lists(st.tuples(*[small_dn] * n_bands), min_size=n, max_size=n))
    centres = data.draw(st.lists(st.tuples(*[small_centre] * n_bands), min_size=k, max_size=k))
    labels = reference.nearest(np.array(pixels, np.uint16).T, np.array(centres, np.int64))
    assert labels.tolist() == [definition(pixel, centres) for pixel in pixels]


def test_reference_tally_by_hand():
    tally = reference.tally(np.array([[1, 2, 65535], [4, 5, 65535]], np.uint16), np.array([2, 2, 1], np.uint8), 3)
    assert tally.count.tolist() == [1, 2, 0]
    assert tally.total.tolist() == [[65535, 65535], [3, 9], [0, 0]]


# --- all kernels against it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n_bands"), [*itertools.product(K, range(1, 7)), *itertools.product((2, 8, 65, 254), (7, 8, 10))]
)
def test_hostile_pixels_and_centres(kernel, k, n_bands):
    rng = np.random.default_rng(1000 * k + n_bands)
    dn = hostile(rng, n_bands, 2500)
    first = hostile_centres(rng, dn, k)
    few = first.copy()  # moving one centre a little changes few pixels: the incremental path
    few[k // 2] += 5
    relabel_all(kernel, dn, [first, few, few, hostile_centres(rng, dn, k), first[::-1].copy()])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 10), st.sampled_from((2, 3, 7, 63, 64, 65, 66)), st.integers(1, 12))
def test_any_pixels_and_centres(kernel, data, n_bands, k, n):
    dn = np.array(data.draw(st.lists(st.tuples(*[small_dn] * n_bands), min_size=n, max_size=n)), np.uint16).T.copy()
    seeds = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3))
    some = data.draw(st.lists(st.tuples(*[small_centre] * n_bands), min_size=1, max_size=6))
    sets = [np.array(some, np.int64)[np.random.default_rng(seed).integers(0, len(some), k)] for seed in seeds]
    relabel_all(kernel, dn, sets)


@pytest.mark.parametrize("n_bands", [3, 4, 6, 7, 10])
def test_distances_that_differ_by_one_unit_in_2_to_the_44(kernel, n_bands):
    # With a = b + c + 1: (a+1)**2 + b**2 + c**2 is one more than a**2 + (b+1)**2 + (c+1)**2.
    for b, c in [(2**21 - 5, 2**21 - 100), (1, 2**21), (1_000_003, 77), (0, 0), (2**20, 2**20)]:
        a = b + c + 1
        for pixel, sign in ((65535, -1), (1, 1)):
            if not 0 <= 64 * pixel + sign * (a + 1) <= 65535 * 64:
                continue
            base = np.full(n_bands, 64 * pixel, np.int64)
            farther, nearer = base.copy(), base.copy()
            farther[:3] += sign * np.array([a + 1, b, c])
            nearer[:3] += sign * np.array([a, b + 1, c + 1])
            dn = np.full((n_bands, 3), pixel, np.uint16)
            for centres, expected in (([farther, nearer], 2), ([nearer, farther], 1), ([farther, farther, nearer], 3)):
                subject = Subject(dn, len(centres))
                subject.relabel(kernel, np.array(centres))
                assert subject.labels.tolist() == [expected] * 3, (b, c, pixel)


@pytest.mark.parametrize("n_bands", [6, 10])
@pytest.mark.parametrize("k", [2, 64, 65, 254])
def test_ties_go_to_the_lowest_class_everywhere(kernel, k, n_bands):
    # All permutations of one offset are equally far from a pixel with equal bands.
    ways = (0, 1, 64, 4000, 31_000, 2**20, 7, 9, 3, 2)[:n_bands]
    offsets = list(itertools.islice(itertools.permutations(ways), k - 1))
    dn = np.full((n_bands, 5), 40_000, np.uint16)
    centres = np.array([[64] * n_bands] + [[40_000 * 64 + o for o in offset] for offset in offsets], np.int64)
    for order in (centres, np.concatenate([centres[1:], centres[:1]])):
        subject = Subject(dn, k)
        subject.relabel(kernel, order)
        assert set(subject.labels.tolist()) == {2 if order is centres else 1}


def test_equal_centres_across_groups_of_64(kernel):
    # The first of equal centres wins also where a kernel works on the classes in groups.
    dn = np.array([[1, 500, 65535]], np.uint16)
    centres = np.full((254, 1), 32_000 * 64, np.int64)
    centres[[70, 130, 253], 0] = 64
    centres[[63, 64, 200], 0] = 65535 * 64
    subject = Subject(dn, 254)
    assert subject.relabel(kernel, centres) == 3
    assert subject.labels.tolist() == [71, 71, 64]


@pytest.mark.parametrize(("k", "n"), [(2, 140_000), (64, 4097), (65, 2049), (8, 16_385)])
def test_blocks_longer_than_a_kernels_chunk(kernel, k, n):
    rng = np.random.default_rng(n)
    dn = rng.integers(1, 65536, (2, n)).astype(np.uint16)
    first = rng.integers(64, 65535 * 64, (k, 2))
    relabel_all(kernel, dn, [first, first + 640, first + 640])


@pytest.mark.parametrize("n_bands", [6, 10])
def test_sums_of_a_full_block_of_the_largest_number(kernel, n_bands):
    # 200 000 pixels of 65535: 1.3e10, beyond uint32.
    dn = np.full((n_bands, 200_000), 65535, np.uint16)
    centres = np.array([[64] * n_bands, [65535 * 64] * n_bands], np.int64)
    subject = Subject(dn, 2)
    assert subject.relabel(kernel, centres) == 200_000
    assert subject.tally.count.tolist() == [0, 200_000]
    assert subject.tally.total.tolist() == [[0] * n_bands, [200_000 * 65535] * n_bands]
    assert subject.relabel(kernel, centres[::-1].copy()) == 200_000
    assert subject.tally.total.tolist() == [[200_000 * 65535] * n_bands, [0] * n_bands]


def test_picked_kernel_gives_the_reference_answer():
    rng = np.random.default_rng(0)
    dn = hostile(rng, 6, 3000)
    kernel = pick_kernel()
    assert kernel.name
    relabel_all(kernel, dn, [hostile_centres(rng, dn, 8) for _ in range(3)])


def test_nearest_of_the_numpy_kernel_is_the_references():
    rng = np.random.default_rng(2)
    dn = hostile(rng, 6, 5000)
    for k in K:
        centres = hostile_centres(rng, dn, k)
        np.testing.assert_array_equal(numpy_nearest(dn, centres), reference.nearest(dn, centres))
