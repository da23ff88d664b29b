"""Bundles as downloaded, .tar and .zip, listed and read in place: with bounds on all that a header may claim."""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from ..sensors.sheet_file import shipped
from ..text_files import decoded, open_regular, read_bytes

TAR, ZIP = "/vsitar/", "/vsizip/"
IN_ARCHIVE = (TAR, ZIP)
"""What the path of a file in a bundle begins with, for GDAL; both are of one length."""
DROPPINGS = frozenset(
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
# Of a bundle's file read at once: a header's own text (a long name, the pax format's table), a text of metadata, or the
# list of a .zip, which has some 200 bytes a file.
_MOST_AT_ONCE = 4 << 20
_MOST_MEMBERS = 10_000
"""Files in a bundle: those of 500 scenes. Each costs a seek, so to list a backup of a whole disk takes minutes."""
# Without a seek between: a header's text behind the headers of files without content, of 512 bytes each.
_MOST_ON_END = _MOST_AT_ONCE + 512 * _MOST_MEMBERS
# Those that GDAL decodes in place.
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, RuntimeError)


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


def sizes_in(path: Path) -> dict[str, int]:
    """Return names and bytes of the files in a bundle.

    Raises
    ------
    OSError, ValueError
        It is no readable bundle.
    """
    state = os.stat(path)
    return dict(_members(path, state.st_size, state.st_mtime_ns))


def read_member(path: Path, member: str, most: int) -> str:
    """Return the text of a file in a bundle.

    Raises
    ------
    OSError, ValueError
        It cannot be read, or has more than `most` bytes.
    """
    try:
        if _is_zip(path):
            with _opened_zip(path) as archive, archive.open(member) as file:
                return decoded(read_bytes(cast(BinaryIO, file), most))
        with _opened_tar(path) as bundle:
            found = bundle.extractfile(member)
            if found is None:
                raise OSError(f"{member} is no file")
            return decoded(read_bytes(cast(BinaryIO, found), most))
    except (KeyError, *_BROKEN) as error:
        raise OSError("the bundle has changed") from error


def _is_zip(path: Path) -> bool:
    return path.name[-4:].lower() == ".zip"


def inner_trees(names: tuple[str, ...]) -> dict[str, int]:
    """Return the folders of products of their own among the names in a bundle -> how many granules each has."""
    endings = tuple(sheet.tree.ending.lower() for sheet in shipped() if sheet.tree is not None)
    granules: dict[str, set[str]] = {}
    for name in names:
        parts = name.split("/")
        for place, part in enumerate(parts[:-1]):
            if part.lower().endswith(endings):
                held = granules.setdefault(part, set())
                # As in X.SAFE/GRANULE/L2A_…/…
                if len(parts) > place + 3 and parts[place + 1].upper() == "GRANULE":
                    held.add(parts[place + 2])
    return {top: len(held) for top, held in granules.items()}


@lru_cache(maxsize=512)
def _members(path: Path, _size: int, _date: int) -> tuple[tuple[str, int], ...]:
    """Return names and bytes of the files in a bundle, once as long as it does not change.

    A .tar has no index, so that takes a seek a file.
    """
    try:
        return _in_zip(path) if _is_zip(path) else _in_tar(path)
    except RecursionError as error:
        # tarfile calls itself for each header that says more of the next one.
        raise ValueError("too many headers of one file") from error
    except _BROKEN as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _in_tar(path: Path) -> tuple[tuple[str, int], ...]:
    with _opened_tar(path) as archive:
        files: dict[str, int] = {}
        for number, member in enumerate(archive):
            if number == _MOST_MEMBERS:
                raise ValueError(f"more than {_MOST_MEMBERS} files, which is no bundle of scenes")
            if member.issparse():
                # GDAL would take what is stored of it for the whole, and read pixels from wrong places.
                raise ValueError(f"{member.name} is stored without its holes, as tar --sparse does")
            if member.isfile():
                _add(files, member.name, member.size)
        return tuple(files.items())


def _in_zip(path: Path) -> tuple[tuple[str, int], ...]:
    with _opened_zip(path) as archive:
        files: dict[str, int] = {}
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ValueError(f"more than {_MOST_MEMBERS} files, which is no bundle of scenes")
        for member in members:
            if member.is_dir() or stat.S_ISLNK(member.external_attr >> 16):
                continue
            if member.flag_bits & _ENCRYPTED:
                raise ValueError(f"{member.filename} is encrypted")
            if member.compress_type not in _PACKINGS:
                raise ValueError(f"{member.filename} is packed by the method {member.compress_type}, expected 0 or 8")
            _add(files, member.filename, member.file_size)
        return tuple(files.items())


def _add(files: dict[str, int], name: str, size: int) -> None:
    if not is_text(name) or _is_dropping(name):
        return
    if name in files:
        # To unpack it gives the last one, GDAL reads the first.
        raise ValueError(f"{name} is in it twice")
    files[name] = size


class _Bounded:
    """A file for tarfile and zipfile, which would take any number of bytes into memory that a header says to follow."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell, self.seekable, self.close = file.tell, file.seekable, file.close
        # Bytes read one after the other: newer Pythons read a header in pieces (tarfile of 3.14.8).
        self._on_end = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as both do before each header, member and list."""
        self._on_end = 0
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Return bytes, to the end of the file by default; ValueError if that is more than any header has."""
        if size < 0:
            return read_bytes(self._file, _MOST_AT_ONCE)
        self._on_end += size
        if size > _MOST_AT_ONCE or self._on_end > _MOST_ON_END:
            raise ValueError(f"a header of {self._on_end:,} bytes or more")
        return self._file.read(size)


@contextmanager
def _opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a .tar; OSError, ValueError and what tarfile raises if it is none."""
    # "r:": uncompressed only, as USGS delivers it and GDAL reads it in place.
    with open_regular(path) as file, tarfile.open(fileobj=cast(BinaryIO, _Bounded(file)), mode="r:") as archive:
        yield archive


@contextmanager
def _opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a .zip; OSError, ValueError and what zipfile raises if it is none."""
    with open_regular(path) as file, zipfile.ZipFile(cast(BinaryIO, _Bounded(file))) as archive:
        yield archive


def _is_dropping(member: str) -> bool:
    """Tell whether a file in a bundle is a system's own: hidden, or in a folder such as __MACOSX."""
    path = PurePosixPath(member)
    return path.name.startswith(".") or any(part.lower() in DROPPINGS for part in path.parts[:-1])
