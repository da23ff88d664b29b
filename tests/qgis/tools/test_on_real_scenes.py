"""Every algorithm on the real scenes, as a script runs them one after another; answers by independent means.

The audit's counts are in test_audit_run.py, layers of three sensors in test_cluster_run.py.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
import rasterio
from running import Log
from tiny_series import read_classes

pytestmark = [pytest.mark.qgis, pytest.mark.scenes]

BEFORE, AFTER = "LC08_L2SP_218074_20190114_20200829_02_T1", "LC08_L2SP_218074_20190130_20200829_02_T1"
ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
FARMLAND = "LC08_L2SP_043024_20200802_20200914_02_T1"
K = 5
VALID = 2 * 400 * 300 - 26  # as the scenes' README counts them
SHIFT = 30  # pixels of 30 m: the grids are 900 m apart


@pytest.fixture(scope="module")
def pair(real_scenes):
    return {"SCENES": [str(real_scenes / BEFORE), str(real_scenes / AFTER)], "MASK": []}


@pytest.fixture(scope="module")
def clustered(plugin, pair, tmp_path_factory):
    """Return the outputs of a run on one place on two dates."""
    output = tmp_path_factory.mktemp("clustered")
    return processing.run("iikmc:cluster", {**pair, "K": K, "INIT": 1, "OUTPUT": str(output)})


def bands_of(scene):
    """Return the six bands of a scene, (6, height, width)."""
    stack = []
    for number in range(2, 8):
        with rasterio.open(scene / f"{scene.name}_SR_B{number}.TIF") as dataset:
            stack.append(dataset.read(1))
    return np.stack(stack)


def nearest(bands, signatures_csv):
    """Return the class of the nearest centre in signatures.csv, 0 where a band is 0; exact in float64."""
    with open(signatures_csv, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    centres = [[float(row[f"centre_dn_{role}"]) for role in ROLES] for row in rows]
    distance = np.stack([((bands - np.array(centre)[:, None, None]) ** 2).sum(axis=0) for centre in centres])
    return np.where((bands == 0).any(axis=0), 0, distance.argmin(axis=0) + 1)


def test_the_classes_are_those_of_the_nearest_centres(clustered, real_scenes):
    assert (clustered["PIXEL_COUNT"], clustered["CONVERGED"], clustered["EMPTY_CLASSES"]) == (VALID, True, 0)
    for scene, path in zip((BEFORE, AFTER), clustered["CLASSIFICATIONS"]):
        expected = nearest(bands_of(real_scenes / scene), clustered["OUTPUT"] + "/signatures.csv")
        assert np.array_equal(read_classes(path), expected)


def test_saved_signatures_give_the_same_rasters_and_new_scenes_their_classes(clustered, pair, real_scenes, tmp_path):
    given = {"SIGNATURES": clustered["SIGNATURES_FILE"], "MASK": []}
    again = processing.run("iikmc:classify", {**given, "SCENES": pair["SCENES"], "OUTPUT": str(tmp_path / "again")})
    for first, second in zip(clustered["CLASSIFICATIONS"], again["CLASSIFICATIONS"]):
        assert np.array_equal(read_classes(first), read_classes(second))
    farmland = real_scenes / FARMLAND
    new = processing.run("iikmc:classify", {**given, "SCENES": [str(farmland)], "OUTPUT": str(tmp_path / "new")})
    assert new["PIXEL_COUNT"] == 1001 * 1001 - 9
    expected = nearest(bands_of(farmland), clustered["OUTPUT"] + "/signatures.csv")
    assert np.array_equal(read_classes(new["CLASSIFICATIONS"][0]), expected)


def test_transitions_are_those_of_the_shifted_rasters(clustered, tmp_path):
    first, second = (read_classes(path) for path in clustered["CLASSIFICATIONS"])
    a, b = first[:, SHIFT:].astype(int), second[:, :-SHIFT].astype(int)
    both = (a > 0) & (b > 0)
    matrix = np.zeros((K, K), int)
    np.add.at(matrix, (a[both] - 1, b[both] - 1), 1)
    before, after = clustered["CLASSIFICATIONS"]
    log = Log()
    places = {"CHANGES": str(tmp_path / "c.tif"), "MATRIX": str(tmp_path / "m.csv")}
    found = processing.run("iikmc:transitions", {"BEFORE": before, "AFTER": after, **places}, feedback=log)
    assert (found["COMMON_PIXELS"], found["CHANGED_PIXELS"]) == (both.sum(), matrix.sum() - np.trace(matrix))
    with open(places["MATRIX"], encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row[0] == "pixels" and row[1]]
    assert [[int(cell) for cell in row[3:-1]] for row in rows] == matrix.tolist()
    assert "AFTER begins 30 pixels right of BEFORE: the pixels coincide; 370 x 300 pixels in common." in log.infos
    with rasterio.open(places["CHANGES"]) as dataset:
        codes = dataset.read(1)  # of the common area
    assert np.array_equal(codes, np.where(both, np.where(a == b, 1, 1000 * a + b), 0))


def test_the_suggested_k_has_the_best_mean_rank(plugin, pair, tmp_path):
    values = {**pair, "K_MAX": 6, "SAMPLE": 2000, "TABLE": str(tmp_path / "k.csv")}
    found = processing.run("iikmc:suggestk", values)
    with open(values["TABLE"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["k"]) for row in rows] == [2, 3, 4, 5, 6]
    inertia = [float(row["inertia_dn2"]) for row in rows]
    assert inertia == sorted(inertia, reverse=True)
    best = min(rows, key=lambda row: (float(row["mean_rank"]), int(row["k"])))
    assert found["RECOMMENDED_K"] == int(best["k"])
    assert abs(found["SAMPLE_PIXELS"] - 2000) <= 2
    other_order = {**values, "SCENES": pair["SCENES"][::-1], "TABLE": str(tmp_path / "other.csv")}
    processing.run("iikmc:suggestk", other_order)
    assert (tmp_path / "other.csv").read_text("utf-8") == (tmp_path / "k.csv").read_text("utf-8")


def test_every_way_of_the_benchmark_gives_the_same(plugin, pair, tmp_path):
    values = {**pair, "K": K, "MAX_ITERATIONS": 2, "REPEATS": 1, "WORKERS": 2, "OUTPUT": str(tmp_path)}
    found = processing.run("iikmc:benchmark", values)
    expected = {"EQUAL": True, "SCENE_COUNT": 2, "PIXEL_COUNT": VALID, "ITERATIONS": 2}
    assert {name: found[name] for name in expected} == expected
