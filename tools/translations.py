#!/usr/bin/python3
"""Bring i18n/iikmc_<language>.ts up to date with the texts in the sources, and compile it to the .qm that QGIS loads.

    /usr/bin/python3 tools/translations.py

A text is what a call of `tr` in algorithms/ or iikmc_plugin/ is given; algorithms/shared/i18n.py says how. Qt's own
pylupdate files such calls of a plain function under no context, and is not everywhere; Python's ast reads them as
Python does, and lets a test tell without Qt whether the files are up to date. Compiling is lrelease's. The .qm files
are kept in the repository, because neither who installs the plugin nor who builds the zip needs Qt's tools then. Where
a merge finds a .qm changed on both sides, take either and run this again.
"""

from __future__ import annotations

import ast
import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "i18n"
SOURCES = ("algorithms", "iikmc_plugin")
LANGUAGES = {"de": "de_DE"}
"""Name of the file -> what Qt calls the language in it."""
CONTEXT = "IIkMC"
_ALIKE = 0.6
"""Share of equal characters from which a new text is taken for an old one that was reworded."""
_LRELEASE = ("lrelease", "lrelease-qt5", "lrelease-qt6", "/usr/lib/qt5/bin/lrelease", "/usr/lib/qt6/bin/lrelease")


class Entry(NamedTuple):
    """What a .ts file holds of one text."""

    translation: str
    finished: bool


def is_tr(node: ast.AST) -> bool:
    """Tell whether a node is a call of `tr`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr"


def literal(call: ast.Call) -> str | None:
    """Return the text that a call of `tr` is given; None if it is no plain literal."""
    if len(call.args) == 1 and not call.keywords:
        text = call.args[0]
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
            return text.value
    return None


def texts() -> dict[str, list[str]]:
    """Return each text with the files it is in, in the order of files and lines."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if is_tr(node)]
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            text = literal(call)
            if text is None:
                sys.exit(
                    f"translations: {name}:{call.lineno} gives tr something else than one plain literal; put values in "
                    "with .format after tr."
                )
            files = found.setdefault(text, [])
            if name not in files:
                files.append(name)
    return found


def read(path: Path) -> dict[str, Entry]:
    """Return text -> entry of a .ts file; {} if it is not there."""
    if not path.exists():
        return {}
    found = {}
    for message in ElementTree.parse(path).iter("message"):  # noqa: S314 - our own file
        translation = message.find("translation")
        found[message.findtext("source", "")] = Entry(translation.text or "", "type" not in translation.attrib)
    return found


def merged(wanted: dict[str, list[str]], known: dict[str, Entry]) -> dict[str, Entry]:
    """Return an entry for each wanted text; a reworded one gets the old translation, to be looked at."""
    gone = [text for text in known if text not in wanted]
    entries = {}
    for text in wanted:
        if text in known:
            entries[text] = known[text]
            continue
        old = difflib.get_close_matches(text, gone, 1, _ALIKE)
        entries[text] = Entry(known[old[0]].translation if old else "", finished=False)
    return entries


def document(language: str, wanted: dict[str, list[str]], entries: dict[str, Entry]) -> str:
    """Return a .ts file. Lines are not told, so that it changes only where a text does."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<!DOCTYPE TS>",
        f'<TS version="2.1" language="{language}" sourcelanguage="en">',
        "<context>",
        f"    <name>{CONTEXT}</name>",
    ]
    for text, files in wanted.items():
        entry = entries[text]
        mark = "" if entry.finished else ' type="unfinished"'
        lines += [
            "    <message>",
            *(f'        <location filename="../{name}"/>' for name in files),
            f"        <source>{escape(text)}</source>",
            f"        <translation{mark}>{escape(entry.translation)}</translation>",
            "    </message>",
        ]
    return "\n".join([*lines, "</context>", "</TS>", ""])


def compiled(path: Path) -> None:
    """Write the .qm beside a .ts file, without what is unfinished: an English text is better than a wrong one."""
    program = next(filter(None, map(shutil.which, _LRELEASE)), None)
    if program is None:
        sys.exit(
            "translations: lrelease is not here, so the .qm was not made; install Qt's tools for translators "
            "(qttools5-dev-tools on Debian and Ubuntu, qt5-linguist on Fedora) and try again."
        )
    # qtchooser's link of that name wants to be told the version of Qt.
    env = {**os.environ, "QT_SELECT": "qt5"}
    command = [program, "-silent", "-nounfinished", str(path), "-qm", str(path.with_suffix(".qm"))]
    if subprocess.run(command, env=env).returncode:
        sys.exit(f"translations: {program} could not compile {path}; its message is above.")


def main() -> int:
    """Update and compile; return 1 if a text still wants translating."""
    wanted = texts()
    open_ones = 0
    for name, language in LANGUAGES.items():
        path = FOLDER / f"iikmc_{name}.ts"
        entries = merged(wanted, read(path))
        path.parent.mkdir(exist_ok=True)
        path.write_text(document(language, wanted, entries), encoding="utf-8")
        compiled(path)
        to_do = [text for text, entry in entries.items() if not entry.finished]
        open_ones += len(to_do)
        print(f"{path.relative_to(ROOT)}: {len(entries) - len(to_do)} of {len(entries)} texts translated")
        for text in to_do:
            print(f"  wants translating: {text}")
    if open_ones:
        print(
            'Translate these in the .ts, with Qt Linguist or a text editor (and take away type="unfinished"), then '
            "run make translations again."
        )
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
