"""The paths a user chooses as scenes: from text and other parameter values, and back to text.

What is a scene is for the engine to say, in the dialog as in the run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from qgis.core import QgsMapLayer
from qgis.PyQt.QtCore import QUrl

from ...engine.scenes.members import is_choosable as is_choosable_name

FILE_PATTERNS = "*_MTL.txt *_MTL.xml *_MTL.json MTD_MSIL2A.xml *.json *.tar *.zip *.tif"
"""For a file dialog, the files that are meant to stand for a scene; so does a band file, as of PlanetScope."""
_WHOLE = re.compile(r"\s*(?:\"|file:|[/\\]|[A-Za-z]:[/\\]|$)", re.IGNORECASE)
"""How a path begins that leads from the root of a system, a drive or a server; nothing behind the last semicolon."""
_PART = re.compile(r'[^\S\r\n]*(?:"([^"\r\n]*)"|([^;\r\n]+))')
_DAY = re.compile(r"(?<!\d)(?:19[6-9]|20\d)\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")


def split_paths(text: str, is_path: Callable[[str], bool] = os.path.exists) -> list[str]:
    """Return the paths in `text`, separated by semicolons or line breaks, bare, quoted or as file URLs.

    Parameters
    ----------
    text
        Of one path or more.
    is_path
        Asked whether the text is a single path with a semicolon in it; not where each part begins as a whole path does.
    """
    text = text.strip()
    if ";" in text and not all(_WHOLE.match(part) for part in text.split(";")) and is_path(text):
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


def is_whole(text: str) -> bool:
    """Tell whether a text begins as the whole path of a file does."""
    return bool(text.strip() and _WHOLE.match(text))


def date_in(path: str) -> str:
    """Return the first day in the name of a path, such as "20220511", which is that of a product; "" for none."""
    found = _DAY.search(os.path.basename(path.rstrip("/\\")))
    return found.group() if found else ""


def is_file_of_scene(path: str) -> bool:
    """Tell by its name whether a file can stand for a scene."""
    return is_choosable_name(os.path.basename(path))


def is_choosable(path: str) -> bool:
    """Tell whether `path` is a folder, or a file that stands for a scene."""
    return is_file_of_scene(path) or os.path.isdir(path)


def _local(text: str) -> str:
    return QUrl(text).toLocalFile() if text.lower().startswith("file:") else text
