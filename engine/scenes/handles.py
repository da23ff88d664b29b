"""Open files of scenes and decoding buffers, lent to threads."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SceneError
from .files import open_file, raster_env
from .scene import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray


# Files of a server that are asked for at the same time, of all strips that are being read: enough to keep two cores
# decoding where each answer takes as long as its decoding.
_FETCHERS = 8


def _with_env(call: Callable[[], Any]) -> Any:
    with raster_env():
        return call()


class Handles:
    """Open datasets that threads borrow, each used by one thread at a time, and a thread's decoding buffers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self._idle: dict[str, list[Any]] = {}
        self._tiles: dict[str, tuple[int, int]] = {}
        self._fetchers: ThreadPoolExecutor | None = None

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
            dataset = open_file(scene, path)
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
        with open_file(scene, path) as dataset:
            if dataset.driver != "GTiff":
                return False
            height, width = dataset.block_shapes[0]
            place = f"BLOCK_SIZE_{column // width}_{row // height}"
            return not int(dataset.get_tag_item(place, "TIFF", bidx=band) or 0)

    def side_by_side(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Return what calls give that wait for a server more than they work, made at the same time.

        The first error among them is raised when all have ended, so that none still writes into memory of the caller's.
        """
        with self._lock:
            self._fetchers = self._fetchers or ThreadPoolExecutor(_FETCHERS, "iikmc-fetch")
        futures = [self._fetchers.submit(_with_env, call) for call in calls]
        wait(futures)
        return [future.result() for future in futures]

    def close_file(self, path: str) -> None:
        """Close the idle handles of one file."""
        with self._lock:
            datasets = self._idle.pop(path, [])
        for dataset in datasets:
            dataset.close()

    def close(self) -> None:
        """Close everything."""
        if self._fetchers is not None:
            self._fetchers.shutdown()
        for path in list(self._idle):
            self.close_file(path)
