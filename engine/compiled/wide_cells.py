"""The loops on cells for seven to ten bands; importing this module imports Numba.

`cells` and `mixed` have the same for up to six, tell what it is for, and prove the bounds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .common import OPTIONS, jit
from .wide import bands, ten

CHUNK = 4096
TALLY = 12
"""Numbers of a class's row of the tally: the sums of up to 10 bands, the count, one unused."""
COUNT, CHANGED = 10, 11
# Of the factors of a difference of distances: its constant has the place of the count, its error bound the last.
BOUND = 11
WORDS = 3
"""Words of a record: four bands in each."""
_F = np.float32
_ZERO = np.int32(0)
# Unsigned indices spare the test for negative ones.
_U = np.uintp
_U0, _U1, _U2, _U3, _UCHUNK = _U(0), _U(1), _U(2), _U(WORDS), _U(CHUNK)
_B16, _B32, _B48 = np.uint64(16), np.uint64(32), np.uint64(48)

_pass = njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)


@jit
def _project(out, row, m, factor):
    for i in range(m):
        out[i] += _F(np.int32(row[i])) * factor


@jit
def _bins(along, m, highest, times, bins):
    """Cut projections to the numbers of bins along their axis, and add these to the numbers of the bins."""
    zero = _F(0)
    for i in range(m):
        v = along[i]
        v = v if v > zero else zero
        v = v if v < highest else highest
        bins[i] = np.int32(bins[i] + np.int32(v) * times)


@_pass
def cell_numbers(dn, slope, shift, shape, table, cell, starts):
    """Write the cell of each pixel, and where each cell will begin; parameters are those of `cells.cell_numbers`."""
    n_bands, n = dn.shape
    bins, along = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.float32)
    times = (np.int32(shape[1] * shape[2]), np.int32(shape[2]), np.int32(1))
    tally = np.zeros(starts.shape[0], np.int32)
    for at in range(0, n, CHUNK):
        m = min(CHUNK, n - at)
        bins[:m] = 0
        for axis in range(3):
            along[:m] = shift[axis]
            for b in range(n_bands):
                _project(along, dn[b, at : at + m], m, slope[axis, b])
            _bins(along, m, _F(shape[axis] - 1), times[axis], bins)
        for i in range(m):
            g = table[_U(bins[i])]
            cell[at + i] = g
            tally[_U(g)] += np.int32(1)
    summed = 0
    for c in range(starts.shape[0]):
        starts[c] = summed
        summed += tally[c]


@jit
def _word(x0, x1, x2, x3):
    return np.uint64(x0) | np.uint64(x1) << _B16 | np.uint64(x2) << _B32 | np.uint64(x3) << _B48


@_pass
def to_records(dn, cell, at, records):
    """Put each pixel, as a record of three words, where its cell's turn is; within a cell the order stays.

    Parameters
    ----------
    dn, cell, at
        As for `cells.to_records`.
    records
        (n * WORDS,) uint64, written.
    """
    n = cell.shape[0]
    nothing = np.zeros(CHUNK, np.uint16)
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        r = bands(dn, start, m, nothing)
        part = cell[start : start + m]
        for i in range(m):
            g = _U(part[i])
            q = _U(at[g]) * _U3
            at[g] += np.int32(1)
            records[q] = _word(r[0][i], r[1][i], r[2][i], r[3][i])
            records[q + _U1] = _word(r[4][i], r[5][i], r[6][i], r[7][i])
            records[q + _U2] = np.uint64(r[8][i]) | np.uint64(r[9][i]) << _B16


@jit
def _unpack(records, p, row, m, b):
    """Write band b of m records from p on as a row."""
    word, shift = _U(b) >> _U2, np.uint64(16) * (np.uint64(b) & np.uint64(3))
    for i in range(m):
        row[i] = np.uint16(records[(p + i) * _U3 + word] >> shift)


@jit
def _sum(row, m):
    s = np.uint32(0)
    for i in range(m):
        s = np.uint32(s + np.uint32(row[i]))
    return s


@jit
def _ends(along, m):
    """Return the lowest and highest of some projections, cut to whole DN."""
    low = high = np.int32(along[0])
    for i in range(m):
        v = np.int32(along[i])
        low = v if v < low else low
        high = v if v > high else high
    return low, high


@_pass
def lay_out(records, starts, axes, dn, low, high, total):
    """Turn records into rows, and find the boxes and sums of the cells; the parameters are those of `cells.lay_out`."""
    n_bands = dn.shape[0]
    along = np.empty(CHUNK, np.float32)
    for g in range(starts.shape[0] - 1):
        start, size = starts[g], starts[g + 1] - starts[g]
        for at in range(0, size, CHUNK):
            m = min(CHUNK, size - at)
            p = start + at
            for b in range(n_bands):
                row = dn[b, p : p + m]
                _unpack(records, _U(p), row, m, b)
                total[g, b] += np.int64(_sum(row, m))
            for axis in range(n_bands):
                along[:m] = _F(0)
                for b in range(n_bands):
                    _project(along, dn[b, p : p + m], m, axes[axis, b])
                least, most = _ends(along, m)
                low[axis, g] = min(low[axis, g], least)
                high[axis, g] = max(high[axis, g], most)


@jit
def _places(p, n, n_bands):
    """Return where the bands of pixel p begin; those that are not there are read as the first."""
    o1 = p + n if n_bands > 1 else p
    o2 = p + _U(2) * n if n_bands > 2 else p
    o3 = p + _U(3) * n if n_bands > 3 else p
    o4 = p + _U(4) * n if n_bands > 4 else p
    o5 = p + _U(5) * n if n_bands > 5 else p
    o6 = p + _U(6) * n if n_bands > 6 else p
    o7 = p + _U(7) * n if n_bands > 7 else p
    o8 = p + _U(8) * n if n_bands > 8 else p
    o9 = p + _U(9) * n if n_bands > 9 else p
    return p, o1, o2, o3, o4, o5, o6, o7, o8, o9


@jit
def _values(flat, o, i):
    """Return the bands of a pixel."""
    return (
        np.int32(flat[o[0] + i]), np.int32(flat[o[1] + i]), np.int32(flat[o[2] + i]), np.int32(flat[o[3] + i]),
        np.int32(flat[o[4] + i]), np.int32(flat[o[5] + i]), np.int32(flat[o[6] + i]), np.int32(flat[o[7] + i]),
        np.int32(flat[o[8] + i]), np.int32(flat[o[9] + i]),
    )  # fmt: skip


@jit
def _difference(x, f, constant):
    """Return d_a - d_j."""
    v = constant + _F(x[0]) * f[0] + _F(x[1]) * f[1] + _F(x[2]) * f[2] + _F(x[3]) * f[3] + _F(x[4]) * f[4]
    return v + _F(x[5]) * f[5] + _F(x[6]) * f[6] + _F(x[7]) * f[7] + _F(x[8]) * f[8] + _F(x[9]) * f[9]


@jit
def pair(flat, p, n, n_bands, m, factors, a, j, labels, kept, sums):
    """Label m pixels with j where d_a - d_j > 0, else a; keep their old labels.

    Returns how many are too close to call; sums: those of j, its count, how many changed.
    """
    f, constant, bound = ten(factors), factors[COUNT], factors[BOUND]
    o = _places(p, n, n_bands)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = count = doubt = changed = _ZERO
    a, j = np.int32(a), np.int32(j)
    for i in range(m):
        x = _values(flat, o, i)
        v = _difference(x, f, constant)
        w = -np.int32(v > bound)  # all ones: certainly j's
        z = -np.int32(v >= -bound)  # no ones: certainly a's
        old = labels[p + i]
        name = np.uint8((j & w) | (a & ~z))  # 0: too close to call, in no sum
        kept[i] = old
        labels[p + i] = name
        changed = np.int32(changed + np.int32(name != old))
        doubt = np.int32(doubt + (w - z))
        count = np.int32(count - w)
        s0 = np.int32(s0 + (x[0] & w))
        s1 = np.int32(s1 + (x[1] & w))
        s2 = np.int32(s2 + (x[2] & w))
        s3 = np.int32(s3 + (x[3] & w))
        s4 = np.int32(s4 + (x[4] & w))
        s5 = np.int32(s5 + (x[5] & w))
        s6 = np.int32(s6 + (x[6] & w))
        s7 = np.int32(s7 + (x[7] & w))
        s8 = np.int32(s8 + (x[8] & w))
        s9 = np.int32(s9 + (x[9] & w))
    sums[0], sums[1], sums[2], sums[3], sums[4] = s0, s1, s2, s3, s4
    sums[5], sums[6], sums[7], sums[8], sums[9] = s5, s6, s7, s8, s9
    sums[COUNT], sums[CHANGED] = count, changed
    return doubt


@jit
def rival(flat, p, n, n_bands, m, factors, name, w, new):
    """Compare a further candidate: the largest d_a - d_j wins. w (2 CHUNK,): largest and second largest."""
    f, constant = ten(factors), factors[COUNT]
    o = _places(p, n, n_bands)
    for i in range(m):
        v = _difference(_values(flat, o, i), f, constant)
        b, s = w[i], w[i + _UCHUNK]
        less = v if v < b else b
        w[i + _UCHUNK] = less if less > s else s
        new[i] = name if v > b else new[i]
        w[i] = v if v > b else b


@jit
def members(flat, p, n, n_bands, m, new, name, sums):
    """Sum the pixels of one class."""
    for b in range(n_bands):
        sums[b] = _members_of_band(flat, p + _U(b) * n, m, new, name)
    count = _ZERO
    for i in range(m):
        count = np.int32(count + np.int32(new[i] == name))
    sums[COUNT] = count


@jit
def _members_of_band(flat, o, m, new, name):
    s = _ZERO
    for i in range(m):
        s = np.int32(s + (np.int32(flat[o + i]) & -np.int32(new[i] == name)))
    return s
