"""The GPU kernel gives the reference's bits whatever the card does: full, failing, or gone in the middle of a run."""

from __future__ import annotations

import dataclasses
import gc
import threading

import numpy as np
import pytest
from iikmc.engine.errors import first_line
from iikmc.engine.execution.threads import ThreadExecutor
from iikmc.engine.kernels import moves as moves_module
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.cuda import devices
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.pixels.block import Block
from iikmc.engine.progress import Silent
from iikmc.engine.runs import cluster as run_cluster
from test_kernels import hostile, hostile_centres, relabel_all
from tiny import HAS_NUMBA, NumbaKernel, listing, make_block

CPU_KERNELS = [ReferenceKernel, NumpyKernel, *([NumbaKernel] if HAS_NUMBA else [])]


def make_kernel(fallback=None):
    return cuda_kernel.CupyKernel(cuda_kernel.Card(0), fallback or NumpyKernel())


def blocks_of(seed, number=4, n=900, k=8):
    rng = np.random.default_rng(seed)
    return [make_block(rng.integers(7000, 12000, (6, n)), k) for _ in range(number)]


def centres_of(seed, k=8):
    """Return centres and small moves of them, as late iterations bring them."""
    rng = np.random.default_rng(seed)
    first = 64 * rng.integers(7000, 12000, (k, 6))
    return [first, *(first + rng.integers(-40 * i, 40 * i + 1, first.shape) for i in range(1, 7))]


class Run:
    """Labels blocks with a kernel and checks all that it says against the reference; asks for labels when told to."""

    def __init__(self, kernel, blocks):
        self.kernel, self.blocks, self.log = kernel, blocks, moves_module.Log()
        self.old = [np.zeros(block.size, np.uint8) for block in blocks]

    def iterate(self, centres, look=False):
        moved = self.log.follow(centres)
        for number, block in enumerate(self.blocks):
            changed = self.kernel.relabel(block, centres, moved)
            expected = reference.nearest(block.dn, centres)
            assert changed == np.count_nonzero(expected != self.old[number])
            tally = reference.tally(block.dn, expected, len(centres))
            np.testing.assert_array_equal(block.tally.count, tally.count)
            np.testing.assert_array_equal(block.tally.total, tally.total)
            if look:
                np.testing.assert_array_equal(block.labels, expected)
            self.old[number] = expected

    def finish(self):
        for block, expected in zip(self.blocks, self.old):
            np.testing.assert_array_equal(block.labels, expected)


def where(blocks):
    return [block.resident is not None for block in blocks]


@pytest.mark.parametrize("look", [False, True])
def test_all_blocks_on_the_card(emulated_cupy, look):
    run = Run(make_kernel(), blocks_of(1))
    for centres in centres_of(2):
        run.iterate(centres, look)
    assert where(run.blocks) == [True] * 4
    run.finish()
    assert run.kernel.trouble == ""


def test_a_block_without_pixels_is_not_sent(emulated_cupy):
    block = make_block(np.zeros((6, 0)), 8)
    assert make_kernel().relabel(block, centres_of(1)[0]) == 0
    assert block.resident is None


@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_what_does_not_fit_the_budget_is_done_by_the_cpu(emulated_cupy, fallback):
    size = 960 * 13  # rows of 15 cache lines: 900 pixels fill 14.06
    emulated_cupy.free = [int(2.5 * size / 0.85)]
    run = Run(make_kernel(fallback()), blocks_of(1))
    for centres in centres_of(3):
        run.iterate(centres)
    assert where(run.blocks) == [True, True, False, False]
    run.finish()
    # A block that is dropped gives its room to the next one.
    run.blocks, run.old = run.blocks[1:], run.old[1:]
    gc.collect()
    run.iterate(centres_of(4)[0])
    assert where(run.blocks) == [True, True, False]
    for centres in centres_of(4)[1:]:
        run.iterate(centres)
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_a_card_with_less_memory_than_it_said(emulated_cupy, fallback):
    emulated_cupy.memory = 30_000  # two blocks of 12,480 bytes and a bit of a third
    run = Run(make_kernel(fallback()), blocks_of(1))
    for centres in centres_of(5):
        run.iterate(centres)
    assert where(run.blocks) == [True, True, False, False]
    assert emulated_cupy.tidied == 2  # the third block, and room for blocks that pass through
    assert run.kernel.trouble == ""
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
@pytest.mark.parametrize("what", ["set", "launch", "get", "compile", "info", "empty", "synchronize"])
@pytest.mark.parametrize("when", range(3))
def test_a_card_that_fails_in_the_middle_of_a_run(emulated_cupy, fallback, what, when):
    run = Run(make_kernel(fallback()), blocks_of(6, 2, 400))
    for number, centres in enumerate(centres_of(7)):
        if number == when:
            emulated_cupy.fail[what] = RuntimeError("cudaErrorLaunchFailure: unspecified launch failure\nmore")
        run.iterate(centres)
    failed = what in ("set", "launch", "get", "synchronize") or (when == 0 and what in ("compile", "empty"))
    assert where(run.blocks) == [not failed] * 2
    doing = cuda_kernel.UPLOADING if when == 0 and what in ("set", "empty", "synchronize") else cuda_kernel.LABELLING
    failure = "RuntimeError: cudaErrorLaunchFailure: unspecified launch failure"
    assert run.kernel.trouble == (f"{doing} ({failure})" if failed else "")
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_labels_that_cannot_be_fetched_are_made_again(emulated_cupy, fallback):
    run = Run(make_kernel(fallback()), blocks_of(6, 2))
    sets = centres_of(7)
    for centres in sets[:3]:
        run.iterate(centres)
    emulated_cupy.fail["get"] = RuntimeError("the card fell off the bus")
    run.finish()
    for centres in sets[3:]:
        run.iterate(centres)
    assert where(run.blocks) == [False, False]
    run.finish()


def test_two_threads_may_ask_for_labels_of_a_card_that_is_gone(emulated_cupy):
    begun, go = threading.Event(), threading.Event()

    class Slow(NumpyKernel):
        def relabel(self, block, centres, drift=None):
            begun.set()
            assert go.wait(10)
            return super().relabel(block, centres, moves_module)

    kernel, block = make_kernel(Slow()), blocks_of(6, 1)[0]
    centres = centres_of(7)[0]
    kernel.relabel(block, centres)
    expected = reference.nearest(block.dn, centres)
    tally = reference.tally(block.dn, expected, 8)
    emulated_cupy.fail["get"] = RuntimeError("the card fell off the bus")
    got = []
    threads = [threading.Thread(target=lambda: got.append(block.labels.copy())) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    np.testing.assert_array_equal(block.tally.count, tally.count)
    np.testing.assert_array_equal(block.tally.total, tally.total)
    go.set()
    for thread in threads:
        thread.join()
    assert len(got) == 3
    for labels in got:
        np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(block.tally.total, tally.total)
    assert block.resident is None
    assert kernel.trouble == f"{cuda_kernel.FETCHING} (RuntimeError: the card fell off the bus)"


def test_a_card_given_up_by_another_thread_while_labels_are_asked_for(emulated_cupy):
    class Losing(Block):
        """Its copy on the card is there when it is looked for, and gone a moment later."""

        asked = 0

        @property
        def resident(self):
            self.asked += 1
            return self.card if self.asked == 1 else None

        @resident.setter
        def resident(self, card):
            self.card = card

    kernel, block = make_kernel(), blocks_of(6, 1)[0]
    centres = centres_of(7)[0]
    kernel.relabel(block, centres)
    fields = {field.name: getattr(block, field.name) for field in dataclasses.fields(block)}
    np.testing.assert_array_equal(Losing(**fields).labels, reference.nearest(block.dn, centres))


def test_without_a_fallback_the_cards_errors_are_raised(emulated_cupy):
    kernel = cuda_kernel.CupyKernel(cuda_kernel.Card(0), None)
    emulated_cupy.fail["launch"] = RuntimeError("no")
    with pytest.raises(RuntimeError, match="no"):
        kernel.relabel(blocks_of(1, 1)[0], centres_of(1)[0])
    emulated_cupy.free = [0]
    with pytest.raises(MemoryError, match="no room"):
        cuda_kernel.CupyKernel(cuda_kernel.Card(0), None).relabel(blocks_of(1, 1)[0], centres_of(1)[0])


def test_labels_changed_on_the_host_are_sent_again(emulated_cupy):
    run = Run(make_kernel(), blocks_of(8, 2))
    other = NumpyKernel()
    for number, centres in enumerate(centres_of(9)):
        run.kernel = other if number % 3 == 1 else make_kernel()
        run.iterate(centres)
    run.finish()


def test_many_threads_share_the_card(emulated_cupy):
    kernel, executor, blocks = make_kernel(), ThreadExecutor(6), blocks_of(10, 24, 300)
    emulated_cupy.free = [1 << 40]
    for centres in centres_of(11):
        changed = sum(executor.each(lambda block, c=centres: kernel.relabel(block, c), blocks, Silent()))
    assert changed > 0
    for block in blocks:
        expected = reference.nearest(block.dn, centres)
        np.testing.assert_array_equal(block.labels, expected)
        np.testing.assert_array_equal(block.tally.total, reference.tally(block.dn, expected, 8).total)
    assert where(blocks) == [True] * 24


def test_a_whole_run_writes_the_same_rasters(emulated_cupy, small_series, request_of):
    request = request_of(*small_series, out="cpu", workers=2)
    run_cluster.cluster(request, kernel=NumpyKernel(), strip_pixels=600)
    kernel = make_kernel()
    run_cluster.cluster(request_of(*small_series, out="gpu", workers=2), kernel=kernel, strip_pixels=600)
    assert "launch" in dict(emulated_cupy.traffic)
    assert kernel.trouble == ""
    cpu, gpu = (listing(request.output.with_name(name)) for name in ("cpu", "gpu"))
    assert cpu.keys() == gpu.keys()
    same = [name for name in cpu if name.endswith((".tif", ".qml", "signatures.csv", "statistics.csv"))]
    assert len(same) == 8
    assert {name: cpu[name] for name in same} == {name: gpu[name] for name in same}


# --- with a GPU -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_card():
    """Return the CUDA device with most free memory, or skip and say why."""
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    try:
        number, _ = devices.most_free(cupy)
    except Exception as error:  # noqa: BLE001 - CuPy raises what it likes without a driver
        pytest.skip(f"there is no CUDA device ({first_line(error)})")
    return cuda_kernel.Card(number)


@pytest.mark.gpu
def test_a_real_card_passes_the_self_test(real_card):
    devices.test(real_card)


@pytest.mark.gpu
@pytest.mark.parametrize("k", [2, 3, 8, 16, 17, 32, 33, 64, 128, 254])
def test_hostile_pixels_on_a_real_card(real_card, k):
    kernel = cuda_kernel.CupyKernel(real_card, None)
    for n_bands in range(1, 7):
        rng = np.random.default_rng(1000 * k + n_bands)
        dn = hostile(rng, n_bands, 20_003)
        first = hostile_centres(rng, dn, k)
        few = first.copy()
        few[k // 2] += 5
        relabel_all(kernel, dn, [first, few, few, hostile_centres(rng, dn, k), first[::-1].copy()])


@pytest.mark.gpu
def test_a_large_block_on_a_real_card(real_card):
    rng = np.random.default_rng(5)
    dn = rng.integers(7000, 30000, (6, 5_000_001)).astype(np.uint16)
    ours, theirs = make_block(dn, 8), make_block(dn, 8)
    card, cpu = cuda_kernel.CupyKernel(real_card, None), NumpyKernel()
    for centres in centres_of(12)[:3]:
        assert card.relabel(ours, centres) == cpu.relabel(theirs, centres)
        np.testing.assert_array_equal(ours.tally.total, theirs.tally.total)
        np.testing.assert_array_equal(ours.tally.count, theirs.tally.count)
    np.testing.assert_array_equal(ours.labels, theirs.labels)


@pytest.mark.gpu
def test_pixels_that_pass_through_a_real_card(real_card):
    rng = np.random.default_rng(7)
    for k, n_bands, n in ((8, 6, 3_000_001), (254, 3, 20_003)):
        dn = hostile(rng, n_bands, n)
        ours, theirs = make_block(dn, k), make_block(dn, k)
        passing, cpu = cuda_kernel.PassingKernel(real_card), NumpyKernel()
        for centres in [hostile_centres(rng, dn, k) for _ in range(2)]:
            assert passing.relabel(ours, centres) == cpu.relabel(theirs, centres)
            np.testing.assert_array_equal(ours.tally.total, theirs.tally.total)
            np.testing.assert_array_equal(ours.labels, theirs.labels)


@pytest.mark.gpu
def test_blocks_in_part_on_a_real_card_and_many_threads(real_card, monkeypatch):
    monkeypatch.setattr(cuda_kernel, "LEAST_PIXELS", 10_000)
    blocks = blocks_of(8, 12, 100_000)
    kernel = cuda_kernel.CupyKernel(real_card, NumpyKernel(), room=7 * 100_000 * 13)
    executor = ThreadExecutor(6)
    for centres in centres_of(9):
        list(executor.each(lambda block, c=centres: kernel.relabel(block, c), blocks, Silent()))
        for block in blocks:
            expected = reference.nearest(block.dn, centres)
            np.testing.assert_array_equal(block.labels, expected)
            np.testing.assert_array_equal(block.tally.total, reference.tally(block.dn, expected, 8).total)
    assert kernel.trouble == ""
    assert 0 < sum(where(blocks)) < 12
    before = real_card.free_memory()
    kernel.close()
    assert real_card.free_memory() > before
