"""Reading a series into labelled-to-be blocks of valid pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .execution.threads import ThreadExecutor
from .progress import Progress
from .raster_access import Handles
from .reading import STRIP_PIXELS, Packed, plan_strips, read_strip
from .records import Audit, Block, MaskRule, Scene, Strip, Tally
from .sampling import scene_key
from .survey import Need, Survey, combine, survey


@dataclass
class Series:
    """The valid pixels of all scenes, in memory: 13 bytes a pixel for 6 bands."""

    scenes: list[Scene]
    """In order."""
    blocks: list[Block]
    """Of all scenes, by scene and row; strips without a valid pixel have none."""
    audits: list[Audit]
    """One a scene."""
    survey: Survey
    """What the start asked for."""

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
    progress: Progress,
    strip_pixels: int = STRIP_PIXELS,
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
    executor, progress
        Where to work, whom to tell.
    strip_pixels
        Size of a strip; never changes a result.

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
    keys = [scene_key(seed, scene.id) for scene in scenes]
    audits = [Audit() for _ in scenes]
    blocks: list[Block] = []
    surveys: list[Survey] = []
    with Handles() as handles:

        def load(strip: Strip) -> tuple[Packed, Survey]:
            scene = scenes[strip.scene]
            packed = read_strip(scene, roles, rule, strip, handles)
            return packed, survey(packed, need, keys[strip.scene], scene.checked_grid().width)

        for packed, part in executor.each(load, strips, progress):
            audits[packed.strip.scene].add(packed.audit)
            surveys.append(part)
            n = packed.dn.shape[1]
            if n:
                tally = Tally.zero(k, len(roles))
                blocks.append(Block(packed.strip, packed.valid, packed.dn, np.zeros(n, np.uint8), tally))
    blocks.sort(key=lambda block: (block.strip.scene, block.strip.row))
    return Series(list(scenes), blocks, audits, combine(surveys, len(roles)))
