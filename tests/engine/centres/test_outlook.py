"""The guess of how many labellings will follow: what it must say where the answer is plain."""

from __future__ import annotations

import pytest
from iikmc.engine.centres.kmeans import StopRule
from iikmc.engine.centres.outlook import COLD, WARM, Outlook


def outlook(changed, most=50, tolerance=1.0, expected=COLD, pixels=1000):
    found = Outlook(StopRule(most, tolerance), pixels, expected)
    for number in changed:
        found.saw(number)
    return found.ahead()


def test_before_the_first_changes_the_kind_of_start_decides():
    assert outlook([]) == COLD
    assert outlook([1000]) == COLD - 1
    assert outlook([1000], expected=WARM) == WARM - 1


@pytest.mark.parametrize("changed", [[], [1000], [1000, 300], [1000, 300, 280, 270]])
def test_never_more_than_the_maximum_allows(changed):
    assert outlook(changed, most=4) == 4 - len(changed) or outlook(changed, most=4) <= 4 - len(changed)
    assert outlook(changed, most=4) <= outlook(changed)


def test_slow_falls_last_longer_than_steep_ones():
    steep, slow = outlook([1000, 200, 100, 50]), outlook([1000, 60, 55, 50])
    assert 1 < steep < slow
    # Changes that rise are no reason to expect an end.
    assert outlook([1000, 40, 50, 60]) > slow


def test_near_the_stop_little_is_ahead():
    assert outlook([1000, 100, 40, 11]) < 2
    assert outlook([1000, 100, 40, 5]) == 1


def test_a_run_to_the_fixed_point_goes_on():
    assert outlook([1000, 100, 40, 5], tolerance=0.0) > 3
    assert outlook([1000, 100, 40, 0], tolerance=0.0) >= 1
