"""The Numba loops that judge cells, as `kernels.cells.verdicts` does in NumPy. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from .common import OPTIONS, jit

PURE, PAIR, MANY = 0, 1, 2

_pass = njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)


@jit
def _gaps(low, high, rows, g, gap):
    """Write the squared distances of all centres from the middle of a box; return the nearest."""
    n_bands, k = rows.shape
    for j in range(k):
        gap[j] = 0.0
    for b in range(n_bands):
        middle = 0.5 * (np.float64(low[b, g]) + np.float64(high[b, g]))
        for j in range(k):
            away = middle - rows[b, j]
            gap[j] += away * away
    a = np.int64(0)
    for j in range(1, k):
        a = j if gap[j] < gap[a] else a
    return a


@jit
def _reaches(low, high, rows, g, a, slack, reach):
    """Write how much nearer than centre a, at most, each centre is to a pixel of a box than to its middle."""
    n_bands, k = rows.shape
    for j in range(k):
        reach[j] = 0.0
    for b in range(n_bands):
        side, own = np.float64(high[b, g]) - np.float64(low[b, g]) + slack, rows[b, a]
        for j in range(k):
            reach[j] += side * abs(rows[b, j] - own)


@jit
def _drop(low, high, rows, g, slack, rounding, gap, listed, begin, end):
    """Drop the rivals that another rival is nearer than everywhere in the box; return where the others end."""
    at = begin
    for y in range(begin, end):
        j = listed[y]
        stays = True
        # Those before are at the beginning of the list, but for the dropped ones, which are farther than one of them.
        for z in range(begin, end):
            if (z < at or z > y) and stays:
                i = listed[z]
                reach = 0.0
                for b in range(rows.shape[0]):
                    side = np.float64(high[b, g]) - np.float64(low[b, g]) + slack
                    reach += side * abs(rows[b, j] - rows[b, i])
                stays = not (gap[j] - gap[i] > reach + rounding * (gap[j] + gap[i]))
        if stays:
            listed[at] = j
            at += 1
    return at


@_pass
def judge(low, high, rows, slack, rounding, most, gap, reach, kind, base, other, first, listed):
    """Judge all cells; `kernels.cells.verdicts` tells how and why.

    Parameters
    ----------
    low, high
        (n_bands, cells) int32 boxes.
    rows
        (n_bands, k) float64 centres in DN in the axes of the boxes.
    slack, rounding, most
        Of `kernels.cells.verdicts`.
    gap, reach
        (k,) float64 of any values, written.
    kind, base, other, first, listed
        The verdicts, written; `listed` has room for (k - 1) rivals a cell.

    Returns
    -------
    int
        How many rivals are listed.
    """
    k = rows.shape[1]
    at = np.int64(0)
    for g in range(low.shape[1]):
        first[g] = at
        kind[g] = PURE
        base[g] = other[g] = 0
        if low[0, g] > high[0, g]:
            continue
        a = _gaps(low, high, rows, g, gap)
        smallest = gap[a]
        _reaches(low, high, rows, g, a, slack, reach)
        begin = at
        for j in range(k):
            if j != a and not (gap[j] - smallest > reach[j] + rounding * (gap[j] + smallest)):
                listed[at] = j
                at += 1
        if at - begin > 1 and at - begin <= most:
            at = _drop(low, high, rows, g, slack, rounding, gap, listed, begin, at)
        base[g] = a
        if at - begin == 1:
            j = np.int64(listed[begin])
            kind[g] = PAIR
            base[g], other[g] = (a, j) if a < j else (j, a)
        elif at > begin:
            kind[g] = MANY
    first[low.shape[1]] = at
    return at
