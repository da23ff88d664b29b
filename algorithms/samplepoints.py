"""`iikmc:samplepoints`: classified rasters in, a stratified random sample of points out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate

from ..engine import choices
from .shared import parameters, points
from .shared.analysis import AnalysisAlgorithm, whole_number
from .shared.i18n import tr
from .shared.rasters import paths_in, rasters

if TYPE_CHECKING:
    from ..engine.map_requests import SampleRequest
    from ..engine.progress import Progress
    from ..engine.runs.samplepoints import PointSample
    from .shared.base import Check


class SamplePointsAlgorithm(AnalysisAlgorithm):
    """Pixels drawn at random, so many of each class."""

    N = "N"
    ALLOCATION = "ALLOCATION"
    MIN_PER_CLASS = "MIN_PER_CLASS"
    SEED = "SEED"
    POINT_COUNT = "POINT_COUNT"

    def __init__(self) -> None:
        super().__init__()
        self._rasters: tuple[Path, ...] | None = None

    def name(self) -> str:
        return "samplepoints"

    def displayName(self) -> str:
        return tr("Sample points for an accuracy assessment")

    def tags(self) -> list[str]:
        words = tr("landsat,accuracy,validation,reference,random,stratified,sample,points,assessment,olofsson,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Draws random points in each class of classified rasters, to be labelled by eye or in the field.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Draws pixels of classified rasters at random, so many of each class, and makes a layer of their "
                    "centres. Write into its field ref_class what each point really is on its date, by number or "
                    "name, and give the layer to Accuracy of classified rasters."
                ),
                tr(
                    "The strata are the classes over all rasters together. The same rasters, number and seed give the "
                    "same points, in whatever order the rasters are listed. No pixel is drawn twice."
                ),
                tr(
                    "Fields: id, date and scene of the raster that the point was drawn from, map_class (what the "
                    "raster says; hidden in the layer that is loaded, so that it cannot sway who looks), and "
                    "ref_class, which is empty and has a list of the classes to choose from."
                ),
                tr(
                    "The layer has the CRS of the rasters, or WGS 84 where they lie in several zones. All rasters must "
                    "have one pixel size."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in (
            rasters(
                tr(
                    "Rasters of one legend, such as those ending in _classes.tif of one run; the points are drawn from "
                    "all of them together."
                )
            ),
            whole_number(
                self.N,
                tr("Number of points"),
                choices.DEFAULT_POINTS,
                (1, choices.MAX_POINTS),
                tr("How many points in all classes together; exactly so many are drawn."),
            ),
            self._allocation(),
            whole_number(
                self.MIN_PER_CLASS,
                tr("Least number of points a class"),
                choices.DEFAULT_LEAST,
                (0, None),
                tr("For the allocation that asks for it; a class with fewer pixels gives all of them."),
            ),
            self._seed(),
            self._output(),
        ):
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputNumber(self.POINT_COUNT, tr("Number of points")))

    def _allocation(self) -> QgsProcessingParameterDefinition:
        captions = [
            tr("The same number in each class"),
            tr("In proportion to the classes' pixels"),
            tr("In proportion, but a least number in each class"),
        ]
        place = choices.ALLOCATIONS.index(choices.PROPORTIONAL_LEAST)
        parameter = QgsProcessingParameterEnum(self.ALLOCATION, tr("Allocation"), captions, False, place, False)
        parameter.setHelp(
            tr(
                "How the points are shared out. The same number serves the user's accuracy of small classes, "
                "proportion the overall accuracy and the areas; proportion with a least number is the usual compromise."
            )
        )
        return parameter

    def _seed(self) -> QgsProcessingParameterDefinition:
        kind = QgsProcessingParameterNumber.Type.Integer
        parameter = QgsProcessingParameterNumber(self.SEED, tr("Seed"), kind, choices.DEFAULT_SEED, False)
        parameter.setHelp(tr("Another seed draws other points, the same one the same."))
        return parameter

    def _output(self) -> QgsProcessingParameterDefinition:
        parameter = QgsProcessingParameterFeatureSink(
            parameters.OUTPUT, tr("Sample points"), QgsProcessing.SourceType.TypeVectorPoint
        )
        parameter.setHelp(tr("Gets the points with the fields id, date, scene, map_class and an empty ref_class."))
        return parameter

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, paths_in(values, context), context)

        def check(_: Progress) -> None:
            from ..engine.runs import samplepoints

            samplepoints.check(request)

        return check

    def _request(self, values: dict[str, Any], paths: tuple[Path, ...], context: QgsProcessingContext) -> SampleRequest:
        from ..engine.map_requests import SampleRequest

        return SampleRequest(
            paths,
            self.parameterAsInt(values, self.N, context),
            choices.ALLOCATIONS[self.parameterAsEnum(values, self.ALLOCATION, context)],
            self.parameterAsInt(values, self.MIN_PER_CLASS, context),
            self.parameterAsInt(values, self.SEED, context),
        )

    def prepareAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        if not super().prepareAlgorithm(values, context, feedback):
            return False
        # Layers of the project belong to the main thread, which runs this.
        self._rasters = self._told(lambda: paths_in(values, context), feedback)
        return True

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> PointSample:
            from ..engine.runs.samplepoints import sample_points

            return sample_points(self._request(values, self._rasters or (), context), self._progress(feedback))

        # The file is not opened before all is drawn, so that a cancel leaves nothing.
        sample = self._told(work, feedback)
        crs = QgsCoordinateReferenceSystem.fromWkt(sample.crs)
        sink, place = self.parameterAsSink(
            values, parameters.OUTPUT, context, points.fields(), QgsWkbTypes.Type.Point, crs
        )
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(values, parameters.OUTPUT))
        for point in sample.points:
            feature = QgsFeature(points.fields())
            feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(point.x, point.y)))
            day = None if point.day is None else QDate(point.day.year, point.day.month, point.day.day)
            feature.setAttributes([point.id, day, point.scene, point.map_class, None])
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, values, parameters.OUTPUT))
        points.form_on_completion(context, place, sample.names)
        return {parameters.OUTPUT: place, self.POINT_COUNT: len(sample.points)}
