"""Writing the rasters of a labelled series, and adding up the statistics of its classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..execution.executor import Executor, Task
from ..kernels.margins import Counts, Judging
from ..pixels.strips import most_valid
from ..progress import Progress
from ..results.legend import Legend
from ..results.staging import Tray
from ..results.statistics import Moments
from ..scenes.scene import Scene, Strip
from .each_scene import each_scene
from .series import Series
from .site import Plan
from .tasks import JudgeStrip, MeasureStrip, SceneWritten, StripJudged, WriteScene

if TYPE_CHECKING:
    from ..arrays import Grid64


def write_rasters(
    executor: Executor,
    plan: Plan,
    series: Series,
    centres: Grid64 | None,
    legend: Legend,
    tray: Tray,
    progress: Progress,
) -> None:
    """Write the rasters of a labelled series, with their styles; its results get their moments, counts and sketches.

    Parameters
    ----------
    executor, plan, series
        Where the labelled pixels are, and what is known of them.
    centres
        (k, n_bands) in 1/64 DN: those that the labels were made with; None where no pixel is valid.
    legend, tray
        Names and colours, and where files are made.
    progress
        Whom to tell, and who may cancel.

    Raises
    ------
    OutputError
        A file cannot be written.
    Cancelled
        The user cancelled.
    """
    for one in series.results:
        one.moments = Moments.zero(plan.k, plan.n_bands)
        one.judged = Counts.zero() if plan.judging.wanted else None
    if plan.judging.wanted and centres is not None:
        answers: Iterator[Any] = _judged(executor, plan, centres, legend, tray, progress)
    else:
        # The few long tasks first: the many short ones then fill the threads that are done.
        tasks: list[Task[Any]] = [WriteScene(number, legend, tray) for number in range(len(plan.scenes))]
        tasks += [MeasureStrip(strip) for strip in series.population.strips]
        answers = executor.run(tasks, progress)
    for answer in answers:
        if isinstance(answer, SceneWritten):
            for rows in answer.sketch:
                series.results[answer.scene].sketch.add(rows)
            continue
        if isinstance(answer, StripJudged):
            one = series.results[answer.strip.scene]
            if one.judged is not None:
                one.judged.add(answer.counts)
        else:
            one = series.results[answer.scene]
        one.moments.add(answer.moments)


def bytes_aside(scenes: Sequence[Scene], judging: Judging, workers: int) -> int:
    """Return the most bytes that lie in memory while scenes are judged and written: up to 2 a pixel.

    No more scenes are under way at a time than one on each thread and one that is judged meanwhile.
    """
    pixels = sorted((most_valid([scene])[0] for scene in scenes), reverse=True) if judging.wanted else []
    return judging.bytes_a_pixel * sum(pixels[: workers + 1])


def _judged(
    executor: Executor, plan: Plan, centres: Grid64, legend: Legend, tray: Tray, progress: Progress
) -> Iterator[Any]:
    """Measure and judge the strips of one scene after the other, and write each scene as soon as its strips are done.

    What was found of a pixel lies in memory until then (`bytes_aside`).
    """

    def judge(strip: Strip) -> JudgeStrip:
        return JudgeStrip(strip, centres)

    def write(number: int) -> WriteScene:
        return WriteScene(number, legend, tray)

    return each_scene(executor, plan.strips, judge, write, progress)
