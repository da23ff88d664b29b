"""Names and colours of the classes of a run, set once: in every raster, style and table of it, without a new run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..arrays import UNCLASSIFIED
from ..errors import OutputError
from ..map_requests import NamesRequest
from ..maps.legend_file import LegendRow, read_legend
from ..maps.merging import table_of
from ..pixels.sketch import Sketch
from ..progress import Progress
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..report.kept import audit_of
from ..report.merge import render
from ..report.pictures import redraw
from ..results import signatures_file, statistics
from ..results.legend import Legend
from ..results.names import (
    REPORT_NAME,
    SIGNATURES_NAME,
    SIGNATURES_TABLE,
    STATISTICS_NAME,
    raster_name,
    written_names,
)
from ..results.result import Written
from ..results.staging import Staging
from ..results.statistics import Moments
from .finished import RESULTS, Finished, FinishedScene, for_page, open_finished, tally_of, tell_missing
from .frame import Run
from .pages import write_page
from .rewrite import RewriteSite, Rewriting, Rewritten, rewrite


@dataclass(frozen=True)
class Named(Written):
    """What naming the classes of a run has changed."""

    output: Path
    """The run's folder."""
    rasters: tuple[Path, ...]
    """One a scene."""
    legend: Legend
    """Names and colours of the classes."""
    changed: tuple[int, ...]
    """The classes that have another name or colour than before, by the run's signatures."""
    held: tuple[Path, ...]
    """Rasters that another program holds open: they have the new names beside them, and the old ones inside."""

    @property
    def signatures(self) -> Path:
        """Path of signatures.json."""
        return self.output / SIGNATURES_NAME


def check(request: NamesRequest) -> tuple[Finished, Legend]:
    """Check all that can be checked without reading pixels.

    Returns
    -------
    finished : Finished
        The run.
    legend : Legend
        Names and colours that its classes get, with that of what is unclassified.

    Raises
    ------
    IIkMCError
        Something is wrong; the message names the parameter.
    """
    request.check()
    finished = open_finished(request.results)
    names, colours = finished.names, finished.colours
    if finished.unclassified is not None:
        names[UNCLASSIFIED], colours[UNCLASSIFIED] = finished.unclassified
    rows: dict[int, LegendRow] = read_legend(request.legend, tuple(names)) if request.legend else {}
    for number, row in rows.items():
        names[number] = row.name or names[number]
        colours[number] = row.colour or colours[number]
    return finished, Legend(list(names.values()), list(colours.values()), list(names))


def give_names(request: NamesRequest, progress: Progress | None = None) -> Named:
    """Give the classes of a run their names and colours in all its files.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is changed then.
    """
    run = Run(Staging(request.results, RESULTS), progress)
    progress = run.progress
    finished, legend = check(request)
    tell_missing(finished, progress)
    before = {record.id: (record.name, record.colour) for record in finished.signed.classes}
    shown = dict(zip(legend.numbers, zip(legend.names, legend.colours)))
    changed = tuple(number for number in before if before[number] != shown[number])
    with run:
        scenes = [one.scene for one in finished.scenes]
        rasters = {raster_name(scene) for scene in scenes}
        run.files.check_replaceable(name for name in written_names(scenes, each=False) if name not in rasters)
        held = [number for number, scene in enumerate(scenes) if _is_held(run.files, raster_name(scene))]
        progress.stage(f"Naming {finished.signed.k} classes in {counted(len(scenes), 'scene')}")
        table = tuple(int(value) for value in table_of({}))
        site = RewriteSite(finished.scenes, Rewriting(table, finished.legend.numbers, legend))
        parts = rewrite(site, run.files.tray, run.span(0.0, 0.95), request.workers, held)
        _write_tables(run.files, finished, legend, parts, run.progress)
        run.publish()
    paths = tuple(one.raster.path for one in finished.scenes)
    if held:
        progress.warn(
            f"{RESULTS}: {counted(len(held), 'raster')} cannot be replaced, as another program has it open "
            f"({paths[held[0]].name}{' and others' if len(held) > 1 else ''}); their styles, .aux.xml and all tables "
            "have the new names, but the names and colours inside these files are the old ones until this is run "
            "again with their layers removed."
        )
    for number in changed:
        (old, _), (new, _) = before[number], shown[number]
        progress.note(f"Class {number}: {old} is now {new}" if old != new else f"Class {number}: another colour")
    progress.report(1.0)
    return Named(request.results, paths, legend, changed, tuple(paths[number] for number in held))


def _is_held(files: Staging, name: str) -> bool:
    try:
        files.check_replaceable([name])
    except OutputError:
        return True
    return False


def _write_tables(
    files: Staging, finished: Finished, legend: Legend, parts: Sequence[Rewritten], progress: Progress
) -> None:
    """Write signatures, statistics and report of the run's own scenes in the new names."""
    shown = dict(zip(legend.numbers, zip(legend.names, legend.colours)))
    records = tuple(
        replace(record, name=shown[record.id][0], colour=shown[record.id][1]) for record in finished.signed.classes
    )
    signed = replace(finished.signed, classes=records)
    files.write_text(SIGNATURES_NAME, signatures_file.to_json(signed))
    files.write_text(SIGNATURES_TABLE, signatures_file.to_csv(signed))
    mine = [(one, part) for one, part in zip(finished.scenes, parts) if one.of_run]
    scenes = [one.scene for one, _ in mine]
    counts = [[int(part.after[number]) for number in legend.numbers] for _, part in mine]
    files.write_text(STATISTICS_NAME, statistics.to_csv(scenes, legend.names, counts, legend.numbers))
    numbers = finished.legend.numbers
    results = [_result(one, part, numbers) for one, part in mine]
    fit = finished.fit(tally_of(Moments([record.pixels for record in records], [], [])))
    pictures = [
        redraw(one.kept.natural if one.kept else None, result.sketch, legend.colours_by_number)
        for (one, _), result in zip(mine, results)
    ]
    write_page(files, REPORT_NAME, render(for_page(signed), fit, results, pictures), progress)


def _result(one: FinishedScene, part: Rewritten, numbers: Sequence[int]) -> SceneResult:
    counts = [int(part.after[number]) for number in numbers]
    audit = audit_of(one.told, one.kept, one.raster.grid.pixels, int(part.after[1:].sum()))
    sketch = Sketch(one.raster.grid, (), 1)
    sketch.classes = part.classes
    moments = one.kept.moments if one.kept else Moments(counts, [], [])
    own, judged = (one.kept.own, one.kept.judged) if one.kept else (None, None)
    return SceneResult(one.scene, audit, sketch, moments, own, counts, int(part.after[UNCLASSIFIED]), judged)
