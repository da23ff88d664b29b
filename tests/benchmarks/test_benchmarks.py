"""The benchmark measures what it says: the pieces behind make bench on tiny scenes. No time is asserted."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest
import rasterio
from iikmc.benchmarks import decode, fits, machine, processes, report, series, settings, stages, verdicts

SIZE = 260  # more than one row of tiles


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    series.simulate(str(folder), size=SIZE, number=2)
    return folder


@pytest.fixture(scope="module")
def pixel_set(scenes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pixels")
    series.collect(str(scenes), 60_000, str(folder))
    return folder


# --- processes ------------------------------------------------------------------------------------------------------


def test_peak_memory_is_that_of_the_child():
    # In a process of its own, because a child's peak begins at that of whoever starts it.
    code = """
import sys
from benchmarks.processes import measure
small = measure([sys.executable, "-c", "pass"])
large = measure([sys.executable, "-c", "x = bytearray(300_000_000); x[::4096] = b'1' * len(x[::4096])"])
print(large.peak_mb - small.peak_mb, large.user + large.system)
"""
    more, processor = map(float, processes.measure([sys.executable, "-c", code]).output.split())
    assert 280 < more < 320
    assert processor > 0


def test_a_failing_process_tells_its_last_words():
    with pytest.raises(processes.ProcessError, match="status 3:\nno such luck"):
        processes.measure([sys.executable, "-c", "import sys; print('no such luck'); sys.exit(3)"])


def test_a_call_returns_what_the_function_returned():
    found = processes.call("series", "simulate", {"folder": "/nowhere", "number": 0})
    assert found["scenes"] == []
    assert set(found["process"]) == {"seconds", "user", "system", "peak_mb"}


# --- what is measured -----------------------------------------------------------------------------------------------


def test_the_floor_decodes_the_eight_files_of_each_scene(scenes):
    names = [path.rsplit("_02_T1_", 1)[1] for path in series.band_files(str(scenes))]
    one = [
        "SR_B2.TIF",
        "SR_B3.TIF",
        "SR_B4.TIF",
        "SR_B5.TIF",
        "SR_B6.TIF",
        "SR_B7.TIF",
        "QA_PIXEL.TIF",
        "QA_RADSAT.TIF",
    ]
    assert names == one * 2
    told = decode.sizes(str(scenes))["scenes"]
    samples = 8 * sum(scene["width"] * scene["height"] for scene in told)
    assert told[0]["layout"].partition(", predictor")[0] == "blocks of 256 x 256, DEFLATE"
    assert [decode.bare(str(scenes), threads)["samples"] for threads in (1, 2)] == [samples, samples]


def test_staged_runs_are_recognised_by_their_results(scenes, tmp_path):
    def run(threads, iterations):
        return stages.job([str(scenes)], str(tmp_path / "out"), "numpy", threads, iterations=iterations)

    one, two, other = run(1, 3), run(2, 3), run(2, 4)
    assert one["digest"] == two["digest"] != other["digest"]
    assert [len(run["iterations"]) for run in (one, two, other)] == [3, 3, 4]
    assert one["stages"].keys() == {"prepare", "read", "start", "iterate", "write"}
    assert not (tmp_path / "out").exists()


def test_the_pixel_set_is_the_same_for_libraries_and_programs(pixel_set):
    n_bands, n = series.shape_of(pixel_set)
    assert n_bands == 6
    assert n % series.picture_width(n) == 0
    assert 50_000 < n <= 60_000
    dn = series.read_pixels(pixel_set)
    assert dn.min() > 0  # no fill
    assert np.array_equal(series.read_pixels(pixel_set, 100, 50), dn[:, 100:150])
    for role, band in zip(("blue", "green", "red", "nir", "swir1", "swir2"), dn):
        with rasterio.open(pixel_set / f"{role}.tif") as dataset:
            assert np.array_equal(dataset.read(1).ravel(), band)
    blocks = series.blocks(pixel_set, 1000)
    assert np.array_equal(np.concatenate([block.dn for block in blocks], axis=1), dn[:, :1000])
    assert np.array_equal(fits._matrix(str(pixel_set)), dn.T)


def test_scikit_learn_in_float64_finds_our_result(pixel_set):
    """An independent program agrees, so start and number of iterations are the same; centres are rounded to 1/64 DN."""
    pytest.importorskip("sklearn")
    ours = fits.ours(str(pixel_set), 2, [2, 5], 1, "numpy", keep=True)
    assert len(ours["steps"]) == 6  # it labels once more after the fifth update
    assert ours["empty"] == 0
    theirs = fits.scikit_learn_64(str(pixel_set), 2, [2, 5], 1)
    assert theirs["done"] == 5
    assert theirs["centres_dn"] < 0.1
    assert theirs["different"] <= 2
    labels = np.load(pixel_set / "labels.npy")
    labels[:7] = labels[:7] % 8 + 1
    agreement = fits._agreement(str(pixel_set), np.load(pixel_set / "centres.npy") / 64 + 0.5, labels - 1)
    assert agreement == {"centres_dn": 0.5, "different": 7}


def test_the_cost_of_an_iteration_is_the_difference_of_the_best_times():
    assert fits._times({2: [5.0, 3.0], 10: [7.0, 9.0]})["each"] == 0.5


def test_versions_are_told_of_all_that_takes_part():
    found = machine.versions()["versions"]
    assert {"iikmc", "python", "numpy", "rasterio", "gdal", "joblib", "numba"} <= found.keys()
    assert found["numpy"] == np.__version__


# --- what is told ---------------------------------------------------------------------------------------------------


def _run(kernel, threads, init, seconds, digest):
    return {
        "kernel": kernel, "threads": threads, "init": init, "iterations": [seconds] * 10, "pixels": 1_000_000,
        "stages": {"prepare": 0.25, "read": 1.0, "start": 0.0, "iterate": 2.0, "write": 0.5},
        "total": 3.5, "peak_mb": 900.0,
        "digests": [digest, digest],
    }  # fmt: skip


def _job(name, seconds, peak, digest="a"):
    return {
        "job": name, "all_seconds": [seconds, seconds + 1], "user": 5.0, "system": 1.0, "kernel": "numba",
        "iterations": [1.0] * 10, "peak_mb": peak, "digests": [digest],
    }  # fmt: skip


def _peer(name, each, **more):
    return {
        "name": name, "each": each, "seconds": {"2": [1.0], "10": [1.0 + 8 * each]}, "iterations": 10,
        "versions": {"numpy": "2"}, "process": {"peak_mb": 100.0}, **more,
    }  # fmt: skip


def _growth(key, value, total, kernel):
    return {
        key: value, "kernel": kernel, "pixels": 1000 * value, "total": total, "peak_mb": 1.0, "digest": f"{key}{value}",
        "stages": {"prepare": 0.25, "read": 1.0, "iterate": 1.0, "write": 1.0}, "steps": [0.1, 0.05],
    }  # fmt: skip


@pytest.fixture
def parts():
    """Return figures of round numbers: per pixel and iteration 1.6 ns (Numba), 10 (NumPy), 40 and 12 (peers)."""
    threads = [{"threads": 1, "seconds": [9.0], "samples": 10**6, "files": 24, "peak_mb": 100.0}]
    threads.append({**threads[0], "threads": 2, "seconds": [6.0, 5.0]})
    peers = [
        _peer("IIkMC, Numba", 0.002, digest="p", empty=0),
        _peer("IIkMC, NumPy", 0.01, digest="p", empty=0),
        _peer("scikit-learn", 0.04, centres_dn=0.5, different=3),
        _peer("scikit-learn-intelex", 0.012, centres_dn=90.0, different=2000),
    ]
    runs = [_run("numba", 2, 0, 0.0016, "a"), _run("numpy", 2, 0, 0.01, "a"), _run("numba", 2, 4, 1, "b")]
    jobs = [_job("defaults", 14.0, 1900.0), _job("MEMORY=500", 20.0, 1400.0)]
    totals, classes = ((1, 2), (8, 17)), ((8, 1), (64, 12))
    by_scenes = [_growth("scenes", n, total, kernel) for kernel in ("numba", "numpy") for n, total in totals]
    by_k = [_growth("k", k, total, kernel) for kernel in ("numba-all", "numpy") for k, total in classes]
    found = {
        "decode": {"rows": threads, "scenes": [{"id": "S", "width": 10, "height": 10, "layout": "blocks"}]},
        "stages": {"rows": runs},
        "whole": {"rows": jobs, "first": 12.0, "start": 2.0},
        "peers": {"rows": peers, "left_out": {"faiss": "not there"}, "pixels": 1_000_000, "threads": 2},
        "growth": {"scenes": by_scenes, "k": by_k, "pixels": 1000, "iterations": 8, "threads": 2, "size": 100},
    }
    for part in found.values():
        part["load"] = 0.1
    return found


def test_targets_follow_from_the_figures(parts):
    found = [(verdict.found, verdict.met) for verdict in verdicts.targets(parts)]
    assert found == [
        ("2.80 times", True),  # 14 s by the best 5 s
        ("2.80 times", False),
        ("1/25.0", True),  # 40 ns by 1.6 ns
        ("1/7.5", False),  # 12 ns by 1.6 ns
        ("1/4.0", True),  # 40 ns by 10 ns
        ("1400 MB, 1.43 times the time, the same rasters", False),
        ("1.06", True),  # 17/8 by 2
        ("1.06", True),
        ("1.50", False),  # 12/64 by 1/8
        ("1.50", False),
    ]


def test_a_part_that_has_not_run_leaves_its_targets_open(parts):
    del parts["peers"]
    found = [verdict.met for verdict in verdicts.targets(parts)]
    assert found == [True, False, None, None, None, False, True, True, False, False]


def test_the_report_names_peers_agreement_and_what_is_missing(parts):
    text = report.render(parts, quick=False, by_hand="## What was tried\n\nThis and that.")
    assert "| Whole job, defaults: at most 3 times the bare decode | 2.80 times | met |" in text
    assert "| The same, stretch: at most 2 times | 2.80 times | **missed** |" in text
    assert "0.50 DN, 3.0 labels in a million differ | 40.00 |" in text
    assert "**another result**: 90.00 DN, 2000.0 labels in a million differ | 12.00 |" in text
    assert "- faiss is left out: not there" in text
    assert text.count("What would make this unfair:") == 5
    assert text.endswith("This and that.\n")
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count(" | ") for line in block.splitlines()}) == 1, block


@pytest.mark.parametrize("part", ["stages", "whole", "peers", "growth"])
def test_no_time_is_told_where_results_differ(parts, part):
    wrong = copy.deepcopy(parts)
    rows = wrong[part]["k"] if part == "growth" else wrong[part]["rows"]
    rows[0].update({"digests": ["z"]} if part in ("stages", "whole") else {"digest": "z"})
    assert verdicts.disagreements(parts) == []
    with pytest.raises(report.DisagreementError, match="2 different results"):
        report.render(wrong, quick=False)


def test_what_is_written_by_hand_outlives_the_next_measurement(tmp_path):
    text = report.write(settings.quick(tmp_path))
    tried, gpu = (path.read_text(encoding="utf-8").strip() for path in (report.TRIED, report.GPU))
    assert text.endswith(f"{tried}\n\n{gpu}\n")
    assert settings.full().report.read_text(encoding="utf-8").endswith(f"{tried}\n\n{gpu}\n")
    assert "benchmarks/gpu.py" in gpu


def test_quick_mode_never_touches_the_published_results(tmp_path):
    assert settings.quick(tmp_path).report == tmp_path / "RESULTS.md"
    assert settings.full().report.name == "RESULTS.md"
    assert settings.full().report.parent.name == "benchmarks"
