"""The unit of work and who hands it out.

A task is small, frozen and picklable: it says what to do, not with what. It runs at a site, which is what one process
holds (open files, pixels, labels, a kernel), and answers with something small. An executor hands tasks to a site and
gets the answers back in any order; `threads` has the one there is, whose tasks run on the threads of this process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from ..errors import Cancelled
from ..progress import Progress

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class Site:
    """What a task finds where it runs: here no more than whether anybody still waits for its answer."""

    def __init__(self) -> None:
        self.given_up = threading.Event()
        """Set when the run was cancelled or has failed; a long task looks now and then."""

    def check(self) -> None:
        """Raise `Cancelled` if nobody waits for the answer any more."""
        if self.given_up.is_set():
            raise Cancelled("Cancelled by the user; no file was written.")


class Task(Protocol[A_co]):
    """Something to do at a site."""

    def do(self, site: Any) -> A_co:
        """Do it and return the answer; any thread may call."""


Follow = Callable[[A], Sequence[Task[A]]]
"""Called on the calling thread with an answer: what is to be done next because of it, before everything else."""


class Executor(Protocol):
    """Hands tasks to a site, or to several that are alike."""

    @property
    def workers(self) -> int:
        """How many tasks are worked on at a time."""

    def run(
        self, tasks: Iterable[Task[A]], progress: Progress, follow: Follow[A] | None = None
    ) -> Generator[A, None, None]:
        """Yield the answers as the tasks are done, in any order, and report the share done.

        Whoever may stop asking before the end closes it (`contextlib.closing`), so that no thread is left behind. Not
        many tasks are begun before the answers of earlier ones are taken, so that a slow caller holds the work up
        instead of letting it pile up.

        Parameters
        ----------
        tasks
            What to do; begun in this order.
        progress
            Whom to tell, on the calling thread, and who may cancel.
        follow
            What an answer brings along.

        Raises
        ------
        Cancelled
            The user cancelled; tasks under way are finished first, none is begun.
        Exception
            The first error of a task; the others are given up.
        """
