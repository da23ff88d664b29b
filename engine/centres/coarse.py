"""The coarse-to-fine start: k-means on ever finer sub-samples, so that few full iterations remain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.moves import Log
from ..pixels.block import Block, Tally
from ..pixels.sampling import SAMPLE_SIZE, Sample, smallest
from ..progress import Progress, Silent, check_cancelled
from ..scenes.scene import Strip
from .kmeans import Labelled, StopRule, lloyd, next_centres
from .starts import dark_to_bright, plus_plus

if TYPE_CHECKING:
    from ..arrays import Grid64
    from ..kernels.kernel import Kernel

# A class should have this many pixels in a sub-sample, on average, for its mean to mean something.
_PIXELS_PER_CLASS = 100
# A level only has to come near its own fixed point: what is left is small beside the sampling error, which is about
# 1/sqrt(members) of a class's spread.
_LEVEL_STOP = StopRule(max_iterations=200, tolerance_percent=0.05)
# Work for a thread, small enough for progress and cancel.
_BLOCK_PIXELS = 500_000


@dataclass(frozen=True)
class Level:
    """What a sub-sample contributed to the start."""

    share: int
    """One pixel in so many."""
    pixels: int
    """Valid pixels in it."""
    iterations: int
    """Iterations over it."""


def start(
    samples: Mapping[int, Sequence[Sample]],
    k: int,
    seed: int,
    kernel: Kernel,
    run: Callable[[Callable[[Block], int], Sequence[Block]], int],
    progress: Progress,
) -> tuple[Grid64, list[Level]]:
    """Return start centres from k-means++ and k-means on the sub-samples, coarsest first.

    Parameters
    ----------
    samples
        Share -> the strips' draws, in any order.
    k, seed
        Of the run.
    kernel
        What labels.
    run
        Maps a function over blocks and returns the sum of the results.
    progress
        Gets a line a level.

    Returns
    -------
    centres : (k, n_bands) int64
        In 1/64 DN, from dark to bright.
    levels : list of Level
    """
    drawn = {share: _joined(parts) for share, parts in sorted(samples.items(), reverse=True)}
    enough = [share for share, sample in drawn.items() if share > 1 and sample.hashes.size >= _PIXELS_PER_CLASS * k]
    first = drawn[enough[0] if enough else min(drawn)]
    centres = plus_plus(smallest(first.hashes, first.dn, SAMPLE_SIZE).dn, k, seed)
    levels: list[Level] = []
    for share in enough:
        check_cancelled(progress)
        blocks = _blocks(drawn[share], k)
        fit = lloyd(_labeller(blocks, kernel, run), centres, drawn[share].hashes.size, _LEVEL_STOP, Silent())
        centres = next_centres(fit.centres, fit.tally)
        levels.append(Level(share, int(drawn[share].hashes.size), len(fit.iterations)))
        progress.note(f"Start on 1/{share} of the pixels: {len(fit.iterations)} iterations over {levels[-1].pixels:,}")
    return dark_to_bright(centres), levels


def _joined(parts: Sequence[Sample]) -> Sample:
    return Sample(np.concatenate([part.hashes for part in parts]), np.concatenate([part.dn for part in parts], axis=1))


def _blocks(sample: Sample, k: int) -> list[Block]:
    n_bands, n = sample.dn.shape
    blocks = []
    for begin in range(0, n, _BLOCK_PIXELS):
        dn = np.ascontiguousarray(sample.dn[:, begin : begin + _BLOCK_PIXELS])
        labels = np.zeros(dn.shape[1], np.uint8)
        blocks.append(Block(Strip(0, 0, 0), np.empty(0, np.uint8), dn, labels, Tally.zero(k, n_bands)))
    return blocks


def _labeller(
    blocks: Sequence[Block], kernel: Kernel, run: Callable[[Callable[[Block], int], Sequence[Block]], int]
) -> Callable[[Grid64, Progress], Labelled]:
    moves = Log()

    def label(centres: Grid64, _: Progress) -> Labelled:
        moved = moves.follow(centres)
        changed = run(lambda block: kernel.relabel(block, centres, moved), blocks)
        tally = Tally.zero(*centres.shape)
        for block in blocks:
            tally.add(block.tally)
        return Labelled(changed, tally)

    return label
