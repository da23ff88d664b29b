"""From a window of a scene's files to DN and flags of the one scale; whatever reads pixels of scenes does it here.

Landsat's values are what they shall become: they are decoded into their place, and nothing else is done. Of the others
the bands and masks that lie in one file are read at once and then converted, each into its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SceneError
from ..scenes.files import Planes, read_planes
from ..scenes.scene import Window
from ..sensors.flags import QA_FILL
from ..sensors.readings import FLOATS, BandFile, MaskFile
from ..sensors.scale import FILL
from .conversion import band_table, flag_table, float_to_dn, to_dn, to_flags

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scratch = Callable[[tuple[int, ...], str], NDArray[Any]]
    """Returns memory of a shape and a type to read into."""


def read_bands(
    dataset: Any,
    files: Sequence[BandFile],
    window: Window,
    refusal: Callable[[str], SceneError],
    out: Sequence[NDArray[np.uint16]],
    scratch: Scratch = np.empty,
) -> NDArray[np.bool_] | None:
    """Read bands of one file as DN.

    Parameters
    ----------
    dataset
        The open file.
    files
        Which of its bands, and what they store.
    window
        Which rows and columns.
    refusal
        From GDAL's reason to the error if it cannot be read.
    out
        One (height, width) a band, contiguous, written: DN; 0 where a value means fill, or the file's nodata tag or
        mask band says so.
    scratch
        Where memory for stored values comes from.

    Returns
    -------
    (height, width) bool or None
        Where a value of any of the bands was cut to the scale's range; None = nowhere.

    Raises
    ------
    SceneError
        That of `refusal`.
    """
    planes = _read(dataset, [file.band for file in files], window, refusal, out, scratch)
    if planes.values.dtype == np.uint16 and all(file.values.on_scale for file in files):
        planes.mark(FILL)
        for stored, made in zip(planes.values, out):
            if not np.shares_memory(stored, made):
                made[...] = stored
        return None
    cut: NDArray[np.bool_] = np.zeros(planes.values.shape[1:], bool)
    found = False
    for file, stored, nodata, made in zip(files, planes.values, planes.nodata, out):
        if stored.dtype.name in FLOATS:
            found |= float_to_dn(file.values, nodata, stored, made, cut)
        else:
            found |= to_dn(band_table(file.values, stored.dtype.name, nodata), stored, made, cut)
        if planes.hidden is not None:
            made[planes.hidden] = FILL
    return cut if found else None


def read_masks(
    masks: Sequence[MaskFile],
    lent: Callable[[str], AbstractContextManager[Any]],
    window: Window,
    refusal: Callable[[str], Callable[[str], SceneError]],
    out: NDArray[np.uint16],
    width: int,
    scratch: Scratch = np.empty,
) -> MaskFile | None:
    """Read masks as words of flags, all that lie in one file at once.

    A mask on a grid of pixels twice as wide and high, as that of Sentinel-2's bands of 10 m, tells the same of all of
    the scene's pixels that lie in one of its own; likewise three times, and so on.

    Parameters
    ----------
    masks
        What tells of flags.
    lent
        From a path to the open file.
    window
        Which rows and columns.
    refusal
        From a path and GDAL's reason to the error if it cannot be read.
    out
        (height, width), contiguous, written: the bits of `flags.FLAGS`, `QA_FILL` and `SATURATION` that any of the
        masks says; fill where a file's mask band or, in a file of one band, its nodata tag says so. Of Landsat's
        QA_PIXEL the words as they are, with bits of other meanings. As it was where there are no masks.
    width
        Columns of the scene's grid.
    scratch
        As for `read_bands`.

    Returns
    -------
    MaskFile or None
        That of QA_PIXEL; None where the words were made.

    Raises
    ------
    SceneError
        That of `refusal`.
    """
    for number, (path, places) in enumerate(by_path(mask.path for mask in masks).items()):
        some = [masks[place] for place in places]
        with lent(path) as dataset:
            repeated = width // dataset.width
            if repeated == len(masks) == 1 and some[0].is_flags and dataset.dtypes[some[0].band - 1] == "uint16":
                read_words(dataset, some[0].band, window, refusal(path), out, QA_FILL)
                return some[0]
            part = _coarser(window, repeated)
            words = out if number == 0 and repeated == 1 else np.empty(_shape(part), np.uint16)
            planes = _read(dataset, [mask.band for mask in some], part, refusal(path), [words], scratch)
            # Where each flag has a band of its own, a nodata tag of 0 would make fill of what carries no flag.
            tagged = dataset.count == 1
        for place, (mask, stored, nodata) in enumerate(zip(some, planes.values, planes.nodata)):
            to_flags(flag_table(mask, stored.dtype.name, nodata if tagged else None), stored, words, place == 0)
        if planes.hidden is not None:
            words[planes.hidden] |= np.uint16(QA_FILL)
        if words is not out:
            top, left = window.top - part.top * repeated, window.left - part.left * repeated
            fine = words.repeat(repeated, 0).repeat(repeated, 1)[top : top + out.shape[0], left : left + out.shape[1]]
            out[...] = fine if number == 0 else out | fine
    return None


def _coarser(window: Window, repeated: int) -> Window:
    """Return the pixels, each `repeated` as wide and as high, that a window lies in."""
    ends = (-(-window.bottom // repeated), -(-window.right // repeated))
    return Window(window.top // repeated, ends[0], window.left // repeated, ends[1])


def _shape(window: Window) -> tuple[int, int]:
    return window.bottom - window.top, window.right - window.left


def read_words(
    dataset: Any,
    band: int,
    window: Window,
    refusal: Callable[[str], SceneError],
    out: NDArray[np.uint16],
    marked: int = 0,
) -> None:
    """Read a mask as it is, such as QA_RADSAT.

    Parameters
    ----------
    dataset
        The open file.
    band
        Its number in the file, from 1.
    window, refusal
        As for `read_bands`.
    out
        (height, width), contiguous, written.
    marked
        What to put where the file says that there is no data.

    Raises
    ------
    SceneError
        That of `refusal`.
    """
    planes = _read(dataset, [band], window, refusal, [out], np.empty)
    planes.mark(marked)
    if not np.shares_memory(planes.values, out):
        out[...] = planes.values[0]


def by_path(paths: Iterable[str]) -> dict[str, list[int]]:
    """Return the places of each path: what lies in one file is read at once."""
    found: dict[str, list[int]] = {}
    for place, path in enumerate(paths):
        found.setdefault(path, []).append(place)
    return found


def _read(
    dataset: Any,
    bands: Sequence[int],
    window: Window,
    refusal: Callable[[str], SceneError],
    out: Sequence[NDArray[np.uint16]],
    scratch: Scratch,
) -> Planes:
    """Return stored values, in the memory of what they become if they are one band of 16 bits."""
    dtype = dataset.dtypes[bands[0] - 1]
    if len(bands) == len(out) == 1 and np.dtype(dtype).itemsize == out[0].itemsize:
        into = out[0].view(dtype)[np.newaxis]
    else:
        into = scratch((len(bands), *_shape(window)), dtype)
    return read_planes(dataset, bands, window, refusal, into)
