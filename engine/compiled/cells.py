"""The Numba loops that lay pixels out cell by cell, and bring labels back. Importing this module imports Numba.

What cells are is told in `kernels.cells`; what the loops do, `kernels.cells.numpy_work` does in NumPy. They are written
for up to 6 bands, those in `wide_cells` for more: one that is not there is read as the first, with zero for its factor.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .chunk import bands
from .common import OPTIONS, jit

CHUNK = 4096
BANDS = 6
_F = np.float32
# Unsigned indices spare the test for negative ones.
_U = np.uintp
_U0, _U1, _UCHUNK = _U(0), _U(1), _U(CHUNK)
_B16, _B32, _B48, _MASK = np.uint64(16), np.uint64(32), np.uint64(48), np.uint64(3)

_pass = njit(cache=True, **OPTIONS)


@jit
def _bin_numbers(r0, r1, r2, r3, r4, r5, m, c, t, n0, n1, n2, out):
    """Write the numbers of the bins of m pixels."""
    a0, a1, a2, a3, a4, a5 = c[0, 0], c[0, 1], c[0, 2], c[0, 3], c[0, 4], c[0, 5]
    b0, b1, b2, b3, b4, b5 = c[1, 0], c[1, 1], c[1, 2], c[1, 3], c[1, 4], c[1, 5]
    d0, d1, d2, d3, d4, d5 = c[2, 0], c[2, 1], c[2, 2], c[2, 3], c[2, 4], c[2, 5]
    ta, tb, td = t[0], t[1], t[2]
    ha, hb, hd = _F(n0 - 1), _F(n1 - 1), _F(n2 - 1)
    s0, s1 = np.int32(n1 * n2), np.int32(n2)
    z = _F(0)
    for i in range(m):
        x0, x1, x2 = _F(np.int32(r0[i])), _F(np.int32(r1[i])), _F(np.int32(r2[i]))
        x3, x4, x5 = _F(np.int32(r3[i])), _F(np.int32(r4[i])), _F(np.int32(r5[i]))
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
def cell_numbers(dn, slope, shift, shape, table, cell, starts):
    """Write the cell of each pixel, and where each cell will begin.

    Parameters
    ----------
    dn
        (n_bands, n) uint16, row by row.
    slope, shift, shape, table
        Of the partition; slope has 6 columns.
    cell
        (n,) uint16, written.
    starts
        (cells + 1,) int32, written.
    """
    n = dn.shape[1]
    bins = np.empty(CHUNK, np.int32)
    nothing = np.zeros(CHUNK, np.uint16)
    tally = np.zeros((2, starts.shape[0]), np.int32)
    # Neighbours are often of one cell: two tables in turn halve the wait for the last addition to the same place.
    even, odd = tally[0], tally[1]
    for at in range(0, n, CHUNK):
        m = min(CHUNK, n - at)
        r0, r1, r2, r3, r4, r5 = bands(dn, at, m, nothing)
        _bin_numbers(r0, r1, r2, r3, r4, r5, m, slope, shift, shape[0], shape[1], shape[2], bins)
        part = cell[at : at + m]
        for i in range(m >> 1):
            g, h = table[_U(bins[2 * i])], table[_U(bins[2 * i + 1])]
            part[2 * i] = g
            part[2 * i + 1] = h
            even[_U(g)] += np.int32(1)
            odd[_U(h)] += np.int32(1)
        if m & 1:
            g = table[_U(bins[m - 1])]
            part[m - 1] = g
            even[_U(g)] += np.int32(1)
    summed = 0
    for c in range(starts.shape[0]):
        starts[c] = summed
        summed += even[c] + odd[c]


@_pass
def to_records(dn, cell, at, records):
    """Put each pixel, as one record, where its cell's turn is; within a cell the order stays.

    Parameters
    ----------
    dn, cell
        As for `cell_numbers`.
    at
        (cells + 1,) int32 where each cell begins; used up.
    records
        (n * words,) uint64, written: one word for up to 4 bands, else two.
    """
    n, wide = cell.shape[0], dn.shape[0] > 4
    nothing = np.zeros(CHUNK, np.uint16)
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        r0, r1, r2, r3, r4, r5 = bands(dn, start, m, nothing)
        part = cell[start : start + m]
        for i in range(m):
            g = _U(part[i])
            p = at[g]
            at[g] = p + np.int32(1)
            word = np.uint64(r0[i]) | np.uint64(r1[i]) << _B16 | np.uint64(r2[i]) << _B32 | np.uint64(r3[i]) << _B48
            if wide:
                q = _U(p) << _U1
                records[q] = word
                records[q + _U1] = np.uint64(r4[i]) | np.uint64(r5[i]) << _B16
            else:
                records[_U(p)] = word


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
def places(p, n, n_bands):
    """Return where the bands of pixel p begin; those that are not there are read as the first."""
    o1 = p + n if n_bands > 1 else p
    o2 = p + _U(2) * n if n_bands > 2 else p
    o3 = p + _U(3) * n if n_bands > 3 else p
    o4 = p + _U(4) * n if n_bands > 4 else p
    o5 = p + _U(5) * n if n_bands > 5 else p
    return o1, o2, o3, o4, o5


@jit
def _extents(flat, p, n, n_bands, m, a, out):
    """Write the lowest and highest of three projections, cut to whole DN: a (3, 6), out (6,) int32."""
    a0, a1, a2, a3, a4, a5 = a[0, 0], a[0, 1], a[0, 2], a[0, 3], a[0, 4], a[0, 5]
    b0, b1, b2, b3, b4, b5 = a[1, 0], a[1, 1], a[1, 2], a[1, 3], a[1, 4], a[1, 5]
    d0, d1, d2, d3, d4, d5 = a[2, 0], a[2, 1], a[2, 2], a[2, 3], a[2, 4], a[2, 5]
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
    out[0], out[1], out[2], out[3], out[4], out[5] = lu, hu, lv, hv, lw, hw


@_pass
def lay_out(records, starts, axes, dn, low, high, total):
    """Turn records into rows, and find the boxes and sums of the cells.

    Parameters
    ----------
    records, starts
        As `to_records` has written them, and where cells begin.
    axes
        (6, 6) float32 axes of the partition, zeros in the bands and for the axes that are not there.
    dn
        (n_bands, n) uint16, written: the pixels, cell by cell.
    low, high
        (n_bands, cells) int32 boxes, written where a cell has pixels.
    total
        (cells, n_bands) int64 sums, added to.
    """
    n_bands, n = dn.shape[0], _U(dn.shape[1])
    flat = dn.reshape(-1)
    ends = np.empty(6, np.int32)
    for g in range(starts.shape[0] - 1):
        start, size = _U(starts[g]), _U(starts[g + 1] - starts[g])
        for at in range(_U0, size, _UCHUNK):
            m = min(_UCHUNK, size - at)
            p = start + at
            if n_bands == BANDS:
                _unpack_six(records, p, flat, n, m)
            else:
                _unpack(records, p, flat, n, m, n_bands)
            for b in range(n_bands):
                total[g, b] += np.int64(_sum(flat, p + _U(b) * n, m))
            for half in range(0, n_bands, 3):
                _extents(flat, p, n, n_bands, m, axes[half : half + 3], ends)
                for d in range(min(3, n_bands - half)):
                    low[half + d, g] = min(low[half + d, g], ends[2 * d])
                    high[half + d, g] = max(high[half + d, g], ends[2 * d + 1])


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
