"""Check and measure the GPU kernel on any machine with a CUDA card; needs numpy and cupy only.

    python benchmarks/gpu.py --json gpu.json

1. Start-up: import, open, compile and self-test in fresh processes, with an empty and then a filled kernel cache.
2. Equality: labels, sums and changes against the reference and the NumPy kernel, for many numbers of classes and bands.
3. Bandwidth: a copy within the card's memory, bytes read and written counted, which is what the roofline is made of.
4. Iterations: k-means on one large block that stays on the card, as the engine calls it, and the launch alone.
5. Feeding: bytes a second to the card from pinned and from usual memory, and as the engine sends its blocks; iterations
   of blocks that pass through the card each time, and of a card with room for half of them, the CPU beside it.
6. The same iterations by the NumPy kernel on one thread: the sequential reference, whose every result must be equal.

Prints tables, ends with PASS or FAIL of all that was compared (exit status 0 or 1), and writes every number as JSON.
It measures only what it ran: what is missing is written as null.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# The sequential reference is one thread, BLAS included; it reads this when NumPy is imported.
if __name__ == "__main__":
    for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

import numpy as np

ROOT = Path(__file__).resolve().parents[1]

CLASSES = (2, 3, 5, 8, 9, 16, 17, 24, 32, 33, 64, 65, 128, 254)
BANDS = (1, 2, 3, 4, 5, 6, 7, 8, 10)
# The targets.
MOST_OF_ROOFLINE, LEAST_SPEED_UP, LONGEST_START = 2.5, 390.0, 2.0
_CUDA = ("devices", "card", "kernel")


def package(name: str) -> Any:
    """Import a module of this checkout, such as "engine.centres.kmeans", whatever its folder is called."""
    if "iikmc" not in sys.modules:
        where = {"submodule_search_locations": [str(ROOT)]}
        spec = importlib.util.spec_from_file_location("iikmc", ROOT / "__init__.py", **where)
        if spec is None or spec.loader is None:
            sys.exit(f"gpu: {ROOT} is no checkout of the plugin.")
        module = importlib.util.module_from_spec(spec)
        sys.modules["iikmc"] = module
        spec.loader.exec_module(module)
    return importlib.import_module(f"iikmc.{name}")


# --- start-up --------------------------------------------------------------------------------------------------------


def start_up(k: int, n_bands: int) -> dict[str, float]:
    """Return the seconds that each step takes in this process."""
    laps: dict[str, float] = {}
    began = last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        laps[name], last = now - last, now

    package("engine.kernels.selftest")
    lap("engine")
    cupy = importlib.import_module("cupy")
    lap("import")
    devices, cards = package("engine.kernels.cuda.devices"), package("engine.kernels.cuda.card")
    card = cards.Card(devices.most_free(cupy)[0])
    lap("open")
    card.compile(k, n_bands)
    lap("compile")
    devices.test(card, wide=n_bands > 6)
    lap("self_test")
    laps["total"] = last - began
    return laps


def start_ups(arguments: argparse.Namespace) -> list[dict[str, float]]:
    """Return the start-up times of two fresh processes: the first has an empty cache, the second the first's."""
    found = []
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, __file__, "--start-up-only", "-k", str(arguments.k), "--bands", str(arguments.bands)],
                env={**os.environ, "CUPY_CACHE_DIR": cache},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                sys.exit(f"gpu: the start-up failed: {done.stderr.strip()}")
            found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


# --- what is said ----------------------------------------------------------------------------------------------------


def about(card: Any) -> dict[str, Any]:
    """Return what was measured on."""
    runtime = card.cupy.cuda.runtime
    name = runtime.getDeviceProperties(card.device)["name"]
    return {
        "card": name.decode() if isinstance(name, bytes) else str(name),
        "multiprocessors": card.multiprocessors,
        "driver": runtime.driverGetVersion(),
        "cuda": runtime.runtimeGetVersion(),
        "cupy": card.cupy.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
    }


def verdict(good: bool | None) -> str:
    """Return a word for the table."""
    return "not measured" if good is None else ("met" if good else "MISSED")


def table(report: dict[str, Any]) -> str:
    """Return the report as lines to read."""
    unequal = [row for row in report["equality"] if not (row["reference"] and row["numpy"])]
    lines = [
        *(f"{key:24}{value}" for key, value in report["about"].items()),
        f"{'equality':24}{len(report['equality']) - len(unequal)} of {len(report['equality'])} combinations equal",
        *(f"{'':24}DIFFERENT: k = {row['k']}, {row['bands']} band(s)" for row in unequal),
    ]
    for name, laps in zip(("first start, seconds", "second start, seconds"), report["start_up"]):
        lines.append(f"{name:24}" + ", ".join(f"{lap} {value:.2f}" for lap, value in laps.items()))
    if len(report["start_up"]) == 2:
        lines.append(f"{'  target 2 s':24}{verdict(report['start_up'][1]['total'] <= LONGEST_START)}")
    if report["measured"]:
        measured, found = report["measured"], report["figures"]
        lines += [
            f"{'pixels, bands, k':24}{measured['pixels']:,}, {measured['bands']}, {measured['k']}",
            f"{'copy':24}{measured['copy_bytes_per_second'] / 1e9:,.0f} GB/s read and written",
            f"{'upload':24}{measured['upload_seconds']:.2f} s",
            *(f"{name:32}{value:,.2f}" for name, value in found.items() if value is not None),
            f"{'  target 2.5 x roofline':24}{verdict(found['times_roofline'] <= MOST_OF_ROOFLINE)}",
            f"{'  target 390 x NumPy':24}"
            + verdict(None if found["speed_up"] is None else found["speed_up"] >= LEAST_SPEED_UP),
            *feeding_table(measured),
            f"{'equal in strips':24}{measured['equal_in_strips']}",
            f"{'equal to NumPy':24}{measured['equal_to_numpy']}",
            "iteration   changed %     GPU ms   in strips ms   NumPy ms",
        ]
        for i, row in enumerate(measured["gpu"]):
            numpy = measured["numpy"] or []
            other = f"{1000 * numpy[i]['seconds']:11,.0f}" if i < len(numpy) else f"{'-':>11}"
            strips = measured["gpu_in_strips"][i]["seconds"]
            lines.append(
                f"{i + 1:9}{100 * row['changed'] / measured['pixels']:12.3f}{1000 * row['seconds']:11.3f}"
                f"{1000 * strips:15.3f}{other}"
            )
    lines.append(f"equality of everything compared: {'PASS' if all_equal(report) else 'FAIL'}")
    return "\n".join(lines)


def feeding_table(measured: dict[str, Any]) -> list[str]:
    """Return the lines on the way to the card and on what does not fit."""
    feeding, other = measured["feeding"], measured["not_resident"]
    lines = [
        f"{'to the card, ' + name[: -len('_bytes_per_second')]:24}{value / 1e9:,.2f} GB/s"
        for name, value in feeding.items()
        if name.endswith("_bytes_per_second")
    ]
    for name, text in (
        ("passing", "all pass through"),
        ("half", "room for half"),
        ("cpu", f"{other['cpu_kernel']} alone"),
    ):
        later = [row["seconds"] for row in other[name][1:]] or [other[name][0]["seconds"]]
        lines.append(
            f"{text:24}{1e12 * float(np.median(later)) / measured['pixels']:,.2f} ps a pixel and iteration on "
            f"{other['threads']} thread(s)"
        )
    shares = ", ".join(f"{what} {share:.1f} %" for what, share in other["half_about"]["percent"].items())
    lines.append(f"{'  labelled with half':24}{shares}")
    lines.append(f"{'equal where not fitting':24}{other['equal']}")
    return lines


def all_equal(report: dict[str, Any]) -> bool:
    """Tell whether nothing that was compared differs."""
    measured = report["measured"] or {}
    return all(row["reference"] and row["numpy"] for row in report["equality"]) and not (
        measured.get("equal_in_strips") is False
        or measured.get("equal_to_numpy") is False
        or measured.get("not_resident", {}).get("equal") is False
    )


def parse(words: list[str] | None) -> argparse.Namespace:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="file for every number")
    parser.add_argument("--pixels", type=int, default=115_000_000, help="of the large block (115 million)")
    parser.add_argument("-k", type=int, default=8, help="classes (8)")
    parser.add_argument("--bands", type=int, default=6, help="bands (6)")
    parser.add_argument("--iterations", type=int, default=15, help="on the card (15)")
    parser.add_argument("--numpy-iterations", type=int, default=3, help="of the sequential reference (3), 0 = none")
    parser.add_argument("--repeats", type=int, default=10, help="of a launch and of a copy (10)")
    parser.add_argument("--copy-bytes", type=int, default=1 << 31, help="of the copy (2 GiB)")
    parser.add_argument("--feed-bytes", type=int, default=1 << 28, help="of the copies to the card (256 MiB)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="that feed the card (all)")
    parser.add_argument("--split-iterations", type=int, default=5, help="where not all fits the card (5)")
    parser.add_argument("--large", type=int, default=200_003, help="hostile pixels compared with NumPy (200,003)")
    parser.add_argument("--quick", action="store_true", help="fewer classes and bands compared")
    parser.add_argument("--no-start-up", action="store_true", help="skip the start-up times")
    parser.add_argument("--no-speed", action="store_true", help="check equality and start-up only")
    parser.add_argument("--start-up-only", action="store_true", help="print this process's start-up times as JSON")
    arguments = parser.parse_args(words)
    if not 2 <= arguments.k <= 254 or not 1 <= arguments.bands <= 10:
        parser.error(f"-k must be 2..254 and --bands 1..10, not {arguments.k} and {arguments.bands}")
    if (
        min(arguments.pixels, arguments.iterations, arguments.repeats, arguments.threads, arguments.split_iterations)
        < 1
    ):
        parser.error("--pixels, --iterations, --repeats, --threads and --split-iterations must be at least 1")
    return arguments


def main(words: list[str] | None = None) -> int:
    """Check and measure; return 1 if any result differs."""
    arguments = parse(words)
    if arguments.start_up_only:
        print(json.dumps(start_up(arguments.k, arguments.bands)))
        return 0
    report: dict[str, Any] = {"about": None, "start_up": [], "equality": [], "measured": None, "figures": None}
    if not arguments.no_start_up:
        report["start_up"] = start_ups(arguments)
    checks, speed = package("benchmarks.gpu_checks"), package("benchmarks.gpu_speed")
    devices, cards, gpu = (package(f"engine.kernels.cuda.{name}") for name in _CUDA)
    try:
        card = cards.Card(devices.most_free(importlib.import_module("cupy"))[0])
    except Exception as error:  # noqa: BLE001 - whatever is wrong, say so in one line
        words = package("engine.errors").first_line(error, with_kind=True)
        sys.exit(f"gpu: there is no usable CUDA device here: {words}")
    report["about"] = about(card)
    classes, bands = ((2, 8, 9, 254), (1, 6, 10)) if arguments.quick else (CLASSES, BANDS)
    print(f"comparing {len(classes) * len(bands)} combinations of classes and bands", flush=True)
    report["equality"] = checks.check_equality(gpu.CupyKernel(card, None), classes, bands, arguments.large)
    if not arguments.no_speed:
        report["measured"] = speed.measure(card, arguments)
        report["figures"] = speed.figures(report["measured"])
    print(table(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0 if all_equal(report) else 1


if __name__ == "__main__":
    sys.exit(main())
