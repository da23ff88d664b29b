"""Each scene of a common run on its own as well: the same pixels, without reading them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..centres.fit import Fit
from ..execution.threads import ThreadExecutor
from ..passes.series import Series
from ..pixels.block import Block, Tally
from ..pixels.masking import Audit
from ..pixels.packing import PackedPixels
from ..pixels.reading import Packed
from ..pixels.sampling import draw, scene_key, shares_for
from ..pixels.survey import Need, Survey, combine, survey
from ..progress import Progress, Quiet
from ..quality.own_classes import Comparison, compare

if TYPE_CHECKING:
    from ..scenes.scene import Scene


def compare_each(
    series: Series,
    common: Fit,
    need: Need,
    seed: int,
    fit_own: Callable[[Series, Progress], Fit],
    executor: ThreadExecutor,
    progress: Progress,
) -> list[Comparison | None]:
    """Cluster each scene on its own and compare its classes with the common ones.

    Labels and tallies of the series stay what they are; what its kernel remembers of the pixels is dropped.

    Parameters
    ----------
    series, common
        The scenes, with the labels of this fit.
    need, seed
        What the start asks of the survey.
    fit_own
        Finds a start for an unlabelled series and iterates.
    executor, progress
        Where to work and whom to tell.

    Returns
    -------
    list
        One a scene; None where it has no valid pixel.
    """
    everywhere = [int(n) for n in common.tally.count]
    # The keys of the common run are not needed any more, and the scenes come one after the other: the labels and keys
    # of one scene are all the memory that is taken in addition.
    for block in series.blocks:
        block.gaps = None
    found: list[Comparison | None] = []
    done = 0
    for number, scene in enumerate(series.scenes):
        blocks = series.blocks_of(number)
        pixels = sum(block.size for block in blocks)
        if not pixels:
            found.append(None)
            continue
        quiet = Quiet(progress, done / series.pixels, (done + pixels) / series.pixels)
        fit, changed = _fit_alone(series, number, need, seed, fit_own, executor, quiet)
        here = sum((block.tally.count for block in blocks), np.zeros(len(everywhere), np.int64))
        found.append(compare(fit, common.centres, everywhere, [int(n) for n in here], changed))
        progress.note(f"{scene.title} on its own: {len(fit.iterations)} iteration(s)")
        done += pixels
    return found


def _fit_alone(
    series: Series,
    number: int,
    need: Need,
    seed: int,
    fit_own: Callable[[Series, Progress], Fit],
    executor: ThreadExecutor,
    progress: Progress,
) -> tuple[Fit, int]:
    """Return the fit of one scene on its own, and how many of its pixels have another class id in it."""
    own = own_series(series, number, need, seed, executor, progress)
    fit = fit_own(own, progress)
    # The blocks of both are in the same order.
    pairs = zip(own.blocks, series.blocks_of(number))
    return fit, sum(int(np.count_nonzero(mine.labels != common.labels)) for mine, common in pairs)


def own_series(
    series: Series, number: int, need: Need, seed: int, executor: ThreadExecutor, progress: Progress
) -> Series:
    """Return one scene of a series as a series of its own, unlabelled, with the survey that its reading would give.

    Parameters
    ----------
    series, number
        The pixel values of this scene are shared, not copied.
    need, seed
        What the start asks of the survey.
    executor, progress
        Where to work, and who may cancel.
    """
    scene = series.scenes[number]
    n_bands = series.blocks[0].tally.total.shape[1]
    k = series.blocks[0].tally.count.shape[0]
    width = scene.checked_grid().width
    key = scene_key(seed, scene.id)
    shares = shares_for(scene.checked_grid().pixels) if need is Need.DRAWS else ()

    def look(block: Block) -> Survey:
        return survey(_packed(block, need, shares, key, scene), need, key, width)

    blocks = series.blocks_of(number)
    surveys = list(executor.each(look, blocks, Quiet(progress, 0.0, 0.0))) if need is not Need.NOTHING else []
    fresh = [
        Block(block.strip, block.valid, block.held, np.zeros(block.size, np.uint8), Tally.zero(k, n_bands))
        for block in blocks
    ]
    return Series([scene], fresh, [series.audits[number]], combine(surveys, n_bands), [series.sketches[number]])


def _packed(block: Block, need: Need, shares: tuple[int, ...], key: int, scene: Scene) -> Packed:
    """Return a block as it was when it had just been read, with the sub-samples drawn."""
    dn = block.dn
    low = high = np.empty(0, np.uint16)
    if need is Need.RANGE:
        low, high = dn.min(axis=1), dn.max(axis=1)
    draws = {}
    if shares:
        shape = (block.strip.height, scene.checked_grid().width)
        valid = np.unpackbits(block.valid, count=shape[0] * shape[1]).view(bool).reshape(shape)
        bands = np.zeros((dn.shape[0], *shape), np.uint16)
        bands[:, valid] = dn
        draws = {share: draw(share, key, bands, valid, block.strip.row) for share in shares}
    return Packed(block.strip, PackedPixels(block.valid, dn, Audit(), low, high), draws)
