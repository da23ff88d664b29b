"""Tasks on the threads of this process, with the calling thread kept free for progress and cancel.

Threads, never processes: inside QGIS on Windows and macOS a worker process would be another QGIS.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from ..errors import Cancelled
from ..machine import available_cores, find_blas
from ..progress import Progress, check_cancelled
from .executor import Follow, Site, Task

A = TypeVar("A")
S = TypeVar("S", bound=Site)

# How long the calling thread waits for a result before it looks at the cancel flag again.
_POLL_SECONDS = 0.1
# Tasks for each thread that may be begun or done before the calling thread sees their answers: what they leave at the
# site until a task follows must not pile up when the calling thread is slow.
_AHEAD = 4


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread, because the work is already spread over threads.

    Uses threadpoolctl where it is installed; without it the result is the same and BLAS may compete for cores.
    The limit holds for the whole process, so it is set once a run.
    """
    libraries = find_blas()
    if libraries is None:
        yield
        return
    with libraries.limit(limits=1, user_api="blas"):
        yield


def threads_of(workers: int) -> int:
    """Return how many threads WORKERS asks for; 0 = one a core."""
    return workers if workers > 0 else available_cores()


class ThreadExecutor(Generic[S]):
    """Runs tasks at one site, the calling process's own."""

    def __init__(self, site: S, workers: int = 0) -> None:
        """Take the site and the number of threads, 0 = one a core."""
        self.site: S = site
        """Where the tasks run."""
        self.workers = threads_of(workers)
        """Number of threads."""

    def run(
        self, tasks: Iterable[Task[A]], progress: Progress, follow: Follow[A] | None = None
    ) -> Generator[A, None, None]:
        """Yield the answers as the tasks are done; see `executor.Executor.run`."""
        check_cancelled(progress)
        todo = _Todo(tasks, _AHEAD * self.workers)
        expected = len(todo)
        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self.site.given_up.clear()
        started: list[threading.Thread] = []
        done = 0
        try:
            _start(min(self.workers, max(expected, 1)), lambda: self._work(todo, answers), started)
            while done < expected:
                answer = self._next(answers, progress)
                done += 1
                if follow is not None:
                    more = follow(answer)
                    expected += len(more)
                    todo.put_first(more)
                todo.seen()
                yield answer
                progress.report(done / expected)
        finally:
            if done < expected:
                self.site.given_up.set()
            todo.close()
            # Python may collect a run that was left in the middle on any thread, also on one of the run's own, which
            # cannot wait for itself.
            if threading.get_ident() not in todo.takers and threading.current_thread() not in started:
                for thread in started:
                    thread.join()

    def _work(self, todo: _Todo, answers: queue.SimpleQueue[tuple[bool, Any]]) -> None:
        """Do one task after the other until there are no more; the loop of one thread."""
        while (task := todo.take()) is not None:
            try:
                answers.put((True, task.do(self.site)))
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread, which raises it
                todo.close()
                answers.put((False, error))

    @staticmethod
    def _next(answers: queue.SimpleQueue[tuple[bool, Any]], progress: Progress) -> Any:
        while True:
            check_cancelled(progress)
            try:
                good, value = answers.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if good:
                return value
            if isinstance(value, Cancelled):
                raise Cancelled(str(value)) from value
            raise value


class _Todo:
    """The tasks that nobody has begun, which threads take from."""

    def __init__(self, tasks: Iterable[Task[Any]], most: int) -> None:
        """Take the tasks, and how many may be begun before their answers are seen."""
        self._tasks = deque(tasks)
        self._most = most
        self._unseen = 0
        self._changed = threading.Condition()
        self._closed = False
        self.takers: set[int] = set()
        """The threads that take tasks."""

    def __len__(self) -> int:
        return len(self._tasks)

    def take(self) -> Task[Any] | None:
        """Return the next task, waiting for one if need be; None when there will be no more."""
        with self._changed:
            self.takers.add(threading.get_ident())
            while not self._closed and (not self._tasks or self._unseen >= self._most):
                self._changed.wait()
            if self._closed:
                return None
            self._unseen += 1
            return self._tasks.popleft()

    def seen(self) -> None:
        """Note that an answer was seen, with all that follows from it."""
        with self._changed:
            self._unseen -= 1
            self._changed.notify()

    def put_first(self, tasks: Iterable[Task[Any]]) -> None:
        """Add tasks before all others."""
        with self._changed:
            self._tasks.extendleft(reversed(list(tasks)))
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody begin any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _start(count: int, loop: Callable[[], None], started: list[threading.Thread]) -> None:
    """Run a loop on some threads and return at once; the threads to be waited for are added to `started`."""
    for number in range(count):
        # Daemons, as those of concurrent.futures are not: a run that an error of the caller has left in the middle must
        # not keep the program from ending.
        thread = threading.Thread(target=loop, name=f"iikmc-{number}", daemon=True)
        thread.start()
        started.append(thread)
