"""Margins and rejected pixels: by hand, and against plain Python integers on hostile pixels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from iikmc.engine.kernels.margins import Judging, NumpyJudge, limit_of
from iikmc.engine.kernels.selftest import check_judge
from tiny import HAS_NUMBA

JUDGES = ["numpy", *(["numba"] if HAS_NUMBA else [])]


@pytest.fixture(params=JUDGES)
def judge(request):
    if request.param == "numpy":
        return NumpyJudge()
    from iikmc.engine.kernels.numba_judge import NumbaJudge

    return NumbaJudge()


def by_definition(dn, centres, limit):
    """Return classes, margins and which pixels are too far, in Python's integers, from the two smallest of all."""
    classes, margins, far = [], [], []
    for pixel in dn.T.tolist():
        distances = [sum((64 * x - c) ** 2 for x, c in zip(pixel, centre)) for centre in centres.tolist()]
        first, second = sorted(distances)[:2]
        classes.append(distances.index(first) + 1)
        margins.append(min(1 + 254 * (second - first) // (second + first), 255) if second else 1)
        far.append(limit is not None and first > limit)
    return np.array(classes, np.uint8), np.array(margins, np.uint8), np.array(far)


def test_by_hand(judge):
    # Centres at 100 and 110 DN. Pixel 100: D1 is 0, so 255. 105: midway, 1. 102: 2 and 8 DN, D1 : D2 = 4 : 64, so
    # 1 + 254 x 60 // 68 = 225. 107: 9 : 49, 1 + 254 x 40 // 58 = 176. 90: 100 : 400, 1 + 254 x 300 // 500 = 153.
    dn = np.array([[100, 105, 102, 107, 90]], np.uint16)
    labels = np.array([1, 1, 1, 2, 1], np.uint8)
    centres = np.array([[6400], [7040]])
    found = judge.judge(dn, labels, centres, Judging(True))
    assert found.margins.tolist() == [255, 1, 225, 176, 153]
    assert found.labels is labels
    # Five DN are 102 400 in (1/64 DN)^2: a limit of just that keeps pixel 105, one less does not.
    for limit, expected in ((102_400, [1, 1, 1, 2, 255]), (102_399, [1, 255, 1, 2, 255]), (0, [1] + 4 * [255])):
        found = judge.judge(dn, labels, centres, Judging(False, limit))
        assert (found.labels.tolist(), found.margins) == (expected, None)
        assert labels.tolist() == [1, 1, 1, 2, 1]
    counts = judge.judge(dn, labels, centres, Judging(True, 102_400)).counts()
    assert {j: (n, int(counts.margins[j])) for j, n in enumerate(counts.pixels.tolist()) if n} == {
        1: (3, 255 + 1 + 225), 2: (1, 176), 255: (1, 153),
    }  # fmt: skip


def test_a_centre_that_there_is_twice_is_as_unsafe_as_can_be(judge):
    dn = np.array([[100, 101, 120]], np.uint16)
    centres = np.array([[6400], [6400], [6400 + 64 * 40]])
    found = judge.judge(dn, np.array([1, 1, 1], np.uint8), centres, Judging(True))
    assert found.margins.tolist() == [1, 1, 1]


@pytest.mark.parametrize("n_bands", [1, 2, 3, 4, 5, 6, 7, 10])
@pytest.mark.parametrize("k", [2, 7, 254])
def test_random_and_extreme_pixels(judge, n_bands, k):
    rng = np.random.default_rng(100 * n_bands + k)
    n = 700
    dn = rng.integers(7000, 20_000, (n_bands, n)).astype(np.uint16)
    dn[:, :200] = rng.choice(np.array([1, 65535], np.uint16), (n_bands, 200))
    centres = rng.integers(64 * 7000, 64 * 20_000, (k, n_bands))
    centres[0], centres[-1] = 64, 64 * 65535
    if k > 2:
        # One there is twice, one on a pixel, and one midway between two pixels.
        centres[1], centres[2], centres[3] = centres[-1], 64 * dn[:, 300], 32 * (dn[:, 301].astype(int) + dn[:, 302])
    near = sorted(sum((64 * x - c) ** 2 for x, c in zip(dn[:, 400].tolist(), row)) for row in centres.tolist())[0]
    for limit in (None, near, near - 1):
        labels, margins, far = by_definition(dn, centres, limit)
        found = judge.judge(dn, labels, centres, Judging(True, limit))
        np.testing.assert_array_equal(found.margins, margins)
        np.testing.assert_array_equal(found.labels, np.where(far, 255, labels))
        alone = judge.judge(dn, labels, centres, Judging(False, limit))
        np.testing.assert_array_equal(alone.labels, found.labels)
        if limit is not None:
            assert (found.labels[400] == 255) == (limit < near)


def test_nothing_to_judge(judge):
    found = judge.judge(
        np.empty((3, 0), np.uint16), np.empty(0, np.uint8), np.zeros((2, 3), np.int64), Judging(True, 1)
    )
    assert (found.labels.size, found.margins.size, int(found.counts().pixels.sum())) == (0, 0, 0)


def test_a_limit_is_taken_as_it_is_written():
    # One DN is 0.0000275 of reflectance, 64 steps of a centre; the square of that many steps still counts as near.
    assert limit_of(0.0000275) == 64**2
    assert limit_of(0) == limit_of(-0.0) == 0
    # (64 x 0.1 / 0.0000275)^2 = (2 560 000 / 11)^2 = 54 161 983 471.07
    assert limit_of(0.1) == 54_161_983_471 == limit_of(np.float64(0.1))
    for text in ("0.3", "1e-05", "0.07", "9.999", "2"):
        limit = limit_of(float(text))
        exact = (64 * Fraction(text) / Fraction("0.0000275")) ** 2
        assert limit <= exact < limit + 1


def test_the_self_test_finds_a_wrong_judge(judge):
    check_judge(judge)

    class Wrong(NumpyJudge):
        def judge(self, dn, labels, centres, judging):
            found = super().judge(dn, labels, centres, judging)
            if found.margins is not None:
                found.margins[-1] ^= 1
            return found

    with pytest.raises(ArithmeticError, match="judge differs"):
        check_judge(Wrong())
