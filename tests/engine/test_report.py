"""The report: well-formed, complete, offline, and safe whatever names it shows."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from iikmc.engine import report
from iikmc.engine.landsat.product_id import parse_product_id
from iikmc.engine.landsat.qa import DEFAULT_FLAGS
from iikmc.engine.pipeline import cluster
from iikmc.engine.records import Audit, Fit, IterationRecord, PixelGrid, Scene, Tally
from iikmc.engine.signatures import ClassRecord, Signatures
from tiny import make_scene, product

VOID = {"meta", "br", "img", "hr", "link", "input"}


class Page(HTMLParser):
    """Reads a page: its tables as text, its tags with attributes; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.tables: list[list[list[str]]] = []
        self.headings: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag in ("h1", "h2"):
            self.headings.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data
        if {"h1", "h2"} & set(self.open):
            self.headings[-1] += data


def check_offline(text: str) -> None:
    """Check that opening the page loads nothing from anywhere."""
    for word in (
        "http:",
        "https:",
        "//",
        "<script",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        "src=",
        "javascript:",
    ):
        assert word not in text.lower().replace("<!doctype", ""), word


def hand_made(name="Class 1", place="/data"):
    """Return the arguments of a report whose every number is known."""
    grid = PixelGrid(10, 10, (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, 1)
    scene = Scene(parse_product_id(product()), place, {}, None, None, sun_elevation=41.26, grid=grid)
    audit = Audit(100, 25, {"cloud": 10, "water": 4}, 3, 2, 60)
    classes = (
        ClassRecord(1, name, (255, 0, 16), 45, (0.25, 0.5), (0.0123, 0.0)),
        ClassRecord(2, "Class 2", (0, 128, 0), 15, (0.75, -0.01), (0.1, 0.2)),
        ClassRecord(3, "Class 3", (1, 2, 3), 0, (None, None), (None, None)),
    )
    iterations = (IterationRecord(1, 60, 100.0, 1234.567, 0.25), IterationRecord(2, 0, 0.0, 0.0, 0.5))
    run = {
        "finished": "2024-01-02T03:04:05+00:00",
        "converged": True,
        "pixels": 60,
        "parameters": {"k": 3, "mask": ["cloud", "cloud shadow"], "scenes": [place], "signatures": None},
        "seconds": {"read": 1.25, "write": 0.5},
        "kernel": "numpy",
        "versions": {"iikmc": "9.8.7", "numpy": "1.2.3"},
    }
    signed = Signatures(("red", "nir"), np.array([[64, 128], [192, 256], [0, 0]]), classes, run)
    fit = Fit(signed.centres, Tally.zero(3, 2), iterations, True)
    return signed, [scene], [audit], [[45, 15, 0]], fit


def test_every_number_is_in_its_place():
    text = report.render(*hand_made())
    page = Page(text)
    check_offline(text)
    assert page.headings[0] == "IIkMC: 1 scene(s) in 3 classes"
    assert "60 valid pixels were clustered together. After 2 iteration(s), with 0.00 % of the pixels" in page.text
    assert "read 1.2 s, write 0.5 s" in page.text
    assert "Classes without a pixel: 3." in page.text
    assert "2024-01-02T03:04:05+00:00 · IIkMC 9.8.7" in page.text
    scenes, signatures, areas, convergence, parameters = page.tables
    assert scenes[0] == [
        "Scene", "Sensor", "Sun elevation", "Valid, fill, masked", "Valid", "Fill", "Cloud", "Water", "Saturated",
        "Out of 0..1",
    ]  # fmt: skip
    assert scenes[1] == [
        "2022-05-11 LC08 190027", "Landsat 8 OLI", "41.3°", "", "60.00 %", "25.00 %", "10.00 %", "4.00 %", "3.00 %",
        "2.00 %",
    ]  # fmt: skip
    assert signatures[0] == ["Class", "Pixels", "Share", "red (0.66 µm)", "nir (0.86 µm)"]
    assert [row[0].endswith(f"Class {j + 1}") for j, row in enumerate(signatures[1:])] == [True] * 3
    assert [row[1:] for row in signatures[1:]] == [
        ["45", "75.00 %", "0.2500 ± 0.0123", "0.5000 ± 0.0000"],
        ["15", "25.00 %", "0.7500 ± 0.1000", "-0.0100 ± 0.2000"],
        ["0", "0.00 %", "–", "–"],
    ]
    assert areas[0] == ["Class", "2022-05-11 LC08 190027"]
    assert [row[0] for row in areas] == [row[0] for row in signatures]
    assert [row[1:] for row in areas[1:]] == [["4 ha · 75.00 %"], ["1 ha · 25.00 %"], ["0 ha · 0.00 %"]]
    assert convergence == [
        ["Iteration", "Changed pixels", "Share", "Largest centre move (DN)", "Seconds"],
        ["1", "60", "100.000 %", "1234.57", "0.25"],
        ["2", "0", "0.000 %", "0.00", "0.50"],
    ]
    assert parameters == [
        ["Name", "Value"],
        ["k", "3"],
        ["mask", "cloud, cloud shadow"],
        ["scenes", "/data"],
        ["signatures", "None"],
        ["kernel", "numpy"],
        ["iikmc", "9.8.7"],
        ["numpy", "1.2.3"],
    ]
    chips = [attributes["style"] for tag, attributes in page.tags if attributes.get("class") == "c"]
    assert chips == ["background:#ff0010", "background:#008000", "background:#010203"] * 2
    bars = [attributes["style"] for tag, attributes in page.tags if tag == "i"]
    assert bars == ["width:60.0%", "width:15.0%", "width:25.0%"]


def test_scene_without_sun_or_metres():
    signed, (scene,), audits, counts, fit = hand_made()
    scene = replace(scene, sun_elevation=None, grid=replace(scene.grid, crs=type("Degrees", (), {"is_projected": 0})()))
    page = Page(report.render(signed, [scene], audits, counts, fit))
    assert page.tables[0][1][2] == ""
    assert page.tables[2][1][1:] == ["45 px · 75.00 %"]


@pytest.mark.parametrize("nasty", ['<script>alert("x")</script>', "a & b < c > d", "\"quotes\" and 'quotes'", "水 – é"])
def test_names_are_shown_as_they_are_and_never_run(nasty):
    text = report.render(*hand_made(name=nasty, place=nasty))
    page = Page(text)
    assert page.tables[1][1][0].endswith(nasty)
    assert page.tables[2][1][0].endswith(nasty)
    assert ["scenes", nasty] in page.tables[4]
    assert not any(tag == "script" for tag, _ in page.tags)


def test_report_of_a_run(small_series, request_of):
    result = cluster(request_of(*small_series, k=4, flags=DEFAULT_FLAGS))
    text = result.report.read_text(encoding="utf-8")
    page = Page(text)
    check_offline(text.replace(str(small_series[0].parent), ""))
    assert page.headings[0] == "IIkMC: 3 scene(s) in 4 classes"
    scenes, signatures, areas, convergence, parameters = page.tables
    # 41 x 37 pixels with 18 fill by quality and one band 0 elsewhere (15 of the 18 are 0 too).
    by_title = {row[0]: row for row in scenes[1:]}
    assert by_title["2022-05-11 LC08 190027"][5] == f"{100 * 19 / (41 * 37):.2f} %"
    assert [row[0] for row in scenes[1:]] == sorted(by_title)
    assert sum(int(row[1].replace(",", "")) for row in signatures[1:]) == result.pixels
    assert len(areas[0]) == 1 + 3
    assert [row[0] for row in convergence[1:]] == [str(i + 1) for i in range(len(result.fit.iterations))]
    assert ["k", "4"] in parameters
    assert ["mask", ", ".join(DEFAULT_FLAGS)] in parameters


def test_scenes_in_a_folder_of_a_nasty_name(tmp_path, request_of):
    nasty = 'a <b> & "c"'
    result = cluster(request_of(make_scene(tmp_path / nasty, product(), [[8000, 9000]]), k=2))
    page = Page(result.report.read_text(encoding="utf-8"))
    assert any(nasty in row[1] for row in page.tables[4])
