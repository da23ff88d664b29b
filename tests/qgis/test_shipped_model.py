"""The model that ships with the plugin: it loads, is sound, and its answer is that of its steps done by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingFeedback, QgsProcessingModelAlgorithm
from running import run_task
from tiny_series import read_classes

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "two_dates_to_change_map.model3"
BEFORE, AFTER = "LC08_L2SP_218074_20190114_20200829_02_T1", "LC08_L2SP_218074_20190130_20200829_02_T1"


@pytest.fixture
def model(plugin):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(MODEL))
    return model


def test_it_is_sound_which_takes_every_parameter_of_its_steps(model):
    good, problems = model.validate()
    assert good, f"{problems}: run 'make docs' and commit the model"


def test_it_asks_for_what_the_documentation_says(model):
    names = [definition.name() for definition in model.parameterDefinitions()]
    outputs = ["cluster:Classes", "compare:Change report", "compare:Changes", "compare:Matrix"]
    assert sorted(names) == sorted(["before", "after", "k", "masked", *outputs])
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    for name in names:
        assert f"{name}=" in text


@pytest.mark.scenes
def test_its_answer_is_that_of_its_steps(model, real_scenes, tmp_path, context):
    scenes = [str(real_scenes / BEFORE), str(real_scenes / AFTER)]
    places = {
        "cluster:Classes": str(tmp_path / "classes"),
        "compare:Changes": str(tmp_path / "changes.tif"),
        "compare:Matrix": str(tmp_path / "matrix.csv"),
        "compare:Change report": str(tmp_path / "changes.html"),
    }
    # Not loaded: QGIS 3.22 may crash when layers that a model's step loaded are destroyed.
    context.setProject(None)
    inputs = {"before": scenes[0], "after": scenes[1], "k": 5, "masked": False}
    feedback = QgsProcessingFeedback(False)
    good, results, _ = run_task(model, {**inputs, **places}, context, feedback)
    assert good, feedback.textLog()
    assert {name: results[name] for name in places} == places

    alone = {"SCENES": scenes, "K": 5, "MASK": [], "INIT": 1, "OUTPUT": str(tmp_path / "alone")}
    processing.run("iikmc:cluster", alone)
    rasters = {}
    for scene in (BEFORE, AFTER):
        rasters[scene] = read_classes(tmp_path / "alone" / f"{scene}_classes.tif").astype(np.int64)
        np.testing.assert_array_equal(read_classes(tmp_path / "classes" / f"{scene}_classes.tif"), rasters[scene])
    # The second scene's grid begins 30 cells right of the first one's.
    before, after = rasters[BEFORE][:, 30:], rasters[AFTER][:, :370]
    expected = np.where(before == after, 1, 1000 * before + after)
    expected[(before == 0) | (after == 0)] = 0
    changes = read_classes(tmp_path / "changes.tif")
    shown = changes[:, 30:] if changes.shape[1] == 400 else changes
    np.testing.assert_array_equal(shown, expected)
    assert 10_000 < np.count_nonzero(expected > 1) < 60_000
    matrix = (tmp_path / "matrix.csv").read_text(encoding="utf-8").splitlines()
    stayed = [
        int(line.split(",")[2 + int(line.split(",")[1])]) for line in matrix if line[:7] == "pixels," and line[7] != ","
    ]
    assert sum(stayed) == np.count_nonzero(expected == 1)


@pytest.mark.scenes
def test_the_paths_may_be_those_of_mtl_files(model, real_scenes, tmp_path, context):
    """The names of the rasters are found in any path that has the product's identifier in its last part."""
    context.setProject(None)
    inputs = {"before": str(real_scenes / BEFORE / f"{BEFORE}_MTL.txt"), "after": str(real_scenes / AFTER)}
    places = {"cluster:Classes": str(tmp_path / "classes"), "compare:Matrix": str(tmp_path / "matrix.csv")}
    good, results, _ = run_task(
        model, {**inputs, "k": 2, "masked": False, **places}, context, QgsProcessingFeedback(False)
    )
    assert good
    assert Path(results["compare:Matrix"]).is_file()
