"""The report's pictures: tones by hand, natural colour only with its bands, and PNG files that GDAL reads as meant."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from iikmc.engine.pixels.sketch import Sketch, look_at_bands, look_at_classes
from iikmc.engine.report.pictures import EMPTY, draw, middle_tone, png
from iikmc.engine.scenes.scene import PixelGrid, Strip
from rasterio.io import MemoryFile
from tiny import ROLES

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


def sketched(dn: np.ndarray, classes: np.ndarray | None = None, roles: tuple[str, ...] = ROLES) -> Sketch:
    """Show a scene, (n_bands, height, width) DN and its classes, to a sketch in one strip."""
    height, width = dn.shape[1:]
    grid = PixelGrid(width, height, (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, 1)
    sketch = Sketch(grid, roles)
    strip = Strip(0, 0, height)
    sketch.add(look_at_bands(grid, roles, strip, dn, np.packbits((dn != 0).all(axis=0))))
    if classes is not None:
        sketch.add(look_at_classes(grid, strip, classes))
    return sketch


def test_both_pictures_show_every_pixel_that_was_kept():
    dn = np.full((6, 4, 700), 9000, np.uint16)
    classes = np.random.default_rng(2).integers(0, 4, (4, 700), np.uint8)
    picture = draw(sketched(dn, classes), 0.1, COLOURS)
    assert (picture.height, picture.width) == (2, 234)
    np.testing.assert_array_equal(decoded(picture.classes), np.array([EMPTY, *COLOURS])[classes[::3, ::3]])
    assert decoded(picture.natural).shape == (2, 234, 3)


def test_tones_by_hand():
    # Reflectance 1, 0.1 (the middle tone) and 0: white, 0.1 / 0.2 x 1.1 = 0.55 and black; fill is empty.
    dn = np.zeros((6, 1, 4), np.uint16)
    dn[:, 0, :3] = [43636, 10909, 7273]
    natural = decoded(draw(sketched(dn), 0.1, COLOURS).natural)
    assert natural[0, 0].tolist() == [255] * 3
    assert abs(int(natural[0, 1, 0]) - 0.55 * 255) < 255 / 23  # within one of the 24 levels
    assert natural[0, 2].tolist() == [0] * 3
    assert natural[0, 3].tolist() == list(EMPTY)


def test_red_is_red():
    dn = np.full((6, 1, 1), 7273, np.uint16)
    dn[2] = 43636
    assert decoded(draw(sketched(dn), 0.1, COLOURS).natural).tolist() == [[[255, 0, 0]]]


def test_no_natural_colour_without_its_bands():
    sketch = sketched(np.full((2, 2, 2), 9000, np.uint16), roles=("green", "nir"))
    assert draw(sketch, 0.1, COLOURS).natural is None
    assert middle_tone([sketch]) == 0.5


def test_one_scene_of_snow_does_not_darken_the_others():
    land = [sketched(np.full((6, 3, 3), 10909, np.uint16)) for _ in range(2)]
    snow = sketched(np.full((6, 50, 50), 40000, np.uint16))
    assert middle_tone([*land, snow]) == pytest.approx(0.1, abs=1e-5)
    assert middle_tone([snow]) == 0.5
