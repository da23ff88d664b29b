"""What the chosen scenes hold, found out in a moment: by names and headers, and a look at a few blocks of QA_PIXEL."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import SceneError
from ..progress import Progress, check_cancelled
from ..scenes.area import share_inside
from ..scenes.files import open_band, raster_env, read_window
from ..scenes.scene import Scene, Window
from ..scenes.selection import Selection
from ..sensors.landsat.bands import FILL
from ..sensors.landsat.qa import QA_FILL, flag_bits

# Blocks looked at in a file, on a grid over all of it: some 20 ms of one core for a full scene (300 blocks of 256 x 256
# in 60 ms), whose valid share they give to some 5 %.
_BLOCKS = 100


def disk_size(scene: Scene) -> int:
    """Return the bytes of all files of a scene, or of the bundle it lies in; what cannot be asked counts nothing."""
    try:
        if not os.path.isdir(scene.place):
            return os.path.getsize(scene.place)
        with os.scandir(scene.place) as entries:
            own = [entry for entry in entries if scene.id in entry.name.upper() or entry.path in scene.files]
            return sum(entry.stat().st_size for entry in own if entry.is_file())
    except OSError:
        return 0


def expected_valid(scenes: Iterable[Scene], selection: Selection, progress: Progress) -> int:
    """Return about how many pixels of all scenes are valid.

    Parameters
    ----------
    scenes
        Checked scenes.
    selection
        Bands and mask; of the area what is placed on the scenes counts.
    progress
        Who may cancel.
    """
    total = 0
    for scene in scenes:
        check_cancelled(progress)
        total += round(valid_share(scene, selection) * scene.checked_grid().pixels)
    return total


def valid_share(scene: Scene, selection: Selection) -> float:
    """Return about which share of a scene's pixels is valid, 0..1.

    Fill and the chosen flags are counted in blocks of QA_PIXEL spread evenly over the scene, all of them in a small
    one; without QA_PIXEL fill alone, in the first chosen band. Of an area of interest the share of the grid is taken.
    Saturation and fill in single bands, which few pixels have, are not looked for. A file that cannot be read gives 1,
    the most there can be: whoever reads it whole tells what is wrong.
    """
    try:
        inside = share_inside(scene)
        return inside and inside * _share_unmasked(scene, selection)
    except SceneError:
        return 1.0


def _share_unmasked(scene: Scene, selection: Selection) -> float:
    path = scene.qa_pixel or scene.bands[selection.roles[0]]
    bits = np.uint16(QA_FILL | flag_bits(selection.mask.flags))
    marked = FILL if scene.qa_pixel is None else QA_FILL
    pixels = valid = 0

    def unreadable(_: str) -> SceneError:
        return SceneError(f"Scene {scene.id}: {Path(path).name} cannot be read.")

    with raster_env(), open_band(scene.id, path, scene.sidecars.get(path, ())) as dataset:
        height, width = dataset.block_shapes[0]
        down, across = math.ceil(dataset.height / height), math.ceil(dataset.width / width)
        columns = min(across, math.isqrt(_BLOCKS))
        rows = min(down, _BLOCKS // columns)
        for top in _spread(down, rows):
            for left in _spread(across, columns):
                row, column = top * height, left * width
                bottom, right = min(row + height, dataset.height), min(column + width, dataset.width)
                block = read_window(dataset, Window(row, bottom, column, right), unreadable, marked=marked)
                good = block != FILL if scene.qa_pixel is None else (block & bits) == 0
                pixels += block.size
                valid += int(np.count_nonzero(good))
    return valid / pixels


def _spread(n: int, wanted: int) -> list[int]:
    """Return `wanted` of the numbers 0..n-1, evenly spread."""
    return [(2 * i + 1) * n // (2 * wanted) for i in range(wanted)]
