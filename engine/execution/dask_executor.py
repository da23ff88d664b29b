"""Tasks on the workers of a Dask cluster: the second executor.

All tasks on a scene go to the worker that reads it, which keeps its pixels and labels. That is a cache: when a worker
is lost, its scenes are read again by others, labelled with the centres of their last labelling that was counted, and
the run goes on to the same result.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..errors import MemoryBudgetError, OutputError, SchedulerError
from ..progress import Progress, check_cancelled
from ..quantities import counted
from .dask_links import Errand, Link, Links
from .executor import Follow, Task
from .messages import Done, Failed

A = TypeVar("A")

_POLL_SECONDS = 0.1
# So many workers may be lost with one scene, one after the other, before it is taken to be what ends them.
_MOST_LOST = 4
# Lines about the same step, in seconds.
_TELL_SECONDS = 3.0
# Without a worker, as where a batch system restarts them all, a run waits so long.
_WORKERLESS_SECONDS = 120.0


class Book(Protocol):
    """Knows what tasks are about, and what was done; see `passes.elsewhere.Errands`."""

    def scene_of(self, task: Any) -> int:
        """Return the scene that a task belongs to."""

    def pixels_of(self, task: Any) -> int:
        """Return the pixels of the grid that a task looks at."""

    def go_together(self, tasks: Iterable[Any]) -> bool:
        """Tell whether all tasks for a worker go there at once."""

    def stays(self, tasks: Iterable[Any]) -> bool:
        """Tell whether tasks leave something at the worker that others need."""

    def again(self, scenes: Iterable[int]) -> tuple[tuple[Any, ...], ...]:
        """Return what must be done again for scenes whose worker is lost, by turns."""

    def counted(self, tasks: Iterable[Any], answers: Iterable[Any]) -> list[Any]:
        """Count the answers of a job, and return those that the caller gets now."""

    def settled(self, tasks: Iterable[Any]) -> list[Any]:
        """Return the answers that all tasks of a pass give together, once all are done."""


class DaskExecutor:
    """Hands tasks to the workers of a cluster that hold sites of one plan."""

    def __init__(self, links: Links, book: Book, progress: Progress) -> None:
        """Take the workers, who are ready, and what knows the tasks."""
        self._links, self._book, self._progress = links, book, progress
        self._home: dict[int, Link] = {}
        self._told = 0.0
        self.speed = 0.0
        """Pixels that the last pass looked at in a second."""

    @property
    def workers(self) -> int:
        """Threads of all workers."""
        return max(self._links.threads, 1)

    @property
    def about(self) -> str:
        """Such as "3 workers, 812 million pixels/s"."""
        speed = f", {self.speed / 1e6:,.1f} million pixels/s" if self.speed else ""
        return f"{counted(len(self._links.ready), 'worker')}{speed}"

    def run(
        self, tasks: Iterable[Task[A]], progress: Progress, follow: Follow[A] | None = None
    ) -> Generator[A, None, None]:
        """Yield the answers as the tasks are done, and those that add up at the end; see `executor.Executor.run`."""
        check_cancelled(progress)
        todo = list(tasks)
        flow = _Flow(self._book, todo)
        began, looked = time.monotonic(), 0
        ended = False
        idle = began
        try:
            while flow.left:
                check_cancelled(progress)
                self._give(flow)
                for link, what, told in self._links.happened(_POLL_SECONDS):
                    if what == "lost":
                        self._lost(link, flow)
                        continue
                    errand = link.doing.pop(told[0])
                    if isinstance(told[1], Failed):
                        self._failed(link, errand, told[1], flow)
                        continue
                    answers = self._done(link, errand, *told)
                    looked += sum(map(self._book.pixels_of, errand.tasks))
                    self.speed = looked / max(time.monotonic() - began, 1e-3)
                    for answer in answers:
                        if follow is not None:
                            flow.add_first(follow(answer))
                        yield answer
                    flow.finish(errand)
                    self._tell(flow, progress)
                    progress.report(flow.share)
                if self._links.ready:
                    idle = time.monotonic()
                elif time.monotonic() - idle > _WORKERLESS_SECONDS:
                    raise SchedulerError(
                        "SCHEDULER: all workers are gone; start new ones, and run again (a clustering goes on from its "
                        "last iteration if it starts from signatures_unfinished.json)."
                    )
            yield from self._book.settled(flow.all)
            ended = True
        finally:
            if not ended:
                self._links.close()

    def _give(self, flow: _Flow) -> None:
        """Give every worker what it can take now."""
        by_home: dict[Link, list[Errand]] = {}
        for errand in flow.unsorted():
            home = self._home.get(errand.scenes[0])
            if home is None:
                flow.homeless.append(errand)
            else:
                by_home.setdefault(home, []).append(errand)
        for home, errands in by_home.items():
            if flow.together:
                home.waiting.append(_together(errands))
            else:
                soon, later = ([one for one in errands if one.soon is wanted] for wanted in (True, False))
                home.waiting = [*soon, *home.waiting, *later]
        ready = self._links.ready
        for link in ready:
            # As many as it has threads to take them up, and one that waits there.
            while link.waiting and len(link.doing) <= link.threads:
                self._send(link, link.waiting.pop(0))
        while flow.homeless:
            open_ = [
                link
                for link in ready
                if not link.full and (len(link.doing) < 2 or (len(link.doing) <= link.threads > link.tasks / 2))
            ]
            if not open_:
                if ready and all(link.full for link in ready):
                    raise MemoryBudgetError(
                        "MEMORY: no worker has room for more scenes; start more workers, give them more memory or disk,"
                        " or use fewer scenes."
                    )
                return
            link = min(open_, key=lambda link: (link.load + 1) / link.threads)
            self._send(link, flow.homeless.popleft())

    def _send(self, link: Link, errand: Errand) -> None:
        strangers = [scene for scene in errand.scenes if self._home.get(scene) is not link]
        again = self._book.again(strangers) if strangers else ()
        if again or self._book.stays(errand.tasks):
            for scene in strangers:
                self._home[scene] = link
            link.load += sum(self._book.pixels_of(task) for task in errand.tasks)
        number = self._links.next_number()
        self._links.send(link, errand, again, tuple(_aside(task, number) for task in errand.tasks))

    def _lost(self, link: Link, flow: _Flow) -> None:
        """Have others do what a worker was doing, and hold what it held."""
        for scene in [scene for scene, home in self._home.items() if home is link]:
            del self._home[scene]
        errands = [*link.doing.values(), *link.waiting]
        busy = len(link.doing)
        link.doing, link.waiting = {}, []
        for place, errand in enumerate(errands):
            lost = errand.lost + (place < busy)
            if lost >= _MOST_LOST:
                raise SchedulerError(
                    f"SCHEDULER: {lost} workers were lost while they worked on the same scenes, the last of them "
                    f"{link.address}; see in its log what ended it: if it was memory, set MEMORY to fewer megabytes or "
                    "give workers more."
                )
            flow.return_(replace(errand, lost=lost))
        self._progress.warn(
            f"The worker {link.address} was lost; {len(self._links.ready)} are left, and what it had is done again, "
            "with the same result."
        )

    def _failed(self, link: Link, errand: Errand, failed: Failed, flow: _Flow) -> None:
        """Hand an errand on that another worker may have room for; raise what else went wrong."""
        if failed.elsewhere and len(errand.scenes) == 1 and any(not other.full for other in self._links.ready):
            link.full = True
            for scene in errand.scenes:
                self._home.pop(scene, None)
            if any(not other.full for other in self._links.ready):
                self._progress.warn(f"The worker {link.address} has no room for more scenes: {failed.error}")
                flow.return_(errand)
                return
        text = str(failed.error)
        raise type(failed.error)(f"{text.rstrip('.')} (worker {link.address}).")

    def _done(self, link: Link, errand: Errand, number: int, done: Done) -> list[Any]:
        """Take the answers and files of a job."""
        for note in done.notes:
            self._progress.note(f"Worker {link.address}: {note}")
        if done.labeller and done.labeller != link.labeller and not self._book.stays(errand.tasks):
            link.labeller = done.labeller
            self._progress.note(f"Worker {link.address}: {counted(link.threads, 'thread')}, {done.labeller} kernel")
        if done.files:
            (tray,) = {task.tray for task in errand.tasks if hasattr(task, "tray")}
            for name, size in done.files:
                _commit(Path(_part(tray.folder, number)) / name, tray.folder / name, size)
        return self._book.counted(errand.tasks, done.answers)

    def _tell(self, flow: _Flow, progress: Progress) -> None:
        if not flow.verb or time.monotonic() - self._told < _TELL_SECONDS:
            return
        self._told = time.monotonic()
        progress.stage(f"{flow.verb} {flow.scenes_done} of {flow.scenes} scenes, {self.about}")


class _Flow:
    """What is left of one pass."""

    def __init__(self, book: Book, tasks: list[Any]) -> None:
        self._book = book
        self.together = book.go_together(tasks)
        """Whether all that one worker has to do goes there at once."""
        self._unsorted: deque[Errand] = deque()
        self.homeless: deque[Errand] = deque()
        """Errands that any worker can do."""
        self.all = tasks
        """All tasks of the pass."""
        self.left = 0
        self._done = 0
        self.scenes_done = 0
        """Scenes of which all is done."""
        self.verb = "" if self.together else "Written" if any(hasattr(task, "tray") for task in tasks) else "Read"
        self._open: dict[int, int] = {}
        self._add(tasks, first=False)
        self.scenes = len(self._open)
        """Scenes of the pass."""

    def _add(self, tasks: Sequence[Any], *, first: bool) -> None:
        by_scene: dict[int, list[Any]] = {}
        for task in tasks:
            by_scene.setdefault(self._book.scene_of(task), []).append(task)
        errands = [Errand((scene,), tuple(own), soon=first) for scene, own in by_scene.items()]
        for scene, own in by_scene.items():
            self._open[scene] = self._open.get(scene, 0) + len(own)
        if first:
            self._unsorted.extendleft(reversed(errands))
        else:
            self._unsorted.extend(errands)
        self.left += len(tasks)

    def add_first(self, tasks: Sequence[Any]) -> None:
        """Add tasks that come before all others."""
        if tasks:
            self.all.extend(tasks)
            self._add(tasks, first=True)

    def return_(self, errand: Errand) -> None:
        """Take back an errand that came to nothing; its scenes may go different ways now."""
        for scene in errand.scenes:
            own = tuple(task for task in errand.tasks if self._book.scene_of(task) == scene)
            self._unsorted.appendleft(Errand((scene,), own, errand.lost, errand.soon))

    def unsorted(self) -> list[Errand]:
        """Return the errands that nobody has been given yet, each of one scene."""
        found, self._unsorted = list(self._unsorted), deque()
        return found

    def finish(self, errand: Errand) -> None:
        """Note that an errand is done."""
        self.left -= len(errand.tasks)
        self._done += len(errand.tasks)
        for task in errand.tasks:
            scene = self._book.scene_of(task)
            self._open[scene] -= 1
            if not self._open[scene]:
                self.scenes_done += 1

    @property
    def share(self) -> float:
        """What is done, 0..1."""
        return self._done / max(self._done + self.left, 1)


def _together(errands: Sequence[Errand]) -> Errand:
    """Return errands as one."""
    return Errand(
        tuple(scene for errand in errands for scene in errand.scenes),
        tuple(task for errand in errands for task in errand.tasks),
        max(errand.lost for errand in errands),
    )


def _part(folder: Path, number: int) -> str:
    """Return where the files of a job are made: one that is done twice must not write to the same file."""
    return os.path.join(folder, "workers", f"job-{number}")


def _aside(task: Any, number: int) -> Any:
    """Return a task that writes to a place of its own."""
    if not hasattr(task, "tray"):
        return task
    return replace(task, tray=replace(task.tray, folder=Path(_part(task.tray.folder, number))))


def _commit(made: Path, target: Path, size: int) -> None:
    """Move a file that a worker has made to where the results are; a network disk may show it late.

    Raises
    ------
    OutputError
        It does not appear, or not whole.
    """
    for pause in (0.0, 0.1, 0.5, 2.0, 5.0):
        time.sleep(pause)
        with suppress(OSError):
            if made.stat().st_size == size:
                os.replace(made, target)
                return
    raise OutputError(
        f"OUTPUT: {made}, which a worker has written with {size:,} bytes, does not appear here whole; choose a folder "
        "that this computer and all workers share."
    )
