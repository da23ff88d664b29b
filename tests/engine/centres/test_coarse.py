"""The coarse-to-fine start: free of order and blocks, dark to bright, and near the end of the run."""

from __future__ import annotations

import numpy as np
import pytest
from iikmc.engine.centres.coarse import start
from iikmc.engine.choices import COARSE_TO_FINE, PLUS_PLUS
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.pixels.sampling import Sample, draw, scene_key
from iikmc.engine.progress import Silent
from iikmc.engine.runs.cluster import cluster
from tiny import make_scene, product, read_json, read_raster, six_band_noise


def run(label, blocks):
    return sum(map(label, blocks))


def drawn(shares, bands, strip=7):
    """Draw as strips of some rows are read."""
    height = bands.shape[1]
    valid = np.ones(bands.shape[1:], bool)
    key = scene_key(3, "LC08")
    return {
        share: [
            draw(share, key, bands[:, row : row + strip], valid[row : row + strip], row)
            for row in range(0, height, strip)
        ]
        for share in shares
    }


def test_levels_have_enough_pixels_and_end_at_their_fixed_point():
    bands = six_band_noise(3, 200, 300)
    centres, levels = start(drawn((512, 64, 8, 1), bands), 4, 3, NumpyKernel(), run, Silent())
    # 60 000 pixels: 1/512 gives 117 (< 400), 1/64 about 937, 1/8 exactly 7 500 or so (the last run of a row is short).
    assert [level.share for level in levels] == [64, 8]
    assert 800 < levels[0].pixels < 1000
    assert 7300 < levels[1].pixels <= 7600
    assert all(level.iterations >= 1 for level in levels)
    assert np.all(np.diff(centres.sum(axis=1)) > 0)


@pytest.mark.parametrize("kernel", [NumpyKernel(), ReferenceKernel()], ids=["numpy", "reference"])
@pytest.mark.parametrize("strip", [1, 50, 200])
def test_start_is_the_same_on_every_path(kernel, strip):
    bands = six_band_noise(3, 120, 200)
    expected, _ = start(drawn((64, 8), bands), 3, 3, NumpyKernel(), run, Silent())
    samples = {share: parts[::-1] for share, parts in drawn((64, 8), bands, strip).items()}
    found, _ = start(samples, 3, 3, kernel, run, Silent())
    assert found.tolist() == expected.tolist()


def test_the_smallest_series_is_drawn_whole():
    # Three pixels, three classes: no level has enough, so k-means++ sees all of them.
    bands = np.array([[[10, 20, 30]]], np.uint16)
    centres, levels = start(drawn((512, 64, 8, 1), bands), 3, 0, NumpyKernel(), run, Silent())
    assert levels == []
    assert centres.tolist() == [[640], [1280], [1920]]


def test_a_part_without_a_valid_pixel_adds_nothing():
    nothing = Sample(np.empty(0, np.uint64), np.empty((1, 0), np.uint16))
    samples = drawn((8, 1), np.array([[[10, 20, 30]]], np.uint16))
    samples[8].append(nothing)
    centres, _ = start(samples, 2, 0, NumpyKernel(), run, Silent())
    assert centres.shape == (2, 1)


def test_few_full_iterations_remain(tmp_path, request_of):
    paths = [make_scene(tmp_path, product(day=day), six_band_noise(seed, 300, 400))
             for seed, day in enumerate(("20200101", "20200201"))]  # fmt: skip
    cold = cluster(request_of(*paths, out="cold", k=6, start=PLUS_PLUS, tolerance=0.1))
    warm = cluster(request_of(*paths, out="warm", k=6, start=COARSE_TO_FINE, tolerance=0.1))
    again = cluster(
        request_of(*reversed(paths), out="again", k=6, start=COARSE_TO_FINE, tolerance=0.1, workers=2),
        strip_pixels=10_000,
    )
    assert warm.fit.converged
    assert len(warm.fit.iterations) <= len(cold.fit.iterations)
    assert read_json(warm.signatures)["centres"] == read_json(again.signatures)["centres"]
    for one, other in zip(warm.rasters, again.rasters):
        assert np.array_equal(read_raster(one), read_raster(other))
    assert read_json(warm.signatures)["run"]["parameters"]["init"] == COARSE_TO_FINE
