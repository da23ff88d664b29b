"""The GPU kernel: blocks stay on the card with their labels; what does not fit, or fails, is done by a CPU kernel.

Of a block, its pixels travel to the card once. From then on an iteration sends the centres and gets the changes of the
tally back, k (n_bands + 1) + 1 integers; its labels come home when somebody asks for them (`Block.labels`).

One lock lets one thread at a time use the card, on one stream. The threads of a run are new ones in every iteration, so
a stream a thread would mean new streams and, in CuPy's memory pool, new arenas all the time; the card works on one
block at a time in any case, as a block fills it, and memory that one stream frees is never taken by another too early.
Meanwhile the other threads decode, or label the blocks that did not fit.

Nothing is lost when the card fails: labels are a function of the pixels and of the centres that they were made with,
so a CPU kernel makes them again, and goes on.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from ..records import Block, Tally
from . import cuda_source, nvrtc

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from ..records import DN, Grid64, Labels
    from . import Kernel
    from .drift import Drift

MEMORY_SHARE = 0.85
"""Of the card's free memory when the run starts: the rest is for the display, other programs and CuPy itself."""

UPLOADING, LABELLING, FETCHING = "copying pixels to it", "labelling", "fetching the labels from it"
"""What a card does when it fails."""

_ON_CARD, _ON_CPU = "card", "cpu"
# Rows of pixels begin at a multiple of this many, which makes them whole cache lines.
_ALIGNMENT = 64
# Thread blocks a multiprocessor should get, so that all of them are busy to the end of a small block of pixels.
_BLOCKS_EACH = 8


class Budget:
    """Bytes of the card's memory that blocks may still take; any thread may ask."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take some bytes if they are left."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """Return bytes."""
        with self._lock:
            self._left += size

    def exhaust(self) -> None:
        """Let nobody take any more, whatever is returned: the card had less than it said."""
        with self._lock:
            self._left = -(1 << 62)


class Card:
    """The CUDA device: uploads, runs and downloads, one caller at a time.

    Raises
    ------
    Exception
        Of any kind, from every method: whatever CuPy, the driver or the compiler raises.
    """

    def __init__(self, device: int) -> None:
        import cupy

        self.cupy: ModuleType = cupy
        self.device = device
        self.lock = threading.RLock()
        self.least_steps = 1
        """Times that a thread takes pixels, at least; a test sets it, for many are usual in large blocks alone."""
        self._device = cupy.cuda.Device(device)
        name = cupy.cuda.runtime.getDeviceProperties(device)["name"]
        self.name = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        """The maker's, such as "NVIDIA H200"."""
        self._kernels: dict[tuple[int, int], Any] = {}
        # Of the last shape of centres: one run has one.
        self._buffers: tuple[tuple[int, int], Any, Any] | None = None
        with self._device:
            self._multiprocessors = int(self._device.attributes["MultiProcessorCount"])
            self._stream = cupy.cuda.Stream(non_blocking=True)

    def free_memory(self) -> int:
        """Return the bytes of the card's memory that nobody has."""
        with self.lock, self._device:
            return int(self.cupy.cuda.runtime.memGetInfo()[0])

    def compile(self, k: int, n_bands: int) -> Any:
        """Return the kernel for so many classes and bands; CuPy keeps what it compiled on disk."""
        with self.lock, self._device:
            kernel = self._kernels.get((k, n_bands))
            if kernel is None:
                nvrtc.preload()
                kernel = self.cupy.RawKernel(cuda_source.SOURCE, cuda_source.NAME, cuda_source.options(k, n_bands))
                kernel.compile()
                self._kernels[k, n_bands] = kernel
            return kernel

    @staticmethod
    def stride(n: int) -> int:
        """Return how many pixels a row of n takes on the card."""
        return -(-n // _ALIGNMENT) * _ALIGNMENT

    def shape(self, n: int) -> tuple[int, int]:
        """Return into how many thread blocks n pixels go, and how many times each thread takes some."""
        groups = -(-n // (cuda_source.GROUP * cuda_source.THREADS))
        steps = min(max(groups // (_BLOCKS_EACH * self._multiprocessors), self.least_steps), cuda_source.MOST_STEPS)
        return -(-groups // steps), steps

    def upload(self, dn: DN) -> tuple[Any, Any]:
        """Return room for labels and a copy of the pixels, (n_bands, stride) of which the first n_valid are set."""
        n_bands, n = dn.shape
        with self.lock, self._device, self._stream:
            pixels = self.cupy.empty((n_bands, self.stride(n)), np.uint16)
            labels = self.cupy.empty(self.stride(n), np.uint8)
            for b in range(n_bands):
                pixels[b, :n].set(dn[b], stream=self._stream)
            self._stream.synchronize()
            return pixels, labels

    def set_labels(self, there: Any, labels: Labels) -> None:
        """Copy labels to the card."""
        with self.lock, self._device, self._stream:
            there[: labels.shape[0]].set(labels, stream=self._stream)
            self._stream.synchronize()

    def get_labels(self, there: Any, labels: Labels) -> None:
        """Copy labels from the card, in place."""
        with self.lock, self._device, self._stream:
            there[: labels.shape[0]].get(stream=self._stream, out=labels)
            self._stream.synchronize()

    def run(self, pixels: Any, labels: Any, n: int, centres: Grid64) -> NDArray[np.int64]:
        """Label n pixels on the card anew.

        Returns
        -------
        (k * (n_bands + 1) + 1,) int64
            Changes of the classes' sums and members, class by class, and how many pixels changed class.
        """
        k, n_bands = centres.shape
        kernel = self.compile(k, n_bands)
        exact = np.ascontiguousarray(centres, np.int32)
        blocks, steps = self.shape(n)
        with self.lock, self._device, self._stream:
            there, sums = self._room(k, n_bands)
            there.set(exact, stream=self._stream)
            sums.data.memset_async(0, sums.nbytes, self._stream)
            arguments = (
                pixels, np.int64(pixels.shape[1]), np.int64(n), labels, there, np.int32(steps), sums,
            )  # fmt: skip
            kernel((blocks,), (cuda_source.THREADS,), arguments)
            changes: NDArray[np.int64] = sums.get(stream=self._stream)
            self._stream.synchronize()
            return changes

    def _room(self, k: int, n_bands: int) -> tuple[Any, Any]:
        """Return room for centres and sums."""
        if self._buffers is None or self._buffers[0] != (k, n_bands):
            there = self.cupy.empty((k, n_bands), np.int32)
            sums = self.cupy.empty(cuda_source.rows(k, n_bands), np.int64)
            self._buffers = (k, n_bands), there, sums
        return self._buffers[1:]

    def tidy(self) -> None:
        """Give memory that is not in use back to the driver."""
        with self.lock, self._device:
            self.cupy.get_default_memory_pool().free_all_blocks()


class OnCard:
    """A block's pixels and labels on the card: the `records.Resident` of a block."""

    def __init__(self, card: Card, fallback: Kernel | None, dn: DN, give_up: Callable[[str, Exception], None]) -> None:
        self._card = card
        self._fallback = fallback
        self._give_up = give_up
        # Rasters and statistics are made by two threads, which may want the same block's labels.
        self._lock = threading.RLock()
        self._pixels, self._labels = card.upload(dn)
        # Whether the host's labels may be other than the card's, and whether they are out of date.
        self._host_may_differ, self._host_is_old = True, False
        self._centres: Grid64 | None = None

    def relabel(self, block: Block, centres: Grid64) -> int:
        """Label on the card and bring the tally up to date; the labels stay there.

        Raises
        ------
        Exception
            Of any kind; the tally is as it was then, and `restore` gives the labels that belong to it.
        """
        if self._host_may_differ:
            self._card.set_labels(self._labels, block.kept)
            self._host_may_differ = False
        k, n_bands = centres.shape
        changes = self._card.run(self._pixels, self._labels, block.size, centres)
        by_class = changes[:-1].reshape(k, n_bands + 1)
        block.tally.count += by_class[:, n_bands]
        block.tally.total += by_class[:, :n_bands]
        changed = int(changes[-1])
        self._host_is_old |= changed > 0
        self._centres = centres.copy()
        # Keys of a CPU kernel belong to labels that are gone.
        block.gaps = None
        return changed

    def bring_home(self, block: Block) -> None:
        """Bring the host's labels up to date; whoever gets them may change them. Any number of threads may ask."""
        with self._lock:
            if self._host_is_old:
                try:
                    self._card.get_labels(self._labels, block.kept)
                    self._host_is_old = False
                except Exception as error:  # noqa: BLE001 - whatever befell the card, the labels can be made again
                    self.restore(block)
                    self._give_up(FETCHING, error)
            self._host_may_differ = True

    def restore(self, block: Block) -> None:
        """Leave the card, with the labels of the last centres that it finished."""
        with self._lock:
            if self._host_is_old and self._centres is not None:
                if self._fallback is None:
                    raise RuntimeError("the card failed and nothing else may label")
                # The tally is theirs already, and another thread may be reading it.
                again = Block(
                    block.strip, block.valid, block.held, np.zeros_like(block.kept), Tally.zero(*self._centres.shape)
                )
                self._fallback.relabel(again, self._centres)
                block.kept[:] = again.kept
                self._host_is_old = False
            block.resident = None


class CupyKernel:
    """Labels on a CUDA device as long as there is room and nothing fails; the rest by a CPU kernel."""

    name = "gpu"

    def __init__(self, card: Card, fallback: Kernel | None) -> None:
        """Plan for the card's memory that is free now.

        Parameters
        ----------
        card
            The device.
        fallback
            Labels what the card cannot. None = raise what the card raises, as a test wants it.
        """
        self._card = card
        self._fallback = fallback
        self._budget = Budget(int(MEMORY_SHARE * card.free_memory()))
        self._lock = threading.Lock()
        self._labelled = {_ON_CARD: 0, _ON_CPU: 0}
        self.trouble = ""
        """What the card did when it was given up during the run, and why; empty while it works."""

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        resident = self._resident(block)
        if resident is not None:
            try:
                changed = resident.relabel(block, centres)
            except Exception as error:
                if self._fallback is None:
                    raise
                resident.restore(block)
                # The card's memory is free from here on.
                del resident
                self._give_up(LABELLING, error)
            else:
                self._count(_ON_CARD, block)
                return changed
        if self._fallback is None:
            raise MemoryError("the card has no room for a block of pixels")
        self._count(_ON_CPU, block)
        return self._fallback.relabel(block, centres, drift)

    def take_in(self, block: Block) -> None:
        """Put a block on the card if there is room; any thread may call."""
        self._resident(block)

    def about(self) -> dict[str, Any]:
        """Return what did the work, for the run's record: the card, the CPU's kernel and their shares."""
        with self._lock:
            whole = sum(self._labelled.values())
            percent = {what: 100.0 * pixels / whole if whole else 0.0 for what, pixels in self._labelled.items()}
        return {"card": self._card.name, "beside": self._fallback.name if self._fallback else None, "percent": percent}

    def _count(self, what: str, block: Block) -> None:
        with self._lock:
            self._labelled[what] += block.size

    def _resident(self, block: Block) -> OnCard | None:
        """Return the block's copy on the card, made now if there is room; None if the CPU must do."""
        if isinstance(block.resident, OnCard):
            return block.resident
        dn = block.dn
        size = Card.stride(dn.shape[1]) * (2 * dn.shape[0] + 1)
        if self.trouble or size == 0 or not self._budget.take(size):
            return None
        try:
            resident = OnCard(self._card, self._fallback, dn, self._give_up)
        except Exception as error:
            self._budget.give_back(size)
            if self._fallback is None:
                raise
            self._give_up(UPLOADING, error)
            return None
        weakref.finalize(resident, self._budget.give_back, size).atexit = False
        block.resident = resident
        return resident

    def _give_up(self, doing: str, error: Exception) -> None:
        """Put no more blocks on the card; after anything but a lack of memory, remember what it was."""
        self._budget.exhaust()
        if isinstance(error, self._card.cupy.cuda.memory.OutOfMemoryError):
            try:
                self._card.tidy()
                return
            except Exception as worse:  # noqa: BLE001 - likewise
                error = worse
        with self._lock:
            self.trouble = self.trouble or f"{doing} ({summary(error)})"


def summary(error: BaseException) -> str:
    """Return an error's kind and first line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
