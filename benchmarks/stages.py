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

from . import figures, series, settings
from .processes import call

KERNELS = ("numba", "numpy")
# Names of the engine, by the numbers that INIT has in the plugin.
STARTS = {0: "minimum-maximum", 4: "coarse-to-fine"}


def kernel_named(name: str) -> Any:
    """Return a kernel: "numpy", "numba", or "numba-all" which labels every pixel in every iteration."""
    if name == "numpy":
        from iikmc.engine.kernels.numpy_kernel import NumpyKernel

        return NumpyKernel()
    from iikmc.engine.kernels.numba_kernel import NumbaKernel

    return NumbaKernel(prune=name == "numba")


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
        See `kernel_named`, WORKERS and INIT.
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

    used = kernel_named(kernel)
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
    run = {**record(result.signatures), "total": seconds, "peak_mb": peak, "kernel": used.name}
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
    folder, warm = str(series.scenes(wanted)), str(series.warm_scene(wanted))
    rows = []
    for init in STARTS:
        for kernel in KERNELS:
            for threads in wanted.threads:
                arguments = {
                    "scenes": [folder], "output": str(wanted.folder / "out"), "kernel": kernel, "threads": threads,
                    "init": init, "warm": warm,
                }  # fmt: skip
                runs = [call("stages", "job", arguments) for _ in range(min(2, wanted.repeats))]
                best = min(runs, key=lambda run: run["total"])
                rows.append({**best, "init": init, "threads": threads, "digests": [run["digest"] for run in runs]})
                figures.say(f"{kernel}, {threads} thread(s), INIT={init}: {best['total']:.1f} s")
    figures.save(wanted, "stages", {"rows": rows}, load)


if __name__ == "__main__":
    measure(settings.from_arguments(__doc__))
