"""Each scene of a common run on its own as well: the same pixels, without reading them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..centres.fit import Fit
from ..clock import Clock
from ..passes.iterate import Population
from ..passes.series import Series
from ..passes.site import SeriesSite
from ..pixels.block import Block
from ..pixels.masking import Audit
from ..pixels.packing import PackedPixels
from ..pixels.reading import Packed
from ..pixels.sampling import Draws, draw, scene_key, shares_for
from ..pixels.survey import Need, Survey, combine, survey
from ..progress import Progress, Quiet
from ..quality.own_classes import compare
from ..quantities import counted
from ..scenes.scene import Scene, Strip
from .clustering import Clustering

if TYPE_CHECKING:
    from numpy.typing import NDArray

OWN = "own"
"""The shelf of the labels that belong to a scene's own centres."""


@dataclass(frozen=True)
class LeaveStrip:
    """Let a kernel forget what only saves time; the common labels stay."""

    strip: Strip
    """Which rows."""

    def do(self, site: SeriesSite) -> None:
        """Forget."""
        site.shelved(self.strip).leave()


@dataclass(frozen=True)
class SurveyStrip:
    """Ask of kept pixels what a start asks while they are read."""

    strip: Strip
    """Which rows."""
    need: Need
    """What the start asks for."""
    draws: Draws
    """Sub-samples of the scene."""

    def do(self, site: SeriesSite) -> Survey:
        """Look."""
        scene = site.scene(self.strip)
        packed = _packed(site.block(self.strip), self.need, self.draws, scene)
        return survey(packed, self.need, self.draws.key, scene.checked_grid().width)


@dataclass(frozen=True)
class StripDiffers:
    """A strip labelled twice."""

    renumbered: int
    """Pixels whose two classes have different ids."""
    members: NDArray[np.int64]
    """(k,) pixels of each common class."""


@dataclass(frozen=True)
class DifferStrip:
    """Count the pixels with another id in the scene's own classes, and forget those."""

    strip: Strip
    """Which rows."""

    def do(self, site: SeriesSite) -> StripDiffers:
        """Count."""
        own, common = site.shelved(self.strip, OWN), site.shelved(self.strip)
        renumbered = int(np.count_nonzero(own.labels() != common.labels()))
        site.drop(self.strip, OWN)
        return StripDiffers(renumbered, common.tally.count.copy())


def compare_each(clustering: Clustering, series: Series, common: Fit, progress: Progress) -> None:
    """Cluster each scene on its own, and compare its classes with the common ones; the results get to know it.

    Labels and tallies of the series stay what they are; what its kernel remembers of the pixels is dropped.

    Parameters
    ----------
    clustering, series, common
        The site, the scenes, and the fit that their labels belong to.
    progress
        Whom to tell.
    """
    executor, plan = clustering.executor, clustering.plan
    everywhere = [int(n) for n in common.tally.count]
    # The keys of the common run are not needed any more, and the scenes come one after the other: the labels and keys
    # of one scene are all the memory that is taken in addition.
    for _ in executor.run([LeaveStrip(strip) for strip in series.population.strips], Quiet(progress, 0.0, 0.0)):
        pass
    done = 0
    for number, one in enumerate(series.results):
        own = own_population(series, number)
        if not own.pixels:
            continue
        quiet = Quiet(progress, done / series.pixels, (done + own.pixels) / series.pixels)
        found = own_survey(clustering, own, one.scene, quiet)
        fit = clustering.fit(own, found, Clock(), quiet)
        here = np.zeros(plan.k, np.int64)
        renumbered = 0
        for part in executor.run([DifferStrip(strip) for strip in own.strips], Quiet(quiet, 1.0, 1.0)):
            here += part.members
            renumbered += part.renumbered
        one.own = compare(fit, common.centres, everywhere, [int(n) for n in here], renumbered)
        progress.note(f"{one.scene.title} on its own: {counted(len(fit.iterations), 'iteration')}")
        done += own.pixels


def own_population(series: Series, number: int) -> Population:
    """Return one scene of a series, unlabelled, on a shelf of its own."""
    strips = tuple(strip for strip in series.population.strips if strip.scene == number)
    return Population(strips, series.results[number].audit.valid, None, OWN)


def own_survey(clustering: Clustering, own: Population, scene: Scene, progress: Progress) -> Survey:
    """Return the survey that reading one scene alone would give.

    Parameters
    ----------
    clustering, own, scene
        The site, and the scene of it.
    progress
        Who may cancel.
    """
    wish, n_bands = clustering.plan.wish, clustering.plan.n_bands
    if wish.need is Need.NOTHING:
        return combine([], n_bands)
    draws = Draws(scene_key(wish.seed, scene.id), shares_for(scene.checked_grid().pixels) if wish.draws else ())
    tasks = [SurveyStrip(strip, wish.need, draws) for strip in own.strips]
    return combine(clustering.executor.run(tasks, Quiet(progress, 0.0, 0.0)), n_bands)


def _packed(block: Block, need: Need, wanted: Draws, scene: Scene) -> Packed:
    """Return a block as it was when it had just been read, with the sub-samples drawn."""
    dn = block.dn
    low = high = np.empty(0, np.uint16)
    if need is Need.RANGE:
        low, high = dn.min(axis=1), dn.max(axis=1)
    draws = {}
    if wanted.shares:
        shape = (block.strip.height, scene.checked_grid().width)
        valid = np.unpackbits(block.valid, count=shape[0] * shape[1]).view(bool).reshape(shape)
        bands = np.zeros((dn.shape[0], *shape), np.uint16)
        bands[:, valid] = dn
        draws = {share: draw(share, wanted.key, bands, valid, block.strip.row) for share in wanted.shares}
    return Packed(block.strip, PackedPixels(block.valid, dn, Audit(), low, high), draws)
