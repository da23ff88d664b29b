"""The whole order of a run: scenes -> valid pixels -> start -> iteration -> rasters, signatures, report."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import coarse, rasters, report, signatures, statistics, styles
from .choices import COARSE_TO_FINE, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from .errors import NoValidPixels
from .execution.threads import ThreadExecutor, one_blas_thread
from .kernels import Kernel, drift, pick_kernel
from .kmeans import Labelled, StopRule, lloyd
from .landsat.bands import SENSOR_NAMES
from .memory import PixelStore, automatic_budget
from .outputs import Staging
from .palette import class_colours, class_names
from .progress import Progress, Silent, Span, check_cancelled
from .raster_access import small_block_cache
from .reading import STRIP_PIXELS
from .records import Block, Fit, Scene, Tally
from .request import Request
from .scenes import check_series, find_scenes
from .starts import PERCENTILES, between, percentile, plus_plus
from .statistics import Moments, moments
from .store import Series, read_series
from .survey import Need
from .version import version

if TYPE_CHECKING:
    from .records import Grid64

# Shares of the progress bar, after the shares of time of a full-size run.
_READ, _ITERATE = 0.45, 0.85
SIGNATURES_NAME = "signatures.json"
STATISTICS_NAME = "statistics.csv"
REPORT_NAME = "report.html"


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


def cluster(
    request: Request,
    progress: Progress | None = None,
    kernel: Kernel | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> Result:
    """Cluster a series of scenes and write all results.

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
    scenes = check_scenes(request, progress)
    given = given_centres(request)
    kernel = kernel or pick_kernel()
    executor = ThreadExecutor(request.workers)
    clock = _Clock()
    budget = request.memory * 1_000_000 or automatic_budget()
    pixels = sum(scene.checked_grid().pixels for scene in scenes)
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        staging = stack.enter_context(Staging(request.output))
        store = stack.enter_context(PixelStore(budget, pixels, len(request.roles), staging.folder))
        progress.stage(f"Reading and masking {len(scenes)} scene(s) on {executor.workers} thread(s)")
        series = read_series(
            scenes, request.roles, request.mask, request.k, _need(request), request.seed, executor, store,
            Span(progress, 0.0, _READ), strip_pixels,
        )  # fmt: skip
        _tell_audit(series, progress)
        if store.spilled:
            progress.note(f"{store.spilled / 1e9:.1f} GB of pixels lie in temporary files (MEMORY)")
        clock.lap("read")
        start = given if given is not None else start_centres(request, series, kernel, executor, progress)
        clock.lap("start")
        progress.stage(f"Clustering {series.pixels:,} pixels into {request.k} classes ({kernel.name} kernel)")
        fit = _iterate(series, start, request, kernel, executor, Span(progress, _READ, _ITERATE))
        clock.lap("iterate")
        progress.stage("Writing the classified rasters")
        result = _write(series, fit, request, kernel, executor, staging, clock, Span(progress, _ITERATE, 1.0))
        check_cancelled(progress)
        staging.publish()
    progress.report(1.0)
    return result


def check_scenes(request: Request, progress: Progress) -> list[Scene]:
    """Find the scenes and check them by their headers; note what was left out."""
    found = find_scenes(request.scenes)
    for note in found.notes:
        progress.warn(note)
    return check_series(found.scenes, request.roles, request.mask)


def given_centres(request: Request) -> Grid64 | None:
    """Return the centres of the signatures file that the run starts from, if it does."""
    if request.start != SIGNATURES_FILE or request.signatures is None:
        return None
    return signatures.read_centres(request.signatures, request.roles, request.k)


def _need(request: Request) -> Need:
    return {
        MINIMUM_MAXIMUM: Need.RANGE,
        PERCENTILE_RANGE: Need.HISTOGRAM,
        PLUS_PLUS: Need.SAMPLE,
        SIGNATURES_FILE: Need.NOTHING,
        COARSE_TO_FINE: Need.DRAWS,
    }[request.start]


def start_centres(
    request: Request, series: Series, kernel: Kernel, executor: ThreadExecutor, progress: Progress
) -> Grid64:
    """Return the start centres that a survey of the valid pixels gives."""
    survey = series.survey
    if survey.low is not None and survey.high is not None:
        return between([int(low) for low in survey.low], [int(high) for high in survey.high], request.k)
    if survey.histogram is not None:
        low, high = ([percentile(h, p) for h in survey.histogram] for p in PERCENTILES)
        return between(low, high, request.k)
    if survey.sample is not None:
        return plus_plus(survey.sample.dn, request.k, request.seed)
    if survey.draws:

        def run(label: Callable[[Block], int], blocks: Sequence[Block]) -> int:
            return sum(executor.each(label, blocks, Span(progress, _READ, _READ)))

        progress.stage("Finding a start on sub-samples")
        return coarse.start(survey.draws, request.k, request.seed, kernel, run, progress)[0]
    raise RuntimeError(f"no survey for the start {request.start}")


def _tell_audit(series: Series, progress: Progress) -> None:
    for scene, audit in zip(series.scenes, series.audits):
        share = 100.0 * audit.valid / audit.pixels
        if audit.valid:
            progress.note(f"{scene.title}: {audit.valid:,} of {audit.pixels:,} pixels are valid ({share:.1f} %)")
        else:
            progress.warn(
                f"{scene.title}: not one of its {audit.pixels:,} pixels is valid ({audit.fill:,} are fill, the others "
                "masked); its raster will be all nodata."
            )
    if series.pixels == 0:
        raise NoValidPixels(
            f"SCENES: not one pixel of the {len(series.scenes)} scene(s) is valid (all are fill, masked or saturated); "
            "choose fewer flags in MASK or other scenes."
        )


def _iterate(
    series: Series, start: Grid64, request: Request, kernel: Kernel, executor: ThreadExecutor, progress: Progress
) -> Fit:
    k, n_bands = start.shape
    moves = drift.Log()

    def label(centres: Grid64, within: Progress) -> Labelled:
        moved = moves.follow(centres)
        changed = sum(executor.each(lambda block: kernel.relabel(block, centres, moved), series.blocks, within))
        tally = Tally.zero(k, n_bands)
        for block in series.blocks:
            tally.add(block.tally)
        return Labelled(changed, tally)

    stop = StopRule(request.max_iterations, request.tolerance)
    return lloyd(label, start, series.pixels, stop, progress)


def _write(
    series: Series,
    fit: Fit,
    request: Request,
    kernel: Kernel,
    executor: ThreadExecutor,
    staging: Staging,
    clock: _Clock,
    progress: Progress,
) -> Result:
    names = class_names(request.k)
    colours = class_colours(fit.centres, request.roles)
    empty = tuple(int(j) + 1 for j in np.flatnonzero(fit.tally.count == 0))
    if empty:
        progress.warn(
            f"No pixel belongs to class {', '.join(map(str, empty))}: it kept its start or last centre; "
            "a smaller K or another INIT may suit the series better."
        )
    jobs = list(range(len(series.scenes)))
    parts: dict[int, list[Moments]] = {}

    def write(scene: int) -> tuple[int, list[Moments]]:
        return scene, _write_scene(series, scene, names, colours, request.k, staging, progress)

    for scene, found in executor.each(write, jobs, progress):
        parts[scene] = found
    n_bands = len(request.roles)
    per_scene = [_sum(parts[scene], request.k, n_bands) for scene in jobs]
    whole = _sum(per_scene, request.k, n_bands)
    clock.lap("write")
    records = signatures.class_records(names, colours, whole.count, whole.total, whole.squares)
    run = _run_record(series, fit, request, kernel, clock)
    signed = signatures.Signatures(request.roles, fit.centres, records, run)
    counts = [part.count for part in per_scene]
    staging.write_text(SIGNATURES_NAME, signatures.to_json(signed))
    staging.write_text("signatures.csv", signatures.to_csv(signed))
    staging.write_text(STATISTICS_NAME, statistics.to_csv(series.scenes, names, counts))
    staging.write_text(REPORT_NAME, report.render(signed, series.scenes, series.audits, counts, fit))
    return Result(
        scenes=tuple(series.scenes),
        rasters=tuple(request.output / raster_name(scene) for scene in series.scenes),
        output=request.output,
        fit=fit,
        pixels=series.pixels,
        empty_classes=empty,
        names=tuple(names),
    )


def raster_name(scene: Scene) -> str:
    """Return the name of a scene's classified raster."""
    return f"{scene.id}_classes.tif"


def _write_scene(
    series: Series,
    scene: int,
    names: Sequence[str],
    colours: Sequence[tuple[int, int, int]],
    k: int,
    staging: Staging,
    progress: Progress,
) -> list[Moments]:
    found: list[Moments] = []
    blocks = series.blocks_of(scene)
    remaining: list[Block] = list(blocks)

    def on_block() -> None:
        check_cancelled(progress)
        block = remaining.pop(0)
        found.append(moments(block.dn, block.labels, k))

    record = series.scenes[scene]
    name = raster_name(record)
    rasters.write_classes(staging.path(name), record, blocks, names, colours, on_block)
    staging.write_text(f"{name}.aux.xml", styles.pam_xml(names))
    staging.write_text(f"{name[:-4]}.qml", styles.qml(names, colours))
    return found


def _sum(parts: Sequence[Moments], k: int, n_bands: int) -> Moments:
    whole = Moments.zero(k, n_bands)
    for part in parts:
        whole.add(part)
    return whole


class _Clock:
    """Wall seconds of the stages."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = round(now - self._last, 3)
        self._last = now


def _run_record(series: Series, fit: Fit, request: Request, kernel: Kernel, clock: _Clock) -> dict[str, Any]:
    return {
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "converged": fit.converged,
        "pixels": series.pixels,
        "parameters": request.parameters(),
        "scenes": [
            {
                "id": scene.id,
                "sensor": SENSOR_NAMES[scene.product.sensor],
                "date": scene.acquired.isoformat(),
                "place": scene.place,
                "sun_elevation": scene.sun_elevation,
                "sun_azimuth": scene.sun_azimuth,
                "audit": audit.to_dict(),
            }
            for scene, audit in zip(series.scenes, series.audits)
        ],
        "iterations": [
            {
                "changed_percent": record.changed_percent,
                "largest_move_dn": record.largest_move_dn,
                "seconds": round(record.seconds, 3),
            }
            for record in fit.iterations
        ],
        "seconds": dict(clock.laps),
        "kernel": kernel.name,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of everything that took part."""
    import joblib
    import rasterio

    return {
        "iikmc": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "rasterio": rasterio.__version__,
        "gdal": rasterio.__gdal_version__,
        "joblib": joblib.__version__,
        "platform": platform.platform(),
    }
