"""What all algorithms of the provider have in common."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qgis import utils
from qgis.core import (
    NULL,
    Qgis,
    QgsMessageLog,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingUtils,
)
from qgis.PyQt.QtGui import QIcon

from ...engine.compiled.background import rest
from ...engine.errors import ParameterError, shown, unexpected
from ...engine.sensors.flags import FLAGS
from ...engine.sensors.roles import ROLES
from ..scenes_widget import last_scenes
from ..scenes_widget.paths import paths_of
from . import groups, help_pages, naming, packages, parameters, window
from . import values as parameter_values
from .aoi import Polygons, check_source
from .feedback import FeedbackProgress
from .i18n import tr
from .spoken import Spoken

if TYPE_CHECKING:
    from ...engine.progress import Progress
    from ...engine.scenes.area import Area
    from ...engine.scenes.selection import MaskRule
    from ..scenes_widget.look import Plan, Wanted

R = TypeVar("R")
Check = Callable[["Progress"], object]

ICON = Path(__file__).resolve().parents[2] / "icons" / "iikmc.svg"


class IIkMCAlgorithm(QgsProcessingAlgorithm):
    """Icon, instance, package check, and the way from a user's values to the engine and from its errors back."""

    GROUP = groups.NONE
    """Of the toolbox."""

    def __init__(self) -> None:
        super().__init__()
        self._polygons: Polygons | None = None
        self._spoken: Spoken | None = None
        self._page_captions: dict[str, str] = {}

    def createInstance(self) -> IIkMCAlgorithm:
        return self.__class__()

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def group(self) -> str:
        return groups.caption(self.groupId())

    def groupId(self) -> str:
        return self.GROUP

    def helpUrl(self) -> str:
        # Without one the button Help of a dialog goes to a page at docs.qgis.org that does not exist.
        return help_pages.url_of(self.name())

    def canExecute(self) -> tuple[bool, str]:
        text = packages.problem()
        return not text, text

    def checkParameterValues(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        text = window.beside(lambda _: packages.import_problem(), tr("Loading packages…"))
        text = text or self._refusal(values, context)
        if text:
            return False, self.spoken(text)
        if window.is_there():
            self._page_captions = self._page_captions or naming.page_captions(self)
            naming.name_pages(self, self._page_captions, values)
        # QGIS's own check, of what nothing here knows, takes less for a number or a choice than `read` does.
        scalars = [one for one in self.parameterDefinitions() if isinstance(one, parameter_values.SCALARS)]
        read = {one.name(): parameter_values.read(one, values.get(one.name()), context) for one in scalars}
        return super().checkParameterValues({**values, **read}, context)

    def _refusal(self, values: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return what is wrong with the values in the user's words, "" if nothing is."""
        try:
            parameter_values.check(self, values, context)
            check = self._check(values, context)
            if check is not None:
                window.beside(check, tr("Checking the input…"))
            self._aoi(values, context)
            self._check_by_qgis(values, context)
        except Exception as error:  # noqa: BLE001 - what nobody foresaw is told as well, and its details are logged
            told = unexpected(error, f"iikmc:{self.name()}")
            if told is not error:
                QgsMessageLog.logMessage(traceback.format_exc(), "IIkMC", Qgis.MessageLevel.Critical)
            return str(told)
        return ""

    def _check_by_qgis(self, values: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise ParameterError if QGIS refuses a value of which nothing else here has anything to say."""
        for definition in self.parameterDefinitions():
            if isinstance(definition, parameter_values.SCALARS):
                continue
            value = values.get(definition.name())
            if not definition.checkValueIsAcceptable(value, context):
                text = (
                    tr("{name} is empty; choose a value for '{caption}'.")
                    if value in (None, "", NULL)
                    else tr("{name} is {found}, which cannot be '{caption}'; choose another value.")
                )
                raise ParameterError(
                    text.format(name=definition.name(), found=shown(value), caption=definition.description())
                )

    # Not those of QGIS, which take the default for what they cannot read.

    def parameterAsInt(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> int:
        """Return a whole number; ParameterError if the value is none."""
        return parameter_values.read(self.parameterDefinition(name), values.get(name), context)

    def parameterAsDouble(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> float | None:
        """Return a number, None for one that may be left out and is; ParameterError if the value is none."""
        return parameter_values.read(self.parameterDefinition(name), values.get(name), context)

    def parameterAsEnum(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> int:
        """Return the number of a choice; ParameterError if the value is none."""
        return parameter_values.read(self.parameterDefinition(name), values.get(name), context)

    def parameterAsEnums(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> list[int]:
        """Return the numbers of a choice of several; ParameterError if the value is none."""
        return parameter_values.read(self.parameterDefinition(name), values.get(name), context)

    def parameterAsBool(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> bool:
        """Return yes or no; ParameterError if the value is neither."""
        return parameter_values.read(self.parameterDefinition(name), values.get(name), context)

    def _check(self, values: dict[str, Any], context: QgsProcessingContext) -> Check | None:
        """Return the engine's check of the values, which reads headers from the disk: any thread may do it.

        What is wrong with the values alone is raised at once. None if there is nothing to do.
        """
        raise NotImplementedError

    @property
    def spoken(self) -> Spoken:
        """Puts the captions of the dialog into messages for it."""
        if self._spoken is None:
            self._spoken = Spoken(self.parameterDefinitions())
        return self._spoken

    def _progress(self, feedback: QgsProcessingFeedback) -> FeedbackProgress:
        """Return the engine's progress for a run."""
        return FeedbackProgress(feedback, self.spoken)

    def _told(self, work: Callable[[], R], feedback: QgsProcessingFeedback) -> R:
        """Return what `work` returns; its errors become sentences that Processing shows as they stand.

        The details of an error that nobody foresaw go to the log.
        """
        text = packages.import_problem()
        if text:
            raise QgsProcessingException(self.spoken(text))
        try:
            return work()
        except Exception as error:
            told = unexpected(error, f"iikmc:{self.name()}")
            if told is not error:
                feedback.pushDebugInfo(traceback.format_exc())
            raise QgsProcessingException(self.spoken(str(told))) from error
        finally:
            # Without a window this is qgis_process or a script, which may end right after this.
            if utils.iface is None:
                rest()

    def _scenes(self, values: dict[str, Any], context: QgsProcessingContext) -> tuple[str, ...]:
        """Return the paths in SCENES."""
        return tuple(paths_of(self.parameterAsFileList(values, parameters.SCENES, context)))

    def _sheet(self, values: dict[str, Any], context: QgsProcessingContext) -> Path | None:
        """Return the path in SHEET; None where it is empty."""
        path = self.parameterAsFile(values, parameters.SHEET, context)
        return Path(path) if path else None

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

        sheet = (
            str(self._sheet(values, context) or "") if self.parameterDefinition(parameters.SHEET) is not None else ""
        )
        if self.parameterDefinition(parameters.MASK) is None:
            return Wanted(sheet=sheet), None
        mask = self._mask(values, context)
        has_bands = self.parameterDefinition(parameters.BANDS) is not None
        bands = self._chosen(ROLES, values, parameters.BANDS, context) if has_bands else None
        return Wanted(bands, mask.flags, mask.saturated, sheet=sheet), None

    def prepareAlgorithm(
        self, values: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        def work() -> None:
            # A model asks nobody to check the values of its steps.
            parameter_values.check(self, values, context)
            # Here, because a layer of the project may be read in its own thread alone.
            source = self._aoi(values, context)
            self._polygons = Polygons(source, context) if source is not None else None

        self._told(work, feedback)
        if window.is_there() and self.parameterDefinition(parameters.SCENES) is not None:
            last_scenes.remember(self._scenes(values, context))
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
