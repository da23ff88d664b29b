"""Landsat, Sentinel-2, HLS and Planet in one run: every kernel gives the bits of Landsat scenes that store their DN."""

from __future__ import annotations

import numpy as np
import others
import pytest
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.requests import ClassifyRequest, Request
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes import check
from iikmc.engine.scenes.search import Found, find_scenes
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from test_agreement import outcome
from tiny import make_scene, product, read_raster, six_band_noise

WHOLE = 10**9
RULE = MaskRule(DEFAULT_FLAGS, True)
DAYS = {"sentinel": "20220703", "hls": "20220704", "planet": "20220705"}


def ten_thousandths(dn):
    """Return stored values whose DN lie within 2 of these."""
    return (11 * dn.astype(np.int64) - 80_000) // 40


def dn_of(ten_thousandths):
    return (80 * ten_thousandths + 160_011) // 22


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Return the scenes of a mixed series, and folders of Landsat scenes of the same ids that store their DN."""
    folder = tmp_path_factory.mktemp("mixed")
    rng = np.random.default_rng(6)
    dn = np.maximum(six_band_noise(1, 60, 50), 7300)
    own = make_scene(folder / "own", product(day="20220701"), dn, rng.choice([21824, 21824, 22280], (60, 50)), 0)
    scenes, twins = list(find_scenes([own]).scenes), [own]
    for number, (name, day) in enumerate(DAYS.items()):
        q = ten_thousandths(np.maximum(six_band_noise(number + 2, 40 + number, 50), 7300))
        q[:, :3, :3] = -9999
        cloud = rng.random(q.shape[1:]) < 0.2
        fill = q == -9999
        if name == "sentinel":
            found = others.sentinel(folder / name, np.where(fill, 0, q + 1000), np.where(cloud, 9, 4), day)
        elif name == "hls":
            found = others.hls(folder / name, q, np.where(cloud, 2, 64), day)
        else:
            planes = np.zeros((8, *cloud.shape), np.uint8)
            planes[5] = cloud
            found = others.planet(folder / name, np.where(fill, 0, q), planes, day)
        scenes.append(found)
        qa = np.where(cloud, 22280, 21824)
        twins.append(make_scene(folder / "twins", product(day=day), np.where(fill, 0, dn_of(q)), qa, 0, cell=20.0))
    return scenes, twins


def without_names(told):
    """Return the outcome without what may differ: what the twins' files tell beside the pixels."""
    audits = {key: {k: v for k, v in audit.items() if k != "clipped"} for key, audit in told["audits"].items()}
    return {**told, "audits": audits}


@pytest.fixture(scope="module")
def expected(series, tmp_path_factory):
    out = tmp_path_factory.mktemp("twins")
    request = Request(tuple(map(str, series[1])), out, k=5, tolerance=0.5, mask=RULE, workers=1)
    result = cluster(request, kernel=ReferenceKernel(), strip_pixels=WHOLE)
    return without_names(outcome(result)), result.signatures


@pytest.fixture
def mixed(series, monkeypatch):
    monkeypatch.setattr(check, "find_scenes", lambda *_: Found(list(series[0])))


@pytest.mark.parametrize("strip_pixels", [1, WHOLE])
def test_every_kernel_gives_what_landsat_scenes_of_these_dn_give(kernel, strip_pixels, mixed, expected, tmp_path):
    request = Request(("mixed",), tmp_path, k=5, tolerance=0.5, mask=RULE, workers=2)
    found = cluster(request, kernel=kernel, strip_pixels=strip_pixels)
    assert without_names(outcome(found)) == expected[0]


def test_signatures_of_a_mixed_series_classify_scenes_of_one_sensor(series, mixed, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "find_scenes", lambda *_: Found([series[0][2]]))
    found = classify(ClassifyRequest(("hls",), tmp_path, mask=RULE, signatures=expected[1], workers=1))
    (path,) = found.rasters
    assert read_raster(path).tolist() == expected[0]["rasters"][path.name]
