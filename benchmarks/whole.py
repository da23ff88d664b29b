"""The whole job as a user starts it: ``qgis_process run iikmc:cluster``, measured as one process."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from . import ROOT, figures, series, settings
from .processes import call, environment, measure
from .settings import K

sys.path.append(str(ROOT / "tools"))
import qgis_run

MEMORY = 500
"""The limit of the pixel store that is compared with none, in MB."""
JOBS: dict[str, tuple[str, ...]] = {
    "defaults": (),
    f"MEMORY={MEMORY}": (f"MEMORY={MEMORY}",),
    "INIT=4": ("INIT=4",),
}


def run(scenes: Path, output: Path, profile: Path, extra: tuple[str, ...]) -> dict[str, Any]:
    """Run the algorithm once; return the process's figures, the stages and the hash of the result."""
    shutil.rmtree(output, ignore_errors=True)
    command = [qgis_run.qgis_process(), "run", "iikmc:cluster", "--"]
    command += [f"SCENES={scenes}", f"K={K}", *extra, f"OUTPUT={output}"]
    env = {**environment(qgis_run.environment(profile)), "PYTHONWARNINGS": "ignore"}
    env["XDG_CACHE_HOME"] = str(_cache(profile))
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
    if not plugin.is_symlink():
        plugin.symlink_to(ROOT, target_is_directory=True)
    qgis_run.enable("iikmc", profile)


def measure_part(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    folder, profile, output = series.scenes(wanted), wanted.folder / "qgis", wanted.folder / "out"
    enable(profile)
    warm = series.warm_scene(wanted)
    shutil.rmtree(_cache(profile), ignore_errors=True)
    first = run(warm, output, profile, ())
    start = run(warm, output, profile, ())
    rows = []
    for name, extra in JOBS.items():
        repeats = wanted.repeats if name == "defaults" else min(2, wanted.repeats)
        runs = [run(folder, output, profile, extra) for _ in range(repeats)]
        row = {**min(runs, key=lambda one: one["seconds"]), "job": name, "all_seconds": [r["seconds"] for r in runs]}
        row["digests"] = sorted({one["digest"] for one in runs})
        row["peak_mb"] = max(one["peak_mb"] for one in runs)
        rows.append(row)
        figures.say(f"whole job, {name}: {figures.spread(row['all_seconds'])}, {row['peak_mb']:.0f} MB")
    figures.save(wanted, "whole", {"rows": rows, "first": first["seconds"], "start": start["seconds"]}, load)


if __name__ == "__main__":
    measure_part(settings.from_arguments(__doc__))
