"""MARGIN and REJECT through whole runs: by hand, against plain NumPy, by every kernel, in both modes."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from iikmc.engine.choices import EACH_SCENE, SIGNATURES_FILE
from iikmc.engine.errors import ParameterError
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.map_requests import (
    AccuracyRequest,
    MergeRequest,
    NamesRequest,
    ReferencePoints,
    SampleRequest,
    SeriesRequest,
    TransitionRequest,
)
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.maps.raster_set import open_raster_set
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.results.legend import UNCLASSIFIED_COLOUR
from iikmc.engine.results.signatures_file import read_centres
from iikmc.engine.results.styles import entries_of
from iikmc.engine.runs.accuracy import assess_accuracy
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.each import cluster_each
from iikmc.engine.runs.merge import merge
from iikmc.engine.runs.names import give_names
from iikmc.engine.runs.samplepoints import sample_points
from iikmc.engine.runs.series import follow_series
from iikmc.engine.runs.transitions import compare
from iikmc.engine.scenes.selection import MaskRule
from test_run_classify import FIELD, ROCK, WATER, signatures_file, two_bands
from tiny import ROLES, Recorder, listing, make_scene, product, read_json, read_raster, six_band_noise

SETTINGS = {"k": 4, "tolerance": 0.5, "margin": True, "reject": 0.12, "workers": 2}


def asked(scenes, signatures, out, **options):
    request = ClassifyRequest(tuple(map(str, scenes)), out, MaskRule((), True), workers=2, signatures=signatures)
    return replace(request, **options)


def expected(dn, valid, centres, reject):
    """Return classes and margins of (bands, height, width) DN in plain NumPy; reject as a square in (1/64 DN)^2."""
    squared = ((64 * dn[None].astype(np.int64) - centres[:, :, None, None]) ** 2).sum(axis=1)
    order = np.sort(squared, axis=0)
    classes = squared.argmin(axis=0) + 1
    margins = 1 + 254 * (order[1] - order[0]) // np.maximum(order[1] + order[0], 1)
    classes[order[0] > reject] = 255
    return np.where(valid, classes, 0), np.where(valid, margins, 0)


def statistics_of(result):
    with open(result.statistics, encoding="utf-8", newline="") as file:
        return {(row["class_id"], row["scene"]): row for row in csv.DictReader(file)}


def dn_of(folder):
    """Return the bands of a scene folder as they lie on the disk, and which pixels are valid without flags."""
    bands = [read_raster(next(folder.glob(f"*_SR_B{n}.TIF"))) for n in _numbers(folder)]
    dn = np.stack(bands)
    qa = read_raster(next(folder.glob("*_QA_PIXEL.TIF")))
    radsat = read_raster(next(folder.glob("*_QA_RADSAT.TIF")))
    bits = sum(1 << (n - 1) for n in _numbers(folder))
    return dn, (dn != 0).all(axis=0) & (qa & 1 == 0) & (radsat & bits == 0)


def _numbers(folder):
    return (2, 3, 4, 5, 6, 7) if folder.name[1] in "CO" else (1, 2, 3, 4, 5, 7)


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(tmp_path):
    """Three centres in red and nir, and six pixels of which one is fill and one is far from all."""
    source = signatures_file(tmp_path / "old", [[8000, 8000], [9000, 14000], [20000, 20000]], [WATER, FIELD, ROCK])
    dn = two_bands([[8000, 8500, 9000], [30_000, 0, 8300]], [[8000, 11_000, 13_000], [30_000, 9000, 8000]])
    return make_scene(tmp_path, product(), dn), source


def test_classify_by_hand(by_hand, tmp_path, kernel):
    # (8500, 11000) is as far from water as from field: 1. (9000, 13000) is 1000 from field, D1 1e6, and from water
    # D2 = 1e6 + 25e6: 1 + 254 x 25 // 27 = 236. (30000, 30000) is 14142 from rock, from field 21000 and 16000, so that
    # D1 : D2 = 200 : 697, 1 + 254 x 497 // 897 = 141. (8300, 8000) is 300 from water; from field 700 and 6000, so
    # D1 : D2 = 9 : 3649, 1 + 254 x 3640 // 3658 = 253. 3041 DN are 0.0836 of reflectance and 14142 are 0.389.
    scene, source = by_hand
    progress = Recorder()
    result = classify(asked([scene], source, tmp_path / "out", margin=True, reject=0.1), progress, kernel)
    assert read_raster(result.rasters[0]).tolist() == [[1, 1, 2], [255, 0, 1]]
    assert [path.name for path in result.margins] == [f"{scene.name}_margin.tif"]
    assert read_raster(result.margins[0]).tolist() == [[255, 1, 236], [141, 0, 253]]
    assert (result.unclassified, result.pixels, result.k) == (1, 5, 3)
    # What the classes are made of stays: rock has its pixel in the signatures, and none in the raster.
    assert [c["pixels"] for c in read_json(result.signatures)["classes"]] == [3, 1, 1]
    rows = result.statistics.read_text(encoding="utf-8").splitlines()[1:]
    name = scene.name
    assert rows == [
        f"1,Water,{name},2022-05-11,3,0.27,60.0000",
        f"2,Field & fen,{name},2022-05-11,1,0.09,20.0000",
        f"3,Rock,{name},2022-05-11,0,0.00,0.0000",
        f"255,Unclassified,{name},2022-05-11,1,0.09,20.0000",
    ]
    assert any(note.startswith("1 of 5 valid pixels (20.0 %) are unclassified") for note in progress.notes)
    page = result.report.read_text(encoding="utf-8")
    assert "too far from every centre: 1 pixels (20.00 %)" in page
    section = page[page.index('id="margins"') :]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", section[section.index("<tbody") : section.index("</tbody>")])
    # Water (255 + 1 + 253) / 3, field 236, rock nothing, unclassified 141.
    assert cells[2:] == ["169.7", "236.0", "", "141.0"]


def test_the_limit_is_exact_to_one_step(tmp_path):
    # Of a pixel 3 and 4 DN off the distance is 5 DN: 0.0001375 of reflectance, which is not exceeded; 0.00013749 is.
    source = signatures_file(tmp_path / "old", [[8000, 8000], [20000, 20000]], [WATER, {**ROCK, "id": 2}])
    scene = make_scene(tmp_path, product(), two_bands([[8003]], [[8004]]))
    for reject, value in ((0.0001375, 1), (0.00013749, 255), (0, 255), (10, 1), (None, 1)):
        result = classify(asked([scene], source, tmp_path / "out", reject=reject))
        assert read_raster(result.rasters[0]).tolist() == [[value]]


def test_names_colours_and_tags(by_hand, tmp_path):
    scene, source = by_hand
    result = classify(asked([scene], source, tmp_path / "out", margin=True, reject=0.1))
    raster, margin = result.rasters[0], result.margins[0]
    with rasterio.open(raster) as dataset:
        assert dataset.colormap(1)[255] == (*UNCLASSIFIED_COLOUR, 255)
        assert dataset.colormap(1)[3][:3] == (0x99, 0x99, 0x99)
        assert dataset.tags()["CLASS_NAMES"] == "1=Water; 2=Field & fen; 3=Rock; 255=Unclassified"
    shown = list(entries_of(raster.with_suffix(".qml").read_text(encoding="utf-8")))
    assert [(entry.value, entry.label) for entry in shown][2:] == [(3, "Rock"), (255, "Unclassified")]
    seen = open_classified("RASTERS", raster)
    assert (seen.names[255], seen.colours[255], 255 in seen.colour_table) == (
        "Unclassified",
        UNCLASSIFIED_COLOUR,
        False,
    )
    with rasterio.open(margin) as dataset:
        assert (dataset.dtypes, dataset.nodata, dataset.descriptions) == (("uint8",), 0, ("Margin",))
        assert dataset.tags()["LANDSAT_PRODUCT_ID"] == scene.name
    assert 'colorRampType="INTERPOLATED"' in margin.with_suffix(".qml").read_text(encoding="utf-8")


# --- against plain NumPy ---------------------------------------------------------------------------------------------


def test_rasters_of_a_series_by_every_kernel(kernel, small_series, request_of):
    progress = Recorder()
    request = request_of(*small_series, **SETTINGS)
    result = cluster(request, progress, kernel, 500)
    plain = cluster(request_of(*small_series, out="plain", k=4, tolerance=0.5), None, kernel, 500)
    centres = read_centres(result.signatures, ROLES)
    folders = {folder.name: folder for folder in small_series}
    table, total = statistics_of(result), 0
    for scene, raster, margin, before in zip(result.scenes, result.rasters, result.margins, plain.rasters):
        dn, valid = dn_of(folders[scene.id])
        classes, margins = expected(dn, valid, centres, (64 * 0.12 / 0.0000275) ** 2)
        np.testing.assert_array_equal(read_raster(raster), classes)
        np.testing.assert_array_equal(read_raster(margin), margins)
        rejected = classes == 255
        np.testing.assert_array_equal(read_raster(before)[~rejected], classes[~rejected])
        total += int(rejected.sum())
        for value in (1, 2, 3, 4, 255):
            row = table[str(value), scene.id]
            assert int(row["pixels"]) == int((classes == value).sum())
            assert float(row["percent_of_valid"]) == pytest.approx(100 * int(row["pixels"]) / valid.sum(), abs=1e-4)
    assert 0 < total == result.unclassified
    # Fit and signatures are what they are without.
    ours, theirs = (read_json(one.signatures) for one in (result, plain))
    assert (ours["centres"], ours["classes"]) == (theirs["centres"], theirs["classes"])
    assert plain.margins == ()
    assert plain.unclassified == 0


def test_spilled_pixels_threads_and_strips_change_nothing(small_series, request_of):
    found = []
    for number, (memory, workers, strip) in enumerate(((0, 1, 10**9), (1, 3, 500))):
        request = request_of(*small_series, out=f"out{number}", **{**SETTINGS, "workers": workers, "memory": memory})
        result = cluster(request, None, NumpyKernel(), strip)
        found.append([path.read_bytes() for path in (*result.rasters, *result.margins)])
    assert found[0] == found[1]


def test_each_scene_on_its_own(small_series, request_of):
    request = request_of(*small_series, mode=EACH_SCENE, **SETTINGS)
    result = cluster_each(request, None, NumpyKernel(), 500)
    total = 0
    for folder in small_series:
        place = next(i for i, scene in enumerate(result.scenes) if scene.id == folder.name)
        dn, valid = dn_of(folder)
        centres = read_centres(result.signature_files[place], ROLES)
        classes, margins = expected(dn, valid, centres, (64 * 0.12 / 0.0000275) ** 2)
        np.testing.assert_array_equal(read_raster(result.rasters[place]), classes)
        np.testing.assert_array_equal(read_raster(result.margins[place]), margins)
        total += int((classes == 255).sum())
        row = statistics_of(result)["255", folder.name]
        assert (row["class_name"], int(row["pixels"])) == ("Unclassified", int((classes == 255).sum()))
    assert total == result.unclassified > 0
    page = result.report.read_text(encoding="utf-8")
    assert page.count('id="margins"') == 3
    assert page.count("are unclassified in the raster") == 3


def test_classify_gives_what_the_clustering_gave(small_series, request_of, tmp_path):
    made = cluster(request_of(*small_series, **SETTINGS))
    again = classify(asked(small_series, made.signatures, tmp_path / "again", margin=True, reject=0.12))
    for one, other in zip((*made.rasters, *made.margins), (*again.rasters, *again.margins)):
        np.testing.assert_array_equal(read_raster(one), read_raster(other))
    assert again.unclassified == made.unclassified


def test_the_comparison_and_a_run_that_goes_on_stay_as_they_are(small_series, request_of):
    first = cluster(request_of(*small_series, **{**SETTINGS, "max_iterations": 2, "tolerance": 0}))
    options = {**SETTINGS, "start": SIGNATURES_FILE, "tolerance": 0, "max_iterations": 50}
    on = cluster(request_of(*small_series, out="on", signatures=first.signatures, compare=True, **options))
    off = cluster(request_of(*small_series, out="off", k=4, tolerance=0))
    assert read_json(on.signatures)["centres"] == read_json(off.signatures)["centres"]
    assert "Each scene on its own, beside the common classes" in on.report.read_text(encoding="utf-8")
    for one, other in zip(on.rasters, off.rasters):
        here, there = read_raster(one), read_raster(other)
        np.testing.assert_array_equal(here[here != 255], there[here != 255])


def test_as_many_classes_as_can_be_beside_unclassified(tmp_path, request_of):
    scene = make_scene(tmp_path, product(), six_band_noise(3, 40, 40))
    result = cluster(request_of(scene, k=254, reject=0.1, margin=True, max_iterations=2))
    classes = read_raster(result.rasters[0])
    assert (classes == 255).any()
    assert len(np.unique(classes)) > 100
    with rasterio.open(result.rasters[0]) as dataset:
        table = dataset.colormap(1)
    assert len({table[value] for value in range(1, 256)}) == 255
    assert int((classes == 255).sum()) == result.unclassified


def test_a_scene_without_a_valid_pixel_has_an_empty_margin(tmp_path, request_of):
    good = make_scene(tmp_path, product(), six_band_noise(3, 20, 20))
    empty = make_scene(tmp_path, product("LC09", "20220519"), np.zeros((20, 20)))
    for number, mode in enumerate(("all scenes together", EACH_SCENE)):
        run = cluster_each if mode == EACH_SCENE else cluster
        result = run(request_of(good, empty, out=f"o{number}", mode=mode, margin=True, reject=0.05))
        assert [bool(read_raster(path).any()) for path in result.margins] == [True, False]


# --- the folder ------------------------------------------------------------------------------------------------------


def test_margins_of_an_earlier_run_go_when_the_classes_do(tmp_path, request_of):
    scene = make_scene(tmp_path, product(), six_band_noise(3, 20, 20))
    first = cluster(request_of(scene, margin=True))
    (first.margins[0].with_name(f"{first.margins[0].name}.aux.xml")).write_text("<PAMDataset/>", encoding="utf-8")
    cluster(request_of(scene, margin=True))
    assert sorted(path.name for path in first.output.glob("*_margin*")) == [
        f"{scene.name}_margin.qml", f"{scene.name}_margin.tif",
    ]  # fmt: skip
    cluster(request_of(scene))
    assert list(first.output.glob("*_margin*")) == []


def test_a_file_of_that_name_that_is_not_ours_stays(tmp_path, request_of):
    scene = make_scene(tmp_path, product(), six_band_noise(3, 20, 20))
    own = tmp_path / "out" / f"{scene.name}_margin.tif"
    own.parent.mkdir()
    own.write_bytes(b"mine")
    cluster(request_of(scene))
    assert own.read_bytes() == b"mine"


def test_margins_of_other_classes_are_set_apart_with_them(tmp_path, request_of):
    one = make_scene(tmp_path, product(), six_band_noise(3, 20, 20))
    two = make_scene(tmp_path, product("LC09", "20220519"), six_band_noise(4, 20, 20))
    first = cluster(request_of(one, margin=True, reject=0.05))
    progress = Recorder()
    cluster(request_of(two), progress)
    assert not first.margins[0].exists()
    assert not first.rasters[0].exists()
    apart = [path.name for path in first.output.rglob("*_margin.*")]
    assert sorted(apart) == [f"{one.name}_margin.qml", f"{one.name}_margin.tif"]


def test_rejecting_alone_makes_no_other_classes(tmp_path, request_of):
    """Rasters of one run whose other scene was classified again with REJECT still fit."""
    one = make_scene(tmp_path, product(), six_band_noise(3, 20, 20))
    two = make_scene(tmp_path, product("LC09", "20220519"), six_band_noise(4, 20, 20))
    made = cluster(request_of(one, two))
    options = {"start": SIGNATURES_FILE, "signatures": made.signatures, "max_iterations": 1}
    progress = Recorder()
    cluster(request_of(one, reject=0.05, **options), progress)
    assert any("classes are still right" in warning for warning in progress.warnings)
    assert made.rasters[1].exists()


# --- downstream ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_dates(tmp_path, request_of):
    """Two scenes of one place, classified with unclassified pixels in both."""
    days = ("20220511", "20220519")
    scenes = [make_scene(tmp_path, product(day=d), six_band_noise(n, 24, 24)) for n, d in enumerate(days)]
    return cluster(request_of(*scenes, reject=0.12, k=3))


def test_the_tools_after_it_take_unclassified_as_a_class(two_dates, tmp_path):
    before, after = two_dates.rasters
    values = [read_raster(path) for path in (before, after)]
    found = compare(TransitionRequest(before, after, tmp_path / "c.tif", tmp_path / "m.csv", tmp_path / "r.html"))
    assert found.counts[255, 1] == int(((values[0] == 255) & (values[1] == 1)).sum()) > 0
    assert found.after_names[255] == "Unclassified"
    assert found.colours[255] == UNCLASSIFIED_COLOUR
    assert 255_001 in np.unique(read_raster(tmp_path / "c.tif"))
    assert "Unclassified → Class 1" in (tmp_path / "c.tif.aux.xml").read_text(encoding="utf-8")

    raster_set = open_raster_set([before, after])
    assert raster_set.names[255] == "Unclassified"
    assert raster_set.doubts() == []
    points = sample_points(SampleRequest((before, after), n=60, min_per_class=5))
    assert points.names[255] == "Unclassified"
    assert points.drawn[255] >= 5
    where = [(point.x, point.y) for point in points.points]
    reference = ReferencePoints(
        [x for x, _ in where], [y for _, y in where], points.crs, [str(point.map_class) for point in points.points],
        [point.day for point in points.points],
    )  # fmt: skip
    assessed = assess_accuracy(AccuracyRequest((before, after), reference, matrix=tmp_path / "a.csv"))
    assert 255 in assessed.accuracy.classes

    series = follow_series(SeriesRequest((before, after), tmp_path / "series"))
    majority = tmp_path / "series" / "majority.tif"
    np.testing.assert_array_equal(read_raster(majority), values[1])
    seen = open_classified("RASTERS", majority)
    assert sorted(seen.names) == [1, 2, 3, 255]
    assert seen.names[255] == "Unclassified"
    assert series.series.classes == [1, 2, 3, 255]


def test_rasters_with_and_without_rejection_are_of_one_legend(two_dates, tmp_path):
    plain = classify(asked([Path(tmp_path / two_dates.scenes[1].id)], two_dates.signatures, tmp_path / "plain"))
    assert open_raster_set([two_dates.rasters[0], plain.rasters[0]]).doubts() == []
    found = compare(
        TransitionRequest(two_dates.rasters[0], plain.rasters[0], matrix=tmp_path / "m.csv"), log := Recorder()
    )
    assert found.common
    assert not any("colour tables" in text for text in log.warnings)


def test_naming_and_merging_keep_what_is_unclassified(small_series, request_of, tmp_path):
    made = cluster(request_of(*small_series, out="made", **SETTINGS))
    before = [read_raster(path) for path in made.rasters]
    table = tmp_path / "legend.csv"
    table.write_text("class,to,name\n1,1,Dark\n2,1,Dark\n3,2,\n4,3,\n255,255,Strange\n", encoding="utf-8")
    cluster(request_of(*small_series, out="merged", margin=True, k=2))
    merged = merge(MergeRequest(made.output, tmp_path / "merged", table))
    becomes = np.array([0, 1, 1, 2, 3, *range(5, 256)])
    for path, old in zip(merged.rasters, before):
        np.testing.assert_array_equal(read_raster(path), becomes[old])
        with rasterio.open(path) as dataset:
            assert dataset.tags()["CLASS_NAMES"].endswith("; 255=Strange")
    # Margins that an earlier run left there are of other classes.
    assert not list(merged.output.glob("*_margin*"))
    # The merged signatures give the same of the scenes themselves, by the same distance.
    again = classify(asked(small_series, merged.signatures, tmp_path / "again", margin=True, reject=0.12))
    for path, old in zip(again.rasters, before):
        np.testing.assert_array_equal(read_raster(path), becomes[old])
    for one, other in zip(again.margins, made.margins):
        np.testing.assert_array_equal(read_raster(one), read_raster(other))
    assert again.unclassified == made.unclassified

    page = made.report.read_text(encoding="utf-8")
    table.write_text("class,name\n1,Lake\n255,Strange\n", encoding="utf-8")
    give_names(NamesRequest(made.output, table))
    renamed = made.report.read_text(encoding="utf-8")
    assert numbers_of(renamed) == numbers_of(page)
    assert "Lake" in renamed
    assert {row["class_name"] for (number, _), row in statistics_of(made).items() if number == "255"} == {"Strange"}
    # And so does the same run once more.
    cluster(request_of(*small_series, out="made", **SETTINGS))
    assert open_classified("RASTERS", made.rasters[0]).names[255] == "Strange"


def numbers_of(page):
    """Return the mean margins of a report, as its table has them."""
    section = page[page.index('id="margins"') :]
    return re.findall(r"<td[^>]*>([^<]*)</td>", section[section.index("<tbody") : section.index("</tbody>")])


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reject": -0.1}, "REJECT is -0.1; choose a distance in reflectance from 0 to 10"),
        ({"reject": 3000}, "REJECT is 3000"),
        ({"reject": float("nan")}, "REJECT is nan"),
        ({"reject": float("inf")}, "REJECT is inf"),
        ({"reject": "0.1"}, "REJECT is '0.1', expected a number"),
        ({"reject": True}, "REJECT is True, expected a number"),
        ({"margin": 1}, "MARGIN is 1, expected True or False"),
        ({"margin": "yes"}, "MARGIN is 'yes'"),
    ],
)
def test_wrong_values_are_refused_before_anything_is_read(request_of, tmp_path, options, words):
    for request in (
        request_of(tmp_path / "none", **options),
        asked([tmp_path], tmp_path / "s.json", tmp_path, **options),
    ):
        with pytest.raises(ParameterError, match=re.escape(words)):
            request.check()
    assert listing(tmp_path) == {}


def test_a_limit_that_rejects_nearly_all_is_warned_of(by_hand, tmp_path):
    scene, source = by_hand
    progress = Recorder()
    classify(asked([scene], source, tmp_path / "out", reject=0.00001), progress)
    assert any(text.startswith("REJECT: 4 of 5 valid pixels (80.0 %)") for text in progress.warnings)
