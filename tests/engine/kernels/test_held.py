"""What every kernel promises of the blocks it holds, alone and one after the other: changes, hand-overs, leaving."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.cuda import card as cuda_card
from iikmc.engine.kernels.cuda import held as cuda_held
from iikmc.engine.kernels.cuda import kernel as cuda_kernel
from iikmc.engine.kernels.cuda import ledger
from iikmc.engine.kernels.kernel import Labelling
from iikmc.engine.kernels.moves import MoveLog
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.pixels.block import Block
from test_gpu_kernel import centres_of
from tiny import HAS_NUMBA, KERNELS, NumbaKernel, Subject

N = 900
BESIDE = NumbaKernel if HAS_NUMBA else NumpyKernel


def whole_on_card():
    return cuda_kernel.CupyKernel(cuda_card.Card(0), NumpyKernel())


def partly_on_card():
    return cuda_kernel.CupyKernel(cuda_card.Card(0), BESIDE(), room=7 * cuda_card.Card.size(6, N // 8))


def off_card():
    return cuda_kernel.CupyKernel(cuda_card.Card(0), BESIDE(), room=0)


def passing():
    return cuda_kernel.PassingKernel(cuda_card.Card(0))


ON_CARD = (whole_on_card, partly_on_card, off_card, passing)
ALL = (*KERNELS, *ON_CARD)


def named(kinds):
    return [kind.__name__ for kind in kinds]


@pytest.fixture
def make(request, monkeypatch):
    """Make a kernel of a kind; those of the card need the emulated one."""

    def one(kind):
        if kind in ON_CARD:
            request.getfixturevalue("emulated_cupy")
            monkeypatch.setattr(cuda_held, "LEAST_PIXELS", 50)
        return kind()

    return one


def pixels(seed, n=N):
    return np.random.default_rng(seed).integers(7000, 12000, (6, n)).astype(np.uint16)


def apart(seed):
    """Return small moves of centres, which few pixels notice, and then large ones."""
    return [*centres_of(seed), *centres_of(seed + 1)]


@pytest.mark.parametrize("kind", ALL, ids=named(ALL))
def test_a_change_is_exactly_the_difference(make, kind):
    kernel, subject, log = make(kind), Subject(pixels(1), 8), MoveLog()
    held = subject.hold(kernel)
    assert held.block is subject.block
    assert not held.labels().any()
    assert not held.tally.count.any()
    before = held.labels().copy()
    added = held.tally.copy()
    for centres in apart(2):
        earlier = held.tally.copy()
        change = held.relabel(centres, log.follow(centres))
        expected = reference.nearest(subject.dn, centres)
        tally = reference.tally(subject.dn, expected, 8)
        assert type(change.changed) is int
        assert change.changed == np.count_nonzero(expected != before)
        for name in ("count", "total"):
            difference = getattr(change.tally, name)
            assert difference.dtype == np.int64
            np.testing.assert_array_equal(difference, getattr(tally, name) - getattr(earlier, name))
            np.testing.assert_array_equal(getattr(held.tally, name), getattr(tally, name))
        np.testing.assert_array_equal(held.labels(), expected)
        added.add(change.tally)
        before = expected
    # Nobody who adds the changes up changes the block's own sums, nor the other way round.
    np.testing.assert_array_equal(added.total, held.tally.total)
    change.tally.total += 1
    np.testing.assert_array_equal(added.total, held.tally.total)


@pytest.mark.parametrize("kind", ALL, ids=named(ALL))
def test_pixels_are_never_written_to(make, kind):
    kernel, dn = make(kind), pixels(3)
    kept = dn.copy()
    # Numba's loops are compiled for writable arrays alone; what they do is seen.
    dn.flags.writeable = kind is off_card or (isinstance(kind, type) and issubclass(kind, NumbaKernel))
    subject, log = Subject(Block.loose(dn), 8), MoveLog()
    for centres in apart(4):
        subject.relabel(kernel, centres, log.follow(centres))
        np.testing.assert_array_equal(dn, kept)
    assert subject.block.stored is dn


@pytest.mark.parametrize("second", ALL, ids=named(ALL))
@pytest.mark.parametrize("first", ALL, ids=named(ALL))
def test_labels_are_handed_over(make, first, second):
    kernels = [make(first), make(second)]
    subject, log, old = Subject(pixels(5), 8), MoveLog(), np.zeros(N, np.uint8)
    for number, centres in enumerate(apart(6)):
        # Each goes on for a few labellings, and comes back later.
        change = subject.hold(kernels[number // 3 % 2]).relabel(centres, log.follow(centres))
        expected = reference.nearest(subject.dn, centres)
        assert change.changed == np.count_nonzero(expected != old)
        np.testing.assert_array_equal(subject.tally.total, reference.tally(subject.dn, expected, 8).total)
        if number % 2:
            np.testing.assert_array_equal(subject.labels, expected)
        old = expected


@pytest.mark.parametrize("kind", ALL, ids=named(ALL))
def test_what_is_handed_over_is_used_and_not_made_again(make, kind):
    # Labels that are nobody's nearest: where nothing is labelled they stay, and the change is told against them.
    kernel, dn = make(kind), pixels(7)
    labels = np.random.default_rng(8).integers(1, 9, N).astype(np.uint8)
    given = Labelling(labels.copy(), reference.tally(dn, labels, 8))
    held = kernel.hold(Block.loose(dn), 8, given)
    np.testing.assert_array_equal(held.labels(), labels)
    np.testing.assert_array_equal(held.tally.count, np.bincount(labels, minlength=9)[1:])
    centres = centres_of(9)[0]
    expected = reference.nearest(dn, centres)
    change = held.relabel(centres)
    assert change.changed == np.count_nonzero(expected != labels)
    tally, earlier = reference.tally(dn, expected, 8), reference.tally(dn, labels, 8)
    np.testing.assert_array_equal(change.tally.total, tally.total - earlier.total)
    np.testing.assert_array_equal(held.labels(), expected)


@pytest.mark.parametrize("kind", ALL, ids=named(ALL))
@pytest.mark.parametrize("asked", ["before", "after", "never"])
def test_after_leaving_labels_can_be_had_and_labelling_goes_on(make, kind, asked):
    kernel, subject, log, old = make(kind), Subject(pixels(10), 8), MoveLog(), np.zeros(N, np.uint8)
    subject.hold(kernel).leave()
    for centres in apart(11):
        assert subject.relabel(kernel, centres, log.follow(centres)) == np.count_nonzero(
            reference.nearest(subject.dn, centres) != old
        )
        old = reference.nearest(subject.dn, centres)
        if asked == "before":
            np.testing.assert_array_equal(subject.labels, old)
        subject.held.leave()
        assert not getattr(subject.held, "pieces", [])
        assert not getattr(subject.held, "knows_gaps", False)
        np.testing.assert_array_equal(subject.tally.total, reference.tally(subject.dn, old, 8).total)
        if asked == "after":
            np.testing.assert_array_equal(subject.labels, old)
    np.testing.assert_array_equal(subject.labels, old)


@pytest.mark.parametrize("kind", ON_CARD[:2], ids=named(ON_CARD[:2]))
def test_a_block_that_left_the_card_comes_back(emulated_cupy, make, kind):
    kernel, subject = make(kind), Subject(pixels(12), 8)
    sets = apart(13)
    subject.relabel(kernel, sets[0])
    spans = [(piece.begin, piece.end) for piece in subject.held.pieces]
    assert emulated_cupy.taken > 0
    subject.held.leave()
    kernel.close()
    gc.collect()
    assert emulated_cupy.taken == 0
    subject.relabel(kernel, sets[1])
    assert [(piece.begin, piece.end) for piece in subject.held.pieces] == spans
    assert kernel.trouble == ""
    np.testing.assert_array_equal(subject.labels, reference.nearest(subject.dn, sets[1]))


@pytest.mark.parametrize("way", ["leave", "close"])
@pytest.mark.parametrize("kind", ON_CARD[:2], ids=named(ON_CARD[:2]))
def test_a_block_that_left_the_card_needs_no_card(emulated_cupy, make, kind, way):
    kernel, subject, sets = make(kind), Subject(pixels(14), 8), apart(15)
    subject.relabel(kernel, sets[0])
    fetched = emulated_cupy.count("get")
    number = len(subject.held.pieces)
    (subject.held.leave if way == "leave" else kernel.close)()
    # Who leaves in the middle of a run needs the labels; at its end hardly anybody does, and they can be made again.
    assert emulated_cupy.count("get") - fetched == (number if way == "leave" else 0)
    for what in ("get", "set", "launch", "synchronize"):
        emulated_cupy.fail[what] = RuntimeError("the card fell off the bus")
    np.testing.assert_array_equal(subject.labels, reference.nearest(subject.dn, sets[0]))
    assert kernel.trouble == ""
    assert subject.relabel(kernel, sets[1]) == np.count_nonzero(
        reference.nearest(subject.dn, sets[0]) != reference.nearest(subject.dn, sets[1])
    )
    np.testing.assert_array_equal(subject.labels, reference.nearest(subject.dn, sets[1]))


@pytest.mark.parametrize("kind", ON_CARD[:2], ids=named(ON_CARD[:2]))
def test_a_card_that_fails_when_it_is_left(emulated_cupy, make, kind):
    kernel, subject, sets = make(kind), Subject(pixels(21), 8), apart(22)
    subject.relabel(kernel, sets[0])
    emulated_cupy.fail["get"] = RuntimeError("the card fell off the bus")
    subject.held.leave()
    assert kernel.trouble == f"{ledger.FETCHING} (RuntimeError: the card fell off the bus)"
    for number in (0, 1):
        np.testing.assert_array_equal(subject.labels, reference.nearest(subject.dn, sets[number]))
        subject.relabel(kernel, sets[number + 1])


@pytest.mark.parametrize("kind", ON_CARD[:2], ids=named(ON_CARD[:2]))
def test_labels_come_home_once_however_many_ask(emulated_cupy, make, kind):
    kernel, subject, centres = make(kind), Subject(pixels(16), 8), centres_of(17)[0]
    subject.relabel(kernel, centres)
    emulated_cupy.traffic.clear()
    got = []
    threads = [threading.Thread(target=lambda: got.append(subject.labels.copy())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert emulated_cupy.count("get") == len(subject.held.pieces)
    for labels in got:
        np.testing.assert_array_equal(labels, reference.nearest(subject.dn, centres))


@pytest.mark.skipif(not HAS_NUMBA, reason="Numba is not installed")
def test_keys_of_the_rest_survive_on_the_cpu_alone(make):
    """Beside the card the CPU's kernel goes on with what it knows; after a pass through the card it knows nothing."""
    kernel = make(off_card)
    subject, log, centres = Subject(pixels(18, 5000), 8), MoveLog(), centres_of(19)[0]
    kernel._ledger.rates.close()
    subject.relabel(kernel, centres, log.follow(centres))
    (part,) = subject.held.rest
    part.held.expect_few_doubts(log.follow(centres).history)
    subject.relabel(kernel, centres, log.follow(centres))
    assert part.held.knows_gaps
    key = part.held.gaps.key
    subject.relabel(kernel, centres + 1, log.follow(centres + 1))
    assert subject.held.rest == [part]
    assert part.held.gaps.key is key
    assert part._pass_through(centres_of(20)[0]) is not None
    assert not part.held.knows_gaps
    np.testing.assert_array_equal(part.held.labels(), reference.nearest(subject.dn, centres_of(20)[0]))
