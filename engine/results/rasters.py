"""The rasters of a scene, GeoTIFFs on the scene's own grid: its classes, and how safe they are."""

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
    told = "; ".join(f"{j}={name}" for j, name in enumerate(names, start=1) if name)
    band = Band("Class", "uint8", {**_tags(scene), "CLASS_NAMES": told}, colours)
    write_raster(path, scene.checked_grid(), band, rows)


def write_margins(path: Path, scene: Scene, rows: Iterable[Rows]) -> None:
    """Write the margins of a scene's pixels, 1 to 255, in the same manner; nodata 0.

    Parameters
    ----------
    path
        The file to write; the caller renames it into place.
    scene
        The scene.
    rows
        The margins, top to bottom; rows that are not given become nodata.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_raster(path, scene.checked_grid(), Band("Margin", "uint8", _tags(scene)), rows)


def _tags(scene: Scene) -> dict[str, str]:
    day = scene.acquired.strftime("%Y:%m:%d 00:00:00")
    return {"TIFFTAG_DATETIME": day, "LANDSAT_PRODUCT_ID": scene.id}
