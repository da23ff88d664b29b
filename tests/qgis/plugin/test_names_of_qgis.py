"""Whether every name of QGIS that the plugin uses is there, in this QGIS; `make compat` asks three."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted([*ROOT.glob("algorithms/**/*.py"), *ROOT.glob("iikmc_plugin/**/*.py"), ROOT / "__init__.py"])
MODULES = ("qgis.core", "qgis.gui", "processing")


def names_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield module of QGIS and name with its scopes, of all that a source takes from it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(MODULES):
            for alias in node.names:
                roots[alias.asname or alias.name] = (node.module, alias.name)
                yield node.module, alias.name
    for node in ast.walk(tree):
        chain, base = [], node
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        if chain and isinstance(base, ast.Name) and base.id in roots:
            module, name = roots[base.id]
            yield module, ".".join([name, *reversed(chain)])


def lacks(module: str, name: str) -> bool:
    thing = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(thing, part):
            return True
        thing = getattr(thing, part)
    return False


def test_every_name_is_there(qgis_app, qgis_processing):
    wanted = {name for path in SOURCES for name in names_in(path)}
    assert len(wanted) > 100
    assert ("qgis.core", "QgsProcessing.SourceType.TypeFile") in wanted
    assert ("processing.gui.wrappers", "WidgetWrapper") in wanted
    assert [name for name in sorted(wanted) if lacks(*name)] == []


def test_a_name_that_is_not_there_is_found_out(qgis_app):
    assert lacks("qgis.core", "QgsProcessing.SourceType.TypeFolder")
    assert not lacks("qgis.core", "QgsProcessing.SourceType.TypeFile")
