"""Rasters on another grid: the pixel with the nearest centre, against coordinates worked out one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from classified_rasters import EARLY, LATER, write_classified
from iikmc.engine.errors import GridError
from iikmc.engine.maps.alignment import Alignment, grid_of
from iikmc.engine.maps.classified import ClassifiedError, open_classified
from iikmc.engine.scenes.coordinates import moved
from iikmc.engine.scenes.scene import PixelGrid


def one_by_one(grid, path, classes):
    """Return the class at each centre of the grid, transformed exactly and one by one."""
    own = grid_of("RASTERS", path)
    rows, columns = np.mgrid[0 : grid.height, 0 : grid.width]
    a, _, left, _, e, top = grid.transform
    x, y = moved((left + (columns + 0.5) * a).ravel(), (top + (rows + 0.5) * e).ravel(), grid.crs, own.crs)
    found = np.zeros(rows.size, np.uint8)
    off = np.full(rows.size, 0.5)
    for place in range(rows.size):
        c, r = (x[place] - own.transform[2]) / own.transform[0], (y[place] - own.transform[5]) / own.transform[4]
        off[place] = min(c % 1, 1 - c % 1, r % 1, 1 - r % 1)
        if 0 <= math.floor(r) < own.height and 0 <= math.floor(c) < own.width:
            found[place] = classes[math.floor(r), math.floor(c)]
    return found.reshape(rows.shape), off.reshape(rows.shape)


@pytest.mark.parametrize(
    ("right", "down", "pixel"),
    [(0, 0, 30), (3, 2, 30), (-4.3, 1.7, 30), (0.4, -0.4, 30), (-90, 0, 30), (2.2, 1.3, 20), (1.1, -0.7, 47)],
)
def test_shifts_and_sizes(tmp_path, right, down, pixel):
    rng = np.random.default_rng(3)
    classes = rng.integers(1, 9, (40, 50)).astype(np.uint8)
    grid = grid_of("GRID", write_classified(tmp_path, EARLY, np.ones((37, 45))))
    path = write_classified(tmp_path, LATER, classes, (300_000.0 + 30 * right, 5_000_000.0 - 30 * down), pixel)
    aligned = Alignment(grid, open_classified("RASTERS", path))
    expected, _ = one_by_one(grid, path, classes)
    np.testing.assert_array_equal(aligned.read(0, 37), expected)
    parts = [aligned.read(row, min(10, 37 - row)) for row in range(0, 37, 10)]
    np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_a_neighbouring_zone(tmp_path):
    """A grid at the edge of zone 33, a raster of zone 32 around it: all but what lies a hair from a border is exact."""
    rng = np.random.default_rng(4)
    grid = grid_of("GRID", write_classified(tmp_path, EARLY, np.ones((90, 110)), (270_000.0, 5_000_000.0)))
    (x,), (y,) = moved([270_000.0], [5_000_000.0], grid.crs, _zone_32())
    classes = rng.integers(1, 200, (140, 160)).astype(np.uint8)
    path = write_classified(tmp_path, LATER, classes, (round(x) - 600.0, round(y) + 600.0), crs="EPSG:32632")
    aligned = Alignment(grid, open_classified("RASTERS", path))
    found = aligned.read(0, 90)
    expected, off = one_by_one(grid, path, classes)
    safe = off > 0.002
    assert safe.mean() > 0.98
    np.testing.assert_array_equal(found[safe], expected[safe])
    assert np.count_nonzero(found) == found.size
    # Whatever rows are read together, to the last pixel.
    parts = [aligned.read(row, 1) for row in range(90)]
    np.testing.assert_array_equal(np.concatenate(parts), found)


def _zone_32():
    from iikmc.engine.scenes.coordinates import crs_of

    return crs_of("EPSG:32632", "RASTERS")


def test_the_places_between_knots_are_right_to_a_thousandth_of_a_pixel(tmp_path):
    """Of a full scene, 200 pixels wide here, at 60 degrees north, where zones bend the most against each other."""
    crs = grid_of("GRID", write_classified(tmp_path, EARLY, [[1]])).crs
    grid = PixelGrid(200, 200, (30.0, 0.0, 200_000.0, 0.0, -30.0, 6_700_000.0), crs, 1)
    raster = open_classified("RASTERS", write_classified(tmp_path, LATER, [[1]], crs="EPSG:32632"))
    x, y = Alignment(grid, raster)._centres(0, 200)
    rows, columns = np.mgrid[0:200, 0:200]
    exact = moved((200_015.0 + 30 * columns).ravel(), (6_699_985.0 - 30 * rows).ravel(), crs, raster.grid.crs)
    assert np.abs(x.ravel() - exact[0]).max() < 0.03
    assert np.abs(y.ravel() - exact[1]).max() < 0.03


def test_a_raster_far_away_has_nothing_there(tmp_path):
    grid = grid_of("GRID", write_classified(tmp_path, EARLY, np.ones((5, 5))))
    far = write_classified(tmp_path, LATER, np.ones((5, 5)), (300_000.0, 8_000_000.0), crs="EPSG:32740")
    assert not Alignment(grid, open_classified("RASTERS", far)).read(0, 5).any()


def test_what_is_no_grid_is_refused(tmp_path):
    from rasterio.transform import Affine

    turned = write_classified(tmp_path, EARLY, np.ones((5, 5)), transform=Affine(30, 1, 0, 0, -30, 0))
    with pytest.raises(GridError, match=r"GRID: LT05_\w+\.tif is not north-up"):
        grid_of("GRID", turned)
    (tmp_path / "x.tif").write_text("no raster")
    with pytest.raises(ClassifiedError, match=r"GRID: .*x\.tif cannot be read as a raster"):
        grid_of("GRID", tmp_path / "x.tif")
