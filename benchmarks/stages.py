"""The stages of a run: read with mask and pack, start, each iteration, write; by kernel, threads and start.

Each run is a process of its own that calls the engine as the plugin does. Loading and compiling happen on a small
scene before the clock starts; the rasters are hashed after it has stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from . import figures, kernels, series, settings
from .processes import call

KERNELS = (kernels.CHOSEN, kernels.PLAIN)
# Names of the engine, by the numbers that INIT has in the plugin.
STARTS = {0: "minimum-maximum", 4: "coarse-to-fine"}


def job(
    scenes: list[str],
    output: str,
    kernel: str,
    threads: int,
    init: int = 0,
    iterations: int | None = None,
    warm: str | None = None,
    hashed: bool = True,
) -> dict[str, Any]:
    """Cluster scenes and return the times, the peak memory, and what the result is recognised by.

    Parameters
    ----------
    scenes, output
        Paths; the output is removed again.
    kernel, threads, init
        See `kernels.for_a_job`, WORKERS and INIT.
    iterations
        Exactly so many; the defaults' stop rule where None.
    warm
        A small scene to load and compile everything with first.
    hashed
        Whether to hash the rasters.
    """
    import resource
    import time

    from iikmc.engine.requests import Request
    from iikmc.engine.runs.cluster import cluster

    used = kernels.for_a_job(kernel)
    limits: dict[str, Any] = {} if iterations is None else {"max_iterations": iterations, "tolerance": 0.0}
    if warm:
        place = Path(f"{output}-warm")
        cluster(Request((warm,), place, workers=threads, start=STARTS[init]), kernel=used)
        shutil.rmtree(place)
    request = Request(tuple(scenes), Path(output), workers=threads, start=STARTS[init], **limits)
    began = time.perf_counter()
    result = cluster(request, kernel=used)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    run = {**record(result.signatures), "total": seconds, "peak_mb": peak, "wanted": kernel}
    if hashed:
        run["digest"] = digest(result.output)
    shutil.rmtree(result.output)
    return run


def record(signatures: Path) -> dict[str, Any]:
    """Return what a run's signatures file tells of its times."""
    run = json.loads(signatures.read_text(encoding="utf-8"))["run"]
    return {
        "stages": run["seconds"],
        "iterations": [step["seconds"] for step in run["iterations"]],
        "changed_percent": [step["changed_percent"] for step in run["iterations"]],
        "pixels": run["pixels"],
        "kernel": run["kernel"],
        "versions": run["versions"],
    }


def digest(output: str | Path) -> str:
    """Return a hash of all classified rasters' values and of the saved centres."""
    import rasterio

    found = hashlib.sha256()
    for path in sorted(Path(output).glob("*_classes.tif")):
        found.update(path.name.encode())
        with rasterio.open(path) as dataset:
            for _, window in dataset.block_windows(1):
                if window.col_off == 0:
                    rows = ((window.row_off, window.row_off + window.height), (0, dataset.width))
                    found.update(dataset.read(1, window=rows).tobytes())
    centres = json.loads((Path(output) / "signatures.json").read_text(encoding="utf-8"))["centres"]
    found.update(json.dumps(centres).encode())
    return found.hexdigest()


def measure(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    warm, rows = str(series.warm_scene(wanted)), []
    for name in series.available():
        folder = str(series.scenes(wanted, name))
        for kernel, threads, init in choices(wanted, name):
            arguments = {
                "scenes": [folder], "output": str(wanted.folder / "out"), "kernel": kernel, "threads": threads,
                "init": init, "warm": warm,
            }  # fmt: skip
            # Long runs vary less, and the longest are those without Numba on the real series.
            repeats = 1 if name == series.REAL and kernel == kernels.PLAIN else min(2, wanted.repeats)
            numba = kernels.needs_numba(kernel)
            runs = [call("stages", "job", arguments, numba=numba) for _ in range(repeats)]
            best = min(runs, key=lambda run: run["total"])
            row = {**best, "series": name, "init": init, "threads": threads}
            rows.append({**row, "digests": [run["digest"] for run in runs]})
            figures.say(f"{name} series, {kernel}, {threads} thread(s), INIT={init}: {best['total']:.1f} s")
    figures.save(wanted, "stages", {"rows": rows}, load)


def choices(wanted: settings.Settings, name: str) -> list[tuple[str, int, int]]:
    """Return the kernel, number of threads and INIT of each run of a series.

    The real one, whose runs are long, has not every start with every kernel and number of threads.
    """
    every = [(kernel, threads, init) for init in STARTS for kernel in KERNELS for threads in wanted.threads]
    if name == series.SIMULATED:
        return every
    most = wanted.threads[-1]
    return [
        (kernel, threads, init)
        for kernel, threads, init in every
        if threads == most or (kernel == kernels.CHOSEN and init == 0)
        if init == 0 or kernel == kernels.CHOSEN
    ]


if __name__ == "__main__":
    measure(settings.from_arguments(__doc__))
