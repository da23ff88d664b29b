"""The rules of a series, pixel by pixel: by hand, and against the slowest way to say them."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest
from iikmc.engine.maps.series import NEVER, day_number, flow_dates, follow
from iikmc.engine.maps.series_rasters import ramp

DAYS = [date(2020, 1, 5), date(2020, 6, 5), date(2021, 1, 5), date(2021, 6, 5), date(2022, 1, 5)]
NAMES = ("observations", "majority", "variety", "changes", "first_change", "last_change")


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ((1, 1, 1, 1, 1), (5, 1, 1, 0, 0, 0)),
        ((0, 0, 0, 0, 0), (0, 0, 0, NEVER, 0, 0)),
        ((0, 3, 0, 0, 0), (1, 3, 1, 0, 0, 0)),
        ((1, 0, 1, 0, 1), (3, 1, 1, 0, 0, 0)),  # gaps are no change
        ((1, 0, 2, 0, 2), (3, 2, 2, 1, 20210105, 20210105)),
        ((1, 2, 1, 2, 1), (5, 1, 2, 4, 20200605, 20220105)),
        ((2, 2, 1, 1, 0), (4, 1, 2, 1, 20210105, 20210105)),  # as frequent: the class seen last
        ((1, 2, 2, 1, 0), (4, 1, 2, 2, 20200605, 20210605)),
        ((1, 2, 3, 0, 0), (3, 3, 3, 2, 20200605, 20210105)),
        ((1, 1, 2, 2, 3), (5, 2, 3, 2, 20210105, 20220105)),
        ((255, 0, 0, 0, 7), (2, 7, 2, 1, 20220105, 20220105)),
    ],
)
def test_one_pixel_by_hand(classes, expected):
    found = follow(np.array(classes, np.uint8)[:, None], DAYS, range(5))
    assert tuple(int(getattr(found, name)[0]) for name in NAMES) == expected


def slowly(classes, days):
    """Return what `follow` says of one pixel, as its definition reads."""
    seen = [(int(j), day_number(day)) for j, day in zip(classes, days) if j]
    if not seen:
        return 0, 0, 0, NEVER, 0, 0
    counts = Counter(j for j, _ in seen)
    last = {j: place for place, (j, _) in enumerate(seen)}
    changes = [day for (before, _), (after, day) in zip(seen, seen[1:]) if before != after]
    majority = max(counts, key=lambda j: (counts[j], last[j]))
    first, final = (changes[0], changes[-1]) if changes else (0, 0)
    return len(seen), majority, len(counts), len(changes), first, final


@pytest.mark.parametrize("seed", range(6))
def test_against_the_slow_way(seed, monkeypatch):
    from iikmc.engine.maps import series

    monkeypatch.setattr(series, "_CHUNK", (7, 100, 1 << 16)[seed % 3])
    rng = np.random.default_rng(seed)
    days = [date(1990 + number, 3, 1) for number in range(int(rng.integers(2, 13)))]
    stack = rng.integers(0, (3, 6, 256)[seed % 3], (len(days), 300)).astype(np.uint8)
    flow = flow_dates(len(days))
    found = follow(stack, days, flow)
    expected = [slowly(pixel, days) for pixel in stack.T]
    for name, values in zip(NAMES, zip(*expected)):
        assert getattr(found, name).tolist() == list(values), name
    # What the flow says between two dates is where the last observations lie.
    filled = stack.copy()
    for number in range(1, len(days)):
        filled[number] = np.where(stack[number] == 0, filled[number - 1], stack[number])
    for place, (one, two) in enumerate(zip(flow, flow[1:])):
        pairs = Counter(zip(filled[one].tolist(), filled[two].tolist()))
        assert {pair: int(found.flows[place][pair]) for pair in pairs} == pairs
        assert found.flows[place].sum() == 300
    changes = np.where(found.changes == NEVER, 0, found.changes)
    assert found.changed.sum() == changes.sum()


def test_with_all_dates_in_the_flow_its_changes_are_those_of_the_raster():
    rng = np.random.default_rng(9)
    stack = rng.integers(0, 4, (5, 500)).astype(np.uint8)
    found = follow(stack, DAYS, range(5))
    inner = found.flows[:, 1:, 1:].astype(np.int64)
    moved = inner.sum(axis=(1, 2)) - inner.trace(axis1=1, axis2=2)
    assert moved.tolist() == found.changed[1:].tolist()


def test_the_dates_of_the_flow_are_the_first_the_last_and_some_between():
    assert flow_dates(3) == [0, 1, 2]
    assert flow_dates(8) == list(range(8))
    for dates in range(9, 400):
        found = flow_dates(dates)
        assert (len(set(found)), found[0], found[-1]) == (8, 0, dates - 1)
        assert found == sorted(found)


def test_ramps():
    stops = ((0, 0, 0), (100, 100, 100), (200, 0, 0))
    assert ramp(stops, 0) == []
    assert ramp(stops, 1) == [(100, 100, 100)]
    assert ramp(stops, 2) == [(0, 0, 0), (200, 0, 0)]
    assert ramp(stops, 5) == [(0, 0, 0), (50, 50, 50), (100, 100, 100), (150, 50, 50), (200, 0, 0)]
