"""The steps of a clustering, which both of its modes take: read, find a start, iterate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..centres import coarse
from ..centres.fit import Fit
from ..centres.kmeans import StopRule
from ..centres.outlook import COLD, WARM
from ..centres.starts import PERCENTILES, between, percentile, plus_plus
from ..choices import COARSE_TO_FINE, CPU, EACH_SCENE, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from ..clock import Clock
from ..errors import NoValidPixels
from ..execution.dask_executor import DaskExecutor
from ..execution.executor import Executor
from ..execution.messages import Terms
from ..execution.threads import ThreadExecutor, threads_of
from ..kernels.cells.choice import loops_for
from ..kernels.choice import await_kernel, begin, labelling_seconds, pick_judge, pick_kernel, pick_packer, tell
from ..kernels.device_choice import DeviceChoice
from ..kernels.kernel import Kernel
from ..kernels.margins import AS_LABELLINGS, Judge, Judging
from ..kernels.numpy_kernel import NumpyKernel
from ..passes.iterate import Population, iterate
from ..passes.series import Series, read_series
from ..passes.site import Plan, SeriesSite, loose_site
from ..passes.write import bytes_aside
from ..pixels.block import Block
from ..pixels.masking import Audit
from ..pixels.packing import Packer
from ..pixels.store import PixelStore, budget_of
from ..pixels.strips import most_valid, plan_series
from ..pixels.survey import Need, Survey, Wish
from ..progress import Progress, Quiet, Silent
from ..quantities import counted, size
from ..requests import Request
from ..results import signatures_file
from ..results.names import check_folder, check_outputs, written_names
from ..results.staging import Staging
from ..scenes.check import usable_scenes
from ..scenes.scene import Scene
from ..scenes.selection import Selection
from .frame import tell_audit
from .on_cluster import Beside, workers_of

if TYPE_CHECKING:
    from ..arrays import DN, Grid64

READ, ITERATE = 0.45, 0.85
"""Where reading and iterating end in the progress bar, after the shares of time of a full-size run."""


@dataclass(frozen=True)
class Tools:
    """What a run works with; none of it changes the result, but the centres that were given."""

    given: Grid64 | None
    """(k, n_bands) centres of the signatures file that the run starts from, if it does."""
    cpu: Kernel
    """Labels the sub-samples of a start."""
    device: DeviceChoice
    """Chooses what labels the pixels while they are read."""
    packer: Packer
    """Masks and packs."""
    workers: int
    """Threads."""
    strip_pixels: int
    """Wanted pixels of a strip."""
    n_bands: int
    """Bands of the pixels."""

    @property
    def kernel(self) -> Kernel:
        """What labels at present."""
        return self.device.kernel

    def begin(self, scenes: Sequence[Scene], k: int) -> None:
        """Begin to compile what a run with these checked scenes needs, if it is worth that."""
        pixels, _ = most_valid(scenes, self.strip_pixels)
        begin(self.cpu, labelling_seconds(pixels, k, self.workers), loops_for(pixels, k, self.n_bands))

    def judge(self, pixels: int, k: int) -> Judge:
        """Return what looks at the labels of so many pixels once more; to be asked after `begin`."""
        return pick_judge(self.cpu, labelling_seconds(pixels, k, self.workers, AS_LABELLINGS))

    def tell(self, progress: Progress, ended: bool = False) -> None:
        """Tell once what labelled, where there is something to tell; `ended` is for the end of the run."""
        tell(self.cpu, progress, ended)
        self.device.tell(progress)

    @classmethod
    def of(
        cls, request: Request, given: Grid64 | None, kernel: Kernel | None, strip_pixels: int, progress: Progress
    ) -> Tools:
        """Return the tools of a request, with this kernel or by default the one that suits machine and DEVICE."""
        n_bands = len(request.roles)
        # Workers of a cluster choose for themselves, and here nothing is labelled that Numba would be worth 100 MB for.
        cpu = kernel or (NumpyKernel() if request.scheduler else pick_kernel(progress, n_bands))
        device = request.device if kernel is None and not request.scheduler else CPU
        choice = DeviceChoice(device, request.k, n_bands, cpu, progress, by_cells=kernel is None)
        return cls(given, cpu, choice, pick_packer(cpu), threads_of(request.workers), strip_pixels, n_bands)


class Clustering:
    """Scenes that are clustered together: the site with their pixels, and the steps from reading to the fit.

    As a context manager it gives back memory, temporary files and open files, or lets the workers of a cluster go.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        request: Request,
        tools: Tools,
        staging: Staging,
        progress: Progress | None = None,
    ) -> None:
        self._progress = progress or Silent()
        self._request, self._tools, self._staging = request, tools, staging
        wish = Wish(need(request), request.seed, pictures=True)
        selection = Selection(request.roles, request.mask)
        strips = tuple(plan_series(scenes, tools.strip_pixels))
        judging = Judging.of(request.margin, request.reject)
        self.plan = Plan(tuple(scenes), selection, strips, request.k, wish, judging)
        """What is worked on."""
        self._stack = ExitStack()

    def __enter__(self) -> Clustering:
        request, plan = self._request, self.plan
        self.spilled = 0
        """Bytes of pixels in temporary files of this computer."""
        if request.scheduler:
            terms = Terms("cluster", request.workers, request.device, request.memory)
            elsewhere = workers_of(request.scheduler, plan, terms, self._progress, self._staging)
            self.executor: Executor = self._stack.enter_context(elsewhere)
            """Hands the work to the site."""
            return self
        pixels, masked = most_valid(plan.scenes, self._tools.strip_pixels)
        self._tools.device.renew()
        with ExitStack() as stack:
            aside = bytes_aside(plan.scenes, plan.judging, self._tools.workers)
            store = PixelStore(budget_of(request.memory), pixels, plan.n_bands, self._staging.folder, masked, aside)
            self.store = stack.enter_context(store)
            """Where pixels are kept."""
            judge = self._tools.judge(pixels, plan.k) if plan.judging.wanted else None
            site = SeriesSite(plan, self._tools.kernel, self._tools.packer, self.store, judge)
            self.site = stack.enter_context(site)
            """What this process holds."""
            self.executor = ThreadExecutor(self.site, self._tools.workers)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def read(self, progress: Progress) -> Series:
        """Read and mask the scenes, and tell of each how much of it is valid; there may be no valid pixel at all."""
        series = read_series(self.executor, self.plan, progress, self._tools.given, self._counted)
        for one in series.results:
            tell_audit(one.scene, one.audit, progress)
        self.spilled = 0 if self._request.scheduler else self.store.spilled
        if self.spilled:
            progress.note(f"{size(self.spilled)} of pixels lie in temporary files (MEMORY)")
        return series

    @property
    def kernel(self) -> Kernel:
        """What labels here; workers of a cluster have their own."""
        return self._tools.kernel if self._request.scheduler else self.site.kernel

    def _counted(self, pixels: int) -> None:
        """Let the device be chosen as soon as that can be told."""
        if not self._request.scheduler:
            self._tools.device.counted(pixels)
            self.site.kernel = self._tools.kernel

    def fit(
        self,
        population: Population,
        survey: Survey,
        clock: Clock,
        progress: Progress,
        keep: Callable[[Fit], object] | None = None,
    ) -> Fit:
        """Find a start for some pixels, at least one, and iterate.

        Parameters
        ----------
        population, survey
            The pixels, and what the start asked for.
        clock, progress
            Whose times these are, and whom to tell.
        keep
            Called after every iteration with what the run would give if it ended there.
        """
        request, tools = self._request, self._tools
        remote = isinstance(self.executor, DaskExecutor)
        if not remote:
            await_kernel(tools.cpu, labelling_seconds(population.pixels, request.k, tools.workers), progress)
        start = tools.given if tools.given is not None else self._start(survey, progress)
        clock.lap("start")
        title = tools.device.title
        if isinstance(self.executor, DaskExecutor):
            title, progress = self.executor.about, Beside(progress, self.executor)
        progress.stage(f"Clustering {population.pixels:,} pixels into {request.k} classes ({title})")
        stop = StopRule(request.max_iterations, request.tolerance)
        expected = WARM if request.start in (COARSE_TO_FINE, SIGNATURES_FILE) else COLD
        fit = iterate(self.executor, population, start, stop, progress, keep, expected)
        clock.lap("iterate")
        return fit

    def _start(self, survey: Survey, progress: Progress) -> Grid64:
        """Return the start centres that a survey of the valid pixels gives."""
        request = self._request
        if survey.low is not None and survey.high is not None:
            return between([int(low) for low in survey.low], [int(high) for high in survey.high], request.k)
        if survey.histogram is not None:
            low, high = ([percentile(h, p) for h in survey.histogram] for p in PERCENTILES)
            return between(low, high, request.k)
        if survey.sample is not None:
            return plus_plus(survey.sample.dn, request.k, request.seed)
        if survey.draws:
            quiet = Quiet(progress, 0.0, 0.0)

            def fit(parts: Sequence[DN], start: Grid64, stop: StopRule) -> Fit:
                return iterate_loose(parts, start, stop, self._tools.cpu, self._tools.workers, quiet)

            progress.stage("Finding a start on sub-samples")
            return coarse.start(survey.draws, request.k, request.seed, fit, progress)
        raise RuntimeError(f"no survey for the start {request.start}")


def iterate_loose(
    parts: Sequence[DN], start: Grid64, stop: StopRule, kernel: Kernel, workers: int, progress: Progress
) -> Fit:
    """Iterate over pixels of no raster, such as a sub-sample's.

    Parameters
    ----------
    parts
        (n_bands, n) each: the units of work.
    start
        (k, n_bands) start centres in 1/64 DN.
    stop
        The stop rule.
    kernel, workers
        What labels, on how many threads.
    progress
        Whom to tell.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    blocks = [Block.loose(dn, number) for number, dn in enumerate(parts)]
    executor = ThreadExecutor(loose_site(blocks, start.shape[0], kernel), workers)
    population = Population(tuple(block.strip for block in blocks), sum(block.size for block in blocks))
    return iterate(executor, population, start, stop, progress)


def check_scenes(request: Request, progress: Progress) -> list[Scene]:
    """Find the scenes and check them by their headers, and the folder of the results; note what was left out."""
    check_folder(request)
    scenes = usable_scenes(request.scenes, request.selection, progress, sheet=request.sheet)
    names = written_names(scenes, request.mode == EACH_SCENE, request.margin)
    check_outputs(request.output, names, scenes, request.signatures if request.start == SIGNATURES_FILE else None)
    return scenes


def given_centres(request: Request) -> Grid64 | None:
    """Return the centres of the signatures file that the run starts from, if it does."""
    if request.start != SIGNATURES_FILE or request.signatures is None:
        return None
    return signatures_file.read_centres(request.signatures, request.roles, request.k)


def need(request: Request) -> Need:
    """Return what the start of a request asks of the survey."""
    return {
        MINIMUM_MAXIMUM: Need.RANGE,
        PERCENTILE_RANGE: Need.HISTOGRAM,
        PLUS_PLUS: Need.SAMPLE,
        SIGNATURES_FILE: Need.NOTHING,
        COARSE_TO_FINE: Need.DRAWS,
    }[request.start]


def no_valid_pixels(audits: Sequence[Audit]) -> NoValidPixels:
    """Return the error of scenes without one valid pixel."""
    if not any(audit.inside for audit in audits):
        return NoValidPixels(
            f"AOI: not one pixel of the {counted(len(audits), 'scene')} has its centre inside a polygon; choose "
            "polygons that meet the scenes, and check the CRS of their layer."
        )
    reasons, remedies = "fill, masked or saturated", "choose fewer flags in MASK or other scenes"
    if any(audit.outside for audit in audits):
        reasons = "outside AOI, " + reasons
        remedies = "choose fewer flags in MASK, a larger AOI, or other scenes"
    return NoValidPixels(
        f"SCENES: not one pixel of the {counted(len(audits), 'scene')} is valid (all are {reasons}); {remedies}."
    )
