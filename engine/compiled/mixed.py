"""The Numba loops that label pixels which lie cell by cell. Importing this module imports Numba.

Pixels of pure cells are not looked at. Those of others are compared with the candidates of their cell alone, by

    d_a - d_j = 2 x.(c_j - c_a) + |c_a|**2 - |c_j|**2

in float32. The factors of x have 22 bits and are exact; rounding the constant, B products and B sums leaves an error of
at most (B + 2.01) u of the sum of the absolute values of all terms, u = 2**-24. What is not farther from 0 than 12 u of
the largest such sum for up to six bands, and 16 u for up to ten, is decided in int64. Among several candidates the
largest d_a - d_j wins, 0 for a itself, and is certain where the second largest is farther below it than twice the
largest bound.

Numbers of a class's row of the tally are the sums of the bands, the count, and one unused: 8 for up to six bands, 12
for more (`wide_cells`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from . import wide_cells
from .cells import BANDS, places
from .common import OPTIONS, jit
from .judging import PAIR, PURE

CHUNK = 4096
TALLY, WIDE_TALLY = 8, wide_cells.TALLY
"""Numbers of a class's row of the tally."""
_ERROR, _WIDE_ERROR = 12 * 2.0**-24, 16 * 2.0**-24
_LARGEST = 65535.0
_F = np.float32
_ZERO = np.int32(0)
# Unsigned indices spare the test for negative ones.
_U = np.uintp
_U0, _U1, _UCHUNK = _U(0), _U(1), _U(CHUNK)

_pass = njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)


@jit
def _factors(a, j, centres, norms, grid, f):
    """Write the factors, constant and error bound of d_a - d_j in DN; f has as many numbers as a row of the tally."""
    size, places_ = 0.0, f.shape[0] - 2
    for b in range(places_):
        f[b] = _F(0)
    for b in range(centres.shape[1]):
        slope = 2.0 * np.float64(centres[j, b] - centres[a, b]) / grid
        f[b] = _F(slope)
        size += abs(slope) * _LARGEST
    constant = np.float64(norms[a] - norms[j]) / (grid * grid)
    error = _ERROR if places_ == BANDS else _WIDE_ERROR
    f[places_], f[places_ + 1] = _F(constant), _F(error * (size + abs(constant)))


@jit
def _pair(flat, p, n, n_bands, m, f, a, j, labels, kept, sums):
    """Label m pixels with j where d_a - d_j > 0, else a; keep their old labels.

    Returns how many are too close to call; sums: those of j, its count, how many changed.
    """
    f0, f1, f2, f3, f4, f5, f6, f7 = f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]
    o1, o2, o3, o4, o5 = places(p, n, n_bands)
    s0 = s1 = s2 = s3 = s4 = s5 = count = doubt = changed = _ZERO
    a, j = np.int32(a), np.int32(j)
    for i in range(m):
        x0, x1, x2 = np.int32(flat[p + i]), np.int32(flat[o1 + i]), np.int32(flat[o2 + i])
        x3, x4, x5 = np.int32(flat[o3 + i]), np.int32(flat[o4 + i]), np.int32(flat[o5 + i])
        v = f6 + _F(x0) * f0 + _F(x1) * f1 + _F(x2) * f2 + _F(x3) * f3 + _F(x4) * f4 + _F(x5) * f5
        w = -np.int32(v > f7)  # all ones: certainly j's
        z = -np.int32(v >= -f7)  # no ones: certainly a's
        old = labels[p + i]
        name = np.uint8((j & w) | (a & ~z))  # 0: too close to call, in no sum
        kept[i] = old
        labels[p + i] = name
        changed = np.int32(changed + np.int32(name != old))
        doubt = np.int32(doubt + (w - z))
        count = np.int32(count - w)
        s0 = np.int32(s0 + (x0 & w))
        s1 = np.int32(s1 + (x1 & w))
        s2 = np.int32(s2 + (x2 & w))
        s3 = np.int32(s3 + (x3 & w))
        s4 = np.int32(s4 + (x4 & w))
        s5 = np.int32(s5 + (x5 & w))
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7] = s0, s1, s2, s3, s4, s5, count, changed
    return doubt


@jit
def _settle_pair(flat, p, n, a, j, centres, grid, labels, kept, sums, doubt):
    """Decide the pixels that are too close to call, label 0, in int64; a < j, so a tie is a's."""
    one, two = np.uint8(a + 1), np.uint8(j + 1)
    i = _U0
    while doubt > 0:
        if labels[p + i] == 0:
            s = np.int64(0)
            for b in range(centres.shape[1]):
                x = np.int64(grid) * np.int64(flat[p + _U(b) * n + i])
                s += (x - centres[a, b]) * (x - centres[a, b]) - (x - centres[j, b]) * (x - centres[j, b])
            name = one
            if s > 0:
                name = two
                for b in range(centres.shape[1]):
                    sums[b] += np.int32(flat[p + _U(b) * n + i])
                sums[-2] += np.int32(1)
            # 0 was counted as a change where the old label was another.
            sums[-1] += np.int32(name != kept[i]) - np.int32(kept[i] != 0)
            labels[p + i] = name
            doubt -= 1
        i += _U1


@jit
def _rival(flat, p, n, n_bands, m, f, name, w, new):
    """Compare a further candidate: the largest d_a - d_j wins. w (2 CHUNK,): largest and second largest."""
    f0, f1, f2, f3, f4, f5, f6 = f[0], f[1], f[2], f[3], f[4], f[5], f[6]
    o1, o2, o3, o4, o5 = places(p, n, n_bands)
    for i in range(m):
        x0, x1, x2 = _F(np.int32(flat[p + i])), _F(np.int32(flat[o1 + i])), _F(np.int32(flat[o2 + i]))
        x3, x4, x5 = _F(np.int32(flat[o3 + i])), _F(np.int32(flat[o4 + i])), _F(np.int32(flat[o5 + i]))
        v = f6 + x0 * f0 + x1 * f1 + x2 * f2 + x3 * f3 + x4 * f4 + x5 * f5
        b, s = w[i], w[i + _UCHUNK]
        less = v if v < b else b
        w[i + _UCHUNK] = less if less > s else s
        new[i] = name if v > b else new[i]
        w[i] = v if v > b else b


@jit
def _doubts(w, m, bound):
    n = _ZERO
    for i in range(m):
        n = np.int32(n + np.int32(w[i] - w[i + _UCHUNK] <= bound))
    return n


@jit
def _settle(flat, p, n, i, a, listed, begin, end, centres, grid, new):
    """Label one pixel among its candidates in int64, ties to the lowest class."""
    smallest, name = np.int64(-1), np.int64(255)
    for y in range(begin - 1, end):
        j = np.int64(a) if y < begin else np.int64(listed[y])
        s = np.int64(0)
        for b in range(centres.shape[1]):
            e = np.int64(grid) * np.int64(flat[p + _U(b) * n + i]) - centres[j, b]
            s += e * e
        if smallest < 0 or s < smallest or (s == smallest and j < name):
            smallest, name = s, j
    new[i] = np.uint8(name + 1)


@jit
def _members(flat, p, n, n_bands, m, new, name, sums):
    """Sum the pixels of one class."""
    o1, o2, o3, o4, o5 = places(p, n, n_bands)
    s0 = s1 = s2 = s3 = s4 = s5 = count = _ZERO
    for i in range(m):
        w = -np.int32(new[i] == name)
        count = np.int32(count - w)
        s0 = np.int32(s0 + (np.int32(flat[p + i]) & w))
        s1 = np.int32(s1 + (np.int32(flat[o1 + i]) & w))
        s2 = np.int32(s2 + (np.int32(flat[o2 + i]) & w))
        s3 = np.int32(s3 + (np.int32(flat[o3 + i]) & w))
        s4 = np.int32(s4 + (np.int32(flat[o4 + i]) & w))
        s5 = np.int32(s5 + (np.int32(flat[o5 + i]) & w))
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6] = s0, s1, s2, s3, s4, s5, count


@jit
def _replace(labels, p, new, m):
    """Write new labels and return how many differ."""
    n = _ZERO
    for i in range(m):
        n = np.int32(n + np.int32(labels[p + i] != new[i]))
        labels[p + i] = new[i]
    return n


@jit
def _other_than(labels, p, value, m):
    n = 0
    for i in range(m):
        n += np.int32(labels[p + i] != value)
    return n


@jit
def _fill(a, p, m, value):
    for i in range(m):
        a[p + i] = value


@jit
def _begin(w, new, name, m):
    """Begin with one candidate, whose difference from itself is 0."""
    for i in range(m):
        w[i] = _F(0)
        w[i + _UCHUNK] = _F(-np.inf)
        new[i] = name


@jit
def _move(tally, to, off, sums):
    for b in range(tally.shape[1] - 1):
        tally[to, b] += sums[b]
        tally[off, b] -= sums[b]


@_pass
def label(
    flat, n_bands, labels, owner, starts, total, kind, base, other, first, listed, centres, norms, grid, new, w, sums,
    f, tally, wide,
):  # fmt: skip
    """Label the pixels of a block.

    Buffers come from outside: each that is made here would be compiled, too.

    Parameters
    ----------
    flat, n_bands
        (n_bands * n,) uint16: the bands one behind the other, cell by cell.
    labels, owner
        (n,) and (cells,) uint8: the classes of pixels, and of whole cells or 0; brought up to date.
    starts, total
        Of the layout.
    kind, base, other, first, listed
        The verdicts.
    centres, norms, grid
        (k, n_bands) int64, (k,) int64 sums of their squares, and the number of steps in a DN.
    new, w
        (CHUNK,) uint8 and (2 * CHUNK,) float32 of any values, written.
    sums, f
        (TALLY,) int32 and float32, for more than six bands (WIDE_TALLY,), written.
    tally
        (k, TALLY) int64 zeros, for more than six bands (k, WIDE_TALLY), written.
    wide
        An empty tuple for up to six bands, else one of one number: its length is known when this is compiled, so that
        what the other needs is left out.

    Returns
    -------
    int
        How many pixels changed class.
    """
    n = _U(labels.shape[0])
    changed = np.int64(0)
    for g in range(owner.shape[0]):
        start, size = _U(starts[g]), _U(starts[g + 1] - starts[g])
        if size == _U0:
            continue
        a = base[g]
        for b in range(n_bands):
            tally[a, b] += total[g, b]
        tally[a, tally.shape[1] - 2] += np.int64(size)
        before = owner[g]
        if kind[g] == PURE:
            name = np.uint8(a + 1)
            if before == 0:
                changed += _other_than(labels, start, name, size)
            elif before != name:
                changed += np.int64(size)
            owner[g] = name
            continue
        if before != 0:
            _fill(labels, start, size, before)
            owner[g] = 0
        at = _U0
        while at < size:
            m = size - at if size - at < _UCHUNK else _UCHUNK
            p = start + at
            at += _UCHUNK
            if kind[g] == PAIR:
                j = other[g]
                _factors(a, j, centres, norms, grid, f)
                if len(wide) == 0:
                    doubt = _pair(flat, p, n, n_bands, m, f, np.uint8(a + 1), np.uint8(j + 1), labels, new, sums)
                else:
                    one, two = np.uint8(a + 1), np.uint8(j + 1)
                    doubt = wide_cells.pair(flat, p, n, n_bands, m, f, one, two, labels, new, sums)
                if doubt > 0:
                    _settle_pair(flat, p, n, a, j, centres, grid, labels, new, sums, doubt)
                changed += np.int64(sums[sums.shape[0] - 1])
                _move(tally, j, a, sums)
                continue
            _begin(w, new, np.uint8(a + 1), m)
            bound = _F(0)
            for y in range(first[g], first[g + 1]):
                j = listed[y]
                _factors(a, j, centres, norms, grid, f)
                error = f[f.shape[0] - 1]
                bound = error if error > bound else bound
                if len(wide) == 0:
                    _rival(flat, p, n, n_bands, m, f, np.uint8(j + 1), w, new)
                else:
                    wide_cells.rival(flat, p, n, n_bands, m, f, np.uint8(j + 1), w, new)
            bound = _F(2) * bound
            if _doubts(w, m, bound) > 0:
                for i in range(m):
                    if w[i] - w[i + _UCHUNK] <= bound:
                        _settle(flat, p, n, i, a, listed, first[g], first[g + 1], centres, grid, new)
            changed += np.int64(_replace(labels, p, new, m))
            for y in range(first[g], first[g + 1]):
                j = listed[y]
                if len(wide) == 0:
                    _members(flat, p, n, n_bands, m, new, np.uint8(j + 1), sums)
                else:
                    wide_cells.members(flat, p, n, n_bands, m, new, np.uint8(j + 1), sums)
                _move(tally, j, a, sums)
    return changed
