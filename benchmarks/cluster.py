"""A run on a Dask cluster of this machine against the same run without, and what grows with the number of scenes.

/usr/bin/python3 -m benchmarks.cluster            # about 15 minutes on 2 cores; --quick tries it out in one
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from . import ROOT, series, settings
from .processes import CACHE, FAST, call

DASK = ROOT / "build" / "dask"
_LOOPBACK = Path("/proc/net/dev")
_RUNS = 3
COUNTS = (30, 100, 300)
"""Numbers of small scenes."""


def environment() -> dict[str, str]:
    """Return the variables of scheduler and workers."""
    path = os.pathsep.join((str(FAST), str(DASK)))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", "XDG_CACHE_HOME": str(CACHE)}


@contextlib.contextmanager
def cluster(workers: int, threads: int, folder: Path, limit: str = "12GB") -> Iterator[str]:
    """Yield the address of a scheduler with so many workers, processes of their own."""
    told = folder / "scheduler.json"
    told.unlink(missing_ok=True)
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    processes = [_started("distributed.cli.dask_scheduler", folder, *options)]
    try:
        deadline = time.monotonic() + 60
        while not told.exists() or not told.read_text():
            if time.monotonic() > deadline:
                raise TimeoutError("the scheduler did not start")
            time.sleep(0.1)
        address = json.loads(told.read_text())["address"]
        own = ("--no-nanny", "--nthreads", str(threads), "--no-dashboard", "--memory-limit", limit)
        processes += [_started("distributed.cli.dask_worker", folder, address, *own) for _ in range(workers)]
        time.sleep(4)
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _started(module: str, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    with open(folder / "dask.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *options], cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip


def loopback() -> int:
    """Return the bytes that went over this machine's loopback so far, each counted once; 0 where nobody tells."""
    if not _LOOPBACK.exists():
        return 0
    found = re.search(r"^\s*lo:\s*(\d+)", _LOOPBACK.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def client(scenes: Sequence[str], output: Path, **values: Any) -> dict[str, Any]:
    """Run the clustering in a process of its own and return what it did.

    Without scenes it connects and waits a moment, and no more.
    """
    shutil.rmtree(output, ignore_errors=True)
    before = loopback()
    found = call("cluster", "run", {"scenes": list(scenes), "output": str(output), "values": values})
    return {**found, "loopback": loopback() - before, "peak_mb": found["process"]["peak_mb"]}


def run(scenes: Sequence[str], output: str, values: dict[str, Any]) -> dict[str, Any]:
    """Do what `client` says, in the process that it started."""
    sys.path.append(str(DASK))
    from iikmc.engine.execution.dask_client import Cluster
    from iikmc.engine.progress import Silent
    from iikmc.engine.requests import Request
    from iikmc.engine.runs.cluster import cluster as run_cluster

    if not scenes:
        with Cluster(values["scheduler"], Silent()):
            time.sleep(2)
        return {}
    began = time.perf_counter()
    result = run_cluster(Request(tuple(scenes), Path(output), **values))
    return {
        "seconds": time.perf_counter() - began,
        "iterations": len(result.fit.iterations),
        "pixels": result.pixels,
        "hash": _hash(Path(output)),
    }


def _hash(output: Path) -> str:
    """Return the hash of all rasters and tables of a run."""
    whole = hashlib.sha256()
    for path in sorted(output.iterdir()):
        if path.suffix in (".tif", ".csv", ".qml"):
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def against_local(folder: Path, wanted: settings.Settings, runs: int = _RUNS) -> dict[str, Any]:
    """Return the times of runs with one worker and without in turn, on the real series."""
    threads = wanted.threads[-1]
    scenes = [str(series.scenes(wanted, series.REAL))]
    found: dict[str, Any] = {"local": [], "cluster": [], "threads": threads}
    with cluster(1, threads, folder) as address:
        for _ in range(runs):
            found["local"].append(client(scenes, folder / "local", workers=threads))
            found["cluster"].append(client(scenes, folder / "there", workers=threads, scheduler=address))
    return found


def growing(folder: Path, counts: Sequence[int], workers: int = 2) -> list[dict[str, Any]]:
    """Return what runs over more and more small scenes took: on a cluster, here, and here with MEMORY spilling."""
    from .simulation.many import write_many

    many = settings.BUILD / "many"
    write_many(many, max(counts))
    places = sorted((str(path) for path in many.iterdir()), key=lambda path: (_day(path), path))
    rows = []
    with cluster(workers, 1, folder, "2GB") as address:
        idle = client([], folder / "none", scheduler=address)
        for count in counts:
            some = places[:count]
            there = client(some, folder / "there", scheduler=address, max_iterations=20, tolerance=0.0)
            longer = client(some, folder / "longer", scheduler=address, max_iterations=60, tolerance=0.0)
            here = client(some, folder / "here", max_iterations=20, tolerance=0.0)
            spilled = client(some, folder / "spilled", max_iterations=20, tolerance=0.0, memory=1)
            rows.append(
                {"scenes": count, "idle": idle, "there": there, "longer": longer, "here": here, "spilled": spilled}
            )
    return rows


def _day(path: str) -> str:
    name = Path(path).name
    found = re.search(r"20\d{6}", name)
    if found:
        return found.group()
    year, day = re.search(r"(20\d\d)(\d{3})T", name).groups()  # type: ignore[union-attr]
    return time.strftime("%Y%m%d", time.strptime(f"{year} {day}", "%Y %j"))


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small series: shows that all runs, not how fast")
    parser.add_argument("--json", type=Path, help="where the figures go as they are")
    options = parser.parse_args()
    wanted = settings.quick() if options.quick else settings.full()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = growing(folder, (8, 16) if options.quick else COUNTS)
        pair = against_local(folder, wanted, 1 if options.quick else _RUNS)
    if options.json:
        options.json.write_text(json.dumps({"growing": rows, "pair": pair}, indent=1), encoding="utf-8")
    sys.stdout.write("\n".join(told(rows, pair)) + "\n")
    same = all(len({row[name]["hash"] for name in ("there", "here", "spilled")}) == 1 for row in rows)
    same = same and len({run["hash"] for name in ("local", "cluster") for run in pair[name]}) == 1
    return 0 if same else 1


def per_iteration(row: dict[str, Any]) -> float:
    """Return the bytes over the wire of a scene and iteration: of the longer run less those of the shorter."""
    more = row["longer"]["iterations"] - row["there"]["iterations"]
    return (row["longer"]["loopback"] - row["there"]["loopback"]) / max(more, 1) / row["scenes"]


def _listed(runs: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{run['seconds']:.2f}" for run in runs)


def told(rows: Sequence[dict[str, Any]], pair: dict[str, Any]) -> list[str]:
    """Return the figures as lines of Markdown."""
    lines = [
        "| small scenes | iterations | on 2 workers s | here s | here, MEMORY=1 s | bytes over loopback a scene "
        "and iteration | client's peak over an idle one, MB | same rasters |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        over = row["longer"]["peak_mb"] - row["idle"]["peak_mb"]
        same = len({row[name]["hash"] for name in ("there", "here", "spilled")}) == 1
        seconds = " | ".join(f"{row[name]['seconds']:.1f}" for name in ("there", "here", "spilled"))
        lines.append(
            f"| {row['scenes']} | {row['there']['iterations']} | {seconds} | {per_iteration(row):,.0f} | {over:.0f} | "
            f"{'yes' if same else '**no**'} |"
        )
    best = {name: min(run["seconds"] for run in pair[name]) for name in ("local", "cluster")}
    lines += [
        "",
        f"Real series, one worker of {pair['threads']} threads against none: {best['cluster']:.2f} and "
        f"{best['local']:.2f} s, {best['cluster'] / best['local']:.2f} times; all runs: "
        + "; ".join(f"{name} {_listed(pair[name])}" for name in best) + ".",
    ]  # fmt: skip
    return lines


if __name__ == "__main__":
    sys.exit(main())
