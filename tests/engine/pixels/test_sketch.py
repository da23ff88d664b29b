"""A sketch keeps every n-th pixel, the same whatever the strips."""

from __future__ import annotations

import math

import numpy as np
import pytest
from iikmc.engine.pixels.masking import mask
from iikmc.engine.pixels.sketch import Sketch, look_at_bands, look_at_classes, width_for
from iikmc.engine.pixels.strips import plan_strips
from iikmc.engine.scenes.scene import PixelGrid, Strip
from iikmc.engine.scenes.selection import MaskRule
from tiny import ROLES, six_band_noise


def grid_of(height: int, width: int) -> PixelGrid:
    return PixelGrid(width, height, (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, 1)


def sketched(dn: np.ndarray, classes: np.ndarray, strip_pixels: int) -> Sketch:
    """Show a scene to a sketch, strip by strip from the bottom up."""
    grid = grid_of(*classes.shape)
    sketch = Sketch(grid, ROLES)
    for strip in reversed(plan_strips(grid, 0, strip_pixels)):
        rows = slice(strip.row, strip.row + strip.height)
        valid, _ = mask(dn[:, rows], None, None, MaskRule((), False), 0)
        sketch.add(look_at_bands(grid, ROLES, strip, dn[:, rows], np.packbits(valid)))
        sketch.add(look_at_classes(grid, strip, classes[rows]))
    return sketch


@pytest.mark.parametrize(("height", "width", "step"), [(50, 300, 1), (47, 301, 2), (83, 899, 3), (1, 1201, 5)])
@pytest.mark.parametrize("strip_pixels", [1, 1000, 7000, 10**9])
def test_every_nth_pixel_whatever_the_strips(height, width, step, strip_pixels):
    dn = six_band_noise(1, height, width)
    dn[4, ::3, ::3] = 0
    classes = np.random.default_rng(2).integers(0, 4, (height, width), np.uint8)
    sketch = sketched(dn, classes, strip_pixels)
    assert sketch.classes.shape == (math.ceil(height / step), math.ceil(width / step))
    np.testing.assert_array_equal(sketch.classes, classes[::step, ::step])
    valid = dn[4, ::step, ::step] != 0
    rgb = dn[[2, 1, 0], ::step, ::step]
    np.testing.assert_array_equal(sketch.dn, rgb)
    np.testing.assert_array_equal(sketch.valid, valid)
    np.testing.assert_array_equal(sketch.samples(), rgb[:, valid].reshape(-1))


def test_pictures_of_many_scenes_take_no_more_room_than_those_of_forty():
    assert [width_for(scenes) for scenes in (0, 1, 40)] == [300, 300, 300]
    for scenes in (41, 300, 1000, 6000):
        assert scenes * width_for(scenes) ** 2 <= 40 * 300**2
    # By hand: the root of 3 600 000 / 300.
    assert width_for(300) == 109
    assert width_for(10_000) == 24


def test_a_sketch_of_fewer_columns():
    grid, classes = grid_of(50, 300), np.random.default_rng(2).integers(0, 4, (50, 300), np.uint8)
    sketch = Sketch(grid, ROLES, 100)
    sketch.add(look_at_classes(grid, Strip(0, 0, 50), classes, 100))
    np.testing.assert_array_equal(sketch.classes, classes[::3, ::3])


def test_no_colours_are_kept_without_red_green_and_blue():
    sketch = Sketch(grid_of(2, 2), ("green", "nir"))
    strip = plan_strips(grid_of(2, 2), 0)[0]
    bands, valid = np.full((2, 2, 2), 9000, np.uint16), np.packbits(np.ones(4, bool))
    sketch.add(look_at_bands(grid_of(2, 2), ("green", "nir"), strip, bands, valid))
    assert sketch.dn.shape == (0, 2, 2)
    assert not sketch.valid.any()
    assert sketch.samples().size == 0
