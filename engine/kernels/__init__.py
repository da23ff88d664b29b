"""Kernels: how the pixels of a block are labelled. All give the same bits; they differ in time alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..pixels.packing import NumpyPacker, Packer
from ..progress import Progress, Silent

if TYPE_CHECKING:
    from ..arrays import Grid64
    from ..pixels.block import Block
    from .drift import Drift


class Kernel(Protocol):
    """Labels blocks; knows nothing of rasters, scenes or threads. One object may serve many threads."""

    @property
    def name(self) -> str:
        """Short name for the log."""

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label a block anew.

        Parameters
        ----------
        block
            Its `labels` and `tally` are brought up to date in place; both must be those of a former call, or all zero.
        centres
            (k, n_bands) in 1/64 DN.
        drift
            How the centres moved up to these, for kernels that remember how safe each pixel is; unknown by default.
            It saves time and never changes the answer.

        Returns
        -------
        int
            How many pixels changed class.
        """


def pick_kernel(progress: Progress | None = None) -> Kernel:
    """Return the fastest kernel of this machine, and tell in one line why it is not the compiled one.

    Parameters
    ----------
    progress
        Whom to tell; nobody by default.
    """
    from .choice import choose

    progress = progress or Silent()
    choice = choose(progress)
    if choice.reason:
        progress.note(choice.reason)
    return choice.kernel


def pick_packer(kernel: Kernel) -> Packer:
    """Return what masks and packs beside a kernel: compiled loops beside a compiled or GPU kernel, if right here."""
    if kernel.name in ("numba", "gpu"):
        from .choice import compiled_packer

        return compiled_packer() or NumpyPacker()
    return NumpyPacker()
