"""A CUDA card behind CuPy: how pixels, labels and centres get there and back, and how the kernel is started.

Lanes. Whoever uses the card takes one of a few lanes: a stream of its own with page-locked ("pinned") buffers, which
the card's copy engine reads by itself. While one thread's copy is under way, another's kernel runs, a third fills its
buffers, and the rest decode. Streams and buffers are made once, as the threads of a run are new ones in every step.

Safety. A lane is given back when its stream has done all that it was given, so nobody ever meets work under way: not
the owner of an array that is dropped, nor who takes the lane next. Device memory is taken on one stream's account
alone, whichever lane it is used in, so that CuPy's pool keeps one store of it and not one for each lane.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...pixels.block import Tally
from ..kernel import Change
from . import nvrtc, source

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from ...arrays import DN, Grid64, Labels

LANES = 3
"""Threads that use the card at a time: one copies, one labels, one fills its buffers."""
SLOT_BYTES = 4 << 20
"""Of a pinned buffer; a lane has two. A band of a usual block is as large."""

# Rows of pixels begin at a multiple of this many, which makes them whole cache lines.
_ALIGNMENT = 64
# Thread blocks a multiprocessor should get, so that all of them are busy to the end of a small block of pixels.
_BLOCKS_EACH = 8


class _Slot:
    """A pinned buffer, and the event after which it may be filled again."""

    def __init__(self, cupy: ModuleType) -> None:
        try:
            memory = cupy.cuda.alloc_pinned_memory(SLOT_BYTES)
            self.bytes = np.frombuffer(memory, np.uint8, SLOT_BYTES)
            self.pinned = True
        except Exception:  # noqa: BLE001 - systems limit pinned memory; without it copies are slower, nothing else
            self.bytes = np.empty(SLOT_BYTES, np.uint8)
            self.pinned = False
        self.event = cupy.cuda.Event(disable_timing=True)
        self.busy = False

    def wait(self) -> None:
        """Wait until the copy from or to the buffer is done."""
        if self.busy:
            self.event.synchronize()
            self.busy = False


class Lane:
    """A stream with pinned buffers and room for centres and sums; one thread at a time has it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.stream = card.cupy.cuda.Stream(non_blocking=True)
        self._slots: list[_Slot] = []
        self._turn = 0
        # Of the last shape of centres: one run has one.
        self._room: tuple[tuple[int, int], Any, Any] | None = None
        self._scratch: tuple[tuple[int, int], Any, Any] | None = None

    def send(self, there: Any, here: NDArray[Any]) -> None:
        """Begin to copy a row of numbers to the card; the row may be changed when this returns."""
        step = SLOT_BYTES // here.itemsize
        for begin in range(0, here.shape[0], step):
            part = here[begin : begin + step]
            slot = self._slot()
            buffer = slot.bytes[: part.nbytes].view(here.dtype)
            np.copyto(buffer, part)
            there[begin : begin + part.shape[0]].set(buffer, stream=self.stream)
            slot.event.record(self.stream)
            slot.busy = True

    def fetch(self, there: Any, here: NDArray[Any]) -> None:
        """Copy a row of numbers from the card after all that the stream was given before."""
        step = SLOT_BYTES // here.itemsize
        for begin in range(0, here.shape[0], step):
            part = here[begin : begin + step]
            buffer = self._slot().bytes[: part.nbytes].view(here.dtype)
            there[begin : begin + part.shape[0]].get(stream=self.stream, out=buffer)
            self.stream.synchronize()
            np.copyto(part, buffer)

    def launch(self, pixels: Any, labels: Any, n: int, centres: Grid64) -> Change:
        """Label n pixels that are on the card, and wait for what that changed."""
        k, n_bands = centres.shape
        kernel = self._card.compile(k, n_bands)
        blocks, steps = self._card.shape(n)
        there, sums = self.room(k, n_bands)
        # In a name of its own, because it is read after `set` has returned.
        exact = np.ascontiguousarray(centres, np.int32)
        there.set(exact, stream=self.stream)
        sums.data.memset_async(0, sums.nbytes, self.stream)
        arguments = (
            pixels, np.int64(pixels.shape[1]), np.int64(n), labels, there, np.int32(steps), sums,
        )  # fmt: skip
        kernel((blocks,), (source.THREADS,), arguments)
        # Class by class the changes of the bands' sums and of the members; and how many pixels changed class.
        changes: NDArray[np.int64] = sums.get(stream=self.stream)
        self.stream.synchronize()
        by_class = changes[:-1].reshape(k, n_bands + 1)
        return Change(int(changes[-1]), Tally(by_class[:, n_bands].copy(), by_class[:, :n_bands].copy()))

    def room(self, k: int, n_bands: int) -> tuple[Any, Any]:
        """Return room for centres and sums."""
        if self._room is None or self._room[0] != (k, n_bands):
            there = self._card.empty((k, n_bands), np.int32)
            sums = self._card.empty(source.rows(k, n_bands), np.int64)
            self._room = (k, n_bands), there, sums
        return self._room[1:]

    def scratch(self, n_bands: int, n: int) -> tuple[Any, Any]:
        """Return room for the pixels and labels of a block that is only passing through."""
        stride = Card.stride(n)
        if self._scratch is None or self._scratch[0][0] != n_bands or self._scratch[0][1] < stride:
            self._scratch = None
            self._scratch = (n_bands, stride), *self._card.room(n_bands, n)
        return self._scratch[1:]

    def drop(self) -> None:
        """Let go of all memory, the card's and the pinned."""
        self._slots, self._room, self._scratch = [], None, None

    def settle(self) -> None:
        """Wait until the stream has nothing left to do."""
        self.stream.synchronize()
        for slot in self._slots:
            slot.busy = False

    def _slot(self) -> _Slot:
        if not self._slots:
            self._slots = [_Slot(self._card.cupy) for _ in range(2)]
        self._turn = (self._turn + 1) % len(self._slots)
        slot = self._slots[self._turn]
        slot.wait()
        return slot


class Card:
    """The CUDA device: uploads, runs and downloads; any thread may call.

    Raises
    ------
    Exception
        Of any kind, from every method: whatever CuPy, the driver or the compiler raises.
    """

    def __init__(self, device: int) -> None:
        import cupy

        self.cupy: ModuleType = cupy
        self.device = device
        self.least_steps = 1
        """Times that a thread takes pixels, at least; a test sets it, for many are usual in large blocks alone."""
        self.good_with_more_bands = False
        """Whether it passed the self-test with more bands than `NARROW`."""
        self._lock = threading.RLock()
        # Two runs that end at the same time would wait for each other's lanes.
        self._closing = threading.Lock()
        name = cupy.cuda.runtime.getDeviceProperties(device)["name"]
        self.name = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        """The maker's, such as "NVIDIA H200"."""
        self._kernels: dict[tuple[int, int], Any] = {}
        # The lane given back last is taken first, so that buffers are made only for as many as are used at a time.
        self._lanes: queue.LifoQueue[Lane] = queue.LifoQueue()
        # One lane is never taken by blocks that are passing through: blocks that are on the card go first.
        self._passing = threading.BoundedSemaphore(LANES - 1)
        with self.current() as current:
            self.multiprocessors = int(current.attributes["MultiProcessorCount"])
            self._home = cupy.cuda.Stream(non_blocking=True)
            for _ in range(LANES):
                self._lanes.put(Lane(self))

    def current(self) -> Any:
        """Return a context in which this is the current device; each its own, for threads must not share one."""
        return self.cupy.cuda.Device(self.device)

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """Take a lane, waiting for one if need be; when it is given back, all that it was told to do is done."""
        lane = self._lanes.get()
        try:
            with self.current(), lane.stream:
                try:
                    yield lane
                finally:
                    lane.settle()
        finally:
            self._lanes.put(lane)

    def free_memory(self) -> int:
        """Return the bytes of the card's memory that nobody has."""
        with self.current():
            return int(self.cupy.cuda.runtime.memGetInfo()[0])

    def compile(self, k: int, n_bands: int) -> Any:
        """Return the kernel for so many classes and bands; CuPy keeps what it compiled on disk."""
        with self._lock, self.current():
            kernel = self._kernels.get((k, n_bands))
            if kernel is None:
                nvrtc.preload()
                kernel = self.cupy.RawKernel(source.SOURCE, source.NAME, source.options(k, n_bands))
                kernel.compile()
                self._kernels[k, n_bands] = kernel
            return kernel

    @staticmethod
    def stride(n: int) -> int:
        """Return how many pixels a row of n takes on the card."""
        return -(-n // _ALIGNMENT) * _ALIGNMENT

    @staticmethod
    def size(n_bands: int, n: int) -> int:
        """Return the bytes that n pixels and their labels take on the card."""
        return Card.stride(n) * (2 * n_bands + 1)

    def shape(self, n: int) -> tuple[int, int]:
        """Return into how many thread blocks n pixels go, and how many times each thread takes some."""
        groups = -(-n // (source.GROUP * source.THREADS))
        steps = min(max(groups // (_BLOCKS_EACH * self.multiprocessors), self.least_steps), source.MOST_STEPS)
        return -(-groups // steps), steps

    def empty(self, shape: tuple[int, ...] | int, dtype: Any) -> Any:
        """Return memory of the card."""
        with self._lock, self.current(), self._home:
            return self.cupy.empty(shape, dtype)

    def room(self, n_bands: int, n: int) -> tuple[Any, Any]:
        """Return room for n pixels, (n_bands, stride), and for their labels."""
        return self.empty((n_bands, self.stride(n)), np.uint16), self.empty(self.stride(n), np.uint8)

    def upload(self, dn: DN, labels: Labels) -> tuple[Any, Any]:
        """Return copies of pixels and labels on the card."""
        pixels_there, labels_there = self.room(*dn.shape)
        with self.lane() as lane:
            _send(lane, pixels_there, labels_there, dn, labels)
        return pixels_there, labels_there

    def get_labels(self, there: Any, labels: Labels) -> None:
        """Copy labels from the card, in place."""
        with self.lane() as lane:
            lane.fetch(there, labels)

    def run(self, pixels: Any, labels: Any, n: int, centres: Grid64) -> Change:
        """Label n pixels on the card anew; the labels stay there."""
        with self.lane() as lane:
            return lane.launch(pixels, labels, n, centres)

    def pass_through(self, dn: DN, labels: Labels, centres: Grid64, wait: bool) -> tuple[Change, Labels | None] | None:
        """Label pixels that are sent to the card, and forgotten there.

        Parameters
        ----------
        dn, labels, centres
            The pixels, the labels that they have (left as they are), and the centres.
        wait
            Whether to wait where others are passing through; else None is returned then.

        Returns
        -------
        change
            What that changed.
        labels
            The new ones; None where none changed.
        """
        if not self._passing.acquire(blocking=wait):
            return None
        try:
            with self.lane() as lane:
                n_bands, n = dn.shape
                pixels_there, labels_there = lane.scratch(n_bands, n)
                _send(lane, pixels_there, labels_there, dn, labels)
                change = lane.launch(pixels_there, labels_there, n, centres)
                if not change.changed:
                    return change, None
                new = np.empty(n, np.uint8)
                lane.fetch(labels_there, new)
                return change, new
        finally:
            self._passing.release()

    def tidy(self) -> None:
        """Give memory that is not in use back to the driver."""
        with self.current():
            self.cupy.get_default_memory_pool().free_all_blocks()

    def close(self) -> None:
        """Let go of all memory, the card's and the pinned; it is taken again when the card is used again."""
        with self._closing:
            lanes = [self._lanes.get() for _ in range(LANES)]
            try:
                for lane in lanes:
                    lane.drop()
                self.tidy()
                with self.current():
                    self.cupy.get_default_pinned_memory_pool().free_all_blocks()
            finally:
                for lane in lanes:
                    self._lanes.put(lane)


def _send(lane: Lane, pixels_there: Any, labels_there: Any, dn: DN, labels: Labels) -> None:
    for b, band in enumerate(dn):
        lane.send(pixels_there[b], band)
    lane.send(labels_there, labels)
