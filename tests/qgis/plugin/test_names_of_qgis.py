"""Whether every name of QGIS that the plugin uses is there, in this QGIS; `make compat` asks three."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from taken_names import taken_names

pytest.importorskip("qgis.core")

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted([*ROOT.glob("algorithms/**/*.py"), *ROOT.glob("iikmc_plugin/**/*.py"), ROOT / "__init__.py"])
MODULES = ("qgis.core", "qgis.gui", "processing")


def lacks(module: str, name: str) -> bool:
    thing = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(thing, part):
            return True
        thing = getattr(thing, part)
    return False


def test_every_name_is_there(qgis_app, qgis_processing):
    wanted = {name for path in SOURCES for name in taken_names(path, MODULES)}
    assert len(wanted) > 100
    assert ("qgis.core", "QgsProcessing.SourceType.TypeFile") in wanted
    assert ("processing.gui.wrappers", "WidgetWrapper") in wanted
    assert [name for name in sorted(wanted) if lacks(*name)] == []


def test_a_name_that_is_not_there_is_found_out(qgis_app):
    assert lacks("qgis.core", "QgsProcessing.SourceType.TypeFolder")
    assert not lacks("qgis.core", "QgsProcessing.SourceType.TypeFile")
