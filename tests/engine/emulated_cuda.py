"""A CUDA device made of g++: the kernel's source compiled for the host, and as much of CuPy as the engine uses.

Every CUDA thread is a fibre that runs until the next barrier, so a missing or one-sided `__syncthreads` shows. Shared
memory is not cleared between blocks, as on a card. Fibres come from ucontext, which Linux has.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from iikmc.engine.kernels import selftest
from iikmc.engine.kernels.cuda import source as cuda_source

KINDS = [(k, n_bands) for k in (2, 8, 9, 254) for n_bands in (1, 2, 3, 4, 5, 6, 10)] + [(2, 7), (9, 8)]
"""Classes and bands that the tests use beside those of the self-test."""

WORDS = r"""
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ucontext.h>

#define __device__ static
#define __global__
#define __shared__ static
#define __noinline__
#define __forceinline__ inline
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#pragma GCC diagnostic ignored "-Wunknown-pragmas"

struct alignas(8) ushort4 { unsigned short x, y, z, w; };
struct alignas(4) uchar4 { unsigned char x, y, z, w; };
struct index3 { unsigned x, y, z; };
static index3 threadIdx, blockIdx;

/* Rounded twice or once: what a compiler may make of the source must not matter. */
#ifdef UNFUSED
static float __fmaf_rn(float a, float b, float c) { volatile float product = a * b; return product + c; }
#else
static float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
#endif
static int atomicAdd(int *to, int value) { const int old = *to; *to += value; return old; }
static unsigned long long atomicAdd(unsigned long long *to, unsigned long long value)
{ const unsigned long long old = *to; *to += value; return old; }

enum { STACK = 32768 };
static ucontext_t scheduler, fibres[1024];
static char stacks[1024][STACK];
static bool done[1024];
static int current;
static void __syncthreads() { swapcontext(&fibres[current], &scheduler); }

template <class Body> static void run_block(int threads, Body body)
{
    static Body *now;
    now = &body;
    for (int t = 0; t < threads; ++t) {
        getcontext(&fibres[t]);
        fibres[t].uc_stack.ss_sp = stacks[t];
        fibres[t].uc_stack.ss_size = STACK;
        fibres[t].uc_link = &scheduler;
        done[t] = false;
        makecontext(&fibres[t], (void (*)())(+[] { (*now)(); done[current] = true; }), 0);
    }
    for (int round = 0, left = threads; left > 0; ++round) {
        int ended = 0;
        for (int i = 0; i < threads; ++i) {
            const int t = round % 2 ? threads - 1 - i : i;
            current = t;
            threadIdx.x = t;
            swapcontext(&scheduler, &fibres[t]);
            ended += done[t];
        }
        if (ended != 0 && ended != threads) { fprintf(stderr, "a barrier that not all threads reach\n"); abort(); }
        left -= ended;
    }
}
"""

ONE = r"""
{defines}
#define relabel kernel_{name}
namespace n{name} {{
#include "kernel.inc"
}}
extern "C" void launch_{name}(int blocks, const unsigned short *dn, long long stride, long long n,
    unsigned char *labels, const int *centres, int steps, unsigned long long *sums)
{{
    for (int b = 0; b < blocks; ++b) {{
        blockIdx.x = b;
        run_block(THREADS, [=] {{ n{name}::kernel_{name}(dn, stride, n, labels, centres, steps, sums); }});
    }}
}}
#undef relabel
#undef GRID
#undef CLOSE
#undef FAR
#undef ROWS
#undef WIDTH
{undefines}
"""


def problem() -> str:
    """Return why the kernel cannot be run on this machine's CPU, or ""."""
    if not sys.platform.startswith("linux"):
        return "the emulated CUDA device needs Linux's ucontext"
    return "" if shutil.which("g++") else "compiling the CUDA kernel for the CPU needs g++ (apt install g++)"


def build(folder: Path, kinds: list[dict[str, int]], *options: str) -> ctypes.CDLL:
    """Compile the kernel for the host once for each set of macros; `launch_<K>_<D>_<COLUMNS>` runs it."""
    parts = [WORDS]
    for kind in kinds:
        name = f"{kind['K']}_{kind['D']}_{kind['COLUMNS']}"
        defines = "\n".join(f"#define {word} {value}" for word, value in kind.items())
        undefines = "\n".join(f"#undef {word}" for word in kind)
        parts.append(ONE.format(name=name, defines=defines, undefines=undefines))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.inc").write_text(cuda_source.SOURCE)
    (folder / "host.cpp").write_text("\n".join(parts))
    command = ["g++", "-O1", "-w", "-ffp-contract=off", "-shared", "-fPIC", *options, "-o", "host.so", "host.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return ctypes.CDLL(str(folder / "host.so"))


def launch(library: ctypes.CDLL, kind: dict[str, int], blocks: int, *arguments: Any) -> None:
    """Run a grid; arrays are handed over by their address."""
    pointers = [
        ctypes.c_void_p(value.ctypes.data) if isinstance(value, np.ndarray) else ctypes.c_longlong(int(value))
        for value in arguments
    ]
    # The number of steps, the last but one, is an int; on the host's calling convention a long long is read as one.
    getattr(library, f"launch_{kind['K']}_{kind['D']}_{kind['COLUMNS']}")(ctypes.c_int(blocks), *pointers)


def build_all(folder: Path) -> dict[tuple[int, int, int], ctypes.CDLL]:
    """Compile every kind that the tests and the self-test use."""
    kinds = [
        dict(cuda_source.macros(*kind))
        for kind in dict.fromkeys([*KINDS, (3, 6), *selftest._CASES, *selftest._WIDE_CASES])
    ]
    library = build(folder, kinds)
    return {(kind["K"], kind["D"], kind["COLUMNS"]): library for kind in kinds}


class OutOfMemoryError(MemoryError):
    """As CuPy's."""


class Stream:
    """Does nothing until somebody waits for it: what is used too early, or changed too early, shows."""

    def __init__(self, cupy: Cupy, non_blocking: bool = False) -> None:
        cupy.used("stream", 0)
        assert non_blocking
        self._cupy = cupy
        self._todo: list[Any] = []

    def __enter__(self) -> None:
        self._cupy.streams.append(self)

    def __exit__(self, *_: object) -> None:
        assert self._cupy.streams.pop() is self

    def add(self, work: Any) -> int:
        """Put work at the end; return its number."""
        with self._cupy.lock:
            self._todo.append(work)
            return len(self._todo)

    def flush(self, last: Any = None) -> None:
        """Do what there is to do, up to and with a piece of work."""
        with self._cupy.lock:
            while self._todo and (last is None or last in self._todo):
                self._todo.pop(0)()

    def synchronize(self) -> None:
        try:
            self._cupy.used("synchronize", 0)
        except Exception:
            self._todo.clear()
            raise
        self.flush()


class Event:
    """A mark in a stream."""

    def __init__(self, cupy: Cupy, disable_timing: bool = False) -> None:
        self._cupy = cupy
        self._stream: Stream | None = None
        self.at = 0.0

    def record(self, stream: Stream) -> None:
        def mark() -> None:
            self.at = time.perf_counter()

        self._stream, self._mark = stream, mark
        stream.add(mark)

    def synchronize(self) -> None:
        self._cupy.used("event", 0)
        assert self._stream is not None
        self._stream.flush(self._mark)


class Array:
    """What the engine uses of cupy.ndarray, over a NumPy array."""

    def __init__(self, cupy: Cupy, values: np.ndarray) -> None:
        self._cupy = cupy
        self.values = values
        self.shape, self.dtype, self.nbytes = values.shape, values.dtype, values.nbytes
        self.data = SimpleNamespace(memset_async=self._memset, copy_from_device_async=lambda *_: None)

    def __getitem__(self, key: Any) -> Array:
        return Array(self._cupy, self.values[key])

    def _memset(self, value: int, size: int, stream: Stream) -> None:
        assert size == self.nbytes

        def work() -> None:
            self.values.view(np.uint8)[...] = value

        stream.add(work)

    def set(self, values: np.ndarray, stream: Stream) -> None:
        """As CuPy: only equal shapes and types, only into contiguous memory; pinned memory is read later."""
        self._cupy.used("set", values.nbytes)
        assert (values.shape, values.dtype) == (self.shape, self.dtype)
        assert values.flags.c_contiguous
        assert self.values.flags.c_contiguous
        source = values if self._cupy.is_pinned(values) else values.copy()

        def work() -> None:
            self.values[...] = source

        stream.add(work)

    def get(self, stream: Stream, out: np.ndarray | None = None) -> np.ndarray:
        """As CuPy: waits."""
        self._cupy.used("get", self.nbytes)
        stream.flush()
        if out is None:
            return self.values.copy()
        assert out.flags.c_contiguous
        assert (out.shape, out.dtype) == (self.shape, self.dtype)
        out[...] = self.values
        return out


class RawKernel:
    """Runs the host's machine code."""

    def __init__(self, cupy: Cupy, code: str, name: str, options: tuple[str, ...]) -> None:
        assert (code, name) == (cuda_source.SOURCE, "relabel")
        assert all(option.startswith("-D") for option in options)
        words = (option[2:].split("=") for option in options)
        self._kind = {word: int(value) for word, value in words}
        self._cupy = cupy

    def compile(self) -> None:
        self._cupy.used("compile", 0)

    def __call__(self, grid: tuple[int], block: tuple[int], arguments: tuple[Any, ...]) -> None:
        self._cupy.used("launch", 0)
        assert block == (self._kind["THREADS"],)
        values = [value.values if isinstance(value, Array) else value for value in arguments]
        library = self._cupy.library_for(self._kind)
        self._cupy.streams[-1].add(lambda: launch(library, self._kind, grid[0], *values))


class Cupy:
    """As much of the module `cupy` as the engine and its benchmark use; `fail`, `memory` and `largest` misbehave."""

    __version__ = "13.emulated"

    def __init__(self, libraries: dict[tuple[int, int, int], ctypes.CDLL] | None = None) -> None:
        self._libraries = libraries or {}
        self.fail: dict[str, Exception] = {}
        """What -> raised when it is done next; stays until removed."""
        self.free = [1 << 32]
        """Free bytes of each device."""
        self.memory = 1 << 40
        """Bytes that all arrays may take at a time."""
        self.largest = 1 << 40
        """Bytes that one array may take."""
        self.taken = 0
        """Bytes of all arrays that are still there."""
        self.traffic: list[tuple[str, int]] = []
        """Everything that was done, with its bytes."""
        self.pinned: list[np.ndarray] = []
        """Pinned memory that is still in use or kept in CuPy's store."""
        self.tidied = 0
        # The emulated threads are fibres in static memory: one launch at a time.
        self.lock = threading.RLock()
        self._local = threading.local()
        cupy = self

        class Device:
            def __init__(self, number: int = 0) -> None:
                self.id = number
                self.attributes = {"MultiProcessorCount": 2}
                self._before: list[int] = []
                self._thread = threading.get_ident()

            def __enter__(self) -> Device:
                # CuPy keeps the devices to go back to in the object.
                assert threading.get_ident() == self._thread
                self._before.append(cupy.current)
                cupy._local.current = self.id
                return self

            def __exit__(self, *_: object) -> None:
                cupy._local.current = self._before.pop()

        def get_device_count() -> int:
            cupy.used("count", 0)
            return len(cupy.free)

        def mem_get_info() -> tuple[int, int]:
            cupy.used("info", 0)
            return cupy.free[cupy.current], 1 << 34

        def tidy() -> None:
            cupy.tidied += 1

        def pin(size: int) -> memoryview:
            cupy.used("pin", size)
            cupy.pinned.append(np.full(size, 85, np.uint8))
            return memoryview(cupy.pinned[-1])

        self.get_default_memory_pool = lambda: SimpleNamespace(free_all_blocks=tidy)
        self.get_default_pinned_memory_pool = lambda: SimpleNamespace(free_all_blocks=self.pinned.clear)
        self.cuda = SimpleNamespace(
            Device=Device,
            Stream=lambda non_blocking=False: Stream(self, non_blocking),
            Event=lambda disable_timing=False: Event(self, disable_timing),
            alloc_pinned_memory=pin,
            get_elapsed_time=lambda first, last: 1000 * (last.at - first.at),
            memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
            runtime=SimpleNamespace(
                memGetInfo=mem_get_info,
                getDeviceCount=get_device_count,
                getDeviceProperties=lambda number: {"name": b"emulated card", "major": 0, "minor": 0},
                driverGetVersion=lambda: 0,
                runtimeGetVersion=lambda: 0,
            ),
        )

    @property
    def current(self) -> int:
        """The thread's current device."""
        return getattr(self._local, "current", 0)

    @property
    def streams(self) -> list[Stream]:
        """The thread's current streams."""
        if not hasattr(self._local, "streams"):
            self._local.streams = []
        return self._local.streams

    def used(self, what: str, size: int) -> None:
        self.traffic.append((what, size))
        if what in self.fail:
            raise self.fail[what]

    def count(self, what: str) -> int:
        """Return how often something was done."""
        return [name for name, _ in self.traffic].count(what)

    def is_pinned(self, values: np.ndarray) -> bool:
        return any(np.shares_memory(values, memory) for memory in self.pinned)

    def empty(self, shape: Any, dtype: Any) -> Array:
        # Not zeros: memory of a card holds what was there before.
        values = np.full(shape, 171, dtype)
        self.used("empty", values.nbytes)
        assert self.streams, "on the account of the default stream"
        with self.lock:
            if values.nbytes > self.largest or self.taken + values.nbytes > self.memory:
                raise OutOfMemoryError(f"Out of memory allocating {values.nbytes:,} bytes")
            self.taken += values.nbytes
        weakref.finalize(values, self._give_back, values.nbytes)
        return Array(self, values)

    def _give_back(self, size: int) -> None:
        with self.lock:
            self.taken -= size

    def RawKernel(self, code: str, name: str, options: tuple[str, ...]) -> RawKernel:
        return RawKernel(self, code, name, options)

    def library_for(self, kind: dict[str, int]) -> ctypes.CDLL:
        return self._libraries[kind["K"], kind["D"], kind["COLUMNS"]]
