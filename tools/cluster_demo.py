#!/usr/bin/python3
"""The demonstration on a cluster: a Dask scheduler and three workers on this machine, one of which is killed.

The same series is clustered by `qgis_process` twice, on this machine alone and with SCHEDULER. While the second run
iterates, one worker is killed; the results are compared byte for byte.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import demo
import qgis_run

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "build" / "cluster-demo"
LOCAL, CLUSTER, LOGS = HERE / "local", HERE / "cluster", HERE / "dask"
WORKERS = 3
# In the run's log, where it is in the middle of its work.
MOMENT = "Iteration 2:"
# What holds the times of a run; all else must be the same.
TIMED = ("signatures.json", "report.html")


def environment() -> dict[str, str]:
    """Return the variables of scheduler and workers."""
    return {**qgis_run.environment(demo.QGIS), "PYTHONWARNINGS": "ignore"}


def start(module: str, name: str, *options: str) -> subprocess.Popen[bytes]:
    """Start a process of the cluster; it writes to a log of its own."""
    with open(LOGS / f"{name}.log", "wb") as log:
        return subprocess.Popen(
            ["/usr/bin/python3", "-m", module, *options],
            env=environment(),
            cwd=LOGS,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Yield a scheduler's address and its workers, and end them all."""
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    told = LOGS / "scheduler.json"
    processes = [
        start(
            "distributed.cli.dask_scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(told),
        )
    ]  # fmt: skip
    try:
        address = wait_for(told)
        for number in range(WORKERS):
            # Without a nanny, which would start a killed worker again.
            options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--memory-limit", "4GB")
            processes.append(start("distributed.cli.dask_worker", f"worker-{number + 1}", address, *options))
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for(told: Path) -> str:
    """Return the scheduler's address as soon as it has written it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(told.read_text(encoding="utf-8"))["address"])
        time.sleep(0.05)
    sys.exit(f"cluster-demo: the scheduler does not start; see {LOGS}.")


def run(output: Path, scheduler: str, workers: list[subprocess.Popen[bytes]]) -> None:
    """Run iikmc:cluster, and kill the first of some workers in the middle."""
    shutil.rmtree(output, ignore_errors=True)
    arguments = [f"SCENES={demo.SCENES}", "K=8", "INIT=1", "TOLERANCE=0.2", f"OUTPUT={output}"]
    arguments += [f"SCHEDULER={scheduler}"] if scheduler else []
    demo.say("Running " + shlex.join(["qgis_process", "run", "iikmc:cluster", "--", *arguments]))
    command = [qgis_run.qgis_process(), "run", "iikmc:cluster", "--", *arguments]
    process = subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    killed = False
    for line in process.stdout or ():
        print(line, end="", flush=True)
        if workers and not killed and MOMENT in line:
            killed = True
            print(f"== Killing the worker with process id {workers[0].pid}", flush=True)
            workers[0].kill()
    if process.wait():
        sys.exit(f"cluster-demo: qgis_process ended with {process.returncode}.")
    if workers and not killed:
        sys.exit("cluster-demo: the run ended before a worker could be killed.")


def compare() -> int:
    """Compare the two folders byte for byte, but for what holds times; return how many files were the same."""
    names = [sorted(path.name for path in folder.iterdir()) for folder in (LOCAL, CLUSTER)]
    if names[0] != names[1]:
        sys.exit(f"cluster-demo: the results are {names[0]} and {names[1]}.")
    for name in names[0]:
        if name not in TIMED and (LOCAL / name).read_bytes() != (CLUSTER / name).read_bytes():
            sys.exit(f"cluster-demo: {name} of the cluster is not that of this machine alone.")
    centres = [json.loads((folder / TIMED[0]).read_text(encoding="utf-8"))["centres"] for folder in (LOCAL, CLUSTER)]
    if centres[0] != centres[1]:
        sys.exit("cluster-demo: the centres differ.")
    return len(names[0]) - len(TIMED)


def main() -> None:
    """Run the demonstration."""
    demo.simulate()
    demo.install()
    run(LOCAL, "", [])
    demo.say(f"Starting a Dask scheduler and {WORKERS} workers")
    with cluster() as (address, workers):
        run(CLUSTER, address, workers)
    same = compare()
    print(f"\nDone: the centres and {same} files are the same byte for byte, though a worker was killed on the way.")
    print(f"  of this machine   {LOCAL}\n  of the cluster    {CLUSTER}\n  its logs          {LOGS}")


if __name__ == "__main__":
    main()
