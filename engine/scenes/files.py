"""The only door to rasterio for reading: headers, handles for threads, and the environment GDAL needs.

rasterio is imported inside the functions, so that a missing package is reported by the algorithms and not at load.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import IIkMCError, SceneError, first_line
from .places import stamp
from .scene import PixelGrid, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Two tile rows of a full scene (8000 x 256 pixels x 2 bytes = 4 MB) for each of 8 files: a strip's blocks stay until
# the strip is read.
_BLOCK_CACHE_BYTES = 64 << 20


@contextmanager
def raster_env() -> Iterator[None]:
    """Set up GDAL for the calling thread; every thread that touches rasterio enters it.

    A rasterio wheel brings its own PROJ data, but QGIS on Windows and macOS points PROJ_DATA at another PROJ's, and
    each thread reads that variable afresh: where such data lie in the package, they are named explicitly.
    """
    import rasterio

    # No sidecar is looked for: a folder listing per opened file costs more than the open itself on network disks.
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
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


@dataclass(frozen=True)
class Header:
    """What a band file says of itself."""

    name: str
    """File name."""
    grid: PixelGrid
    """Its pixel grid."""

    def same_grid(self, other: Header) -> bool:
        """Tell whether two files lie pixel on pixel."""
        mine, its = self.grid, other.grid
        # A thousandth of a pixel: MTL-made georeferences round to millimetres.
        tolerance = abs(mine.transform[0]) / 1000
        return (
            (mine.width, mine.height) == (its.width, its.height)
            and mine.crs == its.crs
            and all(abs(a - b) <= tolerance for a, b in zip(mine.transform, its.transform))
        )

    def describe(self) -> str:
        """Return size, origin and CRS in words."""
        _, _, x, _, _, y = self.grid.transform
        crs = self.grid.crs.to_string() if self.grid.crs else "no CRS"
        return f"{self.grid.width} x {self.grid.height} pixels at ({x:.0f}, {y:.0f}) in {crs[:40]}"


def read_header(scene_id: str, path: str) -> Header:
    """Open a file just to read its header, once as long as it does not change.

    The dialog's hint, Processing's check of the parameters (which blocks the window) and the run itself ask for the
    same headers one after the other; on a network disk opening a file takes far longer than asking for its date.

    Raises
    ------
    SceneError
        It is no readable single-band uint16 raster.
    """
    from rasterio.crs import CRS

    state = stamp(path)
    header, wkt = _read(scene_id, path) if state is None else _remembered(scene_id, path, state)
    if not wkt:
        return header
    # Of its own for each caller: PROJ's objects are not for several threads at once.
    with raster_env():
        return replace(header, grid=replace(header.grid, crs=CRS.from_wkt(wkt)))


@lru_cache(maxsize=4096)  # eight files each of 500 scenes
def _remembered(scene_id: str, path: str, _stamp: tuple[int, int]) -> tuple[Header, str]:
    """Return what `_read` does for a file of this size and date; an error is not remembered."""
    return _read(scene_id, path)


def _read(scene_id: str, path: str) -> tuple[Header, str]:
    """Return the header of a file without its CRS, and that as WKT, "" without one."""
    with raster_env(), open_band(scene_id, path) as dataset:
        name = file_name(path)
        if dataset.count != 1 or dataset.dtypes[0] != "uint16":
            raise SceneError(
                f"Scene {scene_id}: {name} has {dataset.count} band(s) of {dataset.dtypes[0]}, expected one of uint16; "
                "use the file as USGS delivers it."
            )
        grid = PixelGrid(
            width=dataset.width,
            height=dataset.height,
            transform=tuple(dataset.transform)[:6],
            crs=None,
            block_height=int(dataset.block_shapes[0][0]),
        )
        return Header(name, grid), dataset.crs.to_wkt() if dataset.crs else ""


def open_raster(path: str | Path, refusal: Callable[[str], IIkMCError]) -> Any:
    """Return an open dataset of rasterio, for one thread at a time.

    Parameters
    ----------
    path
        Any that GDAL opens.
    refusal
        From GDAL's reason, which is part of a sentence, to the error that the caller's user shall meet.

    Raises
    ------
    IIkMCError
        That of `refusal`: it cannot be opened.
    """
    import rasterio
    from rasterio.errors import RasterioError

    try:
        # sharing=False: a handle is never used by two threads at once.
        return rasterio.open(path, sharing=False)
    except (RasterioError, OSError) as error:
        raise refusal(_reason(error)) from error


def read_window(dataset: Any, window: Window, refusal: Callable[[str], IIkMCError], out: Any = None) -> Any:
    """Read a window of a raster's first band.

    Parameters
    ----------
    dataset
        Of `open_raster`.
    window
        Which rows and columns.
    refusal
        As for `open_raster`.
    out : (height, width), optional
        What to read into, changed in place.

    Returns
    -------
    (height, width) of the band's type

    Raises
    ------
    IIkMCError
        That of `refusal`: it cannot be read there, as a truncated file.
    """
    from rasterio.errors import RasterioError
    from rasterio.windows import Window as Part

    height, width = window.bottom - window.top, window.right - window.left
    try:
        return dataset.read(1, window=Part(window.left, window.top, width, height), out=out)
    except (RasterioError, OSError) as error:
        raise refusal(_reason(error)) from error


def open_band(scene_id: str, path: str) -> Any:
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
    )


class Handles:
    """Open datasets that threads borrow, each used by one thread at a time, and a thread's decoding buffers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self._idle: dict[str, list[Any]] = {}

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

    def read_rows(self, scene_id: str, path: str, row: int, height: int, width: int, out: Any) -> None:
        """Read full rows of a raster's only band into `out`, (height, width) uint16, changed in place.

        Raises
        ------
        SceneError
            The file cannot be opened or read there, as a truncated one.
        """
        with self._lock:
            idle = self._idle.setdefault(path, [])
            dataset = idle.pop() if idle else None
        if dataset is None:
            dataset = open_band(scene_id, path)

        def refusal(reason: str) -> SceneError:
            return SceneError(
                f"Scene {scene_id}: {file_name(path)} cannot be read at rows {row}-{row + height - 1} ({reason}); "
                "the file is damaged or incomplete, download the scene again."
            )

        try:
            read_window(dataset, Window(row, row + height, 0, width), refusal, out)
        except SceneError:
            dataset.close()
            raise
        with self._lock:
            self._idle[path].append(dataset)

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


def file_name(path: str) -> str:
    """Return the last part of a path or of a path inside a bundle."""
    return PurePosixPath(path.replace("\\", "/")).name


def _reason(error: BaseException) -> str:
    # GDAL's own words stand in the cause where rasterio says only "See previous exception for details".
    return first_line(error.__cause__ or error).rstrip(".")
