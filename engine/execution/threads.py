"""Work on joblib's threads, with the calling thread kept free for progress and cancel.

Threads, never processes: inside QGIS on Windows and macOS a worker process would be another QGIS.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from ..errors import Cancelled
from ..machine import available_cores
from ..progress import Progress, check_cancelled

T = TypeVar("T")
R = TypeVar("R")

# How long the calling thread waits for a result before it looks at the cancel flag again.
_POLL_SECONDS = 0.1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread, because the work is already spread over threads.

    Uses threadpoolctl where it is installed; without it the result is the same and BLAS may compete for cores.
    The limit holds for the whole process, so it is set once a run.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(limits=1, user_api="blas"):
        yield


class ThreadExecutor:
    """Maps functions over items on a number of threads."""

    def __init__(self, workers: int = 0) -> None:
        """Take `workers` threads, 0 = one a core."""
        self.workers = workers if workers > 0 else available_cores()

    def each(self, function: Callable[[T], R], items: Sequence[T], progress: Progress) -> Iterator[R]:
        """Yield ``function(item)`` as the items are done, in any order, and report the share done.

        Raises
        ------
        Cancelled
            The user cancelled; items under way are finished first, none is begun.
        Exception
            The first error a function raised; the other items are given up.
        """
        from joblib import Parallel, delayed

        check_cancelled(progress)
        results: queue.SimpleQueue[tuple[bool, object]] = queue.SimpleQueue()
        stop = threading.Event()

        def work(item: T) -> None:
            if stop.is_set():
                return
            try:
                results.put((True, function(item)))
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread, which raises it
                stop.set()
                results.put((False, error))

        def run() -> None:
            try:
                Parallel(n_jobs=min(self.workers, max(len(items), 1)), backend="threading", batch_size=1)(
                    delayed(work)(item) for item in items
                )
            except BaseException as error:  # noqa: BLE001 - likewise
                results.put((False, error))

        # joblib's call returns only when all is done; in a thread of its own it leaves this one free to answer.
        runner = threading.Thread(target=run, name="iikmc-joblib", daemon=True)
        runner.start()
        try:
            for done in range(1, len(items) + 1):
                yield self._next(results, progress)
                progress.report(done / len(items))
        finally:
            stop.set()
            runner.join()

    @staticmethod
    def _next(results: queue.SimpleQueue[tuple[bool, object]], progress: Progress) -> R:  # type: ignore[type-var]
        while True:
            check_cancelled(progress)
            try:
                good, value = results.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if good:
                return value  # type: ignore[return-value]
            if isinstance(value, Cancelled):
                raise Cancelled(str(value)) from value
            raise value  # type: ignore[misc]
