"""Rasters and reference points in, error matrix and estimates out: against matrices worked out by hand."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from itertools import permutations

import numpy as np
import pytest
from classified_rasters import EARLY, LATER, LATEST, NORTH, centre, write_classified
from iikmc.engine.choices import EQUAL
from iikmc.engine.errors import Cancelled, IIkMCError, NoValidPixels, ParameterError
from iikmc.engine.map_requests import AccuracyRequest, ReferencePoints, SampleRequest
from iikmc.engine.runs.accuracy import assess_accuracy
from iikmc.engine.runs.samplepoints import sample_points
from iikmc.engine.scenes.coordinates import crs_of, moved
from tiny import Recorder, listing

UTM = "EPSG:32633"
# The map of the paper's example in small: 20, 15, 320 and 645 pixels of each class.
CLASSES = np.repeat([1, 2, 3, 4], [20, 15, 320, 645]).reshape(20, 50)
NAMES = {1: "Deforestation", 2: "Forest gain", 3: "Stable forest", 4: "Stable non-forest"}
COUNTS = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]


def points_at(places, classes, days=None, scenes=None, crs=UTM):
    """Return reference points at pixel centres (row, column) of a raster at the usual place."""
    x, y = zip(*(centre(*place) for place in places)) if places else ((), ())
    return ReferencePoints(x, y, crs, [str(one) for one in classes], days, scenes)


def ask(rasters, points, folder=None, **options):
    places = {} if folder is None else {"matrix": folder / "m.csv", "report": folder / "r.html"}
    return AccuracyRequest(tuple(rasters), points, **{"workers": 1, **places, **options})


def rows_of(path):
    return list(csv.reader(StringIO(path.read_text(encoding="utf-8"))))


@pytest.fixture
def paper(tmp_path):
    """Return the raster, and points by name in the numbers of the paper's Table 8; a pixel may have several."""
    raster = write_classified(tmp_path, EARLY, CLASSES, names=NAMES)
    places, classes = [], []
    for i, row in enumerate(COUNTS):
        own = np.argwhere(i + 1 == CLASSES).tolist()
        for j, count in enumerate(row):
            for _ in range(count):
                places.append(tuple(own[len(places) % len(own)]))
                classes.append(NAMES[j + 1])
    return raster, points_at(places, classes)


def test_the_papers_example_from_raster_and_points(paper, tmp_path):
    raster, points = paper
    result = assess_accuracy(ask([raster], points, tmp_path / "out"))
    np.testing.assert_array_equal(result.accuracy.points, COUNTS)
    assert (result.used, result.left_out.count, result.met) == (640, 0, (640,))
    assert f"{result.accuracy.overall.value:.2f} ± {result.accuracy.overall.half:.2f}" == "0.95 ± 0.02"
    rows = rows_of(tmp_path / "out" / "m.csv")
    assert {len(row) for row in rows} == {8}
    assert rows[0] == [
        "unit",
        "map_id",
        "map_name",
        "ref 1 Deforestation",
        "ref 2 Forest gain",
        "ref 3 Stable forest",
        "ref 4 Stable non-forest",
        "total",
    ]
    assert rows[1] == ["points", "1", "Deforestation", "66", "0", "5", "4", "75"]
    assert rows[5] == ["points", "", "total", "69", "56", "175", "340", "640"]
    assert rows[6][:4] == ["area_proportion", "1", "Deforestation", "0.017600"]
    values = {row[0]: row[3:] for row in rows[11:]}
    assert values["users_accuracy"] == ["0.880000", "0.733333", "0.927273", "0.963077", ""]
    assert [cell[:4] for cell in values["producers_accuracy"][:4]] == ["0.74", "0.84", "0.93", "0.96"]
    assert values["overall_accuracy"] == ["", "", "", "", "0.946512"]
    assert values["map_pixels"] == ["20", "15", "320", "645", "1000"]
    assert values["map_ha"][0] == "1.8000"
    # 21 158 ha of 900 000 are 2.1158 of the 90 ha here, 6158 are 0.6158.
    assert (values["area_ha"][0], values["area_ha_ci95"][0]) == ("2.1158", "0.6158")
    assert values["area_pixels"][0] == "23.5"
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "Overall accuracy 0.947 ± 0.018" in page
    assert "0.880 ± 0.074" in page


def test_threads_strips_and_orders_never_change_the_files(tmp_path):
    rng = np.random.default_rng(1)
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    rasters = [write_classified(tmp_path, name, rng.integers(0, 4, (50, 40)), **options) for name in (EARLY, LATER)]
    n = 120
    places = list(zip(rng.integers(0, 50, n).tolist(), rng.integers(0, 40, n).tolist()))
    days = [date(1998, 3, 8) if number % 2 else date(2010, 6, 15) for number in range(n)]
    classes = rng.integers(1, 4, n).tolist()
    assess_accuracy(ask(rasters, points_at(places, classes, days), tmp_path / "a"))
    for number, (workers, pixels) in enumerate(((3, 1), (2, 700), (1, 10**9))):
        order = rng.permutation(n)
        points = points_at(*([part[i] for i in order] for part in (places, classes, days)))
        assess_accuracy(ask(rasters[::-1], points, tmp_path / str(number), workers=workers), strip_pixels=pixels)
        assert listing(tmp_path / str(number)) == listing(tmp_path / "a")


def test_a_sample_meets_its_own_pixels_whatever_the_zones(tmp_path):
    """Draw, write down what the map says, and find all of it right."""
    rng = np.random.default_rng(2)
    rasters = [
        write_classified(tmp_path, EARLY, rng.integers(0, 4, (60, 70)), (500_000.0, 5_000_000.0)),
        write_classified(tmp_path, LATER, rng.integers(0, 4, (60, 70)), (970_000.0, 5_000_000.0), crs="EPSG:32632"),
        write_classified(tmp_path, LATEST, rng.integers(0, 4, (60, 70)), (500_010.0, 5_000_010.0)),
        write_classified(tmp_path, NORTH, rng.integers(0, 4, (60, 70)), (500_300.0, 5_000_020.0)),
    ]
    sample = sample_points(SampleRequest(tuple(rasters), 300, EQUAL, workers=1))
    points = ReferencePoints(
        [point.x for point in sample.points],
        [point.y for point in sample.points],
        sample.crs,
        [str(point.map_class) for point in sample.points],
        [point.day for point in sample.points],
        [point.scene for point in sample.points],
    )
    result = assess_accuracy(ask(rasters, points))
    assert (result.used, result.accuracy.overall.value, result.accuracy.overall.error) == (300, 1.0, 0.0)
    assert result.accuracy.points.diagonal().tolist() == [100, 100, 100]
    for order in permutations(range(4), 2):
        own = [point.scene for point in sample.points].count(result.raster_set.members[order[0]].id)
        assert result.met[order[0]] == own


# --- which raster a point meets --------------------------------------------------------------------------------------

EIGHTH, TENTH, TWENTIETH = (date(2022, 5, day) for day in (8, 10, 20))


@pytest.fixture
def dated(tmp_path):
    """Return rasters of 8, 10 and 20 May 2022: classes 1, 2 and 3, with a hole in the second at (0, 1)."""
    return [
        write_classified(tmp_path, "map_20220508", [[1, 1, 1]]),
        write_classified(tmp_path, "map_20220510", [[2, 0, 2]]),
        write_classified(tmp_path, "map_20220520", [[3, 3, 3]]),
    ]


@pytest.mark.parametrize(
    ("day", "max_days", "met"),
    [
        (EIGHTH, 0, 1),
        (TENTH, 0, 2),
        (date(2022, 5, 9), 0, None),
        (date(2022, 5, 9), 1, 1),  # as near to the 8th as to the 10th: the earlier
        (date(2022, 5, 15), 4, None),
        (date(2022, 5, 15), 5, 2),  # as near to the 10th as to the 20th
        (date(2022, 5, 16), 5, 3),
        (date(2022, 5, 1), 6, None),
        (date(2022, 5, 1), 7, 1),
        (date(2030, 1, 1), 10_000, 3),
        (None, 10_000, None),
    ],
)
def test_the_nearest_day_counts(dated, day, max_days, met):
    points = points_at([(0, 0), (0, 2)], [5, 5], [day, TENTH])
    result = assess_accuracy(ask(dated, points, max_days=max_days))
    row = result.accuracy.classes.index(met) if met else None
    assert result.used == (2 if met else 1)
    if met:
        assert result.accuracy.points[row].sum() == (2 if met == 2 else 1)
    else:
        assert (result.left_out.dayless, result.left_out.another_day) == ((1, 0) if day is None else (0, 1))


def test_nodata_on_the_nearest_day_is_not_made_good_by_another_day(dated):
    points = points_at([(0, 1), (0, 2)], [2, 2], [TENTH, TENTH])
    result = assess_accuracy(ask(dated, points, max_days=30))
    assert (result.used, result.left_out.nodata) == (1, 1)


def test_a_raster_that_does_not_hold_a_point_is_not_its_nearest(dated, tmp_path):
    far = write_classified(tmp_path, "map_20220512", [[4, 4, 4]], (400_000.0, 5_000_000.0))
    result = assess_accuracy(ask([*dated, far], points_at([(0, 0)], [2], [date(2022, 5, 12)]), max_days=5))
    assert result.accuracy.points[result.accuracy.classes.index(2)].sum() == 1


def test_of_several_rasters_of_one_day_the_first_valid_by_id_counts_or_the_one_it_was_drawn_from(tmp_path):
    rasters = [write_classified(tmp_path, NORTH, [[0, 1]]), write_classified(tmp_path, LATEST, [[2, 2]])]
    day = date(2022, 5, 11)
    places = [(0, 0), (0, 1), (0, 1)]
    result = assess_accuracy(ask(rasters, points_at(places, [2, 1, 2], [day] * 3, ["", "", LATEST])))
    np.testing.assert_array_equal(result.accuracy.points, [[1, 0], [0, 2]])
    assert result.met == (1, 2)
    assert result.shared == 0
    # Without days too, as both are of one.
    assert assess_accuracy(ask(rasters, points_at(places, [2, 1, 2]))).met == (2, 1)


def test_what_cannot_be_used_is_counted_once_each(dated, tmp_path):
    x, y = centre(0, 0)
    far = 900_000.0
    points = ReferencePoints(
        [x, float("nan"), x, x, far, x, centre(0, 1)[0], float("inf")],
        [y] * 8,
        UTM,
        ["1", "1", "", "1", "1", "1", "1", ""],
        [EIGHTH, EIGHTH, EIGHTH, None, EIGHTH, date(2000, 1, 1), TENTH, None],
    )
    log = Recorder()
    result = assess_accuracy(ask(dated, points, tmp_path / "out"), log)
    left = result.left_out
    assert (left.placeless, left.classless, left.dayless, left.outside, left.another_day, left.nodata) == (
        2, 1, 1, 1, 1, 1,
    )  # fmt: skip
    assert result.used == 1
    assert log.notes[:6] == [
        "2 points left out: without a place",
        "1 point left out: without a class",
        "1 point left out: without a day",
        "1 point left out: outside every raster",
        "1 point left out: without a raster of its day",
        "1 point left out: on nodata (masked or fill)",
    ]
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "7 others were left out" in page
    assert "without a raster of its day" in page


def test_points_that_can_have_no_place_in_the_rasters_crs_lie_outside(tmp_path):
    raster = write_classified(tmp_path, EARLY, [[1, 1]], (500_000.0, 5_000_000.0))
    (x,), (y,) = moved([500_015.0], [4_999_985.0], crs_of(UTM, ""), crs_of("EPSG:4326", ""))
    points = ReferencePoints([x, 105.0, 0.0, 200.0], [y, 0.0, 1e9, -95.0], "EPSG:4326", ["1"] * 4)
    result = assess_accuracy(ask([raster], points))
    assert (result.used, result.left_out.outside) == (1, 3)


def test_points_without_a_crs_are_taken_to_have_the_rasters_own(tmp_path):
    one = write_classified(tmp_path, EARLY, [[1, 1, 1]])
    other = write_classified(tmp_path, NORTH.replace("20220511", "19980308"), [[1, 1]], crs="EPSG:32632")
    points, log = points_at([(0, 0), (0, 2)], [1, 1], crs=""), Recorder()
    assert assess_accuracy(ask([one], points), log).used == 2
    assert log.warnings == [
        "POINTS has no CRS, so its coordinates are taken for those of the rasters; give the layer its CRS."
    ]
    with pytest.raises(ParameterError, match="POINTS has no CRS and RASTERS have several"):
        assess_accuracy(ask([one, other], points))


def test_points_that_share_a_pixel_are_told(tmp_path):
    raster = write_classified(tmp_path, EARLY, [[1, 1, 1]])
    log = Recorder()
    result = assess_accuracy(ask([raster], points_at([(0, 0), (0, 0), (0, 2)], [1, 1, 1])), log)
    assert (result.used, result.shared) == (3, 2)
    assert log.warnings[0].startswith("2 points lie in a pixel that another point lies in too")


# --- classes by number and by name -----------------------------------------------------------------------------------


def test_classes_by_number_and_by_name(tmp_path):
    raster = write_classified(
        tmp_path, EARLY, [[1, 2, 3, 4]], names={1: "Class 1", 2: "Deep  water", 3: "Wald & Wiese"}
    )
    texts = ["2", " deep WATER ", "2.0", "class 1", "wald & wiese", "9", "Class 4", "NULL", "0", ""]
    result = assess_accuracy(ask([raster], points_at([(0, 0)] * 10, texts)))
    assert result.left_out.classless == 3
    assert result.accuracy.classes == (1, 2, 3, 4, 9)
    assert result.accuracy.points[0].tolist() == [1, 3, 1, 1, 1]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["Wter"], r"CLASS_FIELD: 'Wter' of 1 point is neither a number from 1 to 255 nor the name of a class of "
                   r"RASTERS \(1 Water, 2 Wood, 3 Wood\); correct it, leave it empty"),
        (["x", "y", "y"], r"CLASS_FIELD: 'y' of 2 points and 1 other text is neither"),
        (["wood"], "CLASS_FIELD: 'wood' is the name of the classes 2 and 3; give the class by its number, or give one"),
        (["2.5"], "CLASS_FIELD: '2.5'"),
        (["256"], "CLASS_FIELD: '256'"),
        (["-1"], "CLASS_FIELD: '-1'"),
        (["nan"], "CLASS_FIELD: 'nan'"),
        (["inf"], "CLASS_FIELD: 'inf'"),
    ],
)  # fmt: skip
def test_classes_that_cannot_be_told_are_refused(tmp_path, texts, words):
    raster = write_classified(tmp_path, EARLY, [[1, 2, 3]], names={1: "Water", 2: "Wood", 3: "Wood"})
    with pytest.raises(ParameterError, match="^" + words) as caught:
        assess_accuracy(ask([raster], points_at([(0, 0)] * len(texts), texts), tmp_path / "out"))
    assert str(caught.value).endswith(".")
    assert not (tmp_path / "out").exists()


# --- what is not estimable -------------------------------------------------------------------------------------------


def test_no_cell_is_nan_and_the_page_says_not_estimable(tmp_path):
    raster = write_classified(tmp_path, EARLY, [[1] * 6 + [2] * 3 + [3]])
    points = points_at([(0, 0), (0, 1), (0, 9)], [1, 2, 3])
    log = Recorder()
    result = assess_accuracy(ask([raster], points, tmp_path / "out"), log)
    assert (result.accuracy.unsampled, result.accuracy.single) == ((2,), (3,))
    assert log.warnings == [
        "No point lies in Class 2: the estimates hold for the other 70.00 % of the map, and there is none of the "
        "accuracy and the area of what has no point; add points there.",
        "One point alone lies in Class 3: standard errors take two points in each class, so most are not estimable; "
        "add points there, or merge the class with another.",
    ]
    values = {row[0]: row[3:] for row in rows_of(tmp_path / "out" / "m.csv")[9:]}
    assert values["users_accuracy"] == ["0.500000", "", "1.000000", ""]
    assert values["users_accuracy_se"] == ["0.500000", "", "", ""]
    assert values["overall_accuracy"][-1] == "0.571429"
    assert values["overall_accuracy_se"][-1] == ""
    for name in ("m.csv", "r.html"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        tables = text.split("<script")[0]
        assert "nan" not in tables.lower().replace("estimable", "")
        assert "inf" not in tables.lower().split("</style>")[-1].replace("information", "")
    assert "not estimable" in (tmp_path / "out" / "r.html").read_text(encoding="utf-8")


def test_a_raster_of_one_class(tmp_path):
    raster = write_classified(tmp_path, EARLY, [[5, 5, 5]])
    result = assess_accuracy(ask([raster], points_at([(0, 0), (0, 1)], [5, 5]), tmp_path / "out"))
    assert (result.accuracy.overall.value, result.accuracy.overall.error) == (1.0, 0.0)


def test_rasters_in_degrees_have_areas_in_pixels(tmp_path):
    raster = write_classified(tmp_path, EARLY, [[1, 2]], (15.0, 45.0), pixel=0.1, crs="EPSG:4326")
    points = ReferencePoints([15.05, 15.15], [44.95, 44.95], "EPSG:4326", ["1", "2"])
    assess_accuracy(ask([raster], points, tmp_path / "out"))
    units = [row[0] for row in rows_of(tmp_path / "out" / "m.csv")]
    assert "area_pixels" in units
    assert "area_ha" not in units


def test_names_that_spreadsheets_take_for_formulas_are_quoted(tmp_path):
    raster = write_classified(tmp_path, EARLY, [[1, 2]], names={1: "=1+2", 2: "<script>x"})
    assess_accuracy(ask([raster], points_at([(0, 0), (0, 1)], [1, 2]), tmp_path / "out"))
    assert rows_of(tmp_path / "out" / "m.csv")[1][2] == "'=1+2"
    assert "<script>x" not in (tmp_path / "out" / "r.html").read_text(encoding="utf-8")


# --- refusals --------------------------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused(dated, tmp_path):
    here = points_at([(0, 0)], [1], [EIGHTH])
    plain = points_at([(0, 0)], [1])
    undated = write_classified(tmp_path, "map", [[1, 1, 1]])
    naked = write_classified(tmp_path, "naked_20220508", [[1, 1, 1]], crs=None)
    for request, words in (
        (ask(dated, plain), "RASTERS are of 3 dates and DATE_FIELD is empty"),
        (ask([undated], here), r"RASTERS: map_classes\.tif tells no date in its name, and DATE_FIELD is chosen"),
        (ask(dated, here, max_days=-1), "MAX_DAYS is -1"),
        (ask(dated, here, matrix=dated[0]), "MATRIX would overwrite RASTERS, "),
        (ask(dated, here, matrix=tmp_path), "MATRIX: "),
        (ask(dated, here, workers=-1), "WORKERS is -1"),
        (ask([], here), "RASTERS is empty"),
        (ask(dated, points_at([], [], [])), "POINTS has no point"),
        (ask(dated, ReferencePoints([1.0], [], UTM, ["1"], [EIGHTH])), r"POINTS has columns of \[0, 1\] entries"),
        (ask(dated, ReferencePoints([1.0], [1.0], "nonsense", ["1"], [EIGHTH])), "POINTS: 'nonsense' is no CRS"),
        (ask([naked], here), r"RASTERS: naked_20220508_classes\.tif has no CRS, so POINTS cannot be placed on it"),
    ):
        with pytest.raises(ParameterError, match="^" + words) as caught:
            assess_accuracy(request)
        assert str(caught.value).endswith(".")
    with pytest.raises(NoValidPixels, match=r"POINTS: not one of 1 points can be used \(1 outside every raster\)"):
        assess_accuracy(ask(dated, points_at([(90, 90)], [1], [EIGHTH]), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_cancel_and_a_damaged_file_leave_nothing(paper, tmp_path):
    raster, points = paper
    before = listing(tmp_path)
    with pytest.raises(Cancelled):
        assess_accuracy(ask([raster], points, tmp_path / "out"), Recorder(lambda log: log.asked > 2), strip_pixels=1)
    assert listing(tmp_path) == before
    raster.write_bytes(raster.read_bytes()[:-500])
    with pytest.raises(IIkMCError, match=rf"RASTERS: .*{raster.name}"):
        assess_accuracy(ask([raster], points, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
