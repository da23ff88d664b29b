"""Strips: they cover a scene once, keep to the file's blocks, and never change what is read."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikmc.engine.errors import SceneError
from iikmc.engine.pixels import reading
from iikmc.engine.pixels.masking import Audit, count_out_of_range
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.strips import plan_strips
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.handles import Handles
from iikmc.engine.scenes.header import read_header
from iikmc.engine.scenes.scene import PixelGrid, Strip
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import ROLES, make_scene, product, six_band_noise, spoil

RULE = MaskRule(DEFAULT_FLAGS, True)


def read_strip(scene, strip, handles):
    return reading.read_strip(scene, Selection(ROLES, RULE), strip, handles, NumpyPacker()).pixels


def grid(width, height, block_height):
    return PixelGrid(width, height, (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, block_height)


@pytest.mark.parametrize(
    ("width", "height", "block", "pixels", "heights"),
    [
        (100, 10, 1, 300, [3, 3, 3, 1]),
        (100, 10, 1, 1, [1] * 10),
        (100, 10, 1, 10**9, [10]),
        (7600, 7700, 256, 2_000_000, [256] * 30 + [20]),  # a real scene: whole rows of tiles
        (7600, 700, 256, 4_000_000, [512, 188]),
        (7600, 700, 256, 1, [256, 256, 188]),  # a tile is never split
        (1000, 600, 128, 260_000, [256, 256, 88]),
        (1000, 600, 128, 150_000, [128] * 4 + [88]),
        (100, 20, 7, 900, [7, 7, 6]),
    ],
)
def test_strips_by_hand(width, height, block, pixels, heights):
    strips = plan_strips(grid(width, height, block), 3, pixels)
    assert [strip.height for strip in strips] == heights
    assert [strip.row for strip in strips] == [sum(heights[:i]) for i in range(len(heights))]
    assert {strip.scene for strip in strips} == {3}


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 600), st.integers(1, 10**8))
def test_strips_cover_every_row_once_on_block_boundaries(width, height, block, pixels):
    strips = plan_strips(grid(width, height, block), 0, pixels)
    row = 0
    for strip in strips:
        assert strip.row == row
        assert strip.row % block == 0
        assert strip.height > 0
        row += strip.height
    assert row == height


@pytest.mark.parametrize(
    ("values", "outside"),
    [([7273, 43636], 0), ([7272, 43637], 2), ([1, 65535], 2), ([7273], 0), ([43637], 1), ([32768, 20_000], 0)],
)
def test_out_of_range_by_hand(values, outside):
    assert count_out_of_range(np.array([values], np.uint16)) == outside


def test_out_of_range_counts_pixels_not_bands():
    assert count_out_of_range(np.array([[1, 9000, 9000], [65535, 9000, 1]], np.uint16)) == 2


@pytest.fixture
def checked(tmp_path):
    dn = six_band_noise(4, 40, 50)
    dn[:, :4, :6] = 0
    qa = np.random.default_rng(2).choice(np.array([21824, 22280, 1, 23888]), (40, 50))
    paths = [
        make_scene(tmp_path, product(day="20200101"), dn, qa, radsat=(dn[0] > 12_000) * 4, tile=16),
        make_scene(tmp_path, product("LT05", "19990101"), dn[:, :33], tile=16),
    ]
    return check_series(find_scenes(paths).scenes, Selection(ROLES, RULE)), dn, qa


def test_packed_pixels_are_the_valid_ones_in_order(checked):
    scenes, dn, qa = checked
    with Handles() as handles:
        packed = read_strip(scenes[1], Strip(1, 8, 20), handles)
    valid = ((dn != 0).all(axis=0) & ((qa & 0b11111) == 0) & (dn[0] <= 12_000))[8:28]
    assert np.array_equal(np.unpackbits(packed.valid, count=1000).reshape(20, 50), valid)
    assert np.array_equal(packed.dn, dn[:, 8:28][:, valid])
    assert packed.dn.flags.c_contiguous
    assert packed.audit.pixels == 1000
    assert packed.audit.valid == valid.sum()


@pytest.mark.parametrize("strip_pixels", [1, 150, 700])
def test_strips_together_are_the_whole_scene(checked, strip_pixels):
    scenes, *_ = checked
    with Handles() as handles:
        for number, scene in enumerate(scenes):
            (strip,) = plan_strips(scene.grid, number, 10**9)
            whole = read_strip(scene, strip, handles)
            parts = [read_strip(scene, s, handles) for s in plan_strips(scene.grid, number, strip_pixels)]
            assert len(parts) > 1
            assert np.array_equal(np.concatenate([part.dn for part in parts], axis=1), whole.dn)
            audit = Audit()
            for part in parts:
                audit.add(part.audit)
            assert audit.to_dict() == whole.audit.to_dict()
            assert audit.valid == whole.dn.shape[1]


@pytest.fixture
def opened(monkeypatch):
    """The scenes' datasets that were opened to read, in order."""
    import rasterio

    found = []
    genuine = rasterio.open

    def counting(path, *rest, **options):
        dataset = genuine(path, *rest, **options)
        if "_SR_B" in str(path) or "_QA_" in str(path):
            found.append((path, dataset))
        return dataset

    monkeypatch.setattr(rasterio, "open", counting)
    return found


def test_files_are_opened_once_for_their_header_and_for_all_strips_and_the_mask_for_the_estimate(
    tmp_path, request_of, opened
):
    path = make_scene(tmp_path, product("LT05"), six_band_noise(1, 40, 20), tile=16)
    opened.clear()
    cluster(request_of(path, max_iterations=2), strip_pixels=1)
    names = [name for name, _ in opened]
    looked_at = [str(file) for file in path.glob("*_QA_PIXEL.TIF")]
    assert sorted(names) == sorted(2 * [str(file) for file in path.glob("*.TIF")] + looked_at)
    assert all(dataset.closed for _, dataset in opened)


def test_files_are_closed_after_an_error(tmp_path, request_of, opened):
    path = make_scene(tmp_path, product(), six_band_noise(1, 300, 60), tile=16)
    spoil(path / f"{path.name}_SR_B7.TIF")
    opened.clear()
    with pytest.raises(SceneError, match=r"_SR_B7\.TIF cannot be read"):
        cluster(request_of(path, workers=2), strip_pixels=1)
    assert len(opened) > 7
    assert all(dataset.closed for _, dataset in opened)


def test_a_header_is_read_once_while_the_file_stays_as_it_is(tmp_path, opened):
    import rasterio

    path = make_scene(tmp_path, product("LT05"), six_band_noise(1, 40, 20), tile=16)
    (scene,) = find_scenes([path]).scenes
    band = scene.bands["red"].path
    opened.clear()
    first, again = read_header(scene.id, band), read_header(scene.id, band)
    assert [name for name, _ in opened] == [band]
    assert again == first
    grid, other = first.own_grid(), again.own_grid()
    assert grid.crs is not other.crs
    with rasterio.open(band) as dataset:
        assert grid.crs == dataset.crs
        assert grid.crs.to_epsg() == dataset.crs.to_epsg() == 32633
        changed = {**dataset.profile, "width": dataset.width + 1}
    with rasterio.open(band, "w", **changed):
        pass
    os.utime(band, ns=(0, 0))
    assert read_header(scene.id, band).grid.width == first.grid.width + 1
