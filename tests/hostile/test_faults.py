"""Faults while a run is under way: killed, interrupted, out of disk, memory or inodes, two at a time, cancelled.

After each: nothing half-written, and the next run gives the same bytes and clears what was left.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.errors import Cancelled, IIkMCError, MemoryBudgetError, OutputError
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.pixels import store as pixel_store
from iikmc.engine.requests import Request
from iikmc.engine.results.journal import APART
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.unfinished import UNFINISHED_NAME
from iikmc.engine.scenes.selection import MaskRule
from table import assert_sentence
from tiny import HAS_NUMBA, Recorder, make_scene, product, six_band_noise
from tiny import listing as whole_listing

VICTIM = Path(__file__).with_name("victim.py")
STRIP_PIXELS = 2_000
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, mounts and limits of POSIX")


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """Two scenes of 130 x 110 pixels in tiles of 16: a dozen strips, 343 kB of DN."""
    folder = tmp_path_factory.mktemp("faults")
    return [
        make_scene(folder, product(day=day), six_band_noise(seed, 130, 110), tile=16)
        for seed, day in enumerate(("20220511", "20220612"))
    ]


@pytest.fixture(scope="session")
def expected(scenes, tmp_path_factory):
    """The rasters and styles that an untroubled run makes."""
    out = tmp_path_factory.mktemp("expected") / "out"
    run(scenes, out)
    return rasters(out)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary folder of the test's own, which counts as a disk."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def run(scenes, out, progress=None, k=4, **options):
    request = Request(tuple(map(str, scenes)), Path(out), MaskRule((), False), k=k, workers=1, **options)
    return cluster(request, progress, strip_pixels=STRIP_PIXELS)


def rasters(out):
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if "_classes" in path.name}


def victim(scenes, out, **options):
    """Start a run to which something happens."""
    options = {"scenes": list(map(str, scenes)), "output": str(out), "k": 4, "strip_pixels": STRIP_PIXELS, **options}
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, str(VICTIM), json.dumps(options)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def ended(process, seconds=60):
    """Return exit status, stdout and stderr of a victim."""
    try:
        said, wrong = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return process.returncode, said, wrong


def listing(folder):
    """Return what lies in a folder, but for the signatures that a run leaves once it has iterated (test_unfinished)."""
    found = {name: data for name, data in whole_listing(folder).items() if Path(name).name != UNFINISHED_NAME}
    holding = {str(parent) + "/" for name in found for parent in Path(name).parents}
    alone = {str(Path(name).parent) + "/" for name in whole_listing(folder) if Path(name).name == UNFINISHED_NAME}
    return {name: data for name, data in found.items() if name not in alone - holding}


def hidden(out):
    return [path.name for path in out.iterdir() if path.name.startswith(".")] if out.exists() else []


def visible(out):
    return (
        {path.name for path in out.iterdir() if not path.name.startswith(".")} - {UNFINISHED_NAME}
        if out.exists()
        else set()
    )


STAGES = {"reading": 3, "spilling": 2, "iterating": 2, "writing": 2, "renaming": 3, "leaving": 1}


@pytest.mark.parametrize(
    ("stage", "earlier"), [*((stage, False) for stage in STAGES), ("writing", True), ("renaming", True)]
)
def test_a_killed_run_leaves_nothing_that_the_next_does_not_clear(
    scenes, expected, tmp_path, temporary, stage, earlier
):
    out = tmp_path / "out"
    if earlier:
        run(scenes, out, k=3)
    before = listing(out)
    options = {"spill": True} if stage == "spilling" else {}
    status, said, wrong = ended(victim(scenes, out, stage=stage, number=STAGES[stage], deed="SIGKILL", **options))
    assert status == -9, (said, wrong)
    if stage == "spilling" and not pixel_store._in_memory(temporary):
        assert list(temporary.rglob("*.dn"))
    if stage not in ("renaming", "leaving"):
        assert {name: data for name, data in listing(out).items() if not name.startswith(".")} == before
    progress = Recorder()
    result = run(scenes, out, progress)
    assert rasters(out) == expected
    assert hidden(out) == []
    assert os.listdir(temporary) == []
    assert [text for text in progress.warnings if "earlier" in text] == []
    assert len([name for name in visible(out) if not name.startswith("plotly-")]) == len(expected) + 4
    assert result.converged


@pytest.mark.parametrize("number", [1, 2, 5, 12])
def test_a_run_killed_between_two_renames_is_undone_by_the_next(scenes, tmp_path, number):
    """The next run is refused for its own reasons after it has cleared; OUTPUT is then as before the killed one."""
    out = tmp_path / "out"
    run(scenes, out, k=3)
    (out / "mine.txt").write_text("mine")
    before = listing(out)
    # The first renames of this run are those of check_replaceable, two rasters to their own names.
    status, said, wrong = ended(victim(scenes[:1], out, stage="renaming", number=2 + number, deed="SIGKILL"))
    assert status == -9, (said, wrong)
    assert hidden(out)
    with pytest.raises(Cancelled):
        run(scenes, out, Recorder(lambda _: True))
    assert listing(out) == before


def test_pixels_that_a_killed_run_has_spilled_are_cleared_and_those_of_a_live_one_stay(temporary, tmp_path):
    dn = np.ones((2, 50), np.uint16)
    code = (
        "import sys, os, signal; sys.path.insert(0, sys.argv[1]); import victim; victim.alias()\n"
        "import tempfile, numpy as np; from pathlib import Path\n"
        "from iikmc.engine.pixels import store; store._in_memory = lambda _: False\n"
        "kept = store.PixelStore(0, 100, 2, Path('/nowhere')).__enter__(); kept.keep(np.ones((2, 50), np.uint16))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(VICTIM.parent)], capture_output=True, text=True, timeout=60)
    assert done.returncode == -9, done.stderr
    assert list(temporary.rglob("*.dn"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixel_store, "_in_memory", lambda _: False)
        with pixel_store.PixelStore(0, 100, 2, tmp_path) as live:
            assert os.listdir(temporary) == []
            held = live.keep(dn)
            with pixel_store.PixelStore(0, 100, 2, tmp_path):
                assert held.open().tolist() == dn.tolist()
    assert os.listdir(temporary) == []


@pytest.mark.parametrize("stage", ["reading", "iterating", "writing"])
def test_an_interrupted_script_leaves_nothing(scenes, tmp_path, temporary, stage):
    out = tmp_path / "out"
    status, _, wrong = ended(victim(scenes, out, stage=stage, number=1, deed="SIGINT"))
    assert status in (-2, 130, 1), status
    assert "KeyboardInterrupt" in wrong
    assert listing(out) == {}
    assert os.listdir(temporary) == []


def test_a_terminated_run_leaves_only_what_the_next_clears(scenes, expected, tmp_path, temporary):
    out = tmp_path / "out"
    status, _, wrong = ended(victim(scenes, out, stage="writing", number=1, deed="SIGTERM"))
    assert status == -15, wrong
    assert visible(out) == set()
    run(scenes, out)
    assert rasters(out) == expected
    assert hidden(out) == []


def test_a_second_run_into_one_output_is_refused_and_the_first_ends_well(scenes, expected, tmp_path):
    out = tmp_path / "out"
    first = victim(scenes, out, stage="iterating", number=2, deed="wait")
    try:
        assert first.stdout.readline() == "waiting\n"
        with pytest.raises(OutputError) as told:
            run(scenes, out, k=3)
        assert_sentence(str(told.value), "OUTPUT", f"process {first.pid}", out, "choose another folder")
    finally:
        status, said, wrong = ended(first)
    assert (status, said) == (0, "done\n"), wrong
    assert rasters(out) == expected
    assert hidden(out) == []


def test_many_runs_at_once_into_one_output_end_with_one_set(scenes, tmp_path):
    out = tmp_path / "out"
    told, done = [], []

    def work(k):
        try:
            done.append(run(scenes, out, k=k))
        except IIkMCError as error:
            told.append(str(error))

    threads = [threading.Thread(target=work, args=(k,)) for k in (3, 4, 5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done
    for text in told:
        assert_sentence(text, "OUTPUT: another run")
    (out / "signatures.json").read_text()
    k = len(json.loads((out / "signatures.json").read_text())["centres"])
    assert k in {result.k for result in done}
    for result in done:
        if result.k == k:
            assert sorted(path.name for path in result.rasters) == sorted(n for n in rasters(out) if n.endswith(".tif"))
    assert hidden(out) == []
    assert not [name for name in visible(out) if name.startswith(APART)]


@contextlib.contextmanager
def mounted(folder, options):
    """Mount a file system in memory."""
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root mounts")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no mount here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_full_while_pixels_are_spilled(scenes, tmp_path, monkeypatch):
    with mounted(tmp_path / "small", "size=128k") as small:
        monkeypatch.setattr(pixel_store, "spill_parent", lambda _: small)
        monkeypatch.setattr(pixel_store, "free_disk", lambda _: 10**12)
        monkeypatch.setattr(pixel_store, "budget_of", lambda _: 0)
        monkeypatch.setattr("iikmc.engine.runs.clustering.budget_of", lambda _: 0)
        with pytest.raises(MemoryBudgetError) as told:
            run(scenes, tmp_path / "out")
        assert_sentence(str(told.value), "MEMORY", small, "No space left", "raise MEMORY or free some space")
        assert os.listdir(small) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", ["4k", "8k", "16k", "32k", "48k"])
def test_a_disk_that_is_full_while_results_are_written(scenes, tmp_path, size):
    with mounted(tmp_path / "small", f"size={size}") as small:
        with pytest.raises(OutputError) as told:
            run(scenes, small / "out")
        assert_sentence(str(told.value), "OUTPUT", "No space left")
        assert listing(small) == {}


def test_a_disk_that_is_full_keeps_the_earlier_results(scenes, tmp_path):
    with mounted(tmp_path / "small", "size=64m") as small:
        run(scenes[:1], small / "out", k=3)
        before = listing(small)
        (small / "filler").write_bytes(b"x" * (shutil.disk_usage(small).free - 40_000))
        with pytest.raises(OutputError) as told:
            run(scenes, small / "out")
        assert_sentence(str(told.value), "OUTPUT", "No space left")
        (small / "filler").unlink()
        assert listing(small) == before


def test_a_disk_that_takes_only_so_many_files(scenes, expected, tmp_path):
    """From none at all to enough: a sentence and nothing left, or the result."""
    refused = 0
    for inodes in range(2, 26):
        with mounted(tmp_path / f"few-{inodes}", f"size=64m,nr_inodes={inodes}") as few:
            try:
                run(scenes, few / "out")
            except OutputError as error:
                refused += 1
                assert_sentence(str(error), "OUTPUT", "takes no more files")
                assert listing(few) == {}, inodes
            else:
                assert rasters(few / "out") == expected
                break
    assert 8 < refused < 23


def test_files_may_not_grow_beyond_a_limit(scenes, tmp_path):
    out = tmp_path / "out"
    status, said, wrong = ended(victim(scenes, out, limit=["RLIMIT_FSIZE", 3_000]))
    assert status == 3, wrong
    assert_sentence(said.strip(), "OUTPUT", "cannot be written", "File too large")
    assert not out.exists()


def test_memory_that_gives_out(tmp_path):
    # 12 MB a band, 72 MB the pixels of a strip, of 40 MB that may be taken.
    scene = make_scene(tmp_path, product(), np.full((2400, 2500), 9000) + np.arange(2500) % 7)
    out = tmp_path / "out"
    process = victim([scene], out, limit=["RLIMIT_AS", 40_000_000], strip_pixels=10**7)
    status, said, wrong = ended(process)
    assert status == 3, (said, wrong)
    assert_sentence(said.strip(), "MEMORY", "BANDS")
    assert not out.exists()


@pytest.mark.skipif(not HAS_NUMBA, reason="Numba is not here")
def test_two_first_runs_with_a_cold_numba_cache(scenes, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("IIKMC_WAIT_FOR_NUMBA", "1")  # such small runs would end with NumPy
    processes = [victim(scenes, tmp_path / name, plain=False) for name in ("one", "two")]
    answers = [ended(process, 580) for process in processes]
    for status, said, wrong in answers:
        assert (status, said) == (0, "done\n"), wrong
    assert rasters(tmp_path / "one") == rasters(tmp_path / "two") == expected


def handles():
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return sorted(path for path in found if "/" in path and not path.startswith(("/dev", "/proc")))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts handles in /proc")
def test_a_hundred_cancels_at_random_moments(tmp_path, temporary, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)  # a second a page, and what is cancelled is not the drawing
    out = tmp_path / "out"
    scenes = [
        make_scene(tmp_path, product(day=day), six_band_noise(9, 96, 40), tile=16) for day in ("20220511", "20220612")
    ]
    whole = Recorder()
    run(scenes, tmp_path / "whole", whole)
    expected = rasters(tmp_path / "whole")
    before, threads, random_one = handles(), threading.active_count(), random.Random(20261126)
    cancelled = 0
    for number in range(100):
        moment = random_one.randint(1, whole.asked)
        options = {"memory": 1} if number % 2 else {}
        try:
            run(scenes, out, Recorder(lambda progress, moment=moment: progress.asked >= moment), **options)
        except Cancelled as error:
            cancelled += 1
            assert_sentence(str(error))
            assert visible(out) == set(), moment
        assert hidden(out) == []
        assert os.listdir(temporary) == []
        deadline = time.monotonic() + 5
        while threading.active_count() > threads and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() == threads, moment
        if handles() != before:
            gc.collect()
        assert handles() == before, moment
        shutil.rmtree(out, ignore_errors=True)
    assert cancelled > 80
    run(scenes, out)
    assert rasters(out) == expected


def test_an_allocation_that_fails_on_a_thread(scenes, tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError("Unable to allocate 3.5 GiB for an array")

    monkeypatch.setattr(NumpyKernel, "hold", fail)
    request = Request(tuple(map(str, scenes)), tmp_path / "out", MaskRule((), False), k=3, workers=1)
    with pytest.raises(MemoryBudgetError) as told:
        cluster(request, kernel=NumpyKernel())
    assert_sentence(str(told.value), "MEMORY", "3.5 GiB", "BANDS")
    assert not (tmp_path / "out").exists()
