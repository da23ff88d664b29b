"""Widgets to choose many scenes: a list with its buttons, and one line of text that opens it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from qgis.core import QgsApplication, QgsMimeDataUtils, QgsSettings
from qgis.PyQt.QtCore import QDir, QEvent, QMimeData, QModelIndex, QObject, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextOption,
)
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressDialog,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .i18n import tr
from .scene_paths import FILE_PATTERNS, distinct, find_scenes, is_choosable, join_paths, split_paths

LAST_FOLDER = "iikmc/last_scenes_folder"
_PATH = Qt.ItemDataRole.UserRole
_FEWEST_ROWS, _MOST_ROWS = 5, 10
_NAME = "LC08_L2SP_000000_00000000_00000000_02_T1"
"""As wide as the name of a scene."""
_FOLDER = "/landsat/scenes"
"""As wide as a folder must be shown to tell anything."""
_PATIENCE = 700
"""Milliseconds after which a search shows that it is at work."""


def mime_paths(data: QMimeData | None) -> list[str]:
    """Return the local files and folders in what was dragged or copied from a file manager or QGIS's browser."""
    if data is None:
        return []
    if data.hasUrls():
        return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if QgsMimeDataUtils.isUriList(data):
        uris = QgsMimeDataUtils.decodeUriList(data)
        return [uri.filePath or uri.uri for uri in uris if uri.filePath or os.path.exists(uri.uri)]
    return split_paths(data.text()) if data.hasText() else []


class _Elision(QStyledItemDelegate):
    """Shortens a name at its end, where a product identifier tells least, and a folder in its middle."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        modes = (Qt.TextElideMode.ElideRight, Qt.TextElideMode.ElideMiddle)
        option.textElideMode = modes[index.column()]


class ScenesList(QTreeWidget):
    """The chosen paths, one a row: the last part of the path, which names the scene, and the folder it lies in."""

    removal_wanted = pyqtSignal()
    paths_offered = pyqtSignal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels([tr("Scene"), tr("In folder")])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setItemDelegate(_Elision(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paths(self) -> list[str]:
        """Return the paths in the order of the rows."""
        return [self.topLevelItem(row).data(0, _PATH) for row in range(self.topLevelItemCount())]

    def append(self, paths: Iterable[str]) -> int:
        """Add the paths that are not in the list yet; return how many those were."""
        reachable: dict[str, bool] = {}
        items = [self._item(path, reachable) for path in distinct(paths, self.paths())]
        self.addTopLevelItems(items)
        self._fit()
        return len(items)

    def remove_selected(self) -> int:
        """Remove the selected rows; return how many those were."""
        items = self.selectedItems()
        for item in items:
            self.takeTopLevelItem(self.indexOfTopLevelItem(item))
        self._fit()
        return len(items)

    def _item(self, path: str, reachable: dict[str, bool]) -> QTreeWidgetItem:
        parent, name = os.path.split(path.rstrip("/\\") or path)
        if parent not in reachable:  # a network drive that is away is asked only once
            reachable[parent] = os.path.isdir(parent or ".")
        native = QDir.toNativeSeparators(path)
        item = QTreeWidgetItem([name or native, QDir.toNativeSeparators(parent)])
        item.setData(0, _PATH, path)
        if reachable[parent] and os.path.exists(path):
            item.setIcon(0, _path_icon(path))
        else:
            item.setIcon(0, self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning))
            native = tr("{path} was not found").format(path=native)
        for column in range(2):
            item.setToolTip(column, native)
        return item

    def _fit(self) -> None:
        # A folder too narrow to read is left to the tool tip.
        wanted = max(self.sizeHintForColumn(0), self.header().sectionSizeHint(0))
        room = self.viewport().width() - wanted
        self.setColumnHidden(1, room < self.fontMetrics().horizontalAdvance(_FOLDER))
        self.setColumnWidth(0, wanted)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        rows = min(max(self.topLevelItemCount() + 1, _FEWEST_ROWS), _MOST_ROWS)
        return QSize(super().sizeHint().width(), self._height(rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self._height(_FEWEST_ROWS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _height(self, rows: int) -> int:
        icon = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        row = max(self.fontMetrics().height(), icon) + 4
        return int(self.header().sizeHint().height() + rows * row + 2 * self.frameWidth())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removal_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paths_offered.emit(mime_paths(QApplication.clipboard().mimeData()))
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        _accept_paths(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        _accept_paths(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if _accept_paths(event):
            self.paths_offered.emit(mime_paths(event.mimeData()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.topLevelItemCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            margin = self.fontMetrics().height()
            area = QRectF(self.viewport().rect().adjusted(margin, 0, -margin, 0))
            hint = tr("Drop scene folders, MTL files or .tar bundles here")
            painter.drawText(area, hint, QTextOption(Qt.AlignmentFlag.AlignCenter))
            painter.end()


class ScenesPanel(QWidget):
    """A list of scenes with buttons to fill and empty it, and a line that tells what became of the last click."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = ScenesList()
        self.list.removal_wanted.connect(self.remove)
        self.list.paths_offered.connect(self.offer)
        self.list.itemSelectionChanged.connect(self._enable)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

        self.add_folder_button = _button(
            tr("Add scene folder…"),
            tr("Add one folder: a scene, or a folder whose sub-folders are scenes"),
            self.choose_folder,
        )
        self.add_every_button = _button(
            tr("Add every scene in a folder…"),
            tr("Look into a folder and add each scene folder and .tar bundle directly in it"),
            self.choose_parent,
        )
        self.add_files_button = _button(
            tr("Add files…"), tr("Add MTL files or .tar bundles as downloaded"), self.choose_files
        )
        self.remove_button = _button(tr("Remove"), tr("Remove the selected entries (Delete)"), self.remove)
        self.remove_all_button = _button(tr("Remove all"), tr("Empty the list"), self.remove_all)

        # Two rows of buttons, so that all of it fits in the dialog's usual width.
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addLayout(_row([self.add_folder_button, self.add_files_button], self.remove_button))
        layout.addLayout(_row([self.add_every_button], self.remove_all_button))
        layout.addWidget(self.status)
        self.setFocusProxy(self.list)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tell()

    def paths(self) -> list[str]:
        """Return the chosen paths."""
        return self.list.paths()

    def setPaths(self, paths: Iterable[str]) -> None:
        """Replace the list."""
        before = self.paths()
        self.list.clear()
        self.list.append(paths)
        self._tell()
        if self.paths() != before:
            self.changed.emit()

    def add(self, paths: list[str]) -> None:
        """Add the paths that are not in the list yet and tell how many those were."""
        added = self.list.append(paths)
        known = len(paths) - added
        note = tr("{added} added").format(added=added)
        if known:
            note += ", " + tr("{known} already in the list").format(known=known)
        self._tell(note)
        if added:
            self.list.scrollToBottom()
            self.changed.emit()

    def offer(self, paths: list[str]) -> None:
        """Add those of the dropped or pasted paths that can be scenes."""
        choosable = [path for path in paths if is_choosable(path)]
        if choosable:
            self.add(choosable)
        if len(choosable) < len(paths):
            refused = ", ".join(os.path.basename(path) for path in paths if path not in choosable)
            self._tell(tr("Not a folder, MTL file or .tar bundle: {names}").format(names=refused))

    def add_every_scene(self, folder: str) -> None:
        """Add each scene directly in `folder`, or tell that there is none."""
        try:
            found = self._search(folder)
        except OSError as error:
            self._tell(tr("The folder cannot be read: {reason}").format(reason=error.strerror or str(error)))
            return
        if found:
            self.add(found)
        else:
            name = os.path.basename(folder.rstrip("/\\")) or folder
            self._tell(tr("No Landsat scene found directly in {folder}").format(folder=name))

    def remove(self) -> None:
        """Remove the selected entries."""
        if self.list.remove_selected():
            self._tell()
            self.changed.emit()

    def remove_all(self) -> None:
        """Empty the list."""
        self.setPaths([])

    def choose_folder(self) -> None:
        """Let the user choose one folder."""
        folder = QFileDialog.getExistingDirectory(self, tr("Add Scene Folder"), _last_folder())
        if folder:
            _remember_folder(os.path.dirname(folder))
            self.add([folder])

    def choose_parent(self) -> None:
        """Let the user choose a folder to search."""
        folder = QFileDialog.getExistingDirectory(self, tr("Add Every Scene in a Folder"), _last_folder())
        if folder:
            _remember_folder(folder)
            self.add_every_scene(folder)

    def choose_files(self) -> None:
        """Let the user choose files."""
        file_filter = tr("Landsat MTL files and bundles") + f" ({FILE_PATTERNS})"
        files, _ = QFileDialog.getOpenFileNames(self, tr("Add Files"), _last_folder(), file_filter)
        if files:
            _remember_folder(os.path.dirname(files[0]))
            self.offer(files)

    def _search(self, folder: str) -> list[str]:
        waiting = QProgressDialog(tr("Looking for scenes…"), tr("Cancel"), 0, 0, self)
        waiting.setWindowModality(Qt.WindowModality.WindowModal)
        waiting.setMinimumDuration(_PATIENCE)

        def go_on(done: int, total: int) -> bool:
            waiting.setMaximum(total)
            waiting.setValue(done)
            return not waiting.wasCanceled()

        try:
            return find_scenes(folder, go_on)
        finally:
            waiting.close()
            waiting.deleteLater()

    def _tell(self, note: str = "") -> None:
        count = self.list.topLevelItemCount()
        total = tr("1 entry") if count == 1 else tr("{count} entries").format(count=count)
        text = f"{total} – {note}" if note else total
        self.status.setText(text)
        self.status.setToolTip(text)
        self._enable()

    def _enable(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedItems()))
        self.remove_all_button.setEnabled(self.list.topLevelItemCount() > 0)


class ScenesLine(QWidget):
    """The scenes in one line of text, separated by semicolons, with a button that opens the list."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: list[str] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Scene folders, MTL files or .tar bundles"))
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
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop) and _holds_files(event):
            _accept_paths(event)
            if event.type() == QEvent.Type.Drop:
                paths = mime_paths(event.mimeData())
                self.setPaths(self._paths + [path for path in paths if is_choosable(path)])
            return True
        return bool(super().eventFilter(watched, event))

    def _read(self, text: str) -> None:
        if text != join_paths(self._paths):
            self._paths = distinct(split_paths(text))
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


def _button(text: str, tool_tip: str, on_click: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tool_tip)
    button.setAutoDefault(False)  # Return belongs to the dialog
    button.clicked.connect(lambda _checked=False: on_click())
    return button


def _row(left: Iterable[QWidget], right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in left:
        row.addWidget(widget)
    row.addStretch()
    row.addWidget(right)
    return row


def _holds_files(event: QDropEvent) -> bool:
    data = event.mimeData()
    return bool(data.hasUrls() or QgsMimeDataUtils.isUriList(data))


def _accept_paths(event: QDropEvent) -> bool:
    if not mime_paths(event.mimeData()):
        event.ignore()
        return False
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
    return True


def _path_icon(path: str) -> QIcon:
    if os.path.isdir(path):
        return QgsApplication.getThemeIcon("/mIconFolder.svg")
    return QgsApplication.getThemeIcon("/mIconZip.svg" if path.lower().endswith(".tar") else "/mIconFile.svg")


def _last_folder() -> str:
    settings = QgsSettings()
    return str(settings.value(LAST_FOLDER) or settings.value("Processing/LastInputPath") or QDir.homePath())


def _remember_folder(folder: str) -> None:
    QgsSettings().setValue(LAST_FOLDER, folder)
