"""Folders and bundles as places that hold files."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from ..errors import SceneError
from ..sensors.products import product_in
from ..text_files import read_text
from .archives import DROPPINGS, IN_ARCHIVE, TAR, ZIP, inner_trees, is_text, printable, read_member, sizes_in
from .sidecars import is_oversized, sidecars_beside

# Those of Landsat have 25 KB at most, those of Sentinel-2 55.
_MOST_METADATA = 1 << 20
_ARCHIVE_END = re.compile(r"\.(?:tar|zip)/", re.IGNORECASE)
_ZIP_ON_DISK = re.compile(r"\.zip$", re.IGNORECASE)


@dataclass(frozen=True)
class Location:
    """A folder, or a bundle that looks like one."""

    path: Path
    """The folder, or the .tar or .zip file."""
    members: dict[str, str]
    """File name -> name inside the bundle, or path inside the folder."""
    bundled: bool
    """Whether `path` is a bundle."""
    folders: tuple[str, ...] = ()
    """Names of the folders in a folder, those that are links last; without hidden ones and systems' own."""
    linked: frozenset[str] = frozenset()
    """Which of `folders` are links."""
    unusable: dict[str, str] = field(default_factory=dict)
    """Name -> what it is, of what is neither a file nor a folder that can be opened: links that lead nowhere, pipes."""
    copies: tuple[str, ...] = ()
    """Names inside a bundle of files that `members` has from another of its folders."""
    top: str = ""
    """What the product's folder is called in a bundle, or by its metadata, if it has one of its own such as a .SAFE."""
    granules: int = 1
    """Folders with images in a product's own folder, of which one is expected."""

    def raster_path(self, name: str) -> str:
        """Return what rasterio opens for the file `name`."""
        if self.bundled:
            # Absolute: GDAL takes a name that begins with a brace as one in quotes.
            return in_bundle(Path(os.path.abspath(self.path)), self.members[name])
        return str(self.path / self.members[name])

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
            return read_text(self.path / self.members.get(name, name), _MOST_METADATA)
        return read_member(self.path, self.members[name], _MOST_METADATA)


def in_bundle(archive: PurePath, member: str) -> str:
    """Return what GDAL calls a member of a bundle: with slashes, also behind a drive or a server of Windows."""
    # GDAL drops a leading "./", which `tar cf x.tar .` gives every member.
    prefix = ZIP if _ZIP_ON_DISK.search(archive.name) else TAR
    return f"{prefix}{archive.as_posix()}/{member[2:] if member.startswith('./') else member}"


def stamp(path: str) -> tuple[int, int] | None:
    """Return size in bytes and date in ns of the file, or of the bundle that holds it, that rasterio opens as `path`.

    Two equal ones of a path are of the same content; None where the file system tells nothing.
    """
    places = [path]
    if path.startswith(IN_ARCHIVE):
        inside = path[len(TAR) :]
        ends = [found.end() - 1 for found in _ARCHIVE_END.finditer(inside)]
        places = [inside[:end] for end in ends if os.path.isfile(inside[:end])]
    try:
        state = os.stat(places[0])
    except (OSError, IndexError):
        return None
    return state.st_size, state.st_mtime_ns


def is_bundle(name: str) -> bool:
    """Tell whether a file is named as a bundle that is read in place; upper and lower case are the same.

    That is any .tar, and a .zip that is named after a product with a folder of its own, as Sentinel-2's.
    """
    if name[-4:].lower() != ".zip":
        return name[-4:].lower() == ".tar"
    found = product_in(name)
    return found is not None and found[0].sheet.tree is not None


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
                elif entry.name.lower() not in DROPPINGS:
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
    """List a bundle as downloaded, .tar or .zip; of files of one name the shallowest counts.

    Raises
    ------
    SceneError
        It is no readable bundle, holds several products with folders of their own, or its name is not UTF-8.
    """
    if not is_text(path):
        raise SceneError(f"SCENES: the name of the file {printable(path)} is not UTF-8; rename it.")
    kind = "zip file" if _ZIP_ON_DISK.search(path.name) else "tar bundle"
    try:
        sizes = sizes_in(path)
        trees = inner_trees(tuple(sizes))
        if len(trees) > 1:
            raise ValueError(f"{len(trees)} products are in it, of which one would cover the other")
        members, copies = _shallowest(tuple(sizes))
        for beside in sidecars_beside(members).values():
            for name in beside:
                if is_oversized(name, sizes[members[name]]):
                    raise ValueError(f"{name} in it has {sizes[members[name]]:,} bytes, more than such a file can need")
    except (OSError, ValueError) as error:
        raise SceneError(
            f"SCENES: {printable(path)} cannot be read as a {kind} ({printable(str(error))}); download it again or "
            "unpack it."
        ) from error
    top, granules = next(iter(trees.items()), ("", 1))
    return Location(path, members, bundled=True, copies=() if top else copies, top=top, granules=granules)


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
