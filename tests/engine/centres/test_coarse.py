"""The coarse-to-fine start: free of order and blocks, dark to bright, and near the end of the run."""

from __future__ import annotations

import re

import numpy as np
import pytest
from iikmc.engine.centres import coarse
from iikmc.engine.centres.coarse import start
from iikmc.engine.centres.fit import Fit
from iikmc.engine.choices import COARSE_TO_FINE, PLUS_PLUS
from iikmc.engine.errors import Cancelled
from iikmc.engine.kernels.kernel import Kernel
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.pixels.sampling import Sample, draw, scene_key
from iikmc.engine.progress import Silent
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.clustering import iterate_loose
from tiny import Recorder, make_scene, product, read_json, read_raster, six_band_noise


class Levels:
    """Iterates over a sub-sample as a run does, and remembers what each gave."""

    def __init__(self, kernel: Kernel) -> None:
        self.fits: list[Fit] = []
        self.pixels: list[int] = []
        self._kernel = kernel

    def __call__(self, parts, start, stop) -> Fit:
        self.pixels.append(sum(dn.shape[1] for dn in parts))
        self.fits.append(iterate_loose(parts, start, stop, self._kernel, 1, Silent()))
        return self.fits[-1]


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
    levels, progress = Levels(NumpyKernel()), Recorder()
    centres = start(drawn((512, 64, 8, 1), bands), 4, 3, levels, progress)
    # 60 000 pixels: 1/512 gives 117 (< 400), 1/64 about 937, 1/8 exactly 7 500 or so (the last run of a row is short).
    assert [int(re.match(r"Start on 1/(\d+) of", note)[1]) for note in progress.notes] == [64, 8]
    assert 800 < levels.pixels[0] < 1000
    assert 7300 < levels.pixels[1] <= 7600
    assert all(fit.converged for fit in levels.fits)
    assert all(len(fit.iterations) >= 1 for fit in levels.fits)
    assert progress.notes == [
        f"Start on 1/{share} of the pixels: {len(fit.iterations)} iterations over {pixels:,}"
        for share, fit, pixels in zip((64, 8), levels.fits, levels.pixels)
    ]
    assert np.all(np.diff(centres.sum(axis=1)) > 0)


@pytest.mark.parametrize("kernel", [NumpyKernel(), ReferenceKernel()], ids=["numpy", "reference"])
@pytest.mark.parametrize("strip", [1, 50, 200])
def test_start_is_the_same_on_every_path(kernel, strip):
    bands = six_band_noise(3, 120, 200)
    expected = start(drawn((64, 8), bands), 3, 3, Levels(NumpyKernel()), Silent())
    samples = {share: parts[::-1] for share, parts in drawn((64, 8), bands, strip).items()}
    found = start(samples, 3, 3, Levels(kernel), Silent())
    assert found.tolist() == expected.tolist()


def test_start_is_the_same_in_small_parts(monkeypatch):
    bands = six_band_noise(3, 120, 200)
    expected = start(drawn((64, 8), bands), 3, 3, Levels(NumpyKernel()), Silent())
    monkeypatch.setattr(coarse, "_BLOCK_PIXELS", 1000)
    parts = []
    levels = Levels(NumpyKernel())
    found = start(drawn((64, 8), bands), 3, 3, lambda *of: parts.append(len(of[0])) or levels(*of), Silent())
    assert parts == [1, 3]
    assert found.tolist() == expected.tolist()


def test_the_smallest_series_is_drawn_whole():
    # Three pixels, three classes: no level has enough, so k-means++ sees all of them.
    bands = np.array([[[10, 20, 30]]], np.uint16)
    levels, progress = Levels(NumpyKernel()), Recorder()
    centres = start(drawn((512, 64, 8, 1), bands), 3, 0, levels, progress)
    assert levels.fits == []
    assert progress.notes == []
    assert centres.tolist() == [[640], [1280], [1920]]


def test_a_part_without_a_valid_pixel_adds_nothing():
    nothing = Sample(np.empty(0, np.uint64), np.empty((1, 0), np.uint16))
    samples = drawn((8, 1), np.array([[[10, 20, 30]]], np.uint16))
    samples[8].append(nothing)
    centres = start(samples, 2, 0, Levels(NumpyKernel()), Silent())
    assert centres.shape == (2, 1)


def test_a_cancel_is_answered_between_two_levels():
    levels = Levels(NumpyKernel())
    with pytest.raises(Cancelled):
        start(drawn((64, 8), six_band_noise(3, 120, 200)), 3, 3, levels, Recorder(lambda _: bool(levels.fits)))
    assert len(levels.fits) == 1


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
