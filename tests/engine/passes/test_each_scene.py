"""Streaming through scenes: every strip once, each scene finished once, in its own order, while the next is read."""

from __future__ import annotations

import threading

import pytest
from iikmc.engine.errors import SceneError
from iikmc.engine.execution.threads import ThreadExecutor
from iikmc.engine.passes.each_scene import each_scene
from iikmc.engine.progress import Silent
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.files import Handles
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import make_scene, product, six_band_noise


@pytest.fixture
def scenes(tmp_path):
    paths = [
        make_scene(tmp_path, product(day=f"2020010{n}"), six_band_noise(n, height, 20), tile=16)
        for n, height in ((1, 40), (2, 16), (3, 90))
    ]
    return check_series(find_scenes(paths).scenes, Selection(("red",), MaskRule((), False)))


@pytest.mark.parametrize("workers", [1, 3])
def test_strips_come_once_and_in_order_to_each_scene(scenes, workers):
    found = dict(
        each_scene(
            scenes, lambda scene, strip, _: (scene.id, strip.row, strip.height), lambda scene, parts: (scene.id, parts),
            ThreadExecutor(workers), Silent(), 16 * 20,
        )
    )  # fmt: skip
    rows = {0: [(0, 16), (16, 16), (32, 8)], 1: [(0, 16)], 2: [(n, 16) for n in (0, 16, 32, 48, 64)] + [(80, 10)]}
    assert found == {
        number: (scenes[number].id, [(scenes[number].id, *strip) for strip in strips])
        for number, strips in rows.items()
    }


def test_the_next_scene_is_read_while_one_is_finished(scenes):
    begun = threading.Event()

    def work(scene, strip, handles):
        if scene is scenes[1]:
            begun.set()

    def finish(scene, parts):
        return begun.wait(10) if scene is scenes[0] else True

    found = dict(each_scene(scenes, work, finish, ThreadExecutor(2), Silent(), 10**9))
    assert found == {0: True, 1: True, 2: True}


def test_files_of_a_finished_scene_are_closed(scenes, monkeypatch):
    import numpy as np

    opened = []
    real = Handles.__init__
    monkeypatch.setattr(Handles, "__init__", lambda self: (real(self), opened.append(self))[0])

    def work(scene, strip, handles):
        out = np.empty((strip.height, 20), np.uint16)
        handles.read_rows(scene.id, scene.bands["red"], strip.row, strip.height, 20, out)

    def finish(scene, parts):
        return scene.bands["red"] in opened[0]._idle

    assert dict(each_scene(scenes, work, finish, ThreadExecutor(1), Silent(), 16 * 20)) == dict.fromkeys(
        range(3), False
    )


def test_an_error_in_either_step_is_the_one_told(scenes):
    def broken(*_):
        raise SceneError("broken")

    for work, finish in ((broken, lambda *_: None), (lambda *_: None, broken)):
        with pytest.raises(SceneError, match="broken"):
            list(each_scene(scenes, work, finish, ThreadExecutor(2), Silent(), 16 * 20))
