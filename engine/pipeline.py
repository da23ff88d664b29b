"""The whole order of a run: scenes -> valid pixels -> start -> iteration -> rasters, signatures, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from . import coarse, signatures
from .choices import COARSE_TO_FINE, CPU, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from .errors import NoValidPixels
from .execution.threads import ThreadExecutor, one_blas_thread
from .iteration import iterate
from .kernels import Kernel, pick_kernel, pick_packer
from .kernels.labeller import Labeller
from .kmeans import StopRule
from .memory import PixelStore, automatic_budget
from .outputs import Staging
from .progress import Progress, Silent, Span, check_cancelled
from .raster_access import small_block_cache
from .reading import STRIP_PIXELS, most_valid
from .records import Block, Fit, Scene
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
        What labels; chosen by itself, and by DEVICE, by default. Never changes the result.
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
    device = request.device if kernel is None else CPU
    cpu = kernel or pick_kernel(progress)
    packer = pick_packer(cpu)
    executor = ThreadExecutor(request.workers)
    clock = Clock()
    budget = request.memory * 1_000_000 or automatic_budget()
    pixels, masked = most_valid(scenes, strip_pixels)
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        staging = stack.enter_context(Staging(request.output))
        store = stack.enter_context(PixelStore(budget, pixels, len(request.roles), staging.folder, masked))
        labeller = Labeller(device, request.k, len(request.roles), cpu, progress)
        progress.stage(f"Reading and masking {len(scenes)} scene(s) on {executor.workers} thread(s)")
        series = read_series(
            scenes, request.roles, request.mask, request.k, _need(request), request.seed, executor, packer, store,
            Span(progress, 0.0, _READ), strip_pixels, labeller.for_each(given), labeller.counted,
        )  # fmt: skip
        _tell_audit(series, progress)
        if store.spilled:
            progress.note(f"{store.spilled / 1e9:.1f} GB of pixels lie in temporary files (MEMORY)")
        clock.lap("read")
        start = given if given is not None else start_centres(request, series, cpu, executor, progress)
        clock.lap("start")
        progress.stage(f"Clustering {series.pixels:,} pixels into {request.k} classes ({labeller.title})")
        labelled = given is not None
        kernel = labeller.kernel
        keeper = stack.enter_context(Keeper(series, request, kernel, clock))
        fit = _iterate(series, start, labelled, request, kernel, executor, Span(progress, _READ, _ITERATE), keeper.take)
        labeller.tell(progress)
        clock.lap("iterate")
        progress.stage("Writing the classified rasters")
        result = write_results(
            series, fit, request, kernel, packer, executor, staging, clock, Span(progress, _ITERATE, 1.0)
        )
        labeller.tell(progress)
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
    stop = StopRule(request.max_iterations, request.tolerance)
    return iterate(series.blocks, start, stop, kernel, executor, progress, labelled, keep)
