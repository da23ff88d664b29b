"""The wall seconds of a run's stages."""

from __future__ import annotations

import time


class Clock:
    """Wall seconds of the stages."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = self._began = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Note the time since the last stage ended."""
        now = time.perf_counter()
        self.laps[stage] = round(now - self._last, 3)
        self._last = now

    def elapsed(self) -> float:
        """Return the time since the run began."""
        return time.perf_counter() - self._began
