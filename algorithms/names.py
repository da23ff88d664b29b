"""`iikmc:names`: names and colours of the classes of a run, in all of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputFolder,
    QgsProcessingOutputHtml,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
)

from .shared import groups
from .shared.base import IIkMCAlgorithm
from .shared.finished import legend_in, legend_table, run_folder, run_folder_in
from .shared.i18n import tr
from .shared.refresh import in_main_thread, layers_of, reload, show_classes

if TYPE_CHECKING:
    from ..engine.map_requests import NamesRequest
    from ..engine.progress import Progress
    from ..engine.runs.names import Named
    from .shared.base import Check


class NamesAlgorithm(IIkMCAlgorithm):
    """One legend for rasters, styles and tables of a run."""

    GROUP = groups.CLASSIFICATION
    OUTPUT = "OUTPUT"
    CLASSIFICATIONS = "CLASSIFICATIONS"
    SIGNATURES_FILE = "SIGNATURES_FILE"
    STATISTICS = "STATISTICS"
    REPORT = "REPORT"
    CHANGED_CLASSES = "CHANGED_CLASSES"

    def __init__(self) -> None:
        super().__init__()
        self._named: Named | None = None

    def name(self) -> str:
        return "names"

    def displayName(self) -> str:
        return tr("Name the classes of a run")

    def tags(self) -> list[str]:
        words = tr("landsat,names,class names,legend,labels,colours,rename,style,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Brings names and colours of classes that were set once into all files of a run.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Brings names and colours of the classes into every file of a run: rasters, styles, signatures, "
                    "statistics and report, of all scenes, without clustering again. Layers of the run that are loaded "
                    "show them at once."
                ),
                tr(
                    "Set them once: in the legend of any layer of the run, where you then save the style as default "
                    "(Layer properties, Style, Save as default), or in a table. Of names that were set in the styles "
                    "of several scenes, that which was saved last counts. In QGIS's window, Class names ... in the "
                    "context menu of a layer asks for them and does the rest."
                ),
                tr(
                    "No pixel changes, and no number in the tables. On Windows a raster that is loaded as a layer "
                    "cannot be replaced: its style and the files beside it get the names, and the log says which "
                    "rasters have the old ones inside."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.addParameter(run_folder())
        self.addParameter(
            legend_table(
                tr(
                    "A CSV with the columns class, name and colour (such as #1f78b4); classes without a row, and "
                    "empty cells, leave what there is. Without a table, what was saved in the styles counts."
                )
            )
        )
        for output in (
            QgsProcessingOutputFolder(self.OUTPUT, tr("Folder of the run")),
            QgsProcessingOutputMultipleLayers(self.CLASSIFICATIONS, tr("Classified rasters")),
            QgsProcessingOutputFile(self.SIGNATURES_FILE, tr("Signatures")),
            QgsProcessingOutputFile(self.STATISTICS, tr("Statistics")),
            QgsProcessingOutputHtml(self.REPORT, tr("Report")),
            QgsProcessingOutputNumber(self.CHANGED_CLASSES, tr("Number of classes with another name or colour")),
        ):
            self.addOutput(output)

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, context)

        def check(_: Progress) -> None:
            from ..engine.runs import names

            names.check(request)

        return check

    def _request(self, values: dict[str, Any], context: QgsProcessingContext) -> NamesRequest:
        from ..engine.map_requests import NamesRequest

        return NamesRequest(run_folder_in(self, values, context), legend_in(self, values, context))

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> Named:
            from ..engine.runs.names import give_names

            return give_names(self._request(values, context), self._progress(feedback))

        named = self._named = self._told(work, feedback)
        return {
            self.OUTPUT: str(named.output),
            self.CLASSIFICATIONS: [str(path) for path in named.rasters],
            self.SIGNATURES_FILE: str(named.signatures),
            self.STATISTICS: str(named.statistics),
            self.REPORT: str(named.report),
            self.CHANGED_CLASSES: len(named.changed),
        }

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        named, project = self._named, context.project()
        if named is None or project is None:
            return {}
        legend = named.legend
        classes = dict(zip(legend.numbers, zip(legend.names, legend.colours)))

        def show() -> None:
            for raster in named.rasters:
                layers = layers_of(project, raster)
                if layers:
                    reload(layers, raster)
                for layer in layers:
                    show_classes(layer, classes)

        in_main_thread(show)
        return {}
