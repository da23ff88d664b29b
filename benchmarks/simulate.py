"""Simulate Landsat Collection 2 Level-2 scene folders: one landscape seen by several sensors on several dates.

Real scenes are gigabytes and cannot travel with the code; tests, the demonstration and the benchmark need scenes that
behave like them: tilted footprints, fill, clouds with shadows, mixed sensors, shifted grids, two UTM zones and the
oddities that real products have. The landscape is a function of map coordinates, so scenes of one UTM zone show the
same place whatever their grids; everything is a function of the seed, never of the strip size or the number of threads.

Needs numpy and rasterio only. As a command::

    python benchmarks/simulate.py OUT_DIR --scenes 3 --width 1500 --height 1500

The numbers about the products come from USGS LSDS-1619 and LSDS-1618 and from real files; those about land covers are
rounded from Landsat spectra of central Europe and are meant to look right, not to be measurements.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import Affine, from_origin
from rasterio.warp import transform as warp_points

# --- products -------------------------------------------------------------------------------------------------------

SCALE, OFFSET = 0.0000275, -0.2  # reflectance = DN * SCALE + OFFSET, all of Collection 2 Level-2
CELL = 30.0
STRIP_ROWS = 256  # one row of tiles

# Number of the SR_B<n> file of each column of SPECTRA; -1 = the sensor lacks it (TM and ETM+ have no coastal band).
OLI_BANDS = (1, 2, 3, 4, 5, 6, 7)
TM_BANDS = (-1, 1, 2, 3, 4, 5, 7)

# Spacecraft and sensor as the MTL names them, and the years in which the sensor made ordinary L2SP products.
_SENSORS: dict[str, tuple[str, str, int, int]] = {
    "LT04": ("LANDSAT_4", "TM", 1982, 1993),
    "LT05": ("LANDSAT_5", "TM", 1984, 2011),
    "LE07": ("LANDSAT_7", "ETM", 1999, 2021),
    "LC08": ("LANDSAT_8", "OLI_TIRS", 2013, 2100),
    "LC09": ("LANDSAT_9", "OLI_TIRS", 2021, 2100),
}
SLC_FAILURE = date(2003, 5, 31)  # Landsat 7 has gaps since then

# Values of QA_PIXEL that real products hold, counted in OLI and in TM and ETM+ scenes; 13664 (snow on TM and ETM+)
# follows from the bits of LSDS-1618 table 5-4.
QA_FILL = 1
# fmt: off
QA_VALUES_OLI = frozenset((
    1, 21824, 22080, 21952, 22280, 23888, 24144, 23826, 24082, 21762, 22018, 21890, 22146, 30048, 30304, 29986, 30242,
    55052, 54596, 54852, 54724, 54534, 56598, 56660, 56854,
))
# fmt: on
QA_VALUES_TM = frozenset((1, 5440, 5504, 5896, 7440, 7696, 7442, 7698, 5442, 5698, 5506, 5696, 13664))
# QA_RADSAT values of bright targets seen in real products; 2048 = terrain occlusion, OLI only.
RADSAT_VALUES = {"LC": (2, 16, 24, 26, 30), "LE": (5, 7), "LT": (1, 1)}

# --- land covers ----------------------------------------------------------------------------------------------------

COVERS = (
    "lake", "river", "conifer", "deciduous", "grass", "alpine", "rock", "soil", "gravel", "urban", "suburb", "snow",
    "wheat", "maize", "rape", "beet", "alfalfa", "fallow", "road",
)  # fmt: skip
(LAKE, RIVER, CONIFER, DECIDUOUS, GRASS, ALPINE, ROCK, SOIL, GRAVEL, URBAN, SUBURB, SNOW) = range(12)
(WHEAT, MAIZE, RAPE, BEET, ALFALFA, FALLOW, ROAD) = range(12, 19)
NO_COVER = 255
_JITTERS = 16  # variants of each cover: field by field for crops, patch by patch elsewhere

# Surface reflectance: coastal, blue, green, red, nir, swir1, swir2.
SPECTRA: dict[str, tuple[float, ...]] = {
    "lake": (0.018, 0.021, 0.026, 0.014, 0.005, 0.002, 0.001),
    "river": (0.032, 0.038, 0.056, 0.041, 0.020, 0.007, 0.004),
    "conifer": (0.014, 0.018, 0.031, 0.023, 0.215, 0.098, 0.042),
    "leaf": (0.018, 0.022, 0.050, 0.028, 0.390, 0.170, 0.070),
    "bare trees": (0.032, 0.040, 0.060, 0.070, 0.185, 0.190, 0.115),
    "autumn leaf": (0.026, 0.034, 0.075, 0.090, 0.300, 0.190, 0.095),
    "grass": (0.026, 0.033, 0.074, 0.050, 0.340, 0.210, 0.110),
    "dry grass": (0.045, 0.057, 0.095, 0.110, 0.240, 0.270, 0.180),
    "alpine": (0.034, 0.043, 0.078, 0.070, 0.240, 0.210, 0.125),
    "rock": (0.105, 0.118, 0.145, 0.163, 0.195, 0.215, 0.190),
    "soil": (0.062, 0.078, 0.112, 0.143, 0.215, 0.285, 0.240),
    "dark soil": (0.042, 0.052, 0.074, 0.098, 0.155, 0.215, 0.180),
    "gravel": (0.125, 0.150, 0.205, 0.245, 0.310, 0.370, 0.330),
    "urban": (0.088, 0.103, 0.124, 0.134, 0.176, 0.188, 0.165),
    "roof": (0.150, 0.180, 0.215, 0.240, 0.275, 0.290, 0.265),
    "asphalt": (0.065, 0.074, 0.088, 0.095, 0.115, 0.130, 0.118),
    "snow": (0.840, 0.860, 0.850, 0.830, 0.740, 0.110, 0.080),
    "crop": (0.020, 0.026, 0.062, 0.030, 0.450, 0.180, 0.085),
    "ripe": (0.062, 0.078, 0.125, 0.160, 0.290, 0.310, 0.205),
    "blossom": (0.030, 0.036, 0.145, 0.125, 0.420, 0.190, 0.100),
}
_CLOUD = np.array((0.74, 0.74, 0.74, 0.75, 0.78, 0.62, 0.48), dtype=np.float32)
_CIRRUS = np.array((0.30, 0.30, 0.30, 0.30, 0.30, 0.22, 0.17), dtype=np.float32)
# How a smooth "lushness" field moves each band within a cover.
_LUSH = np.array((-0.3, -0.4, -0.2, -0.8, 0.7, -0.5, -0.8), dtype=np.float32)
# Molecular and aerosol residue falls with the wavelength.
_HAZE = np.array((1.5, 1.2, 0.8, 0.6, 0.3, 0.15, 0.1), dtype=np.float32)

# Middle of each UTM zone's landscape; a town on a river lies here. Distances from it stay exact in float32.
ANCHOR = (480000.0, 5250000.0)
_LATITUDE = 47.4  # of the anchor, for the sun's position


@dataclass(frozen=True)
class SceneSpec:
    """All that determines a simulated scene."""

    product_id: str
    """Such as LC08_L2SP_190027_20210514_20210524_02_T1; its sensor and date matter."""
    epsg: int
    """EPSG code of the grid, such as 32633."""
    origin: tuple[float, float]
    """Map coordinates of the outer corner of the upper left pixel, in metres; multiples of 15."""
    width: int
    """Samples of the grid."""
    height: int
    """Lines of the grid."""
    seed: int = 1
    """Seed of the landscape and, with the product id, of weather and noise."""
    footprint: float = 0.70
    """Share of the grid that the tilted footprint covers, 0.5..1; real mid-latitude scenes have 0.65..0.72."""
    cloud_cover: float = 0.06
    """Share of the footprint under cloud, 0..0.9."""
    cirrus_cover: float = 0.015
    """Share of the footprint under cirrus (OLI only), 0..0.9."""

    @property
    def sensor(self) -> str:
        """Sensor and satellite, such as LC08."""
        return self.product_id[:4]

    @property
    def acquired(self) -> date:
        """Acquisition date."""
        digits = self.product_id.split("_")[3]
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))

    @property
    def is_oli(self) -> bool:
        """Whether the sensor is OLI, which has a coastal and a cirrus band."""
        return self.sensor in ("LC08", "LC09", "LO08", "LO09")

    @property
    def band_numbers(self) -> tuple[int, ...]:
        """Number of the SR_B file of each column of SPECTRA, -1 where the sensor lacks it."""
        return OLI_BANDS if self.is_oli else TM_BANDS

    @property
    def transform(self) -> Affine:
        """Affine transform of the grid."""
        return from_origin(self.origin[0], self.origin[1], CELL, CELL)

    def sun(self) -> tuple[float, float]:
        """Return the sun's azimuth and elevation in degrees at about 10:00 local solar time."""
        day = self.acquired.timetuple().tm_yday
        declination = math.radians(-23.44) * math.cos(2 * math.pi * (day + 10) / 365.25)
        hour, latitude = math.radians(-30.0), math.radians(_LATITUDE)
        sine = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour)
        elevation = math.asin(sine)
        cosine = (math.sin(declination) - math.sin(elevation) * math.sin(latitude)) / (
            math.cos(elevation) * math.cos(latitude)
        )
        return math.degrees(math.acos(max(-1.0, min(1.0, cosine)))), math.degrees(elevation)


@dataclass
class SimulatedScene:
    """A simulated scene in memory."""

    spec: SceneSpec
    """What it was made from."""
    bands: dict[int, np.ndarray] = field(default_factory=dict)
    """SR band number -> DN, (height, width) uint16, 0 = fill."""
    qa_pixel: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint16))
    """QA_PIXEL, (height, width) uint16, 1 = fill."""
    qa_radsat: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint16))
    """QA_RADSAT, (height, width) uint16."""
    cover: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    """The truth: index into COVERS of what is on the ground (also under clouds), (height, width) uint8, 255 = fill."""


# --- noise from hashed lattices -------------------------------------------------------------------------------------


def _salt(*parts: object) -> int:
    """Return 32 bits that depend on all `parts`, the same on every platform."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "little")


def _mix(h: np.ndarray) -> np.ndarray:
    """Scramble uint32 in place (a multiply-xorshift finaliser) and return it."""
    h ^= h >> 16
    h *= np.uint32(0x7FEB352D)
    h ^= h >> 15
    h *= np.uint32(0x846CA68B)
    h ^= h >> 16
    return h


def _hash(i: np.ndarray, j: np.ndarray, salt: int) -> np.ndarray:
    """Return uint32 hashes of integer coordinates (broadcast against each other)."""
    a = i.astype(np.int32).view(np.uint32) * np.uint32(0x9E3779B1)
    b = j.astype(np.int32).view(np.uint32) * np.uint32(0x85EBCA77)
    return _mix((a ^ np.uint32(salt)) + b)


def _unit(h: np.ndarray) -> np.ndarray:
    """Return float32 in [0, 1) from uint32 hashes; 24 bits, so that 1 is never reached."""
    return (h >> 8).astype(np.float32) * np.float32(2.0**-24)


def _spline(x: np.ndarray, y: np.ndarray, period: float, salt: int) -> np.ndarray:
    """Return cubic B-spline noise of about zero mean and unit variance, (len(y), len(x)) float32."""

    def axis(v: np.ndarray) -> tuple[np.ndarray, int, int, list[np.ndarray]]:
        u = v / period
        cell = np.floor(u)
        t = u - cell
        weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
        cell = cell.astype(np.int64)
        first = int(cell.min()) - 1
        return cell - 1 - first, first, int(cell.max()) + 3 - first, [(w / 6).astype(np.float32) for w in weights]

    ix, x0, nx, wx = axis(x)
    iy, y0, ny, wy = axis(y)
    lattice = _unit(_hash(np.arange(x0, x0 + nx)[None, :], np.arange(y0, y0 + ny)[:, None], salt)) - np.float32(0.5)
    lattice *= np.float32(7.2)  # 1 / standard deviation of the spline of uniform numbers
    rows = lattice[:, ix] * wx[0]
    for k in (1, 2, 3):
        rows += lattice[:, ix + k] * wx[k]
    out = rows.take(iy, axis=0)
    out *= wy[0][:, None]
    for k in (1, 2, 3):
        part = rows.take(iy + k, axis=0)
        part *= wy[k][:, None]
        out += part
    return out


def _octaves(
    x: np.ndarray, y: np.ndarray, period: float, octaves: int, salt: int, gain: float, ridged: bool
) -> np.ndarray:
    total, norm, amplitude = np.zeros((len(y), len(x)), np.float32), 0.0, 1.0
    for octave in range(octaves):
        # Each octave is shifted, lest all lattices have lines in common, which would show.
        local = _salt(salt, octave)
        shift = (local % 1009 / 1009.0 * period, local % 997 / 997.0 * period)
        noise = _spline(x + shift[0], y + shift[1], period / 2**octave, local)
        if ridged:
            noise = np.float32(1.25) - np.float32(1.6) * np.abs(noise)
        total += np.float32(amplitude) * noise
        norm += amplitude**2
        amplitude *= gain
    total *= np.float32(1 / math.sqrt(norm))
    return total


def _fractal(
    x: np.ndarray, y: np.ndarray, period: float, octaves: int, salt: int, gain: float = 0.5, ridged: bool = False
) -> np.ndarray:
    """Return a sum of octaves of noise at map positions, about zero mean and unit variance.

    Parameters
    ----------
    x, y : ndarray of float64
        Ascending x and monotonous y in metres; the grid is their product.
    period : float
        Lattice spacing of the coarsest octave in metres; each further one has half of it.

    Returns
    -------
    ndarray of float32, (len(y), len(x))
    """
    # The splines of all octaves are evaluated at nodes, three to the finest period, then stretched bilinearly: many
    # times cheaper than at every pixel and not to be told apart. Nodes are absolute, so grids and strips agree.
    step = period / 2 ** (octaves - 1) / 3
    if len(x) < 2 or len(y) < 2 or step < 1.5 * abs(x[1] - x[0]):
        return _octaves(x, y, period, octaves, salt, gain, ridged)

    def axis(v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        u = v / step
        cell = np.floor(u)
        first, last = int(cell.min()), int(cell.max()) + 1
        nodes = np.arange(first, last + 1, dtype=np.float64) * step
        return (cell - first).astype(np.int64), (u - cell).astype(np.float32), nodes

    ix, fx, nodes_x = axis(x)
    iy, fy, nodes_y = axis(y)
    nodes = _octaves(nodes_x, nodes_y, period, octaves, salt, gain, ridged)
    rows = nodes.take(ix, axis=1)
    rows += (nodes.take(ix + 1, axis=1) - rows) * fx
    rise = rows[1:] - rows[:-1]
    out = rise.take(iy, axis=0)
    out *= fy[:, None]
    out += rows.take(iy, axis=0)
    return out


def _smoothstep(low: float, high: float, v: np.ndarray) -> np.ndarray:
    t = np.clip((v - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (np.float32(3) - np.float32(2) * t)


# --- the landscape --------------------------------------------------------------------------------------------------


def _river_x(y: np.ndarray, salt: int) -> np.ndarray:
    """Return the x of the main river at each y (metres from the anchor), meandering, through the anchor."""
    rng = np.random.default_rng([salt, 17])
    phases = rng.uniform(0, 2 * math.pi, 5)
    x = 0.28 * y
    for wave, amplitude, phase in zip((61e3, 23e3, 8.7e3, 3.9e3, 1.7e3), (5200, 2100, 900, 420, 120), phases):
        x = x + amplitude * (np.sin(2 * math.pi * y / wave + phase) - math.sin(phase))
    return x


def _brook_y(x: np.ndarray, index: int, salt: int) -> np.ndarray:
    """Return the y of the tributary `index` at each x (metres from the anchor)."""
    rng = np.random.default_rng([salt, 23, index % 2**16])
    phases = rng.uniform(0, 2 * math.pi, 4)
    y = index * 17e3 + rng.uniform(-5e3, 5e3) + rng.uniform(-0.3, 0.3) * x
    for wave, amplitude, phase in zip((31e3, 11e3, 4.1e3, 1.3e3), (2600, 1100, 420, 90), phases):
        y = y + amplitude * np.sin(2 * math.pi * x / wave + phase)
    return y


def _elevation(x: np.ndarray, y: np.ndarray, salt: int) -> np.ndarray:
    """Return the elevation in metres at positions relative to the anchor, (len(y), len(x)) float32."""
    belt = _fractal(x, y, 48e3, 3, _salt(salt, "belt"), gain=0.4)
    # A range west of the anchor, so that small scenes have mountains too.
    across = (x + 17500)[None, :] - 0.45 * (y - 2000)[:, None]
    near = np.exp(-((across / 7000) ** 2)) * np.exp(-((y / 45e3) ** 2))[:, None]
    belt += (2.6 * near).astype(np.float32)
    mountain = _smoothstep(0.9, 2.5, belt)
    valley = np.abs(x[None, :] - _river_x(y, salt)[:, None]).astype(np.float32)
    mountain *= _smoothstep(1200, 7500, valley)
    ridge = _fractal(x, y, 7.5e3, 6, _salt(salt, "ridge"), gain=0.5, ridged=True)
    hills = _fractal(x, y, 7e3, 5, _salt(salt, "hills"))
    out = mountain * (np.float32(1000) + np.float32(900) * ridge)
    out += np.float32(340) + np.float32(45) * hills + np.float32(45) * np.clip(belt, -1, 2)
    return out


def _towns(x: np.ndarray, y: np.ndarray, salt: int) -> np.ndarray:
    """Return how central each position is: 1 at the middle of a settlement, 0 at its edge and beyond."""
    out = np.zeros((len(y), len(x)), np.float32)

    def add(cx: float, cy: float, radius: float) -> None:
        c0, c1 = np.searchsorted(x, (cx - radius, cx + radius))
        r0, r1 = len(y) - np.searchsorted(y[::-1], (cy + radius, cy - radius))
        if c0 >= c1 or r0 >= r1:
            return
        distance = np.hypot(x[None, c0:c1] - cx, y[r0:r1, None] - cy)
        part = out[r0:r1, c0:c1]
        np.maximum(part, np.maximum(0, 1 - distance / radius).astype(np.float32), out=part)

    add(float(_river_x(np.zeros(1), salt)[0]) + 900, 300, 2600)
    for spacing, chance, smallest, largest in ((15e3, 0.75, 700, 1900), (4.6e3, 0.6, 180, 560)):
        local = _salt(salt, "towns", spacing)
        columns = np.arange(math.floor(x.min() / spacing) - 1, math.floor(x.max() / spacing) + 2)
        lines = np.arange(math.floor(y.min() / spacing) - 1, math.floor(y.max() / spacing) + 2)
        for column in columns:
            for line in lines:
                rng = np.random.default_rng([local, column % 2**20, line % 2**20])
                there, dx, dy, size = rng.uniform(size=4)
                if there < chance:
                    add((column + dx) * spacing, (line + dy) * spacing, smallest + size**2 * (largest - smallest))
    return out


@dataclass
class _Ground:
    """What does not change from scene to scene, on one strip."""

    cover: np.ndarray
    """Index into COVERS before snow, uint8."""
    jitter: np.ndarray
    """Variant of the cover, 0..15, uint8."""
    elevation: np.ndarray
    """Metres, float32."""
    light: np.ndarray
    """Smooth relative brightness, float32 about 1."""
    lush: np.ndarray
    """Smooth greenness, float32 about 0."""


def _ground(x: np.ndarray, y: np.ndarray, salt: int) -> _Ground:
    """Return the landscape at positions relative to the anchor (x ascending, y descending, metres)."""
    elevation = _elevation(x, y, salt)
    fine = _fractal(x, y, 480, 3, _salt(salt, "fine"), gain=0.7)
    woods = _fractal(x, y, 5.3e3, 5, _salt(salt, "woods"), gain=0.68)
    wet = _fractal(x, y, 9e3, 4, _salt(salt, "wet"))
    grain = _unit(_hash((x[None, :] / 15).astype(np.int32), (y[:, None] / 15).astype(np.int32), _salt(salt, "grain")))

    # Cropland: quarters of about 2.5 km with bent edges, each ploughed in its own direction into parcels.
    xs, ys = x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]
    quarter = np.float32(2400)
    bent_x = _fractal(x, y, 3.8e3, 2, _salt(salt, "bent x"))
    bent_x *= np.float32(420)
    bent_x += xs
    bent_x *= 1 / quarter
    bent_y = _fractal(x, y, 3.8e3, 2, _salt(salt, "bent y"))
    bent_y *= np.float32(420)
    bent_y += ys
    bent_y *= 1 / quarter
    qi, qj = np.floor(bent_x), np.floor(bent_y)
    # Lanes run along the quarters' edges; half a pixel to each side.
    edge = np.maximum(np.abs(bent_x - qi - np.float32(0.5)), np.abs(bent_y - qj - np.float32(0.5)))
    lane = edge > np.float32(0.5 - 17 / 2400)
    qi, qj = qi.astype(np.int32), qj.astype(np.int32)
    i0, j0 = int(qi.min()), int(qj.min())
    columns = int(qi.max()) - i0 + 1
    ids_i, ids_j = np.meshgrid(np.arange(i0, i0 + columns), np.arange(j0, int(qj.max()) + 1))
    key = _hash(ids_i, ids_j, _salt(salt, "quarter")).ravel()
    angle = (_unit(_mix(key + np.uint32(1))).astype(np.float64) - 0.5) * 2.2
    parcel_u = 110 + 330 * _unit(_mix(key + np.uint32(2))).astype(np.float64)
    parcel_v = 260 + 620 * _unit(_mix(key + np.uint32(3))).astype(np.float64)
    which = (qj - j0) * columns + (qi - i0)
    u = xs * (np.cos(angle) / parcel_u).astype(np.float32)[which]
    u += ys * (np.sin(angle) / parcel_u).astype(np.float32)[which]
    v = ys * (np.cos(angle) / parcel_v).astype(np.float32)[which]
    v -= xs * (np.sin(angle) / parcel_v).astype(np.float32)[which]
    u = np.floor(u)
    key = key[which]
    v += _unit(_hash(u, key.view(np.int32), 5))  # neighbouring rows of parcels are offset against each other
    parcel = _hash(u, np.floor(v), 9)
    parcel ^= key
    parcel = _mix(parcel)
    # Crops by their usual shares: cumulative over 256.
    shares = np.repeat(
        np.array((WHEAT, MAIZE, RAPE, BEET, ALFALFA, FALLOW, GRASS), np.uint8), (74, 66, 30, 22, 24, 18, 22)
    )
    cover = shares[parcel & np.uint32(255)]
    jitter = ((parcel >> 8) & np.uint32(_JITTERS - 1)).astype(np.uint8)
    cover[lane & (grain < 0.8)] = ROAD

    # Elsewhere the variant follows smooth noise.
    patch = np.float32(6.7) + np.float32(2.6) * fine + np.float32(1.5) * wet
    patch += np.float32(1.5) * grain  # dithered, lest the variants draw contour lines
    patch = np.clip(patch, 0, _JITTERS - 1).astype(np.uint8)
    high = (elevation - np.float32(420)) * np.float32(1 / 260)

    def put(where: np.ndarray, code: int, variant: np.ndarray | None = None) -> None:
        cover[where] = code
        jitter[where] = (patch if variant is None else variant)[where]

    put(wet + high * np.float32(0.8) + np.float32(0.25) * fine > 1.45, GRASS)
    put((wet < -2.0) & (woods < 0.8) & (high < 0.6), SOIL)
    forest = woods + high * np.float32(0.9) + np.float32(0.22) * fine > 0.70
    put(forest, DECIDUOUS)
    put(forest & (wet * np.float32(0.7) + high * np.float32(0.8) + np.float32(0.35) * fine > 0.75), CONIFER)
    timber = elevation + np.float32(110) * fine
    put(timber > 1500, ALPINE)
    put(timber + np.float32(200) * wet > 1900, ROCK)

    town = _towns(x, y, salt)
    town += (town > 0) * (np.float32(0.10) * fine + np.float32(0.05) * woods)
    flat = elevation < 750
    jumble = (grain * np.float32(_JITTERS)).astype(np.uint8)
    put((town > 0.06) & (grain < 0.30 + 1.6 * town) & flat, SUBURB, jumble)
    put((town > 0.42) & (grain < 0.25 + town) & flat, URBAN, jumble)

    # Waters, each with a gravel or grass bank.
    reach = _river_x(y, salt)
    slope = np.gradient(reach, y) if len(y) > 1 else np.zeros(1)
    distance = np.abs(x[None, :] - reach[:, None]) / np.sqrt(1 + slope**2)[:, None]
    distance = distance.astype(np.float32) + np.float32(28) * fine
    width = (120 + 45 * np.sin(y / 5100.0) + 25 * np.sin(y / 1700.0)).astype(np.float32)[:, None]
    put((distance < width + np.float32(260)) & (grain + np.float32(0.3) * fine < 0.55) & (town < 0.3), GRASS)
    put((distance < width + np.float32(50)) & (np.float32(0.4) * wet + fine > 1.1), GRAVEL)
    river = distance < width
    for index in range(math.floor(y.min() / 17e3) - 5, math.ceil(y.max() / 17e3) + 6):
        course = _brook_y(x, index, salt)
        if course.min() > y.max() + 400 or course.max() < y.min() - 400:  # slopes stay below 3, the bank below 90 m
            continue
        slope = np.gradient(course, x) if len(x) > 1 else np.zeros(1)
        near = np.abs(y[:, None] - course[None, :]) / np.sqrt(1 + slope**2)[None, :]
        put((near < 90) & (grain < 0.6) & (elevation < 900), DECIDUOUS)
        river |= (near < 30) & (elevation < 620)
    put(river, RIVER)
    # One lake near the anchor, others where it is low and wet.
    cx, cy = float(_river_x(np.full(1, -9e3), salt)[0]) + 7.5e3, -9e3
    oval = np.hypot((x[None, :] - cx) / 1900, (y[:, None] - cy) / 3300).astype(np.float32)
    ponds = _fractal(x, y, 8e3, 5, _salt(salt, "ponds"), gain=0.42)
    lake = (oval + np.float32(0.2) * ponds + np.float32(0.16) * woods + np.float32(0.02) * fine < 1) | (
        ponds + np.float32(0.04) * fine - np.maximum(high, 0) > 2.35
    )
    put(lake, LAKE)

    light = np.float32(1) + np.float32(0.05) * woods + np.float32(0.04) * fine
    # Trees are rough, crowns and their shadows: half of the grain's contrast goes to other covers.
    rough = np.array(
        [0.0, 0.02, 0.16, 0.14, 0.07, 0.10, 0.14, 0.06, 0.10, 0.18, 0.12, 0.03] + [0.05] * 6 + [0.1], np.float32
    )
    light += (grain - np.float32(0.5)) * rough[cover]
    lush = np.float32(0.14) * np.clip(wet, -2, 2) + np.float32(0.05) * fine
    return _Ground(cover, jitter, elevation, light, lush)


def _season(day: float, start: float, end: float, speed: float = 12.0) -> float:
    """Return 0..1: up around the day of year `start`, down around `end`."""
    return 1 / (1 + math.exp(-(day - start) / speed)) - 1 / (1 + math.exp(-(day - end) / speed))


def _variants(day: int) -> np.ndarray:
    """Return the reflectance of every cover and variant on a day of the year, (covers, 16, 7) float32."""
    s = {name: np.array(values) for name, values in SPECTRA.items()}
    table = np.zeros((len(COVERS), _JITTERS, 7))
    for variant in range(_JITTERS):
        shift = (variant - 7.5) / 7.5  # -1..1
        # A few bits of the variant serve as a second, unordered draw.
        other = ((variant * 7) % _JITTERS - 7.5) / 7.5
        when = day + 9 * shift
        soil = s["soil"] + (s["dark soil"] - s["soil"]) * (0.5 + 0.5 * other)

        def field(
            green: float,
            ripe: float = 0.0,
            flower: float = 0.0,
            ground: np.ndarray = soil,
            dense: float = 0.94 + 0.06 * other,
        ) -> np.ndarray:
            out = ground + (s["crop"] - ground) * green * dense
            out = out + (s["blossom"] - out) * flower
            return out + (s["ripe"] - out) * ripe

        leaf = _season(day + 6 * shift, 112, 290, 7)
        autumn = _season(day + 8 * shift, 272, 300, 6)
        trees = s["bare trees"] + (s["leaf"] - s["bare trees"]) * leaf
        trees = trees + (s["autumn leaf"] - trees) * autumn
        meadow = s["dry grass"] + (s["grass"] - s["dry grass"]) * (
            0.30 + 0.70 * _season(day + 8 * shift, 98, 300, 14) - 0.25 * _season(when, 195, 250, 12)
        )
        alpine = s["dry grass"] + (s["alpine"] - s["dry grass"]) * _season(day, 150, 275, 12)
        winter = 0.30 * max(0.0, 1 - _season(when, 60, 285, 8))
        wheat_green = max(_season(when, 88, 186, 9), winter if day > 285 or day < 90 else 0.0)
        rows: dict[int, np.ndarray] = {
            LAKE: s["lake"] * (1 + 0.18 * shift),
            RIVER: s["river"] * (1 + 0.15 * shift),
            CONIFER: s["conifer"] * (1 + 0.13 * shift),
            DECIDUOUS: trees * (1 + 0.09 * other),
            GRASS: meadow * (1 + 0.08 * other),
            ALPINE: alpine * (1 + 0.10 * shift),
            ROCK: s["rock"] * (1 + 0.16 * shift),
            SOIL: soil * (1 + 0.10 * shift),
            GRAVEL: s["gravel"] * (1 + 0.10 * shift),
            URBAN: s["urban"] + (s["roof"] - s["urban"]) * (0.9 if variant in (5, 12) else 0.25 + 0.25 * shift),
            SUBURB: s["urban"] + (meadow - s["urban"]) * (0.42 + 0.30 * shift),
            SNOW: s["snow"] * (1 + 0.06 * shift),
            WHEAT: field(wheat_green, ripe=_season(when, 184, 215, 6) + 0.6 * _season(when, 215, 262, 8)),
            MAIZE: field(_season(when, 172, 268, 8), ripe=_season(when, 264, 292, 6)),
            RAPE: field(
                _season(when, 78, 178, 9), ripe=_season(when, 176, 205, 6), flower=0.85 * _season(when, 118, 141, 4)
            ),
            BEET: field(_season(when, 158, 296, 9)),
            ALFALFA: field(
                0.35 + 0.6 * _season(when, 95, 300, 10) * (0.65 + 0.35 * math.cos(2 * math.pi * (when - 140) / 42))
            ),
            FALLOW: field(0.10 + 0.08 * other),
            ROAD: s["asphalt"] * 0.6 + meadow * 0.4,
        }
        for code, spectrum in rows.items():
            table[code, variant] = spectrum
    return table.astype(np.float32)


def _snow_line(day: int) -> float:
    """Return the lowest elevation of snow in metres: summits in late summer, far down in winter."""
    return 1780 + 550 * math.cos(2 * math.pi * (day - 225) / 365.25)


# --- the weather and the instrument ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Weather:
    """What belongs to one acquisition."""

    salt: int
    period: float
    cloud_at: float
    cirrus_at: float
    shadow: tuple[float, float]
    haze: np.ndarray
    gain: np.ndarray
    tan_zenith: float
    to_sun: tuple[float, float]


def _cloud_noise(x: np.ndarray, y: np.ndarray, period: float, salt: int) -> np.ndarray:
    out = _fractal(x, y, period, 5, _salt(salt, "cloud"), gain=0.62)
    out += np.float32(0.75) * _fractal(x, y, 7 * period, 2, _salt(salt, "cloud field"))
    return out


def _cirrus_noise(x: np.ndarray, y: np.ndarray, period: float, salt: int) -> np.ndarray:
    # Stretched along a jet from west to east.
    return _fractal(x / 4, y, 2 * period, 4, _salt(salt, "cirrus"))


def _corners(spec: SceneSpec) -> tuple[float, float]:
    """Return where the tilted footprint touches the grid: shares of the width (top) and of the height (right)."""
    # Touching at (a W, 0) and (W, b H), it covers 1 - a - b + 2ab; the orbit's inclination and the Earth's rotation
    # make b about 0.75 a at middle latitudes.
    gap = 1 - spec.footprint
    a = (1.75 - math.sqrt(max(0.0, 1.75**2 - 4 * 1.5 * gap))) / (2 * 1.5)
    return a, 0.75 * a


def _edges(spec: SceneSpec, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first column and the column after the last one inside the footprint, per row."""
    a, b = _corners(spec)
    w, h = float(spec.width), float(spec.height)
    y = rows + 0.5
    if a <= 0:
        return np.zeros(len(rows), np.int64), np.full(len(rows), spec.width, np.int64)
    left = np.maximum(a * w * (1 - y / ((1 - b) * h)), (y - (1 - b) * h) / (b * h) * (1 - a) * w)
    right = np.minimum(a * w + y / (b * h) * (1 - a) * w, w - (y - b * h) / ((1 - b) * h) * a * w)
    first = np.clip(np.ceil(left - 0.5), 0, spec.width).astype(np.int64)
    last = np.clip(np.ceil(right - 0.5), 0, spec.width).astype(np.int64)
    return first, np.maximum(first, last)


def _scan_gaps(spec: SceneSpec, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return where Landsat 7 lost pixels to its failed scan-line corrector, (rows, columns) bool."""
    a, b = _corners(spec)
    w, h = spec.width, spec.height
    # Across the track: -1 at the left edge of the footprint, 1 at the right; along it: lines below the upper edge.
    middle = w / 2 - (rows + 0.5 - h / 2) * (a * w) / ((1 - b) * h)
    across = ((columns + 0.5)[None, :] - middle[:, None]) / ((1 - a) * w / 2)
    along = (rows + 0.5)[:, None] - (columns + 0.5)[None, :] * (b * h) / ((1 - a) * w)
    # Gaps widen from nothing within 11 km of the middle to 14 of each 33 lines at the edge (USGS, SLC-off products);
    # those of the right half lie between those of the left half, as the scans go forth and back.
    depth = np.clip((np.abs(across) - 0.12) / 0.88, 0, 1) * 14 / 33
    phase = along / 33 + np.where(across > 0, 0.5, 0.0)
    return np.abs(phase - np.floor(phase) - 0.5) < depth / 2


def _exceeded_by(values: np.ndarray, share: float) -> float:
    """Return the value that a share of `values` exceeds, infinity for none.

    One of the values itself, because interpolated quantiles differ in the last bit between versions of numpy.
    """
    if share <= 0:
        return math.inf
    return float(np.sort(values)[int((1 - share) * (len(values) - 1))])


def _weather(spec: SceneSpec) -> _Weather:
    salt = _salt(spec.seed, spec.product_id)
    rng = np.random.default_rng([salt, 3])
    azimuth, elevation = spec.sun()
    to_sun = (math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth)))
    # Cumulus of some kilometres; smaller in small scenes, so that they have several.
    period = float(min(3000.0, max(spec.width, spec.height) * CELL / 9))
    # In tiny scenes shadows must not fly out of the picture.
    reach = min(rng.uniform(900, 1900), 0.45 * period) / math.tan(math.radians(max(elevation, 15.0)))
    columns = np.linspace(0, spec.width - 1, min(spec.width, 320)).round().astype(np.int64)
    rows = np.linspace(0, spec.height - 1, min(spec.height, 320)).round().astype(np.int64)
    first, last = _edges(spec, rows)
    inside = (columns[None, :] >= first[:, None]) & (columns[None, :] < last[:, None])
    x = spec.origin[0] + (columns + 0.5) * CELL
    y = spec.origin[1] - (rows + 0.5) * CELL
    # The thresholds follow from the wanted covers, on a sample that neither strips nor threads change.
    clouds = _cloud_noise(x, y, period, salt)[inside]
    cirrus = _cirrus_noise(x, y, period, salt)[inside]
    cloud_at = _exceeded_by(clouds, spec.cloud_cover)
    cirrus_at = _exceeded_by(cirrus, spec.cirrus_cover if spec.is_oli else 0.0)
    haze = (_HAZE * np.float32(rng.normal(0.001, 0.004))).astype(np.float32)
    gain = rng.normal(1.0, 0.012, 7).astype(np.float32)
    return _Weather(
        salt=salt,
        period=period,
        cloud_at=cloud_at,
        cirrus_at=cirrus_at,
        shadow=(to_sun[0] * reach, to_sun[1] * reach),
        haze=haze,
        gain=gain,
        tan_zenith=1 / math.tan(math.radians(max(elevation, 10.0))),
        to_sun=to_sun,
    )


def _grown(mask: np.ndarray, radius: int) -> np.ndarray:
    """Return a mask dilated by a square, cropped by `radius` on every side."""
    rows, columns = mask.shape[0] - 2 * radius, mask.shape[1] - 2 * radius
    wide = mask[:, :columns].copy()
    for k in range(1, 2 * radius + 1):
        wide |= mask[:, k : k + columns]
    out = wide[:rows].copy()
    for k in range(1, 2 * radius + 1):
        out |= wide[k : k + rows]
    return out


_MARGIN = 3  # pixels: dilated cloud reaches 3 pixels beyond cloud (LSDS-1619); also enough for slopes and blur


def _blurred(a: np.ndarray) -> np.ndarray:
    """Return the mean with the neighbours (0.12, 0.76, 0.12 each way), cropped by 1: pixels mix at edges."""
    side, middle = np.float32(0.12), np.float32(0.76)
    tall = a[:-2] + a[2:]
    tall *= side
    tall += middle * a[1:-1]
    out = tall[:, :-2] + tall[:, 2:]
    out *= side
    out += middle * tall[:, 1:-1]
    return out


def _strip(scene: SimulatedScene, weather: _Weather, table: np.ndarray, row0: int, row1: int) -> None:
    """Fill rows [row0, row1) of a scene whose arrays hold fill."""
    spec = scene.spec
    rows = np.arange(row0, row1)
    first, last = _edges(spec, rows)
    filled = last > first
    if not filled.any():
        return
    col0, col1 = int(first[filled].min()), int(last[filled].max())
    columns = np.arange(col0, col1)
    inside = (columns[None, :] >= first[:, None]) & (columns[None, :] < last[:, None])
    if spec.sensor == "LE07" and spec.acquired > SLC_FAILURE:
        inside &= ~_scan_gaps(spec, rows, columns)

    m = _MARGIN
    east = spec.origin[0] + (np.arange(col0 - m, col1 + m) + 0.5) * CELL
    north = spec.origin[1] - (np.arange(row0 - m, row1 + m) + 0.5) * CELL
    place = _salt(spec.seed, spec.epsg)
    wide = _ground(east[1:-1] - ANCHOR[0], north[1:-1] - ANCHOR[1], place)  # margin 2: slopes and blur
    crop1 = (slice(1, -1), slice(1, -1))
    day = spec.acquired.timetuple().tm_yday

    # Snow where it is high, more on slopes away from the sun.
    elevation = wide.elevation
    rise_x = (elevation[1:-1, 2:] - elevation[1:-1, :-2]) * np.float32(1 / (2 * CELL))
    rise_y = (elevation[:-2, 1:-1] - elevation[2:, 1:-1]) * np.float32(1 / (2 * CELL))
    toward = rise_x * np.float32(weather.to_sun[0])
    toward += rise_y * np.float32(weather.to_sun[1])
    shade = np.float32(1) - np.float32(0.9 * weather.tan_zenith) * toward
    np.clip(shade, 0.12, 1.45, out=shade)
    cover, jitter = wide.cover[crop1], wide.jitter[crop1]
    low = elevation[crop1]
    snow_line = _snow_line(day)
    dry = cover > RIVER
    snow = (low - np.float32(260) * (shade - 1) + np.float32(900) * (wide.lush[crop1]) > snow_line) & dry
    snow &= ~((cover == CONIFER) & (jitter > 9))
    cover = np.where(snow, np.uint8(SNOW), cover)
    light = wide.light[crop1]
    light *= np.where(dry, shade, np.float32(1))
    np.minimum(light, np.float32(1.15), out=light, where=snow)  # real snow: 99 % below 1.13 (LC08 005009)
    lush = np.where(snow, np.float32(0), wide.lush[crop1])
    index = cover.astype(np.int32) * _JITTERS + jitter

    # Clouds, their shadows and the rings around them.
    sky = _cloud_noise(east, north, weather.period, weather.salt)
    sky -= np.float32(weather.cloud_at) if math.isfinite(weather.cloud_at) else np.float32(1e9)
    cloud = _grown(sky > 0, 0)[m:-m, m:-m]
    ring = _grown(sky > 0, m) & ~cloud
    thick = sky[m:-m, m:-m]
    opacity = _smoothstep(-0.22, 0.30, thick)
    core = np.clip(thick * np.float32(0.9), 0, 1)
    inner_e, inner_n = east[m:-m], north[m:-m]
    above = _cloud_noise(inner_e + weather.shadow[0], inner_n + weather.shadow[1], weather.period, weather.salt)
    above -= np.float32(weather.cloud_at) if math.isfinite(weather.cloud_at) else np.float32(1e9)
    dark = _smoothstep(-0.10, 0.30, above) * (np.float32(1) - opacity)
    shadow = (above > 0) & ~cloud
    if math.isfinite(weather.cirrus_at):
        veil = _cirrus_noise(inner_e, inner_n, weather.period, weather.salt)
        veil -= np.float32(weather.cirrus_at)
        cirrus = veil > 0
        veil = _smoothstep(-0.9, 1.2, veil)
    else:
        veil, cirrus = None, np.zeros(inside.shape, bool)

    bands = [k for k, number in enumerate(spec.band_numbers) if number > 0]
    noise = np.empty((len(bands), len(rows), len(columns)), np.float32)
    odd_rows: list[int] = []
    odd_columns: list[int] = []
    odd_bands: list[int] = []
    # A generator per row of the grid, drawing for the whole row: strips of any height draw the same numbers.
    chance = max(2e-5, 25 / (spec.width * spec.height))
    for r, row in enumerate(rows):
        rng = np.random.default_rng([weather.salt, 7, int(row)])
        noise[:, r] = rng.standard_normal((len(bands), spec.width), np.float32)[:, col0:col1]
        for _ in range(int(rng.poisson(chance * spec.width))):
            column, band = int(rng.integers(spec.width)), int(rng.choice((0, 0, 0, 1, 1, 2)))
            if col0 <= column < col1 and inside[r, column - col0]:
                odd_rows.append(r)
                odd_columns.append(column - col0)
                odd_bands.append(band)

    target = (slice(row0, row1), slice(col0, col1))
    brightest = np.zeros(inside.shape, np.float32)
    lit = np.float32(1) - opacity
    lit *= np.float32(1) - np.float32(0.62) * dark
    white = np.float32(0.62) + np.float32(0.80) * core
    for n, k in enumerate(bands):
        ground = table[:, :, k].ravel()[index]
        ground *= light
        ground *= np.float32(1) + _LUSH[k] * lush
        r = _blurred(ground)
        r *= lit
        r += (_CLOUD[k] * opacity) * white
        if veil is not None:
            r += (_CIRRUS[k] - r * np.float32(0.5)) * (np.float32(0.35) * veil)
        r *= weather.gain[k]
        r += weather.haze[k]
        # Detector noise and sub-pixel texture.
        noise[n] *= np.float32(0.0016) + np.float32(0.014) * np.abs(r)
        r += noise[n]
        if k == 3:
            brightest = r.copy()
        r -= np.float32(OFFSET)
        r *= np.float32(1 / SCALE)
        dn = np.clip(np.rint(r), 1, 65534).astype(np.uint16)
        dn[~inside] = 0
        scene.bands[spec.band_numbers[k]][target] = dn

    # Real products have pixels where one band alone is 0: the atmospheric correction failed there.
    numbers = [spec.band_numbers[k] for k in bands]
    for r, c, band in zip(odd_rows, odd_columns, odd_bands):
        scene.bands[numbers[band]][row0 + r, col0 + c] = 0

    below = cover[crop1]
    scene.cover[target] = np.where(inside, below, np.uint8(NO_COVER))
    water = below <= RIVER
    vague = (thick > -0.35) & ~cloud
    scene.qa_pixel[target] = _qa_pixel(spec.is_oli, inside, cloud, ring, shadow, cirrus, below == SNOW, water, vague)

    values = RADSAT_VALUES[spec.sensor[:2]]
    bright = (brightest > 0.93) & (cloud | (below == SNOW)) & inside
    pick = _hash(columns[None, :], rows[:, None], weather.salt)
    saturated = bright & (pick & np.uint32(7) == 0)
    radsat = np.zeros(inside.shape, np.uint16)
    radsat[saturated] = np.array(values, np.uint16)[((pick >> 8) % np.uint32(len(values)))[saturated]]
    if spec.is_oli:
        radsat[(shade[crop1] < 0.14) & inside & ~saturated] = 2048
    scene.qa_radsat[target] = radsat


def _qa_pixel(
    oli: bool,
    inside: np.ndarray,
    cloud: np.ndarray,
    ring: np.ndarray,
    shadow: np.ndarray,
    cirrus: np.ndarray,
    snow: np.ndarray,
    water: np.ndarray,
    vague: np.ndarray,
) -> np.ndarray:
    """Return QA_PIXEL from findings, (rows, columns) uint16; later findings override earlier ones."""
    land = ~water & ~snow
    if oli:
        qa = np.full(inside.shape, 21824, np.uint16)
        qa[vague & land] = 22080
        qa[water] = 21952
        qa[snow] = 30048
        qa[snow & vague] = 30304
        qa[shadow] = 23888
        qa[shadow & vague] = 24144
        qa[ring] = 21762
        qa[ring & vague] = 22018
        qa[ring & water] = 21890
        qa[ring & water & vague] = 22146
        qa[ring & snow] = 29986
        qa[ring & snow & vague] = 30242
        qa[ring & shadow] = 23826
        qa[ring & shadow & vague] = 24082
        qa[cirrus & land] = 54596
        qa[cirrus & land & vague] = 54852
        qa[cirrus & water] = 54724
        qa[cirrus & ring] = 54534
        qa[cirrus & shadow] = 56660
        qa[cirrus & shadow & ring] = 56598
        qa[cirrus & shadow & ring & vague] = 56854
        qa[cloud] = 22280
        qa[cloud & cirrus] = 55052
    else:
        qa = np.full(inside.shape, 5440, np.uint16)
        qa[vague & land] = 5696
        qa[water] = 5504
        qa[snow] = 13664
        qa[shadow] = 7440
        qa[shadow & vague] = 7696
        qa[ring] = 5442
        qa[ring & vague] = 5698
        qa[ring & water] = 5506
        qa[ring & shadow] = 7442
        qa[ring & shadow & vague] = 7698
        qa[cloud] = 5896
    qa[~inside] = QA_FILL
    return qa


def simulate_scene(spec: SceneSpec, strip_rows: int = STRIP_ROWS, threads: int | None = None) -> SimulatedScene:
    """Return a scene simulated in memory.

    Parameters
    ----------
    spec : SceneSpec
        What to simulate.
    strip_rows : int
        Lines per unit of work; changes memory and time, never the result.
    threads : int, optional
        Threads; all processors by default; never changes the result.

    Returns
    -------
    SimulatedScene
        Arrays of (height, width): bands and QA uint16, cover uint8.
    """
    shape = (spec.height, spec.width)
    scene = SimulatedScene(
        spec,
        {number: np.zeros(shape, np.uint16) for number in spec.band_numbers if number > 0},
        np.full(shape, QA_FILL, np.uint16),
        np.zeros(shape, np.uint16),
        np.full(shape, NO_COVER, np.uint8),
    )
    weather, table = _weather(spec), _variants(spec.acquired.timetuple().tm_yday)
    starts = range(0, spec.height, strip_rows)

    def work(row: int) -> None:
        _strip(scene, weather, table, row, min(row + strip_rows, spec.height))

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(work, starts))
    return scene


# --- files ----------------------------------------------------------------------------------------------------------


def write_scene(
    folder: os.PathLike[str] | str,
    product_id: str,
    bands: Mapping[int, np.ndarray],
    qa_pixel: np.ndarray | None = None,
    qa_radsat: np.ndarray | None = None,
    crs: str = "EPSG:32633",
    origin: tuple[float, float] = (465285.0, 5264715.0),
    cell: float = CELL,
    mtl: bool = True,
    tile: int = 256,
    compress: str = "DEFLATE",
    overviews: bool = False,
    threads: int = 1,
    attributes: Mapping[str, Any] | None = None,
) -> Path:
    """Write arrays as a Collection 2 Level-2 scene folder in the layout of the genuine files.

    Parameters
    ----------
    folder : path
        Parent folder; the scene's own folder, named by the product id, is made in it.
    product_id : str
        Such as LC08_L2SP_190027_20210514_20210524_02_T1.
    bands : mapping of int to ndarray
        SR band number -> (height, width) uint16 DN, 0 = fill.
    qa_pixel, qa_radsat : ndarray, optional
        (height, width) uint16; no file is written for None.
    crs : str
        Anything rasterio understands.
    origin : (float, float)
        Map coordinates of the outer corner of the upper left pixel.
    cell : float
        Pixel size in map units.
    mtl : bool
        Whether to write the MTL text file.
    tile : int
        Side of the tiles; a raster smaller than it (either way) is written in strips.
    compress : str
        GDAL's COMPRESS option, such as DEFLATE or NONE.
    overviews : bool
        Whether to add internal overviews 2, 4, ... as genuine files have.
    threads : int
        Files written at a time.
    attributes : mapping, optional
        Values for the MTL's keys, instead of the defaults.

    Returns
    -------
    Path
        The scene's folder.
    """
    target = Path(folder) / product_id
    target.mkdir(parents=True, exist_ok=True)
    arrays: list[tuple[str, np.ndarray, int | None]] = [
        (f"SR_B{number}", np.asarray(array), 0) for number, array in sorted(bands.items())
    ]
    arrays += [
        (name, np.asarray(array), None)
        for name, array in (("QA_PIXEL", qa_pixel), ("QA_RADSAT", qa_radsat))
        if array is not None
    ]
    height, width = arrays[0][1].shape
    transform = from_origin(origin[0], origin[1], cell, cell)
    profile: dict[str, Any] = {
        "driver": "GTiff", "dtype": "uint16", "count": 1, "width": width, "height": height,
        "crs": CRS.from_user_input(crs), "transform": transform, "compress": compress,
    }  # fmt: skip
    if width >= tile and height >= tile:
        profile.update(tiled=True, blockxsize=tile, blockysize=tile)
    if compress.upper() == "DEFLATE":
        profile["zlevel"] = 1  # noise does not compress better at 6, only slower

    def write(item: tuple[str, np.ndarray, int | None]) -> None:
        name, array, nodata = item
        if array.shape != (height, width):
            raise ValueError(f"{name} of {product_id} has the shape {array.shape}, expected {(height, width)}")
        with rasterio.open(target / f"{product_id}_{name}.TIF", "w", nodata=nodata, **profile) as dataset:
            dataset.update_tags(AREA_OR_POINT="Point")  # as in the genuine files
            # Rows of tiles in turn: GDAL then compresses each tile once and holds little.
            for row in range(0, height, tile):
                dataset.write(
                    array[row : row + tile].astype(np.uint16, copy=False),
                    1,
                    window=rasterio.windows.Window(0, row, width, min(tile, height - row)),
                )
            if overviews:
                factors = [2**n for n in range(1, 9) if max(width, height) / 2 ** (n - 1) > tile]
                if factors:
                    dataset.build_overviews(factors, Resampling.nearest)

    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(write, arrays))
    if mtl:
        names = [name for name, _, _ in arrays]
        text = _mtl_text(product_id, names, width, height, profile["crs"], transform, dict(attributes or {}))
        (target / f"{product_id}_MTL.txt").write_text(text, encoding="ascii")
    return target


def _mtl_text(
    product_id: str,
    names: Sequence[str],
    width: int,
    height: int,
    crs: CRS,
    transform: Affine,
    extra: Mapping[str, Any],
) -> str:
    """Return an MTL file: the groups, keys and repetitions of real ones (the repeated keys trap flat parsers)."""
    sensor, level, path_row, acquired, processed, collection, tier = product_id.split("_")
    spacecraft, instrument = _SENSORS.get(sensor, ("LANDSAT_8", "OLI_TIRS", 0, 0))[:2]
    day = f"{acquired[:4]}-{acquired[4:6]}-{acquired[6:]}"
    made = f"{processed[:4]}-{processed[4:6]}-{processed[6:]}"
    level1 = product_id.replace(level, "L1TP")
    numbers = [int(name[4:]) for name in names if name.startswith("SR_B")]
    origin_text = '"Simulated for IIkMC in the layout of the U.S. Geological Survey; not a USGS product"'
    lines: list[str] = ["GROUP = LANDSAT_METADATA_FILE"]

    def group(name: str, items: Sequence[tuple[str, object]]) -> None:
        lines.append(f"  GROUP = {name}")
        lines.extend(f"    {key} = {extra.get(key, value)}" for key, value in items)
        lines.append(f"  END_GROUP = {name}")

    qa = [("L1_PIXEL", "QA_PIXEL"), ("L1_RADIOMETRIC_SATURATION", "QA_RADSAT")]
    group(
        "PRODUCT_CONTENTS",
        [
            ("ORIGIN", origin_text),
            ("LANDSAT_PRODUCT_ID", f'"{product_id}"'),
            ("PROCESSING_LEVEL", f'"{level}"'),
            ("COLLECTION_NUMBER", collection),
            ("COLLECTION_CATEGORY", f'"{tier}"'),
            ("OUTPUT_FORMAT", '"GEOTIFF"'),
            *[(f"FILE_NAME_BAND_{n}", f'"{product_id}_SR_B{n}.TIF"') for n in numbers],
            *[(f"FILE_NAME_QUALITY_{key}", f'"{product_id}_{name}.TIF"') for key, name in qa if name in names],
            ("FILE_NAME_METADATA_ODL", f'"{product_id}_MTL.txt"'),
            *[(f"DATA_TYPE_BAND_{n}", '"UINT16"') for n in numbers],
            *[(f"DATA_TYPE_QUALITY_{key}", '"UINT16"') for key, name in qa if name in names],
        ],
    )
    group(
        "IMAGE_ATTRIBUTES",
        [
            ("SPACECRAFT_ID", f'"{spacecraft}"'),
            ("SENSOR_ID", f'"{instrument}"'),
            ("WRS_TYPE", 2),
            ("WRS_PATH", path_row[:3] if instrument != "OLI_TIRS" else int(path_row[:3])),
            ("WRS_ROW", path_row[3:] if instrument != "OLI_TIRS" else int(path_row[3:])),
            ("DATE_ACQUIRED", day),
            ("SCENE_CENTER_TIME", '"09:58:30.0000000Z"'),
            ("CLOUD_COVER", "0.00"),
            ("CLOUD_COVER_LAND", "0.00"),
            ("SUN_AZIMUTH", "150.00000000"),
            ("SUN_ELEVATION", "50.00000000"),
        ],
    )
    left, top = transform.c, transform.f
    right, bottom = left + width * transform.a, top + height * transform.e
    half = transform.a / 2  # the MTL gives the centres of the corner pixels
    corners = {
        "UL": (left + half, top - half), "UR": (right - half, top - half),
        "LL": (left + half, bottom + half), "LR": (right - half, bottom + half),
    }  # fmt: skip
    longitudes, latitudes = warp_points(
        crs, CRS.from_epsg(4326), [c[0] for c in corners.values()], [c[1] for c in corners.values()]
    )
    epsg = crs.to_epsg() or 0
    utm = 32600 < epsg < 32661 or 32700 < epsg < 32761
    projection: list[tuple[str, object]] = [
        ("MAP_PROJECTION", '"UTM"' if utm else '"PS"'),
        ("DATUM", '"WGS84"'),
        ("ELLIPSOID", '"WGS84"'),
        *([("UTM_ZONE", epsg % 100)] if utm else []),
        ("GRID_CELL_SIZE_REFLECTIVE", f"{transform.a:.2f}"),
        ("REFLECTIVE_LINES", height),
        ("REFLECTIVE_SAMPLES", width),
        ("ORIENTATION", '"NORTH_UP"'),
    ]
    for corner, latitude, longitude in zip(corners, latitudes, longitudes):
        projection += [
            (f"CORNER_{corner}_LAT_PRODUCT", f"{latitude:.5f}"),
            (f"CORNER_{corner}_LON_PRODUCT", f"{longitude:.5f}"),
        ]
    for corner, (cx, cy) in corners.items():
        projection += [
            (f"CORNER_{corner}_PROJECTION_X_PRODUCT", f"{cx:.3f}"),
            (f"CORNER_{corner}_PROJECTION_Y_PRODUCT", f"{cy:.3f}"),
        ]
    group("PROJECTION_ATTRIBUTES", projection)
    group(
        "LEVEL2_PROCESSING_RECORD",
        [
            ("ORIGIN", origin_text),
            ("REQUEST_ID", '"SIMULATED"'),
            ("LANDSAT_PRODUCT_ID", f'"{product_id}"'),
            ("PROCESSING_LEVEL", f'"{level}"'),
            ("OUTPUT_FORMAT", '"GEOTIFF"'),
            ("DATE_PRODUCT_GENERATED", f"{made}T12:00:00Z"),
        ],
    )
    level2: list[tuple[str, object]] = []
    for n in numbers:
        level2 += [(f"REFLECTANCE_MAXIMUM_BAND_{n}", "1.602213"), (f"REFLECTANCE_MINIMUM_BAND_{n}", "-0.199972")]
    for n in numbers:
        level2 += [(f"QUANTIZE_CAL_MAX_BAND_{n}", 65535), (f"QUANTIZE_CAL_MIN_BAND_{n}", 1)]
    level2 += [(f"REFLECTANCE_MULT_BAND_{n}", "2.75e-05") for n in numbers]
    level2 += [(f"REFLECTANCE_ADD_BAND_{n}", "-0.2") for n in numbers]
    group("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", level2)
    extra = {}  # Level-1 groups repeat the keys with other values, which must not be overridden
    group(
        "LEVEL1_PROCESSING_RECORD",
        [
            ("ORIGIN", origin_text),
            ("LANDSAT_PRODUCT_ID", f'"{level1}"'),
            ("PROCESSING_LEVEL", '"L1TP"'),
            ("COLLECTION_CATEGORY", f'"{tier}"'),
            ("DATE_PRODUCT_GENERATED", f"{made}T10:00:00Z"),
            *[(f"FILE_NAME_BAND_{n}", f'"{level1}_B{n}.TIF"') for n in numbers],
        ],
    )
    mult, add = ("2.0000E-05", "-0.100000") if instrument == "OLI_TIRS" else ("1.2000E-03", "-0.010000")
    group(
        "LEVEL1_RADIOMETRIC_RESCALING",
        [
            *[(f"REFLECTANCE_MULT_BAND_{n}", mult) for n in numbers],
            *[(f"REFLECTANCE_ADD_BAND_{n}", add) for n in numbers],
        ],
    )
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END", ""])


def _stamp(spec: SceneSpec, overviews: bool) -> str:
    """Return the REQUEST_ID by which a folder written from the same specification is recognised."""
    return f'"SIM_{_salt(VERSION, spec, overviews):08X}"'


VERSION = 1  # raise when the same specification gives other pixels


def is_complete(folder: os.PathLike[str] | str, spec: SceneSpec, overviews: bool = False) -> bool:
    """Return whether `folder` already holds this scene; the MTL is written last, so it vouches for the rest."""
    start = Path(folder) / spec.product_id / spec.product_id
    names = [f"SR_B{number}" for number in spec.band_numbers if number > 0] + ["QA_PIXEL", "QA_RADSAT"]
    mtl = Path(f"{start}_MTL.txt")
    return (
        mtl.is_file()
        and all(Path(f"{start}_{name}.TIF").is_file() for name in names)
        and _stamp(spec, overviews) in mtl.read_text(encoding="ascii", errors="replace")
    )


def write_simulated(
    folder: os.PathLike[str] | str,
    spec: SceneSpec,
    overviews: bool = False,
    threads: int | None = None,
    strip_rows: int = STRIP_ROWS,
) -> Path:
    """Simulate a scene and write its folder, unless it is already there; return the folder.

    Parameters
    ----------
    folder : path
        Parent folder.
    spec : SceneSpec
        What to simulate.
    overviews : bool
        Whether to add internal overviews.
    threads : int, optional
        Threads for computing and files written at a time; all processors by default.
    strip_rows : int
        Lines per unit of work.
    """
    target = Path(folder) / spec.product_id
    if is_complete(folder, spec, overviews):
        return target
    if target.exists():
        shutil.rmtree(target)
    scene = simulate_scene(spec, strip_rows, threads)
    azimuth, elevation = spec.sun()
    seen = scene.qa_pixel != QA_FILL
    clouds = np.count_nonzero(seen & ((scene.qa_pixel & 8) != 0)) / max(1, np.count_nonzero(seen))
    attributes = {
        "SUN_AZIMUTH": f"{azimuth:.8f}",
        "SUN_ELEVATION": f"{elevation:.8f}",
        "CLOUD_COVER": f"{100 * clouds:.2f}",
        "CLOUD_COVER_LAND": f"{100 * clouds:.2f}",
        "REQUEST_ID": _stamp(spec, overviews),
    }
    return write_scene(
        folder,
        spec.product_id,
        scene.bands,
        scene.qa_pixel,
        scene.qa_radsat,
        crs=f"EPSG:{spec.epsg}",
        origin=spec.origin,
        overviews=overviews,
        threads=threads or os.cpu_count() or 1,
        attributes=attributes,
    )


# --- series ---------------------------------------------------------------------------------------------------------

DEMO_SENSORS = ("LC08", "LC09", "LE07")
START = date(2022, 5, 11)
INTERVAL = 48  # days: a multiple of Landsat's 16, long enough for the crops to change


def series(
    scenes: int = 3,
    width: int = 1500,
    height: int = 1500,
    seed: int = 1,
    start_date: date = START,
    interval: int = INTERVAL,
    sensors: Sequence[str] = DEMO_SENSORS,
    footprint: float = 0.70,
    cloud_cover: float = 0.06,
    cirrus_cover: float = 0.015,
) -> list[SceneSpec]:
    """Return the specifications of a series: each third scene lies in the neighbouring UTM zone.

    Parameters
    ----------
    scenes : int
        How many.
    width, height : int
        Size of the grids in pixels; grids of later scenes differ by some per cent and are shifted by whole cells.
    seed : int
        Seed of everything.
    start_date : date
        Acquisition of the first scene; moved to the sensor's last year where it did not fly then.
    interval : int
        Days from scene to scene.
    sensors : sequence of str
        Taken in turn, such as LC08, LC09, LE07, LT05.
    footprint, cloud_cover, cirrus_cover : float
        See SceneSpec.
    """
    specs = []
    for n in range(scenes):
        sensor = sensors[n % len(sensors)]
        # Whole years earlier or later where the sensor did not fly; the season and the order stay.
        first, last = _SENSORS[sensor][2:]
        end = start_date + timedelta(days=interval * (scenes - 1))
        years = max(0, first - start_date.year) - max(0, end.year - last)
        acquired = start_date + timedelta(days=interval * n)
        if years:
            acquired = acquired.replace(year=acquired.year + years, day=min(acquired.day, 28))
        # Path/row 190/027 lies in zone 33, 193/027 in zone 32.
        neighbour = n % 3 == 2
        path_row, epsg = ("193027", 32632) if neighbour else ("190027", 32633)
        product = f"{sensor}_L2SP_{path_row}_{acquired:%Y%m%d}_{acquired + timedelta(days=16):%Y%m%d}_02_T1"
        rng = np.random.default_rng([seed, 11, n])
        # Real grids of one path/row differ by some kilometres and dozens of lines; never below what was asked for, so
        # that the number of pixels is what the caller reckons with.
        w = width + (int(rng.integers(0, width // 60 + 1)) if n else 0)
        h = height + (int(rng.integers(0, height // 60 + 1)) if n else 0)
        dx, dy = (int(rng.integers(-width // 60 - 1, width // 60 + 2)) for _ in range(2)) if n else (0, 0)
        # Landsat's pixel centres are multiples of 30 m, so corners end in 15.
        left = round((ANCHOR[0] - width * CELL / 2) / CELL) * CELL + 15 + dx * CELL
        top = round((ANCHOR[1] + height * CELL / 2) / CELL) * CELL + 15 + dy * CELL
        specs.append(SceneSpec(product, epsg, (left, top), w, h, seed, footprint, cloud_cover, cirrus_cover))
    return specs


def bench_series(width: int = 7600, height: int = 7700, seed: int = 1, scenes: int = 3) -> list[SceneSpec]:
    """Return the benchmark's series: full-size OLI scenes with in sum at least 115 million valid pixels."""
    return series(
        scenes, width, height, seed, sensors=("LC08", "LC09"), footprint=0.72, cloud_cover=0.04, cirrus_cover=0.005
    )


def count_valid(qa_pixel: np.ndarray, bands: Mapping[int, np.ndarray]) -> int:
    """Return how many pixels are no fill, dilated cloud, cirrus, cloud or shadow, and 0 in none of the bands."""
    valid = (qa_pixel & 0b11111) == 0
    for array in bands.values():
        valid &= array != 0
    return int(np.count_nonzero(valid))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Simulate Landsat Collection 2 Level-2 scene folders.")
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="folder to write the scene folders into")
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--width", type=int, default=1500, help="samples (default 1500; a real scene has about 7600)")
    parser.add_argument("--height", type=int, default=1500, help="lines (default 1500; a real scene has about 7700)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-date", type=date.fromisoformat, default=START, metavar="YYYY-MM-DD")
    parser.add_argument("--interval", type=int, default=INTERVAL, help="days from scene to scene")
    parser.add_argument("--sensors", default=",".join(DEMO_SENSORS), help="in turn, of LC08 LC09 LE07 LT05 LT04")
    parser.add_argument("--footprint", type=float, default=0.70, help="share of the grid inside the tilted footprint")
    parser.add_argument("--cloud-cover", type=float, default=0.06, help="share of the footprint under cloud")
    parser.add_argument("--cirrus-cover", type=float, default=0.015, help="share of the footprint under cirrus")
    parser.add_argument(
        "--bench",
        action="store_true",
        help="the benchmark's series instead: 7600 x 7700 px, OLI only, at least 115 million valid pixels in 3 scenes",
    )
    parser.add_argument("--overviews", action="store_true", help="add internal overviews, as genuine files have")
    parser.add_argument("--threads", type=int, default=None, help="default: all processors")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _arguments(argv)
    specs = (
        bench_series(scenes=options.scenes, seed=options.seed)
        if options.bench
        else series(
            options.scenes,
            options.width,
            options.height,
            options.seed,
            options.start_date,
            options.interval,
            tuple(options.sensors.split(",")),
            options.footprint,
            options.cloud_cover,
            options.cirrus_cover,
        )
    )
    for spec in specs:
        start = time.perf_counter()
        if is_complete(options.out, spec, options.overviews):
            print(f"{spec.product_id}: already there")
            continue
        write_simulated(options.out, spec, options.overviews, options.threads)
        print(f"{spec.product_id}: {spec.width} x {spec.height} px in {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
