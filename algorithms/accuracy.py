"""`iikmc:accuracy`: classified rasters and reference points in, error matrix, accuracies and areas out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterField,
)

from ..engine.errors import IIkMCError, ParameterError
from .shared import points
from .shared.analysis import AnalysisAlgorithm, file_destination, whole_number
from .shared.i18n import tr
from .shared.rasters import paths_in, rasters
from .shared.sources import FeatureSource

if TYPE_CHECKING:
    from ..engine.map_requests import AccuracyRequest, ReferencePoints
    from ..engine.maps.assessment import Assessment
    from ..engine.progress import Progress
    from .shared.base import Check


class AccuracyAlgorithm(AnalysisAlgorithm):
    """Error matrix, overall, user's and producer's accuracy, and areas with their intervals."""

    POINTS = "POINTS"
    CLASS_FIELD = "CLASS_FIELD"
    DATE_FIELD = "DATE_FIELD"
    MAX_DAYS = "MAX_DAYS"
    MATRIX = "MATRIX"
    REPORT = "REPORT"
    POINT_COUNT = "POINT_COUNT"
    LEFT_OUT = "LEFT_OUT"
    OVERALL_ACCURACY = "OVERALL_ACCURACY"
    OVERALL_INTERVAL = "OVERALL_INTERVAL"

    def __init__(self) -> None:
        super().__init__()
        self._rasters: tuple[Path, ...] = ()
        self._points: ReferencePoints | None = None
        self._refusal_of_points: IIkMCError | None = None

    def name(self) -> str:
        return "accuracy"

    def displayName(self) -> str:
        return tr("Accuracy of classified rasters")

    def tags(self) -> list[str]:
        words = tr(
            "landsat,accuracy,error matrix,confusion matrix,validation,user's accuracy,producer's accuracy,area,"
            "olofsson,iikmc"
        )
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Error matrix, accuracies and adjusted areas with 95 % intervals, from reference points.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Compares classified rasters with points whose class is known: error matrix, overall, user's and "
                    "producer's accuracy, and the areas of the classes without the bias of the map's errors, each with "
                    "its 95 % interval, after Olofsson et al. (2014)."
                ),
                tr(
                    "The points must be a random sample in each class of the map, as Sample points draws it. Their "
                    "class is a number, or the name of a class as in the rasters' legend; a class that the rasters do "
                    "not have takes a number."
                ),
                tr(
                    "With a date field each point meets the raster of its date, or the nearest within the given days, "
                    "of two as near the earlier. Without one, all rasters must be of one date. A field called scene, "
                    "as Sample points writes it, decides between rasters of one date."
                ),
                tr(
                    "Points without a class, outside of every raster or on nodata are left out and counted. What a "
                    "sample cannot tell, as of a class without a point, is told as not estimable."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in (
            rasters(
                tr(
                    "Rasters of one legend, such as those ending in _classes.tif of one run or those that the points "
                    "were drawn from; their classes' areas are the weights."
                )
            ),
            self._points_parameter(),
            self._field(
                self.CLASS_FIELD,
                tr("Field with the class"),
                points.REF_CLASS,
                tr("What each point really is: the number of a class, or its name. Empty leaves the point out."),
            ),
            self._field(
                self.DATE_FIELD,
                tr("Field with the date"),
                None,
                tr("Which day each point is of, as a date or a text such as 2022-05-11; for rasters of several dates."),
            ),
            whole_number(
                self.MAX_DAYS,
                tr("Days that a point and its raster may be apart"),
                0,
                (0, None),
                tr("0 asks for a raster of the very day; otherwise the nearest within so many days counts."),
            ),
            file_destination(
                self.MATRIX,
                tr("Error matrix"),
                tr("CSV files (*.csv)"),
                tr("The matrix in points and in proportions of area, and all estimates with their standard errors."),
            ),
            file_destination(
                self.REPORT,
                tr("Report"),
                tr("HTML files (*.html)"),
                tr("Accuracies and areas to read and print, with plots where QGIS has plotly."),
            ),
        ):
            self.addParameter(parameter)
        for output in (
            QgsProcessingOutputNumber(self.POINT_COUNT, tr("Points used")),
            QgsProcessingOutputNumber(self.LEFT_OUT, tr("Points left out")),
            QgsProcessingOutputNumber(self.OVERALL_ACCURACY, tr("Overall accuracy, 0 to 1")),
            QgsProcessingOutputNumber(self.OVERALL_INTERVAL, tr("Half the 95 % interval of the overall accuracy")),
        ):
            self.addOutput(output)

    def _points_parameter(self) -> QgsProcessingParameterDefinition:
        parameter = FeatureSource(self.POINTS, tr("Reference points"), [QgsProcessing.SourceType.TypeVectorPoint])
        parameter.setHelp(tr("A layer of points in any CRS, with the class that each really has."))
        return parameter

    def _field(self, name: str, caption: str, default: str | None, text: str) -> QgsProcessingParameterDefinition:
        kind = QgsProcessingParameterField.DataType.Any
        optional = name == self.DATE_FIELD
        parameter = QgsProcessingParameterField(name, caption, default, self.POINTS, kind, False, optional)
        parameter.setHelp(text)
        return parameter

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        from ..engine.map_requests import ReferencePoints

        fields = [self._name(values, name, context) for name in (self.CLASS_FIELD, self.DATE_FIELD)]
        points.check_fields(self._source(values, context), *fields)
        # The points themselves are read by the run: a window must not wait for thousands of them.
        days = [] if self._name(values, self.DATE_FIELD, context) else None
        places = [self._planned(values, name, context) for name in (self.MATRIX, self.REPORT)]
        none = ReferencePoints([], [], "", [], days)
        request = self._request(values, paths_in(values, context), none, places, context)

        def check(_: Progress) -> None:
            from ..engine.runs import accuracy

            accuracy.check(request)

        return check

    def _source(self, values: dict[str, Any], context: QgsProcessingContext) -> QgsProcessingFeatureSource:
        source = self.parameterAsSource(values, self.POINTS, context)
        if source is None:
            text = tr("POINTS: {found} cannot be read as a layer; choose one of points.")
            raise ParameterError(text.format(found=values.get(self.POINTS)))
        return source

    def _name(self, values: dict[str, Any], parameter: str, context: QgsProcessingContext) -> str:
        """Return the name of a field, "" without one."""
        # QGIS 3.32 gave it another name, and 3.40 warns of the old one.
        ask = self.parameterAsStrings if hasattr(self, "parameterAsStrings") else self.parameterAsFields
        names = ask(values, parameter, context)
        return str(names[0]).strip() if names else ""

    def _request(
        self,
        values: dict[str, Any],
        paths: tuple[Path, ...],
        found: ReferencePoints,
        places: list[Path | None],
        context: QgsProcessingContext,
    ) -> AccuracyRequest:
        from ..engine.map_requests import AccuracyRequest

        return AccuracyRequest(paths, found, self.parameterAsInt(values, self.MAX_DAYS, context), *places)

    def prepareAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        if not super().prepareAlgorithm(values, context, feedback):
            return False
        # Layers of the project belong to the main thread, which runs this.
        fields = [self._name(values, name, context) for name in (self.CLASS_FIELD, self.DATE_FIELD)]
        self._rasters = self._told(lambda: paths_in(values, context), feedback)
        try:
            self._points = points.reference(self._source(values, context), *fields)
        except IIkMCError as error:
            # Told by the run: what is raised here, processing.run makes "There were errors" of.
            self._refusal_of_points = error
        return True

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        places = [self._file(values, name, context) for name in (self.MATRIX, self.REPORT)]

        def work() -> Assessment:
            from ..engine.runs.accuracy import assess_accuracy

            if self._refusal_of_points is not None:
                raise self._refusal_of_points
            request = self._request(values, self._rasters, self._points, places, context)
            return assess_accuracy(request, self._progress(feedback))

        result = self._told(work, feedback)
        overall = result.accuracy.overall
        numbers = {self.OVERALL_ACCURACY: overall.value, self.OVERALL_INTERVAL: overall.half}
        return {
            **{name: str(place) for name, place in zip((self.MATRIX, self.REPORT), places) if place},
            self.POINT_COUNT: result.used,
            self.LEFT_OUT: result.left_out.count,
            **{name: value for name, value in numbers.items() if value is not None},
        }
