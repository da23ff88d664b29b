"""iikmc:samplepoints as the toolbox, batch and a terminal run it."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from running import Log, load, run_task
from tiny_series import MIDST, NEWEST, OLDEST, TINY, write_tiny

pytestmark = pytest.mark.qgis


@pytest.fixture(scope="module")
def classes(plugin, tiny, tmp_path_factory):
    """Return the folder of a run's results."""
    output = tmp_path_factory.mktemp("classes")
    processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)})
    return output


@pytest.fixture
def samplepoints(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:samplepoints")


def rasters(classes, scenes=(OLDEST, MIDST, NEWEST)):
    return [str(classes / f"{scene}_classes.tif") for scene in scenes]


def features(path):
    layer = QgsVectorLayer(path, "points", "ogr")
    assert layer.isValid()
    return layer, sorted(layer.getFeatures(), key=lambda feature: feature["id"])


def test_the_points_are_pixels_of_their_class(classes, tmp_path):
    log = Log()
    values = {"RASTERS": rasters(classes), "N": 90, "ALLOCATION": 0, "OUTPUT": str(tmp_path / "points.gpkg")}
    result = processing.run("iikmc:samplepoints", values, feedback=log)
    assert result == {"OUTPUT": str(tmp_path / "points.gpkg"), "POINT_COUNT": 90}
    layer, found = features(result["OUTPUT"])
    assert [field.name() for field in layer.fields()][-5:] == ["id", "date", "scene", "map_class", "ref_class"]
    assert len(found) == 90
    assert layer.crs() == QgsRasterLayer(values["RASTERS"][0], "").crs()
    for feature in found:
        scene = feature["scene"]
        raster = QgsRasterLayer(str(classes / f"{scene}_classes.tif"), scene)
        value, good = raster.dataProvider().sample(feature.geometry().asPoint(), 1)
        assert good
        assert value == feature["map_class"]
        day = scene.split("_")[3]
        assert feature["date"].toString("yyyyMMdd") == day
        assert feature["ref_class"] in (None, "") or feature["ref_class"].isNull()
    assert [feature["map_class"] for feature in found].count(2) == 30
    assert log.warnings == log.errors == []
    counts = {j: sum(int((TINY[scene].classes == j).sum()) for scene in TINY) for j in (1, 2, 3)}
    assert log.infos[:3] == [f"Class {j}: 30 of {counts[j]:,} pixels" for j in (1, 2, 3)]


def test_layers_of_the_project_go_in_and_a_layer_to_label_comes_out(samplepoints, classes, tmp_path, context):
    layers = [QgsRasterLayer(path, path) for path in rasters(classes)]
    QgsProject.instance().addMapLayers(layers)
    target = QgsProcessingOutputLayerDefinition(str(tmp_path / "points.gpkg"), QgsProject.instance())
    values = {"RASTERS": [layers[0].id(), layers[1], layers[2].source()], "N": 30, "ALLOCATION": 1, "OUTPUT": target}
    assert samplepoints.checkParameterValues(values, context) == (True, "")
    good, results, _ = run_task(samplepoints, values, context, QgsProcessingFeedback(False))
    assert good
    assert results["POINT_COUNT"] == 30
    load(samplepoints, context)
    (layer,) = [layer for layer in QgsProject.instance().mapLayers().values() if layer not in layers]
    reference = layer.editorWidgetSetup(layer.fields().lookupField("ref_class"))
    assert reference.type() == "ValueMap"
    assert reference.config()["map"] == [{"Class 1": "1"}, {"Class 2": "2"}, {"Class 3": "3"}]
    assert layer.editorWidgetSetup(layer.fields().lookupField("map_class")).type() == "Hidden"
    hidden = [column.name for column in layer.attributeTableConfig().columns() if column.hidden and column.name]
    assert hidden == ["map_class"]
    # Wide enough for the names of classes.
    assert [column.width for column in layer.attributeTableConfig().columns() if column.name == "ref_class"] == [240]


def test_rasters_of_two_zones_give_points_in_degrees(plugin, tmp_path):
    scenes = write_tiny(tmp_path / "scenes", (OLDEST, NEWEST))
    output = tmp_path / "classes"
    processing.run("iikmc:cluster", {"SCENES": [str(scenes)], "K": 3, "OUTPUT": str(output)})
    paths = rasters(output, (OLDEST, NEWEST))
    processing.run("gdal:assignprojection", {"INPUT": paths[0], "CRS": QgsCoordinateReferenceSystem("EPSG:32634")})
    values = {"RASTERS": paths, "N": 40, "MIN_PER_CLASS": 2, "OUTPUT": str(tmp_path / "points.gpkg")}
    layer, found = features(processing.run("iikmc:samplepoints", values)["OUTPUT"])
    assert layer.crs().authid() == "EPSG:4326"
    assert len({round(feature.geometry().asPoint().x()) for feature in found}) == 2


def test_what_cannot_be_sampled_is_refused_in_words(samplepoints, classes, tiny, tmp_path):
    def answer(**values):
        given = {"RASTERS": rasters(classes), "OUTPUT": str(tmp_path / "p.gpkg"), **values}
        good, text = samplepoints.checkParameterValues(given, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        return text

    assert answer() == ""
    assert answer(N="10", ALLOCATION="1", SEED="3") == ""
    assert answer(RASTERS=[]).startswith("RASTERS is empty")
    assert answer(RASTERS=["/gone.tif"]) == "RASTERS: /gone.tif is no raster file on disk; choose a classified raster."
    band = tiny / NEWEST / f"{NEWEST}_SR_B4.TIF"
    assert f"RASTERS: {band.name} has 1 band of uint16" in answer(RASTERS=[*rasters(classes), str(band)])
    assert list(tmp_path.iterdir()) == []


def test_an_error_or_a_cancel_leaves_no_file(samplepoints, classes, tmp_path, context):
    values = {"RASTERS": rasters(classes), "N": 10_000, "OUTPUT": str(tmp_path / "p.gpkg")}
    with pytest.raises(QgsProcessingException, match=r"N is 10,000, but RASTERS have 354 classified pixels"):
        processing.run("iikmc:samplepoints", values)
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    good, _, _ = run_task(samplepoints, {**values, "N": 9, "MIN_PER_CLASS": 1}, context, feedback)
    assert not good
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_names_the_rasters_one_by_one(terminal, classes, tmp_path):
    words = [f"RASTERS={path}" for path in rasters(classes)]
    target = tmp_path / "points.gpkg"
    code, out, err = terminal("run", "iikmc:samplepoints", "--", *words, "N=30", "ALLOCATION=0", f"OUTPUT={target}")
    assert code == 0, out + err
    assert "POINT_COUNT:\t30" in out
    assert len(features(str(target))[1]) == 30


def test_a_batch_takes_several_rows(plugin, classes, tmp_path):
    paths = rasters(classes)
    for number, row in enumerate((paths[:1], paths)):
        values = {"RASTERS": row, "N": 20, "MIN_PER_CLASS": 0, "OUTPUT": str(tmp_path / f"{number}.gpkg")}
        assert processing.run("iikmc:samplepoints", values)["POINT_COUNT"] == 20


def test_a_temporary_layer_is_a_file(classes):
    values = {"RASTERS": rasters(classes), "N": 20, "MIN_PER_CLASS": 0, "OUTPUT": "TEMPORARY_OUTPUT"}
    result = processing.run("iikmc:samplepoints", values)
    found = result["OUTPUT"]
    layer = found if isinstance(found, QgsVectorLayer) else QgsVectorLayer(found, "points", "ogr")
    assert layer.featureCount() == 20
    assert layer.providerType() == "ogr"
    # The next tool takes it as it is.
    values = {"RASTERS": rasters(classes), "POINTS": found, "CLASS_FIELD": "map_class", "DATE_FIELD": "date"}
    assert processing.run("iikmc:accuracy", values)["OVERALL_ACCURACY"] == 1.0


def test_a_shapefile_holds_all_fields(classes, tmp_path):
    values = {"RASTERS": rasters(classes), "N": 20, "MIN_PER_CLASS": 0, "OUTPUT": str(tmp_path / "points.shp")}
    layer, found = features(processing.run("iikmc:samplepoints", values)["OUTPUT"])
    assert [field.name() for field in layer.fields()] == ["id", "date", "scene", "map_class", "ref_class"]
    assert {len(feature["scene"]) for feature in found} == {40}
