"""What the chosen scenes hold, found out in a moment: by names and headers, and a look at a few blocks of two files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SceneError
from ..pixels.masking import count_out_of_range
from ..pixels.planes import read_bands, read_masks
from ..pixels.scaling import look, suspicion
from ..progress import Progress, check_cancelled
from ..scenes.area import share_inside
from ..scenes.files import open_file, raster_env, unreadable
from ..scenes.remote import is_remote
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
# The same of files on a server, where each takes a request, of some 50 ms.
_BLOCKS_AFAR, _BAND_BLOCKS_AFAR = 9, 2
# How long a wait lasts before it looks at the cancel flag again.
_POLL_SECONDS = 0.1


def disk_size(scene: Scene) -> int:
    """Return the bytes of all files of a scene, or of the bundle it lies in; what cannot be asked counts nothing."""
    try:
        if scene.listed:
            # Of what lies on a server nobody is asked.
            return sum(os.path.getsize(path) for path in scene.files_on_disk)
        if not os.path.isdir(scene.place):
            return os.path.getsize(scene.place)
        with os.scandir(scene.place) as entries:
            own = [entry for entry in entries if scene.id in entry.name.upper() or entry.path in scene.files]
            return sum(entry.stat().st_size for entry in own if entry.is_file())
    except OSError:
        return 0


def expected_valid(scenes: Sequence[Scene], selection: Selection, workers: int, progress: Progress) -> int:
    """Return about how many pixels of all scenes are valid.

    Parameters
    ----------
    scenes
        Checked scenes.
    selection
        Bands and mask; of the area what is placed on the scenes counts.
    workers
        Threads.
    progress
        Who may cancel.

    Raises
    ------
    Cancelled
        The user cancelled; scenes that are being looked at are looked at to their end.
    """
    with ThreadPoolExecutor(max(min(workers, len(scenes)), 1), "iikmc-estimate") as pool:
        looks = [pool.submit(valid_share, scene, selection) for scene in scenes]
        try:
            while wait(looks, _POLL_SECONDS).not_done:
                check_cancelled(progress)
        finally:
            for look_ in looks:
                look_.cancel()
    return sum(round(one.result() * scene.checked_grid().pixels) for one, scene in zip(looks, scenes))


@dataclass(frozen=True)
class Glance:
    """What a few blocks of a scene tell."""

    share: float
    """About which share of the pixels is valid, see `valid_share`."""
    doubt: str | None
    """What the values of a band look like that are not those of Collection 2, as the end of a sentence on the scene."""


def valid_share(scene: Scene, selection: Selection) -> float:
    """Return about which share of a scene's pixels is valid, 0..1.

    Fill and the chosen flags are counted in blocks of the mask spread evenly over the scene, all of them in a small
    one; without a mask fill alone, in the first chosen band. Of an area of interest the share of the grid is taken.
    Saturation and fill in single bands, which few pixels have, are not looked for. A file that cannot be read gives 1,
    the most there can be: whoever reads it whole tells what is wrong.
    """
    try:
        inside = share_inside(scene)
        if not inside:
            return 0.0
        with raster_env(), _Masking(scene, selection) as masking:
            return inside * masking.share()[0]
    except SceneError:
        return 1.0


def glance(scene: Scene, selection: Selection, progress: Progress) -> Glance:
    """Return what a few blocks tell: the share of valid pixels, and whether a band's values are those of Collection 2.

    Values are looked at in the first chosen band alone, so that one file at most is opened besides the mask: of a scene
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
    role = selection.roles[0]
    try:
        with raster_env(), _Masking(scene, selection) as masking:
            share, windows = masking.share()
            values = _values(masking, windows, progress)
        out_of_range = count_out_of_range(values)
        looks = look(values, out_of_range, not scene.bands[role].values.on_scale)
        doubt = suspicion(out_of_range, values.size, looks, role)
    except SceneError:
        pass  # as in `valid_share`
    return Glance(share, doubt)


class _Masking:
    """Which pixels of some blocks are valid, by the mask or, without one, by the first chosen band."""

    def __init__(self, scene: Scene, selection: Selection) -> None:
        self._scene = scene
        self._bits = np.uint16(QA_FILL | flag_bits(selection.mask.flags))
        self._band = scene.bands[selection.roles[0]]
        self._width = scene.checked_grid().width
        self._open: dict[str, Any] = {}
        self._stack = ExitStack()

    def __enter__(self) -> _Masking:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def _lent(self, path: str) -> Iterator[Any]:
        """Lend a file of the scene, which stays open."""
        if path not in self._open:
            dataset = open_file(self._scene, path)
            self._open[path] = self._stack.enter_context(dataset)
        yield self._open[path]

    @property
    def band_blocks(self) -> int:
        """Blocks in which the first chosen band is looked at."""
        return _BAND_BLOCKS_AFAR if is_remote(self._band.path) else _BAND_BLOCKS

    def share(self) -> tuple[float, list[Window]]:
        """Return the share of valid pixels in blocks spread over the file that tells, and those blocks with any."""
        pixels = valid = 0
        found = []
        tells = self._scene.masks[0] if self._scene.masks else self._band
        with self._lent(tells.path) as dataset:
            most = _BLOCKS_AFAR if is_remote(tells.path) else _BLOCKS
            windows = list(_spread_blocks(dataset, self._width // dataset.width, most))
        for window in windows:
            good = self.valid(window)
            pixels += good.size
            n = int(np.count_nonzero(good))
            valid += n
            if n:
                found.append(window)
        return valid / pixels, found

    def valid(self, window: Window) -> NDArray[np.bool_]:
        """Return which pixels of a window are valid, by the file that tells; SceneError if it cannot be read."""
        if not self._scene.masks:
            good: NDArray[np.bool_] = self.dn(window) != FILL
            return good
        words = _empty(window)
        refusal = partial(unreadable, self._scene.id, window)
        read_masks(self._scene.masks, self._lent, window, refusal, words, self._width)
        return (words & self._bits) == 0

    def dn(self, window: Window) -> NDArray[np.uint16]:
        """Return the first chosen band in a window; SceneError if it cannot be read."""
        dn = _empty(window)
        path = self._band.path
        with self._lent(path) as dataset:
            read_bands(dataset, [self._band], window, unreadable(self._scene.id, window, path), [dn])
        return dn


def _empty(window: Window) -> NDArray[np.uint16]:
    return np.empty((window.bottom - window.top, window.right - window.left), np.uint16)


def _values(masking: _Masking, windows: Sequence[Window], progress: Progress) -> DN:
    """Return (1, n) values of the first chosen band at valid pixels, in some of the windows."""
    found = [np.empty(0, np.uint16)]
    check_cancelled(progress)
    for i in _spread(len(windows), min(len(windows), masking.band_blocks)):
        check_cancelled(progress)
        values = masking.dn(windows[i])[masking.valid(windows[i])]
        found.append(values[values != FILL])
    return np.concatenate(found)[np.newaxis]


def _spread_blocks(dataset: Any, repeated: int, most: int) -> Iterator[Window]:
    """Yield at most `most` of a file's blocks, on a grid over all of it, in pixels a `repeated`th as wide."""
    height, width = dataset.block_shapes[0]
    down, across = math.ceil(dataset.height / height), math.ceil(dataset.width / width)
    columns = min(across, math.isqrt(most))
    rows = min(down, most // columns)
    for top in _spread(down, rows):
        for left in _spread(across, columns):
            row, column = top * height, left * width
            ends = (row, min(row + height, dataset.height), column, min(column + width, dataset.width))
            yield Window(*(end * repeated for end in ends))


def _spread(n: int, wanted: int) -> list[int]:
    """Return `wanted` of the numbers 0..n-1, evenly spread."""
    return [(2 * i + 1) * n // (2 * wanted) for i in range(wanted)]
