"""Telling before a run what it will take, and after it what it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..choices import EACH_SCENE, SIGNATURES_FILE
from ..clock import Clock
from ..estimates import rates
from ..estimates.estimate import RASTER_BYTES, Manner, estimate, job_of
from ..estimates.preview import expected_valid
from ..execution.threads import threads_of
from ..kernels.cuda.devices import Job as CardJob
from ..kernels.cuda.devices import pays
from ..kernels.margins import Judging
from ..pixels.store import budget_of, expected_use
from ..progress import Progress
from ..quantities import about, counted, duration, size
from ..requests import ClassifyRequest, Request
from ..scenes.scene import Scene

if TYPE_CHECKING:
    from ..results.result import Result


class Foretold:
    """A clustering whose estimate was told, for the comparison with what it took."""

    def __init__(self, job: rates.Job, early: int) -> None:
        """Keep what its time depends on, and how many iterations are done while reading."""
        self._job = job
        self._early = early

    def tell_outcome(self, kernel: str | None, result: Result, clock: Clock, spilled: int, progress: Progress) -> None:
        """Tell what the clustering took, in one line, and remember its rates.

        Parameters
        ----------
        kernel
            Name of the kernel that labelled; None where the times say nothing of other runs, and are not remembered.
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
            kernel=kernel or "",
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
            # What came before the estimate is no part of what it foretells; comparing is iterating once more, and no
            # part of every run.
            rest=max(other - laps["prepare"] - laps.get("compare", 0.0), 0.0),
        )
        if kernel is not None:
            rates.remember(run)
        # Whatever the budget, the pixels take the same in all.
        needed = expected_use(0, run.pixels, run.valid, run.n_bands)[0]
        beside = f", of which {size(spilled)} in temporary files" if spilled else ""
        progress.note(
            f"Took {total:.1f} s: reading {run.read:.1f} s, {counted(iterations, 'iteration')} {run.iterate:.1f} s, "
            f"rasters {run.write:.1f} s, everything else {other:.1f} s; {run.valid:,} valid pixels took "
            f"{size(needed)}{beside}; the rasters have {_on_disk([*result.rasters, *result.margins])}."
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
    valid = expected_valid(scenes, request.selection, workers, progress)
    # Where no card will be tried, it is certain what labels.
    card = pays(request.device, CardJob(valid, request.k, len(request.roles)))
    kernel = None if card else cpu
    job = job_of(scenes, valid, request.selection, request.k, workers, kernel)
    judging = Judging.of(request.margin, request.reject)
    manner = Manner(request.start, request.max_iterations, request.mode == EACH_SCENE, request.compare, judging)
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
    workers = threads_of(request.workers)
    selection = replace(request.selection, roles=tuple(roles))
    valid = expected_valid(scenes, selection, workers, progress)
    job = job_of(scenes, valid, selection, k, workers, kernel)
    # A clustering of one iteration, but that labels are made while others are read and written.
    seconds = rates.seconds(job, 1, rates.recall())
    time = "" if seconds is None else f"; at most about {duration(seconds)}, judged by earlier clusterings here"
    progress.note(
        f"Estimate for {counted(len(scenes), 'scene')}: about {about(valid)} valid pixels of {about(job.pixels)}, none "
        f"of which is kept; rasters of at most {size(job.pixels * RASTER_BYTES * (2 if request.margin else 1))}{time}."
    )


def tell_took(clock: Clock, valid: int, rasters: Sequence[Path], progress: Progress) -> None:
    """Tell in one line what a run took that has no common stages."""
    progress.note(f"Took {clock.elapsed():.1f} s for {valid:,} valid pixels; the rasters have {_on_disk(rasters)}.")


def _on_disk(rasters: Sequence[Path]) -> str:
    return size(sum(path.stat().st_size for path in rasters))
