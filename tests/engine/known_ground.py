"""One place of known covers under a known sky, and the products of every family that show it.

All families store the same ten-thousandths of reflectance, so that all mean the same ground to the last digit;
Landsat's DN follow from them by whole numbers. Covers lie side by side, and each reason for an invalid pixel has an
area of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from iikmc.benchmarks.simulation.hls import write_hls
from iikmc.benchmarks.simulation.planet import write_planetscope
from iikmc.benchmarks.simulation.rasters import write_tif
from iikmc.benchmarks.simulation.reflectance import CONUS, write_geotiff, write_landsat
from iikmc.benchmarks.simulation.sentinel2 import write_sentinel2, zipped
from iikmc.benchmarks.simulation.views import ROLES, Site, View

HEIGHT, WIDTH = 40, 48
# blue, green, red, nir, swir1, swir2, coastal, yellow, green1, rededge1, rededge2, rededge3, nir_broad
WATER = (300, 260, 160, 60, 50, 50, 290, 200, 270, 120, 90, 70, 65)
FOREST = (200, 450, 260, 3100, 1300, 600, 180, 350, 400, 900, 2300, 2900, 3000)
SOIL = (900, 1300, 1700, 2400, 3000, 2600, 800, 1500, 1200, 1900, 2200, 2300, 2350)
BRIGHT = (4200, 4400, 4600, 4800, 4700, 4500, 4000, 4500, 4300, 4650, 4700, 4750, 4790)
COVERS = (WATER, FOREST, SOIL, BRIGHT)

UTM = Site("EPSG:32633", (465285.0, 5264715.0), 30.0)
MGRS_30M = Site("EPSG:32633", (399960.0, 5300040.0), 30.0)
MGRS_20M = Site("EPSG:32633", (399960.0, 5300040.0), 20.0)
CLIP_3M = Site("EPSG:32633", (466002.0, 5264001.0), 3.0)
TILE = Site(CONUS, (-2265585.0, 2864805.0), 30.0)


def cover_map() -> np.ndarray:
    """Return the index into `COVERS` of each pixel: four stripes of equal width."""
    return np.broadcast_to(np.arange(WIDTH) * len(COVERS) // WIDTH, (HEIGHT, WIDTH))


def known_view(shift: int = 0) -> View:
    """Return the place; `shift` moves the grain of its pixels and the sky by some columns."""
    cover = cover_map()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    grain = ((rows * 7 + (columns + shift) * 13) % 41 - 20).astype(np.int32)
    seen = {
        role: np.array([spectrum[n] for spectrum in COVERS], np.int32)[cover] + grain * (n % 3 - 1)
        for n, role in enumerate(ROLES)
    }
    flags = {}
    for name, area in {
        "cloud": (slice(4, 8), slice(14, 20)),
        "cloud shadow": (slice(10, 13), slice(15, 22)),
        "cirrus": (slice(20, 24), slice(30, 35)),
        "snow or ice": (slice(30, 33), slice(38, 46)),
    }.items():
        flags[name] = np.zeros((HEIGHT, WIDTH), bool)
        flags[name][area] = True
        flags[name] = np.roll(flags[name], shift, axis=1)
    ring = np.zeros((HEIGHT, WIDTH), bool)
    ring[3:9, 13:21] = True
    flags["dilated cloud"] = np.roll(ring, shift, axis=1) & ~flags["cloud"]
    fill = (rows + columns) < 6
    others = np.logical_or.reduce([fill, *flags.values()])
    flags["water"] = (cover == 0) & ~others
    saturated = np.zeros((HEIGHT, WIDTH), bool)
    saturated[36, 40:44] = True
    return View(seen, fill, flags, saturated)


@dataclass(frozen=True)
class Product:
    """A product of the place."""

    family: str
    """A short name."""
    given: Path
    """What a user names in SCENES."""
    where: Path
    """What the independent reader opens."""
    scene: str
    """Identifier of the scene."""
    roles: tuple[str, ...]
    """Of the first six, those that it has."""


SIX = ROLES[:6]
FOUR = ROLES[:4]
LANDSAT = "LC08_L2SP_190027_20220628_20220714_02_T1"
ARD = "LC08_CU_003008_20220628_20220714_02"
L30 = "HLS.L30.T33TVN.2022179T095830.v2.0"
S30 = "HLS.S30.T33TVN.2022174T100031.v2.0"
OLD = "S2A_MSIL2A_20180703T100031_N0208_R122_T33TVN_20180703T121527"
NEW = "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527"
PLANET = "20220701_095522_43_24b3"


def write_products(folder: Path, view: View) -> dict[str, Product]:
    """Write the place as a product of every family, each into a folder of its own name, and return them by family."""
    landsat = write_landsat(folder / "landsat", LANDSAT, view, UTM)
    ard = write_landsat(folder / "ard", ARD, view, TILE, mtl=False)
    l30 = write_hls(folder / "l30", L30, view, MGRS_30M)
    s30 = write_hls(folder / "s30", S30, view, MGRS_30M)
    new = write_sentinel2(folder / "safe", NEW, view, MGRS_20M)
    old = zipped(write_sentinel2(folder / "unzipped", OLD, view, MGRS_20M), folder / f"{OLD}.zip")
    four = write_planetscope(folder / "planet4", PLANET, view, CLIP_3M, 4)
    eight = write_planetscope(folder / "planet8", PLANET, view, CLIP_3M, 8, "_clip")
    any_tif = write_geotiff(folder / "geotiff" / "field_2022-07-02.tif", view, UTM, FOUR)
    bad = np.logical_or.reduce([view.where(flag) for flag in ("cloud", "cloud shadow", "snow or ice")])
    write_tif(any_tif.with_name("field_2022-07-02_mask.tif"), bad.astype(np.uint8), UTM)
    return {
        product.family: product
        for product in (
            Product("landsat", landsat, landsat, LANDSAT, SIX),
            Product("ard", ard, ard, ARD, SIX),
            Product("hls l30", l30, l30, L30, SIX),
            Product("hls s30", s30, s30, S30, SIX),
            Product("sentinel-2 safe", new, new, NEW, SIX),
            Product("sentinel-2 zip", old, old, OLD, SIX),
            Product("planetscope 4", four.parent, four, PLANET, FOUR),
            Product("planetscope 8", eight.parent, eight, PLANET, FOUR),
            Product("geotiff", any_tif.parent, any_tif, "field_2022-07-02", FOUR),
        )
    }
