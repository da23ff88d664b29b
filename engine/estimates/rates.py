"""How fast this computer has been: the rates of its last runs, kept in the user's cache folder for estimates."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ..machine import cache_folder
from ..text_files import read_json, to_json

# Of smaller runs (a corner of one scene) the times are start-up, and say nothing of larger ones.
SMALLEST = 1_000_000
"""Pixels of the grids of a run that is remembered."""
_KEPT = 20
# A remembered run has some 300 bytes.
_MOST_BYTES = 1 << 20
# Runs whose median is taken, and how much farther than the nearest they may be: four times the size.
_MOST = 3
_HARDLY = math.log(4)


@dataclass(frozen=True)
class Run:
    """What a finished run was and how long it took."""

    kernel: str
    """Name of the kernel."""
    workers: int
    """Threads."""
    k: int
    """Classes."""
    n_bands: int
    """Bands."""
    pixels: int
    """Pixels of all grids."""
    values: int
    """Values decoded: the pixels of all files read."""
    valid: int
    """Valid pixels."""
    iterations: int
    """Iterations done."""
    read: float
    """Seconds for reading, masking and packing."""
    iterate: float
    """Seconds for the iterations."""
    write: float
    """Seconds for the rasters."""
    rest: float
    """Seconds for everything else after the estimate: the start, tables and report."""

    def is_sound(self) -> bool:
        """Tell whether all of it are numbers that can be divided by."""
        counts = (self.workers, self.k, self.n_bands, self.pixels, self.values, self.valid, self.iterations)
        times = (self.read, self.iterate, self.write, self.rest)
        return all(isinstance(n, int) and n > 0 for n in counts) and all(
            isinstance(t, (int, float)) and math.isfinite(t) and t >= 0 for t in times
        )


@dataclass(frozen=True)
class Job:
    """What a run will be, in the numbers that its time depends on."""

    workers: int
    """Threads."""
    k: int
    """Classes."""
    n_bands: int
    """Bands."""
    pixels: int
    """Pixels of all grids."""
    values: int
    """Values to decode."""
    valid: int
    """About how many pixels are valid."""
    kernel: str | None = None
    """Name of the kernel, None where it is not chosen yet."""


def seconds(job: Job, iterations: int, runs: Sequence[Run]) -> float | None:
    """Return about how long a job takes; None where nothing that is like it has run on this computer.

    Reading and writing are taken to grow with the pixels, an iteration with pixels times classes times bands, and all
    to shrink with the threads: rates in seconds a unit and thread. Counted are runs with the job's kernel (the latest
    run's, where that is open) that are most like it: for reading and writing in pixels, for the iterations in pixels
    and in classes times bands, since time grows less than they do. The median of at most three is taken.

    Parameters
    ----------
    job
        What is to be done.
    iterations
        How many iterations to count.
    runs
        Earlier runs, the latest last.
    """
    if not runs:
        return None
    kernel = job.kernel or runs[-1].kernel
    alike = [run for run in runs if run.kernel == kernel][::-1]
    if not alike:
        return None
    work = job.k * job.n_bands

    def far_in_size(run: Run) -> float:
        return abs(math.log(run.pixels / job.pixels))

    def far_in_work(run: Run) -> float:
        return far_in_size(run) + abs(math.log(run.k * run.n_bands / work))

    like = _nearest(alike, far_in_size)
    read = median(run.read * run.workers / run.values for run in like)
    write = median(run.write * run.workers / run.pixels for run in like)
    rest = median(run.rest for run in like)
    step = median(
        run.iterate * run.workers / (run.valid * run.iterations * run.k * run.n_bands)
        for run in _nearest(alike, far_in_work)
    )
    on_threads = read * job.values + write * job.pixels + step * job.valid * work * iterations
    return rest + on_threads / job.workers


def recall(path: Path | None = None) -> list[Run]:
    """Return the remembered runs, the latest last; none where the file is missing or is not ours."""
    try:
        entries = read_json(path or _path(), _MOST_BYTES)["runs"]
        runs = [Run(**{field.name: entry[field.name] for field in fields(Run)}) for entry in entries]
    except (ValueError, KeyError, TypeError):
        return []
    return [run for run in runs if run.is_sound()]


def remember(run: Run, path: Path | None = None) -> None:
    """Add a run to those that are kept; small ones are not, and where nothing can be written nothing is."""
    if run.pixels < SMALLEST or not run.is_sound():
        return
    path = path or _path()
    runs = [*recall(path), run][-_KEPT:]
    text = to_json({"format": "iikmc-rates", "runs": [asdict(each) for each in runs]})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place, so that another run never reads half of it.
        with TemporaryDirectory(dir=path.parent, prefix=".rates-") as folder:
            temporary = Path(folder) / path.name
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, path)
    except OSError:
        return


def _path() -> Path:
    return cache_folder().parent / "rates.json"


def _nearest(runs: Sequence[Run], distance: Callable[[Run], float]) -> list[Run]:
    """Return the nearest of the runs and at most two more that are hardly farther, earlier ones first among equals."""
    ordered = sorted(runs, key=distance)
    return [run for run in ordered[:_MOST] if distance(run) <= distance(ordered[0]) + _HARDLY]
