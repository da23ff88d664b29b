"""The paths a user chooses as scenes: from text and other parameter values, back to text, and found in a folder.

What is a usable scene is for the engine to say; here a folder or file only has to look like one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from qgis.core import QgsMapLayer
from qgis.PyQt.QtCore import QDir, QUrl

SCENE_FILE = re.compile(r"_SR_B\d\.TIF$|_MTL\.(txt|xml|json)$", re.IGNORECASE)
"""The files by which a folder is known as a scene: a surface reflectance band or the metadata."""
CHOOSABLE_FILE = re.compile(r"_MTL\.(txt|xml|json)$|\.tar$", re.IGNORECASE)
"""The files that stand for a whole scene."""
BUNDLE = re.compile(r"L.*\.tar$", re.IGNORECASE)
"""A scene as downloaded."""
FILE_PATTERNS = "*_MTL.txt *_MTL.xml *_MTL.json *.tar"
"""`CHOOSABLE_FILE` for a file dialog."""
_PART = re.compile(r'\s*(?:"([^"\r\n]*)"|([^;\r\n]+))')


def split_paths(text: str) -> list[str]:
    """Return the paths in `text`, separated by semicolons or line breaks, bare, quoted or as file URLs."""
    text = text.strip()
    if ";" in text and os.path.exists(text):
        return [text]
    parts = (quoted or bare for quoted, bare in _PART.findall(text))
    return [_local(part.strip()) for part in parts if part.strip()]


def join_paths(paths: Iterable[str]) -> str:
    """Return `paths` as the one line of text that `split_paths` takes apart again."""
    return ";".join(f'"{path}"' if ";" in path else path for path in paths)


def paths_of(value: Any) -> list[str]:
    """Return the paths in any value the scenes parameter may be given; nothing for what holds none."""
    if isinstance(value, str):
        return split_paths(value)
    if isinstance(value, os.PathLike):
        return [os.fspath(value)]
    if isinstance(value, QgsMapLayer):
        return [value.source()]
    if isinstance(value, (list, tuple)):
        return [path for part in value for path in paths_of(part)]
    return []


def same_place(path: str) -> str:
    """Return what two spellings of one path have in common."""
    return os.path.normcase(os.path.normpath(path))


def distinct(paths: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Return the first of each place in `paths` that is not in `known`."""
    seen = {same_place(path) for path in known}
    found = []
    for path in paths:
        if same_place(path) not in seen:
            seen.add(same_place(path))
            found.append(path)
    return found


def is_choosable(path: str) -> bool:
    """Tell whether `path` is a folder, or a file that stands for a scene."""
    return bool(CHOOSABLE_FILE.search(path)) or os.path.isdir(path)


def holds_scene(folder: str) -> bool:
    """Tell whether a file directly in `folder` is part of a scene."""
    try:
        with os.scandir(folder) as entries:
            return any(SCENE_FILE.search(entry.name) and entry.is_file() for entry in entries)
    except OSError:
        return False


def find_scenes(folder: str, go_on: Callable[[int, int], bool] | None = None) -> list[str]:
    """Return `folder` if it is a scene, and each sub-folder and bundle directly in it that is one.

    `go_on` is told the number of sub-folders done and in all before each of them, and ends the search by
    returning False. Raises OSError if `folder` cannot be read.
    """
    with os.scandir(folder) as entries:
        children = sorted(entries, key=lambda entry: entry.name)
    found = [folder] if holds_scene(folder) else []
    found += [child.path for child in children if BUNDLE.match(child.name) and child.is_file()]
    folders = [child.path for child in children if child.is_dir()]
    for done, path in enumerate(folders):
        if go_on is not None and not go_on(done, len(folders)):
            break
        if holds_scene(path):
            found.append(path)
    return [QDir.fromNativeSeparators(path) for path in found]


def _local(text: str) -> str:
    return QUrl(text).toLocalFile() if text.lower().startswith("file:") else text
