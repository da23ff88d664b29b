"""Saved signatures on new scenes: every valid pixel gets the class of its nearest saved centre, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..centres.fit import Fit
from ..choices import AUTOMATIC
from ..errors import ParameterError
from ..execution.executor import Executor
from ..execution.messages import Terms
from ..execution.threads import ThreadExecutor, threads_of
from ..kernels.choice import begin, expected_name, labelling_seconds, pick_judge, pick_kernel, pick_packer, tell
from ..kernels.kernel import Kernel
from ..kernels.margins import AS_LABELLINGS, Counts, Judging
from ..kernels.numpy_kernel import NumpyKernel
from ..passes.each_scene import each_scene
from ..passes.series import unread
from ..passes.site import Plan, SeriesSite
from ..passes.tasks import ClassifyStrip, SceneWritten, WriteScene
from ..pixels.block import Tally
from ..pixels.strips import STRIP_PIXELS, most_valid, plan_series
from ..pixels.survey import Wish
from ..progress import Progress
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..requests import ClassifyRequest
from ..results import signatures_file
from ..results.earlier import Classes as EarlierClasses
from ..results.earlier import left_over, outdated_margins
from ..results.legend import Legend, legend_of
from ..results.names import SIGNATURES_NAME, check_outputs, raster_name, raster_names, written_names
from ..results.result import Result
from ..results.run_record import run_record, unconverged
from ..results.signatures import Signatures
from ..results.staging import Staging
from ..results.statistics import Moments, added
from ..scenes.check import usable_scenes
from ..scenes.scene import Scene, Strip
from ..scenes.selection import Selection
from ..sensors.products import may_lead_with_product
from .foretell import foretell_classification, tell_took
from .frame import Run, tell_audit
from .on_cluster import with_whole_paths, workers_of
from .write import (
    Classes,
    empty_classes,
    margin_rasters,
    shown_legend,
    tell_unclassified,
    unclassified,
    write_tables,
)


def check(request: ClassifyRequest, progress: Progress) -> tuple[Signatures, list[Scene]]:
    """Check all that can be checked without reading pixels.

    Returns
    -------
    signatures : Signatures
        Of the file.
    scenes : list of Scene
        Checked, in order.

    Raises
    ------
    SignatureError
        SIGNATURES is no signatures file, or of other bands, scale or version.
    SceneError, GridError
        A scene cannot be used.
    ParameterError
        A parameter is out of its range, or OUTPUT would replace the signatures file.
    """
    request.check()
    source = signatures_file.read(request.signatures)
    # One that another run may have written for one scene is replaced no more than the common one.
    own = request.output / (
        request.signatures.name if may_lead_with_product(request.signatures.name) else SIGNATURES_NAME
    )
    if own.exists() and own.samefile(request.signatures):
        raise ParameterError(
            f"OUTPUT: {request.output} is the folder of SIGNATURES itself, whose signatures, statistics and report "
            "would be replaced; choose another folder."
        )
    selection = replace(request.selection, roles=source.roles)
    scenes = usable_scenes(request.scenes, selection, progress, "SIGNATURES", request.sheet)
    names = written_names(scenes, each=False, margin=request.margin)
    check_outputs(request.output, names, scenes, request.signatures)
    return source, scenes


def classify(
    request: ClassifyRequest,
    progress: Progress | None = None,
    kernel: Kernel | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> Result:
    """Classify scenes into the classes of a signatures file and write all results.

    No pixel values are kept: strips are read, labelled and dropped, and a scene is written as soon as it is labelled,
    while the next is read. The memory taken does not grow with the number of scenes.

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
    request = with_whole_paths(request)
    run = Run(Staging(request.output), progress)
    progress = run.progress
    source, scenes = check(request, progress)
    _tell_other_mask(request, source, progress)
    _warn_of_unfinished(request, source, progress)
    # Workers of a cluster choose for themselves.
    kernel = kernel or (NumpyKernel() if request.scheduler else pick_kernel(n_bands=len(source.roles)))
    k = len(source.centres)
    seconds = labelling_seconds(most_valid(scenes)[0], k, threads_of(request.workers), 1)
    if not request.scheduler:
        begin(kernel, seconds)
        foretell_classification(request, scenes, source.roles, k, expected_name(kernel), progress)
    run.clock.lap("prepare")
    strips = tuple(plan_series(scenes, strip_pixels))
    judging = Judging.of(request.margin, request.reject)
    judge = pick_judge(kernel, AS_LABELLINGS * seconds) if judging.wanted else None
    plan = Plan(tuple(scenes), Selection(source.roles, request.mask), strips, k, Wish(pictures=True), judging)
    with run:
        legend = legend_of(source)
        shown = shown_legend(legend, request)
        classes = EarlierClasses(source.roles, source.centres, legend.colours_by_number, source.merged)
        earlier = left_over(request.output, scenes, classes)
        old = outdated_margins(request.output, scenes, request.margin)
        run.files.check_replaceable([*raster_names(scenes, request.margin), *earlier.apart, *old])
        executor: Executor
        if request.scheduler:
            terms = Terms("classify", request.workers, AUTOMATIC, 0)
            executor = run.enter(workers_of(request.scheduler, plan, terms, progress, run.files))
            by = executor.about
        else:
            site = run.enter(SeriesSite(plan, kernel, pick_packer(kernel), None, judge))
            executor = ThreadExecutor(site, request.workers)
            by = f"{expected_name(kernel)} kernel"
        progress.stage(
            f"Classifying {counted(len(scenes), 'scene')} into the {source.k} classes of {request.signatures} "
            f"on {counted(executor.workers, 'thread')} ({by})"
        )
        results = _classified(run, executor, plan, source, shown)
        for one in results:
            one.shows(legend.numbers)
        tell(kernel, progress, ended=True)
        run.clock.lap("classify")
        fit = _fit(source, results)
        empty = tuple(legend.numbers[place - 1] for place in empty_classes(fit))
        if empty:
            progress.note(f"No pixel of these scenes belongs to class {', '.join(map(str, empty))}.")
        tell_unclassified(results, request.reject, progress)
        parameters, audits = request.parameters(source.roles, source.k), [one.audit for one in results]
        record = run_record(scenes, audits, fit, parameters, kernel, run.clock)
        record["applied"] = _origin(request, source)
        write_tables(run.files, results, Classes(source.roles, fit, legend, record, source.merged, shown), progress)
        run.publish(old, earlier)
    result = Result(
        scenes=plan.scenes,
        rasters=tuple(request.output / raster_name(scene) for scene in scenes),
        output=request.output,
        fit=fit,
        pixels=sum(audit.valid for audit in audits),
        empty_classes=empty,
        names=tuple(legend.names),
        margins=margin_rasters(scenes, request),
        unclassified=unclassified(results),
    )
    tell_took(run.clock, result.pixels, [*result.rasters, *result.margins], progress)
    progress.report(1.0)
    return result


def _classified(
    run: Run[Staging], executor: Executor, plan: Plan, source: Signatures, legend: Legend
) -> list[SceneResult]:
    """Read, label and write the scenes one behind the other."""
    tray, results = run.files.tray, unread(plan)
    for one in results:
        one.moments = Moments.zero(source.k, plan.n_bands)

    def classify_strip(strip: Strip) -> ClassifyStrip:
        return ClassifyStrip(strip, source.centres, source.merged)

    def write_scene(number: int) -> WriteScene:
        return WriteScene(number, legend, tray)

    for answer in each_scene(executor, plan.strips, classify_strip, write_scene, run.progress):
        if isinstance(answer, SceneWritten):
            one = results[answer.scene]
            for rows in answer.sketch:
                one.sketch.add(rows)
            tell_audit(one.scene, one.audit, run.progress)
        else:
            one = results[answer.strip.scene]
            one.audit.add(answer.audit)
            one.moments.add(answer.moments)
            one.sketch.add(answer.sketch)
            if answer.counts is not None:
                one.judged = one.judged or Counts.zero()
                one.judged.add(answer.counts)
    return results


def _fit(source: Signatures, results: Sequence[SceneResult]) -> Fit:
    """Return the saved centres with the tally of these scenes, and no iteration."""
    whole = added((one.moments for one in results), source.k, len(source.roles))
    tally = Tally(np.array(whole.count, np.int64), np.array(whole.total, np.int64))
    return Fit(source.centres, tally, (), bool(source.run.get("converged")))


def _origin(request: ClassifyRequest, source: Signatures) -> dict[str, Any]:
    """Return which signatures were applied, as it stands in the run's record."""
    scenes = source.run.get("scenes")
    return {
        "signatures": str(request.signatures),
        "finished": source.run.get("finished"),
        "scenes": [scene.get("id") for scene in scenes if isinstance(scene, dict)] if isinstance(scenes, list) else [],
    }


def _warn_of_unfinished(request: ClassifyRequest, source: Signatures, progress: Progress) -> None:
    ended = unconverged(source.run)
    if ended:
        progress.warn(
            f"SIGNATURES: {request.signatures} is of a run that {ended}, so its classes may still have moved; "
            "to let them settle, continue that run with iikmc:cluster and the start from this file."
        )


def _tell_other_mask(request: ClassifyRequest, source: Signatures, progress: Progress) -> None:
    parameters = source.run.get("parameters")
    if not isinstance(parameters, dict):
        return
    before = (parameters.get("mask"), parameters.get("mask_saturated"))
    if before != (list(request.mask.flags), request.mask.saturated) and isinstance(before[0], list):
        flags = ", ".join(map(str, before[0])) or "no flag"
        also = " and saturated pixels" if before[1] else ""
        progress.note(f"The signatures were made with another mask ({flags}{also}); this run takes the one chosen now.")
