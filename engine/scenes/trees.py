"""Products that are folders of folders, such as the .SAFE of Sentinel-2, as places that hold files."""

from __future__ import annotations

import os
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from ..sensors.metadata import parse_metadata
from ..sensors.products import product_in
from ..sensors.sheet import Sheet
from ..sensors.sheet_file import shipped
from .places import Location, folder

# A file lies at most GRANULE/L2A_…/IMG_DATA/R20m/file deep in its product.
_DEEPEST = 5


def above(path: Path) -> Path:
    """Return the product's own folder that a path lies in, by its name; the path itself if in none."""
    whole = Path(os.path.abspath(path))
    endings = tuple(sheet.tree.ending.lower() for sheet in shipped() if sheet.tree is not None)
    found = [one for one in list(whole.parents)[:_DEEPEST] if one.name.lower().endswith(endings)]
    return found[-1] if found else path


def expanded(location: Location, sheets: tuple[Sheet, ...] = ()) -> Location:
    """Return a folder with the files of the folders in it as its own, if it is that of a product; else as it is.

    It is by its name, or by its metadata and the folder beside them.

    Raises
    ------
    SceneError
        A folder in it cannot be read.
    """
    for sheet in sheets or shipped():
        if sheet.tree is not None and _is_tree(location, sheet):
            return _gathered(location, sheet)
    return location


def _is_tree(location: Location, sheet: Sheet) -> bool:
    if sheet.tree is None or location.bundled:
        return False
    if os.path.abspath(location.path).lower().endswith(sheet.tree.ending.lower()):
        return True
    return sheet.tree.images.partition("/")[0] in location.folders and bool(_metadata_names(location, sheet))


def _metadata_names(location: Location, sheet: Sheet) -> list[str]:
    file = sheet.metadata
    wanted = {f"{file.kind}.{end}".lower() for end in file.extensions} if file is not None else set()
    return [name for name in location.members if name.lower() in wanted]


def _gathered(location: Location, sheet: Sheet) -> Location:
    if sheet.tree is None:
        return location
    members = {name: name for name in _metadata_names(location, sheet)}
    unusable = dict(location.unusable)
    level = [(location, "")]
    granules = 0
    for depth, step in enumerate(sheet.tree.images.split("/"), 1):
        level = [
            (folder(here.path / name), f"{inside}{name}{os.sep}")
            for here, inside in level
            for name in here.folders
            if fnmatchcase(name.lower(), step.lower())
        ]
        if depth == len(sheet.tree.granules.split("/")):
            granules = len(level)
    for here, inside in level:
        members.update({name: inside + name for name in here.members})
        unusable.update(here.unusable)
    whole = replace(location, members=dict(sorted(members.items())), folders=(), unusable=unusable, granules=granules)
    if product_in(os.path.basename(os.path.abspath(location.path))) is not None:
        return whole
    return replace(whole, top=_told(whole, sheet))


def _told(location: Location, sheet: Sheet) -> str:
    """Return what the metadata call the product; "" if they do not."""
    file = sheet.metadata
    if file is None:
        return ""
    for name in _metadata_names(location, sheet):
        try:
            return parse_metadata(location.read_text(name), file).text(file.product) or ""
        except (OSError, ValueError):
            continue
    return ""
