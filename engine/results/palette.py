"""Colours of the classes: a legend that suggests the land cover and keeps all classes apart.

Each signature is compared with a small library of typical land-cover reflectances; the blend of the nearest entries'
colours is what the class *should* look like (water blue, vegetation green, soils brown, towns greyish pink, snow pale
cyan). Classes that would look alike are then pushed apart, and each takes the nearest colour of a fixed table that
keeps its distance from all colours taken before it.

The colours are part of the result and so are the same bits on every machine: the only floating-point arithmetic makes
two fixed tables, whose numbers are rounded to integers far from any tie (a test measures how far); everything that
depends on the signatures is integer arithmetic with stated tie-breaks. The colours follow the signatures, not their
order: classes listed in another order keep their colours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..colours import RGB
from ..sensors.roles import ROLES, USUAL

Point = tuple[int, int, int]

MAX_CLASSES = 254

# Reflectance in 1/10000 from a centre in 1/64 DN, without floats: (centre / 64 x 0.0000275 - 0.2) x 10000
# = (centre x 275 - 128 000 000) / 64 000.
_CENTRE_FACTOR, _CENTRE_OFFSET, _CENTRE_DIVISOR = 275, 128_000_000, 64_000

# Typical surface reflectances in 1/1000 (blue, green, red, nir, swir1, swir2) and the colour of a legend's entry.
# Round figures set by hand and tried on Landsat scenes, not measurements: they choose a colour only, and nothing is
# classified by them.
_LIBRARY: tuple[tuple[str, tuple[int, ...], RGB], ...] = (
    ("deep water", (22, 18, 10, 5, 3, 2), (18, 54, 122)),
    ("water", (35, 42, 28, 12, 6, 4), (38, 94, 172)),
    ("shallow water", (75, 95, 55, 18, 8, 5), (58, 160, 196)),
    ("turbid water", (60, 90, 85, 40, 12, 8), (98, 152, 196)),
    ("water full of sediment", (80, 120, 140, 90, 25, 15), (146, 176, 190)),
    ("lake with weeds", (15, 30, 19, 30, 14, 9), (32, 74, 138)),
    ("shadow or lava", (14, 20, 21, 75, 55, 38), (56, 52, 72)),
    ("wetland", (30, 46, 38, 140, 70, 35), (36, 112, 104)),
    ("conifer forest", (18, 28, 20, 190, 80, 35), (14, 72, 42)),
    ("broadleaf forest", (20, 42, 24, 330, 140, 58), (24, 104, 46)),
    ("vigorous crop", (25, 60, 30, 480, 200, 85), (66, 174, 54)),
    ("crop", (35, 70, 50, 360, 210, 110), (122, 190, 80)),
    ("meadow", (45, 80, 75, 280, 240, 140), (168, 198, 94)),
    ("shrub", (45, 65, 70, 210, 220, 140), (136, 146, 74)),
    ("dry grass", (65, 95, 120, 230, 290, 200), (208, 190, 104)),
    ("stubble", (80, 115, 155, 250, 330, 245), (224, 200, 132)),
    ("moist soil", (50, 70, 85, 130, 190, 160), (112, 76, 50)),
    ("soil", (75, 105, 140, 200, 290, 250), (166, 114, 66)),
    ("red soil", (50, 75, 150, 230, 320, 270), (186, 94, 56)),
    ("sand", (150, 210, 280, 350, 430, 400), (236, 206, 140)),
    ("bright desert", (280, 330, 380, 430, 440, 380), (244, 226, 190)),
    ("town", (95, 115, 130, 190, 210, 180), (190, 148, 156)),
    ("bright roofs", (170, 190, 205, 250, 270, 240), (214, 182, 190)),
    ("dark rock or asphalt", (70, 80, 88, 115, 140, 125), (126, 110, 120)),
    ("rock", (110, 125, 140, 170, 210, 200), (168, 144, 138)),
    ("burnt", (30, 38, 45, 85, 140, 150), (86, 44, 54)),
    ("fresh snow", (980, 970, 960, 860, 100, 110), (222, 240, 252)),
    ("snow", (820, 800, 780, 690, 70, 65), (196, 230, 246)),
    ("old snow", (660, 650, 620, 500, 45, 40), (160, 208, 236)),
    ("ice", (500, 520, 480, 360, 30, 20), (120, 200, 232)),
    ("wet or dirty snow", (300, 310, 300, 240, 60, 45), (130, 184, 214)),
    ("cloud", (450, 450, 460, 500, 400, 310), (232, 230, 238)),
    ("thin cloud", (220, 220, 225, 330, 260, 180), (204, 208, 220)),
)

# Where a usual band is missing, the first of these stands for it: the library has no others.
_LIKE = {
    "coastal": "blue", "green1": "green", "yellow": "red", "rededge1": "red", "nir_broad": "nir", "rededge3": "nir",
    "rededge2": "nir",
}  # fmt: skip

# One band alone tells no cover, only brightness: from dark to bright through hues that differ.
_RAMP: tuple[RGB, ...] = (
    (24, 46, 104), (28, 96, 132), (40, 124, 92), (112, 150, 62), (196, 164, 72), (226, 158, 116), (240, 206, 208),
)  # fmt: skip

# The table of colours: every 15th level of red, green and blue (18 ** 3 colours) without the too dark, too near the
# white canvas and too glaring ones. Units of all colour distances here: 1/100.
_STEP = 15
_MIN_LIGHTNESS, _MIN_FROM_WHITE, _MAX_CHROMA = 2200, 1000, 8500

# The distance asked for: half of what the table can hold and this much more, which leaves room for the looks; beyond
# 22 two colours are told apart at a glance, and the likeness to the cover matters more.
_BEYOND_HALF, _CLEARLY_APART = 290, 2200

# How often classes push each other; by then few pairs are still nearer than asked.
_PUSHES = 40
# A point this near to a colour of the table is inside of the table, not beyond its edge.
_GRAIN = 400
# What a wrong hue and a loss of chroma cost, against the distance from the wished point; judged by eye on maps.
_HUE_WEIGHT, _FADED_WEIGHT = 2, 1
# Rounds of exchange at most.
_ROUNDS = 4


def class_colours(centres: NDArray[np.int64], roles: Sequence[str]) -> list[RGB]:
    """Return one colour per class, alike to its land cover and unlike all other classes' colours.

    Parameters
    ----------
    centres : ndarray of int64, shape (k, n_bands)
        The signatures in 1/64 DN, k from 1 to 254. Identical rows get different colours too.
    roles : sequence of str
        The band role of each column, from `ROLES`, each at most once.

    Returns
    -------
    list of (red, green, blue)
        Levels 0 to 255, in the order of the classes; never black or white.

    Raises
    ------
    ValueError
        If the shape of `centres` does not fit, or a role is unknown or doubled.
    """
    rows = _checked(centres, roles)
    targets = _ramp_targets(rows) if len(roles) == 1 else [_library_target(row, roles) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: (sum(rows[i]), rows[i], i))
    picked = _assign(np.array([targets[i] for i in order], dtype=np.int64))
    colours: list[RGB] = [(0, 0, 0)] * len(rows)
    for position, index in enumerate(order):
        red, green, blue = (int(level) for level in _table()[0][picked[position]])
        colours[index] = (red, green, blue)
    return colours


def _checked(centres: NDArray[np.int64], roles: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the signatures as reflectances in 1/10000, cut to 0..16000."""
    if not roles or len(set(roles)) != len(roles) or not set(roles) <= set(ROLES):
        raise ValueError(f"The band roles are {list(roles)}; expected some of {list(ROLES)}, each once.")
    if centres.ndim != 2 or centres.shape[1] != len(roles) or not 1 <= centres.shape[0] <= MAX_CLASSES:
        raise ValueError(
            f"The centres have shape {centres.shape}; expected 1 to {MAX_CLASSES} rows and {len(roles)} columns."
        )
    whole = (centres.astype(np.int64) * _CENTRE_FACTOR - _CENTRE_OFFSET) // _CENTRE_DIVISOR
    return [tuple(int(value) for value in row) for row in np.clip(whole, 0, 16_000)]


def _library_target(row: tuple[int, ...], roles: Sequence[str]) -> Point:
    """Return the colour point of a signature: the library's, each weighted by 1 / distance ** 6.

    Square roots of reflectance are compared, so that dark covers (water, forest) differ as much as bright ones.
    """
    columns = _columns(roles)
    mine = [math.isqrt(row[place] * 10_000) for place in columns]
    total, sums = 0, [0, 0, 0]
    for (_, spectrum, _), point in zip(_LIBRARY, _library_points()):
        distance = sum((m - math.isqrt(spectrum[c] * 100_000)) ** 2 for m, c in zip(mine, columns.values()))
        weight = 10**36 // (distance + 100) ** 3
        total += weight
        for axis in range(3):
            sums[axis] += weight * point[axis]
    return (sums[0] // total, sums[1] // total, sums[2] // total)


def _columns(roles: Sequence[str]) -> dict[int, int]:
    """Return the places of the bands that are compared -> the columns of the library that they are compared with."""
    columns = {place: USUAL.index(role) for place, role in enumerate(roles) if role in USUAL}
    for role, like in _LIKE.items():
        if role in roles and USUAL.index(like) not in columns.values():
            columns[list(roles).index(role)] = USUAL.index(like)
    return columns


def _ramp_targets(rows: list[tuple[int, ...]]) -> list[Point]:
    """Return the colour points along the ramp, by the rank of the brightness (equal rows: equal rank)."""
    levels = sorted(set(rows))
    points = [_point(colour) for colour in _RAMP]
    targets = []
    for row in rows:
        segment, part = divmod(levels.index(row) * (len(points) - 1), max(len(levels) - 1, 1))
        start, end = points[segment], points[min(segment + 1, len(points) - 1)]
        steps = max(len(levels) - 1, 1)
        targets.append(tuple((s * (steps - part) + e * part) // steps for s, e in zip(start, end)))
    return targets  # type: ignore[return-value]


def _assign(targets: NDArray[np.int64]) -> list[int]:
    """Return for each target a row of the table, any two of them apart by the largest distance that works.

    With half of the distance at which `_spread` can place as many colours the search cannot fail: then no colour
    taken blocks more than one of those, so one at least is always left.
    """
    wide = _spread()[len(targets) - 1]
    distance = min(_CLEARLY_APART, wide // 2 + _BEYOND_HALF)
    costs = _costs(targets, _pushed_apart(targets, distance))
    while True:
        picked = _pick(costs, distance)
        if picked is not None:
            _improve(picked, costs, distance)
            return picked
        distance = max(distance - max(distance // 32, 1), wide // 2)


def _pushed_apart(targets: NDArray[np.int64], distance: int) -> NDArray[np.int64]:
    """Return the targets moved apart towards the distance, so that lighter stays lighter and greener greener.

    `targets` (k, 3) come in the order dark to bright, which equal targets follow. All in integers: the square root is
    exact to the bit (IEEE 754) and cut to whole units, and sums of integers know no order.
    """
    k = len(targets)
    rank = np.arange(k, dtype=np.int64)
    nudge = np.stack([rank * 600 // k - 300, rank * 61 % 41 - 20, rank * 37 % 43 - 21], axis=1)
    points = targets + nudge
    for step in range(_PUSHES):
        away = points[:, None, :] - points[None, :, :]
        apart = np.sqrt((away**2).sum(axis=2)).astype(np.int64)
        lacking = np.maximum(distance - apart, 0)
        push = (away * lacking[:, :, None] // (4 * np.maximum(apart, 1)[:, :, None])).sum(axis=1)
        points = np.asarray(points + push + (targets - points) // 16)
        if step % 4 == 3:
            points = _inside(points)
    return np.asarray(points, dtype=np.int64)


def _inside(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the points, those outside the table's colours moved to the nearest of them."""
    table = _table()[1]
    squares = (table**2).sum(axis=1)[None, :] - 2 * (points @ table.T)
    nearest = table[squares.argmin(axis=1)]
    far = ((points - nearest) ** 2).sum(axis=1) > _GRAIN**2
    return np.asarray(np.where(far[:, None], nearest, points))


def _costs(looks: NDArray[np.int64], wishes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how badly each row of the table (n) suits each class (k), of shape (k, n).

    Beside the distance from the wished point, a hue unlike the look's and a loss of its chroma cost: green should
    become light or dark green before it becomes blue or grey.
    """
    points = _table()[1]
    chroma, look_chroma = _chroma(points)[None, :], _chroma(looks)[:, None]
    off_hue = 2 * (chroma * look_chroma - looks[:, 1:] @ points[:, 1:].T)
    faded = np.maximum(look_chroma - chroma, 0) ** 2
    away = (points**2).sum(axis=1)[None, :] + (wishes**2).sum(axis=1)[:, None] - 2 * (wishes @ points.T)
    return np.asarray(away + _HUE_WEIGHT * off_hue + _FADED_WEIGHT * faded)


def _pick(costs: NDArray[np.int64], distance: int) -> list[int] | None:
    """Return for each class the cheapest free row of the table, in turn, or None if none is left for one of them."""
    blocked = np.zeros(costs.shape[1], dtype=bool)
    picked: list[int] = []
    for cost in costs:
        if blocked.all():
            return None
        picked.append(_cheapest(cost, blocked))
        blocked |= _near(picked[-1], distance)
    return picked


def _improve(picked: list[int], costs: NDArray[np.int64], distance: int) -> None:
    """Let classes swap colours or take a better free one, in place; no distance becomes shorter than `distance`.

    The classes that picked last had little choice. Every change lowers the sum of the costs.
    """
    k = len(picked)
    blocks = np.zeros(costs.shape[1], dtype=np.int64)
    for row in picked:
        blocks += _near(row, distance)
    for _ in range(_ROUNDS):
        before = list(picked)
        for i in range(k):
            own = costs[np.arange(k), picked]
            change = costs[i, picked] + costs[:, picked[i]] - own[i] - own
            j = int(change.argmin())
            if change[j] < 0:
                picked[i], picked[j] = picked[j], picked[i]
        for i in range(k):
            blocks -= _near(picked[i], distance)
            picked[i] = _cheapest(costs[i], blocks > 0)
            blocks += _near(picked[i], distance)
        if picked == before:
            return


def _cheapest(cost: NDArray[np.int64], blocked: NDArray[np.bool_]) -> int:
    """Return the row with the lowest cost that is not blocked; a tie goes to the first."""
    return int(np.where(blocked, np.iinfo(np.int64).max, cost).argmin())


def _near(row: int, distance: int) -> NDArray[np.bool_]:
    """Return which rows of the table are nearer to this one than the distance (itself too)."""
    points = _table()[1]
    return np.asarray(((points - points[row]) ** 2).sum(axis=1) < distance * distance)


def _chroma(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the whole units of each point's distance from grey."""
    return np.asarray(np.sqrt((points[:, 1:] ** 2).sum(axis=1)), dtype=np.int64)


@lru_cache(maxsize=1)
def _spread() -> list[int]:
    """Return for each number of colours k = 1..254 a distance at which the table holds k colours.

    Each next colour is the one farthest from all before it. One colour alone has no neighbour: its entry is only
    larger than any distance in use.
    """
    points = _table()[1]
    nearest = ((points - points[0]) ** 2).sum(axis=1)
    distances = [10_000]
    while len(distances) < MAX_CLASSES:
        farthest = int(nearest.argmax())
        distances.append(min(distances[-1], math.isqrt(int(nearest[farthest]))))
        nearest = np.minimum(nearest, ((points - points[farthest]) ** 2).sum(axis=1))
    return distances


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the colours (n, 3) that classes may have and their points (n, 3)."""
    white = _point((255, 255, 255))
    colours, points = [], []
    levels = range(0, 256, _STEP)
    for colour in ((r, g, b) for r in levels for g in levels for b in levels):
        point = _point(colour)
        from_white = sum((p - w) ** 2 for p, w in zip(point, white))
        chroma = point[1] ** 2 + point[2] ** 2
        if point[0] >= _MIN_LIGHTNESS and from_white >= _MIN_FROM_WHITE**2 and chroma <= _MAX_CHROMA**2:
            colours.append(colour)
            points.append(point)
    return np.array(colours, dtype=np.int64), np.array(points, dtype=np.int64)


@lru_cache(maxsize=1)
def _library_points() -> list[Point]:
    return [_point(colour) for _, _, colour in _LIBRARY]


def _point(colour: RGB) -> Point:
    """Return the point of a colour in 1/100: CIELAB with compressed chroma, rounded."""
    lightness, a, b = _exact_point(colour)
    return (math.floor(lightness * 100 + 0.5), math.floor(a * 100 + 0.5), math.floor(b * 100 + 0.5))


def _exact_point(colour: RGB) -> tuple[float, float, float]:
    """Return CIELAB (D65) of a colour of sRGB, its chroma C compressed to ln(1 + 0.03 C) / 0.03.

    CIELAB counts differences between saturated colours too high; CIE 94 divides those of chroma by 1 + 0.045 C and
    those of hue by 1 + 0.015 C. The compression lies between the two and lengthens no difference, so that a distance
    here is never longer than the difference Delta E*ab (1976) of the two colours.
    """
    red, green, blue = (_linear(level) for level in colour)
    x = _cube_root((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.9504700)
    y = _cube_root(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue)
    z = _cube_root((0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.0888300)
    a, b = 500 * (x - y), 200 * (y - z)
    chroma = math.sqrt(a * a + b * b)
    factor = math.log1p(0.03 * chroma) / (0.03 * chroma) if chroma > 1e-9 else 1.0
    return (116 * y - 16, a * factor, b * factor)


def _linear(level: int) -> float:
    """Return the light of a level of sRGB (IEC 61966-2-1), 0 to 1."""
    value = level / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _cube_root(value: float) -> float:
    """Return CIELAB's f(t) (CIE 15): the cube root, linear near zero."""
    return float(value ** (1 / 3)) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116
