"""Cases about the texts that come out: tables, JSON, pages and styles that other programs must be able to read."""

from __future__ import annotations

import csv
import html
import json
import math
import os
import re
from pathlib import Path
from xml.dom import minidom

import numpy as np
from iikmc.engine import (
    AuditRequest,
    ClassifyRequest,
    MaskRule,
    Request,
    audit,
    classify,
    cluster,
    compare,
)
from iikmc.engine.map_requests import TransitionRequest
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.results.staging import Tray
from iikmc.engine.results.styles import entries_of, pam_xml, qml
from iikmc.engine.text_files import to_csv, to_json
from table import case
from tiny import make_scene, product

DN = np.arange(6 * 4 * 5).reshape(6, 4, 5) * 100 + 8000
ANY = MaskRule((), True)
FORMULAS = (
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+cmd",
    "-2+3+cmd",
    "\t=1+1",
    "\r=1+1",
    "\n=1",
    "'=1",
)
MARKS = ("<script>alert(1)</script>\"&'", "</Category><Category>x", '" label="x', "]]>", "<!-- -->", "=1;2")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines(keepends=True)))


def plain(cell: str) -> str:
    """Return what a cell held before a quote was set in front, as docs and spreadsheets undo it."""
    return cell[1:] if re.match("''*[=+\\-@\t\r\n]", cell) else cell


def strict(path: Path) -> dict:
    """Return a JSON file's document; NaN and infinities are an error."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} in {path.name}")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def classified_as(folder: Path, *names: str) -> tuple[Path, Path]:
    """Classify a scene into two classes of these names twice; return the output folder and the second raster."""
    scene = make_scene(folder / "in", product(), DN)
    first = cluster(Request((str(scene),), folder / "first", ANY, k=2, workers=1))
    path = folder / "signatures.json"
    document = strict(first.signatures)
    for record, name in zip(document["classes"], names):
        record["name"] = name
    path.write_text(json.dumps(document))
    out = [
        classify(ClassifyRequest((str(scene),), folder / name, ANY, workers=1, signatures=path)) for name in ("a", "b")
    ]
    return folder / "a", out[1].rasters[0]


@case(12, "a class named =cmd|… or @SUM(…)", "a quote in front in every CSV, the name as it was everywhere else")
def formulas_as_names(folder: Path) -> None:
    names = FORMULAS[:2]
    out, raster = classified_as(folder, *names)
    for name, column in (("signatures.csv", 1), ("statistics.csv", 1)):
        cells = {row[column] for row in rows_of((out / name).read_text("utf-8"))[1:]}
        assert cells == {f"'{name}" for name in names}
    assert [record["name"] for record in strict(out / "signatures.json")["classes"]] == list(names)
    [style] = out.glob("*.qml")
    assert [entry.label for entry in entries_of(style.read_text("utf-8"))] == list(names)
    assert open_classified("AFTER", raster).names == dict(enumerate(names, start=1))


@case(12, "a matrix of classes named as formulas", "a quote in front of every name, none before a number")
def formulas_in_the_matrix(folder: Path) -> None:
    out, raster = classified_as(folder, *FORMULAS[:2])
    [before] = out.glob("*.tif")
    compare(TransitionRequest(before, raster, matrix=folder / "m.csv", report=folder / "r.html"))
    rows = rows_of((folder / "m.csv").read_text("utf-8"))
    assert {row[2] for row in rows[1:]} == {f"'{FORMULAS[0]}", f"'{FORMULAS[1]}", "total"}
    for row in rows[1:]:
        assert all(math.isfinite(float(cell)) for cell in row[3:] if cell)
    assert "<script>alert" not in (folder / "r.html").read_text("utf-8")


@case(12, "texts that begin with = + - @, a tab or a line break, or with our own quote", "each reads back as it was")
def cells_read_back(folder: Path) -> None:
    texts = [
        *FORMULAS,
        *MARKS,
        "''=1",
        "'",
        "'a",
        "a=1",
        "",
        " ",
        "Wald, Fluss",
        'a "b"',
        "two\nlines",
        "a\rb",
        "a\r\nb",
    ]
    path = folder / "t.csv"
    path.write_bytes(to_csv([[text, 1] for text in texts]).encode())
    with open(path, encoding="utf-8", newline="") as file:
        cells = [row[0] for row in csv.reader(file)]
    assert [plain(cell) for cell in cells] == texts
    assert not any(re.match("[=+\\-@\t\r\n]", cell) for cell in cells)


@case(12, "negative numbers in a table, as texts and as numbers", "without a quote")
def negative_numbers(folder: Path) -> None:
    assert to_csv([["-0.012345", "+5", -3, -0.5, "-1e-05", 0, ""]]) == "-0.012345,+5,-3,-0.5,-1e-05,0,\n"
    assert to_csv([["-inf", "-1-1", "- 1"]]) == "'-inf,'-1-1,'- 1\n"


@case(12, "the audit of scenes in a folder named as a formula", "no cell begins as a formula")
def audit_in_a_folder_named_as_a_formula(folder: Path) -> None:
    scene = make_scene(folder / "=1+1", product(), DN)
    audit(AuditRequest((str(scene),), folder / "out", ANY))
    for row in rows_of((folder / "out" / "audit.csv").read_text("utf-8")):
        assert not any(re.match("[=+\\-@\t\r]", cell) for cell in row)


@case(12, "sun elevation NaN in an MTL", "null in signatures.json")
def sun_elevation_nan(folder: Path) -> None:
    scene = make_scene(folder / "in", product(), DN)
    for path in scene.glob("*_MTL.*"):
        path.unlink()
    for number, value in enumerate(("NaN", "nan", "-inf", "1e999", '"Infinity"')):
        text = f"GROUP = IMAGE_ATTRIBUTES\nSUN_ELEVATION = {value}\nSUN_AZIMUTH = 160.25\nEND_GROUP = X\n"
        (scene / f"{product()}_MTL.txt").write_text(text)
        result = cluster(Request((str(scene),), folder / str(number), ANY, k=2, workers=1))
        [told] = strict(result.signatures)["run"]["scenes"]
        assert (told["sun_elevation"], told["sun_azimuth"]) == (None, 160.25)


@case(12, "NaN and infinities anywhere in what is written as JSON", "null")
def nan_in_json(folder: Path) -> None:
    text = to_json({"a": math.nan, "b": [1.5, -math.inf, (math.inf, 2)], "c": {"d": {"e": math.nan}}, "f": "NaN"})
    assert json.loads(text) == {"a": None, "b": [1.5, None, [None, 2]], "c": {"d": {"e": None}}, "f": "NaN"}
    assert to_json({"a": 0.1, "b": "ä"}) == json.dumps({"a": 0.1, "b": "ä"}, indent=1, ensure_ascii=False) + "\n"


@case(12, "class names of HTML in pages", "shown as they are, nothing of it is HTML")
def html_as_names(folder: Path) -> None:
    out, raster = classified_as(folder, *MARKS[:2])
    [before] = out.glob("*.tif")
    compare(TransitionRequest(before, raster, report=folder / "r.html"))
    for page in (out / "report.html", folder / "r.html"):
        text = page.read_text("utf-8")
        assert "<script>alert(1)" not in text
        assert "</Category><Category>" not in text
        assert html.escape(MARKS[0]) in text


@case(12, "class names of XML in .qml and .aux.xml", "well-formed, and they read back")
def xml_as_names(folder: Path) -> None:
    style, metadata = qml(MARKS, [(1, 2, 3)] * len(MARKS)), pam_xml(MARKS)
    labels = [node.getAttribute("label") for node in minidom.parseString(style).getElementsByTagName("paletteEntry")]
    nodes = minidom.parseString(metadata).getElementsByTagName("Category")
    assert labels == [node.firstChild.data for node in nodes][1:] == list(MARKS)
    assert [entry.label for entry in entries_of(style)] == list(MARKS)


@case(12, "a style saved with a byte order mark, in UTF-8 or UTF-16", "its names are read")
def marked_styles(folder: Path) -> None:
    out, _ = classified_as(folder, "Water", "Forest")
    [raster] = out.glob("*.tif")
    style = raster.with_suffix(".qml")
    for encoding in ("utf-8-sig", "utf-16"):
        style.write_text(qml(["Lake", "Wood"], [(1, 2, 3), (4, 5, 6)]), encoding=encoding)
        read = open_classified("BEFORE", raster)
        assert read.names == {1: "Lake", 2: "Wood"}
        assert read.colours == {1: (1, 2, 3), 2: (4, 5, 6)}


@case(12, "every JSON, CSV, page and style of a run", "valid UTF-8 without a mark; JSON has no NaN")
def all_outputs_are_plain(folder: Path) -> None:
    out, _ = classified_as(folder, "Wässer €", "森林")
    for path in out.iterdir():
        if path.suffix in (".json", ".csv", ".html", ".qml", ".xml"):
            data = path.read_bytes()
            assert not data.startswith(b"\xef\xbb\xbf")
            text = data.decode("utf-8")
            assert "\r" not in text
            if path.suffix == ".json":
                strict(path)
            else:
                assert "Wässer €" in text


@case(12, "a path with bytes that are no UTF-8 in a text that is written", "UTF-8 all the same, ? for each")
def path_that_is_no_text(folder: Path) -> None:
    where = os.fsdecode(b"/caf\xe9")
    Tray(folder, folder, "OUTPUT").write_text("x.json", to_json({"place": where}))
    assert strict(folder / "x.json") == {"place": "/caf?"}
