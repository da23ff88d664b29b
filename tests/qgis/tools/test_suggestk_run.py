"""iikmc:suggestk as the toolbox, a model and a terminal run it."""

from __future__ import annotations

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
from tiny_series import IDS, VALID, assert_classes_are_right, write_cloudy

pytestmark = pytest.mark.qgis

# The three scenes hold three values, so three classes are perfect, and four are too many.


@pytest.fixture
def suggestk(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:suggestk")


def test_three_values_are_three_classes(plugin, tiny, tmp_path):
    log = Log()
    table, report = str(tmp_path / "t.csv"), str(tmp_path / "r.html")
    parameters = {"SCENES": [str(tiny)], "K_MAX": 6, "TABLE": table, "REPORT": report}
    result = processing.run("iikmc:suggestk", parameters, feedback=log)
    assert result == {"TABLE": table, "REPORT": report, "RECOMMENDED_K": 3, "SAMPLE_PIXELS": VALID}
    lines = Path(table).read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["k", "2", "3"]
    # k = 3: no pixel off its centre, an infinite Calinski-Harabasz index, silhouette 1, Davies-Bouldin 0.
    assert lines[2] == "3,0.000,0.00000,1.0000,inf,0.0000,1.000,0"
    assert "3 classes suggested for 3 scenes" in Path(report).read_text(encoding="utf-8")
    assert log.errors == []
    assert [text for text in log.warnings if "scikit" not in text] == [
        "The sample has only 3 different pixels: K_MAX 6 is cut to 3."
    ]


def test_mask_and_numbers_in_every_way_they_can_be_given(plugin, tiny):
    def pixels(**values):
        values = {"K_MAX": 3, **values}
        return processing.run("iikmc:suggestk", {"SCENES": [str(tiny)], **values})["SAMPLE_PIXELS"]

    assert pixels() == VALID
    assert pixels(MASK="", MASK_SATURATED="false", BANDS="0,3") == VALID + 4
    assert pixels(MASK=[2], K_MIN="2", SAMPLE="50000", SEED="-3", WORKERS="1") == VALID + 2
    # In proportion to the valid pixels 117, 117 and 120, each rounded down.
    assert pixels(SAMPLE=100) == 100 * 117 // VALID * 2 + 100 * 120 // VALID


def test_bad_values_are_refused_in_words(suggestk, tiny, tmp_path):
    def answer(**values):
        values = {"SCENES": [str(tiny)], **values}
        good, text = suggestk.checkParameterValues(values, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        return text

    assert answer() == ""
    assert answer(MASK="", REPORT="TEMPORARY_OUTPUT", TABLE=str(tmp_path / "t.csv")) == ""
    assert "K_MIN is 1" in answer(K_MIN=1)
    assert "K_MIN is 9 and K_MAX 9" in answer(K_MIN=9, K_MAX=9)
    assert "SAMPLE is 10; choose 100 to 50000" in answer(SAMPLE=10)
    assert answer(BANDS=[]) == ""
    assert "has no yellow band" in answer(BANDS=[7])
    assert "SCENES: /gone does not exist" in answer(SCENES=["/gone"])
    twice = answer(TABLE=str(tmp_path / "x"), REPORT=str(tmp_path / "x"))
    assert "REPORT and TABLE are the same file" in twice
    assert list(tmp_path.iterdir()) == []


def test_a_series_without_a_valid_pixel_is_refused(plugin, tmp_path):
    write_cloudy(tmp_path / "in")
    with pytest.raises(QgsProcessingException, match=r"SCENES: not one pixel of the 1 scene.* is valid"):
        processing.run("iikmc:suggestk", {"SCENES": [str(tmp_path / "in")], "TABLE": str(tmp_path / "t.csv")})
    assert not (tmp_path / "t.csv").exists()


def test_a_cancelled_run_leaves_nothing(suggestk, tiny, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    parameters = {"SCENES": [str(tiny)], "TABLE": str(tmp_path / "t.csv")}
    good, _, _ = run_task(suggestk, parameters, context, feedback)
    assert not good
    assert list(tmp_path.iterdir()) == []


def test_a_model_clusters_into_as_many_classes_as_suggested(plugin, tiny, tmp_path, context):
    model = QgsProcessingModelAlgorithm("k and classes", "tests")
    folder = QgsProcessingParameterFile("folder", "Scenes", QgsProcessingParameterFile.Behavior.Folder)
    model.addModelParameter(folder, QgsProcessingModelParameter("folder"))
    scenes = source("ModelParameter", "folder")
    add_step(model, "iikmc:suggestk", "suggest", {"SCENES": scenes}, {"table": "TABLE"})
    number = source("ChildOutput", "suggest", "RECOMMENDED_K")
    add_step(model, "iikmc:cluster", "cluster", {"SCENES": scenes, "K": number}, {"classes": "OUTPUT"})
    model.updateDestinationParameters()
    parameters = {
        "folder": str(tiny),
        "suggest:table": str(tmp_path / "t.csv"),
        "cluster:classes": str(tmp_path / "classes"),
    }
    feedback = QgsProcessingFeedback(False)
    good, _, _ = run_task(model, parameters, context, feedback)
    assert good, feedback.textLog()
    assert_classes_are_right(tmp_path / "classes", IDS)
