"""`iikmc:classify`: new scenes in the classes of an old run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from .shared import parameters
from .shared.classified import ClassifiedScenesAlgorithm
from .shared.i18n import tr

if TYPE_CHECKING:
    from ..engine.progress import Progress
    from ..engine.requests import ClassifyRequest
    from ..engine.results.result import Result
    from .shared.base import Check


class ClassifyAlgorithm(ClassifiedScenesAlgorithm):
    """Saved signatures on scenes."""

    def name(self) -> str:
        return "classify"

    def displayName(self) -> str:
        return tr("Classify scenes with saved signatures")

    def tags(self) -> list[str]:
        words = tr(
            "landsat,sentinel-2,hls,planetscope,classification,signatures,apply,predict,iikmc,series,land "
            "cover,minimum distance,k-means"
        )
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Puts new scenes into the classes of an earlier run, with the same numbers and colours.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Gives every valid pixel of the scenes the class whose saved centre is nearest. Nothing is "
                    "clustered anew: class 3 stays class 3, so maps of new dates or places can be compared with those "
                    "of the run that saved the signatures."
                ),
                tr(
                    "Input: scenes of any sensor, as for the clustering, and the signatures.json of an earlier run, "
                    "which may be of another sensor with the same bands. Its bands and number of classes are used. "
                    "Class names and colours edited in that file are kept."
                ),
                tr(
                    "Output folder: the same files as from the clustering; signatures.json has the same centres and "
                    "the statistics of these scenes. It must not be the folder of the signatures file."
                ),
                tr(
                    "The result is exact: with the same mask, the scenes of the earlier run get the rasters of the "
                    "earlier run bit for bit."
                ),
                tr(
                    "Memory: pixels are not kept. A run takes the memory of a few strips of each thread and of the "
                    "scene being written, however many scenes there are."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        advanced = parameters.advanced
        for parameter in (
            parameters.scenes(),
            parameters.signatures_to_apply(),
            parameters.mask(),
            advanced(parameters.mask_saturated()),
            parameters.aoi(),
            advanced(parameters.workers()),
            parameters.load_results(),
            parameters.output(),
            advanced(parameters.margin()),
            advanced(parameters.reject()),
            advanced(parameters.sheet()),
            advanced(parameters.scheduler()),
        ):
            self.addParameter(parameter)
        self._add_outputs()

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, context)

        def check(progress: Progress) -> None:
            from ..engine.runs import classify

            classify.check(request, progress)

        return check

    def _request(self, values: dict[str, Any], context: QgsProcessingContext, output: str = "") -> ClassifyRequest:
        from ..engine.requests import ClassifyRequest

        return ClassifyRequest(
            scenes=self._scenes(values, context),
            output=Path(output or self._output_folder(values, context)),
            signatures=Path(self.parameterAsFile(values, parameters.SIGNATURES, context)),
            mask=self._mask(values, context),
            aoi=self._area(),
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            margin=self.parameterAsBool(values, parameters.MARGIN, context),
            reject=self.parameterAsDouble(values, parameters.REJECT, context),
            sheet=self._sheet(values, context),
            scheduler=self.parameterAsString(values, parameters.SCHEDULER, context).strip(),
        )

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> Result:
            from ..engine.runs.classify import classify

            output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
            return classify(self._request(values, context, output), self._progress(feedback))

        return self._results(self._told(work, feedback), values, context)
