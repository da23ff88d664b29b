"""Writing what a run makes: rasters with their styles, signatures, statistics and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import UNCLASSIFIED
from ..centres.fit import Fit
from ..colours import RGB
from ..passes.series import Series
from ..passes.write import write_rasters
from ..progress import Progress
from ..quality.scene_result import SceneResult
from ..report.cluster import render
from ..report.pictures import draw_all
from ..requests import ClassifyRequest, Request
from ..results import signatures_file, statistics
from ..results.legend import Legend, colours_for, names_for, with_unclassified
from ..results.names import REPORT_NAME, SIGNATURES_NAME, STATISTICS_NAME, margin_name, raster_name
from ..results.palette import class_colours
from ..results.result import Result
from ..results.run_record import run_record
from ..results.signatures import Signatures, class_records
from ..results.staging import Staging
from ..results.statistics import Moments, added
from ..scenes.files import smallest_block_cache
from ..scenes.scene import Scene
from .clustering import ITERATE, Clustering
from .frame import Run
from .pages import write_page


@dataclass(frozen=True)
class Classes:
    """Classes that were found or given, as they are written down."""

    roles: tuple[str, ...]
    """Bands."""
    fit: Fit
    """Centres and iterations."""
    legend: Legend
    """Names and colours."""
    record: dict[str, Any]
    """What "run" in signatures.json says."""
    merged: tuple[int, ...] = ()
    """The class of each centre, where classes were merged."""
    shown: Legend | None = None
    """What the rasters show, where that is more than the classes."""


def write_results(run: Run[Staging], clustering: Clustering, series: Series, fit: Fit, request: Request) -> Result:
    """Write all results of a labelled series.

    Raises
    ------
    OutputError
        A file cannot be written.
    Cancelled
        The user cancelled.
    """
    names = names_for(request.output, SIGNATURES_NAME, request.roles, fit.centres)
    legend = Legend(names, kept_colours(request, fit))
    shown = shown_legend(legend, request)
    empty = empty_classes(fit)
    if empty:
        run.progress.warn(
            f"No pixel belongs to class {', '.join(map(str, empty))}: it kept its start or last centre; "
            "a smaller K or another INIT may suit the series better."
        )
    plan, tray = clustering.plan, run.files.tray
    with smallest_block_cache():
        write_rasters(clustering.executor, plan, series, fit.centres, shown, tray, run.span(ITERATE, 1.0))
    run.clock.lap("write")
    for one in series.results:
        one.shows(legend.numbers)
    tell_unclassified(series.results, request.reject, run.progress)
    scenes, audits = plan.scenes, [one.audit for one in series.results]
    record = run_record(scenes, audits, fit, request.parameters(), clustering.kernel, run.clock)
    write_tables(run.files, series.results, Classes(request.roles, fit, legend, record, shown=shown), run.progress)
    return Result(
        scenes=scenes,
        rasters=tuple(request.output / raster_name(scene) for scene in scenes),
        output=request.output,
        fit=fit,
        pixels=series.pixels,
        empty_classes=empty,
        names=tuple(legend.names),
        margins=margin_rasters(scenes, request),
        unclassified=unclassified(series.results),
    )


def shown_legend(legend: Legend, request: Request | ClassifyRequest) -> Legend:
    """Return what the rasters of a run with these classes show: unclassified pixels too, where there may be any."""
    return legend if request.reject is None else with_unclassified(legend, request.output)


def kept_colours(request: Request, fit: Fit) -> list[RGB]:
    """Return the colours of the classes: those that a user gave to an earlier run of the same ones, or their own."""
    own = class_colours(fit.centres, request.roles)
    return colours_for(request.output, request.roles, fit.centres, own)


def margin_rasters(scenes: Sequence[Scene], request: Request | ClassifyRequest) -> tuple[Path, ...]:
    """Return the paths of the rasters of margins; none where they were not asked for."""
    return tuple(request.output / margin_name(scene) for scene in scenes) if request.margin else ()


def unclassified(results: Sequence[SceneResult]) -> int:
    """Return how many pixels of scenes are unclassified."""
    return sum(one.unclassified for one in results)


def tell_unclassified(results: Sequence[SceneResult], reject: float | None, progress: Progress) -> None:
    """Tell how many pixels are unclassified, where any may be; warn if these are most."""
    if reject is None:
        return
    found, valid = unclassified(results), sum(one.audit.valid for one in results)
    share = f"{found:,} of {valid:,} valid pixels ({100 * found / max(valid, 1):.1f} %) are unclassified"
    if 2 * found > valid:
        progress.warn(f"REJECT: {share}, as no centre is within {reject:g} of reflectance; choose a larger distance.")
    else:
        progress.note(f"{share}: no centre is within {reject:g} of reflectance.")


def empty_classes(fit: Fit) -> tuple[int, ...]:
    """Return the ids of the classes without a pixel."""
    return tuple(int(j) + 1 for j in np.flatnonzero(fit.tally.count == 0))


def write_tables(staging: Staging, results: Sequence[SceneResult], classes: Classes, progress: Progress) -> None:
    """Write signatures, statistics and report of common classes.

    Parameters
    ----------
    staging
        Where files are made.
    results
        Of the scenes, in order.
    classes
        The classes.
    progress
        Who is told what the report lacks.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    signed = write_signatures(staging, "signatures", [one.moments for one in results], classes)
    shown = classes.shown or classes.legend
    scenes, counts = [one.scene for one in results], [counts_of(one, shown) for one in results]
    staging.write_text(STATISTICS_NAME, statistics.to_csv(scenes, shown.names, counts, shown.numbers))
    pictures = draw_all([one.sketch for one in results], [shown.colours_by_number] * len(results))
    write_page(staging, REPORT_NAME, render(signed, classes.fit, results, pictures), progress)


def counts_of(one: SceneResult, shown: Legend) -> list[int]:
    """Return how many pixels a scene's raster has of each number that a legend shows."""
    return [*one.counts, *([one.unclassified] if UNCLASSIFIED in shown.numbers else [])]


def write_signatures(staging: Staging, stem: str, moments: Sequence[Moments], classes: Classes) -> Signatures:
    """Write a set of signatures as `stem`.json and `stem`.csv, and return it.

    Parameters
    ----------
    staging, stem
        Where files are made, and their name without ending.
    moments
        Of the classes, one a scene.
    classes
        The classes.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    legend, centres = classes.legend, classes.fit.centres
    whole = added(moments, len(legend.names), centres.shape[1])
    records = class_records(legend.names, legend.colours, whole.count, whole.total, whole.squares, legend.numbers)
    signed = Signatures(tuple(classes.roles), centres, records, classes.record, classes.merged)
    staging.write_text(f"{stem}.json", signatures_file.to_json(signed))
    staging.write_text(f"{stem}.csv", signatures_file.to_csv(signed))
    return signed
