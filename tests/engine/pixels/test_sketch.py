"""Quicklooks: every n-th pixel, the same whatever the strips; and PNG files that GDAL reads as they were meant."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest
from iikmc.engine.pixels.masking import mask
from iikmc.engine.pixels.sketch import EMPTY, Sketch, middle_tone, png
from iikmc.engine.pixels.strips import plan_strips
from iikmc.engine.scenes.scene import PixelGrid
from iikmc.engine.scenes.selection import MaskRule
from rasterio.io import MemoryFile
from tiny import ROLES, six_band_noise

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

COLOURS = [(200, 10, 20), (0, 250, 3), (7, 8, 9)]


def read(data: bytes) -> np.ndarray:
    """Return (height, width, 3) of a PNG file."""
    with MemoryFile(data) as memory, memory.open() as dataset:
        planes = dataset.read()
        if len(planes) == 3:
            return planes.transpose(1, 2, 0)
        table = dataset.colormap(1)
        return np.array([table[value][:3] for value in planes[0].ravel()]).reshape(*planes.shape[1:], 3)


def decoded(uri: str) -> np.ndarray:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return read(base64.b64decode(data))


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (40, 33)])
def test_png_of_colours_and_of_classes(shape):
    rng = np.random.default_rng(3)
    colours = rng.integers(0, 256, (*shape, 3), np.uint8)
    np.testing.assert_array_equal(read(png(colours)), colours)
    classes = rng.integers(0, 4, shape, np.uint8)
    np.testing.assert_array_equal(read(png(classes, [EMPTY, *COLOURS])), np.array([EMPTY, *COLOURS])[classes])


def grid_of(height: int, width: int, block: int = 1) -> PixelGrid:
    return PixelGrid(width, height, (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, block)


def sketched(dn: np.ndarray, classes: np.ndarray, strip_pixels: int) -> Sketch:
    """Show a scene to a sketch, strip by strip from the bottom up."""
    grid = grid_of(*classes.shape)
    sketch = Sketch(grid, ROLES)
    for strip in reversed(plan_strips(grid, 0, strip_pixels)):
        rows = slice(strip.row, strip.row + strip.height)
        valid, _ = mask(dn[:, rows], None, None, MaskRule((), False), 0)
        sketch.take_bands(strip, dn[:, rows], np.packbits(valid))
        sketch.take_classes(strip, classes[rows])
    return sketch


@pytest.mark.parametrize(("height", "width", "step"), [(50, 300, 1), (47, 301, 2), (83, 899, 3), (1, 1201, 5)])
@pytest.mark.parametrize("strip_pixels", [1, 1000, 7000, 10**9])
def test_every_nth_pixel_whatever_the_strips(height, width, step, strip_pixels):
    dn = six_band_noise(1, height, width)
    dn[4, ::3, ::3] = 0
    classes = np.random.default_rng(2).integers(0, 4, (height, width), np.uint8)
    sketch = sketched(dn, classes, strip_pixels)
    picture = sketch.picture(0.1, COLOURS)
    assert (picture.height, picture.width) == (math.ceil(height / step), math.ceil(width / step))
    np.testing.assert_array_equal(decoded(picture.classes), np.array([EMPTY, *COLOURS])[classes[::step, ::step]])
    valid = dn[4, ::step, ::step] != 0
    rgb = dn[[2, 1, 0], ::step, ::step]
    np.testing.assert_array_equal(sketch.samples(), rgb[:, valid].reshape(-1))
    assert decoded(picture.natural).shape == (picture.height, picture.width, 3)


def test_tones_by_hand():
    # Reflectance 1, 0.1 (the middle tone) and 0: white, 0.1 / 0.2 x 1.1 = 0.55 and black; fill is empty.
    dn = np.zeros((6, 1, 4), np.uint16)
    dn[:, 0, :3] = [43636, 10909, 7273]
    natural = decoded(sketched(dn, np.zeros((1, 4), np.uint8), 4).picture(0.1, COLOURS).natural)
    assert natural[0, 0].tolist() == [255] * 3
    assert abs(int(natural[0, 1, 0]) - 0.55 * 255) < 255 / 23  # within one of the 24 levels
    assert natural[0, 2].tolist() == [0] * 3
    assert natural[0, 3].tolist() == list(EMPTY)


def test_red_is_red():
    dn = np.full((6, 1, 1), 7273, np.uint16)
    dn[2] = 43636
    assert decoded(sketched(dn, np.zeros((1, 1), np.uint8), 4).picture(0.1, COLOURS).natural).tolist() == [
        [[255, 0, 0]]
    ]


def test_no_natural_colour_without_its_bands():
    sketch = Sketch(grid_of(2, 2), ("green", "nir"))
    strip = plan_strips(grid_of(2, 2), 0)[0]
    sketch.take_bands(strip, np.full((2, 2, 2), 9000, np.uint16), np.packbits(np.ones(4, bool)))
    assert sketch.picture(0.1, COLOURS).natural is None
    assert middle_tone([sketch]) == 0.5


def test_one_scene_of_snow_does_not_darken_the_others():
    land = [sketched(np.full((6, 3, 3), 10909, np.uint16), np.ones((3, 3), np.uint8), 9) for _ in range(2)]
    snow = sketched(np.full((6, 50, 50), 40000, np.uint16), np.ones((50, 50), np.uint8), 9)
    assert middle_tone([*land, snow]) == pytest.approx(0.1, abs=1e-5)
    assert middle_tone([snow]) == 0.5
