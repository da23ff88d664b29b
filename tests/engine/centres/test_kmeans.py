"""The iteration against answers worked out by hand and in exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikmc.engine.centres.kmeans import Labelled, StopRule, largest_move_dn, lloyd, next_centres
from iikmc.engine.pixels.block import Tally
from iikmc.engine.progress import Silent
from tiny import Recorder, Subject


def tally(count, total) -> Tally:
    return Tally(np.array(count, np.int64), np.array(total, np.int64))


def run(kernel, dn, start, max_iterations=100, tolerance=0.0):
    """Cluster the pixels (n_bands, n) of one block; return the fit and the labels."""
    start = np.array(start, np.int64)
    subject = Subject(dn, len(start))

    def label(centres, progress):
        return Labelled(subject.relabel(kernel, centres), subject.tally)

    fit = lloyd(label, start, subject.size, StopRule(max_iterations, tolerance), Silent())
    return fit, subject.labels


# --- the mean on the grid of 1/64 DN ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "total", "centre"),
    [
        (1, 1, 64),
        (2, 3, 96),  # 1.5 DN
        (3, 1, 21),  # 64/3 = 21.33
        (3, 2, 43),  # 128/3 = 42.67
        (128, 1, 1),  # exactly half a unit goes up
        (128, 3, 2),
        (128, 129, 65),  # 64.5
        (129, 1, 0),  # 0.496
        (10**10, 65535 * 10**10, 65535 * 64),  # the largest series there can be
        (10**10, 65535 * 10**10 - 10**10 // 128, 65535 * 64),  # half a unit below: up again
        (10**10, 65535 * 10**10 - 10**10 // 128 - 1, 65535 * 64 - 1),
    ],
)
def test_next_centre_is_the_mean_rounded_half_up(count, total, centre):
    assert next_centres(np.array([[5]]), tally([count], [[total]])).tolist() == [[centre]]


def test_a_class_without_members_keeps_its_centre_and_nothing_is_changed_in_place():
    old = np.array([[64, 128], [7, 9], [0, 0]], np.int64)
    given_tally = tally([2, 0, 1], [[3, 5], [0, 0], [9, 8]])
    assert next_centres(old, given_tally).tolist() == [[96, 160], [7, 9], [576, 512]]
    assert old.tolist() == [[64, 128], [7, 9], [0, 0]]
    assert given_tally.total.tolist() == [[3, 5], [0, 0], [9, 8]]


@given(st.integers(1, 10**10), st.data())
def test_next_centre_is_floor_of_mean_plus_a_half(count, data):
    total = data.draw(st.integers(count, 65535 * count))
    expected = math.floor(Fraction(64 * total, count) + Fraction(1, 2))
    assert next_centres(np.zeros((1, 1), np.int64), tally([count], [[total]])).item() == expected


def test_largest_move_is_the_longest_way_in_dn():
    old = np.array([[0, 0], [64, 64], [640, 0]])
    new = np.array([[3 * 64, 4 * 64], [64, 65], [640, 0]])
    assert largest_move_dn(old, new) == 5.0
    assert largest_move_dn(old, old) == 0.0


# --- the stop rule ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "changed", "pixels", "stops"),
    [
        (1.0, 9, 1000, True),
        (1.0, 10, 1000, False),  # fewer than 1 %, not 1 %
        (0.1, 1, 1000, False),  # a tenth is a tenth, though 0.1 in binary is a little more
        (0.1, 999_999, 10**9, True),
        (0.1, 1_000_000, 10**9, False),
        (0.3, 3, 1000, False),
        (1.1, 11, 1000, False),
        (2.3, 23, 1000, False),
        (1e-5, 1, 10**7, False),
        (1e-5, 0, 10**7, True),
        (0, 0, 5, False),
        (0.0, 0, 5, False),
        (100, 4, 5, True),
        (100, 5, 5, False),
    ],
)
def test_stop_rule_takes_the_tolerance_as_it_is_written(tolerance, changed, pixels, stops):
    assert StopRule(10, tolerance).reached(changed, pixels) is stops


@given(st.integers(0, 10_000), st.integers(0, 10**6), st.integers(1, 10**6))
def test_stop_rule_is_exact_for_all_hundredths(hundredths, changed, pixels):
    expected = Fraction(changed, pixels) < Fraction(hundredths, 10_000)
    assert StopRule(1, hundredths / 100).reached(changed, pixels) is expected


def fake(changes, moves):
    """Return a labelling that reports these changes, with means that differ from the centres where it moves."""
    calls = []

    def label(centres, progress):
        number = len(calls)
        calls.append(centres.copy())
        target = centres + 64 if moves[number] else centres
        return Labelled(changes[number], tally([1, 1], (target // 64).tolist()))

    return label, calls


START = np.array([[64], [640]], np.int64)


def test_the_first_iteration_never_stops_by_tolerance():
    label, calls = fake([0, 0], [True, True])
    fit = lloyd(label, START, 100, StopRule(50, 50.0), Silent())
    assert len(calls) == len(fit.iterations) == 2
    assert fit.converged
    # What is saved are the centres that the last labels were made with.
    assert fit.centres.tolist() == calls[-1].tolist() == [[128], [704]]


def test_a_fixed_point_stops_at_once():
    label, calls = fake([100], [False])
    fit = lloyd(label, START, 100, StopRule(50, 0.0), Silent())
    assert len(calls) == 1
    assert fit.converged
    assert fit.centres.tolist() == START.tolist()
    assert fit.iterations[0].largest_move_dn == 0.0


def test_no_tolerance_goes_on_until_nothing_moves():
    label, calls = fake([100, 0, 0, 0], [True, True, True, False])
    fit = lloyd(label, START, 100, StopRule(50, 0.0), Silent())
    assert len(calls) == 4
    assert fit.converged


def test_the_maximum_ends_the_run_unconverged():
    label, calls = fake([100, 50, 50], [True, True, True])
    fit = lloyd(label, START, 100, StopRule(3, 1.0), Silent())
    assert len(calls) == 3
    assert not fit.converged
    assert fit.centres.tolist() == [[64 + 128], [640 + 128]]


def test_converged_at_the_maximum_is_converged():
    label, _ = fake([100, 0], [True, True])
    assert lloyd(label, START, 100, StopRule(2, 1.0), Silent()).converged


# --- six pixels by hand ----------------------------------------------------------------------------------------------

SIX = [[1, 5, 9, 14, 15, 16]]
# t = 1, centres 1 and 5: {1} | {5 9 14 15 16}, mean 59/5 = 11.8 = 755.2/64.
# t = 2, centres 1 and 755/64, boundary 6.4: {1 5} | {9 14 15 16}, means 3 and 13.5.
# t = 3, centres 3 and 13.5, boundary 8.25: nothing changes, and the means are the centres.


def test_six_pixels_to_the_fixed_point(kernel):
    fit, labels = run(kernel, SIX, [[64], [320]])
    assert labels.tolist() == [1, 1, 2, 2, 2, 2]
    assert fit.centres.tolist() == [[192], [864]]
    assert [record.number for record in fit.iterations] == [1, 2, 3]
    assert [record.changed for record in fit.iterations] == [6, 1, 0]
    assert [record.changed_percent for record in fit.iterations] == [100.0, 100 / 6, 0.0]
    assert [record.largest_move_dn for record in fit.iterations] == [(755 - 320) / 64, 2.0, 0.0]
    assert fit.converged
    assert fit.tally.count.tolist() == [2, 4]
    assert fit.tally.total.tolist() == [[6], [54]]


@pytest.mark.parametrize(("maximum", "tolerance", "converged"), [(2, 0.0, False), (100, 17.0, True), (2, 17.0, True)])
def test_six_pixels_stopped_at_the_second_iteration(kernel, maximum, tolerance, converged):
    fit, labels = run(kernel, SIX, [[64], [320]], maximum, tolerance)
    assert labels.tolist() == [1, 1, 2, 2, 2, 2]
    assert fit.centres.tolist() == [[64], [755]]
    assert len(fit.iterations) == 2
    assert fit.converged is converged


def test_six_pixels_stopped_at_the_first_iteration(kernel):
    fit, labels = run(kernel, SIX, [[64], [320]], 1, 100.0)
    assert labels.tolist() == [1, 2, 2, 2, 2, 2]
    assert fit.centres.tolist() == [[64], [320]]
    assert not fit.converged


def test_two_bands_by_hand(kernel):
    # (1, 9), (3, 9) and (9, 1), (9, 3), (8, 2): two corners of a square.
    fit, labels = run(kernel, [[1, 3, 9, 9, 8], [9, 9, 1, 3, 2]], [[128, 512], [512, 128]])
    assert labels.tolist() == [1, 1, 2, 2, 2]
    assert fit.centres.tolist() == [[128, 576], [555, 128]]  # 26/3 DN = 554.67/64
    assert len(fit.iterations) == 2


def test_a_tie_goes_to_the_lowest_class(kernel):
    fit, labels = run(kernel, [[10, 20, 30]], [[640], [1920], [1920]], 1)
    assert labels.tolist() == [1, 1, 2]  # 20 lies midway of 10 and 30; the third centre equals the second
    assert fit.tally.count.tolist() == [2, 1, 0]


def test_an_empty_class_keeps_its_centre_and_can_fill_later(kernel):
    # t = 1: 25 is nearer to 24 than to 27, so class 3 is empty; class 2 then moves down to 65/3 = 1386.67/64.
    # t = 2: 25 is nearer to 27, which had stayed; t = 3 changes nothing.
    fit, labels = run(kernel, [[0, 20, 20, 25]], [[0], [24 * 64], [27 * 64]])
    assert labels.tolist() == [1, 2, 2, 3]
    assert fit.centres.tolist() == [[0], [20 * 64], [25 * 64]]
    assert [record.changed for record in fit.iterations] == [4, 1, 0]
    assert [record.largest_move_dn for record in fit.iterations] == [(24 * 64 - 1387) / 64, 2.0, 0.0]


def test_a_class_that_stays_empty_keeps_its_centre(kernel):
    # t = 1: centres 0, 4, 100: {1 2} = 1.5, {3 6 7 8} = 6, none.
    # t = 2: boundary 3.75: {1 2 3}, {6 7 8}; the third class is still empty at 100 and stays there.
    fit, labels = run(kernel, [[1, 2, 3, 6, 7, 8]], [[64], [256], [6400]])
    assert labels.tolist() == [1, 1, 1, 2, 2, 2]
    assert fit.centres.tolist() == [[128], [448], [6400]]
    assert fit.tally.count.tolist() == [3, 3, 0]


def test_progress_tells_each_iteration_and_never_goes_back(kernel):
    subject = Subject(SIX, 2)

    def label(centres, progress):
        progress.report(0.5)
        progress.report(1.0)
        return Labelled(subject.relabel(kernel, centres), subject.tally)

    progress = Recorder()
    lloyd(label, np.array([[64], [320]]), 6, StopRule(100, 0.0), progress)
    assert progress.fractions == sorted(progress.fractions)
    assert 0 < progress.fractions[0] < progress.fractions[-1] < 1
    assert progress.stages == [
        "Iteration 1: 100.00 % of pixels changed class, largest centre move 6.8 DN (0.0002 in reflectance)",
        "Iteration 2: 16.67 % of pixels changed class, largest centre move 2.0 DN (0.0001 in reflectance)",
        "Iteration 3: 0.00 % of pixels changed class, largest centre move 0.0 DN (0.0000 in reflectance)",
    ]
