"""Classified rasters as tests need them: tiny, of explicit classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

EARLY = "LT05_L2SP_190027_19980308_20200909_02_T1"
LATER = "LE07_L2SP_190027_20100615_20200911_02_T1"
LATEST = "LC08_L2SP_190027_20220511_20220601_02_T1"
NORTH = "LC08_L2SP_190026_20220511_20220601_02_T1"
"""Of the same day as `LATEST`, and before it by name."""


def write_classified(
    folder: Path,
    name: str,
    classes: Any,
    origin: tuple[float, float] = (300_000.0, 5_000_000.0),
    pixel: float = 30.0,
    names: dict[int, str] | None = None,
    **options: Any,
) -> Path:
    """Write `name`_classes.tif and return it; its upper left corner is `origin`, in UTM 33 north."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}_classes.tif"
    classes = np.asarray(classes, np.uint8)
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": 0, "crs": "EPSG:32633"}
    profile.update(width=classes.shape[1], height=classes.shape[0], transform=from_origin(*origin, pixel, pixel))
    with rasterio.open(path, "w", **{**profile, **options}) as target:
        target.write(classes, 1)
        if names:
            target.update_tags(CLASS_NAMES="; ".join(f"{number}={text}" for number, text in names.items()))
    return path


def centre(row: int, column: int, origin: tuple[float, float] = (300_000.0, 5_000_000.0)) -> tuple[float, float]:
    """Return the map coordinates of a pixel's centre."""
    return origin[0] + 30.0 * (column + 0.5), origin[1] - 30.0 * (row + 0.5)
