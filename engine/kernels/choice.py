"""Which kernel labels on this machine: the compiled one where it works, is right and is faster.

Numba's loops are loaded, compiled if need be, tested and timed in the background (`compiled.background`), in parts: one
for labelling, one for the keys that spare labelling, one for packing. What a run does not need is not compiled for it,
unless its machine code is there already. Loops for more than `NARROW` bands are parts of their own: they are others,
and are made for runs with so many.
"""

from __future__ import annotations

import os
import time
from importlib.util import find_spec
from typing import Any, TypeVar, cast

import numpy as np

from ..arrays import GRID
from ..compiled import cache
from ..compiled.background import Part
from ..errors import Cancelled, first_line
from ..installing import in_short
from ..pixels.block import Block
from ..pixels.packing import NumpyPacker, Packer
from ..progress import Progress, Silent
from ..sensors.roles import MOST_BANDS
from .arriving import ArrivingJudge, ArrivingKernel, ArrivingPacker, Coming
from .kernel import NARROW, Kernel
from .margins import Judge, NumpyJudge
from .numpy_kernel import NumpyKernel
from .selftest import check, check_judge, check_packer

WAIT_VARIABLE = "IIKMC_WAIT_FOR_NUMBA"
"""Environment variable: with "1" every run begins when the compiled loops are ready; for proofs and measurements."""

# The block that kernels are timed with takes 0.2 ms (Numba) to 2 ms (NumPy).
_PIXELS, _CLASSES = 1 << 16, 8
_REPEATS = 3
_MORE_LOOKS = 5
# What labelling takes with NumPy a pixel and class on one core: 12 ns for 8 classes (benchmarks/TRIED.md).
_NUMPY_SECONDS = 1.5e-9
# About how many iterations a clustering takes.
_ITERATIONS = 20
# From how many seconds of NumPy on it is worth to compile, which takes 20 s of one core.
_WORTH_COMPILING = 3.0
# A run stands still for the compiled kernel no longer than this in all.
_LONGEST_WAIT = 10.0
# Loading machine code takes less: a run in which it took longer tells why.
_WORTH_TELLING = 3.0


class NotUsed(Exception):
    """The compiled kernel does not label here; the message is one sentence for the log."""


class _Loops:
    """What labels, made once in a process, for up to `NARROW` bands or for more."""

    def __init__(self, wide: bool) -> None:
        self.wide = wide
        self.numba: Part[Kernel] = Part(lambda: cache.forgiving(self._numba_kernel))
        self.chosen: Part[Kernel] = Part(self._chosen)
        self.keys: Part[bool] = Part(lambda: cache.forgiving(self._tested_keys))

    def _numba_kernel(self) -> Kernel:
        from . import numba_kernel

        # The loops with keys are another part: many runs end without them.
        check(numba_kernel.NumbaKernel(keys=lambda: False), self.wide)
        return numba_kernel.NumbaKernel(keys=self.keys_are_ready)

    def _tested_keys(self) -> bool:
        from . import numba_kernel

        check(numba_kernel.NumbaKernel(), self.wide)
        return True

    def are_compiled(self) -> bool:
        """Tell whether their machine code is there, but for the keys'."""
        # The first is compiled for both; the second is one of those that it calls for so many bands alone.
        return cache.is_compiled("relabel_plain") and cache.is_compiled("all_scores" if self.wide else "_first_scores")

    def keys_are_ready(self) -> bool:
        """Tell whether keys can be used, and have their loops made if not."""
        self.keys.want()
        return bool(self.keys.value)

    def _chosen(self) -> Kernel:
        """Return the compiled kernel if it works and is the faster one; raises NotUsed if not."""
        if not self.numba.settled:
            self.numba.make()
        if self.numba.value is None:
            why = why_no_numba(self.numba.error or RuntimeError())
            raise NotUsed(f"{why}: the NumPy kernel gives the same result, several times slower.")
        n_bands = MOST_BANDS if self.wide else NARROW
        compiled, plain = _seconds(self.numba.value, n_bands), _seconds(NumpyKernel(), n_bands)
        for _ in range(_MORE_LOOKS):
            if compiled <= plain:
                break
            # On a machine that is busy with other programs a block of 0.2 ms may be held up three times.
            compiled = min(compiled, _seconds(self.numba.value, n_bands))
        if compiled > plain:
            raise NotUsed(f"The NumPy kernel is used: Numba's takes {compiled / plain:.1f} times as long here.")
        if cache.is_compiled("relabel_some"):
            self.keys.want()
        return self.numba.value


class _Parts(_Loops):
    """What is made once in a process."""

    def __init__(self) -> None:
        super().__init__(False)
        self.for_more_bands = _Loops(True)
        self.packer: Part[Packer] = Part(lambda: cache.forgiving(_numba_packer))
        self.judge: Part[Judge] = Part(lambda: cache.forgiving(_numba_judge))

    def of(self, n_bands: int) -> _Loops:
        """Return what labels pixels of so many bands."""
        return self.for_more_bands if n_bands > NARROW else self


def _numba_packer() -> Packer:
    from ..pixels.numba_packer import NumbaPacker

    packer = NumbaPacker()
    check_packer(packer)
    return packer


def _numba_judge() -> Judge:
    from .numba_judge import NumbaJudge

    judge = NumbaJudge()
    check_judge(judge)
    return judge


_parts = _Parts()


def numba_kernel(progress: Progress, n_bands: int = NARROW) -> Kernel:
    """Return the compiled kernel with all its loops after its self-test, and tell `progress` if making it takes long.

    Parameters
    ----------
    progress
        Whom to tell; who may cancel.
    n_bands
        Bands of the pixels that it shall label.

    Raises
    ------
    Cancelled
        The user cancelled.
    Exception
        Of any kind, where Numba is missing, broken or wrong; `why_no_numba` says it in words.
    """
    # Nothing is prepared where Numba is missing: the import fails at once.
    if find_spec("numba") is not None and not cache.is_compiled("relabel_some"):
        progress.stage("Preparing the Numba kernel (first time only)")
    loops = _parts.of(n_bands)
    kernel = _made(loops.numba, progress)
    _made(loops.keys, progress)
    return kernel


def compiled_packer(progress: Progress | None = None) -> Packer | None:
    """Return the compiled packer, waiting until it is made, or None where it cannot be loaded or is wrong."""
    try:
        return _made(_parts.packer, progress or Silent())
    except Cancelled:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with Numba, NumPy works
        return None


T = TypeVar("T")


def _made(part: Part[T], progress: Progress) -> T:
    """Return a part, waiting for it; raises why it cannot be made, and `Cancelled`."""
    part.wait(progress=progress)
    if part.error is not None:
        raise part.error
    return cast("T", part.value)


def why_no_numba(error: Exception) -> str:
    """Return what an error of `numba_kernel` means, without a full stop."""
    if isinstance(error, ModuleNotFoundError) and error.name == "numba":
        return f"Numba is not installed ({in_short(['numba'])})"
    return f"Numba cannot be used here ({first_line(error, with_kind=True)})"


def _seconds(kernel: Kernel, n_bands: int) -> float:
    """Return the time that labelling a block takes."""
    rng = np.random.default_rng(1)
    dn = rng.integers(7000, 30000, (n_bands, _PIXELS), np.uint16)
    centres = rng.integers(7000 * GRID, 30000 * GRID, (_CLASSES, n_bands))
    held = kernel.hold(Block.loose(dn), _CLASSES)
    held.relabel(centres)
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        held.relabel(centres)
        times.append(time.perf_counter() - began)
    return min(times)


def pick_kernel(progress: Progress | None = None, n_bands: int = NARROW) -> Kernel:
    """Return the fastest kernel of this machine, which begins as the NumPy kernel until the compiled one is ready.

    Nothing is waited for: machine code is loaded in the background, and compiled there after `begin`.

    Parameters
    ----------
    progress
        Is told in one line why the compiled kernel is not used, where that is known already; nobody by default.
    n_bands
        Bands of the pixels that it shall label.
    """
    loops = _parts.of(n_bands)
    chosen = loops.chosen
    if not chosen.settled:
        _wait_if_asked(chosen, progress)
        if find_spec("numba") is None:
            # Known at once: nothing is begun for it.
            chosen.make()
        elif loops.are_compiled():
            chosen.want()
    if not chosen.settled:
        return ArrivingKernel(chosen)
    if chosen.error is not None and progress is not None:
        progress.note(str(chosen.error))
    return chosen.value or NumpyKernel()


def pick_packer(kernel: Kernel) -> Packer:
    """Return what masks and packs beside a kernel: compiled loops, once they are ready, beside all but NumPy's."""
    return fastest_packer() if _has_loops(kernel) else NumpyPacker()


def fastest_packer() -> Packer:
    """Return the compiled packer, which begins as NumPy's until machine code is loaded, or compiled after `begin`."""
    part = _parts.packer
    _wait_if_asked(part)
    if not part.settled and find_spec("numba") is not None and cache.is_compiled("squares"):
        part.want()
    packer = ArrivingPacker(part)
    return packer.present if part.settled else packer


def pick_judge(kernel: Kernel, seconds: float) -> Judge:
    """Return what looks at labels once more beside a kernel; to be asked after `begin`, as the kernel comes first.

    Parameters
    ----------
    kernel
        Of `pick_kernel`, or any other.
    seconds
        What labelling as often as that takes as long would take with NumPy (`labelling_seconds`).
    """
    part = _parts.judge
    if not _has_loops(kernel):
        return NumpyJudge()
    _wait_if_asked(part)
    known = find_spec("numba") is not None and cache.is_compiled("judge")
    if not part.settled and (known or seconds > _WORTH_COMPILING):
        part.want()
    return ArrivingJudge(part)


def _has_loops(kernel: Kernel) -> bool:
    """Tell whether compiled loops may be used beside a kernel."""
    return isinstance(kernel, ArrivingKernel) or kernel.name in ("numba", "gpu")


def _wait_if_asked(part: Part[Any], progress: Progress | None = None) -> None:
    """Wait for a part, however long it takes, where the environment asks for that."""
    if os.environ.get(WAIT_VARIABLE) == "1":
        part.wait(progress=progress)


def labelling_seconds(pixels: int, k: int, workers: int, iterations: int = _ITERATIONS) -> float:
    """Return about how long NumPy labels.

    Parameters
    ----------
    pixels, k
        What is labelled, into how many classes.
    workers
        Threads.
    iterations
        How often; by default about as often as a clustering usually does.
    """
    return pixels * k * _NUMPY_SECONDS * iterations / workers


def begin(kernel: Kernel, seconds: float, cells: Part[Any] | None = None) -> None:
    """Begin to compile what a run needs, if it is worth that.

    Parameters
    ----------
    kernel
        Of `pick_kernel`; nothing is done for any other.
    seconds
        What labelling would take with NumPy (`labelling_seconds`).
    cells
        The loops on cells, where the run will want these.
    """
    if not isinstance(kernel, ArrivingKernel) or seconds <= _WORTH_COMPILING:
        return
    if cells is not None and not kernel.part.wanted and cells.error is None:
        # No machine code of the kernel is there: without it the run can begin some 10 s sooner.
        kernel.coming.cells = cells
        wanted: tuple[Part[Any], ...] = (cells,)
    else:
        wanted = (kernel.part,) if cells is None else (kernel.part, cells)
    # One after the other: packing gains least, as most of it is done before it could be compiled.
    for part in (*wanted, _parts.packer):
        part.want()


def await_kernel(kernel: Kernel, seconds: float, progress: Progress) -> None:
    """Wait for the compiled loops before pixels are labelled again and again, if these have begun to come.

    Parameters
    ----------
    kernel
        Of `pick_kernel`; nothing is waited for with any other.
    seconds
        What labelling would take with NumPy: waiting for longer than that is never worth it.
    progress
        Is told how it went; who may cancel.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    if not isinstance(kernel, ArrivingKernel):
        return
    coming = kernel.coming
    _wait(coming, seconds, progress)
    if coming.cells is not None and coming.cells.error is not None:
        coming.without_cells()
        _wait(coming, seconds, progress)
    tell(kernel, progress)


def _wait(coming: Coming, seconds: float, progress: Progress) -> None:
    """Wait for what is being made, if it is."""
    limit = min(seconds, _LONGEST_WAIT - coming.waited)
    if limit <= 0 or not coming.soon:
        return
    if not cache.is_compiled("relabel_plain" if coming.cells is None else "label"):
        progress.stage("Waiting for Numba to compile (first time only)")
    began = time.monotonic()
    coming.part.wait(limit, progress)
    coming.waited += time.monotonic() - began


def tell(kernel: Kernel, progress: Progress, ended: bool = False) -> None:
    """Tell once in one line what became of the compiled loops, where that is more than that they were ready.

    Parameters
    ----------
    kernel
        Of `pick_kernel`; nothing is told of any other.
    progress
        Whom to tell.
    ended
        Whether the run ends, so that nothing is left to wait for.
    """
    if not isinstance(kernel, ArrivingKernel) or kernel.coming.told:
        return
    part = kernel.coming.part
    if part.error is not None:
        progress.note(str(part.error))
    elif (part.settled or ended) and part.elapsed > _WORTH_TELLING:
        seconds = f"{part.elapsed:.0f} s (first time only)"
        compiled = f"compiled for {seconds}; until then" if part.settled else f"has compiled for {seconds}; so far"
        progress.note(f"Numba {compiled} NumPy did its work, with the same result.")
    kernel.coming.told = part.settled or ended


def expected_name(kernel: Kernel) -> str:
    """Return the name of the kernel that will do most of the labelling."""
    if not isinstance(kernel, ArrivingKernel):
        return kernel.name
    cells = kernel.coming.cells
    comes = kernel.coming.soon or (cells is not None and cells.value is not None)
    return "numba" if comes else kernel.name


def was_compiled_meanwhile(kernel: Kernel) -> bool:
    """Tell whether a run with this kernel says nothing of the time that others take, because Numba compiled in it."""
    return isinstance(kernel, ArrivingKernel) and kernel.coming.part.elapsed > _WORTH_TELLING
