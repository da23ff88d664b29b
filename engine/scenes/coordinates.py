"""Coordinates brought from one coordinate reference system into another, through the rasters' own library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ParameterError, first_line
from .files import raster_env
from .scene import PixelGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGITUDE_LATITUDE = "EPSG:4326"
"""WGS 84 in degrees, longitude first: where points of several zones meet."""


def crs_of(text: str, parameter: str) -> Any:
    """Return the CRS that a text names, such as "EPSG:4326" or WKT.

    Raises
    ------
    ParameterError
        It names none.
    """
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError

    with raster_env():
        try:
            return CRS.from_user_input(text)
        except (RasterioError, ValueError) as error:
            raise ParameterError(
                f"{parameter}: {text[:60]!r} is no CRS ({first_line(error)}); give one such as 'EPSG:4326', or WKT."
            ) from error


def moved(
    x: Sequence[float] | NDArray[np.float64], y: Sequence[float] | NDArray[np.float64], source: Any, target: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates in another CRS; NaN where a point has no place in it.

    Parameters
    ----------
    x, y : (n,)
        Easting or longitude, northing or latitude.
    source, target : CRS
        Those of rasterio.

    Returns
    -------
    x, y : (n,) float64
        In the same order, whatever order of axes the CRS has by itself.
    """
    here = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if source == target or not here[0].size:
        return here
    with raster_env():
        there = _moved(source, target, *here)
    known = np.isfinite(there[0]) & np.isfinite(there[1])
    return np.where(known, there[0], np.nan), np.where(known, there[1], np.nan)


def _moved(
    source: Any, target: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    refusals: tuple[type[BaseException], ...] = (RasterioError,)
    try:
        from rasterio._err import CPLE_BaseError

        refusals = (RasterioError, CPLE_BaseError)
    except ImportError:  # a later version may keep GDAL's own errors to itself
        pass
    try:
        found_x, found_y = transform(source, target, x, y)
        return np.asarray(found_x, np.float64), np.asarray(found_y, np.float64)
    except refusals:
        # One point that has no place is an error for all of them.
        if x.size == 1:
            return np.full(1, np.nan), np.full(1, np.nan)
        half = x.size // 2
        parts = (_moved(source, target, x[part], y[part]) for part in (slice(half), slice(half, None)))
        first, second = parts
        return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])


def pixels_of(
    grid: PixelGrid, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return which pixel of a north-up grid holds each point.

    Returns
    -------
    rows, columns : (n,) int64
        0 where the point lies outside.
    inside : (n,) bool
        Whether the grid holds it. Of an edge between two pixels the right and the lower one holds it.
    """
    a, _, left, _, e, top = grid.transform
    with np.errstate(invalid="ignore"):
        columns, rows = np.floor((x - left) / a), np.floor((y - top) / e)
        inside = (columns >= 0) & (columns < grid.width) & (rows >= 0) & (rows < grid.height)
    kept = np.where(inside, rows, 0), np.where(inside, columns, 0)
    return kept[0].astype(np.int64), kept[1].astype(np.int64), inside


def centres_of(
    grid: PixelGrid, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates x and y of the centres of pixels of a north-up grid, (n,) float64."""
    a, _, left, _, e, top = grid.transform
    return left + (columns + 0.5) * a, top + (rows + 0.5) * e
