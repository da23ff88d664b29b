"""GeoTIFFs of no family as scenes: one file a scene, whose bands are described by their roles.

Only files that the user names, or that lie in a folder which the user names and which holds nothing of a family, are
looked at, because that takes opening them. The name tells a date and whatever else, the file scale and offset.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import SceneError
from ..progress import Progress, check_cancelled
from ..sensors.products import Product, taken_apart
from ..sensors.readings import BandFile, MaskFile, Values
from ..sensors.roles import ROLES
from ..sensors.sheet_file import generic
from .archives import printable
from .places import Location
from .scene import Scene
from .walk import left_out

_ENDING = re.compile(r"\.tiff?$", re.IGNORECASE)
_MASK = "_mask"
# How results of this plugin end, which are classes and margins and no reflectance.
_RESULT = re.compile(r"_(classes|margin)\.tiff?$", re.IGNORECASE)


def is_raster(name: str) -> bool:
    """Tell by its name whether a file may be a scene of its own."""
    return bool(_ENDING.search(name)) and not _RESULT.search(name)


def scenes_in(location: Location, notes: list[str], progress: Progress) -> list[Scene]:
    """Return the scenes among the rasters of a folder.

    Parameters
    ----------
    location
        A folder.
    notes
        Gets what was left out and why; changed in place.
    progress
        Who may cancel.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    if location.bundled:
        return []
    scenes = []
    for name in location.members:
        check_cancelled(progress)
        if not is_raster(name) or _is_mask(location, name):
            continue
        try:
            scenes.append(scene_of(location, name))
        except SceneError as error:
            notes.append(left_out(error))
    return scenes


def _stem(name: str) -> str:
    return _ENDING.sub("", name)


def _is_mask(location: Location, name: str) -> bool:
    stem = _stem(name).lower()
    return stem.endswith(_MASK) and stem[: -len(_MASK)] in {_stem(other).lower() for other in location.members}


def scene_of(location: Location, name: str) -> Scene:
    """Return a raster as a scene.

    Raises
    ------
    SceneError
        Its name tells no date, its bands no roles, or it no scale; or it cannot be opened.
    """
    path = location.raster_path(name) if name in location.members else str(location.path / name)
    product = _product(name)
    if product is None:
        raise SceneError(
            f"SCENES: {printable(path)} is not named as a file of a product, and its name tells no date; rename it "
            "with one, such as farm_2022-06-28.tif, if it holds reflectance."
        )
    # Here, so that a search which opens nothing need not load what opens rasters.
    from .files import open_band, raster_env

    sidecars = location.sidecars()
    with raster_env(), open_band(product.text, path, sidecars.get(path, ())) as dataset:
        bands = _bands(dataset, path)
    masks = [other for other in location.members if _stem(other).lower() == f"{_stem(name)}{_MASK}".lower()]
    return Scene(
        product=product,
        place=str(location.path),
        bands=bands,
        masks=tuple(
            MaskFile(location.raster_path(other), mask.band, mask.name, mask.bits, mask.classes)
            for other in masks[:1]
            for mask in product.sheet.masks
        ),
        sidecars=sidecars,
    )


def _product(name: str) -> Product | None:
    sheet = generic()
    match = sheet.product.fullmatch(_stem(name))
    return taken_apart(sheet, match) if match is not None else None


def _bands(dataset: Any, path: str) -> dict[str, BandFile]:
    """Return where each role lies and what is stored there."""
    found: dict[str, BandFile] = {}
    for number, text in enumerate(dataset.descriptions, 1):
        role = re.sub(r"[\s-]+", "_", (text or "").strip().lower())
        if role not in ROLES:
            continue
        if role in found:
            raise SceneError(
                f"SCENES: two bands of {printable(path)} are described as {role}; describe each band by its own role."
            )
        found[role] = BandFile(path, number, _values(dataset, number, path), dataset.count)
    if not found:
        raise SceneError(
            f"SCENES: no band of {printable(path)}, which is not named as a file of a product, is described as a role, "
            "expected descriptions such as blue, green, red, nir; describe its bands, or give a sensor sheet (SHEET) "
            "that tells what they are."
        )
    return {role: found[role] for role in ROLES if role in found}


def _values(dataset: Any, number: int, path: str) -> Values:
    scale, offset = dataset.scales[number - 1], dataset.offsets[number - 1]
    dtype = dataset.dtypes[number - 1]
    told = math.isfinite(scale) and math.isfinite(offset) and scale > 0
    if not told or (dtype.startswith(("int", "uint")) and (scale, offset) == (1.0, 0.0)):
        raise SceneError(
            f"SCENES: {printable(path)} stores whole numbers and tells no scale to reflectance; set it (gdal_edit.py "
            "-scale 0.0001 -offset 0), or give a sensor sheet (SHEET) that tells it."
        )
    # The shortest decimal number that gives this float, as whoever wrote it meant it: 0.0001 is 1/10000.
    return Values(Fraction(repr(float(scale))), Fraction(repr(float(offset))), None)


def distinct(scenes: Iterable[Scene]) -> list[Scene]:
    """Return each scene once.

    Raises
    ------
    SceneError
        Two files have one name, after which results are named.
    """
    found: dict[str, Scene] = {}
    for scene in scenes:
        before = found.setdefault(scene.id.lower(), scene)
        if Path(before.place).resolve() != Path(scene.place).resolve():
            raise SceneError(
                f"SCENES: {printable(before.place)} and {printable(scene.place)} both hold {printable(scene.id)}, and "
                "results are named after it; rename one of them."
            )
    return list(found.values())
