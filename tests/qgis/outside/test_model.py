"""iikmc:cluster as a step of a model, as the model designer builds, saves and runs it."""

from __future__ import annotations

import gc

import numpy as np
import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelParameter,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterLayer,
)
from running import assert_styled, groups, load, run_task
from steps import add_step, source
from tiny_series import IDS, NEWEST, OLDEST, TINY, TITLES, assert_classes_are_right, file_of, read_classes

pytestmark = pytest.mark.qgis

SUM = 0


@pytest.fixture
def model(plugin, tmp_path):
    """Return a model: a folder and a raster in, classes and their sum in each cell out."""
    model = QgsProcessingModelAlgorithm("land cover", "tests")
    folder = QgsProcessingParameterFile("folder", "Scenes", QgsProcessingParameterFile.Behavior.Folder)
    model.addModelParameter(folder, QgsProcessingModelParameter("folder"))
    model.addModelParameter(QgsProcessingParameterRasterLayer("grid", "Grid"), QgsProcessingModelParameter("grid"))
    scenes = {"SCENES": source("ModelParameter", "folder"), "K": source("StaticValue", 3)}
    add_step(model, "iikmc:cluster", "cluster", scenes, {"classes": "OUTPUT"})
    cells = {
        "INPUT": source("ChildOutput", "cluster", "CLASSIFICATIONS"),
        "STATISTIC": source("StaticValue", SUM),
        "IGNORE_NODATA": source("StaticValue", True),
        "REFERENCE_LAYER": source("ModelParameter", "grid"),
    }
    add_step(model, "native:cellstatistics", "sum", cells, {"sum": "OUTPUT"})
    model.updateDestinationParameters()
    good, problems = model.validate()
    assert good, problems
    path = tmp_path / "land_cover.model3"
    assert model.toFile(str(path))
    read = QgsProcessingModelAlgorithm()
    assert read.fromFile(str(path))
    return read


def test_a_folder_goes_in_and_the_rasters_go_on_to_the_next_step(model, tiny, tmp_path, context):
    parameters = {
        "folder": str(tiny),
        "grid": str(file_of(tiny, NEWEST, "SR_B4")),
        "cluster:classes": str(tmp_path / "classes"),
        "sum:sum": str(tmp_path / "sum.tif"),
    }
    assert model.checkParameterValues(parameters, context) == (True, "")
    good, results, _ = run_task(model, parameters, context, QgsProcessingFeedback(False))
    assert good
    assert results["cluster:classes"] == str(tmp_path / "classes")
    assert_classes_are_right(tmp_path / "classes")
    np.testing.assert_array_equal(
        read_classes(results["sum:sum"]), sum(TINY[scene].classes.astype(np.int32) for scene in IDS)
    )
    # The step's algorithm is gone by now; what styles its layers must not be.
    gc.collect()
    load(model, context)
    assert [titles for _, titles in groups()] == [TITLES]
    assert_styled(tmp_path / "classes", 3)


def test_a_model_says_what_a_step_refuses(model, tiny, tmp_path, context):
    (tmp_path / "empty").mkdir()
    parameters = {
        "folder": str(tmp_path / "empty"),
        "grid": str(file_of(tiny, NEWEST, "SR_B4")),
        "cluster:classes": str(tmp_path / "classes"),
        "sum:sum": str(tmp_path / "sum.tif"),
    }
    feedback = QgsProcessingFeedback(False)
    good, _, _ = run_task(model, parameters, context, feedback)
    assert not good
    assert f"SCENES: the folder {tmp_path / 'empty'} holds no scene" in feedback.textLog()
    assert not (tmp_path / "classes").exists()


def test_several_inputs_of_a_model_become_one_series(plugin, tiny, tmp_path, context):
    model = QgsProcessingModelAlgorithm("two scenes", "tests")
    for name in ("first", "second"):
        folder = QgsProcessingParameterFile(name, name, QgsProcessingParameterFile.Behavior.Folder)
        model.addModelParameter(folder, QgsProcessingModelParameter(name))
    both = source("ModelParameter", "first") + source("ModelParameter", "second")
    values = {"SCENES": both, "K": source("StaticValue", 3), "LOAD_RESULTS": source("StaticValue", False)}
    add_step(model, "iikmc:cluster", "cluster", values, {"classes": "OUTPUT"})
    model.updateDestinationParameters()
    parameters = {
        "first": str(tiny / NEWEST),
        "second": str(tiny / OLDEST),
        "cluster:classes": str(tmp_path / "classes"),
    }
    good, _, _ = run_task(model, parameters, context, QgsProcessingFeedback(False))
    assert good
    assert_classes_are_right(tmp_path / "classes", [NEWEST, OLDEST])
    assert context.layersToLoadOnCompletion() == {}
