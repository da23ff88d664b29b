"""What a clustering will take, told before it begins: pixels, memory, disk and time; and afterwards what it took."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..choices import COARSE_TO_FINE, DEFAULT_MAX_ITERATIONS, EACH_SCENE, MINIMUM_MAXIMUM, SIGNATURES_FILE
from ..clock import Clock
from ..execution.threads import ThreadExecutor
from ..kernels.cuda.devices import Job as CardJob
from ..kernels.cuda.devices import pays
from ..machine import free_disk
from ..pixels.store import budget_of, expected_use, spill_parent
from ..pixels.strips import most_valid
from ..progress import Progress
from ..quantities import about, duration, size
from ..requests import ClassifyRequest, Request
from ..scenes.scene import Scene
from ..scenes.selection import MaskRule
from . import rates
from .preview import expected_valid

if TYPE_CHECKING:
    from ..results.result import Result

# To the stop at 1 %, series of full or real scenes were seen to take 7 iterations with 8 classes, 11 with 5 and 28 with
# 12; from the coarse-to-fine start full scenes took 2.
TYPICAL_ITERATIONS = 10
TYPICAL_AFTER_COARSE = 3
# A raster of classes with its overviews (1/4 + 1/16 + ...): a byte a pixel before compression.
_RASTER_BYTES = 4 / 3


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
            f"Estimate for {self.scenes} scene(s): about {about(self.valid)} valid pixels of {about(self.pixels)}",
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
    if manner.each:
        largest = max(scenes, key=lambda scene: most_valid([scene])[0])
        all_pixels, (pixels, masked) = pixels, most_valid([largest])
        valid = round(valid * pixels / max(all_pixels, 1))
    needed, spilled = expected_use(budget, pixels, valid, job.n_bands, masked)
    most = expected_use(budget, pixels, pixels, job.n_bands, masked)[1]
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
        results=round(job.pixels * _RASTER_BYTES),
        iterations=iterations,
        seconds=rates.seconds(job, iterations * (2 if comparing else 1), runs),
    )


class Foretold:
    """A clustering whose estimate was told, for the comparison with what it took."""

    def __init__(self, job: rates.Job, early: int) -> None:
        """Keep what its time depends on, and how many iterations are done while reading."""
        self._job = job
        self._early = early

    def tell_outcome(self, kernel: str, result: Result, clock: Clock, spilled: int, progress: Progress) -> None:
        """Tell what the clustering took, in one line, and remember its rates.

        Parameters
        ----------
        kernel
            Name of the kernel that labelled.
        result
            What the run made.
        clock
            Laps "prepare", "read", "iterate" and "write", and the time in all.
        spilled
            Bytes that were in temporary files.
        progress
            Whom to tell.
        """
        total, laps, iterations = clock.elapsed(), clock.laps, len(result.fit.iterations)
        other = max(total - laps["read"] - laps["iterate"] - laps["write"], 0.0)
        run = rates.Run(
            kernel=kernel,
            workers=self._job.workers,
            k=self._job.k,
            n_bands=self._job.n_bands,
            pixels=self._job.pixels,
            values=self._job.values,
            valid=result.pixels,
            iterations=iterations - self._early,
            read=laps["read"],
            iterate=laps["iterate"],
            write=laps["write"],
            # What came before the estimate is no part of what it foretells, and Numba may have been compiled in it;
            # comparing is iterating once more, and no part of every run.
            rest=max(other - laps["prepare"] - laps.get("compare", 0.0), 0.0),
        )
        rates.remember(run)
        # Whatever the budget, the pixels take the same in all.
        needed = expected_use(0, run.pixels, run.valid, run.n_bands)[0]
        beside = f", of which {size(spilled)} in temporary files" if spilled else ""
        progress.note(
            f"Took {total:.1f} s: reading {run.read:.1f} s, {iterations} iteration(s) {run.iterate:.1f} s, rasters "
            f"{run.write:.1f} s, everything else {other:.1f} s; {run.valid:,} valid pixels took "
            f"{size(needed)}{beside}; the rasters have {_on_disk(result.rasters)}."
        )


def foretell(request: Request, scenes: Sequence[Scene], workers: int, cpu: str, progress: Progress) -> Foretold:
    """Tell what a clustering will take, in one line.

    Parameters
    ----------
    request, scenes
        What is asked for, and the checked scenes.
    workers
        Threads.
    cpu
        Name of the CPU's kernel, which labels unless DEVICE brings a card in.
    progress
        Whom to tell.
    """
    valid = expected_valid(scenes, request.roles, request.mask, progress)
    # Where no card will be tried, it is certain what labels.
    card = pays(request.device, CardJob(valid, request.k, len(request.roles)))
    kernel = None if card else cpu
    job = job_of(scenes, valid, request.roles, request.mask, request.k, workers, kernel)
    manner = Manner(request.start, request.max_iterations, request.mode == EACH_SCENE, request.compare)
    told = estimate(scenes, job, manner, budget_of(request.memory), request.output, rates.recall())
    progress.note(told.sentence)
    # From a signatures file the first labels are made while the pixels are read.
    return Foretold(job, int(request.start == SIGNATURES_FILE))


def foretell_classification(
    request: ClassifyRequest, scenes: Sequence[Scene], roles: Sequence[str], k: int, kernel: str, progress: Progress
) -> None:
    """Tell what a classification with saved signatures will take, in one line.

    Parameters
    ----------
    request, scenes
        What is asked for, and the checked scenes.
    roles, k
        Bands and classes of the signatures.
    kernel
        Name of the kernel.
    progress
        Whom to tell.
    """
    workers = ThreadExecutor(request.workers).workers
    valid = expected_valid(scenes, roles, request.mask, progress)
    job = job_of(scenes, valid, roles, request.mask, k, workers, kernel)
    # A clustering of one iteration, but that labels are made while others are read and written.
    seconds = rates.seconds(job, 1, rates.recall())
    time = "" if seconds is None else f"; at most about {duration(seconds)}, judged by earlier clusterings here"
    progress.note(
        f"Estimate for {len(scenes)} scene(s): about {about(valid)} valid pixels of {about(job.pixels)}, none of which "
        f"is kept; rasters of at most {size(job.pixels * _RASTER_BYTES)}{time}."
    )


def tell_took(clock: Clock, valid: int, rasters: Sequence[Path], progress: Progress) -> None:
    """Tell in one line what a run took that has no common stages."""
    progress.note(f"Took {clock.elapsed():.1f} s for {valid:,} valid pixels; the rasters have {_on_disk(rasters)}.")


def job_of(
    scenes: Sequence[Scene],
    valid: int,
    roles: Sequence[str],
    rule: MaskRule,
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
    roles, rule, k, workers, kernel
        Bands, mask, classes, threads, and the name of the kernel where it is known.
    """
    return rates.Job(
        workers=workers,
        k=k,
        n_bands=len(roles),
        pixels=sum(scene.checked_grid().pixels for scene in scenes),
        values=sum(most_valid([scene])[1] * files_read(scene, roles, rule) for scene in scenes),
        valid=valid,
        kernel=kernel,
    )


def files_read(scene: Scene, roles: Sequence[str], rule: MaskRule) -> int:
    """Return how many files of a scene a run decodes."""
    return len(roles) + (scene.qa_pixel is not None) + (rule.saturated and scene.qa_radsat is not None)


def _on_disk(rasters: Sequence[Path]) -> str:
    return size(sum(path.stat().st_size for path in rasters))


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    # os.path rather than Path: a name that the disk cannot hold is one that does not exist, not an OSError.
    return next((place for place in (folder, *folder.parents) if os.path.isdir(place)), Path())
