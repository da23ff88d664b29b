"""The area of interest: polygons in each scene's CRS, and which pixels have their centre outside of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import SceneError
from .raster_access import raster_env
from .records import Scene, Strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""
# Polygons are drawn in pieces of this many rows, counted from the top of the scene, however it is cut into strips: a
# centre that lies on an edge to the last bit of a float64 must not fall in or out with the size of the strips.
_ROWS = 256


@dataclass(frozen=True)
class Area:
    """An area of interest, in whatever CRS it was drawn."""

    name: str
    """For messages and the run's record."""
    polygons: Callable[[str, Bounds], Sequence[dict[str, Any]]]
    """CRS as WKT, and bounds in it -> what lies there, as GeoJSON-like polygons in that CRS; called once a scene, from
    the thread that called the engine."""


def placed(scene: Scene, area: Area | None) -> Scene:
    """Return a checked scene with the polygons of the area in its own CRS.

    Raises
    ------
    SceneError
        The scene has no CRS.
    """
    if area is None:
        return scene
    grid = scene.checked_grid()
    if grid.crs is None:
        raise SceneError(
            f"Scene {scene.id}: its files have no CRS, so AOI cannot be placed on it; "
            "leave AOI empty, or use the files as USGS delivers them."
        )
    a, b, c, d, e, f = grid.transform
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in (0, grid.width) for y in (0, grid.height)]
    xs, ys = zip(*corners)
    with raster_env():
        wkt = grid.crs.to_wkt()
    return replace(scene, aoi=tuple(area.polygons(wkt, (min(xs), min(ys), max(xs), max(ys)))))


def outside(scene: Scene, strip: Strip) -> NDArray[np.bool_] | None:
    """Return which pixels of a strip have their centre outside the area, (height, width); None without an area."""
    if scene.aoi is None:
        return None
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    grid = scene.checked_grid()
    result = np.ones((strip.height, grid.width), bool)
    if not scene.aoi:
        return result
    last = strip.row + strip.height
    with raster_env():
        for first in range(strip.row // _ROWS * _ROWS, last, _ROWS):
            height = min(_ROWS, grid.height - first)
            transform = Affine(*grid.transform) * Affine.translation(0, first)
            piece = geometry_mask(scene.aoi, (height, grid.width), transform, all_touched=False)
            top, bottom = max(first, strip.row), min(first + height, last)
            result[top - strip.row : bottom - strip.row] = piece[top - first : bottom - first]
    return result
