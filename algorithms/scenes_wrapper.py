"""The list of scenes as the widget of a Processing parameter."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import DIALOG_BATCH, WidgetWrapper
from qgis.PyQt.QtWidgets import QWidget

from .scene_paths import paths_of
from .scenes_panel import ScenesLine, ScenesPanel


class ScenesWrapper(WidgetWrapper):
    """A `ScenesPanel` in the algorithm's dialog, a `ScenesLine` in a cell of the batch table."""

    def createWidget(self, **_options: Any) -> QWidget:
        """Return the widget that this dialog needs."""
        widget = ScenesLine() if self.dialogType == DIALOG_BATCH else ScenesPanel()
        widget.changed.connect(self._announce)
        return widget

    def setValue(self, value: Any) -> None:
        """Show `value`: a list, a single path, several in one text, or None."""
        self.widget.setPaths(paths_of(value))

    def value(self) -> list[str] | None:
        """Return the paths, or None while there is none, so that the dialog asks for them."""
        return self.widget.paths() or None

    def _announce(self) -> None:
        self.widgetValueHasChanged.emit(self)
