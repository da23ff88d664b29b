"""What a kernel is: how the pixels of a block are labelled. All give the same bits; they differ in time alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..arrays import Grid64
    from ..pixels.block import Block
    from .moves import Drift


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
