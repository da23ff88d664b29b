"""Folders and tar bundles as places that hold files; a bundle is read in place through GDAL's /vsitar/."""

from __future__ import annotations

import os
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO, cast

from ..errors import SceneError
from ..text_files import decoded, open_regular, read_bytes, read_text
from .sidecars import is_oversized, sidecars_beside

# Those of USGS have 25 KB at most.
_MOST_METADATA = 1 << 20
IN_TAR = "/vsitar/"
"""What the path of a file in a bundle begins with, for GDAL."""
_TAR_END = re.compile(r"\.tar/", re.IGNORECASE)
_BUNDLE = re.compile(r"\.tar$", re.IGNORECASE)
_DROPPINGS = frozenset(
    (
        "__macosx",
        "lost+found",
        "$recycle.bin",
        "system volume information",
        "@eadir",
        "#recycle",
        "#snapshot",
    )
)
"""Folders, in lower case, that systems and file servers put beside a user's: nobody keeps scenes there."""
# Of a bundle's file read at once: a header's own text (a long name, the pax format's table), or a text of metadata.
_MOST_AT_ONCE = 4 << 20
_MOST_MEMBERS = 10_000
"""Files in a bundle: those of 500 scenes. Each costs a seek, so to list a backup of a whole disk takes minutes."""


@dataclass(frozen=True)
class Location:
    """A folder, or a tar bundle that looks like one."""

    path: Path
    """The folder or the .tar file."""
    members: dict[str, str]
    """File name -> name inside the bundle, or the file name itself in a folder."""
    bundled: bool
    """Whether `path` is a tar bundle."""
    folders: tuple[str, ...] = ()
    """Names of the folders in a folder, those that are links last; without hidden ones and systems' own."""
    linked: frozenset[str] = frozenset()
    """Which of `folders` are links."""
    unusable: dict[str, str] = field(default_factory=dict)
    """Name -> what it is, of what is neither a file nor a folder that can be opened: links that lead nowhere, pipes."""
    copies: tuple[str, ...] = ()
    """Names inside a bundle of files that `members` has from another of its folders."""

    def raster_path(self, name: str) -> str:
        """Return what rasterio opens for the file `name`."""
        if self.bundled:
            member = self.members[name]
            # Absolute: GDAL takes a name that begins with a brace as one in quotes.
            return in_bundle(Path(os.path.abspath(self.path)), member)
        return str(self.path / name)

    def sidecars(self) -> dict[str, tuple[str, ...]]:
        """Return the files beside its rasters that GDAL reads with them: path -> paths, as `raster_path` names them."""
        found = sidecars_beside(self.members)
        return {
            self.raster_path(name): tuple(self.raster_path(side) for side in sides) for name, sides in found.items()
        }

    def read_text(self, name: str) -> str:
        """Return the content of a metadata file.

        Raises
        ------
        OSError, ValueError
            It cannot be read, or is too large to be one.
        """
        if not self.bundled:
            return read_text(self.path / name, _MOST_METADATA)
        with _opened(self.path) as bundle:
            try:
                member = bundle.extractfile(self.members[name])
            except (KeyError, tarfile.TarError, RecursionError) as error:
                raise OSError("the bundle has changed") from error
            if member is None:
                raise OSError(f"{name} is no file")
            return decoded(read_bytes(cast(BinaryIO, member), _MOST_METADATA))


def in_bundle(archive: PurePath, member: str) -> str:
    """Return what GDAL calls a member of a bundle: with slashes, also behind a drive or a server of Windows."""
    # GDAL drops a leading "./", which `tar cf x.tar .` gives every member.
    return f"{IN_TAR}{archive.as_posix()}/{member[2:] if member.startswith('./') else member}"


def stamp(path: str) -> tuple[int, int] | None:
    """Return size in bytes and date in ns of the file, or of the bundle that holds it, that rasterio opens as `path`.

    Two equal ones of a path are of the same content; None where the file system tells nothing.
    """
    places = [path]
    if path.startswith(IN_TAR):
        inside = path[len(IN_TAR) :]
        ends = [found.end() - 1 for found in _TAR_END.finditer(inside)]
        places = [inside[:end] for end in ends if os.path.isfile(inside[:end])]
    try:
        state = os.stat(places[0])
    except (OSError, IndexError):
        return None
    return state.st_size, state.st_mtime_ns


def is_bundle(name: str) -> bool:
    """Tell whether a file is named as a tar bundle; upper and lower case are the same."""
    return bool(_BUNDLE.search(name))


def printable(path: str | Path) -> str:
    """Return a path for a sentence: what cannot be printed, as line breaks and bytes that are no UTF-8, is escaped."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in str(path))


def is_text(path: str | Path) -> bool:
    """Tell whether a path is UTF-8 through and through; GDAL opens no other."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def folder(path: Path) -> Location:
    """List a folder; hidden files are none.

    Raises
    ------
    SceneError
        It cannot be listed, or its name is not UTF-8.
    """
    if not is_text(path):
        raise SceneError(f"SCENES: the name of the folder {printable(path)} is not UTF-8; rename it.")
    files: list[str] = []
    folders: list[tuple[bool, str]] = []
    unusable: dict[str, str] = {}
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                # Hidden are what systems and programs keep for themselves, such as macOS's ._<name> beside each file.
                if entry.name.startswith("."):
                    continue
                what = _kind_of(entry)
                if what == "file" and is_text(entry.name):
                    files.append(entry.name)
                elif what == "file":
                    unusable[entry.name] = "a file whose name is not UTF-8"
                elif what != "folder":
                    unusable[entry.name] = what
                elif entry.name.lower() not in _DROPPINGS:
                    folders.append((entry.is_symlink(), entry.name))
    except OSError as error:
        raise SceneError(
            f"SCENES: the folder {printable(path)} cannot be read ({error.strerror}); check its permissions."
        ) from error
    return Location(
        path,
        {name: name for name in sorted(files)},
        bundled=False,
        folders=tuple(name for _, name in sorted(folders)),
        linked=frozenset(name for linked, name in folders if linked),
        unusable=dict(sorted(unusable.items())),
    )


def _kind_of(entry: os.DirEntry[str]) -> str:
    """Return "file" or "folder", or in words what else an entry is; links are followed."""
    try:
        if entry.is_file():
            return "file"
        if entry.is_dir():
            return "folder"
        return "a link that leads nowhere" if entry.is_symlink() else "a pipe or device and no file"
    except OSError as error:
        # A link to itself, or into a folder that may not be searched.
        return f"a link that cannot be followed ({error.strerror})"


def bundle(path: Path) -> Location:
    """List a tar bundle as downloaded from USGS; of files of one name the shallowest counts.

    Raises
    ------
    SceneError
        It is no readable tar file, or its name is not UTF-8.
    """
    if not is_text(path):
        raise SceneError(f"SCENES: the name of the file {printable(path)} is not UTF-8; rename it.")
    try:
        state = os.stat(path)
        sizes = dict(_members(path, state.st_size, state.st_mtime_ns))
        members, copies = _shallowest(tuple(sizes))
        for beside in sidecars_beside(members).values():
            for name in beside:
                if is_oversized(name, sizes[members[name]]):
                    raise ValueError(f"{name} in it has {sizes[members[name]]:,} bytes, more than such a file can need")
    except (OSError, ValueError, tarfile.TarError, EOFError, RecursionError) as error:
        # tarfile calls itself for each header that says more of the next one.
        why = "too many headers of one file" if isinstance(error, RecursionError) else printable(str(error))
        raise SceneError(
            f"SCENES: {printable(path)} cannot be read as a tar bundle ({why}); download it again or unpack it."
        ) from error
    return Location(path, members, bundled=True, copies=copies)


def _shallowest(files: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return file name -> name inside, and the names inside of files that another of the same name stands before.

    The shallowest counts; of two as deep the one in the folder with more files, then the first by name: so the files
    of a scene and copies of some of them do not mix.
    """
    paths = {name: PurePosixPath(name) for name in files}
    held = Counter(path.parent for path in paths.values())

    def rank(name: str) -> tuple[int, int, str]:
        return len(paths[name].parts), -held[paths[name].parent], name

    members: dict[str, str] = {}
    copies = []
    for name in sorted(files, key=rank):
        if members.setdefault(paths[name].name, name) != name:
            copies.append(name)
    return dict(sorted(members.items())), tuple(sorted(copies))


@lru_cache(maxsize=512)
def _members(path: Path, _size: int, _date: int) -> tuple[tuple[str, int], ...]:
    """Return names and bytes of the files in a bundle, once as long as it does not change.

    A bundle has no index, so that takes a seek a file.
    """
    with _opened(path) as archive:
        files: dict[str, int] = {}
        for number, member in enumerate(archive):
            if number == _MOST_MEMBERS:
                raise ValueError(f"more than {_MOST_MEMBERS} files, which is no bundle of scenes")
            if member.issparse():
                # GDAL would take what is stored of it for the whole, and read pixels from wrong places.
                raise ValueError(f"{member.name} is stored without its holes, as tar --sparse does")
            if member.isfile() and is_text(member.name) and not _is_dropping(member.name):
                if member.name in files:
                    # To unpack it gives the last one, GDAL reads the first.
                    raise ValueError(f"{member.name} is in it twice")
                files[member.name] = member.size
        return tuple(files.items())


class _Bounded:
    """A file for tarfile, which would take any number of bytes into memory that a header says to follow."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """Return bytes; ValueError if that is more than any header has."""
        if size > _MOST_AT_ONCE:
            raise ValueError(f"a header of {size:,} bytes")
        return self._file.read(size)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a bundle.

    Raises
    ------
    OSError, ValueError, tarfile.TarError
        It is no readable tar file.
    """
    # "r:": uncompressed only, as USGS delivers it and GDAL reads it in place.
    with open_regular(path) as file, tarfile.open(fileobj=cast(BinaryIO, _Bounded(file)), mode="r:") as archive:
        yield archive


def _is_dropping(member: str) -> bool:
    """Tell whether a file in a bundle is a system's own: hidden, or in a folder such as __MACOSX."""
    path = PurePosixPath(member)
    return path.name.startswith(".") or any(part.lower() in _DROPPINGS for part in path.parts[:-1])
