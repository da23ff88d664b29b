"""Points are shared out exactly, by rules that can be followed by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikmc.engine.choices import ALLOCATIONS, EQUAL, PROPORTIONAL, PROPORTIONAL_LEAST
from iikmc.engine.errors import ParameterError
from iikmc.engine.quality.allocation import allocate

PIXELS = {1: 200_000, 2: 150_000, 3: 3_200_000, 4: 6_450_000}


def test_equal():
    assert allocate(PIXELS, 640, EQUAL, 0) == {1: 160, 2: 160, 3: 160, 4: 160}
    # What is left over goes to the lowest classes.
    assert allocate(PIXELS, 642, EQUAL, 0) == {1: 161, 2: 161, 3: 160, 4: 160}


def test_equal_where_a_class_is_too_small():
    # 100 / 3 each, but class 2 has 10: the others share 90.
    assert allocate({1: 500, 2: 10, 3: 500}, 100, EQUAL, 0) == {1: 45, 2: 10, 3: 45}


def test_proportional():
    # 12.8, 9.6, 204.8 and 412.8: rounded each for itself they would be 641.
    assert allocate(PIXELS, 640, PROPORTIONAL, 0) == {1: 13, 2: 9, 3: 205, 4: 413}


def test_largest_remainders():
    # 7 points for 5 : 3 : 2 are 3.5, 2.1 and 1.4.
    assert allocate({1: 5000, 2: 3000, 3: 2000}, 7, PROPORTIONAL, 0) == {1: 4, 2: 2, 3: 1}
    # Of equal remainders the lower class: 0.5 each.
    assert allocate({4: 10, 8: 10}, 1, PROPORTIONAL, 0) == {4: 1, 8: 0}


def test_proportional_with_a_least_number():
    # 12.8 and 9.6 are below 75; the other 490 are 162.5 and 327.5, of equal remainders to the lower class.
    found = allocate(PIXELS, 640, PROPORTIONAL_LEAST, 75)
    assert (found[1], found[2]) == (75, 75)
    assert found[3] == int(Fraction(490 * 3_200_000, 9_650_000))
    assert sum(found.values()) == 640


def test_what_the_least_takes_brings_others_below_it_too():
    # 100 points: 60, 31 and 9. The last one gets 30, so that 70 are left for 60 : 31, which are 46.2 and 23.8.
    assert allocate({1: 6000, 2: 3100, 3: 900}, 100, PROPORTIONAL_LEAST, 30) == {1: 40, 2: 30, 3: 30}


def test_a_class_smaller_than_the_least_gives_all_it_has():
    assert allocate({1: 1000, 2: 3}, 100, PROPORTIONAL_LEAST, 50) == {1: 97, 2: 3}


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_all_pixels_can_be_drawn(allocation):
    assert allocate({1: 7, 5: 2}, 9, allocation, 1) == {1: 7, 5: 2}


def test_what_cannot_be_is_refused():
    with pytest.raises(ParameterError, match=r"N is 10, but RASTERS have 9 classified pixels"):
        allocate({1: 7, 5: 2}, 10, EQUAL, 0)
    with pytest.raises(ParameterError, match=r"N is 100, but MIN_PER_CLASS 50 in 3 classes takes 150 points"):
        allocate({1: 700, 2: 700, 3: 700}, 100, PROPORTIONAL_LEAST, 50)


@given(
    st.dictionaries(st.integers(1, 255), st.integers(1, 10**8), min_size=1, max_size=20),
    st.integers(1, 10**6),
    st.sampled_from(ALLOCATIONS),
    st.integers(0, 60),
)
def test_the_sum_is_exact_and_no_class_gets_more_than_it_has(pixels, wanted, allocation, least):
    wanted = min(wanted, sum(pixels.values()))
    try:
        found = allocate(pixels, wanted, allocation, least)
    except ParameterError:
        assert sum(min(least, n) for n in pixels.values()) > wanted
        return
    assert sum(found.values()) == wanted
    assert set(found) == set(pixels)
    assert all(0 <= found[j] <= pixels[j] for j in pixels)
    if allocation == PROPORTIONAL_LEAST:
        assert all(found[j] >= min(least, pixels[j]) for j in pixels)
    if allocation == PROPORTIONAL:
        assert all(abs(found[j] - Fraction(wanted * pixels[j], sum(pixels.values()))) < 1 for j in pixels)
