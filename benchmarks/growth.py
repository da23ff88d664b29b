"""Growth: whole runs over 1 to 8 scenes, one set of pixels with k = 2 to 64; the number of iterations is fixed."""

from __future__ import annotations

from typing import Any

from . import figures, kernels, series, settings
from .processes import call


def measure(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    scenes = [str(path) for path in series.growth_scenes(wanted)]
    by_scenes = [
        _with_scenes(wanted, scenes[:number], kernel)
        for kernel in (kernels.CHOSEN, kernels.PLAIN)
        for number in wanted.growth_scenes
    ]
    folder = str(series.pixel_set(wanted))
    by_k = [
        _with_k(wanted, folder, k, kernel)
        for kernel in (kernels.CHOSEN, kernels.ALL, kernels.PLAIN)
        for k in wanted.growth_k
    ]
    pixels = min(wanted.growth_pixels, series.shape_of(folder)[1])
    figures.save(
        wanted, "growth",
        {"scenes": by_scenes, "k": by_k, "pixels": pixels, "iterations": wanted.growth_iterations,
         "threads": wanted.threads[-1], "size": wanted.growth_size}, load,
    )  # fmt: skip


def _with_scenes(wanted: settings.Settings, scenes: list[str], kernel: str) -> dict[str, Any]:
    arguments = {
        "scenes": scenes, "output": str(wanted.folder / "out"), "kernel": kernel, "threads": wanted.threads[-1],
        "iterations": wanted.growth_iterations, "warm": str(series.warm_scene(wanted)),
    }  # fmt: skip
    numba = kernels.needs_numba(kernel)
    runs = [call("stages", "job", arguments, numba=numba) for _ in range(min(2, wanted.repeats))]
    run = min(runs, key=lambda one: one["total"])
    figures.say(f"{len(scenes)} scene(s), {kernel}: {run['total']:.2f} s for {run['pixels'] / 1e6:.1f} M valid pixels")
    return {**run, "scenes": len(scenes)}


def _with_k(wanted: settings.Settings, folder: str, k: int, kernel: str) -> dict[str, Any]:
    run = call(
        "fits", "ours",
        {"folder": folder, "threads": wanted.threads[-1], "iterations": [wanted.growth_iterations - 1],
         "repeats": min(2, wanted.repeats), "kernel": kernel, "k": k, "pixels": wanted.growth_pixels},
        numba=kernels.needs_numba(kernel),
    )  # fmt: skip
    seconds = min(next(iter(run["seconds"].values())))
    figures.say(f"k = {k}, {kernel}: {seconds:.2f} s")
    return {**run, "k": k, "wanted": kernel, "total": seconds}


if __name__ == "__main__":
    measure(settings.from_arguments(__doc__))
