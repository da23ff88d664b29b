"""iikmc:accuracy as the toolbox and a terminal run it."""

from __future__ import annotations

import csv

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QVariant
from running import Log, run_task
from tiny_series import MIDST, NEWEST, OLDEST

pytestmark = pytest.mark.qgis


@pytest.fixture(scope="module")
def classes(plugin, tiny, tmp_path_factory):
    """Return the folder of a run's results."""
    output = tmp_path_factory.mktemp("classes")
    processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)})
    return output


@pytest.fixture
def accuracy(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:accuracy")


def rasters(classes, scenes=(OLDEST, MIDST, NEWEST)):
    return [str(classes / f"{scene}_classes.tif") for scene in scenes]


def points(classes, rows, crs=None, kind="Point"):
    """Return a layer in memory of (row, column, what it is, day)."""
    raster = QgsRasterLayer(rasters(classes)[0], "")
    extent = raster.extent()
    layer = QgsVectorLayer(f"{kind}?crs={raster.crs().authid()}", "reference", "memory")
    layer.dataProvider().addAttributes([QgsField("what", QVariant.String), QgsField("day", QVariant.Date)])
    layer.updateFields()
    for row, column, what, day in rows:
        feature = QgsFeature(layer.fields())
        x = extent.xMinimum() + (column + 0.5) * raster.rasterUnitsPerPixelX()
        y = extent.yMaximum() - (row + 0.5) * raster.rasterUnitsPerPixelY()
        place = QgsGeometry.fromPointXY(QgsPointXY(x, y))
        feature.setGeometry(place if kind == "Point" else QgsGeometry.fromMultiPointXY([QgsPointXY(x, y)]))
        feature.setAttributes([what, QDate.fromString(day, "yyyy-MM-dd") if day else None])
        assert layer.dataProvider().addFeature(feature)
    return layer


# Of 2010: bright (3) above row 5, dark (1) from there on, masked at (5, 5).
ROWS = [
    (0, 0, "3", "2010-06-15"),
    (1, 1, "Class 3", "2010-06-15"),
    (2, 2, "1", "2010-06-15"),
    (6, 2, "1", "2010-06-15"),
    (7, 2, "class 1", "2010-06-15"),
    (5, 5, "1", "2010-06-15"),
    (6, 3, None, "2010-06-15"),
    (6, 3, "1", "2011-06-15"),
    (6, 4, "1", None),
]


def test_the_result_is_the_one_worked_out_by_hand(classes, tmp_path):
    places = {"MATRIX": str(tmp_path / "m.csv"), "REPORT": str(tmp_path / "r.html")}
    log = Log()
    values = {"RASTERS": rasters(classes), "POINTS": points(classes, ROWS), "CLASS_FIELD": "what", "DATE_FIELD": "day"}
    result = processing.run("iikmc:accuracy", {**values, **places}, feedback=log)
    assert {name: result[name] for name in places} == places
    assert (result["POINT_COUNT"], result["LEFT_OUT"]) == (5, 4)
    lines = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    rows = {tuple(row[:2]): row[3:] for row in csv.reader(lines)}
    assert rows["unit", "map_id"] == ["ref Class 1", "ref Class 2", "ref Class 3", "total"]
    assert rows["points", "1"] == ["2", "0", "0", "2"]
    assert rows["points", "3"] == ["1", "0", "2", "3"]
    # Class 2 is that of 1995 alone, where no point is.
    assert any("No point lies in Class 2: the estimates hold for the other" in line for line in log.warnings)
    one, three = (int(rows["map_pixels", ""][place]) for place in (0, 2))
    assert result["OVERALL_ACCURACY"] == pytest.approx((one + three * 2 / 3) / (one + three))
    assert log.errors == []


def test_days_apart_and_multipoints(classes):
    values = {"RASTERS": rasters(classes), "CLASS_FIELD": "what", "DATE_FIELD": "day", "MAX_DAYS": 400}
    layer = points(classes, ROWS, kind="MultiPoint")
    assert processing.run("iikmc:accuracy", {**values, "POINTS": layer})["POINT_COUNT"] == 6


def test_rows_of_a_batch_are_independent(accuracy, classes, tmp_path, context):
    layer = points(classes, ROWS)
    used = []
    for number, days in enumerate((0, 400)):
        values = {"RASTERS": rasters(classes), "POINTS": layer, "CLASS_FIELD": "what", "DATE_FIELD": "day"}
        values.update(MAX_DAYS=days, MATRIX=str(tmp_path / f"{number}.csv"))
        assert accuracy.checkParameterValues(values, context) == (True, "")
        result, good = accuracy.run(values, context, Log())
        assert good
        used.append(result["POINT_COUNT"])
    assert used == [5, 6]
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["0.csv", "1.csv"]


def test_one_raster_needs_no_date(classes):
    values = {"RASTERS": rasters(classes, (MIDST,)), "POINTS": points(classes, ROWS), "CLASS_FIELD": "what"}
    result = processing.run("iikmc:accuracy", values)
    assert (result["POINT_COUNT"], result["LEFT_OUT"]) == (7, 2)


def test_dates_as_text_and_classes_as_numbers(classes, tmp_path):
    layer = points(classes, [(0, 0, None, None)] * 3)
    layer.dataProvider().addAttributes(
        [QgsField("number", QVariant.Int), QgsField("real", QVariant.Double), QgsField("text", QVariant.String)]
    )
    layer.updateFields()
    for feature, text in zip(layer.getFeatures(), ("2010-06-15", "20100615", "2010-06-15T10:20:30Z")):
        layer.dataProvider().changeAttributeValues({feature.id(): {2: 3, 3: 3.0, 4: text}})
    values = {"RASTERS": rasters(classes), "POINTS": layer, "DATE_FIELD": "text"}
    for field in ("number", "real"):
        result = processing.run("iikmc:accuracy", {**values, "CLASS_FIELD": field})
        assert (result["POINT_COUNT"], result["OVERALL_ACCURACY"]) == (3, 1.0)
    layer.dataProvider().changeAttributeValues({1: {4: "last spring"}})
    with pytest.raises(QgsProcessingException, match="DATE_FIELD: last spring is no date; write it such as"):
        processing.run("iikmc:accuracy", {**values, "CLASS_FIELD": "number"})


def test_what_cannot_be_told_is_no_output(classes):
    values = {"RASTERS": rasters(classes, (MIDST,)), "POINTS": points(classes, ROWS[:1]), "CLASS_FIELD": "what"}
    result = processing.run("iikmc:accuracy", values)
    assert result["OVERALL_ACCURACY"] == 1.0
    assert "OVERALL_INTERVAL" not in result


def test_what_cannot_be_assessed_is_refused_in_words(accuracy, classes, tmp_path):
    layer = points(classes, ROWS)
    QgsProject.instance().addMapLayer(layer)

    def answer(**values):
        given = {"RASTERS": rasters(classes), "POINTS": layer.id(), "CLASS_FIELD": "what", "DATE_FIELD": "day"}
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        good, text = accuracy.checkParameterValues({**given, **values}, context)
        assert good == (not text)
        assert "\n" not in text
        return text

    try:
        assert answer() == ""
        assert answer(DATE_FIELD=None).startswith("RASTERS are of 3 dates and DATE_FIELD is empty")
        assert answer(MATRIX=rasters(classes)[0]).startswith("MATRIX would overwrite RASTERS, ")
        assert answer(RASTERS=["/gone.tif"]).startswith("RASTERS: /gone.tif is no raster file")
        assert answer(CLASS_FIELD="wat").startswith("CLASS_FIELD: reference has no field wat (it has what, day);")
        assert answer(CLASS_FIELD="").startswith("CLASS_FIELD: reference has no field ref_class (it has what, day);")
        assert answer(DATE_FIELD="dy").startswith("DATE_FIELD: reference has no field dy")
        assert answer(POINTS="/gone.gpkg").startswith("POINTS: /gone.gpkg cannot be read as a layer")
    finally:
        QgsProject.instance().removeMapLayer(layer.id())
    values = {"RASTERS": rasters(classes)}
    values["POINTS"] = points(classes, [(0, 0, "Wter", "2010-06-15")])
    with pytest.raises(QgsProcessingException, match=r"CLASS_FIELD: 'Wter' of 1 point is neither"):
        processing.run("iikmc:accuracy", {**values, "CLASS_FIELD": "what", "DATE_FIELD": "day"})


def test_a_cancelled_run_leaves_nothing(accuracy, classes, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    values = {"RASTERS": rasters(classes, (MIDST,)), "POINTS": points(classes, ROWS), "CLASS_FIELD": "what"}
    good, _, _ = run_task(accuracy, {**values, "REPORT": str(tmp_path / "r.html")}, context, feedback)
    assert not good
    assert list(tmp_path.iterdir()) == []


def test_sample_and_assessment_in_a_terminal(terminal, classes, tmp_path):
    words = [f"RASTERS={path}" for path in rasters(classes)]
    sample = tmp_path / "points.gpkg"
    code, out, err = terminal("run", "iikmc:samplepoints", "--", *words, "N=30", "ALLOCATION=0", f"OUTPUT={sample}")
    assert code == 0, out + err
    words += [f"POINTS={sample}", "CLASS_FIELD=map_class", "DATE_FIELD=date", f"REPORT={tmp_path / 'r.html'}"]
    code, out, err = terminal("run", "iikmc:accuracy", "--", *words)
    assert code == 0, out + err
    assert "POINT_COUNT:\t30" in out
    assert "OVERALL_ACCURACY:\t1\n" in out
    assert "Overall accuracy 1.000 ± 0.000" in (tmp_path / "r.html").read_text(encoding="utf-8")
