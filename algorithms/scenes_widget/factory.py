"""What the scenes parameter names as its widget: a factory that never leaves a dialog without one.

Only a dialog imports this module, never qgis_process.
"""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsMessageLog, QgsProcessingParameterDefinition
from qgis.gui import QgsGui, QgsProcessingGui

from ..shared.i18n import tr

MODELER_DIALOG = "ModelerParametersDialog"
BATCH_DIALOG = "BatchAlgorithmDialog"


class ScenesWidgetWrapper:
    """The class to name in the parameter's `widget_wrapper` metadata; making one returns the wrapper that fits.

    In the model designer that is QGIS's own widget, which also offers the model's inputs and other algorithms'
    outputs. Elsewhere it is our list of scenes or, should that fail to load, QGIS's own widget again.
    """

    def __new__(
        cls, param: QgsProcessingParameterDefinition, dialog: Any, row: int = 0, col: int = 0, **options: Any
    ) -> Any:
        """Return the wrapper for `param` in `dialog`."""
        if _is_a(dialog, MODELER_DIALOG):
            return _stock_modeler_widget(param, dialog)
        try:
            from .wrapper import ScenesWrapper

            return ScenesWrapper(param, dialog, row, col, **options)
        except (ImportError, AttributeError) as error:
            message = tr("The list of scenes could not be shown, QGIS's own is used instead: {reason}")
            QgsMessageLog.logMessage(message.format(reason=repr(error)), "IIkMC", Qgis.MessageLevel.Warning)
            return _stock_wrapper(param, dialog)


def _is_a(dialog: Any, class_name: str) -> bool:
    # By name, as Processing does: importing the dialogs' modules here would be circular.
    return any(base.__name__ == class_name for base in type(dialog).__mro__)


def _stock_modeler_widget(param: QgsProcessingParameterDefinition, dialog: Any) -> Any:
    widget = QgsGui.processingGuiRegistry().createModelerParameterWidget(
        dialog.model, dialog.childId, param, dialog.context
    )
    widget.setDialog(dialog)
    return widget


def _stock_wrapper(param: QgsProcessingParameterDefinition, dialog: Any) -> Any:
    kind = QgsProcessingGui.WidgetType.Batch if _is_a(dialog, BATCH_DIALOG) else QgsProcessingGui.WidgetType.Standard
    wrapper = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(param, kind)
    wrapper.setDialog(dialog)
    return wrapper
