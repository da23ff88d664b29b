"""`iikmc:suggestk`: scenes in, advice on the number of classes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
)

from ..engine import choices
from ..engine.sensors.roles import ROLES
from .shared import groups, parameters
from .shared.analysis import AnalysisAlgorithm, file_destination, whole_number
from .shared.i18n import tr

if TYPE_CHECKING:
    from ..engine.progress import Progress
    from ..engine.quality.indices import Suggestion
    from ..engine.requests import SuggestRequest
    from .shared.base import Check


class SuggestKAlgorithm(AnalysisAlgorithm):
    """Indices of clusterings with 2, 3, ... classes of a sample of all scenes."""

    GROUP = groups.PREPARATION
    K_MIN = "K_MIN"
    K_MAX = "K_MAX"
    SAMPLE = "SAMPLE"
    TABLE = "TABLE"
    REPORT = "REPORT"
    RECOMMENDED_K = "RECOMMENDED_K"
    SAMPLE_PIXELS = "SAMPLE_PIXELS"

    def name(self) -> str:
        return "suggestk"

    def displayName(self) -> str:
        return tr("Suggest the number of classes (k)")

    def tags(self) -> list[str]:
        words = tr("landsat,k-means,number of clusters,elbow,silhouette,calinski-harabasz,davies-bouldin,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Compares numbers of classes on a sample of all scenes, before the full run.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Clusters one sample of all scenes with each number of classes of a range, and tells how well each "
                    "suits: inertia (the elbow curve), silhouette, Calinski-Harabasz and Davies-Bouldin. It takes the "
                    "time of reading the scenes once and a few seconds more."
                ),
                tr(
                    "The suggestion is the number with the best mean rank over silhouette, Calinski-Harabasz and "
                    "Davies-Bouldin; a tie goes to the fewer classes. The bend of the inertia curve is told as a hint. "
                    "Without the Python package scikit-learn only inertia and Calinski-Harabasz are there, the latter "
                    "decides, and log and report say so."
                ),
                tr(
                    "These indices favour few, compact classes. A map that must tell more covers apart may need more: "
                    "look at the curves in the report, a local optimum above the suggestion is a good candidate."
                ),
                tr(
                    "The sample is drawn by the seed in proportion to the valid pixels of each scene, every scene with "
                    "at least a tenth of an equal share. The same scenes, seed and parameters give the same advice, "
                    "whatever the order of the scenes or the number of threads."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        advanced = parameters.advanced
        for parameter in (
            parameters.scenes(),
            whole_number(
                self.K_MIN,
                tr("Fewest classes"),
                choices.DEFAULT_K_MIN,
                (choices.MIN_K, choices.MAX_K),
                tr("The smallest number of classes to try, 2 to 253."),
            ),
            whole_number(
                self.K_MAX,
                tr("Most classes"),
                choices.DEFAULT_K_MAX,
                (choices.MIN_K, choices.MAX_K),
                tr("The largest number of classes to try, above the smallest and up to 254."),
            ),
            parameters.mask(),
            advanced(parameters.mask_saturated()),
            advanced(parameters.bands()),
            advanced(
                whole_number(
                    self.SAMPLE,
                    tr("Pixels in the sample"),
                    choices.DEFAULT_SAMPLE,
                    (choices.MIN_SAMPLE, choices.MAX_SAMPLE),
                    tr("About so many pixels of all scenes together are clustered; more are slower and steadier."),
                )
            ),
            advanced(self._seed()),
            advanced(parameters.workers()),
            file_destination(
                self.TABLE,
                tr("Table of the indices"),
                tr("CSV files (*.csv)"),
                tr("A row per number of classes with all indices and the mean rank."),
            ),
            file_destination(
                self.REPORT,
                tr("Report"),
                tr("HTML files (*.html)"),
                tr("The suggestion with its reason, the table, and curves where QGIS has plotly."),
            ),
            advanced(parameters.sheet()),
        ):
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputNumber(self.RECOMMENDED_K, tr("Suggested number of classes")))
        self.addOutput(QgsProcessingOutputNumber(self.SAMPLE_PIXELS, tr("Pixels in the sample")))

    @staticmethod
    def _seed() -> QgsProcessingParameterDefinition:
        parameter = parameters.seed()
        parameter.setHelp(tr("Chooses the pixels of the sample and the starts of the clusterings."))
        return parameter

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        places = [self._planned(values, name, context) for name in (self.TABLE, self.REPORT)]
        request = self._request(values, context, places)

        def check(progress: Progress) -> None:
            request.check()
            request.checked_scenes(progress)

        return check

    def _request(
        self, values: dict[str, Any], context: QgsProcessingContext, places: list[Path | None]
    ) -> SuggestRequest:
        from ..engine.requests import SuggestRequest

        return SuggestRequest(
            scenes=self._scenes(values, context),
            mask=self._mask(values, context),
            roles=self._chosen(ROLES, values, parameters.BANDS, context),
            k_min=self.parameterAsInt(values, self.K_MIN, context),
            k_max=self.parameterAsInt(values, self.K_MAX, context),
            sample=self.parameterAsInt(values, self.SAMPLE, context),
            seed=self.parameterAsInt(values, parameters.SEED, context),
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            table=places[0],
            report=places[1],
            sheet=self._sheet(values, context),
        )

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        places = [self._file(values, name, context) for name in (self.TABLE, self.REPORT)]

        def work() -> Suggestion:
            from ..engine.runs.suggestk import suggest

            return suggest(self._request(values, context, places), self._progress(feedback))

        result = self._told(work, feedback)
        written = {name: str(place) for name, place in zip((self.TABLE, self.REPORT), places) if place}
        return {**written, self.RECOMMENDED_K: result.advice.k, self.SAMPLE_PIXELS: result.pixels}
