"""What signatures.json tells about the run that made it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ..centres.fit import Fit
from ..clock import Clock
from ..kernels.device_choice import on_card
from ..kernels.kernel import Kernel
from ..pixels.masking import Audit
from ..scenes.scene import Scene
from ..version import version


def run_record(
    scenes: Sequence[Scene],
    audits: Sequence[Audit],
    fit: Fit,
    parameters: dict[str, Any],
    kernel: Kernel,
    clock: Clock,
) -> dict[str, Any]:
    """Return the "run" of signatures.json: parameters, scenes with their audit, iterations, times, versions."""
    return {
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "converged": fit.converged,
        "pixels": sum(audit.valid for audit in audits),
        "parameters": parameters,
        "scenes": [
            {
                "id": scene.id,
                "sensor": scene.sensor_name,
                "date": scene.acquired.isoformat(),
                "place": scene.place,
                "sun_elevation": scene.sun_elevation,
                "sun_azimuth": scene.sun_azimuth,
                "audit": audit.to_dict(),
            }
            for scene, audit in zip(scenes, audits)
        ],
        "iterations": [
            {
                "changed_percent": record.changed_percent,
                "largest_move_dn": record.largest_move_dn,
                "seconds": round(record.seconds, 3),
            }
            for record in fit.iterations
        ],
        "seconds": dict(clock.laps),
        "kernel": kernel.name,
        "device": _device(kernel),
        "versions": versions(kernel),
    }


def versions(kernel: Kernel) -> dict[str, str]:
    """Return the versions of everything that took part."""
    import rasterio

    found = {
        "iikmc": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "rasterio": rasterio.__version__,
        "gdal": rasterio.__gdal_version__,
        "platform": platform.platform(),
    }
    # A kernel is named after the package that it needs, but for the card's, which needs two.
    names = ("cupy", _device(kernel)["beside"]) if on_card(kernel) else (kernel.name,)
    for name in names:
        if name in sys.modules:
            found[name] = sys.modules[name].__version__
    return found


def _device(kernel: Kernel) -> dict[str, Any]:
    """Return which device labelled: the card, what labelled beside it, and their shares; nulls without a card."""
    card = on_card(kernel)
    return card.about() if card else {"card": None, "beside": None, "percent": {}}


def unconverged(run: dict[str, Any]) -> str:
    """Return in words how a run ended before it had converged, "" if it had or if its record does not say."""
    iterations = run.get("iterations")
    number = len(iterations) if isinstance(iterations, list) else 0
    if run.get("converged") is not False or number == 0:
        return ""
    # A run that was killed has not noted that it was cancelled, but that it was not.
    stopped = {True: "was cancelled after", False: "was stopped after"}
    how = stopped.get(run.get("cancelled"), "ended at its maximum of")  # type: ignore[arg-type]
    return f"{how} {number} iteration{'s' if number > 1 else ''}, before it had converged"
