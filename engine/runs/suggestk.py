"""Advice on the number of classes before the full run, from a sample of all scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..centres.kmeans import StopRule, lloyd
from ..centres.labelling import LabelAll
from ..centres.outlook import COLD, Outlook
from ..centres.starts import plus_plus
from ..errors import NoValidPixels
from ..execution.executor import Site
from ..execution.threads import ThreadExecutor
from ..installing import in_short
from ..kernels.choice import pick_packer
from ..kernels.kernel import Change, Held, Kernel
from ..kernels.moves import Moves
from ..kernels.numpy_kernel import NumpyKernel
from ..passes.sample import draw_sample
from ..passes.site import Plan, SeriesSite
from ..pixels.block import Block, Tally
from ..pixels.sampling import Stratified
from ..pixels.strips import STRIP_PIXELS, plan_series
from ..progress import Progress, Silent
from ..quality.indices import Score, Suggestion, advise, scikit_learn, score
from ..quantities import counted
from ..report import suggestk as page
from ..requests import SuggestRequest
from ..results.staging import Destinations
from ..scenes.scene import Scene
from ..scenes.selection import Selection
from .frame import Run, tell_doubts
from .pages import write_page

if TYPE_CHECKING:
    from ..arrays import DN, Grid64

# k-means++ is drawn so often for each k, and the clustering with the least inertia counts: a single start can end in
# a poor optimum and bend the curve.
_STARTS = 3
# To the fixed point; a sample of this size reaches it within some tens of iterations.
_STOP = StopRule(max_iterations=300, tolerance_percent=0.0)
# Share of the progress bar for reading.
_READ = 0.6


def suggest(request: SuggestRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS) -> Suggestion:
    """Draw a sample of all scenes, cluster it with each number of classes, and suggest one.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.
    strip_pixels
        Size of the units of work; never changes the result.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then.
    """
    request.check()
    run = Run(Destinations(request.destinations), progress)
    progress = run.progress
    scenes = request.checked_scenes(progress)
    request = request.settled(scenes)
    kernel = NumpyKernel()
    plan = Plan(tuple(scenes), Selection(request.roles, request.mask), tuple(plan_series(scenes, strip_pixels)))
    with run:
        executor = ThreadExecutor(run.enter(SeriesSite(plan, kernel, pick_packer(kernel))), request.workers)
        progress.stage(
            f"Drawing a sample from {counted(len(scenes), 'scene')} on {counted(executor.workers, 'thread')}"
        )
        sample = draw_sample(executor, plan, request.sample, request.seed, run.span(0.0, _READ))
        _tell(scenes, sample, progress)
        result = _suggestion(request, scenes, sample, run.span(_READ, 1.0))
        run.files.write_text("TABLE", page.to_csv(result))
        write_page(run.files, "REPORT", page.render(result), progress)
        run.publish()
    progress.note(result.advice.reason)
    progress.report(1.0)
    return result


def _suggestion(request: SuggestRequest, scenes: Sequence[Scene], sample: Stratified, progress: Progress) -> Suggestion:
    """Cluster a sample with each number of classes, and choose one."""
    numbers = _numbers(request, sample, progress)
    sklearn = scikit_learn()
    if not sklearn:
        progress.warn(
            f"scikit-learn is not installed ({in_short(['scikit-learn'])}): silhouette and "
            "Davies-Bouldin are left out, inertia and Calinski-Harabasz are computed without it."
        )
    progress.stage(
        f"Clustering {sample.dn.shape[1]:,} pixels into {numbers[0]} to {numbers[-1]} classes, {_STARTS} starts each"
    )
    site = SampleSite(sample.dn, request.seed, NumpyKernel(), sklearn)
    # The largest k takes longest: begun first, it holds nobody up at the end.
    found = ThreadExecutor(site, request.workers).run([ScoreK(k) for k in numbers[::-1]], progress)
    scores = tuple(sorted(found, key=lambda item: item.k))
    return Suggestion(request, tuple(scenes), sample, scores, advise(scores), sklearn)


class SampleSite(Site):
    """A sample that is clustered again and again."""

    def __init__(self, dn: DN, seed: int, kernel: Kernel, with_scikit_learn: bool) -> None:
        """Take what all clusterings share.

        Parameters
        ----------
        dn
            (n_bands, n) in an order that depends on nothing but the pixels.
        seed
            The starts are those of seed, seed + 1, ...
        kernel
            What labels.
        with_scikit_learn
            Whether to ask it for silhouette and Davies-Bouldin.
        """
        super().__init__()
        self.dn, self.seed, self.kernel, self.with_scikit_learn = dn, seed, kernel, with_scikit_learn


@dataclass(frozen=True)
class ScoreK:
    """Cluster a sample from several k-means++ starts to the fixed point, and score the one with the least inertia."""

    k: int
    """Number of classes."""

    def do(self, site: SampleSite) -> Score:
        """Cluster and score."""
        dn, best, best_held, best_centres = site.dn, None, None, None
        for number in range(_STARTS):
            site.check()
            held, centres = _clustered(site, plus_plus(dn, self.k, site.seed + number))
            found = score(dn, held.labels(), held.tally, centres, False)
            if best is None or found.inertia < best.inertia:
                best, best_held, best_centres = found, held, centres
        if best is None or best_held is None or best_centres is None:
            raise RuntimeError("at least one start")
        if not site.with_scikit_learn:
            return best
        site.check()
        return score(dn, best_held.labels(), best_held.tally, best_centres, True)


def _clustered(site: SampleSite, start: Grid64) -> tuple[Held, Grid64]:
    held = site.kernel.hold(Block.loose(site.dn), start.shape[0])

    def each(centres: Grid64, moves: Moves, _: Progress) -> list[Change]:
        site.check()
        return [held.relabel(centres, moves)]

    outlook = Outlook(_STOP, held.block.size, COLD)
    label = LabelAll(each, held.block.size, Tally.zero(*start.shape), False, outlook)
    return held, lloyd(label, start, held.block.size, _STOP, Silent()).centres


def _numbers(request: SuggestRequest, sample: Stratified, progress: Progress) -> list[int]:
    """Return the k to try: no more classes than different pixels."""
    different = np.unique(sample.dn, axis=1).shape[1] if sample.dn.size else 0
    if different == 0:
        raise NoValidPixels(
            f"SCENES: not one pixel of the {counted(len(sample.valid), 'scene')} is valid (all are fill, masked or "
            "saturated); choose fewer flags in MASK or other scenes."
        )
    if different < request.k_min:
        raise NoValidPixels(
            f"The sample has only {counted(different, 'different pixel')}, too few for K_MIN = {request.k_min}; "
            "choose a smaller K_MIN or other scenes."
        )
    if different < request.k_max:
        progress.warn(f"The sample has only {different} different pixels: K_MAX {request.k_max} is cut to {different}.")
    return list(range(request.k_min, min(request.k_max, different) + 1))


def _tell(scenes: Sequence[Scene], sample: Stratified, progress: Progress) -> None:
    for scene, drawn, valid in zip(scenes, sample.drawn, sample.valid):
        if valid:
            progress.note(f"{scene.title}: {drawn:,} of {valid:,} valid pixels drawn")
        else:
            progress.warn(f"{scene.title}: not one pixel is valid, so it is not in the sample.")
    for scene, doubts in zip(scenes, sample.doubts):
        tell_doubts(scene, doubts, progress)
