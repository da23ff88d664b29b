"""The whole order of a run: scenes -> valid pixels -> start -> iteration -> rasters, signatures, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..centres import coarse
from ..centres.fit import Fit
from ..centres.kmeans import StopRule
from ..centres.starts import PERCENTILES, between, percentile, plus_plus
from ..choices import COARSE_TO_FINE, CPU, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from ..clock import Clock
from ..errors import NoValidPixels
from ..execution.threads import ThreadExecutor, one_blas_thread
from ..kernels.choice import pick_kernel, pick_packer
from ..kernels.kernel import Kernel
from ..kernels.labeller import Labeller
from ..passes.iterate import iterate
from ..passes.series import Series, read_series
from ..pixels.block import Block
from ..pixels.masking import Audit
from ..pixels.packing import Packer
from ..pixels.store import PixelStore, budget_of
from ..pixels.strips import STRIP_PIXELS, most_valid
from ..pixels.survey import Need
from ..progress import Progress, Silent, Span, check_cancelled
from ..quality.own_classes import Comparison
from ..quantities import size
from ..requests import Request
from ..results import signatures_file
from ..results.names import check_folder, raster_name
from ..results.result import Result
from ..results.staging import Staging
from ..scenes.check import usable_scenes
from ..scenes.files import small_block_cache
from ..scenes.scene import Scene
from .compare import compare_each
from .foretell import foretell
from .frame import tell_audit
from .unfinished import Keeper, superseded, tell_continued
from .write import write_results

if TYPE_CHECKING:
    from ..arrays import Grid64

READ, ITERATE = 0.45, 0.85
"""Where reading and iterating end in the progress bar, after the shares of time of a full-size run."""

# Where the common iteration ends if each scene is also clustered on its own.
_COMPARE = 0.65


@dataclass(frozen=True)
class Tools:
    """What a run works with; none of it changes the result, but the centres that were given."""

    given: Grid64 | None
    """(k, n_bands) centres of the signatures file that the run starts from, if it does."""
    cpu: Kernel
    """Labels the sub-samples of a start."""
    labeller: Labeller
    """Chooses what labels the pixels while they are read."""
    packer: Packer
    executor: ThreadExecutor
    strip_pixels: int

    @property
    def kernel(self) -> Kernel:
        """What labels at present."""
        return self.labeller.kernel

    @classmethod
    def of(
        cls, request: Request, given: Grid64 | None, kernel: Kernel | None, strip_pixels: int, progress: Progress
    ) -> Tools:
        """Return the tools of a request, with this kernel or by default the one that suits machine and DEVICE."""
        cpu = kernel or pick_kernel(progress)
        device = request.device if kernel is None else CPU
        labeller = Labeller(device, request.k, len(request.roles), cpu, progress)
        return cls(given, cpu, labeller, pick_packer(cpu), ThreadExecutor(request.workers), strip_pixels)


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
    clock = Clock()
    scenes = check_scenes(request, progress)
    given = given_centres(request)
    if given is not None and request.signatures is not None:
        tell_continued(request.signatures, scenes, request, progress)
    with ExitStack() as stack:
        tools = Tools.of(request, given, kernel, strip_pixels, progress)
        stack.callback(tools.labeller.close)
        expected = foretell(request, scenes, tools.executor.workers, tools.cpu.name, progress)
        clock.lap("prepare")
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        staging = stack.enter_context(Staging(request.output))
        staging.check_replaceable(raster_name(scene) for scene in scenes)
        store = stack.enter_context(pixel_store(request, scenes, strip_pixels, staging))
        progress.stage(f"Reading and masking {len(scenes)} scene(s) on {tools.executor.workers} thread(s)")
        series = read_scenes(scenes, request, tools, store, Span(progress, 0.0, READ))
        if series.pixels == 0:
            raise no_valid_pixels(series.audits)
        clock.lap("read")
        comparing = request.compare and len(scenes) > 1
        keeper = stack.enter_context(Keeper(series, request, tools.kernel, clock))
        span = Span(progress, READ, _COMPARE if comparing else ITERATE)
        fit = fitted(series, request, tools, clock, span, keep=keeper.take)
        tools.labeller.tell(progress)
        comparisons = _compared(series, fit, request, tools, clock, progress) if comparing else []
        progress.stage("Writing the classified rasters")
        result = write_results(
            series, fit, request, tools.kernel, tools.packer, tools.executor, staging, clock,
            Span(progress, ITERATE, 1.0), comparisons,
        )  # fmt: skip
        tools.labeller.tell(progress)
        check_cancelled(progress)
        staging.publish(superseded(scenes, request))
    expected.tell_outcome(tools.kernel.name, result, clock, store.spilled, progress)
    progress.report(1.0)
    return result


def check_scenes(request: Request, progress: Progress) -> list[Scene]:
    """Find the scenes and check them by their headers, and the folder of the results; note what was left out."""
    check_folder(request)
    return usable_scenes(request.scenes, request.selection, progress)


def given_centres(request: Request) -> Grid64 | None:
    """Return the centres of the signatures file that the run starts from, if it does."""
    if request.start != SIGNATURES_FILE or request.signatures is None:
        return None
    return signatures_file.read_centres(request.signatures, request.roles, request.k)


def pixel_store(request: Request, scenes: Sequence[Scene], strip_pixels: int, staging: Staging) -> PixelStore:
    """Return where the pixels of these scenes are kept."""
    pixels, masked = most_valid(scenes, strip_pixels)
    return PixelStore(budget_of(request.memory), pixels, len(request.roles), staging.folder, masked)


def read_scenes(
    scenes: Sequence[Scene], request: Request, tools: Tools, store: PixelStore, progress: Progress
) -> Series:
    """Read and mask the scenes, and tell of each how much of it is valid; there may be no valid pixel at all."""
    series = read_series(
        scenes, request.roles, request.mask, request.k, need(request), request.seed, tools.executor, tools.packer,
        store, progress, tools.strip_pixels, tools.labeller.for_each(tools.given),
        tools.labeller.counted,
    )  # fmt: skip
    for scene, audit in zip(series.scenes, series.audits):
        tell_audit(scene, audit, progress)
    if store.spilled:
        progress.note(f"{size(store.spilled)} of pixels lie in temporary files (MEMORY)")
    return series


def no_valid_pixels(audits: Sequence[Audit]) -> NoValidPixels:
    """Return the error of scenes without one valid pixel."""
    if not any(audit.inside for audit in audits):
        return NoValidPixels(
            f"AOI: not one pixel of the {len(audits)} scene(s) has its centre inside a polygon; choose polygons that "
            "meet the scenes, and check the CRS of their layer."
        )
    reasons, remedies = "fill, masked or saturated", "choose fewer flags in MASK or other scenes"
    if any(audit.outside for audit in audits):
        reasons = "outside AOI, " + reasons
        remedies = "choose fewer flags in MASK, a larger AOI, or other scenes"
    return NoValidPixels(
        f"SCENES: not one pixel of the {len(audits)} scene(s) is valid (all are {reasons}); {remedies}."
    )


def fitted(
    series: Series,
    request: Request,
    tools: Tools,
    clock: Clock,
    progress: Progress,
    labelled: bool = True,
    keep: Callable[[Fit], object] | None = None,
) -> Fit:
    """Find a start for the pixels of a series, at least one, and iterate.

    Parameters
    ----------
    series
        As `read_scenes` gives it, or put together from its parts.
    request, tools, clock, progress
        Of the run.
    labelled
        Whether the blocks carry the labels of the given centres, if there are some; `read_scenes` labels them so.
    keep
        Called after every iteration with what the run would give if it ended there.
    """
    given = tools.given
    start = given if given is not None else start_centres(request, series, tools.cpu, tools.executor, progress)
    clock.lap("start")
    progress.stage(f"Clustering {series.pixels:,} pixels into {request.k} classes ({tools.labeller.title})")
    labelled = labelled and given is not None
    fit = _iterate(series, start, labelled, request, tools.kernel, tools.executor, progress, keep)
    clock.lap("iterate")
    return fit


def _compared(
    series: Series, fit: Fit, request: Request, tools: Tools, clock: Clock, progress: Progress
) -> list[Comparison | None]:
    """Cluster each scene on its own as well, for the report."""

    def fit_own(own: Series, within: Progress) -> Fit:
        return fitted(own, request, tools, Clock(), within, labelled=False)

    progress.stage("Clustering each scene on its own, for the comparison in the report")
    span = Span(progress, _COMPARE, ITERATE)
    found = compare_each(series, fit, need(request), request.seed, fit_own, tools.executor, span)
    clock.lap("compare")
    return found


def need(request: Request) -> Need:
    """Return what the start of a request asks of the survey."""
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
            return sum(executor.each(label, blocks, Span(progress, 0.0, 0.0)))

        progress.stage("Finding a start on sub-samples")
        return coarse.start(survey.draws, request.k, request.seed, kernel, run, progress)[0]
    raise RuntimeError(f"no survey for the start {request.start}")


def _iterate(
    series: Series,
    start: Grid64,
    labelled: bool,
    request: Request,
    kernel: Kernel,
    executor: ThreadExecutor,
    progress: Progress,
    keep: Callable[[Fit], object] | None = None,
) -> Fit:
    """Iterate from the start centres; `labelled` = the blocks carry the labels of the start already."""
    stop = StopRule(request.max_iterations, request.tolerance)
    return iterate(series.blocks, start, stop, kernel, executor, progress, labelled, keep)
