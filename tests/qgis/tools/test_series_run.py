"""iikmc:series as the toolbox and a terminal run it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
)
from running import Log, groups, legend, load, run_task
from tiny_series import MIDST, NEWEST, OLDEST, TINY, read_classes

pytestmark = pytest.mark.qgis

NAMES = ("majority", "changes", "last_change", "first_change", "variety", "observations")
STACK = np.stack([TINY[scene].classes for scene in (OLDEST, MIDST, NEWEST)])
# Where all three dates have a class, which is everywhere but at six pixels, the changes are these.
WHOLE = (STACK > 0).all(axis=0)
CHANGES = (STACK[1:] != STACK[:-1]).sum(axis=0)


@pytest.fixture(scope="module")
def classes(plugin, tiny, tmp_path_factory):
    """Return the folder of a run's results."""
    output = tmp_path_factory.mktemp("classes")
    processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)})
    return output


@pytest.fixture
def series(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:series")


def rasters(classes, scenes=(OLDEST, MIDST, NEWEST)):
    return [str(classes / f"{scene}_classes.tif") for scene in scenes]


def assert_right(output):
    np.testing.assert_array_equal(read_classes(output / "observations.tif"), (STACK > 0).sum(axis=0))
    np.testing.assert_array_equal(read_classes(output / "changes.tif")[WHOLE], CHANGES[WHOLE])
    # Masked in 2010 alone, at (5, 5): middle in 1995, dark in 2022.
    assert (STACK[:, 5, 5] == (1, 0, 1)).all()
    assert read_classes(output / "changes.tif")[5, 5] == 0


def test_the_result_is_the_one_worked_out_by_hand(classes, tmp_path):
    log = Log()
    result = processing.run("iikmc:series", {"RASTERS": rasters(classes), "OUTPUT": str(tmp_path)}, feedback=log)
    assert_right(tmp_path)
    assert {name: result[name.upper()] for name in NAMES} == {name: str(tmp_path / f"{name}.tif") for name in NAMES}
    assert (result["TABLE"], result["REPORT"]) == (str(tmp_path / "series.csv"), str(tmp_path / "series.html"))
    assert (result["DATE_COUNT"], result["OBSERVED_PIXELS"]) == (3, 120)
    changed = np.count_nonzero(np.where(read_classes(tmp_path / "changes.tif") == 65535, 0, CHANGES)[WHOLE])
    assert result["CHANGED_PIXELS"] >= changed > 0
    assert result["CHANGED_PERCENT"] == pytest.approx(100 * result["CHANGED_PIXELS"] / 120)
    assert log.warnings == log.errors == []


def test_styled_layers_come_in_one_group(series, classes, tmp_path, context):
    layers = [QgsRasterLayer(path, path) for path in rasters(classes)]
    QgsProject.instance().addMapLayers(layers, False)
    values = {"RASTERS": [layers[2], layers[0].id(), layers[1]], "GRID": layers[1], "OUTPUT": str(tmp_path / "out")}
    assert series.checkParameterValues(values, context) == (True, "")
    good, _, _ = run_task(series, values, context, QgsProcessingFeedback(False))
    assert good
    load(series, context)
    ((group, names),) = groups()
    assert group == "IIkMC out (series of 3 dates)"
    assert names == [
        "Most frequent class",
        "Number of changes",
        "Date of the last change",
        "Date of the first change",
        "Number of different classes",
        "Number of observations",
    ]
    found = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert [entry[:2] for entry in legend(found["Number of changes"])] == [
        (0, "no change"),
        (1, "1 change"),
        (2, "2 changes"),
    ]
    assert [entry[:2] for entry in legend(found["Date of the last change"])] == [
        (20100615, "2010-06-15"),
        (20220511, "2022-05-11"),
    ]
    assert [entry[1] for entry in legend(found["Most frequent class"])] == ["Class 1", "Class 2", "Class 3"]
    assert not found["Most frequent class"].temporalProperties().isActive()


def test_rows_of_a_batch_are_independent(series, classes, tmp_path, context):
    """Rows run one after another in one context, as the window of a batch does it; a refused one hurts no other."""
    rows = [rasters(classes), rasters(classes)[:1], rasters(classes)[:2]]
    done = []
    for number, row in enumerate(rows):
        values = {"RASTERS": row, "OUTPUT": str(tmp_path / str(number))}
        if series.checkParameterValues(values, context)[0]:
            result, good = series.run(values, context, Log())
            assert good
            done.append(result["DATE_COUNT"])
    assert done == [3, 2]
    assert_right(tmp_path / "0")
    assert not (tmp_path / "1").exists()


def test_a_terminal_loads_nothing_and_says_the_numbers(terminal, classes, tmp_path):
    words = [f"RASTERS={path}" for path in rasters(classes)]
    code, out, err = terminal("run", "iikmc:series", "--", *words, f"OUTPUT={tmp_path / 'out'}")
    assert code == 0, out + err
    assert "OBSERVED_PIXELS:\t120" in out
    assert_right(tmp_path / "out")


def test_what_cannot_be_followed_is_refused_in_words(series, classes, tmp_path):
    def answer(**values):
        given = {"RASTERS": rasters(classes), "OUTPUT": str(tmp_path / "out"), **values}
        good, text = series.checkParameterValues(given, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        return text

    assert answer() == ""
    assert answer(RASTERS=rasters(classes)[:1]).startswith("RASTERS are all of one date")
    assert answer(GRID="/gone.tif") == "GRID: /gone.tif is no raster file on disk; choose a classified raster."
    assert answer(GRID=str(classes / "report.html")).startswith("GRID: ")
    assert answer(OUTPUT=rasters(classes)[0]).endswith("is a file; choose a folder.")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(QgsProcessingException, match="RASTERS are all of one date"):
        processing.run("iikmc:series", {"RASTERS": rasters(classes)[:1], "OUTPUT": str(tmp_path / "out")})


def test_a_cancelled_run_leaves_nothing(series, classes, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    good, _, _ = run_task(series, {"RASTERS": rasters(classes), "OUTPUT": str(tmp_path / "out")}, context, feedback)
    assert not good
    assert list(tmp_path.iterdir()) == []
