"""The table of hostile cases: what is given, and the answer or the sentence that must come.

A module `cases_<subject>.py` beside this one holds cases, each a function that makes its input in a folder of its own,
runs what a user runs, and asserts. `test_table.py` runs them all; `python3 -m tests.hostile.table` prints them.
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from iikmc.engine.errors import IIkMCError

KINDS = {
    1: "what GDAL knows is ignored",
    2: "known and not told",
    3: "search too strict",
    4: "search too silent",
    5: "two tests for one question",
    6: "messages that mislead",
    7: "tracebacks and aborts",
    8: "hangs",
    9: "files that reach out",
    10: "outputs over inputs",
    11: "accepted nonsense",
    12: "outputs that others choke on",
    13: "faults while it runs",
}
"""The kinds of fault, as docs/reliability.md numbers them."""

Check = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    kind: int
    """Of `KINDS`."""
    given: str
    """What is unusual about the input."""
    then: str
    """The answer, or what the sentence says."""
    check: Check
    """Makes the input in a folder, runs and asserts."""
    needs_qgis: bool
    """Whether it runs an algorithm of the provider."""
    seconds: float
    """After which it counts as hanging."""

    @property
    def name(self) -> str:
        """For pytest: the number of the kind and the name of the function."""
        return f"{self.kind}-{self.check.__name__}"


CASES: list[Case] = []


def case(kind: int, given: str, then: str, *, qgis: bool = False, seconds: float = 30) -> Callable[[Check], Check]:
    """Put a function `check(folder)` into the table."""
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind}")

    def put(check: Check) -> Check:
        CASES.append(Case(kind, given, then, check, qgis, seconds))
        return check

    return put


def load() -> list[Case]:
    """Return the cases of all modules beside this one, by kind."""
    # As a program this file is another module than the one that the cases import.
    here = importlib.import_module("table")
    for path in sorted(Path(__file__).parent.glob("cases_*.py")):
        importlib.import_module(path.stem)
    found: list[Case] = here.CASES
    return sorted(found, key=lambda item: item.kind)


@contextlib.contextmanager
def refused(*words: object, error: type[IIkMCError] = IIkMCError) -> Iterator[None]:
    """Expect one sentence with these words, of the engine's own kind of error."""
    try:
        yield
    except error as caught:
        assert_sentence(str(caught), *words)
    else:
        raise AssertionError(f"accepted; expected a sentence with {words}")


def assert_sentence(message: str, *words: object) -> None:
    """Assert that a message is one line that ends as a sentence does and says these words."""
    assert message.strip(), "the message is empty"
    assert "\n" not in message, message
    assert message.endswith("."), message
    assert "Traceback" not in message, message
    for word in words:
        assert str(word) in message, f"{word!r} is missing in: {message}"


class Hangs(BaseException):
    """A case took longer than it may; no `except Exception` on the way swallows it."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `Hangs` in the main thread after so many seconds; elsewhere and on Windows wait."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_: object) -> None:
        raise Hangs(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    for row in load():
        sys.stdout.write(f"| {row.kind} | {row.given} | {row.then} |\n")
