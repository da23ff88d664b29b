"""k-means of each scene on its own (kMC), the baseline of the method: the steps of a run, scene by scene.

A scene gets what a run of that scene alone would give it. Only one scene's pixels are in memory at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..choices import EACH_SCENE
from ..clock import Clock
from ..kernels.choice import expected_name
from ..kernels.kernel import Kernel
from ..passes.series import Series
from ..passes.write import write_rasters
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress, Span
from ..report.each import NOTHING, SceneClasses, render_each
from ..report.pictures import draw_all
from ..requests import Request
from ..results import statistics
from ..results.earlier import left_over, outdated_margins
from ..results.legend import Legend, default_names, names_for
from ..results.names import REPORT_NAME, STATISTICS_NAME, raster_name, raster_names, scene_signatures
from ..results.palette import class_colours
from ..results.result import EachResult, Result
from ..results.run_record import run_record
from ..results.staging import Staging
from ..scenes.scene import Scene
from .cluster import cluster
from .clustering import ITERATE, READ, Clustering, Tools, check_scenes, given_centres, no_valid_pixels
from .foretell import foretell, tell_took
from .frame import Run
from .pages import write_page
from .write import (
    Classes,
    counts_of,
    margin_rasters,
    shown_legend,
    tell_unclassified,
    unclassified,
    write_signatures,
)

if TYPE_CHECKING:
    from ..arrays import Grid64


def run_in_mode(
    request: Request,
    progress: Progress | None = None,
    kernel: Kernel | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> Result | EachResult:
    """Cluster in the mode that the request asks for; the parameters and errors are those of `cluster.cluster`."""
    in_mode = cluster_each if request.mode == EACH_SCENE else cluster
    return in_mode(request, progress, kernel, strip_pixels)


def cluster_each(
    request: Request,
    progress: Progress | None = None,
    kernel: Kernel | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> EachResult:
    """Cluster each scene on its own and write all results.

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
        Any of its children; nothing is written then.
    """
    request.check()
    run = Run(Staging(request.output), progress)
    progress = run.progress
    scenes = check_scenes(request, progress)
    request = request.settled(scenes)
    given = given_centres(request)
    if request.compare:
        progress.note("COMPARE is left out: it compares common classes with those of each scene, and there are none.")
    tools = Tools.of(request, given, kernel, strip_pixels, progress)
    tools.begin(scenes, request.k)
    with tools.device:
        foretell(request, scenes, tools.workers, expected_name(tools.cpu), progress)
        with run:
            done = _clustered(run, scenes, request, tools)
            old = outdated_margins(request.output, scenes, request.margin)
            run.publish(old, left_over(request.output, scenes, None))
    result = EachResult(
        scenes=tuple(scenes),
        rasters=tuple(request.output / raster_name(scene) for scene in scenes),
        output=request.output,
        k=request.k,
        fits=tuple(one.fit for one in done),
        signature_files=tuple(
            request.output / f"{scene_signatures(one.result.scene)}.json" if one.fit else None for one in done
        ),
        pixels=sum(one.result.audit.valid for one in done),
        empty_classes=tuple((number, j) for number, one in enumerate(done) for j in one.empty),
        margins=margin_rasters(scenes, request),
        unclassified=unclassified([one.result for one in done]),
    )
    tell_took(run.clock, result.pixels, [*result.rasters, *result.margins], progress)
    progress.report(1.0)
    return result


def _clustered(run: Run[Staging], scenes: list[Scene], request: Request, tools: Tools) -> list[SceneClasses]:
    """Cluster scene by scene and make all files."""
    old = outdated_margins(request.output, scenes, request.margin)
    run.files.check_replaceable([*raster_names(scenes, request.margin), *old])
    done: list[SceneClasses] = []
    whole = sum(scene.checked_grid().pixels for scene in scenes)
    begin = 0.0
    for number, scene in enumerate(scenes, start=1):
        end = begin + scene.checked_grid().pixels / whole
        run.progress.stage(f"Scene {number} of {len(scenes)} on its own: {scene.title}")
        done.append(_cluster_one(scene, request, tools, run.files, run.span(begin, end)))
        begin = end
    tools.tell(run.progress, ended=True)
    if not any(one.fit for one in done):
        raise no_valid_pixels([one.result.audit for one in done])
    tell_unclassified([one.result for one in done], request.reject, run.progress)
    _write_tables(done, request, run.files, run.progress)
    return done


def _cluster_one(scene: Scene, request: Request, tools: Tools, staging: Staging, progress: Progress) -> SceneClasses:
    """Cluster one scene and write its raster and signatures."""
    clock = Clock()
    with Clustering([scene], request, tools, staging) as clustering:
        series = clustering.read(Span(progress, 0.0, READ))
        clock.lap("read")
        one = series.results[0]
        if not series.pixels:
            _write(clustering, series, None, NOTHING, staging, progress)
            return SceneClasses(one)
        fit = clustering.fit(series.population, series.survey, clock, Span(progress, READ, ITERATE))
        stem = scene_signatures(scene)
        names = names_for(
            request.output, f"{stem}.json", request.roles, fit.centres,
            default_names(scene, request.k), f"{raster_name(scene)[:-4]}.qml",
        )  # fmt: skip
        legend = Legend(names, class_colours(fit.centres, request.roles))
        shown = shown_legend(legend, request)
        _write(clustering, series, fit.centres, shown, staging, progress)
        one.shows(legend.numbers)
        clock.lap("write")
        record = run_record([scene], [one.audit], fit, request.parameters(), tools.kernel, clock)
        signed = write_signatures(staging, stem, [one.moments], Classes(request.roles, fit, legend, record))
    found = SceneClasses(one, fit, signed, shown)
    if found.empty:
        progress.note(f"{scene.title}: no pixel belongs to class {', '.join(map(str, found.empty))}.")
    return found


def _write(
    clustering: Clustering,
    series: Series,
    centres: Grid64 | None,
    legend: Legend,
    staging: Staging,
    progress: Progress,
) -> None:
    span = Span(progress, ITERATE, 1.0)
    write_rasters(clustering.executor, clustering.plan, series, centres, legend, staging.tray, span)


def _write_tables(done: list[SceneClasses], request: Request, staging: Staging, progress: Progress) -> None:
    """Write statistics and report of all scenes."""
    results, legends = [one.result for one in done], [one.legend for one in done]
    scenes, names = [one.scene for one in results], [legend.names for legend in legends]
    counts = [counts_of(one, legend) for one, legend in zip(results, legends)]
    ids = [legend.numbers for legend in legends]
    staging.write_text(STATISTICS_NAME, statistics.to_csv_each(scenes, names, counts, ids))
    pictures = draw_all([one.sketch for one in results], [legend.colours_by_number for legend in legends])
    write_page(staging, REPORT_NAME, render_each(done, pictures, request.k), progress)
