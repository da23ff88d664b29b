"""k-means of each scene on its own (kMC), the baseline of the method: the steps of a run, scene by scene.

A scene gets what a run of that scene alone would give it. Only one scene's pixels are in memory at a time.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..centres.fit import Fit
from ..choices import EACH_SCENE
from ..clock import Clock
from ..execution.threads import one_blas_thread
from ..kernels.kernel import Kernel
from ..passes.write import write_rasters, write_scene, write_signatures
from ..pixels.masking import Audit
from ..pixels.sketch import Sketch
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress, Silent, Span, check_cancelled
from ..report.each import SceneClasses, render_each
from ..report.pictures import draw, middle_tone
from ..requests import Request
from ..results import legend as legends
from ..results import statistics
from ..results.legend import Legend, default_names
from ..results.names import REPORT_NAME, STATISTICS_NAME, raster_name, scene_signatures
from ..results.palette import class_colours
from ..results.result import EachResult, Result
from ..results.run_record import run_record
from ..results.staging import Staging
from ..scenes.files import small_block_cache
from ..scenes.scene import Scene
from .cluster import (
    ITERATE,
    READ,
    Tools,
    check_scenes,
    cluster,
    fitted,
    given_centres,
    no_valid_pixels,
    pixel_store,
    read_scenes,
)
from .foretell import foretell, tell_took

if TYPE_CHECKING:
    from ..results.signatures import Signatures


def run(
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
    progress = progress or Silent()
    request.check()
    clock = Clock()
    scenes = check_scenes(request, progress)
    given = given_centres(request)
    if request.compare:
        progress.note("COMPARE is left out: it compares common classes with those of each scene, and there are none.")
    with ExitStack() as stack:
        tools = Tools.of(request, given, kernel, strip_pixels, progress)
        stack.callback(tools.labeller.close)
        foretell(request, scenes, tools.executor.workers, tools.cpu.name, progress)
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        staging = stack.enter_context(Staging(request.output))
        staging.check_replaceable(raster_name(scene) for scene in scenes)
        done: list[_Done] = []
        whole = sum(scene.checked_grid().pixels for scene in scenes)
        begin = 0.0
        for number, scene in enumerate(scenes, start=1):
            end = begin + scene.checked_grid().pixels / whole
            progress.stage(f"Scene {number} of {len(scenes)} on its own: {scene.title}")
            done.append(_cluster_one(scene, request, tools, staging, Span(progress, begin, end)))
            begin = end
        tools.labeller.tell(progress)
        if not any(one.audit.valid for one in done):
            raise no_valid_pixels([one.audit for one in done])
        _write_tables(done, request, staging)
        check_cancelled(progress)
        staging.publish()
    result = EachResult(
        scenes=tuple(scenes),
        rasters=tuple(request.output / raster_name(scene) for scene in scenes),
        output=request.output,
        k=request.k,
        fits=tuple(one.fit for one in done),
        signature_files=tuple(
            request.output / f"{scene_signatures(one.scene)}.json" if one.fit else None for one in done
        ),
        pixels=sum(one.audit.valid for one in done),
        empty_classes=tuple((number, j) for number, one in enumerate(done) for j in one.empty),
    )
    tell_took(clock, result.pixels, result.rasters, progress)
    progress.report(1.0)
    return result


@dataclass(frozen=True)
class _Done:
    """What is kept of a scene when its pixels are gone."""

    scene: Scene
    audit: Audit
    sketch: Sketch
    fit: Fit | None = None
    signed: Signatures | None = None

    @property
    def empty(self) -> tuple[int, ...]:
        """Ids of its classes without a pixel."""
        return tuple(record.id for record in self.signed.classes if record.pixels == 0) if self.signed else ()


def _cluster_one(scene: Scene, request: Request, tools: Tools, staging: Staging, progress: Progress) -> _Done:
    """Cluster one scene and write its raster and signatures into the staging folder."""
    clock = Clock()
    with pixel_store(request, [scene], tools.strip_pixels, staging) as store:
        series = read_scenes([scene], request, tools, store, Span(progress, 0.0, READ))
        clock.lap("read")
        audit, sketch = series.audits[0], series.sketches[0]
        if not series.pixels:
            write_scene(scene, [], Legend((), ()), tools.packer, sketch, staging, progress)
            return _Done(scene, audit, sketch)
        fit = fitted(series, request, tools, clock, Span(progress, READ, ITERATE))
        stem = scene_signatures(scene)
        names = legends.names_for(
            request.output, f"{stem}.json", request.roles, fit.centres,
            default_names(scene, request.k), f"{raster_name(scene)[:-4]}.qml",
        )  # fmt: skip
        legend = Legend(names, class_colours(fit.centres, request.roles))
        span = Span(progress, ITERATE, 1.0)
        per_scene = write_rasters(series, legend, request.k, tools.packer, tools.executor, staging, span)
        clock.lap("write")
        record = run_record([scene], [audit], fit, request.parameters(), tools.kernel, clock)
        signed = write_signatures(stem, per_scene, request.roles, fit, legend, record, staging)
    one = _Done(scene, audit, sketch, fit, signed)
    if one.empty:
        progress.note(f"{scene.title}: no pixel belongs to class {', '.join(map(str, one.empty))}.")
    return one


def _write_tables(done: list[_Done], request: Request, staging: Staging) -> None:
    """Write statistics and report of all scenes into the staging folder."""
    classes = [one.signed.classes if one.signed else () for one in done]
    names = [[record.name for record in own] for own in classes]
    counts = [[record.pixels for record in own] for own in classes]
    scenes = [one.scene for one in done]
    staging.write_text(STATISTICS_NAME, statistics.to_csv_each(scenes, names, counts))
    middle = middle_tone([one.sketch for one in done])
    shown = [
        SceneClasses(
            one.scene,
            one.audit,
            draw(one.sketch, middle, [record.colour for record in own]),
            one.fit,
            one.signed,
        )
        for one, own in zip(done, classes)
    ]
    staging.write_text(REPORT_NAME, render_each(shown, request.k))
