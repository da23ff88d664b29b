"""A clustering in a process of its own, to which something happens: `python3 victim.py '{"stage": ..., ...}'`.

stage, number
    Where it happens: at the so-manieth call of that stage.
deed
    A signal's name, or "wait": say so on stdout and go on when stdin is closed.
limit
    [name, bytes] of `resource`, set before the run.
plain
    Whether to leave Numba and plotly out; yes by default.
spill
    Whether all pixels go to temporary files.
The rest are arguments of `Request`. Prints "done", or the engine's sentence with exit status 3.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    "reading": ("iikmc.engine.pixels.reading", "decode_strip"),
    "spilling": ("iikmc.engine.pixels.store", "SpilledPixels"),
    "iterating": ("iikmc.engine.centres.kmeans", "next_centres"),
    "writing": ("iikmc.engine.passes.tasks", "write_classes"),
    "renaming": ("os", "replace"),
    "leaving": ("iikmc.engine.results.staging", "shutil.rmtree"),
}
"""Stage -> a function that is called in it: module and name."""


def alias() -> None:
    """Make the checkout importable as ``iikmc``."""
    spec = importlib.util.spec_from_file_location("iikmc", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["iikmc"] = module
    spec.loader.exec_module(module)


def arrange(stage: str, number: int, deed: str) -> None:
    """Let something happen in a stage, once."""
    module, place = PLACES[stage]
    owner: Any = importlib.import_module(module)
    *path, name = place.split(".")
    for part in path:
        owner = getattr(owner, part)
    genuine: Callable[..., Any] = getattr(owner, name)
    calls = []

    def hooked(*args: Any, **options: Any) -> Any:
        calls.append(None)
        if len(calls) == number:
            happen(deed)
        return genuine(*args, **options)

    setattr(owner, name, hooked)


def happen(deed: str) -> None:
    """Do it."""
    if deed == "wait":
        sys.stdout.write("waiting\n")
        sys.stdout.flush()
        sys.stdin.read()
    else:
        os.kill(os.getpid(), getattr(signal, deed))


def main(options: dict[str, Any]) -> int:
    """Run, and return the exit status."""
    alias()
    from iikmc.engine.errors import IIkMCError
    from iikmc.engine.kernels.numpy_kernel import NumpyKernel
    from iikmc.engine.requests import Request
    from iikmc.engine.runs.each import run_in_mode
    from iikmc.engine.scenes.selection import MaskRule

    stage, number, deed = options.pop("stage", ""), options.pop("number", 1), options.pop("deed", "")
    plain = options.pop("plain", True)
    if options.pop("spill", False):
        importlib.import_module("iikmc.engine.runs.clustering").budget_of = lambda _: 0
    limit, strip_pixels = options.pop("limit", None), options.pop("strip_pixels", 2_000)
    request = Request(
        tuple(options.pop("scenes")), Path(options.pop("output")), MaskRule((), False), workers=1, **options
    )
    if stage:
        arrange(stage, number, deed)
    if plain:
        # To begin quickly: Numba and plotly take seconds to load, and change no raster.
        sys.modules["plotly"] = None
    kernel = NumpyKernel() if plain else None
    if limit:
        import resource

        # Libraries that are loaded later would take of the limit.
        importlib.import_module("rasterio")
        most = limit[1]
        if limit[0] == "RLIMIT_AS":
            with open("/proc/self/statm", encoding="ascii") as file:
                most += int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(getattr(resource, limit[0]), (most, most))
    try:
        run_in_mode(request, kernel=kernel, strip_pixels=strip_pixels)
    except IIkMCError as error:
        sys.stdout.write(f"{error}\n")
        return 3
    sys.stdout.write("done\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
