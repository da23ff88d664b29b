"""The report: well-formed, complete, offline, and safe whatever names it shows."""

from __future__ import annotations

import base64
import sys
from dataclasses import replace
from html import escape
from types import SimpleNamespace

import numpy as np
import pytest
from iikmc.engine.centres.fit import Fit, IterationRecord
from iikmc.engine.pixels.block import Tally
from iikmc.engine.pixels.masking import Audit
from iikmc.engine.pixels.sketch import Sketch
from iikmc.engine.progress import Silent
from iikmc.engine.quality.scene_result import SceneResult
from iikmc.engine.report import cluster as report_page
from iikmc.engine.report.pictures import Picture
from iikmc.engine.results.signatures import ClassRecord, Signatures
from iikmc.engine.results.staging import Destinations, Staging
from iikmc.engine.results.statistics import Moments
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.pages import write_page
from iikmc.engine.scenes.scene import PixelGrid, Scene
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from iikmc.engine.sensors.products import leading_product_id
from pages import Page, check_offline, figures
from rasterio.io import MemoryFile
from tiny import make_scene, product, read_json, read_raster


@pytest.fixture
def no_plotly(monkeypatch):
    """Make plotly a package that is not there."""
    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.offline", None)


@pytest.fixture
def short_plotly(monkeypatch):
    """Take a line of JavaScript for plotly's 3.5 MB."""
    short = SimpleNamespace(get_plotlyjs=lambda: LIBRARY, get_plotlyjs_version=lambda: "2.6.3")
    monkeypatch.setitem(sys.modules, "plotly.offline", short)


LIBRARY = "/* the library */"


def hand_made(name="Class 1", place="/data", natural="data:image/png;base64,AAAA"):
    """Return the arguments of a report whose every number is known: two scenes, red and nir, three classes.

    DN 8000 is a reflectance of 0.02, and 1000 DN are 0.0275.
    """
    grid = PixelGrid(10, 10, (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, 1)
    first = Scene(leading_product_id(product()), place, {}, sun_elevation=41.26, grid=grid)
    second = Scene(leading_product_id(product("LC09", "20220628")), place, {}, grid=grid)
    audits = [Audit(100, 25, {"cloud": 10, "water": 4}, 3, 2, 60), Audit(100, 97, {}, 0, 0, 3)]
    # Class 1: 45 pixels of DN (10000, 20000) in the first scene, 3 of (12000, 20000) in the second.
    # Class 2: 15 pixels of (30000, 9000) in the first scene alone. Class 3: none.
    parts = [
        Moments(
            [45, 15, 0],
            [[450_000, 900_000], [450_000, 135_000], [0, 0]],
            [[45 * 10**8, 45 * 4 * 10**8], [15 * 9 * 10**8, 15 * 81 * 10**6], [0, 0]],
        ),
        Moments([3, 0, 0], [[36_000, 60_000], [0, 0], [0, 0]], [[3 * 144 * 10**6, 3 * 4 * 10**8], [0, 0], [0, 0]]),
    ]
    classes = (
        ClassRecord(1, name, (255, 0, 16), 48, (0.25, 0.5), (0.0123, 0.01)),
        ClassRecord(2, "Class 2", (0, 128, 0), 15, (0.2746, 0.52), (0.0123, 0.01)),
        ClassRecord(3, "Class 3", (1, 2, 3), 0, (None, None), (None, None)),
    )
    iterations = (IterationRecord(1, 63, 100.0, 1234.567, 0.25), IterationRecord(2, 0, 0.0, 0.0, 0.5))
    run = {
        "finished": "2024-01-02T03:04:05+00:00",
        "converged": True,
        "pixels": 63,
        "parameters": {"k": 3, "mask": ["cloud", "cloud shadow"], "scenes": [place], "tolerance_percent": 1.0},
        "seconds": {"read": 1.25, "write": 0.5},
        "kernel": "numpy",
        "versions": {"iikmc": "9.8.7", "numpy": "1.2.3"},
    }
    signed = Signatures(("red", "nir"), np.array([[64, 128], [192, 256], [0, 0]]), classes, run)
    fit = Fit(signed.centres, Tally.zero(3, 2), iterations, True)
    pictures = [Picture(natural, "data:image/png;base64,BBBB", 10, 10)] * 2
    results = [
        SceneResult(scene, audit, Sketch(grid, signed.roles), part)
        for scene, audit, part in zip((first, second), audits, parts)
    ]
    return signed, fit, results, pictures


def test_every_number_is_in_its_place(short_plotly):
    text = report_page.render(*hand_made())
    page = Page(text)
    check_offline(text)
    assert page.headings[0] == "IIkMC: 2 scenes in 3 classes"
    assert "63 valid pixels were clustered together. After 2 iterations, with 0.00 % of the pixels" in page.text
    assert "read 1.2 s, write 0.5 s" in page.text
    assert "2024-01-02T03:04:05+00:00 · IIkMC 9.8.7" in page.text
    assert page.table("Date", "Sensor") == [
        ["Date", "Sensor", "Path/row or tile", "Sun elevation (°)", "Valid, masked, fill", "Pixels", "Valid (%)",
         "Fill (%)", "Cloud (%)", "Water (%)", "Saturated (%)", "Out of 0..1 (%)"],
        ["2022-05-11", "Landsat 8 OLI", "190/027", "41.3", "", "100", "60.00", "25.00", "10.00", "4.00", "3.00",
         "2.00"],
        ["2022-06-28", "Landsat 9 OLI", "190/027", "", "", "100", "3.00", "97.00", "", "", "0.00", "0.00"],
    ]  # fmt: skip
    bars = [attributes["style"] for tag, attributes in page.tags if tag == "i" and "style" in attributes]
    assert bars == ["width:60.0%", "width:15.0%", "width:25.0%", "width:3.0%", "width:0.0%", "width:97.0%"]
    assert page.table("Class", "Pixels") == [
        ["Class", "Pixels", "Share (%)", "red (0.66 µm)", "nir (0.86 µm)", "± red", "± nir"],
        ["Class 1", "48", "76.19", "0.2500", "0.5000", "0.0123", "0.0100"],
        ["Class 2", "15", "23.81", "0.2746", "0.5200", "0.0123", "0.0100"],
        ["Class 3", "0", "0.00", "", "", "", ""],
    ]
    names = ["Class 1", "Class 2", "Class 3"]
    # A pixel of 30 m has 0.09 ha.
    assert page.tables[2] == [
        ["Date", "Scene", *names],
        ["2022-05-11", "LC08 190027", f"{45 * 0.09:.1f}", f"{15 * 0.09:.1f}", "0.0"],
        ["2022-06-28", "LC09 190027", "0.3", "0.0", "0.0"],
    ]
    assert page.tables[3] == [
        ["Date", "Scene", *names],
        ["2022-05-11", "LC08 190027", "75.00", "25.00", "0.00"],
        ["2022-06-28", "LC09 190027", "100.00", "0.00", "0.00"],
    ]
    assert page.table("Class", "Scenes without it")[1:] == [
        ["Class 2", "1", "2022-06-28 LC09 190027"],
        ["Class 3", "2", "every scene: the class is empty"],
    ]
    assert page.table("Iteration") == [
        ["Iteration", "Changed pixels", "Changed (%)", "Largest centre move (DN)", "in reflectance", "Seconds"],
        ["1", "63", "100.000", "1234.57", "0.03395", "0.25"],
        ["2", "0", "0.000", "0.00", "0.00000", "0.50"],
    ]
    assert page.table("Name") == [
        ["Name", "Value"],
        ["k", "3"],
        ["mask", "cloud, cloud shadow"],
        ["scenes", "/data"],
        ["tolerance_percent", "1.0"],
        ["kernel", "numpy"],
        ["iikmc", "9.8.7"],
        ["numpy", "1.2.3"],
    ]
    assert page.table("Stage") == [["Stage", "Seconds"], ["read", "1.25"], ["write", "0.50"]]


def test_drift_by_hand(short_plotly):
    page = Page(report_page.render(*hand_made()))
    # The common red mean of class 1 is (45 x 10000 + 3 x 12000) / 48 = 10125 DN: the scenes lie 125 and 1875 DN from
    # it, which are 0.0034375 and 0.0515625 of reflectance; nir is the same everywhere, and so is class 2.
    # All classes: 45 x 0.0034375 / 60 = 0.002578; offset: half of it (two bands), and darker.
    assert page.table("Date", "Scene", "All classes") == [
        ["Date", "Scene", "All classes", "Offset", "Class 1", "Class 2", "Class 3"],
        ["2022-05-11", "LC08 190027", "0.0026", "-0.0013", "0.0034", "0.0000", ""],
        ["2022-06-28", "LC09 190027", "0.0516", "+0.0258", "0.0516", "", ""],
    ]
    grounds = [attributes["style"] for tag, attributes in page.tags if tag == "td" and "style" in attributes]
    assert "background:#f28e5c" in grounds  # beyond 0.05 it is as dark as it gets
    assert "background:#ffffff" in grounds


def test_parameters_read_like_those_of_a_dialog(short_plotly):
    signed, *others = hand_made()
    signed.run["parameters"].update(signatures=None, mask=[], bands=["red", "nir"], mask_saturated=True, compare=False)
    rows = dict(Page(report_page.render(signed, *others)).table("Name", "Value")[1:])
    found = {name: rows[name] for name in ("signatures", "mask", "bands", "mask_saturated", "compare", "k")}
    assert found == {
        "signatures": "none",
        "mask": "none",
        "bands": "red, nir",
        "mask_saturated": "yes",
        "compare": "no",
        "k": "3",
    }


def test_separability_by_hand(short_plotly):
    page = Page(report_page.render(*hand_made()))
    # Equal spreads: B = (0.0246**2 / 0.0123**2 + 0.02**2 / 0.01**2) / 8 = 1, so JM = 2 (1 - 1/e) = 1.2642.
    assert page.table("Class", "Class 1") == [
        ["Class", "Class 1", "Class 2"],
        ["Class 1", "", "1.264"],
        ["Class 2", "1.264", ""],
    ]
    assert "1 of 1 pairs lie below 1.9. The least separable: Class 1 and Class 2 (1.26)." in page.text


def test_what_is_worth_a_look(short_plotly):
    page = Page(report_page.render(*hand_made()))
    assert "Classes without a pixel: 3." in page.text
    assert "2022-06-28 LC09 190027 has only 3.00 % valid pixels." in page.text
    assert "1 class without a pixel in some of the scenes: 2 (which)." in page.text
    assert "The largest drift is 0.052 of reflectance: Class 1 in 2022-06-28 LC09 190027" in page.text
    assert "Class 1 and Class 2 are the least separable classes" in page.text
    assert "has not converged" not in page.text
    signed, fit, results, _ = hand_made()
    page = Page(report_page.render(signed, replace(fit, converged=False), results))
    assert "The run has not converged" in page.text


def test_plots_show_the_same_numbers(short_plotly):
    curves, shares, lines, convergence = figures(report_page.render(*hand_made()))
    assert curves["layout"]["xaxis"]["tickangle"] == 0  # names of bands do not run into each other
    named = {trace["name"]: trace for trace in curves["data"] if "name" in trace}
    assert list(named) == ["Class 1", "Class 2"]  # class 3 has no signature to draw
    assert named["Class 1"]["x"] == [0.655, 0.865]
    assert named["Class 1"]["y"] == [0.25, 0.5]
    assert named["Class 1"]["line"]["color"] == "#ff0010"
    spread = next(trace for trace in curves["data"] if trace.get("fillcolor") == "rgba(255,0,16,0.18)")
    assert spread["x"] == [0.655, 0.865, 0.865, 0.655]
    np.testing.assert_allclose(spread["y"], [0.2623, 0.51, 0.49, 0.2377])
    assert [(trace["name"], trace["y"], trace["marker"]["color"]) for trace in shares["data"]] == [
        ("Class 1", [75.0, 100.0], "#ff0010"),
        ("Class 2", [25.0, 0.0], "#008000"),
        ("Class 3", [0.0, 0.0], "#010203"),
    ]
    named = {trace["name"]: trace for trace in lines["data"] if "name" in trace}
    assert named["Class 2"]["x"] == ["2022-05-11", "2022-06-28"]
    assert named["Class 2"]["y"] == [25.0, 0.0]
    changed, move, tolerance = convergence["data"]
    assert (changed["x"], changed["y"]) == ([1, 2], [100.0, None])
    assert move["y"] == [1234.567, None]
    assert tolerance["y"] == [1.0, 1.0]


def test_quicklooks_stand_beside_each_other(short_plotly):
    page = Page(report_page.render(*hand_made()))
    images = [(attributes["src"], attributes["alt"]) for tag, attributes in page.tags if tag == "img"]
    assert images[:2] == [
        ("data:image/png;base64,AAAA", "2022-05-11 LC08 190027 in natural colour"),
        ("data:image/png;base64,BBBB", "Classes of 2022-05-11 LC08 190027"),
    ]
    page = Page(report_page.render(*hand_made(natural=None)))
    assert [tag for tag, _ in page.tags].count("img") == 2


def test_the_library_lies_beside_and_uploads_nothing(short_plotly):
    text = report_page.render(*hand_made())
    assert text.count('<script src="plotly-2.6.3.min.js"></script>') == 1
    assert LIBRARY not in text
    assert "plotly was not found" not in text
    assert "showSendToCloud: false" in text
    assert 'modeBarButtonsToRemove: ["sendDataToCloud"]' in text
    # A page that was sent alone says what it lacks.
    assert "The plots need the file plotly-2.6.3.min.js" in Page(text).text


def test_without_plotly_the_tables_stay_and_a_line_says_so(no_plotly):
    text = report_page.render(*hand_made())
    check_offline(text)
    page = Page(text)
    assert "the Python package plotly was not found" in page.text
    assert "Plotly.newPlot" not in text
    assert ("body", {"class": "unplotted"}) in page.tags
    assert ".unplotted .plot,.alone{display:none}" in text
    assert page.table("Class", "Pixels")[1][1] == "48"


def test_a_report_is_small_and_plotly_lies_beside_it_once(tmp_path):
    plotly = pytest.importorskip("plotly.offline")
    name = f"plotly-{plotly.get_plotlyjs_version()}.min.js"
    text = report_page.render(*hand_made())
    assert len(text) < 200_000
    check_offline(text)
    for _ in range(2):
        with Staging(tmp_path) as staging:
            write_page(staging, "report.html", text, Silent())
            staging.publish()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "report.html"]
    with Destinations({"REPORT": tmp_path / "files" / "page.html", "TABLE": None}) as files:
        write_page(files, "REPORT", text, Silent())
        write_page(files, "TABLE", text, Silent())
        files.publish()
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["page.html", name]
    assert (tmp_path / "files" / name).read_text("utf-8") == plotly.get_plotlyjs()


def test_the_log_says_that_the_plots_are_missing(no_plotly, tmp_path):
    progress = Heard()
    with Staging(tmp_path) as staging:
        write_page(staging, "report.html", report_page.render(*hand_made()), progress)
        staging.publish()
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    (note,) = progress.notes
    assert note.startswith(
        "The plots are left out, because the Python package plotly was not found; the tables hold all numbers. "
        "Most installations of QGIS have it; to get it: "
    )
    assert "plotly" in note.partition("to get it: ")[2]


class Heard(Silent):
    """Keeps what is noted."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_numbers_copy_without_anything_in_between(short_plotly):
    signed, fit, results, _ = hand_made()
    many = replace(signed.classes[0], pixels=1234567)
    text = report_page.render(replace(signed, classes=(many, *signed.classes[1:])), fit, results)
    assert Page(text).table("Class", "Pixels")[1][1] == "1234567"
    assert "1<i></i>234<i></i>567" in text


def test_scene_without_sun_or_metres_and_alone(short_plotly):
    signed, fit, (one, _), _ = hand_made()
    scene = one.scene
    scene = replace(scene, sun_elevation=None, grid=replace(scene.grid, crs=type("Degrees", (), {"is_projected": 0})()))
    page = Page(report_page.render(signed, fit, [replace(one, scene=scene)]))
    assert page.tables[0][1][3] == ""
    assert page.tables[2][1][2:] == ["", "", ""]
    assert page.tables[3][1][2] == "75.00"
    assert "One scene: there is no other to compare it with." in page.text


@pytest.mark.parametrize("nasty", ['<script>alert("x")</script>', "a & b < c > d", "\"quotes\" and 'quotes'", "水 – é"])
def test_names_are_shown_as_they_are_and_never_run(short_plotly, nasty):
    text = report_page.render(*hand_made(name=nasty, place=nasty))
    page = Page(text)
    shown = f"1 {nasty}"
    assert page.table("Class", "Pixels")[1][0] == shown
    assert page.tables[2][0][2] == shown
    assert ["scenes", nasty] in page.table("Name")
    assert "<script>alert" not in text
    # Plotly reads its texts as HTML too.
    assert figures(text)[0]["data"][-3]["name"] == escape(shown)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_report_of_a_run(small_series, request_of):
    result = cluster(request_of(*small_series, k=4, flags=DEFAULT_FLAGS))
    text = result.report.read_text(encoding="utf-8")
    page = Page(text)
    check_offline(text)
    assert page.headings[0] == "IIkMC: 3 scenes in 4 classes"
    scenes = page.table("Date", "Sensor")[1:]
    # 41 x 37 pixels with 18 fill by quality and one band 0 elsewhere (15 of the 18 are 0 too).
    by_date = {row[0]: row for row in scenes}
    assert by_date["2022-05-11"][7] == f"{100 * 19 / (41 * 37):.2f}"
    assert [row[0] for row in scenes] == sorted(by_date)
    assert sum(int(row[1]) for row in page.table("Class", "Pixels")[1:]) == result.pixels
    assert [row[0] for row in page.table("Iteration")[1:]] == [str(i + 1) for i in range(len(result.fit.iterations))]
    assert ["k", "4"] in page.table("Name")
    assert ["mask", ", ".join(DEFAULT_FLAGS)] in page.table("Name")
    # Small scenes are shown pixel by pixel: the picture is the raster.
    table = {tuple(record.colour): record.id for record in read_records(result)}
    sources = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert len(sources) == 2 * 3
    for raster, source in zip(result.rasters, sources[1::2]):
        rgb = read_png(source)
        classes = np.array([[table.get(tuple(pixel), 0) for pixel in row] for row in rgb.tolist()])
        np.testing.assert_array_equal(classes, read_raster(raster))


def read_records(result):
    document = read_json(result.signatures)
    return [
        SimpleNamespace(id=record["id"], colour=bytes.fromhex(record["colour"][1:])) for record in document["classes"]
    ]


def read_png(uri: str) -> np.ndarray:
    """Return (height, width, 3) of a data URI, read by GDAL."""
    with MemoryFile(base64.b64decode(uri.partition(",")[2])) as memory, memory.open() as dataset:
        planes = dataset.read()
        if len(planes) == 1:
            table = np.array([dataset.colormap(1)[index][:3] for index in range(256) if index in dataset.colormap(1)])
            return table[planes[0]]
        return planes.transpose(1, 2, 0)


def test_scenes_in_a_folder_of_a_nasty_name(tmp_path, request_of):
    nasty = 'a <b> & "c"'
    result = cluster(request_of(make_scene(tmp_path / nasty, product(), [[8000, 9000]]), k=2))
    page = Page(result.report.read_text(encoding="utf-8"))
    assert any(nasty in row[1] for row in page.table("Name"))


def test_many_scenes_and_classes_stay_readable(short_plotly):
    """100 scenes, 60 classes: some dates are named below the bars, and pairs are listed rather than a matrix drawn."""
    signed, fit, (one, _), _ = hand_made()
    k, n = 60, 100
    classes = tuple(ClassRecord(j + 1, f"Class {j + 1}", (j, j, j), n, (0.005 * j,) * 2, (0.01,) * 2) for j in range(k))
    part = Moments([1] * k, [[8000, 8000]] * k, [[8000**2] * 2] * k)
    many = replace(signed, classes=classes, centres=np.zeros((k, 2), np.int64))
    text = report_page.render(many, fit, [replace(one, moments=part)] * n)
    ticks = next(figure for figure in figures(text) if figure["data"][0].get("type") == "bar")["layout"]["xaxis"]
    assert ticks["tickvals"] == list(range(0, n, 4))
    assert ticks["ticktext"] == ["2022-05-11"] * 25
    pairs = Page(text).table("Class", "And class")
    assert len(pairs) == 1 + 100
    # Neighbours: B = 2 x 0.005**2 / (8 x 0.01**2) = 1/16.
    assert pairs[1] == ["Class 1", "Class 2", "0.121"]
