"""Real scenes of Landsat 5, 7 and 8: known counts, and the reference kernel's rasters bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import Recorder, read_json, read_raster

pytestmark = pytest.mark.scenes

OLI = "LC08_L2SP_005009_20150710_20200908_02_T2"
TM = "LT05_L2SP_090084_19980308_20200909_02_T1"
ETM = "LE07_L2SP_090084_20210331_20210426_02_T1"
FARMLAND = "LC08_L2SP_043024_20200802_20200914_02_T1"
WITH_QUALITY = (TM, OLI, ETM)
# Pixels with the bits 0-4 of QA_PIXEL unset and no chosen band 0, counted without the engine.
CLEAN = {OLI: 53_794, TM: 1_911, ETM: 1_630}


def audits(result):
    return {scene["id"]: scene["audit"] for scene in read_json(result.signatures)["run"]["scenes"]}


def test_all_six_are_found_in_order_of_time(real_scenes):
    found = find_scenes([real_scenes])
    assert [scene.id for scene in found.scenes] == [
        TM,
        OLI,
        "LC08_L2SP_218074_20190114_20200829_02_T1",
        "LC08_L2SP_218074_20190130_20200829_02_T1",
        FARMLAND,
        ETM,
    ]
    assert found.notes == []


def test_clean_pixels_are_those_of_the_audit(real_scenes, request_of):
    paths = [real_scenes / name for name in WITH_QUALITY]
    result = cluster(request_of(*paths, k=2, flags=DEFAULT_FLAGS, saturated=False, max_iterations=1))
    assert {name: audit["valid"] for name, audit in audits(result).items()} == CLEAN
    assert result.pixels == sum(CLEAN.values())


def independent_valid(scene, flags_mask: int, saturation: int) -> np.ndarray:
    """Return the valid mask from the files, by the definition."""
    valid = None
    for file in scene.bands.values():
        with rasterio.open(file.path) as dataset:
            band = dataset.read(1) != 0
        valid = band if valid is None else valid & band
    for file in scene.masks:
        with rasterio.open(file.path) as dataset:
            valid &= (dataset.read(1) & (1 | flags_mask)) == 0
    if scene.saturation:
        with rasterio.open(scene.saturation.path) as dataset:
            valid &= (dataset.read(1) & saturation) == 0
    return valid


def check_rasters(result, flags_mask: int) -> None:
    """Check every raster against the centres in signatures.json and the bands on disk, pixel by pixel."""
    centres = np.array(read_json(result.signatures)["centres"])
    for scene, path in zip(result.scenes, result.rasters):
        valid = independent_valid(scene, flags_mask, 0b1111110 if scene.product.sensor == "LC08" else 0b1011111)
        bands = []
        for role in ("blue", "green", "red", "nir", "swir1", "swir2"):
            with rasterio.open(scene.bands[role].path) as dataset:
                bands.append(dataset.read(1)[valid])
                profile = dataset.profile
        expected = np.zeros(valid.shape, np.uint8)
        expected[valid] = reference.nearest(np.stack(bands), centres)
        with rasterio.open(path) as dataset:
            assert np.array_equal(dataset.read(1), expected), scene.id
            assert (dataset.crs, dataset.transform) == (profile["crs"], profile["transform"])


def test_three_sensors_with_the_default_mask(real_scenes, request_of, kernel):
    paths = [real_scenes / name for name in WITH_QUALITY]
    options = {"k": 8, "flags": DEFAULT_FLAGS, "workers": 2}
    result = cluster(request_of(*paths, **options), kernel=kernel, strip_pixels=20_000)
    check_rasters(result, 0b11110)
    if isinstance(kernel, ReferenceKernel):
        return
    expected = cluster(request_of(*paths[::-1], **options, out="expected"), kernel=ReferenceKernel())
    assert np.array_equal(result.fit.centres, expected.fit.centres)
    assert [record.changed for record in result.fit.iterations] == [r.changed for r in expected.fit.iterations]
    for ours, theirs in zip(result.rasters, expected.rasters):
        assert np.array_equal(read_raster(ours), read_raster(theirs))
    assert read_json(result.signatures)["classes"] == read_json(expected.signatures)["classes"]
    assert result.fit.converged


def test_all_six_with_an_empty_mask(real_scenes, request_of):
    progress = Recorder()
    result = cluster(request_of(real_scenes, k=6, max_iterations=5, workers=2), progress)
    assert len(result.rasters) == 6
    check_rasters(result, 0)
    # 9 pixels of the farmland scene are 0 in blue alone, and 26 of the other two together; nothing else is fill there.
    found = audits(result)
    assert found[FARMLAND]["fill"] == 9
    assert found[FARMLAND]["flags"] == {}
    assert sum(audit["fill"] for name, audit in found.items() if "_218074_" in name) == 26
    assert result.pixels == sum(audit["valid"] for audit in found.values())
    # One word about classes without a pixel, if there are any, and nothing else.
    assert len(progress.warnings) == bool(result.empty_classes)
