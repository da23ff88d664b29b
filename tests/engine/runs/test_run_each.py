"""Each scene on its own: what a run of that scene alone gives, one after the other, in one folder."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest
import rasterio
from iikmc.engine.choices import CPU, EACH_SCENE, GPU, SIGNATURES_FILE, STARTS, TOGETHER
from iikmc.engine.errors import Cancelled, NoValidPixels, ParameterError
from iikmc.engine.kernels.cuda import devices
from iikmc.engine.pixels import store as pixel_store
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.runs import each as run_each
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.each import cluster_each
from iikmc.engine.runs.each import run_in_mode as run
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from pages import Page
from tiny import Recorder, listing, make_scene, product, read_json, read_raster, six_band_noise

DAYS = ("20220511", "20220628")
TITLES = ("2022-05-11 LC08 190027", "2022-06-28 LC08 190027")


@pytest.fixture
def two(tmp_path):
    """A dark and a bright scene of three and two values; lines of 10 pixels of 30 m, 0.9 ha each."""
    dark = np.repeat([[8000], [8000], [12000]], 10, axis=1)
    bright = np.repeat([[20000], [30000]], 10, axis=1)
    return [make_scene(tmp_path / "in", product(day=day), dn) for day, dn in zip(DAYS, (dark, bright))]


def colours(path):
    with rasterio.open(path) as dataset:
        return dataset.colormap(1)


@pytest.mark.parametrize("start", STARTS)
def test_a_scene_gets_what_a_run_of_it_alone_gives(start, small_series, request_of):
    options = {"k": 5, "flags": DEFAULT_FLAGS, "start": start, "workers": 2, "seed": 3}
    if start == SIGNATURES_FILE:
        options["signatures"] = cluster(request_of(*small_series, k=5, max_iterations=2, out="before")).signatures
    each = cluster_each(request_of(*small_series, mode=EACH_SCENE, **options), strip_pixels=500)
    assert len(each.rasters) == 3
    for number, scene in enumerate(each.scenes):
        path = next(path for path in small_series if path.name == scene.id)
        alone = cluster(request_of(path, out=f"alone{number}", **options))
        ours, theirs = each.fits[number], alone.fit
        assert np.array_equal(ours.centres, theirs.centres)
        assert [record.changed for record in ours.iterations] == [record.changed for record in theirs.iterations]
        assert np.array_equal(read_raster(each.rasters[number]), read_raster(alone.rasters[0]))
        assert colours(each.rasters[number]) == colours(alone.rasters[0])
        saved, lone = read_json(each.signature_files[number]), read_json(alone.signatures)
        assert saved["centres"] == lone["centres"]
        assert [(c["pixels"], c["mean"], c["std"]) for c in saved["classes"]] == [
            (c["pixels"], c["mean"], c["std"]) for c in lone["classes"]
        ]
        assert [s["id"] for s in saved["run"]["scenes"]] == [scene.id]
    assert each.iterations == max(len(fit.iterations) for fit in each.fits)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_scene_s_own_signatures_classify_it_bit_for_bit(number, small_series, request_of, tmp_path):
    each = cluster_each(request_of(*small_series, k=4, flags=DEFAULT_FLAGS, mode=EACH_SCENE))
    scene = next(str(path) for path in small_series if path.name == each.scenes[number].id)
    again = classify(ClassifyRequest((scene,), tmp_path / "again", signatures=each.signature_files[number]))
    assert again.rasters[0].read_bytes() == each.rasters[number].read_bytes()
    for ending in (".qml", ".tif.aux.xml"):
        ours, theirs = (str(path)[:-4] + ending for path in (each.rasters[number], again.rasters[0]))
        with open(ours, encoding="utf-8") as a, open(theirs, encoding="utf-8") as b:
            assert a.read() == b.read()


def test_classes_worked_out_by_hand(two, request_of):
    # Dark: 8000 to 12000 in thirds, starts 8666.7, 10000 and 11333.3; nothing is nearest to the middle one.
    # Bright: starts 21666.7, 25000 and 28333.3, likewise.
    progress = Recorder()
    result = run(request_of(*two, k=3, mode=EACH_SCENE), progress)
    assert [read_raster(path)[:, 0].tolist() for path in result.rasters] == [[1, 1, 3], [1, 3]]
    dark, bright = (read_json(path)["centres"] for path in result.signature_files)
    assert [row[0] / 64 for row in dark] == [8000, 10000, 12000]
    assert [row[0] / 64 for row in bright] == [20000, 25000, 30000]
    assert (result.pixels, result.k, result.common, result.converged) == (50, 3, False, True)
    assert result.empty_classes == ((0, 2), (1, 2))
    assert result.iterations == 2
    assert f"{TITLES[1]}: no pixel belongs to class 2." in progress.notes
    assert progress.warnings == []


def test_files_of_a_run(two, request_of):
    result = run(request_of(*two, k=2, mode=EACH_SCENE))
    endings = ("_classes.tif", "_classes.tif.aux.xml", "_classes.qml", "_signatures.json", "_signatures.csv")
    names = [path.name + ending for path in two for ending in endings] + ["statistics.csv", "report.html"]
    assert sorted(path.name for path in result.output.iterdir() if not path.name.startswith("plotly-")) == sorted(names)
    assert result.signature_files == tuple(result.output / f"{path.name}_signatures.json" for path in two)
    # None stands for the others; of one scene, it is that one.
    assert result.signatures is None
    assert read_json(result.signature_files[0])["run"]["parameters"]["mode"] == EACH_SCENE
    single = run(request_of(two[1], k=2, mode=EACH_SCENE, out="single"))
    assert single.signatures == single.signature_files[0]
    assert single.signatures.is_file()


def test_statistics_of_all_scenes(two, request_of):
    result = run(request_of(*two, k=2, mode=EACH_SCENE))
    first, second = (path.name for path in two)
    assert result.statistics.read_text(encoding="utf-8") == (
        "class_id,class_name,scene,date,pixels,hectares,percent_of_valid\n"
        f"1,Class 1 of {TITLES[0]},{first},2022-05-11,20,1.80,66.6667\n"
        f"2,Class 2 of {TITLES[0]},{first},2022-05-11,10,0.90,33.3333\n"
        f"1,Class 1 of {TITLES[1]},{second},2022-06-28,10,0.90,50.0000\n"
        f"2,Class 2 of {TITLES[1]},{second},2022-06-28,10,0.90,50.0000\n"
    )


def test_iterations_are_the_most_and_converged_is_all(tmp_path, request_of):
    noisy = make_scene(tmp_path / "in", product(day=DAYS[0]), six_band_noise(1, 40, 40))
    plain = make_scene(tmp_path / "in", product(day=DAYS[1]), [[8000] * 9 + [30000]])
    result = run(request_of(noisy, plain, k=4, mode=EACH_SCENE, max_iterations=3, tolerance=0))
    assert [len(fit.iterations) for fit in result.fits] == [3, 2]
    assert [fit.converged for fit in result.fits] == [False, True]
    assert (result.iterations, result.converged) == (3, False)


def test_names_tell_the_scene_and_edited_ones_are_kept_for_it_alone(two, request_of):
    request = request_of(*two, k=2, mode=EACH_SCENE)
    result = run(request)
    names = [[c["name"] for c in read_json(path)["classes"]] for path in result.signature_files]
    assert names == [[f"Class {j} of {title}" for j in (1, 2)] for title in TITLES]
    style = result.rasters[0].with_suffix(".qml")
    style.write_text(style.read_text(encoding="utf-8").replace(names[0][1], "Sand"), encoding="utf-8")
    again = run(request)
    assert [[c["name"] for c in read_json(path)["classes"]] for path in again.signature_files] == [
        [names[0][0], "Sand"],
        names[1],
    ]


def test_only_one_scene_is_in_memory_at_a_time(small_series, request_of, monkeypatch):
    earlier, real = [], run_each.Clustering.read

    def read(clustering, progress):
        gc.collect()
        assert [site for site in earlier if site() is not None] == []
        series = real(clustering, progress)
        earlier.append(weakref.ref(clustering.site))
        assert len(series.results) == 1
        return series

    monkeypatch.setattr(run_each.Clustering, "read", read)
    cluster_each(request_of(*small_series, mode=EACH_SCENE))
    assert len(earlier) == 3


def test_pixels_beyond_the_limit_change_nothing(small_series, request_of, monkeypatch):
    in_memory = cluster_each(request_of(*small_series, mode=EACH_SCENE))
    monkeypatch.setattr(pixel_store, "automatic_budget", lambda: 0)
    progress = Recorder()
    spilled = cluster_each(request_of(*small_series, mode=EACH_SCENE, out="spilled"), progress, strip_pixels=300)
    assert sum("temporary files (MEMORY)" in note for note in progress.notes) == 3
    assert [a.read_bytes() for a in in_memory.rasters] == [b.read_bytes() for b in spilled.rasters]


def test_a_scene_without_a_valid_pixel(two, tmp_path, request_of):
    empty = make_scene(tmp_path / "in", product(day="20220720"), np.zeros((3, 4)))
    progress = Recorder()
    result = run(request_of(*two, empty, k=2, mode=EACH_SCENE), progress)
    assert not read_raster(result.rasters[2]).any()
    assert result.fits[2] is None
    assert result.signature_files[2] is None
    assert not (result.output / f"{empty.name}_signatures.json").exists()
    assert result.converged
    assert [text.split(":")[0] for text in progress.warnings] == ["2022-07-20 LC08 190027"]
    with pytest.raises(NoValidPixels, match="not one pixel of the 1 scene"):
        run(request_of(empty, mode=EACH_SCENE, out="none"))
    assert not (tmp_path / "none").exists()


def test_a_cancel_in_the_second_scene_leaves_everything_as_it_was(two, request_of, tmp_path):
    before = listing(tmp_path)
    progress = Recorder(lambda told: any("Scene 2 of 2" in stage for stage in told.stages))
    with pytest.raises(Cancelled):
        run(request_of(*two, k=2, mode=EACH_SCENE), progress)
    assert listing(tmp_path) == before


def test_the_bar_never_goes_back(small_series, request_of):
    progress = Recorder()
    run(request_of(*small_series, mode=EACH_SCENE), progress)
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0


def test_results_of_the_two_modes_never_share_a_folder(two, request_of):
    together = request_of(*two, k=2)
    each = request_of(*two, k=2, mode=EACH_SCENE, out="each")
    cluster(together)
    run(each)
    with pytest.raises(ParameterError) as caught:
        run(request_of(*two, k=2, mode=EACH_SCENE))
    assert str(caught.value) == (
        f"OUTPUT: {together.output} holds a run with common classes (signatures.json), and MODE asks for classes of "
        "each scene; choose another folder, so that the two can be compared."
    )
    with pytest.raises(ParameterError, match=f"classes of each scene .{two[0].name}_signatures.json., and MODE asks"):
        run(request_of(*two, k=2, out="each"))
    # Each may be run again into its own folder, beside other files.
    (together.output / "my_signatures.json").write_text("mine")
    cluster(together)
    run(each)


def test_signatures_are_not_applied_into_their_own_folder(two, request_of):
    result = run(request_of(*two, k=2, mode=EACH_SCENE))
    with pytest.raises(ParameterError, match="is the folder of SIGNATURES itself"):
        classify(ClassifyRequest((str(two[0]),), result.output, signatures=result.signature_files[0]))


def test_the_mode_is_checked_and_compare_needs_common_classes(two, request_of):
    with pytest.raises(ParameterError, match="MODE is 'both'; choose one of all scenes together, each scene on its"):
        run(request_of(*two, mode="both"))
    progress = Recorder()
    run(request_of(*two, k=2, mode=EACH_SCENE, compare=True), progress)
    assert [note for note in progress.notes if "COMPARE" in note] == [
        "COMPARE is left out: it compares common classes with those of each scene, and there are none."
    ]


@pytest.mark.parametrize("compare", [False, True])
def test_a_graphics_card_changes_nothing(compare, emulated_cupy, small_series, request_of, monkeypatch):
    monkeypatch.setattr(devices, "_good", {})
    monkeypatch.setattr(sys, "platform", "linux")
    options = {"mode": TOGETHER, "compare": True} if compare else {"mode": EACH_SCENE}
    on_cpu = run(request_of(*small_series, out="cpu", device=CPU, **options))
    progress = Recorder()
    on_card = run(request_of(*small_series, device=GPU, **options), progress)
    for ours, theirs in zip(on_card.rasters, on_cpu.rasters):
        assert ours.read_bytes() == theirs.read_bytes()
    shares = [note for note in progress.notes if note.startswith("emulated card and the CPU: ")]
    assert shares == ["emulated card and the CPU: 100.0 % of the labelling was done on the card"]
    assert progress.warnings == []
    tables = [Page(result.report.read_text(encoding="utf-8")).tables for result in (on_card, on_cpu)]
    title = "Iterations alone" if compare else "Valid pixels"
    assert [table for table in tables[0] if title in table[0]] == [table for table in tables[1] if title in table[0]]
