"""The scenes in one line of text, for a cell of the batch table, and the window that it opens."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.PyQt.QtCore import QDir, QEvent, QObject, QSize, pyqtSignal
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from ..shared.i18n import tr
from .list_view import accept_paths, holds_files, mime_paths
from .panel import ScenesPanel
from .paths import distinct, join_paths, split_paths
from .waiting import choosable_of

_NAME = "LC08_L2SP_000000_00000000_00000000_02_T1"
"""As wide as the name of a scene."""


class ScenesLine(QWidget):
    """The scenes in one line of text, separated by semicolons, with a button that opens the list."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._paths: list[str] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Scene folders, metadata files, bundles or STAC items"))
        self.line.setClearButtonEnabled(True)
        self.line.setMinimumWidth(self.line.fontMetrics().horizontalAdvance(f"MM{_NAME}MM"))
        self.line.textChanged.connect(self._read)
        self.line.installEventFilter(self)
        self.button = QToolButton()
        self.button.setText("…")
        self.button.setToolTip(tr("Choose the scenes"))
        self.button.clicked.connect(self.choose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)
        self.setFocusProxy(self.line)

    def paths(self) -> list[str]:
        """Return the chosen paths."""
        return list(self._paths)

    def setPaths(self, paths: Iterable[str]) -> None:
        """Replace the text."""
        self._paths = distinct(paths)
        text = join_paths(self._paths)
        self.line.setText(text)
        self.line.setCursorPosition(len(text))  # the names are at the end of the paths

    def choose(self) -> None:
        """Let the user choose in the list."""
        dialog = ScenesDialog(self._paths, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.setPaths(dialog.panel.paths())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop) and holds_files(event):
            accept_paths(event)
            if event.type() == QEvent.Type.Drop:
                paths = mime_paths(event.mimeData())
                self.setPaths(self._paths + choosable_of(paths, self))
            return True
        return bool(super().eventFilter(watched, event))

    def _read(self, text: str) -> None:
        if text != join_paths(self._paths):
            # At each key: the disk is not asked.
            self._paths = distinct(split_paths(text, is_path=lambda _: False))
        self.line.setToolTip("\n".join(QDir.toNativeSeparators(path) for path in self._paths))
        self.changed.emit()


class ScenesDialog(QDialog):
    """The list of scenes in a window of its own."""

    def __init__(self, paths: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Scenes"))
        self.panel = ScenesPanel()
        self.panel.setPaths(paths)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.panel, 1)
        layout.addWidget(buttons)
        character = self.fontMetrics().averageCharWidth()
        self.resize(self.sizeHint().expandedTo(QSize(100 * character, 25 * self.fontMetrics().height())))
