"""Names and colours set once reach every file of a run, without clustering again."""

from __future__ import annotations

import csv
import json
import os
import shutil

import pytest
import rasterio
from finished_runs import CLASSES, DN, FIRST, SECOND, recolour, rename, run_of_four, style_of
from iikmc.engine.errors import IIkMCError, OutputError, ParameterError
from iikmc.engine.map_requests import MergeRequest, NamesRequest
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.requests import Request
from iikmc.engine.results import staging
from iikmc.engine.results.styles import categories_of, entries_of
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.merge import merge
from iikmc.engine.runs.names import give_names
from iikmc.engine.scenes.selection import MaskRule
from pages import Page, check_offline
from tiny import Recorder, listing, make_scene, read_json, read_raster

NAMES = ["Wasser & Moor", "Wald", "Class 3", "=Fels"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a run of four classes, never to be changed."""
    folder = tmp_path_factory.mktemp("four")
    run_of_four(folder / "scenes", folder / "run", compare=True)
    return folder / "run"


@pytest.fixture
def results(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def run(results, legend=None, progress=None):
    path = None
    if legend is not None:
        path = results.parent / "legend.csv"
        path.write_text(legend, encoding="utf-8")
    return give_names(NamesRequest(results, path, 1), progress)


def edit(results):
    """Name three classes and colour one, in the styles of two scenes."""
    rename(style_of(results, FIRST), c1="Wasser &amp; Moor", c2="Busch", later=10)
    rename(style_of(results, SECOND), c2="Wald", c4="=Fels", later=20)
    recolour(style_of(results, FIRST), 3, "#0a0b0c", later=1)


def assert_named(results, names=NAMES, third=(0x0A, 0x0B, 0x0C)):
    """Check what QGIS, GDAL, scripts and people read."""
    for name, classes in CLASSES.items():
        path = results / f"{name}_classes.tif"
        assert read_raster(path).tolist() == classes.tolist()
        entries = list(entries_of(style_of(results, name).read_text(encoding="utf-8")))
        assert [(entry.value, entry.label) for entry in entries] == list(enumerate(names, start=1))
        assert entries[2].colour == third
        categories = categories_of((results / f"{path.name}.aux.xml").read_text(encoding="utf-8"))
        assert categories == ["No data", *names]
        with rasterio.open(path) as dataset:
            assert dataset.colormap(1)[3][:3] == third
            told = "; ".join(f"{number}={text}" for number, text in enumerate(names, start=1))
            assert dataset.tags()["CLASS_NAMES"] == told
    document = read_json(results / "signatures.json")
    assert [one["name"] for one in document["classes"]] == names
    assert document["classes"][2]["colour"] == "#{:02x}{:02x}{:02x}".format(*third)
    for table in ("signatures.csv", "statistics.csv"):
        _, *rows = csv.reader((results / table).read_text(encoding="utf-8").splitlines())
        plain = dict.fromkeys(row[1] for row in rows)
        assert list(plain) == [f"'{text}" if text.startswith("=") else text for text in names]
    page = (results / "report.html").read_text(encoding="utf-8")
    check_offline(page)
    for number, text in enumerate(names, start=1):
        assert (text if text == f"Class {number}" else f"{number} {text}") in Page(page).text


def test_what_was_edited_last_in_any_style_reaches_every_file(results):
    before = {name: text for name, text in listing(results).items() if name.endswith(".csv")}
    edit(results)
    progress = Recorder()
    named = run(results, progress=progress)
    assert_named(results)
    assert (named.changed, named.held, list(named.legend.names)) == ((1, 2, 3, 4), (), NAMES)
    assert "Class 2: Class 2 is now Wald" in progress.notes
    assert "Class 3: another colour" in progress.notes
    assert progress.warnings == []
    # All numbers are those of the run.
    for table, text in before.items():
        rows = list(csv.reader(text.decode().splitlines()))
        after = list(csv.reader((results / table).read_text(encoding="utf-8").splitlines()))
        skip = 3 if table == "signatures.csv" else 2
        assert [row[skip:] for row in rows] == [row[skip:] for row in after]


def test_a_table_names_classes_and_leaves_the_others(results):
    run(results, "class,name,colour\n1,Wasser & Moor,\n4,'=Fels\n2,Wald,\n3,,#0a0b0c\n")
    assert_named(results)


def test_a_table_stands_above_the_styles(results):
    edit(results)
    run(results, "class,name\n2,Feld\n")
    assert_named(results, ["Wasser & Moor", "Feld", "Class 3", "=Fels"])


def test_naming_again_changes_nothing(results):
    edit(results)
    run(results)
    before = listing(results)
    named = run(results)
    assert named.changed == ()
    assert listing(results) == before


def test_back_to_the_first_names(results, made):
    """All is as it was, to the bit: the page is made again of what it keeps."""
    edit(results)
    run(results)
    colour = read_json(made / "signatures.json")["classes"][2]["colour"]
    run(results, f"class,name,colour\n1,Class 1\n2,Class 2\n3,Class 3,{colour}\n4,Class 4\n")
    before, after = listing(made), listing(results)
    assert sorted(before) == sorted(after)
    for name, content in before.items():
        assert after[name] == content, name


def test_the_names_stay_when_the_run_is_repeated(results, tmp_path):
    edit(results)
    run(results)
    scenes = [str(make_scene(tmp_path / "scenes", name, DN[classes])) for name, classes in CLASSES.items()]
    cluster(Request(tuple(scenes), results, MaskRule((), True), k=4, workers=1))
    assert_named(results)
    assert not list(results.glob("earlier_run_*"))


def test_merged_classes_are_named_too(results, tmp_path):
    edit(results)
    legend = tmp_path / "legend.csv"
    legend.write_text("class,to,name\n1,10,A\n2,20,B\n3,20,B\n4,30,C\n", encoding="utf-8")
    merged = merge(MergeRequest(results, tmp_path / "merged", legend, min_pixels=2, workers=1))
    before = read_json(merged.signatures)
    statistics = merged.statistics.read_text()
    named = run(merged.output, "class,name\n20,Wald\n")
    assert named.changed == (20,)
    after = read_json(merged.signatures)
    assert [one["name"] for one in after["classes"]] == ["A", "Wald", "C"]
    assert (after["merged"], after["run"]) == (before["merged"], before["run"])
    assert merged.statistics.read_text() == statistics.replace(",B,", ",Wald,")
    text = Page(merged.report.read_text(encoding="utf-8")).text
    assert "merged into 3" in text
    assert "20 Wald" in text
    assert open_classified("BEFORE", merged.rasters[0]).names == {10: "A", 20: "Wald", 30: "C"}


def test_a_raster_that_is_held_open_keeps_its_inside(results, monkeypatch):
    """As on Windows, where nobody can rename a file that QGIS has open."""
    edit(results)
    held = f"{FIRST}_classes.tif"
    replace = os.replace

    def refuse(source, target):
        if os.path.basename(target) == held:
            raise PermissionError(13, "it is open")
        replace(source, target)

    monkeypatch.setattr(staging.os, "replace", refuse)
    with rasterio.open(results / held) as dataset:
        before = dataset.tags()["CLASS_NAMES"]
    progress = Recorder()
    named = run(results, progress=progress)
    assert [path.name for path in named.held] == [held]
    assert any("another program has it open" in line and held in line for line in progress.warnings)
    with rasterio.open(results / held) as dataset:
        assert dataset.tags()["CLASS_NAMES"] == before
    # What QGIS and the tools here read says the new names.
    assert open_classified("BEFORE", results / held).names == dict(enumerate(NAMES, start=1))
    with rasterio.open(results / f"{SECOND}_classes.tif") as dataset:
        assert "2=Wald" in dataset.tags()["CLASS_NAMES"]


def test_a_file_that_cannot_be_replaced_changes_nothing(results, monkeypatch):
    edit(results)
    before = listing(results)
    replace = os.replace

    def refuse(source, target):
        if os.path.basename(target) == "statistics.csv":
            raise PermissionError(13, "it is open")
        replace(source, target)

    monkeypatch.setattr(staging.os, "replace", refuse)
    with pytest.raises(OutputError, match=r"^RESULTS: statistics.csv cannot be replaced"):
        run(results)
    assert listing(results) == before


def test_a_cancel_changes_nothing(results):
    edit(results)
    before = listing(results)
    with pytest.raises(IIkMCError, match=r"[Cc]ancel"):
        run(results, progress=Recorder(stop=lambda told: True))
    assert listing(results) == before


def test_a_class_that_is_not_of_the_run(results):
    before = listing(results)
    with pytest.raises(ParameterError, match=r"^LEGEND: row 1 of legend.csv has the class '9', expected .* 1 to 4"):
        run(results, "class,name\n9,Wald\n")
    assert listing(results) == before


def test_a_page_that_keeps_nothing_is_made_of_what_is_known(results):
    """As of a run before pages kept their numbers: no drift, and all else."""
    page = results / "report.html"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace('id="iikmc-kept"', 'id="other"'), encoding="utf-8")
    edit(results)
    run(results)
    assert_named(results)
    assert "Not known" in Page(page.read_text(encoding="utf-8")).text


@pytest.mark.parametrize("run_record", [None, {}, {"scenes": 3, "seconds": {"read": "x"}, "versions": []}])
def test_signatures_of_a_users_own_tell_nothing_of_a_run(results, run_record):
    path = results / "signatures.json"
    document = read_json(path)
    document["run"] = run_record
    path.write_text(json.dumps(document), encoding="utf-8")
    edit(results)
    run(results)
    assert_named(results)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"count":[', '"count":["x",'),
        ('"total":[[', '"total":[[-1,'),
        ('"squares":[[', '"squares":['),
        ('"looks":{', '"looks":{"none":0},"other":{'),
        ('"own":{', '"own":3,"other":{'),
        ('"to_nearest":', '"to_nearest":"<b>","other":'),
        ('"nearest":', '"nearest":5,"other":'),
        ('"converged":', '"converged":1,"other":'),
    ],
)
def test_a_page_whose_numbers_are_damaged_is_not_believed(results, good, bad):
    page = results / "report.html"
    text = page.read_text(encoding="utf-8")
    assert good in text
    page.write_text(text.replace(good, bad, 1), encoding="utf-8")
    edit(results)
    run(results)
    assert_named(results)
