"""`iikmc:audit`: why pixels are invalid, scene by scene, before a long run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
)

from ..engine.sensors.roles import ROLES
from .shared import groups, parameters
from .shared.base import IIkMCAlgorithm
from .shared.i18n import tr

if TYPE_CHECKING:
    from ..engine.progress import Progress
    from ..engine.requests import AuditRequest
    from ..engine.runs.audit import AuditResult
    from .scenes_widget.look import Plan, Wanted
    from .shared.base import Check


class AuditAlgorithm(IIkMCAlgorithm):
    """Counts of fill, flags, saturated and valid pixels."""

    GROUP = groups.PREPARATION
    TABLE = "TABLE"
    REPORT = "REPORT"
    SCENE_COUNT = "SCENE_COUNT"
    PIXEL_COUNT = "PIXEL_COUNT"
    VALID_PERCENT = "VALID_PERCENT"

    def name(self) -> str:
        return "audit"

    def displayName(self) -> str:
        return tr("Audit scenes (what the mask leaves)")

    def tags(self) -> list[str]:
        words = tr(
            "landsat,sentinel-2,hls,planetscope,audit,mask,clouds,quality,qa_pixel,scl,fmask,udm2,fill,saturated,valid "
            "pixels,iikmc,series,check"
        )
        return words.split(",")

    def shortDescription(self) -> str:
        return tr("Counts per scene how many pixels are fill, cloud, shadow, saturated or valid, before a long run.")

    def shortHelpString(self) -> str:
        return "\n".join(
            [
                tr(
                    "Counts for each scene the pixels that are fill, carry each flag of its quality layer, are "
                    "saturated, lie outside a reflectance of 0 to 1 (DN 7273 to 43636), and are left as valid by the "
                    "chosen mask. Nothing is clustered, so this takes only the time to read the scenes."
                ),
                tr(
                    "Flags and saturation are counted whether they are masked or not, so one audit shows what another "
                    "mask would take. A pixel can have several flags."
                ),
                tr(
                    "Scenes with less than 10 % valid pixels are warned of. A scene without a quality layer is "
                    "audited too, with the note that its flags are unknown. The log and the page also say how much "
                    "memory a clustering of the valid pixels takes, and whether it fits."
                ),
                tr("Output folder: audit.csv, one scene a row, and audit.html with bars, which opens offline."),
            ]
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        advanced = parameters.advanced
        for parameter in (
            parameters.scenes(),
            parameters.mask(),
            advanced(parameters.mask_saturated()),
            advanced(parameters.bands()),
            parameters.aoi(),
            advanced(parameters.workers()),
            parameters.output(tr("Gets audit.csv and audit.html; those of an earlier audit are replaced.")),
            advanced(parameters.sheet()),
            advanced(parameters.scheduler()),
        ):
            self.addParameter(parameter)
        for output in (
            QgsProcessingOutputFile(self.TABLE, tr("Table")),
            QgsProcessingOutputHtml(self.REPORT, tr("Audit")),
            QgsProcessingOutputNumber(self.SCENE_COUNT, tr("Number of scenes")),
            QgsProcessingOutputNumber(self.PIXEL_COUNT, tr("Number of valid pixels")),
            QgsProcessingOutputNumber(self.VALID_PERCENT, tr("Valid pixels in percent of all")),
        ):
            self.addOutput(output)

    def looked_for(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[Wanted, Plan | None]:
        # A scene without QA_PIXEL is audited too.
        return replace(super().looked_for(values, context)[0], needs_flags=False), None

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check:
        request = self._request(values, context)

        def check(progress: Progress) -> None:
            from ..engine.runs import audit

            audit.check(request, progress)

        return check

    def _request(self, values: dict[str, Any], context: QgsProcessingContext, output: str = "") -> AuditRequest:
        from ..engine.requests import AuditRequest

        return AuditRequest(
            scenes=self._scenes(values, context),
            output=Path(output or self._output_folder(values, context)),
            mask=self._mask(values, context),
            roles=self._chosen(ROLES, values, parameters.BANDS, context),
            aoi=self._area(),
            workers=self.parameterAsInt(values, parameters.WORKERS, context),
            sheet=self._sheet(values, context),
            scheduler=self.parameterAsString(values, parameters.SCHEDULER, context).strip(),
        )

    def processAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        def work() -> AuditResult:
            from ..engine.runs.audit import audit_scenes

            output = self.parameterAsFileOutput(values, parameters.OUTPUT, context)
            return audit_scenes(self._request(values, context, output), self._progress(feedback))

        result = self._told(work, feedback)
        return {
            parameters.OUTPUT: str(result.output),
            self.TABLE: str(result.table),
            self.REPORT: str(result.page),
            self.SCENE_COUNT: len(result.scenes),
            self.PIXEL_COUNT: result.pixels,
            self.VALID_PERCENT: result.valid_percent,
        }
