"""Work beside the window: a thread whose answer is waited for without blocking, and that can be forgotten.

Nothing of Qt passes between the threads: the window looks for the answer, so it may be closed at any time.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

Work = Callable[["Job"], Any]


class Job:
    """Work under way; to the engine it is a `Progress` that can be cancelled.

    A daemon thread, not a QgsTask: one that hangs on a network drive must not keep QGIS from closing.
    """

    def __init__(self, work: Work, owner: object) -> None:
        """Begin the work at once.

        Parameters
        ----------
        work
            What to do. It must not hold a widget, which could then be destroyed outside of the window's thread.
        owner
            Whoever wants the answer; when nobody holds it any more, the work counts as cancelled.
        """
        self._work = work
        self._owner = weakref.ref(owner)
        self._cancelled = threading.Event()
        self._over = threading.Event()
        self.fraction = 0.0
        """Share of the work that is done, 0..1."""
        self.result: Any = None
        """What the work returned."""
        self.error: Exception | None = None
        """What it raised."""
        threading.Thread(target=self._run, name="iikmc-look", daemon=True).start()

    @property
    def over(self) -> bool:
        """Whether the work has ended."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most so long; tell whether it has come."""
        return self._over.wait(seconds)

    def cancel(self) -> None:
        """Ask the work to end; its answer no longer matters."""
        self._cancelled.set()

    def _run(self) -> None:
        try:
            self.result = self._work(self)
        except Exception as error:  # noqa: BLE001 - carried to the window, which shows it
            self.error = error
        self._over.set()

    def report(self, fraction: float) -> None:
        """Set the share of the work that is done."""
        self.fraction = fraction

    def stage(self, text: str) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    def cancelled(self) -> bool:
        """Tell whether the work is no longer wanted."""
        return self._cancelled.is_set() or self._owner() is None
