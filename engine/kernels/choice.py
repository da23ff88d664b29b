"""Which kernel labels on this machine: the compiled one where it works, is right and is faster."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from ..arrays import GRID
from ..errors import first_line
from ..pixels.block import Block
from ..pixels.packing import NumpyPacker, Packer
from ..progress import Progress, Silent
from .kernel import Kernel
from .numpy_kernel import NumpyKernel
from .selftest import check, check_packer

# The block that kernels are timed with takes 0.2 ms (Numba) to 2 ms (NumPy).
_PIXELS, _CLASSES, _BANDS = 1 << 16, 8, 6
_REPEATS = 3


@dataclass(frozen=True)
class Choice:
    """The kernel and why."""

    kernel: Kernel
    """What labels."""
    reason: str
    """One sentence for the log; empty where the fastest kernel was taken."""


_choosing = threading.Lock()
_chosen: Choice | None = None
# Stands for "not tried yet".
_UNTRIED: Packer = NumpyPacker()
_packer: Packer | None = _UNTRIED


def choose(progress: Progress) -> Choice:
    """Return the choice; it is made once in a process, and tells `progress` if that takes long."""
    global _chosen
    with _choosing:
        if _chosen is None:
            _chosen = _choose(progress)
        return _chosen


def _choose(progress: Progress) -> Choice:
    numpy = NumpyKernel()
    try:
        numba = numba_kernel(progress)
        compiled, plain = _seconds(numba), _seconds(numpy)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with Numba, a version clash or a bug, NumPy works
        return Choice(numpy, f"{why_no_numba(error)}: the NumPy kernel gives the same result, several times slower.")
    if compiled > plain:
        return Choice(numpy, f"The NumPy kernel is used: Numba's takes {compiled / plain:.1f} times as long here.")
    return Choice(numba, "")


def numba_kernel(progress: Progress) -> Kernel:
    """Return the compiled kernel after its self-test, and tell `progress` if making it takes long.

    Raises
    ------
    Exception
        Of any kind, where Numba is missing, broken or wrong; `why_no_numba` says it in words.
    """
    from ..compiled import cache
    from . import numba_kernel

    # Nothing is prepared where Numba is missing: the import below fails at once.
    if find_spec("numba") is not None and not cache.is_compiled("relabel_some"):
        progress.stage("Preparing the Numba kernel (first time only)")
    kernel = numba_kernel.NumbaKernel()
    check(kernel)
    return kernel


def why_no_numba(error: Exception) -> str:
    """Return what an error of `numba_kernel` means, without a full stop."""
    if isinstance(error, ModuleNotFoundError) and error.name == "numba":
        return "Numba is not installed"
    return f"Numba cannot be used here ({first_line(error, with_kind=True)})"


def compiled_packer() -> Packer | None:
    """Return the compiled packer, or None where it cannot be loaded or is wrong; it is tried once in a process."""
    global _packer
    with _choosing:
        if _packer is _UNTRIED:
            try:
                from ..pixels.numba_packer import NumbaPacker

                packer = NumbaPacker()
                check_packer(packer)
                _packer = packer
            except Exception:  # noqa: BLE001 - whatever is wrong with Numba, NumPy works
                _packer = None
        return _packer


def _seconds(kernel: Kernel) -> float:
    """Return the time that labelling a block takes."""
    rng = np.random.default_rng(1)
    dn = rng.integers(7000, 30000, (_BANDS, _PIXELS), np.uint16)
    centres = rng.integers(7000 * GRID, 30000 * GRID, (_CLASSES, _BANDS))
    held = kernel.hold(Block.loose(dn), _CLASSES)
    held.relabel(centres)
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        held.relabel(centres)
        times.append(time.perf_counter() - began)
    return min(times)


def pick_kernel(progress: Progress | None = None) -> Kernel:
    """Return the fastest kernel of this machine, and tell in one line why it is not the compiled one.

    Parameters
    ----------
    progress
        Whom to tell; nobody by default.
    """
    progress = progress or Silent()
    choice = choose(progress)
    if choice.reason:
        progress.note(choice.reason)
    return choice.kernel


def pick_packer(kernel: Kernel) -> Packer:
    """Return what masks and packs beside a kernel: compiled loops beside a compiled or GPU kernel, if right here."""
    if kernel.name in ("numba", "gpu"):
        return compiled_packer() or NumpyPacker()
    return NumpyPacker()
