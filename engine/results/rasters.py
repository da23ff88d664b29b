"""Classified rasters: one GeoTIFF a scene, on the scene's own grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..colours import RGB
from ..scenes.scene import Scene
from .geotiff import Band, Rows, write_raster


def write_classes(
    path: Path,
    scene: Scene,
    rows: Iterable[Rows],
    names: Sequence[str],
    colours: Sequence[RGB],
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
        Of the values 1, 2, ...; a value without a name is no class.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    tags = {
        "TIFFTAG_DATETIME": scene.acquired.strftime("%Y:%m:%d 00:00:00"),
        "LANDSAT_PRODUCT_ID": scene.id,
        "CLASS_NAMES": "; ".join(f"{j}={name}" for j, name in enumerate(names, start=1) if name),
    }
    write_raster(path, scene.checked_grid(), Band("Class", "uint8", tags, colours), rows)
