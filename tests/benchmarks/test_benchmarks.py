"""The benchmark measures what it says: the pieces behind make bench on tiny scenes. No time is asserted."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest
import rasterio
from iikmc.benchmarks import (
    decode,
    fits,
    kernels,
    machine,
    processes,
    report,
    run,
    series,
    settings,
    stages,
    verdicts,
    whole,
)
from iikmc.benchmarks.series import REAL, SIMULATED

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


def test_a_process_without_numba_finds_none():
    code = "import importlib.util; print(importlib.util.find_spec('numba') is None)"
    env = processes.environment(first=processes.WITHOUT_NUMBA)
    assert processes.measure([sys.executable, "-c", code], env).output.strip() == "True"
    assert processes.call("machine", "versions", {}, numba=False)["versions"]["numba"] == "not installed"


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
    labels = np.load(pixel_set / "labels_8.npy")
    labels[:7] = labels[:7] % 8 + 1
    agreement = fits._agreement(str(pixel_set), 8, np.load(pixel_set / "centres_8.npy") / 64 + 0.5, labels - 1)
    assert agreement == {"centres_dn": 0.5, "different": 7}


def test_a_whole_run_is_that_of_the_product(scenes, pixel_set, tmp_path):
    """The same start, iterations and stop as a run over scenes whose valid pixels the set has all of."""
    series.collect(str(scenes), 10**9, str(tmp_path))
    run = fits.whole_run(str(tmp_path), 2, "numpy", 8, 1.0, 100, 2)
    assert len(run["seconds"]) == 2
    assert len(run["steps"]) == run["iterations"]
    job = stages.job([str(scenes)], str(tmp_path / "out"), "numpy", 2, hashed=False)
    # The set lacks the rest of its last row, so that it may take an iteration more or less.
    assert abs(run["iterations"] - len(job["iterations"])) <= 1
    assert run["converged"]
    other = fits.whole_run(str(tmp_path), 1, "numba-all", 8, 1.0, 100, 1)
    assert other["digest"] == run["digest"]
    assert other["kernel"] == "numba"
    assert not fits.whole_run(str(tmp_path), 1, "numpy", 8, 0.0, 3, 1)["converged"]


def test_kernels_are_the_products_choice_or_named():
    from iikmc.engine.kernels.choice import pick_kernel

    assert kernels.kernel_named(kernels.CHOSEN) is pick_kernel()
    assert [kernels.kernel_named(name).name for name in kernels.NAMED] == ["numba", "numba", "numpy"]
    assert [kernels.needs_numba(name) for name in (kernels.CHOSEN, *kernels.NAMED, kernels.PLAIN)] == [True] * 4 + [
        False
    ]
    with pytest.raises(ValueError, match="there is no kernel cuda"):
        kernels.kernel_named("cuda")


def test_every_start_kernel_and_number_of_threads_meets_the_simulated_series():
    wanted = settings.quick()
    every = stages.choices(wanted, SIMULATED)
    assert len(every) == len(set(every)) == 4 * len(wanted.threads)
    some = stages.choices(wanted, REAL)
    assert set(some) < set(every)
    most = wanted.threads[-1]
    assert {(kernels.CHOSEN, most, 0), (kernels.PLAIN, most, 0), (kernels.CHOSEN, most, 4)} <= set(some)


def test_without_genuine_scenes_that_series_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(series, "GENUINE", tmp_path / "nothing")
    assert series.available() == [SIMULATED]
    assert list(series.left_out()) == [REAL]
    assert "IIKMC_SCENES" in series.left_out()[REAL]
    monkeypatch.setattr(series, "GENUINE", tmp_path)
    assert series.available() == [REAL, SIMULATED]
    with pytest.raises(FileNotFoundError, match="no scene folder of six bands"):
        series.borrow(str(tmp_path), str(tmp_path / "out"))


def test_the_real_series_is_made_of_the_genuine_scenes(real_scenes, tmp_path):
    made = series.borrow(str(real_scenes), str(tmp_path), size=SIZE)["scenes"]
    assert len(made) == 3
    told = decode.sizes(str(tmp_path))["scenes"]
    assert all(scene["width"] >= SIZE and scene["height"] >= SIZE for scene in told)
    # Its eight classes take several times the iterations of the simulated one.
    job = stages.job([str(tmp_path)], str(tmp_path / "out"), "numpy", 2, hashed=False)
    assert len(job["iterations"]) > 25


def test_jobs_with_the_same_result_are_compared():
    results = [(job.name, job.result) for job in whole.jobs(settings.quick())]
    assert results == [
        ("defaults", ""),
        ("MEMORY=500", ""),
        ("INIT=4", "INIT=4"),
        ("without Numba", ""),
        ("K=64", "K=64"),
        ("TOLERANCE=0, MAX_ITERATIONS=60", "TOLERANCE=0, MAX_ITERATIONS=60"),
    ]


def test_one_part_can_be_measured_alone(monkeypatch, capsys):
    done = []
    monkeypatch.setattr(run, "PARTS", {name: lambda wanted, name=name: done.append(name) for name in run.PARTS})
    monkeypatch.setattr(run.report, "write", lambda wanted: "tables")
    assert run.main(["--quick", "--only", "whole", "--only", "decode"]) == 0
    assert done == ["whole", "decode"]
    assert run.main(["--quick"]) == 0
    assert done[2:] == list(run.PARTS)
    with pytest.raises(SystemExit):
        run.main(["--only", "wholes"])


def test_the_cost_of_an_iteration_is_the_difference_of_the_best_times():
    assert fits._times({2: [5.0, 3.0], 10: [7.0, 9.0]})["each"] == 0.5


def test_versions_are_told_of_all_that_takes_part():
    found = machine.versions()["versions"]
    assert {"iikmc", "python", "numpy", "rasterio", "gdal", "numba"} <= found.keys()
    assert found["numpy"] == np.__version__


# --- what is told ---------------------------------------------------------------------------------------------------


def _staged(kernel, init, seconds, digest, name):
    return {
        "wanted": kernel, "kernel": "numba", "threads": 2, "init": init, "iterations": [seconds] * 10,
        "pixels": 1_000_000, "series": name,
        "stages": {"prepare": 0.25, "read": 1.0, "start": 0.0, "iterate": 2.0, "write": 0.5},
        "total": 3.5, "peak_mb": 900.0, "digests": [digest + name] * 2,
    }  # fmt: skip


def _job(name, seconds, peak, on, digest="a"):
    return {
        "job": name, "result": "", "series": on, "all_seconds": [seconds, seconds + 1], "user": 5.0, "system": 1.0,
        "kernel": "numba", "iterations": [1.0] * 10, "peak_mb": peak, "digests": [digest + on],
        "pixels": 100_000_000, "stages": {"read": 1.0, "iterate": 2.0, "write": 0.5},
    }  # fmt: skip


def _peer(name, each, **more):
    return {
        "name": name, "each": each, "seconds": {"2": [1.0], "10": [1.0 + 8 * each]}, "iterations": 10,
        "versions": {"numpy": "2"}, "process": {"peak_mb": 100.0}, **more,
    }  # fmt: skip


def _whole_run(kernel, tolerance, seconds):
    return {
        "wanted": kernel, "kernel": "cells", "tolerance": tolerance, "seconds": [2 * seconds, seconds],
        "iterations": 50, "steps": [0.01, 0.002], "converged": tolerance > 0, "digest": f"whole {tolerance}",
    }  # fmt: skip


def _peer_set(name, k, plain):
    """Return figures of a million pixels; ns per pixel and iteration: 2 with Numba, 40 and 12 of the libraries."""
    rows = [
        _peer("IIkMC", 0.002, digest="p", empty=0, kernel="cells"),
        _peer("IIkMC without Numba", 0.01, digest="p", empty=0, kernel="numpy"),
        _peer("scikit-learn", 0.04, centres_dn=0.5, different=3),
        _peer("scikit-learn-intelex", 0.012, centres_dn=90.0, different=2000),
    ]
    runs = [_whole_run(kernels.CHOSEN, 1.0, 0.1), _whole_run(kernels.PLAIN, 1.0, plain)]
    runs.append(_whole_run(kernels.CHOSEN, 0.0, 0.3))
    left_out = {"faiss": "not there"} if name == SIMULATED else {}
    return {"series": name, "k": k, "pixels": 1_000_000, "rows": rows, "runs": runs, "left_out": left_out}


def _growth(key, value, total, kernel):
    return {
        key: value, "wanted": kernel, "kernel": "numba", "pixels": 1000 * value, "total": total, "peak_mb": 1.0,
        "digest": f"{key}{value}", "stages": {"prepare": 0.25, "read": 1.0, "iterate": 1.0, "write": 1.0},
        "steps": [0.1, 0.05],
    }  # fmt: skip


@pytest.fixture
def parts():
    """Return figures of round numbers."""
    threads = {"samples": 10**6, "bytes": 10**6, "files": 24, "peak_mb": 100.0}
    decoded = [
        {**threads, "series": name, "threads": number, "seconds": seconds}
        for name in (REAL, SIMULATED)
        for number, seconds in ((1, [9.0]), (2, [6.0, 5.0]))
    ]
    runs = [
        _staged(kernels.CHOSEN, 0, 0.0016, "a", SIMULATED),
        _staged(kernels.PLAIN, 0, 0.01, "a", SIMULATED),
        _staged(kernels.CHOSEN, 4, 1, "b", SIMULATED),
        _staged(kernels.CHOSEN, 0, 1, "a", REAL),
    ]
    jobs = [
        _job("defaults", 14.0, 2220.0, REAL),
        _job("MEMORY=500", 20.0, 1400.0, REAL),
        _job("defaults", 16.0, 2230.0, SIMULATED),
        _job("MEMORY=500", 20.0, 1200.0, SIMULATED),
    ]
    first = [{"of": "a scene", "first": 8.0, "later": 2.5}, {"of": "the real series", "first": 18.0, "later": 14.0}]
    totals, classes = ((1, 2), (8, 17)), ((8, 1), (64, 12))
    by_scenes = [
        _growth("scenes", n, total, kernel) for kernel in (kernels.CHOSEN, kernels.PLAIN) for n, total in totals
    ]
    by_k = [_growth("k", k, total, kernel) for kernel in (kernels.ALL, kernels.PLAIN) for k, total in classes]
    scene = {"id": "S", "width": 10, "height": 10, "layout": "blocks"}
    found = {
        "decode": {"rows": decoded, "scenes": {REAL: [scene], SIMULATED: [scene]}, "left_out": {}},
        "stages": {"rows": runs},
        "whole": {"rows": jobs, "first": first, "start": 2.0},
        "peers": {
            "sets": [_peer_set(REAL, 8, 0.5), _peer_set(REAL, 64, 0.5), _peer_set(SIMULATED, 8, 1.0)], "threads": 2
        },
        "growth": {"scenes": by_scenes, "k": by_k, "pixels": 1000, "iterations": 8, "threads": 2, "size": 100},
    }  # fmt: skip
    for part in found.values():
        part["load"] = 0.1
    return found


def test_targets_follow_from_the_figures(parts):
    found = [(verdict.target, verdict.found, verdict.met) for verdict in verdicts.targets(parts)]
    memory, limited = "≤ 17 bytes a valid pixel + 520 MB", "≤ 1300 MB, ≤ 2 times the time without, same rasters"
    assert found == [
        ("≤ 3 times", "2.80", True),  # 14 s by the best 5 s
        ("≤ 3 times", "3.20", False),
        ("≤ 1/20", "1/20.0", True),  # 40 ns by 0.1 s / 50 iterations / 1 M pixels
        ("≤ 1/30", "1/6.0", False),  # 12 ns by 2 ns
        ("≤ 1/50", "1/20.0", False),
        ("≤ 1/7", "1/20.0", True),
        ("≤ 1/3", "1/4.0", True),  # 40 ns by 10 ns
        ("≤ 1/3", "1/2.0", False),  # 40 ns by 20 ns
        ("≤ 5 s more", "5.5 s (a scene), 4.0 s (the real series)", False),
        (memory, "17.0 bytes (2220 MB in all)", True),  # 1700 MB for 100 M pixels
        (memory, "17.1 bytes (2230 MB in all)", False),
        (limited, "1400 MB, 1.43 times, the same rasters", False),
        (limited, "1200 MB, 1.25 times, the same rasters", True),
        ("≤ 1.25", "1.06", True),  # 17/8 by 2
        ("≤ 1.25", "1.06", True),
        ("≤ 1.25", "1.50", False),  # 12/64 by 1/8
        ("≤ 1.25", "1.50", False),
    ]


def test_a_part_that_has_not_run_leaves_its_targets_open(parts):
    del parts["peers"]
    met = [verdict.met for verdict in verdicts.targets(parts)]
    assert met[:10] == [True, False, None, None, None, None, None, None, False, True]
    # So does a series that could not be had.
    parts["decode"]["rows"] = [row for row in parts["decode"]["rows"] if row["series"] == SIMULATED]
    assert verdicts.targets(parts)[0].met is None
    assert verdicts.targets(parts)[1].met is False


def test_the_report_names_peers_agreement_and_what_is_missing(parts):
    parts["decode"]["left_out"] = {REAL: "it is not there"}
    text = report.render(parts, quick=False, by_hand="## What was tried\n\nThis and that.")
    assert "| Whole job, real series, against the bare decode of its files | ≤ 3 times | 2.80 | met |" in text
    assert "against scikit-learn-intelex | ≤ 1/30 | 1/6.0 | **missed** |" in text
    assert "0.50 DN, 3.0 labels in a million differ | 40.00 |" in text
    assert "**another result**: 90.00 DN, 2000.0 labels in a million differ | 12.00 |" in text
    assert "- faiss is left out: not there" in text
    assert "- The real series is left out: it is not there." in text
    assert "| IIkMC (cells), to 1 % | 50 | 0.10 s (median 0.15) | 2.000 | 10.00 | 2.00 |" in text
    assert "| IIkMC (cells), to a fixed point, not reached | 50 |" in text
    assert text.count("What would make this unfair:") == 5
    assert text.endswith("This and that.\n")
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count(" | ") for line in block.splitlines()}) == 1, block


@pytest.mark.parametrize("path", [
    ("stages", "rows", 0, "digests"), ("whole", "rows", 1, "digests"), ("peers", "sets", 0, "rows", 1, "digest"),
    ("growth", "k", 0, "digest"), ("growth", "scenes", 0, "digest"),
])  # fmt: skip
def test_no_time_is_told_where_results_differ(parts, path):
    wrong = copy.deepcopy(parts)
    *way, last = path
    row = wrong
    for step in way:
        row = row[step]
    row[last] = ["z"] if last == "digests" else "z"
    assert verdicts.disagreements(parts) == []
    with pytest.raises(report.DisagreementError, match="2 different results"):
        report.render(wrong, quick=False)


def test_whole_runs_to_the_same_stop_must_agree(parts):
    parts["peers"]["sets"][1]["runs"][1]["digest"] = "z"
    assert verdicts.disagreements(parts) == [
        "the peers' pixels of the real series, k = 64, to 1 %: 2 different results."
    ]


def test_what_is_written_by_hand_outlives_the_next_measurement(tmp_path):
    text = report.write(settings.quick(tmp_path))
    by_hand = [path.read_text(encoding="utf-8").strip() for path in (report.TRIED, report.CLUSTER, report.GPU)]
    end, gpu = "\n\n".join(by_hand) + "\n", by_hand[-1]
    assert text.endswith(end)
    assert settings.full().report.read_text(encoding="utf-8").endswith(end)
    assert "benchmarks/gpu.py" in gpu


def test_quick_mode_never_touches_the_published_results(tmp_path):
    assert settings.quick(tmp_path).report == tmp_path / "RESULTS.md"
    assert settings.full().report.name == "RESULTS.md"
    assert settings.full().report.parent.name == "benchmarks"
