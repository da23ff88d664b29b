"""Edges in another CRS: against each pixel's centre brought into the CRS of the polygon, and by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from iikmc.engine.errors import ParameterError
from iikmc.engine.scenes.area import Area, outside, placed
from iikmc.engine.scenes.edges import bent, boxes_around, tolerance
from iikmc.engine.scenes.scene import PixelGrid, Scene, Strip
from iikmc.engine.scenes.shapes import polygons_of
from iikmc.engine.sensors.products import leading_product_id
from rasterio.crs import CRS
from rasterio.warp import transform
from tiny import product


def project(source, target, points):
    return np.array(transform(source, target, *points.T.tolist())).T


def inside(ring, points):
    """Return which points a ring encloses: by the crossings of a ray, straight from the definition."""
    x, y = points.T
    found = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(ring[:-1], ring[1:]):
        if y0 != y1:
            found ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return found


def drawn(ring, source, scene_crs, grid):
    """Return the pixels inside, as a run finds them, for a ring in another CRS."""
    west, north = grid.transform[2], grid.transform[5]
    cell = grid.transform[0]
    bounds = (west, north - cell * grid.height, west + cell * grid.width, north)
    there = bent(np.array(ring, float), partial(project, source, scene_crs), tolerance(bounds))
    area = Area("a", lambda *_: [{"type": "Polygon", "coordinates": [there.tolist()]}])
    bare = Scene(leading_product_id(product()), "", {}, grid=grid)
    return ~outside(placed(bare, area), Strip(0, 0, grid.height)), len(there)


def centres(grid):
    a, _, c, _, e, f = grid.transform
    x, y = np.meshgrid((np.arange(grid.width) + 0.5) * a + c, (np.arange(grid.height) + 0.5) * e + f)
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize(
    ("code", "west", "north", "cell", "ring"),
    [
        # Along a parallel at 60 degrees, which bends by kilometres over a scene in UTM.
        (32633, 400_000, 6_700_000, 300, [(12, 59.6), (18, 59.6), (18, 60.2), (12, 60.2)]),
        # In a zone at its edge, askew.
        (32633, 700_000, 5_300_000, 300, [(17.75, 47.2), (18.6, 47.3), (18.0, 47.75)]),
        # South, with the pole inside the scene and the polygon all around it.
        (3031, -450_000, 450_000, 3000, [(-180, -90), (180, -90), (180, -87.5), (-180, -87.5)]),
        # A sector at the pole.
        (3031, -450_000, 450_000, 3000, [(20, -90), (140, -90), (140, -87), (20, -87)]),
        # Beyond 180 degrees, in the zone on the other side.
        (32601, 180_000, 200_000, 600, [(178.5, 0.3), (180.6, 0.3), (180.6, 1.4), (178.5, 1.4)]),
        # Across half of the Earth, of which the scene sees a strip.
        (32633, 400_000, 5_400_000, 300, [(-70, 48.3), (100, 48.3), (100, 48.5), (-70, 48.5)]),
    ],
)
def test_each_centre_lies_where_its_degrees_say(code, west, north, cell, ring):
    degrees, scene_crs = CRS.from_epsg(4326), CRS.from_epsg(code)
    grid = PixelGrid(300, 300, (cell, 0, west, 0, -cell, north), scene_crs, 256)
    ring = [*ring, ring[0]]
    if code == 32633 and ring[0][0] == -70:
        ring = [(max(min(x, 40), -10), y) for x, y in ring]  # what a cut around the scene leaves
    found, points = drawn(ring, degrees, scene_crs, grid)
    places = project(scene_crs, degrees, centres(grid))
    expected = inside(ring, places) | inside(ring, places + np.array([360, 0]))
    assert 1000 < expected.sum() < expected.size
    assert (found.ravel() != expected).sum() == 0
    assert points < 20_000


def test_an_edge_that_is_straight_stays_and_a_bent_one_keeps_its_corners():
    ring = np.array([(0, 0), (10, 0), (10, 10), (0, 0)], float)
    assert np.array_equal(bent(ring, lambda points: points * 3 + 1, 1e-6), ring * 3 + 1)

    def arch(points):
        return np.stack([points[:, 0], points[:, 1] + points[:, 0] ** 2], axis=1)

    found = bent(ring, arch, 1e-3)
    assert all((found == corner).all(axis=1).any() for corner in arch(ring))
    # Along the first edge the chords are as close to the parabola as was asked for, and not ten times closer.
    x, y = found[: np.flatnonzero(found[:, 0] == 10)[0] + 1].T
    dense = np.linspace(0, 10, 100_001)
    slopes = np.hypot(1, 2 * dense)
    assert 1e-4 < (np.abs(np.interp(dense, x, y) - dense**2) / slopes).max() < 1.1e-3


def test_a_curve_that_crosses_its_chord_in_the_middle_is_seen():
    wave = bent(
        np.array([(0.0, 0.0), (1.0, 0.0)]),
        lambda points: np.stack([points[:, 0] * 1000, 50 * np.sin(2 * np.pi * points[:, 0])], axis=1),
        1e-3,
    )
    assert abs(wave[:, 1]).max() == pytest.approx(50, rel=1e-3)


def test_points_that_never_come_close_end_the_halving():
    def torn(points):
        return np.stack([points[:, 0], np.where(points[:, 0] < 0.3, 0.0, 1e9)], axis=1)

    assert len(bent(np.array([(0.0, 0.0), (1.0, 0.0)]), torn, 1e-6)) < 100


def lattice(west, east, south, north):
    x, y = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
    return np.stack([(x.ravel() + 180) % 360 - 180, y.ravel()], axis=1)


def test_boxes():
    assert boxes_around(lattice(10, 12, 0, 1), None) == [(9.9, -0.1, 12.1, 1.1)]
    turned = [9.9, -350.1, 369.9]
    assert [box[0] for box in boxes_around(lattice(10, 12, 0, 1), 360)] == pytest.approx(turned)
    across = boxes_around(lattice(179, 181, 0, 1), 360)
    assert across[:2] == [
        pytest.approx((-180.0875, -0.0875, -178.9125, 1.0875)),
        pytest.approx((178.9125, -0.0875, 179.8375, 1.0875)),
    ]
    # All around a pole: no gap is half of the Earth.
    angles = np.linspace(-170, 170, 12)
    ((west, _, east, _), *_) = boxes_around(np.stack([angles, np.full(12, -85.0)], axis=1), 360)
    assert west < -180
    assert east > 180


def test_detailed_rings_take_no_long():
    angles = np.linspace(0, 2 * np.pi, 200_001)
    ring = np.stack([15 + np.cos(angles), 48 + 0.7 * np.sin(angles)], axis=1)
    ring[-1] = ring[0]
    asked = []

    def count(points):
        asked.append(len(points))
        return project(CRS.from_epsg(4326), CRS.from_epsg(32633), points)

    assert len(bent(ring, count, 0.02)) == len(ring)
    # The corners and the middles of the edges, each once.
    assert asked == [200_001, 200_000]


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"type": "Point", "coordinates": (1, 2)}, "holds points"),
        ({"type": "MultiLineString", "coordinates": [[(1, 2), (3, 4)]]}, "holds lines"),
        ({"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": []}]}, "holds lines"),
        ({"type": "Circle"}, "holds Circle"),
        (None, "holds NoneType"),
        (
            {"type": "Polygon", "coordinates": [[(0, 0), (1, float("nan")), (1, 1), (0, 0)]]},
            "no pair of finite numbers",
        ),
        ({"type": "Polygon", "coordinates": [[(0, 0), ("x", 1), (1, 1), (0, 0)]]}, "no pair of finite numbers"),
        ({"type": "Polygon", "coordinates": [[(0,), (1, 1), (1, 1), (0, 0)]]}, "no pair of finite numbers"),
        ({"type": "Polygon", "coordinates": 7}, "no pair of finite numbers"),
    ],
)
def test_what_is_no_polygon_is_refused(shape, words):
    with pytest.raises(ParameterError) as caught:
        polygons_of("fields", [shape])
    assert str(caught.value).startswith("AOI: ")
    assert words in str(caught.value)


def test_what_encloses_nothing_is_left_out():
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    closed = {"type": "Polygon", "coordinates": [[*square, square[0]]]}
    assert polygons_of("a", [{"type": "Polygon", "coordinates": [square]}]) == [closed]
    heights = [(x, y, 9.0) for x, y in square]
    collected = {"type": "GeometryCollection", "geometries": [{"type": "MultiPolygon", "coordinates": [[heights], []]}]}
    assert polygons_of("a", [collected]) == [closed]
    for ring in ([], [(1, 1)], [(1, 1), (2, 2)], [(1, 1), (2, 2), (1, 1)]):
        assert polygons_of("a", [{"type": "Polygon", "coordinates": [ring]}]) == []
    assert polygons_of("a", [{"type": "Polygon", "coordinates": [square, [(1, 1)]]}]) == [closed]
    assert polygons_of("a", [{"type": "Polygon", "coordinates": None}]) == []
