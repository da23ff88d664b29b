"""The estimators, against the worked example of the paper they are from, and against small cases done by hand."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from iikmc.engine.maps.accuracy import UNKNOWN, Estimate, assess

# Olofsson et al. (2014), Remote Sensing of Environment 148, 42-57, section 5: Table 8 (sample counts) and the mapped
# pixels of 30 m on page 55; deforestation, forest gain, stable forest, stable non-forest. The results are those printed
# in section 5.2 (page 54) and in Table 9, digit for digit.
POINTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
PIXELS = (200_000, 150_000, 3_200_000, 6_450_000)
HECTARES = 0.09
TABLE_9 = """
0.0176 0.0000 0.0013 0.0011
0.0000 0.0110 0.0016 0.0024
0.0019 0.0000 0.2967 0.0213
0.0040 0.0020 0.0179 0.6212
"""


@pytest.fixture
def paper():
    return assess((1, 2, 3, 4), POINTS, PIXELS)


def test_the_papers_error_matrix(paper):
    printed = [[float(cell) for cell in row.split()] for row in TABLE_9.strip().splitlines()]
    np.testing.assert_array_equal(np.round(paper.proportions, 4), printed)
    assert [f"{total:.4f}" for total in paper.proportions.sum(axis=0)] == ["0.0235", "0.0130", "0.3175", "0.6460"]
    assert [f"{total:.3f}" for total in paper.proportions.sum(axis=1)] == ["0.020", "0.015", "0.320", "0.645"]


def test_the_papers_accuracies(paper):
    def told(estimate: Estimate) -> str:
        return f"{estimate.value:.2f} ± {estimate.half:.2f}"

    assert told(paper.overall) == "0.95 ± 0.02"
    assert [told(one) for one in paper.users] == ["0.88 ± 0.07", "0.73 ± 0.10", "0.93 ± 0.04", "0.96 ± 0.02"]
    # The page prints 0.23 for forest gain and 0.01 for stable non-forest, which are not what its equation 7 gives of
    # its Table 8: 0.254 and 0.018. The tests of the R package drift note the same.
    assert [told(one) for one in paper.producers] == ["0.75 ± 0.21", "0.85 ± 0.25", "0.93 ± 0.03", "0.96 ± 0.02"]


def test_the_papers_areas(paper):
    whole = paper.covered * HECTARES
    found = [(round(one.value * whole), round(one.half * whole)) for one in paper.areas]
    assert found == [(21_158, 6158), (11_686, 3756), (285_770, 15_510), (581_386, 16_282)]
    # "the estimated area of deforestation is 235,086 pixels", with a standard error of 0.0035 of the area.
    assert round(paper.areas[0].value * paper.covered) == 235_086
    assert f"{paper.areas[0].error:.4f}" == "0.0035"
    assert (paper.unsampled, paper.single) == ((), ())


def test_the_order_of_the_classes_changes_nothing(paper):
    order = [2, 0, 3, 1]
    other = assess((1, 2, 3, 4), POINTS[np.ix_(order, order)], [PIXELS[i] for i in order])
    for name in ("users", "producers", "areas"):
        for place, i in enumerate(order):
            one, two = getattr(other, name)[place], getattr(paper, name)[i]
            assert (one.value, one.error) == (pytest.approx(two.value), pytest.approx(two.error))
    assert other.overall.value == pytest.approx(paper.overall.value)


def test_by_hand_two_classes():
    """90 and 10 pixels; 3 of 4 and 1 of 2 points are right."""
    found = assess((1, 2), np.array([[3, 1], [1, 1]]), (90, 10))
    w1, w2 = Fraction(9, 10), Fraction(1, 10)
    assert found.overall.value == pytest.approx(float(w1 * Fraction(3, 4) + w2 * Fraction(1, 2)))
    # 0.75 x 0.25 / 3 and 0.5 x 0.5 / 1
    assert found.users[0] == Estimate(0.75, pytest.approx(0.25))
    assert found.users[1] == Estimate(0.5, pytest.approx(0.5))
    assert found.overall.error == pytest.approx(sqrt(0.81 / 16 + 0.01 / 4))
    area_1 = Fraction(9, 10) * Fraction(3, 4) + Fraction(1, 10) * Fraction(1, 2)
    assert found.areas[0].value == pytest.approx(float(area_1))
    assert found.areas[0].error == pytest.approx(sqrt(0.81 / 16 + 0.01 / 4))
    assert found.producers[0].value == pytest.approx(float(Fraction(27, 40) / area_1))
    # N_.1 = 90 x 3/4 + 10 x 1/2 = 72.5; P = 67.5 / 72.5
    p = 67.5 / 72.5
    variance = (90**2 * (1 - p) ** 2 * 0.0625 + p**2 * 10**2 * 0.25) / 72.5**2
    assert found.producers[0].error == pytest.approx(sqrt(variance))


def test_a_map_of_one_class_is_right_everywhere():
    found = assess((7,), np.array([[12]]), (500,))
    assert found.overall == found.users[0] == found.producers[0] == found.areas[0] == Estimate(1.0, 0.0)


def test_a_class_without_points_leaves_the_rest_to_be_told():
    """Class 2 has a tenth of the map and no point: the others are as if it were not there, but for points called so."""
    found = assess((1, 2, 3), np.array([[8, 1, 1], [0, 0, 0], [1, 0, 4]]), (600, 100, 300))
    assert (found.unsampled, found.single, found.covered) == ((2,), (), 900)
    assert (found.users[1], found.producers[1], found.areas[1]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert found.overall.value == pytest.approx(600 / 900 * 0.8 + 300 / 900 * 0.8)
    assert found.areas[0].value == pytest.approx(600 / 900 * 0.8 + 300 / 900 * 0.2)
    assert all(one.error is not None for one in (found.overall, found.users[0], found.producers[2], found.areas[2]))


def test_a_class_with_one_point_takes_the_standard_errors_away():
    found = assess((1, 2), np.array([[9, 1], [0, 1]]), (900, 100))
    assert found.single == (2,)
    assert found.users[0].error is not None
    assert found.users[1] == Estimate(1.0, None)
    assert found.overall.value == pytest.approx(0.91)
    assert (found.overall.error, found.overall.half) == (None, None)
    assert {one.error for one in (*found.producers, *found.areas)} == {None}


def test_a_class_of_the_reference_alone():
    """The map has no class 9: a third of class 1 is really 9."""
    found = assess((1, 9), np.array([[6, 3], [0, 0]]), (300, 0))
    assert found.unsampled == ()
    assert found.users[1] == UNKNOWN
    assert found.producers[1] == Estimate(0.0, 0.0)
    assert found.areas[1].value == pytest.approx(1 / 3)
    assert found.producers[0] == Estimate(1.0, 0.0)


def test_a_class_that_no_point_really_is():
    found = assess((1, 2), np.array([[5, 0], [4, 0]]), (50, 50))
    assert found.users[1] == Estimate(0.0, 0.0)
    assert found.producers[1] == UNKNOWN
    assert found.areas[1] == Estimate(0.0, 0.0)


@pytest.mark.parametrize("seed", range(20))
def test_no_number_is_ever_nan_and_shares_add_up(seed):
    rng = np.random.default_rng(seed)
    q = int(rng.integers(1, 7))
    pixels = rng.integers(0, 3, q) * rng.integers(1, 10_000, q)
    points = rng.integers(0, 3, (q, q)) * rng.integers(0, 2, (q, q)) * (pixels > 0)[:, None]
    found = assess(range(1, q + 1), points, pixels)
    for one in (found.overall, *found.users, *found.producers, *found.areas):
        for value in (one.value, one.error):
            assert value is None or 0 <= value < np.inf
    if found.covered:
        assert found.proportions.sum() == pytest.approx(1.0)
    else:
        assert found.overall == UNKNOWN
