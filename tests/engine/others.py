"""Scenes of other sensors, made of explicit arrays: the files that their products have, and what their sheets say."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.scene import Scene
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.products import leading_product_id
from iikmc.engine.sensors.readings import BandFile, MaskFile, Values
from rasterio.transform import from_origin
from tiny import ROLES, product

SENTINEL = Values(Fraction(1, 10_000), Fraction(-1000, 10_000), 0, ("uint16",))
HLS = Values(Fraction(1, 10_000), Fraction(0), -9999, ("int16",))
PLANET = Values(Fraction(1, 10_000), Fraction(0), 0, ("uint16",))
REFLECTANCE = Values(Fraction(1), Fraction(0), None, ("float32",))
FILL_ONLY = MaskRule((), True)
# Written down again, not imported (design table of MASK names; docs/sensors.md has the sources).
SCL = {
    "fill": (0,),
    "saturated": (1,),
    "cloud shadow": (3,),
    "water": (6,),
    "cloud": (8, 9),
    "cirrus": (10,),
    "snow or ice": (11,),
}
FMASK = {"dilated cloud": 4, "cloud": 2, "cloud shadow": 8, "snow or ice": 16, "water": 32}
UDM2 = {"snow or ice": (2,), "cloud shadow": (3,), "cirrus": (4, 5), "cloud": (6,)}


def write(path: Path, planes: Any, *, mask: Any = None, **profile: Any) -> str:
    """Write (n_bands, height, width) planes as a GeoTIFF and return its path."""
    planes = np.asarray(planes)
    count, height, width = planes.shape
    profile = {
        "driver": "GTiff",
        "crs": "EPSG:32633",
        "transform": from_origin(465285.0, 5264715.0, 20.0, 20.0),
        "compress": "DEFLATE",
        **profile,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", dtype=planes.dtype, count=count, height=height, width=width, **profile) as dataset,
    ):
        dataset.write(planes)
        if mask is not None:
            dataset.write_mask(np.asarray(mask))
    return str(path)


def other(day: str, bands: dict[str, BandFile], masks: tuple[MaskFile, ...] = (), place: str = "/nowhere") -> Scene:
    """Return a scene as found; its name is one of Landsat's, which nothing here looks at."""
    found = leading_product_id(product(day=day))
    assert found is not None
    return Scene(found, place, bands, masks)


def sentinel(folder: Path, stored: Any, scl: Any, day: str = "20220703", **profile: Any) -> Scene:
    """Write a scene of a file a band, of the offset of baseline 04.00, with scene classes."""
    names = ("B02", "B03", "B04", "B8A", "B11", "B12")
    bands = {
        role: BandFile(write(folder / f"{name}.tif", [plane], **profile), 1, SENTINEL)
        for role, name, plane in zip(ROLES, names, np.asarray(stored, np.uint16))
    }
    path = write(folder / "SCL.tif", [np.asarray(scl, np.uint8)])
    return other(day, bands, (MaskFile(path, 1, "SCL", {}, SCL, ("uint8",)),))


def hls(folder: Path, stored: Any, fmask: Any, day: str = "20220704") -> Scene:
    """Write a scene of int16 with Fmask, whose nodata tags are those of real files."""
    bands = {
        role: BandFile(write(folder / f"B{number:02}.tif", [plane], nodata=-9999), 1, HLS)
        for number, (role, plane) in enumerate(zip(ROLES, np.asarray(stored, np.int16)), 2)
    }
    path = write(folder / "Fmask.tif", [np.asarray(fmask, np.uint8)], nodata=255)
    return other(day, bands, (MaskFile(path, 1, "Fmask", FMASK, {"fill": (255,)}, ("uint8",)),))


def planet(folder: Path, stored: Any, udm2: Any, day: str = "20220705", **profile: Any) -> Scene:
    """Write a scene of one file of several bands, with the eight planes of udm2."""
    stored = np.asarray(stored, np.uint16)
    path = write(folder / "SR.tif", stored, nodata=0, interleave="pixel", **profile)
    bands = {role: BandFile(path, number, PLANET, len(stored)) for number, role in enumerate(ROLES[: len(stored)], 1)}
    path = write(folder / "udm2.tif", np.asarray(udm2, np.uint8), interleave="pixel")
    planes = [(name, band) for name, numbers in UDM2.items() for band in numbers]
    masks = [MaskFile(path, band, "udm2", {}, {name: (1,)}, ("uint8",), 8) for name, band in planes]
    return other(day, bands, (*masks, MaskFile(path, 8, "udm2", {"fill": 1}, {}, ("uint8",), 8)))


def checked(scene: Scene, roles: tuple[str, ...] = ROLES, rule: MaskRule = FILL_ONLY) -> Scene:
    """Return a scene that went through the checks."""
    (found,) = check_series([scene], Selection(roles, rule))
    return found
