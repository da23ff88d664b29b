"""The workers of a cluster as one run sees them: which are ready, what they do, which are lost."""

from __future__ import annotations

import os
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import IIkMCError, SchedulerError
from ..progress import Progress
from ..quantities import counted
from . import wire
from .dask_client import Cluster
from .messages import Done, Failed, Job, Opening, Sight, probe_of

# A run waits so long for the first worker, as where a batch system is still starting them.
_WAIT_SECONDS = 60.0
# A folder that is shared may show late what another computer has written to it (NFS keeps names for 3 to 60 s).
_SHARED_SECONDS = 10.0


@dataclass(eq=False)
class Link:
    """A worker."""

    address: str
    """Such as "tcp://10.0.0.7:41233"."""
    threads: int
    """Threads that Dask gives it."""
    site: str = ""
    """What is held for this run there."""
    stage: str = "new"
    """"new", "loading", "opening", "ready", "lost" or "refused"."""
    late: bool = False
    """Whether it came when the run had begun."""
    full: bool = False
    """Whether it gets no more scenes, because it has no room for them."""
    doing: dict[int, Errand] = field(default_factory=dict)
    """Its errands, by number of the job."""
    load: int = 0
    """Pixels that were given to it."""
    labeller: str = ""
    """The kernel that it told of."""
    held: Any = None
    """Dask's future of what it holds."""
    waiting: list[Errand] = field(default_factory=list)
    """What only it can do, next."""

    @property
    def tasks(self) -> int:
        """Tasks that it has been given and not answered."""
        return sum(len(errand.tasks) for errand in self.doing.values())


@dataclass(eq=False)
class Errand:
    """Tasks on some scenes that go to one worker together."""

    scenes: tuple[int, ...]
    """Their scenes."""
    tasks: tuple[Any, ...]
    """What is to be done."""
    lost: int = 0
    """How many workers were lost with it, one after the other."""
    soon: bool = False
    """Whether it comes before what is waiting, because it ends what takes memory until then."""


class Links:
    """All workers of a run; what happens to them comes in by `happened`."""

    def __init__(self, cluster: Cluster, opening: Opening, progress: Progress) -> None:
        """Take the connection, and what every worker needs to begin with."""
        self._cluster, self._opening, self._progress = cluster, opening, progress
        self._all: dict[str, Link] = {}
        self._events: queue.SimpleQueue[tuple[Link, str, int]] = queue.SimpleQueue()
        self._futures: dict[tuple[Link, str, int], Any] = {}
        self._numbers = 0
        self._greeted = False

    @property
    def ready(self) -> list[Link]:
        """The workers that can be given something."""
        return [link for link in self._all.values() if link.stage == "ready"]

    @property
    def threads(self) -> int:
        """Threads of all that are ready."""
        return sum(link.threads for link in self.ready)

    def greet(self, check: Callable[[], None]) -> None:
        """Wait until all workers that are there now are ready.

        Parameters
        ----------
        check
            Raises if the user has cancelled.

        Raises
        ------
        SchedulerError
            There are none, or one cannot be used.
        """
        began = time.monotonic()
        while True:
            check()
            for _ in self.happened(0.1):
                pass
            coming = [link for link in self._all.values() if link.stage in ("new", "loading", "opening")]
            if self.ready and not coming:
                self._greeted = True
                return
            if not self._all and time.monotonic() - began > _WAIT_SECONDS:
                raise SchedulerError(
                    f"SCHEDULER: {self._cluster.address} has no workers; start some, and see in their log that they "
                    "have found the scheduler."
                )

    def send(self, link: Link, errand: Errand, again: tuple[tuple[Any, ...], ...], tasks: tuple[Any, ...]) -> int:
        """Give a worker an errand, and return its number."""
        self._numbers += 1
        number = self._numbers
        link.doing[number] = errand
        self._call(link, "job", number, wire.dumps(Job(number, again, tasks)))
        return number

    def next_number(self) -> int:
        """Return the number that the next errand will have."""
        return self._numbers + 1

    def _call(self, link: Link, what: str, number: int, message: bytes) -> None:
        token = (link, what, number)
        self._futures[token] = self._cluster.call(link.address, link.site, message, self._events, token)

    def happened(self, seconds: float) -> Iterator[tuple[Link, str, Any]]:
        """Yield what has happened, waiting a little for the first: (worker, "job" or "lost", (number, Done) or None).

        Raises
        ------
        SchedulerError
            The scheduler is gone, or a worker cannot be used.
        IIkMCError
            A task failed.
        """
        yield from self._come_and_gone()
        wait = seconds
        while True:
            try:
                token = self._events.get(timeout=wait) if wait else self._events.get_nowait()
            except queue.Empty:
                return
            wait = 0.0
            future = self._futures.pop(token, None)
            if future is not None and token[0].stage not in ("lost", "refused"):
                yield from self._answered(token, future)

    def _come_and_gone(self) -> Iterator[tuple[Link, str, Any]]:
        there = self._cluster.workers()
        for address, link in list(self._all.items()):
            if address not in there:
                yield from self.lose(link)
        for address, threads in there.items():
            if address not in self._all:
                link = self._all[address] = Link(address, threads, late=self._greeted)
                link.stage = "loading"
                token = (link, "begin", 0)
                self._futures[token] = self._cluster.begin(address, self._events, token)

    def lose(self, link: Link) -> Iterator[tuple[Link, str, Any]]:
        """Forget a worker, and tell of it if it had something; if one of its address is there, it is met anew."""
        had, link.stage = link.stage == "ready", "lost"
        link.held = None
        if self._all.get(link.address) is link:
            del self._all[link.address]
        for token in [token for token in self._futures if token[0] is link]:
            self._futures.pop(token).release()
        if had:
            yield link, "lost", None

    def _answered(self, token: tuple[Link, str, int], future: Any) -> Iterator[tuple[Link, str, Any]]:
        link, what, number = token
        if what == "hold":
            # Not fetched: it stays where it is.
            if future.status != "finished":
                yield from self.lose(link)
            else:
                link.held = future
                self._call(link, "open", 0, wire.dumps(Job(0)))
            return
        found = self._cluster.result(future)
        future.release()
        if not found:
            yield from self.lose(link)
        elif what == "begin":
            self._loaded(link, found)
        else:
            told = wire.loads(found)
            if what == "open":
                self._opened(link, told)
            else:
                yield link, "job", (number, told)

    def _loaded(self, link: Link, found: dict[str, Any]) -> None:
        if found["problem"]:
            why = f"SCHEDULER: the worker {link.address} cannot be used: {found['problem']}."
            self._refuse(link, SchedulerError(why))
            return
        link.stage, link.site = "opening", uuid.uuid4().hex
        host = _host(link.address)
        mates = sum(_host(address) == host for address in self._cluster.workers())
        terms = self._opening.terms
        threads = terms.threads or link.threads
        opening = replace(self._opening, terms=replace(terms, threads=threads, mates=mates))
        link.threads = threads
        token = (link, "hold", 0)
        self._futures[token] = self._cluster.hold(link.address, link.site, wire.dumps(opening), self._events, token)

    def _opened(self, link: Link, told: Done | Failed) -> None:
        if isinstance(told, Failed):
            text = str(told.error).rstrip(".")
            if isinstance(told.error, SchedulerError):
                self._refuse(link, SchedulerError(f"SCHEDULER: the worker {link.address} {text}."))
            else:
                self._refuse(link, type(told.error)(f"{text} (worker {link.address})."))
            return
        self._check_shared(link)
        if link.stage == "opening":
            link.stage = "ready"
            if link.late:
                self._progress.note(f"The worker {link.address} with {counted(link.threads, 'thread')} has joined")

    def _check_shared(self, link: Link) -> None:
        """Check that what a worker has written can be seen here."""
        sight: Sight = self._opening.sight
        if sight.folder is None:
            return
        end = time.monotonic() + _SHARED_SECONDS
        path = sight.folder / probe_of(link.address)
        while True:
            try:
                if path.read_text(encoding="ascii") == sight.token:
                    return
            except OSError:
                # Where a network disk remembers names: listing a folder has it look.
                os.listdir(sight.folder)
            if time.monotonic() > end or self._progress.cancelled():
                break
            time.sleep(0.1)
        output = sight.folder.parent.parent
        why = (
            f"OUTPUT: what the worker {link.address} writes to {output} does not appear here; choose a folder that "
            "this computer and all workers share under the same path."
        )
        self._refuse(link, SchedulerError(why))

    def _refuse(self, link: Link, error: IIkMCError) -> None:
        """Do without a worker: one that comes late is told of, one that was there ends the run before it begins."""
        link.stage = "refused"
        link.held = None
        if not link.late:
            raise error
        self._progress.warn(f"{error} It is left out.")

    def close(self) -> None:
        """Let all workers go: what is under way is given up, and what they hold is given back."""
        for future in self._futures.values():
            future.release()
        self._futures.clear()
        for link in self._all.values():
            link.held = None
        self._all.clear()


def _host(address: str) -> str:
    return address.rpartition(":")[0]
