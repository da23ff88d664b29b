"""A reader of products of every family that shares no line with the engine: rasterio, fractions and file names alone.

It knows the layouts by heart, as the makers describe them, and answers with what the definition of the result says of
each pixel: its DN, why it is invalid, and whether a value was cut.
"""

from __future__ import annotations

import math
import re
import zipfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import rasterio

FLAGS = ("dilated cloud", "cirrus", "cloud", "cloud shadow", "snow or ice", "water")
STEP = Fraction(1, 10_000)
LANDSAT_STEP, LANDSAT_START = Fraction(275, 10_000_000), Fraction(-1, 5)

# Written down again from the makers' descriptions.
OLI = {"coastal": 1, "blue": 2, "green": 3, "red": 4, "nir": 5, "swir1": 6, "swir2": 7}
TM = {"blue": 1, "green": 2, "red": 3, "nir": 4, "swir1": 5, "swir2": 7}
HLS = {
    "L30": {"coastal": "01", "blue": "02", "green": "03", "red": "04", "nir": "05", "swir1": "06", "swir2": "07"},
    "S30": {
        "coastal": "01", "blue": "02", "green": "03", "red": "04", "rededge1": "05", "rededge2": "06",
        "rededge3": "07", "nir_broad": "08", "nir": "8A", "swir1": "11", "swir2": "12",
    },
}  # fmt: skip
MSI_20M = {
    "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "rededge1": "B05", "rededge2": "B06",
    "rededge3": "B07", "nir": "B8A", "swir1": "B11", "swir2": "B12",
}  # fmt: skip
MSI_10M = {"blue": "B02", "green": "B03", "red": "B04", "nir_broad": "B08"}
# band_id of the offsets: the order of the spectral list.
MSI_ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
PLANET = {
    4: ("blue", "green", "red", "nir"),
    8: ("coastal", "blue", "green1", "green", "yellow", "red", "rededge1", "nir"),
}
QA_PIXEL = {"fill": 1, "dilated cloud": 2, "cirrus": 4, "cloud": 8, "cloud shadow": 16, "snow or ice": 32, "water": 128}
FMASK = {"cloud": 2, "dilated cloud": 4, "cloud shadow": 8, "snow or ice": 16, "water": 32}
SCL = {
    "fill": (0,), "saturated": (1,), "cloud shadow": (3,), "water": (6,), "cloud": (8, 9), "cirrus": (10,),
    "snow or ice": (11,),
}  # fmt: skip
UDM2 = {"snow or ice": (2,), "cloud shadow": (3,), "cirrus": (4, 5), "cloud": (6,)}


@dataclass
class Reading:
    """What a product says of its pixels."""

    dn: np.ndarray
    """(n_bands, height, width) uint16 DN of Landsat's scale, 0 = fill."""
    cut: np.ndarray
    """(height, width) whether a value of the pixel was cut to the range of DN."""
    flags: dict[str, np.ndarray] = field(default_factory=dict)
    """Flag, "fill" or "saturated" -> (height, width) bool, for what the family tells."""

    @property
    def fill(self) -> np.ndarray:
        """(height, width) whether a band or a mask says that there is no data."""
        fill = (self.dn == 0).any(axis=0)
        return fill | self.flags["fill"] if "fill" in self.flags else fill

    def valid(self, flags: tuple[str, ...], saturated: bool = True) -> np.ndarray:
        """Return the pixels that may be clustered, (height, width) bool."""
        valid = ~self.fill
        for name in (*flags, *(["saturated"] if saturated else [])):
            if name in self.flags:
                valid &= ~self.flags[name]
        return valid

    def labels(self, centres: list[list[int]], flags: tuple[str, ...], saturated: bool = True) -> np.ndarray:
        """Return the class of each pixel, (height, width): that of the nearest centre in 1/64 DN; 0 = none."""
        x = 64 * self.dn.astype(np.int64)
        distances = np.stack([((x - np.array(centre)[:, None, None]) ** 2).sum(axis=0) for centre in centres])
        return np.where(self.valid(flags, saturated), distances.argmin(axis=0) + 1, 0).astype(np.uint8)


def dn_of(stored: np.ndarray, scale: Fraction, offset: Fraction, fill: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return DN, uint16, and where values were cut, bool, of stored whole numbers."""
    values, where = np.unique(stored, return_inverse=True)
    every = []
    for q in values.tolist():
        reflectance = q * scale + offset
        every.append(math.floor((reflectance - LANDSAT_START) / LANDSAT_STEP + Fraction(1, 2)) if q != fill else 0)
    is_fill = values == fill if fill is not None else np.zeros(len(values), bool)
    low_high = np.clip(every, 1, 65535)
    cut = (low_high != every) & ~is_fill
    dn = np.where(is_fill, 0, low_high).astype(np.uint16)
    return dn[where].reshape(stored.shape), cut[where].reshape(stored.shape)


def read(path: str | Path, band: int = 1) -> np.ndarray:
    """Return the values that a band of a raster stores."""
    with rasterio.open(path) as dataset:
        return dataset.read(band)


def read_landsat(folder: Path, roles: tuple[str, ...]) -> Reading:
    """Read a scene or a U.S. tile of Landsat."""
    numbers = OLI if folder.name[1] in "CO" else TM
    dn = np.stack([read(folder / f"{folder.name}_SR_B{numbers[role]}.TIF") for role in roles])
    reading = Reading(dn, np.zeros(dn.shape[1:], bool))
    qa = read(folder / f"{folder.name}_QA_PIXEL.TIF")
    reading.flags = {name: (qa & bit) != 0 for name, bit in QA_PIXEL.items()}
    radsat = read(folder / f"{folder.name}_QA_RADSAT.TIF")
    reading.flags["saturated"] = np.zeros(qa.shape, bool)
    for role in roles:
        reading.flags["saturated"] |= (radsat & (1 << (numbers[role] - 1))) != 0
    return reading


def read_hls(folder: Path, roles: tuple[str, ...]) -> Reading:
    """Read a granule of HLS."""
    name = folder.name
    both = [
        dn_of(read(folder / f"{name}.B{HLS[name.split('.')[1]][role]}.tif"), STEP, Fraction(0), -9999) for role in roles
    ]
    reading = _reading(both)
    fmask = read(folder / f"{name}.Fmask.tif")
    reading.flags = {flag: (fmask != 255) & ((fmask & bit) != 0) for flag, bit in FMASK.items()}
    reading.flags["fill"] = fmask == 255
    return reading


def read_sentinel2(product: Path, roles: tuple[str, ...], metres: int = 20) -> Reading:
    """Read a SAFE folder or a zip of one, its 20 m files or its 10 m files."""
    if product.suffix == ".zip":
        with zipfile.ZipFile(product) as archive:
            names = archive.namelist()
            mtd = next(archive.read(name).decode() for name in names if name.endswith("/MTD_MSIL2A.xml"))
        paths = {name.rsplit("/", 1)[-1]: f"/vsizip/{product}/{name}" for name in names}
    else:
        mtd = next(product.glob("MTD_MSIL2A.xml")).read_text(encoding="utf-8")
        paths = {path.name: str(path) for path in product.rglob("*.jp2")}
    offsets = {int(n): int(o) for n, o in re.findall(r'<BOA_ADD_OFFSET band_id="(\d+)">(-?\d+)<', mtd)}
    steps = int(re.search(r"<BOA_QUANTIFICATION_VALUE[^>]*>(\d+)<", mtd)[1])

    def path_of(name: str, size: int) -> str:
        return next(path for file, path in paths.items() if file.endswith(f"_{name}_{size}m.jp2"))

    both = []
    for role in roles:
        band = (MSI_20M if metres == 20 else MSI_10M)[role]
        offset = Fraction(offsets.get(MSI_ORDER.index(band), 0), steps)
        both.append(dn_of(read(path_of(band, metres)), Fraction(1, steps), offset, 0))
    reading = _reading(both)
    scl = read(path_of("SCL", 20))
    if metres == 10:
        scl = scl.repeat(2, axis=0).repeat(2, axis=1)
    reading.flags = {flag: np.isin(scl, classes) for flag, classes in SCL.items()}
    return reading


def read_planetscope(path: Path, roles: tuple[str, ...]) -> Reading:
    """Read a PlanetScope scene, given the raster of its bands."""
    with rasterio.open(path) as dataset:
        order = PLANET[dataset.count]
    reading = _reading([dn_of(read(path, order.index(role) + 1), STEP, Fraction(0), 0) for role in roles])
    start = re.match(r".*?_3B_", path.name)[0]
    udm2 = next(p for p in path.parent.glob(f"{start}udm2*.tif"))
    planes = {number: read(udm2, number) for number in range(1, 9)}
    reading.flags = {
        flag: np.logical_or.reduce([planes[number] == 1 for number in numbers]) for flag, numbers in UDM2.items()
    }
    reading.flags["fill"] = (planes[8] & 1) != 0
    return reading


def read_geotiff(path: Path, roles: tuple[str, ...], order: tuple[str, ...], fill: int | None = -9999) -> Reading:
    """Read a raster of ten-thousandths whose bands have these roles; a mask beside it tells what is good."""
    reading = _reading([dn_of(read(path, order.index(role) + 1), STEP, Fraction(0), fill) for role in roles])
    mask = path.with_name(f"{path.stem}_mask.tif")
    if mask.is_file():
        reading.flags = {"cloud": read(mask) != 0}
    return reading


def _reading(both: list[tuple[np.ndarray, np.ndarray]]) -> Reading:
    return Reading(np.stack([dn for dn, _ in both]), np.logical_or.reduce([cut for _, cut in both]))
