"""What a clustering will take, told before it begins: pixels, memory, disk and time; and afterwards what it took."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..choices import COARSE_TO_FINE, DEFAULT_MAX_ITERATIONS, MINIMUM_MAXIMUM
from ..kernels.margins import Judging
from ..machine import free_disk
from ..passes.write import bytes_aside
from ..pixels.store import expected_use, spill_parent
from ..pixels.strips import most_valid
from ..quantities import about, counted, duration, size
from ..scenes.scene import Scene
from ..scenes.selection import Selection
from . import rates

# To the stop at 1 %, series of full or real scenes were seen to take 7 iterations with 8 classes, 11 with 5 and 28 with
# 12; from the coarse-to-fine start full scenes took 2.
TYPICAL_ITERATIONS = 10
TYPICAL_AFTER_COARSE = 3
# A raster of classes with its overviews (1/4 + 1/16 + ...): a byte a pixel before compression.
RASTER_BYTES = 4 / 3


@dataclass(frozen=True)
class Estimate:
    """Of one run."""

    scenes: int
    """Number of scenes."""
    pixels: int
    """Pixels of all grids."""
    valid: int
    """About how many are valid."""
    memory: int
    """Bytes that the pixels take in all."""
    spilled: int
    """How many of those go to temporary files."""
    budget: int
    """Bytes that the pixels may take in memory."""
    folder: Path
    """Where temporary files go."""
    short: int
    """Bytes that `folder` may lack, so that the run is refused; 0 where it will do."""
    results: int
    """Bytes that the rasters take at most."""
    iterations: int
    """How many iterations the time is for."""
    seconds: float | None
    """About how long it takes; None before a run of this computer is remembered."""

    @property
    def sentence(self) -> str:
        """All of it in one line for the log."""
        parts = [
            f"Estimate for {counted(self.scenes, 'scene')}: about {about(self.valid)} valid pixels of "
            f"{about(self.pixels)}",
            self._memory_words(),
            f"rasters of at most {size(self.results)}",
            self._time_words(),
        ]
        return "; ".join(parts) + "."

    def _memory_words(self) -> str:
        words = f"{size(self.memory)} for the pixels"
        if self.short:
            return f"{words}, for which {self.folder} may lack {size(self.short)}"
        if self.spilled:
            return f"{words}, of which {size(self.spilled)} go to temporary files in {self.folder}"
        return f"{words}, of {size(self.budget)} of memory that may be used"

    def _time_words(self) -> str:
        if self.seconds is None:
            return "its time can be told after a run of a million pixels or more on this computer"
        return (
            f"about {duration(self.seconds)} for {self.iterations} iterations, judged by earlier runs on this computer"
        )


@dataclass(frozen=True)
class Manner:
    """How a clustering goes about it."""

    start: str = MINIMUM_MAXIMUM
    """INIT."""
    max_iterations: int = DEFAULT_MAX_ITERATIONS
    """MAX_ITERATIONS."""
    each: bool = False
    """MODE: whether each scene is clustered on its own, one after the other."""
    compare: bool = False
    """COMPARE: whether each scene is clustered on its own as well."""
    judging: Judging = field(default_factory=Judging)
    """MARGIN and REJECT."""


def estimate(
    scenes: Sequence[Scene],
    job: rates.Job,
    manner: Manner,
    budget: int,
    output: Path,
    runs: Sequence[rates.Run],
) -> Estimate:
    """Return what a clustering will take.

    Parameters
    ----------
    scenes
        Checked scenes.
    job
        What its time depends on, see `job_of`.
    manner
        How it goes about it.
    budget
        Bytes that the pixels may take in memory.
    output
        OUTPUT, where temporary files go if the temporary folder is in memory; need not exist.
    runs
        Earlier runs, see `rates.recall`.
    """
    # As the store plans: it insists on room for the case that every pixel is valid that can be.
    pixels, masked = most_valid(scenes)
    valid = job.valid
    largest = max(scenes, key=lambda scene: most_valid([scene])[0])
    if manner.each:
        all_pixels, (pixels, masked) = pixels, most_valid([largest])
        valid = round(valid * pixels / max(all_pixels, 1))
    # MODE 1 has one scene in memory at a time.
    aside = bytes_aside([largest] if manner.each else scenes, manner.judging, job.workers)
    needed, spilled = expected_use(budget, pixels, valid, job.n_bands, masked, aside)
    most = expected_use(budget, pixels, pixels, job.n_bands, masked, aside)[1]
    folder = spill_parent(_existing(output))
    typical = TYPICAL_AFTER_COARSE if manner.start == COARSE_TO_FINE else TYPICAL_ITERATIONS
    iterations = min(typical, manner.max_iterations)
    comparing = manner.compare and not manner.each and len(scenes) > 1
    return Estimate(
        scenes=len(scenes),
        pixels=job.pixels,
        valid=job.valid,
        memory=needed,
        spilled=spilled,
        budget=budget,
        folder=folder,
        short=int(max(most - free_disk(folder), 0)),
        results=round(job.pixels * RASTER_BYTES * (2 if manner.judging.margin else 1)),
        iterations=iterations,
        seconds=rates.seconds(job, iterations * (2 if comparing else 1), runs),
    )


def job_of(
    scenes: Sequence[Scene],
    valid: int,
    selection: Selection,
    k: int,
    workers: int,
    kernel: str | None = None,
) -> rates.Job:
    """Return what the time of a clustering depends on.

    Parameters
    ----------
    scenes
        Checked scenes.
    valid
        About how many of their pixels are valid, see `preview.expected_valid`.
    selection, k, workers, kernel
        Bands and mask, classes, threads, and the name of the kernel where it is known.
    """
    return rates.Job(
        workers=workers,
        k=k,
        n_bands=len(selection.roles),
        pixels=sum(scene.checked_grid().pixels for scene in scenes),
        values=sum(most_valid([scene])[1] * files_read(scene, selection) for scene in scenes),
        valid=valid,
        kernel=kernel,
    )


def files_read(scene: Scene, selection: Selection) -> int:
    """Return how many files of a scene a run decodes."""
    return len(selection.roles) + len(scene.masks) + (selection.mask.saturated and scene.saturation is not None)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    # os.path rather than Path: a name that the disk cannot hold is one that does not exist, not an OSError.
    return next((place for place in (folder, *folder.parents) if os.path.isdir(place)), Path())
