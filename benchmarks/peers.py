"""Peers on the same pixels, from the same start, for the same number of iterations; the results are compared first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import figures, kernels, series, settings
from .processes import ProcessError, call, peers_python
from .programs import GRASS_ITERATIONS
from .settings import MANY, K

OURS = {
    kernels.CHOSEN: "IIkMC",
    kernels.ALL: "IIkMC, all pixels in every iteration",
    kernels.PLAIN: "IIkMC without Numba",
}
SCIKIT_LEARN, SCIKIT_LEARN_INTELEX = "scikit-learn", "scikit-learn-intelex"
LIBRARIES = {
    "scikit_learn": SCIKIT_LEARN,
    "scikit_learn_64": "scikit-learn, float64",
    "sklearnex": SCIKIT_LEARN_INTELEX,
    "faiss": "faiss",
}
# What an iteration of these costs does not depend on the pixels, so they run over one set only.
ONCE = ("faiss",)
PROGRAMS = {"saga": ("SAGA", "saga_cmd", {}), "grass": ("GRASS i.cluster", "grass", {"iterations": GRASS_ITERATIONS})}
STOP = 1.0
"""TOLERANCE of a run by default, in %."""


@dataclass(frozen=True)
class Set:
    """One set of pixels, and into how many classes it is divided."""

    series: str
    """Of which series it is a part."""
    k: int
    """Number of classes."""
    libraries: tuple[str, ...]
    """Keys of `LIBRARIES`."""
    programs: tuple[str, ...] = ()
    """Keys of `PROGRAMS`."""
    to_the_end: bool = False
    """Whether runs to a fixed point are measured too."""


SETS = (
    Set(series.REAL, K, tuple(name for name in LIBRARIES if name not in ONCE), to_the_end=True),
    Set(series.REAL, MANY, ("scikit_learn", "sklearnex")),
    Set(series.SIMULATED, K, tuple(LIBRARIES), tuple(PROGRAMS)),
)


def measure(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    sets = [_set(wanted, one) for one in SETS if not series.why_not(one.series)]
    figures.save(wanted, "peers", {"sets": sets, "threads": wanted.threads[-1]}, load)


def _set(wanted: settings.Settings, one: Set) -> dict[str, Any]:
    folder = series.pixel_set(wanted, one.series)
    figures.say(f"-- {one.series} series, k = {one.k}")
    given = {
        "folder": str(folder), "threads": wanted.threads[-1], "iterations": wanted.peer_iterations,
        "repeats": wanted.repeats,
    }  # fmt: skip
    rows = []
    for kernel, name in OURS.items():
        arguments = {**given, "k": one.k, "kernel": kernel, "keep": kernel == kernels.CHOSEN}
        rows.append(_row(name, call("fits", "ours", arguments, numba=kernels.needs_numba(kernel))))
    left_out: dict[str, str] = {}

    def add(name: str, measured: Callable[[], dict[str, Any]]) -> None:
        try:
            rows.append(_row(name, measured()))
        except ProcessError as error:
            left_out[name] = _reason(error)
            figures.say(f"{name}: left out, {left_out[name]}")

    for function in one.libraries:
        add(LIBRARIES[function], lambda function=function: _library(function, {**given, "k": one.k}))
    for function in one.programs:
        name, program, own = PROGRAMS[function]
        more = {**given, "repeats": min(2, wanted.repeats), **own}
        add(name, lambda function=function, program=program, more=more: _program(function, program, more))
    return {
        "series": one.series,
        "k": one.k,
        "pixels": series.shape_of(folder)[1],
        "rows": rows,
        "runs": _runs(wanted, one, folder),
        "left_out": left_out,
    }


def _runs(wanted: settings.Settings, one: Set, folder: Path) -> list[dict[str, Any]]:
    """Return whole runs from the default start: to the default stop and, if wanted, to a fixed point."""
    found = []
    for kernel in (kernels.CHOSEN, kernels.PLAIN):
        for tolerance in (STOP, 0.0) if one.to_the_end and kernel == kernels.CHOSEN else (STOP,):
            arguments = {
                "folder": str(folder), "threads": wanted.threads[-1], "kernel": kernel, "k": one.k,
                "tolerance": tolerance, "most": wanted.most_iterations,
                "repeats": wanted.repeats if kernel == kernels.CHOSEN and tolerance else 1,
            }  # fmt: skip
            run = call("fits", "whole_run", arguments, numba=kernels.needs_numba(kernel))
            found.append({**run, "wanted": kernel, "tolerance": tolerance})
            figures.say(
                f"{OURS[kernel]}, default start to {tolerance:g} %: {run['iterations']} iterations, "
                f"{figures.spread(run['seconds'])}"
            )
    return found


def _library(function: str, given: dict[str, Any]) -> dict[str, Any]:
    python = peers_python()
    if python is None:
        raise ProcessError("the peers' environment is not there; `make bench` makes it")
    return call("fits", function, given, python)


def _program(function: str, program: str, given: dict[str, Any]) -> dict[str, Any]:
    if shutil.which(program) is None:
        raise ProcessError(f"{program} is not installed")
    run = call("programs", function, given)
    return {**run, "process": {**run["process"], "peak_mb": run["peak_mb"]}}


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
