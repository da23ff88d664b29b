"""Scenes in memory: what an instrument records of the landscape through the weather, and its quality bands."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .covers import CONIFER, JITTERS, NO_COVER, RIVER, SNOW, snow_line_on, variants_on
from .ground import ground_at
from .noise import hashed, salted
from .products import (
    ANCHOR,
    OFFSET,
    QA_FILL,
    RADSAT_VALUES,
    SCALE,
    STRIP_ROWS,
    SceneSpec,
    SimulatedScene,
)
from .weather import CIRRUS, CLOUD, MARGIN, Sky, Weather, inside_footprint, sky_over, weather_of

# How a smooth "lushness" field moves each band within a cover.
_LUSH = np.array((-0.3, -0.4, -0.2, -0.8, 0.7, -0.5, -0.8), dtype=np.float32)


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


def _strip(scene: SimulatedScene, weather: Weather, table: np.ndarray, row0: int, row1: int) -> None:
    """Fill rows [row0, row1) of a scene whose arrays hold fill."""
    spec = scene.spec
    rows = np.arange(row0, row1)
    found = inside_footprint(spec, rows)
    if found is None:
        return
    inside, col0 = found
    col1 = col0 + inside.shape[1]
    columns = np.arange(col0, col1)

    m = MARGIN
    east = spec.origin[0] + (np.arange(col0 - m, col1 + m) + 0.5) * spec.cell
    north = spec.origin[1] - (np.arange(row0 - m, row1 + m) + 0.5) * spec.cell
    place = salted(spec.seed, spec.epsg)
    wide = ground_at(east[1:-1] - ANCHOR[0], north[1:-1] - ANCHOR[1], place)  # margin 2: slopes and blur
    crop1 = (slice(1, -1), slice(1, -1))
    day = spec.acquired.timetuple().tm_yday

    # Snow where it is high, more on slopes away from the sun.
    elevation = wide.elevation
    rise_x = (elevation[1:-1, 2:] - elevation[1:-1, :-2]) * np.float32(1 / (2 * spec.cell))
    rise_y = (elevation[:-2, 1:-1] - elevation[2:, 1:-1]) * np.float32(1 / (2 * spec.cell))
    toward = rise_x * np.float32(weather.to_sun[0])
    toward += rise_y * np.float32(weather.to_sun[1])
    shade = np.float32(1) - np.float32(0.9 * weather.tan_zenith) * toward
    np.clip(shade, 0.12, 1.45, out=shade)
    cover, jitter = wide.cover[crop1], wide.jitter[crop1]
    low = elevation[crop1]
    snow_line = snow_line_on(day)
    dry = cover > RIVER
    snow = (low - np.float32(260) * (shade - 1) + np.float32(900) * (wide.lush[crop1]) > snow_line) & dry
    snow &= ~((cover == CONIFER) & (jitter > 9))
    cover = np.where(snow, np.uint8(SNOW), cover)
    light = wide.light[crop1]
    light *= np.where(dry, shade, np.float32(1))
    np.minimum(light, np.float32(1.15), out=light, where=snow)  # real snow: 99 % below 1.13 (LC08 005009)
    lush = np.where(snow, np.float32(0), wide.lush[crop1])
    index = cover.astype(np.int32) * JITTERS + jitter

    # Clouds, their shadows and the rings around them.
    sky = sky_over(weather, east, north)
    opacity, dark, veil = sky.opacity, sky.dark, sky.veil

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
    white = np.float32(0.62) + np.float32(0.80) * sky.core
    for n, k in enumerate(bands):
        ground = table[:, :, k].ravel()[index]
        ground *= light
        ground *= np.float32(1) + _LUSH[k] * lush
        r = _blurred(ground)
        r *= lit
        r += (CLOUD[k] * opacity) * white
        if veil is not None:
            r += (CIRRUS[k] - r * np.float32(0.5)) * (np.float32(0.35) * veil)
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
    scene.qa_pixel[target] = qa_pixel_of(spec.is_oli, inside, sky, below == SNOW, water)

    values = RADSAT_VALUES[spec.sensor[:2]]
    bright = (brightest > 0.93) & (sky.cloud | (below == SNOW)) & inside
    pick = hashed(columns[None, :], rows[:, None], weather.salt)
    saturated = bright & (pick & np.uint32(7) == 0)
    radsat = np.zeros(inside.shape, np.uint16)
    radsat[saturated] = np.array(values, np.uint16)[((pick >> 8) % np.uint32(len(values)))[saturated]]
    if spec.is_oli:
        radsat[(shade[crop1] < 0.14) & inside & ~saturated] = 2048
    scene.qa_radsat[target] = radsat


def qa_pixel_of(oli: bool, inside: np.ndarray, sky: Sky, snow: np.ndarray, water: np.ndarray) -> np.ndarray:
    """Return QA_PIXEL from findings, (rows, columns) uint16; later findings override earlier ones."""
    cloud, ring, shadow, cirrus = sky.cloud, sky.ring, sky.shadow, sky.cirrus
    vague = (sky.thick > -0.35) & ~cloud
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
    weather, table = weather_of(spec), variants_on(spec.acquired.timetuple().tm_yday)
    starts = range(0, spec.height, strip_rows)

    def work(row: int) -> None:
        _strip(scene, weather, table, row, min(row + strip_rows, spec.height))

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(work, starts))
    return scene
