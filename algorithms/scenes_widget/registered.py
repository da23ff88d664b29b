"""The list of scenes in QGIS 4, which makes widgets by those in its registry alone.

`processing.gui.wrappers.WidgetWrapper` goes in QGIS 4.4, and the Python dialogs whose class names told one kind of
dialog from another went in 4.2 (QGIS Enhancement Proposal 427; pull requests 67068 and 66027 of qgis/QGIS). The
registry heeds the "widget_type" that a parameter asks for from QGIS 3.40 on (pull request 57860).
"""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterMultipleLayers,
)
from qgis.gui import (
    QgsAbstractProcessingParameterWidgetWrapper,
    QgsGui,
    QgsProcessingGui,
    QgsProcessingParameterWidgetFactoryInterface,
)
from qgis.PyQt.QtWidgets import QWidget

from ..shared.parameters import SCENES, ask_for_scenes_by
from .part import ScenesPart
from .paths import paths_of

# The name by which a parameter asks for the list.
WIDGET_TYPE = "iikmc_scenes"


class RegisteredScenes(ScenesPart, QgsAbstractProcessingParameterWidgetWrapper):
    """The list where QGIS makes it by its registry."""

    def createWidget(self) -> QWidget:
        """Return the widget that this dialog needs."""
        self.widget = self.made(self.type() == QgsProcessingGui.WidgetType.Batch)
        return self.widget

    def setWidgetValue(self, value: Any, _context: QgsProcessingContext) -> None:
        """Show `value`: a list, a single path, several in one text, or None."""
        self.widget.setPaths(paths_of(value))

    def widgetValue(self) -> list[str] | None:
        """Return the paths, or None while there is none, so that the dialog asks for them."""
        return self.widget.paths() or None


class ScenesFactory(QgsProcessingParameterWidgetFactoryInterface):
    """What the registry asks for the list; the model designer gets QGIS's own widget, as in QGIS 3."""

    def __init__(self) -> None:
        """Make the factory."""
        super().__init__()
        # QGIS's widgets point to the definition that they are made for and do not keep it.
        self._plain: list[QgsProcessingParameterDefinition] = []

    def parameterType(self) -> str:
        """Return the name by which a parameter asks for the list."""
        return WIDGET_TYPE

    def createWidgetWrapper(self, parameter: QgsProcessingParameterDefinition, kind: Any) -> Any:
        """Return the part of a dialog of this kind."""
        if kind == QgsProcessingGui.WidgetType.Modeler:
            return QgsGui.processingGuiRegistry().createParameterWidgetWrapper(self._stock(parameter), kind)
        return RegisteredScenes(parameter, kind)

    def createModelerWidgetWrapper(self, model: Any, child: str, parameter: Any, context: Any) -> Any:
        """Return QGIS's own widget, which also offers the model's inputs and other algorithms' outputs."""
        return QgsGui.processingGuiRegistry().createModelerParameterWidget(
            model, child, self._stock(parameter), context
        )

    def _stock(self, parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
        plain = parameter.clone()
        plain.setMetadata({})
        self._plain.append(plain)
        return plain


def register() -> ScenesFactory | None:
    """Let QGIS's registry know the list, and parameters ask for it there; return what `unregister` takes.

    None, and all as before, where a trial gets something else than the list: QGIS before 3.40 does not heed the name,
    and 3.40.6 (SIP 6.10) has no more than the C++ half of what is made; seen in Debian 13, not in 3.44.15 (SIP 6.16).
    """
    registry, factory = QgsGui.processingGuiRegistry(), ScenesFactory()
    if not registry.addParameterWidgetFactory(factory):
        return None
    trial = QgsProcessingParameterMultipleLayers(SCENES, SCENES, QgsProcessing.SourceType.TypeFile)
    trial.setMetadata({"widget_wrapper": {"widget_type": WIDGET_TYPE}})
    made = registry.createParameterWidgetWrapper(trial, QgsProcessingGui.WidgetType.Standard)
    if not isinstance(made, RegisteredScenes):
        registry.removeParameterWidgetFactory(factory)
        return None
    ask_for_scenes_by({"widget_type": WIDGET_TYPE})
    return factory


def unregister(factory: ScenesFactory) -> None:
    """Take the list from the registry again."""
    ask_for_scenes_by()
    QgsGui.processingGuiRegistry().removeParameterWidgetFactory(factory)
