"""What follows from given seconds, worked out by hand."""

from __future__ import annotations

import pytest
from iikmc.engine.measuring.timings import Lacking, Timing, Timings, ceiling, thread_counts

SERIAL = Timing(
    "NumPy", 1, 0.25, read=(8.0, 6.0), start=(0.5, 0.5), iterations=((5.0, 3.0, 4.0), (4.0, 3.0, 2.0)), write=(2.5, 2.0)
)
# Its first iteration is fastest in one run, all of them together in the other.
NUMBA = Timing(
    "Numba", 2, 1.5, read=(3.0, 3.5), start=(0.5, 0.25), iterations=((1.0, 0.5, 0.5), (0.5, 1.0, 1.5)), write=(1.0, 1.0)
)
BOTH = Timings(pixels=6_000_000, timings=(SERIAL, NUMBA), lacking=(Lacking("GPU", "there is none."),))


def test_the_best_of_each_stage_counts():
    assert [SERIAL.seconds(stage) for stage in ("read", "start", "iterate", "write")] == [6.0, 0.5, 9.0, 2.0]
    assert SERIAL.repeats("iterate") == (12.0, 9.0)
    assert SERIAL.total == 17.5
    assert (SERIAL.first_iteration, SERIAL.mean_iteration, SERIAL.best_iterations) == (4.0, 3.0, (4.0, 3.0, 2.0))
    assert [NUMBA.seconds(stage) for stage in ("read", "start", "iterate", "write")] == [3.0, 0.25, 2.0, 1.0]
    assert NUMBA.total == 6.25
    assert NUMBA.first_iteration == 0.5
    assert NUMBA.mean_iteration == pytest.approx(2 / 3)
    assert NUMBA.best_iterations == (1.0, 0.5, 0.5)


def test_speed_ups_and_pixels_per_second():
    assert [BOTH.speed_up(timing) for timing in (SERIAL, NUMBA)] == [1.0, 4.5]
    assert [BOTH.first_speed_up(timing) for timing in (SERIAL, NUMBA)] == [1.0, 8.0]
    assert [BOTH.whole_speed_up(timing) for timing in (SERIAL, NUMBA)] == [1.0, 2.8]
    # 6 million pixels in 3 s and in 2/3 s an iteration.
    assert BOTH.pixels_per_second(SERIAL) == 2_000_000
    assert BOTH.pixels_per_second(NUMBA) == pytest.approx(9_000_000)
    assert BOTH.iterations == 3
    assert BOTH.best is NUMBA
    # The medians are longer than the best by 7/6 (read), 10.5/9 (iterate), 2.25/2 (write); Numba's by 2.5/2 (iterate).
    assert BOTH.unsteadiness == pytest.approx(0.25)


def test_a_wrong_result_is_never_the_best():
    wrong = Timing("GPU", 2, 0.0, (1.0,), (0.0,), ((0.1, 0.1, 0.1),), (1.0,), difference="1 of 9 labels differ")
    assert BOTH.equal
    found = Timings(9, (SERIAL, wrong))
    assert not found.equal
    assert found.best is SERIAL
    assert found.speed_up(wrong) == pytest.approx(30)


def test_names():
    assert (SERIAL.name, NUMBA.name) == ("NumPy, 1 thread", "Numba, 2 threads")


@pytest.mark.parametrize(
    ("most", "counts"),
    [
        (1, (1,)),
        (2, (1, 2)),
        (4, (1, 2, 3, 4)),
        (5, (1, 2, 3, 4, 5)),
        (8, (1, 2, 3, 4, 6, 8)),
        (20, (1, 2, 3, 4, 6, 8, 12, 16, 20)),
    ],
)
def test_thread_counts(most, counts):
    assert thread_counts(most) == counts


def test_thread_counts_end_at_the_most_and_rise_by_a_half_at_most():
    for most in range(1, 200):
        counts = thread_counts(most)
        assert (counts[0], counts[-1]) == (1, most)
        assert all(1 < later / earlier <= 2 for earlier, later in zip(counts, counts[1:]))
        assert all(later / earlier <= 1.5 for earlier, later in zip(counts[1:], counts[2:]))


@pytest.mark.parametrize(("units", "threads", "most"), [(3, 2, 1.5), (4, 2, 2), (31, 8, 7.75), (1, 9, 1), (0, 4, 1)])
def test_strips_bound_the_speed_up(units, threads, most):
    assert ceiling(units, threads) == most
