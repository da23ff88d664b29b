"""The list of scenes with its buttons, and what is told of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QDir, pyqtSignal
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...engine.errors import Cancelled, unexpected
from ..shared.i18n import tr
from . import last_scenes
from .hint import ScenesHint
from .list_view import ScenesList
from .look import Answer, Question
from .paths import FILE_PATTERNS
from .waiting import choosable_of, waited_for

if TYPE_CHECKING:
    from ...engine.progress import Progress

LAST_FOLDER = "iikmc/last_scenes_folder"


class ScenesPanel(QWidget):
    """A list of scenes with buttons to fill and empty it, what became of the last click, and what the scenes hold."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.list = ScenesList()
        self.list.removal_wanted.connect(self.remove)
        self.list.paths_offered.connect(self.offer)
        self.list.itemSelectionChanged.connect(self._enable)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint = ScenesHint()
        self.hint.answered.connect(self._mark)
        self.question_of: Callable[[tuple[str, ...]], Question] = Question
        """Makes the question for the hint of the paths; the dialog's other parameters belong to it."""
        self.changed.connect(self.look)

        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._enable)
        self.add_folder = _entry(
            menu,
            tr("Add scene folder…"),
            tr("Add one folder: a scene, or a folder whose sub-folders are scenes"),
            self.choose_folder,
        )
        self.add_every = _entry(
            menu,
            tr("Add every scene in a folder…"),
            tr("Search a folder and the folders in it, and add each scene folder and .tar bundle"),
            self.choose_parent,
        )
        self.add_files = _entry(
            menu,
            tr("Add files…"),
            tr("Add metadata files, .tar bundles as downloaded, or STAC items"),
            self.choose_files,
        )
        menu.addSeparator()
        self.add_last = _entry(
            menu,
            tr("Scenes of the last run"),
            tr("Add the scenes that the last run of a tool was given"),
            lambda: self.add(last_scenes.recall()),
        )
        self.add_button = QPushButton(tr("Add"))
        self.add_button.setToolTip(tr("Add scenes to the list; or drop folders and files on it"))
        self.add_button.setAutoDefault(False)  # Return belongs to the dialog
        self.add_button.setMenu(menu)
        self.remove_button = _button(tr("Remove"), tr("Remove the selected entries (Delete)"), self.remove)
        self.remove_all_button = _button(tr("Remove all"), tr("Empty the list"), self.remove_all)

        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addStretch()
        buttons.addWidget(self.remove_button)
        buttons.addWidget(self.remove_all_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.status)
        layout.addWidget(self.hint)
        self.setFocusProxy(self.list)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tell()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        around = self.parentWidget()
        layout = around.layout() if around is not None else None
        if isinstance(layout, QBoxLayout):
            # In a tall dialog the list gets the room, not the empty space below all fields.
            layout.setStretchFactor(self, 1)

    def paths(self) -> list[str]:
        """Return the chosen paths."""
        return self.list.paths()

    def look(self) -> None:
        """Bring the hint up to date, after the paths or anything else has changed."""
        self.hint.ask(self.question_of(tuple(self.paths())))

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
            self.list.show_path(paths[-1])
            self.changed.emit()

    def offer(self, paths: list[str]) -> None:
        """Add those of the dropped or pasted paths that can be scenes."""
        choosable = choosable_of(paths, self)
        if choosable:
            self.add(choosable)
        refused = [os.path.basename(path) for path in paths if path not in set(choosable)]
        if refused:
            self._tell(tr("Not a folder, metadata file, bundle or STAC item: {names}").format(names=", ".join(refused)))

    def add_every_scene(self, folder: str) -> None:
        """Add each scene in `folder` and below it, found as the run finds them, or tell why there is none."""

        def search(progress: Progress) -> list[str]:
            from ...engine.scenes.search import entries

            return [path.replace(os.sep, "/") for path in entries(folder, progress)]

        try:
            self.add(waited_for(search, tr("Looking for scenes…"), self))
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - told in one sentence, whatever it is
            self._tell(self.hint.spoken(str(unexpected(error, tr("The search")))))

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
        file_filter = tr("Files that stand for scenes") + f" ({FILE_PATTERNS})"
        files, _ = QFileDialog.getOpenFileNames(self, tr("Add Files"), _last_folder(), file_filter)
        if files:
            _remember_folder(os.path.dirname(files[0]))
            self.offer(files)

    def _mark(self, answer: Answer) -> None:
        self.list.mark_gone(answer.gone)

    def _tell(self, note: str = "") -> None:
        # What became of the last click, and no more: how many scenes there are stands in the hint.
        self.status.setText(note)
        self.status.setVisible(bool(note))
        self._enable()

    def _enable(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedItems()))
        self.remove_all_button.setEnabled(self.list.topLevelItemCount() > 0)
        self.add_last.setEnabled(bool(last_scenes.recall()))


def _button(text: str, tool_tip: str, on_click: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tool_tip)
    button.setAutoDefault(False)  # Return belongs to the dialog
    button.clicked.connect(lambda _checked=False: on_click())
    return button


def _entry(menu: QMenu, text: str, tool_tip: str, on_choice: Callable[[], None]) -> Any:
    # QAction, which Qt 6 keeps in another module.
    action = menu.addAction(text)
    action.setToolTip(tool_tip)
    action.triggered.connect(lambda _checked=False: on_choice())
    return action


def _last_folder() -> str:
    settings = QgsSettings()
    return str(settings.value(LAST_FOLDER) or settings.value("Processing/LastInputPath") or QDir.homePath())


def _remember_folder(folder: str) -> None:
    QgsSettings().setValue(LAST_FOLDER, folder)
