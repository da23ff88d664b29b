"""Which formats the GDAL at hand can decode."""

from __future__ import annotations

from functools import lru_cache

from .files import SCENE_DRIVERS, raster_env


@lru_cache(maxsize=1)
def decodes_jp2() -> bool:
    """Tell whether there is the driver that JPEG 2000 is read with."""
    import rasterio

    with raster_env(), rasterio.Env() as env:
        return SCENE_DRIVERS[1] in env.drivers()
