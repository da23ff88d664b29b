"""A sample in which every scene is represented, read without keeping the pixels of whole scenes."""

from __future__ import annotations

from dataclasses import dataclass

from ..execution.executor import Executor
from ..pixels.masking import Audit
from ..pixels.reading import read_strip
from ..pixels.sampling import Draws, Sample, Stratified, merge, quotas, scene_key, share_of
from ..progress import Progress
from ..scenes.scene import Strip
from .site import Plan, SeriesSite


@dataclass(frozen=True)
class StripSampled:
    """What was drawn of a strip."""

    scene: int
    """Index of the scene."""
    audit: Audit
    """Why pixels are invalid."""
    sample: Sample
    """Some of them."""


@dataclass(frozen=True)
class SampleStrip:
    """Read a strip and draw some of its pixels."""

    strip: Strip
    """Which rows."""
    draws: Draws
    """What to draw: one share."""

    def do(self, site: SeriesSite) -> StripSampled:
        """Read and draw."""
        with site.reading(self.strip) as scene:
            packed = read_strip(scene, site.plan.selection, self.strip, site.handles, site.packer, self.draws)
        (share,) = self.draws.shares
        return StripSampled(self.strip.scene, packed.pixels.audit, packed.draws[share])


def draw_sample(executor: Executor, plan: Plan, size: int, seed: int, progress: Progress) -> Stratified:
    """Read the scenes and draw a sample; scenes, threads and strips in another order give the same one.

    Parameters
    ----------
    executor, plan
        Where to work, and what to read.
    size
        Wanted pixels; the sample has fewer where the scenes have fewer valid ones.
    seed
        Chooses the pixels.
    progress
        Whom to tell.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    shares = [share_of(scene.checked_grid().pixels, size) for scene in plan.scenes]
    draws = [Draws(scene_key(seed, scene.id), (share,)) for scene, share in zip(plan.scenes, shares)]
    audits = [Audit() for _ in plan.scenes]
    kept: list[list[Sample]] = [[] for _ in plan.scenes]
    for part in executor.run([SampleStrip(strip, draws[strip.scene]) for strip in plan.strips], progress):
        audits[part.scene].add(part.audit)
        kept[part.scene].append(part.sample)
    valid = [audit.valid for audit in audits]
    doubts = tuple(tuple(audit.doubts) for audit in audits)
    parts = [merge(samples, plan.n_bands, quota) for samples, quota in zip(kept, quotas(valid, size))]
    whole = merge(parts, plan.n_bands, sum(part.hashes.size for part in parts))
    return Stratified(whole.dn, tuple(int(part.hashes.size) for part in parts), tuple(valid), doubts)
