"""iikmc:merge as the toolbox, batch and a terminal run it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback, QgsProject
from running import Log, assert_styled, groups, legend, load, run_task
from tiny_series import IDS, NEWEST, OLDEST, TINY, TITLES, VALID, assert_classes_are_right, read_classes

pytestmark = pytest.mark.qgis

LEGEND = "class,to,name,colour\n1,1,Dunkel,#102030\n2,5,Hell,\n3,5,,#ffee00\n"


@pytest.fixture(scope="module")
def classes(plugin, tiny, tmp_path_factory):
    """Return the folder of a run's results, of classes 1 to 3; tests only read it."""
    output = tmp_path_factory.mktemp("classes")
    processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)})
    return output


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "legend.csv"
    path.write_text(LEGEND, encoding="utf-8")
    return path


@pytest.fixture
def merge(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:merge")


def assert_right(output):
    for scene, one in TINY.items():
        expected = np.array([0, 1, 5, 5], np.uint8)[one.classes]
        np.testing.assert_array_equal(read_classes(output / f"{scene}_classes.tif"), expected)


def test_the_result_is_the_one_worked_out_by_hand(classes, table, tmp_path):
    log = Log()
    values = {"RESULTS": str(classes), "LEGEND": str(table), "OUTPUT": str(tmp_path / "out")}
    result = processing.run("iikmc:merge", values, feedback=log)
    assert_right(tmp_path / "out")
    assert result["CLASSIFICATIONS"] == [str(tmp_path / "out" / f"{scene}_classes.tif") for scene in IDS]
    assert (result["SCENE_COUNT"], result["PIXEL_COUNT"], result["EMPTY_CLASSES"]) == (3, VALID, 0)
    document = json.loads((tmp_path / "out" / "signatures.json").read_text(encoding="utf-8"))
    assert (document["version"], document["merged"]) == (2, [1, 5, 5])
    for output in ("SIGNATURES_FILE", "STATISTICS", "REPORT"):
        assert str(tmp_path / "out") in result[output]
    assert log.warnings == log.errors == []


def test_styled_layers_come_in_one_group(merge, classes, table, tmp_path, context):
    values = {"RESULTS": str(classes), "LEGEND": str(table), "OUTPUT": str(tmp_path / "out")}
    assert merge.checkParameterValues(values, context) == (True, "")
    good, _, _ = run_task(merge, values, context, QgsProcessingFeedback(False))
    assert good
    load(merge, context)
    ((group, names),) = groups()
    assert group.startswith("IIkMC ")
    # Told apart from the layers of the classes where a dialog lists them without their groups.
    assert names == [f"{title} (out)" for title in TITLES]
    assert_styled(tmp_path / "out", 3)
    layer = next(iter(QgsProject.instance().mapLayers().values()))
    assert legend(layer) == [(1, "Dunkel", "#102030"), (5, "Hell", "#ffee00")]


def test_new_scenes_are_classified_into_what_was_merged(classes, table, tiny, tmp_path):
    values = {"RESULTS": str(classes), "LEGEND": str(table), "OUTPUT": str(tmp_path / "out")}
    merged = processing.run("iikmc:merge", values)
    values = {"SCENES": [str(tiny)], "SIGNATURES": merged["SIGNATURES_FILE"], "OUTPUT": str(tmp_path / "new")}
    processing.run("iikmc:classify", values)
    assert_right(tmp_path / "new")


def test_a_terminal_merges_and_sieves(terminal, classes, table, tmp_path):
    words = [f"RESULTS={classes}", f"LEGEND={table}", f"OUTPUT={tmp_path / 'out'}", "MIN_PIXELS=20", "CONNECTIVITY=1"]
    code, out, err = terminal("run", "iikmc:merge", "--", *words)
    assert code == 0, out + err
    assert f"PIXEL_COUNT:\t{VALID}" in out
    # The dark patch of the oldest scene has 16 pixels amid bright ones; nodata of the others is not filled.
    np.testing.assert_array_equal(read_classes(tmp_path / "out" / f"{OLDEST}_classes.tif"), 5)
    newest = read_classes(tmp_path / "out" / f"{NEWEST}_classes.tif")
    np.testing.assert_array_equal(newest == 0, TINY[NEWEST].classes == 0)


def test_rows_of_a_batch_are_independent(classes, table, tmp_path):
    """Also one into a temporary folder."""
    for number, places in enumerate(
        ({"LEGEND": str(table), "OUTPUT": str(tmp_path / "0")}, {"OUTPUT": "TEMPORARY_OUTPUT"})
    ):
        result = processing.run("iikmc:merge", {"RESULTS": str(classes), **places})
        if number == 0:
            assert_right(tmp_path / "0")
        else:
            assert_classes_are_right(Path(result["OUTPUT"]))


def test_what_cannot_be_merged_is_refused_in_words(merge, classes, table, tmp_path):
    def answer(**values):
        given = {"RESULTS": str(classes), "OUTPUT": str(tmp_path / "out"), **values}
        good, text = merge.checkParameterValues(given, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        return text

    assert answer() == answer(LEGEND=str(table)) == ""
    assert answer(RESULTS="").startswith("RESULTS is empty")
    assert answer(RESULTS=str(tmp_path / "none")).startswith("RESULTS: ")
    assert answer(RESULTS=str(tmp_path)).startswith(f"RESULTS: {tmp_path} holds no signatures.json")
    assert answer(OUTPUT=str(classes)).startswith("OUTPUT: ")
    assert answer(LEGEND=str(classes / "statistics.csv")).startswith("LEGEND: ")
    assert answer(LEGEND=str(classes / "report.html")).endswith("does not end in .csv; choose a file that does.")
    assert answer(MIN_PIXELS=-1).startswith("MIN_PIXELS is -1")
    assert answer(CONNECTIVITY=2).startswith("CONNECTIVITY is 2")
    with pytest.raises(QgsProcessingException, match="RESULTS: "):
        processing.run("iikmc:merge", {"RESULTS": str(tmp_path), "OUTPUT": str(tmp_path / "out")})
    assert not (tmp_path / "out").exists()


def test_a_cancelled_run_leaves_nothing(merge, classes, table, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    values = {"RESULTS": str(classes), "LEGEND": str(table), "OUTPUT": str(tmp_path / "out")}
    good, _, _ = run_task(merge, values, context, feedback)
    assert not good
    assert not (tmp_path / "out").exists()
