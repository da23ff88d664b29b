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
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsMessageLog,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingUtils,
    QgsProject,
    QgsSettings,
)
from qgis.PyQt.QtCore import QDateTime, Qt, QTimer

from . import window
from .i18n import tr
from .refresh import layers_of, reload

# Post-processors that Processing has not called yet. QGIS keeps only a pointer to a Python post-processor, and inside
# a model the algorithm that made it is gone by then: without this reference it would silently not be called.
_WAITING: list[LayerStyler] = []
# Layers that are being added.
_LOADING: list[_Rest] = []
# Name of a group -> the folder whose layers are in it.
_GIVEN: dict[str, str] = {}

# Between which times of its day a layer is shown, by whether it is of the run's first day. QGIS counts a frame's end as
# part of it, and lets the first layer begin the frames: begun at the same time of day, a later layer would show in the
# frame before its own too, with a step of 16 days two scenes of one place at once. Nor is the end the next midnight.
_TIMES = {True: ("00:00:00", "23:59:59"), False: ("00:00:01", "23:59:59")}

PREFIX = "IIkMC "
"""What the names of the runs' groups begin with."""
_FOLDER = "iikmc/folder"
"""Property of a run's group in the layer tree."""


@dataclass(frozen=True)
class SceneLayer:
    """A scene's raster as a layer."""

    raster: Path
    """Its file, with a .qml beside it."""
    title: str
    """The layer's name."""
    day: date | None
    """The day it shows (UTC); None for one of no day."""
    output: str = ""
    """The output that it belongs to; that of the others by default."""
    shown: bool = True
    """Whether it is checked in the layer tree, so that the map shows it."""


@dataclass(frozen=True)
class _Place:
    """Where the layers of one run stand in the layer tree."""

    group: str
    """Name of the group."""
    folder: str
    """Of the run."""
    positions: dict[str, int] = field(default_factory=dict)
    """Layer id -> position, of the layers that were brought there."""

    def take(self, layer: QgsMapLayer, position: int, project: QgsProject) -> None:
        """Bring a layer of the project into the group, if it is in the layer tree."""
        node = project.layerTreeRoot().findLayer(layer.id())
        if node is None:
            return
        # What goes in goes in before the node goes out, because QGIS removes a layer that has no node left.
        earlier = node.parent()
        self._insert(node.clone(), position, project)
        earlier.removeChildNode(node)
        if earlier.name().startswith(PREFIX) and not earlier.children():
            earlier.parent().removeChildNode(earlier)  # a run into the same folder has taken all its layers over

    def add(self, layer: QgsMapLayer, position: int, project: QgsProject) -> None:
        """Put a layer into the group that is not in the layer tree yet."""
        self._insert(QgsLayerTreeLayer(layer), position, project)

    def _insert(self, node: QgsLayerTreeLayer, position: int, project: QgsProject) -> None:
        group = self._found(project.layerTreeRoot())
        node.setExpanded(False)
        # Processing loads in the order of the file names, and QGIS puts a new layer beside the current one, which may
        # be in this very group: neither order says anything.
        later = (
            index
            for index, child in enumerate(group.findLayers())
            if self.positions.get(child.layerId(), -1) > position
        )
        group.insertChildNode(next(later, -1), node)
        self.positions[node.layerId()] = position

    def _found(self, root: QgsLayerTree) -> QgsLayerTreeGroup:
        """Return the group of the run's folder, made if it is not there; another folder's may have the same name."""
        for group in root.findGroups(True):
            if group.name() == self.group and group.customProperty(_FOLDER) == self.folder:
                return group
        made = _results(root).insertGroup(0, self.group)
        made.setCustomProperty(_FOLDER, self.folder)
        return made


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
        shown: bool = True,
    ) -> None:
        """Take the .qml, the run's place in the layer tree, and of the layer its position there, its day and the rest.

        `first` tells whether it is of the run's first day, `shown` whether it is checked in the tree.
        """
        super().__init__()
        self._shown = shown
        self._day = day
        self._first = first
        self._style = style
        self._place = place
        self._position = position
        self.rest: _Rest | None = None
        """The layers that follow when this one is there."""

    def postProcessLayer(self, layer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Style and move the layer; called by Processing in the main thread."""
        _WAITING.remove(self)
        problem = self.dress(layer)
        if problem:
            feedback.pushWarning(problem)
        project = context.project()
        if project is None:
            return
        if self._place is not None:
            self._place.take(layer, self._position, project)
            self._hide(layer, project)
        else:
            _out_of_runs(layer.id(), project)
        if self.rest is not None:
            self.rest.begin()

    def dress(self, layer) -> str:
        """Give a layer its style and day; return what could not be done, "" if nothing."""
        _, good = layer.loadNamedStyle(str(self._style))
        if self._day is not None:
            _date(layer, self._day, self._first)
        # A layer of an earlier run into the same folder is used again, with the old file still open; other layers of
        # the project may show it too.
        project, raster = layer.project(), Path(layer.source())
        others = [] if project is None else layers_of(project, raster)
        reload([layer, *(one for one in others if one.id() != layer.id())], raster)
        text = tr("The style {style} could not be applied to {layer}.")
        return "" if good else text.format(style=self._style, layer=layer.name())

    def place(self, layer: QgsMapLayer, project: QgsProject, is_new: bool) -> None:
        """Put a layer of the project into the run's group."""
        if self._place is not None:
            bring = self._place.add if is_new else self._place.take
            bring(layer, self._position, project)
            self._hide(layer, project)

    def _hide(self, layer: QgsMapLayer, project: QgsProject) -> None:
        node = project.layerTreeRoot().findLayer(layer.id())
        if node is not None and not self._shown:
            node.setItemVisibilityChecked(False)


class _Rest:
    """The layers of a run but the first, added one by one while the window lives: each takes some 25 ms."""

    def __init__(self, layers: Sequence[tuple[SceneLayer, LayerStyler]], project: QgsProject) -> None:
        self._layers = list(layers)
        self._project = project
        self._context: QgsProcessingContext | None = None
        self._timer: QTimer | None = None

    def begin(self) -> None:
        """Begin, in the main thread, to which all that is made here belongs."""
        _LOADING.append(self)
        self._context = QgsProcessingContext()
        self._context.setProject(self._project)
        self._timer = QTimer()
        self._timer.timeout.connect(self._one)
        # The project is emptied for another one: the layers do not belong there.
        self._project.cleared.connect(self._end)
        self._timer.start(0)

    def _one(self) -> None:
        if not self._layers or self._context is None:
            self._end()
            return
        scene, styler = self._layers.pop(0)
        layer = QgsProcessingUtils.mapLayerFromString(str(scene.raster), self._context)
        if layer is None:
            text = tr("{raster} could not be loaded.").format(raster=scene.raster)
            QgsMessageLog.logMessage(text, "IIkMC", Qgis.MessageLevel.Warning)
            return
        layer.setName(scene.title)
        owned = self._context.temporaryLayerStore().takeMapLayer(layer)
        if owned is not None:
            self._project.addMapLayer(owned, False)
        problem = styler.dress(layer)
        if problem:
            QgsMessageLog.logMessage(problem, "IIkMC", Qgis.MessageLevel.Warning)
        styler.place(layer, self._project, is_new=owned is not None)

    def _end(self) -> None:
        if self in _LOADING and self._timer is not None:
            _LOADING.remove(self)
            self._timer.stop()
            self._project.cleared.disconnect(self._end)


def _date(layer, day: date, first: bool) -> None:
    """Give a raster layer a day (UTC) as its time, so that the Temporal Controller shows it then; see `_TIMES`."""
    begin, end = (QDateTime.fromString(f"{day.isoformat()}T{time}Z", Qt.DateFormat.ISODate) for time in _TIMES[first])
    properties = layer.temporalProperties()
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    properties.setFixedTemporalRange(QgsDateTimeRange(begin, end))
    properties.setIsActive(True)


def group_name(folder: Path, what: str) -> str:
    """Return what a run's group is called: after its folder, and what is in it, such as "8 classes"."""
    name = tr("temporary") if _is_temporary(folder) else folder.name or str(folder)
    return f"{PREFIX}{name} ({what})"


def load_on_completion(
    context: QgsProcessingContext, layers: Sequence[SceneLayer], folder: Path, what: str, output_name: str
) -> None:
    """Ask Processing to load rasters when the algorithm (or the model around it) is done.

    In a window Processing loads the first, and the others follow while the window lives.

    Parameters
    ----------
    context
        Of the run; without a project, as in qgis_process, nothing is loaded.
    layers
        In the order they shall stand in the group.
    folder
        Of the run, which its layer group is named after; another run into it has the same group.
    what
        What is in it, such as "8 classes", for the group's name.
    output_name
        The output that layers belong to which tell no other.
    """
    project = context.project()
    if project is None:
        return
    place = _Place(_own(group_name(folder, what), str(folder)), str(folder))
    first = min((layer.day for layer in layers if layer.day is not None), default=None)
    stylers = [
        LayerStyler(layer.raster.with_suffix(".qml"), place, position, layer.day, layer.day == first, layer.shown)
        for position, layer in enumerate(layers)
    ]
    by_processing = len(layers)
    if window.is_there() and layers:
        by_processing = 1
        stylers[0].rest = _Rest(list(zip(layers, stylers))[1:], project)
    for layer, styler in list(zip(layers, stylers))[:by_processing]:
        details = QgsProcessingContext.LayerDetails(layer.title, project, layer.output or output_name)
        details.forceName = True
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


def _is_temporary(folder: Path) -> bool:
    return Path(QgsProcessingUtils.tempFolder()) in folder.parents


def _own(name: str, folder: str) -> str:
    """Return the name of a folder's group: with a number if another folder of that name has one in this session."""
    # The project is not asked: inside a model this is no main thread, and the user may be changing the layer tree.
    numbered = (f"{name} ({number})" for number in count(2))
    return next(one for one in chain([name], numbered) if _GIVEN.setdefault(one, folder) == folder)
