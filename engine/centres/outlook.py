"""How long an iteration will go on: a guess, by which kernels know what is worth preparing. It changes no result."""

from __future__ import annotations

import math

from .kmeans import StopRule

# Of a run that has just begun nothing is known: real and simulated series took 7 to 50 iterations.
_AT_FIRST = 6.0
# Changes fall in waves on real pixels: the trend of so many iterations is taken, and never for steeper or flatter.
_LOOKED_AT = 3
_STEEPEST, _FLATTEST = 0.3, 0.97


class Outlook:
    """Follows how many pixels change class, and tells how many labellings are likely to follow."""

    def __init__(self, stop: StopRule, pixels: int) -> None:
        self._stop = stop
        # A run to the fixed point ends when not one pixel changes.
        self._goal = max(stop.tolerance_percent / 100 * pixels, 0.5)
        self._changed: list[int] = []

    def saw(self, changed: int) -> None:
        """Learn how many pixels a labelling has changed."""
        self._changed.append(changed)

    def ahead(self) -> float:
        """Return about how many labellings there will be, the next one included."""
        done = len(self._changed)
        left = float(self._stop.max_iterations - done)
        # The first labelling changes all pixels, which tells nothing.
        seen = self._changed[1:][-_LOOKED_AT - 1 :]
        if len(seen) < 2:
            return min(left, max(_AT_FIRST - done, 1.0))
        first, last = max(seen[0], 1), max(seen[-1], 1)
        trend = min(max((last / first) ** (1 / (len(seen) - 1)), _STEEPEST), _FLATTEST)
        return min(left, max(math.log(self._goal / last) / math.log(trend), 1.0))
