"""What the algorithms have in common that give one classified raster per scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
)

from . import groups, parameters
from .base import IIkMCAlgorithm
from .i18n import tr
from .layers import SceneLayer, load_on_completion

if TYPE_CHECKING:
    from pathlib import Path

    from ...engine.results.result import EachResult, Result
    from ...engine.scenes.scene import Scene


class ClassifiedScenesAlgorithm(IIkMCAlgorithm):
    """Outputs of a run, and its layers in the project."""

    GROUP = groups.CLASSIFICATION
    CLASSIFICATIONS = "CLASSIFICATIONS"
    SIGNATURES_FILE = "SIGNATURES_FILE"
    STATISTICS = "STATISTICS"
    REPORT = "REPORT"
    SCENE_COUNT = "SCENE_COUNT"
    PIXEL_COUNT = "PIXEL_COUNT"
    EMPTY_CLASSES = "EMPTY_CLASSES"
    MARGINS = "MARGINS"
    UNCLASSIFIED_COUNT = "UNCLASSIFIED_COUNT"

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | EachResult | None = None
        self._load = False

    def _add_outputs(self, *own: QgsProcessingOutputDefinition) -> None:
        """Add the outputs that all of these algorithms have, and the algorithm's own."""
        for output in (
            QgsProcessingOutputMultipleLayers(self.CLASSIFICATIONS, tr("Classified rasters")),
            QgsProcessingOutputFile(self.SIGNATURES_FILE, tr("Signatures")),
            QgsProcessingOutputFile(self.STATISTICS, tr("Statistics")),
            QgsProcessingOutputHtml(self.REPORT, tr("Report")),
            QgsProcessingOutputNumber(self.SCENE_COUNT, tr("Number of scenes")),
            QgsProcessingOutputNumber(self.PIXEL_COUNT, tr("Number of valid pixels")),
            *own,
            QgsProcessingOutputNumber(self.EMPTY_CLASSES, tr("Number of classes without a pixel")),
            QgsProcessingOutputMultipleLayers(self.MARGINS, tr("Rasters of margins")),
            QgsProcessingOutputNumber(self.UNCLASSIFIED_COUNT, tr("Number of unclassified pixels")),
        ):
            self.addOutput(output)

    def _results(
        self, result: Result | EachResult, values: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        """Return the outputs that all have, and keep what `postProcessAlgorithm` needs."""
        self._result = result
        self._load = self.parameterAsBool(values, parameters.LOAD_RESULTS, context)
        return {
            parameters.OUTPUT: str(result.output),
            self.CLASSIFICATIONS: [str(path) for path in result.rasters],
            self.SIGNATURES_FILE: str(result.signatures or ""),
            self.STATISTICS: str(result.statistics),
            self.REPORT: str(result.report),
            self.SCENE_COUNT: len(result.scenes),
            self.PIXEL_COUNT: result.pixels,
            self.EMPTY_CLASSES: len(result.empty_classes),
            self.MARGINS: [str(path) for path in result.margins],
            self.UNCLASSIFIED_COUNT: result.unclassified,
        }

    def _layer_name(self, scene: Scene, output: Path) -> str:
        """Return what the layer of a scene is called, whose raster lies in `output`."""
        return scene.title

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        result = self._result
        if result is not None and self._load:
            what = tr("{k} classes") if result.common else tr("{k} classes of each scene")
            layers = [
                SceneLayer(raster, self._layer_name(scene, result.output), scene.acquired)
                for raster, scene in zip(result.rasters, result.scenes)
            ]
            margin = tr("Margin of {scene}")
            layers += [
                SceneLayer(raster, margin.format(scene=scene.title), scene.acquired, self.MARGINS, shown=False)
                for raster, scene in zip(result.margins, result.scenes)
            ]
            load_on_completion(context, layers, result.output, what.format(k=result.k), self.CLASSIFICATIONS)
        return {}
