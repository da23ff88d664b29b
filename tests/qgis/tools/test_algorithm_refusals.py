"""What iikmc:cluster refuses before anything is read: one sentence that names parameter, scene and file."""

from __future__ import annotations

import json
import shutil

import pytest

pytest.importorskip("qgis.core")

import numpy as np
from iikmc.benchmarks.simulate import write_scene
from qgis.core import QgsProcessingContext
from tiny_series import DARK, IDS, NEWEST, OLDEST, OLI, OLI_CLEAR, SHAPE, file_of, write_tiny

pytestmark = pytest.mark.qgis


@pytest.fixture
def scenes(tiny, tmp_path):
    """Return a folder of the three scenes that the test may spoil."""
    return shutil.copytree(tiny, tmp_path / "scenes")


@pytest.fixture
def answer(cluster, tmp_path):
    """Return what the dialog, processing.run and qgis_process show for parameters, "" if they are accepted."""

    def check(scenes, **others):
        chosen = scenes if isinstance(scenes, list) else [str(scenes)]
        parameters = {"SCENES": chosen, "K": 3, "OUTPUT": str(tmp_path / "out"), **others}
        good, text = cluster.checkParameterValues(parameters, QgsProcessingContext())
        assert good == (not text)
        assert "Traceback" not in text
        assert "\n" not in text
        assert not (tmp_path / "out").exists()
        return text

    return check


def assert_names(text, *parts):
    for part in parts:
        assert str(part) in text, text
    assert text.endswith(".")


def test_good_values_are_accepted(answer, scenes):
    assert answer(scenes) == ""
    assert answer(scenes, K="3", MASK="", BANDS="0,1", TOLERANCE="0.5", SEED="-7", INIT="2") == ""
    assert answer([str(scenes / scene) for scene in IDS], K=254, MASK=[], LOAD_RESULTS=False) == ""


@pytest.mark.parametrize("k", [1, 0, -3, 255, 300, "1", "300"])
def test_k_out_of_range(answer, scenes, k):
    assert_names(answer(scenes, K=k), f"K is {k}", "from 2 to 254")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("K", "many"),
        ("INIT", 9),
        ("INIT", "9"),
        ("MASK", [9]),
        ("MASK", "0,9"),
        ("BANDS", [13]),
        ("TOLERANCE", "little"),
        ("MAX_ITERATIONS", "x"),
        ("SEED", "x"),
        ("WORKERS", "x"),
    ],
)
def test_values_that_are_no_such_number_or_choice(answer, scenes, name, value):
    assert name in answer(scenes, **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("MAX_ITERATIONS", 0, "MAX_ITERATIONS is 0"),
        ("TOLERANCE", -1, "TOLERANCE is -1"),
        ("TOLERANCE", 101, "TOLERANCE is 101"),
        ("WORKERS", -2, "WORKERS is -2"),
    ],
)
def test_numbers_out_of_range(answer, scenes, name, value, found):
    assert_names(answer(scenes, **{name: value}), found, "choose")


@pytest.mark.parametrize("value", [[], "", "   ", None, [""]])
def test_no_scenes(answer, value):
    assert_names(answer([], SCENES=value), "SCENES is empty", "expected")


@pytest.mark.parametrize("value", [[], "", (), None])
def test_without_bands_those_that_all_scenes_have(answer, scenes, value):
    assert answer(scenes, BANDS=value) == ""


def test_a_band_that_the_sensor_does_not_record(answer, scenes):
    told = answer(scenes, BANDS=[2, 9])
    assert_names(told, "has no rededge1", "blue, green, red, nir, swir1, swir2", "leave rededge1 out of BANDS")
    assert_names(answer(scenes, BANDS=list(range(11))), "BANDS chooses 11 bands", "at most 10")


def test_a_folder_that_is_not_there(answer, tmp_path):
    assert_names(answer(tmp_path / "gone"), "SCENES", tmp_path / "gone", "does not exist")


def test_a_missing_folder_among_good_ones(answer, scenes, tmp_path):
    assert_names(answer([str(scenes), str(tmp_path / "gone")]), "SCENES", tmp_path / "gone", "does not exist")


def test_a_path_that_no_disk_can_hold(answer, scenes):
    longest = "/" + "a" * 5000
    assert_names(answer(longest), "SCENES", "does not exist")
    assert answer(scenes, OUTPUT=longest) == ""  # for the run to say


def test_an_empty_folder(answer, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_names(answer(tmp_path / "empty"), "SCENES", tmp_path / "empty", "holds no scene")


def test_a_file_that_is_no_scene(answer, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    assert_names(answer(tmp_path / "notes.txt"), "SCENES", "notes.txt", "neither its metadata nor a bundle")


def test_a_missing_band(answer, scenes):
    band = file_of(scenes, NEWEST, "SR_B5")
    band.unlink()
    assert_names(answer(scenes), f"Scene {NEWEST}", "nir", band.name, "missing", "BANDS")
    assert answer(scenes, BANDS=[0, 1, 2, 4, 5]) == ""


def test_a_band_of_junk(answer, scenes):
    band = file_of(scenes, OLDEST, "SR_B4")
    band.write_bytes(b"This is not a raster.\n" * 40)
    assert_names(answer(scenes), f"Scene {OLDEST}", band.name, "cannot be opened as a raster")


@pytest.mark.parametrize("size", [0, 4, 60])
def test_a_band_without_the_rest_of_its_header(answer, scenes, size):
    band = file_of(scenes, OLDEST, "SR_B4")
    band.write_bytes(band.read_bytes()[:size])
    assert_names(answer(scenes), f"Scene {OLDEST}", band.name)


def test_a_band_of_another_size(answer, scenes, tmp_path):
    smaller = np.full((SHAPE[0], SHAPE[1] - 1), DARK, np.uint16)
    other = write_scene(tmp_path / "other", NEWEST, {5: smaller})
    shutil.copy(file_of(other.parent, NEWEST, "SR_B5"), file_of(scenes, NEWEST, "SR_B5"))
    assert_names(answer(scenes), f"Scene {NEWEST}", "SR_B5", "11 x 10", "12 x 10", "one grid")


def test_a_band_of_another_zone(answer, scenes, tmp_path):
    other = write_scene(tmp_path / "other", NEWEST, {5: np.full(SHAPE, DARK, np.uint16)}, crs="EPSG:32632")
    shutil.copy(file_of(other.parent, NEWEST, "SR_B5"), file_of(scenes, NEWEST, "SR_B5"))
    assert_names(answer(scenes), f"Scene {NEWEST}", "SR_B5", "32632", "32633")


def test_a_missing_qa_pixel(answer, scenes):
    file_of(scenes, NEWEST, "QA_PIXEL").unlink()
    assert_names(answer(scenes), f"Scene {NEWEST}", f"{NEWEST}_QA_PIXEL.TIF", "missing", "MASK")
    assert answer(scenes, MASK=[]) == ""
    assert answer(scenes, MASK="") == ""


def test_an_output_that_is_a_file(answer, scenes, tmp_path):
    file = tmp_path / "report.html"
    file.write_text("x")
    assert_names(answer(scenes, OUTPUT=str(file)), "OUTPUT", file, "is a file", "choose a folder")


def test_a_start_from_signatures_that_are_not_given(answer, scenes):
    assert_names(answer(scenes, INIT=3), "INIT", "SIGNATURES is empty")
    assert_names(answer(scenes, INIT="3", SIGNATURES=""), "INIT", "SIGNATURES is empty")


def test_signatures_that_are_not_there(answer, scenes, tmp_path):
    gone = tmp_path / "gone.json"
    assert_names(answer(scenes, INIT=3, SIGNATURES=str(gone)), "SIGNATURES", gone, "cannot be read")


@pytest.mark.parametrize("text", ["no json", "{}", "[1, 2]", '{"format": "GeoJSON"}', "\x00\xff"])
def test_a_signatures_file_that_is_not_one(answer, scenes, tmp_path, text):
    file = tmp_path / "other.json"
    file.write_bytes(text.encode("latin-1"))
    assert_names(answer(scenes, INIT=3, SIGNATURES=str(file)), "SIGNATURES", file, "is not a signatures file")


def test_signatures_of_another_run(answer, scenes, tmp_path):
    good = {
        "format": "iikmc-signatures", "version": 1, "bands": ["blue", "nir"], "scale": 0.0000275, "offset": -0.2,
        "grid": 64, "centres": [[1, 2], [3, 4]],
    }  # fmt: skip
    file = tmp_path / "signatures.json"

    def told(changes, **others):
        file.write_text(json.dumps({**good, **changes}), encoding="utf-8")
        values = {"INIT": 3, "SIGNATURES": str(file), "BANDS": [0, 3], "K": 2, **others}
        return answer(scenes, **values)

    assert told({}) == ""
    assert_names(told({}, K=3), "SIGNATURES", "has 2 classes, but K is 3")
    assert_names(told({}, BANDS=[0, 1]), "blue, nir", "BANDS chooses blue, green")
    assert_names(told({"version": 3}), "SIGNATURES", "version 3")
    assert_names(told({"centres": [[1, 2], [3, -4]]}), "SIGNATURES", "damaged")
    assert_names(told({"centres": "none"}), "SIGNATURES", "damaged")


def test_products_of_another_kind(answer, tmp_path):
    bands = {n: np.full(SHAPE, DARK, np.uint16) for n in OLI}
    for product, reason in (
        ("LC08_L1TP_190027_20220511_20220527_02_T1", "Level-1"),
        ("LC08_L2SP_190027_20160511_20170527_01_T1", "Collection 1"),
    ):
        folder = write_scene(tmp_path / product[5:9], product, bands, np.full(SHAPE, OLI_CLEAR, np.uint16))
        assert_names(answer(folder), "SCENES", product, reason)


def test_the_same_scenes_given_twice_are_accepted(answer, scenes):
    assert answer([str(scenes), str(scenes), str(scenes / NEWEST)]) == ""


def test_one_scene_is_enough(answer, tmp_path):
    assert answer(write_tiny(tmp_path / "one", [NEWEST])) == ""
