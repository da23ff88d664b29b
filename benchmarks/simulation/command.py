"""The command line of the simulation."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from .files import is_complete, write_simulated
from .one_place import ACQUISITIONS, write_one_place
from .series import DEMO_SENSORS, INTERVAL, START, bench_series, series


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Simulate Landsat Collection 2 Level-2 scene folders, or products of several sensors."
    )
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="folder to write the scene folders into")
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--width", type=int, default=1500, help="samples (default 1500; a real scene has about 7600)")
    parser.add_argument("--height", type=int, default=1500, help="lines (default 1500; a real scene has about 7700)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-date", type=date.fromisoformat, default=START, metavar="YYYY-MM-DD")
    parser.add_argument("--interval", type=int, default=INTERVAL, help="days from scene to scene")
    parser.add_argument("--sensors", default=",".join(DEMO_SENSORS), help="in turn, of LC08 LC09 LE07 LT05 LT04")
    parser.add_argument("--footprint", type=float, default=0.70, help="share of the grid inside the tilted footprint")
    parser.add_argument("--cloud-cover", type=float, default=0.06, help="share of the footprint under cloud")
    parser.add_argument("--cirrus-cover", type=float, default=0.015, help="share of the footprint under cirrus")
    parser.add_argument(
        "--bench",
        action="store_true",
        help="the benchmark's series instead: 7600 x 7700 px, OLI only, at least 115 million valid pixels in 3 scenes",
    )
    parser.add_argument(
        "--one-place",
        action="store_true",
        help="one place as Landsat 9, HLS, Sentinel-2 and PlanetScope record it instead, alone in OUT_DIR",
    )
    parser.add_argument("--overviews", action="store_true", help="add internal overviews, as genuine files have")
    parser.add_argument("--threads", type=int, default=None, help="default: all processors")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _arguments(argv)
    if options.one_place:
        write_one_place(options.out)
        print(*(look.product for look in ACQUISITIONS), sep="\n")
        return 0
    specs = (
        bench_series(scenes=options.scenes, seed=options.seed)
        if options.bench
        else series(
            options.scenes,
            options.width,
            options.height,
            options.seed,
            options.start_date,
            options.interval,
            tuple(options.sensors.split(",")),
            options.footprint,
            options.cloud_cover,
            options.cirrus_cover,
        )
    )
    for spec in specs:
        start = time.perf_counter()
        if is_complete(options.out, spec, options.overviews):
            print(f"{spec.product_id}: already there")
            continue
        write_simulated(options.out, spec, options.overviews, options.threads)
        print(f"{spec.product_id}: {spec.width} x {spec.height} px in {time.perf_counter() - start:.1f} s")
    return 0
