"""Ten bands from scenes to report: the rasters are those of the definition, and saved signatures give them again."""

from __future__ import annotations

import numpy as np
import pytest
from iikmc.benchmarks.simulate import write_scene
from iikmc.engine.kernels import reference
from iikmc.engine.report.figures import signature_curves
from iikmc.engine.requests import ClassifyRequest, Request
from iikmc.engine.results.signatures_file import read
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.roles import ROLES
from iikmc.engine.sensors.sheet import BandSet, Layer, Sheet
from tiny import product, read_json, read_raster

NO_MASK = MaskRule((), False)
TEN = (*ROLES[:6], "coastal", "green1", "rededge1", "nir_broad")
# Of a sensor that records ten, named as Landsat's files: B2 .. B7 as they are, and four more.
NUMBERS = (2, 3, 4, 5, 6, 7, 1, 8, 9, 10)
SHAPE = (20, 30)


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    """Write two scenes of ten bands; return their folders and pixels."""
    ten = BandSet({role: Layer(f"SR_B{number}") for role, number in zip(TEN, NUMBERS)})
    monkeypatch.setattr(Sheet, "sets_of", lambda *_: (ten,))
    rng = np.random.default_rng(3)
    covers = rng.integers(8000, 22000, (4, 10))
    found = {}
    for day in ("20220511", "20220612"):
        dn = np.clip(covers[rng.integers(0, 4, SHAPE)] + rng.normal(0, 700, (*SHAPE, 10)), 1, 65535).astype(np.uint16)
        # Extremes, and fill in one of the bands that are beyond the usual six.
        dn[0, 0], dn[0, 1], dn[0, 2, 9] = 1, 65535, 0
        name = product(day=day)
        bands = dict(zip(NUMBERS, np.moveaxis(dn, 2, 0)))
        found[write_scene(tmp_path / "in", name, bands, np.full(SHAPE, 21824, np.uint16), None)] = dn
    return found


def expected(dn, centres):
    """Return the raster by the definition."""
    flat = dn.reshape(-1, 10).T
    return np.where((flat == 0).any(axis=0), 0, reference.nearest(flat, centres)).reshape(SHAPE)


def test_ten_bands_from_scenes_to_report(scenes, tmp_path):
    paths = tuple(map(str, scenes))
    result = cluster(Request(paths, tmp_path / "out", NO_MASK, roles=TEN, k=5, tolerance=0))
    signed = read(tmp_path / "out" / "signatures.json")
    assert signed.roles == TEN
    assert result.pixels == 2 * (20 * 30 - 1)
    for raster, dn in zip(result.rasters, scenes.values()):
        np.testing.assert_array_equal(read_raster(raster), expected(dn, signed.centres))
    assert read_json(tmp_path / "out" / "signatures.json")["run"]["parameters"]["bands"] == list(TEN)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert all(role in page for role in TEN)
    # Saved signatures class the same scenes alike.
    again = classify(
        ClassifyRequest(paths, tmp_path / "again", NO_MASK, signatures=tmp_path / "out" / "signatures.json")
    )
    for before, after in zip(result.rasters, again.rasters):
        np.testing.assert_array_equal(read_raster(before), read_raster(after))


def test_without_a_choice_the_usual_six_of_them(scenes, tmp_path):
    cluster(Request(tuple(map(str, scenes)), tmp_path / "out", NO_MASK, k=3, max_iterations=2))
    assert read(tmp_path / "out" / "signatures.json").roles == TEN[:6]


def test_curves_go_from_short_to_long_waves(scenes, tmp_path):
    cluster(Request(tuple(map(str, scenes)), tmp_path / "out", NO_MASK, roles=TEN, k=3, max_iterations=2))
    signed = read(tmp_path / "out" / "signatures.json")
    figure = signature_curves(signed)
    assert figure["layout"]["xaxis"]["tickvals"] == sorted(figure["layout"]["xaxis"]["tickvals"])
    assert figure["layout"]["xaxis"]["ticktext"][:2] == ["coastal 0.44", "blue 0.48"]
    line = next(trace for trace in figure["data"] if trace.get("mode") == "lines" and "fill" not in trace)
    assert line["x"] == figure["layout"]["xaxis"]["tickvals"]
    assert line["y"][0] == pytest.approx(signed.classes[0].mean[TEN.index("coastal")])
