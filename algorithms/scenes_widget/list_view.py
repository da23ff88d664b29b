"""The list of chosen scenes, and what can be dropped on it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from qgis.core import QgsApplication, QgsMimeDataUtils
from qgis.PyQt.QtCore import QDir, QMimeData, QModelIndex, QRectF, QSize, Qt, pyqtSignal
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
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from ...engine.scenes.places import is_bundle
from ..shared.i18n import tr
from .paths import date_in, distinct, is_file_of_scene, is_whole, same_place, split_paths

_PATH = Qt.ItemDataRole.UserRole
_FEWEST_ROWS, _MOST_ROWS = 5, 10
_FOLDER = "/landsat/scenes"
"""As wide as a folder must be shown to tell anything."""


def mime_paths(data: QMimeData | None) -> list[str]:
    """Return the local files and folders in what was dragged or copied from a file manager or QGIS's browser."""
    if data is None:
        return []
    if data.hasUrls():
        return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if QgsMimeDataUtils.isUriList(data):
        uris = QgsMimeDataUtils.decodeUriList(data)
        # This is asked at each move of the mouse, so the disk is not.
        return [uri.filePath or uri.uri for uri in uris if uri.filePath or is_whole(uri.uri)]
    return split_paths(data.text(), is_path=lambda _: False) if data.hasText() else []


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

    def __init__(self) -> None:
        super().__init__()
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
        """Add the paths that are not in the list yet, scenes by their day; return how many those were."""
        known = self.paths()
        added = distinct(paths, known)
        place = {path: number for number, path in enumerate(sorted(known + added, key=_in_time))}
        # From the top down: each goes in where all before it are already.
        for path in sorted(added, key=place.__getitem__):
            self.insertTopLevelItem(place[path], _item(path))
        self._fit()
        return len(added)

    def show_path(self, path: str) -> None:
        """Scroll to a path."""
        rows = {same_place(known): row for row, known in enumerate(self.paths())}
        row = rows.get(same_place(path))
        if row is not None:
            self.scrollToItem(self.topLevelItem(row))

    def remove_selected(self) -> int:
        """Remove the selected rows; return how many those were."""
        items = self.selectedItems()
        for item in items:
            self.takeTopLevelItem(self.indexOfTopLevelItem(item))
        self._fit()
        return len(items)

    def mark_gone(self, paths: Iterable[str]) -> None:
        """Show which of the paths do not exist, and the others as usual."""
        gone = {same_place(path) for path in paths}
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            path = item.data(0, _PATH)
            native = QDir.toNativeSeparators(path)
            if same_place(path) in gone:
                item.setIcon(0, self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning))
                native = tr("{path} was not found").format(path=native)
            else:
                item.setIcon(0, _path_icon(path))
            for column in range(2):
                item.setToolTip(column, native)

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
        accept_paths(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        accept_paths(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if accept_paths(event):
            self.paths_offered.emit(mime_paths(event.mimeData()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.topLevelItemCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            margin = self.fontMetrics().height()
            area = QRectF(self.viewport().rect().adjusted(margin, 0, -margin, 0))
            hint = tr("Drop scene folders, metadata files, bundles or STAC items here")
            painter.drawText(area, hint, QTextOption(Qt.AlignmentFlag.AlignCenter))
            painter.end()


def holds_files(event: QDropEvent) -> bool:
    """Tell whether files are dragged, and not a piece of text."""
    data = event.mimeData()
    return bool(data.hasUrls() or QgsMimeDataUtils.isUriList(data))


def accept_paths(event: QDropEvent) -> bool:
    """Take what is dragged if it has local paths; tell whether it has."""
    if not mime_paths(event.mimeData()):
        event.ignore()
        return False
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
    return True


def _in_time(path: str) -> tuple[str, str]:
    """Return what the list is sorted by: first what tells no day, as it was added, then the scenes by their days."""
    day = date_in(path)
    return day, os.path.basename(path.rstrip("/\\")) if day else ""


def _item(path: str) -> QTreeWidgetItem:
    parent, name = os.path.split(path.rstrip("/\\") or path)
    native = QDir.toNativeSeparators(path)
    item = QTreeWidgetItem([name or native, QDir.toNativeSeparators(parent)])
    item.setData(0, _PATH, path)
    item.setIcon(0, _path_icon(path))
    for column in range(2):
        item.setToolTip(column, native)
    return item


def _path_icon(path: str) -> QIcon:
    # By its name: asking a network drive that is away would stop the window.
    if not is_file_of_scene(path):
        return QgsApplication.getThemeIcon("/mIconFolder.svg")
    return QgsApplication.getThemeIcon("/mIconZip.svg" if is_bundle(path) else "/mIconFile.svg")
