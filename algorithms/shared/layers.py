"""Adds the classified rasters to the project: styled, named and dated after their scenes, in one group per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, count
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsLayerTree,
    QgsLayerTreeGroup,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsSettings,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from .i18n import tr

# Post-processors that Processing has not called yet. QGIS keeps only a pointer to a Python post-processor, and inside
# a model the algorithm that made it is gone by then: without this reference it would silently not be called.
_WAITING: list[LayerStyler] = []
_GIVEN: set[str] = set()

# Between which times of its day a layer is shown, by whether it is of the run's first day. QGIS counts a frame's end as
# part of it, and lets the first layer begin the frames: begun at the same time of day, a later layer would show in the
# frame before its own too, with a step of 16 days two scenes of one place at once. Nor is the end the next midnight.
_TIMES = {True: ("00:00:00", "23:59:59"), False: ("00:00:01", "23:59:59")}

# QGIS 3.32 and newer
GROUPED_BY_QGIS = hasattr(QgsProcessingContext.LayerDetails, "groupName")
PREFIX = "IIkMC "
"""What the names of the runs' groups begin with."""


@dataclass(frozen=True)
class _Place:
    """Where the layers of one run stand in the layer tree."""

    group: str
    """Name of the group."""
    positions: dict[str, int] = field(default_factory=dict)
    """Layer id -> position, of the layers that were moved there."""

    def take(self, layer_id: str, position: int, project: QgsProject) -> None:
        """Move a layer into the group, unless Processing puts it there (QGIS 3.32 and newer)."""
        root = project.layerTreeRoot()
        node = root.findLayer(layer_id)
        if node is None or (GROUPED_BY_QGIS and node.parent().name() == self.group):
            return
        earlier = node.parent()
        group = root.findGroup(self.group) or _results(root).insertGroup(0, self.group)
        clone = node.clone()
        clone.setExpanded(False)
        # Processing loads in the order of the file names, and QGIS puts a new layer beside the current one, which may
        # be in this very group: neither order says anything. The clone goes in before the node goes out, because QGIS
        # removes a layer that has no node left.
        later = (
            index
            for index, child in enumerate(group.findLayers())
            if self.positions.get(child.layerId(), -1) > position
        )
        group.insertChildNode(next(later, -1), clone)
        earlier.removeChildNode(node)
        self.positions[layer_id] = position
        if earlier.name().startswith(PREFIX) and not earlier.children():
            earlier.parent().removeChildNode(earlier)  # a run into the same folder has taken all its layers over


def _results(root: QgsLayerTree) -> QgsLayerTreeGroup:
    """Return the group that the user wants results in; the root by default."""
    name = QgsSettings().value("Processing/Configuration/RESULTS_GROUP_NAME", "")
    return (root.findGroup(name) if name else None) or root


def _out_of_runs(layer_id: str, project: QgsProject) -> None:
    """Move a layer that is no scene of a run out of a run's group, where QGIS puts it beside the current layer."""
    root = project.layerTreeRoot()
    node = root.findLayer(layer_id)
    if node is not None and node.parent().name().startswith(PREFIX):
        _results(root).insertChildNode(0, node.clone())
        node.parent().removeChildNode(node)


class LayerStyler(QgsProcessingLayerPostProcessorInterface):
    """Gives one loaded layer the style beside its file and its place in the run's group, if it has one."""

    def __init__(
        self,
        style: Path,
        place: _Place | None = None,
        position: int = 0,
        day: date | None = None,
        first: bool = True,
    ) -> None:
        """Take the .qml, the run's place in the layer tree, the layer's position there, its day, and if it is first."""
        super().__init__()
        self._day = day
        self._first = first
        self._style = style
        self._place = place
        self._position = position

    def postProcessLayer(self, layer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Style and move the layer; called by Processing in the main thread."""
        _WAITING.remove(self)
        _, good = layer.loadNamedStyle(str(self._style))
        if not good:
            text = tr("The style {style} could not be applied to {layer}.")
            feedback.pushWarning(text.format(style=self._style, layer=layer.name()))
        if self._day is not None:
            _date(layer, self._day, self._first)
        # A layer of an earlier run into the same folder is used again, with the old file still open.
        layer.reload()
        layer.triggerRepaint()
        project = context.project()
        if project is None:
            return
        if self._place is not None:
            self._place.take(layer.id(), self._position, project)
        else:
            _out_of_runs(layer.id(), project)


def _date(layer, day: date, first: bool) -> None:
    """Give a raster layer a day (UTC) as its time, so that the Temporal Controller shows it then; see `_TIMES`."""
    begin, end = (QDateTime.fromString(f"{day.isoformat()}T{time}Z", Qt.DateFormat.ISODate) for time in _TIMES[first])
    properties = layer.temporalProperties()
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    properties.setFixedTemporalRange(QgsDateTimeRange(begin, end))
    properties.setIsActive(True)


@dataclass(frozen=True)
class SceneLayer:
    """A scene's raster as a layer."""

    raster: Path
    """Its file, with a .qml beside it."""
    title: str
    """The layer's name."""
    day: date | None
    """The day it shows (UTC); None for one of no day."""


def load_on_completion(
    context: QgsProcessingContext, layers: Sequence[SceneLayer], group: str, output_name: str
) -> None:
    """Ask Processing to load rasters when the algorithm (or the model around it) is done.

    Parameters
    ----------
    context
        Of the run; without a project, as in qgis_process, nothing is loaded.
    layers
        In the order they shall stand in the group.
    group
        Name of the run's layer group, beginning with `PREFIX`; made unique.
    output_name
        The output that the layers belong to.
    """
    project = context.project()
    if project is None:
        return
    place = _Place(_unused(group))
    first = min((layer.day for layer in layers if layer.day is not None), default=None)
    for position, layer in enumerate(layers):
        details = QgsProcessingContext.LayerDetails(layer.title, project, output_name)
        details.forceName = True
        if GROUPED_BY_QGIS:
            details.groupName = place.group
            details.layerSortKey = len(layers) - position
        styler = LayerStyler(layer.raster.with_suffix(".qml"), place, position, layer.day, layer.day == first)
        _WAITING.append(styler)
        details.setPostProcessor(styler)
        context.addLayerToLoadOnCompletion(str(layer.raster), details)


def style_on_completion(context: QgsProcessingContext, raster: Path, title: str) -> None:
    """Have a raster that Processing is to load named and styled by the .qml beside it."""
    if not context.willLoadLayerOnCompletion(str(raster)):
        return
    details = context.layerToLoadOnCompletionDetails(str(raster))
    details.name = title
    details.forceName = True
    styler = LayerStyler(raster.with_suffix(".qml"))
    _WAITING.append(styler)
    details.setPostProcessor(styler)


def _unused(name: str) -> str:
    """Return `name`, with a number if it was given before in this session, as to a run in the same second."""
    # The project is not asked: inside a model this is no main thread, and the user may be changing the layer tree.
    numbered = (f"{name} ({number})" for number in count(2))
    group = next(candidate for candidate in chain([name], numbered) if candidate not in _GIVEN)
    _GIVEN.add(group)
    return group
