"""iikmc:cluster in a terminal: qgis_process as a user starts it, its exit codes and what it prints."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time

import pytest

pytest.importorskip("qgis.core")

import numpy as np
from iikmc.benchmarks.simulate import write_scene
from qgis.core import Qgis
from tiny_series import (
    BRIGHT,
    DARK,
    IDS,
    MIDST,
    NEWEST,
    OLDEST,
    OLI,
    OLI_CLEAR,
    PIXELS,
    SHAPE,
    TINY,
    VALID,
    assert_classes_are_right,
    file_of,
    read_classes,
    write_cloudy,
)  # fmt: skip

pytestmark = pytest.mark.qgis

# QGIS's own Python says so at each start, with the line of code below it.
HARMLESS = re.compile(r"DeprecationWarning|^  \w|^\s*$")


@pytest.fixture
def scenes(tiny, tmp_path):
    """Return a folder of the three scenes that the test may spoil."""
    return shutil.copytree(tiny, tmp_path / "scenes")


def test_the_list_shows_it(terminal):
    code, out, err = terminal("list")
    assert code == 0
    assert re.search(r"^IIkMC\n(\tiikmc:\w+\t.*\n)+", out, re.MULTILINE)
    assert "\tiikmc:cluster\tCluster scenes together (inter-image k-means)\n" in out
    assert "Traceback" not in out + err
    assert "iikmc" not in err


def test_help_is_plain_text(terminal):
    code, out, _ = terminal("help", "iikmc:cluster")
    assert code == 0
    own = re.sub(r": <output\w+>$", "", out, flags=re.MULTILINE)  # QGIS's way to tell an output's type
    assert not re.search(r"[<>]|&\w+;", own)
    for name in ("SCENES", "K", "MASK", "BANDS", "INIT", "SIGNATURES", "TOLERANCE", "WORKERS", "OUTPUT"):
        assert re.search(rf"^{name}: \S", out, re.MULTILINE), name
    for name in ("CLASSIFICATIONS", "SIGNATURES_FILE", "REPORT", "PIXEL_COUNT", "CONVERGED"):
        assert name in out
    assert "- 0: Minimum-maximum (the method's own)" in out


def test_a_run_prints_its_results_and_ends_with_0(terminal, tiny, tmp_path):
    output = tmp_path / "new" / "out"
    code, out, err = terminal.cluster(*(f"SCENES={tiny / scene}" for scene in IDS), "K=3", f"OUTPUT={output}")
    assert code == 0
    assert [line for line in err.splitlines() if not HARMLESS.search(line)] == []
    assert_classes_are_right(output)
    for name, value in (("PIXEL_COUNT", VALID), ("SCENE_COUNT", 3), ("ITERATIONS", 2), ("CONVERGED", "true")):
        assert re.search(rf"^{name}:\t{value}$", out, re.MULTILINE), name
    assert re.search(rf"^OUTPUT:\t{re.escape(str(output))}$", out, re.MULTILINE)
    assert sum(path.suffix == ".qml" for path in output.iterdir()) == 3


@pytest.mark.parametrize("algorithm", ["suggestk", "transitions"])
def test_help_of_the_tools_is_plain_text(terminal, algorithm):
    code, out, _ = terminal("help", f"iikmc:{algorithm}")
    assert code == 0
    own = re.sub(r": <output\w+>$", "", out, flags=re.MULTILINE)
    assert not re.search(r"[<>]|&\w+;", own)


def test_the_tools_run_one_after_another(terminal, tiny, tmp_path):
    code, out, err = terminal("run", "iikmc:suggestk", "--", f"SCENES={tiny}", "K_MAX=5", f"TABLE={tmp_path / 't.csv'}")
    assert code == 0, err
    assert re.search(r"^RECOMMENDED_K:\t3$", out, re.MULTILINE)
    assert (tmp_path / "t.csv").is_file()
    terminal.cluster(f"SCENES={tiny}", "K=3", f"OUTPUT={tmp_path}")
    before, after = (f"{name}={tmp_path / scene}_classes.tif" for name, scene in (("BEFORE", MIDST), ("AFTER", NEWEST)))
    places = (f"CHANGES={tmp_path / 'c.tif'}", f"REPORT={tmp_path / 'r.html'}")
    code, out, err = terminal("run", "iikmc:transitions", "--", before, after, *places)
    assert code == 0, err
    # As worked out in test_transitions_run.
    assert re.search(r"^COMMON_PIXELS:\t114$", out, re.MULTILINE)
    assert re.search(r"^CHANGED_PIXELS:\t55$", out, re.MULTILINE)
    assert read_classes(tmp_path / "c.tif")[0, :4].tolist() == [0, 0, 0, 3001]
    assert (tmp_path / "c.qml").is_file()
    code, out, err = terminal("run", "iikmc:transitions", "--", before, before.replace("BEFORE", "AFTER"))
    assert code == 1
    assert "BEFORE and AFTER are the same file" in out + err


def test_an_emptied_mask_masks_fill_alone(terminal, tiny, tmp_path):
    values = ("MASK=", "MASK_SATURATED=false", "BANDS=0,3", "TOLERANCE=0.5", "SEED=7", "WORKERS=1", "LOAD_RESULTS=true")
    code, out, _ = terminal.cluster(f"SCENES={tiny}", "K=3", *values, f"OUTPUT={tmp_path}")
    assert code == 0
    assert f"PIXEL_COUNT:\t{3 * PIXELS - 2}\n" in out
    assert read_classes(tmp_path / f"{NEWEST}_classes.tif")[0, :4].tolist() == [1, 0, 0, 1]
    parameters = json.loads((tmp_path / "signatures.json").read_text(encoding="utf-8"))["run"]["parameters"]
    assert parameters["mask"] == []
    assert parameters["bands"] == ["blue", "nir"]


@pytest.mark.skipif(Qgis.QGIS_VERSION_INT < 32400, reason="QGIS reads JSON from 3.24 on")
@pytest.mark.parametrize(("mask", "invalid"), [([], 2), ("", 2), ([2], 3), (None, 5)])
def test_parameters_as_json(terminal, tiny, tmp_path, mask, invalid):
    inputs = {"SCENES": [str(tiny / scene) for scene in IDS], "K": 3, "MASK": mask, "OUTPUT": str(tmp_path)}
    inputs["MASK_SATURATED"] = False
    if mask is None:
        del inputs["MASK"]
    code, out, err = terminal("run", "iikmc:cluster", "-", stdin=json.dumps({"inputs": inputs}))
    assert code == 0, err
    results = json.loads(out)["results"]
    assert results["PIXEL_COUNT"] == 3 * PIXELS - invalid
    assert results["CLASSIFICATIONS"] == [str(tmp_path / f"{scene}_classes.tif") for scene in IDS]


# --- failures: exit code 1, one sentence that names the culprit, no raster


def missing_folder(scenes):
    return {"SCENES": scenes / "gone"}, ("SCENES", scenes / "gone", "does not exist")


def empty_folder(scenes):
    (scenes / "empty").mkdir()
    return {"SCENES": scenes / "empty"}, ("SCENES", scenes / "empty", "holds no scene")


def missing_band(scenes):
    file_of(scenes, NEWEST, "SR_B5").unlink()
    return {}, (f"Scene {NEWEST}", f"{NEWEST}_SR_B5.TIF is missing")


def truncated_band(scenes):
    band = file_of(scenes, MIDST, "SR_B4")
    band.write_bytes(band.read_bytes()[:-10])
    return {}, (f"Scene {MIDST}", band.name, "10 bytes are missing", "damaged or incomplete")


def truncated_header(scenes):
    band = file_of(scenes, MIDST, "SR_B4")
    band.write_bytes(band.read_bytes()[:50])
    return {}, (f"Scene {MIDST}", band.name)


def junk_band(scenes):
    band = file_of(scenes, OLDEST, "SR_B1")
    band.write_bytes(b"<html>404 Not Found</html>\n" * 20)
    return {}, (f"Scene {OLDEST}", band.name, "cannot be opened as a raster")


def band_of_another_size(scenes):
    smaller = np.full((SHAPE[0], SHAPE[1] - 1), DARK, np.uint16)
    other = write_scene(scenes.parent / "other", NEWEST, {5: smaller})
    shutil.copy(file_of(other.parent, NEWEST, "SR_B5"), file_of(scenes, NEWEST, "SR_B5"))
    return {}, (f"Scene {NEWEST}", f"{NEWEST}_SR_B5.TIF is 11 x 10 pixels", "12 x 10")


def missing_qa_pixel(scenes):
    file_of(scenes, NEWEST, "QA_PIXEL").unlink()
    return {}, (f"Scene {NEWEST}", f"{NEWEST}_QA_PIXEL.TIF is missing", "MASK")


def no_valid_pixel(scenes):
    cloudy = write_cloudy(scenes.parent / "cloudy")
    return {"SCENES": cloudy}, ("SCENES", "not one pixel of the 1 scene is valid")


def k_of_1(scenes):
    return {"K": 1}, ("K is 1", "from 2 to 254")


def k_of_300(scenes):
    return {"K": 300}, ("K is 300", "from 2 to 254")


def output_is_a_file(scenes):
    file = scenes.parent / "file"
    file.write_text("keep me")
    return {"OUTPUT": file}, (f"OUTPUT: {file} is a file",)


def wrong_signatures(scenes):
    file = scenes.parent / "other.json"
    file.write_text('{"type": "FeatureCollection"}')
    return {"INIT": 3, "SIGNATURES": file}, ("SIGNATURES", file, "is not a signatures file")


FAILURES = (
    missing_folder, empty_folder, missing_band, truncated_band, truncated_header, junk_band, band_of_another_size,
    missing_qa_pixel, no_valid_pixel, k_of_1, k_of_300, output_is_a_file, wrong_signatures,
)  # fmt: skip


@pytest.mark.parametrize("spoil", FAILURES, ids=[spoil.__name__ for spoil in FAILURES])
def test_a_failure_ends_with_1_and_names_the_culprit(terminal, scenes, tmp_path, spoil):
    changes, parts = spoil(scenes)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    values = {"SCENES": scenes, "K": 3, "OUTPUT": tmp_path / "out", **changes}
    code, out, err = terminal.cluster(*(f"{name}={value}" for name, value in values.items()))
    assert code == 1
    assert "Traceback" not in out + err
    sentences = [line.strip() for line in err.splitlines() if all(str(part) in line for part in parts)]
    assert sentences, err
    assert all(sentence.endswith(".") for sentence in sentences)
    assert not (tmp_path / "out").exists()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_scene_without_a_valid_pixel_beside_good_ones_is_a_warning(terminal, scenes, tmp_path):
    cloudy = write_cloudy(scenes)
    code, out, err = terminal.cluster(f"SCENES={scenes}", "K=3", f"OUTPUT={tmp_path / 'out'}")
    assert code == 0
    assert f"2022-06-28 LC09 190027: not one of its {PIXELS} pixels is valid" in out + err
    assert not read_classes(tmp_path / "out" / f"{cloudy.name}_classes.tif").any()
    assert_classes_are_right(tmp_path / "out")


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter on Windows")
def test_ctrl_c_ends_the_run_and_leaves_no_raster(terminal, tmp_path):
    rng = np.random.default_rng(1)
    noise = {number: rng.integers(DARK, BRIGHT, (800, 800)).astype(np.uint16) for number in OLI}
    scene = write_scene(tmp_path / "in", NEWEST, noise, np.full((800, 800), OLI_CLEAR, np.uint16), compress="NONE")
    output = tmp_path / "out"
    values = (f"SCENES={scene}", "K=254", "TOLERANCE=0", "MAX_ITERATIONS=100000", f"OUTPUT={output}")
    process = terminal.start("run", "iikmc:cluster", "--", *values)
    try:
        deadline = time.monotonic() + 30
        while not output.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None
        time.sleep(1)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    # QGIS looks for the signal when progress is told, at most every 2 s; where Numba compiles, the process ends at the
    # next place where that can rest, which takes seconds on a machine that has other things to do. The run has no end.
    assert time.monotonic() - sent < 20
    assert process.returncode == 1
    assert "Traceback" not in out + err
    # On a slow machine the first labelling may not be over.
    if output.exists():
        assert [path.name for path in output.iterdir()] == ["signatures_unfinished.json"]
        assert "Cancelled by the user after" in err
        assert f"the signatures so far are in {output / 'signatures_unfinished.json'}" in err
    else:
        assert "Cancelled by the user; no file was written." in err


# --- missing packages


def test_a_package_that_cannot_be_imported_is_named(terminal, tiny, tmp_path):
    (tmp_path / "broken" / "rasterio").mkdir(parents=True)
    (tmp_path / "broken" / "rasterio" / "__init__.py").write_text('raise ImportError("libgdal.so.99 is not there")\n')
    broken = {"PYTHONPATH": str(tmp_path / "broken")}
    code, out, err = terminal.cluster(f"SCENES={tiny}", "K=3", f"OUTPUT={tmp_path / 'out'}", **broken)
    assert code == 1
    assert "IIkMC needs rasterio, which is installed but cannot be loaded (libgdal.so.99 is not there)." in err
    assert "Traceback" not in out + err
    assert not (tmp_path / "out").exists()


def test_the_plugin_loads_and_explains_itself_without_its_packages(terminal, tmp_path):
    for package in ("rasterio", "threadpoolctl"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text('raise ImportError("broken")\n')
    code, out, err = terminal("help", "iikmc:cluster", PYTHONPATH=str(tmp_path))
    assert code == 0
    assert "SCENES: Scenes" in out
    assert "Traceback" not in out + err


def test_the_tiny_series_covers_what_these_tests_say():
    """The scenes really differ, so that equal rasters could not pass by accident."""
    assert len({TINY[scene].classes.tobytes() for scene in IDS}) == 3
    assert sum(len(TINY[scene].invalid) for scene in IDS) == 3 * PIXELS - VALID


@pytest.mark.parametrize("name", ["AOI", "BEFORE"])
def test_a_named_pipe_as_a_layer_is_refused_and_not_waited_for(terminal, tiny, tmp_path, name):
    pipe = tmp_path / "a.tif"
    os.mkfifo(pipe)
    tool = {"AOI": "audit", "BEFORE": "transitions"}[name]
    others = {"AOI": [f"SCENES={tiny}", f"OUTPUT={tmp_path / 'out'}"], "BEFORE": [f"AFTER={pipe}"]}[name]
    process = terminal.start("run", f"iikmc:{tool}", "--", f"{name}={pipe}", *others)
    try:
        _, err = process.communicate("", timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert f"{name}: {pipe} is a pipe or device and no file; choose a file." in err
