"""Does a kernel give the reference's bits on this machine? Asked before a compiled kernel is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..pixels.block import Block
from ..pixels.packing import NumpyPacker, Packer
from ..quantities import counted
from ..scenes.selection import MaskRule
from ..sensors.flags import DEFAULT_FLAGS
from . import moves, reference
from .margins import Judge, Judging, NumpyJudge

if TYPE_CHECKING:
    from ..arrays import DN, Grid64
    from .kernel import Held, Kernel

# Classes and bands: the smallest, a group of 8 and one more, the largest; every number of bands.
_CASES = ((2, 1), (8, 6), (9, 2), (3, 3), (17, 4), (8, 5), (254, 6))
# The same with more bands than `NARROW`, which are tested apart as they are compiled apart; groups are of 4 there.
_WIDE_CASES = ((2, 7), (4, 10), (9, 8), (17, 9), (254, 10))
# Pixels of a block: more than a chunk of the compiled kernels, and no multiple of anything.
_PIXELS = 1203
_EXTREMES = (1, 2, 7273, 32767, 32768, 43636, 65534, 65535)
# Ways of the centres in 1/64 DN: none, one step, less and more than a quantum of the keys, some DN.
_MOVES = (0, 1, 7, 300)


def check(kernel: Kernel, wide: bool = False) -> None:
    """Compare a kernel with the reference on hostile pixels: extremes, ties, near ties, moving centres.

    Parameters
    ----------
    kernel
        Labels.
    wide
        Whether the pixels have more than `NARROW` bands, or at most as many.

    Raises
    ------
    ArithmeticError
        It gave another answer.
    """
    rng = np.random.default_rng(20240102)
    for k, n_bands in _WIDE_CASES if wide else _CASES:
        dn = _pixels(rng, n_bands)
        centres = _centres(rng, dn, k)
        log = moves.MoveLog()
        held = kernel.hold(Block.loose(dn), k)
        _compare(held, centres, None)
        for move in _MOVES:
            centres = np.clip(centres + rng.integers(-move, move + 1, centres.shape), 0, 65535 * GRID)
            moved = log.follow(centres)
            if move == _MOVES[1] and hasattr(held, "expect_few_doubts"):
                # Kernels that make keys make them now, and use them from then on.
                held.expect_few_doubts(moved.history)
            _compare(held, centres, moved)


def _pixels(rng: np.random.Generator, n_bands: int) -> DN:
    dn = rng.choice(np.array(_EXTREMES), (n_bands, _PIXELS))
    usual = rng.random(_PIXELS) < 0.5
    dn[:, usual] = rng.integers(7000, 30000, (n_bands, int(usual.sum())))
    return np.ascontiguousarray(dn, np.uint16)


def _centres(rng: np.random.Generator, dn: DN, k: int) -> Grid64:
    """Return centres on pixels, midway between two pixels, at the extremes, and some of them twice."""
    n = dn.shape[1]
    pixels = dn.astype(np.int64)
    centres = GRID * pixels[:, rng.integers(0, n, k)].T
    midway = np.arange(k) % 3 == 1
    centres[midway] = GRID // 2 * (pixels[:, rng.integers(0, n, k)] + pixels[:, rng.integers(0, n, k)]).T[midway]
    centres[-1] = GRID * 65535
    if k > 3:
        centres[2] = centres[0]
        centres[3] = 0
    return np.ascontiguousarray(centres)


def _compare(held: Held, centres: Grid64, moved: moves.Moves | None) -> None:
    dn, before, earlier = held.block.dn, held.labels().copy(), held.tally.copy()
    expected = reference.nearest(dn, centres)
    change = held.relabel(centres, moved)
    tally = reference.tally(dn, expected, centres.shape[0])
    if not (
        change.changed == int(np.count_nonzero(expected != before))
        and np.array_equal(held.labels(), expected)
        and np.array_equal(held.tally.count, tally.count)
        and np.array_equal(held.tally.total, tally.total)
        and np.array_equal(change.tally.count, tally.count - earlier.count)
        and np.array_equal(change.tally.total, tally.total - earlier.total)
    ):
        k, n_bands = centres.shape
        raise ArithmeticError(f"its self-test found another answer than the reference (k = {k}, {n_bands} bands)")


def check_packer(packer: Packer) -> None:
    """Compare a packer with the NumPy one on a strip that has every kind of invalid pixel.

    Raises
    ------
    ArithmeticError
        It gave another answer.
    """
    rng = np.random.default_rng(20240102)
    # More than a chunk of the compiled loops, and no multiple of anything.
    height, width = 5, 1203
    rule = MaskRule(DEFAULT_FLAGS, True)
    for n_bands in (1, 6, 8, 10):
        bands = rng.choice(np.array(_EXTREMES, np.uint16), (n_bands, height, width))
        bands[:, rng.random((height, width)) < 0.02] = 0
        qa = np.repeat(rng.choice(np.array([1, 21824, 22280, 23888, 21762], np.uint16), height * width // 9 + 1), 9)
        qa = qa[: height * width].reshape(height, width)
        radsat = (rng.random((height, width)) < 0.02).astype(np.uint16)
        theirs, ours = (one.pack(bands, qa, radsat, rule, 1) for one in (packer, NumpyPacker()))
        labels = rng.integers(1, 9, ours.audit.valid).astype(np.uint8)
        answers = [
            (one.spread(ours.valid, labels, height, width), one.squares(ours.dn, labels, 8))
            for one in (packer, NumpyPacker())
        ]
        pairs = [
            (theirs.valid, ours.valid),
            (theirs.dn, ours.dn),
            (theirs.low, ours.low),
            (theirs.high, ours.high),
            *zip(*answers),
        ]
        if theirs.audit != ours.audit or not all(np.array_equal(one, other) for one, other in pairs):
            raise ArithmeticError(f"the packer differs from NumPy's with {counted(n_bands, 'band')}")


def check_judge(judge: Judge) -> None:
    """Compare a judge with the NumPy one on hostile pixels: extremes, ties, centres that there are twice.

    Raises
    ------
    ArithmeticError
        It gave another answer.
    """
    rng = np.random.default_rng(20240102)
    for k, n_bands in (*_CASES, *_WIDE_CASES):
        dn = _pixels(rng, n_bands)
        centres = _centres(rng, dn, k)
        labels = reference.nearest(dn, centres)
        for judging in (Judging(True), Judging(False, 1 << 30), Judging(True, 0)):
            theirs, ours = (one.judge(dn, labels, centres, judging) for one in (judge, NumpyJudge()))
            same = np.array_equal(theirs.labels, ours.labels)
            if theirs.margins is not None and ours.margins is not None:
                same = same and np.array_equal(theirs.margins, ours.margins)
            if not same or (theirs.margins is None) != (ours.margins is None):
                raise ArithmeticError(f"its judge differs from NumPy's (k = {k}, {n_bands} bands)")
