"""How GeoTIFFs of classes and codes are laid out."""

from __future__ import annotations

from typing import Any

from ..pixels.strips import ROW_MULTIPLE
from ..scenes.scene import PixelGrid

NODATA = 0
"""Never a class."""
# Overviews down to below one tile, as USGS makes them for the bands.
_SMALLEST_OVERVIEW = 256


def profile(grid: PixelGrid, dtype: str = "uint8") -> dict[str, Any]:
    """Return how rasterio shall create a GeoTIFF of one band with nodata 0: compressed, in tiles where it is large."""
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 1,
        "dtype": dtype,
        "nodata": NODATA,
        "crs": grid.crs,
        "transform": _affine(grid),
        "compress": "deflate",
        # Level 1 writes 5 times as fast as 6 and is a few per cent larger.
        "zlevel": 1,
    }
    if min(grid.width, grid.height) >= ROW_MULTIPLE:
        profile.update(tiled=True, blockxsize=ROW_MULTIPLE, blockysize=ROW_MULTIPLE)
    return profile


def _affine(grid: PixelGrid) -> Any:
    from rasterio.transform import Affine

    return Affine(*grid.transform)


def overview_factors(grid: PixelGrid) -> list[int]:
    """Return the factors of the overviews of a raster, none for a small one."""
    factors = []
    factor = 2
    while max(grid.width, grid.height) * 2 > _SMALLEST_OVERVIEW * factor:
        factors.append(factor)
        factor *= 2
    return factors
