"""The plugin as QGIS loads it, and the tiny scenes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("qgis") else ["*test_*.py"]


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    """Let there be no window, as in scripts: pytest-qgis puts a mock where QGIS's interface is."""
    from iikmc.algorithms.shared import window

    monkeypatch.setattr(window, "is_there", lambda: False)


@pytest.fixture
def a_window(no_window, monkeypatch):
    """Let there be a window of QGIS."""
    from iikmc.algorithms.shared import window

    monkeypatch.setattr(window, "is_there", lambda: True)


@pytest.fixture
def cluster(plugin):
    """Return `iikmc:cluster` as a dialog gets it."""
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:cluster")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """Return a folder of three scenes; tests only read it."""
    from tiny_series import write_tiny

    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def context(qgis_new_project):
    """Return a context with an empty project, as a run from the toolbox has."""
    from iikmc.algorithms.shared import layers
    from qgis.core import QgsProcessingContext, QgsProject

    layers._GIVEN.clear()
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    yield context
    QgsProject.instance().clear()


@pytest.fixture(scope="session")
def terminal(tmp_path_factory):
    """Return qgis_process with a fresh user profile, the plugin enabled."""
    from terminal import PROGRAM, Terminal

    if PROGRAM is None:
        pytest.skip("qgis_process is not here")
    terminal = Terminal(tmp_path_factory.mktemp("profile"))
    code, out, err = terminal("plugins", "enable", "iikmc")
    assert code == 0, out + err
    return terminal
