"""Reading a series into labelled-to-be blocks of valid pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..execution.threads import ThreadExecutor
from ..pixels.block import Block, Tally
from ..pixels.masking import Audit
from ..pixels.packing import Packer
from ..pixels.reading import Packed, read_strip
from ..pixels.sampling import scene_key, shares_for
from ..pixels.sketch import Sketch
from ..pixels.store import PixelStore
from ..pixels.strips import STRIP_PIXELS, plan_series
from ..pixels.survey import Need, Survey, combine, survey
from ..progress import Progress
from ..scenes.files import Handles
from ..scenes.scene import Scene, Strip
from ..scenes.selection import MaskRule


@dataclass
class Series:
    """The valid pixels of all scenes: 15 bytes a pixel for 6 bands, 12 of which may lie in files."""

    scenes: list[Scene]
    """In order."""
    blocks: list[Block]
    """Of all scenes, by scene and row; strips without a valid pixel have none."""
    audits: list[Audit]
    """One a scene."""
    survey: Survey
    """What the start asked for."""
    sketches: list[Sketch]
    """One a scene, for the report's pictures."""

    @property
    def pixels(self) -> int:
        """Number of valid pixels."""
        return sum(block.size for block in self.blocks)

    def blocks_of(self, scene: int) -> list[Block]:
        """Return the blocks of one scene, top to bottom."""
        return [block for block in self.blocks if block.strip.scene == scene]


def read_series(
    scenes: Sequence[Scene],
    roles: Sequence[str],
    rule: MaskRule,
    k: int,
    need: Need,
    seed: int,
    executor: ThreadExecutor,
    packer: Packer,
    store: PixelStore,
    progress: Progress,
    strip_pixels: int = STRIP_PIXELS,
    each_block: Callable[[Block], object] | None = None,
    counted: Callable[[int], object] | None = None,
    strips: Sequence[Strip] | None = None,
) -> Series:
    """Decode, mask and pack all scenes on threads.

    Parameters
    ----------
    scenes
        Checked scenes.
    roles, rule
        Bands and mask.
    k
        Number of classes, for the blocks' tallies.
    need, seed
        What the start asks of the survey.
    executor, packer, store, progress
        Where to work, what masks and packs, where to keep the pixels, whom to tell.
    strip_pixels
        Size of a strip; never changes a result.
    each_block
        Gets a block as soon as it is read, on the thread that read it, while others are still being read.
    counted
        Is told on the calling thread, again and again, how many valid pixels have been read.
    strips
        What to read of the scenes; all of them by default.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    if strips is None:
        strips = plan_series(scenes, strip_pixels)
    keys = [scene_key(seed, scene.id) for scene in scenes]
    shares = shares_for(sum(scene.checked_grid().pixels for scene in scenes)) if need is Need.DRAWS else ()
    audits = [Audit() for _ in scenes]
    sketches = [Sketch(scene.checked_grid(), roles) for scene in scenes]
    left = Counter(strip.scene for strip in strips)
    blocks: list[Block] = []
    surveys: list[Survey] = []
    pixels = 0
    with Handles() as handles:

        def load(strip: Strip) -> tuple[Block | None, Audit, Survey]:
            scene = scenes[strip.scene]
            number = strip.scene
            packed = read_strip(scene, roles, rule, strip, handles, packer, shares, keys[number], sketches[number])
            part = survey(packed, need, keys[number], scene.checked_grid().width)
            block = _block(packed, k, store)
            if block is not None and each_block is not None:
                each_block(block)
            return block, packed.pixels.audit, part

        for strip, (block, audit, part) in executor.each(lambda strip: (strip, load(strip)), strips, progress):
            audits[strip.scene].add(audit)
            left[strip.scene] -= 1
            if not left[strip.scene]:
                # Nobody reads this scene any more; a long series would run out of file handles.
                for path in scenes[strip.scene].files:
                    handles.close_file(path)
            surveys.append(part)
            if block is not None:
                blocks.append(block)
                pixels += block.size
                if counted is not None:
                    counted(pixels)
    blocks.sort(key=lambda block: (block.strip.scene, block.strip.row))
    return Series(list(scenes), blocks, audits, combine(surveys, len(roles)), sketches)


def _block(packed: Packed, k: int, store: PixelStore) -> Block | None:
    """Return a block of the packed pixels; None where there are none."""
    pixels = packed.pixels
    n_bands, n = pixels.dn.shape
    if n == 0:
        return None
    return Block(packed.strip, pixels.valid, store.keep(pixels.dn), np.zeros(n, np.uint8), Tally.zero(k, n_bands))
