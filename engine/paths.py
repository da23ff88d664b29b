"""Which paths are one file: the one place where outputs are kept off inputs and off each other."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import ParameterError

Identity = frozenset[Any]
"""What tells a file: two paths are one file if they have any of these in common."""


@dataclass(frozen=True)
class Place:
    """A file that is read or written for a parameter."""

    parameter: str
    """The parameter's name."""
    path: Path
    """The file."""
    beside: bool = False
    """Whether it is not the parameter's own file, but one that goes with it, such as a style."""

    @property
    def words(self) -> str:
        """What it is, in a message."""
        return f"{self.path.name} beside {self.parameter}" if self.beside else f"{self.parameter}, {self.path}"


def companions(raster: Path) -> list[Path]:
    """Return where QGIS and GDAL look for what belongs to a raster: style, metadata, overviews, mask, world file."""
    if not raster.name:
        # An empty path, which is the folder "." to pathlib, has nothing beside it.
        return []
    return [
        raster.with_suffix(".qml"),
        *(raster.with_name(raster.name + end) for end in (".aux.xml", ".ovr", ".msk")),
        raster.with_suffix(".tfw"),
    ]


def identity(path: Path, folders: dict[str, str] | None = None) -> Identity:
    """Return what tells the file that a path leads to, through ``..`` and links, whether it is there or not.

    Parameters
    ----------
    path
        The file.
    folders
        Real paths of folders that were asked before, added to in place: on a network disk asking takes its time.
    """
    if path.name in ("", ".."):
        real = _real(path)
    else:
        known = {} if folders is None else folders
        parent = os.fspath(path.parent)
        if parent not in known:
            known[parent] = _real(path.parent)
        real = os.path.join(known[parent], path.name)
    if os.path.islink(real):
        real = _real(Path(real))
    found: set[Any] = {("path", _spelled(*os.path.split(real)))}
    try:
        state = os.stat(real)
    except (OSError, ValueError):
        return frozenset(found)
    if state.st_ino:  # 0 on disks that number no files
        found.add(("number", state.st_dev, state.st_ino))
    return frozenset(found)


def same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to the same file, or would if it were there."""
    return not identity(one).isdisjoint(identity(other))


def check_apart(outputs: Iterable[Place], inputs: Iterable[Place], remedy: str = "choose another file") -> None:
    """Check that no file is written over one that is read, or over another that is written.

    Parameters
    ----------
    outputs, inputs
        What is written and read.
    remedy
        What the user is told to do.

    Raises
    ------
    ParameterError
        One would be; the message names both.
    """
    folders: dict[str, str] = {}
    read: dict[Any, Place] = {}
    for place in inputs:
        for mark in identity(place.path, folders):
            read.setdefault(mark, place)
    written: dict[Any, Place] = {}
    for place in outputs:
        marks = identity(place.path, folders)
        given = next((read[mark] for mark in marks if mark in read), None)
        if given is not None:
            raise ParameterError(f"{_subject(place)} would overwrite {given.words}; {remedy}.")
        other = next((written[mark] for mark in marks if mark in written), None)
        if other is not None and not (place.beside or other.beside):
            raise ParameterError(
                f"{place.parameter} and {other.parameter} are the same file, {place.path}; choose two."
            )
        if other is not None:
            raise ParameterError(f"{_subject(place)} would overwrite {other.words}; {remedy}.")
        written.update(dict.fromkeys(marks, place))


def _subject(place: Place) -> str:
    return f"{place.parameter}: {place.path.name}, which is written beside it," if place.beside else place.parameter


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # a loop of links, a name with a zero in it: whoever opens it says so
        return os.path.abspath(path)


def _spelled(folder: str, name: str) -> tuple[Any, ...]:
    """Return a folder and a name in it, written one way where the disk takes several for the same."""
    if not _ignores_case(folder):
        return folder, name
    return tuple(unicodedata.normalize("NFC", part.casefold()) for part in (folder, name))


@lru_cache(maxsize=1024)
def _ignores_case(folder: str) -> bool:
    """Tell whether a disk takes upper and lower case for the same, by asking for a folder under its name in the other.

    Where a folder has no letters in its name, the one that it lies in is asked.
    """
    parent, name = os.path.split(folder)
    if not name:
        return os.path.normcase("A") == os.path.normcase("a")
    other = os.path.join(parent, name.swapcase())
    if other == folder or not os.path.exists(folder):
        return _ignores_case(parent)
    try:
        return os.path.samefile(other, folder)
    except OSError:
        return False
