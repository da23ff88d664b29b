"""Points with a class as layers: the fields they are written with, how they are read, and the form to label them in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from qgis.core import (
    NULL,
    Qgis,
    QgsEditorWidgetSetup,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, QVariant

from ...engine.errors import ParameterError
from .i18n import tr

if TYPE_CHECKING:
    from ...engine.map_requests import ReferencePoints

ID, DATE, SCENE, MAP_CLASS, REF_CLASS = "id", "date", "scene", "map_class", "ref_class"

# QGIS 3.38 and newer want the types of QMetaType, older ones know those of QVariant alone.
if Qgis.QGIS_VERSION_INT >= 33800:
    _WHOLE, _DAY, _TEXT = QMetaType.Type.Int, QMetaType.Type.QDate, QMetaType.Type.QString
else:
    _WHOLE, _DAY, _TEXT = QVariant.Int, QVariant.Date, QVariant.String

# Pixels of the column to fill in, wide enough for names of classes; QGIS gives a column some 100.
_WIDTH = 240

# See layers._WAITING: QGIS keeps only a pointer to a Python post-processor.
_WAITING: list[LabelForm] = []


def fields() -> QgsFields:
    """Return the fields of sample points."""
    found = QgsFields()
    for name, kind in ((ID, _WHOLE), (DATE, _DAY), (SCENE, _TEXT), (MAP_CLASS, _WHOLE), (REF_CLASS, _TEXT)):
        found.append(QgsField(name, kind))
    return found


class LabelForm(QgsProcessingLayerPostProcessorInterface):
    """Hides what the map says and offers the classes to choose from, in the layer that is loaded."""

    def __init__(self, names: Mapping[int, str]) -> None:
        """Take class -> name."""
        super().__init__()
        self._names = dict(names)

    def postProcessLayer(self, layer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Set the layer up; called by Processing in the main thread."""
        _WAITING.remove(self)
        known = [
            {name if str(number) in name.split() else f"{number} {name}": str(number)}
            for number, name in sorted(self._names.items())
        ]
        own = layer.fields()
        layer.setEditorWidgetSetup(own.lookupField(REF_CLASS), QgsEditorWidgetSetup("ValueMap", {"map": known}))
        hidden = own.lookupField(MAP_CLASS)
        layer.setEditorWidgetSetup(hidden, QgsEditorWidgetSetup("Hidden", {}))
        table = layer.attributeTableConfig()
        table.update(own)
        for place, column in enumerate(table.columns()):
            if column.name == MAP_CLASS:
                table.setColumnHidden(place, True)
            if column.name == REF_CLASS:
                table.setColumnWidth(place, _WIDTH)
        layer.setAttributeTableConfig(table)


def form_on_completion(context: QgsProcessingContext, place: str, names: Mapping[int, str]) -> None:
    """Have a layer of sample points that Processing is to load made ready for labelling."""
    if not context.willLoadLayerOnCompletion(place):
        return
    form = LabelForm(names)
    _WAITING.append(form)
    context.layerToLoadOnCompletionDetails(place).setPostProcessor(form)


def check_fields(source: QgsProcessingFeatureSource, class_field: str, date_field: str) -> None:
    """Raise ParameterError if a layer has not the fields that are chosen."""
    own = source.fields()
    for parameter, name in (("CLASS_FIELD", class_field), ("DATE_FIELD", date_field)):
        if (name or parameter == "CLASS_FIELD") and own.lookupField(name) < 0:
            raise ParameterError(
                tr("{parameter}: {layer} has no field {name} (it has {names}); choose one of these.").format(
                    parameter=parameter, layer=source.sourceName(), name=name, names=", ".join(own.names())
                )
            )


def reference(source: QgsProcessingFeatureSource, class_field: str, date_field: str) -> ReferencePoints:
    """Return the points of a layer with their classes and days; a layer belongs to the main thread, which must call.

    Raises
    ------
    ParameterError
        A field is not there, or holds what is no date.
    """
    from ...engine.map_requests import ReferencePoints

    check_fields(source, class_field, date_field)
    x, y, classes, days, scenes = [], [], [], [], []
    scene = source.fields().lookupField(SCENE)
    for feature in source.getFeatures():
        place = _place(feature.geometry())
        x.append(place[0])
        y.append(place[1])
        classes.append(_text(feature[class_field]))
        scenes.append(_text(feature[scene]) if scene >= 0 else "")
        if date_field:
            days.append(_day(feature[date_field]))
    crs = source.sourceCrs()
    authority = crs.authid()
    return ReferencePoints(
        x,
        y,
        authority if authority.startswith("EPSG:") else crs.toWkt() if crs.isValid() else "",
        classes,
        days if date_field else None,
        scenes,
    )


def _place(geometry: QgsGeometry) -> tuple[float, float]:
    """Return the coordinates of a point, or of a multipoint with one; NaN for anything else."""
    if not geometry.isEmpty():
        parts = geometry.asMultiPoint() if geometry.isMultipart() else [geometry.asPoint()]
        if len(parts) == 1:
            return parts[0].x(), parts[0].y()
    return math.nan, math.nan


def _text(value: Any) -> str:
    return "" if value is None or value == NULL else str(value)


def _day(value: Any) -> date | None:
    """Return the day that a field holds, as a date, a time or a text; None if it is empty."""
    from ...engine.maps.raster_set import day_in

    if value is None or value == NULL:
        return None
    if isinstance(value, QDateTime):
        value = value.date()
    if isinstance(value, QDate):
        return date(value.year(), value.month(), value.day()) if value.isValid() else None
    text = _text(value).strip()
    day = day_in(text)
    if text and day is None:
        raise ParameterError(
            tr("DATE_FIELD: {text} is no date; write it such as 2022-05-11, or leave it empty.").format(text=text)
        )
    return day
