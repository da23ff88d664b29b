"""`iikmc:transitions`: two classified rasters in, what became of each class out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterRasterDestination,
)

from ..engine.errors import ParameterError
from .shared import parameters
from .shared.analysis import AnalysisAlgorithm, file_destination
from .shared.i18n import tr
from .shared.layers import style_on_completion
from .shared.sources import RasterLayer

if TYPE_CHECKING:
    from ..engine.map_requests import TransitionRequest
    from ..engine.maps.transition import Comparison
    from ..engine.progress import Progress
    from .shared.base import Check


class TransitionsAlgorithm(AnalysisAlgorithm):
    """From-to matrix, raster of changes and report of two dates."""

    BEFORE = "BEFORE"
    AFTER = "AFTER"
    CHANGES = "CHANGES"
    MATRIX = "MATRIX"
    REPORT = "REPORT"
    COMMON_PIXELS = "COMMON_PIXELS"
    CHANGED_PIXELS = "CHANGED_PIXELS"
    CHANGED_PERCENT = "CHANGED_PERCENT"

    def __init__(self) -> None:
        super().__init__()
        self._rasters: tuple[Path, Path] | None = None

    def name(self) -> str:
        return "transitions"

    def displayName(self) -> str:
        return tr("Compare two classified rasters (transitions)")

    def tags(self) -> list[str]:
        words = tr("landsat,change,transition,matrix,from-to,crosstab,cross tabulation,gain,loss,sankey,iikmc")
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("From-to matrix, raster of changes and report of two classified dates.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Tells what became of each class between two dates: a from-to matrix in pixels and hectares, the "
                    "gains and losses of each class, and a raster of where which change happened."
                ),
                tr(
                    "Both rasters must hold the same classes: take two rasters of one run of Cluster scenes together, "
                    "or one that was classified with the other's signatures. Any single-band raster of bytes with "
                    "nodata 0 works as well. Names and colours are read from the rasters and the styles beside "
                    "them, so rename classes there first."
                ),
                tr(
                    "Grids may be shifted against each other: each pixel of the first raster is compared with the "
                    "nearest pixel of the second on their common area, and the log tells the shift. Both need one CRS "
                    "and one pixel size. Pixels that are nodata on either date are not counted."
                ),
                tr(
                    "Codes of the raster of changes: 0 nodata, 1 unchanged, and 1000 x from + to for a change, so "
                    "3005 is class 3 to class 5. Its style lists the changes that occur, the largest first; its "
                    "attribute table holds classes, pixels and hectares."
                ),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in (
            self._raster(
                self.BEFORE,
                tr("Classified raster before"),
                tr("The earlier date, such as a raster ending in _classes.tif."),
            ),
            self._raster(
                self.AFTER, tr("Classified raster after"), tr("The later date, with the same classes as before.")
            ),
            parameters.advanced(parameters.workers()),
            self._changes(),
            file_destination(
                self.MATRIX,
                tr("From-to matrix"),
                tr("CSV files (*.csv)"),
                tr("A row per class before and a column per class after, in pixels, hectares and percent."),
            ),
            file_destination(
                self.REPORT,
                tr("Report"),
                tr("HTML files (*.html)"),
                tr("The matrix, gains and losses to read and print, with plots where QGIS has plotly."),
            ),
        ):
            self.addParameter(parameter)
        for output in (
            QgsProcessingOutputNumber(self.COMMON_PIXELS, tr("Pixels classified in both")),
            QgsProcessingOutputNumber(self.CHANGED_PIXELS, tr("Pixels that changed class")),
            QgsProcessingOutputNumber(self.CHANGED_PERCENT, tr("Changed, % of the pixels classified in both")),
        ):
            self.addOutput(output)

    @staticmethod
    def _raster(name: str, caption: str, text: str) -> QgsProcessingParameterDefinition:
        parameter = RasterLayer(name, caption)
        parameter.setHelp(text)
        return parameter

    def _changes(self) -> QgsProcessingParameterDefinition:
        parameter = QgsProcessingParameterRasterDestination(self.CHANGES, tr("Raster of changes"), None, True, True)
        parameter.setHelp(
            tr(
                "GeoTIFF of the common area in the pixels of the first raster, with a style beside it; 3005 is class "
                "3 to 5."
            )
        )
        return parameter

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        changes = self._planned(values, self.CHANGES, context)
        if changes is not None and changes.suffix.lower() not in (".tif", ".tiff"):
            text = tr("CHANGES: {path} does not end in .tif; the raster of changes is a GeoTIFF.")
            raise ParameterError(text.format(path=changes))
        places = [self._planned(values, name, context) for name in (self.CHANGES, self.MATRIX, self.REPORT)]
        request = self._request(values, self._paths(values, context), places, context)

        def check(_: Progress) -> None:
            from ..engine.runs import transitions

            transitions.check(request)

        return check

    def _paths(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[Path, Path]:
        return self._path(values, self.BEFORE, context), self._path(values, self.AFTER, context)

    def _path(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> Path:
        """Return the file of a raster layer or path.

        Raises
        ------
        ParameterError
            There is none.
        """
        text = values.get(name)
        if isinstance(text, str) and os.path.isfile(text):
            return Path(text)
        layer = self.parameterAsRasterLayer(values, name, context)
        source = layer.source().split("|")[0] if layer is not None else ""
        if os.path.isfile(source):
            return Path(source)
        found = layer.name() if layer is not None else text
        if not found:
            raise ParameterError(tr("{name} is empty; choose a classified raster.").format(name=name))
        raise ParameterError(
            tr("{name}: {found} is no raster file on disk; choose a classified raster.").format(name=name, found=found)
        )

    def _request(
        self,
        values: dict[str, Any],
        rasters: tuple[Path, Path],
        places: list[Path | None],
        context: QgsProcessingContext,
    ) -> TransitionRequest:
        from ..engine.map_requests import TransitionRequest

        return TransitionRequest(*rasters, *places, self.parameterAsInt(values, parameters.WORKERS, context))

    def prepareAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        if not super().prepareAlgorithm(values, context, feedback):
            return False

        def work() -> None:
            # Layers of the project belong to the main thread, which runs this.
            self._rasters = self._paths(values, context)

        self._told(work, feedback)
        return True

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        changes = self.parameterAsOutputLayer(values, self.CHANGES, context)
        places = [Path(changes) if changes else None]
        places += [self._file(values, name, context) for name in (self.MATRIX, self.REPORT)]

        def work() -> Comparison:
            from ..engine.runs.transitions import compare

            rasters = self._rasters or self._paths(values, context)
            return compare(self._request(values, rasters, places, context), self._progress(feedback))

        result = self._told(work, feedback)
        if changes:
            title = tr("Changes {before} → {after}").format(before=result.before.title, after=result.after.title)
            style_on_completion(context, Path(changes), title)
        written = {name: str(place) for name, place in zip((self.CHANGES, self.MATRIX, self.REPORT), places) if place}
        return {
            **written,
            self.COMMON_PIXELS: result.common,
            self.CHANGED_PIXELS: result.changed,
            self.CHANGED_PERCENT: result.changed_percent,
        }
