"""Granules of Harmonized Landsat and Sentinel-2 (HLS) v2.0, as LP DAAC delivers them.

Names of files, types, fill and bits after the HLS v2.0 user guide, the assets of stactools-hls and two genuine Fmask
layers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .rasters import write_tif
from .views import Site, View

FILL = -9999
FMASK_FILL = 255
FMASK_BITS = {"cloud": 2, "dilated cloud": 4, "cloud shadow": 8, "snow or ice": 16, "water": 32}
"""Flag -> value of its bit; bit 0 is reserved, bits 6 and 7 tell the aerosol."""
BANDS = {
    "L30": {
        "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "nir": "B05", "swir1": "B06", "swir2": "B07",
    },
    "S30": {
        "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "rededge1": "B05", "rededge2": "B06",
        "rededge3": "B07", "nir_broad": "B08", "nir": "B8A", "swir1": "B11", "swir2": "B12",
    },
}  # fmt: skip
"""Product -> band role -> name of the file."""
_OTHERS = {"L30": ("B09", "B10", "B11"), "S30": ("B09", "B10")}  # cirrus, thermal; water vapour, cirrus
_LOW_AEROSOL = 64


def write_hls(folder: Path, granule: str, view: View, site: Site, roles: tuple[str, ...] | None = None) -> Path:
    """Write a granule and return its folder.

    Parameters
    ----------
    folder : Path
        The folder of the granule's own is made in it.
    granule : str
        Such as HLS.S30.T33TVN.2022174T100031.v2.0.
    view : View
        What it shows.
    site : Site
        Where.
    roles : tuple of str, optional
        Bands to write; all by default, and then also those that hold no reflectance of the surface.
    """
    target = folder / granule
    kind = granule.split(".")[1]
    tags = {"scale_factor": "0.0001", "add_offset": "0.0", "_FillValue": str(FILL), "AREA_OR_POINT": "Area"}
    for role, name in BANDS[kind].items():
        if role not in (roles or BANDS[kind]) or role not in view.reflectance:
            continue
        values = np.clip(view.reflectance[role], FILL + 1, 32767).astype(np.int16)
        values[view.fill] = FILL
        write_tif(target / f"{granule}.{name}.tif", values, site, FILL, [role], (0.0001, 0.0), tags)
    if roles is None:
        for name in _OTHERS[kind]:
            # Degrees in hundredths, or a trace of cirrus: no reflectance that a run may take.
            write_tif(target / f"{granule}.{name}.tif", np.full(view.shape, 1871, np.int16), site, FILL)
        write_tif(target / f"{granule}.SZA.tif", np.full(view.shape, 3050, np.uint16), site, 40000)
    write_tif(target / f"{granule}.Fmask.tif", fmask_of(view), site, FMASK_FILL)
    return target


def fmask_of(view: View) -> np.ndarray:
    """Return the Fmask layer of a view, uint8."""
    fmask = np.full(view.shape, _LOW_AEROSOL, np.uint8)
    for flag, bit in FMASK_BITS.items():
        fmask[view.where(flag)] |= np.uint8(bit)
    # Cirrus has no bit of its own that is used; what is seen of it is called cloud by none of them.
    fmask[view.fill] = FMASK_FILL
    return fmask
