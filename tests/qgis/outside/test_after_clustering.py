"""What follows a clustering as steps of one model: names, merging, series, sample and assessment.

The model is run by qgis_process: in this process QGIS 3.22 may crash after a model with raster layers.
"""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import numpy as np
from qgis.core import (
    QgsProcessingModelAlgorithm,
    QgsProcessingModelParameter,
    QgsProcessingParameterFile,
)
from steps import add_step, source
from tiny_series import TINY, assert_classes_are_right, read_classes

pytestmark = pytest.mark.qgis


@pytest.fixture
def model(plugin, tmp_path):
    """Return the file of a model: a folder of scenes in, classes, covers, series, points and their accuracy out."""
    model = QgsProcessingModelAlgorithm("after", "tests")
    folder = QgsProcessingParameterFile("folder", "Scenes", QgsProcessingParameterFile.Behavior.Folder)
    model.addModelParameter(folder, QgsProcessingModelParameter("folder"))
    unloaded = {"LOAD_RESULTS": source("StaticValue", False)}
    clustered = {"SCENES": source("ModelParameter", "folder"), "K": source("StaticValue", 3), **unloaded}
    add_step(model, "iikmc:cluster", "cluster", clustered, {"classes": "OUTPUT"})
    table = source("StaticValue", str(tmp_path / "names.csv"))
    named = {"RESULTS": source("ChildOutput", "cluster", "OUTPUT"), "LEGEND": table}
    add_step(model, "iikmc:names", "name", named, {})
    covers = {"RESULTS": source("ChildOutput", "name", "OUTPUT"), **unloaded}
    add_step(model, "iikmc:merge", "merge", covers, {"covers": "OUTPUT"})
    rasters = {"RASTERS": source("ChildOutput", "cluster", "CLASSIFICATIONS")}
    add_step(model, "iikmc:series", "follow", {**rasters, **unloaded}, {"series": "OUTPUT"})
    drawn = {"N": source("StaticValue", 24), "MIN_PER_CLASS": source("StaticValue", 4)}
    add_step(model, "iikmc:samplepoints", "draw", {**rasters, **drawn}, {"points": "OUTPUT"})
    # What the map says as the reference: all of it is right.
    assessed = {
        "POINTS": source("ChildOutput", "draw", "OUTPUT"),
        "CLASS_FIELD": source("StaticValue", "map_class"),
        "DATE_FIELD": source("StaticValue", "date"),
    }
    add_step(model, "iikmc:accuracy", "assess", {**rasters, **assessed}, {"matrix": "MATRIX"})
    model.updateDestinationParameters()
    good, problems = model.validate()
    assert good, problems
    path = tmp_path / "after.model3"
    assert model.toFile(str(path))
    return path


def test_a_folder_of_scenes_becomes_classes_changes_points_and_their_accuracy(model, terminal, tiny, tmp_path):
    (tmp_path / "names.csv").write_text("class,name\n1,Dark or bright\n3,Dark or bright\n", encoding="utf-8")
    places = {
        "cluster:classes": tmp_path / "classes",
        "merge:covers": tmp_path / "covers",
        "follow:series": tmp_path / "series",
        "draw:points": tmp_path / "points.gpkg",
        "assess:matrix": tmp_path / "matrix.csv",
    }
    code, out, err = terminal("run", model, "--", f"folder={tiny}", *(f"{name}={at}" for name, at in places.items()))
    assert code == 0, out + err
    assert_classes_are_right(tmp_path / "classes")
    for name, one in TINY.items():
        merged = np.array([0, 1, 2, 1], np.uint8)[one.classes]
        np.testing.assert_array_equal(read_classes(tmp_path / "covers" / f"{name}_classes.tif"), merged)
    seen = sum((scene.classes > 0).astype(int) for scene in TINY.values())
    np.testing.assert_array_equal(read_classes(tmp_path / "series" / "observations.tif"), seen)
    rows = [line.split(",") for line in (tmp_path / "matrix.csv").read_text(encoding="utf-8").splitlines()]
    assert next(row[-1] for row in rows if row[:3] == ["points", "", "total"]) == "24"
    assert next(row[-1] for row in rows if row[0] == "overall_accuracy") == "1.000000"
