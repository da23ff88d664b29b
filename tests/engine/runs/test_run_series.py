"""Classified rasters of several dates in, six rasters, a table and a page out: worked out by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import rasterio
from classified_rasters import EARLY, LATER, LATEST, NORTH, write_classified
from iikmc.engine.errors import Cancelled, IIkMCError, NoValidPixels, ParameterError
from iikmc.engine.map_requests import SeriesRequest
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.maps.series import NEVER
from iikmc.engine.runs.series import follow_series
from iikmc.engine.scenes.coordinates import crs_of, moved
from pages import Page, check_offline, figures
from tiny import Recorder, listing, read_raster

# 1998, 2010 and two rasters of 2022: NORTH comes first by name, and LATEST fills its gaps.
FIRST = [[1, 1, 2, 0], [1, 0, 3, 0]]
SECOND = [[1, 2, 0, 0], [0, 2, 3, 0]]
NORTHERN = [[1, 0, 0, 0], [2, 0, 0, 0]]
THIRD = [[3, 1, 2, 0], [3, 2, 1, 0]]
NAMES = {1: "Wald", 2: "Class 2", 3: "=Fels"}
RASTERS = {
    "observations": [[3, 3, 2, 0], [2, 2, 3, 0]],
    "majority": [[1, 1, 2, 0], [2, 2, 3, 0]],
    "variety": [[1, 2, 1, 0], [2, 1, 2, 0]],
    "changes": [[0, 2, 0, NEVER], [1, 0, 1, NEVER]],
    "first_change": [[0, 20100615, 0, 0], [20220511, 0, 20220511, 0]],
    "last_change": [[0, 20220511, 0, 0], [20220511, 0, 20220511, 0]],
}
TABLE = """\
class_id,class_name,date,pixels,hectares,percent_of_valid
1,Wald,1998-03-08,3,0.27,60.0000
1,Wald,2010-06-15,1,0.09,25.0000
1,Wald,2022-05-11,3,0.27,50.0000
2,Class 2,1998-03-08,1,0.09,20.0000
2,Class 2,2010-06-15,2,0.18,50.0000
2,Class 2,2022-05-11,3,0.27,50.0000
3,'=Fels,1998-03-08,1,0.09,20.0000
3,'=Fels,2010-06-15,1,0.09,25.0000
3,'=Fels,2022-05-11,0,0.00,0.0000
"""


@pytest.fixture
def rasters(tmp_path):
    return [
        write_classified(tmp_path, EARLY, FIRST, names=NAMES),
        write_classified(tmp_path, LATER, SECOND),
        write_classified(tmp_path, NORTH, NORTHERN),
        write_classified(tmp_path, LATEST, THIRD),
    ]


def run(rasters, output, progress=None, strip_pixels=2_000_000, **options):
    options.setdefault("workers", 1)
    return follow_series(SeriesRequest(tuple(rasters), output, **options), progress, strip_pixels)


def test_files_by_hand(rasters, tmp_path):
    out = tmp_path / "out"
    result = run(rasters, out)
    for name, values in RASTERS.items():
        np.testing.assert_array_equal(read_raster(result.rasters[name]), values, name)
    dtypes = {
        name: (rasterio.open(path).dtypes[0], rasterio.open(path).nodata) for name, path in result.rasters.items()
    }
    assert dtypes == {
        "observations": ("uint16", 0),
        "majority": ("uint8", 0),
        "variety": ("uint8", 0),
        "changes": ("uint16", NEVER),
        "first_change": ("int32", 0),
        "last_change": ("int32", 0),
    }
    with rasterio.open(out / "majority.tif") as raster, rasterio.open(rasters[0]) as first:
        assert (raster.crs, raster.transform) == (first.crs, first.transform)
    assert (out / "series.csv").read_text(encoding="utf-8") == TABLE
    assert {name for name in listing(out) if not name.startswith("plotly-")} == {
        *(f"{name}{ending}" for name in RASTERS for ending in (".tif", ".qml")),
        "majority.tif.aux.xml",
        "series.csv",
        "series.html",
    }
    series = result.series
    assert (series.observed, series.altered, series.altered_percent) == (6, 3, 50.0)
    assert series.changed.tolist() == [0, 1, 3]
    assert series.met == (5, 4, 2, 6)
    # What is a map again can be used as one.
    assert open_classified("RASTERS", out / "majority.tif").names == {1: "Wald", 2: "Class 2", 3: "=Fels"}


def test_styles_name_what_occurs(rasters, tmp_path):
    run(rasters, tmp_path / "out")

    def labels(name):
        text = (tmp_path / "out" / f"{name}.qml").read_text(encoding="utf-8")
        return [part.split('"')[0] for part in text.split('label="')[1:]]

    assert labels("observations") == ["1 observation", "2 observations", "3 observations"]
    assert labels("variety") == ["1 class", "2 classes"]
    assert labels("changes") == ["no change", "1 change", "2 changes"]
    assert labels("first_change") == labels("last_change") == ["2010-06-15", "2022-05-11"]
    assert labels("majority") == ["Wald", "Class 2", "=Fels"]


def test_page(rasters, tmp_path):
    run(rasters, tmp_path / "out")
    text = (tmp_path / "out" / "series.html").read_text(encoding="utf-8")
    check_offline(text)
    page = Page(text)
    assert page.headings[0] == "Series 1998-03-08 to 2022-05-11, 3 dates"
    assert "50.00 % changed class at least once: 3 of 6 pixels (0 of 1 ha) that were observed." in page.text
    assert page.tables[0][1] == ["1998-03-08", "0.27", "0.09", "0.09", "0.45", "83.3"]
    assert page.table("Date", "Changed (pixels)")[1:] == [
        ["2010-06-15", "1", "0.1", "25.00"],
        ["2022-05-11", "3", "0.3", "50.00"],
    ]
    found = figures(text)
    (flow,) = [figure["data"][0] for figure in found if figure["data"][0]["type"] == "sankey"]
    links = {
        (flow["node"]["customdata"][s], flow["node"]["customdata"][t]): round(v / 0.09)
        for s, t, v in zip(flow["link"]["source"], flow["link"]["target"], flow["link"]["value"])
    }
    assert links == {
        ("1 Wald (1998-03-08)", "1 Wald (2010-06-15)"): 2,  # one of them is masked in 2010
        ("1 Wald (1998-03-08)", "Class 2 (2010-06-15)"): 1,
        ("Class 2 (1998-03-08)", "Class 2 (2010-06-15)"): 1,
        ("3 =Fels (1998-03-08)", "3 =Fels (2010-06-15)"): 1,
        ("not seen yet (1998-03-08)", "Class 2 (2010-06-15)"): 1,
        ("1 Wald (2010-06-15)", "1 Wald (2022-05-11)"): 1,
        ("1 Wald (2010-06-15)", "Class 2 (2022-05-11)"): 1,
        ("Class 2 (2010-06-15)", "1 Wald (2022-05-11)"): 1,
        ("Class 2 (2010-06-15)", "Class 2 (2022-05-11)"): 2,
        ("3 =Fels (2010-06-15)", "1 Wald (2022-05-11)"): 1,
    }


def test_orders_threads_and_strips_never_change_the_files(tmp_path):
    rng = np.random.default_rng(5)
    rasters = []
    (x,), (y,) = moved([270_000.0], [5_000_000.0], crs_of("EPSG:32633", ""), crs_of("EPSG:32632", ""))
    for number, name in enumerate((EARLY, LATER, LATEST, NORTH)):
        options = {"tiled": True, "blockxsize": 16, "blockysize": 16}
        origin = (270_000.0 + 7 * number, 5_000_000.0 - 40 * number)
        if number == 1:
            options["crs"], origin = "EPSG:32632", (x, y + 100.0)
        rasters.append(write_classified(tmp_path, name, rng.integers(0, 5, (70, 50)), origin, **options))
    one = run(rasters, tmp_path / "a")
    assert all(one.series.met)
    for number, order in enumerate(list(permutations(rasters))[5::6]):
        run(order, tmp_path / str(number), workers=1 + number, strip_pixels=(1, 900, 10**9, 2000)[number])
        assert listing(tmp_path / str(number)) == listing(tmp_path / "a")


def test_another_grid(rasters, tmp_path):
    """A raster of any kind gives the grid: here of floats, two pixels right and one down."""
    grid = tmp_path / "grid.tif"
    with rasterio.open(rasters[0]) as raster:
        profile = {**raster.profile, "dtype": "float32", "nodata": None, "width": 3, "height": 2}
        profile["transform"] = raster.transform * raster.transform.translation(2, 1)
    with rasterio.open(grid, "w", **profile) as target:
        target.write(np.zeros((2, 3), np.float32), 1)
    log = Recorder()
    result = run(rasters, tmp_path / "out", log, grid=grid)
    assert read_raster(result.rasters["changes"]).tolist() == [[1, NEVER, NEVER], [NEVER] * 3]
    assert log.warnings == [
        f"2022-05-11 LC08 190026 ({rasters[2].name}) has no class on the grid of the results, that of grid.tif; "
        "follow places apart from each other one by one.",
    ]
    assert log.notes[-1] == "1 of 1 pixels changed class at least once (100.00 %)"
    assert log.fractions == sorted(log.fractions)
    assert log.fractions[-1] == 1.0


def test_without_plotly_the_tables_are_there(rasters, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    run(rasters, tmp_path / "out")
    text = (tmp_path / "out" / "series.html").read_text(encoding="utf-8")
    assert len(text) < 50_000
    assert "Changes by date" in text


def test_what_cannot_be_is_refused(rasters, tmp_path):
    out = tmp_path / "out"
    undated = write_classified(tmp_path, "map", [[1]])
    naked = write_classified(tmp_path, "naked_20200101", [[1]], crs=None)
    file = tmp_path / "file"
    file.write_text("")
    for request, words in (
        (SeriesRequest(tuple(rasters[:1]), out), "RASTERS are all of one date; choose classified rasters of two"),
        (SeriesRequest(tuple(rasters[2:]), out), "RASTERS are all of one date"),
        (SeriesRequest((*rasters, undated), out), r"RASTERS: map_classes\.tif tells no date in its name"),
        (
            SeriesRequest((*rasters, naked), out),
            r"RASTERS: \S+\.tif and the grid of the results do not both have a CRS",
        ),
        (SeriesRequest((), out), "RASTERS is empty"),
        (SeriesRequest(tuple(rasters), file), "OUTPUT: .* is a file; choose a folder"),
        (SeriesRequest(tuple(rasters), out, workers=-1), "WORKERS is -1"),
    ):
        with pytest.raises(ParameterError, match="^" + words) as caught:
            follow_series(request)
        assert str(caught.value).endswith(".")
    empty = [write_classified(tmp_path / "e", name, [[0, 0]]) for name in (EARLY, LATER)]
    with pytest.raises(NoValidPixels, match="RASTERS have no class on any of the 2 pixels of the grid"):
        run(empty, out)
    assert not out.exists()


def test_results_of_an_earlier_run_are_replaced(rasters, tmp_path):
    run(rasters[:2], tmp_path / "out")
    run(rasters, tmp_path / "out")
    run(rasters, tmp_path / "new")
    assert listing(tmp_path / "out") == listing(tmp_path / "new")


def test_a_cancel_or_a_damaged_file_leaves_nothing(rasters, tmp_path):
    before = listing(tmp_path)
    for asked in (1, 3, 5):
        with pytest.raises(Cancelled):
            run(rasters, tmp_path / "out", Recorder(lambda log, most=asked: log.asked >= most), strip_pixels=4)
        assert listing(tmp_path) == before
    rasters[1].write_bytes(rasters[1].read_bytes()[:-100])
    with pytest.raises(IIkMCError, match=r"RASTERS: .*LE07_\w+\.tif"):
        run(rasters, tmp_path / "out")
    assert not (tmp_path / "out").exists()
