"""The boxes around the pixels of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY = 1 << 30
"""Beyond every projection."""


@dataclass(frozen=True)
class Boxes:
    """The smallest boxes around the pixels of each cell in the partition's axes, cut to whole DN."""

    low: NDArray[np.int32]
    """(n_bands, cells) `EMPTY` where there is no pixel."""
    high: NDArray[np.int32]
    """(n_bands, cells) `-EMPTY` where there is no pixel."""

    @classmethod
    def empty(cls, n_bands: int, cells: int) -> Boxes:
        """Return those of no pixel."""
        return cls(np.full((n_bands, cells), EMPTY, np.int32), np.full((n_bands, cells), -EMPTY, np.int32))

    def extend(self, other: Boxes, work: NDArray[np.bool_]) -> bool:
        """Let these boxes hold others as well; tell whether one of them grew.

        Parameters
        ----------
        other
            The others.
        work
            (n_bands, cells) of any values, overwritten.
        """
        grows = bool(np.less(other.low, self.low, out=work).any() or np.greater(other.high, self.high, out=work).any())
        if grows:
            np.minimum(self.low, other.low, out=self.low)
            np.maximum(self.high, other.high, out=self.high)
        return grows
