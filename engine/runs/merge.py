"""Spectral classes into named covers, over all scenes of a run: rasters, signatures that keep all centres, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ..arrays import UNCLASSIFIED
from ..colours import css_colour
from ..errors import ParameterError
from ..map_requests import MergeRequest
from ..maps.legend_file import LEGEND, Becomes, LegendRow, by_equal_names, by_table, listed, read_legend
from ..maps.merging import table_of
from ..paths import Place, check_apart, companions
from ..pixels.sketch import Sketch
from ..progress import Progress
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..report.kept import audit_of
from ..report.merge import render
from ..report.pictures import redraw
from ..results import earlier, signatures_file, statistics
from ..results.legend import Legend
from ..results.names import (
    REPORT_NAME,
    SIGNATURES_NAME,
    SIGNATURES_TABLE,
    STATISTICS_NAME,
    raster_name,
    written_names,
)
from ..results.result import Result
from ..results.signatures import ClassRecord, Signatures, class_records, joined
from ..results.staging import Staging
from ..results.statistics import Moments
from ..version import version
from .finished import RESULTS, Finished, for_page, open_finished, tally_of, tell_missing
from .frame import Run
from .pages import write_page
from .rewrite import RewriteSite, Rewriting, Rewritten, rewrite


def check(request: MergeRequest) -> tuple[Finished, Becomes]:
    """Check all that can be checked without reading pixels.

    Returns
    -------
    finished : Finished
        The run.
    becomes : Becomes
        What its classes become.

    Raises
    ------
    IIkMCError
        Something is wrong; the message names the parameter.
    """
    request.check()
    finished = open_finished(request.results)
    scenes = [one.scene for one in finished.scenes]
    read = [Place(RESULTS, one.raster.path) for one in finished.scenes]
    read += [Place(RESULTS, beside, True) for one in finished.scenes for beside in companions(one.raster.path)]
    read += [Place(LEGEND, request.legend)] if request.legend else []
    written = [Place(f"OUTPUT: {name}", request.output / name) for name in written_names(scenes, each=False)]
    check_apart(written, read, "choose another folder")
    return finished, _becomes(request, finished)


def _becomes(request: MergeRequest, finished: Finished) -> Becomes:
    names, colours = finished.names, finished.colours
    if request.legend is None:
        found = by_equal_names(names, colours)
        rows: dict[int, LegendRow] = {}
    else:
        rows = read_legend(request.legend, (*names, UNCLASSIFIED))
        found = by_table(rows, names, colours)
    own = rows.get(UNCLASSIFIED)
    if own is not None and own.to not in (None, UNCLASSIFIED):
        if own.to not in found.names:
            raise ParameterError(
                f"{LEGEND}: what is unclassified ({UNCLASSIFIED}) would become class {own.to}, which no class becomes; "
                f"choose one of {listed(sorted(found.names))}."
            )
        return replace(found, to={**found.to, UNCLASSIFIED: own.to})
    if finished.unclassified is None:
        return found
    name, colour = finished.unclassified
    return Becomes(
        found.to,
        {**found.names, UNCLASSIFIED: (own.name if own else "") or name},
        {**found.colours, UNCLASSIFIED: (own.colour if own else None) or colour},
    )


def merge(request: MergeRequest, progress: Progress | None = None) -> Result:
    """Merge the classes of a run and write all results.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then.
    """
    run = Run(Staging(request.output), progress)
    progress = run.progress
    finished, becomes = check(request)
    tell_missing(finished, progress)
    numbers = sorted(set(becomes.names) - {UNCLASSIFIED})
    if len(numbers) == finished.signed.k:
        progress.warn(
            "LEGEND: no two classes become one; give them the same number in the column to."
            if request.legend
            else "RESULTS: no two classes have the same name in the styles beside the rasters, so none are merged; "
            "give classes that belong together one name in the legend and save the style as default, or choose a "
            "LEGEND."
        )
    scenes = tuple(one.scene for one in finished.scenes)
    merged = tuple(becomes.to[number] for number in finished.signed.class_of_centre)
    legend = _legend(becomes, numbers)
    shown = _legend(becomes, sorted(becomes.names))
    run.clock.lap("prepare")
    with run:
        classes = earlier.Classes(finished.signed.roles, finished.signed.centres, legend.colours_by_number, merged)
        left = earlier.left_over(request.output, scenes, classes)
        old = earlier.outdated_margins(request.output, scenes, False)
        run.files.check_replaceable([*(raster_name(scene) for scene in scenes), *left.apart, *old])
        progress.stage(
            f"Merging {finished.signed.k} classes of {counted(len(scenes), 'scene')} into {len(numbers)}"
            + (f", patches below {request.min_pixels} pixels sieved" if request.min_pixels > 1 else "")
        )
        table = tuple(int(value) for value in table_of(becomes.to))
        rewriting = Rewriting(table, finished.legend.numbers, shown, request.min_pixels, request.connectivity)
        site = RewriteSite(finished.scenes, rewriting)
        parts = rewrite(site, run.files.tray, run.span(0.0, 0.95), request.workers)
        run.clock.lap("merge")
        results = _results(finished, merged, parts, becomes)
        record = {**finished.signed.run, "merging": _record(request, finished, becomes, run.clock.laps)}
        classes_now = _records(finished, becomes, legend)
        signed = Signatures(finished.signed.roles, finished.signed.centres, classes_now, record, merged)
        tally = tally_of(Moments([one.pixels for one in classes_now], [], []))
        fit = finished.fit(tally)
        pictures = [
            redraw(one.kept.natural if one.kept else None, result.sketch, shown.colours_by_number)
            for one, result in zip(finished.scenes, results)
        ]
        _write_tables(run.files, signed, shown, results, parts)
        write_page(run.files, REPORT_NAME, render(for_page(signed), fit, results, pictures), run.progress)
        run.publish(old, left)
    counts = [sum(int(part.after[number]) for part in parts) for number in shown.numbers]
    progress.report(1.0)
    return Result(
        scenes=scenes,
        rasters=tuple(request.output / raster_name(scene) for scene in scenes),
        output=request.output,
        fit=fit,
        pixels=sum(counts),
        empty_classes=tuple(number for number, count in zip(shown.numbers, counts) if not count),
        names=tuple(legend.names),
    )


def _legend(becomes: Becomes, numbers: Sequence[int]) -> Legend:
    return Legend([becomes.names[n] for n in numbers], [becomes.colours[n] for n in numbers], numbers)


def _results(
    finished: Finished, merged: Sequence[int], parts: Sequence[Rewritten], becomes: Becomes
) -> list[SceneResult]:
    """Return what is known of the scenes with their new classes."""
    numbers = sorted(set(merged))
    old = finished.legend.numbers
    found = []
    for one, part in zip(finished.scenes, parts):
        valid = int(part.before[1:].sum())
        audit = audit_of(one.told, one.kept, one.raster.grid.pixels, valid)
        counts = [sum(int(part.before[n]) for n in old if becomes.to[n] == number) for number in numbers]
        moments = one.kept.moments.merged([becomes.to[n] for n in old]) if one.kept else Moments(counts, [], [])
        sketch = Sketch(one.raster.grid, (), 1)
        sketch.classes = part.classes
        sieved = [int(part.after[number]) for number in numbers]
        unclassified = int(part.after[UNCLASSIFIED])
        found.append(SceneResult(one.scene, audit, sketch, moments, sieved=sieved, unclassified=unclassified))
    return found


def _records(finished: Finished, becomes: Becomes, legend: Legend) -> tuple[ClassRecord, ...]:
    """Describe the new classes: by the exact sums of their members, where the run's page has them."""
    signed, whole = finished.signed, finished.moments
    if whole is not None:
        new = whole.merged([becomes.to[record.id] for record in signed.classes])
        return class_records(legend.names, legend.colours, new.count, new.total, new.squares, legend.numbers)
    groups = [[one for one in signed.classes if becomes.to[one.id] == number] for number in legend.numbers]
    return tuple(
        joined(group, number, name, colour)
        for group, number, name, colour in zip(groups, legend.numbers, legend.names, legend.colours)
    )


def _record(
    request: MergeRequest, finished: Finished, becomes: Becomes, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Return what signatures.json says of the merging, beside what it says of the run."""
    return {
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "results": str(request.results),
        "legend": str(request.legend) if request.legend else None,
        "min_pixels": request.min_pixels,
        "connectivity": request.connectivity,
        "classes": [
            {"id": number, "name": name, "colour": css_colour(finished.colours[number]), "to": becomes.to[number]}
            for number, name in finished.names.items()
        ],
        "seconds": dict(seconds),
        "version": version(),
    }


def _write_tables(
    files: Staging, signed: Signatures, shown: Legend, results: Sequence[SceneResult], parts: Sequence[Rewritten]
) -> None:
    files.write_text(SIGNATURES_NAME, signatures_file.to_json(signed))
    files.write_text(SIGNATURES_TABLE, signatures_file.to_csv(signed))
    scenes = [one.scene for one in results]
    counts = [[int(part.after[number]) for number in shown.numbers] for part in parts]
    files.write_text(STATISTICS_NAME, statistics.to_csv(scenes, shown.names, counts, shown.numbers))
