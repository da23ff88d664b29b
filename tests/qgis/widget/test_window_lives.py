"""The window never stands still: what asks the disk does so beside it, and what takes long lets it live.

Nothing here is timed; how long the gaps are is measured by benchmarks/window.py.
"""

from __future__ import annotations

import builtins
import os
import threading
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import rasterio
from qgis.core import QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProcessingFeedback, QgsSettings
from qgis.PyQt.QtCore import QMimeData, QTimer, QUrl
from qgis.PyQt.QtWidgets import QApplication, QProgressDialog
from tiny_series import IDS, NEWEST, write_tiny

pytestmark = pytest.mark.qgis


class Disk:
    """Keeps what is asked of the disk below a folder in the window's own thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.window = threading.get_ident()
        self.asked_by_the_window: list[tuple[str, str]] = []
        self.asked_beside = 0

    def watch(self, monkeypatch, owner, name: str) -> None:
        """Look at the first argument of a function of `os` or the like."""
        real = getattr(owner, name)

        def watched(path, *arguments, **named):
            if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(self.folder):
                if threading.get_ident() == self.window:
                    self.asked_by_the_window.append((name, os.fspath(path)))
                else:
                    self.asked_beside += 1
            return real(path, *arguments, **named)

        monkeypatch.setattr(owner, name, watched)


@pytest.fixture
def series(tmp_path):
    return write_tiny(tmp_path / "series")


@pytest.fixture
def disk(series, monkeypatch):
    disk = Disk(series)
    for name in ("stat", "lstat", "scandir", "listdir", "open"):
        disk.watch(monkeypatch, os, name)
    disk.watch(monkeypatch, builtins, "open")
    disk.watch(monkeypatch, rasterio, "open")
    return disk


@pytest.fixture
def panel(qgis_app):
    from iikmc.algorithms.scenes_widget.panel import ScenesPanel

    return ScenesPanel()


@pytest.fixture
def line(qgis_app):
    from iikmc.algorithms.scenes_widget.line import ScenesLine

    return ScenesLine()


def test_the_watch_sees_the_window(disk, series):
    os.path.isdir(series)
    assert disk.asked_by_the_window == [("stat", str(series))]


class TestAdding:
    def test_dropped_folders(self, panel, disk, series):
        paths = [str(series / name) for name in IDS]
        panel.offer(paths)
        assert sorted(panel.paths()) == sorted(paths)
        assert disk.asked_beside >= 3
        assert disk.asked_by_the_window == []

    def test_what_is_dragged_over_the_list(self, disk, series):
        from iikmc.algorithms.scenes_widget.list_view import mime_paths

        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(series / NEWEST))])
        assert mime_paths(mime) == [str(series / NEWEST)]
        text = QMimeData()
        text.setText(f"{series / NEWEST};{series}")
        assert mime_paths(text) == [str(series / NEWEST), str(series)]
        assert disk.asked_by_the_window == []

    def test_every_scene_in_a_folder(self, panel, disk, series):
        panel.add_every_scene(str(series))
        assert len(panel.paths()) == 3
        assert disk.asked_by_the_window == []

    def test_typing_in_the_batch_table(self, line, disk, series):
        line.line.setText(f"{series};{series / NEWEST};not there yet")
        assert line.paths() == [str(series), str(series / NEWEST), "not there yet"]
        line.setPaths([str(series), str(series / "a;b")])
        assert line.paths() == [str(series), str(series / "a;b")]
        assert disk.asked_by_the_window == []

    def test_paths_from_the_history(self, disk, series):
        from iikmc.algorithms.scenes_widget.paths import paths_of

        paths = [str(series / name) for name in IDS]
        assert paths_of(paths) == paths
        assert paths_of(";".join(paths)) == paths
        assert disk.asked_by_the_window == []


class TestRun:
    def test_pressing_run(self, cluster, a_window, disk, series, tmp_path, context):
        """What the dialog does between the click and the moment when the run has its own thread."""
        values = {"SCENES": [str(series / name) for name in IDS], "K": 3, "OUTPUT": str(tmp_path / "out")}
        assert cluster.checkParameterValues(values, context) == (True, "")
        assert disk.asked_beside > 0
        cluster.asPythonCommand(values, context)
        if hasattr(cluster, "asMap"):  # QGIS 3.24 and newer write these into the history
            assert cluster.asMap(values, context)["inputs"]["SCENES"] == values["SCENES"]
            command, good = cluster.asQgisProcessCommand(values, context)
            assert good
            assert all(f"--SCENES={path}" in command for path in values["SCENES"])
        task = QgsProcessingAlgRunnerTask(cluster, values, context, QgsProcessingFeedback(False))
        assert not task.isCanceled()
        assert disk.asked_by_the_window == []

    def test_the_run_s_scenes_are_remembered(self, cluster, a_window, series, tmp_path, context):
        from iikmc.algorithms.scenes_widget import last_scenes

        QgsSettings().remove(last_scenes.KEY)
        values = {"SCENES": [str(series)], "K": 3, "OUTPUT": str(tmp_path / "out")}
        assert cluster.checkParameterValues(values, context) == (True, "")
        assert last_scenes.recall() == []  # a check is no run
        task = QgsProcessingAlgRunnerTask(cluster, values, context, QgsProcessingFeedback(False))
        assert not task.isCanceled()
        assert last_scenes.recall() == [str(series)]
        QgsSettings().remove(last_scenes.KEY)

    def test_a_refusal_comes_from_beside(self, cluster, a_window, disk, series, tmp_path, context):
        (series / NEWEST / f"{NEWEST}_SR_B4.TIF").unlink()
        values = {"SCENES": [str(series)], "K": 3, "OUTPUT": str(tmp_path / "out")}
        good, text = cluster.checkParameterValues(values, context)
        assert not good
        assert f"{NEWEST}_SR_B4.TIF" in text
        assert disk.asked_by_the_window == []


def test_the_history_opens_no_scene(cluster):
    """QGIS would try each path as a layer, in its own code, which `Disk` does not see."""
    from iikmc.algorithms.shared.sources import Files

    definition, context = cluster.parameterDefinition("SCENES"), QgsProcessingContext()
    assert isinstance(definition, Files)
    paths = ["/data/a", "/data/b_MTL.txt"]
    assert definition.valueAsJsonObject(paths, context) == paths
    assert definition.valueAsJsonObject("/data/a", context) == ["/data/a"]
    assert definition.valueAsStringList(paths, context) == (paths, True)


class TestWaiting:
    def test_the_window_lives_meanwhile(self, qgis_app):
        from iikmc.algorithms.scenes_widget.waiting import waited_for

        lived = threading.Event()
        QTimer.singleShot(100, lived.set)  # by the window's own loop
        assert waited_for(lambda job: lived.wait(10), "Waiting") is True

    def test_what_is_raised_beside_is_raised_here(self, qgis_app):
        from iikmc.algorithms.scenes_widget.waiting import waited_for
        from iikmc.engine.errors import SceneError

        def work(job):
            raise SceneError("SCENES: no.")

        with pytest.raises(SceneError, match=r"SCENES: no\."):
            waited_for(work, "Waiting")

    def test_who_has_waited_long_enough_may_cancel(self, qgis_app, monkeypatch):
        from iikmc.algorithms.scenes_widget import waiting
        from iikmc.engine.errors import Cancelled

        monkeypatch.setattr(waiting, "_PATIENCE", 50)
        told = threading.Event()

        def work(job):
            while not job.cancelled():
                told.wait(0.01)
            told.set()

        def cancel():
            (shown,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, QProgressDialog)]
            assert shown.labelText() == "Checking the scenes…"
            shown.cancel()

        QTimer.singleShot(500, cancel)
        with pytest.raises(Cancelled, match="Checking the scenes…"):
            waiting.waited_for(work, "Checking the scenes…")
        assert told.wait(10)  # the work is told of it

    def test_without_a_window_nothing_is_done_beside(self, cluster, disk, series, tmp_path, context):
        values = {"SCENES": [str(series)], "K": 3, "OUTPUT": str(tmp_path / "out")}
        assert cluster.checkParameterValues(values, context) == (True, "")
        assert disk.asked_beside == 0
        assert disk.asked_by_the_window
