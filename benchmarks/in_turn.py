"""Whether a checkout is slower than another: the benchmark's whole job in QGIS, old and new in turn.

    /usr/bin/python3 -m benchmarks.in_turn OLD NEW

After one run each that loads and compiles everything, the two take turns, so that what else the machine does meets
both alike. Told are the medians of both and the median of the pairs' ratios. No time is told, and the exit status is 1,
where their results differ.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import figures, series, settings
from .checkouts import KERNELS, Checkout, packages, place, qgis_run
from .processes import ProcessError, call, measure
from .settings import BUILD, K

JOBS = ("cluster", "classify")
WHOLE, AROUND = "whole process", "around the stages"
_PEAK = "peak memory (MB)"


@dataclass(frozen=True)
class Job:
    """What is run again and again."""

    tool: str
    """Of `JOBS`."""
    arguments: tuple[str, ...]
    """NAME=VALUE for qgis_process, all but OUTPUT."""
    output: Path
    """The same for both checkouts, and removed after each run."""
    kernel: str
    """Of `KERNELS`."""
    numba: Path
    """Folder of Numba."""
    wait: bool = False
    """Whether it begins when Numba is ready, as small scenes would be done before."""
    cold: bool = False
    """Whether each run finds no machine code, as the first after an installation."""

    def run(self, checkout: Checkout) -> dict[str, Any]:
        """Run it once; return the process's figures, the record of the run and a hash of the results.

        Raises
        ------
        ProcessError
            The process failed, or another kernel did the work.
        """
        shutil.rmtree(self.output, ignore_errors=True)
        if self.cold:
            shutil.rmtree(checkout.base / "cache", ignore_errors=True)
        command = [qgis_run.qgis_process(), "run", f"iikmc:{self.tool}", "--", *self.arguments]
        env = checkout.environment(self.kernel, self.numba, self.wait)
        measured = measure([*command, f"OUTPUT={self.output}"], env, cwd=checkout.base)
        told = call("whole", "result", {"output": str(self.output)})
        if told["kernel"] != self.kernel:
            raise ProcessError(f"{checkout.name} used the kernel {told['kernel']} instead of {self.kernel}.")
        return {**told, **measured.figures()}


def in_turn(job: Job, pair: Sequence[Checkout], repeats: int) -> list[list[dict[str, Any]]]:
    """Run a job with both checkouts in turn; return a list of runs for each of them."""
    for checkout in pair:
        figures.say(f"{checkout.name}, to warm up: {job.run(checkout)['seconds']:.1f} s")
    runs: list[list[dict[str, Any]]] = [[], []]
    for number in range(repeats):
        for checkout, mine in zip(pair, runs):
            mine.append(job.run(checkout))
            figures.say(f"{checkout.name}, {number + 1} of {repeats}: {mine[-1]['seconds']:.2f} s")
    return runs


def parts(run: Mapping[str, Any]) -> dict[str, float]:
    """Return what is told of a run: its stages, what the process takes around them, the whole, its memory."""
    stages = {name: float(seconds) for name, seconds in run["stages"].items()}
    around = run["seconds"] - sum(stages.values())
    return {**stages, AROUND: around, WHOLE: run["seconds"], _PEAK: run["peak_mb"]}


def ratio(old: Sequence[float], new: Sequence[float]) -> float | None:
    """Return the median of new by old over the pairs; None where an old one is nothing."""
    return statistics.median(b / a for a, b in zip(old, new)) if all(old) else None


def table(runs: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Return the medians of old and new, and the median of their pairs' ratios, a line a part."""
    old, new = ([parts(run) for run in mine] for mine in runs)
    lines = [f"{'':20} {'old':>9} {'new':>9}  new/old"]
    # A stage that only one of them has is a line of its own.
    for name in dict.fromkeys([*old[0], *new[0]]):
        pair = [[run[name] for run in mine if name in run] for mine in (old, new)]
        cells = [f"{statistics.median(values):9.3f}" if values else f"{'-':>9}" for values in pair]
        found = ratio(*pair) if all(pair) else None
        lines.append(f"{name:20} {' '.join(cells)}  {'-' if found is None else f'{found:.3f}':>7}")
    return "\n".join(lines)


def same_results(runs: Sequence[Sequence[Mapping[str, Any]]]) -> bool:
    """Return whether all runs gave the same rasters and centres in the same number of iterations."""
    return len({(run["digest"], len(run["iterations"])) for mine in runs for run in mine}) == 1


def _jobs(options: argparse.Namespace, pair: Sequence[Checkout]) -> list[Job]:
    """Return the wanted jobs; classify's signatures are made by the old checkout, unmeasured."""
    work = options.work.resolve()
    size = settings.quick() if options.quick else settings.full()
    scenes = options.scenes.resolve() if options.scenes else series.scenes(replace(size, folder=work))
    more = (f"SCENES={scenes}", *options.values)
    cluster = Job(
        "cluster", (f"K={K}", *more), work / "out", options.kernel, packages(pair), options.quick, options.cold
    )
    if options.job == "cluster":
        return [cluster]
    source = replace(cluster, arguments=(f"K={K}", "INIT=4", f"SCENES={scenes}"), output=work / "source")
    source.run(pair[0])
    given = f"SIGNATURES={source.output / 'signatures.json'}"
    classify = replace(cluster, tool="classify", arguments=(given, *more))
    return [classify] if options.job else [cluster, classify]


def compare(options: argparse.Namespace) -> bool:
    """Measure and tell; return whether the results are the same."""
    work = options.work.resolve()
    pair = [place("old", options.old, work), place("new", options.new, work)]
    for checkout in pair:
        qgis_run.enable("iikmc", checkout.base, checkout.environment(options.kernel, packages(pair)))
    same = True
    for job in _jobs(options, pair):
        print(f"== {job.tool}, {job.kernel}, load {figures.load_average()}", flush=True)
        runs = in_turn(job, pair, options.repeats)
        if same_results(runs):
            print(f"\n{table(runs)}\n\nMedians of {options.repeats} runs each, in seconds; all results are the same.\n")
        else:
            same = False
            print(f"\n{job.tool}: the results of old and new differ; see benchmarks/same_results.py.\n")
    return same


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, help="checkout to compare with")
    parser.add_argument("new", type=Path, help="checkout that is compared")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each that count (%(default)s)")
    parser.add_argument("--job", choices=JOBS, help="this one alone; both by default")
    parser.add_argument("--kernel", choices=KERNELS, default=KERNELS[0], help="what labels (%(default)s)")
    parser.add_argument("--set", dest="values", action="append", default=[], metavar="NAME=VALUE",
                        help="one more parameter of the job that --job names, such as INIT=4")  # fmt: skip
    parser.add_argument("--scenes", type=Path, help="folder of scenes; those of make bench by default")
    parser.add_argument("--cold", action="store_true", help="let every run be the first: without machine code")
    parser.add_argument("--quick", action="store_true", help="small scenes: shows that all runs, not how fast")
    parser.add_argument("--work", type=Path, default=BUILD / "in_turn", help="where all goes (%(default)s)")
    options = parser.parse_args(words)
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    if options.values and not options.job:
        parser.error("--set needs --job, because the jobs have different parameters")
    return options


def main() -> int:
    """Run the command line; return its exit status."""
    try:
        return 0 if compare(parse()) else 1
    except (OSError, RuntimeError) as error:
        print(f"in_turn: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
