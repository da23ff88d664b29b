"""`iikmc:benchmark`: scenes in, times of every kernel and number of threads out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
)

from ..engine import choices
from ..engine.sensors.roles import ROLES
from .shared import parameters
from .shared.analysis import AnalysisAlgorithm, whole_number
from .shared.i18n import tr

if TYPE_CHECKING:
    from ..engine.measuring.timings import BenchmarkResult
    from ..engine.progress import Progress
    from ..engine.requests import BenchmarkRequest
    from .shared.base import Check


class BenchmarkAlgorithm(AnalysisAlgorithm):
    """Serial, threads, NumPy, Numba and GPU on the user's scenes."""

    PIXELS = "PIXELS"
    REPEATS = "REPEATS"
    TABLE = "TABLE"
    REPORT = "REPORT"
    BEST = "BEST"
    SPEED_UP = "SPEED_UP"
    WHOLE_SPEED_UP = "WHOLE_SPEED_UP"
    PIXELS_PER_SECOND = "PIXELS_PER_SECOND"
    EQUAL = "EQUAL"
    SCENE_COUNT = "SCENE_COUNT"
    PIXEL_COUNT = "PIXEL_COUNT"
    ITERATIONS = "ITERATIONS"

    def name(self) -> str:
        return "benchmark"

    def displayName(self) -> str:
        return tr("Benchmark (serial, threads, GPU)")

    def tags(self) -> list[str]:
        words = tr("landsat,benchmark,speed,performance,threads,parallel,gpu,cuda,numba,numpy,speed-up,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Measures on your scenes how fast this computer clusters, and that every way gives the same result.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Clusters the same pixels of your scenes in every way that this computer knows: with NumPy and "
                    "with Numba on 1, 2, 3, 4, 6, 8, 12, ... threads, and on a graphics card. A table and plots show "
                    "the seconds of each stage and iteration, the pixels per second, and how many times as fast as "
                    "serial (one thread, NumPy) each way is. What cannot be measured here is listed with the reason."
                ),
                tr(
                    "All results are compared: labels and centres must be the same bit for bit, and the report says "
                    "whether they are."
                ),
                tr(
                    "Every way starts from the same centres (minimum-maximum) and makes the same number of iterations, "
                    "5 unless told otherwise, whether it has converged or not. Each stage is measured several times "
                    "and the best time counts, after a first pass that is not counted, so the files are in the "
                    "computer's memory when the clock starts."
                ),
                tr(
                    "Of many or large scenes about 60 million pixels are read, as whole strips spread evenly over all "
                    "scenes, which takes a minute or two; set Pixels at most to 0 for all of them. Close other "
                    "programs while it runs. No classified raster is kept."
                ),
                tr("Output folder: benchmark.html with table and plots, which opens offline, and benchmark.csv."),
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
            advanced(self._iterations()),
            advanced(
                whole_number(
                    self.REPEATS,
                    tr("Repeats"),
                    choices.DEFAULT_REPEATS,
                    (1, choices.MAX_REPEATS),
                    tr("How often each stage is measured; the best time counts, because other programs only add."),
                )
            ),
            advanced(
                whole_number(
                    self.PIXELS,
                    tr("Pixels at most (0 = all)"),
                    choices.DEFAULT_BENCHMARK_PIXELS,
                    (0, None),
                    tr(
                        "At most so many pixels are read, valid or not, as whole strips spread evenly over all scenes, "
                        "but at least one strip; 0 reads all."
                    ),
                )
            ),
            parameters.aoi(),
            advanced(self._threads()),
            parameters.output(tr("Gets benchmark.html and benchmark.csv; those of an earlier benchmark are replaced.")),
            advanced(parameters.sheet()),
        ):
            self.addParameter(parameter)
        for output in (
            QgsProcessingOutputFile(self.TABLE, tr("Table")),
            QgsProcessingOutputHtml(self.REPORT, tr("Benchmark")),
            QgsProcessingOutputString(self.BEST, tr("Fastest way")),
            QgsProcessingOutputNumber(self.SPEED_UP, tr("Best speed-up over serial, iterations")),
            QgsProcessingOutputNumber(self.WHOLE_SPEED_UP, tr("Its speed-up over serial, all stages")),
            QgsProcessingOutputNumber(self.PIXELS_PER_SECOND, tr("Its pixels per second and iteration")),
            QgsProcessingOutputBoolean(self.EQUAL, tr("All results are the same")),
            QgsProcessingOutputNumber(self.SCENE_COUNT, tr("Number of scenes")),
            QgsProcessingOutputNumber(self.PIXEL_COUNT, tr("Number of valid pixels that were clustered")),
            QgsProcessingOutputNumber(self.ITERATIONS, tr("Number of iterations")),
        ):
            self.addOutput(output)

    @staticmethod
    def _iterations() -> QgsProcessingParameterDefinition:
        return whole_number(
            parameters.MAX_ITERATIONS,
            tr("Number of iterations"),
            choices.DEFAULT_BENCHMARK_ITERATIONS,
            (1, None),
            tr("Every way makes so many iterations; fewer only if no centre moves any more."),
        )

    @staticmethod
    def _threads() -> QgsProcessingParameterDefinition:
        parameter = parameters.workers()
        parameter.setDescription(tr("Most threads (0 = automatic)"))
        parameter.setHelp(tr("The largest number of threads that is measured; 0 goes up to the number of cores."))
        return parameter

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, context)

        def check(progress: Progress) -> None:
            from ..engine.runs import benchmark

            benchmark.check(request, progress)

        return check

    def _request(self, values: dict[str, Any], context: QgsProcessingContext, output: str = "") -> BenchmarkRequest:
        from ..engine.requests import BenchmarkRequest

        return BenchmarkRequest(
            scenes=self._scenes(values, context),
            output=Path(output or self._output_folder(values, context)),
            k=self.parameterAsInt(values, parameters.K, context),
            mask=self._mask(values, context),
            roles=self._chosen(ROLES, values, parameters.BANDS, context),
            max_iterations=self.parameterAsInt(values, parameters.MAX_ITERATIONS, context),
            repeats=self.parameterAsInt(values, self.REPEATS, context),
            pixels=self.parameterAsInt(values, self.PIXELS, context),
            aoi=self._area(),
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            sheet=self._sheet(values, context),
        )

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> BenchmarkResult:
            from ..engine.runs.benchmark import benchmark

            output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
            return benchmark(self._request(values, context, output), self._progress(feedback))

        result = self._told(work, feedback)
        comparison = result.comparison
        best = comparison.best
        return {
            parameters.OUTPUT: str(result.request.output),
            self.TABLE: str(result.table),
            self.REPORT: str(result.page),
            self.BEST: best.name,
            self.SPEED_UP: comparison.speed_up(best),
            self.WHOLE_SPEED_UP: comparison.whole_speed_up(best),
            self.PIXELS_PER_SECOND: comparison.pixels_per_second(best),
            self.EQUAL: comparison.equal,
            self.SCENE_COUNT: len(result.parts),
            self.PIXEL_COUNT: comparison.pixels,
            self.ITERATIONS: comparison.iterations,
        }
