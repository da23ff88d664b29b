"""Scenes of borrowed pixels: values are those of the cut-out within the noise; fill and masks are in their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio
from iikmc.benchmarks.simulate import borrowed_scene, borrowed_series, mirrored, read_cut_outs, write_borrowed
from iikmc.benchmarks.simulation.borrowed import NOISE, CutOut

HEIGHT, WIDTH = 30, 40
ORIGIN = (583485.0, -2222685.0)


@pytest.fixture(scope="module")
def cut_out():
    bands = np.random.default_rng(1).integers(7000, 30000, (6, HEIGHT, WIDTH)).astype(np.uint16)
    bands[0, :3] = 0
    bands[5, 4] = 65535
    bands[1, 5] = 1
    return CutOut("LC08_L2SP_218074_20190114_20200829_02_T1", 32623, ORIGIN, (2, 3, 4, 5, 6, 7), bands)


@pytest.fixture(scope="module")
def spec(cut_out):
    return borrowed_series([cut_out], 200, 220)[0][0]


@pytest.fixture(scope="module")
def scene(spec, cut_out):
    return borrowed_scene(spec, cut_out, 1)


def test_mirroring_meets_each_edge_twice():
    assert mirrored(np.arange(10), 3).tolist() == [0, 1, 2, 2, 1, 0, 0, 1, 2, 2]


def test_values_are_those_of_the_cut_out_within_the_noise(scene, spec, cut_out):
    bands, qa_pixel = scene
    once_more = np.pad(cut_out.bands, ((0, 0), (0, spec.height - HEIGHT), (0, spec.width - WIDTH)), mode="symmetric")
    inside = qa_pixel != 1
    assert inside.mean() == pytest.approx(spec.footprint, abs=0.02)
    assert not bands[:, ~inside].any()
    assert np.array_equal((bands == 0) & inside, (once_more == 0) & inside)
    there = (bands > 0) & (once_more > 1) & (once_more < 65535)
    noise = bands[there].astype(int) - once_more[there]
    assert abs(noise.mean()) < 0.2
    assert noise.std() == pytest.approx(NOISE, rel=0.02)
    assert np.abs(noise).max() < 5 * NOISE
    # Bands share draws of 32 bits, not their noise.
    every = bands.astype(int)[:, inside] - once_more[:, inside]
    assert np.abs(np.corrcoef(every[2:5]) - np.eye(3)).max() < 0.03


def test_clouds_and_shadows_are_told(spec, cut_out):
    _, qa_pixel = borrowed_scene(replace(spec, cloud_cover=0.2), cut_out, 1)
    seen = qa_pixel[qa_pixel != 1]
    assert (seen & 8 != 0).mean() == pytest.approx(0.2, abs=0.05)
    assert (seen & 16 != 0).any()


def test_threads_change_nothing_and_the_seed_all(scene, spec, cut_out):
    wide = replace(spec, height=600)
    one, two = borrowed_scene(wide, cut_out, 1), borrowed_scene(wide, cut_out, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    assert not np.array_equal(borrowed_scene(replace(spec, seed=2), cut_out, 1)[0], scene[0])


def test_a_scene_is_written_once(tmp_path, scene, spec, cut_out):
    folder = write_borrowed(tmp_path, spec, cut_out, 1)
    assert len(list(folder.iterdir())) == 9
    with rasterio.open(folder / f"{folder.name}_SR_B5.TIF") as dataset:
        assert np.array_equal(dataset.read(1), scene[0][3])
        assert (dataset.crs.to_epsg(), dataset.transform.c, dataset.transform.f) == (32623, *ORIGIN)
    mtl = folder / f"{folder.name}_MTL.txt"
    before = mtl.stat().st_mtime_ns
    write_borrowed(tmp_path, spec, cut_out, 2)
    assert mtl.stat().st_mtime_ns == before
    write_borrowed(tmp_path, spec, replace(cut_out, bands=cut_out.bands + np.uint16(1)), 1)
    assert mtl.stat().st_mtime_ns != before


def test_cut_outs_are_the_scenes_with_cells_of_30_m(real_scenes):
    found = {cut_out.product_id[:25]: cut_out for cut_out in read_cut_outs(real_scenes)}
    assert list(found) == ["LC08_L2SP_043024_20200802", "LC08_L2SP_218074_20190114", "LC08_L2SP_218074_20190130"]
    first = found["LC08_L2SP_043024_20200802"]
    assert (first.epsg, first.bands.shape) == (32611, (6, 1001, 1001))
    specs = [spec for spec, _ in borrowed_series(list(found.values()))]
    assert (specs[0].width, specs[0].height) == (7600, 7700)
    assert all(spec.width >= 7600 and spec.height >= 7700 for spec in specs)
