"""iikmc:benchmark as the toolbox and qgis_process run it."""

from __future__ import annotations

import csv
import importlib.util
import shutil
import time

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback
from running import Log, run_task
from tiny_series import MIDST, NEWEST, PIXELS, VALID, file_of

pytestmark = pytest.mark.qgis

KERNELS = ["NumPy", "Numba"] if importlib.util.find_spec("numba") else ["NumPy"]


@pytest.fixture
def benchmark(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:benchmark")


def run(scenes, output, feedback=None, **others):
    parameters = {"SCENES": [str(scenes)], "K": 3, "WORKERS": 2, "OUTPUT": str(output), **others}
    return processing.run("iikmc:benchmark", parameters, feedback=feedback)


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_way_is_measured_and_equal(plugin, tiny, tmp_path):
    log = Log()
    out = tmp_path / "new" / "out"
    result = run(tiny, out, log, REPEATS=2)
    assert log.errors == log.warnings == []
    # The second iteration moves no centre, as in a clustering of these scenes.
    expected = {"EQUAL": True, "SCENE_COUNT": 3, "PIXEL_COUNT": VALID, "ITERATIONS": 2}
    assert {name: result[name] for name in expected} == expected
    assert result["OUTPUT"] == str(out)
    assert result["TABLE"] == str(out / "benchmark.csv")
    assert result["REPORT"] == str(out / "benchmark.html")
    assert {path.name for path in out.iterdir() if not path.name.startswith("plotly-")} == {
        "benchmark.csv",
        "benchmark.html",
    }
    rows = [row for row in table(result["TABLE"]) if not row["note"].startswith("not measured")]
    assert [(row["kernel"], row["threads"]) for row in rows] == [(name, n) for name in KERNELS for n in ("1", "2")]
    assert {row["equal"] for row in rows} == {"yes"}
    best = max(rows, key=lambda row: float(row["speed_up_iterations"]))
    plural = "s" if best["threads"] == "2" else ""
    assert result["BEST"] == f"{best['kernel']}, {best['threads']} thread{plural}"
    assert result["SPEED_UP"] == pytest.approx(float(best["speed_up_iterations"]), abs=1e-3)
    assert result["WHOLE_SPEED_UP"] == pytest.approx(float(best["speed_up_total"]), abs=1e-3)
    assert result["PIXELS_PER_SECOND"] == pytest.approx(float(best["pixels_per_second"]), abs=1)
    assert any(text.endswith("all results are the same, bit for bit.") for text in log.infos)


def test_what_is_missing_has_a_row_with_the_reason(plugin, tiny, tmp_path):
    if importlib.util.find_spec("cupy"):
        pytest.skip("CuPy is installed here")
    result = run(tiny, tmp_path, REPEATS=1)
    rows = {row["kernel"]: row["note"] for row in table(result["TABLE"])}
    assert rows["GPU"].startswith("not measured: CuPy cannot be imported (")
    assert "install it with" in rows["GPU"]


def test_parameters_reach_the_engine(plugin, tiny, tmp_path):
    result = run(tiny, tmp_path / "a", REPEATS=1, MAX_ITERATIONS=1, MASK="", WORKERS=1)
    assert (result["ITERATIONS"], result["PIXEL_COUNT"]) == (1, 3 * PIXELS - 3)
    assert {row["threads"] for row in table(result["TABLE"])} == {"1", ""}
    # One scene's worth of pixels: the one in the middle.
    assert run(tiny, tmp_path / "b", REPEATS=1, PIXELS=PIXELS)["PIXEL_COUNT"] == PIXELS - 3


def test_a_cancel_comes_at_once_and_leaves_no_file(benchmark, tiny, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    began = time.monotonic()

    def cancel_soon():
        if time.monotonic() - began > 1:
            feedback.cancel()

    parameters = {"SCENES": [str(tiny)], "REPEATS": 100, "MAX_ITERATIONS": 1000, "OUTPUT": str(tmp_path / "out")}
    good, results, seconds = run_task(benchmark, parameters, context, feedback, cancel_soon)
    assert (good, results) == (False, {})
    assert seconds < 20
    assert not (tmp_path / "out").exists()


def test_bad_values_are_refused_in_the_users_words(benchmark, tiny, tmp_path):
    def answer(**others):
        parameters = {"SCENES": [str(tiny)], "OUTPUT": str(tmp_path / "out"), **others}
        good, text = benchmark.checkParameterValues(parameters, QgsProcessingContext())
        assert good == (not text)
        return text

    assert answer() == answer(MASK="", PIXELS=0, REPEATS=1) == answer(SCENES=str(tiny / NEWEST)) == ""
    assert "does not exist" in answer(SCENES=[str(tiny / "gone")])
    assert answer(BANDS=[]) == ""
    assert "has no yellow band" in answer(BANDS=[7])
    assert answer(REPEATS=101) == "REPEATS is 101; choose a number from 1 to 100."
    (tmp_path / "file").write_text("x")
    assert answer(OUTPUT=str(tmp_path / "file")) == f"OUTPUT: {tmp_path / 'file'} is a file; choose a folder."


def test_a_damaged_file_is_told_in_a_sentence(plugin, tiny, tmp_path):
    scenes = shutil.copytree(tiny, tmp_path / "in")
    band = file_of(scenes, MIDST, "SR_B4")
    band.write_bytes(band.read_bytes()[:-10])
    with pytest.raises(QgsProcessingException, match=f"Scene {MIDST}: {band.name} cannot be read to its end"):
        run(scenes, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_in_a_terminal(terminal, tiny, tmp_path):
    code, out, err = terminal(
        "run", "iikmc:benchmark", "--", f"SCENES={tiny}", "K=3", "REPEATS=1", f"OUTPUT={tmp_path / 'out'}"
    )
    assert code == 0, err
    assert "EQUAL:\ttrue\n" in out
    assert f"PIXEL_COUNT:\t{VALID}\n" in out
    assert (tmp_path / "out" / "benchmark.html").is_file()
