"""Adds the classified rasters to the project: styled, named after scene and date, in one group per run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsLayerTreeGroup,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
)

# Post-processors that Processing has not called yet. QGIS keeps only a pointer to a Python post-processor, and inside
# a model the algorithm that made it is gone by then: without this reference it would silently not be called.
_WAITING: list[LayerStyler] = []


class LayerStyler(QgsProcessingLayerPostProcessorInterface):
    """Gives one loaded layer the style beside its file and its place in the run's group."""

    def __init__(self, style: Path, group: str, position: int, grouped: bool) -> None:
        """Take the .qml, the group's name, the place in it, and whether Processing itself puts the layer there."""
        super().__init__()
        self._style = style
        self._group = group
        self._position = position
        self._grouped = grouped

    def postProcessLayer(self, layer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Style and move the layer; called by Processing in the main thread."""
        _WAITING.remove(self)
        _, good = layer.loadNamedStyle(str(self._style))
        if not good:
            feedback.pushWarning(f"The style {self._style} could not be applied to {layer.name()}.")
        layer.triggerRepaint()
        project = context.project()
        if project is not None and not self._grouped:
            _move(project, layer.id(), self._group, self._position)


def _move(project: QgsProject, layer_id: str, group_name: str, position: int) -> None:
    root = project.layerTreeRoot()
    node = root.findLayer(layer_id)
    if node is None:
        return
    group: QgsLayerTreeGroup = root.findGroup(group_name) or root.insertGroup(0, group_name)
    clone = node.clone()
    clone.setExpanded(False)
    # First out, then in: QGIS may have put the new layer into this very group, beside the layer before it.
    node.parent().removeChildNode(node)
    group.insertChildNode(min(position, len(group.children())), clone)


def load_on_completion(
    context: QgsProcessingContext, rasters: Sequence[Path], titles: Sequence[str], group: str, output_name: str
) -> None:
    """Ask Processing to load rasters when the algorithm (or the model around it) is done.

    Parameters
    ----------
    context
        Of the run; without a project, as in qgis_process, nothing is loaded.
    rasters, titles
        Files and layer names, in the order they shall stand in the group.
    group
        Name of the run's layer group.
    output_name
        The output that the layers belong to.
    """
    project = context.project()
    if project is None:
        return
    for position, (raster, title) in enumerate(zip(rasters, titles)):
        details = QgsProcessingContext.LayerDetails(title, project, output_name)
        details.forceName = True
        # QGIS 3.32 and newer place the layer themselves, after the post-processor has run.
        grouped = hasattr(details, "groupName")
        if grouped:
            details.groupName = group
            details.layerSortKey = len(rasters) - position
        styler = LayerStyler(raster.with_suffix(".qml"), group, position, grouped)
        _WAITING.append(styler)
        details.setPostProcessor(styler)
        context.addLayerToLoadOnCompletion(str(raster), details)
