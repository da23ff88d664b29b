"""`iikmc:cluster`: scenes in, one classified raster per scene out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputFile,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
)

from ..engine import choices
from ..engine.errors import Cancelled, IIkMCError
from ..engine.landsat.bands import ROLES
from ..engine.landsat.qa import FLAGS
from . import packages, parameters
from .base import IIkMCAlgorithm
from .feedback import FeedbackProgress
from .i18n import tr
from .layers import PREFIX, load_on_completion
from .scene_paths import paths_of

if TYPE_CHECKING:
    from ..engine.pipeline import Result
    from ..engine.request import Request


class ClusterAlgorithm(IIkMCAlgorithm):
    """Inter-image k-means over many scenes."""

    CLASSIFICATIONS = "CLASSIFICATIONS"
    SIGNATURES_FILE = "SIGNATURES_FILE"
    STATISTICS = "STATISTICS"
    REPORT = "REPORT"
    SCENE_COUNT = "SCENE_COUNT"
    PIXEL_COUNT = "PIXEL_COUNT"
    ITERATIONS = "ITERATIONS"
    CONVERGED = "CONVERGED"
    EMPTY_CLASSES = "EMPTY_CLASSES"

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._load = False

    def name(self) -> str:
        return "cluster"

    def displayName(self) -> str:
        return tr("Cluster scenes together (inter-image k-means)")

    def group(self) -> str:
        return tr("Classification")

    def groupId(self) -> str:
        return "classification"

    def tags(self) -> list[str]:
        words = tr("landsat,k-means,kmeans,clustering,unsupervised,classification,iikmc,series,land cover,isodata")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Clusters Landsat scenes together, so that class 3 is the same land cover in every scene.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Clusters all valid pixels of many Landsat scenes together with inter-image k-means (Han and Lee "
                    "2024, Remote Sensing 16(1):102): one single set of class signatures, so class 3 is the same land "
                    "cover in every scene. Each scene gets a classified raster on its own grid."
                ),
                tr(
                    "Input: Landsat 4-9 Collection 2 Level-2 surface reflectance (L2SP or L2SR), as folders, MTL files "
                    "or .tar bundles. Different sensors, dates, UTM zones and grids cluster together; nothing is "
                    "resampled."
                ),
                tr(
                    "Output folder: per scene a raster ending in _classes.tif (classes 1 to k, 0 is nodata) with its "
                    "style; signatures.json and signatures.csv; statistics.csv (pixels, hectares and percent per class "
                    "and scene); and report.html. Class ids run in the order of the start centres, dark to bright for "
                    "the first three starts."
                ),
                tr(
                    "The result is exact: the same scenes and parameters give the same rasters bit for bit, whatever "
                    "the machine, the number of threads or the order of the scenes."
                ),
                tr(
                    "Memory: about 15 bytes per valid pixel, some 2 GB for three full scenes; beyond the limit set in "
                    "the advanced parameters, pixels go to temporary files."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        advanced = parameters.advanced
        for parameter in (
            parameters.scenes(),
            parameters.k(),
            parameters.mask(),
            advanced(parameters.mask_saturated()),
            advanced(parameters.bands()),
            advanced(parameters.init()),
            advanced(parameters.signatures()),
            advanced(parameters.max_iterations()),
            advanced(parameters.tolerance()),
            advanced(parameters.seed()),
            advanced(parameters.workers()),
            advanced(parameters.memory()),
            parameters.load_results(),
            parameters.output(),
        ):
            self.addParameter(parameter)
        for output in (
            QgsProcessingOutputMultipleLayers(self.CLASSIFICATIONS, tr("Classified rasters")),
            QgsProcessingOutputFile(self.SIGNATURES_FILE, tr("Signatures")),
            QgsProcessingOutputFile(self.STATISTICS, tr("Statistics")),
            QgsProcessingOutputFile(self.REPORT, tr("Report")),
            QgsProcessingOutputNumber(self.SCENE_COUNT, tr("Number of scenes")),
            QgsProcessingOutputNumber(self.PIXEL_COUNT, tr("Number of valid pixels")),
            QgsProcessingOutputNumber(self.ITERATIONS, tr("Number of iterations")),
            QgsProcessingOutputBoolean(self.CONVERGED, tr("Converged")),
            QgsProcessingOutputNumber(self.EMPTY_CLASSES, tr("Number of classes without a pixel")),
        ):
            self.addOutput(output)

    def checkParameterValues(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        text = packages.import_problem() or self._refusal(values, context)
        if text:
            return False, text
        # QGIS's own check takes the empty text of ``MASK=`` for a wrong value.
        if parameters.is_emptied(values, parameters.MASK):
            values = {**values, parameters.MASK: []}
        return super().checkParameterValues(values, context)

    def _refusal(self, values: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return what is wrong with the values in the user's words, "" if nothing is; reads headers only."""
        from ..engine.pipeline import check_scenes, given_centres
        from ..engine.progress import Silent

        try:
            request = self._request(values, context)
            request.check()
            check_scenes(request, Silent())
            given_centres(request)
        except IIkMCError as error:
            return str(error)
        return ""

    def _request(self, values: dict[str, Any], context: QgsProcessingContext, output: str = "") -> Request:
        from ..engine.records import MaskRule
        from ..engine.request import Request

        signatures = self.parameterAsFile(values, parameters.SIGNATURES, context)
        return Request(
            scenes=tuple(paths_of(self.parameterAsFileList(values, parameters.SCENES, context))),
            output=Path(output or self._output_folder(values, context)),
            k=self.parameterAsInt(values, parameters.K, context),
            mask=MaskRule(
                self._chosen(FLAGS, values, parameters.MASK, context),
                self.parameterAsBool(values, parameters.MASK_SATURATED, context),
            ),
            roles=self._chosen(ROLES, values, parameters.BANDS, context),
            start=choices.STARTS[self.parameterAsEnum(values, parameters.INIT, context)],
            signatures=Path(signatures) if signatures else None,
            max_iterations=self.parameterAsInt(values, parameters.MAX_ITERATIONS, context),
            tolerance=self.parameterAsDouble(values, parameters.TOLERANCE, context),
            seed=self.parameterAsInt(values, parameters.SEED, context),
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            memory=self.parameterAsInt(values, parameters.MEMORY, context),
        )

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        text = packages.import_problem()
        if text:
            raise QgsProcessingException(text)
        from ..engine.pipeline import cluster

        output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
        try:
            result = cluster(self._request(values, context, output), FeedbackProgress(feedback))
        except Cancelled as error:
            raise QgsProcessingException(str(error)) from error
        except IIkMCError as error:
            raise QgsProcessingException(str(error)) from error
        self._result = result
        self._load = self.parameterAsBool(values, parameters.LOAD_RESULTS, context)
        return {
            parameters.OUTPUT: str(result.output),
            self.CLASSIFICATIONS: [str(path) for path in result.rasters],
            self.SIGNATURES_FILE: str(result.signatures),
            self.STATISTICS: str(result.statistics),
            self.REPORT: str(result.report),
            self.SCENE_COUNT: len(result.scenes),
            self.PIXEL_COUNT: result.pixels,
            self.ITERATIONS: len(result.fit.iterations),
            self.CONVERGED: result.fit.converged,
            self.EMPTY_CLASSES: len(result.empty_classes),
        }

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        result = self._result
        if result is not None and self._load:
            stamp = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
            group = PREFIX + tr("{k} classes, {stamp}").format(k=len(result.names), stamp=stamp)
            titles = [scene.title for scene in result.scenes]
            days = [scene.acquired for scene in result.scenes]
            load_on_completion(context, result.rasters, titles, group, self.CLASSIFICATIONS, days)
        return {}
