"""How the engine reports progress and learns of a cancel, without knowing QGIS."""

from __future__ import annotations

from typing import Protocol

from .errors import Cancelled


class Progress(Protocol):
    """What the engine tells its caller, always from the thread that called the engine."""

    def report(self, fraction: float) -> None:
        """Set the share of the whole work that is done, 0..1."""

    def stage(self, text: str) -> None:
        """Announce what is being done now, in one line."""

    def note(self, text: str) -> None:
        """Tell something worth knowing."""

    def warn(self, text: str) -> None:
        """Tell something the user should look at; the run goes on."""

    def cancelled(self) -> bool:
        """Tell whether the user wants to stop."""


class Silent:
    """Swallows everything and is never cancelled."""

    def report(self, fraction: float) -> None:
        """Do nothing."""

    def stage(self, text: str) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    def cancelled(self) -> bool:
        """Return False."""
        return False


class Span:
    """A part of the whole bar: maps 0..1 to start..end and passes everything else on."""

    def __init__(self, progress: Progress, start: float, end: float) -> None:
        self._progress = progress
        self._start = start
        self._width = end - start

    def report(self, fraction: float) -> None:
        """Set the share of this part that is done, 0..1."""
        self._progress.report(self._start + self._width * min(max(fraction, 0.0), 1.0))

    def stage(self, text: str) -> None:
        """Pass on."""
        self._progress.stage(text)

    def note(self, text: str) -> None:
        """Pass on."""
        self._progress.note(text)

    def warn(self, text: str) -> None:
        """Pass on."""
        self._progress.warn(text)

    def cancelled(self) -> bool:
        """Pass on."""
        return self._progress.cancelled()


class Quiet(Span):
    """A part of the bar that swallows what is said about the work; warnings are passed on."""

    def stage(self, text: str) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


def check_cancelled(progress: Progress) -> None:
    """Raise `Cancelled` if the user wants to stop."""
    if progress.cancelled():
        raise Cancelled("Cancelled by the user; no file was written.")
