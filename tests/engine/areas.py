"""Areas of interest for tests: polygons given in a scene's pixels."""

from __future__ import annotations

import rasterio
from iikmc.engine.scenes.area import Area


def area(*rings, **geometry):
    """Return an area of polygons that needs no other CRS, and the list of what it was asked for."""
    asked = []
    shapes = [{"type": "Polygon", "coordinates": [[*ring, ring[0]]]} for ring in rings]

    def polygons(wkt, bounds):
        asked.append((wkt, bounds))
        return shapes

    return Area("fields (1 polygon, EPSG:32633)", polygons), asked


def at(scene, *pixels):
    """Return map coordinates of (column, row) in pixels from the scene's upper left corner."""
    with rasterio.open(next(scene.glob("*_SR_B4.TIF"))) as raster:
        return [tuple(raster.transform * pixel) for pixel in pixels]


def box(scene, left, top, right, bottom):
    return at(scene, (left, top), (right, top), (right, bottom), (left, bottom))
