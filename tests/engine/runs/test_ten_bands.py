"""Ten bands from scenes to report: the rasters are those of the definition, and saved signatures give them again."""

from __future__ import annotations

import numpy as np
import others
import pytest
from iikmc.engine.kernels import reference
from iikmc.engine.report.figures import signature_curves
from iikmc.engine.requests import ClassifyRequest, Request
from iikmc.engine.results.signatures_file import read
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.roles import ROLES
from tiny import read_json, read_raster

NO_MASK = MaskRule((), False)
TEN = (*ROLES[:6], "coastal", "rededge1", "rededge2", "nir_broad")
# What HLS calls them on Sentinel-2 (docs/sensors.md).
NAMES = ("B02", "B03", "B04", "B8A", "B11", "B12", "B01", "B05", "B06", "B08")
SHAPE = (20, 30)


@pytest.fixture
def scenes(tmp_path):
    """Write two scenes of HLS S30; return their folders and pixels as DN, 0 for fill."""
    rng = np.random.default_rng(3)
    covers = rng.integers(300, 5000, (4, 10))
    found = {}
    for day in ("131", "163"):
        stored = np.clip(covers[rng.integers(0, 4, SHAPE)] + rng.normal(0, 200, (*SHAPE, 10)), 1, 9999).astype(np.int16)
        # The ends, and fill in one of the bands that are beyond the usual six.
        stored[0, 0], stored[0, 1], stored[0, 2, 9] = -1990, 16000, -9999
        name = f"HLS.S30.T33TWN.2022{day}T100031.v2.0"
        for band, plane in zip(NAMES, np.moveaxis(stored, 2, 0)):
            others.write(tmp_path / "in" / name / f"{name}.{band}.tif", [plane], nodata=-9999)
        others.write(tmp_path / "in" / name / f"{name}.Fmask.tif", [np.zeros(SHAPE, np.uint8)], nodata=255)
        found[tmp_path / "in" / name] = np.where(stored == -9999, 0, (80 * stored.astype(np.int64) + 160_011) // 22)
    return found


def expected(dn, centres):
    """Return the raster by the definition."""
    flat = dn.reshape(-1, 10).T.astype(np.uint16)
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
