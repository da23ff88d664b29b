"""Land covers and their reflectance through the year.

The spectra are rounded from Landsat's of central Europe and are meant to look right, not to be measurements.
"""

from __future__ import annotations

import math

import numpy as np

COVERS = (
    "lake", "river", "conifer", "deciduous", "grass", "alpine", "rock", "soil", "gravel", "urban", "suburb", "snow",
    "wheat", "maize", "rape", "beet", "alfalfa", "fallow", "road",
)  # fmt: skip
(LAKE, RIVER, CONIFER, DECIDUOUS, GRASS, ALPINE, ROCK, SOIL, GRAVEL, URBAN, SUBURB, SNOW) = range(12)
(WHEAT, MAIZE, RAPE, BEET, ALFALFA, FALLOW, ROAD) = range(12, 19)
NO_COVER = 255
JITTERS = 16  # variants of each cover: field by field for crops, patch by patch elsewhere

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


def _season(day: float, start: float, end: float, speed: float = 12.0) -> float:
    """Return 0..1: up around the day of year `start`, down around `end`."""
    return 1 / (1 + math.exp(-(day - start) / speed)) - 1 / (1 + math.exp(-(day - end) / speed))


def variants_on(day: int) -> np.ndarray:
    """Return the reflectance of every cover and variant on a day of the year, (covers, 16, 7) float32."""
    s = {name: np.array(values) for name, values in SPECTRA.items()}
    table = np.zeros((len(COVERS), JITTERS, 7))
    for variant in range(JITTERS):
        shift = (variant - 7.5) / 7.5  # -1..1
        # A few bits of the variant serve as a second, unordered draw.
        other = ((variant * 7) % JITTERS - 7.5) / 7.5
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


def snow_line_on(day: int) -> float:
    """Return the lowest elevation of snow in metres: summits in late summer, far down in winter."""
    return 1780 + 550 * math.cos(2 * math.pi * (day - 225) / 365.25)
