"""The landscape: relief, rivers, towns, fields and forests at map coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .covers import (
    ALFALFA,
    ALPINE,
    BEET,
    CONIFER,
    DECIDUOUS,
    FALLOW,
    GRASS,
    GRAVEL,
    JITTERS,
    LAKE,
    MAIZE,
    RAPE,
    RIVER,
    ROAD,
    ROCK,
    SOIL,
    SUBURB,
    URBAN,
    WHEAT,
)
from .noise import fractal, hashed, mixed, salted, smoothstep, to_unit


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
    belt = fractal(x, y, 48e3, 3, salted(salt, "belt"), gain=0.4)
    # A range west of the anchor, so that small scenes have mountains too.
    across = (x + 17500)[None, :] - 0.45 * (y - 2000)[:, None]
    near = np.exp(-((across / 7000) ** 2)) * np.exp(-((y / 45e3) ** 2))[:, None]
    belt += (2.6 * near).astype(np.float32)
    mountain = smoothstep(0.9, 2.5, belt)
    valley = np.abs(x[None, :] - _river_x(y, salt)[:, None]).astype(np.float32)
    mountain *= smoothstep(1200, 7500, valley)
    ridge = fractal(x, y, 7.5e3, 6, salted(salt, "ridge"), gain=0.5, ridged=True)
    hills = fractal(x, y, 7e3, 5, salted(salt, "hills"))
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
        local = salted(salt, "towns", spacing)
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


def ground_at(x: np.ndarray, y: np.ndarray, salt: int) -> _Ground:
    """Return the landscape at positions relative to the anchor (x ascending, y descending, metres)."""
    elevation = _elevation(x, y, salt)
    fine = fractal(x, y, 480, 3, salted(salt, "fine"), gain=0.7)
    woods = fractal(x, y, 5.3e3, 5, salted(salt, "woods"), gain=0.68)
    wet = fractal(x, y, 9e3, 4, salted(salt, "wet"))
    grain = to_unit(
        hashed((x[None, :] / 15).astype(np.int32), (y[:, None] / 15).astype(np.int32), salted(salt, "grain"))
    )

    # Cropland: quarters of about 2.5 km with bent edges, each ploughed in its own direction into parcels.
    xs, ys = x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]
    quarter = np.float32(2400)
    bent_x = fractal(x, y, 3.8e3, 2, salted(salt, "bent x"))
    bent_x *= np.float32(420)
    bent_x += xs
    bent_x *= 1 / quarter
    bent_y = fractal(x, y, 3.8e3, 2, salted(salt, "bent y"))
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
    key = hashed(ids_i, ids_j, salted(salt, "quarter")).ravel()
    angle = (to_unit(mixed(key + np.uint32(1))).astype(np.float64) - 0.5) * 2.2
    parcel_u = 110 + 330 * to_unit(mixed(key + np.uint32(2))).astype(np.float64)
    parcel_v = 260 + 620 * to_unit(mixed(key + np.uint32(3))).astype(np.float64)
    which = (qj - j0) * columns + (qi - i0)
    u = xs * (np.cos(angle) / parcel_u).astype(np.float32)[which]
    u += ys * (np.sin(angle) / parcel_u).astype(np.float32)[which]
    v = ys * (np.cos(angle) / parcel_v).astype(np.float32)[which]
    v -= xs * (np.sin(angle) / parcel_v).astype(np.float32)[which]
    u = np.floor(u)
    key = key[which]
    v += to_unit(hashed(u, key.view(np.int32), 5))  # neighbouring rows of parcels are offset against each other
    parcel = hashed(u, np.floor(v), 9)
    parcel ^= key
    parcel = mixed(parcel)
    # Crops by their usual shares: cumulative over 256.
    shares = np.repeat(
        np.array((WHEAT, MAIZE, RAPE, BEET, ALFALFA, FALLOW, GRASS), np.uint8), (74, 66, 30, 22, 24, 18, 22)
    )
    cover = shares[parcel & np.uint32(255)]
    jitter = ((parcel >> 8) & np.uint32(JITTERS - 1)).astype(np.uint8)
    cover[lane & (grain < 0.8)] = ROAD

    # Elsewhere the variant follows smooth noise.
    patch = np.float32(6.7) + np.float32(2.6) * fine + np.float32(1.5) * wet
    patch += np.float32(1.5) * grain  # dithered, lest the variants draw contour lines
    patch = np.clip(patch, 0, JITTERS - 1).astype(np.uint8)
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
    jumble = (grain * np.float32(JITTERS)).astype(np.uint8)
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
    ponds = fractal(x, y, 8e3, 5, salted(salt, "ponds"), gain=0.42)
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
