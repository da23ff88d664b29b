#!/usr/bin/python3
"""The demonstration: simulated scenes, the plugin as a user installs it, one run of iikmc:cluster, one picture."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import build_zip
import qgis_run

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "build" / "demo"
SCENES, RESULTS, PICTURE = DEMO / "scenes", DEMO / "results", DEMO / "quicklook.png"
QGIS = DEMO / "qgis"


def simulate() -> None:
    """Write three scenes, unless they are there."""
    say("Simulating three Landsat scenes")
    call(["benchmarks/simulate.py", str(SCENES), "--scenes", "3", "--width", "1500", "--height", "1500"])


def install() -> None:
    """Install the plugin from its zip into a profile of the demonstration's own."""
    say("Installing the plugin into a QGIS profile of its own")
    plugin = QGIS / "plugins" / build_zip.TOP
    shutil.rmtree(plugin, ignore_errors=True)
    with zipfile.ZipFile(build_zip.build(ROOT / "dist")) as archive:
        archive.extractall(plugin.parent)
    qgis_run.enable(build_zip.TOP, QGIS)


def cluster() -> None:
    """Run iikmc:cluster on the folder of scenes."""
    # The start 2-98 %: the few snow fields of these scenes would stretch minimum-maximum and take half of the classes.
    arguments = [f"SCENES={SCENES}", "K=8", "INIT=1", f"OUTPUT={RESULTS}"]
    say("Running " + shlex.join(["qgis_process", "run", "iikmc:cluster", "--", *arguments]))
    status = qgis_run.run_algorithm("iikmc:cluster", arguments, QGIS)
    if status:
        sys.exit(status)


def main() -> None:
    """Run the demonstration."""
    simulate()
    install()
    cluster()
    say("Drawing the quicklook")
    call(["tools/quicklook.py", str(RESULTS), str(PICTURE)])
    point_to(RESULTS, PICTURE)


def point_to(results: Path, picture: Path) -> None:
    """Print where the results are."""
    print("\nDone. Look at:")
    for raster in sorted(results.glob("*_classes.tif")):
        print(f"  classes   {raster}")
    print(f"  report    {results / 'report.html'}")
    print(f"  areas     {results / 'statistics.csv'}")
    print(f"  picture   {picture}")


def say(text: str) -> None:
    """Print the headline of a step."""
    print(f"\n== {text}", flush=True)


def call(command: list[str]) -> None:
    """Run a script of the repository with the Python that QGIS belongs to; end with its status if it fails."""
    done = subprocess.run(["/usr/bin/python3", *command], cwd=ROOT, env=qgis_run.environment(QGIS))
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
