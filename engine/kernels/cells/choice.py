"""Cells beside the kernel of this machine."""

from __future__ import annotations

import threading

from ..kernel import Kernel
from ..selftest import check
from .costs import NUMBA, NUMPY
from .kernel import HOPED, CellsKernel
from .numpy_work import NumpyWork
from .workshop import Work, Workshop

# Cells for the blocks of the self-test: some pixels each.
_FEW = 40

_making = threading.Lock()
_compiled: Work | None = None


def with_cells(kernel: Kernel) -> Kernel:
    """Return a kernel that labels as this one does until cells pay, for one run; others than the CPU's as they are."""
    if kernel.name == "numpy":
        return CellsKernel(kernel, Workshop(NumpyWork, NUMPY))
    if kernel.name == "numba":
        return CellsKernel(kernel, Workshop(lambda: compiled_work(kernel), NUMBA))
    return kernel


def at_once(kernel: Kernel, pixels: int, k: int) -> Kernel | None:
    """Return a kernel that lays large blocks out at once, to be measured; None where a long run would not.

    Parameters
    ----------
    kernel
        The CPU's.
    pixels, k
        What will be labelled.
    """
    costs = {"numpy": NUMPY, "numba": NUMBA}.get(kernel.name)
    if costs is None or not costs.pays(k, HOPED, 1.0, pixels):
        return None
    try:
        work = compiled_work(kernel) if kernel.name == "numba" else NumpyWork()
    except Exception:  # noqa: BLE001 - whatever is wrong with the loops, a clustering does without them too
        return None
    return CellsKernel(kernel, Workshop(lambda: work, None))


def compiled_work(kernel: Kernel) -> Work:
    """Return the compiled loops on cells after their self-test; they are loaded once in a process.

    Parameters
    ----------
    kernel
        What labels beside them.

    Raises
    ------
    Exception
        Of any kind, where Numba is missing, broken or wrong.
    """
    global _compiled
    with _making:
        if _compiled is None:
            from .numba_work import NumbaWork

            work: Work = NumbaWork()
            check(CellsKernel(kernel, Workshop(lambda: work, None), _FEW, 0))
            _compiled = work
        return _compiled
