"""Streaming through scenes: every strip once, each scene finished once, in its own order, while the next is read."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from iikmc.engine.errors import SceneError
from iikmc.engine.execution.threads import ThreadExecutor
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.passes.each_scene import each_scene
from iikmc.engine.passes.site import Plan, SeriesSite
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.strips import plan_series
from iikmc.engine.progress import Silent
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.scene import Strip
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import Recorder, make_scene, product, six_band_noise

NOTHING_MASKED = MaskRule((), False)
# Of the scenes below, in strips of 16 rows.
ROWS = {0: [(0, 16), (16, 16), (32, 8)], 1: [(0, 16)], 2: [(n, 16) for n in (0, 16, 32, 48, 64)] + [(80, 10)]}


@pytest.fixture
def scenes(tmp_path):
    paths = [
        make_scene(tmp_path, product(day=f"2020010{n}"), six_band_noise(n, height, 20), tile=16)
        for n, height in ((1, 40), (2, 16), (3, 90))
    ]
    return check_series(find_scenes(paths).scenes, Selection(("red",), NOTHING_MASKED))


class Diary(SeriesSite):
    """Remembers what was begun, in order: strips, and the numbers of scenes that are finished."""

    def __init__(self, scenes: Any, strip_pixels: int) -> None:
        plan = Plan(tuple(scenes), Selection(("red",), NOTHING_MASKED), tuple(plan_series(scenes, strip_pixels)), 2)
        super().__init__(plan, NumpyKernel(), NumpyPacker())
        self.begun: list[Strip | int] = []
        self.second = threading.Event()
        self.turns: threading.Semaphore | None = None


@dataclass(frozen=True)
class Worked:
    strip: Strip


@dataclass(frozen=True)
class Work:
    strip: Strip

    def do(self, site: Diary) -> Worked:
        site.begun.append(self.strip)
        assert site.turns is None or site.turns.acquire(timeout=5)
        if self.strip.scene == 1:
            site.second.set()
        return Worked(self.strip)


@dataclass(frozen=True)
class Read:
    strip: Strip

    def do(self, site: Diary) -> Worked:
        site.read(self.strip)
        return Worked(self.strip)


@dataclass(frozen=True)
class Finish:
    scene: int

    def do(self, site: Diary) -> Any:
        site.begun.append(self.scene)
        return self.scene, [(strip.row, strip.height) for strip in site.plan.by_scene[self.scene]]


@dataclass(frozen=True)
class AwaitSecond:
    scene: int

    def do(self, site: Diary) -> Any:
        return self.scene, site.second.wait(10) if self.scene == 0 else True


@dataclass(frozen=True)
class StillOpen:
    scene: int

    def do(self, site: Diary) -> Any:
        return self.scene, site.plan.scenes[self.scene].bands["red"].path in site.handles._idle


@dataclass(frozen=True)
class Break:
    part: Any

    def do(self, site: Diary) -> Any:
        raise SceneError("broken")


def finished(answers) -> dict[int, Any]:
    """Return what the last task of each scene answered; none may come twice."""
    found = [answer for answer in answers if not isinstance(answer, Worked)]
    assert len({number for number, _ in found}) == len(found)
    return dict(found)


@pytest.mark.parametrize("workers", [1, 3])
def test_strips_come_once_and_in_order_to_each_scene(scenes, workers):
    site, progress = Diary(scenes, 16 * 20), Recorder()
    answers = list(each_scene(ThreadExecutor(site, workers), site.plan.strips, Work, Finish, progress))
    assert finished(answers) == ROWS
    everything = [Strip(number, *rows) for number, strips in ROWS.items() for rows in strips]
    worked = [answer.strip for answer in answers if isinstance(answer, Worked)]
    assert sorted(worked, key=everything.index) == everything
    begun = [item for item in site.begun if isinstance(item, Strip)]
    assert len(begun) == len(everything)
    if workers == 1:
        assert begun == everything
    for number, strips in ROWS.items():
        last = max(site.begun.index(Strip(number, *rows)) for rows in strips)
        assert site.begun.index(number) > last
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0


def test_a_scene_is_finished_before_anything_else_is_begun(scenes):
    site = Diary(scenes, 16 * 20)
    # Each strip waits until the answer of the one before it has been seen.
    site.turns = threading.Semaphore(1)
    for answer in each_scene(ThreadExecutor(site, 1), site.plan.strips, Work, Finish, Silent()):
        if isinstance(answer, Worked):
            site.turns.release()
    for number in (0, 1):
        last, finish = site.begun.index(Strip(number, *ROWS[number][-1])), site.begun.index(number)
        # The thread has taken one strip more by the time that the scene is known to be done.
        assert sum(isinstance(item, Strip) for item in site.begun[last + 1 : finish]) <= 1


def test_the_next_scene_is_read_while_one_is_finished(scenes):
    site = Diary(scenes, 10**9)
    answers = each_scene(ThreadExecutor(site, 2), site.plan.strips, Work, AwaitSecond, Silent())
    assert finished(answers) == {0: True, 1: True, 2: True}


def test_files_of_a_finished_scene_are_closed(scenes):
    with Diary(scenes, 16 * 20) as site:
        answers = each_scene(ThreadExecutor(site, 1), site.plan.strips, Read, StillOpen, Silent())
        assert finished(answers) == dict.fromkeys(range(3), False)


def test_files_stay_open_while_strips_of_their_scene_are_left(scenes):
    with Diary(scenes, 16 * 20) as site:
        for strip in site.plan.by_scene[0][:-1]:
            site.read(strip)
            assert site.handles._idle[scenes[0].bands["red"].path]


def test_an_error_in_either_step_is_the_one_told(scenes):
    for work, finish in ((Break, Finish), (Work, Break)):
        site = Diary(scenes, 16 * 20)
        with pytest.raises(SceneError, match="broken"):
            list(each_scene(ThreadExecutor(site, 2), site.plan.strips, work, finish, Silent()))
