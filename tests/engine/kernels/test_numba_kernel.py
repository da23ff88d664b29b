"""The Numba kernel equals the reference bit for bit, with and without keys, and its keys never promise too much."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.centres.kmeans import next_centres
from iikmc.engine.kernels import reference, selftest
from iikmc.engine.kernels.moves import MoveLog
from iikmc.engine.pixels.block import Block
from tiny import Subject

pytest.importorskip("numba")

from iikmc.engine.kernels import numba_kernel
from iikmc.engine.kernels.numba_kernel import NumbaKernel

ROOT = Path(__file__).resolve().parents[3]
CHUNK = 1024
EXTREMES = np.array([1, 2, 7273, 32767, 32768, 32769, 43636, 65534, 65535])


@pytest.fixture(scope="module")
def kernel():
    return NumbaKernel()


def hostile(rng, n_bands, n):
    dn = rng.choice(EXTREMES, (n_bands, n))
    usual = rng.random(n) < 0.6
    dn[:, usual] = rng.integers(1, 65536, (n_bands, int(usual.sum())))
    return dn.astype(np.uint16)


def hostile_centres(rng, dn, k):
    n_bands, n = dn.shape
    pixels = dn.astype(np.int64)
    centres = rng.integers(0, 65535 * 64 + 1, (k, n_bands))
    centres[::3] = 64 * pixels[:, rng.integers(0, n, len(centres[::3]))].T
    midway = centres[1::4]
    midway[:] = 32 * (pixels[:, rng.integers(0, n, len(midway))] + pixels[:, rng.integers(0, n, len(midway))]).T
    centres[-1] = centres[0]
    return centres


def covers(rng, n_bands, n, classes=5, noise=1500):
    """Return pixels of overlapping covers, so that k-means has something to do for many iterations."""
    middle = rng.integers(7000, 30000, (classes, n_bands))
    return (
        np.clip(middle[rng.integers(0, classes, n)] + rng.normal(0, noise, (n, n_bands)), 1, 65535).astype(np.uint16).T
    )


def relabel(kernel, subject, centres, moved):
    """Label a block and compare everything with the reference."""
    old = subject.labels.copy()
    expected = reference.nearest(subject.dn, centres)
    changed = subject.relabel(kernel, centres, moved)
    np.testing.assert_array_equal(subject.labels, expected)
    assert changed == np.count_nonzero(old != expected)
    assert isinstance(changed, int)
    tally = reference.tally(subject.dn, expected, len(centres))
    np.testing.assert_array_equal(subject.tally.count, tally.count)
    np.testing.assert_array_equal(subject.tally.total, tally.total)


def use_keys(subject, moved):
    """Make the kernel write keys at its next call, as if hardly a pixel were in doubt."""
    subject.held.expect_few_doubts(moved.history)


@pytest.mark.parametrize("n_bands", range(1, 11))
@pytest.mark.parametrize("k", [2, 3, 4, 5, 8, 9, 16, 17, 65, 254])
def test_every_path_gives_the_reference_answer_on_hostile_pixels(kernel, k, n_bands):
    rng = np.random.default_rng([k, n_bands])
    dn = hostile(rng, n_bands, 2 * CHUNK + 77)
    subject = Subject(dn, k)
    centres = hostile_centres(rng, dn, k)
    log = MoveLog()
    relabel(kernel, subject, centres, log.follow(centres))
    assert subject.held.gaps.key is None
    for move in (3, 900):
        centres = np.clip(centres + rng.integers(-move, move + 1, centres.shape), 0, 65535 * 64)
        relabel(kernel, subject, centres, log.follow(centres))
    use_keys(subject, log.follow(centres))
    for move in (0, 1, 5, 200):
        centres = np.clip(centres + rng.integers(-move, move + 1, centres.shape), 0, 65535 * 64)
        moved = log.follow(centres)
        relabel(kernel, subject, centres, moved)
        if subject.held.gaps.key is None:
            use_keys(subject, moved)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_blocks_of_any_size(kernel, n):
    rng = np.random.default_rng(n)
    dn = covers(rng, 6, n)
    subject = Subject(dn, 8)
    log = MoveLog()
    centres = rng.integers(7000 * 64, 30000 * 64, (8, 6))
    for step in range(6):
        moved = log.follow(centres)
        if step == 2:
            use_keys(subject, moved)
        relabel(kernel, subject, centres, moved)
        centres = centres + rng.integers(-9, 10, centres.shape)


@pytest.mark.parametrize(("k", "n_bands"), [(2, 3), (8, 6), (20, 6), (5, 1), (8, 10)])
def test_a_whole_run_agrees_and_prunes(kernel, k, n_bands):
    rng = np.random.default_rng(k)
    dn = covers(rng, n_bands, 20_000, noise=4000)
    subject, twin = Subject(dn, k), Subject(dn, k)
    low, high = dn.min(axis=1).astype(np.int64), dn.max(axis=1).astype(np.int64)
    centres = 64 * low + (64 * (high - low) * (2 * np.arange(k)[:, None] + 1)) // (2 * k)
    log = MoveLog()
    full = NumbaKernel(prune=False)
    used = 0
    for _ in range(200):
        moved = log.follow(centres)
        relabel(kernel, subject, centres, moved)
        twin.relabel(full, centres, moved)
        np.testing.assert_array_equal(subject.labels, twin.labels)
        assert twin.held.gaps is None
        used += subject.held.gaps.key is not None and subject.held.gaps.doubtful < 0.01
        proposed = next_centres(centres, subject.tally)
        if np.array_equal(proposed, centres):
            break
        centres = proposed
    assert used > 0


def test_near_ties_are_decided_by_the_integers(kernel):
    # Two centres at almost the same distance: they differ by 1/64 DN in one band, far below float32's resolution.
    rng = np.random.default_rng(8)
    for _ in range(40):
        n_bands = int(rng.integers(1, 11))
        x = rng.integers(1, 65536, n_bands)
        way = rng.integers(1, 30_000 * 64, n_bands)
        near = np.zeros(n_bands, np.int64)
        near[rng.integers(n_bands)] = 1
        for extra in (-near, 0 * near, near):
            centres = np.stack([64 * x + way, 64 * x - way + extra, 64 * x + way])
            subject = Subject(x[:, None], 3)
            log = MoveLog()
            relabel(kernel, subject, centres, log.follow(centres))
            first, second = (int((d * d).sum()) for d in (way, way - extra))
            assert subject.labels[0] == (1 if first <= second else 2)
            # Swapped, the tie goes to the other centre; keys made meanwhile do not hide that.
            use_keys(subject, log.follow(centres))
            relabel(kernel, subject, centres, log.follow(centres))
            relabel(kernel, subject, centres[::-1].copy(), log.follow(centres[::-1].copy()))


def exact_gaps(dn, centres):
    """Return the gap between the two smallest distances in DN, to 64 bits."""
    squares = ((64 * dn.astype(np.int64)[None] - centres[:, :, None]) ** 2).sum(axis=1)
    squares.sort(axis=0)
    best, second = np.sqrt(squares[:2].astype(np.longdouble))
    return (second - best) / 64


@pytest.mark.parametrize(("k", "n_bands"), [(2, 1), (8, 6), (9, 4), (64, 6), (8, 10), (5, 7)])
def test_keys_are_below_the_gaps_but_not_far(kernel, k, n_bands):
    rng = np.random.default_rng(k + n_bands)
    for dn in (hostile(rng, n_bands, 3000), covers(rng, n_bands, 3000)):
        centres = hostile_centres(rng, dn, k)
        subject = Subject(dn, k)
        log = MoveLog()
        moved = log.follow(centres)
        relabel(kernel, subject, centres, moved)
        use_keys(subject, moved)
        relabel(kernel, subject, centres, moved)
        gap = np.minimum(16 * exact_gaps(dn, centres), 65535)
        key = subject.held.gaps.key
        assert (key <= gap).all()
        # Rounded down by at most the 3 quanta of the errors' bound, those errors, 1 of rounding, and the 2**-20.
        assert (key >= gap - 7).all()


@pytest.mark.parametrize("size", [1, 20, 500, 40_000])
def test_every_pixel_that_would_change_is_in_doubt(kernel, size):
    rng = np.random.default_rng(size)
    for k, n_bands in ((2, 6), (8, 6), (12, 3), (9, 10)):
        dn = covers(rng, n_bands, 4000)
        subject = Subject(dn, k)
        centres = rng.integers(7000 * 64, 30000 * 64, (k, n_bands))
        log = MoveLog()
        moved = log.follow(centres)
        relabel(kernel, subject, centres, moved)
        for _ in range(6):
            if subject.held.gaps.key is None or subject.held.gaps.history != moved.history:
                use_keys(subject, moved)
                relabel(kernel, subject, centres, moved)
            new = centres.copy()
            movers = rng.random(k) < 0.5
            new[movers] += rng.integers(-size, size + 1, new[movers].shape)
            later = log.follow(new)
            gaps = subject.held.gaps
            if gaps.key is not None and gaps.history == later.history:
                would = reference.nearest(dn, new) != subject.labels
                doubt = gaps.key <= later.closed[subject.labels - 1]
                assert not (would & ~doubt).any()
            relabel(kernel, subject, new, later)
            centres, moved = new, later


@pytest.mark.parametrize("n_bands", [6, 10])
def test_any_pixel_may_be_looked_at_again(kernel, n_bands):
    # Keys set to 0 anywhere, few or many to a chunk: picked pixels and whole chunks give the same.
    rng = np.random.default_rng(11)
    dn = covers(rng, n_bands, 12 * CHUNK + 5)
    subject = Subject(dn, 8)
    centres = rng.integers(7000 * 64, 30000 * 64, (8, n_bands))
    log = MoveLog()
    moved = log.follow(centres)
    relabel(kernel, subject, centres, moved)
    for _ in range(8):
        use_keys(subject, moved)
        relabel(kernel, subject, centres, moved)
        share = np.repeat(rng.choice([0, 0.001, 0.05, 0.3, 0.39, 0.5, 1.0], 13), CHUNK)[: subject.size]
        subject.held.gaps.key[rng.random(subject.size) < share] = 0
        centres = centres + rng.integers(-40, 41, centres.shape)
        moved = log.follow(centres)
        relabel(kernel, subject, centres, moved)


def test_keys_of_another_history_are_not_believed(kernel):
    rng = np.random.default_rng(12)
    dn = covers(rng, 6, 3000)
    subject = Subject(dn, 8)
    first, other = (rng.integers(7000 * 64, 30000 * 64, (8, 6)) for _ in range(2))
    relabel(kernel, subject, first, MoveLog().follow(first))
    stale = MoveLog().follow(first)
    subject.held.gaps = numba_kernel._Gaps(stale.history, np.full(subject.size, 65535, np.uint16), 0.0)
    relabel(kernel, subject, other, MoveLog().follow(other))
    # And where no history is known, nothing is remembered.
    subject.held.gaps = numba_kernel._Gaps(stale.history, np.full(subject.size, 65535, np.uint16), 0.0)
    relabel(kernel, subject, first, None)
    assert subject.held.gaps is None


def test_centres_that_leap_past_the_limit_begin_a_new_history(kernel):
    rng = np.random.default_rng(13)
    dn = covers(rng, 6, 3000)
    subject = Subject(dn, 4)
    subject.hold(kernel)
    centres = rng.integers(7000 * 64, 30000 * 64, (4, 6))
    log = MoveLog()
    histories = set()
    for step in range(12):
        moved = log.follow(centres)
        histories.add(moved.history)
        use_keys(subject, moved) if step % 3 == 0 else None
        relabel(kernel, subject, centres, moved)
        centres = np.clip(centres + rng.integers(-900 * 64, 900 * 64, centres.shape), 0, 65535 * 64)
    assert len(histories) > 1


def test_keys_are_made_when_little_moves_and_dropped_when_much_does(kernel):
    rng = np.random.default_rng(14)
    dn = covers(rng, 6, 30_000)
    subject = Subject(dn, 8)
    centres = rng.integers(7000 * 64, 30000 * 64, (8, 6))
    log = MoveLog()

    def step(by):
        nonlocal centres
        centres = centres + by
        relabel(kernel, subject, centres, log.follow(centres))
        return subject.held.gaps

    assert step(0).doubtful == 1.0
    gaps = step(64)
    assert gaps.key is None
    assert 0 < gaps.doubtful < 0.06
    gaps = step(64)
    assert gaps.key is not None
    assert step(64).key is gaps.key
    gaps = step(64 * 300)
    assert gaps.key is None
    assert gaps.doubtful > 0.12
    assert step(64 * 300).key is None


@pytest.mark.parametrize("n_bands", [6, 10])
def test_pixels_in_a_memory_map(kernel, tmp_path, n_bands):
    rng = np.random.default_rng(15)
    dn = covers(rng, n_bands, 5000)
    mapped = np.memmap(tmp_path / "dn", np.uint16, "w+", shape=dn.shape)
    mapped[:] = dn
    subject = Subject(Block.loose(mapped), 8)
    centres = rng.integers(7000 * 64, 30000 * 64, (8, n_bands))
    relabel(kernel, Subject(dn, 8), centres, MoveLog().follow(centres))
    before = len(kernel._loops.relabel_plain.signatures)
    relabel(kernel, subject, centres, MoveLog().follow(centres))
    assert len(kernel._loops.relabel_plain.signatures) == before
    np.testing.assert_array_equal(mapped, dn)


def test_one_kernel_serves_many_threads(kernel):
    rng = np.random.default_rng(16)
    blocks = [Subject(covers(rng, 6, 20_000), 8) for _ in range(8)]
    centres = rng.integers(7000 * 64, 30000 * 64, (8, 6))
    log = MoveLog()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            moved = log.follow(centres)
            list(pool.map(lambda subject: relabel(kernel, subject, centres, moved), blocks))  # noqa: B023
            centres = centres + rng.integers(-20, 21, centres.shape)


def test_the_kernel_passes_its_self_test_on_every_path(kernel):
    calls = set()

    class Spy:
        def __getattr__(self, name):
            calls.add(name)
            return getattr(kernel._loops, name)

    spied = NumbaKernel()
    spied._loops = Spy()
    selftest.check(spied)
    assert {"relabel_plain", "relabel_keyed", "relabel_some"} <= calls
    calls.clear()
    selftest.check(spied, wide=True)
    assert {"relabel_plain", "relabel_keyed", "relabel_some"} <= calls


def test_what_more_bands_need_is_compiled_for_them_alone(tmp_path):
    # In a process that finds no machine code.
    code = """
import importlib.util, sys

root = sys.argv[1]
spec = importlib.util.spec_from_file_location("iikmc", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["iikmc"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["iikmc"])
import numpy as np
from iikmc.engine.kernels.cells.numba_work import NumbaWork
from iikmc.engine.kernels.numba_kernel import NumbaKernel
from iikmc.engine.pixels.block import Block

kernel = NumbaKernel()
for n_bands in (1, 6):
    centres = np.arange(2 * n_bands).reshape(2, n_bands)
    kernel.hold(Block.loose(np.ones((n_bands, 9), np.uint16)), 2).relabel(centres)
NumbaWork()
"""
    command, environment = [sys.executable, "-c", code, str(ROOT)], {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    compiled = {path.name.split(".")[0] for path in tmp_path.rglob("*.nbc")}
    assert compiled == {"loops", "chunk", "common"}
