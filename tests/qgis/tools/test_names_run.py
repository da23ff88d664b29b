"""iikmc:names as the toolbox and a terminal run it: files, layers that are loaded, and what GDAL says of them."""

from __future__ import annotations

import json
import re
import shutil

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtGui import QColor
from running import Log, legend, load, run_task
from tiny_series import IDS, NEWEST, OLDEST, assert_classes_are_right

pytestmark = pytest.mark.qgis

NAMES = ["Wasser", "Class 2", "=Fels"]


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
def table(tmp_path):
    path = tmp_path / "legend.csv"
    path.write_text("class,name,colour\n1,Wasser,#0000ff\n3,'=Fels,\n", encoding="utf-8")
    return path


@pytest.fixture
def names(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:names")


def by_gdal(path):
    """Return the names and the colour of class 1 that GDAL tells."""
    from osgeo import gdal

    told = gdal.Info(str(path))
    names = re.search(r"Categories:\n((?: +\d+: .*\n)+)", told)[1]
    colour = re.search(r"\n +1: (\d+),(\d+),(\d+),255", told)
    return re.findall(r"\d+: (.*)", names), tuple(map(int, colour.groups()))


def assert_named(classes, names=NAMES, first=(0, 0, 255)):
    """Check that QGIS, GDAL and the tables say the same."""
    for scene in IDS:
        path = classes / f"{scene}_classes.tif"
        assert by_gdal(path) == (["No data", *names], first)
        layer = QgsRasterLayer(str(path), scene)
        assert [entry[:2] for entry in legend(layer)] == list(enumerate(names, start=1))
        assert legend(layer)[0][2] == QColor(*first).name()
    document = json.loads((classes / "signatures.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in document["classes"]] == names
    assert_classes_are_right(classes)


def opened(classes, scene):
    """Return a layer of the project whose data set has its metadata yet to write, as after a look at its histogram."""
    layer = QgsRasterLayer(str(classes / f"{scene}_classes.tif"), scene)
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    layer.dataProvider().histogram(1)
    return layer


def test_a_table_reaches_every_file(classes, table):
    log = Log()
    result = processing.run("iikmc:names", {"RESULTS": str(classes), "LEGEND": str(table)}, feedback=log)
    assert_named(classes)
    assert result["OUTPUT"] == str(classes)
    assert result["CLASSIFICATIONS"] == [str(classes / f"{scene}_classes.tif") for scene in IDS]
    assert result["CHANGED_CLASSES"] == 2
    assert log.warnings == log.errors == []


def test_what_is_saved_as_default_reaches_every_file_and_layer(names, classes, context):
    """As a user does it: the legend of one layer, Save as default, then the tool; another layer is open meanwhile."""
    other, layer = opened(classes, OLDEST), opened(classes, NEWEST)
    other.renderer().setOpacity(0.4)
    entries = layer.renderer().classes()
    entries[0].label, entries[0].color = "Wasser", QColor("#0000ff")
    entries[2].label = "=Fels"
    renderer = type(layer.renderer())(layer.dataProvider(), 1, entries)
    layer.setRenderer(renderer)
    _, good = layer.saveDefaultStyle()
    assert good
    values = {"RESULTS": str(classes), "LEGEND": None}
    assert names.checkParameterValues(values, context) == (True, "")
    good, _, _ = run_task(names, values, context, QgsProcessingFeedback(False))
    assert good
    for one in (other, layer):
        assert [entry[1] for entry in legend(one)] == NAMES
        assert legend(one)[0][2] == "#0000ff"
        # What the layer reads now is the new file.
        assert one.dataProvider().colorTable(1)[1].color.name() == "#0000ff"
    assert other.renderer().opacity() == pytest.approx(0.4)
    assert_named(classes)
    QgsProject.instance().clear()
    # The layers are closed, and have not written what they knew of the earlier files.
    assert_named(classes)


def test_running_again_with_new_names_leaves_no_old_ones(cluster, classes, tiny, context, tmp_path):
    """The layers of a run are used again by the next one into the same folder, with the earlier files still open."""
    values = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(classes)}
    good, _, _ = run_task(cluster, values, context, QgsProcessingFeedback(False))
    assert good
    load(cluster, context)
    layers = list(QgsProject.instance().mapLayers().values())
    assert len(layers) == 3
    for layer in layers:
        layer.dataProvider().histogram(1)
    entries = layers[0].renderer().classes()
    entries[1].label = "Wald"
    layers[0].setRenderer(type(layers[0].renderer())(layers[0].dataProvider(), 1, entries))
    assert layers[0].saveDefaultStyle()[1]
    again = cluster.createInstance()
    again.initAlgorithm()
    good, _, _ = run_task(again, values, context, QgsProcessingFeedback(False))
    assert good
    load(again, context)
    expected = ["No data", "Class 1", "Wald", "Class 3"]
    for _ in range(2):
        for scene in IDS:
            assert by_gdal(classes / f"{scene}_classes.tif")[0] == expected
            assert legend(QgsRasterLayer(str(classes / f"{scene}_classes.tif"), "x"))[1][1] == "Wald"
        # Nor when the layers are closed.
        QgsProject.instance().clear()


def test_rows_of_a_batch_are_independent(names, made, table, tmp_path, context):
    folders = [shutil.copytree(made, tmp_path / number) for number in ("0", "1")]
    changed = []
    for folder, legend_file in ((folders[0], table), (folders[1], None), (folders[1], table)):
        values = {"RESULTS": str(folder), "LEGEND": None if legend_file is None else str(legend_file)}
        assert names.checkParameterValues(values, context) == (True, "")
        result, good = names.run(values, context, Log())
        assert good
        changed.append(result["CHANGED_CLASSES"])
    assert changed == [2, 0, 2]
    for folder in folders:
        assert_named(folder)


def test_a_terminal_names_them(terminal, classes, table):
    code, out, err = terminal("run", "iikmc:names", "--", f"RESULTS={classes}", f"LEGEND={table}")
    assert code == 0, out + err
    assert "CHANGED_CLASSES:\t2" in out
    assert_named(classes)


def test_what_cannot_be_named_is_refused_in_words(names, classes, table, tmp_path):
    def answer(**values):
        given = {"RESULTS": str(classes), **values}
        good, text = names.checkParameterValues(given, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        return text

    assert answer() == answer(LEGEND=str(table)) == ""
    assert answer(RESULTS="").startswith("RESULTS is empty")
    assert answer(RESULTS=str(tmp_path / "none")).startswith("RESULTS: ")
    table.write_text("class,name\n4,x\n", encoding="utf-8")
    assert answer(LEGEND=str(table)).startswith("LEGEND: row 1 of legend.csv has the class '4'")
    with pytest.raises(QgsProcessingException, match="LEGEND: "):
        processing.run("iikmc:names", {"RESULTS": str(classes), "LEGEND": str(table)})
