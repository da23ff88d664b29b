"""What takes long to make, such as compiled loops, made on a thread of its own while the work goes on without it.

A process has one such thread, as Numba compiles one function at a time. What was made is there for good; who wants it
asks now and then (`Part.value`) and does without until then.

A process must not end while LLVM is at work on another thread: the C library takes LLVM's tables down beneath it, and
the process crashes after its work is done. QGIS ends so, and without a word to Python. So the thread is told to rest
(`rest`) when the plugin is unloaded, and when a tool is done that was run without a window; it goes on by itself if the
process is still there some seconds later.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from ..machine import find_blas
from ..progress import Progress, Silent, check_cancelled

T = TypeVar("T")

# How long the thread rests: QGIS takes less than a second to end, and more on a machine that has too much to do.
_REST_SECONDS = 15.0
# How long it is waited for until it rests. Between two places where it can LLVM makes one function, which takes 1 s at
# most where nothing else runs; with seven other programs to a core 5 s were not enough.
_PATIENCE_SECONDS = 20.0
# How long a thread that wants Python's lock may have to wait for it while Numba compiles, which holds it most of the
# time. With Python's usual 5 ms labelling with NumPy beside it fell to 0.4 of its speed, with 1 ms to 0.7, with 0.2 ms
# to 0.8 (measured).
_SWITCH_SECONDS = 0.0005
# How long a wait lasts before it looks at the cancel flag again.
_POLL_SECONDS = 0.1


class Part(Generic[T]):
    """Something that is made once in a process."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Take what makes it; nothing is made yet."""
        self._make = make
        self._done = threading.Event()
        self.value: T | None = None
        """What was made; None before, and where it cannot be made."""
        self.error: Exception | None = None
        """Why it cannot be made."""
        self.wanted = False
        """Whether it was asked for."""
        self._began: float | None = None
        self._ended: float | None = None

    @property
    def settled(self) -> bool:
        """Whether it was made, or cannot be."""
        return self._done.is_set()

    @property
    def elapsed(self) -> float:
        """Seconds that making it has taken, so far if it is under way."""
        if self._began is None:
            return 0.0
        return (self._ended or time.monotonic()) - self._began

    def want(self) -> None:
        """Have it made, after what was wanted before; at once where nothing is under way."""
        self.wanted = True
        if not self.settled:
            _maker.add(self)

    def wait(self, seconds: float | None = None, progress: Progress | None = None) -> bool:
        """Wait until it is settled, and return whether it is.

        Parameters
        ----------
        seconds
            How long at most; without end if None.
        progress
            Who may cancel; nobody by default.

        Raises
        ------
        Cancelled
            The user cancelled; the thread goes on.
        """
        self.want()
        progress = progress or Silent()
        end = None if seconds is None else time.monotonic() + seconds
        while not self.settled:
            check_cancelled(progress)
            left = _POLL_SECONDS if end is None else min(end - time.monotonic(), _POLL_SECONDS)
            if left <= 0:
                break
            self._done.wait(left)
        return self.settled

    def make(self) -> None:
        """Make it; called by the thread."""
        self._began = time.monotonic()
        try:
            self.value = self._make()
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever wants the part goes on without and says so
            self.error = error
        self._ended = time.monotonic()
        self._done.set()


class _Maker:
    """The thread: it is there while there is something to make."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wanted: deque[Part[Any]] = deque()
        self._under_way: Part[Any] | None = None
        self._thread: threading.Thread | None = None
        self._rest_until = 0.0
        self._rests = False

    def add(self, part: Part[Any]) -> None:
        # Now, since it must not meet the import of Numba on the other thread.
        find_blas()
        with self._changed:
            self._rest_until = 0.0
            self._changed.notify_all()
            if part is self._under_way or part in self._wanted:
                return
            if self._thread is None:
                # Where none can be started, all is as if nothing had been wanted; it begins when this lock is free.
                thread = threading.Thread(target=self._loop, name="iikmc-compiling", daemon=True)
                thread.start()
                self._thread = thread
            self._wanted.append(part)

    def _loop(self) -> None:
        while True:
            self.may_rest()
            with self._changed:
                self._under_way = self._wanted.popleft() if self._wanted else None
                if self._under_way is None:
                    self._thread = None
                    self._changed.notify_all()
                    return
                part = self._under_way
            if not part.settled:
                with _others_first(), _stops_on_the_way():
                    part.make()

    def may_rest(self) -> None:
        """Rest here if that is asked for; does nothing on other threads."""
        with self._changed:
            if threading.current_thread() is not self._thread:
                return
            while (left := self._rest_until - time.monotonic()) > 0:
                self._rests = True
                self._changed.notify_all()
                self._changed.wait(left)
            self._rests = False

    def rest(self) -> None:
        with self._changed:
            if self._thread is None:
                return
            self._rest_until = time.monotonic() + _REST_SECONDS
            self._changed.wait_for(lambda: self._rests or self._thread is None, _PATIENCE_SECONDS)


_maker = _Maker()


def rest() -> None:
    """Let the thread rest for some seconds, and return when it does: the process may end now.

    It goes on after that, or as soon as something more is wanted.
    """
    _maker.rest()


# Python ends without QGIS's help in scripts.
atexit.register(rest)


@contextmanager
def _others_first() -> Iterator[None]:
    """Let other threads have Python's lock sooner than usual when they ask for it."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, _SWITCH_SECONDS))
    set_ = sys.getswitchinterval()
    try:
        yield
    finally:
        # Not where somebody else has set it meanwhile.
        if sys.getswitchinterval() == set_:
            sys.setswitchinterval(usual)


@contextmanager
def _stops_on_the_way() -> Iterator[None]:
    """Let the thread rest not only when a part is made but before each of Numba's passes over a function.

    Not before each call of LLVM, though Numba tells of these too: the lock of LLVM is held then, and any thread that
    throws one of its objects away would stand still as long.
    """
    try:
        from numba.core import event
    except Exception:  # noqa: BLE001 - without Numba there is nothing to compile; an old one has no events
        yield
        return

    class Passes(event.Listener):  # type: ignore[misc]
        def on_start(self, _: Any) -> None:
            _maker.may_rest()

        def on_end(self, _: Any) -> None:
            pass

    with event.install_listener("numba:run_pass", Passes()):
        yield
