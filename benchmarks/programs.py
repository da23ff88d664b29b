"""SAGA and GRASS on the same pixels, laid out as a picture; they take no start, so only their times compare."""

from __future__ import annotations

import json
import math
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import ROOT
from .fits import _times
from .processes import ProcessError, environment, measure
from .series import shape_of
from .settings import K

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")


def saga(folder: str, threads: int, iterations: Sequence[int], repeats: int) -> dict[str, Any]:
    """Run "K-Means Clustering for Grids" with the minimum distance method; the times are those of the processes."""
    grids = ";".join(str(Path(folder) / f"{role}.tif") for role in ROLES)
    out = Path(folder) / "saga"
    out.mkdir(exist_ok=True)
    seconds: dict[int, list[float]] = {number: [] for number in iterations}
    peak, done = 0.0, 0
    for number in list(iterations) * repeats:
        command = ["saga_cmd", f"-c={threads}", "imagery_classification", "1", f"-GRIDS={grids}", "-METHOD=0"]
        command += [f"-NCLUSTER={K}", f"-MAXITER={number}", "-INITIALIZE=1", "-NORMALISE=0"]
        command += [f"-CLUSTER={out / 'classes.sgrd'}", f"-STATISTICS={out / 'classes.csv'}"]
        run = measure(command, {**environment(), "OMP_NUM_THREADS": str(threads)})
        seconds[number].append(run.seconds)
        peak = max(peak, run.peak_mb)
        done = max(done, *(int(found) for found in re.findall(r"Number of Iterations:\s*(\d+)", run.output)))
    shutil.rmtree(out)
    version = measure(["saga_cmd", "--version"]).output.split(":")[-1].strip()
    return {**_times(seconds), "peak_mb": peak, "done": done, "versions": {"SAGA": version}}


# i.cluster squares the members of a class in 32 bits (lib/cluster/c_reassign.c), so classes of more than 46 340 pixels
# get wrong distances and fall into one; it takes a regular sample of its own accord, so it gets one of about this size,
# and more iterations to make up for it.
GRASS_SAMPLE = 100_000
GRASS_ITERATIONS = (2, 42)
_MARK = "@result "


def grass(folder: str, threads: int, iterations: Sequence[int], repeats: int) -> dict[str, Any]:
    """Run i.cluster over a regular sample in a temporary location; it knows no threads."""
    arguments = json.dumps({"folder": folder, "iterations": list(iterations), "repeats": repeats})
    code = "import sys; from benchmarks import programs as p; p.in_grass(sys.argv[1])"
    env = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    command = ["grass", "--tmp-location", "XY", "--exec", "env", f"PYTHONPATH={ROOT}", sys.executable, "-c", code]
    output = measure([*command, arguments], env).output
    line = next(line for line in reversed(output.splitlines()) if line.startswith(_MARK))
    told = json.loads(line[len(_MARK) :])
    # What it did, where it found nothing left to change before it had done what it was asked for.
    times = _times({int(number): runs for number, runs in told["seconds"].items()})
    return {**times, **{name: told[name] for name in ("peak_mb", "done", "pixels", "versions")}}


def in_grass(arguments: str) -> None:
    """Do the work of `grass` within its session."""
    wanted = json.loads(arguments)
    folder = Path(wanted["folder"])
    for role in ROLES:
        measure(["r.in.gdal", "-o", "--quiet", f"input={folder / role}.tif", f"output={role}"])
    measure(["g.region", "raster=blue"])
    measure(["i.group", "--quiet", "group=g", "subgroup=s", f"input={','.join(ROLES)}"])
    every = math.ceil(math.sqrt(shape_of(folder)[1] / GRASS_SAMPLE))
    seconds: dict[int, list[float]] = {}
    peak, pixels, report = 0.0, 0, folder / "i.cluster.txt"
    for number in wanted["iterations"] * wanted["repeats"]:
        command = ["i.cluster", "--overwrite", "--quiet", "group=g", "subgroup=s", "signaturefile=sig", f"classes={K}"]
        # No stop before the last iteration as long as a pixel changes class.
        command += [f"sample={every},{every}", f"iterations={number}", "convergence=100", f"reportfile={report}"]
        run = measure(command)
        text = report.read_text(encoding="utf-8", errors="replace")
        steps = re.findall(r"iteration (\d+) #+\s+(\d+) classes", text)
        done, classes = (int(found) for found in steps[-1])
        if classes != K:
            raise ProcessError(f"error: i.cluster made {classes} classes of {K}")
        seconds.setdefault(done, []).append(run.seconds)
        peak = max(peak, run.peak_mb)
        pixels = int(re.findall(r"Sample size: (\d+)", text)[0])
    report.unlink()
    version = measure(["g.version"]).output.split("(")[0].replace("GRASS", "").strip()
    told = {"seconds": seconds, "peak_mb": peak, "done": max(seconds), "pixels": pixels, "versions": {"GRASS": version}}
    print(_MARK + json.dumps(told))
