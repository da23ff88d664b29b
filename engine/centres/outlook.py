"""How long an iteration will go on: a guess, by which kernels know what is worth preparing. It changes no result."""

from __future__ import annotations

import math

from .kmeans import StopRule

COLD, WARM = 10.0, 3.0
"""Labellings that a run to the stop at 1 % is expected to take at least.

From start centres that know nothing of classes, with 4 to 64 of them, full or real scenes were seen to take 7 to 60;
from those of the coarse-to-fine start or of an earlier run 2 or 3.
"""
# The share of the last changes that the next labelling makes, where it is not known yet, and the ends of what is
# believed. Changes come in waves on real pixels, and fall ever more slowly: of a trend only the root is taken.
_USUAL, _STEEPEST, _FLATTEST = 0.8, 0.5, 0.97
_LOOKED_AT = 3


class Outlook:
    """Follows how many pixels change class, and tells how many labellings are likely to follow."""

    def __init__(self, stop: StopRule, pixels: int, expected: float) -> None:
        """Begin before the first labelling.

        Parameters
        ----------
        stop
            The stop rule.
        pixels
            Number of pixels.
        expected
            Labellings that are expected at least, such as `COLD`.
        """
        self._most = stop.max_iterations
        self._expected = expected
        # A run to the fixed point ends when not one pixel changes.
        self._goal = max(stop.tolerance_percent / 100 * pixels, 0.5)
        self._changed: list[int] = []

    def saw(self, changed: int) -> None:
        """Learn how many pixels a labelling has changed."""
        self._changed.append(changed)

    def ahead(self) -> float:
        """Return about how many labellings there will be, the next one included."""
        done = len(self._changed)
        # The first labelling changes all pixels, which tells nothing.
        seen = self._changed[1:][-_LOOKED_AT - 1 :]
        if not seen:
            return min(self._most, self._expected) - done
        first, last = max(seen[0], 1), max(seen[-1], 1)
        trend = (last / first) ** (0.5 / (len(seen) - 1)) if len(seen) > 1 else _USUAL
        left = math.log(self._goal / last) / math.log(min(max(trend, _STEEPEST), _FLATTEST))
        return min(self._most - done, max(left, 1.0))
