"""The connection to a Dask scheduler, and what is asked of it; nothing here knows what the work is about.

All that travels by Dask are a function of `dask_boot`, names, and bytes of `wire`: what Dask pickles on the way is
plain. A call that waits does so on a thread of its own, so that a cancel is answered at once.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import queue
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, TypeVar

from ..errors import SchedulerError, first_line
from ..progress import Progress, check_cancelled
from .dask_package import Package, packed

T = TypeVar("T")

# A scheduler that is there answers in milliseconds, one behind a slow tunnel in a second or two.
_CONNECT_SECONDS = 15
# How often the list of workers is asked for, and for how long it may be due before the scheduler is given up.
_WATCH_SECONDS, _PATIENCE_SECONDS = 1.0, 30.0
# How long a connection that broke may take to come back.
_RECONNECT_SECONDS = 4.0
_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 1.0


class Cluster:
    """A client of a Dask scheduler, from which workers get the engine; a context manager."""

    def __init__(self, address: str, progress: Progress) -> None:
        """Take the address of a scheduler; nothing is done yet."""
        self.address = address
        self._progress = progress
        self.package: Package = packed()
        """The engine, as it is sent."""
        self.sent = 0
        """Bytes of messages to workers so far."""
        self.received = 0
        """Bytes of messages from workers so far."""
        self._client: Any = None
        self._boot: ModuleType | None = None
        self._due: Any = None
        self._asked = self._heard = self._connected = 0.0
        self._workers: dict[str, int] = {}

    def __enter__(self) -> Cluster:
        try:
            self._client = self._patiently(self._connect)
            versions = self._patiently(lambda: self._client.get_versions(check=False))
            _check_versions(self.address, versions)
            self._boot = self._patiently(self._send_boot)
            self._workers = dict(self._patiently(self._client.nthreads))
        except BaseException:
            self.close()
            raise
        self._heard = self._connected = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the scheduler, which lets go of all that this client has asked for."""
        client, self._client = self._client, None
        if client is not None:
            # On a thread: a scheduler that is gone keeps nobody waiting.
            thread = threading.Thread(target=_closed, args=(client,), daemon=True)
            thread.start()
            thread.join(_CLOSE_SECONDS)

    def workers(self) -> Mapping[str, int]:
        """Return address and threads of the workers that there were a moment ago; never waits.

        Raises
        ------
        SchedulerError
            The scheduler is gone.
        """
        now = time.monotonic()
        if self._due is not None and self._due.done():
            due, self._due = self._due, None
            with suppress(OSError, TimeoutError, asyncio.TimeoutError, asyncio.CancelledError):
                self._workers = dict(due.result())
                self._heard = now
        status = self._client.status
        if status == "running":
            self._connected = now
        # A connection that comes back is good enough: what the workers held is lost, and made again.
        if (
            status not in ("running", "connecting")
            or now - self._connected > _RECONNECT_SECONDS
            or now - self._heard > _PATIENCE_SECONDS
        ):
            raise self.lost()
        if self._due is None and now - self._asked > _WATCH_SECONDS and self._client.status == "running":
            self._asked = now
            loop = self._client.loop.asyncio_loop
            self._due = asyncio.run_coroutine_threadsafe(_nthreads(self._client), loop)
        return self._workers

    def lost(self) -> SchedulerError:
        """Return the error of a scheduler that is gone."""
        return SchedulerError(
            f"SCHEDULER: the connection to {self.address} was lost; see whether the scheduler still runs, and run again"
            " (a clustering goes on from its last iteration if it starts from signatures_unfinished.json)."
        )

    def begin(self, address: str, done: queue.SimpleQueue[Any], token: Any) -> Any:
        """Have a worker unpack the engine; the future of a record of what it is."""
        return self._submit("begin", address, done, token, self.package.archive)

    def hold(self, address: str, site: str, message: bytes, done: queue.SimpleQueue[Any], token: Any) -> Any:
        """Have a worker make ready for a run; as long as this future is kept, so is what the worker holds."""
        return self._submit("hold", address, done, token, site, message)

    def call(self, address: str, site: str, message: bytes, done: queue.SimpleQueue[Any], token: Any) -> Any:
        """Hand a message to a site; the future of its answer."""
        return self._submit("call", address, done, token, site, message)

    def _submit(self, what: str, address: str, done: queue.SimpleQueue[Any], token: Any, *arguments: Any) -> Any:
        self.sent += sum(len(argument) for argument in arguments if isinstance(argument, bytes))
        future = self._client.submit(
            getattr(self._boot, what),
            self.package.name,
            *arguments,
            key=f"iikmc-{what}-{uuid.uuid4().hex}",
            workers=[address],
            allow_other_workers=False,
            pure=False,
        )
        future.add_done_callback(lambda _: done.put(token))
        return future

    def result(self, future: Any) -> Any:
        """Return what came of a future that is done; None where its worker was lost on the way.

        Raises
        ------
        SchedulerError
            Dask itself failed at it.
        """
        if future.status == "finished":
            try:
                found = self._patiently(lambda: future.result(timeout=_PATIENCE_SECONDS))
            except SchedulerError:
                return None  # the worker is gone with it
            self.received += len(found) if isinstance(found, bytes) else 0
            return found
        if future.status == "error":
            error = future.exception(timeout=_CLOSE_SECONDS)
            if type(error).__name__ in ("KilledWorker", "NoWorkerError", "NoValidWorkerError"):
                return None
            raise SchedulerError(
                f"SCHEDULER: Dask at {self.address} failed ({first_line(error, with_kind=True)}); see that scheduler, "
                "workers and QGIS have the same version of distributed."
            )
        return None

    def _patiently(self, call: Callable[[], T]) -> T:
        """Return what a call returns that may wait, and look for a cancel meanwhile.

        Raises
        ------
        Cancelled
            The user cancelled.
        SchedulerError
            The call failed.
        """
        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put((True, call()))
            except Exception as error:  # noqa: BLE001 - carried to the calling thread
                answers.put((False, error))

        threading.Thread(target=work, name="iikmc-dask", daemon=True).start()
        while True:
            check_cancelled(self._progress)
            try:
                good, value = answers.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if good:
                return value
            if isinstance(value, SchedulerError):
                raise value
            raise SchedulerError(
                f"SCHEDULER: {self.address} cannot be used ({first_line(value, with_kind=True)}); give the address "
                "that the scheduler tells when it starts, such as tcp://host:8786, and see that it runs."
            ) from value

    def _connect(self) -> Any:
        client_of = load_distributed()
        # Told in our own words; Dask's log would end in QGIS's.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return client_of(self.address, timeout=_CONNECT_SECONDS, set_as_default=False, name="iikmc")

    def _send_boot(self) -> ModuleType:
        """Give scheduler and workers the file that unpacks the engine, and return it as it is here."""
        name = self.package.boot_name
        with tempfile.TemporaryDirectory(prefix="iikmc-boot-") as folder:
            path = Path(folder) / f"{name}.py"
            path.write_bytes(self.package.boot)
            if not self._client.get_metadata(name, False):
                self._client.upload_file(str(path))
                self._client.set_metadata(name, True)
            if name not in sys.modules:
                spec = importlib.util.spec_from_file_location(name, path)
                if spec is None or spec.loader is None:
                    raise ImportError(name)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                # Dask names a function by its module, which must be the same here and there.
                sys.modules[name] = module
        return sys.modules[name]


def load_distributed() -> Any:
    """Return Dask's class of clients.

    Raises
    ------
    SchedulerError
        Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SchedulerError(
            f"SCHEDULER is set, but the Python package distributed (Dask) cannot be loaded ({first_line(error)}); "
            "install distributed for the Python of QGIS, in the version that the cluster has, or leave SCHEDULER empty."
        ) from error
    return Client


async def _nthreads(client: Any) -> Any:
    return await asyncio.wait_for(client.scheduler.ncores(), _PATIENCE_SECONDS)


def _closed(client: Any) -> None:
    # Whatever a scheduler that is gone makes of it: nobody is interested any more.
    with suppress(Exception):
        client.close(timeout=_CLOSE_SECONDS)


def _check_versions(address: str, versions: Mapping[str, Any]) -> None:
    """Check that client, scheduler and workers have the same Dask.

    Raises
    ------
    SchedulerError
        One has another; the message names it.
    """
    own = _dask_of(versions.get("client"))
    others = {f"the scheduler {address}": versions.get("scheduler"), **(versions.get("workers") or {})}
    for name, found in others.items():
        version = _dask_of(found)
        # Patches differ in the third number, messages in the first two.
        if own and version and own.split(".")[:2] != version.split(".")[:2]:
            who = name if name.startswith("the ") else f"the worker {name}"
            raise SchedulerError(
                f"SCHEDULER: {who} has distributed {version}, and QGIS's Python has {own}; install the same version in "
                "both."
            )


def _dask_of(found: Any) -> str:
    """Return the version of distributed in a record of `get_versions`."""
    packages = found.get("packages") if isinstance(found, Mapping) else None
    if isinstance(packages, (list, tuple)):
        packages = dict(packages)
    return str(packages.get("distributed") or "") if isinstance(packages, Mapping) else ""
