"""The list of scenes as the widget of a Processing parameter, by the Python class that QGIS 3 has for it."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import DIALOG_BATCH, WidgetWrapper
from qgis.PyQt.QtWidgets import QWidget

from .part import ScenesPart
from .paths import paths_of


class ScenesWrapper(ScenesPart, WidgetWrapper):
    """The list where QGIS makes it by the class that the parameter names."""

    def createWidget(self, **_options: Any) -> QWidget:
        """Return the widget that this dialog needs."""
        return self.made(self.dialogType == DIALOG_BATCH)

    def setValue(self, value: Any) -> None:
        """Show `value`: a list, a single path, several in one text, or None."""
        self.widget.setPaths(paths_of(value))

    def value(self) -> list[str] | None:
        """Return the paths, or None while there is none, so that the dialog asks for them."""
        return self.widget.paths() or None
