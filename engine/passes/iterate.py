"""The iteration over blocks: `kmeans.lloyd` with a kernel on threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..centres.fit import Fit
from ..centres.kmeans import Labelled, StopRule, lloyd
from ..execution.threads import ThreadExecutor
from ..kernels.kernel import Kernel
from ..kernels.moves import Log
from ..pixels.block import Block, Tally
from ..progress import Progress

if TYPE_CHECKING:
    from ..arrays import Grid64


def iterate(
    blocks: Sequence[Block],
    start: Grid64,
    stop: StopRule,
    kernel: Kernel,
    executor: ThreadExecutor,
    progress: Progress,
    labelled: bool = False,
    keep: Callable[[Fit], object] | None = None,
) -> Fit:
    """Iterate from the start centres to the stop rule.

    Parameters
    ----------
    blocks
        All pixels; their labels and tallies are brought up to date in place.
    start
        (k, n_bands) start centres in 1/64 DN.
    stop
        The stop rule.
    kernel, executor, progress
        What labels, on which threads, whom to tell.
    labelled
        Whether the blocks carry the labels of the start already.
    keep
        Called after every iteration with what the run would give if it ended there.

    Returns
    -------
    Fit
        Its centres are those that the labels were made with.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    pixels = sum(block.size for block in blocks)
    moves = Log()

    def label(centres: Grid64, within: Progress) -> Labelled:
        nonlocal labelled
        moved = moves.follow(centres)
        if labelled:
            changed, labelled = pixels, False
        else:
            changed = sum(executor.each(lambda block: kernel.relabel(block, centres, moved), blocks, within))
        tally = Tally.zero(*start.shape)
        for block in blocks:
            tally.add(block.tally)
        return Labelled(changed, tally)

    return lloyd(label, start, pixels, stop, progress, keep)
