"""iikmc:transitions as the toolbox, a model and a terminal run it."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("qgis.core")

import processing
import rasterio
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
)
from running import Log, legend, load, run_task
from steps import add_step, source
from tiny_series import MIDST, NEWEST, OLDEST, read_classes

pytestmark = pytest.mark.qgis

# 2010 (bright above, dark below) to 2022 (dark left, bright right), 30 pixels a quarter less those masked on a date.
UNCHANGED, DARKENED, BRIGHTENED = 30 + 29, 27, 28
COMMON = UNCHANGED + DARKENED + BRIGHTENED
CHANGED = DARKENED + BRIGHTENED


@pytest.fixture(scope="module")
def classes(plugin, tiny, tmp_path_factory):
    """Return the folder of a run's results."""
    output = tmp_path_factory.mktemp("classes")
    processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)})
    return output


@pytest.fixture
def transitions(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:transitions")


def raster(classes, scene):
    return str(classes / f"{scene}_classes.tif")


def dates(classes):
    return {"BEFORE": raster(classes, MIDST), "AFTER": raster(classes, NEWEST)}


def test_the_result_is_the_one_worked_out_by_hand(classes, tmp_path):
    places = {"CHANGES": tmp_path / "c.tif", "MATRIX": tmp_path / "m.csv", "REPORT": tmp_path / "r.html"}
    places = {name: str(path) for name, path in places.items()}
    log = Log()
    result = processing.run("iikmc:transitions", {**dates(classes), **places}, feedback=log)
    assert result == {
        **places,
        "COMMON_PIXELS": COMMON,
        "CHANGED_PIXELS": CHANGED,
        "CHANGED_PERCENT": pytest.approx(100 * CHANGED / COMMON),
    }
    codes = read_classes(places["CHANGES"])
    assert codes[0].tolist() == [0] * 3 + [3001] * 3 + [1] * 6
    assert codes[5].tolist() == [1] * 5 + [0, 0] + [1003] * 5
    lines = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "unit,from_id,from_name,to Class 1,to Class 3,total",
        "pixels,1,Class 1,29,28,57",
        "pixels,3,Class 3,27,30,57",
        f"pixels,,total,56,58,{COMMON}",
    ]
    assert log.warnings == log.errors == []
    assert log.infos[2] == "The rasters lie pixel on pixel; 12 x 10 pixels in common."


def test_numbers_alone_need_no_file(classes):
    result = processing.run("iikmc:transitions", dates(classes))
    assert set(result) == {"COMMON_PIXELS", "CHANGED_PIXELS", "CHANGED_PERCENT"}


def test_temporary_files_are_made(classes):
    names = ("CHANGES", "MATRIX", "REPORT")
    result = processing.run("iikmc:transitions", {**dates(classes), **dict.fromkeys(names, "TEMPORARY_OUTPUT")})
    assert [result[name].rsplit(".", 1)[1] for name in names] == ["tif", "csv", "html"]
    with rasterio.open(result["CHANGES"]) as changes:
        assert changes.dtypes == ("uint16",)


def test_layers_of_the_project_go_in_and_a_styled_layer_comes_out(transitions, classes, tmp_path, context):
    layers = [QgsRasterLayer(raster(classes, scene), scene) for scene in (MIDST, NEWEST)]
    QgsProject.instance().addMapLayers(layers)
    target = QgsProcessingOutputLayerDefinition(str(tmp_path / "c.tif"), QgsProject.instance())
    parameters = {"BEFORE": layers[0].id(), "AFTER": layers[1], "CHANGES": target}
    assert transitions.checkParameterValues(parameters, context) == (True, "")
    good, results, _ = run_task(transitions, parameters, context, QgsProcessingFeedback(False))
    assert good
    assert results["CHANGED_PIXELS"] == CHANGED
    load(transitions, context)
    (loaded,) = [layer for layer in QgsProject.instance().mapLayers().values() if layer not in layers]
    assert loaded.name() == "Changes 2010-06-15 LE07 190027 → 2022-05-11 LC08 190027"
    assert [entry[:2] for entry in legend(loaded)] == [
        (1, "Unchanged"),
        (1003, "Class 1 → Class 3"),
        (3001, "Class 3 → Class 1"),
    ]
    assert loaded.dataProvider().sourceHasNoDataValue(1)


def test_the_changes_lie_outside_of_the_groups_of_runs(transitions, classes, tmp_path, context):
    """QGIS puts a new layer beside the current one, which is often a scene of some run."""
    project = QgsProject.instance()
    root, bridge = project.layerTreeRoot(), project.layerTreeRegistryBridge()
    group = root.addGroup("IIkMC 3 classes, 2022-05-11 10:00:00")
    scene = QgsRasterLayer(raster(classes, MIDST), "scene")
    project.addMapLayer(scene, False)
    group.addLayer(scene)
    bridge.setLayerInsertionPoint(type(bridge).InsertionPoint(group, 0))
    try:
        target = QgsProcessingOutputLayerDefinition(str(tmp_path / "c.tif"), project)
        _, good = transitions.run({**dates(classes), "CHANGES": target}, context, QgsProcessingFeedback(False))
        assert good
        load(transitions, context)
    finally:
        bridge.setLayerInsertionPoint(type(bridge).InsertionPoint(root, 0))
    assert [child.name() for child in root.children()] == [
        "Changes 2010-06-15 LE07 190027 → 2022-05-11 LC08 190027",
        "IIkMC 3 classes, 2022-05-11 10:00:00",
    ]
    assert [node.name() for node in group.findLayers()] == ["scene"]


def test_names_that_a_user_gave_in_the_style_are_used(classes, tmp_path):
    folder = shutil.copytree(classes, tmp_path / "renamed")
    style = (folder / f"{NEWEST}_classes.qml").read_text(encoding="utf-8")
    (folder / f"{NEWEST}_classes.qml").write_text(style.replace("Class 3", "Sand"), encoding="utf-8")
    result = processing.run("iikmc:transitions", {**dates(folder), "MATRIX": str(tmp_path / "m.csv")})
    lines = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "unit,from_id,from_name,to Class 1,to 3 Sand,total"
    assert result["COMMON_PIXELS"] == COMMON


def test_what_cannot_be_compared_is_refused_in_words(transitions, classes, tiny, tmp_path):
    def answer(**values):
        good, text = transitions.checkParameterValues({**dates(classes), **values}, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        return text

    assert answer() == ""
    assert answer(WORKERS="1", CHANGES=str(tmp_path / "c.tif"), MATRIX="TEMPORARY_OUTPUT") == ""
    assert "BEFORE and AFTER are the same file" in answer(AFTER=raster(classes, MIDST))
    assert "BEFORE: /gone.tif is no raster file" in answer(BEFORE="/gone.tif")
    assert answer(AFTER=None) == "AFTER is empty; choose a classified raster."
    band = tiny / NEWEST / f"{NEWEST}_SR_B4.TIF"
    assert f"AFTER: {band.name} has 1 band of uint16, expected one of uint8" in answer(AFTER=str(band))
    assert "AFTER: " in answer(AFTER=str(classes / "report.html"))
    assert "cannot be read as a raster" in answer(AFTER=str(classes / "report.html"))
    assert "CHANGES: " in answer(CHANGES=str(tmp_path / "c.img"))
    assert "CHANGES would overwrite BEFORE" in answer(CHANGES=raster(classes, MIDST))
    assert "MATRIX: " in answer(MATRIX=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_run_leaves_nothing(transitions, classes, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    parameters = {**dates(classes), "CHANGES": str(tmp_path / "c.tif"), "REPORT": str(tmp_path / "r.html")}
    good, _, _ = run_task(transitions, parameters, context, feedback)
    assert not good
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_run_is_one_sentence(classes, tmp_path):
    spoilt = tmp_path / "spoilt.tif"
    with rasterio.open(raster(classes, OLDEST)) as good:
        profile, pixels = good.profile, good.read(1)
    with rasterio.open(spoilt, "w", **profile) as target:
        target.write(0 * pixels, 1)
    with pytest.raises(QgsProcessingException, match="share 120 pixels, but not one is classified in both"):
        processing.run("iikmc:transitions", {"BEFORE": raster(classes, OLDEST), "AFTER": str(spoilt)})


@pytest.mark.skipif(
    Qgis.QGIS_VERSION_INT < 33400,
    reason="QGIS 3.22 may crash when raster layers that a model's step loaded are destroyed, its own steps alone too",
)
def test_it_is_a_step_of_a_model(plugin, classes, tmp_path, context):
    model = QgsProcessingModelAlgorithm("change", "tests")
    for name in ("first", "second"):
        model.addModelParameter(QgsProcessingParameterRasterLayer(name, name), QgsProcessingModelParameter(name))
    rasters = {"BEFORE": source("ModelParameter", "first"), "AFTER": source("ModelParameter", "second")}
    add_step(model, "iikmc:transitions", "compare", rasters, {"matrix": "MATRIX"})
    cells = {
        "INPUT": source("ChildOutput", "compare", "CHANGES"),
        "STATISTIC": source("StaticValue", 0),
        "REFERENCE_LAYER": source("ChildOutput", "compare", "CHANGES"),
    }
    # QGIS makes a temporary raster for the next step where a model asks for none.
    add_step(model, "native:cellstatistics", "next", cells, {"again": "OUTPUT"})
    model.updateDestinationParameters()
    parameters = {
        "first": raster(classes, MIDST),
        "second": raster(classes, NEWEST),
        "compare:matrix": str(tmp_path / "m.csv"),
        "next:again": str(tmp_path / "again.tif"),
    }
    assert model.checkParameterValues(parameters, context) == (True, "")
    feedback = QgsProcessingFeedback(False)
    _, good = model.run(parameters, context, feedback)
    assert good, feedback.textLog()
    assert (tmp_path / "m.csv").read_text(encoding="utf-8").startswith("unit,")
    codes = read_classes(tmp_path / "again.tif")
    assert codes[9, :9].tolist() == [1] * 6 + [1003] * 3
