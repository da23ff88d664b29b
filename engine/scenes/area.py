"""The area of interest: polygons in each scene's CRS, and which pixels have their centre outside of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SceneError
from .files import raster_env
from .origin import delivered
from .scene import PixelGrid, Polygon, Scene, Strip, Window
from .shapes import polygons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""
# Polygons are drawn in pieces of this many rows, counted from the top of the scene, however it is cut into strips: a
# centre that lies on an edge to the last bit of a float64 must not fall in or out with the size of the strips.
_ROWS = 256
# Pixels each way of a drawing of which only the share inside is wanted.
_DRAWN = 512


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
    ParameterError
        The area holds something else than polygons.
    """
    if area is None:
        return scene
    grid = scene.checked_grid()
    if grid.crs is None:
        raise SceneError(
            f"Scene {scene.id}: its files have no CRS, so AOI cannot be placed on it; "
            f"leave AOI empty, or use the files {delivered(scene)}."
        )
    a, b, c, d, e, f = grid.transform
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in (0, grid.width) for y in (0, grid.height)]
    xs, ys = zip(*corners)
    with raster_env():
        wkt = grid.crs.to_wkt()
    shapes = polygons_of(area.name, area.polygons(wkt, (min(xs), min(ys), max(xs), max(ys))))
    return replace(scene, aoi=tuple(Polygon(shape, _window(shape, grid)) for shape in shapes))


def _window(shape: dict[str, Any], grid: PixelGrid) -> Window:
    """Return the part of the grid that can hold centres inside a polygon, with a pixel to spare on each side."""
    from rasterio.transform import Affine

    # All rings: outside of its first one, the "hole" of a polygon that is not valid would count as inside.
    x, y = np.concatenate([np.array(ring, np.float64) for ring in shape["coordinates"]]).T
    a, b, c, d, e, f = tuple(~Affine(*grid.transform))[:6]
    columns, rows = a * x + b * y + c, d * x + e * y + f
    return Window(
        top=max(math.floor(rows.min()) - 1, 0),
        bottom=min(math.ceil(rows.max()) + 1, grid.height),
        left=max(math.floor(columns.min()) - 1, 0),
        right=min(math.ceil(columns.max()) + 1, grid.width),
    )


def most_inside(scene: Scene) -> int:
    """Return a number of pixels that those with their centre inside the area do not exceed; all without an area."""
    grid = scene.checked_grid()
    if scene.aoi is None:
        return grid.pixels
    windows = [polygon.window for polygon in scene.aoi]
    return min(sum(window.pixels for window in windows), _around(windows).pixels)


def _around(windows: Sequence[Window]) -> Window:
    """Return the smallest rectangle around windows, those that are empty left out."""
    full = [window for window in windows if window.pixels]
    if not full:
        return Window(0, 0, 0, 0)
    return Window(
        min(window.top for window in full),
        max(window.bottom for window in full),
        min(window.left for window in full),
        max(window.right for window in full),
    )


def share_inside(scene: Scene) -> float:
    """Return about which share of a scene's pixels has its centre inside the area, 0..1; 1 without an area.

    The polygons are drawn once, in at most `_DRAWN` pixels each way over the part of the scene that they lie
    in: to draw them pixel by pixel takes as long as the run itself takes for it.
    """
    if scene.aoi is None:
        return 1.0
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    grid = scene.checked_grid()
    shapes = [polygon.shape for polygon in scene.aoi if polygon.window.pixels]
    around = _around([polygon.window for polygon in scene.aoi])
    if not shapes:
        return 0.0
    height, width = around.bottom - around.top, around.right - around.left
    rows, columns = min(height, _DRAWN), min(width, _DRAWN)
    right, down = width / columns, height / rows
    left, top = around.left, around.top
    # Multiplied out, as in `outside`.
    a, b, c, d, e, f = grid.transform
    transform = Affine(a * right, b * down, a * left + b * top + c, d * right, e * down, d * left + e * top + f)
    with raster_env():
        out = geometry_mask(shapes, (rows, columns), transform, all_touched=False)
    return float(np.count_nonzero(~out)) / out.size * around.pixels / grid.pixels


def may_be_inside(scene: Scene, strip: Strip) -> bool:
    """Tell whether a strip can have a pixel inside the area; always without an area."""
    return scene.aoi is None or any(polygon.window.meets(strip.row, strip.height) for polygon in scene.aoi)


def outside(scene: Scene, strip: Strip) -> NDArray[np.bool_] | None:
    """Return which pixels of a strip have their centre outside the area, (height, width); None without an area."""
    if scene.aoi is None:
        return None
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    grid = scene.checked_grid()
    result = np.ones((strip.height, grid.width), bool)
    if not may_be_inside(scene, strip):
        return result
    last = strip.row + strip.height
    with raster_env():
        for first in range(strip.row // _ROWS * _ROWS, last, _ROWS):
            height = min(_ROWS, grid.height - first)
            near = [polygon.shape for polygon in scene.aoi if polygon.window.meets(first, height)]
            if not near:
                continue
            # Multiplied out: affine 3 (rasterio 1.5) wants `@` between transforms, affine 2 knows `*` alone.
            a, b, c, d, e, f = grid.transform
            transform = Affine(a, b, b * first + c, d, e, e * first + f)
            piece = geometry_mask(near, (height, grid.width), transform, all_touched=False)
            top, bottom = max(first, strip.row), min(first + height, last)
            result[top - strip.row : bottom - strip.row] = piece[top - first : bottom - first]
    return result
