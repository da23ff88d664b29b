"""The iteration, step 5 of "What is computed" in docs/method.md.

It knows no raster, thread or device, only a function that labels.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..pixels.block import Tally
from ..progress import Progress, Span
from ..sensors.scale import SCALE
from .fit import Fit, IterationRecord

if TYPE_CHECKING:
    from ..arrays import Grid64

# Runs of 10 to 30 iterations to the 1 % stop are usual; 0.88 puts the bar at 72 % after 10 and at 98 % after 30.
_SHARE_LEFT = 0.88


@dataclass(frozen=True)
class StopRule:
    """When the iteration ends."""

    max_iterations: int
    """At least 1."""
    tolerance_percent: float
    """The run stops when fewer than this share of the pixels changed class."""

    def reached(self, changed: int, pixels: int) -> bool:
        """Tell whether changed/pixels < tolerance, exactly as the number is written (0.1 is a tenth)."""
        return 100 * changed < Fraction(str(self.tolerance_percent)) * pixels


@dataclass(frozen=True)
class Labelled:
    """What one labelling of all pixels gives."""

    changed: int
    """Pixels whose class changed; all of them the first time."""
    tally: Tally
    """Members and sums of the classes."""


def next_centres(centres: Grid64, tally: Tally) -> Grid64:
    """Return the means of the members, rounded half up to 1/64 DN; a class without members keeps its centre.

    Notes
    -----
    floor(64 S/n + 1/2) = (128 S + n) // (2 n). With S <= 65535 * 1e10 the numerator stays below 2**57. The rounded mean
    is the best centre on the grid, so the cost never rises, and half up makes moves of equal cost go one way: a fixed
    point is always reached.
    """
    new = centres.copy()
    has = tally.count > 0
    n = tally.count[has][:, None]
    new[has] = (2 * GRID * tally.total[has] + n) // (2 * n)
    return new


def largest_move_dn(old: Grid64, new: Grid64) -> float:
    """Return the longest Euclidean way of a centre, in DN."""
    squared = ((new - old) ** 2).sum(axis=1)
    return math.sqrt(int(squared.max())) / GRID


def lloyd(
    label: Callable[[Grid64, Progress], Labelled],
    start: Grid64,
    pixels: int,
    stop: StopRule,
    progress: Progress,
    keep: Callable[[Fit], object] | None = None,
) -> Fit:
    """Iterate to the stop rule.

    Parameters
    ----------
    label
        Labels all pixels with the given centres; its progress is that of one iteration.
    start
        (k, n_bands) start centres in 1/64 DN.
    pixels
        Number of valid pixels, at least 1.
    stop
        The stop rule.
    progress
        Gets one line an iteration.
    keep
        Called after every iteration with what the run would give if it ended there.

    Returns
    -------
    Fit
        Its centres are those that the labels were made with.
    """
    centres = start
    records: list[IterationRecord] = []
    while True:
        number = len(records) + 1
        began = time.perf_counter()
        # Nobody knows how many iterations there will be: each takes a fixed share of what is left of the bar.
        left = _SHARE_LEFT ** (number - 1)
        labelled = label(centres, Span(progress, 1 - left, 1 - left * _SHARE_LEFT))
        proposed = next_centres(centres, labelled.tally)
        move = largest_move_dn(centres, proposed)
        percent = 100.0 * labelled.changed / pixels
        records.append(IterationRecord(number, labelled.changed, percent, move, time.perf_counter() - began))
        progress.stage(
            f"Iteration {number}: {percent:.2f} % of pixels changed class, largest centre move {move:.1f} DN "
            f"({move * SCALE:.4f} in reflectance)"
        )
        settled = bool(np.array_equal(proposed, centres)) or (number > 1 and stop.reached(labelled.changed, pixels))
        fit = Fit(centres, labelled.tally, tuple(records), settled)
        if keep is not None:
            keep(fit)
        if settled or number >= stop.max_iterations:
            return fit
        centres = proposed
