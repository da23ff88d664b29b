"""The only door to rasterio for reading: open files, handles for threads, and the environment GDAL needs.

rasterio is imported inside the functions, so that a missing package is reported by the algorithms and not at load.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import IIkMCError, SceneError, first_line
from .archives import IN_ARCHIVE
from .complaints import complaints
from .remote import (
    AT_OPENING,
    HTTP,
    OPTIONS,
    PAUSES,
    REMOTE,
    is_final,
    is_remote,
    keep_secrets,
    what_to_do,
    without_secrets,
)
from .scene import Scene, Window
from .sidecars import MASK_ENDING, what_is_odd

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

# Two tile rows of a full scene (8000 x 256 pixels x 2 bytes = 4 MB) for each of 8 files: a strip's blocks stay until
# the strip is read.
_BLOCK_CACHE_BYTES = 64 << 20
# Some rows of tiles of a full scene's classes (8000 x 256 bytes = 2 MB).
_WRITING_CACHE_BYTES = 8 << 20
SCENE_DRIVERS = ("GTiff", "JP2OpenJPEG")
"""GDAL's drivers that scenes are read with; neither follows a reference to another file or to the network."""
_TITLES = {"GTiff": "GeoTIFF", "JP2OpenJPEG": "JPEG 2000"}
# In what GDAL says where none of the drivers that may open a file knows its format.
_NOT_RECOGNIZED = "not recognized as"


@contextmanager
def raster_env() -> Iterator[None]:
    """Set up GDAL for the calling thread; every thread that touches rasterio enters it.

    A rasterio wheel brings its own PROJ data, but QGIS on Windows and macOS points PROJ_DATA at another PROJ's, and
    each thread reads that variable afresh: where such data lie in the package, they are named explicitly.
    """
    import rasterio
    from rasterio.env import get_gdal_config

    # What the user has set, by whatever way, stays.
    options = {name: value for name, value in OPTIONS.items() if get_gdal_config(name) is None}
    # No sidecar is looked for, unless one is known to be there: a folder listing per opened file costs more than the
    # open itself on network disks. One thread: GDAL decodes JPEG 2000 on threads of its own otherwise, of whose errors
    # it tells nobody, so that the pixels of a truncated file would be read as fill; the strips keep the cores busy.
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_NUM_THREADS="1", **options):
        own_data = Path(rasterio.__file__).parent / "proj_data"
        if own_data.is_dir():
            from rasterio._env import set_proj_data_search_path

            set_proj_data_search_path(str(own_data))
        yield


@contextmanager
def small_block_cache() -> Iterator[None]:
    """Keep GDAL's cache of decoded blocks small for the whole run.

    Every block is decoded once, so GDAL's default of 5 % of the memory would hold a gigabyte for nothing. The cache is
    the process's: it is set by the calling thread before the others start, and put back after they are done.
    """
    import rasterio

    with rasterio.Env(GDAL_CACHEMAX=_BLOCK_CACHE_BYTES):
        yield


@contextmanager
def smallest_block_cache() -> Iterator[None]:
    """Keep GDAL's cache of blocks too small for a raster, while rasters are written by several threads.

    What it holds is compressed when the overviews are made or the file is closed, and other threads of Python stand
    still meanwhile; what finds no room is compressed as it is written, and they go on (measured: two full scenes on two
    threads 1.5 -> 1.2 s, the same bytes).
    """
    import rasterio

    with rasterio.Env(GDAL_CACHEMAX=_WRITING_CACHE_BYTES):
        yield


def open_raster(
    path: str | Path,
    refusal: Callable[[str], IIkMCError],
    drivers: Sequence[str] = SCENE_DRIVERS,
    sidecars: Sequence[str] = (),
) -> Any:
    """Return an open dataset of rasterio, for one thread at a time.

    Parameters
    ----------
    path
        A file on disk, a member of a bundle as `Location.raster_path` names it, or on a server with all its secrets.
    refusal
        From GDAL's reason, which is part of a sentence, to the error that the caller's user shall meet.
    drivers
        GDAL's drivers that may open it. A name says nothing of what is in a file, and there are formats that name
        other files and addresses, which GDAL would read.
    sidecars
        Paths of the files beside it that GDAL shall read with it; without any it looks for none.

    Raises
    ------
    IIkMCError
        That of `refusal`: it cannot be opened.
    """
    # Absolute: a relative path may begin as an address does (http:/...), or as a prefix of GDAL's (GTIFF_RAW:).
    place = os.fspath(path)
    place = place if place.startswith((*IN_ARCHIVE, *REMOTE)) else os.path.abspath(place)
    if not sidecars:
        return _opened(place, refusal, drivers)
    problem = what_is_odd(place)
    if problem:
        raise refusal(problem)
    import rasterio

    # GDAL asks for each name that a sidecar can have, which is a few, and lists no folder.
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="TRUE"):
        for mask in sidecars:
            # GDAL would open it with any driver, and follow it anywhere.
            if mask.lower().endswith(MASK_ENDING):
                _opened(mask, partial(_of_mask, refusal, file_name(mask)), ("GTiff",)).close()
        return _opened(place, refusal, drivers)


def _of_mask(refusal: Callable[[str], IIkMCError], name: str, reason: str) -> IIkMCError:
    return refusal(f"{name} beside it: {reason}")


def _opened(place: str, refusal: Callable[[str], IIkMCError], drivers: Sequence[str]) -> Any:
    import rasterio
    from rasterio.errors import RasterioError

    told: Exception = OSError("no driver")
    keep_secrets()
    for driver in drivers:
        try:
            # sharing=False: a handle is never used by two threads at once.
            with rasterio.Env(**AT_OPENING) if is_remote(place) else nullcontext():
                return rasterio.open(place, driver=driver, sharing=False)
        except (RasterioError, OSError) as error:
            # That of the driver which knows the format says what is wrong.
            if driver == drivers[0] or _NOT_RECOGNIZED not in str(error):
                told = error
    titles = [_TITLES.get(driver, driver) for driver in drivers]
    reason = f"it is no {' or '.join(titles)}" if _NOT_RECOGNIZED in str(told) else _reason(told)
    # What GDAL says has the whole address in it, which no traceback may show.
    raise refusal(reason) from (None if is_remote(place) else told)


@dataclass(frozen=True)
class Planes:
    """A window of some bands of a file, as they are stored."""

    values: NDArray[Any]
    """(n_bands, height, width) of the file's type."""
    nodata: tuple[float | None, ...]
    """The file's nodata tag of each band."""
    hidden: NDArray[np.bool_] | None
    """(height, width) where the file's own mask band says that there is no data; None = it has none."""

    def mark(self, marked: int) -> None:
        """Put `marked` where the file says that there is no data, changed in place."""
        for plane, nodata in zip(self.values, self.nodata):
            # A number that the type cannot hold (-9999, not a number) marks no pixel.
            # By comparisons: "in" goes through all of a range for a float, which takes 4 ms.
            fits = nodata is not None and 0 <= nodata <= np.iinfo(plane.dtype).max and float(nodata).is_integer()
            if nodata is not None and fits and nodata != marked:
                plane[plane == int(nodata)] = marked
            if self.hidden is not None:
                plane[self.hidden] = marked


def read_planes(
    dataset: Any, bands: Sequence[int], window: Window, refusal: Callable[[str], IIkMCError], out: Any = None
) -> Planes:
    """Read a window of some bands of a raster, all at once: where they share blocks, each is decoded once.

    Parameters
    ----------
    dataset
        Of `open_raster`.
    bands
        Their numbers, from 1.
    window
        Which rows and columns.
    refusal
        As for `open_raster`.
    out : (n_bands, height, width), optional
        What to read into, changed in place.

    Raises
    ------
    IIkMCError
        That of `refusal`: it cannot be read there, as a truncated file, or GDAL made up pixels.
    """
    from rasterio.errors import RasterioError
    from rasterio.windows import Window as Part

    height, width = window.bottom - window.top, window.right - window.left
    part = Part(window.left, window.top, width, height)
    place, failures = dataset.name, (RasterioError, OSError)

    def read(source: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None, list[str]]:
        hidden = None
        with complaints() as damage:
            values = source.read(list(bands), window=part, out=out)
            flags = {flag.name for flag in source.mask_flag_enums[bands[0] - 1]}
            if "per_dataset" in flags and "alpha" not in flags:
                hidden = source.read_masks(bands[0], window=part) == 0
        return values, hidden, damage

    try:
        values, hidden, damage = read(dataset)
    except failures as error:
        if not is_remote(place):
            raise refusal(_reason(error)) from error
        values, hidden, damage = _read_again(dataset, read, _reason(error), refusal)
    if damage:
        raise refusal(first_line(ValueError(damage[0])).rstrip("."))
    return Planes(values, tuple(dataset.nodatavals[band - 1] for band in bands), hidden)


_names = itertools.count()


def _read_again(dataset: Any, read: Callable[[Any], T], reason: str, refusal: Callable[[str], IIkMCError]) -> T:
    """Return what is read of a file on a server at the second or third try, each after a longer pause.

    GDAL asks again by itself where a server is busy, but not where a transfer is cut off; and it tells the server's
    answer when a file is opened, not when it is read.

    Parameters
    ----------
    dataset, read
        What could not be read, and what to do with it when it is opened again, by the same driver.
    reason
        Why the first try failed.
    refusal
        As for `open_raster`.

    Raises
    ------
    IIkMCError
        That of `refusal`: the server says no, or the last try failed.
    """
    import rasterio
    from rasterio.errors import RasterioError

    place = dataset.name
    for pause in PAUSES:
        # What is behind # is never sent. GDAL, which keeps what came in part as if that were all there is, takes this
        # for a file not seen yet.
        name = f"{place}#{next(_names)}" if place.startswith(HTTP) else place
        try:
            with rasterio.open(name, driver=dataset.driver, sharing=False) as source:
                time.sleep(pause)
                return read(source)
        except (RasterioError, OSError) as error:
            reason = _reason(error)
            if is_final(reason):
                break
    raise refusal(reason) from None


def read_window(
    dataset: Any, window: Window, refusal: Callable[[str], IIkMCError], marked: int | None = None
) -> NDArray[Any]:
    """Return a window of a raster's first band, (height, width) of its type.

    Parameters
    ----------
    dataset, window, refusal
        As for `read_planes`.
    marked
        What to put where the file's nodata tag or its mask band says that there is no data; None = leave it.

    Raises
    ------
    IIkMCError
        That of `refusal`, as `read_planes` does.
    """
    planes = read_planes(dataset, (1,), window, refusal)
    if marked is not None:
        planes.mark(marked)
    values: NDArray[Any] = planes.values[0]
    return values


def open_band(scene_id: str, path: str, sidecars: Sequence[str] = (), opening: str = "") -> Any:
    """Return an open dataset of a scene's file; see `open_raster`.

    Parameters
    ----------
    scene_id, path
        Whose file, and which.
    sidecars
        As for `open_raster`.
    opening
        What rasterio opens, where that is another than the path; see `Scene.openings`.

    Raises
    ------
    SceneError
        It cannot be opened.
    """

    def refusal(reason: str) -> SceneError:
        if is_remote(path):
            return _not_had(scene_id, path, reason)
        return SceneError(
            f"Scene {scene_id}: {file_name(path)} cannot be opened as a raster ({reason}); download the scene again."
        )

    return open_raster(opening or path, refusal, sidecars=sidecars)


def open_file(scene: Scene, path: str) -> Any:
    """Return an open dataset of one of a scene's files; SceneError if it cannot be opened."""
    return open_band(scene.id, path, scene.sidecars.get(path, ()), scene.openings.get(path, ""))


def _not_had(scene_id: str, path: str, reason: str) -> SceneError:
    what, remedy = what_to_do(path, reason)
    return SceneError(f"Scene {scene_id}: {file_name(path)} {what}; {remedy}.")


def unreadable(scene_id: str, window: Window, path: str) -> Callable[[str], SceneError]:
    """Return what makes an error of GDAL's reason why rows of a scene's file cannot be read."""

    def refusal(reason: str) -> SceneError:
        if is_remote(path):
            return _not_had(scene_id, path, reason)
        return SceneError(
            f"Scene {scene_id}: {file_name(path)} cannot be read at rows {window.top}-{window.bottom - 1} ({reason}); "
            "the file is damaged or incomplete, download the scene again."
        )

    return refusal


def file_name(path: str) -> str:
    """Return the last part of a path or of a path inside a bundle."""
    return PurePosixPath(path.replace("\\", "/")).name


def _reason(error: BaseException) -> str:
    # GDAL's own words stand in the cause where rasterio says only "See previous exception for details"; from its 1.4 on
    # that has causes as well, and the last of them says what happened.
    while error.__cause__ is not None:
        error = error.__cause__
    return without_secrets(first_line(error).rstrip("."))
