"""Cells beside the kernel of this machine."""

from __future__ import annotations

from ...compiled import cache
from ...compiled.background import Part
from ...progress import Progress
from ..arriving import ArrivingKernel
from ..kernel import Kernel
from ..numpy_kernel import NumpyKernel
from ..selftest import check
from .costs import NUMBA, NUMPY
from .kernel import HOPED, CellsKernel
from .numpy_work import NumpyWork
from .workshop import Work, Workshop

# Cells for the blocks of the self-test: some pixels each.
_FEW = 40


def with_cells(kernel: Kernel) -> Kernel:
    """Return a kernel that labels as this one does until cells pay, for one run; others than the CPU's as they are."""
    if isinstance(kernel, ArrivingKernel):
        return kernel.dressed(with_cells)
    if kernel.name == "numpy":
        return CellsKernel(kernel, Workshop.made(NumpyWork(), NUMPY))
    if kernel.name == "numba":
        return CellsKernel(kernel, Workshop(_compiled, NUMBA))
    return kernel


def at_once(kernel: Kernel, pixels: int, k: int, progress: Progress | None = None) -> Kernel | None:
    """Return a kernel that lays large blocks out at once, to be measured; None where a long run would not.

    Parameters
    ----------
    kernel
        The CPU's.
    pixels, k
        What will be labelled.
    progress
        Who may cancel while loops are compiled; nobody by default.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    costs = {"numpy": NUMPY, "numba": NUMBA}.get(kernel.name)
    if costs is None or not costs.pays(k, HOPED, 1.0, pixels):
        return None
    if kernel.name == "numpy":
        return CellsKernel(kernel, Workshop.made(NumpyWork()))
    _compiled.wait(progress=progress)
    return CellsKernel(kernel, Workshop(_compiled, None)) if _compiled.value else None


def _tested_loops() -> Work:
    from .numba_work import NumbaWork

    work: Work = NumbaWork()
    check(CellsKernel(NumpyKernel(), Workshop.made(work), _FEW, 0))
    return work


# Loaded, or compiled, once in a process, when the first run is long enough for it.
_compiled: Part[Work] = Part(lambda: cache.forgiving(_tested_loops))
