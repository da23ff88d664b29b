"""Measuring the stages of a clustering again and again, and comparing what each run gives."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..centres.kmeans import StopRule
from ..centres.starts import between
from ..errors import NoValidPixels
from ..execution.threads import ThreadExecutor
from ..machine import available_cores
from ..passes.iterate import iterate
from ..passes.series import Series, read_series, unread
from ..passes.site import Plan, SeriesSite
from ..passes.write import write_rasters
from ..pixels.packing import NumpyPacker, Packer
from ..pixels.store import PixelStore, automatic_budget
from ..pixels.survey import Need, Wish
from ..progress import Progress, Quiet
from ..quantities import counted, size
from ..requests import BenchmarkRequest
from ..results.legend import Legend, class_names
from ..results.palette import class_colours
from ..results.staging import Staging
from ..scenes.scene import Scene, Strip
from ..scenes.selection import Selection
from .contenders import Contender, card_note, close, trouble
from .equality import Outcome, digest_of_rasters, digests
from .timings import Lacking, Part, Timing, Timings, ceiling

if TYPE_CHECKING:
    from ..arrays import Grid64

# An iteration of serial that is shorter says more of the clock and of other programs than of the kernels.
_SHORT_SECONDS = 0.1
# The median of runs that have the machine for themselves is some per cent above their best.
_UNSTEADY = 0.25
# Of the threads, the share that the strips must be able to keep busy.
_WORTH = 0.9
# Rough costs of the stages of a pixel, for the progress bar alone.
_READ_COST, _WRITE_COST, _ITERATION_COST, _NUMPY_COST = 8.0, 3.0, 0.5, 2.5


def pixels_of(scenes: Sequence[Scene], strip: Strip) -> int:
    """Return the number of pixels of a strip, valid or not."""
    return strip.height * scenes[strip.scene].checked_grid().width


_Key = tuple[type[Packer], int]
"""What reading and writing depend on: packer and number of threads."""


@dataclass
class _Stage:
    """Measurements of reading or writing with a packer on some threads."""

    packer: Packer
    threads: int
    seconds: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    difference: str = ""


@dataclass
class _Runs:
    """Measurements of the iterations of a kernel on some threads."""

    way: Contender
    threads: int
    seconds: list[tuple[float, ...]] = field(default_factory=list)
    difference: str = ""


class Bench:
    """One series of measurements: reads, iterates and writes the same strips again and again."""

    def __init__(
        self,
        request: BenchmarkRequest,
        scenes: list[Scene],
        strips: list[Strip],
        ways: Sequence[Contender],
        staging: Staging,
        progress: Progress,
    ) -> None:
        self._request, self._scenes, self._strips, self._ways = request, scenes, strips, ways
        self._staging, self._progress = staging, progress
        selection = Selection(request.roles, request.mask)
        self._plan = Plan(tuple(scenes), selection, tuple(strips), request.k, Wish(Need.RANGE, pictures=True))
        pixels = sum(pixels_of(scenes, strip) for strip in strips)
        self._all = pixels == sum(scene.checked_grid().pixels for scene in scenes)
        self._stack = ExitStack()
        self._site: SeriesSite | None = None
        self._series: Series | None = None
        self._start: Grid64 | None = None
        self._spilled = 0
        self._outcome: Outcome | None = None
        self.changed_percent: tuple[float, ...] = ()
        self._done, self._whole = 0.0, self._cost()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        for way in self._ways:
            close(way.kernel)

    def compare(self, lacking: Sequence[Lacking]) -> Timings:
        """Measure everything. Runs alternate, so that what else the machine does meets all ways alike."""
        reads = self._read_all()
        writes: dict[_Key, _Stage] = {}
        runs = [_Runs(way, threads) for way in self._ways for threads in way.threads]
        for repeat in range(1, self._request.repeats + 1):
            for run in runs:
                self._say(f"Iterating with {run.way.name} on {counted(run.threads, 'thread')}", repeat)
                self._iterate(run)
                writes = writes or self._write_all()
        missing, timings = list(lacking), []
        for run in runs:
            why = trouble(run.way.kernel)
            if why:
                missing.append(Lacking(run.way.name, f"it gave up during the measurement: {why}."))
            else:
                timings.append(_timing(run, reads[_key(run)], writes[_key(run)]))
        comparison = Timings(self._checked_series().pixels, tuple(timings), tuple(missing))
        self._tell(comparison)
        return comparison

    def _say(self, text: str, repeat: int) -> None:
        self._progress.stage(f"{text} ({repeat} of {self._request.repeats})")

    def _tell(self, comparison: Timings) -> None:
        for timing in comparison.timings:
            text = (
                f"{timing.name}: {timing.mean_iteration:.3f} s an iteration, "
                f"{comparison.speed_up(timing):.1f} times as fast as serial"
            )
            if timing.equal:
                self._progress.note(f"{text}, the same result")
            else:
                self._progress.warn(f"{text}, but with another result: {timing.difference}.")

    def parts(self) -> tuple[Part, ...]:
        """Return what was read of each scene."""
        audits = [one.audit for one in self._checked_series().results]
        counts = [sum(strip.scene == number for strip in self._strips) for number in range(len(self._scenes))]
        return tuple(map(Part, self._scenes, counts, audits))

    def notes(self, comparison: Timings, most: int) -> list[str]:
        """Return what a reader must know to judge the times."""
        notes = []
        bound = ceiling(len(self._strips), most)
        if bound < _WORTH * most:
            remedy = "take more scenes" if self._all else "raise PIXELS"
            notes.append(
                f"There are {len(self._strips)} strips of work for {most} threads, so these can be at most "
                f"{bound:.1f} times as fast as one; {remedy} for a finer division."
            )
        unsteady = comparison.unsteadiness
        if comparison.serial.first_iteration < _SHORT_SECONDS:
            notes.append(
                f"One iteration of serial takes less than {_SHORT_SECONDS:g} s: the times are too short to compare "
                "well; take more or larger scenes."
            )
        elif unsteady > _UNSTEADY:
            notes.append(
                f"The runs of one and the same work differ by up to {100 * unsteady:.0f} % (median against best), so "
                "other programs took part of the machine; close them and measure again."
            )
        if most > available_cores():
            notes.append(f"WORKERS asks for {most} threads on {counted(available_cores(), 'core')}.")
        if self._spilled:
            notes.append(
                f"{size(self._spilled)} of pixels lay in temporary files, which all iterations read again; "
                "lower PIXELS to compare the kernels alone."
            )
        if importlib.util.find_spec("threadpoolctl") is None:
            notes.append(
                "The Python package threadpoolctl is not installed, so NumPy may have used more threads than told, in "
                "serial too."
            )
        return notes

    def _cost(self) -> float:
        runs, iterations = self._request.repeats, self._request.max_iterations
        cost = 2 * _READ_COST
        stages = {(type(way.packer), number) for way in self._ways for number in way.threads}
        cost += sum(runs * (_READ_COST + _WRITE_COST) / number for _, number in stages)
        return cost + sum(
            runs * iterations * self._iteration_cost(way) / number for way in self._ways for number in way.threads
        )

    def _iteration_cost(self, way: Contender) -> float:
        return (_NUMPY_COST if way is self._ways[0] else _ITERATION_COST) * max(self._request.k / 8, 1)

    def _step(self, cost: float) -> Quiet:
        """Return the part of the bar that the next step takes."""
        begun = self._done
        self._done = min(self._done + cost / self._whole, 1.0)
        return Quiet(self._progress, begun, self._done)

    def _checked_series(self) -> Series:
        if self._series is None:
            raise RuntimeError("nothing was read yet")
        return self._series

    def _checked_site(self) -> SeriesSite:
        if self._site is None:
            raise RuntimeError("nothing was read yet")
        return self._site

    def _read(self, packer: Packer, threads: int) -> tuple[float, float]:
        """Read the strips in the place of what was read before; return the seconds of reading and of the start."""
        # What was read before is dropped first, so that two series never lie in memory.
        self._series = self._site = None
        self._stack.close()
        plan = self._plan
        pixels = sum(pixels_of(self._scenes, strip) for strip in self._strips)
        store = self._stack.enter_context(PixelStore(automatic_budget(), pixels, plan.n_bands, self._staging.folder))
        site = self._stack.enter_context(SeriesSite(plan, self._ways[0].kernel, packer, store))
        step = self._step(_READ_COST / threads)
        began = time.perf_counter()
        series = read_series(ThreadExecutor(site, threads), plan, step)
        read = time.perf_counter()
        low, high = series.survey.low, series.survey.high
        if low is None or high is None:
            raise NoValidPixels(
                f"SCENES: not one pixel of the {counted(len(self._strips), 'strip')} read is valid; raise "
                "PIXELS, choose fewer flags in MASK, a larger AOI if there is one, or other scenes."
            )
        self._start = between([int(value) for value in low], [int(value) for value in high], plan.k)
        self._site, self._series, self._spilled = site, series, store.spilled
        return read - began, time.perf_counter() - read

    def _stages(self) -> dict[_Key, _Stage]:
        """Return an empty stage for each packer and number of threads."""
        return {
            (type(way.packer), threads): _Stage(way.packer, threads) for way in self._ways for threads in way.threads
        }

    def _read_all(self) -> dict[_Key, _Stage]:
        """Measure reading; the last series stays."""
        stages = self._stages()
        self._progress.stage(
            f"Reading {counted(len(self._strips), 'strip')} of {counted(len(self._scenes), 'scene')} once, to warm up"
        )
        last = list(stages.values())[-1]
        self._read(last.packer, last.threads)
        first = self._digests()
        for repeat in range(1, self._request.repeats + 1):
            for stage in stages.values():
                self._say(
                    f"Reading with the {_packer_name(stage.packer)} packer on {counted(stage.threads, 'thread')}",
                    repeat,
                )
                read, start = self._read(stage.packer, stage.threads)
                stage.seconds.append(read)
                stage.start.append(start)
                again = self._digests()
                wrong = sum(again.get(strip) != first.get(strip) for strip in {*first, *again})
                if wrong:
                    stage.difference = f"{wrong} of {len(first)} strips were read with another result"
        return stages

    def _digests(self) -> dict[Strip, bytes]:
        quiet = Quiet(self._progress, self._done, self._done)
        return digests(ThreadExecutor(self._checked_site()), self._checked_series().population.strips, quiet)

    def _iterate(self, run: _Runs) -> None:
        """Iterate once from the start and compare the result with that of the very first run."""
        if self._start is None:
            raise RuntimeError("nothing was read yet")
        site, population = self._checked_site(), self._checked_series().population
        site.clear()
        site.kernel = run.way.kernel
        iterations = self._request.max_iterations
        step = self._step(iterations * self._iteration_cost(run.way) / run.threads)
        executor, stop = ThreadExecutor(site, run.threads), StopRule(iterations, 0.0)
        fit = iterate(executor, population, self._start, stop, step)
        run.seconds.append(tuple(record.seconds for record in fit.iterations))
        labels = (site.shelved(strip).labels() for strip in population.strips)
        if self._outcome is None:
            self._outcome = Outcome.of(fit, labels)
            self.changed_percent = tuple(record.changed_percent for record in fit.iterations)
        else:
            run.difference = self._outcome.difference(fit, labels) or run.difference

    def _write_all(self) -> dict[_Key, _Stage]:
        """Measure writing what serial labelled; the rows that were read stand one below the other."""
        if self._outcome is None:
            raise RuntimeError("nothing was labelled yet")
        k = self._request.k
        legend = Legend(class_names(k), class_colours(self._outcome.centres, self._request.roles))
        site, series = stacked(self._checked_site(), self._checked_series())
        stages, first = self._stages(), b""
        for repeat in range(1, self._request.repeats + 1):
            for stage in stages.values():
                self._say(
                    f"Writing with the {_packer_name(stage.packer)} packer on {counted(stage.threads, 'thread')}",
                    repeat,
                )
                step, executor = self._step(_WRITE_COST / stage.threads), ThreadExecutor(site, stage.threads)
                site.packer = stage.packer
                with Staging(self._staging.path("trial")) as trial:
                    began = time.perf_counter()
                    write_rasters(executor, site.plan, series, None, legend, trial.tray, step)
                    stage.seconds.append(time.perf_counter() - began)
                    digest = digest_of_rasters(trial.folder)
                first = first or digest
                if digest != first:
                    stage.difference = "the rasters differ from serial"
        return stages


def _key(run: _Runs) -> _Key:
    return type(run.way.packer), run.threads


def _packer_name(packer: Packer) -> str:
    return "NumPy" if isinstance(packer, NumpyPacker) else "compiled"


def _timing(run: _Runs, read: _Stage, write: _Stage) -> Timing:
    way = run.way
    difference = "; ".join(filter(None, (read.difference, run.difference, write.difference)))
    return Timing(
        way.name, run.threads, way.start_up, tuple(read.seconds), tuple(read.start), tuple(run.seconds),
        tuple(write.seconds), difference, card_note(way.kernel),
    )  # fmt: skip


def stacked(site: SeriesSite, series: Series) -> tuple[SeriesSite, Series]:
    """Return labelled strips as if they were all there is of their scenes, without a gap: a site, and what is known."""
    plan = site.plan
    heights = [0] * len(plan.scenes)
    moved: dict[Strip, Strip] = {}
    for strip in plan.strips:
        moved[strip] = replace(strip, row=heights[strip.scene])
        heights[strip.scene] += strip.height
    scenes = tuple(
        replace(scene, grid=replace(scene.checked_grid(), height=height)) for scene, height in zip(plan.scenes, heights)
    )
    new = SeriesSite(replace(plan, scenes=scenes, strips=tuple(moved.values())), site.kernel, site.packer)
    for strip in series.population.strips:
        new.lend(moved[strip], site.shelved(strip))
    strips = tuple(moved[strip] for strip in series.population.strips)
    return new, Series(unread(new.plan), replace(series.population, strips=strips), series.survey)
