"""Reading a series: its valid pixels are kept at the site, and what is known of them comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..execution.executor import Executor
from ..pixels.block import Tally
from ..pixels.masking import Audit
from ..pixels.sketch import Sketch
from ..pixels.survey import Survey, combine
from ..progress import Progress
from ..quality.scene_result import SceneResult
from ..results.statistics import Moments
from ..scenes.scene import Strip
from .iterate import Population
from .site import Plan
from .tasks import ReadStrip

if TYPE_CHECKING:
    from ..arrays import Grid64

# Surveys of strips are put together as soon as there are so many, so that what is kept of them does not grow with the
# series: a strip's histogram has 3 MB, and its sample 0.4 MB.
_FOLDED = 32


@dataclass
class Series:
    """What is known of scenes that were read; their pixels lie at the site, 15 bytes each for 6 bands.

    Of these bytes 12 may lie in files.
    """

    results: list[SceneResult]
    """One a scene, in order."""
    population: Population
    """The strips with valid pixels, and how many these are."""
    survey: Survey
    """What the start asked for."""

    @property
    def pixels(self) -> int:
        """Number of valid pixels."""
        return self.population.pixels


def unread(plan: Plan) -> list[SceneResult]:
    """Return the results of a plan's scenes before anything is read."""
    roles = plan.selection.roles
    return [
        SceneResult(
            scene, Audit(), Sketch(scene.checked_grid(), roles, plan.sketch_width), Moments.zero(plan.k, plan.n_bands)
        )
        for scene in plan.scenes
    ]


def read_series(
    executor: Executor,
    plan: Plan,
    progress: Progress,
    given: Grid64 | None = None,
    counted: Callable[[int], object] | None = None,
) -> Series:
    """Decode, mask and pack all strips of a plan.

    Parameters
    ----------
    executor
        Hands the work to sites of this plan.
    plan
        What to read.
    progress
        Whom to tell.
    given
        (k, n_bands) centres in 1/64 DN to label each strip with as soon as it is read, where the start is known.
    counted
        Is told on the calling thread, again and again, how many valid pixels have been read.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    results = unread(plan)
    strips: list[Strip] = []
    surveys: list[Survey] = []
    tally = Tally.zero(plan.k, plan.n_bands)
    pixels = 0
    for part in executor.run([ReadStrip(strip, given) for strip in plan.strips], progress):
        one = results[part.strip.scene]
        one.audit.add(part.audit)
        one.sketch.add(part.sketch)
        surveys.append(part.survey)
        if len(surveys) == _FOLDED:
            surveys = [combine(surveys, plan.n_bands)]
        if part.change is not None:
            tally.add(part.change.tally)
        if part.audit.valid:
            strips.append(part.strip)
            pixels += part.audit.valid
            if counted is not None:
                counted(pixels)
    population = Population(in_order(strips), pixels, None if given is None else tally)
    return Series(results, population, combine(surveys, plan.n_bands))


def in_order(strips: Sequence[Strip]) -> tuple[Strip, ...]:
    """Return strips by scene and row."""
    return tuple(sorted(strips, key=lambda strip: (strip.scene, strip.row)))
