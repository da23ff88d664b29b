"""A block whose pixels lie cell by cell, and the way back to the order in which they were read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...arrays import DN, Labels
    from .table import Table


@dataclass(frozen=True)
class Layout:
    """Where the pixels of a block lie; within a cell they keep the order of rows."""

    table: Table
    """The cells, and what all blocks of the run know of them."""
    cell: NDArray[np.uint16]
    """(n_valid,) the cell of each pixel, row by row: all that is needed for the way back."""
    starts: NDArray[np.int32]
    """(cells + 1,) where each cell begins."""
    total: NDArray[np.int64]
    """(cells, n_bands) sums of the DN of each cell's pixels."""

    def order(self) -> NDArray[np.intp]:
        """Return the place, row by row, of each pixel as they lie."""
        return np.argsort(self.cell, kind="stable")

    def rows(self, arranged: DN) -> DN:
        """Return pixels row by row."""
        order = self.order()
        result = np.empty_like(arranged)
        for band, out in zip(arranged, result):
            out[order] = band
        return result

    def lying(self, labels: Labels, owner: Labels) -> Labels:
        """Return the classes as the pixels lie.

        Parameters
        ----------
        labels
            (n_valid,) classes of pixels.
        owner
            (cells,) the class of all pixels of a cell, 0 where `labels` has them.
        """
        result = labels.copy()
        cells = np.flatnonzero(owner)
        for cell, begin, end in zip(cells.tolist(), self.starts[cells].tolist(), self.starts[cells + 1].tolist()):
            result[begin:end] = owner[cell]
        return result
