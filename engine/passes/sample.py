"""A sample in which every scene is represented, read without keeping the pixels of whole scenes."""

from __future__ import annotations

from collections.abc import Sequence

from ..execution.threads import ThreadExecutor
from ..pixels.packing import Packer
from ..pixels.reading import read_strip
from ..pixels.sampling import Sample, Stratified, merge, quotas, scene_key, share_of
from ..pixels.strips import STRIP_PIXELS, plan_strips
from ..progress import Progress
from ..scenes.files import Handles
from ..scenes.scene import Scene, Strip
from ..scenes.selection import MaskRule


def draw_sample(
    scenes: Sequence[Scene],
    roles: Sequence[str],
    rule: MaskRule,
    size: int,
    seed: int,
    executor: ThreadExecutor,
    packer: Packer,
    progress: Progress,
    strip_pixels: int = STRIP_PIXELS,
) -> Stratified:
    """Read the scenes and draw a sample; scenes, threads and strips in another order give the same one.

    Parameters
    ----------
    scenes
        Checked scenes.
    roles, rule
        Bands and mask.
    size
        Wanted pixels; the sample has fewer where the scenes have fewer valid ones.
    seed
        Chooses the pixels.
    executor, packer, progress
        Where to work, what masks, whom to tell.
    strip_pixels
        Size of a strip; never changes the result.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    strips = [
        strip
        for number, scene in enumerate(scenes)
        for strip in plan_strips(scene.checked_grid(), number, strip_pixels)
    ]
    shares = [share_of(scene.checked_grid().pixels, size) for scene in scenes]
    keys = [scene_key(seed, scene.id) for scene in scenes]
    valid = [0] * len(scenes)
    kept: list[list[Sample]] = [[] for _ in scenes]
    with Handles() as handles:

        def load(strip: Strip) -> tuple[int, int, Sample]:
            number = strip.scene
            share = shares[number]
            packed = read_strip(scenes[number], roles, rule, strip, handles, packer, (share,), keys[number])
            return number, packed.pixels.audit.valid, packed.draws[share]

        for number, pixels, sample in executor.each(load, strips, progress):
            valid[number] += pixels
            kept[number].append(sample)
    parts = [merge(samples, len(roles), quota) for samples, quota in zip(kept, quotas(valid, size))]
    whole = merge(parts, len(roles), sum(part.hashes.size for part in parts))
    return Stratified(whole.dn, tuple(int(part.hashes.size) for part in parts), tuple(valid))
