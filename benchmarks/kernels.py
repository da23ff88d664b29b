"""What labels in a measured run: what the product takes by itself, or a kernel of the engine by name."""

from __future__ import annotations

from typing import Any

CHOSEN = "chosen"
"""What the product takes by itself on this machine."""
PLAIN = "without Numba"
"""What it takes where Numba is not installed; only in a process that finds none, see `needs_numba`."""
ALL = "numba-all"
"""The compiled kernel that labels every pixel in every iteration."""
NAMED = ("numba", ALL, "numpy")
"""Kernels of the engine, whatever the product would take."""


def needs_numba(name: str) -> bool:
    """Return whether a process that uses this kernel shall find Numba."""
    return name != PLAIN


def kernel_named(name: str) -> Any:
    """Return a kernel: `CHOSEN`, `PLAIN` or one of `NAMED`."""
    if name in (CHOSEN, PLAIN):
        from iikmc.engine.kernels.choice import pick_kernel

        return pick_kernel()
    if name == "numpy":
        from iikmc.engine.kernels.numpy_kernel import NumpyKernel

        return NumpyKernel()
    if name not in NAMED:
        raise ValueError(f"there is no kernel {name}; there are {', '.join((CHOSEN, PLAIN, *NAMED))}")
    from iikmc.engine.kernels.numba_kernel import NumbaKernel

    return NumbaKernel(prune=name != ALL)
