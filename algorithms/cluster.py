"""`iikmc:cluster`: scenes in, one classified raster per scene out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    NULL,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
)

from ..engine import choices
from ..engine.sensors.roles import ROLES
from .shared import groups, parameters
from .shared.classified import ClassifiedScenesAlgorithm
from .shared.i18n import tr

if TYPE_CHECKING:
    from ..engine.progress import Progress
    from ..engine.requests import Request
    from ..engine.results.result import EachResult, Result
    from .scenes_widget.look import Plan, Wanted
    from .shared.base import Check


class ClusterAlgorithm(ClassifiedScenesAlgorithm):
    """Inter-image k-means over many scenes."""

    GROUP = groups.NONE
    ITERATIONS = "ITERATIONS"
    CONVERGED = "CONVERGED"

    def name(self) -> str:
        return "cluster"

    def displayName(self) -> str:
        return tr("Cluster scenes together (inter-image k-means)")

    def tags(self) -> list[str]:
        words = tr(
            "landsat,sentinel-2,hls,planetscope,k-means,kmeans,clustering,unsupervised,classification,iikmc,"
            "series,land cover,isodata"
        )
        return words.split(",")

    def shortDescription(self) -> str:
        return tr(
            "Clusters scenes of Landsat, Sentinel-2 and other sensors together, so that class 3 is the same land "
            "cover in every scene."
        )

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Clusters all valid pixels of many scenes together with inter-image k-means (Han and Lee 2024, "
                    "Remote Sensing 16(1):102): one single set of class signatures, so class 3 is the same land "
                    "cover in every scene. Each scene gets a classified raster on its own grid."
                ),
                tr(
                    "Input: surface reflectance of Landsat 4-9 Collection 2 Level-2, HLS v2.0, Sentinel-2 Level-2A, "
                    "PlanetScope, or GeoTIFFs of others, as folders or as bundles as downloaded. Every sensor is "
                    "brought to one scale of reflectance, so different sensors, dates, UTM zones and grids cluster "
                    "together; nothing is resampled."
                ),
                tr(
                    "Output folder: per scene a raster ending in _classes.tif (classes 1 to k, 0 is nodata) with its "
                    "style; signatures.json and signatures.csv; statistics.csv (pixels, hectares and percent per class "
                    "and scene); and report.html. Class ids run in the order of the start centres: dark to bright, or "
                    "as in the signatures file."
                ),
                tr(
                    "Mode 'each scene on its own' is the usual k-means of one scene, for comparison: every scene has "
                    "classes of its own, saved as a file ending in _signatures.json beside its raster, and class "
                    "numbers mean nothing across scenes. The number of iterations is then that of the scene with the "
                    "most, converged tells whether all did, and classes without a pixel are counted over all scenes; "
                    "the signatures file is named for a single scene only."
                ),
                tr(
                    "The result is exact: the same scenes and parameters give the same rasters bit for bit, whatever "
                    "the machine, the number of threads or the order of the scenes."
                ),
                tr(
                    "A run that is cancelled, fails or is killed leaves no rasters. Once all pixels were labelled at "
                    "least once, the signatures so far lie in the output folder as signatures_unfinished.json, saved "
                    "anew after every iteration; to continue from there, run the same scenes again with the start "
                    '"Signatures file" and this file.'
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
            parameters.mode(),
            parameters.init(),
            parameters.signatures(),
            advanced(parameters.max_iterations()),
            advanced(parameters.tolerance()),
            advanced(parameters.seed()),
            parameters.aoi(),
            advanced(parameters.device()),
            advanced(parameters.workers()),
            advanced(parameters.memory()),
            advanced(parameters.compare()),
            parameters.load_results(),
            parameters.output(),
            advanced(parameters.margin()),
            advanced(parameters.reject()),
            advanced(parameters.sheet()),
            advanced(parameters.scheduler()),
        ):
            self.addParameter(parameter)
        self._add_outputs(
            QgsProcessingOutputNumber(self.ITERATIONS, tr("Number of iterations")),
            QgsProcessingOutputBoolean(self.CONVERGED, tr("Converged")),
        )

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, context)

        def check(progress: Progress) -> None:
            from ..engine.runs.cluster import check_scenes, given_centres

            request.check()
            given_centres(request.settled(check_scenes(request, progress)))

        return check

    def _request(self, values: dict[str, Any], context: QgsProcessingContext, output: str = "") -> Request:
        from ..engine.requests import Request

        signatures = self.parameterAsFile(values, parameters.SIGNATURES, context)
        return Request(
            scenes=self._scenes(values, context),
            output=Path(output or self._output_folder(values, context)),
            k=self.parameterAsInt(values, parameters.K, context),
            mask=self._mask(values, context),
            roles=self._chosen(ROLES, values, parameters.BANDS, context),
            mode=choices.MODES[self.parameterAsEnum(values, parameters.MODE, context)],
            start=choices.STARTS[self.parameterAsEnum(values, parameters.INIT, context)],
            signatures=Path(signatures) if signatures else None,
            max_iterations=self.parameterAsInt(values, parameters.MAX_ITERATIONS, context),
            tolerance=self.parameterAsDouble(values, parameters.TOLERANCE, context),
            seed=self.parameterAsInt(values, parameters.SEED, context),
            aoi=self._area(),
            device=choices.DEVICES[self.parameterAsEnum(values, parameters.DEVICE, context)],
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            memory=self.parameterAsInt(values, parameters.MEMORY, context),
            compare=self.parameterAsBool(values, parameters.COMPARE, context),
            margin=self.parameterAsBool(values, parameters.MARGIN, context),
            reject=self.parameterAsDouble(values, parameters.REJECT, context),
            sheet=self._sheet(values, context),
            scheduler=self.parameterAsString(values, parameters.SCHEDULER, context).strip(),
        )

    def looked_for(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[Wanted, Plan | None]:
        from .scenes_widget.look import Plan

        plan = Plan(
            k=self.parameterAsInt(values, parameters.K, context),
            start=choices.STARTS[self.parameterAsEnum(values, parameters.INIT, context)],
            max_iterations=self.parameterAsInt(values, parameters.MAX_ITERATIONS, context),
            each=choices.MODES[self.parameterAsEnum(values, parameters.MODE, context)] == choices.EACH_SCENE,
            compare=self.parameterAsBool(values, parameters.COMPARE, context),
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            memory=self.parameterAsInt(values, parameters.MEMORY, context),
            output=self._output_folder(values, context),
            has_area=values.get(parameters.AOI) not in (None, "", NULL),
        )
        return super().looked_for(values, context)[0], plan

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> Result | EachResult:
            from ..engine.runs.each import run_in_mode

            output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
            return run_in_mode(self._request(values, context, output), self._progress(feedback))

        result = self._told(work, feedback)
        return {
            **self._results(result, values, context),
            self.ITERATIONS: result.iterations,
            self.CONVERGED: result.converged,
        }
