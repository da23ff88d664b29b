"""A stratified random sample of points: exact numbers, free of order and threads, and fair."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import numpy as np
import pytest
from classified_rasters import EARLY, LATER, LATEST, centre, write_classified
from iikmc.engine.choices import EQUAL, PROPORTIONAL, PROPORTIONAL_LEAST
from iikmc.engine.errors import Cancelled, GridError, IIkMCError, NoValidPixels, ParameterError
from iikmc.engine.map_requests import SampleRequest
from iikmc.engine.runs.samplepoints import sample_points
from tiny import Recorder, read_raster

SHAPE = (60, 80)


@pytest.fixture
def rasters(tmp_path):
    """Three dates: classes 1 to 4, of which 4 is rare, with holes."""
    rng = np.random.default_rng(7)
    found = []
    for number, name in enumerate((EARLY, LATER, LATEST)):
        classes = rng.choice([0, 1, 2, 3], SHAPE, p=[0.1, 0.5, 0.3, 0.1])
        classes[number * 10, :5] = 4
        options = {"tiled": True, "blockxsize": 16, "blockysize": 16}
        found.append(write_classified(tmp_path, name, classes, (300_000.0 + 90 * number, 5_000_000.0), **options))
    return tuple(found)


def draw(rasters, n=100, allocation=EQUAL, progress=None, strip_pixels=2_000_000, **options):
    options.setdefault("workers", 1)
    return sample_points(SampleRequest(tuple(rasters), n, allocation, **options), progress, strip_pixels)


def test_each_point_is_a_pixel_of_its_class_and_no_pixel_comes_twice(rasters):
    sample = draw(rasters, 62)
    assert sample.drawn == {1: 16, 2: 16, 3: 15, 4: 15}  # class 4 has just 15
    assert len(sample.points) == 62
    assert [point.id for point in sample.points] == list(range(1, 63))
    by_id = {EARLY: 0, LATER: 1, LATEST: 2}
    pixels = [read_raster(path) for path in rasters]
    for point in sample.points:
        number = by_id[point.scene]
        assert pixels[number][point.row, point.column] == point.map_class
        assert (point.x, point.y) == centre(point.row, point.column, (300_000.0 + 90 * number, 5_000_000.0))
        assert point.day == (date(1998, 3, 8), date(2010, 6, 15), date(2022, 5, 11))[number]
    assert len({(point.scene, point.row, point.column) for point in sample.points}) == 62
    counts = sum(np.bincount(part.ravel(), minlength=5) for part in pixels)
    assert sample.pixels == {j: counts[j] for j in (1, 2, 3, 4)}
    assert "32633" in sample.crs or "UTM zone 33N" in sample.crs


def test_order_threads_and_strips_never_change_the_draw(rasters):
    first = draw(rasters, 200, PROPORTIONAL)
    for order in permutations(rasters):
        assert draw(order, 200, PROPORTIONAL) == first
    for workers, strip_pixels in ((1, 1), (3, 1000), (2, 10**9)):
        assert draw(rasters, 200, PROPORTIONAL, workers=workers, strip_pixels=strip_pixels) == first
    assert draw(rasters, 200, PROPORTIONAL, seed=43).points != first.points


def test_the_place_of_the_files_does_not_matter(rasters, tmp_path):
    moved = []
    for path in rasters:
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        moved.append(tmp_path / "elsewhere" / path.name)
        moved[-1].write_bytes(path.read_bytes())
    assert draw(moved, 50) == draw(rasters, 50)


def test_a_larger_sample_holds_the_smaller_one(rasters):
    def places(n):
        return {(point.scene, point.row, point.column) for point in draw(rasters, n, PROPORTIONAL).points}

    assert places(50) < places(400)


def test_ids_tell_nothing_of_the_class(rasters):
    """Ordered by the hashes themselves, the points of the large classes would all come first."""
    sample = draw(rasters, 60)
    first = [point.map_class for point in sample.points[:30]]
    assert {first.count(j) for j in (1, 2, 3, 4)} <= set(range(3, 14))


def test_every_pixel_of_a_class_is_as_likely(tmp_path):
    """Over 400 seeds each of 20 pixels is drawn about 100 times: binomial, standard deviation 8.7."""
    path = write_classified(tmp_path, EARLY, [[1] * 20])
    hits = np.zeros(20, int)
    for seed in range(400):
        for point in draw([path], 5, seed=seed).points:
            hits[point.column] += 1
    assert hits.sum() == 2000
    assert np.abs(hits - 100).max() < 35


def test_all_pixels_can_be_drawn(tmp_path):
    path = write_classified(tmp_path, EARLY, [[1, 2, 0], [2, 2, 1]])
    sample = draw([path], 5, PROPORTIONAL)
    assert {(point.row, point.column) for point in sample.points} == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)}


def test_rasters_of_several_zones_meet_in_degrees(tmp_path):
    here = write_classified(tmp_path, EARLY, np.ones((4, 4)), (500_000.0, 5_000_000.0))
    there = write_classified(tmp_path, LATER, np.ones((4, 4)), (500_000.0, 5_000_000.0), crs="EPSG:32632")
    sample = draw([here, there], 32, PROPORTIONAL)
    assert "WGS 84" in sample.crs
    assert "UTM" not in sample.crs
    for point in sample.points:
        # The central meridians of the zones 33 and 32; 5,000 km north of the equator.
        assert point.x == pytest.approx(15 if point.scene == EARLY else 9, abs=0.002)
        assert point.y == pytest.approx(45.153, abs=0.002)


def test_what_is_told(rasters):
    log = Recorder()
    draw(rasters, 100, PROPORTIONAL, log)
    assert [line.split(":")[0] for line in log.notes] == ["Class 1", "Class 2", "Class 3", "Class 4"]
    assert log.warnings == [
        "Few points: Class 4 (0); an accuracy takes at least 2 points of a class, and 50 to be of use. Choose more "
        "points, another ALLOCATION, or merge small classes."
    ]
    assert log.fractions == sorted(log.fractions)
    assert log.fractions[-1] == 1.0
    log = Recorder()
    draw(rasters, 200, PROPORTIONAL_LEAST, log, min_per_class=20)
    assert log.warnings[0].startswith("Few points: Class 4 (15);")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "N is 0; choose a number of points from 1 to 1000000"),
        ({"n": 10_000_000}, "N is 10000000"),
        ({"n": 100_000}, "N is 100,000, but RASTERS have"),
        ({"allocation": "random"}, "ALLOCATION is 'random'; choose one of equal, proportional"),
        ({"min_per_class": -1}, "MIN_PER_CLASS is -1"),
        ({"n": 30, "allocation": PROPORTIONAL_LEAST, "min_per_class": 10}, "N is 30, but MIN_PER_CLASS 10 in 4 class"),
        ({"workers": -1}, "WORKERS is -1"),
    ],
)
def test_what_cannot_be_is_refused(rasters, options, words):
    with pytest.raises(ParameterError, match="^" + words):
        draw(rasters, **options)


def test_rasters_that_do_not_go_together_are_refused(tmp_path):
    one = write_classified(tmp_path, EARLY, [[1]])
    with pytest.raises(ParameterError, match=r"RASTERS: LE07_\w+\.tif has no CRS and others have one"):
        draw([one, write_classified(tmp_path, LATER, [[1]], crs=None)], 1)
    with pytest.raises(GridError, match="one size"):
        draw([one, write_classified(tmp_path, LATER, [[1]], pixel=60.0)], 1)
    with pytest.raises(NoValidPixels, match="RASTERS: not one of 2 pixels is classified"):
        draw([write_classified(tmp_path, EARLY, [[0, 0]])], 1)
    with pytest.raises(ParameterError, match="RASTERS is empty"):
        draw([], 1)


def test_rasters_without_a_crs_are_sampled_in_their_own_coordinates(tmp_path):
    sample = draw([write_classified(tmp_path, "cover", [[1, 2]], crs=None)], 2)
    assert sample.crs == ""
    assert {(point.day, point.scene, point.x) for point in sample.points} == {
        (None, "cover_classes", 300_015.0),
        (None, "cover_classes", 300_045.0),
    }


def test_a_cancel_ends_it(rasters):
    with pytest.raises(Cancelled):
        draw(rasters, progress=Recorder(lambda log: log.asked > 2), strip_pixels=100)


def test_rasters_that_change_between_counting_and_drawing_are_refused(rasters, monkeypatch):
    from iikmc.engine.maps.raster_set import RasterSetSite

    genuine, reads = RasterSetSite.read, []
    monkeypatch.setattr(
        RasterSetSite, "read", lambda site, strip: genuine(site, strip) * (reads.append(1) or len(reads) <= 3)
    )
    with pytest.raises(IIkMCError, match="RASTERS have changed while they were read"):
        draw(rasters, 100)


def test_a_draw_that_has_too_little_to_spare_is_made_again(rasters, monkeypatch):
    from iikmc.engine.runs import samplepoints

    whole = draw(rasters, 200, PROPORTIONAL)
    monkeypatch.setattr(
        samplepoints,
        "_limits",
        lambda pixels, drawn, spare: np.full(256, min((1 << 64) - 1, spare << 57), np.uint64),
    )
    assert draw(rasters, 200, PROPORTIONAL) == whole
