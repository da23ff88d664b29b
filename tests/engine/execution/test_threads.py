"""The executor: every task once, the first error raised, a cancel obeyed, the caller's thread alone reports."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from iikmc.engine.errors import Cancelled, SceneError
from iikmc.engine.execution.executor import Site
from iikmc.engine.execution.threads import ThreadExecutor, one_blas_thread, threads_of
from iikmc.engine.machine import available_cores
from iikmc.engine.progress import Silent, Span, check_cancelled
from tiny import Recorder

ROOT = Path(__file__).resolve().parents[3]


class Bench(Site):
    """Knows which tasks were begun, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[Any] = []


@dataclass(frozen=True)
class Square:
    """Answers with the square of a number, after a while."""

    number: int
    seconds: float = 0.0

    def do(self, site: Bench) -> int:
        site.begun.append(self.number)
        time.sleep(self.seconds)
        return self.number * self.number


@dataclass(frozen=True)
class Fail:
    """Fails."""

    error: BaseException

    def do(self, site: Bench) -> int:
        raise self.error


@dataclass(frozen=True)
class Call:
    """Answers with what a function of the test returns."""

    function: Callable[[], Any]

    def do(self, site: Bench) -> Any:
        return self.function()


@dataclass(frozen=True)
class Last:
    """Takes until nobody waits for it any more."""

    started: threading.Event

    def do(self, site: Bench) -> None:
        self.started.set()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            site.check()
            time.sleep(0.002)
        raise AssertionError("nobody gave up")


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2
    while set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, "a thread was left behind"
        time.sleep(0.01)


def squares(numbers, seconds=0.0):
    return [Square(number, seconds) for number in numbers]


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_every_task_once(workers, n):
    progress = Recorder()
    executor = ThreadExecutor(Bench(), workers)
    done = list(executor.run(squares(range(n)), progress))
    assert sorted(done) == [number * number for number in range(n)]
    assert progress.fractions == [pytest.approx((i + 1) / n) for i in range(n)]
    assert sorted(executor.site.begun) == list(range(n))
    assert not executor.site.given_up.is_set()


def test_tasks_may_come_from_an_iterator_and_runs_after_each_other():
    executor = ThreadExecutor(Bench(), 2)
    for _ in range(3):
        assert sorted(executor.run(iter(squares(range(5))), Silent())) == [0, 1, 4, 9, 16]


def test_tasks_are_begun_in_their_order():
    executor = ThreadExecutor(Bench(), 1)
    assert list(executor.run(squares([5, 2, 9, 1]), Silent())) == [25, 4, 81, 1]
    assert executor.site.begun == [5, 2, 9, 1]


def test_no_workers_means_one_a_core():
    assert ThreadExecutor(Site()).workers == ThreadExecutor(Site(), 0).workers == available_cores() >= 1
    assert threads_of(0) == available_cores()
    assert ThreadExecutor(Site(), 3).workers == threads_of(3) == 3


def test_work_is_spread_over_threads_and_the_caller_stays_free():
    # All three tasks wait for each other: with fewer than three threads none would ever end.
    barrier = threading.Barrier(3, timeout=5)

    def meet():
        barrier.wait()
        return threading.get_ident()

    seen = set(ThreadExecutor(Bench(), 3).run([Call(meet)] * 3, Silent()))
    assert len(seen) == 3
    assert threading.get_ident() not in seen


def test_one_worker_works_on_one_task_at_a_time():
    running = []
    most = []

    def work():
        running.append(1)
        most.append(len(running))
        time.sleep(0.001)
        running.pop()

    list(ThreadExecutor(Bench(), 1).run([Call(work)] * 20, Silent()))
    assert max(most) == 1


@pytest.mark.parametrize("workers", [1, 4])
def test_the_first_error_is_raised_and_the_rest_given_up(workers):
    executor = ThreadExecutor(Bench(), workers)
    tasks = squares(range(500), 0.002)
    tasks[3] = Fail(SceneError("band 3 is broken"))
    got = []
    with pytest.raises(SceneError, match="band 3 is broken"):
        got.extend(executor.run(tasks, Silent()))
    assert 9 not in got
    assert len(executor.site.begun) < 100


def test_nothing_is_begun_after_an_error_even_if_the_caller_has_not_looked_yet():
    executor = ThreadExecutor(Bench(), 1)
    answers = executor.run([Square(7), Fail(SceneError("broken")), *squares(range(500), 0.002)], Silent())
    assert next(answers) == 49
    time.sleep(0.1)
    assert executor.site.begun == [7]
    with pytest.raises(SceneError, match="broken"):
        next(answers)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_cancel_stops_before_the_next_tasks(workers):
    executor = ThreadExecutor(Bench(), workers)
    progress = Recorder(lambda p: len(p.fractions) >= 5)
    with pytest.raises(Cancelled):
        list(executor.run(squares(range(500), 0.002), progress))
    assert len(progress.fractions) == 5
    assert len(executor.site.begun) < 60


def test_a_cancel_is_noticed_while_the_work_is_stuck():
    release = threading.Event()
    began = time.monotonic()
    progress = Recorder(lambda p: time.monotonic() > began + 0.15 and not release.set())
    with pytest.raises(Cancelled):
        list(ThreadExecutor(Bench(), 2).run([Call(lambda: release.wait(5))] * 2, progress))
    assert time.monotonic() < began + 3


def test_cancelled_from_the_start_begins_nothing():
    executor = ThreadExecutor(Bench(), 2)
    with pytest.raises(Cancelled):
        list(executor.run(squares([1, 2, 3]), Recorder(lambda p: True)))
    assert executor.site.begun == []


def test_a_cancel_raised_by_the_work_itself():
    with pytest.raises(Cancelled, match="stop"):
        list(ThreadExecutor(Bench(), 2).run([Fail(Cancelled("stop"))] * 2, Silent()))


def test_a_caller_who_leaves_early_leaves_no_thread():
    executor = ThreadExecutor(Bench(), 2)
    answers = executor.run(squares(range(500), 0.002), Silent())
    next(answers)
    answers.close()
    assert len(executor.site.begun) < 100


# --- what an answer brings along -------------------------------------------------------------------------------------


def test_what_follows_comes_before_everything_that_has_not_begun():
    begun = threading.Event()
    here = threading.get_ident()

    def follow(answer):
        assert threading.get_ident() == here
        if answer == 0:
            # The one thread is busy with the second task by now, and the third has not begun.
            assert begun.wait(5)
            return squares([10, 11])
        if answer == 100:
            return squares([20])
        return []

    @dataclass(frozen=True)
    class Second:
        told: threading.Event

        def do(self, site):
            site.begun.append("second")
            begun.set()
            assert self.told.wait(5)
            return -1

    executor, progress, told = ThreadExecutor(Bench(), 1), Recorder(), threading.Event()
    got = []
    for answer in executor.run([Square(0), Second(told), Square(2), Square(3)], progress, follow):
        got.append(answer)
        told.set()
    assert executor.site.begun[:4] == [0, "second", 10, 11]
    assert sorted(executor.site.begun[4:]) == [2, 3, 20]
    assert sorted(got) == sorted([0, -1, 100, 121, 400, 4, 9])
    # Of four tasks and two more; of one more yet when the first of these is done.
    assert progress.fractions == pytest.approx([1 / 6, 2 / 6, *(n / 7 for n in range(3, 8))])


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_that_follows_is_done(workers):
    executor, progress = ThreadExecutor(Bench(), workers), Recorder()

    def follow(answer):
        number = round(answer**0.5)
        return squares([number + 100] if number < 300 else [])

    got = list(executor.run(squares(range(20)), progress, follow))
    assert sorted(got) == [(n + 100 * i) ** 2 for i in range(4) for n in range(20)]
    assert sorted(executor.site.begun) == [n + 100 * i for i in range(4) for n in range(20)]
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0


def test_an_error_in_what_decides_what_follows_ends_the_run():
    def follow(answer):
        raise SceneError("what now")

    executor = ThreadExecutor(Bench(), 2)
    with pytest.raises(SceneError, match="what now"):
        list(executor.run(squares(range(500), 0.002), Silent(), follow))
    assert len(executor.site.begun) < 100
    assert executor.site.given_up.is_set()


def test_an_error_in_what_follows_is_raised():
    with pytest.raises(SceneError, match="later"):
        list(ThreadExecutor(Bench(), 2).run(squares([1]), Silent(), lambda _: [Fail(SceneError("later"))]))


# --- giving up -------------------------------------------------------------------------------------------------------


def leave_by_cancel(executor, tasks):
    with pytest.raises(Cancelled):
        list(executor.run(tasks, Recorder(lambda p: len(p.fractions) == 1)))


def leave_by_error(executor, tasks):
    with pytest.raises(SceneError):
        list(executor.run([*tasks[:2], Fail(SceneError("broken")), *tasks[2:]], Silent()))


def leave_by_closing(executor, tasks):
    answers = executor.run(tasks, Silent())
    next(answers)
    answers.close()


@pytest.mark.parametrize("leave", [leave_by_cancel, leave_by_error, leave_by_closing])
def test_tasks_under_way_learn_that_nobody_waits_and_the_next_run_begins_anew(leave):
    executor, started = ThreadExecutor(Bench(), 2), threading.Event()
    began = time.monotonic()
    leave(executor, [Call(lambda: started.wait(5)), Last(started), *squares(range(9))])
    assert time.monotonic() < began + 5
    assert executor.site.given_up.is_set()
    with pytest.raises(Cancelled, match="Cancelled by the user"):
        executor.site.check()
    answers = executor.run(squares([1, 2]), Silent())
    next(answers)
    assert not executor.site.given_up.is_set()
    executor.site.check()
    assert len(list(answers)) == 1
    assert not executor.site.given_up.is_set()


ABANDONED = """
import importlib.util, sys, time
root = sys.argv[1]
spec = importlib.util.spec_from_file_location("iikmc", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["iikmc"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from iikmc.engine.execution.executor import Site
from iikmc.engine.execution.threads import ThreadExecutor
from iikmc.engine.progress import Silent

class Wait:
    def do(self, site):
        time.sleep(0.01)

answers = ThreadExecutor(Site(), 2).run([Wait()] * 9, Silent())
next(answers)
raise OSError("the disk is full")
"""


def test_a_run_left_in_the_middle_does_not_keep_the_program_from_ending():
    command = [sys.executable, "-c", ABANDONED, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("OSError: the disk is full")


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


def test_a_thread_that_cannot_be_started_leaves_none_behind(monkeypatch):
    start, begun = threading.Thread.start, []

    def refuse(thread):
        if len(begun) == 2:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    site = Bench()
    with pytest.raises(RuntimeError, match="can't start"):
        list(ThreadExecutor(site, 4).run([Square(number, 0.05) for number in range(60)], Silent()))
    assert not any(thread.is_alive() for thread in begun)
    assert len(site.begun) <= 2
    assert site.given_up.is_set()


def test_the_threads_are_never_far_ahead_of_a_slow_caller():
    site, most = Bench(), 0
    for answers, _ in enumerate(ThreadExecutor(site, 2).run([Square(number) for number in range(60)], Silent())):
        time.sleep(0.005)
        most = max(most, len(site.begun) - answers)
    assert len(site.begun) == 60
    assert most <= 4 * 2 + 1


def test_a_run_that_is_collected_on_one_of_its_own_threads_ends():
    """A caller's error can leave a run in a cycle, which Python collects on whatever thread it is about to."""
    cycle: list[Any] = []

    def collect() -> None:
        time.sleep(0.05)
        cycle.clear()
        gc.collect()

    run = ThreadExecutor(Bench(), 2).run([Square(1), Call(collect), Square(2, 0.5)], Silent())
    next(run)
    cycle.extend([run, cycle])
    del run
    deadline = time.monotonic() + 5
    while _at_work() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _at_work() == []


def _at_work() -> list[str]:
    """Return the names of the executors' threads; that which compiles for other tests is none."""
    return [thread.name for thread in threading.enumerate() if re.fullmatch(r"iikmc-\d+", thread.name)]
