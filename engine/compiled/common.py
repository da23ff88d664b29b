"""What the Numba kernel's loops share, whatever the number of bands. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

CHUNK = 1024
# Rows of the workbench (`chunk`), one behind the other.
SECOND, CLASS, DOUBT = CHUNK, 2 * CHUNK, 3 * CHUNK
ZERO = np.float32(0)
INFINITY = np.float32(np.inf)

# contract and nsz leave every rounding within the bounds that are proved; nothing else of fastmath would.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}, "boundscheck": False}
# Each is kept on disk by itself: where a process ends before all is compiled, the next one goes on from there.
jit = njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)


@jit
def take(square, j, best, second, nearest):
    """Return smallest, second smallest and the class of the smallest after one more; a tie changes no class."""
    larger = square if square > best else best
    second = larger if larger < second else second
    nearest = j if square < best else nearest
    best = square if square < best else best
    return best, second, nearest
