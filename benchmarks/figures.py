"""The parts' figures on disk, one JSON file a part, so that a part can be run again alone and the tables drawn anew."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from .settings import Settings


def save(settings: Settings, part: str, figures: dict[str, Any], load: float) -> None:
    """Write a part's figures.

    Parameters
    ----------
    settings, part, figures
        What to write where.
    load
        The machine's load average when the part began.
    """
    settings.results.mkdir(parents=True, exist_ok=True)
    finished = datetime.now(timezone.utc).isoformat(timespec="seconds")
    text = json.dumps({**figures, "load": load, "finished": finished}, indent=1)
    (settings.results / f"{part}.json").write_text(text + "\n", encoding="utf-8")


def load(settings: Settings, part: str) -> dict[str, Any] | None:
    """Return a part's figures; None where it has not run."""
    path = settings.results / f"{part}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def load_average() -> float:
    """Return how many processes wanted a processor, averaged over the last minute; 0 where nobody counts."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return 0.0


def best(seconds: Sequence[float]) -> float:
    """Return the best of several runs: what else the machine does can only add."""
    return min(seconds)


def spread(seconds: Sequence[float], unit: str = "s") -> str:
    """Return best and median for a table."""
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} {unit}"
    return f"{min(seconds):.2f} {unit} (median {statistics.median(seconds):.2f})"


def say(text: str) -> None:
    """Tell what is being measured."""
    print(f"   {text}", flush=True)
