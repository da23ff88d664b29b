"""Specifications of whole series, such as the benchmark's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from .products import ANCHOR, CELL, SENSORS, SceneSpec

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
        first, last = SENSORS[sensor][2:]
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
