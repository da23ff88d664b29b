"""All scenes clustered together: scenes -> valid pixels -> start -> iteration -> rasters, signatures, report."""

from __future__ import annotations

from ..kernels.choice import expected_name, was_compiled_meanwhile
from ..kernels.kernel import Kernel
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress
from ..quantities import counted
from ..requests import Request
from ..results import earlier
from ..results.names import raster_names
from ..results.result import Result
from ..results.staging import Staging
from .clustering import ITERATE, READ, Clustering, Tools, check_scenes, given_centres, no_valid_pixels
from .compare import compare_each
from .foretell import Foretold, foretell, tell_took
from .frame import Run
from .on_cluster import with_whole_paths
from .unfinished import Keeper, superseded, tell_continued, tell_unfinished
from .write import kept_colours, write_results

# Where the common iteration ends if each scene is also clustered on its own.
_COMPARE = 0.65


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
    request.check()
    request = with_whole_paths(request)
    run = Run(Staging(request.output), progress)
    progress = run.progress
    scenes = check_scenes(request, progress)
    request = request.settled(scenes)
    given = given_centres(request)
    if given is not None and request.signatures is not None:
        tell_continued(request.signatures, scenes, request, progress)
    tell_unfinished(scenes, request, progress)
    tools = Tools.of(request, given, kernel, strip_pixels, progress)
    expected: Foretold | None = None
    with tools.device:
        if not request.scheduler:
            tools.begin(scenes, request.k)
            expected = foretell(request, scenes, tools.workers, expected_name(tools.cpu), progress)
        run.clock.lap("prepare")
        with run:
            clustering = run.enter(Clustering(scenes, request, tools, run.files, progress))
            result = _clustered(run, clustering, request, tools)
            colours = kept_colours(request, result.fit)
            classes = earlier.Classes(request.roles, result.fit.centres, colours)
            old = (*superseded(scenes, request), *earlier.outdated_margins(request.output, scenes, request.margin))
            run.publish(old, earlier.left_over(request.output, scenes, classes))
    if expected is None:
        tell_took(run.clock, result.pixels, [*result.rasters, *result.margins], progress)
    else:
        # Margins and rejection take part of the time for the rasters.
        usual = not was_compiled_meanwhile(tools.cpu) and not clustering.plan.judging.wanted
        expected.tell_outcome(tools.kernel.name if usual else None, result, run.clock, clustering.spilled, progress)
    progress.report(1.0)
    return result


def _clustered(run: Run[Staging], clustering: Clustering, request: Request, tools: Tools) -> Result:
    """Read, iterate and make all files."""
    scenes, progress = clustering.plan.scenes, run.progress
    left = earlier.left_rasters(request.output, scenes)
    left += earlier.outdated_margins(request.output, scenes, request.margin)
    run.files.check_replaceable([*raster_names(scenes, request.margin), *left])
    threads = counted(clustering.executor.workers, "thread")
    progress.stage(f"Reading and masking {counted(len(scenes), 'scene')} on {threads}")
    series = clustering.read(run.span(0.0, READ))
    if series.pixels == 0:
        raise no_valid_pixels([one.audit for one in series.results])
    run.clock.lap("read")
    comparing = request.compare and len(scenes) > 1
    keeper = run.enter(Keeper(series, request, tools.kernel, run.clock, run.files, progress))
    span = run.span(READ, _COMPARE if comparing else ITERATE)
    fit = clustering.fit(series.population, series.survey, run.clock, span, keeper.take)
    tools.tell(progress)
    if comparing:
        progress.stage("Clustering each scene on its own, for the comparison in the report")
        compare_each(clustering, series, fit, run.span(_COMPARE, ITERATE))
        run.clock.lap("compare")
    progress.stage("Writing the classified rasters")
    result = write_results(run, clustering, series, fit, request)
    tools.tell(progress, ended=True)
    return result
