"""Peers on the same pixels, from the same start, for the same number of iterations; the results are compared first."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from . import figures, series, settings
from .processes import ProcessError, call, peers_python
from .programs import GRASS_ITERATIONS

OURS = {"numba": "IIkMC, Numba", "numba-all": "IIkMC, Numba, all pixels in every iteration", "numpy": "IIkMC, NumPy"}
LIBRARIES = {
    "scikit_learn": "scikit-learn",
    "scikit_learn_64": "scikit-learn, float64",
    "sklearnex": "scikit-learn-intelex",
    "faiss": "faiss",
}
PROGRAMS = {"saga": ("SAGA", "saga_cmd", {}), "grass": ("GRASS i.cluster", "grass", {"iterations": GRASS_ITERATIONS})}


def measure(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    folder = series.pixel_set(wanted)
    threads = wanted.threads[-1]
    given = {
        "folder": str(folder), "threads": threads, "iterations": wanted.peer_iterations, "repeats": wanted.repeats
    }  # fmt: skip
    rows = [
        _row(name, call("fits", "ours", {**given, "kernel": kernel, "keep": kernel == "numba"}))
        for kernel, name in OURS.items()
    ]
    left_out = {}
    for function, name in LIBRARIES.items():
        python = peers_python()
        try:
            if python is None:
                raise ProcessError("the peers' environment is not there; `make bench` makes it")
            rows.append(_row(name, call("fits", function, given, python)))
        except ProcessError as error:
            left_out[name] = _reason(error)
    for function, (name, program, own) in PROGRAMS.items():
        try:
            if shutil.which(program) is None:
                raise ProcessError(f"{program} is not installed")
            run = call("programs", function, {**given, "repeats": min(2, wanted.repeats), **own})
            rows.append(_row(name, {**run, "process": {**run["process"], "peak_mb": run["peak_mb"]}}))
        except ProcessError as error:
            left_out[name] = _reason(error)
    for name, why in left_out.items():
        figures.say(f"{name}: left out, {why}")
    pixels = series.shape_of(folder)[1]
    figures.save(
        wanted, "peers", {"rows": rows, "left_out": left_out, "pixels": pixels, "threads": threads}, load
    )  # fmt: skip


def _row(name: str, run: dict[str, Any]) -> dict[str, Any]:
    figures.say(f"{name}: {run['each']:.4f} s an iteration, {run['process']['peak_mb']:.0f} MB")
    return {**run, "name": name}


def _reason(error: ProcessError) -> str:
    """Return the line that says what went wrong."""
    lines = str(error).strip().splitlines()
    telling = [line for line in lines if "error" in line.lower()] or lines
    return telling[-1].replace(str(Path.cwd()), ".")[:200]


if __name__ == "__main__":
    measure(settings.from_arguments(__doc__))
