"""Writing what a run with common classes makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..centres.fit import Fit
from ..clock import Clock
from ..execution.threads import ThreadExecutor
from ..kernels.kernel import Kernel
from ..passes.series import Series
from ..passes.write import write_rasters, write_signatures
from ..pixels.masking import Audit
from ..pixels.packing import Packer
from ..pixels.sketch import Sketch
from ..progress import Progress
from ..quality.own_classes import Comparison
from ..report import cluster as report_page
from ..report.pictures import draw, middle_tone
from ..requests import Request
from ..results import legend as legends
from ..results import statistics
from ..results.legend import Legend
from ..results.names import REPORT_NAME, SIGNATURES_NAME, STATISTICS_NAME, raster_name
from ..results.palette import class_colours
from ..results.result import Result
from ..results.run_record import run_record
from ..results.staging import Staging
from ..results.statistics import Moments
from ..scenes.scene import Scene


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
    pictures = [draw(sketch, middle, legend.colours) for sketch in sketches]
    staging.write_text(REPORT_NAME, report_page.render(signed, scenes, audits, per_scene, fit, pictures, comparisons))
