"""Classified rasters: one GeoTIFF a scene, on the scene's own grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import OutputError
from ..scenes.files import raster_env
from ..scenes.scene import Scene
from .geotiff import NODATA, overview_factors, profile

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Rows:
    """Classes of some full rows of a scene."""

    first: int
    """First row."""
    classes: NDArray[np.uint8]
    """(height, width) classes 1..k; 0 = nodata."""


def write_classes(
    path: Path,
    scene: Scene,
    rows: Iterable[Rows],
    names: Sequence[str],
    colours: Sequence[tuple[int, int, int]],
) -> None:
    """Write a scene's labels as a tiled, compressed GeoTIFF with colour table, overviews and nodata 0.

    Parameters
    ----------
    path
        The file to write; the caller renames it into place.
    scene
        The scene; its CRS and transform are handed on unchanged.
    rows
        Its classes, top to bottom; rows that are not given become nodata.
    names, colours
        Of the classes 1..k.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    from rasterio.enums import Resampling
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile
    from rasterio.windows import Window

    grid = scene.checked_grid()
    try:
        # Made in memory (at worst 1.4 bytes a pixel) and written in one go: when a disk is full, GDAL
        # tells of it while it closes a file, where rasterio lets it pass and a damaged raster would look like a result.
        with raster_env(), MemoryFile(ext=".tif") as memory:
            with memory.open(**profile(grid), photometric="palette") as target:
                target.write_colormap(1, {NODATA: (0, 0, 0, 0), **{j + 1: (*c, 255) for j, c in enumerate(colours)}})
                target.set_band_description(1, "Class")
                target.update_tags(
                    TIFFTAG_SOFTWARE="IIkMC",
                    TIFFTAG_DATETIME=scene.acquired.strftime("%Y:%m:%d 00:00:00"),
                    LANDSAT_PRODUCT_ID=scene.id,
                    CLASS_NAMES="; ".join(f"{j + 1}={name}" for j, name in enumerate(names)),
                )
                for part in rows:
                    height = part.classes.shape[0]
                    target.write(part.classes, 1, window=Window(0, part.first, grid.width, height))
                factors = overview_factors(grid)
                if factors:
                    # The most frequent class would be slower and no truer: nearest keeps real pixels and nodata apart.
                    target.build_overviews(factors, Resampling.nearest)
            path.write_bytes(memory.getbuffer())
    except (RasterioError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"OUTPUT: {path.name} cannot be written ({reason}); free some space or choose another folder."
        ) from error
