"""The GPU kernel gives the reference's bits whatever the card does: full, failing, or gone in the middle of a run."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from iikmc.engine.errors import first_line
from iikmc.engine.kernels import moves as moves_module
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.cuda import card as cuda_card
from iikmc.engine.kernels.cuda import devices, ledger
from iikmc.engine.kernels.cuda import held as cuda_held
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.runs import cluster as run_cluster
from test_kernels import hostile, hostile_centres, relabel_all
from tiny import HAS_NUMBA, NumbaKernel, Subject, listing

CPU_KERNELS = [ReferenceKernel, NumpyKernel, *([NumbaKernel] if HAS_NUMBA else [])]


def make_kernel(fallback=None):
    return cuda_kernel.CupyKernel(cuda_card.Card(0), fallback or NumpyKernel())


def subjects_of(seed, number=4, n=900, k=8):
    rng = np.random.default_rng(seed)
    return [Subject(rng.integers(7000, 12000, (6, n)), k) for _ in range(number)]


def centres_of(seed, k=8):
    """Return centres and small moves of them, as late iterations bring them."""
    rng = np.random.default_rng(seed)
    first = 64 * rng.integers(7000, 12000, (k, 6))
    return [first, *(first + rng.integers(-40 * i, 40 * i + 1, first.shape) for i in range(1, 7))]


class Run:
    """Labels blocks with a kernel and checks all that it says against the reference; asks for labels when told to."""

    def __init__(self, kernel, subjects):
        self.kernel, self.subjects, self.log = kernel, subjects, moves_module.MoveLog()
        self.old = [np.zeros(subject.size, np.uint8) for subject in subjects]

    def iterate(self, centres, look=False):
        moved = self.log.follow(centres)
        for number, subject in enumerate(self.subjects):
            changed = subject.relabel(self.kernel, centres, moved)
            expected = reference.nearest(subject.dn, centres)
            assert changed == np.count_nonzero(expected != self.old[number])
            tally = reference.tally(subject.dn, expected, len(centres))
            np.testing.assert_array_equal(subject.tally.count, tally.count)
            np.testing.assert_array_equal(subject.tally.total, tally.total)
            if look:
                np.testing.assert_array_equal(subject.labels, expected)
            self.old[number] = expected

    def finish(self):
        for subject, expected in zip(self.subjects, self.old):
            np.testing.assert_array_equal(subject.labels, expected)


def where(subjects):
    return [bool(subject.held.pieces) for subject in subjects]


@pytest.mark.parametrize("look", [False, True])
def test_all_blocks_on_the_card(emulated_cupy, look):
    run = Run(make_kernel(), subjects_of(1))
    for centres in centres_of(2):
        run.iterate(centres, look)
    assert where(run.subjects) == [True] * 4
    run.finish()
    assert run.kernel.trouble == ""


def test_a_block_without_pixels_is_not_sent(emulated_cupy):
    subject = Subject(np.zeros((6, 0)), 8)
    assert subject.relabel(make_kernel(), centres_of(1)[0]) == 0
    assert subject.held.pieces == []


@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_what_does_not_fit_the_budget_is_done_by_the_cpu(emulated_cupy, fallback):
    size = 960 * 13  # rows of 15 cache lines: 900 pixels fill 14.06
    emulated_cupy.free = [int(2.5 * size / 0.85)]
    run = Run(make_kernel(fallback()), subjects_of(1))
    for centres in centres_of(3):
        run.iterate(centres)
    assert where(run.subjects) == [True, True, False, False]
    run.finish()
    # A block that is dropped gives its room to the next one.
    run.subjects, run.old = run.subjects[1:], run.old[1:]
    gc.collect()
    run.iterate(centres_of(4)[0])
    assert where(run.subjects) == [True, True, False]
    for centres in centres_of(4)[1:]:
        run.iterate(centres)
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_a_card_with_less_memory_than_it_said(emulated_cupy, fallback):
    emulated_cupy.memory = 30_000  # two blocks of 12,480 bytes and a bit of a third
    run = Run(make_kernel(fallback()), subjects_of(1))
    for centres in centres_of(5):
        run.iterate(centres)
    assert where(run.subjects) == [True, True, False, False]
    assert emulated_cupy.tidied == 2  # the third block, and room for blocks that pass through
    assert run.kernel.trouble == ""
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
@pytest.mark.parametrize("what", ["set", "launch", "get", "compile", "info", "empty", "synchronize"])
@pytest.mark.parametrize("when", range(3))
def test_a_card_that_fails_in_the_middle_of_a_run(emulated_cupy, fallback, what, when):
    run = Run(make_kernel(fallback()), subjects_of(6, 2, 400))
    for number, centres in enumerate(centres_of(7)):
        if number == when:
            emulated_cupy.fail[what] = RuntimeError("cudaErrorLaunchFailure: unspecified launch failure\nmore")
        run.iterate(centres)
    failed = what in ("set", "launch", "get", "synchronize") or (when == 0 and what in ("compile", "empty"))
    assert where(run.subjects) == [not failed] * 2
    doing = ledger.UPLOADING if when == 0 and what in ("set", "empty", "synchronize") else ledger.LABELLING
    failure = "RuntimeError: cudaErrorLaunchFailure: unspecified launch failure"
    assert run.kernel.trouble == (f"{doing} ({failure})" if failed else "")
    run.finish()


@pytest.mark.parametrize("fallback", CPU_KERNELS)
def test_labels_that_cannot_be_fetched_are_made_again(emulated_cupy, fallback):
    run = Run(make_kernel(fallback()), subjects_of(6, 2))
    sets = centres_of(7)
    for centres in sets[:3]:
        run.iterate(centres)
    emulated_cupy.fail["get"] = RuntimeError("the card fell off the bus")
    run.finish()
    for centres in sets[3:]:
        run.iterate(centres)
    assert where(run.subjects) == [False, False]
    run.finish()


def test_two_threads_may_ask_for_labels_of_a_card_that_is_gone(emulated_cupy):
    begun, go = threading.Event(), threading.Event()

    class Slow(NumpyKernel):
        def hold(self, *arguments):
            held = super().hold(*arguments)
            relabel = held.relabel

            def slowly(*others):
                begun.set()
                assert go.wait(10)
                return relabel(*others)

            held.relabel = slowly
            return held

    kernel, subject = make_kernel(Slow()), subjects_of(6, 1)[0]
    centres = centres_of(7)[0]
    subject.relabel(kernel, centres)
    expected = reference.nearest(subject.dn, centres)
    tally = reference.tally(subject.dn, expected, 8)
    emulated_cupy.fail["get"] = RuntimeError("the card fell off the bus")
    got = []
    threads = [threading.Thread(target=lambda: got.append(subject.labels.copy())) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    np.testing.assert_array_equal(subject.tally.count, tally.count)
    np.testing.assert_array_equal(subject.tally.total, tally.total)
    go.set()
    for thread in threads:
        thread.join()
    assert len(got) == 3
    for labels in got:
        np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(subject.tally.total, tally.total)
    assert subject.held.pieces == []
    assert kernel.trouble == f"{ledger.FETCHING} (RuntimeError: the card fell off the bus)"


def test_a_card_given_up_by_another_thread_while_labels_are_asked_for(emulated_cupy, monkeypatch):
    begun, go = threading.Event(), threading.Event()

    def broken(*_):
        begun.set()
        assert go.wait(10)
        raise RuntimeError("the card fell off the bus")

    kernel, subject = make_kernel(), subjects_of(6, 1)[0]
    centres = centres_of(7)[0]
    subject.relabel(kernel, centres)
    monkeypatch.setattr(kernel._card, "get_labels", broken)
    got = []
    asking = [threading.Thread(target=lambda: got.append(subject.labels.copy())) for _ in range(2)]
    closing = threading.Thread(target=kernel.close)
    for thread in (asking[0], asking[1], closing):
        thread.start()
        assert begun.wait(10)
    go.set()
    for thread in (*asking, closing):
        thread.join(10)
    assert len(got) == 2
    for labels in got:
        np.testing.assert_array_equal(labels, reference.nearest(subject.dn, centres))
    assert subject.held.pieces == []


def test_without_a_fallback_the_cards_errors_are_raised(emulated_cupy):
    kernel = cuda_kernel.CupyKernel(cuda_card.Card(0), None)
    emulated_cupy.fail["launch"] = RuntimeError("no")
    with pytest.raises(RuntimeError, match="no"):
        subjects_of(1, 1)[0].relabel(kernel, centres_of(1)[0])
    emulated_cupy.free = [0]
    with pytest.raises(MemoryError, match="no room"):
        subjects_of(1, 1)[0].relabel(cuda_kernel.CupyKernel(cuda_card.Card(0), None), centres_of(1)[0])


def test_labels_made_by_another_kernel_are_sent_with_the_pixels(emulated_cupy):
    run = Run(make_kernel(), subjects_of(8, 2))
    other = NumpyKernel()
    for number, centres in enumerate(centres_of(9)):
        run.kernel = other if number % 3 == 1 else make_kernel()
        run.iterate(centres)
    run.finish()


def test_many_threads_share_the_card(emulated_cupy, pool):
    kernel, subjects = make_kernel(), subjects_of(10, 24, 300)
    emulated_cupy.free = [1 << 40]
    for centres in centres_of(11):
        changed = sum(pool.map(lambda subject, c=centres: subject.relabel(kernel, c), subjects))
    assert changed > 0
    for subject in subjects:
        expected = reference.nearest(subject.dn, centres)
        np.testing.assert_array_equal(subject.labels, expected)
        np.testing.assert_array_equal(subject.tally.total, reference.tally(subject.dn, expected, 8).total)
    assert where(subjects) == [True] * 24


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
    return cuda_card.Card(number)


@pytest.mark.gpu
def test_a_real_card_passes_the_self_test(real_card):
    devices.test(real_card, wide=False)
    devices.test(real_card, wide=True)


@pytest.mark.gpu
@pytest.mark.parametrize("k", [2, 3, 8, 16, 17, 32, 33, 64, 128, 254])
def test_hostile_pixels_on_a_real_card(real_card, k):
    kernel = cuda_kernel.CupyKernel(real_card, None)
    for n_bands in range(1, 11):
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
    ours, theirs = Subject(dn, 8), Subject(dn, 8)
    card, cpu = cuda_kernel.CupyKernel(real_card, None), NumpyKernel()
    for centres in centres_of(12)[:3]:
        assert ours.relabel(card, centres) == theirs.relabel(cpu, centres)
        np.testing.assert_array_equal(ours.tally.total, theirs.tally.total)
        np.testing.assert_array_equal(ours.tally.count, theirs.tally.count)
    np.testing.assert_array_equal(ours.labels, theirs.labels)


@pytest.mark.gpu
def test_pixels_that_pass_through_a_real_card(real_card):
    rng = np.random.default_rng(7)
    for k, n_bands, n in ((8, 6, 3_000_001), (254, 3, 20_003)):
        dn = hostile(rng, n_bands, n)
        ours, theirs = Subject(dn, k), Subject(dn, k)
        passing, cpu = cuda_kernel.PassingKernel(real_card), NumpyKernel()
        for centres in [hostile_centres(rng, dn, k) for _ in range(2)]:
            assert ours.relabel(passing, centres) == theirs.relabel(cpu, centres)
            np.testing.assert_array_equal(ours.tally.total, theirs.tally.total)
            np.testing.assert_array_equal(ours.labels, theirs.labels)


@pytest.mark.gpu
def test_blocks_in_part_on_a_real_card_and_many_threads(real_card, monkeypatch, pool):
    monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 10_000)
    subjects = subjects_of(8, 12, 100_000)
    kernel = cuda_kernel.CupyKernel(real_card, NumpyKernel(), room=7 * 100_000 * 13)
    for centres in centres_of(9):
        list(pool.map(lambda subject, c=centres: subject.relabel(kernel, c), subjects))
        for subject in subjects:
            expected = reference.nearest(subject.dn, centres)
            np.testing.assert_array_equal(subject.labels, expected)
            np.testing.assert_array_equal(subject.tally.total, reference.tally(subject.dn, expected, 8).total)
    assert kernel.trouble == ""
    assert 0 < sum(where(subjects)) < 12
    before = real_card.free_memory()
    kernel.close()
    assert real_card.free_memory() > before
