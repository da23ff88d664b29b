"""What is made on a thread of its own: once, in order, without holding anybody up, and never while a process ends."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from iikmc.engine.compiled import background
from iikmc.engine.compiled.background import Part
from iikmc.engine.errors import Cancelled
from tiny import Recorder

SOON = 30.0


@pytest.fixture(autouse=True)
def maker(monkeypatch):
    """A thread of the test's own, so that what other tests have begun is in nobody's way."""
    own = background._Maker()
    monkeypatch.setattr(background, "_maker", own)
    yield own
    own._rest_until = 0.0


class Cancelling(Recorder):
    """Cancels at once."""

    def cancelled(self):
        return True


def test_a_part_is_made_once_on_another_thread_however_often_it_is_wanted():
    by = []

    def make():
        by.append(threading.current_thread())
        return "made"

    part = Part(make)
    assert (part.wanted, part.settled, part.value, part.elapsed) == (False, False, None, 0.0)
    for _ in range(3):
        part.want()
    assert part.wait(SOON)
    assert part.wait(0.0)
    assert part.value == "made"
    assert part.elapsed >= 0.0
    assert len(by) == 1
    assert by[0] is not threading.current_thread()
    assert by[0].daemon


def test_parts_are_made_one_after_the_other_in_the_order_in_which_they_are_wanted():
    gate, order = threading.Event(), []
    first = Part(lambda: gate.wait(SOON) and order.append("first"))
    others = [Part(lambda name=name: order.append(name)) for name in "bac"]
    for part in (first, *others, others[0]):
        part.want()
    assert order == []
    gate.set()
    assert others[-1].wait(SOON)
    assert order == ["first", "b", "a", "c"]


def test_an_error_stays_with_its_part_and_the_next_is_made():
    def fail():
        raise SystemError("broken")

    broken, good = Part(fail), Part(lambda: 7)
    broken.want()
    assert good.wait(SOON)
    assert broken.settled
    assert broken.value is None
    assert str(broken.error) == "broken"
    assert good.value == 7


def test_waiting_is_bounded_and_the_work_goes_on():
    gate = threading.Event()
    part = Part(lambda: gate.wait(SOON))
    began = time.monotonic()
    assert not part.wait(0.15)
    assert 0.15 <= time.monotonic() - began < 2.0
    assert part.elapsed > 0.1
    gate.set()
    assert part.wait(SOON)


def test_a_cancel_is_answered_while_a_part_is_under_way():
    gate = threading.Event()
    part = Part(lambda: gate.wait(SOON))
    began = time.monotonic()
    with pytest.raises(Cancelled):
        part.wait(SOON, Cancelling())
    assert time.monotonic() - began < 2.0
    gate.set()
    assert part.wait(SOON)


def test_the_thread_rests_when_asked_and_goes_on_by_itself(maker, monkeypatch):
    monkeypatch.setattr(background, "_REST_SECONDS", 0.3)
    steps, go = [], threading.Event()

    def make():
        while not go.is_set():
            maker.may_rest()
            steps.append(None)
            time.sleep(0.001)

    part = Part(make)
    part.want()
    while not steps:
        time.sleep(0.001)
    background.rest()
    at_rest = len(steps)
    time.sleep(0.1)
    assert len(steps) == at_rest
    time.sleep(0.5)
    assert len(steps) > at_rest
    go.set()
    assert part.wait(SOON)


def test_what_is_wanted_anew_ends_the_rest(maker, monkeypatch):
    monkeypatch.setattr(background, "_REST_SECONDS", SOON)
    go = threading.Event()

    def make():
        while not go.wait(0.001):
            maker.may_rest()

    first = Part(make)
    first.want()
    background.rest()
    go.set()
    assert not first.settled
    second = Part(lambda: 2)
    assert second.wait(SOON / 2)
    assert first.settled


def test_rest_waits_for_a_part_that_cannot_rest_no_longer_than_its_patience(monkeypatch):
    monkeypatch.setattr(background, "_PATIENCE_SECONDS", 0.1)
    gate, under_way = threading.Event(), threading.Event()
    part = Part(lambda: under_way.set() or gate.wait(SOON))
    part.want()
    assert under_way.wait(SOON)
    began = time.monotonic()
    background.rest()
    assert 0.1 <= time.monotonic() - began < 2.0
    gate.set()


def test_without_anything_to_make_rest_returns_at_once():
    began = time.monotonic()
    background.rest()
    assert time.monotonic() - began < 0.5


def test_pythons_switching_is_as_before_when_nothing_is_made_any_more():
    usual, seen = sys.getswitchinterval(), []
    part = Part(lambda: seen.append(sys.getswitchinterval()))
    assert part.wait(SOON)
    after = Part(lambda: None)
    assert after.wait(SOON)
    end = time.monotonic() + SOON
    while sys.getswitchinterval() != usual and time.monotonic() < end:
        time.sleep(0.001)
    assert seen[0] < usual
    assert sys.getswitchinterval() == usual


def test_a_thread_that_cannot_be_started_is_tried_again(monkeypatch):
    def full(_):
        raise RuntimeError("can't start new thread")

    part = Part(lambda: 3)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        with pytest.raises(RuntimeError, match="thread"):
            part.want()
    background.rest()
    assert part.wait(SOON)
    assert part.value == 3
