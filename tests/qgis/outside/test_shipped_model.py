"""The model that ships with the plugin: it loads, is sound, and its answer is that of its steps done by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingModelAlgorithm
from tiny_series import read_classes

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
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


def run(terminal, **inputs):
    """Run the model as qgis_process does; in this process QGIS 3.22 may crash after a model with raster layers."""
    code, out, err = terminal("run", MODEL, "--", *(f"{name}={value}" for name, value in inputs.items()))
    assert code == 0, out + err
    return out


@pytest.mark.scenes
def test_its_answer_is_that_of_its_steps(plugin, terminal, real_scenes, tmp_path):
    scenes = [str(real_scenes / BEFORE), str(real_scenes / AFTER)]
    places = {
        "cluster:Classes": tmp_path / "classes",
        "compare:Changes": tmp_path / "changes.tif",
        "compare:Matrix": tmp_path / "matrix.csv",
        "compare:Change report": tmp_path / "changes.html",
    }
    said = run(terminal, before=scenes[0], after=scenes[1], k=5, masked="false", **places)
    for name, place in places.items():
        assert place.exists()
        assert f"{name}:\t{place}" in said

    alone = {"SCENES": scenes, "K": 5, "MASK": [], "INIT": 1, "OUTPUT": str(tmp_path / "alone")}
    processing.run("iikmc:cluster", alone)
    rasters = {}
    for scene in (BEFORE, AFTER):
        rasters[scene] = read_classes(tmp_path / "alone" / f"{scene}_classes.tif").astype(np.int64)
        np.testing.assert_array_equal(read_classes(tmp_path / "classes" / f"{scene}_classes.tif"), rasters[scene])
    # The second scene's grid begins 30 pixels right of the first one's.
    before, after = rasters[BEFORE][:, 30:], rasters[AFTER][:, :370]
    expected = np.where(before == after, 1, 1000 * before + after)
    expected[(before == 0) | (after == 0)] = 0
    changes = read_classes(tmp_path / "changes.tif")
    np.testing.assert_array_equal(changes[:, -370:], expected)
    assert 10_000 < np.count_nonzero(expected > 1) < 60_000


@pytest.mark.scenes
def test_the_paths_may_be_those_of_mtl_files(terminal, real_scenes, tmp_path):
    """The names of the rasters are found in any path that has the product's identifier in its last part."""
    before = real_scenes / BEFORE / f"{BEFORE}_MTL.txt"
    places = {"cluster:Classes": tmp_path / "classes", "compare:Matrix": tmp_path / "matrix.csv"}
    run(terminal, before=before, after=real_scenes / AFTER, k=2, masked="false", **places)
    lines = (tmp_path / "matrix.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("unit,from_id,")
    # Of the 370 x 300 common pixels 26 are nodata on the first date.
    assert lines[3].endswith(f",{370 * 300 - 26}")
