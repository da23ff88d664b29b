"""Cutting scenes into strips, the units of reading and writing."""

from __future__ import annotations

from collections.abc import Sequence

from ..scenes.area import may_be_inside, most_inside
from ..scenes.scene import PixelGrid, Scene, Strip

# About 2 million pixels a strip: per band 4 MB in flight, well above the point where per-strip overhead shows
# (256 Ki pixels, performance notes), and a kernel answers a cancel within a fraction of a second.
STRIP_PIXELS = 2_000_000
# The rasters written are tiled 256 x 256; strips of whole tile rows are compressed once.
ROW_MULTIPLE = 256


def plan_strips(grid: PixelGrid, scene: int, pixels: int = STRIP_PIXELS) -> list[Strip]:
    """Cut a scene into full-width strips of whole file blocks, so that each block is decoded once.

    Parameters
    ----------
    grid
        The scene's pixel grid.
    scene
        Index of the scene in the series.
    pixels
        Wanted pixels a strip; a strip is at least one row of blocks.
    """
    unit = grid.block_height
    wanted = max(1, pixels // grid.width)
    if wanted >= ROW_MULTIPLE and ROW_MULTIPLE % unit == 0:
        unit = ROW_MULTIPLE
    height = min(grid.height, max(1, wanted // unit) * unit)
    return [Strip(scene, row, min(height, grid.height - row)) for row in range(0, grid.height, height)]


def most_valid(scenes: Sequence[Scene], strip_pixels: int = STRIP_PIXELS) -> tuple[int, int]:
    """Return the most pixels that can be valid for all that grids and area of interest say.

    Parameters
    ----------
    scenes
        Checked scenes.
    strip_pixels
        Of `plan_strips`.

    Returns
    -------
    pixels : int
        In all scenes; at least as many as will be valid.
    masked : int
        Pixels of the strips that can hold them, valid or not.
    """
    masked = sum(
        strip.height * scene.checked_grid().width
        for scene in scenes
        for strip in plan_strips(scene.checked_grid(), 0, strip_pixels)
        if may_be_inside(scene, strip)
    )
    return sum(most_inside(scene) for scene in scenes), masked


def plan_series(scenes: Sequence[Scene], strip_pixels: int = STRIP_PIXELS) -> list[Strip]:
    """Cut all scenes into strips (`strips.plan_strips`), by scene and row."""
    return [
        strip
        for number, scene in enumerate(scenes)
        for strip in plan_strips(scene.checked_grid(), number, strip_pixels)
    ]
