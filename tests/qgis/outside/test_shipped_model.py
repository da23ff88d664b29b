"""The models that ship with the plugin: they load, are sound, and their answer is that of their steps by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from iikmc.benchmarks.simulation.hls import write_hls
from iikmc.benchmarks.simulation.sentinel2 import write_sentinel2, zipped
from iikmc.benchmarks.simulation.views import ROLES, Site, View
from qgis.core import QgsProcessingModelAlgorithm
from tiny_series import NEWEST, OLDEST, TINY, assert_classes_are_right, read_classes

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "models" / "two_dates_to_change_map.model3"
COVER = ROOT / "models" / "series_to_land_cover.model3"
BEFORE, AFTER = "LC08_L2SP_218074_20190114_20200829_02_T1", "LC08_L2SP_218074_20190130_20200829_02_T1"
S2 = (
    "S2A_MSIL2A_20180703T100031_N0208_R122_T33TVN_20180703T121527",
    "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527",
)
HLS = ("HLS.S30.T33TVN.2022174T100031.v2.0", "HLS.L30.T33TVN.2022179T095830.v2.0")


INPUTS = {
    MODEL: ["before", "after", "k", "masked"],
    COVER: ["scenes", "k", "masked", "legend", "min_pixels"],
}
OUTPUTS = {
    MODEL: ["cluster:Classes", "compare:Change report", "compare:Changes", "compare:Matrix"],
    COVER: ["cluster:Classes", "merge:Land cover", "follow:Series"],
}


@pytest.fixture(params=INPUTS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def model(plugin, path):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(path))
    return model


def test_there_is_no_other():
    assert set((ROOT / "models").iterdir()) == set(INPUTS)


def test_it_is_sound_which_takes_every_parameter_of_its_steps(model):
    good, problems = model.validate()
    assert good, f"{problems}: run 'make docs' and commit the model"


def test_it_asks_for_what_the_documentation_says(model, path):
    names = [definition.name() for definition in model.parameterDefinitions()]
    assert sorted(names) == sorted([*INPUTS[path], *OUTPUTS[path]])
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    for name in names:
        assert f"{name}=" in text


def run(terminal, model=MODEL, **inputs):
    """Run a model as qgis_process does; in this process QGIS 3.22 may crash after a model with raster layers."""
    code, out, err = terminal("run", model, "--", *(f"{name}={value}" for name, value in inputs.items()))
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


def sentinel2(folder, where, grid):
    """Two dates of Sentinel-2: a bundle, and a folder."""
    first = zipped(write_sentinel2(folder / "unzipped", S2[0], where(0), grid), folder / f"{S2[0]}.zip")
    return first, write_sentinel2(folder, S2[1], where(1), grid), S2


def hls(folder, where, grid):
    """Two dates of HLS of different satellites, in a folder each; the second is given with a slash."""
    paths = [write_hls(folder / name, name, where(number), grid) for number, name in enumerate(HLS)]
    return paths[0], f"{paths[1]}/", HLS


@pytest.mark.parametrize("family", [sentinel2, hls])
def test_the_scenes_may_be_of_other_sensors(terminal, tmp_path, family):
    """Ground of two covers, side by side, of which half of the first has become the second."""
    cover = np.zeros((2, 40, 48), int)
    cover[0, :, 24:] = cover[1, :, 12:] = 1

    def where(date):
        seen = {role: np.array([300, 3000], np.int32)[cover[date]] + number for number, role in enumerate(ROLES)}
        nowhere = np.zeros(cover[date].shape, bool)
        return View(seen, nowhere, {}, nowhere)

    before, after, names = family(tmp_path, where, Site("EPSG:32633", (399960.0, 5300040.0), 20.0))
    places = {"cluster:Classes": tmp_path / "classes", "compare:Changes": tmp_path / "changes.tif"}
    run(terminal, before=before, after=after, k=2, masked="true", **places)
    for name, date in zip(names, cover):
        np.testing.assert_array_equal(read_classes(tmp_path / "classes" / f"{name}_classes.tif"), 1 + date)
    expected = np.where(cover[0] == cover[1], 1, 1002)
    np.testing.assert_array_equal(read_classes(tmp_path / "changes.tif"), expected)


def test_a_series_becomes_land_cover(terminal, tiny, tmp_path):
    """Once without a table, where all classes have names of their own; then with their names; then with a table."""
    folders = [tmp_path / name for name in ("classes", "cover", "series")]
    places = dict(zip(OUTPUTS[COVER], folders))
    classes, cover, series = folders
    asked = {"scenes": tiny, "k": 3, "masked": "true", "min_pixels": 0}
    run(terminal, COVER, **asked, **places)
    assert_classes_are_right(classes)
    assert_classes_are_right(cover)
    seen = sum((scene.classes > 0).astype(int) for scene in TINY.values())
    np.testing.assert_array_equal(read_classes(series / "observations.tif"), seen)
    style = classes / f"{OLDEST}_classes.qml"
    text = style.read_text(encoding="utf-8")
    style.write_text(text.replace("Class 1", "Hell").replace("Class 2", "Hell"), encoding="utf-8")
    run(terminal, COVER, **asked, **places)
    for name, one in TINY.items():
        merged = np.array([0, 1, 1, 2], np.uint8)[one.classes]
        np.testing.assert_array_equal(read_classes(cover / f"{name}_classes.tif"), merged)
    table = tmp_path / "covers.csv"
    table.write_text("class,to,name\n1,4,A\n2,7,B\n3,7,B\n", encoding="utf-8")
    run(terminal, COVER, **asked, **places, legend=table)
    assert set(np.unique(read_classes(cover / f"{NEWEST}_classes.tif"))) == {0, 4, 7}
    # Merged classes keep their numbers over the dates.
    assert set(np.unique(read_classes(series / "majority.tif"))) <= {0, 4, 7}
    # The same scenes replace what the folder held of the classes before.
    assert not list(cover.glob("earlier_run_*"))
