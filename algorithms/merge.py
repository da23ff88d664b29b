"""`iikmc:merge`: the spectral classes of a run into named covers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
)

from .shared import parameters
from .shared.classified import ClassifiedScenesAlgorithm
from .shared.finished import legend_in, legend_table, run_folder, run_folder_in
from .shared.i18n import tr

if TYPE_CHECKING:
    from ..engine.map_requests import MergeRequest
    from ..engine.progress import Progress
    from ..engine.results.result import Result
    from ..engine.scenes.scene import Scene
    from .shared.base import Check

_NEIGHBOURS = (4, 8)
"""In the order of CONNECTIVITY."""


class MergeAlgorithm(ClassifiedScenesAlgorithm):
    """Fewer classes over all scenes of a run."""

    MIN_PIXELS = "MIN_PIXELS"
    CONNECTIVITY = "CONNECTIVITY"

    def name(self) -> str:
        return "merge"

    def displayName(self) -> str:
        return tr("Merge classes of a run")

    def tags(self) -> list[str]:
        words = tr("landsat,merge,reclassify,recode,aggregate,legend,land cover,sieve,classes,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Makes named covers of the spectral classes of a run, in all of its scenes at once.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Turns the many spectral classes of a run into a few covers, in all scenes at once: give classes "
                    "that belong together the same name in the legend of any layer of the run and save the style as "
                    "default, or write a table of what becomes what."
                ),
                tr(
                    "The table is a CSV with the columns class, to, name and colour: the number of each class of the "
                    "run, the number from 1 to 254 that it gets, and name and colour (such as #1f78b4) of the new "
                    "class, which may be empty. Without a table the new classes are numbered from 1 in the order of "
                    "the old ones. Pixels that are unclassified (255) stay so, unless the table has a row for them."
                ),
                tr(
                    "A sieve can take small patches away afterwards: those of fewer pixels than you say become part of "
                    "their largest neighbour. Nodata is neither filled nor does it grow."
                ),
                tr(
                    "Output folder: the same files as from the clustering. Its signatures.json keeps all centres and "
                    "says which class each belongs to, so that Classify scenes with saved signatures gives new scenes "
                    "the merged classes, as before the sieve."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in (
            run_folder(),
            legend_table(
                tr(
                    "A CSV with the columns class, to, name and colour; every class of the run needs a row. Without "
                    "one, classes of the same name in the styles beside the rasters become one."
                )
            ),
            self._min_pixels(),
            self._connectivity(),
            parameters.load_results(),
            parameters.output(),
        ):
            self.addParameter(parameter)
        self._add_outputs()

    def _min_pixels(self) -> QgsProcessingParameterDefinition:
        kind = QgsProcessingParameterNumber.Type.Integer
        parameter = QgsProcessingParameterNumber(
            self.MIN_PIXELS, tr("Smallest patch in pixels (0 = leave all)"), kind, 0, False, 0
        )
        parameter.setHelp(
            tr("Patches of fewer pixels become part of their largest neighbour after the merging (GDAL's sieve).")
        )
        return parameter

    def _connectivity(self) -> QgsProcessingParameterDefinition:
        captions = [tr("4 neighbours (sides)"), tr("8 neighbours (sides and corners)")]
        parameter = QgsProcessingParameterEnum(
            self.CONNECTIVITY, tr("Pixels of one patch touch by"), captions, False, 0, False
        )
        parameter.setHelp(tr("Whether pixels that meet at a corner alone belong to one patch; for the sieve."))
        return parameter

    def _layer_name(self, scene: Scene, output: Path) -> str:
        # The classes of the scene are a layer as well, and lists in dialogs show names of layers without their groups.
        return f"{scene.title} ({output.name})"

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, context)

        def check(_: Progress) -> None:
            from ..engine.runs import merge

            merge.check(request)

        return check

    def _request(self, values: dict[str, Any], context: QgsProcessingContext, output: str = "") -> MergeRequest:
        from ..engine.map_requests import MergeRequest

        return MergeRequest(
            results=run_folder_in(self, values, context),
            output=Path(output or self._output_folder(values, context)),
            legend=legend_in(self, values, context),
            min_pixels=self.parameterAsInt(values, self.MIN_PIXELS, context),
            connectivity=_NEIGHBOURS[self.parameterAsEnum(values, self.CONNECTIVITY, context)],
        )

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> Result:
            from ..engine.runs.merge import merge

            output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
            return merge(self._request(values, context, output), self._progress(feedback))

        return self._results(self._told(work, feedback), values, context)
