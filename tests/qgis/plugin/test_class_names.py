""" "Class names …" in the window: which layers have it, what it asks, and what becomes of the answer."""

from __future__ import annotations

import shutil
import time
from unittest import mock

import pytest

pytest.importorskip("qgis.core")

import processing
from iikmc.iikmc_plugin.class_names import ClassNames, ClassNamesDialog, entries_of, run_of
from qgis.core import Qgis, QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QColor
from running import legend, legend_of
from tiny_series import IDS, NEWEST, OLDEST

pytestmark = pytest.mark.qgis


@pytest.fixture(scope="module")
def made(plugin, tiny, tmp_path_factory):
    """Return the folder of a run's results, of classes 1 to 3; tests copy it."""
    output = tmp_path_factory.mktemp("made")
    processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)})
    return output


@pytest.fixture
def classes(made, tmp_path):
    return shutil.copytree(made, tmp_path / "classes")


@pytest.fixture
def iface(qgis_new_project):
    found = mock.MagicMock()
    found.mainWindow.return_value = None
    return found


@pytest.fixture
def entry(iface, plugin):
    found = ClassNames(iface)
    yield found
    found.remove()
    QgsProject.instance().clear()


def opened(classes, scene):
    layer = QgsRasterLayer(str(classes / f"{scene}_classes.tif"), scene)
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    return layer


def wait(entry):
    began = time.monotonic()
    while entry._running and time.monotonic() - began < 30:
        QgsApplication.processEvents()
        time.sleep(0.01)
    assert not entry._running


def test_layers_of_runs_have_it_in_their_menu(iface, classes, tmp_path, plugin):
    before = opened(classes, OLDEST)
    entry = ClassNames(iface)
    after = opened(classes, NEWEST)
    other = tmp_path / "elsewhere_classes.tif"
    shutil.copy(classes / f"{NEWEST}_classes.tif", other)
    stranger = QgsRasterLayer(str(other), "x")
    QgsProject.instance().addMapLayer(stranger)
    assert [run_of(layer) for layer in (before, after, stranger, None)] == [classes, classes, None, None]
    given = [call.args for call in iface.addCustomActionForLayer.call_args_list]
    assert given == [(entry.action, before), (entry.action, after)]
    iface.addPluginToRasterMenu.assert_called_once_with("IIkMC", entry.action)
    entry.remove()
    iface.removePluginRasterMenu.assert_called_once_with("IIkMC", entry.action)
    iface.removeCustomActionForLayerType.assert_called_once_with(entry.action)
    opened(classes, IDS[1])
    assert iface.addCustomActionForLayer.call_count == 2
    QgsProject.instance().clear()


def test_it_asks_for_what_the_layer_shows(classes, plugin):
    layer = QgsRasterLayer(str(classes / f"{NEWEST}_classes.tif"), "x")
    shown = layer.renderer().classes()
    shown[1].label, shown[1].color = "Wald", QColor("#00ff00")
    layer.setRenderer(type(layer.renderer())(layer.dataProvider(), 1, shown[:2]))
    dialog = ClassNamesDialog(classes, entries_of(layer, classes))
    third = legend_of(classes)[2][2]
    first = legend_of(classes)[0][2]
    expected = [["class", "name", "colour"], [1, "Class 1", first], [2, "Wald", "#00ff00"], [3, "Class 3", third]]
    assert dialog.rows() == expected
    dialog.table.item(0, 2).setText(" =Wasser ")
    dialog.table.cellWidget(0, 1).setColor(QColor("#0000ff"))
    assert dialog.rows()[1] == [1, "=Wasser", "#0000ff"]


def test_what_was_answered_reaches_files_and_layers(entry, iface, classes):
    layers = [opened(classes, scene) for scene in (NEWEST, OLDEST)]
    iface.activeLayer.return_value = layers[0]

    def answer(dialog):
        dialog.table.item(0, 2).setText("=Wasser")
        dialog.table.cellWidget(0, 1).setColor(QColor("#0000ff"))
        return 1

    with mock.patch.object(ClassNamesDialog, "exec", answer):
        entry.action.trigger()
    wait(entry)
    ((_, text, level),) = [call.args for call in iface.messageBar().pushMessage.call_args_list]
    assert (text, level) == ("All files of the run have the names.", Qgis.MessageLevel.Success)
    assert legend_of(classes)[0] == (1, "=Wasser", "#0000ff")
    for layer in layers:
        assert legend(layer)[0] == (1, "=Wasser", "#0000ff")
    assert legend(QgsRasterLayer(str(classes / f"{IDS[1]}_classes.tif"), "x"))[0] == (1, "=Wasser", "#0000ff")


def test_no_is_an_answer_too(entry, iface, classes):
    iface.activeLayer.return_value = opened(classes, NEWEST)
    with mock.patch.object(ClassNamesDialog, "exec", return_value=0):
        entry.action.trigger()
    assert not entry._running
    iface.messageBar().pushMessage.assert_not_called()


def test_what_went_wrong_is_told(entry, iface, classes):
    layer = opened(classes, NEWEST)
    iface.activeLayer.return_value = None
    entry.action.trigger()
    iface.activeLayer.return_value = layer
    (classes / "signatures.json").write_text("{}", encoding="utf-8")
    entry.action.trigger()
    entry.set_names(classes, [["class", "name"], [1, "x"]])
    wait(entry)
    told = [call.args[1:] for call in iface.messageBar().pushMessage.call_args_list]
    assert told[0][0].startswith("Choose a layer of a run first")
    assert "is not a signatures file" in told[1][0]
    assert "is not a signatures file" in told[2][0]
    assert told[2][1] == Qgis.MessageLevel.Critical


def test_the_plugin_brings_it_and_takes_it_away(iface, plugin):
    import importlib

    own = importlib.import_module("iikmc").classFactory(iface)
    own.initProcessing = lambda: None
    own.initGui()
    own.initGui()
    iface.addPluginToRasterMenu.assert_called_once()
    own.unload()
    iface.removePluginRasterMenu.assert_called_once()
