"""The iteration over strips: `kmeans.lloyd` with the labelling handed to an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..centres.fit import Fit
from ..centres.kmeans import StopRule, lloyd
from ..centres.labelling import LabelAll
from ..centres.outlook import COLD, Outlook
from ..execution.executor import Executor
from ..kernels.kernel import Change
from ..kernels.moves import Moves
from ..pixels.block import Tally
from ..progress import Progress
from ..scenes.scene import Strip
from .site import COMMON
from .tasks import LabelStrip

if TYPE_CHECKING:
    from ..arrays import Grid64


@dataclass(frozen=True)
class Population:
    """The pixels that are clustered, by the strips they lie in."""

    strips: tuple[Strip, ...]
    """Those with valid pixels, by scene and row."""
    pixels: int
    """Number of valid pixels."""
    tally: Tally | None = None
    """Of the labels that they have from the centres of the start; None where they have none yet."""
    shelf: str = COMMON
    """Where their labels lie."""


def iterate(
    executor: Executor,
    population: Population,
    start: Grid64,
    stop: StopRule,
    progress: Progress,
    keep: Callable[[Fit], object] | None = None,
    expected: float = COLD,
) -> Fit:
    """Iterate from the start centres to the stop rule.

    Parameters
    ----------
    executor
        Hands the work to where the pixels are; their labels are brought up to date there.
    population
        All pixels.
    start
        (k, n_bands) start centres in 1/64 DN.
    stop
        The stop rule.
    progress
        Whom to tell.
    keep
        Called after every iteration with what the run would give if it ended there.
    expected
        Of `Outlook`.

    Returns
    -------
    Fit
        Its centres are those that the labels were made with.

    Raises
    ------
    Cancelled
        The user cancelled.
    """

    def each(centres: Grid64, moves: Moves, within: Progress) -> Iterator[Change]:
        tasks = [LabelStrip(strip, centres, moves, population.shelf) for strip in population.strips]
        return executor.run(tasks, within)

    labelled = population.tally is not None
    tally = population.tally.copy() if population.tally is not None else Tally.zero(*start.shape)
    label = LabelAll(each, population.pixels, tally, labelled, Outlook(stop, population.pixels, expected))
    return lloyd(label, start, population.pixels, stop, progress, keep)
