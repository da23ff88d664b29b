"""A sample in which every scene is represented, read without keeping the pixels of whole scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .execution.threads import ThreadExecutor
from .packing import Packer
from .progress import Progress
from .reading import STRIP_PIXELS, plan_strips, read_strip
from .sampling import Sample, merge, scene_key
from .scenes.files import Handles
from .scenes.scene import Scene, Strip
from .scenes.selection import MaskRule

if TYPE_CHECKING:
    from .arrays import DN

# A strip's pixels are thinned at once, so that full scenes cost no memory: to this many cells of the grid per wanted
# pixel, so that a scene of which 3 % are valid still fills its part of the sample.
_CELLS_PER_PIXEL = 32
# Each scene has at least this share of what an equal split would give it.
_LEAST = 10


@dataclass(frozen=True)
class Stratified:
    """A sample of several scenes."""

    dn: DN
    """(n_bands, n), in an order that depends on the seed and the pixels alone."""
    drawn: tuple[int, ...]
    """Pixels per scene in the sample."""
    valid: tuple[int, ...]
    """Valid pixels per scene."""


def quotas(valid: Sequence[int], size: int) -> list[int]:
    """Return how many pixels of each scene a sample of about `size` pixels takes.

    In proportion to its valid pixels, but not below a tenth of an equal share, so that a small or cloudy scene has a
    say; never more than it has. The order of the scenes does not matter.
    """
    total = sum(valid)
    least = -(-size // (_LEAST * len(valid)))
    return [min(pixels, max(least, size * pixels // total)) for pixels in valid] if total else [0] * len(valid)


def share_of(pixels: int, size: int) -> int:
    """Return which share 1/share of a grid to look at, a power of two; a function of the grid alone."""
    share = 1
    while pixels // (2 * share) >= _CELLS_PER_PIXEL * size:
        share *= 2
    return share


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
