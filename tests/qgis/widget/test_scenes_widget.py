"""The widget of the SCENES parameter: in the algorithm's dialog, in batch and in the model designer."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsApplication,
    QgsMimeDataUtils,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelParameter,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingProvider,
    QgsSettings,
)
from qgis.gui import QgsMessageBar, QgsProcessingModelerParameterWidget
from qgis.PyQt.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qgis.PyQt.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from qgis.PyQt.QtWidgets import QDialog, QFileDialog, QLabel, QToolButton, QWidget

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
WRAPPER = "iikmc.algorithms.scenes_widget.factory.ScenesWidgetWrapper"
SCENE_1 = "LC08_L2SP_218074_20190114_20200829_02_T1"
SCENE_2 = "LT05_L2SP_090084_19980308_20200909_02_T1"
SCENE_3 = "LE07_L2SP_090084_20210331_20210426_02_T1"
SCENE_4 = "LC09_L2SP_190027_20220511_20220601_02_T1"
SCENE_5 = "LC08_L2SP_190027_20220511_20220601_02_T1"


class ScenesAlgorithm(QgsProcessingAlgorithm):
    """Has the parameter and nothing else."""

    default = None

    def name(self):
        return "scenes"

    def displayName(self):
        return "Scenes"

    def createInstance(self):
        return type(self)()

    def initAlgorithm(self, configuration=None):
        source = QgsProcessing.SourceType.TypeFile
        scenes = QgsProcessingParameterMultipleLayers("SCENES", "Scenes", source, self.default)
        scenes.setMetadata({"widget_wrapper": {"class": WRAPPER}})
        self.addParameter(scenes)

    def processAlgorithm(self, parameters, context, feedback):
        return {"READ": self.parameterAsFileList(parameters, "SCENES", context)}


class WithDefault(ScenesAlgorithm):
    default = "/data/default_a;/data/default_b"


class Provider(QgsProcessingProvider):
    def id(self):
        return "iikmctest"

    def name(self):
        return "IIkMC test"

    def loadAlgorithms(self):
        self.addAlgorithm(ScenesAlgorithm())


@pytest.fixture(scope="module")
def provider(qgis_app, qgis_processing):
    provider = Provider()
    QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture
def algorithm(provider):
    return ScenesAlgorithm().create()


class AlgorithmDialog(QDialog):
    """What the panels of Processing's dialogs need of their parent, under the name Processing looks for."""

    def __init__(self):
        super().__init__()
        self.bar = QgsMessageBar(self)

    def messageBar(self):
        return self.bar


class BatchAlgorithmDialog(AlgorithmDialog):
    pass


@pytest.fixture
def no_iface(monkeypatch, qgis_processing):
    from processing.gui import BatchPanel, ParametersPanel

    for module in (BatchPanel, ParametersPanel):
        monkeypatch.setattr(module, "iface", None)


@pytest.fixture
def standard(algorithm, no_iface):
    from processing.gui.ParametersPanel import ParametersPanel

    dialog = AlgorithmDialog()
    panel = ParametersPanel(dialog, algorithm)
    panel.keep = dialog
    return panel


@pytest.fixture
def batch(algorithm, no_iface):
    from processing.gui.BatchPanel import BatchPanel

    dialog = BatchAlgorithmDialog()
    panel = BatchPanel(dialog, algorithm)
    panel.keep = dialog
    return panel


@pytest.fixture
def panel(qgis_app):
    from iikmc.algorithms.scenes_widget.panel import ScenesPanel

    return ScenesPanel()


@pytest.fixture
def tree(tmp_path):
    """Scenes of every kind, beside things that are none."""

    def file(*parts):
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    def bundle(name, *files):
        with tarfile.open(tmp_path / name, "w") as archive:
            for number, member in enumerate(files):
                path = file(".made", str(number))
                archive.add(path, member)

    file(SCENE_1, f"{SCENE_1}_SR_B2.TIF")
    file("lower", f"{SCENE_2.lower()}_sr_b1.tif")
    file("metadata_only", f"{SCENE_3}_MTL.xml")
    file("thermal_only", f"{SCENE_3}_ST_B10.TIF")
    file("deeper", "scene", f"{SCENE_4}_SR_B2.TIF")
    file("empty_mtl", "notes.txt")
    (tmp_path / "trap" / "x_MTL.txt").mkdir(parents=True)
    file("__MACOSX", SCENE_3, f"{SCENE_3}_SR_B2.TIF")
    file(SCENE_1, "clip", f"{SCENE_1}_SR_B2.TIF")
    bundle(f"{SCENE_5}.tar", f"{SCENE_5}_SR_B2.TIF")
    bundle("LandsatNotes.tar", "notes.txt")
    file("L_broken.tar")
    file("L_notes.txt")
    return tmp_path


def drop(widget, mime):
    """Drag `mime` onto `widget` and drop it, as the window system does; return whether it was taken."""
    move = Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    taken = True
    for kind, point in ((QDragEnterEvent, QPoint(5, 5)), (QDragMoveEvent, QPoint(6, 6)), (QDropEvent, QPointF(6, 6))):
        if taken:
            event = kind(point, *move)
            event.ignore()
            QgsApplication.sendEvent(widget, event)
            taken = event.isAccepted()
    return taken


def urls(*paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def press(widget, key):
    QgsApplication.sendEvent(widget, QKeyEvent(QKeyEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


class TestText:
    @pytest.mark.parametrize(
        ("text", "paths"),
        [
            ("/a", ["/a"]),
            ("/a;/b", ["/a", "/b"]),
            (" /a ; /b b;; ", ["/a", "/b b"]),
            ('"/a;x";/b', ["/a;x", "/b"]),
            ('"/a" "/b"', ["/a", "/b"]),
            ("/a\n/b\r\n", ["/a", "/b"]),
            ("file:///a%20b;/c", ["/a b", "/c"]),
            ("C:/x;D:\\y", ["C:/x", "D:\\y"]),
            ("  ", []),
            ("", []),
        ],
    )
    def test_split(self, text, paths):
        from iikmc.algorithms.scenes_widget.paths import split_paths

        assert split_paths(text) == paths

    def test_join_is_taken_apart_again(self):
        from iikmc.algorithms.scenes_widget.paths import join_paths, split_paths

        paths = ["/a", "/b;c", "/d e"]
        assert join_paths(paths) == '/a;"/b;c";/d e'
        assert split_paths(join_paths(paths)) == paths

    @pytest.mark.parametrize(
        "paths",
        [
            [r"C:\data\a", r"D:\data\b"],
            ["C:/data/a", "c:/data/b;c"],
            [r"\\server\share\a", r"\\server\share\b c"],
            ["//server/share/a", r"\\?\C:\a\very\long\path"],
        ],
    )
    def test_paths_of_windows(self, paths):
        """Without asking the disk: a server that is away answers after half a minute."""
        from iikmc.algorithms.scenes_widget.paths import distinct, join_paths, split_paths

        asked = []
        assert split_paths(join_paths(paths), asked.append) == paths
        assert split_paths("\n".join(f'"{path}"' for path in paths), asked.append) == paths
        assert asked == [] or ";c" in asked[0]
        assert distinct(paths) == paths

    def test_spellings_of_windows_are_one_place(self, monkeypatch):
        import ntpath
        from types import SimpleNamespace

        from iikmc.algorithms.scenes_widget import paths

        monkeypatch.setattr(paths, "os", SimpleNamespace(path=ntpath, PathLike=os.PathLike, fspath=os.fspath))
        assert paths.distinct([r"C:\Data\A", "c:/data/a/", r"C:\data\x\..\a", r"C:\data\b"]) == [
            r"C:\Data\A",
            r"C:\data\b",
        ]
        assert paths.date_in(r"C:\data\LC08_L2SP_218074_20190114_20200829_02_T1") == "20190114"
        assert paths.date_in(r"C:\20200101\scene") == ""

    @pytest.mark.parametrize(
        ("text", "there", "found"),
        [
            (r"C:\data\a.zip\b.shp", r"C:\data\a.zip", [r"C:\data\a.zip"]),
            (r"/vsizip/C:\data\a.zip/b.shp", r"C:\data\a.zip", [r"C:\data\a.zip"]),
            (r"\\server\share\a.gpkg|layername=b", r"\\server\share\a.gpkg", [r"\\server\share\a.gpkg"]),
            ("GPKG:C:/data/a.gpkg:b", "C:/data/a.gpkg", ["C:/data/a.gpkg"]),
            ("file:///C:/data/a.gpkg", "C:/data/a.gpkg", []),  # QGIS says where this leads
        ],
    )
    def test_layers_behind_drives_and_servers(self, monkeypatch, text, there, found):
        """What is looked at before QGIS opens a layer that is given as a text."""
        from iikmc.algorithms.shared import sources

        monkeypatch.setattr(sources, "_is_there", lambda path: path == there)
        assert list(sources._paths(text)) == found

    def test_an_existing_path_with_a_semicolon_is_one_path(self, tmp_path):
        from iikmc.algorithms.scenes_widget.paths import split_paths

        (tmp_path / "a;b").mkdir()
        assert split_paths(f"{tmp_path}/a;b") == [f"{tmp_path}/a;b"]


class TestStandardDialog:
    def test_the_widget_is_ours(self, standard):
        from iikmc.algorithms.scenes_widget.panel import ScenesPanel

        assert isinstance(standard.wrappers["SCENES"].widget, ScenesPanel)
        assert standard.wrappers["SCENES"].label.text() == "Scenes"

    @pytest.mark.parametrize(
        ("given", "read"),
        [
            (["/a", "/b"], ["/a", "/b"]),
            (("/a", "/b"), ["/a", "/b"]),
            ("/a", ["/a"]),
            ("/a;/b", ["/a", "/b"]),
            (["/a;/b", "/c"], ["/a", "/b", "/c"]),
            ([Path("/a")], ["/a"]),
            (["/a", "/a/", "/x/../a", "/b"], ["/a", "/b"]),
            ([], None),
            (None, None),
            ("", None),
            ([""], None),
        ],
    )
    def test_value_after_refill(self, standard, given, read):
        wrapper = standard.wrappers["SCENES"]
        wrapper.setParameterValue(["/old"], QgsProcessingContext())
        wrapper.setParameterValue(given, QgsProcessingContext())
        assert wrapper.parameterValue() == read

    def test_history_refill_and_run(self, standard):
        standard.setParameters({"SCENES": ["/data/a", "/data/b_MTL.txt", "/data/c.tar"]})
        parameters = standard.createProcessingParameters()
        assert parameters == {"SCENES": ["/data/a", "/data/b_MTL.txt", "/data/c.tar"]}
        again = ScenesAlgorithm().create()
        context, feedback = QgsProcessingContext(), context_feedback()
        results, ok = again.run(parameters, context, feedback)
        assert ok
        assert results["READ"] == ["/data/a", "/data/b_MTL.txt", "/data/c.tar"]

    def test_the_dialog_asks_for_scenes_while_there_is_none(self, standard, algorithm):
        definition = algorithm.parameterDefinition("SCENES")
        wrapper = standard.wrappers["SCENES"]
        assert not definition.checkValueIsAcceptable(wrapper.parameterValue())
        wrapper.widget.add(["/a"])
        assert definition.checkValueIsAcceptable(wrapper.parameterValue())

    def test_default_values_are_shown(self, provider, no_iface):
        from processing.gui.wrappers import WidgetWrapperFactory

        algorithm, dialog = WithDefault().create(), AlgorithmDialog()
        wrapper = WidgetWrapperFactory.create_wrapper(algorithm.parameterDefinition("SCENES"), dialog)
        assert wrapper.parameterValue() == ["/data/default_a", "/data/default_b"]

    def test_a_change_is_announced_once(self, standard):
        wrapper = standard.wrappers["SCENES"]
        heard = []
        wrapper.widgetValueHasChanged.connect(heard.append)
        wrapper.widget.add(["/a", "/b"])
        wrapper.widget.add(["/a"])
        wrapper.setValue(["/a", "/b"])
        assert len(heard) == 1
        wrapper.widget.remove_all()
        assert len(heard) == 2


def context_feedback():
    from qgis.core import QgsProcessingFeedback

    return QgsProcessingFeedback(False)


class TestPanel:
    def test_duplicates_are_not_added(self, panel):
        panel.add(["/a", "/b"])
        panel.add(["/b/", "/c"])
        assert panel.paths() == ["/a", "/b", "/c"]
        assert panel.status.text() == "1 added, 1 already in the list"

    def test_rows_show_name_and_folder_and_warn_of_what_is_gone(self, panel, tree):
        panel.setPaths([str(tree / SCENE_1), str(tree / "gone")])
        rows = [panel.list.topLevelItem(row) for row in range(2)]
        assert [(row.text(0), row.text(1)) for row in rows] == [("gone", str(tree)), (SCENE_1, str(tree))]
        panel.list.mark_gone([str(tree / "gone")])
        assert rows[0].toolTip(0) == f"{tree / 'gone'} was not found"
        assert rows[1].toolTip(0) == str(tree / SCENE_1)
        panel.list.mark_gone([])
        assert rows[0].toolTip(0) == str(tree / "gone")

    def test_scenes_stand_in_the_order_of_their_days(self, panel):
        names = [SCENE_4, SCENE_2, f"{SCENE_3}_MTL.txt", SCENE_1]  # 2022, 1998, 2021, 2019
        panel.setPaths([f"/data/{name}" for name in names[:2]])
        panel.add(["/series", f"/data/{names[2]}", "/elsewhere", f"/data/{names[3]}"])
        assert panel.paths() == [
            "/series",
            "/elsewhere",
            f"/data/{SCENE_2}",
            f"/data/{SCENE_1}",
            f"/data/{SCENE_3}_MTL.txt",
            f"/data/{SCENE_4}",
        ]

    def test_scenes_of_the_last_run(self, panel, qgis_app):
        from iikmc.algorithms.scenes_widget import last_scenes

        QgsSettings().remove(last_scenes.KEY)
        panel.remove_all()
        assert not panel.add_last.isEnabled()
        for kept in (["/a"], ["/a", "/b;c"]):  # settings make a text of a list of one
            last_scenes.remember(kept)
            assert last_scenes.recall() == kept
        panel.setPaths(["/a"])
        panel.add_last.trigger()
        assert panel.paths() == ["/a", "/b;c"]
        assert panel.status.text() == "1 added, 1 already in the list"
        QgsSettings().remove(last_scenes.KEY)

    def test_delete_removes_the_selection(self, panel):
        panel.setPaths(["/a", "/b", "/c", "/d"])
        assert not panel.remove_button.isEnabled()
        panel.list.topLevelItem(1).setSelected(True)
        panel.list.topLevelItem(3).setSelected(True)
        assert panel.remove_button.isEnabled()
        press(panel.list, Qt.Key.Key_Delete)
        assert panel.paths() == ["/a", "/c"]
        assert panel.status.text() == ""

    def test_remove_buttons(self, panel):
        panel.setPaths(["/a", "/b", "/c"])
        panel.list.topLevelItem(0).setSelected(True)
        panel.remove_button.click()
        assert panel.paths() == ["/b", "/c"]
        panel.remove_all_button.click()
        assert panel.paths() == []
        assert not panel.remove_all_button.isEnabled()

    def test_drop_of_folders_and_files(self, panel, tree):
        mime = urls(tree / SCENE_1, tree / f"{SCENE_5}.tar", tree / "metadata_only" / f"{SCENE_3}_MTL.xml")
        assert drop(panel.list.viewport(), mime)
        assert panel.paths() == [
            f"{tree}/{SCENE_1}",
            f"{tree}/metadata_only/{SCENE_3}_MTL.xml",
            f"{tree}/{SCENE_5}.tar",
        ]

    def test_drop_of_other_files_is_explained(self, panel, tree):
        drop(panel.list.viewport(), urls(tree / "lower", tree / "L_notes.txt"))
        assert panel.paths() == [f"{tree}/lower"]
        assert panel.status.text() == "Not a folder, metadata file, bundle or STAC item: L_notes.txt"

    def test_drop_from_the_browser_panel(self, panel, tree):
        uri = QgsMimeDataUtils.Uri()
        uri.layerType, uri.uri = "directory", str(tree / "lower")
        assert drop(panel.list.viewport(), QgsMimeDataUtils.encodeUriList([uri]))
        assert panel.paths() == [str(tree / "lower")]

    def test_web_addresses_are_not_taken(self, panel):
        mime = QMimeData()
        mime.setUrls([QUrl("https://example.org/scene.tar")])
        assert not drop(panel.list.viewport(), mime)
        assert panel.paths() == []

    def test_paste(self, panel, tree, qgis_app):
        qgis_app.clipboard().setText(f"{tree}/lower\n{tree}/metadata_only")
        QgsApplication.sendEvent(
            panel.list,
            QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier),
        )
        assert panel.paths() == [f"{tree}/lower", f"{tree}/metadata_only"]

    def test_every_scene_in_a_folder(self, panel, tree):
        panel.add_every_scene(str(tree))
        assert [os.path.relpath(path, tree) for path in panel.paths()] == [
            os.path.join("deeper", "scene"),
            "lower",
            SCENE_1,
            f"{SCENE_5}.tar",
        ]
        panel.add_every_scene(str(tree))
        assert panel.status.text() == "0 added, 4 already in the list"

    def test_every_scene_that_is_added_is_found_by_the_run(self, panel, tree):
        from iikmc.engine.scenes.search import find_scenes

        panel.add_every_scene(str(tree))
        assert sorted(scene.id for scene in find_scenes(panel.paths()).scenes) == sorted(
            [SCENE_1, SCENE_2, SCENE_4, SCENE_5]
        )

    def test_every_scene_in_a_scene_is_itself(self, panel, tree):
        panel.add_every_scene(str(tree / SCENE_1))
        assert panel.paths() == [str(tree / SCENE_1)]

    def test_every_scene_in_a_folder_without_any_is_told_as_by_the_run(self, panel, tree):
        panel.add_every_scene(str(tree / "metadata_only"))
        panel.remove_all()
        panel.add_every_scene(str(tree / "thermal_only"))
        assert panel.paths() == []
        text = panel.status.text()
        assert text.startswith(f"SCENES: the folder {tree / 'thermal_only'} holds no scene that can")
        assert f"holds none of the files {SCENE_3}_SR_B*.TIF" in text

    def test_every_scene_in_an_unreadable_folder(self, panel, tree):
        panel.add_every_scene(str(tree / "gone"))
        assert panel.paths() == []
        assert panel.status.text().startswith(f"SCENES: {tree / 'gone'} does not exist; ")

    def test_band_files_may_be_dropped(self, panel, tree):
        band = tree / "lower" / f"{SCENE_2.lower()}_sr_b1.tif"
        drop(panel.list.viewport(), urls(band))
        assert panel.paths() == [str(band)]

    def test_buttons_choose_and_the_folder_is_remembered(self, panel, tree, monkeypatch):
        started = []

        def folder(parent, title, start):
            started.append(start)
            return str(tree / SCENE_1)

        def files(parent, title, start, file_filter):
            started.append(start)
            patterns = "*_MTL.txt *_MTL.xml *_MTL.json MTD_MSIL2A.xml *.json *.tar *.zip *.tif"
            assert file_filter == f"Files that stand for scenes ({patterns})"
            return [str(tree / f"{SCENE_5}.tar")], file_filter

        QgsSettings().setValue("iikmc/last_scenes_folder", "/data/start")
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", files)
        panel.add_folder.trigger()
        panel.add_files.trigger()
        panel.add_every.trigger()
        assert started == ["/data/start", str(tree), str(tree)]
        assert panel.paths() == [str(tree / SCENE_1), str(tree / f"{SCENE_5}.tar")]
        assert QgsSettings().value("iikmc/last_scenes_folder") == str(tree / SCENE_1)

    def test_nothing_chosen_changes_nothing(self, panel, monkeypatch):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
        for entry in (panel.add_folder, panel.add_every, panel.add_files):
            entry.trigger()
        assert panel.paths() == []

    def test_the_folder_gives_way_to_the_name(self, panel, qgis_app):
        panel.setPaths([f"/data/landsat/{SCENE_1}"])
        for width, hidden in ((1000, False), (320, True), (1000, False)):
            panel.resize(width, 300)
            panel.show()
            qgis_app.processEvents()
            assert panel.list.isColumnHidden(1) is hidden

    def test_at_least_five_rows_fit(self, panel):
        panel.setPaths([f"/data/{n}" for n in range(5)])
        panel.list.resize(400, panel.list.minimumSizeHint().height())
        panel.list.show()
        last = panel.list.visualItemRect(panel.list.topLevelItem(4))
        assert panel.list.viewport().rect().contains(QPoint(1, last.bottom()))


class TestBatch:
    def test_a_cell_is_one_line(self, batch):
        from iikmc.algorithms.scenes_widget.line import ScenesLine

        widget = batch.wrappers[0][0].widget
        assert isinstance(widget, ScenesLine)
        assert batch.tblParameters.cellWidget(1, 0) is widget
        assert widget.sizeHint().height() < 2.5 * widget.fontMetrics().height()

    def test_rows_round_trip(self, batch, tmp_path):
        context = QgsProcessingContext()
        odd = str(tmp_path / "b;c")
        os.mkdir(odd)
        batch.addRow()
        batch.wrappers[0][0].setParameterValue(["/a", odd], context)
        batch.wrappers[1][0].setParameterValue("/d;/e", context)
        assert batch.wrappers[0][0].widget.line.text() == f'/a;"{odd}"'
        assert batch.wrappers[0][0].parameterValue() == ["/a", odd]
        assert batch.wrappers[1][0].parameterValue() == ["/d", "/e"]

    def test_an_empty_row_is_missing(self, batch):
        assert batch.wrappers[0][0].parameterValue() is None

    def test_typing_and_clearing(self, batch):
        wrapper = batch.wrappers[0][0]
        heard = []
        wrapper.widgetValueHasChanged.connect(lambda _: heard.append(wrapper.parameterValue()))
        wrapper.widget.line.setText("/a; /b")
        wrapper.widget.line.clear()
        assert heard == [["/a", "/b"], None]

    def test_repeats_are_dropped_in_order(self, batch):
        widget = batch.wrappers[0][0].widget
        widget.setPaths(["/a", "/b", "/a/"])
        assert widget.line.text() == "/a;/b"
        widget.line.setText("/c;/d;/c")
        assert widget.paths() == ["/c", "/d"]

    def test_fill_down(self, batch):
        batch.addRow()
        batch.addRow()
        batch.wrappers[0][0].setParameterValue(["/a", "/b"], QgsProcessingContext())
        batch.tblParameters.cellWidget(0, 0).fillDown()
        assert [row[0].parameterValue() for row in batch.wrappers] == [["/a", "/b"]] * 3

    def test_drop_on_the_line(self, batch, tree):
        widget = batch.wrappers[0][0].widget
        widget.setPaths(["/a"])
        assert drop(widget.line, urls(tree / "lower", tree / "L_notes.txt"))
        assert widget.paths() == ["/a", f"{tree}/lower"]

    def test_the_button_opens_the_list(self, batch, monkeypatch):
        from iikmc.algorithms.scenes_widget.line import ScenesDialog

        widget = batch.wrappers[0][0].widget
        widget.setPaths(["/a", "/b"])
        shown = []

        def accept(dialog):
            shown.append(dialog.panel.paths())
            dialog.panel.add(["/c"])
            return QDialog.DialogCode.Accepted

        monkeypatch.setattr(ScenesDialog, "exec", accept)
        widget.button.click()
        assert shown == [["/a", "/b"]]
        assert widget.line.text() == "/a;/b;/c"
        monkeypatch.setattr(ScenesDialog, "exec", lambda dialog: dialog.panel.remove_all())
        widget.button.click()
        assert widget.paths() == ["/a", "/b", "/c"]


class TestModeler:
    @pytest.fixture
    def model(self, provider):
        model = QgsProcessingModelAlgorithm()
        folder = QgsProcessingParameterFile("FOLDER", "Input folder", QgsProcessingParameterFile.Behavior.Folder)
        model.addModelParameter(folder, QgsProcessingModelParameter("FOLDER"))
        return model

    def test_the_designer_keeps_its_menu_of_sources(self, model, monkeypatch):
        designer = importlib.import_module("processing.modeler.ModelerParametersDialog")

        monkeypatch.setattr(designer, "iface", None)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmctest:scenes")
        dialog = designer.ModelerParametersDialog(algorithm, model)
        widget = dialog.widget.widget.wrappers["SCENES"]
        assert isinstance(widget, QgsProcessingModelerParameterWidget)
        actions = []
        for button in widget.findChildren(QToolButton):
            if button.menu() is not None:
                button.menu().aboutToShow.emit()
                actions += [action.text() for action in button.menu().actions()]
        assert "Model Input" in [text.replace("&", "").rstrip("…") for text in actions], actions
        dialog.deleteLater()


class TestFallback:
    @pytest.mark.parametrize("dialog_class", [AlgorithmDialog, BatchAlgorithmDialog])
    def test_the_stock_widget_steps_in(self, algorithm, no_iface, monkeypatch, dialog_class):
        from processing.gui.wrappers import WidgetWrapperFactory

        monkeypatch.setitem(sys.modules, "iikmc.algorithms.scenes_widget.wrapper", None)
        dialog = dialog_class()
        wrapper = WidgetWrapperFactory.create_wrapper(algorithm.parameterDefinition("SCENES"), dialog)
        widget = wrapper.createWrappedWidget(QgsProcessingContext())
        assert type(widget).__module__.startswith(("qgis", "PyQt"))
        wrapper.setParameterValue(["/a"], QgsProcessingContext())

    def test_a_run_without_dialog_imports_no_widget(self):
        code = (
            "import sys; sys.path[:0] = sys.argv[1:]; import conftest\n"
            "from test_scenes_widget import *\n"
            "from iikmc.algorithms.shared.feedback import FeedbackProgress\n"
            "answer = ScenesAlgorithm().create().run({'SCENES': ['/a']}, QgsProcessingContext(), context_feedback())\n"
            "unwanted = ('iikmc.algorithms.scenes_widget', 'processing')\n"
            "print(answer, [name for name in sys.modules if name.startswith(unwanted)])"
        )
        folders = [str(ROOT / "tests"), str(ROOT / "tests" / "qgis" / "widget")]
        answer = subprocess.run([sys.executable, "-c", code, *folders], capture_output=True, text=True, check=True)
        assert answer.stdout.strip() == "({'READ': ['/a']}, True) []"


def test_widgets_have_tool_tips(panel):
    buttons = [panel.add_folder, panel.add_every, panel.add_files]
    assert all(button.toolTip() for button in buttons)
    assert isinstance(panel, QWidget)
    assert panel.findChildren(QLabel)
