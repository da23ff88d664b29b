"""Advice on the number of classes before the full run, from a sample of all scenes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..centres.kmeans import Labelled, StopRule, lloyd
from ..centres.starts import plus_plus
from ..errors import NoValidPixels
from ..execution.threads import ThreadExecutor, one_blas_thread
from ..kernels.choice import pick_packer
from ..kernels.kernel import Kernel
from ..kernels.numpy_kernel import NumpyKernel
from ..passes.sample import draw_sample
from ..pixels.block import Block, Tally
from ..pixels.sampling import Stratified
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress, Silent, Span, check_cancelled
from ..quality.indices import Score, Suggestion, advise, scikit_learn, score
from ..report import suggestk as page
from ..requests import SuggestRequest
from ..results.staging import Destinations
from ..scenes.files import small_block_cache
from ..scenes.scene import Scene, Strip

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
    progress = progress or Silent()
    request.check()
    scenes = request.checked_scenes(progress)
    executor = ThreadExecutor(request.workers)
    kernel = NumpyKernel()
    with one_blas_thread(), small_block_cache(), Destinations(request.destinations) as files:
        progress.stage(f"Drawing a sample from {len(scenes)} scene(s) on {executor.workers} thread(s)")
        sample = draw_sample(
            scenes, request.roles, request.mask, request.sample, request.seed, executor, pick_packer(kernel),
            Span(progress, 0.0, _READ), strip_pixels,
        )  # fmt: skip
        _tell(scenes, sample, progress)
        numbers = _numbers(request, sample, progress)
        sklearn = scikit_learn()
        if not sklearn:
            progress.warn(
                "scikit-learn is not installed: silhouette and Davies-Bouldin are left out, inertia and "
                "Calinski-Harabasz are computed without it."
            )
        progress.stage(
            f"Clustering {sample.dn.shape[1]:,} pixels into {numbers[0]} to {numbers[-1]} classes, "
            f"{_STARTS} starts each"
        )

        def scored(k: int) -> Score:
            return best_of_starts(sample.dn, k, request.seed, kernel, sklearn, progress)

        # The largest k takes longest: begun first, it holds nobody up at the end.
        found = executor.each(scored, numbers[::-1], Span(progress, _READ, 1.0))
        scores = tuple(sorted(found, key=lambda item: item.k))
        result = Suggestion(request, tuple(scenes), sample, scores, advise(scores), sklearn)
        files.write_text("TABLE", page.to_csv(result))
        files.write_text("REPORT", page.render(result))
        check_cancelled(progress)
        files.publish()
    progress.note(result.advice.reason)
    progress.report(1.0)
    return result


def best_of_starts(dn: DN, k: int, seed: int, kernel: Kernel, with_scikit_learn: bool, progress: Progress) -> Score:
    """Cluster a sample from several k-means++ starts to the fixed point, and score the one with the least inertia.

    Parameters
    ----------
    dn
        (n_bands, n) in an order that depends on nothing but the pixels.
    k, seed
        Number of classes; the starts are those of seed, seed + 1, ...
    kernel
        What labels.
    with_scikit_learn
        Whether to ask it for silhouette and Davies-Bouldin.
    progress
        Asked whether the user cancelled.
    """
    best: Score | None = None
    best_block, best_centres = None, None
    for number in range(_STARTS):
        check_cancelled(progress)
        block, centres = _clustered(dn, plus_plus(dn, k, seed + number), kernel, progress)
        found = score(dn, block.labels, block.tally, centres, False)
        if best is None or found.inertia < best.inertia:
            best, best_block, best_centres = found, block, centres
    if best is None or best_block is None or best_centres is None:
        raise RuntimeError("at least one start")
    if not with_scikit_learn:
        return best
    check_cancelled(progress)
    return score(dn, best_block.labels, best_block.tally, best_centres, True)


def _clustered(dn: DN, start: Grid64, kernel: Kernel, progress: Progress) -> tuple[Block, Grid64]:
    k, n_bands = start.shape
    n = dn.shape[1]
    block = Block(Strip(0, 0, 0), np.empty(0, np.uint8), dn, np.zeros(n, np.uint8), Tally.zero(k, n_bands))

    def label(centres: Grid64, _: Progress) -> Labelled:
        check_cancelled(progress)
        return Labelled(kernel.relabel(block, centres), block.tally)

    return block, lloyd(label, start, n, _STOP, Silent()).centres


def _numbers(request: SuggestRequest, sample: Stratified, progress: Progress) -> list[int]:
    """Return the k to try: no more classes than different pixels."""
    different = np.unique(sample.dn, axis=1).shape[1] if sample.dn.size else 0
    if different == 0:
        raise NoValidPixels(
            f"SCENES: not one pixel of the {len(sample.valid)} scene(s) is valid (all are fill, masked or saturated); "
            "choose fewer flags in MASK or other scenes."
        )
    if different < request.k_min:
        raise NoValidPixels(
            f"The sample has only {different} different pixel(s), too few for K_MIN = {request.k_min}; "
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
