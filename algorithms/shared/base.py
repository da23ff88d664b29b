"""What all algorithms of the provider have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qgis.core import (
    NULL,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingUtils,
)
from qgis.PyQt.QtGui import QIcon

from ...engine.errors import IIkMCError, ParameterError
from ...engine.sensors.landsat.bands import ROLES
from ...engine.sensors.landsat.qa import FLAGS
from ..scenes_widget.paths import paths_of
from . import help_pages, packages, parameters
from .aoi import Polygons, check_source
from .i18n import tr

if TYPE_CHECKING:
    from ...engine.scenes.area import Area
    from ...engine.scenes.selection import MaskRule
    from ..scenes_widget.look import Plan, Wanted

R = TypeVar("R")

ICON = Path(__file__).resolve().parents[2] / "icons" / "iikmc.svg"


class IIkMCAlgorithm(QgsProcessingAlgorithm):
    """Icon, instance, package check, and the way from a user's values to the engine and from its errors back."""

    def __init__(self) -> None:
        super().__init__()
        self._polygons: Polygons | None = None

    def createInstance(self) -> IIkMCAlgorithm:
        return self.__class__()

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def helpUrl(self) -> str:
        # Without one the button Help of a dialog goes to a page at docs.qgis.org that does not exist.
        return help_pages.url_of(self.name())

    def canExecute(self) -> tuple[bool, str]:
        text = packages.problem()
        return not text, text

    def checkParameterValues(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        text = packages.import_problem() or self._refusal(values, context)
        if text:
            return False, text
        # QGIS's own check takes the empty text of ``MASK=`` for a wrong value.
        if parameters.is_emptied(values, parameters.MASK):
            values = {**values, parameters.MASK: []}
        return super().checkParameterValues(values, context)

    def _refusal(self, values: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return what is wrong with the values in the user's words, "" if nothing is."""
        try:
            self._check(values, context)
            self._aoi(values, context)
        except IIkMCError as error:
            return str(error)
        return ""

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise what the engine says of the values; reads headers only."""
        raise NotImplementedError

    @staticmethod
    def _told(work: Callable[[], R]) -> R:
        """Return what the engine's `work` returns; its errors become those that Processing shows as they stand."""
        text = packages.import_problem()
        if text:
            raise QgsProcessingException(text)
        try:
            return work()
        except IIkMCError as error:
            raise QgsProcessingException(str(error)) from error

    def _scenes(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[str, ...]:
        """Return the paths in SCENES."""
        return tuple(paths_of(self.parameterAsFileList(values, parameters.SCENES, context)))

    def _mask(self, values: dict[str, Any], context: QgsProcessingContext) -> MaskRule:
        """Return what MASK and MASK_SATURATED choose."""
        from ...engine.scenes.selection import MaskRule

        return MaskRule(
            self._chosen(FLAGS, values, parameters.MASK, context),
            self.parameterAsBool(values, parameters.MASK_SATURATED, context),
        )

    def looked_for(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[Wanted, Plan | None]:
        """Return what will be asked of the scenes, and of the computer if that can be estimated, for the dialog's hint.

        `values` are all but SCENES.
        """
        from ..scenes_widget.look import Wanted

        if self.parameterDefinition(parameters.MASK) is None:
            return Wanted(), None
        mask = self._mask(values, context)
        has_bands = self.parameterDefinition(parameters.BANDS) is not None
        bands = self._chosen(ROLES, values, parameters.BANDS, context) if has_bands else None
        return Wanted(bands, mask.flags, mask.saturated), None

    def prepareAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        # Here, because a layer of the project may be read in its own thread alone.
        try:
            source = self._aoi(values, context)
            self._polygons = Polygons(source, context) if source is not None else None
        except IIkMCError as error:
            raise QgsProcessingException(str(error)) from error
        return True

    def _aoi(self, values: dict[str, Any], context: QgsProcessingContext) -> QgsProcessingFeatureSource | None:
        """Return the layer of AOI, None without; ParameterError if it cannot be one."""
        if values.get(parameters.AOI) in (None, "", NULL):
            return None
        source = self.parameterAsSource(values, parameters.AOI, context)
        if source is None:
            raise ParameterError(
                tr("AOI: {found} cannot be read as a layer; choose one of polygons, or leave AOI empty.").format(
                    found=values[parameters.AOI]
                )
            )
        check_source(source)
        return source

    def _area(self) -> Area | None:
        """Return the engine's area of interest, after `prepareAlgorithm`; None without."""
        return self._polygons.area() if self._polygons else None

    def _output_folder(self, values: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return OUTPUT as given, for checks; a temporary one is not made yet, the folder around it stands for it."""
        text = self.parameterAsString(values, parameters.OUTPUT, context)
        return QgsProcessingUtils.tempFolder() if text in ("", QgsProcessing.TEMPORARY_OUTPUT) else text

    def _chosen(
        self, names: Iterable[str], values: dict[str, Any], name: str, context: QgsProcessingContext
    ) -> tuple[str, ...]:
        """Return what a choice of several chooses, in the order of `names`."""
        if parameters.is_emptied(values, name):
            return ()
        return parameters.chosen(names, self.parameterAsEnums(values, name, context))
