"""The AOI parameter: polygons of a layer, brought into the CRS of each scene."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsRectangle,
    QgsWkbTypes,
)

from ...engine.errors import ParameterError
from .i18n import tr

if TYPE_CHECKING:
    from ...engine.scenes.area import Area, Bounds

# Parts of the area's extent in a scene that an edge is cut into before it is brought into another CRS, where a straight
# line is a curve: a chord of 2 km bends by less than 0.1 m.
_PIECES = 100
_POLYGON = QgsWkbTypes.GeometryType.PolygonGeometry


def check_source(source: QgsProcessingFeatureSource) -> None:
    """Raise ParameterError if a layer cannot be an area of interest, without reading its features."""
    if source.featureCount() == 0:
        raise _no_polygon(source)
    if not source.sourceCrs().isValid():
        text = tr("AOI: {layer} has no CRS; give it one in its layer properties.")
        raise ParameterError(text.format(layer=source.sourceName()))


def _no_polygon(source: QgsProcessingFeatureSource) -> ParameterError:
    text = tr(
        "AOI: {layer} has no polygon (of the selected features, if only those are used); choose a layer with one, or "
        "leave AOI empty."
    )
    return ParameterError(text.format(layer=source.sourceName()))


class Polygons:
    """The polygons of a layer, copied so that any thread may use them."""

    def __init__(self, source: QgsProcessingFeatureSource, context: QgsProcessingContext) -> None:
        """Read the features; raises as `check_source`."""
        check_source(source)
        self._crs = source.sourceCrs()
        self._transforms = context.transformContext()
        # Polygons that cross themselves are no error here: what they enclose is what counts.
        unchecked = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        features = source.getFeatures(QgsFeatureRequest().setNoAttributes(), unchecked)
        geometries = [feature.geometry() for feature in features]
        self._geometries = [QgsGeometry(geometry) for geometry in geometries if not geometry.isEmpty()]
        if not self._geometries:
            raise _no_polygon(source)
        self._name = f"{source.sourceName()} ({len(self._geometries)} polygon(s), {self._crs.authid()})"

    def area(self) -> Area:
        """Return the engine's area of interest."""
        from ...engine.scenes.area import Area

        return Area(self._name, self.within)

    def within(self, wkt: str, bounds: Bounds) -> Sequence[dict[str, Any]]:
        """Return what lies within the bounds of a CRS, as GeoJSON-like polygons in it."""
        crs = QgsCoordinateReferenceSystem.fromWkt(wkt)
        same = crs == self._crs
        to_scene = QgsCoordinateTransform(self._crs, crs, self._transforms)
        extent = QgsRectangle(*bounds)
        try:
            if not same:
                extent = QgsCoordinateTransform(crs, self._crs, self._transforms).transformBoundingBox(extent)
            # A little more than the scene, so that the cut never comes near a pixel.
            extent.grow(0.05 * max(extent.width(), extent.height()))
            found = []
            for geometry in self._geometries:
                part = _cut(geometry, extent)
                if part is None:
                    continue
                if not same:
                    part = part.densifyByDistance(max(extent.width(), extent.height()) / _PIECES)
                    part.transform(to_scene)
                found.append(json.loads(part.asJson(17)))
        except QgsCsException as error:
            text = tr(
                "AOI: {layer} cannot be brought into the CRS {crs} of a scene ({reason}); save the layer in another "
                "CRS."
            )
            found = crs.authid() or crs.description()
            raise ParameterError(text.format(layer=self._name, crs=found, reason=error)) from error
        return found


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
