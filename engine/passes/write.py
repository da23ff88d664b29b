"""Writing everything a run makes: rasters with their styles, signatures, statistics and the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..centres.fit import Fit
from ..clock import Clock
from ..execution.threads import ThreadExecutor
from ..kernels.kernel import Kernel
from ..pixels.block import Block
from ..pixels.masking import Audit
from ..pixels.packing import Packer
from ..pixels.sketch import Sketch, middle_tone
from ..progress import Progress, check_cancelled
from ..quality.own_classes import Comparison
from ..report import cluster as report_page
from ..requests import Request
from ..results import legend as legends
from ..results import rasters, signatures_file, statistics, styles
from ..results.legend import Legend
from ..results.names import REPORT_NAME, SIGNATURES_NAME, STATISTICS_NAME, raster_name
from ..results.palette import class_colours
from ..results.result import Result
from ..results.run_record import run_record
from ..results.signatures import Signatures, class_records
from ..results.staging import Staging
from ..results.statistics import Moments, added, moments
from ..scenes.scene import Scene
from .series import Series


def write_results(
    series: Series,
    fit: Fit,
    request: Request,
    kernel: Kernel,
    packer: Packer,
    executor: ThreadExecutor,
    staging: Staging,
    clock: Clock,
    progress: Progress,
    comparisons: Sequence[Comparison | None] = (),
) -> Result:
    """Write all results of a labelled series into the staging folder.

    `comparisons` are for the report, one a scene, if there are any.

    Raises
    ------
    OutputError
        A file cannot be written.
    Cancelled
        The user cancelled.
    """
    k = fit.centres.shape[0]
    names = legends.names_for(request.output, SIGNATURES_NAME, request.roles, fit.centres)
    legend = Legend(names, class_colours(fit.centres, request.roles))
    empty = tuple(int(j) + 1 for j in np.flatnonzero(fit.tally.count == 0))
    if empty:
        progress.warn(
            f"No pixel belongs to class {', '.join(map(str, empty))}: it kept its start or last centre; "
            "a smaller K or another INIT may suit the series better."
        )
    per_scene = write_rasters(series, legend, k, packer, executor, staging, progress)
    clock.lap("write")
    run = run_record(series.scenes, series.audits, fit, request.parameters(), kernel, clock)
    write_tables(
        series.scenes, series.audits, per_scene, request.roles, fit, legend, run, series.sketches, staging, comparisons
    )
    return Result(
        scenes=tuple(series.scenes),
        rasters=tuple(request.output / raster_name(scene) for scene in series.scenes),
        output=request.output,
        fit=fit,
        pixels=series.pixels,
        empty_classes=empty,
        names=tuple(legend.names),
    )


def write_tables(
    scenes: Sequence[Scene],
    audits: Sequence[Audit],
    per_scene: Sequence[Moments],
    roles: Sequence[str],
    fit: Fit,
    legend: Legend,
    run: dict[str, Any],
    sketches: Sequence[Sketch],
    staging: Staging,
    comparisons: Sequence[Comparison | None] = (),
) -> None:
    """Write signatures, statistics and report into the staging folder.

    Parameters
    ----------
    scenes, audits, per_scene, sketches
        In order, with the moments of the classes in each scene and what its pictures are drawn from.
    roles, fit, legend, run
        Bands, centres, names and colours, and what "run" in signatures.json says.
    comparisons
        Per scene, if each was clustered on its own as well.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    signed = write_signatures("signatures", per_scene, roles, fit, legend, run, staging)
    counts = [part.count for part in per_scene]
    staging.write_text(STATISTICS_NAME, statistics.to_csv(scenes, legend.names, counts))
    middle = middle_tone(sketches)
    pictures = [sketch.picture(middle, legend.colours) for sketch in sketches]
    staging.write_text(REPORT_NAME, report_page.render(signed, scenes, audits, per_scene, fit, pictures, comparisons))


def write_signatures(
    stem: str,
    per_scene: Sequence[Moments],
    roles: Sequence[str],
    fit: Fit,
    legend: Legend,
    run: dict[str, Any],
    staging: Staging,
) -> Signatures:
    """Write a set of signatures as `stem`.json and `stem`.csv, and return it; see `write_tables`."""
    k, n_bands = fit.centres.shape
    whole = added(per_scene, k, n_bands)
    records = class_records(legend.names, legend.colours, whole.count, whole.total, whole.squares)
    signed = Signatures(tuple(roles), fit.centres, records, run)
    staging.write_text(f"{stem}.json", signatures_file.to_json(signed))
    staging.write_text(f"{stem}.csv", signatures_file.to_csv(signed))
    return signed


def write_rasters(
    series: Series,
    legend: Legend,
    k: int,
    packer: Packer,
    executor: ThreadExecutor,
    staging: Staging,
    progress: Progress,
) -> list[Moments]:
    """Write the rasters of a labelled series into the staging folder, with their styles.

    Returns
    -------
    list of Moments
        Of the classes in each scene.

    Raises
    ------
    OutputError
        A file cannot be written.
    Cancelled
        The user cancelled.
    """
    n_bands = series.blocks[0].tally.total.shape[1]

    def work(job: int | Block) -> tuple[int, Moments]:
        if isinstance(job, int):
            write_scene(
                series.scenes[job], series.blocks_of(job), legend, packer, series.sketches[job], staging, progress
            )
            return job, Moments.zero(k, n_bands)
        return job.strip.scene, moments(job.tally, packer.squares(job.dn, job.labels, k))

    # The few long jobs first: the many short ones then fill the threads that are done.
    jobs: list[int | Block] = [*range(len(series.scenes)), *series.blocks]
    parts: list[list[Moments]] = [[] for _ in series.scenes]
    for scene, part in executor.each(work, jobs, progress):
        parts[scene].append(part)
    return [added(found, k, n_bands) for found in parts]


def write_scene(
    scene: Scene,
    blocks: Sequence[Block],
    legend: Legend,
    packer: Packer,
    sketch: Sketch,
    staging: Staging,
    progress: Progress,
) -> None:
    """Write a scene's classified raster and its style into the staging folder.

    Parameters
    ----------
    scene, blocks
        The scene and its labelled blocks, top to bottom; their pixel values are not needed.
    legend, packer, sketch, staging, progress
        Names and colours, what puts labels on the grid, what is drawn on the way, where to write, who may cancel.

    Raises
    ------
    OutputError
        A file cannot be written.
    Cancelled
        The user cancelled.
    """
    name = raster_name(scene)

    def rows(block: Block) -> rasters.Rows:
        check_cancelled(progress)
        strip = block.strip
        labels = packer.spread(block.valid, block.labels, strip.height, scene.checked_grid().width)
        sketch.take_classes(strip, labels)
        return rasters.Rows(strip.row, labels)

    rasters.write_classes(staging.path(name), scene, map(rows, blocks), legend.names, legend.colours)
    staging.write_text(f"{name}.aux.xml", styles.pam_xml(legend.names))
    staging.write_text(f"{name[:-4]}.qml", styles.qml(legend.names, legend.colours))
