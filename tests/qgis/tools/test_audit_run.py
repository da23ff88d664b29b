"""iikmc:audit as the toolbox, models and qgis_process run it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelParameter,
    QgsProcessingParameterFile,
)
from running import Log, run_task
from steps import add_step, source
from tiny_series import IDS, MIDST, NEWEST, OLDEST, PIXELS, TITLES, VALID, file_of, write_cloudy, write_tiny

pytestmark = pytest.mark.qgis


@pytest.fixture
def audit(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:audit")


def run(scenes, output, feedback=None, **others):
    return processing.run("iikmc:audit", {"SCENES": [str(scenes)], "OUTPUT": str(output), **others}, feedback=feedback)


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {row["scene"]: row for row in csv.DictReader(file)}


def test_the_counts_worked_out_by_hand(plugin, tiny, tmp_path):
    log = Log()
    out = tmp_path / "new" / "out"
    assert run(tiny, out, log) == {
        "OUTPUT": str(out),
        "TABLE": str(out / "audit.csv"),
        "REPORT": str(out / "audit.html"),
        "SCENE_COUNT": 3,
        "PIXEL_COUNT": VALID,
        "VALID_PERCENT": 100 * VALID / (3 * PIXELS),
    }
    rows = table(out / "audit.csv")
    assert list(rows) == list(IDS)
    counts = ("fill", "cirrus", "cloud", "cloud_shadow", "snow_or_ice", "saturated", "masked", "valid")
    assert [rows[NEWEST][name] for name in counts] == ["2", "0", "1", "0", "0", "", "1", "117"]
    assert [rows[MIDST][name] for name in counts] == ["0", "1", "0", "1", "0", "1", "3", "117"]
    assert [rows[OLDEST][name] for name in counts] == ["0", "0", "0", "0", "3", "", "0", "120"]
    assert log.warnings == log.errors == []
    assert f"{TITLES[2]}: 117 of 120 pixels are valid (97.5 %)" in log.infos
    assert any("Clustering the 354 valid pixels in 6 bands takes about" in text for text in log.infos)


@pytest.mark.parametrize(
    ("given", "valid"),
    [({"MASK": ""}, 3 * PIXELS - 3), ({"MASK": [], "MASK_SATURATED": False}, 3 * PIXELS - 2), ({"MASK": "2"}, 356)],
)
def test_mask_in_every_way_it_can_be_given(plugin, tiny, tmp_path, given, valid):
    assert run(tiny, tmp_path, **given)["PIXEL_COUNT"] == valid


def test_a_cloudy_scene_and_one_without_flags_are_warnings(plugin, tmp_path):
    scenes = write_tiny(tmp_path / "in", [OLDEST], qa=False)
    write_cloudy(scenes)
    log = Log()
    result = run(scenes, tmp_path / "out", log)
    assert result["PIXEL_COUNT"] == PIXELS
    assert [text[:22] for text in log.warnings] == [TITLES[0], "2022-06-28 LC09 190027"]
    assert "no QA_PIXEL" in log.warnings[0]
    assert "0 of 120 pixels are valid (0.0 %), less than 10 %" in log.warnings[1]


def test_a_cancel_leaves_no_file(audit, tiny, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    good, results, _ = run_task(audit, {"SCENES": [str(tiny)], "OUTPUT": str(tmp_path / "out")}, context, feedback)
    assert (good, results) == (False, {})
    assert not (tmp_path / "out").exists()


def test_bad_values_are_refused_in_the_users_words(audit, tiny, tmp_path):
    def answer(**others):
        parameters = {"SCENES": [str(tiny)], "OUTPUT": str(tmp_path / "out"), **others}
        good, text = audit.checkParameterValues(parameters, QgsProcessingContext())
        assert good == (not text)
        return text

    assert answer() == answer(MASK="", BANDS="0,3") == answer(SCENES=str(tiny / NEWEST)) == ""
    assert "does not exist" in answer(SCENES=[str(tiny / "gone")])
    (tmp_path / "file").write_text("x")
    assert answer(OUTPUT=str(tmp_path / "file")) == f"OUTPUT: {tmp_path / 'file'} is a file; choose a folder."
    assert answer(BANDS=[]) == ""
    assert "has no yellow band" in answer(BANDS=[7])
    scenes = write_tiny(tmp_path / "in", [NEWEST])
    file_of(scenes, NEWEST, "SR_B2").unlink()
    assert "leave blue out of BANDS" in answer(SCENES=[str(scenes)])
    assert answer(SCENES=[str(scenes)], BANDS=[1, 2]) == ""


def test_a_damaged_file_is_told_in_a_sentence(plugin, tiny, tmp_path):
    scenes = shutil.copytree(tiny, tmp_path / "in")
    band = file_of(scenes, MIDST, "SR_B4")
    band.write_bytes(band.read_bytes()[:-10])
    with pytest.raises(QgsProcessingException, match=f"Scene {MIDST}: {band.name} cannot be read to its end"):
        run(scenes, tmp_path / "out")


def test_numbers_go_on_in_a_model(plugin, tiny, tmp_path, context):
    """The number of scenes that the audit counts becomes the number of classes."""
    model = QgsProcessingModelAlgorithm("audited", "tests")
    folder = QgsProcessingParameterFile("folder", "folder", QgsProcessingParameterFile.Behavior.Folder)
    model.addModelParameter(folder, QgsProcessingModelParameter("folder"))
    scenes = {"SCENES": source("ModelParameter", "folder")}
    add_step(model, "iikmc:audit", "audit", scenes, {"audit": "OUTPUT"})
    clustering = {
        **scenes,
        "K": source("ChildOutput", "audit", "SCENE_COUNT"),
        "LOAD_RESULTS": source("StaticValue", False),
    }
    add_step(model, "iikmc:cluster", "cluster", clustering, {"classes": "OUTPUT"})
    model.updateDestinationParameters()
    assert model.validate()[0]
    parameters = {"folder": str(tiny), "audit:audit": str(tmp_path / "a"), "cluster:classes": str(tmp_path / "c")}
    good, _, _ = run_task(model, parameters, context, QgsProcessingFeedback(False))
    assert good
    assert (tmp_path / "a" / "audit.html").is_file()
    assert len(Path(tmp_path / "c" / "signatures.csv").read_text().splitlines()) == 1 + 3


def test_in_a_terminal(terminal, tiny, tmp_path):
    code, out, err = terminal("run", "iikmc:audit", "--", f"SCENES={tiny}", "MASK=", f"OUTPUT={tmp_path / 'out'}")
    assert code == 0, err
    assert f"PIXEL_COUNT:\t{3 * PIXELS - 3}\n" in out
    assert table(tmp_path / "out" / "audit.csv")[MIDST]["saturated"] == "1"
    code, out, _ = terminal("help", "iikmc:audit")
    assert code == 0
    assert "VALID_PERCENT" in out


@pytest.mark.scenes
def test_real_scenes_have_the_counts_of_their_readme(plugin, real_scenes, tmp_path):
    ids = {
        "LT05_L2SP_090084_19980308_20200909_02_T1": 1911,
        "LC08_L2SP_005009_20150710_20200908_02_T2": 53794,
        "LE07_L2SP_090084_20210331_20210426_02_T1": 1630,
    }
    run("", tmp_path, SCENES=[str(real_scenes / scene) for scene in ids], MASK_SATURATED=False)
    assert {scene: int(row["valid"]) for scene, row in table(tmp_path / "audit.csv").items()} == ids
