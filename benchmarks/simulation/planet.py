"""PlanetScope scenes as Planet's orders deliver them: one raster of all bands, and the usable data mask beside it.

Names, bands and planes after docs.planet.com (PSScene) and a genuine scene of radiance.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .rasters import write_tif
from .views import Site, View

BANDS = {
    4: ("blue", "green", "red", "nir"),
    8: ("coastal", "blue", "green1", "green", "yellow", "red", "rededge1", "nir"),
}
"""Number of bands -> their roles in the order of the file."""
UDM2 = ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "udm1")
"""Planes of the usable data mask, in the order of the file."""
CONFIDENCE = 87
BLACK_FILL, TOUCHED = 1, 2
"""Bits of the old mask: nothing was seen; a cloud was found."""


def write_planetscope(folder: Path, scene: str, view: View, site: Site, bands: int = 8, behind: str = "") -> Path:
    """Write the files of a scene into a folder, beside those of others, and return the raster of bands.

    Parameters
    ----------
    folder : Path
        Where they go.
    scene : str
        Such as 20220701_095522_43_24b3.
    view : View
        What it shows.
    site : Site
        Where.
    bands : int
        4 or 8.
    behind : str
        What Planet's tools put behind the names, such as "_clip" or "_harmonized".
    """
    name = f"{scene}_3B_AnalyticMS_SR{'_8b' if bands == 8 else ''}{behind}.tif"
    values = []
    for role in BANDS[bands]:
        band = np.clip(view.reflectance[role], 1, 65535).astype(np.uint16)
        band[view.fill] = 0
        values.append(band)
    write_udm2(folder / f"{scene}_3B_udm2{'_clip' if 'clip' in behind else ''}.tif", view, site)
    return write_tif(folder / name, values, site, 0)


def write_udm2(path: Path, view: View, site: Site) -> Path:
    """Write the usable data mask of a view and return its path; cirrus is haze, light and heavy in turn."""
    haze = view.where("cirrus")
    columns = np.arange(view.shape[1]) % 2 == 0
    found = {
        "snow": view.where("snow or ice"),
        "shadow": view.where("cloud shadow"),
        "haze_light": haze & columns,
        "haze_heavy": haze & ~columns,
        "cloud": view.where("cloud"),
    }
    planes = {name: where.astype(np.uint8) for name, where in found.items()}
    planes["clear"] = (~np.logical_or.reduce([*found.values(), view.fill])).astype(np.uint8)
    planes["confidence"] = np.where(view.fill, 0, CONFIDENCE).astype(np.uint8)
    planes["udm1"] = np.where(view.fill, BLACK_FILL, planes["cloud"] * TOUCHED).astype(np.uint8)
    return write_tif(path, [planes[name] for name in UDM2], site)
