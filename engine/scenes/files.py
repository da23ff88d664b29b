"""The only door to rasterio for reading: open files, handles for threads, and the environment GDAL needs.

rasterio is imported inside the functions, so that a missing package is reported by the algorithms and not at load.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import IIkMCError, SceneError, first_line
from .archives import IN_ARCHIVE
from .complaints import complaints
from .scene import Scene, Window
from .sidecars import MASK_ENDING, what_is_odd

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Two tile rows of a full scene (8000 x 256 pixels x 2 bytes = 4 MB) for each of 8 files: a strip's blocks stay until
# the strip is read.
_BLOCK_CACHE_BYTES = 64 << 20
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

    # No sidecar is looked for, unless one is known to be there: a folder listing per opened file costs more than the
    # open itself on network disks. One thread: GDAL decodes JPEG 2000 on threads of its own otherwise, of whose errors
    # it tells nobody, so that the pixels of a truncated file would be read as fill; the strips keep the cores busy.
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_NUM_THREADS="1"):
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
        A file on disk, or a member of a bundle as `Location.raster_path` names it.
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
    place = place if place.startswith(IN_ARCHIVE) else os.path.abspath(place)
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
    for driver in drivers:
        try:
            # sharing=False: a handle is never used by two threads at once.
            return rasterio.open(place, driver=driver, sharing=False)
        except (RasterioError, OSError) as error:
            # That of the driver which knows the format says what is wrong.
            if driver == drivers[0] or _NOT_RECOGNIZED not in str(error):
                told = error
    titles = [_TITLES.get(driver, driver) for driver in drivers]
    reason = f"it is no {' or '.join(titles)}" if _NOT_RECOGNIZED in str(told) else _reason(told)
    raise refusal(reason) from told


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
    hidden = None
    try:
        with complaints() as damage:
            values = dataset.read(list(bands), window=part, out=out)
            flags = {flag.name for flag in dataset.mask_flag_enums[bands[0] - 1]}
            if "per_dataset" in flags and "alpha" not in flags:
                hidden = dataset.read_masks(bands[0], window=part) == 0
    except (RasterioError, OSError) as error:
        raise refusal(_reason(error)) from error
    if damage:
        raise refusal(first_line(ValueError(damage[0])).rstrip("."))
    return Planes(values, tuple(dataset.nodatavals[band - 1] for band in bands), hidden)


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


def open_band(scene_id: str, path: str, sidecars: Sequence[str] = ()) -> Any:
    """Return an open dataset of a scene's file; see `open_raster`.

    Raises
    ------
    SceneError
        It cannot be opened.
    """
    return open_raster(
        path,
        lambda reason: SceneError(
            f"Scene {scene_id}: {file_name(path)} cannot be opened as a raster ({reason}); download the scene again."
        ),
        sidecars=sidecars,
    )


class Handles:
    """Open datasets that threads borrow, each used by one thread at a time, and a thread's decoding buffers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self._idle: dict[str, list[Any]] = {}
        self._tiles: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Handles:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def buffers(self, count: int, shape: tuple[int, int]) -> NDArray[np.uint16]:
        """Return (count, height, width) uint16 to decode into; the thread's next call gives the same memory again.

        New memory for each strip would be zeroed by the system first, which takes a third of the time of decoding.
        """
        size = count * shape[0] * shape[1]
        buffer: NDArray[np.uint16] | None = getattr(self._own, "buffer", None)
        if buffer is None or buffer.size < size:
            buffer = self._own.buffer = np.empty(size, np.uint16)
        return buffer[:size].reshape(count, *shape)

    def scratch(self, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
        """Return memory for what is converted while it is read; the thread's next call gives the same again."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        memory: NDArray[np.uint8] | None = getattr(self._own, "scratch", None)
        if memory is None or memory.size < size:
            memory = self._own.scratch = np.empty(size, np.uint8)
        return memory[:size].view(dtype).reshape(shape)

    @contextmanager
    def lent(self, scene: Scene, path: str) -> Iterator[Any]:
        """Lend an open dataset of a scene's file to the calling thread.

        Raises
        ------
        SceneError
            The file cannot be opened.
        """
        with self._lock:
            idle = self._idle.setdefault(path, [])
            dataset = idle.pop() if idle else None
        if dataset is None:
            dataset = open_band(scene.id, path, scene.sidecars.get(path, ()))
        try:
            yield dataset
        except SceneError:
            dataset.close()
            raise
        with self._lock:
            self._idle[path].append(dataset)
            self._tiles[path] = dataset.block_shapes[0]

    def tiles(self, path: str) -> tuple[int, int]:
        """Return height and width of the tiles of a file of which rows were read."""
        return self._tiles[path]

    def lacks(self, scene: Scene, path: str, band: int, row: int, column: int) -> bool:
        """Tell whether a file holds not one byte of a band's tile with this pixel, which then decodes to fill."""
        with open_band(scene.id, path, scene.sidecars.get(path, ())) as dataset:
            if dataset.driver != "GTiff":
                return False
            height, width = dataset.block_shapes[0]
            place = f"BLOCK_SIZE_{column // width}_{row // height}"
            return not int(dataset.get_tag_item(place, "TIFF", bidx=band) or 0)

    def close_file(self, path: str) -> None:
        """Close the idle handles of one file."""
        with self._lock:
            datasets = self._idle.pop(path, [])
        for dataset in datasets:
            dataset.close()

    def close(self) -> None:
        """Close everything."""
        for path in list(self._idle):
            self.close_file(path)


def unreadable(scene_id: str, window: Window, path: str) -> Callable[[str], SceneError]:
    """Return what makes an error of GDAL's reason why rows of a scene's file cannot be read."""

    def refusal(reason: str) -> SceneError:
        return SceneError(
            f"Scene {scene_id}: {file_name(path)} cannot be read at rows {window.top}-{window.bottom - 1} ({reason}); "
            "the file is damaged or incomplete, download the scene again."
        )

    return refusal


def file_name(path: str) -> str:
    """Return the last part of a path or of a path inside a bundle."""
    return PurePosixPath(path.replace("\\", "/")).name


def _reason(error: BaseException) -> str:
    # GDAL's own words stand in the cause where rasterio says only "See previous exception for details".
    return first_line(error.__cause__ or error).rstrip(".")
