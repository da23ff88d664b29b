"""What the chosen scenes hold, found out in a moment: by names and headers, and a look at a few blocks of two files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SceneError
from ..pixels.masking import count_out_of_range
from ..pixels.scaling import look, suspicion
from ..progress import Progress, check_cancelled
from ..scenes.area import share_inside
from ..scenes.files import open_band, raster_env, read_window
from ..scenes.scene import Scene, Window
from ..scenes.selection import Selection
from ..sensors.flags import QA_FILL, flag_bits
from ..sensors.scale import FILL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN

# Blocks looked at in a file, on a grid over all of it: some 20 ms of one core for a full scene (300 blocks of 256 x 256
# in 60 ms), whose valid share they give to some 5 %.
_BLOCKS = 100
# Of these, blocks in which a band's values are looked at as well, in every scene: another scaling is everywhere in a
# scene, and often in one scene of a series alone. They took 3 to 15 ms more for a full scene.
_BAND_BLOCKS = 9


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


@dataclass(frozen=True)
class Glance:
    """What a few blocks of a scene tell."""

    share: float
    """About which share of the pixels is valid, see `valid_share`."""
    doubt: str | None
    """What the values of a band look like that are not those of Collection 2, as the end of a sentence on the scene."""


def valid_share(scene: Scene, selection: Selection) -> float:
    """Return about which share of a scene's pixels is valid, 0..1.

    Fill and the chosen flags are counted in blocks of QA_PIXEL spread evenly over the scene, all of them in a small
    one; without QA_PIXEL fill alone, in the first chosen band. Of an area of interest the share of the grid is taken.
    Saturation and fill in single bands, which few pixels have, are not looked for. A file that cannot be read gives 1,
    the most there can be: whoever reads it whole tells what is wrong.
    """
    try:
        inside = share_inside(scene)
        if not inside:
            return 0.0
        masking = _Masking(scene, selection)
        with raster_env(), masking.open() as dataset:
            return inside * masking.share(dataset)[0]
    except SceneError:
        return 1.0


def glance(scene: Scene, selection: Selection, progress: Progress) -> Glance:
    """Return what a few blocks tell: the share of valid pixels, and whether a band's values are those of Collection 2.

    Values are looked at in the first chosen band alone, so that one file at most is opened besides QA_PIXEL: of a scene
    of which only another band is odd the run tells.

    Parameters
    ----------
    scene, selection
        A checked scene, without an area of interest, and its bands and mask.
    progress
        Who may cancel.

    Raises
    ------
    Cancelled
        The user wants to stop.
    """
    share, doubt = 1.0, None
    masking = _Masking(scene, selection)
    try:
        with raster_env(), masking.open() as dataset:
            share, windows = masking.share(dataset)
            values = _values(masking, dataset, windows, progress)
        out_of_range = count_out_of_range(values)
        doubt = suspicion(out_of_range, values.size, look(values, out_of_range), selection.roles[0])
    except SceneError:
        pass  # as in `valid_share`
    return Glance(share, doubt)


class _Masking:
    """Which pixels of some blocks are valid, by QA_PIXEL or, without it, by the first chosen band."""

    def __init__(self, scene: Scene, selection: Selection) -> None:
        self._scene = scene
        self._has_flags = bool(scene.masks)
        self._bits = np.uint16(QA_FILL | flag_bits(selection.mask.flags))
        self.band = scene.bands[selection.roles[0]].path
        """The first chosen one."""
        self.path = scene.masks[0].path if scene.masks else self.band
        """The file that tells."""

    def open(self, path: str | None = None) -> Any:
        """Return the open file that tells, or another one of the scene."""
        path = path or self.path
        return open_band(self._scene.id, path, self._scene.sidecars.get(path, ()))

    def share(self, dataset: Any) -> tuple[float, list[Window]]:
        """Return the share of valid pixels in blocks spread over the file that tells, and those blocks with any."""
        pixels = valid = 0
        found = []
        for window in _spread_blocks(dataset):
            good = self.valid(dataset, window)
            pixels += good.size
            n = int(np.count_nonzero(good))
            valid += n
            if n:
                found.append(window)
        return valid / pixels, found

    def valid(self, dataset: Any, window: Window) -> NDArray[np.bool_]:
        """Return which pixels of a window are valid, by the file that tells."""
        values = self.read(dataset, window, QA_FILL if self._has_flags else FILL)
        good: NDArray[np.bool_] = (values & self._bits) == 0 if self._has_flags else values != FILL
        return good

    def read(self, dataset: Any, window: Window, marked: int) -> NDArray[np.uint16]:
        """Return a window of a file; SceneError if it cannot be read."""

        def unreadable(_: str) -> SceneError:
            return SceneError(f"Scene {self._scene.id}: a file cannot be read.")

        values: NDArray[np.uint16] = read_window(dataset, window, unreadable, marked=marked)
        return values


def _values(masking: _Masking, dataset: Any, windows: Sequence[Window], progress: Progress) -> DN:
    """Return (1, n) values of the first chosen band at valid pixels, in some of the windows."""
    found = [np.empty(0, np.uint16)]
    check_cancelled(progress)
    with nullcontext(dataset) if masking.path == masking.band else masking.open(masking.band) as band:
        for i in _spread(len(windows), min(len(windows), _BAND_BLOCKS)):
            check_cancelled(progress)
            values = masking.read(band, windows[i], FILL)[masking.valid(dataset, windows[i])]
            found.append(values[values != FILL])
    return np.concatenate(found)[np.newaxis]


def _spread_blocks(dataset: Any) -> Iterator[Window]:
    """Yield at most `_BLOCKS` of a file's blocks, on a grid over all of it."""
    height, width = dataset.block_shapes[0]
    down, across = math.ceil(dataset.height / height), math.ceil(dataset.width / width)
    columns = min(across, math.isqrt(_BLOCKS))
    rows = min(down, _BLOCKS // columns)
    for top in _spread(down, rows):
        for left in _spread(across, columns):
            row, column = top * height, left * width
            yield Window(row, min(row + height, dataset.height), column, min(column + width, dataset.width))


def _spread(n: int, wanted: int) -> list[int]:
    """Return `wanted` of the numbers 0..n-1, evenly spread."""
    return [(2 * i + 1) * n // (2 * wanted) for i in range(wanted)]
