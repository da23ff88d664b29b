"""`iikmc:series`: classified rasters of several dates in, what became of each pixel out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingParameterDefinition,
)

from .shared import parameters
from .shared.analysis import AnalysisAlgorithm
from .shared.i18n import tr
from .shared.layers import SceneLayer, load_on_completion
from .shared.rasters import path_of, paths_in, rasters
from .shared.sources import RasterLayer

if TYPE_CHECKING:
    from ..engine.map_requests import SeriesRequest
    from ..engine.progress import Progress
    from ..engine.runs.series import SeriesResult
    from .shared.base import Check


class SeriesAlgorithm(AnalysisAlgorithm):
    """Observations, majority, variety, changes, first and last change of each pixel."""

    GRID = "GRID"
    TABLE = "TABLE"
    REPORT = "REPORT"
    DATE_COUNT = "DATE_COUNT"
    OBSERVED_PIXELS = "OBSERVED_PIXELS"
    CHANGED_PIXELS = "CHANGED_PIXELS"
    CHANGED_PERCENT = "CHANGED_PERCENT"

    def __init__(self) -> None:
        super().__init__()
        self._files: tuple[tuple[Path, ...], Path | None] | None = None
        self._result: SeriesResult | None = None
        self._load = False

    def name(self) -> str:
        return "series"

    def displayName(self) -> str:
        return tr("Follow classified rasters over a series")

    def tags(self) -> list[str]:
        words = tr("landsat,series,time series,change,majority,mode,variety,first change,last change,sankey,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Majority, number and dates of changes of each pixel over all dates, through gaps of clouds.")

    @staticmethod
    def _captions() -> dict[str, str]:
        """Return what each raster is called, by the name of its file."""
        return {
            "majority": tr("Most frequent class"),
            "changes": tr("Number of changes"),
            "last_change": tr("Date of the last change"),
            "first_change": tr("Date of the first change"),
            "variety": tr("Number of different classes"),
            "observations": tr("Number of observations"),
        }

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Follows each pixel over all dates of a series: how often it was seen, its most frequent class, "
                    "how many different classes it had, how often it changed class, and when first and last."
                ),
                tr(
                    "A pixel that is masked on a date keeps the class it was last seen in: clouds are no change. Of "
                    "several rasters of one date the first by name that has a class at the pixel counts. Of classes "
                    "as frequent as each other the majority is the one seen last."
                ),
                tr(
                    "All rasters must be of one legend, such as those of one run, and tell their date in their name, "
                    "as products of Landsat and other sensors do, or such as 2022-05-11. They may be shifted against "
                    "each other and lie in neighbouring zones: each pixel of the grid takes the pixel with the "
                    "nearest centre."
                ),
                tr(
                    "Output folder: observations.tif, majority.tif, variety.tif, changes.tif, first_change.tif and "
                    "last_change.tif (yyyymmdd, 0 is none) with their styles; series.csv with the area of each class "
                    "on each date; and series.html with areas over time and the flow between the classes."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in (
            rasters(
                tr("Rasters of one legend and of two dates or more, such as all ending in _classes.tif of one run.")
            ),
            self._grid(),
            self._load_results(),
            parameters.output(
                tr("Gets six rasters, series.csv and series.html; those of an earlier run are replaced.")
            ),
        ):
            self.addParameter(parameter)
        for name, caption in self._captions().items():
            self.addOutput(QgsProcessingOutputRasterLayer(name.upper(), caption))
        for output in (
            QgsProcessingOutputFile(self.TABLE, tr("Table")),
            QgsProcessingOutputHtml(self.REPORT, tr("Report")),
            QgsProcessingOutputNumber(self.DATE_COUNT, tr("Number of dates")),
            QgsProcessingOutputNumber(self.OBSERVED_PIXELS, tr("Pixels seen on any date")),
            QgsProcessingOutputNumber(self.CHANGED_PIXELS, tr("Pixels that changed class")),
            QgsProcessingOutputNumber(self.CHANGED_PERCENT, tr("Changed, % of the pixels seen")),
        ):
            self.addOutput(output)

    @staticmethod
    def _load_results() -> QgsProcessingParameterDefinition:
        parameter = parameters.load_results()
        parameter.setHelp(tr("Add the six rasters to the project, styled, in one group."))
        return parameter

    def _grid(self) -> QgsProcessingParameterDefinition:
        parameter = RasterLayer(self.GRID, tr("Grid of the results"), None, True)
        parameter.setHelp(tr("A raster whose pixels the results shall have; without one, the earliest of the rasters."))
        return parameter

    def _paths(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[tuple[Path, ...], Path | None]:
        grid = values.get(self.GRID)
        return paths_in(values, context), path_of(self.GRID, grid, context) if grid else None

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(self._paths(values, context), self._output_folder(values, context))

        def check(_: Progress) -> None:
            from ..engine.runs import series

            series.check(request)

        return check

    @staticmethod
    def _request(files: tuple[tuple[Path, ...], Path | None], output: str) -> SeriesRequest:
        from ..engine.map_requests import SeriesRequest

        paths, grid = files
        return SeriesRequest(paths, Path(output), grid)

    def prepareAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        if not super().prepareAlgorithm(values, context, feedback):
            return False
        # Layers of the project belong to the main thread, which runs this.
        self._files = self._told(lambda: self._paths(values, context), feedback)
        return True

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> SeriesResult:
            from ..engine.runs.series import follow_series

            output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
            return follow_series(self._request(self._files or ((), None), output), self._progress(feedback))

        result = self._result = self._told(work, feedback)
        self._load = self.parameterAsBool(values, parameters.LOAD_RESULTS, context)
        return {
            parameters.OUTPUT: str(result.output),
            **{name.upper(): str(path) for name, path in result.rasters.items()},
            self.TABLE: str(result.table),
            self.REPORT: str(result.report),
            self.DATE_COUNT: len(result.series.days),
            self.OBSERVED_PIXELS: result.series.observed,
            self.CHANGED_PIXELS: result.series.altered,
            self.CHANGED_PERCENT: result.series.altered_percent,
        }

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        result = self._result
        if result is not None and self._load:
            what = tr("series of {dates} dates").format(dates=len(result.series.days))
            captions = self._captions()
            layers = [SceneLayer(result.rasters[name], caption, None) for name, caption in captions.items()]
            load_on_completion(context, layers, result.output, what, "MAJORITY")
        return {}
