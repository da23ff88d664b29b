"""The executor: every item once, the first error raised, a cancel obeyed, the caller's thread alone reports."""

from __future__ import annotations

import threading
import time

import pytest
from iikmc.engine.errors import Cancelled, SceneError
from iikmc.engine.execution.threads import ThreadExecutor, one_blas_thread
from iikmc.engine.machine import available_cores
from iikmc.engine.progress import Silent, Span, check_cancelled
from tiny import Recorder


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    deadline = time.monotonic() + 2
    while any(thread.name == "iikmc-joblib" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread was left behind"
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_every_item_once(workers, n):
    progress = Recorder()
    done = list(ThreadExecutor(workers).each(lambda item: item * item, list(range(n)), progress))
    assert sorted(done) == [item * item for item in range(n)]
    assert progress.fractions == [pytest.approx((i + 1) / n) for i in range(n)]


def test_no_workers_means_one_a_core():
    assert ThreadExecutor().workers == ThreadExecutor(0).workers == available_cores() >= 1
    assert ThreadExecutor(3).workers == 3


def test_work_is_spread_over_threads_and_the_caller_stays_free():
    # All three items wait for each other: with fewer than three threads none would ever end.
    barrier = threading.Barrier(3, timeout=5)
    seen = set()

    def work(item):
        barrier.wait()
        seen.add(threading.get_ident())
        return item

    assert sorted(ThreadExecutor(3).each(work, [1, 2, 3], Silent())) == [1, 2, 3]
    assert len(seen) == 3
    assert threading.get_ident() not in seen


def test_one_worker_works_on_one_item_at_a_time():
    running = []
    most = []

    def work(item):
        running.append(item)
        most.append(len(running))
        time.sleep(0.001)
        running.remove(item)

    list(ThreadExecutor(1).each(work, list(range(20)), Silent()))
    assert max(most) == 1


@pytest.mark.parametrize("workers", [1, 4])
def test_the_first_error_is_raised_and_the_rest_given_up(workers):
    begun = []

    def work(item):
        begun.append(item)
        if item == 3:
            raise SceneError("band 3 is broken")
        time.sleep(0.002)
        return item

    got = []
    with pytest.raises(SceneError, match="band 3 is broken"):
        got.extend(ThreadExecutor(workers).each(work, list(range(500)), Silent()))
    assert 3 not in got
    assert len(begun) < 100


@pytest.mark.parametrize("workers", [1, 4])
def test_a_cancel_stops_before_the_next_items(workers):
    begun = []

    def work(item):
        begun.append(item)
        time.sleep(0.002)
        return item

    progress = Recorder(lambda p: len(p.fractions) >= 5)
    with pytest.raises(Cancelled):
        list(ThreadExecutor(workers).each(work, list(range(500)), progress))
    assert len(progress.fractions) == 5
    assert len(begun) < 60


def test_a_cancel_is_noticed_while_the_work_is_stuck():
    release = threading.Event()
    began = time.monotonic()
    progress = Recorder(lambda p: time.monotonic() > began + 0.15 and not release.set())

    def work(item):
        release.wait(5)
        return item

    with pytest.raises(Cancelled):
        list(ThreadExecutor(2).each(work, [1, 2], progress))
    assert time.monotonic() < began + 3


def test_cancelled_from_the_start_begins_nothing():
    begun = []
    with pytest.raises(Cancelled):
        list(ThreadExecutor(2).each(begun.append, [1, 2, 3], Recorder(lambda p: True)))
    assert begun == []


def test_a_cancel_raised_by_the_work_itself():
    def work(item):
        raise Cancelled("stop")

    with pytest.raises(Cancelled, match="stop"):
        list(ThreadExecutor(2).each(work, [1, 2], Silent()))


def test_a_caller_who_leaves_early_leaves_no_thread():
    begun = []
    results = ThreadExecutor(2).each(lambda item: begun.append(item) or time.sleep(0.002), list(range(500)), Silent())
    next(results)
    results.close()
    assert len(begun) < 100


def test_blas_is_held_to_one_thread_and_released():
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads():
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with one_blas_thread():
        assert set(threads()) <= {1}
    assert threads() == before


# --- progress --------------------------------------------------------------------------------------------------------


def test_span_maps_its_part_of_the_bar_and_passes_all_else_on():
    whole = Recorder(lambda p: bool(p.notes))
    part = Span(Span(whole, 0.2, 0.6), 0.5, 1.0)
    for fraction in (0.0, 0.5, 1.0, -3.0, 7.0):
        part.report(fraction)
    assert whole.fractions == pytest.approx([0.4, 0.5, 0.6, 0.4, 0.6])
    assert part.cancelled() is False
    check_cancelled(part)
    part.stage("stage")
    part.warn("warning")
    part.note("note")
    assert (whole.stages, whole.notes, whole.warnings) == (["stage"], ["note"], ["warning"])
    with pytest.raises(Cancelled):
        check_cancelled(part)
