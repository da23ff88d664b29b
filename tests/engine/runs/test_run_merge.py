"""Classes of a run into fewer: rasters, signatures, tables and page by hand, and what classify then gives."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
import rasterio
from calls import apply_to
from finished_runs import CLASSES, DN, FIRST, SECOND, recolour, rename, run_of_four, style_of
from iikmc.engine.choices import SIGNATURES_FILE
from iikmc.engine.errors import IIkMCError, ParameterError
from iikmc.engine.map_requests import MergeRequest
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.requests import Request
from iikmc.engine.results import signatures_file
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.merge import merge
from iikmc.engine.scenes.selection import MaskRule
from pages import Page, check_offline
from rasterio.transform import from_origin
from tiny import Recorder, listing, make_scene, product, read_json, read_raster

COVERS = {"c1": "Wasser", "c2": "Wald", "c3": "Wald", "c4": "=Fels"}
# Classes 2 and 3 become class 2; class 4 becomes class 3.
MERGED = {name: np.array([0, 1, 2, 2, 3], np.uint8)[classes] for name, classes in CLASSES.items()}
LEGEND = """\
class,to,name,colour
4,30,"Fels, hell",#aabbcc
1,10,Wasser,
2,20,,
3,20,Wald,#00aa00
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a run of four classes, never to be changed."""
    folder = tmp_path_factory.mktemp("four")
    run_of_four(folder / "scenes", folder / "run")
    return folder / "run"


@pytest.fixture
def results(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def run(results, output, legend=None, progress=None, **options):
    path = None
    if legend is not None:
        path = output.parent / "legend.csv"
        path.write_bytes(legend.encode("utf-8"))
    return merge(MergeRequest(results, output, path, **{"workers": 1, **options}), progress)


def rasters_of(folder):
    return {name: read_raster(folder / f"{name}_classes.tif").tolist() for name in CLASSES}


def as_lists(rasters):
    return {name: classes.tolist() for name, classes in rasters.items()}


def table(path):
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_equal_names_become_one_class_in_every_scene(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    result = run(results, tmp_path / "out")
    assert rasters_of(tmp_path / "out") == as_lists(MERGED)
    assert (result.names, result.k, result.empty_classes) == (("Wasser", "Wald", "=Fels"), 3, ())
    assert [scene.id for scene in result.scenes] == [FIRST, SECOND]
    assert result.pixels == 13 + 10
    for name in CLASSES:
        raster = open_classified("BEFORE", tmp_path / "out" / f"{name}_classes.tif")
        assert raster.names == {1: "Wasser", 2: "Wald", 3: "=Fels"}
        with rasterio.open(raster.path) as dataset:
            assert dataset.tags()["CLASS_NAMES"] == "1=Wasser; 2=Wald; 3==Fels"
            assert dataset.tags()["LANDSAT_PRODUCT_ID"] == name
            # The colours are those of the lowest class of each.
            with rasterio.open(results / f"{name}_classes.tif") as before:
                assert [dataset.colormap(1)[n] for n in (1, 2, 3)] == [before.colormap(1)[n] for n in (1, 2, 4)]


def test_areas_members_and_means_by_hand(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    result = run(results, tmp_path / "out")
    assert table(result.statistics)[1:] == [
        ["1", "Wasser", FIRST, "1998-03-08", "5", "0.45", "38.4615"],
        ["1", "Wasser", SECOND, "2022-05-11", "1", "0.09", "10.0000"],
        ["2", "Wald", FIRST, "1998-03-08", "6", "0.54", "46.1538"],
        ["2", "Wald", SECOND, "2022-05-11", "8", "0.72", "80.0000"],
        ["3", "'=Fels", FIRST, "1998-03-08", "2", "0.18", "15.3846"],
        ["3", "'=Fels", SECOND, "2022-05-11", "1", "0.09", "10.0000"],
    ]
    document = read_json(result.signatures)
    assert (document["version"], document["merged"]) == (2, [1, 2, 2, 3])
    assert document["centres"] == [[64 * int(dn)] * 6 for dn in DN[1:]]
    # Class 2: 6 pixels of 12000 and 8 of 16000: the mean is 12000 + 4000 * 8/14, the deviation 4000 sqrt(6 * 8)/14.
    wood = document["classes"][1]
    assert (wood["id"], wood["name"], wood["pixels"]) == (2, "Wald", 14)
    assert wood["mean"] == [round(0.0000275 * (12_000 + 4000 * 8 / 14) - 0.2, 9)] * 6
    assert wood["std"] == [round(0.0000275 * 4000 * 48**0.5 / 14, 9)] * 6
    merging = document["run"]["merging"]
    assert [(one["id"], one["name"], one["to"]) for one in merging["classes"]] == [
        (1, "Wasser", 1), (2, "Wald", 2), (3, "Wald", 2), (4, "=Fels", 3),
    ]  # fmt: skip
    head, *rows = table(result.output / "signatures.csv")
    assert [row[:4] for row in rows] == [["1", "Wasser", rows[0][2], "6"], ["2", "Wald", rows[1][2], "14"],
                                         ["3", "'=Fels", rows[2][2], "3"]]  # fmt: skip
    place = head.index("centre_dn_red")
    assert [row[place] for row in rows] == ["8000.0", "", "20000.0"]


def test_a_table_says_what_becomes_what_with_numbers_that_have_gaps(results, tmp_path):
    result = run(results, tmp_path / "out", LEGEND)
    new = {name: np.array([0, 10, 20, 20, 30], np.uint8)[classes] for name, classes in CLASSES.items()}
    assert rasters_of(tmp_path / "out") == as_lists(new)
    assert result.names == ("Wasser", "Wald", "Fels, hell")
    raster = open_classified("BEFORE", result.rasters[0])
    assert raster.names == {10: "Wasser", 20: "Wald", 30: "Fels, hell"}
    assert {n: raster.colour_table[n] for n in (20, 30)} == {20: (0, 0xAA, 0), 30: (0xAA, 0xBB, 0xCC)}
    assert set(raster.colour_table) == {10, 20, 30}
    assert [row[:2] for row in table(result.statistics)[1::2]] == [
        ["10", "Wasser"], ["20", "Wald"], ["30", "Fels, hell"],
    ]  # fmt: skip
    text = result.report.read_text(encoding="utf-8")
    check_offline(text)
    assert "30 Fels, hell" in Page(text).text
    # QGIS's style lists the three classes and nothing for the numbers between.
    assert style_of(tmp_path / "out", FIRST).read_text(encoding="utf-8").count("<paletteEntry") == 3


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_may_come_from_a_spreadsheet(results, tmp_path, mark):
    text = (
        "\ufeff" + f"Class_ID{mark}TO{mark}class_name\r\n1{mark}1{mark}'=A\r\n2{mark} 2 {mark}B\r\n3{mark}2\r\n4{mark}1"
    )
    assert run(results, tmp_path / "out", text).names == ("=A", "B")


def test_the_sieve_follows_the_merging(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    progress = Recorder()
    result = run(results, tmp_path / "out", progress=progress, min_pixels=2)
    # FIRST after merging: [1 1 2 2 .] [1 2 2 3 .] [1 1 2 2 3]. The 3 in row 1 touches the 2s alone (the other 3 at a
    # corner) and joins them; that in row 2 touches 2 and joins. SECOND: [2 2 2 .] [3 1 2 .] [2 2 2 2]: 3 and 1 join.
    assert rasters_of(tmp_path / "out") == {
        FIRST: [[1, 1, 2, 2, 0], [1, 2, 2, 2, 0], [1, 1, 2, 2, 2]],
        SECOND: [[2, 2, 2, 0], [2, 2, 2, 0], [2, 2, 2, 2]],
    }
    # Areas are those of the rasters; the signatures are of all members, as before the sieve.
    assert [row[4] for row in table(result.statistics)[1:]] == ["5", "0", "8", "10", "0", "0"]
    assert [one["pixels"] for one in read_json(result.signatures)["classes"]] == [6, 14, 3]
    assert result.empty_classes == (3,)
    assert "sieve" in Page(result.report.read_text(encoding="utf-8")).text


def test_eight_neighbours_keep_what_meets_at_a_corner(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    run(results, tmp_path / "out", min_pixels=2, connectivity=8)
    # The two pixels of class 3 in FIRST meet at a corner.
    assert rasters_of(tmp_path / "out")[FIRST] == MERGED[FIRST].tolist()


# --- classify and cluster with what was merged -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy(small_series, tmp_path_factory):
    """Return a run of six classes over three scenes of noise."""
    folder = tmp_path_factory.mktemp("noisy")
    request = Request(tuple(map(str, small_series)), folder / "run", MaskRule((), True), k=6, workers=1)
    return cluster(request)


def test_classify_gives_exactly_what_merging_its_rasters_gives(noisy, small_series, tmp_path):
    legend = "class,to,name,colour\n1,9,A,#010203\n2,9,,\n3,4,B,\n4,200,C,\n5,4,,\n6,9,,"
    merged = run(noisy.output, tmp_path / "merged", legend)
    found = apply_to(small_series, merged.signatures, tmp_path / "classified")
    became = np.array([0, 9, 9, 4, 200, 4, 9], np.uint8)
    for before, one, other in zip(noisy.rasters, merged.rasters, found.rasters):
        np.testing.assert_array_equal(read_raster(one), became[read_raster(before)])
        assert one.read_bytes() == other.read_bytes()
        for end in (".tif.aux.xml", ".qml"):
            assert (one.parent / f"{one.stem}{end}").read_bytes() == (other.parent / f"{one.stem}{end}").read_bytes()
    assert found.statistics.read_text() == merged.statistics.read_text()
    one, other = read_json(merged.signatures), read_json(found.signatures)
    assert {**one, "run": None} == {**other, "run": None}
    # What that wrote is applied in the same way.
    again = apply_to(small_series, found.signatures, tmp_path / "again")
    assert again.rasters[0].read_bytes() == found.rasters[0].read_bytes()


def test_strips_and_kernels_change_nothing(noisy, small_series, tmp_path, kernel):
    merged = run(noisy.output, tmp_path / "merged", "class,to\n1,1\n2,1\n3,1\n4,2\n5,2\n6,3")
    found = apply_to(small_series, merged.signatures, tmp_path / "classified", kernel=kernel, strip_pixels=200)
    for one, other in zip(merged.rasters, found.rasters):
        assert one.read_bytes() == other.read_bytes()


def test_merging_what_was_merged_composes(noisy, tmp_path):
    once = run(
        noisy.output, tmp_path / "once", "class,to,name,colour\n1,5,A,#111111\n2,5\n3,2,B,#222222\n4,7,C\n5,2\n6,9"
    )
    twice = run(once.output, tmp_path / "twice", "class,to,name,colour\n2,1,X,#333333\n5,1\n7,3,Y,#444444\n9,3")
    direct = run(
        noisy.output, tmp_path / "direct", "class,to,name,colour\n1,1,X,#333333\n2,1\n3,1\n4,3,Y,#444444\n5,1\n6,3"
    )
    for one, other in zip(twice.rasters, direct.rasters):
        assert one.read_bytes() == other.read_bytes()
    one, other = read_json(twice.signatures), read_json(direct.signatures)
    assert one["merged"] == [1, 1, 1, 3, 1, 3]
    assert {**one, "run": None} == {**other, "run": None}
    assert twice.statistics.read_text() == direct.statistics.read_text()


def test_a_run_goes_on_from_all_centres_of_what_was_merged(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    merged = run(results, tmp_path / "merged")
    scenes = [str(make_scene(tmp_path, name, DN[classes])) for name, classes in CLASSES.items()]
    request = Request(
        tuple(scenes), tmp_path / "on", MaskRule((), True), k=4, start=SIGNATURES_FILE, signatures=merged.signatures
    )
    assert rasters_of(cluster(request).output) == as_lists(CLASSES)
    with pytest.raises(IIkMCError, match="has 4 centres, but K is 3; set K to 4"):
        cluster(Request(tuple(scenes), tmp_path / "no", k=3, start=SIGNATURES_FILE, signatures=merged.signatures))


def test_without_what_the_page_keeps_means_come_from_the_signatures(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    exact = read_json(run(results, tmp_path / "exact").signatures)
    (results / "report.html").unlink()
    near = run(results, tmp_path / "near")
    found = read_json(near.signatures)
    for one, other in zip(exact["classes"], found["classes"]):
        assert (one["id"], one["pixels"]) == (other["id"], other["pixels"])
        assert one["mean"] == pytest.approx(other["mean"], abs=3e-9)
        assert one["std"] == pytest.approx(other["std"], abs=3e-9)
    assert "Not known" in Page(near.report.read_text(encoding="utf-8")).text


def test_the_page_keeps_the_pictures_in_natural_colour(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    before = (results / "report.html").read_text(encoding="utf-8")
    after = run(results, tmp_path / "out").report.read_text(encoding="utf-8")
    begin = before.index('<img src="')
    first = before[begin : before.index(">", begin)]
    assert "in natural colour" in first
    assert first in after


# --- unclassified ----------------------------------------------------------------------------------------------------


def with_unclassified(results):
    """Let one pixel of FIRST be unclassified, in the raster and its style."""
    path = results / f"{FIRST}_classes.tif"
    with rasterio.open(path, "r+") as dataset:
        classes = dataset.read(1)
        classes[1, 3] = 255
        dataset.write(classes, 1)
    style = style_of(results, FIRST)
    text = style.read_text(encoding="utf-8")
    entry = '<paletteEntry value="255" label="Unsicher" color="#123456" alpha="255"/></colorPalette>'
    style.write_text(text.replace("</colorPalette>", entry), encoding="utf-8")


def test_what_is_unclassified_keeps_its_number_and_name(results, tmp_path):
    with_unclassified(results)
    rename(style_of(results, SECOND), **{**COVERS, "c1": "Unsicher"})
    result = run(results, tmp_path / "out", min_pixels=2)
    assert rasters_of(tmp_path / "out")[FIRST][1] == [1, 2, 2, 255, 0]
    raster = open_classified("BEFORE", result.rasters[0])
    assert (raster.names[255], raster.colours[255]) == ("Unsicher", (0x12, 0x34, 0x56))
    assert ["255", "Unsicher", FIRST, "1998-03-08", "1", "0.09", "7.6923"] in table(result.statistics)
    assert read_json(result.signatures)["merged"] == [1, 2, 2, 3]


def test_a_table_may_say_that_it_becomes_a_class(results, tmp_path):
    with_unclassified(results)
    legend = LEGEND.replace("\n4", "\n255,20\n4", 1)
    run(results, tmp_path / "out", legend)
    assert rasters_of(tmp_path / "out")[FIRST][1] == [10, 20, 20, 20, 0]
    with pytest.raises(ParameterError, match=r"LEGEND: what is unclassified.*10, 20, 30"):
        run(results, tmp_path / "no", legend.replace("255,20", "255,21"))


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("legend", "words"),
    [
        ("1,2,3\n", "class,to,name,colour"),
        ("", "class,to,name,colour"),
        (LEGEND.replace("3,20,Wald", "7,20,Wald"), "row 4 of legend.csv has the class '7', expected one of"),
        (LEGEND.replace("3,20,Wald", "2,20,Wald"), "has class 2 twice"),
        (LEGEND.replace("3,20,Wald,#00aa00\n", ""), "what class 3 becomes is not said"),
        (LEGEND.replace("3,20", "3,"), "what class 3 becomes is not said"),
        (LEGEND.replace("3,20", "3,0"), "has '0' in the column to, expected a number from 1 to 254"),
        (LEGEND.replace("3,20", "3,255"), "has '255' in the column to"),
        (LEGEND.replace("#00aa00", "green"), "has the colour 'green', expected six hexadecimal digits"),
        (LEGEND.replace("2,20,,", "2,20,Feld,"), "rows of class 2 and 3 give class 20 another name"),
        (LEGEND.replace("2,20,,", "2,20,,#000001"), "rows of class 2 and 3 give class 20 another colour"),
    ],
)
def test_a_table_that_says_what_cannot_be(results, tmp_path, legend, words):
    with pytest.raises(ParameterError, match=r"^LEGEND: ") as error:
        run(results, tmp_path / "out", legend)
    assert words in str(error.value)
    assert not (tmp_path / "out").exists()


def test_what_is_no_folder_of_a_run(results, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, words in (
        (tmp_path / "none", "RESULTS: .* is not there"),
        (results / "report.html", "RESULTS: .* is a file"),
        (empty, "RESULTS: .* holds no signatures.json"),
    ):
        with pytest.raises(IIkMCError, match=words):
            run(folder, tmp_path / "out")
    with pytest.raises(ParameterError, match=r"OUTPUT: .* is the folder of RESULTS itself"):
        run(results, results)
    for name in CLASSES:
        (results / f"{name}_classes.tif").unlink()
    with pytest.raises(ParameterError, match=r"RESULTS: .* holds no raster ending in _classes.tif"):
        run(results, tmp_path / "out")


def test_classes_of_each_scene_are_refused(tmp_path):
    run_of_four(tmp_path / "scenes", tmp_path / "run")
    (tmp_path / "run" / "signatures.json").rename(tmp_path / "run" / f"{FIRST}_signatures.json")
    with pytest.raises(ParameterError, match="classes of each scene"):
        run(tmp_path / "run", tmp_path / "out")


def test_a_raster_of_other_classes_is_told(results, tmp_path):
    with rasterio.open(results / f"{FIRST}_classes.tif", "r+") as dataset:
        classes = dataset.read(1)
        classes[0, 0] = 9
        dataset.write(classes, 1)
    with pytest.raises(ParameterError, match=r"RESULTS: .*_classes.tif has pixels of class 9"):
        run(results, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_raster_that_is_gone_is_told_and_left_out(results, tmp_path):
    (results / f"{FIRST}_classes.tif").unlink()
    progress = Recorder()
    result = run(results, tmp_path / "out", LEGEND, progress)
    assert [scene.id for scene in result.scenes] == [SECOND]
    assert any(FIRST in line for line in progress.warnings)


def test_classes_that_all_have_names_of_their_own_are_told(results, tmp_path):
    progress = Recorder()
    run(results, tmp_path / "out", progress=progress)
    assert rasters_of(tmp_path / "out") == as_lists(CLASSES)
    assert any("no two classes have the same name" in line for line in progress.warnings)


def test_a_cancel_leaves_nothing(results, tmp_path):
    before = listing(results)
    with pytest.raises(IIkMCError, match=r"[Cc]ancel"):
        run(results, tmp_path / "out", LEGEND, Recorder(stop=lambda told: True))
    assert not (tmp_path / "out").exists()
    assert listing(results) == before


def test_the_run_itself_is_not_changed(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    recolour(style_of(results, SECOND), 2, "#00ff00")
    before = listing(results)
    result = run(results, tmp_path / "out")
    assert listing(results) == before
    assert signatures_file.read(result.signatures).classes[1].colour == (0, 255, 0)


def test_signatures_that_were_merged_in_a_way_that_cannot_be(results, tmp_path):
    rename(style_of(results, SECOND), **COVERS)
    path = run(results, tmp_path / "out").signatures
    good = path.read_text(encoding="utf-8")

    for change, words in (
        ({"merged": [1, 2, 2]}, "merged in .* is damaged; expected 4 numbers"),
        ({"merged": [1, 2, 2, 0]}, "merged in .* is damaged"),
        ({"merged": None}, "merged in .* is damaged"),
        ({"merged": [1, 2, 2, 4]}, "class 4 in .* has the id 3"),
        ({"merged": [1, 2, 2, 2]}, "describes 3 classes, but has 2 in merged"),
        ({"version": 3}, "has version 3, expected 1 or 2"),
    ):
        path.write_text(json.dumps({**json.loads(good), **change}), encoding="utf-8")
        with pytest.raises(IIkMCError, match=words):
            signatures_file.read(path)


def test_other_products_are_not_taken_for_scenes_of_the_run(results, tmp_path):
    """A run leaves rasters of an earlier one of the same classes; they become the same."""
    other = product("LE07", "20100615")
    for end in (".tif", ".qml", ".tif.aux.xml"):
        shutil.copy(results / f"{SECOND}_classes{end}", results / f"{other}_classes{end}")
    result = run(results, tmp_path / "out", LEGEND)
    assert [scene.id for scene in result.scenes] == [FIRST, other, SECOND]
    assert read_raster(result.rasters[1]).tolist() == read_raster(result.rasters[2]).tolist()


def test_scenes_of_no_family_are_merged_and_named_too(tmp_path):
    """Their identifiers are no product's: the record of the run tells of them."""
    path = tmp_path / "in" / "farm_2022-06-28.tif"
    path.parent.mkdir()
    stored = np.full((2, 4, 6), 1000, np.int16)
    stored[:, 2:] = 4000
    with rasterio.open(
        path, "w", driver="GTiff", width=6, height=4, count=2, dtype="int16", crs="EPSG:32633",
        transform=from_origin(465285, 5264715, 20, 20),
    ) as dataset:  # fmt: skip
        dataset.write(stored)
        dataset.descriptions = ("blue", "nir")
        dataset.scales, dataset.offsets = (0.0001, 0.0001), (0.0, 0.0)
    cluster(Request((str(path),), tmp_path / "run", MaskRule((), False), k=2))
    legend = tmp_path / "legend.csv"
    legend.write_text("class,to,name,colour\n1,7,Field,#00ff00\n2,7,Field,#00ff00\n", encoding="utf-8")
    merge(MergeRequest(tmp_path / "run", tmp_path / "merged", legend))
    assert read_raster(tmp_path / "merged" / "farm_2022-06-28_classes.tif").tolist() == [[7] * 6] * 4
    text = (tmp_path / "merged" / "statistics.csv").read_text(encoding="utf-8")
    assert "Field,farm_2022-06-28,2022-06-28,24," in text
