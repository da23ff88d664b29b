#!/usr/bin/python3
"""The demonstration of sensors: one place as four of them record it, one run of iikmc:cluster on all, one picture."""

from __future__ import annotations

import shlex
import sys

import demo
import qgis_run

FOLDER = demo.DEMO.with_name("demo-sensors")
SCENES, RESULTS, PICTURE = FOLDER / "scenes", FOLDER / "results", FOLDER / "quicklook.png"


def main() -> None:
    """Run the demonstration."""
    demo.say("Simulating a scene each of HLS, Landsat 9, PlanetScope and Sentinel-2")
    FOLDER.mkdir(parents=True, exist_ok=True)
    demo.call(["benchmarks/simulate.py", str(SCENES), "--one-place"])
    demo.install()
    # BANDS is left out: the run takes the bands that all four have.
    arguments = [f"SCENES={SCENES}", "K=8", "INIT=1", f"OUTPUT={RESULTS}"]
    demo.say("Running " + shlex.join(["qgis_process", "run", "iikmc:cluster", "--", *arguments]))
    status = qgis_run.run_algorithm("iikmc:cluster", arguments, demo.QGIS)
    if status:
        sys.exit(status)
    demo.say("Drawing the quicklook")
    demo.call(["tools/quicklook.py", str(RESULTS), str(PICTURE)])
    demo.point_to(RESULTS, PICTURE)


if __name__ == "__main__":
    main()
