"""A cancelled run keeps the signatures so far; continued, it gives what it would have given without the cancel."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.centres.kmeans import next_centres
from iikmc.engine.centres.starts import between
from iikmc.engine.choices import MINIMUM_MAXIMUM, SIGNATURES_FILE, STARTS
from iikmc.engine.errors import Cancelled, OutputError
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel, nearest, tally
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.results import signatures_file
from iikmc.engine.runs import unfinished
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.sensors.roles import USUAL
from tiny import Recorder, listing, make_scene, pixels_of, product, read_json, read_raster, six_band_noise

TESTS = Path(__file__).resolve().parents[2]
NAME = "signatures_unfinished.json"
DAYS = ("20200101", "20200201", "20200301")
IMAGES = [six_band_noise(i, 40, 30) for i in range(3)]


@pytest.fixture
def three(tmp_path):
    return [make_scene(tmp_path / "in", product(day=day), dn, tile=16) for day, dn in zip(DAYS, IMAGES)]


def after(t: int) -> Recorder:
    """Return a progress that is cancelled once iteration t has ended."""
    return Recorder(lambda progress: any(stage.startswith(f"Iteration {t}:") for stage in progress.stages))


def cancelled(request, progress):
    """Run until the cancel and return the file that it leaves and the last words."""
    with pytest.raises(Cancelled) as caught:
        cluster(request, progress, NumpyKernel())
    return request.output / NAME, str(caught.value)


def reference(t: int, k: int):
    """Return the centres that iteration t labels with, and its members and sums, straight from the definition."""
    dn = pixels_of(IMAGES)
    centres = between([int(v) for v in dn.min(axis=1)], [int(v) for v in dn.max(axis=1)], k)
    for _ in range(t - 1):
        centres = next_centres(centres, tally(dn, nearest(dn, centres), k))
    return centres, tally(dn, nearest(dn, centres), k)


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("t", [1, 2, 3])
def test_centres_members_and_means_are_those_of_the_last_whole_labelling(three, request_of, t):
    path, words = cancelled(request_of(*three, k=4, tolerance=0.0), after(t))
    centres, members = reference(t, 4)
    document = read_json(path)
    assert document["centres"] == centres.tolist()
    assert [c["pixels"] for c in document["classes"]] == members.count.tolist()
    means = members.total / members.count[:, None] * 0.0000275 - 0.2
    assert np.allclose([c["mean"] for c in document["classes"]], means, rtol=0, atol=1e-9)
    assert [c["std"] for c in document["classes"]] == [[None] * 6] * 4
    run = document["run"]
    assert (run["converged"], run["cancelled"], len(run["iterations"])) == (False, True, t)
    assert [scene["audit"]["valid"] for scene in run["scenes"]] == [1200] * 3
    assert set(run["seconds"]) == {"prepare", "read", "start", "iterate"}
    count = "1 iteration" if t == 1 else f"{t} iterations"
    assert words == (
        f"Cancelled by the user after {count}; the signatures so far are in {path}: to continue, run the same scenes "
        'again with the start "Signatures file" (INIT 3) and this file.'
    )


def test_format_is_that_of_a_finished_run(three, request_of):
    request = request_of(*three, k=4)
    path, _ = cancelled(request, after(2))
    document = read_json(path)
    whole = read_json(cluster(request_of(*three, k=4, out="whole")).signatures)
    assert list(document) == list(whole)
    assert [list(c) for c in document["classes"]] == [list(c) for c in whole["classes"]]
    assert {key: document[key] for key in ("format", "version", "bands", "scale", "offset", "grid")} == {
        key: whole[key] for key in ("format", "version", "bands", "scale", "offset", "grid")
    }
    assert document["run"]["parameters"] == replace(request, roles=USUAL).parameters()
    assert set(document["run"]) == {*whole["run"], "cancelled"}


class Before(ReferenceKernel):
    """Does something before each labelling of a block."""

    def __init__(self, what):
        self._what = what

    def hold(self, *arguments):
        held = super().hold(*arguments)
        relabel = held.relabel
        held.relabel = lambda *given: (self._what(), relabel(*given))[1]
        return held


def test_a_labelling_under_way_does_not_count(three, request_of):
    calls = []

    def slowly():
        calls.append(1)
        if len(calls) > 8:
            time.sleep(0.05)

    # Nine blocks, three a scene: the cancel comes while the third labelling is at its fifth block.
    with pytest.raises(Cancelled):
        cluster(
            request_of(*three, k=4, tolerance=0.0), Recorder(lambda p: len(calls) >= 23), Before(slowly), strip_pixels=1
        )
    document = read_json(request_of().output / NAME)
    assert 23 <= len(calls) < 27
    assert document["centres"] == reference(2, 4)[0].tolist()
    assert len(document["run"]["iterations"]) == 2


def test_it_lies_alone_and_leaves_other_files_as_they_are(tmp_path, three, request_of):
    cluster(request_of(*three, k=3))
    (tmp_path / "out" / "mine.txt").write_text("mine")
    before = listing(tmp_path)
    cancelled(request_of(*three, k=4, tolerance=0.0), after(1))
    first = listing(tmp_path)
    assert first.pop(f"out/{NAME}")
    assert first == before
    # A later one takes its place, unless it has no labelling to save.
    cancelled(request_of(*three, k=4, tolerance=0.0), after(2))
    later = listing(tmp_path)
    assert len(json.loads(later[f"out/{NAME}"])["run"]["iterations"]) == 2
    _, words = cancelled(request_of(*three, k=4), Recorder(lambda p: True))
    assert words == "Cancelled by the user; no file was written."
    assert listing(tmp_path) == later


def test_a_run_that_ends_well_removes_it(tmp_path, three, request_of):
    path, _ = cancelled(request_of(*three, k=4), after(1))
    cluster(request_of(*three, k=4, start=SIGNATURES_FILE, signatures=path))
    assert not path.exists()
    assert (tmp_path / "out" / "signatures.json").exists()


@pytest.mark.parametrize("other", [{"k": 5}, {"roles": ("red", "nir")}, {"saturated": False}, {"scenes": 2}], ids=str)
def test_a_run_of_something_else_leaves_it(three, request_of, other):
    path, _ = cancelled(request_of(*three, k=4), after(1))
    kept = path.read_bytes()
    options = {"k": 4, **other}
    cluster(request_of(*three[: options.pop("scenes", 3)], **options))
    assert path.read_bytes() == kept


def test_a_damaged_one_is_left_too(three, request_of):
    request = request_of(*three, k=4)
    cluster(request)
    (request.output / NAME).write_text("{")
    cluster(request)
    assert (request.output / NAME).read_text() == "{"


def test_a_full_disk_while_it_is_kept_is_told(tmp_path, three, request_of, monkeypatch):
    def fail(*_):
        raise OutputError("OUTPUT: the disk is full.")

    monkeypatch.setattr(unfinished.Staging, "publish_alone", fail)
    before = listing(tmp_path)
    _, words = cancelled(request_of(*three, k=4), after(2))
    assert words == (
        "Cancelled by the user after 2 iterations; the signatures so far could not be kept: OUTPUT: the disk is full."
    )
    assert listing(tmp_path) == before


def test_an_error_keeps_it_too_and_nothing_else(tmp_path, three, request_of):
    calls, progress = [], Recorder()

    def fail():
        calls.append(1)
        if len(calls) > 4:
            raise ArithmeticError("broken")

    before = listing(tmp_path)
    request = request_of(*three, k=4, tolerance=0.0)
    with pytest.raises(ArithmeticError):
        cluster(request, progress, Before(fail))
    after = listing(tmp_path)
    assert json.loads(after.pop(f"out/{NAME}"))["centres"] == reference(1, 4)[0].tolist()
    assert (after.pop("out/"), after) == (b"", before)
    assert progress.warnings == [
        f"The signatures so far are in {request.output / NAME}: to continue, run the same scenes again with the start "
        '"Signatures file" (INIT 3) and this file.'
    ]


def test_an_error_before_the_first_labelling_has_ended_keeps_nothing(tmp_path, three, request_of):
    def fail():
        raise ArithmeticError("broken")

    before = listing(tmp_path)
    with pytest.raises(ArithmeticError):
        cluster(request_of(*three), kernel=Before(fail))
    assert listing(tmp_path) == before


# --- killed ----------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import conftest
from pathlib import Path
from iikmc.engine import Request, MaskRule, Silent, cluster

class Killer(Silent):
    def stage(self, text):
        if text.startswith(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

options = eval(sys.argv[4])
mask = MaskRule(options.pop("flags"), True)
if "signatures" in options:
    options["signatures"] = Path(options["signatures"])
cluster(Request(tuple(sys.argv[5:]), Path(sys.argv[2]), mask=mask, workers=1, **options), Killer())
"""


def killed(scenes, output, stage, **options):
    """Run in a process that is killed with no chance to say a word when it tells of a stage."""
    options.setdefault("flags", ())
    command = [sys.executable, "-c", KILLED, str(TESTS), str(output), stage, repr(options), *map(str, scenes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("tolerance", [0.0, 1.0])
def test_killed_and_continued_is_uninterrupted(tmp_path, small_series, request_of, tolerance):
    options = {"k": 4, "tolerance": tolerance}
    whole = cluster(request_of(*small_series, **options, out="whole"))
    total = len(whole.fit.iterations)
    for stage, done in (("Iteration 3:", 2), ("Writing", total - 1)):
        out = tmp_path / f"killed-{done}"
        killed(small_series, out, stage, **options)
        path = out / NAME
        document = read_json(path)
        assert len(document["run"]["iterations"]) == done
        assert any(entry.name.startswith(".iikmc-run") for entry in out.iterdir())
        # Killed again on the way, and continued where it lies: what the killed run left is cleared, but for this file.
        killed(small_series, out, "Iteration 1:", **options, start=SIGNATURES_FILE, signatures=str(path))
        progress = Recorder()
        request = request_of(*small_series, **options, start=SIGNATURES_FILE, signatures=path, out=out.name)
        result = cluster(request, progress)
        assert progress.notes[0] == (
            f"This run continues a run that was stopped after {done} iteration{'s' if done > 1 else ''}, before it had "
            "converged."
        )
        assert_equal_results(result, whole)
        assert sorted(entry.name for entry in out.iterdir()) == sorted(entry.name for entry in whole.output.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_new_run_does_not_destroy_what_a_killed_one_has_left(three, tmp_path, request_of):
    out, options = tmp_path / "out", {"k": 4, "tolerance": 0.0}
    killed(three, out, "Iteration 4:", **options)
    kept = (out / NAME).read_bytes()
    killed(three, out, "Iteration 2:", **options)
    assert (out / NAME).read_bytes() == kept
    assert len(read_json(out / "signatures_unfinished_2.json")["run"]["iterations"]) == 1
    progress = Recorder()
    cluster(request_of(*three, **options), progress)
    assert [note for note in progress.notes if note.startswith("OUTPUT")] == [
        f"OUTPUT: {out / name} is of a run of the same scenes that was stopped after {done}, before it had converged. "
        "This run begins anew; to go on from there instead, cancel it and run the same scenes again with the start "
        '"Signatures file" (INIT 3) and this file.'
        for name, done in ((NAME, "3 iterations"), ("signatures_unfinished_2.json", "1 iteration"))
    ]
    assert not list(out.glob("signatures_unfinished*"))


# --- the law ---------------------------------------------------------------------------------------------------------


def assert_equal_results(one, other):
    assert np.array_equal(one.fit.centres, other.fit.centres)
    assert [path.name for path in one.rasters] == [path.name for path in other.rasters]
    for mine, its in zip(one.rasters, other.rasters):
        assert np.array_equal(read_raster(mine), read_raster(its))
    mine, its = read_json(one.signatures), read_json(other.signatures)
    assert mine["classes"] == its["classes"]
    assert mine["run"]["converged"] == its["run"]["converged"]


@pytest.mark.parametrize("tolerance", [0.0, 1.0])
@pytest.mark.parametrize("start", STARTS)
def test_cancelled_and_continued_is_uninterrupted(small_series, request_of, start, tolerance):
    """Cancelled after 1, 2, 3 labellings and while the rasters are written; and cancelled and continued again."""
    options = {"k": 4, "tolerance": tolerance, "flags": ("cloud",), "seed": 3}
    first = None
    if start == SIGNATURES_FILE:
        given = cluster(request_of(*small_series, **{**options, "seed": 8}, max_iterations=1, out="given"))
        first = given.signatures
    whole = cluster(request_of(*small_series, **options, start=start, signatures=first, out="whole"))
    total = len(whole.fit.iterations)
    assert whole.fit.converged
    # Coarse-to-fine leaves few iterations: it can be cancelled after each that there is.
    for t in range(1, min(3, total - 1) + 1):
        request = request_of(*small_series, **options, start=start, signatures=first, out=f"cancelled-{t}")
        path, _ = cancelled(request, after(t))
        go_on = request_of(
            *small_series[::-1], **options, start=SIGNATURES_FILE, signatures=path, workers=3, out=f"continued-{t}"
        )
        result = cluster(go_on, strip_pixels=1)
        assert_equal_results(result, whole)
        assert len(result.fit.iterations) == total - t + 1
        tails = [
            [(record.changed, record.largest_move_dn) for record in run.fit.iterations][1 + skipped :]
            for run, skipped in ((result, 0), (whole, t - 1))
        ]
        assert tails[0] == tails[1]
    writing = Recorder(lambda progress: any(stage.startswith("Writing") for stage in progress.stages))
    request = request_of(*small_series, **options, start=start, signatures=first, out="written")
    path, _ = cancelled(request, writing)
    assert len(read_json(path)["run"]["iterations"]) == total - 1
    last = request_of(*small_series, **options, start=SIGNATURES_FILE, signatures=path, out="again")
    # Cancelled again, here before it could move on.
    again, _ = cancelled(last, after(1))
    assert read_json(again)["centres"] == read_json(path)["centres"]
    result = cluster(request_of(*small_series, **options, start=SIGNATURES_FILE, signatures=again, out="end"))
    assert_equal_results(result, whole)


@pytest.mark.parametrize("tolerance", [0.0, 1.0])
def test_a_run_at_its_maximum_can_be_continued_as_well(small_series, request_of, tolerance):
    options = {"k": 4, "tolerance": tolerance}
    whole = cluster(request_of(*small_series, **options, out="whole"))
    part = cluster(request_of(*small_series, **options, max_iterations=2, out="part"))
    assert not part.fit.converged
    progress = Recorder()
    request = request_of(*small_series, **options, start=SIGNATURES_FILE, signatures=part.signatures)
    assert_equal_results(cluster(request, progress), whole)
    assert progress.notes[0] == (
        "This run continues a run that ended at its maximum of 2 iterations, before it had converged."
    )


def test_cancelled_at_a_fixed_point_reached_at_once(scene, request_of):
    # Two values, two classes: minimum-maximum starts at 9000 and 11000; the second labelling is the last.
    path = scene([[8000, 12_000]])
    writing = Recorder(lambda progress: any(stage.startswith("Writing") for stage in progress.stages))
    settled = cluster(request_of(path, k=2, out="whole"))
    found, _ = cancelled(
        request_of(path, k=2, start=SIGNATURES_FILE, signatures=settled.signatures, out="at-once"), writing
    )
    document = read_json(found)
    assert document["centres"] == [[8000 * 64] * 6, [12_000 * 64] * 6]
    assert (document["run"]["converged"], len(document["run"]["iterations"])) == (False, 1)
    again = cluster(request_of(path, k=2, start=SIGNATURES_FILE, signatures=found))
    assert np.array_equal(again.fit.centres, settled.fit.centres)


# --- who reads it ----------------------------------------------------------------------------------------------------


def test_the_start_tells_what_it_continues(three, request_of):
    path, _ = cancelled(request_of(*three, k=4, tolerance=0.0), after(3))
    for scenes, flags, text in (
        (three, (), "This run continues a run that was cancelled after 3 iterations, before it had converged."),
        (three[:2], (), "it had other scenes or another mask or area, so this run starts from its classes"),
        (three, ("cloud",), "it had other scenes or another mask or area, so this run starts from its classes"),
    ):
        progress = Recorder()
        request = request_of(*scenes, k=4, flags=flags, start=SIGNATURES_FILE, signatures=path, out=f"to-{len(text)}")
        cluster(request, progress)
        assert text in progress.notes[0]
    converged = cluster(request_of(*three, k=4, out="whole"))
    progress = Recorder()
    cluster(request_of(*three, k=4, start=SIGNATURES_FILE, signatures=converged.signatures, out="more"), progress)
    assert not [note for note in progress.notes if "continue" in note]


def test_classify_applies_it_and_warns(tmp_path, three, request_of):
    path, _ = cancelled(request_of(*three, k=4, tolerance=0.0), after(2))
    centres, _ = reference(2, 4)
    progress = Recorder()
    request = ClassifyRequest((str(three[0]),), tmp_path / "applied", request_of().mask, signatures=path, workers=1)
    result = classify(request, progress)
    assert progress.warnings == [
        f"SIGNATURES: {path} is of a run that was cancelled after 2 iterations, before it had converged, so its "
        "classes may still have moved; to let them settle, continue that run with iikmc:cluster and the start from "
        "this file."
    ]
    expected = nearest(IMAGES[0].reshape(6, -1), centres).reshape(40, 30)
    assert np.array_equal(read_raster(result.rasters[0]), expected)
    document = read_json(result.signatures)
    assert document["centres"] == centres.tolist()
    assert document["run"]["converged"] is False
    assert None not in document["classes"][0]["std"]


@pytest.mark.parametrize("std", ["left out", None, [None] * 6])
def test_a_deviation_may_be_missing(tmp_path, three, request_of, std):
    path = cluster(request_of(*three, k=2, start=MINIMUM_MAXIMUM)).signatures
    document = read_json(path)
    for record in document["classes"]:
        record["std"] = std
        if std == "left out":
            del record["std"]
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(document))
    assert [record.std for record in signatures_file.read(edited).classes] == [(None,) * 6] * 2
