"""What polygons an area of interest is made of: GeoJSON-like geometries, checked, without what encloses nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import ParameterError

_HOLDS = {
    "Point": "points",
    "MultiPoint": "points",
    "LineString": "lines",
    "MultiLineString": "lines",
    "LinearRing": "lines",
}


def polygons_of(name: str, shapes: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the polygons among geometries; a ring of less than three corners encloses nothing and is left out.

    Parameters
    ----------
    name
        Of the area, for messages.
    shapes
        GeoJSON-like; collections give what is in them.

    Raises
    ------
    ParameterError
        A geometry holds points or lines, has a coordinate that is no finite number, or is no geometry at all.
    """
    try:
        return [part for shape in shapes for part in _parts(name, shape)]
    except RecursionError as error:
        raise ParameterError(f"AOI: {name} holds too many collections in one another; choose polygons.") from error


def _parts(name: str, shape: Any) -> Iterator[dict[str, Any]]:
    """Yield a geometry as polygons of two coordinates."""
    kind = shape.get("type") if isinstance(shape, dict) else None
    if kind == "GeometryCollection":
        for part in shape.get("geometries") or ():
            yield from _parts(name, part)
    elif kind in ("Polygon", "MultiPolygon"):
        nested = shape.get("coordinates") or ()
        try:
            rings = [[_flat(ring) for ring in part] for part in ([nested] if kind == "Polygon" else nested)]
        except (TypeError, ValueError, IndexError) as error:
            raise ParameterError(
                f"AOI: a polygon of {name} has a corner that is no pair of finite numbers; correct its geometry."
            ) from error
        for polygon in rings:
            # What is left of one whose outer ring encloses nothing counts, as in a polygon that crosses itself.
            left = [ring for ring in polygon if ring]
            if left:
                yield {"type": "Polygon", "coordinates": left}
    elif kind in _HOLDS:
        raise ParameterError(f"AOI: {name} holds {_HOLDS[kind]}; choose polygons.")
    else:
        raise ParameterError(f"AOI: {name} holds {kind or type(shape).__name__}, which is no polygon; choose polygons.")


def _flat(ring: Any) -> list[tuple[float, float]]:
    """Return the corners of a ring, the first again at the end; none where it encloses nothing."""
    corners = [(float(corner[0]), float(corner[1])) for corner in ring]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in corners):
        raise ValueError("not finite")
    if corners and corners[0] != corners[-1]:
        corners.append(corners[0])
    return corners if len(corners) > 3 else []
