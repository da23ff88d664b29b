"""Check and measure the GPU kernel on any machine with a CUDA card; needs numpy and cupy only.

    python benchmarks/gpu.py --json gpu.json

1. Start-up: import, open, compile and self-test in fresh processes, with an empty and then a filled kernel cache.
2. Equality: labels, sums and changes against the reference and the NumPy kernel, for many numbers of classes and bands.
3. Bandwidth: a copy within the card's memory, bytes read and written counted, which is what the roofline is made of.
4. Iterations: k-means on one large block that stays on the card, as the engine calls it, and the launch alone.
5. The same iterations by the NumPy kernel on one thread: the sequential reference, whose every result must be equal.

Prints tables and writes every number as JSON. It measures only what it ran: what is missing is written as null.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# The sequential reference is one thread, BLAS included; it reads this when NumPy is imported.
if __name__ == "__main__":
    for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

import numpy as np

ROOT = Path(__file__).resolve().parents[1]

CLASSES = (2, 3, 5, 8, 9, 16, 17, 24, 32, 33, 64, 65, 128, 254)
BANDS = (1, 2, 3, 4, 5, 6)
EXTREMES = (1, 2, 4095, 7273, 32767, 32768, 43636, 65534, 65535)
CHUNK = 1 << 20
# As many pixels as the engine's blocks have.
STRIP = 2_000_000
# The targets.
MOST_OF_ROOFLINE, LEAST_SPEED_UP, LONGEST_START = 2.5, 390.0, 2.0


def engine(name: str) -> Any:
    """Import a module of the engine from this checkout, whatever its folder is called."""
    if "iikmc" not in sys.modules:
        where = {"submodule_search_locations": [str(ROOT)]}
        spec = importlib.util.spec_from_file_location("iikmc", ROOT / "__init__.py", **where)
        if spec is None or spec.loader is None:
            sys.exit(f"gpu: {ROOT} is no checkout of the plugin.")
        module = importlib.util.module_from_spec(spec)
        sys.modules["iikmc"] = module
        spec.loader.exec_module(module)
    return importlib.import_module(f"iikmc.engine.{name}")


def make_block(dn: np.ndarray, k: int) -> Any:
    """Return an unlabelled block of pixels."""
    records = engine("records")
    n = dn.shape[1]
    none = np.empty(0, np.uint8)
    return records.Block(
        records.Strip(0, 0, 1), none, dn, np.zeros(n, np.uint8), records.Tally.zero(k, dn.shape[0])
    )  # fmt: skip


# --- pixels ----------------------------------------------------------------------------------------------------------


def landscape(n_bands: int, n: int, seed: int = 1, threads: int = 0) -> np.ndarray:
    """Return (n_bands, n) DN: runs of 3 to 40 pixels of 20 overlapping land covers with noise, by the seed."""
    covers = np.random.default_rng(seed).integers(7500, 22000, (20, n_bands))
    dn = np.empty((n_bands, n), np.uint16)

    def fill(start: int) -> None:
        rng = np.random.default_rng((seed, start))
        size = min(CHUNK, n - start)
        lengths = rng.integers(3, 41, size // 3 + 1)
        cover = np.repeat(rng.integers(0, len(covers), lengths.size), lengths)[:size]
        for b in range(n_bands):
            noise = rng.standard_normal(size, np.float32) * 700
            dn[b, start : start + size] = np.clip(covers[cover, b] + noise, 1, 65535)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(fill, range(0, n, CHUNK)))
    return dn


def hostile(rng: np.random.Generator, n_bands: int, n: int, k: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return extreme and random pixels, and centres on pixels, midway between two, at the extremes and twice."""
    dn = rng.choice(np.array(EXTREMES), (n_bands, n))
    usual = rng.random(n) < 0.5
    dn[:, usual] = rng.integers(7000, 30000, (n_bands, int(usual.sum())))
    pixels = dn.astype(np.int64)

    def centres() -> np.ndarray:
        chosen = 64 * pixels[:, rng.integers(0, n, k)].T
        midway = 32 * (pixels[:, rng.integers(0, n, k)] + pixels[:, rng.integers(0, n, k)]).T
        chosen[1::3] = midway[1::3]
        chosen[2::4] = chosen[: len(chosen[2::4])]
        chosen[-1] = 64 * 65535
        return chosen

    first = centres()
    few = first.copy()
    few[k // 2] = np.minimum(few[k // 2] + 5, 64 * 65535)
    return dn.astype(np.uint16), [first, few, few, centres(), first[::-1].copy()]


# --- equality --------------------------------------------------------------------------------------------------------


def same(one: Any, other: Any, changed: tuple[int, int], labels: bool = True) -> bool:
    """Tell whether two blocks carry the same labels and tallies and as many pixels changed."""
    return (
        changed[0] == changed[1]
        and np.array_equal(one.tally.count, other.tally.count)
        and np.array_equal(one.tally.total, other.tally.total)
        and (not labels or np.array_equal(one.labels, other.labels))
    )


def check_equality(kernel: Any, classes: tuple[int, ...], bands: tuple[int, ...], large: int) -> list[dict[str, Any]]:
    """Compare the kernel with the reference on 3,001 hostile pixels and with the NumPy kernel on `large` ones."""
    reference, numpy = engine("kernels.reference").ReferenceKernel(), engine("kernels.cpu_numpy").NumpyKernel()
    rows = []
    for k in classes:
        for n_bands in bands:
            row: dict[str, Any] = {"k": k, "bands": n_bands}
            for name, other, n in (("reference", reference, 3001), ("numpy", numpy, large)):
                dn, sets = hostile(np.random.default_rng((k, n_bands, n)), n_bands, n, k)
                ours, theirs = make_block(dn, k), make_block(dn, k)
                results = [
                    # Half of the times the labels stay on the card, as in a run.
                    same(ours, theirs, (kernel.relabel(ours, c), other.relabel(theirs, c)), number % 2 == 0)
                    for number, c in enumerate(sets)
                ]
                row[name] = all(results)
            rows.append(row)
    return rows


# --- start-up --------------------------------------------------------------------------------------------------------


def start_up(k: int, n_bands: int) -> dict[str, float]:
    """Return the seconds that each step takes in this process."""
    laps: dict[str, float] = {}
    began = last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        laps[name], last = now - last, now

    engine("kernels.selftest")
    lap("engine")
    cupy = importlib.import_module("cupy")
    lap("import")
    devices, gpu = engine("kernels.devices"), engine("kernels.gpu_cupy")
    card = gpu.Card(devices.most_free(cupy)[0])
    lap("open")
    card.compile(k, n_bands)
    lap("compile")
    devices.test(card)
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


# --- speed -----------------------------------------------------------------------------------------------------------


def card_seconds(cupy: Any, stream: Any, work: Any, repeats: int) -> list[float]:
    """Return how long the card takes for what `work` puts on the stream, each time."""
    times = []
    for _ in range(repeats):
        first, last = cupy.cuda.Event(), cupy.cuda.Event()
        first.record(stream)
        work()
        last.record(stream)
        last.synchronize()
        times.append(cupy.cuda.get_elapsed_time(first, last) / 1000)
    return times


def bandwidth(card: Any, size: int, repeats: int) -> float:
    """Return the bytes a second, read and written, of a copy within the card's memory."""
    cupy, stream = card.cupy, card._stream
    with card._device, stream:
        source, target = cupy.empty(size, np.uint8), cupy.empty(size, np.uint8)
        source.data.memset_async(1, size, stream)
        times = card_seconds(
            cupy, stream, lambda: target.data.copy_from_device_async(source.data, size, stream), repeats
        )
    return 2 * size / min(times[1:] or times)


def iterate(kernel: Any, blocks: list[Any], start: np.ndarray, iterations: int) -> list[dict[str, Any]]:
    """Run so many iterations of k-means; return the seconds of the labelling and the changed pixels of each."""
    kmeans, records = engine("kmeans"), engine("records")
    centres, rows = start, []
    for _ in range(iterations):
        began = time.perf_counter()
        changed = sum(kernel.relabel(block, centres) for block in blocks)
        seconds = time.perf_counter() - began
        tally = records.Tally.zero(*centres.shape)
        for block in blocks:
            tally.add(block.tally)
        rows.append({"seconds": seconds, "changed": changed, "centres": centres, "tally": tally})
        centres = kmeans.next_centres(centres, tally)
    return rows


def launch_seconds(card: Any, block: Any, centres: np.ndarray, repeats: int) -> dict[str, float]:
    """Return the card's seconds for one launch: when all pixels change class, and when none does."""
    cuda_source = engine("kernels.cuda_source")
    k, n_bands = centres.shape
    pixels, labels = block.resident._pixels, block.resident._labels
    blocks, steps = card.shape(block.size)
    kernel = card.compile(k, n_bands)
    with card._device, card._stream:
        there, sums = card._room(k, n_bands)
        there.set(np.ascontiguousarray(centres, np.int32), stream=card._stream)
        arguments = (pixels, np.int64(pixels.shape[1]), np.int64(block.size), labels, there, np.int32(steps), sums)

        def launch() -> None:
            kernel((blocks,), (cuda_source.THREADS,), arguments)

        changing = []
        for _ in range(repeats):
            labels.data.memset_async(0, labels.nbytes, card._stream)
            changing += card_seconds(card.cupy, card._stream, launch, 1)
        return {
            "all_change": min(changing),
            "none_changes": min(card_seconds(card.cupy, card._stream, launch, repeats)),
        }


def parts(dn: np.ndarray, k: int, size: int) -> list[Any]:
    """Return blocks of at most `size` pixels."""
    n = dn.shape[1]
    return [make_block(np.ascontiguousarray(dn[:, at : at + size]), k) for at in range(0, n, size)]


def measure(card: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all that is measured on the large block."""
    gpu = engine("kernels.gpu_cupy")
    k, n_bands, n = arguments.k, arguments.bands, arguments.pixels
    print(f"making {n:,} pixels of {n_bands} bands", flush=True)
    dn = landscape(n_bands, n)
    start = engine("starts").between(dn.min(axis=1).tolist(), dn.max(axis=1).tolist(), k)
    result: dict[str, Any] = {"pixels": n, "k": k, "bands": n_bands}

    kernel = gpu.CupyKernel(card, None)
    block = make_block(dn, k)
    began = time.perf_counter()
    kernel._resident(block)
    result["upload_seconds"] = time.perf_counter() - began
    print(f"{arguments.iterations} iterations on the card", flush=True)
    ours = iterate(kernel, [block], start, arguments.iterations)
    labels = block.labels.copy()
    result["gpu"] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in ours]
    result["launch"] = launch_seconds(card, block, ours[-1]["centres"], arguments.repeats)
    result["copy_bytes_per_second"] = bandwidth(card, arguments.copy_bytes, arguments.repeats)
    block.resident = None
    del block

    theirs = iterate(gpu.CupyKernel(card, None), parts(dn, k, STRIP), start, arguments.iterations)
    result["gpu_in_strips"] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in theirs]
    result["equal_in_strips"] = equal(ours, theirs)

    result["numpy"] = result["equal_to_numpy"] = None
    if arguments.numpy_iterations:
        count = min(arguments.numpy_iterations, arguments.iterations)
        print(f"{count} iterations by the NumPy kernel on one thread", flush=True)
        blocks = parts(dn, k, STRIP)
        theirs = iterate(engine("kernels.cpu_numpy").NumpyKernel(), blocks, start, count)
        result["numpy"] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in theirs]
        result["equal_to_numpy"] = equal(ours[:count], theirs)
        if count == arguments.iterations:
            result["equal_to_numpy"] &= bool(np.array_equal(labels, np.concatenate([b.labels for b in blocks])))
    return result


def equal(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> bool:
    """Tell whether two runs had the same centres, tallies and changes in every iteration."""
    return len(ours) == len(theirs) and all(
        one["changed"] == other["changed"]
        and np.array_equal(one["centres"], other["centres"])
        and np.array_equal(one["tally"].count, other["tally"].count)
        and np.array_equal(one["tally"].total, other["tally"].total)
        for one, other in zip(ours, theirs)
    )


def figures(measured: dict[str, Any]) -> dict[str, Any]:
    """Return what the targets are stated in.

    The roofline is what reading the pixels and the labels once, 2 bytes a band and 1, would take at the speed of a copy
    within the card's memory; labels that change are written, too, which is not counted.
    """
    n, n_bands = measured["pixels"], measured["bands"]
    usual = [row["seconds"] for row in measured["gpu"][1:]] or [measured["gpu"][0]["seconds"]]
    strips = [row["seconds"] for row in measured["gpu_in_strips"][1:]] or [measured["gpu_in_strips"][0]["seconds"]]
    seconds = float(np.median(usual))
    roofline = n * (2 * n_bands + 1) / measured["copy_bytes_per_second"]
    result = {
        "ps_per_pixel_first": 1e12 * measured["gpu"][0]["seconds"] / n,
        "ps_per_pixel": 1e12 * seconds / n,
        "ps_per_pixel_launch": 1e12 * measured["launch"]["none_changes"] / n,
        "ps_per_pixel_launch_all_change": 1e12 * measured["launch"]["all_change"] / n,
        "ps_per_pixel_in_strips": 1e12 * float(np.median(strips)) / n,
        "ps_per_pixel_roofline": 1e12 * roofline / n,
        "times_roofline": seconds / roofline,
        "speed_up_first": None,
        "speed_up": None,
    }
    if measured["numpy"]:
        pairs = [(one["seconds"], other["seconds"]) for one, other in zip(measured["gpu"], measured["numpy"])]
        result["speed_up_first"] = pairs[0][1] / pairs[0][0]
        later = pairs[1:] or pairs
        result["speed_up"] = sum(numpy for _, numpy in later) / sum(gpu for gpu, _ in later)
    return result


# --- what is said ----------------------------------------------------------------------------------------------------


def about(card: Any) -> dict[str, Any]:
    """Return what was measured on."""
    runtime = card.cupy.cuda.runtime
    name = runtime.getDeviceProperties(card.device)["name"]
    return {
        "card": name.decode() if isinstance(name, bytes) else str(name),
        "multiprocessors": card._multiprocessors,
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
    return "\n".join(lines)


def all_equal(report: dict[str, Any]) -> bool:
    """Tell whether nothing that was compared differs."""
    measured = report["measured"] or {}
    return all(row["reference"] and row["numpy"] for row in report["equality"]) and not (
        measured.get("equal_in_strips") is False or measured.get("equal_to_numpy") is False
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
    parser.add_argument("--large", type=int, default=200_003, help="hostile pixels compared with NumPy (200,003)")
    parser.add_argument("--quick", action="store_true", help="fewer classes and bands compared")
    parser.add_argument("--no-start-up", action="store_true", help="skip the start-up times")
    parser.add_argument("--no-speed", action="store_true", help="check equality and start-up only")
    parser.add_argument("--start-up-only", action="store_true", help="print this process's start-up times as JSON")
    arguments = parser.parse_args(words)
    if not 2 <= arguments.k <= 254 or not 1 <= arguments.bands <= 6:
        parser.error(f"-k must be 2..254 and --bands 1..6, not {arguments.k} and {arguments.bands}")
    if min(arguments.pixels, arguments.iterations, arguments.repeats) < 1:
        parser.error("--pixels, --iterations and --repeats must be at least 1")
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
    gpu, devices = engine("kernels.gpu_cupy"), engine("kernels.devices")
    try:
        card = gpu.Card(devices.most_free(importlib.import_module("cupy"))[0])
    except Exception as error:  # noqa: BLE001 - whatever is wrong, say so in one line
        sys.exit(f"gpu: there is no usable CUDA device here: {gpu.summary(error)}")
    report["about"] = about(card)
    classes, bands = ((2, 8, 9, 254), (1, 6)) if arguments.quick else (CLASSES, BANDS)
    print(f"comparing {len(classes) * len(bands)} combinations of classes and bands", flush=True)
    report["equality"] = check_equality(gpu.CupyKernel(card, None), classes, bands, arguments.large)
    if not arguments.no_speed:
        report["measured"] = measure(card, arguments)
        report["figures"] = figures(report["measured"])
    print(table(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0 if all_equal(report) else 1


if __name__ == "__main__":
    sys.exit(main())
