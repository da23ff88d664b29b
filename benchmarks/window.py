"""How long QGIS's window stands still while scenes are added, a run is begun and its layers are loaded.

    /usr/bin/python3 -m benchmarks.window [--delay 0.2] [--scenes 200] [--layers 50]

A timer of the window's own thread ticks as often as it can; the longest time between two ticks is how long nothing
could be drawn or clicked. Once on this disk, and once where each answer to Python takes `--delay` seconds, as from a
server far away; what takes long there is cancelled after some seconds, as a user would. QGIS's own reads are as fast as
ever.

The target is 100 ms for each, apart from the first time that a process does it.
"""

from __future__ import annotations

import argparse
import builtins
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from . import ROOT

sys.path.append(str(ROOT / "tools"))
import qgis_run

TARGET = 0.1
"""Seconds."""
PATIENCE = 5000
"""Milliseconds after which a wait is cancelled."""
SIDE = 120
K = 3


class Gaps:
    """The longest time in which the window's thread did nothing else."""

    def __init__(self) -> None:
        from qgis.PyQt.QtCore import QTimer

        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(0)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now

    def of(self, work: Callable[[], Any], until: Callable[[], bool] = lambda: True) -> float:
        """Return the longest gap in seconds while `work` is done and until what it began is over."""
        from qgis.core import QgsApplication

        end = time.perf_counter() + 0.2
        while time.perf_counter() < end:
            QgsApplication.processEvents()
        self.longest, self._last = 0.0, time.perf_counter()
        work()
        QgsApplication.processEvents()
        while not until():
            QgsApplication.processEvents()
        self._tick()
        return self.longest


@contextmanager
def slow_disk(folder: Path, delay: float) -> Iterator[None]:
    """Let each question of Python about what lies below a folder take so long."""
    import rasterio

    def slowed(real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *arguments: Any, **named: Any) -> Any:
            if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(str(folder)):
                time.sleep(delay)
            return real(path, *arguments, **named)

        return ask

    places = [(os, name) for name in ("stat", "lstat", "scandir", "listdir", "open")]
    places += [(builtins, "open"), (rasterio, "open")]
    patches = [mock.patch.object(owner, name, slowed(getattr(owner, name))) for owner, name in places]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def write_scenes(folder: Path, count: int) -> list[str]:
    """Write small scenes of one place, sixteen days apart; return their folders."""
    import numpy as np

    from .simulation.files import write_scene

    random = np.random.default_rng(1)
    paths = []
    for number in range(count):
        day = date(2013, 4, 11) + timedelta(16 * number)
        name = f"LC08_L2SP_190027_{day:%Y%m%d}_{day + timedelta(9):%Y%m%d}_02_T1"
        dn = random.integers(8000, 20000, (SIDE, SIDE), np.uint16)
        bands = dict.fromkeys(range(2, 8), dn)
        paths.append(str(write_scene(folder, name, bands, np.full((SIDE, SIDE), 21824, np.uint16))))
    return paths


def cancel_later() -> None:
    """Press Cancel in whatever waits, after a while."""
    from qgis.PyQt.QtCore import QTimer
    from qgis.PyQt.QtWidgets import QApplication, QProgressDialog

    def cancel() -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QProgressDialog) and widget.isVisible():
                widget.cancel()

    QTimer.singleShot(PATIENCE, cancel)


def measure(folder: Path, scenes: list[str], layers: int, delay: float) -> list[tuple[str, float]]:
    """Return (what, longest gap in seconds) pairs."""
    from iikmc.algorithms.scenes_widget.panel import ScenesPanel
    from iikmc.algorithms.shared import layers as loading
    from processing.gui import Postprocessing
    from qgis.core import (
        QgsApplication,
        QgsProcessingAlgRunnerTask,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProject,
    )

    gaps, registry = Gaps(), QgsApplication.processingRegistry()
    found: list[tuple[str, float]] = []

    def panel() -> ScenesPanel:
        shown = ScenesPanel()
        shown.resize(600, 400)
        shown.show()
        return shown

    def run_pressed(paths: list[str], out: Path) -> Callable[[], None]:
        algorithm, context = registry.createAlgorithmById("iikmc:cluster"), QgsProcessingContext()
        values = {"SCENES": paths, "K": K, "OUTPUT": str(out)}

        def press() -> None:
            if algorithm.checkParameterValues(values, context)[0]:
                algorithm.asPythonCommand(values, context)
                QgsProcessingAlgRunnerTask(algorithm, values, context, QgsProcessingFeedback(False))

        return press

    def add_and_look(shown: ScenesPanel) -> None:
        shown.offer(scenes)

    for where, wait in (("", 0.0), (f", a disk that answers in {delay * 1000:.0f} ms", delay)):
        with slow_disk(folder, wait):
            for label, act in (
                (f"drop {len(scenes)} folders", add_and_look),
                ("add every scene in a folder", lambda shown: shown.add_every_scene(str(folder / "scenes"))),
            ):
                shown = panel()
                cancel_later()
                found.append((label + where, gaps.of(lambda act=act, shown=shown: act(shown))))
                shown.remove_all()  # the hint shall not go on meanwhile
                shown.close()
            cancel_later()
            found.append((f"press Run with {len(scenes)} scenes{where}", gaps.of(run_pressed(scenes, folder / "out"))))
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    algorithm = registry.createAlgorithmById("iikmc:cluster")
    values = {"SCENES": scenes[:layers], "K": K, "OUTPUT": str(folder / "classes")}
    _, good = algorithm.run(values, context, QgsProcessingFeedback(False))
    if not good:
        sys.exit("benchmarks.window: the run failed")
    with mock.patch.object(Postprocessing, "iface", None, create=True):
        work = lambda: Postprocessing.handleAlgorithmResults(algorithm, context, QgsProcessingFeedback(False))  # noqa: E731
        found.append((f"load {layers} layers", gaps.of(work, lambda: not loading._LOADING)))
    if len(QgsProject.instance().mapLayers()) != layers:
        sys.exit("benchmarks.window: not all layers came")
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--layers", type=int, default=50)
    wanted = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    sys.path[:0] = qgis_run.PYTHON_PATHS
    import build_model
    from qgis.core import QgsApplication

    with tempfile.TemporaryDirectory() as base:
        folder = Path(base)
        application = QgsApplication([], True, str(folder / "profile"))
        application.initQgis()
        build_model.load_plugin()
        from iikmc.algorithms.shared import window

        window.is_there = lambda: True
        scenes = write_scenes(folder / "scenes", max(wanted.scenes, wanted.layers))
        # What is done for the first time loads packages and styles.
        measure(folder / "warm", write_scenes(folder / "warm" / "scenes", 2), 2, 0.0)
        from qgis.core import QgsProject

        QgsProject.instance().clear()
        for what, seconds in measure(folder, scenes, wanted.layers, wanted.delay):
            print(f"{'ok ' if seconds <= TARGET else 'SLOW'} {seconds * 1000:7.0f} ms  {what}")
        sys.stdout.flush()
        os._exit(0)  # leaving QGIS in good order may crash with a Python provider in its registry


if __name__ == "__main__":
    main()
