"""Products that are written with no more than one call: Landsat's scenes and U.S. tiles, and any GeoTIFF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .files import write_scene
from .products import OLI_BANDS, QA_FILL, TM_BANDS
from .rasters import write_tif
from .views import Site, View, landsat_dn

_COLUMNS = ("coastal", "blue", "green", "red", "nir", "swir1", "swir2")
_QA_BITS = {"dilated cloud": 2, "cirrus": 4, "cloud": 8, "cloud shadow": 16, "snow or ice": 32, "water": 128}
# Albers as USGS lays its tiles of the conterminous United States out (LSDS-1873): WGS 84, else as EPSG:5070.
CONUS = "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"


def write_landsat(folder: Path, product: str, view: View, site: Site, **options: Any) -> Path:
    """Write a Landsat scene, or with `mtl=False` a U.S. tile, and return its folder; options are `write_scene`'s.

    Parameters
    ----------
    folder : Path
        The product's own folder is made in it.
    product : str
        Such as LC08_L2SP_190027_20220628_20220714_02_T1, or LC08_CU_003008_20220628_20220714_02.
    view : View
        What it shows.
    site : Site
        Where.
    """
    numbers = OLI_BANDS if product[1] in "CO" else TM_BANDS
    bands = {}
    for number, role in zip(numbers, _COLUMNS):
        if number > 0 and role in view.reflectance:
            bands[number] = landsat_dn(view.reflectance[role])
            bands[number][view.fill] = 0
    qa = np.full(view.shape, 21824 if numbers is OLI_BANDS else 5440, np.uint16)
    for flag, bit in _QA_BITS.items():
        qa[view.where(flag)] |= np.uint16(bit)
    qa[view.fill] = QA_FILL
    radsat = np.where(view.where("saturated"), np.uint16(1 << (numbers[3] - 1)), np.uint16(0))
    options = {"crs": site.crs, "origin": site.origin, "cell": site.cell, **options}
    return write_scene(folder, product, bands, qa, radsat, **options)


def write_geotiff(
    path: Path,
    view: View,
    site: Site,
    roles: Sequence[str],
    described: bool = True,
    dtype: str = "int16",
    nodata: float | None = -9999,
    scale: tuple[float, float] | None = (0.0001, 0.0),
) -> Path:
    """Write reflectance of some roles as one GeoTIFF and return its path.

    Parameters
    ----------
    path : Path
        The file.
    view : View
        What it shows.
    site : Site
        Where.
    roles : sequence of str
        Band roles in the order of the file.
    described : bool
        Whether bands are described by their roles.
    dtype : str
        A whole-number type for ten-thousandths, or float32 for reflectance as it is.
    nodata : float, optional
        What pixels without data hold, and the file says; None says nothing, and they hold 0.
    scale : (float, float), optional
        Scale and offset as tags of the format; None for none.
    """
    arrays = []
    for role in roles:
        array = view.reflectance[role].astype(np.float64)
        array = (array / 10_000 if dtype == "float32" else array).astype(dtype)
        array[view.fill] = 0 if nodata is None else nodata
        arrays.append(array)
    return write_tif(path, arrays, site, nodata, list(roles) if described else [], scale)
