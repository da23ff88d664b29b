"""Writing everything a run makes: rasters with their styles, signatures, statistics and the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import legends, quicklooks, rasters, report, signatures, statistics, styles
from .execution.threads import ThreadExecutor
from .kernels import Kernel
from .outputs import Staging
from .packing import Packer
from .palette import class_colours
from .progress import Progress, Span, check_cancelled
from .records import Block, Fit, Scene
from .request import Request
from .run_record import Clock, run_record
from .statistics import Moments, added, moments
from .store import Series

SIGNATURES_NAME = "signatures.json"
STATISTICS_NAME = "statistics.csv"
REPORT_NAME = "report.html"

# Share of the writing's progress that goes to summing up the classes.
_SUMMED = 0.3


@dataclass(frozen=True)
class Result:
    """What a run made."""

    scenes: tuple[Scene, ...]
    """In the order of time."""
    rasters: tuple[Path, ...]
    """One a scene."""
    output: Path
    """The folder."""
    fit: Fit
    """Centres and iterations."""
    pixels: int
    """Valid pixels of all scenes."""
    empty_classes: tuple[int, ...]
    """Classes without a pixel in any scene."""
    names: tuple[str, ...]
    """Of the classes 1..k."""

    @property
    def signatures(self) -> Path:
        """Path of signatures.json."""
        return self.output / SIGNATURES_NAME

    @property
    def statistics(self) -> Path:
        """Path of statistics.csv."""
        return self.output / STATISTICS_NAME

    @property
    def report(self) -> Path:
        """Path of report.html."""
        return self.output / REPORT_NAME


@dataclass(frozen=True)
class _Legend:
    names: list[str]
    colours: list[tuple[int, int, int]]


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
) -> Result:
    """Write all results of a labelled series into the staging folder.

    Raises
    ------
    OutputError
        A file cannot be written.
    Cancelled
        The user cancelled.
    """
    k, n_bands = fit.centres.shape
    names = legends.names_for(request.output, SIGNATURES_NAME, request.roles, fit.centres)
    legend = _Legend(names, class_colours(fit.centres, request.roles))
    empty = tuple(int(j) + 1 for j in np.flatnonzero(fit.tally.count == 0))
    if empty:
        progress.warn(
            f"No pixel belongs to class {', '.join(map(str, empty))}: it kept its start or last centre; "
            "a smaller K or another INIT may suit the series better."
        )
    per_scene = _moments(series, k, n_bands, packer, executor, Span(progress, 0.0, _SUMMED))
    writing = Span(progress, _SUMMED, 1.0)
    jobs = range(len(series.scenes))
    for _ in executor.each(lambda job: _write_scene(series, job, legend, packer, staging, writing), jobs, writing):
        pass
    clock.lap("write")
    whole = added(per_scene, k, n_bands)
    records = signatures.class_records(legend.names, legend.colours, whole.count, whole.total, whole.squares)
    run = run_record(series, fit, request, kernel, clock)
    signed = signatures.Signatures(request.roles, fit.centres, records, run)
    counts = [part.count for part in per_scene]
    staging.write_text(SIGNATURES_NAME, signatures.to_json(signed))
    staging.write_text("signatures.csv", signatures.to_csv(signed))
    staging.write_text(STATISTICS_NAME, statistics.to_csv(series.scenes, legend.names, counts))
    staging.write_text(REPORT_NAME, _report(series, signed, per_scene, fit))
    return Result(
        scenes=tuple(series.scenes),
        rasters=tuple(request.output / raster_name(scene) for scene in series.scenes),
        output=request.output,
        fit=fit,
        pixels=series.pixels,
        empty_classes=empty,
        names=tuple(legend.names),
    )


def _report(series: Series, signed: signatures.Signatures, per_scene: list[Moments], fit: Fit) -> str:
    middle = quicklooks.middle_tone(series.sketches)
    colours = [record.colour for record in signed.classes]
    pictures = [sketch.picture(middle, colours) for sketch in series.sketches]
    return report.render(signed, series.scenes, series.audits, per_scene, fit, pictures)


def raster_name(scene: Scene) -> str:
    """Return the name of a scene's classified raster."""
    return f"{scene.id}_classes.tif"


def _moments(
    series: Series, k: int, n_bands: int, packer: Packer, executor: ThreadExecutor, progress: Progress
) -> list[Moments]:
    """Return the moments of the classes in each scene."""

    def summed(block: Block) -> tuple[int, Moments]:
        return block.strip.scene, moments(block.tally, packer.squares(block.dn, block.labels, k))

    parts: list[list[Moments]] = [[] for _ in series.scenes]
    for scene, part in executor.each(summed, series.blocks, progress):
        parts[scene].append(part)
    return [added(found, k, n_bands) for found in parts]


def _write_scene(
    series: Series, number: int, legend: _Legend, packer: Packer, staging: Staging, progress: Progress
) -> None:
    scene = series.scenes[number]
    name = raster_name(scene)

    def rows(block: Block) -> rasters.Rows:
        check_cancelled(progress)
        strip = block.strip
        labels = packer.spread(block.valid, block.labels, strip.height, scene.checked_grid().width)
        series.sketches[number].take_classes(strip, labels)
        return rasters.Rows(strip.row, labels)

    blocks = series.blocks_of(number)
    rasters.write_classes(staging.path(name), scene, map(rows, blocks), legend.names, legend.colours)
    staging.write_text(f"{name}.aux.xml", styles.pam_xml(legend.names))
    staging.write_text(f"{name[:-4]}.qml", styles.qml(legend.names, legend.colours))
