"""Whether the plugin would run under QGIS 4, of which there is none to try: its Qt names against PyQt6, the list of
scenes under PyQt6 itself, and the rules by which one source serves Qt 5 and Qt 6.
"""  # fmt: skip

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from taken_names import taken_names

ROOT = Path(__file__).resolve().parents[2]
QT6 = ROOT / "build" / "qt6"
SOURCES = sorted([*ROOT.glob("algorithms/**/*.py"), *ROOT.glob("iikmc_plugin/**/*.py"), ROOT / "__init__.py"])
# What PyQt5 has and PyQt6 has not, or has elsewhere (Riverbank's page "Differences Between PyQt6 and PyQt5"; QGIS's
# pyqt5_to_pyqt6.py).
GONE = {"exec_", "print_", "QRegExp", "QDesktopWidget", "qApp", "PYQT_SLOT", "setMargin", "setTabStopWidth"}
# What PyQt6 lacks, and why it does no harm.
KNOWN = {
    # QGIS's own qgis.PyQt.QtWidgets has it from QtGui where Qt is 6 (its file of 3.44).
    ("QtWidgets", "QAction"),
    # For QGIS before 3.38 alone, which has Qt 5; see algorithms/shared/points.py.
    ("QtCore", "QVariant.Int"),
    ("QtCore", "QVariant.Date"),
    ("QtCore", "QVariant.String"),
}
# What QGIS 4.4 has no more (QGIS Enhancement Proposal 427) and may be taken by the one module that QGIS 4 passes by.
PROCESSING = {
    ("processing.gui.wrappers", "WidgetWrapper", "wrapper.py"),
    ("processing.gui.wrappers", "DIALOG_BATCH", "wrapper.py"),
}


def names_of_qt(path: Path) -> Iterator[tuple[str, str]]:
    """Yield module of Qt and name with its scopes, of all that a source takes from it."""
    for module, name in taken_names(path, ("qgis.PyQt",)):
        yield module.removeprefix("qgis.PyQt").removeprefix("."), name


def run(script: str, *arguments: str, given: str = "") -> str:
    """Return what a script in this folder prints, run where Qt is PyQt6 alone."""
    if not (QT6 / "PyQt6").is_dir():
        pytest.skip("PyQt6 is not in build/qt6; tools/prepare.py test puts it there")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "PYTHONPATH": str(QT6),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), *arguments], input=given, env=environment, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_name_of_qt_is_there_in_qt_6():
    wanted = sorted({name for path in SOURCES for name in names_of_qt(path)})
    assert len(wanted) > 80
    assert ("QtCore", "Qt.ItemDataRole.UserRole") in wanted
    lacking = json.loads(run("names.py", given=json.dumps(wanted)))
    assert {tuple(item) for item in lacking} == KNOWN


def test_a_name_without_its_scope_is_found_out():
    # As PyQt5 had it; and what is there in both.
    asked = [["QtCore", "Qt.UserRole"], ["QtCore", "Qt.ItemDataRole.UserRole"]]
    assert json.loads(run("names.py", given=json.dumps(asked))) == [["QtCore", "Qt.UserRole"]]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_used_that_is_gone(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert used & GONE == set()


def test_of_processings_own_dialogs_nothing_is_used_in_qgis_4():
    taken = {
        (node.module, alias.name, path.name)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("processing")
        for alias in node.names
    }
    assert taken <= PROCESSING
    # The module is taken by the class that QGIS 3 asks for alone, when a dialog is made.
    users = [
        path.name
        for path in SOURCES
        if re.search(r"from \.+(scenes_widget\.)?wrapper import", path.read_text(encoding="utf-8"))
    ]
    assert users == ["factory.py"]


def test_the_list_of_scenes_works_under_qt_6(tmp_path):
    names = [f"LC09_L2SP_190027_2022{month:02}28_20220714_02_T1" for month in (6, 4, 5)]
    for name in names:
        (tmp_path / name).mkdir()
    (line,) = [line for line in run("widget.py", str(tmp_path)).splitlines() if line.startswith("@seen ")]
    seen = json.loads(line.removeprefix("@seen "))
    # In the order of their dates, whatever the order in which they came.
    ordered = [str(tmp_path / name) for name in sorted(names, key=lambda name: name[17:25])]
    assert sorted(seen["paths"]) == sorted(ordered) == sorted(seen["line"])
    assert seen["told"] >= 2
    assert seen["picture"]
    assert seen["status"] == "2 added"


def test_the_metadata_say_so():
    metadata = (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
    assert "qgisMaximumVersion=4.99" in metadata
    # Of no effect in QGIS 4; builds of QGIS 3 with Qt 6 ask for it.
    assert "supportsQt6=yes" in metadata
