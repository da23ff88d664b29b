"""Saved signatures on scenes: classes by hand, the same bits as the run that made them, and flat memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
from calls import apply_to
from iikmc.engine.errors import Cancelled, IIkMCError, ParameterError, SceneError, SignatureError
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.passes import tasks
from iikmc.engine.pixels import sketch
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import Recorder, listing, make_scene, product, read_json, read_raster, six_band_noise

WATER = {"id": 1, "name": "Water", "colour": "#1f78b4"}
FIELD = {"id": 2, "name": "Field & fen", "colour": "#B2DF8A"}
ROCK = {"id": 3, "name": "Rock", "colour": "#999999"}


def signatures_file(folder: Path, centres_dn, classes, bands=("red", "nir"), **changes) -> Path:
    """Write a signatures.json as a user may have it: no statistics, no run."""
    document = {
        "format": "iikmc-signatures", "version": 1, "bands": list(bands), "scale": 0.0000275, "offset": -0.2,
        "grid": 64, "centres": [[int(64 * dn) for dn in row] for row in centres_dn], "classes": classes, **changes,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    path = folder / "signatures.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def three_classes(tmp_path):
    return signatures_file(tmp_path / "old", [[8000, 8000], [9000, 14000], [20000, 20000]], [WATER, FIELD, ROCK])


def two_bands(red, nir):
    """Return the DN of six bands; those that are not of the signatures would change every class if they were read."""
    red, nir = np.array(red), np.array(nir)
    return np.stack([np.full(red.shape, 60_000)] * 2 + [red, nir] + [np.full(red.shape, 60_000)] * 2)


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_classes_areas_and_statistics_by_hand(tmp_path, three_classes, kernel):
    # Squared distances to the centres, in thousands of DN: (8, 11.05) is 9.30 from water and 9.70 from field; (8.5, 11)
    # is 9.25 from both water and field, a tie for the lower class; (9, 14) is field; (30, 30) is rock.
    dn = two_bands([[8000, 8500, 9000], [30_000, 0, 8000]], [[11_050, 11_000, 14_000], [30_000, 9000, 8000]])
    scene = make_scene(tmp_path, product(), dn)
    result = apply_to([scene], three_classes, tmp_path / "out", kernel=kernel)
    assert read_raster(result.rasters[0]).tolist() == [[1, 1, 2], [3, 0, 1]]
    assert (result.pixels, result.empty_classes, result.names) == (5, (), ("Water", "Field & fen", "Rock"))
    classes = read_json(result.signatures)["classes"]
    assert [c["pixels"] for c in classes] == [3, 1, 1]
    # Water: red 8000, 8500, 8000, nir 11050, 11000, 8000. Mean red 24500/3 DN, deviation sqrt(2)/3 of 500 DN.
    assert classes[0]["mean"] == [round(24_500 / 3 * 0.0000275 - 0.2, 9), round(30_050 / 3 * 0.0000275 - 0.2, 9)]
    assert classes[0]["std"][0] == pytest.approx(0.0000275 * 500 * 2**0.5 / 3, abs=1e-9)
    assert result.statistics.read_text().splitlines()[1:] == [
        f"1,Water,{scene.name},2022-05-11,3,0.27,60.0000",
        f"2,Field & fen,{scene.name},2022-05-11,1,0.09,20.0000",
        f"3,Rock,{scene.name},2022-05-11,1,0.09,20.0000",
    ]


def test_names_and_colours_come_from_the_file(tmp_path, three_classes):
    scene = make_scene(tmp_path, product(), two_bands([[8000]], [[8000]]))
    result = apply_to([scene], three_classes, tmp_path / "out")
    document = read_json(result.signatures)
    assert [(c["id"], c["name"], c["colour"]) for c in document["classes"]] == [
        (1, "Water", "#1f78b4"), (2, "Field & fen", "#b2df8a"), (3, "Rock", "#999999"),
    ]  # fmt: skip
    with rasterio.open(result.rasters[0]) as raster:
        assert [raster.colormap(1)[j] for j in (1, 2, 3)] == [
            (31, 120, 180, 255), (178, 223, 138, 255), (153, 153, 153, 255),
        ]  # fmt: skip
        assert raster.tags()["CLASS_NAMES"] == "1=Water; 2=Field & fen; 3=Rock"
    style = result.rasters[0].with_suffix(".qml").read_text()
    assert '<paletteEntry value="2" label="Field &amp; fen" color="#b2df8a"' in style


def test_record_says_what_was_applied(tmp_path, three_classes):
    scene = make_scene(tmp_path, product(), two_bands([[8000, 9000]], [[8000, 14_000]]))
    log = Recorder()
    result = apply_to([scene], three_classes, tmp_path / "out", DEFAULT_FLAGS, progress=log)
    document = read_json(result.signatures)
    assert document["centres"] == read_json(three_classes)["centres"]
    assert document["bands"] == ["red", "nir"]
    run = document["run"]
    assert run["applied"] == {"signatures": str(three_classes), "finished": None, "scenes": []}
    assert run["parameters"] == {
        "scenes": [str(scene)], "k": 3, "mask": list(DEFAULT_FLAGS), "mask_saturated": True, "bands": ["red", "nir"],
        "signatures": str(three_classes), "aoi": None, "margin": False, "reject": None,
    }  # fmt: skip
    assert run["iterations"] == []
    assert (run["pixels"], [s["audit"]["valid"] for s in run["scenes"]]) == (2, [2])
    assert result.empty_classes == (3,)
    assert "No pixel of these scenes belongs to class 3." in log.notes
    page = result.report.read_text(encoding="utf-8")
    assert f"2 valid pixels got the nearest of the saved signatures in {three_classes}" in page
    assert "Convergence" not in page
    assert log.warnings == []


# --- the same bits ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def clustered(small_series, tmp_path_factory):
    from iikmc.engine.requests import Request

    out = tmp_path_factory.mktemp("clustered")
    request = Request(
        tuple(map(str, small_series)), out, k=5, tolerance=0.5, mask=MaskRule(DEFAULT_FLAGS, True), workers=2
    )
    return cluster(request, strip_pixels=16 * 41)


@pytest.mark.parametrize("strip_pixels", [16 * 41, 1, 10**9])
def test_the_same_scenes_give_the_same_bits(small_series, clustered, tmp_path, strip_pixels, kernel):
    log = Recorder()
    scenes = [small_series[n] for n in (2, 0, 1)]
    result = apply_to(
        scenes, clustered.signatures, tmp_path, DEFAULT_FLAGS, progress=log, kernel=kernel, strip_pixels=strip_pixels
    )
    assert [path.name for path in result.rasters] == [path.name for path in clustered.rasters]
    for mine, its in zip(result.rasters, clustered.rasters):
        assert np.array_equal(read_raster(mine), read_raster(its))
        assert mine.with_suffix(".qml").read_bytes() == its.with_suffix(".qml").read_bytes()
        assert Path(f"{mine}.aux.xml").read_bytes() == Path(f"{its}.aux.xml").read_bytes()
        if strip_pixels == 16 * 41:  # strips decide the order of the tiles in the file
            assert mine.read_bytes() == its.read_bytes()
    assert result.statistics.read_text() == clustered.statistics.read_text()
    assert (tmp_path / "signatures.csv").read_text() == (clustered.output / "signatures.csv").read_text()
    mine, its = read_json(result.signatures), read_json(clustered.signatures)
    assert (mine["centres"], mine["classes"]) == (its["centres"], its["classes"])
    assert mine["run"]["scenes"] == its["run"]["scenes"]
    assert mine["run"]["applied"]["scenes"] == [small_series[n].name for n in (1, 2, 0)]
    assert mine["run"]["converged"] == its["run"]["converged"]
    assert not any("another mask" in note for note in log.notes)


def test_what_was_applied_can_be_applied_again(small_series, clustered, tmp_path):
    first = apply_to(small_series[:1], clustered.signatures, tmp_path / "a", DEFAULT_FLAGS)
    again = apply_to(small_series, first.signatures, tmp_path / "b", DEFAULT_FLAGS)
    for mine, its in zip(again.rasters, clustered.rasters):
        assert np.array_equal(read_raster(mine), read_raster(its))


def test_another_mask_is_told(small_series, clustered, tmp_path):
    log = Recorder()
    apply_to(small_series, clustered.signatures, tmp_path, ("cloud",), progress=log)
    (note,) = (note for note in log.notes if "another mask" in note)
    assert "dilated cloud, cirrus, cloud, cloud shadow and saturated pixels" in note


# --- refusal ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"bands": ["nir", "red"]}, ("bands nir, red", "in this order")),
        ({"bands": ["red", "violet"]}, ("bands red, violet",)),
        ({"bands": []}, ("bands none",)),
        ({"scale": 0.0001}, ("scale 0.0001", "expected 2.75e-05")),
        ({"version": 3}, ("version 3", "expected 1 or 2")),
        ({"grid": 1}, ("grid 1",)),
        ({"classes": [WATER]}, ("describes 1 classes", "3 centres")),
        ({"classes": None}, ("describes no list of classes",)),
        ({"classes": [FIELD, WATER, ROCK]}, ("class 1", "id 2")),
        ({"classes": [WATER, FIELD, {**ROCK, "name": " "}]}, ("class 3", "name ' '")),
        ({"classes": [WATER, {**FIELD, "colour": "green"}, ROCK]}, ("class 2", "colour 'green'", "#1f78b4")),
        ({"classes": [WATER, {**FIELD, "pixels": -1}, ROCK]}, ("class 2", "number of pixels -1")),
        ({"classes": [WATER, {**FIELD, "mean": [0.1]}, ROCK]}, ("class 2", "mean [0.1]", "2 numbers")),
        ({"classes": [WATER, {**FIELD, "std": [True, 1]}, ROCK]}, ("class 2", "std")),
        ({"classes": [WATER, "Field", ROCK]}, ("class 2",)),
    ],
)
def test_signatures_that_do_not_fit(tmp_path, changes, parts):
    centres = [[8000, 8000], [9000, 14000], [20000, 20000]]
    path = signatures_file(tmp_path / "old", centres, **{"classes": [WATER, FIELD, ROCK], **changes})
    scene = make_scene(tmp_path, product(), two_bands([[8000]], [[8000]]))
    with pytest.raises(SignatureError) as caught:
        apply_to([scene], path, tmp_path / "out")
    text = str(caught.value)
    for part in ("SIGNATURES", str(path), *parts):
        assert part in text
    assert text.endswith(".")
    assert not (tmp_path / "out").exists()


def test_the_signatures_folder_is_no_output(tmp_path, three_classes):
    scene = make_scene(tmp_path, product(), two_bands([[8000]], [[8000]]))
    before = listing(tmp_path)
    with pytest.raises(ParameterError, match=r"OUTPUT: .* is the folder of SIGNATURES itself"):
        apply_to([scene], three_classes, three_classes.parent)
    assert listing(tmp_path) == before


def test_a_scene_without_a_band_of_the_signatures(tmp_path, three_classes):
    scene = make_scene(tmp_path, product(), two_bands([[8000]], [[8000]]))
    (scene / f"{scene.name}_SR_B5.TIF").unlink()
    with pytest.raises(SceneError, match=r"nir band file .*SR_B5.TIF is missing .*choose SIGNATURES without nir"):
        apply_to([scene], three_classes, tmp_path / "out")


def test_empty_signatures_and_workers(tmp_path):
    for request, part in (
        (ClassifyRequest(("a",), tmp_path, signatures=Path("")), "SIGNATURES is empty"),
        (ClassifyRequest(("a",), tmp_path, signatures=Path("x"), workers=-1), "WORKERS is -1"),
    ):
        with pytest.raises(ParameterError, match=part):
            classify(request)


# --- runs that go wrong or to the end --------------------------------------------------------------------------------


def test_scenes_without_a_valid_pixel_become_nodata(tmp_path, three_classes):
    cloudy = make_scene(tmp_path, product(), two_bands([[8000]], [[8000]]), qa=22280)
    log = Recorder()
    result = apply_to([cloudy], three_classes, tmp_path / "out", DEFAULT_FLAGS, progress=log)
    assert read_raster(result.rasters[0]).tolist() == [[0]]
    assert result.pixels == 0
    assert [text for text in log.warnings if "not one of its 1 pixels is valid" in text] == log.warnings != []


def test_damage_in_the_last_scene_leaves_everything_as_it_was(tmp_path, three_classes):
    dn = two_bands(np.full((40, 40), 8000), np.full((40, 40), 8000))
    scenes = [make_scene(tmp_path / "in", product(day=f"2020010{n}"), dn) for n in (1, 2, 3)]
    band = scenes[2] / f"{scenes[2].name}_SR_B4.TIF"
    band.write_bytes(band.read_bytes()[:-20])
    before = listing(tmp_path)
    with pytest.raises(IIkMCError, match=scenes[2].name):
        apply_to(scenes, three_classes, tmp_path / "out")
    assert listing(tmp_path) == before


def test_a_cancel_leaves_everything_as_it_was(tmp_path, three_classes, monkeypatch):
    scenes = [make_scene(tmp_path / "in", product(day=f"2020010{n}"), two_bands([[8000]], [[8000]])) for n in (1, 2)]
    before = listing(tmp_path)
    written = []
    real = tasks.write_classes
    monkeypatch.setattr(tasks, "write_classes", lambda *a: (real(*a), written.append(1)))
    with pytest.raises(Cancelled):
        apply_to(scenes, three_classes, tmp_path / "out", progress=Recorder(lambda _: written))
    assert listing(tmp_path) == before


def test_memory_does_not_grow_with_the_scenes(tmp_path, clustered, monkeypatch):
    # The report's pictures do grow, by at most 300 pixels across a scene, which here is the whole scene.
    monkeypatch.setattr(sketch, "WIDTH", 10)
    scenes = [
        make_scene(tmp_path / "in", product(day=f"202001{n:02}"), six_band_noise(n, 240, 240), tile=16)
        for n in range(1, 21)
    ]

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            # NumPy's, because what Numba loads in the background counts as well.
            out = tmp_path / f"out{count}"
            apply_to(scenes[:count], clustered.signatures, out, kernel=NumpyKernel(), strip_pixels=16 * 240)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)  # imports and caches
    few, many = peak(2), peak(20)
    # 18 more scenes have 12.4 MB of DN; how many strips are under way at a time is chance.
    assert many < few + 3_000_000
