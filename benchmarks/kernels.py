"""What labels in a measured run: what the product takes by itself, or a kernel of the engine by name."""

from __future__ import annotations

from typing import Any

from .settings import K

CHOSEN = "chosen"
"""What the product takes by itself on this machine."""
PLAIN = "without Numba"
"""What it takes where Numba is not installed; only in a process that finds none, see `needs_numba`."""
ALL = "numba-all"
"""The compiled kernel that labels every pixel in every iteration."""
_LARGE = 10**8
"""Pixels for which cells pay."""
NAMED = ("numba", ALL, "numpy")
"""Kernels of the engine, whatever the product would take."""


def needs_numba(name: str) -> bool:
    """Return whether a process that uses this kernel shall find Numba."""
    return name != PLAIN


def kernel_named(name: str) -> Any:
    """Return a kernel: `CHOSEN`, `PLAIN` or one of `NAMED`; compiled loops are ready then."""
    if name in (CHOSEN, PLAIN):
        from iikmc.engine.kernels.arriving import ArrivingKernel
        from iikmc.engine.kernels.cells.choice import at_once
        from iikmc.engine.kernels.choice import compiled_packer, pick_kernel

        kernel = pick_kernel()
        if isinstance(kernel, ArrivingKernel):
            # A measured run shall not begin with NumPy while this process still loads the loops.
            kernel.part.wait()
            compiled_packer()
            kernel = pick_kernel()
        at_once(kernel, _LARGE, K)
        return kernel
    if name == "numpy":
        from iikmc.engine.kernels.numpy_kernel import NumpyKernel

        return NumpyKernel()
    if name not in NAMED:
        raise ValueError(f"there is no kernel {name}; there are {', '.join((CHOSEN, PLAIN, *NAMED))}")
    from iikmc.engine.kernels.numba_kernel import NumbaKernel

    return NumbaKernel(prune=name != ALL)


def for_a_fit(name: str, kernel: Any) -> Any:
    """Return what labels in one fit: what the product takes lays pixels out by cells where that pays."""
    if name not in (CHOSEN, PLAIN):
        return kernel
    from iikmc.engine.kernels.cells.choice import with_cells

    return with_cells(kernel)


def for_a_job(name: str) -> Any:
    """Return what to hand to a job of the product: None where it shall choose by itself, its loops ready."""
    kernel = kernel_named(name)
    return None if name in (CHOSEN, PLAIN) else kernel
