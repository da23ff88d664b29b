"""Which way a block goes that is not on the card: through it or by the CPU, whichever is faster in this run."""

from __future__ import annotations

import threading

# Weight of the latest block in the mean of a way.
_LATEST = 0.5


class Rates:
    """Seconds that a thread spends on a pixel, either way; any thread may ask and tell.

    A thread that sends a block through the card does not label one itself, so what a block costs is the time of the
    thread that sees to it, whatever the other threads do. Either way gives the same integers.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._through: float | None = None
        self._cpu: float | None = None
        self._trying = False
        self._warm = False
        self._closed = False

    def passing_pays(self) -> bool:
        """Tell whether the next block should pass through the card; `passed` or `missed` must follow if so."""
        with self._lock:
            if self._closed:
                return False
            if self._through is not None:
                return self._cpu is not None and self._through < self._cpu
            # To find out: one at a time, so that the others do not wait for what may turn out to be slow.
            trying, self._trying = self._trying, True
            return not trying

    def passed(self, pixels: int, seconds: float) -> None:
        """Learn how long a block took through the card."""
        with self._lock:
            # The first one waited for its buffers to be made: its time says nothing.
            if self._warm:
                self._through = _mean(self._through, seconds / pixels)
            self._warm, self._trying = True, False

    def missed(self) -> None:
        """Learn that the card was busy with others."""
        with self._lock:
            self._trying = False

    def labelled(self, pixels: int, seconds: float) -> None:
        """Learn how long the CPU took for a block."""
        with self._lock:
            self._cpu = _mean(self._cpu, seconds / pixels)

    def close(self) -> None:
        """Let nothing pass any more."""
        with self._lock:
            self._closed = True

    def about(self) -> dict[str, float | None]:
        """Return the nanoseconds a pixel of both ways; None = not measured."""
        with self._lock:
            return {
                name: None if rate is None else round(1e9 * rate, 3)
                for name, rate in (("through", self._through), ("cpu", self._cpu))
            }


def _mean(old: float | None, new: float) -> float:
    return new if old is None else (1 - _LATEST) * old + _LATEST * new
