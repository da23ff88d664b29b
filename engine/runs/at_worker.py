"""A worker of a cluster: it holds a site of the client's plan, and does the client's tasks there.

`execution.dask_boot` calls this module, by name, in the worker's threads; what comes and goes is bytes of
`execution.wire`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import IIkMCError, MemoryBudgetError, SchedulerError, unexpected
from ..execution import wire
from ..execution.executor import Task
from ..execution.messages import PROBE, Done, Failed, Job, Opening, Sight, probe_of
from ..execution.threads import one_blas_thread
from ..kernels.cells.choice import loops_for
from ..kernels.choice import (
    await_kernel,
    begin,
    fastest_packer,
    labelling_seconds,
    pick_judge,
    pick_kernel,
    pick_packer,
)
from ..kernels.device_choice import DeviceChoice
from ..kernels.kernel import Kernel
from ..kernels.margins import AS_LABELLINGS, Judge
from ..kernels.numpy_kernel import NumpyKernel
from ..passes.elsewhere import gathered
from ..passes.site import Plan, SeriesSite
from ..passes.tasks import LabelStrip, ReadStrip, StripRead
from ..passes.write import bytes_aside
from ..pixels.packing import Packer
from ..pixels.store import PixelStore, automatic_budget, budget_of
from ..pixels.strips import most_valid
from ..progress import Silent
from ..scenes.files import small_block_cache

# Answers that are kept in case that a job arrives again: more than are ever under way at one worker.
_KEPT = 64
# Of a worker's own limit of memory, beyond which Dask first pauses it (0.8) and then ends it (0.95).
_SHARE_OF_LIMIT = 0.55

_stations: dict[str, Station] = {}
_lock = threading.Lock()


def open_site(site: str, message: bytes) -> None:
    """Make a site ready; what goes wrong is told by `answer`."""
    station = Station(message, _place())
    with _lock:
        _stations[site] = station
    station.ready.wait()


def answer(site: str, message: bytes) -> bytes:
    """Do a job and return what came of it; nothing where there is no such site, as in a worker that is new."""
    with _lock:
        station = _stations.get(site)
    if station is None:
        return b""
    return station.answer(wire.loads(message))


def drop(site: str) -> None:
    """Forget a site: tasks under way are given up, and what it holds is given back. Returns at once."""
    # Not under the lock: Dask may call from whatever thread, in the middle of anything.
    station = _stations.pop(site, None)
    if station is not None:
        station.close()


@dataclass(frozen=True)
class Place:
    """Where a station is."""

    address: str
    """Of the worker."""
    folder: Path
    """What Dask has made for this worker, and removes with it."""
    limit: int | None
    """Bytes of memory beyond which Dask ends the worker."""


def _place() -> Place:
    """Return where this is; only a thread of Dask's own can tell."""
    from distributed import get_worker

    worker = get_worker()
    limit = getattr(getattr(worker, "memory_manager", worker), "memory_limit", None)
    return Place(str(worker.address), Path(worker.local_directory), int(limit) if limit else None)


class _Notes(Silent):
    """Keeps what is said for the client, and is cancelled when the run is."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self.given_up = threading.Event()

    def note(self, text: str) -> None:
        """Keep."""
        self._said.append(text)

    def warn(self, text: str) -> None:
        """Keep."""
        self._said.append(text)

    def cancelled(self) -> bool:
        """Tell whether the client has gone on without this worker."""
        return self.given_up.is_set()

    def taken(self) -> tuple[str, ...]:
        """Return what was said since the last time."""
        said, self._said = self._said, []
        return tuple(said)


class Station:
    """A site with its threads, from its opening until the client lets it go."""

    def __init__(self, message: bytes, place: Place) -> None:
        self._place = place
        self.ready = threading.Event()
        """Set when jobs can come, or `open_site` has failed."""
        self._closing = threading.Event()
        self._problem: Failed | None = None
        self._notes = _Notes()
        self._answered: dict[int, bytes] = {}
        self._expected: set[int] = set()
        self._valid = 0
        self._lock = threading.Lock()
        # Contexts of libraries belong to the thread that enters them; the worker's own threads come and go.
        threading.Thread(target=self._keep, args=(message,), name="iikmc-station", daemon=True).start()

    def _keep(self, message: bytes) -> None:
        with ExitStack() as stack:
            try:
                self._open(wire.loads(message), stack)
            except Exception as error:  # noqa: BLE001 - carried to the client, which raises it
                self._problem = Failed(_told(error), isinstance(error, MemoryError))
            self.ready.set()
            self._closing.wait()

    def _open(self, opening: Opening, stack: ExitStack) -> None:
        look(opening.sight, self._place.address)
        plan, terms = opening.plan, opening.terms
        self._plan: Plan = plan
        self._threads = terms.threads
        self._device: DeviceChoice | None = None
        self._store: PixelStore | None = None
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        kernel: Kernel
        packer: Packer
        judge: Judge | None = None
        if terms.kind == "audit":
            kernel, packer = NumpyKernel(), fastest_packer()
        else:
            self._cpu = kernel = pick_kernel(n_bands=plan.n_bands)
            packer = pick_packer(kernel)
            pixels, _ = most_valid(plan.scenes)
            iterations = {} if terms.kind == "cluster" else {"iterations": 1}
            begin(
                kernel,
                labelling_seconds(pixels, plan.k, terms.threads, **iterations),
                loops_for(pixels, plan.k, plan.n_bands),
            )
            if plan.judging.wanted:
                judge = pick_judge(kernel, labelling_seconds(pixels, plan.k, terms.threads, AS_LABELLINGS))
        if terms.kind == "cluster":
            device = DeviceChoice(terms.device, plan.k, plan.n_bands, kernel, self._notes, by_cells=True)
            self._device = stack.enter_context(device)
            device.renew()
            kernel = device.kernel
            budget = _budget(terms.memory, terms.mates, self._place.limit)
            aside = bytes_aside(plan.scenes, plan.judging, terms.threads)
            store = PixelStore(budget, 0, plan.n_bands, self._place.folder, aside=aside)
            self._store = stack.enter_context(store)
        self._site = stack.enter_context(SeriesSite(plan, kernel, packer, self._store, judge))
        self._pool = stack.enter_context(ThreadPoolExecutor(terms.threads, "iikmc"))

    def close(self) -> None:
        """Give up what is under way, and let the keeping thread give everything back."""
        self._notes.given_up.set()
        site = getattr(self, "_site", None)
        if site is not None:
            site.given_up.set()
        self._closing.set()

    def answer(self, job: Job) -> bytes:
        """Do a job, on whatever thread calls."""
        if self._problem is not None:
            return wire.dumps(self._problem)
        with self._lock:
            before = self._answered.get(job.number)
        if before is not None:
            return before
        try:
            told = wire.dumps(self._do(job))
        except Exception as error:  # noqa: BLE001 - carried to the client, which raises it
            self._forget(job)
            return wire.dumps(Failed(_told(error), isinstance(error, MemoryError)))
        with self._lock:
            self._answered[job.number] = told
            while len(self._answered) > _KEPT:
                del self._answered[next(iter(self._answered))]
        return told

    def _do(self, job: Job) -> Done:
        for turn in job.again:
            self._all(turn)
        folders = {task.tray.folder for task in job.tasks if hasattr(task, "tray")}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        answers = self._all(job.tasks)
        files = tuple((path.name, path.stat().st_size) for folder in folders for path in sorted(folder.iterdir()))
        found = gathered(job.tasks, answers, self._site)
        return Done(found, files, self._site.kernel.name, self._notes.taken())

    def _all(self, tasks: Sequence[Task[Any]]) -> list[Any]:
        """Do tasks on the threads, and return their answers in order."""
        self._expect(tasks)
        if any(isinstance(task, LabelStrip) for task in tasks) and self._device is not None:
            seconds = labelling_seconds(self._valid, self._plan.k, self._threads)
            await_kernel(self._cpu, seconds, self._notes)
        futures = [self._pool.submit(self._one, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def _one(self, task: Task[Any]) -> Any:
        self._site.check()
        answer = task.do(self._site)
        if isinstance(answer, StripRead) and self._device is not None:
            with self._lock:
                self._valid += answer.audit.valid
                self._device.counted(self._valid)
                self._site.kernel = self._device.kernel
        return answer

    def _expect(self, tasks: Sequence[Task[Any]]) -> None:
        """Have the store set memory aside for scenes that are new here."""
        for task in tasks:
            if isinstance(task, ReadStrip) and self._store is not None and task.strip.scene not in self._expected:
                self._expected.add(task.strip.scene)
                self._store.expect(*most_valid([self._site.scene(task.strip)]))

    def _forget(self, job: Job) -> None:
        """Let go of pixels that were read in vain."""
        for turn in (*job.again, job.tasks):
            for task in turn:
                if isinstance(task, ReadStrip):
                    self._site.forget(task.strip)


def look(sight: Sight, address: str) -> None:
    """Check that this worker sees the scenes and the folder of the results.

    Raises
    ------
    SchedulerError
        It does not; the message goes on after the name of the worker.
    """
    for path in sight.inputs:
        try:
            Path(path).stat()
        except OSError as error:
            raise SchedulerError(
                f"cannot read {path} ({error.strerror}); put the scenes where all workers see them under the same path"
            ) from error
    if sight.folder is None:
        return
    remedy = "choose a folder for OUTPUT that this computer and all workers share under the same path"
    try:
        found = (sight.folder / PROBE).read_text(encoding="ascii")
        (sight.folder / probe_of(address)).write_text(sight.token, encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise SchedulerError(f"cannot use {sight.folder.parent.parent} ({_why(error)}); {remedy}") from error
    if found != sight.token:
        raise SchedulerError(f"sees another folder as {sight.folder.parent.parent}; {remedy}")


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _told(error: Exception) -> IIkMCError:
    if isinstance(error, MemoryError) and not isinstance(error, IIkMCError):
        return MemoryBudgetError(
            "MEMORY: the system gave a worker no more memory; set MEMORY to fewer megabytes so that pixels go to "
            "temporary files, or start workers with more."
        )
    return unexpected(error, "The work")


def _budget(memory: int, mates: int, limit: int | None) -> int:
    """Return the bytes that the pixels may take here."""
    if memory:
        return budget_of(memory)
    free = automatic_budget() // max(mates, 1)
    return min(free, int(limit * _SHARE_OF_LIMIT)) if limit else free
