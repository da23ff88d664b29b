"""The coarse-to-fine start: k-means on ever finer sub-samples, so that few full iterations remain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..pixels.sampling import SAMPLE_SIZE, Sample, smallest
from ..progress import Progress, check_cancelled
from .fit import Fit
from .kmeans import StopRule, next_centres
from .starts import dark_to_bright, plus_plus

if TYPE_CHECKING:
    from ..arrays import DN, Grid64

# A class should have this many pixels in a sub-sample, on average, for its mean to mean something.
_PIXELS_PER_CLASS = 100
# A level only has to come near its own fixed point: what is left is small beside the sampling error, which is about
# 1/sqrt(members) of a class's spread.
_LEVEL_STOP = StopRule(max_iterations=200, tolerance_percent=0.05)
# Work for a thread, small enough for progress and cancel.
_BLOCK_PIXELS = 500_000


def start(
    samples: Mapping[int, Sequence[Sample]],
    k: int,
    seed: int,
    fit: Callable[[Sequence[DN], Grid64, StopRule], Fit],
    progress: Progress,
) -> Grid64:
    """Return start centres from k-means++ and k-means on the sub-samples, coarsest first.

    Parameters
    ----------
    samples
        Share -> the strips' draws, in any order.
    k, seed
        Of the run.
    fit
        Iterates over pixels, given in parts of (n_bands, n), from these centres to the stop rule.
    progress
        Gets a line a sub-sample.

    Returns
    -------
    (k, n_bands) int64
        In 1/64 DN, from dark to bright.
    """
    drawn = {share: _joined(parts) for share, parts in sorted(samples.items(), reverse=True)}
    enough = [share for share, sample in drawn.items() if share > 1 and sample.hashes.size >= _PIXELS_PER_CLASS * k]
    first = drawn[enough[0] if enough else min(drawn)]
    centres = plus_plus(smallest(first.hashes, first.dn, SAMPLE_SIZE).dn, k, seed)
    for share in enough:
        check_cancelled(progress)
        sample = drawn[share]
        found = fit(_parts(sample), centres, _LEVEL_STOP)
        centres = next_centres(found.centres, found.tally)
        progress.note(
            f"Start on 1/{share} of the pixels: {len(found.iterations)} iterations over {sample.hashes.size:,}"
        )
    return dark_to_bright(centres)


def _joined(parts: Sequence[Sample]) -> Sample:
    return Sample(np.concatenate([part.hashes for part in parts]), np.concatenate([part.dn for part in parts], axis=1))


def _parts(sample: Sample) -> list[DN]:
    n = sample.dn.shape[1]
    return [np.ascontiguousarray(sample.dn[:, begin : begin + _BLOCK_PIXELS]) for begin in range(0, n, _BLOCK_PIXELS)]
