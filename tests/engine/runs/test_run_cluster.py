"""A whole run: what it tells, what it writes, and that an error or a cancel leaves everything as it was."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.choices import PERCENTILE_RANGE, PLUS_PLUS
from iikmc.engine.errors import Cancelled, IIkMCError, NoValidPixels, OutputError, SceneError
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.passes import tasks
from iikmc.engine.passes.site import SeriesSite
from iikmc.engine.runs import write
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.sensors.roles import USUAL
from tiny import Recorder, listing, make_scene, product, read_json, read_raster, six_band_noise, spoil

DAYS = ("20200101", "20200201", "20200301")


@pytest.fixture
def three(tmp_path):
    return [
        make_scene(tmp_path / "in", product(day=day), six_band_noise(i, 40, 30), tile=16) for i, day in enumerate(DAYS)
    ]


@pytest.fixture
def earlier(tmp_path):
    """Results of an earlier run that must survive."""
    out = tmp_path / "out"
    out.mkdir()
    (out / f"{product(day=DAYS[0])}_classes.tif").write_text("an earlier raster")
    (out / "signatures.json").write_text("earlier signatures")
    (out / "mine.txt").write_text("mine")
    return out


# --- a good run ------------------------------------------------------------------------------------------------------


def test_files_of_a_run(three, request_of):
    result = cluster(request_of(*three, k=4))
    names = [f"{path.name}_classes{ending}" for path in three for ending in (".tif", ".tif.aux.xml", ".qml")]
    names += ["signatures.json", "signatures.csv", "statistics.csv", "report.html"]
    assert sorted(path.name for path in result.output.iterdir() if not path.name.startswith("plotly-")) == sorted(names)
    assert result.rasters == tuple(result.output / f"{path.name}_classes.tif" for path in three)
    assert [path.name for path in (result.signatures, result.statistics, result.report)] == [
        "signatures.json",
        "statistics.csv",
        "report.html",
    ]
    assert result.pixels == 3 * 40 * 30
    assert result.empty_classes == ()
    assert result.names == ("Class 1", "Class 2", "Class 3", "Class 4")


def test_record_of_a_run(three, request_of):
    request = request_of(*three[::-1], k=3, max_iterations=3, tolerance=0.25, seed=9)
    result = cluster(request, kernel=NumpyKernel())
    document = read_json(result.signatures)
    assert document["centres"] == result.fit.centres.tolist()
    assert document["bands"] == ["blue", "green", "red", "nir", "swir1", "swir2"]
    assert [c["id"] for c in document["classes"]] == [1, 2, 3]
    run = document["run"]
    assert run["parameters"] == replace(request, roles=USUAL).parameters()
    assert run["parameters"]["scenes"] == [str(path) for path in three[::-1]]
    assert [scene["id"] for scene in run["scenes"]] == [path.name for path in three]
    assert [scene["date"] for scene in run["scenes"]] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert {scene["sensor"] for scene in run["scenes"]} == {"Landsat 8 OLI"}
    assert {(scene["sun_elevation"], scene["sun_azimuth"]) for scene in run["scenes"]} == {(50.0, 150.0)}
    assert [scene["audit"]["valid"] for scene in run["scenes"]] == [1200] * 3
    assert (run["pixels"], run["converged"], run["kernel"]) == (3600, False, "numpy")
    assert len(run["iterations"]) == 3
    assert run["iterations"][0]["changed_percent"] == 100.0
    assert set(run["versions"]) == {"iikmc", "python", "numpy", "rasterio", "gdal", "platform"}
    assert run["versions"]["numpy"] == np.__version__
    assert set(run["seconds"]) >= {"read", "iterate", "write"}
    assert all(seconds >= 0 for seconds in run["seconds"].values())


def test_counts_agree_in_every_file(three, request_of):
    result = cluster(request_of(*three, k=4))
    counts = np.sum([np.bincount(read_raster(path).reshape(-1), minlength=5) for path in result.rasters], axis=0)
    assert counts[0] == 0
    assert [c["pixels"] for c in read_json(result.signatures)["classes"]] == counts[1:].tolist()
    rows = [line.split(",") for line in result.statistics.read_text().splitlines()[1:]]
    assert [sum(int(row[4]) for row in rows if row[0] == str(j)) for j in range(1, 5)] == counts[1:].tolist()
    assert result.fit.tally.count.tolist() == counts[1:].tolist()


def test_a_long_series_keeps_few_files_open(tmp_path, request_of, monkeypatch):
    paths = [make_scene(tmp_path / "in", product(day=f"202001{n:02}"), [[8000, 9000]]) for n in range(1, 21)]
    found, real_read = [], SeriesSite.read

    def read(self, strip):
        result = real_read(self, strip)
        found.append(sum(map(len, self.handles._idle.values())))
        return result

    monkeypatch.setattr(SeriesSite, "read", read)
    cluster(request_of(*paths, k=2, workers=1))
    # A scene of one strip is closed as soon as that is read.
    assert found == [0] * 20


def test_start_by_percentiles_ignores_the_extremes(tmp_path, request_of):
    # 100 pixels: one at 1, one at 65535, the others 10000..10097. 2 % of 100 are reached at 10000, 98 % at 10096.
    dn = np.concatenate([[1], np.arange(10_000, 10_098), [65_535]]).reshape(10, 10)
    result = cluster(request_of(make_scene(tmp_path, product(), dn), k=2, start=PERCENTILE_RANGE, max_iterations=1))
    assert result.fit.centres.tolist() == [[10_024 * 64] * 6, [10_072 * 64] * 6]


def test_start_by_minimum_and_maximum_of_all_scenes(tmp_path, request_of):
    one = make_scene(tmp_path, product(day="20200101"), [[8000, 9000]])
    two = make_scene(tmp_path, product(day="20200201"), [[9000, 10_000]])
    result = cluster(request_of(one, two, k=2, max_iterations=1))
    assert result.fit.centres.tolist() == [[8500 * 64] * 6, [9500 * 64] * 6]
    # 9000 lies midway: a tie, to the lower class.
    assert [read_raster(path).tolist() for path in result.rasters] == [[[1, 1]], [[1, 2]]]


def test_start_by_plus_plus_depends_on_the_seed(three, request_of):
    centres = [
        cluster(request_of(*three, k=5, start=PLUS_PLUS, seed=seed, max_iterations=1)).fit.centres.tolist()
        for seed in (1, 1, 2)
    ]
    assert centres[0] == centres[1] != centres[2]
    assert [sum(c) for c in centres[0]] == sorted(sum(c) for c in centres[0])


def test_what_a_run_tells(three, request_of):
    me = threading.get_ident()
    threads = set()

    class Listener(Recorder):
        def report(self, fraction):
            threads.add(threading.get_ident())
            super().report(fraction)

        def note(self, text):
            threads.add(threading.get_ident())
            super().note(text)

        def stage(self, text):
            threads.add(threading.get_ident())
            super().stage(text)

    progress = Listener()
    cluster(request_of(*three, workers=3), progress)
    assert threads == {me}
    assert progress.fractions == sorted(progress.fractions)
    assert (progress.fractions[0] > 0, progress.fractions[-1]) == (True, 1.0)
    assert progress.stages[0] == "Reading and masking 3 scenes on 3 threads"
    assert progress.stages[1].startswith("Clustering 3,600 pixels into 3 classes (")
    assert progress.stages[2].startswith("Iteration 1: 100.00 % of pixels changed class")
    assert progress.stages[-1] == "Writing the classified rasters"
    assert progress.notes[0].startswith("Estimate for 3 scenes: about 3,600 valid pixels of 3,600; ")
    assert progress.notes[1] == "2020-01-01 LC08 190027: 1,200 of 1,200 pixels are valid (100.0 %)"
    assert progress.notes[-1].startswith("Took ")
    assert progress.warnings == []


def test_duplicates_are_warned_of(three, request_of):
    progress = Recorder()
    cluster(request_of(*three, three[0]), progress)
    assert progress.warnings == ["Left out: 1 scene given more than once."]


# --- odd series ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [{"dn": np.zeros((5, 4))}, {"dn": np.full((5, 4), 9000), "qa": 1}])
def test_a_scene_without_a_valid_pixel_becomes_nodata(three, tmp_path, request_of, bad):
    empty = make_scene(tmp_path / "in", product(day="20200115"), **bad)
    progress = Recorder()
    result = cluster(request_of(*three, empty), progress)
    assert progress.warnings == [
        "2020-01-15 LC08 190027: not one of its 20 pixels is valid (20 are fill, the others masked); "
        "its raster will be all nodata."
    ]
    assert [scene.id for scene in result.scenes][1] == empty.name
    assert read_raster(result.rasters[1]).tolist() == [[0] * 4] * 5
    alone = cluster(request_of(*three, out="alone"))
    assert np.array_equal(result.fit.centres, alone.fit.centres)
    row = next(line for line in result.statistics.read_text().splitlines() if f"1,Class 1,{empty.name}" in line)
    assert row.endswith(",0,0.00,")
    assert empty.name in result.report.read_text()


def test_a_series_without_a_valid_pixel_is_an_error(tmp_path, request_of):
    paths = [
        make_scene(tmp_path / "in", product(day="20200101"), np.zeros((3, 3))),
        make_scene(tmp_path / "in", product(day="20200201"), np.full((3, 3), 9000), qa=22280),
    ]
    before = listing(tmp_path)
    with pytest.raises(NoValidPixels) as caught:
        cluster(request_of(*paths, flags=("cloud",)))
    assert str(caught.value) == (
        "SCENES: not one pixel of the 2 scenes is valid (all are fill, masked or saturated); "
        "choose fewer flags in MASK or other scenes."
    )
    assert listing(tmp_path) == before


def test_one_valid_pixel_is_enough(tmp_path, request_of):
    progress = Recorder()
    result = cluster(request_of(make_scene(tmp_path, product(), [[0, 9000]]), k=3), progress)
    assert read_raster(result.rasters[0]).tolist() == [[0, 1]]
    assert result.fit.centres.tolist() == [[9000 * 64] * 6] * 3
    assert result.empty_classes == (2, 3)
    (warning,) = progress.warnings
    assert warning.startswith("No pixel belongs to class 2, 3: it kept its start or last centre; a smaller K or")
    assert [c["pixels"] for c in read_json(result.signatures)["classes"]] == [1, 0, 0]
    assert read_json(result.signatures)["classes"][1]["mean"] == [None] * 6
    assert "Classes without a pixel: 2, 3." in result.report.read_text()


def test_strips_without_valid_pixels(tmp_path, request_of):
    dn = np.zeros((600, 300))
    dn[300, 5:9] = [8000, 8000, 30_000, 30_000]
    result = cluster(request_of(make_scene(tmp_path, product(), dn), k=2), strip_pixels=1)
    classes = read_raster(result.rasters[0])
    assert classes[300, 5:9].tolist() == [1, 1, 2, 2]
    assert np.count_nonzero(classes) == 4


# --- all or nothing --------------------------------------------------------------------------------------------------


def damage(scene: Path) -> None:
    spoil(scene / f"{scene.name}_SR_B6.TIF")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_read_error_midway_changes_nothing(tmp_path, earlier, request_of, workers):
    paths = [
        make_scene(tmp_path / "in", product(day=day), six_band_noise(i, 300, 60), tile=16) for i, day in enumerate(DAYS)
    ]
    damage(paths[1])
    before = listing(tmp_path)
    with pytest.raises(SceneError, match=f"Scene {paths[1].name}: {paths[1].name}_SR_B6.TIF cannot be"):
        cluster(request_of(*paths, workers=workers), strip_pixels=1)
    assert listing(tmp_path) == before


def cancel_when(condition):
    """Return a progress that turns cancelled for good once the condition holds."""
    seen = []

    def stop(progress):
        if not seen and condition(progress):
            seen.append(True)
        return bool(seen)

    return Recorder(stop)


UNFINISHED = "signatures_unfinished.json"
STAGES = {
    "at once": lambda out: lambda progress: True,
    "reading": lambda out: lambda progress: len(progress.fractions) >= 2,
    "first iteration": lambda out: lambda progress: any(s.startswith("Clustering") for s in progress.stages),
    "third iteration": lambda out: lambda progress: any(s.startswith("Iteration 2") for s in progress.stages),
    "writing": lambda out: lambda progress: any(s.startswith("Writing") for s in progress.stages),
    "a raster is written": lambda out: lambda progress: any(out.glob(".iikmc-*/*_classes.tif")),
    "all is written": lambda out: lambda progress: any(out.glob(".iikmc-*/report.html")),
}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("stage", STAGES)
def test_a_cancel_changes_nothing(tmp_path, three, earlier, request_of, stage, workers):
    before = listing(tmp_path)
    progress = cancel_when(STAGES[stage](earlier))
    with pytest.raises(Cancelled, match=r"Cancelled by the user(;| after)") as caught:
        cluster(request_of(*three, k=5, tolerance=0.0, workers=workers), progress, strip_pixels=1)
    after = listing(tmp_path)
    if stage in ("at once", "reading", "first iteration"):
        assert str(caught.value) == "Cancelled by the user; no file was written."
    else:
        # One file more, from which the run can go on; see test_unfinished.
        assert after.pop(f"out/{UNFINISHED}")
        assert str(earlier / UNFINISHED) in str(caught.value)
    assert after == before
    assert issubclass(Cancelled, IIkMCError)


def test_a_cancel_is_obeyed_between_the_blocks_of_one_raster(tmp_path, request_of, monkeypatch):
    path = make_scene(tmp_path / "in", product(), six_band_noise(1, 160, 20), tile=16)
    counted = []
    genuine = np.unpackbits

    def counting(*arguments, **options):
        counted.append(arguments)  # the valid mask of a strip that is being written
        time.sleep(0.15)  # longer than it takes until the calling thread looks whether the user has cancelled
        return genuine(*arguments, **options)

    monkeypatch.setattr(np, "unpackbits", counting)
    with pytest.raises(Cancelled):
        # The NumPy kernel's packer unpacks masks in NumPy, so that it can be counted.
        cluster(request_of(path), Recorder(lambda p: bool(counted)), NumpyKernel(), strip_pixels=1)
    assert 1 <= len(counted) <= 3  # of ten strips, which two threads work on
    assert list(listing(tmp_path / "out")) == [UNFINISHED]


def test_a_cancel_after_any_number_of_questions_changes_nothing(tmp_path, three, request_of):
    before = listing(tmp_path)
    cancelled = 0
    for limit in (0, 1, 2, 3, 5, 8, 13, 21, 34):
        try:
            cluster(request_of(*three, k=4, max_iterations=3), Recorder(lambda p, limit=limit: p.asked > limit))
        except Cancelled:
            cancelled += 1
            after = listing(tmp_path)
            if after.pop(f"out/{UNFINISHED}", None):
                assert after.pop("out/") == b""
                (tmp_path / "out" / UNFINISHED).unlink()
                (tmp_path / "out").rmdir()
            # Otherwise the output folder made for the run is gone again.
            assert after == before
    assert cancelled >= 7


def test_an_error_while_writing_changes_nothing(tmp_path, three, earlier, request_of, monkeypatch):
    write, calls = tasks.write_classes, []

    def fail(path, *rest):
        write(path, *rest)
        calls.append(path)
        if len(calls) == 2:
            raise OutputError("disk on fire")

    monkeypatch.setattr(tasks, "write_classes", fail)
    before = listing(tmp_path)
    with pytest.raises(OutputError, match="disk on fire"):
        cluster(request_of(*three))
    assert after_an_iteration(tmp_path) == before


def after_an_iteration(folder: Path) -> dict[str, bytes]:
    """Return the listing but for the one file that a run leaves once it has iterated; see test_unfinished."""
    found = listing(folder)
    assert found.pop(f"out/{UNFINISHED}")
    if {path for path in found if path.startswith("out/")} == {"out/"}:
        del found["out/"]
    return found


def test_an_error_in_the_report_changes_nothing(tmp_path, three, earlier, request_of, monkeypatch):
    def fail(*_):
        raise RuntimeError("no report")

    monkeypatch.setattr(write, "render", fail)
    before = listing(tmp_path)
    with pytest.raises(RuntimeError, match="no report"):
        cluster(request_of(*three))
    assert after_an_iteration(tmp_path) == before


@pytest.mark.parametrize("share", [0.4, 0.9, 0.999])
def test_a_full_disk_is_told_and_changes_nothing(tmp_path, request_of, share):
    resource = pytest.importorskip("resource")
    # The limit of a file's size stands for a full disk: both make a write fail midway.
    dn = np.random.default_rng(1).integers(7000, 30_000, (600, 500))
    path = make_scene(tmp_path / "in", product(), dn)
    size = cluster(request_of(path, k=60, max_iterations=1, out="full")).rasters[0].stat().st_size
    before = listing(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(share * size), hard))
    try:
        with pytest.raises(OutputError) as caught:
            cluster(request_of(path, k=60, max_iterations=1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value).startswith(f"OUTPUT: {path.name}_classes.tif cannot be written (")
    assert str(caught.value).endswith("; free some space or choose another folder.")
    assert after_an_iteration(tmp_path) == before


def test_output_that_cannot_be_made_is_told_before_anything_is_read(tmp_path, three, request_of):
    (tmp_path / "file").write_text("mine")
    progress = Recorder()
    with pytest.raises(OutputError, match=r"OUTPUT: the folder .*file/out cannot be written to"):
        cluster(request_of(*three, out="file/out"), progress)
    assert progress.stages == []


def test_a_kernels_error_is_raised_and_changes_nothing(tmp_path, three, earlier, request_of):
    class Broken:
        name = "broken"

        def hold(self, *_):
            raise ArithmeticError("broken")

    before = listing(tmp_path)
    with pytest.raises(ArithmeticError, match="broken"):
        cluster(request_of(*three, workers=2), kernel=Broken())
    assert listing(tmp_path) == before


def test_input_files_are_never_touched(tmp_path, three, request_of):
    before = listing(tmp_path / "in")
    cluster(request_of(*three))
    assert listing(tmp_path / "in") == before
