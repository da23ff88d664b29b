"""Writing the rasters of a labelled series, and adding up the statistics of its classes."""

from __future__ import annotations

from typing import Any

from ..execution.executor import Executor, Task
from ..progress import Progress
from ..results.legend import Legend
from ..results.staging import Tray
from ..results.statistics import Moments
from .series import Series
from .site import Plan
from .tasks import MeasureStrip, SceneWritten, WriteScene


def write_rasters(
    executor: Executor, plan: Plan, series: Series, legend: Legend, tray: Tray, progress: Progress
) -> None:
    """Write the rasters of a labelled series, with their styles; its results get their moments and sketches.

    Parameters
    ----------
    executor, plan, series
        Where the labelled pixels are, and what is known of them.
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
    # The few long tasks first: the many short ones then fill the threads that are done.
    tasks: list[Task[Any]] = [WriteScene(number, legend, tray) for number in range(len(plan.scenes))]
    tasks += [MeasureStrip(strip) for strip in series.population.strips]
    for one in series.results:
        one.moments = Moments.zero(plan.k, plan.n_bands)
    for answer in executor.run(tasks, progress):
        one = series.results[answer.scene]
        if isinstance(answer, SceneWritten):
            for rows in answer.sketch:
                one.sketch.add(rows)
        else:
            one.moments.add(answer.moments)
