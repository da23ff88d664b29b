"""Cells beside the kernel of this machine."""

from __future__ import annotations

from ...compiled import cache
from ...compiled.background import Part
from ...progress import Progress
from ..arriving import ArrivingKernel
from ..kernel import NARROW, Kernel
from ..numpy_kernel import NumpyKernel
from ..selftest import check
from .costs import EARLY, NUMBA, NUMPY, Costs
from .kernel import EARLY_LEAST, HOPED, CellsKernel
from .numpy_work import NumpyWork
from .workshop import Work, Workshop

# Cells for the blocks of the self-test: some pixels each.
_FEW = 40


def with_cells(kernel: Kernel) -> Kernel:
    """Return a kernel that labels as this one does until cells pay, for one run; others than the CPU's as they are."""
    if isinstance(kernel, ArrivingKernel):
        return kernel.dressed(with_cells, _early)
    name = kernel.name
    return CellsKernel(kernel, Workshop(*_WAYS[name], _WIDE_WAYS[name])) if name in _WAYS else kernel


def _early(beside: Kernel, loops: Part[Work]) -> Kernel:
    """Return a kernel that labels by compiled loops on cells, and small blocks as `beside` does."""
    return CellsKernel(beside, Workshop(loops, EARLY), least=EARLY_LEAST, name="numba")


def at_once(
    kernel: Kernel, pixels: int, k: int, progress: Progress | None = None, n_bands: int = NARROW
) -> Kernel | None:
    """Return a kernel that lays large blocks out at once, to be measured; None where a long run would not.

    Parameters
    ----------
    kernel
        The CPU's.
    pixels, k
        What will be labelled.
    progress
        Who may cancel while loops are compiled; nobody by default.
    n_bands
        Of the pixels.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    if kernel.name not in _WAYS:
        return None
    part, costs = _WAYS[kernel.name]
    if not costs.pays(k, HOPED, 1.0, pixels):
        return None
    if n_bands > NARROW:
        part = _WIDE_WAYS[kernel.name]
    part.wait(progress=progress)
    return CellsKernel(kernel, Workshop(part, None)) if part.value else None


def loops_for(pixels: int, k: int, n_bands: int) -> Part[Work] | None:
    """Return the compiled loops on cells if a run with so many pixels, classes and bands will want them."""
    part, costs = _WAYS["numba"]
    if not costs.pays(k, HOPED, 1.0, pixels):
        return None
    return _WIDE_WAYS["numba"] if n_bands > NARROW else part


def _tested(work: Work, wide: bool) -> Work:
    """Return work on cells after its self-test, beside a kernel that needs none."""
    check(CellsKernel(NumpyKernel(), Workshop.made(work), _FEW, 0), wide)
    return work


def _tested_loops(wide: bool) -> Work:
    from .numba_work import NumbaWork

    return _tested(NumbaWork(), wide)


# Made once in a process, in the background, when the first run is long enough for it: loops are loaded or compiled.
# NumPy is tested too, as the boxes rely on float32 products, and a BLAS can be told to make them of fewer bits.
_WAYS: dict[str, tuple[Part[Work], Costs]] = {
    "numpy": (Part(lambda: _tested(NumpyWork(), False)), NUMPY),
    "numba": (Part(lambda: cache.forgiving(lambda: _tested_loops(False))), NUMBA),
}
# The same for pixels of more than `NARROW` bands, which other loops work on.
_WIDE_WAYS: dict[str, Part[Work]] = {
    "numpy": Part(lambda: _tested(NumpyWork(), True)),
    "numba": Part(lambda: cache.forgiving(lambda: _tested_loops(True))),
}
