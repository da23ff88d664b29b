"""What Windows does differently, simulated: files that others hold, long paths, drives and servers, its consoles.

That it is so on Windows itself has not been tried; the errors are made as its API and Python's documentation say.
"""

from __future__ import annotations

import ast
import errno
import os
import sys
from pathlib import Path, PureWindowsPath

import pytest
from iikmc.engine import machine
from iikmc.engine.errors import OutputError, SceneError
from iikmc.engine.results import moving
from iikmc.engine.results.staging import Staging
from iikmc.engine.scenes.places import in_bundle
from iikmc.engine.scenes.search import find_scenes

ROOT = Path(__file__).resolve().parents[3]
PROMPT, LONG = "Permission denied", "The filename or extension is too long"


class WindowsError(PermissionError):
    """An OSError with the number that Windows gives."""

    def __init__(self, winerror: int, number: int = errno.EACCES, text: str = PROMPT, filename: str | None = None):
        super().__init__(number, text, filename)
        self.winerror = winerror


@pytest.fixture
def pauses(monkeypatch):
    """Record what is waited for, and wait for nothing."""
    waited = []
    monkeypatch.setattr(moving.time, "sleep", waited.append)
    return waited


def held(monkeypatch, name: str, times: int, winerror: int = 32):
    """Let Windows refuse to move the file of a name so many times."""
    genuine, refused = os.replace, []

    def replace(source, target):
        if os.path.basename(source) == name and len(refused) < times:
            refused.append(source)
            raise WindowsError(winerror)
        genuine(source, target)

    monkeypatch.setattr(os, "replace", replace)
    return refused


# --- files that others hold


@pytest.mark.parametrize("winerror", [5, 32, 33])
def test_a_file_that_a_scanner_holds_for_a_moment_is_moved_in_the_end(tmp_path, monkeypatch, pauses, winerror):
    (tmp_path / "a.tif").write_text("old")
    refused = held(monkeypatch, "a.tif", 3, winerror)
    with Staging(tmp_path) as staging:
        staging.check_replaceable(["a.tif"])
        staging.write_text("a.tif", "new")
        staging.publish()
    assert (tmp_path / "a.tif").read_text() == "new"
    assert len(refused) == len(pauses) == 3
    assert sum(pauses) < 1


def test_a_layer_that_is_loaded_is_told_and_nothing_is_lost(tmp_path, monkeypatch, pauses):
    (tmp_path / "a.tif").write_text("old a")
    (tmp_path / "b.tif").write_text("old b")
    held(monkeypatch, "b.tif", 10**6)
    with Staging(tmp_path) as staging:
        staging.write_text("a.tif", "new a")
        staging.write_text("b.tif", "new b")
        with pytest.raises(OutputError) as caught:
            staging.publish()
    assert str(caught.value) == (
        f"OUTPUT: b.tif cannot be replaced in {tmp_path} ({PROMPT}); remove its layers from QGIS, close other programs "
        "that use it, or choose another folder."
    )
    assert sum(pauses) < 5  # for each of the few tries to move it and to put it back, not for ever
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.tif": "old a", "b.tif": "old b"}


def test_what_is_refused_for_good_is_told_at_once(tmp_path, monkeypatch, pauses):
    (tmp_path / "a.tif").write_text("old")

    def refuse(source, target):
        raise PermissionError(errno.EACCES, PROMPT)

    monkeypatch.setattr(os, "replace", refuse)
    with Staging(tmp_path) as staging, pytest.raises(OutputError, match="cannot be replaced"):
        staging.check_replaceable(["a.tif"])
    assert pauses == []


# --- long paths


@pytest.mark.parametrize(
    ("winerror", "number", "length", "too_long"),
    [
        (206, errno.EINVAL, 20, True),
        (3, errno.ENOENT, 300, True),
        (2, errno.ENOENT, 300, True),
        (3, errno.ENOENT, 20, False),
    ],
)
def test_a_path_that_is_too_long_is_told_as_that(tmp_path, monkeypatch, winerror, number, length, too_long):
    place = "/" + "x" * (length - 1)
    real_open = open

    def refuse(path, *arguments, **named):
        if os.fspath(path).endswith("a.txt"):
            raise WindowsError(winerror, number, LONG, place)
        return real_open(path, *arguments, **named)

    with Staging(tmp_path) as staging:
        monkeypatch.setattr("builtins.open", refuse)
        with pytest.raises(OutputError) as caught:
            staging.write_text("a.txt", "text")
        monkeypatch.undo()
    told = f"its path has {length} characters, and Windows takes 259 unless it is set to take long paths"
    assert (told in str(caught.value)) == too_long
    assert ("choose a shorter name" in str(caught.value)) == too_long


def test_a_scene_behind_a_long_path_is_not_just_missing(tmp_path, monkeypatch):
    gone = tmp_path / ("x" * 120) / ("y" * 120) / "scene"
    with pytest.raises(SceneError) as caught:
        find_scenes([gone])
    assert "characters" not in str(caught.value)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SceneError) as caught:
        find_scenes([gone])
    assert f"does not exist (its path has {len(str(gone))} characters, and Windows takes 259" in str(caught.value)


def test_short_paths_are_short():
    assert machine.too_long_to_find("/data") == ""


# --- drives and servers


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        (r"C:\data\a.tar", "/vsitar/C:/data/a.tar/x.TIF"),
        (r"\\server\share\a.tar", "/vsitar///server/share/a.tar/x.TIF"),
        (r"D:\Ü x\a.tar", "/vsitar/D:/Ü x/a.tar/x.TIF"),
    ],
)
def test_bundles_on_drives_and_servers(archive, told):
    assert in_bundle(PureWindowsPath(archive), "./x.TIF") == told
    assert in_bundle(PureWindowsPath(archive), "x.TIF") == told


# --- consoles and encodings


# Pages, tables, layer names: files in UTF-8, never a console.
NO_CONSOLE = ("engine/report/", "engine/maps/transition.py", "engine/text_files.py", "engine/sensors/landsat/mtl.py")


def shipped():
    for folder in ("engine", "algorithms", "iikmc_plugin"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_what_the_engine_says_can_be_printed_on_a_western_windows_console():
    """A script that prints a message there must not fail for a sign in it."""
    wrong = []
    for name, tree in shipped():
        documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if name.startswith("engine/") and not name.startswith(NO_CONSOLE) and isinstance(node, ast.Constant):
                said = node.value if isinstance(node.value, str) and id(node) not in documented else ""
                wrong += [(name, node.lineno, mark) for mark in said if not mark.encode("cp1252", "ignore")]
    assert wrong == []


def test_no_file_is_opened_in_the_encoding_of_the_system():
    """On Windows that is cp1252 or worse, and a name in a text would come out as another."""
    wrong = []
    for name, tree in shipped():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            plain = isinstance(node.func, ast.Name) and node.func.id == "open"
            pathlike = isinstance(node.func, ast.Attribute) and node.func.attr in ("read_text", "write_text")
            of_pathlib = pathlike and not node.args
            modes = [one.value for one in node.args[1:2] if isinstance(one, ast.Constant)]
            binary = plain and any("b" in mode for mode in modes)
            if (plain or of_pathlib) and not binary and "encoding" not in {one.arg for one in node.keywords}:
                wrong.append((name, node.lineno))
    assert wrong == []
