"""Pixels on their way to the card: pinned buffers, memory given back, and halves where it lacks."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from iikmc.engine import choices
from iikmc.engine.errors import Cancelled
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.cuda import card as cuda_card
from iikmc.engine.kernels.cuda import devices, ledger, resident
from iikmc.engine.kernels.cuda import held as cuda_held
from iikmc.engine.kernels.cuda import passing as cuda_passing
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.pixels.block import Block
from iikmc.engine.pixels.store import PixelStore
from iikmc.engine.runs import cluster as run_cluster
from iikmc.engine.runs import clustering
from iikmc.engine.runs import each as run_each
from test_gpu_kernel import CPU_KERNELS, Run, centres_of, make_kernel, subjects_of, where
from tiny import Recorder, Subject

BLOCK = 960 * 13
"""Bytes of a block of 900 pixels on the card: rows of 15 cache lines."""


@pytest.fixture(autouse=True)
def numpy_kernel(monkeypatch):
    monkeypatch.setattr(clustering, "pick_kernel", lambda *_: NumpyKernel())


def labelled(kernel):
    """Return how many pixels each way labelled."""
    return dict(kernel._ledger._labelled)


# --- pinned buffers ---------------------------------------------------------------------------------------------------


def test_pixels_go_through_pinned_buffers(emulated_cupy, monkeypatch):
    monkeypatch.setattr(cuda_card, "SLOT_BYTES", 256)
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(2):
        run.iterate(centres, look=True)
    assert {array.nbytes for array in emulated_cupy.pinned} == {256}
    assert len(emulated_cupy.pinned) == 2  # of the one lane that one thread needs
    largest = max(size for what, size in emulated_cupy.traffic if what == "set")
    assert largest == 256
    run.finish()


def test_a_buffer_filled_too_early_would_show(emulated_cupy, monkeypatch):
    monkeypatch.setattr(cuda_card, "SLOT_BYTES", 256)
    monkeypatch.setattr(cuda_card._Slot, "wait", lambda self: None)
    run = Run(make_kernel(), subjects_of(1, 1))
    with pytest.raises(AssertionError):
        run.iterate(centres_of(2)[0])


def test_without_pinned_memory_the_result_is_the_same(emulated_cupy):
    emulated_cupy.fail["pin"] = RuntimeError("cudaErrorMemoryAllocation")
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(2):
        run.iterate(centres, look=True)
    assert emulated_cupy.pinned == []
    assert where(run.subjects) == [True] * 4
    assert run.kernel.trouble == ""
    run.finish()


def test_threads_take_lanes_of_their_own(emulated_cupy, monkeypatch, pool):
    monkeypatch.setattr(cuda_card, "SLOT_BYTES", 512)
    emulated_cupy.free = [1 << 40]
    kernel, subjects = make_kernel(), subjects_of(10, 24, 500)
    list(pool.map(lambda subject: subject.hold(kernel), subjects))
    assert where(subjects) == [True] * 24
    for centres in centres_of(11):
        list(pool.map(lambda subject, c=centres: subject.relabel(kernel, c), subjects))
        for subject in subjects:
            np.testing.assert_array_equal(subject.labels, reference.nearest(subject.dn, centres))
    assert len(emulated_cupy.pinned) <= 2 * cuda_card.LANES


def test_a_lane_is_given_back_settled_whatever_happens(emulated_cupy):
    card = cuda_card.Card(0)
    there = card.empty(100, np.uint8)

    def fail():
        with card.lane() as lane:
            lane.send(there, np.arange(100, dtype=np.uint8))
            raise KeyError("stop")

    for _ in range(3 * cuda_card.LANES):
        with pytest.raises(KeyError, match="stop"):
            fail()
    assert there.values.tolist() == list(range(100))


# --- memory is given back ---------------------------------------------------------------------------------------------


def test_a_closed_kernel_has_nothing_on_the_card(emulated_cupy, monkeypatch):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 200)
    emulated_cupy.free = [int(2.5 * BLOCK / 0.85)]
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(2):
        run.iterate(centres)
    assert emulated_cupy.taken > 0
    run.kernel.close()
    gc.collect()
    assert emulated_cupy.taken == 0
    assert emulated_cupy.pinned == []
    run.finish()  # whoever still asks for labels gets them
    assert run.kernel.trouble == ""
    run.kernel = make_kernel()
    run.iterate(centres_of(3)[0])


def test_a_card_that_fails_at_the_very_end_ends_no_run(emulated_cupy):
    run = Run(make_kernel(), subjects_of(1))
    run.iterate(centres_of(2)[0])
    expected = [subject.labels.copy() for subject in run.subjects]

    def broken():
        raise RuntimeError("the card fell off the bus")

    emulated_cupy.get_default_memory_pool = broken
    run.kernel.close()
    assert run.kernel.trouble == f"{ledger.FETCHING} (RuntimeError: the card fell off the bus)"
    for subject, labels in zip(run.subjects, expected):
        np.testing.assert_array_equal(subject.labels, labels)


@pytest.mark.parametrize("where", ["hold", "pass_through"])
def test_a_card_that_fails_while_its_lack_of_memory_is_seen_to(emulated_cupy, where):
    def broken():
        raise RuntimeError("the card fell off the bus")

    emulated_cupy.memory = 0
    emulated_cupy.get_default_memory_pool = broken
    if where == "pass_through":
        emulated_cupy.free = [0]
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(2):
        run.iterate(centres)
    assert run.kernel.trouble.endswith("(RuntimeError: the card fell off the bus)")
    run.finish()


def test_a_closed_kernel_can_still_label(emulated_cupy):
    run = Run(make_kernel(), subjects_of(1))
    run.iterate(centres_of(2)[0])
    run.kernel.close()
    for centres in centres_of(3):
        run.iterate(centres)
    run.finish()


@pytest.mark.parametrize("mode", choices.MODES)
@pytest.mark.parametrize("end", ["good", "cancelled", "broken"])
def test_a_run_leaves_nothing_on_the_card(emulated_cupy, request_of, small_series, monkeypatch, end, mode):
    monkeypatch.setattr(devices, "_good", {})
    taken = []

    def stop(progress):
        if any(text.startswith("Iteration 1:") for text in progress.stages):
            taken.append(emulated_cupy.taken)
            return end == "cancelled"
        return False

    def broken(*_):
        raise OSError("no")

    if end == "broken":
        monkeypatch.setattr(run_cluster, "write_results", broken)
        monkeypatch.setattr(run_each, "write_rasters", broken)
    request = request_of(*small_series, device=choices.GPU, workers=2, mode=mode)
    try:
        run_each.run_in_mode(request, Recorder(stop), strip_pixels=600)
    except (Cancelled, OSError):
        assert end != "good"
    else:
        assert end == "good"
    assert max(taken) > 0
    gc.collect()
    assert emulated_cupy.taken == 0
    assert emulated_cupy.pinned == []


@pytest.mark.parametrize("mode", choices.MODES)
def test_a_cancel_while_the_estimate_is_made_leaves_nothing_on_the_card(
    emulated_cupy, request_of, small_series, monkeypatch, mode
):
    monkeypatch.setattr(devices, "_good", {})

    def cancel(*_):
        assert emulated_cupy.pinned
        raise Cancelled("Cancelled by the user; no file was written.")

    for module in (run_cluster, run_each):
        monkeypatch.setattr(module, "foretell", cancel)
    with pytest.raises(Cancelled):
        run_each.run_in_mode(request_of(*small_series, device=choices.GPU, mode=mode))
    gc.collect()
    assert emulated_cupy.taken == 0
    assert emulated_cupy.pinned == []


def test_two_runs_may_end_at_the_same_time(emulated_cupy):
    card = cuda_card.Card(0)
    threads = [threading.Thread(target=card.close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_block_may_be_dropped_while_the_room_is_counted():
    # Python may collect what nobody holds at any moment, on the thread that is in the middle of `take`.
    budget = resident.Budget(10)
    assert budget.take(6)

    def collected():
        with budget._lock:
            budget.give_back(6)

    thread = threading.Thread(target=collected, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert budget.take(10)


# --- halves -----------------------------------------------------------------------------------------------------------


def pieces(subjects):
    return [[(piece.begin, piece.end) for piece in subject.held.pieces] for subject in subjects]


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_a_block_refused_as_a_whole_lies_there_in_halves(emulated_cupy, monkeypatch, fallback, look):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 200)
    emulated_cupy.largest = 7000  # of 11,520 for all bands of a block
    run = Run(make_kernel(fallback()), subjects_of(1))
    for centres in centres_of(5):
        run.iterate(centres, look)
    assert pieces(run.subjects) == [[(0, 450), (450, 900)]] * 4
    assert labelled(run.kernel) == {"card": 7 * 3600, "through": 0, "cpu": 0}
    assert run.kernel.trouble == ""
    # The size that was refused is not asked for again.
    assert emulated_cupy.tidied == 1
    run.finish()


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("fallback", CPU_KERNELS)
@pytest.mark.parametrize("limit", ["memory", "budget"])
def test_a_block_lies_there_in_part(emulated_cupy, monkeypatch, fallback, look, limit):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 200)
    monkeypatch.setattr(cuda_passing.Rates, "passing_pays", lambda self: False)
    if limit == "memory":
        emulated_cupy.memory = int(2.7 * BLOCK)
    else:
        emulated_cupy.free = [int(2.7 * BLOCK / 0.85)]
    run = Run(make_kernel(fallback()), subjects_of(1))
    for centres in centres_of(5):
        run.iterate(centres, look)
    assert where(run.subjects) == [True, True, True, False]
    assert pieces(run.subjects)[:3] == [[(0, 900)], [(0, 900)], [(0, 450)]]
    assert [(part.begin, part.end) for part in run.subjects[2].held.rest] == [(450, 900)]
    assert labelled(run.kernel) == {"card": 7 * 2250, "through": 0, "cpu": 7 * 1350}
    assert run.kernel.trouble == ""
    run.finish()


def test_what_is_refused_everywhere_is_not_asked_for_again_and_again(emulated_cupy, monkeypatch):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 200)
    emulated_cupy.largest = 1000
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(5):
        run.iterate(centres)
    # 900, 450 and 225 pixels once each, then once as much for passing through.
    assert emulated_cupy.tidied == 4
    assert where(run.subjects) == [False] * 4
    assert run.kernel.trouble == ""
    run.finish()


def test_a_block_in_part_that_was_labelled_before(emulated_cupy, monkeypatch):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 200)
    emulated_cupy.memory = int(0.7 * BLOCK)
    run = Run(NumpyKernel(), subjects_of(1, 1))
    sets = centres_of(5)
    run.iterate(sets[0])
    run.kernel = make_kernel()
    for centres in sets[1:]:
        run.iterate(centres)
    assert pieces(run.subjects) == [[(0, 450)]]
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
@pytest.mark.parametrize("what", ["set", "launch", "get", "synchronize", "event"])
@pytest.mark.parametrize("when", range(3))
def test_a_card_that_fails_with_blocks_in_part(emulated_cupy, monkeypatch, fallback, what, when):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 100)
    monkeypatch.setattr(cuda_card, "SLOT_BYTES", 512)
    emulated_cupy.memory = int(1.3 * BLOCK)
    run = Run(make_kernel(fallback()), subjects_of(6, 2))
    for number, centres in enumerate(centres_of(7)):
        if number == when:
            emulated_cupy.fail[what] = RuntimeError("cudaErrorLaunchFailure")
        run.iterate(centres)
    if what != "event" or when == 0:
        assert where(run.subjects) == [False] * 2
        assert run.kernel.trouble.endswith("(RuntimeError: cudaErrorLaunchFailure)")
    run.finish()


@pytest.mark.parametrize("least", [100, 200])
def test_only_the_second_launch_of_a_block_fails(emulated_cupy, monkeypatch, least):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", least)
    emulated_cupy.largest = 7000
    run = Run(make_kernel(), subjects_of(6, 1))
    sets = centres_of(7)
    for centres in sets[:2]:
        run.iterate(centres)
    begun = emulated_cupy.count("launch")
    used = emulated_cupy.used

    def fail(what, size):
        used(what, size)
        if what == "launch" and emulated_cupy.count("launch") == begun + 2:
            raise RuntimeError("no")

    monkeypatch.setattr(emulated_cupy, "used", fail)
    for centres in sets[2:]:
        run.iterate(centres)
    assert where(run.subjects) == [False]
    run.finish()


def test_spilled_blocks_in_part(emulated_cupy, monkeypatch, tmp_path):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 200)
    emulated_cupy.memory = int(1.7 * BLOCK)
    subjects = subjects_of(1)
    with PixelStore(0, 4000, 6, tmp_path) as store:
        subjects = [Subject(Block.loose(store.keep(subject.dn)), 8) for subject in subjects]
        assert store.spilled == 4 * 900 * 12
        run = Run(make_kernel(), subjects)
        for centres in centres_of(5):
            run.iterate(centres)
        assert pieces(subjects) == [[(0, 900)], [(0, 450)], [], []]
        run.finish()
