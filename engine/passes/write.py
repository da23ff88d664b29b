"""Writing everything a run makes: rasters with their styles, signatures, statistics and the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..centres.fit import Fit
from ..execution.threads import ThreadExecutor
from ..pixels.block import Block
from ..pixels.packing import Packer
from ..pixels.sketch import Sketch
from ..progress import Progress, check_cancelled
from ..results import rasters, signatures_file, styles
from ..results.geotiff import Rows
from ..results.legend import Legend
from ..results.names import raster_name
from ..results.signatures import Signatures, class_records
from ..results.staging import Staging
from ..results.statistics import Moments, added, moments
from ..scenes.scene import Scene
from .series import Series


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

    def rows(block: Block) -> Rows:
        check_cancelled(progress)
        strip = block.strip
        labels = packer.spread(block.valid, block.labels, strip.height, scene.checked_grid().width)
        sketch.take_classes(strip, labels)
        return Rows(strip.row, labels)

    rasters.write_classes(staging.path(name), scene, map(rows, blocks), legend.names, legend.colours)
    staging.write_text(f"{name}.aux.xml", styles.pam_xml(legend.names))
    staging.write_text(f"{name[:-4]}.qml", styles.qml(legend.names, legend.colours))
