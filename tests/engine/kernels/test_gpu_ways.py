"""Pixels without room on the card: sent through it or labelled by the CPU, whichever is faster; the same answer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from iikmc.engine import choices
from iikmc.engine.kernels import moves as moves_module
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.cuda import card as cuda_card
from iikmc.engine.kernels.cuda import devices, ledger
from iikmc.engine.kernels.cuda import held as cuda_held
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.cuda import passing as cuda_passing
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.runs import cluster as run_cluster
from test_gpu_feed import BLOCK, labelled, numpy_kernel  # noqa: F401 - a fixture for all tests here
from test_gpu_kernel import Run, centres_of, make_kernel, subjects_of
from test_kernels import hostile, hostile_centres, relabel_all
from tiny import Subject


@pytest.mark.parametrize("n_bands", [1, 4, 6, 10])
def test_blocks_that_pass_through(emulated_cupy, n_bands):
    kernel = cuda_kernel.PassingKernel(cuda_card.Card(0))
    rng = np.random.default_rng(n_bands)
    for k, n in ((2, 900), (9, 901), (8, 63)):
        dn = hostile(rng, n_bands, n)
        relabel_all(kernel, dn, [hostile_centres(rng, dn, k) for _ in range(3)])


def test_labels_that_did_not_change_are_not_fetched(emulated_cupy):
    kernel, subject = cuda_kernel.PassingKernel(cuda_card.Card(0)), subjects_of(1, 1)[0]
    centres = centres_of(1)[0]
    assert subject.relabel(kernel, centres) == 900
    emulated_cupy.traffic.clear()
    assert subject.relabel(kernel, centres) == 0
    assert ("get", 900) not in emulated_cupy.traffic
    assert emulated_cupy.count("empty") == 0  # room is made once


def test_a_busy_card_is_not_waited_for(emulated_cupy):
    card, subject = cuda_card.Card(0), subjects_of(1, 1)[0]
    for _ in range(cuda_card.LANES - 1):
        assert card._passing.acquire(blocking=False)
    assert card.pass_through(subject.dn, subject.labels, centres_of(1)[0], wait=False) is None
    emulated_cupy.free = [0]
    kernel = cuda_kernel.CupyKernel(card, NumpyKernel())
    assert subject.relabel(kernel, centres_of(1)[0]) == 900
    assert labelled(kernel) == {"card": 0, "through": 0, "cpu": 900}
    assert kernel.trouble == ""
    assert kernel._ledger.rates.passing_pays()  # the next block may try again


class Clocked:
    """A clock that only labelling moves: by so much a pixel either way."""

    def __init__(self, monkeypatch, kernel, through, cpu):
        self.now = 0.0
        monkeypatch.setattr(cuda_held.time, "perf_counter", lambda: self.now)
        fallback = kernel._ledger.fallback
        passing, hold = kernel._card.pass_through, fallback.hold

        def pass_through(dn, *arguments, **options):
            self.now += through * dn.shape[1]
            return passing(dn, *arguments, **options)

        def clocked(block, *arguments):
            held = hold(block, *arguments)
            relabel = held.relabel

            def label(*others):
                self.now += cpu * block.size
                return relabel(*others)

            held.relabel = label
            return held

        monkeypatch.setattr(kernel._card, "pass_through", pass_through)
        monkeypatch.setattr(fallback, "hold", clocked)


@pytest.mark.parametrize(
    ("through", "cpu", "expected"),
    [
        # Of four blocks in seven iterations the first two try the card, the third the CPU, all others the faster way.
        (1.0, 2.0, {"card": 0, "through": 27 * 900, "cpu": 900}),
        (2.0, 1.0, {"card": 0, "through": 2 * 900, "cpu": 26 * 900}),
        (1.0, 1.0, {"card": 0, "through": 2 * 900, "cpu": 26 * 900}),
    ],
)
def test_the_faster_way_is_taken(emulated_cupy, monkeypatch, through, cpu, expected):
    emulated_cupy.free = [0]
    run = Run(make_kernel(), subjects_of(1))
    Clocked(monkeypatch, run.kernel, through, cpu)
    for centres in centres_of(5):
        run.iterate(centres)
    assert labelled(run.kernel) == expected
    about = run.kernel.about()
    assert about["nanoseconds_per_pixel_off_card"] == {"through": 1e9 * through, "cpu": 1e9 * cpu}
    assert sum(about["percent"].values()) == pytest.approx(100)
    run.finish()


def test_what_stays_does_so_beside_what_passes(emulated_cupy, monkeypatch):
    emulated_cupy.free = [int(2.5 * BLOCK / 0.85)]
    run = Run(make_kernel(), subjects_of(1))
    Clocked(monkeypatch, run.kernel, 1.0, 2.0)
    for centres in centres_of(5):
        run.iterate(centres)
    assert labelled(run.kernel) == {"card": 14 * 900, "through": 13 * 900, "cpu": 900}
    run.finish()


def test_blocks_with_keys_stay_with_the_cpu(emulated_cupy, monkeypatch):
    emulated_cupy.free = [0]
    kernel, subject = make_kernel(), subjects_of(1, 1)[0]
    Clocked(monkeypatch, kernel, 1.0, 2.0)
    first, second = centres_of(5)[:2]
    log = moves_module.MoveLog()
    assert subject.relabel(kernel, first, log.follow(first)) == 900
    before = labelled(kernel)["through"]
    # As Numba's: it says so itself.
    (part,) = subject.held.rest
    part.held.knows_gaps = True
    subject.relabel(kernel, second, log.follow(second))
    assert labelled(kernel)["through"] == before
    np.testing.assert_array_equal(subject.labels, reference.nearest(subject.dn, second))


@pytest.mark.parametrize("what", ["set", "launch", "get", "synchronize", "empty"])
def test_a_card_that_fails_while_blocks_pass(emulated_cupy, monkeypatch, what):
    emulated_cupy.free = [0]
    run = Run(make_kernel(), subjects_of(1))
    Clocked(monkeypatch, run.kernel, 1.0, 2.0)
    for number, centres in enumerate(centres_of(5)):
        if number == 3:
            emulated_cupy.fail[what] = RuntimeError("gone")
        run.iterate(centres)
    if what != "empty":
        assert run.kernel.trouble == f"{ledger.LABELLING} (RuntimeError: gone)"
        assert labelled(run.kernel)["through"] == 11 * 900
    run.finish()


def test_no_room_to_pass_through_is_no_trouble(emulated_cupy):
    emulated_cupy.free, emulated_cupy.memory = [0], 5000
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(5):
        run.iterate(centres)
    assert run.kernel.trouble == ""
    assert labelled(run.kernel) == {"card": 0, "through": 0, "cpu": 28 * 900}
    run.finish()


def test_rates_by_hand():
    rates = cuda_passing.Rates()
    assert rates.passing_pays()
    assert not rates.passing_pays()  # one tries at a time
    rates.missed()
    assert rates.passing_pays()
    rates.passed(10, 1000.0)  # makes its buffers, and does not count
    assert rates.about() == {"through": None, "cpu": None}
    assert rates.passing_pays()
    rates.passed(10, 10.0)
    assert not rates.passing_pays()  # the CPU is not known
    rates.labelled(10, 20.0)
    assert rates.passing_pays()
    rates.labelled(10, 0.0)
    assert not rates.passing_pays()  # as fast, on average
    assert rates.about() == {"through": 1e9, "cpu": 1e9}
    rates.labelled(10, 40.0)
    assert rates.passing_pays()
    rates.close()
    assert not rates.passing_pays()


def test_many_threads_and_every_way_at_once(emulated_cupy, monkeypatch, pool):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 100)
    monkeypatch.setattr(cuda_card, "SLOT_BYTES", 512)
    emulated_cupy.memory = 10 * BLOCK
    kernel, subjects = make_kernel(), subjects_of(10, 24)
    choose = iter(range(10**6))
    monkeypatch.setattr(cuda_passing.Rates, "passing_pays", lambda self: next(choose) % 2 == 0)
    for centres in centres_of(11):
        list(pool.map(lambda subject, c=centres: subject.relabel(kernel, c), subjects))
        for subject in subjects:
            expected = reference.nearest(subject.dn, centres)
            tally = reference.tally(subject.dn, expected, 8)
            np.testing.assert_array_equal(subject.tally.total, tally.total)
            np.testing.assert_array_equal(subject.tally.count, tally.count)
            np.testing.assert_array_equal(subject.labels, expected)
    found = labelled(kernel)
    assert sum(found.values()) == 24 * 7 * 900
    assert found["card"] > 0
    assert found["cpu"] > 0
    assert kernel.trouble == ""


def test_a_whole_run_with_little_room_on_the_card(emulated_cupy, request_of, small_series, monkeypatch):
    monkeypatch.setattr(devices, "_good", {})
    monkeypatch.setattr(devices, "_LEAST_BYTES", 0)
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 50)
    emulated_cupy.free = [30_000]
    request = request_of(*small_series, workers=3, device=choices.GPU)
    ours = run_cluster.cluster(request, strip_pixels=600)
    theirs = run_cluster.cluster(
        dataclasses.replace(request, output=request.output.with_name("cpu"), device=choices.CPU), strip_pixels=600
    )
    for one, other in zip(ours.rasters, theirs.rasters):
        assert one.read_bytes() == other.read_bytes()
    np.testing.assert_array_equal(ours.fit.centres, theirs.fit.centres)


def test_a_block_of_one_pixel(emulated_cupy):
    subject = Subject(np.full((6, 1), 9000), 8)
    assert subject.relabel(make_kernel(), np.full((8, 6), 64 * 9000)) == 1
    assert subject.labels.tolist() == [1]
