"""The whole order of a run: scenes -> valid pixels -> start -> iteration -> rasters, signatures, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from . import coarse, signatures
from .choices import COARSE_TO_FINE, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from .errors import NoValidPixels
from .execution.threads import ThreadExecutor, one_blas_thread
from .kernels import Kernel, drift, pick_kernel, pick_packer
from .kmeans import Labelled, StopRule, lloyd
from .memory import PixelStore, automatic_budget
from .outputs import Staging
from .progress import Progress, Silent, Span, check_cancelled
from .raster_access import small_block_cache
from .reading import STRIP_PIXELS, most_valid
from .records import Block, Fit, Scene, Tally
from .request import Request
from .results import Result, write_results
from .run_record import Clock, tell_audit
from .scenes import usable_scenes
from .starts import PERCENTILES, between, percentile, plus_plus
from .store import Series, read_series
from .survey import Need
from .unfinished import UNFINISHED_NAME, Keeper, tell_continued

if TYPE_CHECKING:
    from .records import Grid64

# Shares of the progress bar, after the shares of time of a full-size run.
_READ, _ITERATE = 0.45, 0.85


def cluster(
    request: Request,
    progress: Progress | None = None,
    kernel: Kernel | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> Result:
    """Cluster a series of scenes and write all results.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.
    kernel
        What labels; chosen by itself by default. Never changes the result.
    strip_pixels
        Size of the units of work. Never changes the result.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then, but for the signatures so far if `Cancelled` says so.
    """
    progress = progress or Silent()
    request.check()
    scenes = check_scenes(request, progress)
    given = given_centres(request)
    if given is not None and request.signatures is not None:
        tell_continued(request.signatures, scenes, request, progress)
    kernel = kernel or pick_kernel(progress)
    packer = pick_packer(kernel)
    executor = ThreadExecutor(request.workers)
    clock = Clock()
    budget = request.memory * 1_000_000 or automatic_budget()
    pixels, masked = most_valid(scenes, strip_pixels)
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        staging = stack.enter_context(Staging(request.output))
        store = stack.enter_context(PixelStore(budget, pixels, len(request.roles), staging.folder, masked))
        progress.stage(f"Reading and masking {len(scenes)} scene(s) on {executor.workers} thread(s)")
        series = read_series(
            scenes, request.roles, request.mask, request.k, _need(request), request.seed, executor, packer, store,
            Span(progress, 0.0, _READ), strip_pixels, _first_label(kernel, given),
        )  # fmt: skip
        _tell_audit(series, progress)
        if store.spilled:
            progress.note(f"{store.spilled / 1e9:.1f} GB of pixels lie in temporary files (MEMORY)")
        clock.lap("read")
        start = given if given is not None else start_centres(request, series, kernel, executor, progress)
        clock.lap("start")
        progress.stage(f"Clustering {series.pixels:,} pixels into {request.k} classes ({kernel.name} kernel)")
        labelled = given is not None
        keeper = stack.enter_context(Keeper(series, request, kernel, clock))
        fit = _iterate(series, start, labelled, request, kernel, executor, Span(progress, _READ, _ITERATE), keeper.take)
        clock.lap("iterate")
        progress.stage("Writing the classified rasters")
        result = write_results(
            series, fit, request, kernel, packer, executor, staging, clock, Span(progress, _ITERATE, 1.0)
        )
        check_cancelled(progress)
        staging.publish((UNFINISHED_NAME,))
    progress.report(1.0)
    return result


def check_scenes(request: Request, progress: Progress) -> list[Scene]:
    """Find the scenes and check them by their headers; note what was left out."""
    return usable_scenes(request.scenes, request.roles, request.mask, progress, request.aoi)


def given_centres(request: Request) -> Grid64 | None:
    """Return the centres of the signatures file that the run starts from, if it does."""
    if request.start != SIGNATURES_FILE or request.signatures is None:
        return None
    return signatures.read_centres(request.signatures, request.roles, request.k)


def _need(request: Request) -> Need:
    return {
        MINIMUM_MAXIMUM: Need.RANGE,
        PERCENTILE_RANGE: Need.HISTOGRAM,
        PLUS_PLUS: Need.SAMPLE,
        SIGNATURES_FILE: Need.NOTHING,
        COARSE_TO_FINE: Need.DRAWS,
    }[request.start]


def start_centres(
    request: Request, series: Series, kernel: Kernel, executor: ThreadExecutor, progress: Progress
) -> Grid64:
    """Return the start centres that a survey of the valid pixels gives."""
    survey = series.survey
    if survey.low is not None and survey.high is not None:
        return between([int(low) for low in survey.low], [int(high) for high in survey.high], request.k)
    if survey.histogram is not None:
        low, high = ([percentile(h, p) for h in survey.histogram] for p in PERCENTILES)
        return between(low, high, request.k)
    if survey.sample is not None:
        return plus_plus(survey.sample.dn, request.k, request.seed)
    if survey.draws:

        def run(label: Callable[[Block], int], blocks: Sequence[Block]) -> int:
            return sum(executor.each(label, blocks, Span(progress, _READ, _READ)))

        progress.stage("Finding a start on sub-samples")
        return coarse.start(survey.draws, request.k, request.seed, kernel, run, progress)[0]
    raise RuntimeError(f"no survey for the start {request.start}")


def _tell_audit(series: Series, progress: Progress) -> None:
    for scene, audit in zip(series.scenes, series.audits):
        tell_audit(scene, audit, progress)
    if series.pixels == 0:
        reasons = "fill, masked or saturated"
        if any(audit.outside for audit in series.audits):
            reasons = "outside AOI, " + reasons
        raise NoValidPixels(
            f"SCENES: not one pixel of the {len(series.scenes)} scene(s) is valid (all are {reasons}); "
            "choose fewer flags in MASK or other scenes."
        )


def _first_label(kernel: Kernel, given: Grid64 | None) -> Callable[[Block], object] | None:
    """Return what labels a block with centres that are known before anything is read."""
    return None if given is None else lambda block: kernel.relabel(block, given)


def _iterate(
    series: Series,
    start: Grid64,
    labelled: bool,
    request: Request,
    kernel: Kernel,
    executor: ThreadExecutor,
    progress: Progress,
    keep: Callable[[Fit], object],
) -> Fit:
    """Iterate from the start centres; `labelled` = the blocks carry the labels of the start already."""
    k, n_bands = start.shape
    moves = drift.Log()

    def label(centres: Grid64, within: Progress) -> Labelled:
        nonlocal labelled
        moved = moves.follow(centres)
        if labelled:
            changed, labelled = series.pixels, False
        else:
            changed = sum(executor.each(lambda block: kernel.relabel(block, centres, moved), series.blocks, within))
        tally = Tally.zero(k, n_bands)
        for block in series.blocks:
            tally.add(block.tally)
        return Labelled(changed, tally)

    stop = StopRule(request.max_iterations, request.tolerance)
    return lloyd(label, start, series.pixels, stop, progress, keep)
