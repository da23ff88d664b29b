"""Lets the cases use the helpers of the engine's and QGIS's tests, and gives them the plugin where they ask for it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
for folder in ("engine", "qgis", "hostile"):
    sys.path.insert(0, str(TESTS / folder))


@pytest.fixture(scope="session")
def plugin(qgis_app, qgis_processing):
    """Return the plugin object, its provider in the registry, as an English user has it."""
    from qgis.PyQt.QtCore import QLocale

    QLocale.setDefault(QLocale.c())
    plugin = importlib.import_module("iikmc").classFactory(None)
    plugin.initProcessing()
    yield plugin
    plugin.unload()
