"""The AOI parameter: polygons of a layer, brought into the CRS of each scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsLineString,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsRectangle,
    QgsWkbTypes,
)

from ...engine.errors import ParameterError
from ...engine.quantities import counted
from .i18n import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...engine.scenes.area import Area, Bounds

_POLYGON = QgsWkbTypes.GeometryType.PolygonGeometry
_KINDS = {
    QgsWkbTypes.GeometryType.PointGeometry: "points",
    QgsWkbTypes.GeometryType.LineGeometry: "lines",
}
# Points each way of the lattice over a scene that tells where it lies in another CRS.
_LATTICE = 33
# The angle that one edge of a curve stands for: on an arc with a radius of 50 km its middle is 2 cm off.
_ARC = math.radians(0.1)


def check_source(source: QgsProcessingFeatureSource) -> None:
    """Raise ParameterError if a layer cannot be an area of interest, without reading its features."""
    kind = QgsWkbTypes.geometryType(source.wkbType())
    if kind in _KINDS:
        raise _holds(source, kind)
    placed = source.sourceCrs().isValid()
    # QGIS takes a layer of collections for one that lies nowhere.
    nowhere = kind == QgsWkbTypes.GeometryType.NullGeometry or not (placed or kind == _POLYGON)
    if source.featureCount() == 0 or nowhere:
        raise _no_polygon(source)
    if not placed:
        text = tr("AOI: {layer} has no CRS; give it one in its layer properties.")
        raise ParameterError(text.format(layer=source.sourceName()))


def _holds(source: QgsProcessingFeatureSource, kind: QgsWkbTypes.GeometryType) -> ParameterError:
    text = (
        tr("AOI: {layer} holds points; choose a polygon layer.")
        if _KINDS[kind] == "points"
        else tr("AOI: {layer} holds lines; choose a polygon layer.")
    )
    return ParameterError(text.format(layer=source.sourceName()))


def _no_polygon(source: QgsProcessingFeatureSource) -> ParameterError:
    text = tr(
        "AOI: {layer} has no polygon (of the selected features, if only those are used); choose a layer with one, or "
        "leave AOI empty."
    )
    return ParameterError(text.format(layer=source.sourceName()))


class Polygons:
    """The polygons of a layer, copied so that any thread may use them."""

    def __init__(self, source: QgsProcessingFeatureSource, context: QgsProcessingContext) -> None:
        """Read the features; raises as `check_source`, and where a feature is no polygon."""
        check_source(source)
        self._crs = source.sourceCrs()
        self._transforms = context.transformContext()
        # Polygons that cross themselves are no error here: what they enclose is what counts.
        unchecked = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        features = source.getFeatures(QgsFeatureRequest().setNoAttributes(), unchecked)
        whole = [geometry for geometry in (feature.geometry() for feature in features) if not geometry.isEmpty()]
        self._geometries = [part for geometry in whole for part in _plain(geometry, source)]
        if not self._geometries:
            raise _no_polygon(source)
        self._name = f"{source.sourceName()} ({counted(len(whole), 'polygon')}, {self._crs.authid()})"

    def area(self) -> Area:
        """Return the engine's area of interest."""
        from ...engine.scenes.area import Area

        return Area(self._name, self.within)

    def within(self, wkt: str, bounds: Bounds) -> Sequence[dict[str, Any]]:
        """Return what lies within the bounds of a CRS, as GeoJSON-like polygons in it."""
        from ...engine.scenes.edges import bent, boxes_around, tolerance

        crs = QgsCoordinateReferenceSystem.fromWkt(wkt)
        bring: Any = None
        west, south, east, north = bounds
        try:
            if crs == self._crs:
                # A little more than the scene, so that the cut never comes near a pixel.
                more = 0.05 * max(east - west, north - south)
                boxes = [(west - more, south - more, east + more, north + more)]
            else:
                there = partial(_brought, QgsCoordinateTransform(crs, self._crs, self._transforms))
                boxes = boxes_around(there(_lattice(bounds)), 360.0 if self._crs.isGeographic() else None)
                to_scene = partial(_brought, QgsCoordinateTransform(self._crs, crs, self._transforms))
                bring = partial(bent, project=to_scene, close=tolerance(bounds))
            return [
                {"type": "Polygon", "coordinates": [(bring(ring) if bring else ring).tolist() for ring in polygon]}
                for geometry in self._geometries
                for box in boxes
                for polygon in _rings(_cut(geometry, QgsRectangle(*box)))
            ]
        except QgsCsException as error:
            text = tr(
                "AOI: {layer} cannot be brought into the CRS {crs} of a scene ({reason}); save the layer in another "
                "CRS."
            )
            found = crs.authid() or crs.description()
            raise ParameterError(text.format(layer=self._name, crs=found, reason=error)) from error


def _plain(geometry: QgsGeometry, source: QgsProcessingFeatureSource) -> list[QgsGeometry]:
    """Return the polygons of a feature, without curves, heights and measures.

    Raises
    ------
    ParameterError
        There are lines or points in it, or a coordinate is no number.
    """
    import numpy as np

    parts = geometry.asGeometryCollection()
    for part in parts:
        if part.type() in _KINDS:
            raise _holds(source, part.type())
    polygons = []
    for part in parts:
        flat = part.constGet().segmentize(_ARC)
        flat.dropZValue()
        flat.dropMValue()
        polygon = QgsGeometry(flat)
        if not all(np.isfinite(ring).all() for rings in _rings(polygon) for ring in rings):
            text = tr("AOI: {layer} has a polygon with a corner that is no finite number; correct its geometry.")
            raise ParameterError(text.format(layer=source.sourceName()))
        polygons.append(polygon)
    return polygons


def _cut(geometry: QgsGeometry, extent: QgsRectangle) -> QgsGeometry | None:
    """Return the part of a geometry in the extent; None if there is none. Far parts may have no place in the CRS."""
    box = geometry.boundingBox()
    if not box.intersects(extent):
        return None
    if extent.contains(box):
        return QgsGeometry(geometry)
    valid = geometry if geometry.isGeosValid() else geometry.makeValid()
    part = valid.intersection(QgsGeometry.fromRect(extent))
    # Where the edges touch, points and lines come along.
    part.convertGeometryCollectionToSubclass(_POLYGON)
    return None if part.isEmpty() or part.type() != _POLYGON else part


def _lattice(bounds: Bounds) -> NDArray[np.float64]:
    """Return (n, 2) points over all of a rectangle."""
    import numpy as np

    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, _LATTICE), np.linspace(south, north, _LATTICE))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _brought(transform: QgsCoordinateTransform, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 2) points in another CRS; raises QgsCsException where one has no place there."""
    line = QgsLineString(points[:, 0].tolist(), points[:, 1].tolist())
    line.transform(transform)
    return _points(bytes(line.asWkb()), 5)[0]


def _rings(geometry: QgsGeometry | None) -> list[list[NDArray[np.float64]]]:
    """Return the rings of each polygon, (n, 2) points each."""
    if geometry is None:
        return []
    found = []
    for part in geometry.asGeometryCollection():
        wkb = bytes(part.asWkb())
        place, rings = 9, []
        for _ in range(_number(wkb, 5)):
            ring, place = _points(wkb, place)
            rings.append(ring)
        found.append(rings)
    return found


def _points(wkb: bytes, place: int) -> tuple[NDArray[np.float64], int]:
    """Return the (n, 2) points that are counted at a place of a well-known binary, and where they end."""
    import numpy as np

    n = _number(wkb, place)
    order = "<" if wkb[0] else ">"
    return np.frombuffer(wkb, f"{order}f8", 2 * n, place + 4).reshape(n, 2), place + 4 + 16 * n


def _number(wkb: bytes, place: int) -> int:
    return int.from_bytes(wkb[place : place + 4], "little" if wkb[0] else "big")
