"""What belongs to one acquisition: footprint, clouds, haze, sun, and the gaps of Landsat 7."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .noise import fractal, salted
from .products import CELL, SceneSpec

CLOUD = np.array((0.74, 0.74, 0.74, 0.75, 0.78, 0.62, 0.48), dtype=np.float32)
CIRRUS = np.array((0.30, 0.30, 0.30, 0.30, 0.30, 0.22, 0.17), dtype=np.float32)
# Molecular and aerosol residue falls with the wavelength.
_HAZE = np.array((1.5, 1.2, 0.8, 0.6, 0.3, 0.15, 0.1), dtype=np.float32)


@dataclass(frozen=True)
class Weather:
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


def cloud_noise(x: np.ndarray, y: np.ndarray, period: float, salt: int) -> np.ndarray:
    """Return a field whose highest places are cumulus clouds; `period` in metres is the size of one."""
    out = fractal(x, y, period, 5, salted(salt, "cloud"), gain=0.62)
    out += np.float32(0.75) * fractal(x, y, 7 * period, 2, salted(salt, "cloud field"))
    return out


def cirrus_noise(x: np.ndarray, y: np.ndarray, period: float, salt: int) -> np.ndarray:
    """Return a field whose highest places are cirrus."""
    # Stretched along a jet from west to east.
    return fractal(x / 4, y, 2 * period, 4, salted(salt, "cirrus"))


def _corners(spec: SceneSpec) -> tuple[float, float]:
    """Return where the tilted footprint touches the grid: shares of the width (top) and of the height (right)."""
    # Touching at (a W, 0) and (W, b H), it covers 1 - a - b + 2ab; the orbit's inclination and the Earth's rotation
    # make b about 0.75 a at middle latitudes.
    gap = 1 - spec.footprint
    a = (1.75 - math.sqrt(max(0.0, 1.75**2 - 4 * 1.5 * gap))) / (2 * 1.5)
    return a, 0.75 * a


def footprint_edges(spec: SceneSpec, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def scan_gaps(spec: SceneSpec, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
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


def weather_of(spec: SceneSpec) -> Weather:
    """Return the weather of an acquisition, the same whatever strips or threads make the scene."""
    salt = salted(spec.seed, spec.product_id)
    rng = np.random.default_rng([salt, 3])
    azimuth, elevation = spec.sun()
    to_sun = (math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth)))
    # Cumulus of some kilometres; smaller in small scenes, so that they have several.
    period = float(min(3000.0, max(spec.width, spec.height) * CELL / 9))
    # In tiny scenes shadows must not fly out of the picture.
    reach = min(rng.uniform(900, 1900), 0.45 * period) / math.tan(math.radians(max(elevation, 15.0)))
    columns = np.linspace(0, spec.width - 1, min(spec.width, 320)).round().astype(np.int64)
    rows = np.linspace(0, spec.height - 1, min(spec.height, 320)).round().astype(np.int64)
    first, last = footprint_edges(spec, rows)
    inside = (columns[None, :] >= first[:, None]) & (columns[None, :] < last[:, None])
    x = spec.origin[0] + (columns + 0.5) * CELL
    y = spec.origin[1] - (rows + 0.5) * CELL
    # The thresholds follow from the wanted covers, on a sample that neither strips nor threads change.
    clouds = cloud_noise(x, y, period, salt)[inside]
    cirrus = cirrus_noise(x, y, period, salt)[inside]
    cloud_at = _exceeded_by(clouds, spec.cloud_cover)
    cirrus_at = _exceeded_by(cirrus, spec.cirrus_cover if spec.is_oli else 0.0)
    haze = (_HAZE * np.float32(rng.normal(0.001, 0.004))).astype(np.float32)
    gain = rng.normal(1.0, 0.012, 7).astype(np.float32)
    return Weather(
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
