"""The arrays that travel through the engine, and the unit of the centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    DN = NDArray[np.uint16]
    """(n_bands, n_valid) digital numbers, C-contiguous, band-major; never reflectance."""
    Labels = NDArray[np.uint8]
    """(n_valid,) classes 1..k; 0 = not yet labelled."""
    Grid64 = NDArray[np.int64]
    """(k, n_bands) centres in units of 1/64 DN."""

GRID = 64
"""Centres are integers in units of 1/GRID DN."""
UNCLASSIFIED = 255
"""Written for a valid pixel that lies too far from every centre; never a class, of which there are at most 254."""
