"""What belongs to one acquisition: footprint, clouds, haze, sun, and the gaps of Landsat 7."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .noise import fractal, salted, smoothstep
from .products import SLC_FAILURE, SceneSpec

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


def inside_footprint(spec: SceneSpec, rows: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Return which pixels of rows an acquisition saw, (rows, columns) bool, and the first column; None for no pixel."""
    first, last = footprint_edges(spec, rows)
    filled = last > first
    if not filled.any():
        return None
    columns = np.arange(int(first[filled].min()), int(last[filled].max()))
    inside = (columns[None, :] >= first[:, None]) & (columns[None, :] < last[:, None])
    if spec.sensor == "LE07" and spec.acquired > SLC_FAILURE:
        inside &= ~scan_gaps(spec, rows, columns)
    return inside, int(columns[0])


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
    period = float(min(3000.0, max(spec.width, spec.height) * spec.cell / 9))
    # In tiny scenes shadows must not fly out of the picture.
    reach = min(rng.uniform(900, 1900), 0.45 * period) / math.tan(math.radians(max(elevation, 15.0)))
    columns = np.linspace(0, spec.width - 1, min(spec.width, 320)).round().astype(np.int64)
    rows = np.linspace(0, spec.height - 1, min(spec.height, 320)).round().astype(np.int64)
    first, last = footprint_edges(spec, rows)
    inside = (columns[None, :] >= first[:, None]) & (columns[None, :] < last[:, None])
    x = spec.origin[0] + (columns + 0.5) * spec.cell
    y = spec.origin[1] - (rows + 0.5) * spec.cell
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


MARGIN = 3  # pixels: dilated cloud reaches 3 pixels beyond cloud (LSDS-1619); also enough for slopes and blur


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


@dataclass(frozen=True)
class Sky:
    """What is between the ground and the instrument over some rows; all (rows, columns)."""

    thick: np.ndarray
    """How thick a cloud is, float32; above 0 it is one."""
    opacity: np.ndarray
    """What a cloud hides of the ground, 0..1."""
    core: np.ndarray
    """0 at a cloud's edge, 1 in its midst."""
    dark: np.ndarray
    """How dark the shadows of clouds are, 0..1."""
    veil: np.ndarray | None
    """How thick the cirrus is, 0..1; None without any."""
    cloud: np.ndarray
    """Cloud, bool."""
    ring: np.ndarray
    """Dilated cloud."""
    shadow: np.ndarray
    """Shadow of cloud."""
    cirrus: np.ndarray
    """Cirrus."""


def sky_over(weather: Weather, east: np.ndarray, north: np.ndarray) -> Sky:
    """Return the sky at map positions that reach MARGIN pixels further on every side."""
    m = MARGIN
    sky = cloud_noise(east, north, weather.period, weather.salt)
    sky -= np.float32(weather.cloud_at) if math.isfinite(weather.cloud_at) else np.float32(1e9)
    cloud = _grown(sky > 0, 0)[m:-m, m:-m]
    ring = _grown(sky > 0, m) & ~cloud
    thick = sky[m:-m, m:-m]
    opacity = smoothstep(-0.22, 0.30, thick)
    inner_e, inner_n = east[m:-m], north[m:-m]
    above = cloud_noise(inner_e + weather.shadow[0], inner_n + weather.shadow[1], weather.period, weather.salt)
    above -= np.float32(weather.cloud_at) if math.isfinite(weather.cloud_at) else np.float32(1e9)
    veil, cirrus = None, np.zeros(cloud.shape, bool)
    if math.isfinite(weather.cirrus_at):
        veil = cirrus_noise(inner_e, inner_n, weather.period, weather.salt)
        veil -= np.float32(weather.cirrus_at)
        cirrus = veil > 0
        veil = smoothstep(-0.9, 1.2, veil)
    return Sky(
        thick=thick,
        opacity=opacity,
        core=np.clip(thick * np.float32(0.9), 0, 1),
        dark=smoothstep(-0.10, 0.30, above) * (np.float32(1) - opacity),
        veil=veil,
        cloud=cloud,
        ring=ring,
        shadow=(above > 0) & ~cloud,
        cirrus=cirrus,
    )
