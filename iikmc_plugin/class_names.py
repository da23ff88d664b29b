"""The entry "Class names …" of QGIS's window: names and colours of the classes of the run that a layer belongs to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
)
from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtGui import QColor, QIcon
from qgis.PyQt.QtWidgets import (
    QAction,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..algorithms.shared.base import ICON
from ..algorithms.shared.i18n import tr

_MENU = "IIkMC"
Entry = tuple[int, str, QColor]
"""A class, its name and its colour."""


def run_of(layer: QgsMapLayer | None) -> Path | None:
    """Return the folder of the run that a layer belongs to; None of any other layer."""
    if not isinstance(layer, QgsRasterLayer):
        return None
    path = Path(layer.source().split("|")[0])
    ours = path.name.endswith("_classes.tif") and os.path.isfile(path.with_name("signatures.json"))
    return path.parent if ours else None


def entries_of(layer: QgsRasterLayer, folder: Path) -> list[Entry]:
    """Return the classes of a run as its files name them, and those in the legend of the layer as that does.

    Raises
    ------
    IIkMCError
        The folder holds no run with common classes.
    """
    from ..engine.runs.finished import legend_in

    legend = legend_in(folder)
    renderer = layer.renderer()
    shown: Mapping[int, Any] = {}
    if isinstance(renderer, QgsPalettedRasterRenderer):
        shown = {int(entry.value): entry for entry in renderer.classes()}
    entries = []
    for number, name, colour in zip(legend.numbers, legend.names, legend.colours):
        own = shown.get(number)
        entries.append((number, own.label or name, own.color) if own else (number, name, QColor(*colour)))
    return entries


class ClassNamesDialog(QDialog):
    """A table of classes with their colours and names."""

    def __init__(self, folder: Path, entries: Iterable[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Class names"))
        entries = list(entries)
        label = QLabel(
            tr("Names and colours of the classes, for all files of the run in {folder}").format(folder=folder)
        )
        label.setWordWrap(True)
        self.table = QTableWidget(len(entries), 3, self)
        self.table.setHorizontalHeaderLabels([tr("Class"), tr("Colour"), tr("Name")])
        self.table.verticalHeader().setVisible(False)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for row, (number, name, colour) in enumerate(entries):
            item = QTableWidgetItem(str(number))
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self.table.setItem(row, 0, item)
            button = QgsColorButton(self.table)
            button.setColor(colour)
            self.table.setCellWidget(row, 1, button)
            self.table.setItem(row, 2, QTableWidgetItem(name))
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (label, self.table, buttons):
            layout.addWidget(widget)
        self.resize(480, min(160 + 32 * len(entries), 640))

    def rows(self) -> list[list[object]]:
        """Return the table as the tool takes it: class, name and colour."""
        found: list[list[object]] = [["class", "name", "colour"]]
        for row in range(self.table.rowCount()):
            number, name = (self.table.item(row, column).text().strip() for column in (0, 2))
            found.append([int(number), name, self.table.cellWidget(row, 1).color().name()])
        return found


class ClassNames(QObject):
    """The entry in the menus, and what it does."""

    def __init__(self, iface: Any) -> None:
        """Take QGIS's interface; `remove` takes the entry away again."""
        super().__init__()
        self._iface = iface
        self._running: list[tuple[Any, ...]] = []
        self.action = QAction(QIcon(str(ICON)), tr("Class names …"), iface.mainWindow())
        self.action.triggered.connect(self.ask)
        iface.addPluginToRasterMenu(_MENU, self.action)
        # In the context menu of the layers of runs alone.
        iface.addCustomActionForLayerType(self.action, "", QgsRasterLayer().type(), False)
        project = QgsProject.instance()
        project.layersAdded.connect(self._add)
        self._add(project.mapLayers().values())

    def remove(self) -> None:
        """Take the entry away."""
        QgsProject.instance().layersAdded.disconnect(self._add)
        self._iface.removeCustomActionForLayerType(self.action)
        self._iface.removePluginRasterMenu(_MENU, self.action)
        self.action.deleteLater()

    def _add(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            if run_of(layer) is not None:
                self._iface.addCustomActionForLayer(self.action, layer)

    def ask(self) -> None:
        """Ask for the names of the run of the active layer, and set them."""
        from ..engine.errors import IIkMCError

        layer = self._iface.activeLayer()
        folder = run_of(layer)
        if folder is None:
            self._tell(tr("Choose a layer of a run first: a raster ending in _classes.tif."), Qgis.MessageLevel.Warning)
            return
        try:
            dialog = ClassNamesDialog(folder, entries_of(layer, folder), self._iface.mainWindow())
        except (IIkMCError, ImportError) as error:
            self._tell(str(error), Qgis.MessageLevel.Warning)
            return
        if dialog.exec():
            self.set_names(folder, dialog.rows())

    def set_names(self, folder: Path, rows: list[list[object]]) -> None:
        """Run the tool in the background with a table of classes."""
        from ..engine.text_files import to_csv

        handle, table = tempfile.mkstemp(prefix="iikmc-names-", suffix=".csv")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(to_csv(rows))
        context, feedback = QgsProcessingContext(), _Words()
        context.setProject(QgsProject.instance())
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmc:names")
        values = {"RESULTS": str(folder), "LEGEND": table}
        task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
        kept = (task, algorithm, context, feedback)
        self._running.append(kept)

        def done(good: bool, _: dict[str, Any]) -> None:
            os.unlink(table)
            self._running.remove(kept)
            if not good:
                self._tell(feedback.words or tr("The classes were not named."), Qgis.MessageLevel.Critical)
            elif feedback.words:
                self._tell(feedback.words, Qgis.MessageLevel.Warning)
            else:
                self._tell(tr("All files of the run have the names."), Qgis.MessageLevel.Success)

        task.executed.connect(done)
        QgsApplication.taskManager().addTask(task)

    def _tell(self, text: str, level: Any) -> None:
        self._iface.messageBar().pushMessage(_MENU, text, level)


class _Words(QgsProcessingFeedback):
    """Keeps the last warning or error of a run, for one line."""

    def __init__(self) -> None:
        super().__init__(False)
        self.words = ""

    def pushWarning(self, text: str) -> None:
        self.words = text

    def reportError(self, text: str, *_: bool) -> None:
        self.words = text
