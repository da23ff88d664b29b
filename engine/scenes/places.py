"""Folders and tar bundles as places that hold files; a bundle is read in place through GDAL's /vsitar/."""

from __future__ import annotations

import os
import re
import tarfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import SceneError
from ..text_files import decoded, open_regular, read_bytes, read_text
from .sidecars import sidecars_beside

# Those of USGS have 25 KB at most.
_MOST_METADATA = 1 << 20
IN_TAR = "/vsitar/"
"""What the path of a file in a bundle begins with, for GDAL."""
_TAR_END = re.compile(r"\.tar/", re.IGNORECASE)


@dataclass(frozen=True)
class Location:
    """A folder, or a tar bundle that looks like one."""

    path: Path
    """The folder or the .tar file."""
    members: dict[str, str]
    """File name -> name inside the bundle, or the file name itself in a folder."""
    bundled: bool
    """Whether `path` is a tar bundle."""

    def raster_path(self, name: str) -> str:
        """Return what rasterio opens for the file `name`."""
        if self.bundled:
            # GDAL drops a leading "./", which `tar cf x.tar .` gives every member.
            member = self.members[name]
            # Absolute: GDAL takes a name that begins with a brace as one in quotes.
            archive = Path(os.path.abspath(self.path)).as_posix()
            return f"{IN_TAR}{archive}/{member[2:] if member.startswith('./') else member}"
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
        with open_regular(self.path) as file, tarfile.open(fileobj=file, mode="r:") as bundle:
            member = bundle.extractfile(self.members[name])
            if member is None:
                raise OSError(f"{name} is no file")
            return decoded(read_bytes(cast(BinaryIO, member), _MOST_METADATA))


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


def folder(path: Path) -> Location:
    """List a folder.

    Raises
    ------
    SceneError
        It cannot be listed.
    """
    try:
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except OSError as error:
        raise SceneError(
            f"SCENES: the folder {path} cannot be read ({error.strerror}); check its permissions."
        ) from error
    return Location(path, {name: name for name in names}, bundled=False)


def bundle(path: Path) -> Location:
    """List a tar bundle as downloaded from USGS.

    Raises
    ------
    SceneError
        It is no readable tar file.
    """
    try:
        state = os.stat(path)
        files = _members(path, state.st_size, state.st_mtime_ns)
    except (OSError, ValueError, tarfile.TarError, EOFError) as error:
        raise SceneError(
            f"SCENES: {path} cannot be read as a tar bundle ({error}); download it again or unpack it."
        ) from error
    return Location(path, {name.rsplit("/", 1)[-1]: name for name in sorted(files)}, bundled=True)


@lru_cache(maxsize=512)
def _members(path: Path, _size: int, _date: int) -> tuple[str, ...]:
    """List a bundle, once as long as it does not change: it has no index, so that takes a seek a member."""
    # "r:": uncompressed only, as USGS delivers it and GDAL reads it in place.
    with open_regular(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        return tuple(member.name for member in archive.getmembers() if member.isfile())


def subfolders(path: Path) -> list[Path]:
    """Return the folders directly inside `path`, sorted by name."""
    with os.scandir(path) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith("."))
