"""The Numba loops that lay pixels out cell by cell, and bring labels back. Importing this module imports Numba.

What cells are is told in `kernels.cells`; what the loops do, `kernels.cells.numpy_work` does in NumPy. They are written
for up to 6 bands, those in `wide_cells` for more: one that is not there is read as the first, with zero for its factor.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .common import OPTIONS, jit

CHUNK = 4096
BANDS = 6
_F = np.float32
# Unsigned indices spare the test for negative ones.
_U = np.uintp
_U0, _U1, _UCHUNK = _U(0), _U(1), _U(CHUNK)
_B16, _B32, _B48, _MASK = np.uint64(16), np.uint64(32), np.uint64(48), np.uint64(3)

_pass = njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)


@jit
def places(p, n, n_bands):
    """Return where the bands of pixel p begin; those that are not there are read as the first."""
    o1 = p + n if n_bands > 1 else p
    o2 = p + _U(2) * n if n_bands > 2 else p
    o3 = p + _U(3) * n if n_bands > 3 else p
    o4 = p + _U(4) * n if n_bands > 4 else p
    o5 = p + _U(5) * n if n_bands > 5 else p
    return o1, o2, o3, o4, o5


@jit
def _bin_numbers(flat, p, n, n_bands, m, c, t, n0, n1, n2, out):
    """Write the numbers of the bins of m pixels from p on."""
    a0, a1, a2, a3, a4, a5 = c[0, 0], c[0, 1], c[0, 2], c[0, 3], c[0, 4], c[0, 5]
    b0, b1, b2, b3, b4, b5 = c[1, 0], c[1, 1], c[1, 2], c[1, 3], c[1, 4], c[1, 5]
    d0, d1, d2, d3, d4, d5 = c[2, 0], c[2, 1], c[2, 2], c[2, 3], c[2, 4], c[2, 5]
    ta, tb, td = t[0], t[1], t[2]
    ha, hb, hd = _F(n0 - 1), _F(n1 - 1), _F(n2 - 1)
    s0, s1 = np.int32(n1 * n2), np.int32(n2)
    z = _F(0)
    o1, o2, o3, o4, o5 = places(p, n, n_bands)
    for i in range(m):
        x0, x1, x2 = _F(np.int32(flat[p + i])), _F(np.int32(flat[o1 + i])), _F(np.int32(flat[o2 + i]))
        x3, x4, x5 = _F(np.int32(flat[o3 + i])), _F(np.int32(flat[o4 + i])), _F(np.int32(flat[o5 + i]))
        u = ta + x0 * a0 + x1 * a1 + x2 * a2 + x3 * a3 + x4 * a4 + x5 * a5
        v = tb + x0 * b0 + x1 * b1 + x2 * b2 + x3 * b3 + x4 * b4 + x5 * b5
        w = td + x0 * d0 + x1 * d1 + x2 * d2 + x3 * d3 + x4 * d4 + x5 * d5
        u = u if u > z else z
        u = u if u < ha else ha
        v = v if v > z else z
        v = v if v < hb else hb
        w = w if w > z else z
        w = w if w < hd else hd
        out[i] = np.int32(np.int32(u) * s0 + np.int32(v) * s1 + np.int32(w))


@_pass
def cell_numbers(flat, n_bands, slope, shift, shape, table, bins, even, odd, cell, starts):
    """Write the cell of each pixel, and where each cell will begin.

    Buffers come from outside: each that is made here would be compiled, too.

    Parameters
    ----------
    flat, n_bands
        (n_bands * n,) uint16: the bands one behind the other, row by row.
    slope, shift, shape, table
        Of the partition; slope has 6 columns.
    bins
        (CHUNK,) int32 of any values, written.
    even, odd
        (cells + 1,) int32 zeros, written. Neighbours are often of one cell: two tables in turn halve the wait for the
        last addition to the same place.
    cell
        (n,) uint16, written.
    starts
        (cells + 1,) int32, written.
    """
    n = _U(cell.shape[0])
    at = _U0
    while at < n:
        m = n - at if n - at < _UCHUNK else _UCHUNK
        _bin_numbers(flat, at, n, n_bands, m, slope, shift, shape[0], shape[1], shape[2], bins)
        for half in range(m >> _U1):
            i = _U(half) << _U1
            g, h = table[_U(bins[i])], table[_U(bins[i + _U1])]
            cell[at + i] = g
            cell[at + i + _U1] = h
            even[_U(g)] += np.int32(1)
            odd[_U(h)] += np.int32(1)
        if m & _U1:
            g = table[_U(bins[m - _U1])]
            cell[at + m - _U1] = g
            even[_U(g)] += np.int32(1)
        at += _UCHUNK
    summed = np.int32(0)
    for c in range(starts.shape[0]):
        starts[c] = summed
        summed = np.int32(summed + even[c] + odd[c])


@_pass
def to_records(flat, n_bands, cell, at, records):
    """Put each pixel, as one record, where its cell's turn is; within a cell the order stays.

    Parameters
    ----------
    flat, n_bands, cell
        As for `cell_numbers`.
    at
        (cells + 1,) int32 where each cell begins; used up.
    records
        (n * words,) uint64, written: one word for up to 4 bands, else two.
    """
    n, wide = _U(cell.shape[0]), n_bands > 4
    o1, o2, o3, o4, o5 = places(_U0, n, n_bands)
    for number in range(cell.shape[0]):
        i = _U(number)
        g = _U(cell[i])
        p = _U(at[g])
        at[g] += np.int32(1)
        word = (
            np.uint64(flat[i]) | np.uint64(flat[o1 + i]) << _B16 | np.uint64(flat[o2 + i]) << _B32
            | np.uint64(flat[o3 + i]) << _B48
        )  # fmt: skip
        if wide:
            q = p << _U1
            records[q] = word
            records[q + _U1] = np.uint64(flat[o4 + i]) | np.uint64(flat[o5 + i]) << _B16
        else:
            records[p] = word


@jit
def _unpack_six(records, p, flat, n, m):
    """Lay m records of six bands from p on out as rows."""
    o1 = p + n
    o2 = o1 + n
    o3 = o2 + n
    o4 = o3 + n
    o5 = o4 + n
    for i in range(m):
        v, w = records[(p + i) << _U1], records[((p + i) << _U1) + _U1]
        flat[p + i] = np.uint16(v)
        flat[o1 + i] = np.uint16(v >> _B16)
        flat[o2 + i] = np.uint16(v >> _B32)
        flat[o3 + i] = np.uint16(v >> _B48)
        flat[o4 + i] = np.uint16(w)
        flat[o5 + i] = np.uint16(w >> _B16)


@jit
def _unpack(records, p, flat, n, m, n_bands):
    """Lay m records from p on out as rows."""
    twice = _U(n_bands > 4)
    for b in range(n_bands):
        shift, o = np.uint64(16) * (np.uint64(b) & _MASK), p + _U(b) * n
        for i in range(m):
            flat[o + i] = np.uint16(records[((p + i) << twice) + (_U(b) >> _U(2))] >> shift)


@jit
def _sum(flat, o, m):
    s = np.uint32(0)
    for i in range(m):
        s = np.uint32(s + np.uint32(flat[o + i]))
    return s


@jit
def _extents(flat, p, n, n_bands, m, a, d, low, high, g):
    """Widen a cell's box by m pixels along the axes d, d + 1 and d + 2, cut to whole DN: a (6, 6)."""
    a0, a1, a2, a3, a4, a5 = a[d, 0], a[d, 1], a[d, 2], a[d, 3], a[d, 4], a[d, 5]
    e = d + 1
    b0, b1, b2, b3, b4, b5 = a[e, 0], a[e, 1], a[e, 2], a[e, 3], a[e, 4], a[e, 5]
    h = d + 2
    d0, d1, d2, d3, d4, d5 = a[h, 0], a[h, 1], a[h, 2], a[h, 3], a[h, 4], a[h, 5]
    lu = lv = lw = np.int32(2**30)
    hu = hv = hw = np.int32(-(2**30))
    o1, o2, o3, o4, o5 = places(p, n, n_bands)
    for i in range(m):
        x0, x1, x2 = _F(np.int32(flat[p + i])), _F(np.int32(flat[o1 + i])), _F(np.int32(flat[o2 + i]))
        x3, x4, x5 = _F(np.int32(flat[o3 + i])), _F(np.int32(flat[o4 + i])), _F(np.int32(flat[o5 + i]))
        u = np.int32(x0 * a0 + x1 * a1 + x2 * a2 + x3 * a3 + x4 * a4 + x5 * a5)
        v = np.int32(x0 * b0 + x1 * b1 + x2 * b2 + x3 * b3 + x4 * b4 + x5 * b5)
        w = np.int32(x0 * d0 + x1 * d1 + x2 * d2 + x3 * d3 + x4 * d4 + x5 * d5)
        lu = u if u < lu else lu
        hu = u if u > hu else hu
        lv = v if v < lv else lv
        hv = v if v > hv else hv
        lw = w if w < lw else lw
        hw = w if w > hw else hw
    _widen(low, high, d, g, lu, hu)
    if e < n_bands:
        _widen(low, high, e, g, lv, hv)
    if h < n_bands:
        _widen(low, high, h, g, lw, hw)


@jit
def _widen(low, high, d, g, least, most):
    low[d, g] = least if least < low[d, g] else low[d, g]
    high[d, g] = most if most > high[d, g] else high[d, g]


@_pass
def lay_out(records, starts, axes, flat, n_bands, low, high, total):
    """Turn records into rows, and find the boxes and sums of the cells.

    Parameters
    ----------
    records, starts
        As `to_records` has written them, and where cells begin.
    axes
        (6, 6) float32 axes of the partition, zeros in the bands and for the axes that are not there.
    flat, n_bands
        (n_bands * n,) uint16, written: the pixels, cell by cell, the bands one behind the other.
    low, high
        (n_bands, cells) int32 boxes, written where a cell has pixels.
    total
        (cells, n_bands) int64 sums, added to.
    """
    n = _U(starts[starts.shape[0] - 1])
    for g in range(starts.shape[0] - 1):
        start, size = _U(starts[g]), _U(starts[g + 1] - starts[g])
        at = _U0
        while at < size:
            m = size - at if size - at < _UCHUNK else _UCHUNK
            p = start + at
            at += _UCHUNK
            if n_bands == BANDS:
                _unpack_six(records, p, flat, n, m)
            else:
                _unpack(records, p, flat, n, m, n_bands)
            for b in range(n_bands):
                total[g, b] += np.int64(_sum(flat, p + _U(b) * n, m))
            _extents(flat, p, n, n_bands, m, axes, np.int64(0), low, high, g)
            if n_bands > 3:
                _extents(flat, p, n, n_bands, m, axes, np.int64(3), low, high, g)


@_pass
def in_cells(values, cell, at, out):
    """Put values, one a pixel row by row, cell by cell; at: where cells begin, used up."""
    for i in range(cell.shape[0]):
        g = _U(cell[i])
        p = at[g]
        out[_U(p)] = values[i]
        at[g] = p + np.int32(1)


@_pass
def in_rows(labels, owner, cell, at, out):
    """Write the classes row by row; at: where cells begin, used up."""
    for i in range(cell.shape[0]):
        g = _U(cell[i])
        name = owner[g]
        if name == 0:
            p = at[g]
            name = labels[_U(p)]
            at[g] = p + np.int32(1)
        out[i] = name
