"""How safe each label is, and which pixels lie too far from every centre, in compiled loops.

Importing this module imports Numba; only `kernels.numba_judge` asks for it, through `cache.load_module`. Distances are
float64, for the sake of the processor's vectors: each is a sum of squares of whole numbers below 2^22, with up to 13
bands below 2^48, so each is exact, with or without fused operations. What they mean stands in `kernels/margins.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# With 10 bands the pixels of a chunk take 20 KB as float64, which a first-level cache holds.
CHUNK = 256
_F = np.float64
_ONE, _STEPS = np.int64(1), np.int64(254)

_jit = njit(nogil=True, error_model="numpy", boundscheck=False)


@_jit
def _scaled(values, y, grid, m):
    for i in range(m):
        y[i] = grid * _F(np.int32(values[i]))


@_jit
def _set_square(y, c, d, m):
    for i in range(m):
        t = y[i] - c
        d[i] = t * t


@_jit
def _add_square(y, c, d, m):
    for i in range(m):
        t = y[i] - c
        d[i] += t * t


@_jit
def _two_least(d, first, second, m):
    """Keep the least and the second least of the distances so far."""
    for i in range(m):
        more = first[i] if d[i] < first[i] else d[i]
        first[i] = d[i] if d[i] < first[i] else first[i]
        second[i] = more if more < second[i] else second[i]


@_jit
def _margins(first, second, margins, m):
    for i in range(m):
        d1, d2 = np.int64(first[i]), np.int64(second[i])
        whole = max(d1 + d2, _ONE)
        # Of whole numbers from 0, so that the quotient that is cut off is rounded down.
        margins[i] = np.uint8(_ONE + np.int64(np.uint64(_STEPS * (d2 - d1)) // np.uint64(whole)))


@_jit
def _reject(first, limit, labels, unclassified, m):
    for i in range(m):
        labels[i] = unclassified if first[i] > limit else labels[i]


@njit(nogil=True, error_model="numpy", boundscheck=False, cache=True)
def judge(dn, labels, centres, grid, limit, unclassified, new, margins):
    """Look at labelled pixels once more.

    Parameters
    ----------
    dn
        (n_bands, n) uint16.
    labels
        (n,) uint8 classes 1..k: those of the nearest centres.
    centres, grid
        (k, n_bands) float64 whole numbers, and the number of their steps in a DN.
    limit, unclassified
        float64 whole number or infinity, and the uint8 value of pixels whose distance exceeds it.
    new
        (n,) uint8, a copy of `labels`, written; or (0,) where none is to be rejected.
    margins
        (n,) uint8, written; or (0,) where none are wanted.
    """
    n_bands, n = dn.shape
    k = centres.shape[0]
    y = np.empty((n_bands, CHUNK), np.float64)
    d, first, second = np.empty(CHUNK, np.float64), np.empty(CHUNK, np.float64), np.empty(CHUNK, np.float64)
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        names = labels[start : start + m]
        if margins.shape[0] == 0:
            first[:] = 0.0
            for b in range(n_bands):
                values = dn[b, start : start + m]
                for i in range(m):
                    t = grid * _F(np.int32(values[i])) - centres[names[i] - 1, b]
                    first[i] += t * t
        else:
            first[:] = np.inf
            second[:] = np.inf
            for b in range(n_bands):
                _scaled(dn[b, start : start + m], y[b], grid, m)
            for j in range(k):
                _set_square(y[0], centres[j, 0], d, m)
                for b in range(1, n_bands):
                    _add_square(y[b], centres[j, b], d, m)
                _two_least(d, first, second, m)
            _margins(first, second, margins[start : start + m], m)
        if new.shape[0] > 0:
            _reject(first, limit, new[start : start + m], unclassified, m)
