"""Class statistics and areas, by hand and against Python's integers."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.kernels.reference import tally
from iikmc.engine.pixels.packing import squares
from iikmc.engine.results import statistics
from iikmc.engine.results.statistics import Moments
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.scene import PixelGrid
from rasterio.crs import CRS
from tiny import make_scene, product, read_json


def moments(dn, labels, k):
    return statistics.moments(tally(dn, labels, k), squares(dn, labels, k))


def test_moments_by_hand():
    found = moments(np.array([[1, 2, 65535], [4, 5, 65535]], np.uint16), np.array([2, 2, 1], np.uint8), 3)
    assert found.count == [1, 2, 0]
    assert found.total == [[65535, 65535], [3, 9], [0, 0]]
    assert found.squares == [[65535**2] * 2, [5, 41], [0, 0]]


@pytest.mark.parametrize(
    ("crs", "hectares"),
    [
        ("EPSG:32633", 0.09),
        # A US survey foot is 1200/3937 m, an international one 0.3048 m: 900 square feet.
        ("EPSG:2227", 900 * 1200**2 / 3937**2 / 10_000),
        ("EPSG:2222", 900 * 0.3048**2 / 10_000),
        ("+proj=utm +zone=33 +datum=WGS84 +units=km", 90_000),
        ("EPSG:4326", None),
        (None, 0.09),
    ],
)
def test_area_of_a_pixel_in_the_units_of_its_map(crs, hectares):
    transform = (30.0, 0.0, 1e6, 0.0, -30.0, 2e6)
    grid = PixelGrid(10, 10, transform, CRS.from_string(crs) if crs else None, 1)
    assert grid.hectares_per_pixel == (hectares if hectares is None else pytest.approx(hectares, rel=1e-12))


def test_hectares_of_a_scene_in_survey_feet(tmp_path, request_of):
    # 2 and 98 pixels of 30 x 30 feet, 83.612736... m2 + 0.000334 for the survey foot: 0.00836131 ha each.
    dn = np.full((10, 10), 20_000)
    dn[0, :2] = 9000
    result = cluster(request_of(make_scene(tmp_path, product(), dn, crs="EPSG:2227"), k=2))
    rows = [line.split(",") for line in result.statistics.read_text().splitlines()[1:]]
    assert [(row[4], row[5]) for row in rows] == [("2", "0.02"), ("98", "0.82")]


def test_moments_beyond_a_chunk_and_beyond_63_bits():
    n = 70_000  # more than one chunk of 2**16
    dn = np.full((1, n), 65535, np.uint16)
    part = moments(dn, np.ones(n, np.uint8), 2)
    assert (part.count, part.total, part.squares) == ([n, 0], [[n * 65535], [0]], [[n * 65535**2], [0]])
    # 2 200 001 squares of 65535 sum to more than 2**53: one float64 sum of them all would round.
    n = 2_200_001
    part = moments(np.full((1, n), 65535, np.uint16), np.ones(n, np.uint8), 1)
    assert part.squares == [[n * 65535**2]]
    whole = Moments([10**10], [[65535 * 10**10]], [[2**63 - 1]])
    whole.add(Moments([1], [[2]], [[2]]))
    assert (whole.count, whole.total, whole.squares) == ([10**10 + 1], [[65535 * 10**10 + 2]], [[2**63 + 1]])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 65535), st.integers(1, 65535), st.integers(1, 4)), max_size=40))
def test_moments_are_sums_of_integers(rows):
    dn = np.array([row[:2] for row in rows], np.uint16).reshape(-1, 2).T
    found = moments(dn, np.array([row[2] for row in rows], np.uint8), 4)
    for j in range(4):
        members = [row for row in rows if row[2] == j + 1]
        assert found.count[j] == len(members)
        assert found.total[j] == [sum(row[b] for row in members) for b in range(2)]
        assert found.squares[j] == [sum(row[b] ** 2 for row in members) for b in range(2)]


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_areas_of_two_scenes_by_hand(tmp_path, request_of):
    # 30 m pixels are 0.09 ha, 15 m pixels 0.0225 ha.
    one = make_scene(tmp_path, product(day="20200101"), [[8000, 8000, 8000, 20_000, 0]])
    two = make_scene(tmp_path, product(day="20210101"), [[8000, 20_000, 20_000, 0, 0]], cell=15.0)
    result = cluster(request_of(two, one, k=2))
    assert table(result.statistics) == [
        ["class_id", "class_name", "scene", "date", "pixels", "hectares", "percent_of_valid"],
        ["1", "Class 1", one.name, "2020-01-01", "3", "0.27", "75.0000"],
        ["1", "Class 1", two.name, "2021-01-01", "1", "0.02", "33.3333"],
        ["2", "Class 2", one.name, "2020-01-01", "1", "0.09", "25.0000"],
        ["2", "Class 2", two.name, "2021-01-01", "2", "0.04", "66.6667"],
    ]


def test_no_areas_where_the_map_units_are_degrees(tmp_path, request_of):
    path = make_scene(tmp_path, product(), [[8000, 20_000]], crs="EPSG:4326", origin=(10.0, 50.0), cell=0.001)
    rows = table(cluster(request_of(path, k=2)).statistics)
    assert [row[4:] for row in rows[1:]] == [["1", "", "50.0000"], ["1", "", "50.0000"]]


def test_class_statistics_of_a_run_by_hand(tmp_path, request_of):
    # Class 1: DN 10000, 20000 in red; class 2: 40000. All other bands are constant.
    dn = np.full((6, 1, 3), 12_000)
    dn[2] = [[10_000, 20_000, 40_000]]
    result = cluster(request_of(make_scene(tmp_path, product(), dn), k=2, roles=("red", "nir")))
    first, second = read_json(result.signatures)["classes"]
    # (15000, 12000) and (40000, 12000) as reflectance.
    assert (first["id"], first["name"], first["pixels"]) == (1, "Class 1", 2)
    assert (first["mean"], first["std"]) == ([0.2125, 0.13], [0.1375, 0.0])
    assert (second["id"], second["pixels"]) == (2, 1)
    assert (second["mean"], second["std"]) == ([0.9, 0.13], [0.0, 0.0])
    rows = table(result.output / "signatures.csv")
    assert rows[1][3:] == ["2", "0.212500", "0.130000", "0.137500", "0.000000", "15000.0", "12000.0"]
    assert rows[2][3:] == ["1", "0.900000", "0.130000", "0.000000", "0.000000", "40000.0", "12000.0"]
    assert rows[1][2] == first["colour"]
