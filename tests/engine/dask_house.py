"""A Dask scheduler and workers as processes of their own, to be killed one by one."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tiny import Recorder

HAS_DASK = importlib.util.find_spec("distributed") is not None
# A worker that knows of no home or screen, and compiles nothing of its own accord.
_QUIET = {"DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s"}


class House:
    """One scheduler with its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self._logs = 0
        told = folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
        self.scheduler = self._start(sys.executable, "distributed.cli.dask_scheduler", *options)
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError, ValueError):
                self.address: str = json.loads(told.read_text())["address"]
                return
            if time.monotonic() > deadline:
                raise TimeoutError(self.logs())
            time.sleep(0.02)

    def _start(
        self, python: str, module: str, *options: str, env: Any = None, before: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        self._logs += 1
        log = open(self.folder / f"log-{self._logs}.txt", "wb")  # noqa: SIM115 - the process keeps it
        environment = {**os.environ, **_QUIET, "PYTHONWARNINGS": "ignore", **(env or {})}
        return subprocess.Popen(
            [*before, python, "-m", module, *options], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def worker(self, python: str = sys.executable, threads: int = 1, **options: Any) -> subprocess.Popen[bytes]:
        """Start a worker; it joins after a second or two."""
        arguments = ("--no-nanny", "--nthreads", str(threads), "--no-dashboard", "--memory-limit", "2GB")
        made = self._start(python, "distributed.cli.dask_worker", self.address, *arguments, **options)
        self.workers.append(made)
        return made

    def fill(self, number: int) -> list[subprocess.Popen[bytes]]:
        """Start workers until there are so many, and wait until all have joined."""
        from distributed import Client

        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < number:
            self.worker()
        while len(self.workers) > number:
            self.kill(self.workers[-1])
        with Client(self.address, set_as_default=False) as client:
            deadline = time.monotonic() + 60
            while len(client.nthreads()) != number:
                if time.monotonic() > deadline:
                    raise TimeoutError(self.logs())
                time.sleep(0.05)
        return self.workers

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process with no chance to say a word."""
        process.kill()
        process.wait()
        if process in self.workers:
            self.workers.remove(process)

    def held(self) -> int:
        """Return at how many workers something is held for a run."""
        from distributed import Client

        def count() -> int:
            import sys

            mouths = [module for name, module in list(sys.modules.items()) if name.endswith(".engine.runs.at_worker")]
            return sum(len(mouth._stations) for mouth in mouths)

        with Client(self.address, set_as_default=False) as client:
            return sum(client.run(count).values())

    def logs(self) -> str:
        """Return what all have said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("log-*.txt")))

    def close(self) -> None:
        """End everything."""
        for process in (*self.workers, self.scheduler):
            # One that was stopped is killed all the same.
            process.kill()
            process.wait()


class Killer(Recorder):
    """Stops a worker at a stage of a run, so that it is in the middle of it, and kills it a little later."""

    def __init__(self, house: House, worker: subprocess.Popen[bytes], stage: str) -> None:
        super().__init__()
        self._house, self._worker, self._stage = house, worker, stage
        self._left = -1
        self.killed = False

    def stage(self, text: str) -> None:
        super().stage(text)
        if text.startswith(self._stage) and self._left < 0:
            self._worker.send_signal(signal.SIGSTOP)
            self._left = 4

    def cancelled(self) -> bool:
        # Asked ten times a second while the run waits.
        if self._left > 0:
            self._left -= 1
            if not self._left:
                self.killed = True
                self._house.kill(self._worker)
        return super().cancelled()
