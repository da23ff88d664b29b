"""Shows the engine's progress in a Processing dialog or in qgis_process."""

from __future__ import annotations

import time
from collections.abc import Callable

from qgis.core import QgsProcessingFeedback

SHORTEST_INTERVAL = 0.1
"""Seconds between two moves of the progress bar: each one makes the dialog redraw."""


class FeedbackProgress:
    """A QgsProcessingFeedback as the engine's `Progress`.

    The bar moves at most ten times a second. What was held back is shown before the next line of text and when
    the work is complete, so the bar never lags behind the log.
    """

    def __init__(self, feedback: QgsProcessingFeedback, spoken: Callable[[str], str] = str) -> None:
        """Take the feedback, and what makes the engine's texts those of a dialog."""
        self._feedback = feedback
        self._spoken = spoken
        self._shown_at = float("-inf")
        self._held_back: float | None = None

    def report(self, fraction: float) -> None:
        """Set the share of the whole work that is done, 0..1."""
        fraction = min(max(fraction, 0.0), 1.0)
        if fraction < 1.0 and time.monotonic() - self._shown_at < SHORTEST_INTERVAL:
            self._held_back = fraction
        else:
            self._show(fraction)

    def stage(self, text: str) -> None:
        """Announce what is being done now, in one line: above the bar and, by the dialog itself, in its log."""
        self._catch_up()
        self._feedback.setProgressText(self._spoken(text))

    def note(self, text: str) -> None:
        """Tell something worth knowing, in the log."""
        self._catch_up()
        self._feedback.pushInfo(self._spoken(text))

    def warn(self, text: str) -> None:
        """Tell something the user should look at, highlighted in the log."""
        self._catch_up()
        self._feedback.pushWarning(self._spoken(text))

    def cancelled(self) -> bool:
        """Tell whether the user wants to stop; reads one flag, so any thread may ask."""
        return bool(self._feedback.isCanceled())

    def _catch_up(self) -> None:
        if self._held_back is not None:
            self._show(self._held_back)

    def _show(self, fraction: float) -> None:
        self._held_back = None
        self._shown_at = time.monotonic()
        self._feedback.setProgress(100.0 * fraction)
