"""The whole job as a user starts it: ``qgis_process run iikmc:cluster``, measured as one process."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import ROOT, figures, kernels, series, settings
from .processes import WITHOUT_NUMBA, call, environment, measure
from .settings import MANY, K

sys.path.append(str(ROOT / "tools"))
import qgis_run

MEMORY = 500
"""The limit of the pixel store that is compared with none, in MB."""
DEFAULTS = "defaults"


@dataclass(frozen=True)
class Job:
    """What is run, but for the scenes."""

    name: str
    """Its row in the table."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Parameters that are not at their defaults."""
    series: tuple[str, ...] = series.SERIES
    """On which series."""
    repeats: int = 2
    """Runs at most."""
    numba: bool = True
    """Whether Numba is installed."""

    @property
    def result(self) -> str:
        """What jobs with the same result have in common."""
        return ", ".join(f"{name}={value}" for name, value in self.values.items() if name != "MEMORY")


def jobs(wanted: settings.Settings) -> tuple[Job, ...]:
    """Return the jobs that are measured."""
    most = wanted.most_iterations
    to_the_end = {"TOLERANCE": 0, "MAX_ITERATIONS": most}
    return (
        Job(DEFAULTS, repeats=3),
        Job(f"MEMORY={MEMORY}", {"MEMORY": MEMORY}),
        Job("INIT=4", {"INIT": 4}),
        Job(kernels.PLAIN, repeats=1, numba=False),
        Job(f"K={MANY}", {"K": MANY}, (series.REAL,), 1),
        Job(f"TOLERANCE=0, MAX_ITERATIONS={most}", to_the_end, (series.REAL,), 1),
    )


def run(scenes: Path, output: Path, profile: Path, job: Job) -> dict[str, Any]:
    """Run the algorithm once; return the process's figures, the stages and the hash of the result."""
    shutil.rmtree(output, ignore_errors=True)
    values = {"SCENES": scenes, "K": K, **job.values, "OUTPUT": output}
    command = [qgis_run.qgis_process(), "run", "iikmc:cluster", "--"]
    command += [f"{name}={value}" for name, value in values.items()]
    env = {**environment(qgis_run.environment(profile)), "PYTHONWARNINGS": "ignore"}
    env["XDG_CACHE_HOME"] = str(_cache(profile))
    if not job.numba:
        env["PYTHONPATH"] = os.pathsep.join((str(WITHOUT_NUMBA), *qgis_run.PYTHON_PATHS))
    measured = measure(command, env)
    told = call("whole", "result", {"output": str(output)})
    shutil.rmtree(output)
    return {**told, **measured.figures()}


def result(output: str) -> dict[str, Any]:
    """Return what a run left."""
    from .stages import digest, record

    return {**record(Path(output) / "signatures.json"), "digest": digest(output)}


def _cache(profile: Path) -> Path:
    """Return the folder of compiled code; its own, so that the first job is the first one."""
    return profile / "cache"


def enable(profile: Path) -> None:
    """Enable the checkout as a plugin in a profile of the benchmark's own."""
    plugin = profile / "plugins" / "iikmc"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    if plugin.is_symlink() and plugin.resolve() != ROOT:
        plugin.unlink()
    if not plugin.is_symlink():
        plugin.symlink_to(ROOT, target_is_directory=True)
    qgis_run.enable("iikmc", profile)


def measure_part(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    profile, output, warm = wanted.folder / "qgis", wanted.folder / "out", series.warm_scene(wanted)
    folders = {name: series.scenes(wanted, name) for name in series.available()}
    enable(profile)
    # Once each, so that all runs find the files in the system's cache.
    for folder in folders.values():
        call("decode", "bare", {"folder": str(folder), "threads": wanted.threads[-1]})
    small = _first(warm, output, profile)
    # Two, as the first may have ended before all was compiled.
    later = [run(warm, output, profile, Job(DEFAULTS)) for _ in range(2)]
    large = _first(next(iter(folders.values())), output, profile)
    rows = []
    for name, folder in folders.items():
        for job in jobs(wanted):
            if name in job.series:
                rows.append({**_row(job, folder, output, profile, wanted), "series": name})
                figures.say(
                    f"whole job, {name} series, {job.name}: {figures.spread(rows[-1]['all_seconds'])}, "
                    f"{rows[-1]['peak_mb']:.0f} MB"
                )
    start = min(later, key=lambda one: one["seconds"])
    first = [
        {"of": "one scene of 300 x 300 pixels", "first": small, "later": start["seconds"]},
        {"of": f"the {rows[0]['series']} series", "first": large, "later": figures.best(rows[0]["all_seconds"])},
    ]
    for row in first:
        figures.say(f"first run after installation, {row['of']}: {row['first']:.2f} s, later {row['later']:.2f} s")
    figures.save(wanted, "whole", {"rows": rows, "first": first, "start": start["seconds"]}, load)


def _row(job: Job, scenes: Path, output: Path, profile: Path, wanted: settings.Settings) -> dict[str, Any]:
    runs = [run(scenes, output, profile, job) for _ in range(min(job.repeats, wanted.repeats))]
    return {
        **min(runs, key=lambda one: one["seconds"]),
        "job": job.name,
        "result": job.result,
        "all_seconds": [one["seconds"] for one in runs],
        "digests": sorted({one["digest"] for one in runs}),
        "peak_mb": max(one["peak_mb"] for one in runs),
    }


def _first(scenes: Path, output: Path, profile: Path) -> float:
    """Return the seconds of a run that finds no compiled code, as after installation."""
    shutil.rmtree(_cache(profile), ignore_errors=True)
    seconds: float = run(scenes, output, profile, Job(DEFAULTS))["seconds"]
    return seconds


if __name__ == "__main__":
    measure_part(settings.from_arguments(__doc__))
