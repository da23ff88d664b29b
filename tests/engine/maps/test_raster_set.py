"""Several classified rasters as one map: in one order, by names that tell them apart, of one legend."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from classified_rasters import EARLY, LATER, LATEST, NORTH, write_classified
from iikmc.engine.errors import GridError, ParameterError
from iikmc.engine.maps.raster_set import check_one_pixel_size, day_in, open_raster_set


def test_the_order_they_are_given_in_never_matters(tmp_path):
    paths = [write_classified(tmp_path, name, [[1]]) for name in (LATEST, EARLY, NORTH, LATER)]
    for order in permutations(paths):
        members = open_raster_set(order).members
        assert [member.id for member in members] == [EARLY, LATER, NORTH, LATEST]
    assert [member.day for member in members] == [
        date(1998, 3, 8),
        date(2010, 6, 15),
        date(2022, 5, 11),
        date(2022, 5, 11),
    ]


def test_a_file_given_twice_is_used_once(tmp_path):
    path = write_classified(tmp_path, EARLY, [[1]])
    other = Path(tmp_path, "nowhere", "..", path.name)
    (tmp_path / "nowhere").mkdir()
    assert len(open_raster_set([path, path, other]).members) == 1


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = [write_classified(tmp_path / year, "forest", [[1]]) for year in ("2019", "2021")]
    paths.append(write_classified(tmp_path, "water", [[1]]))
    found = {member.raster.path: member.id for member in open_raster_set(paths).members}
    assert list(map(found.get, paths)) == ["2019/forest_classes.tif", "2021/forest_classes.tif", "water_classes"]
    # A copy beside it has the same product identifier.
    copies = [write_classified(tmp_path, EARLY, [[1]]), tmp_path / f"{EARLY}_classes (1).tif"]
    copies[1].write_bytes(copies[0].read_bytes())
    assert {member.id for member in open_raster_set(copies).members} == {copy.name for copy in copies}


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("cover_20220511.tif", date(2022, 5, 11)),
        ("2022-05-11 cover.tif", date(2022, 5, 11)),
        ("cover_2022_05_11_v2.tif", date(2022, 5, 11)),
        (f"{EARLY}_classes.tif", date(1998, 3, 8)),
        ("cover_20229911_20220511.tif", date(2022, 5, 11)),
        ("cover_2022.tif", None),
        ("cover_120220511.tif", None),
        ("cover_2022-0511.tif", None),
        ("cover.tif", None),
    ],
)
def test_days_in_names(name, day):
    assert day_in(name) == day


def test_names_that_a_user_gave_count_for_all(tmp_path):
    paths = [
        write_classified(tmp_path, EARLY, [[1]], names={1: "Class 1", 2: "Class 2"}),
        write_classified(tmp_path, LATER, [[1]], names={1: "Water", 2: "Class 2"}),
    ]
    raster_set = open_raster_set(paths)
    assert raster_set.names[:4] == ["Class 0", "Water", "Class 2", "Class 3"]
    assert (raster_set.full_name(1), raster_set.full_name(2)) == ("1 Water", "Class 2")


def test_colour_tables_that_differ_are_doubted(tmp_path):
    paths = [write_classified(tmp_path, name, [[1]]) for name in (EARLY, LATER)]
    assert open_raster_set(paths).doubts() == []
    import rasterio

    with rasterio.open(paths[1], "r+") as raster:
        raster.write_colormap(1, {1: (9, 9, 9, 255)})
    (doubt,) = open_raster_set(paths).doubts()
    assert f"the colour table of {paths[1].name} differs from that of {paths[0].name}: they may" in doubt


def test_pixels_of_two_sizes_are_refused(tmp_path):
    one = write_classified(tmp_path, EARLY, [[1]])
    two = write_classified(tmp_path, LATER, [[1]], pixel=15.0)
    with pytest.raises(GridError, match=r"are 30 x 30 and those of LE07_\w+\.tif 15 x 15 map units; all must have one"):
        check_one_pixel_size(open_raster_set([one, two]))
    degrees = write_classified(tmp_path, LATER, [[1]], crs="EPSG:4326")
    with pytest.raises(GridError, match="all must have one size"):
        check_one_pixel_size(open_raster_set([one, degrees]))
    check_one_pixel_size(open_raster_set([one, write_classified(tmp_path, LATEST, [[1]], crs="EPSG:32632")]))


def test_none_is_refused():
    with pytest.raises(ParameterError, match="RASTERS is empty"):
        open_raster_set([])
