"""Cells beside the kernel of this machine."""

from __future__ import annotations

import threading

from ..kernel import Kernel
from ..selftest import check
from .costs import NUMBA, NUMPY
from .kernel import CellsKernel
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
