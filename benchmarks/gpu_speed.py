"""How fast the GPU kernel is: blocks that stay on the card, the way there, and what does not fit."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..engine.centres import kmeans, starts
from ..engine.kernels.cuda import source as cuda_source
from ..engine.kernels.cuda.card import Card
from ..engine.kernels.cuda.kernel import CupyKernel, PassingKernel
from ..engine.kernels.numpy_kernel import NumpyKernel
from ..engine.kernels.selftest import check
from ..engine.pixels.block import Block, Tally
from .gpu_checks import landscape

# As many pixels as the engine's blocks have.
STRIP = 2_000_000


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
    cupy = card.cupy
    source, target = card.empty(size, np.uint8), card.empty(size, np.uint8)
    with card.lane() as lane:
        stream = lane.stream
        source.data.memset_async(1, size, stream)
        times = card_seconds(
            cupy, stream, lambda: target.data.copy_from_device_async(source.data, size, stream), repeats
        )
    return 2 * size / min(times[1:] or times)


def iterate(helds: list[Any], start: np.ndarray, iterations: int, threads: int = 1) -> list[dict[str, Any]]:
    """Run so many iterations of k-means on what a kernel holds.

    Returns the seconds of the labelling and the changed pixels of each.
    """
    centres, tally, rows = start, Tally.zero(*start.shape), []
    for _ in range(iterations):
        began = time.perf_counter()
        if threads == 1:
            changes = [held.relabel(centres) for held in helds]
        else:
            with ThreadPoolExecutor(threads) as pool:
                changes = list(pool.map(lambda held, c=centres: held.relabel(c), helds))
        seconds = time.perf_counter() - began
        for change in changes:
            tally.add(change.tally)
        changed = sum(change.changed for change in changes)
        rows.append({"seconds": seconds, "changed": changed, "centres": centres, "tally": tally.copy()})
        centres = kmeans.next_centres(centres, tally)
    return rows


def launch_seconds(card: Any, held: Any, centres: np.ndarray, repeats: int) -> dict[str, float]:
    """Return the card's seconds for one launch: when all pixels change class, and when none does."""
    k, n_bands = centres.shape
    piece = held.pieces[0]
    pixels, labels, n = piece.pixels, piece.labels, piece.end - piece.begin
    blocks, steps = card.shape(n)
    kernel = card.compile(k, n_bands)
    with card.lane() as lane:
        there, sums = lane.room(k, n_bands)
        there.set(np.ascontiguousarray(centres, np.int32), stream=lane.stream)
        arguments = (pixels, np.int64(pixels.shape[1]), np.int64(n), labels, there, np.int32(steps), sums)

        def launch() -> None:
            kernel((blocks,), (cuda_source.THREADS,), arguments)

        changing = []
        for _ in range(repeats):
            labels.data.memset_async(0, labels.nbytes, lane.stream)
            changing += card_seconds(card.cupy, lane.stream, launch, 1)
        return {
            "all_change": min(changing),
            "none_changes": min(card_seconds(card.cupy, lane.stream, launch, repeats)),
        }


def parts(dn: np.ndarray, size: int) -> list[Block]:
    """Return blocks of at most `size` pixels."""
    n = dn.shape[1]
    return [Block.loose(np.ascontiguousarray(dn[:, at : at + size]), at) for at in range(0, n, size)]


def hold(kernel: Any, blocks: list[Block], k: int, threads: int = 1) -> list[Any]:
    """Have a kernel hold blocks, on so many threads."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda block: kernel.hold(block, k), blocks))


def feeding(card: Any, dn: np.ndarray, k: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the bytes a second to the card: from pinned and from usual memory at once, and as the engine sends blocks.

    The engine's way includes the copy into pinned buffers, which more threads do faster.
    """
    cupy, size = card.cupy, arguments.feed_bytes
    usual = np.ones(size, np.uint8)
    there = card.empty(size, np.uint8)
    result: dict[str, Any] = {"bytes": size}
    with card.lane() as lane:
        pinned = np.frombuffer(cupy.cuda.alloc_pinned_memory(size), np.uint8, size)
        pinned[:] = 1
        for name, here in (("pinned", pinned), ("pageable", usual)):
            times = []
            for _ in range(arguments.repeats + 1):
                began = time.perf_counter()
                there.set(here, stream=lane.stream)
                lane.stream.synchronize()
                times.append(time.perf_counter() - began)
            result[f"{name}_bytes_per_second"] = size / min(times[1:])
        del pinned, there
    for threads in dict.fromkeys((1, 2, arguments.threads)):
        blocks = parts(dn, STRIP)
        kernel = CupyKernel(card, NumpyKernel())
        # Buffers are made the first time.
        hold(kernel, parts(dn[:, : STRIP * threads], STRIP), k, threads)
        began = time.perf_counter()
        helds = hold(kernel, blocks, k, threads)
        seconds = time.perf_counter() - began
        sent = sum(held.block.dn.nbytes + held.block.size for held in helds if held.pieces)
        del helds
        result[f"engine_{threads}_bytes_per_second"] = sent / seconds
    return result


def not_resident(
    card: Any, dn: np.ndarray, start: np.ndarray, ours: list[dict[str, Any]], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return the iterations of blocks that pass through the card each time, and of a card with room for half of them.

    The CPU's kernel beside the card is Numba's if it is here and right, else NumPy's.
    """
    count = min(arguments.split_iterations, arguments.iterations)
    k, n = start.shape[0], dn.shape[1]
    result: dict[str, Any] = {"threads": arguments.threads, "iterations": count, "equal": True}
    cpu = cpu_kernel()
    half = CupyKernel(card, cpu, Card.size(dn.shape[0], n) // 2)
    for name, kernel in (("passing", PassingKernel(card)), ("half", half), ("cpu", cpu)):
        helds = hold(kernel, parts(dn, STRIP), k, arguments.threads)
        rows = iterate(helds, start, count, arguments.threads)
        result[name] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in rows]
        result["equal"] &= equal(ours[:count], rows)
        del helds
    result["cpu_kernel"] = cpu.name
    result["half_about"] = half.about()
    return result


def cpu_kernel() -> Any:
    """Return the CPU's fastest kernel that works here."""
    try:
        from ..engine.kernels.numba_kernel import NumbaKernel

        kernel = NumbaKernel()
        check(kernel)
        return kernel
    except Exception:  # noqa: BLE001 - whatever is wrong with Numba, NumPy works
        return NumpyKernel()


def measure(card: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all that is measured on the large block."""
    k, n_bands, n = arguments.k, arguments.bands, arguments.pixels
    print(f"making {n:,} pixels of {n_bands} bands", flush=True)
    dn = landscape(n_bands, n)
    start = starts.between(dn.min(axis=1).tolist(), dn.max(axis=1).tolist(), k)
    result: dict[str, Any] = {"pixels": n, "k": k, "bands": n_bands}

    kernel = CupyKernel(card, None)
    began = time.perf_counter()
    held = kernel.hold(Block.loose(dn), k)
    result["upload_seconds"] = time.perf_counter() - began
    print(f"{arguments.iterations} iterations on the card", flush=True)
    ours = iterate([held], start, arguments.iterations)
    labels = held.labels()
    result["gpu"] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in ours]
    result["launch"] = launch_seconds(card, held, ours[-1]["centres"], arguments.repeats)
    result["copy_bytes_per_second"] = bandwidth(card, arguments.copy_bytes, arguments.repeats)
    del held
    print("the way to the card, and what does not fit", flush=True)
    result["feeding"] = feeding(card, dn, k, arguments)
    result["not_resident"] = not_resident(card, dn, start, ours, arguments)

    theirs = iterate(hold(CupyKernel(card, None), parts(dn, STRIP), k), start, arguments.iterations)
    result["gpu_in_strips"] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in theirs]
    result["equal_in_strips"] = equal(ours, theirs)

    result["numpy"] = result["equal_to_numpy"] = None
    if arguments.numpy_iterations:
        count = min(arguments.numpy_iterations, arguments.iterations)
        print(f"{count} iterations by the NumPy kernel on one thread", flush=True)
        helds = hold(NumpyKernel(), parts(dn, STRIP), k)
        theirs = iterate(helds, start, count)
        result["numpy"] = [{"seconds": row["seconds"], "changed": row["changed"]} for row in theirs]
        result["equal_to_numpy"] = equal(ours[:count], theirs)
        if count == arguments.iterations:
            result["equal_to_numpy"] &= bool(np.array_equal(labels, np.concatenate([held.labels() for held in helds])))
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
