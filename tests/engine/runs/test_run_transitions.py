"""Transitions between two classified rasters, against matrices and codes worked out by hand."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from iikmc.engine.colours import default_colour
from iikmc.engine.errors import Cancelled, GridError, IIkMCError, NoValidPixels, ParameterError
from iikmc.engine.map_requests import TransitionRequest
from iikmc.engine.maps.change_raster import attribute_table
from iikmc.engine.maps.classified import ClassifiedError, open_classified
from iikmc.engine.maps.overlap import overlap
from iikmc.engine.maps.transition import code_of, code_table, transitions_of
from iikmc.engine.results.styles import pam_xml, qml_of_values
from iikmc.engine.runs.transitions import compare
from rasterio.transform import Affine, from_origin
from tiny import Recorder, listing, read_raster

BEFORE = [[1, 1, 2, 2], [1, 2, 2, 0], [3, 3, 3, 1]]
AFTER = [[1, 2, 2, 2], [2, 2, 0, 1], [3, 1, 3, 1]]
CODES = [[1, 1002, 1, 1], [1002, 1, 0, 0], [1, 3001, 1, 1]]
# 2 pixels 1 -> 1, 2 pixels 1 -> 2, 3 pixels 2 -> 2, 1 pixel 3 -> 1, 2 pixels 3 -> 3; a pixel of 30 m has 0.09 ha.
MATRIX = """\
unit,from_id,from_name,to Class 1,to Class 2,to Class 3,total
pixels,1,Class 1,2,2,0,4
pixels,2,Class 2,0,3,0,3
pixels,3,Class 3,1,0,2,3
pixels,,total,3,5,2,10
hectares,1,Class 1,0.1800,0.1800,0.0000,0.3600
hectares,2,Class 2,0.0000,0.2700,0.0000,0.2700
hectares,3,Class 3,0.0900,0.0000,0.1800,0.2700
hectares,,total,0.2700,0.4500,0.1800,0.9000
percent,1,Class 1,50.0000,50.0000,0.0000,100.0000
percent,2,Class 2,0.0000,100.0000,0.0000,100.0000
percent,3,Class 3,33.3333,0.0000,66.6667,100.0000
percent,,total,30.0000,50.0000,20.0000,100.0000
"""


def write(path: Path, classes, origin=(300000.0, 5000000.0), pixel=30.0, table=None, tags=None, **options) -> Path:
    """Write a classified raster."""
    classes = np.asarray(classes, options.pop("dtype", np.uint8))
    profile = {"driver": "GTiff", "count": 1, "dtype": classes.dtype, "nodata": 0, "crs": "EPSG:32633"}
    profile.update(width=classes.shape[1], height=classes.shape[0], transform=from_origin(*origin, pixel, pixel))
    with rasterio.open(path, "w", **{**profile, **options}) as target:
        for band in range(1, target.count + 1):
            target.write(classes, band)
        if table:
            target.write_colormap(1, {0: (0, 0, 0, 0), **{j: (*c, 255) for j, c in table.items()}})
        if tags:
            target.update_tags(**tags)
    return path


@pytest.fixture
def pair(tmp_path):
    return write(tmp_path / "before.tif", BEFORE), write(tmp_path / "after.tif", AFTER)


def ask(before, after, folder=None, **options) -> TransitionRequest:
    places = {}
    if folder is not None:
        places = {"changes": folder / "c.tif", "matrix": folder / "m.csv", "report": folder / "r.html"}
    return TransitionRequest(before, after, **{"workers": 1, **places, **options})


def test_matrix_raster_and_numbers_are_those_worked_out_by_hand(pair, tmp_path):
    out = tmp_path / "out"
    result = compare(ask(*pair, out))
    assert (result.common, result.changed, result.changed_percent) == (10, 3, 30.0)
    assert result.classes == [1, 2, 3]
    assert (result.counts[2, 0], result.counts[0, 1], result.counts.sum()) == (1, 1, 12)
    assert (out / "m.csv").read_text(encoding="utf-8") == MATRIX
    with rasterio.open(out / "c.tif") as changes:
        assert changes.dtypes == ("uint16",)
        assert changes.nodata == 0
        assert changes.crs.to_epsg() == 32633
        assert changes.transform == from_origin(300000, 5000000, 30, 30)
        np.testing.assert_array_equal(changes.read(1), CODES)
    assert {path.name for path in out.iterdir() if not path.name.startswith("plotly-")} == {
        "c.tif",
        "c.qml",
        "c.tif.aux.xml",
        "m.csv",
        "r.html",
    }
    page = (out / "r.html").read_text(encoding="utf-8")
    assert "30.00 % changed class" in page
    assert "3 of 10 pixels (0 of 1 ha)" in page
    assert "1 pixels are classified before only and 1 after only" in page


def test_nothing_is_written_that_is_not_wanted(pair, tmp_path):
    before = listing(tmp_path)
    assert compare(ask(*pair)).changed == 3
    assert listing(tmp_path) == before


def test_a_raster_compared_with_its_copy_is_unchanged(tmp_path):
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 9, (50, 40), dtype=np.uint8)
    one, two = write(tmp_path / "a.tif", classes), write(tmp_path / "b.tif", classes)
    result = compare(ask(one, two, tmp_path / "out"))
    assert result.changed == 0
    assert result.common == np.count_nonzero(classes)
    np.testing.assert_array_equal(read_raster(tmp_path / "out" / "c.tif"), classes > 0)
    assert "No pixel changed class" in (tmp_path / "out" / "r.html").read_text(encoding="utf-8")


def nearest_by_coordinates(before, after, origin, pixel):
    """Pair the pixels by map coordinates, one by one: an independent way to the same pairs."""
    pairs = {}
    for row in range(before.shape[0]):
        for column in range(before.shape[1]):
            x, y = (column + 0.5) * pixel, -(row + 0.5) * pixel
            r, c = math.floor((origin[1] - y) / pixel), math.floor((x - origin[0]) / pixel)
            if 0 <= r < after.shape[0] and 0 <= c < after.shape[1]:
                pairs[row, column] = (int(before[row, column]), int(after[r, c]))
    return pairs


@pytest.mark.parametrize(
    ("right", "down"), [(0, 0), (3, 2), (-4, 1), (2.3, -1.7), (-0.4, 0.49), (0.6, 5.51), (-6.2, -7.8), (0.5, -0.5)]
)
def test_shifted_grids_are_matched_by_the_nearest_cell(tmp_path, right, down):
    rng = np.random.default_rng(8)
    before = rng.integers(0, 5, (17, 13), dtype=np.uint8)
    after = rng.integers(0, 5, (15, 19), dtype=np.uint8)
    one = write(tmp_path / "a.tif", before, origin=(0, 0), pixel=10)
    two = write(tmp_path / "b.tif", after, origin=(10 * right, -10 * down), pixel=10)
    result = compare(ask(one, two, tmp_path / "out"), strip_pixels=30)
    pairs = nearest_by_coordinates(before, after, (10 * right, -10 * down), 10)
    expected = np.zeros((256, 256), np.int64)
    for both in pairs.values():
        expected[both] += 1
    np.testing.assert_array_equal(result.counts, expected)
    assert max(map(abs, result.overlap.residual)) <= 0.5
    with rasterio.open(tmp_path / "out" / "c.tif") as changes:
        top, left = min(pairs)
        assert (changes.transform.c, changes.transform.f) == (10 * left, -10 * top)
        assert changes.shape == (1 + max(r for r, _ in pairs) - top, 1 + max(c for _, c in pairs) - left)
        codes = changes.read(1)
    for (row, column), (f, t) in pairs.items():
        assert codes[row - top, column - left] == code_of(f, t)


def test_the_shift_is_told(tmp_path):
    one = write(tmp_path / "a.tif", np.ones((9, 9)), origin=(0, 0))
    pixel_on_pixel, shifted, between = Recorder(), Recorder(), Recorder()
    compare(ask(one, write(tmp_path / "b.tif", np.ones((9, 9)), origin=(0, 0))), pixel_on_pixel)
    compare(ask(one, write(tmp_path / "c.tif", np.ones((9, 9)), origin=(60, 30))), shifted)
    compare(ask(one, write(tmp_path / "d.tif", np.ones((9, 9)), origin=(9, -12))), between)
    assert pixel_on_pixel.notes[2] == "The rasters lie pixel on pixel; 9 x 9 pixels in common."
    assert shifted.notes[2] == (
        "AFTER begins 2 pixels right of and 1 pixels above BEFORE: the pixels coincide; 7 x 8 pixels in common."
    )
    # 0.3 and 0.4 pixels of 30 units: 0.5 pixels.
    assert between.notes[2] == (
        "AFTER begins 0.3 pixels right of and 0.4 pixels below BEFORE: each pixel of BEFORE is compared with the "
        "nearest of AFTER, whose centre lies 0.50 pixels (15.0 map units) away; 9 x 9 pixels in common."
    )


def test_threads_and_strips_never_change_the_files(tmp_path):
    rng = np.random.default_rng(4)
    rasters = [write(tmp_path / f"{n}.tif", rng.integers(0, 7, (600, 300)), tiled=True, blockxsize=64, blockysize=64)
               for n in range(2)]  # fmt: skip
    compare(ask(*rasters, tmp_path / "a"), strip_pixels=10_000)
    compare(ask(*rasters, tmp_path / "b", workers=3), strip_pixels=70_000)
    np.testing.assert_array_equal(read_raster(tmp_path / "a" / "c.tif"), read_raster(tmp_path / "b" / "c.tif"))
    for name in ("m.csv", "c.qml", "c.tif.aux.xml", "r.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    with rasterio.open(tmp_path / "a" / "c.tif") as changes:
        assert changes.overviews(1) == [2, 4]


# --- codes, names and colours


def test_codes_are_read_as_numbers():
    assert code_of(3, 5) == 3005
    assert code_of(254, 1) == 254001
    assert code_of(7, 7) == 1
    assert code_of(0, 4) == code_of(4, 0) == code_of(0, 0) == 0


@pytest.mark.parametrize(("highest", "dtype"), [(65, "uint16"), (66, "uint32")])
def test_codes_above_65535_make_a_wider_raster(tmp_path, highest, dtype):
    one = write(tmp_path / "a.tif", [[highest, 1]])
    two = write(tmp_path / "b.tif", [[254, 1]])
    compare(ask(one, two, tmp_path / "out"))
    with rasterio.open(tmp_path / "out" / "c.tif") as changes:
        assert changes.dtypes == (dtype,)
        assert changes.read(1).tolist() == [[1000 * highest + 254, 1]]


def test_the_code_table_is_code_of_for_every_pair():
    counts = np.ones((256, 256), np.int64)
    table = code_table(counts).reshape(256, 256)
    for f, t in ((0, 0), (0, 9), (9, 0), (1, 1), (255, 255), (1, 2), (255, 254), (12, 3)):
        assert table[f, t] == code_of(f, t)


def test_transitions_are_listed_unchanged_first_then_by_size():
    counts = np.zeros((256, 256), np.int64)
    counts[1, 1], counts[2, 2], counts[1, 2], counts[2, 3], counts[3, 1], counts[0, 1] = 5, 6, 7, 9, 7, 100
    names = [f"n{j}" for j in range(256)]
    colours = [(10 * j % 256, 0, 100) for j in range(256)]
    found = transitions_of(counts, names, names, colours)
    assert [(item.code, item.name, item.pixels) for item in found] == [
        (1, "Unchanged", 11),
        (2003, "n2 → n3", 9),
        (1002, "n1 → n2", 7),
        (3001, "n3 → n1", 7),
    ]
    assert found[1].colour == (27, 0, 100)  # 0.3 x 20 + 0.7 x 30
    table = attribute_table(found, 0.09)
    assert "<F>2003</F><F>n2 → n3</F><F>2</F><F>3</F><F>9</F><F>0.8100</F><F>27</F><F>0</F><F>100</F>" in table


def test_names_and_colours_come_from_the_style_before_the_raster(tmp_path):
    table = {1: (1, 2, 3), 2: (4, 5, 6)}
    path = write(tmp_path / "a.tif", [[1, 2]], table=table, tags={"CLASS_NAMES": "1=Class 1; 2=Wet; soft"})
    assert open_classified("BEFORE", path).names == {1: "Class 1", 2: "Wet; soft"}
    assert open_classified("BEFORE", path).colours == table
    style = qml_of_values([(1, "Lake & <sea>", (9, 9, 9)), (2, "", (8, 8, 8))])
    path.with_suffix(".qml").write_text(style, encoding="utf-8")
    styled = open_classified("BEFORE", path)
    assert styled.names == {1: "Lake & <sea>", 2: "Wet; soft"}
    assert styled.colours == {1: (9, 9, 9), 2: (8, 8, 8)}
    assert styled.colour_table == table


def test_names_of_other_programs_are_read_too(tmp_path):
    path = write(tmp_path / "a.tif", [[1, 2]])
    Path(f"{path}.aux.xml").write_text(pam_xml(["Sea & sand", "Wood"]), encoding="utf-8")
    assert open_classified("BEFORE", path).names == {1: "Sea & sand", 2: "Wood"}


def test_a_name_given_in_one_raster_counts_for_both(tmp_path):
    one = write(tmp_path / "a.tif", [[1, 2, 2]], tags={"CLASS_NAMES": "1=Water; 2=Class 2"})
    two = write(tmp_path / "b.tif", [[2, 1, 2]], tags={"CLASS_NAMES": "1=Class 1; 2=Wood"})
    compare(ask(one, two, tmp_path / "out"))
    assert 'label="Water → Wood"' in (tmp_path / "out" / "c.qml").read_text(encoding="utf-8")
    head = (tmp_path / "out" / "m.csv").read_text(encoding="utf-8").splitlines()
    assert head[0] == "unit,from_id,from_name,to 1 Water,to 2 Wood,total"
    assert head[1] == "pixels,1,Water,0,1,1"


def test_classes_without_a_colour_get_different_ones():
    assert len({default_colour(j) for j in range(1, 256)}) > 200


def test_markup_in_names_stays_text(tmp_path):
    one = write(tmp_path / "a<b>.tif", [[1, 2]], tags={"CLASS_NAMES": "1=<script>x</script>"})
    two = write(tmp_path / "b.tif", [[2, 2]])
    compare(ask(one, two, tmp_path / "out"))
    assert "<script>x" not in (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "<script>" not in (tmp_path / "out" / "c.qml").read_text(encoding="utf-8")


def test_long_names_are_not_cut_off_in_the_plot_of_gains_and_losses(pair, tmp_path):
    pytest.importorskip("plotly")
    compare(ask(*pair, tmp_path / "out"))
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    figures = [
        json.loads(text) for text in re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    ]
    (bars,) = [figure for figure in figures if figure["data"][0]["type"] == "bar"]
    assert bars["layout"]["yaxis"]["automargin"] is True


def test_without_plotly_the_report_has_its_tables(pair, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    compare(ask(*pair, tmp_path / "out"))
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert len(page) < 50_000
    assert "Gains and losses" in page


# --- doubts: the comparison runs, and says why to look twice


def test_rasters_of_other_runs_are_doubted(tmp_path):
    one = write(tmp_path / "a.tif", [[1, 2]], table={1: (9, 0, 0), 2: (0, 9, 0)})
    two = write(tmp_path / "b.tif", [[2, 2]], table={1: (9, 0, 0), 2: (0, 8, 0)})
    log = Recorder()
    compare(ask(one, two), log)
    assert len(log.warnings) == 1
    assert "may come from different runs" in log.warnings[0]
    same = Recorder()
    compare(ask(one, write(tmp_path / "c.tif", [[2, 2]], table={1: (9, 0, 0), 2: (0, 9, 0)})), same)
    assert same.warnings == []


def test_dates_the_wrong_way_round_are_doubted(tmp_path):
    ids = ("LC08_L2SP_190027_20220511_20220601_02_T1", "LT05_L2SP_190027_19980308_20200909_02_T1")
    one, two = (write(tmp_path / f"{name}_classes.tif", [[1, 2]]) for name in ids)
    log = Recorder()
    result = compare(ask(one, two), log)
    assert result.before.title == "2022-05-11 LC08 190027"
    assert log.warnings[0].startswith("BEFORE (2022-05-11 LC08 190027) is later than AFTER (1998-03-08 LT05 190027)")


# --- refusals


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crs": "EPSG:32632"}, ("BEFORE is in EPSG:32633 and AFTER in EPSG:32632", "one CRS")),
        ({"crs": None}, ("AFTER in no CRS",)),
        ({"pixel": 29.0}, ("30 x 30", "29 x 29", "one size")),
        ({"origin": (300120.0, 5000000.0)}, ("no pixel in common",)),
        ({"origin": (300000.0, 5000090.0)}, ("no pixel in common",)),
        ({"dtype": np.uint16}, ("AFTER: b.tif has 1 band of uint16", "uint8")),
        ({"count": 2}, ("AFTER: b.tif has 2 bands of uint8",)),
        ({"nodata": 255}, ("AFTER: b.tif has nodata 255, expected 0",)),
        ({"transform": Affine(30, 1, 0, 0, -30, 0)}, ("AFTER: b.tif is not north-up",)),
        ({"transform": Affine(30, 0, 0, 0, 30, 0)}, ("AFTER: b.tif is not north-up",)),
    ],
)
def test_rasters_that_cannot_be_compared_are_refused(tmp_path, options, words):
    one = write(tmp_path / "a.tif", BEFORE)
    two = write(tmp_path / "b.tif", AFTER, **options)
    with pytest.raises((GridError, ClassifiedError)) as caught:
        compare(ask(one, two, tmp_path / "out"))
    for word in words:
        assert word in str(caught.value)
    assert str(caught.value).endswith(".")
    assert not (tmp_path / "out").exists()


def test_cells_that_differ_by_rounding_are_the_same(tmp_path):
    one = write(tmp_path / "a.tif", BEFORE)
    two = write(tmp_path / "b.tif", AFTER, pixel=30.0000001)
    assert compare(ask(one, two)).changed == 3


def test_places_and_files_are_checked(pair, tmp_path):
    before, after = pair
    for request, word in (
        (ask(before, before), "BEFORE and AFTER are the same file"),
        (ask(before, after, changes=after), "CHANGES would overwrite AFTER"),
        (ask(before, after, matrix=tmp_path), "MATRIX: "),
        (ask(before, after, matrix=tmp_path / "x", report=tmp_path / "x"), "REPORT and MATRIX are the same file"),
        (ask(before, after, workers=-1), "WORKERS is -1"),
    ):
        with pytest.raises(ParameterError, match=word):
            compare(request)
    junk = tmp_path / "junk.tif"
    junk.write_text("<html>404</html>")
    with pytest.raises(ClassifiedError, match=r"AFTER: .*junk\.tif cannot be read as a raster"):
        compare(ask(before, junk))


def test_rasters_without_a_common_classified_cell_are_refused(tmp_path):
    one, two = write(tmp_path / "a.tif", [[1, 0, 2]]), write(tmp_path / "b.tif", [[0, 2, 0]])
    with pytest.raises(NoValidPixels, match="share 3 pixels, but not one is classified in both"):
        compare(ask(one, two, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_is_named(tmp_path):
    rng = np.random.default_rng(2)
    one, two = (write(tmp_path / f"{n}.tif", rng.integers(1, 200, (300, 300)), compress="deflate") for n in "ab")
    two.write_bytes(two.read_bytes()[:-5000])
    with pytest.raises(IIkMCError, match=r"AFTER: .*b\.tif"):
        compare(ask(one, two, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("asked", [1, 3, 5])
def test_a_cancel_leaves_nothing(pair, tmp_path, asked):
    before = listing(tmp_path)
    with pytest.raises(Cancelled):
        compare(ask(*pair, tmp_path / "out"), Recorder(lambda recorder: recorder.asked >= asked), strip_pixels=4)
    assert listing(tmp_path) == before


def test_the_bar_goes_forward_to_its_end(pair, tmp_path):
    log = Recorder()
    compare(ask(*pair, tmp_path / "out"), log, strip_pixels=4)
    assert log.fractions == sorted(log.fractions)
    assert log.fractions[-1] == 1.0
    assert log.notes[-1] == "3 of 10 pixels classified in both changed class (30.00 %)"


def test_overlap_is_exact_at_map_coordinates_of_real_size(tmp_path):
    one = write(tmp_path / "a.tif", np.ones((4, 4)), origin=(465285.0, 5264715.0))
    two = write(tmp_path / "b.tif", np.ones((4, 4)), origin=(465285.0 + 30 * 2 + 0.004, 5264715.0))
    found = overlap(open_classified("BEFORE", one), open_classified("AFTER", two))
    assert found.offset == (2.0, 0.0)
    assert (found.before, found.after, found.grid.width) == ((0, 2), (0, 0), 2)
