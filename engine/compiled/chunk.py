"""The Numba kernel's work on one chunk of pixels. Importing this module imports Numba.

Pixels are taken in chunks that stay in the first-level cache. For each pixel of a chunk straight-line code writes the
smallest and second smallest distance and the class on a *workbench*, one float32 array of rows at constant strides: so
compilers need few run-time checks for overlaps, and every LLVM since version 11 makes vector instructions of it. That
code is here for up to six bands and in `wide` for up to ten; the rest is for both.

Two forms, both certain. DN and centres in DN have at most 22 bits and float32 holds 24, so both are exact in it, and so
are their differences; u = 2**-24, B <= 10 is the number of bands.

- *Squares*, sum_b (x_b - c_b)**2, is off by at most B u/(1 - B u) of itself, fused or not, for a square and B - 1 sums
  round it: where the second smallest exceeds the smallest by more than 2 B u/(1 - B u) of itself, for 10 bands 20.0002
  u, the order is certain. 24 u are asked for, which leaves room for the rounding of the test itself. The other pixels,
  about one in a million, are labelled again in int64 (`_settle`).
- *Scores*, |d|**2 - 2 y.d with y = x - o, d = c - o and whole offsets o near the middle of the centres, take half the
  operations and order the classes alike. Rounding |d|**2, B products and B sums leaves an error of at most (B + 2.01) u
  of |d|**2 + 2 sum_b |y_b d_b| <= 2 |d|**2 + |y|**2. Where two scores differ by more than (2 B + 8) u (2 max |d|**2 +
  |y|**2), their order is certain: that is 3.98 u more than twice the error, while |y|**2 and the bound itself are off
  by less than (B + 3) u of themselves. Up to six bands are reckoned as six, more as ten (`kernels.numba_kernel`). The
  other pixels, fewer than one in a thousand, are labelled again by squares.

What a key is. It says how far a pixel is from changing its class: the gap between its two smallest distances in quanta
of 1/16 DN, rounded down past all errors, plus by how much the gaps of its class had closed at that moment
(`kernels.moves`). A distance is at most sqrt(10) 65535 < 208 000 DN, and wrong by (B/2 + 1) u = 6 u of itself: half of
its square's error, and the root's own. So the gap is wrong by less than 13 u 208 000 DN < 0.162 DN, 2.6 quanta, for
which 3 are taken off. While a key exceeds by how much they have closed now, no other centre can have become nearer.
Keys are a cache: too small a key costs time and never changes the answer.

"""

from __future__ import annotations

import numpy as np

from . import wide
from .common import CLASS, DOUBT, INFINITY, SECOND, ZERO, jit, take

_GAP = DOUBT
ROWS = 4
# Centres are taken in groups, each filled up with centres that are never nearest; `wide` takes smaller ones.
GROUP = 8
# A class's row of the tally for up to 6 bands: their sums, the count, and one number to make it a power of two.
TALLY = 8
COUNT = 6
# Classes 0..255, where 0 means "not yet labelled".
CLASSES = 256

_F = np.float32
_ONE, _TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN = (_F(i) for i in range(1, 8))
# Above 2 B u/(1 - B u) for B = 10 bands, by enough for the rounding of the test itself.
_CLOSE = _F(24 * 2.0**-24)
# 16 quanta a DN, shrunk by 2**-20 for the rounding of the product; and what the error of a gap is at most.
_QUANTA = _F(16 * (1 - 2.0**-20))
_WRONG = _F(3)
_LARGEST_KEY = _F(65535)
_BYTES_1, _BYTES_128 = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
# Unsigned indices spare the test for negative ones; << 3 is * TALLY.
_TIMES_TALLY, _U1, _U2, _U3, _U4, _U5, _U6 = (np.uintp(i) for i in (3, 1, 2, 3, 4, 5, COUNT))


@jit
def _square(x0, x1, x2, x3, x4, x5, c0, c1, c2, c3, c4, c5):
    e0, e1, e2, e3, e4, e5 = x0 - c0, x1 - c1, x2 - c2, x3 - c3, x4 - c4, x5 - c5
    return e0 * e0 + e1 * e1 + e2 * e2 + e3 * e3 + e4 * e4 + e5 * e5


@jit
def _score(x0, x1, x2, x3, x4, x5, c0, c1, c2, c3, c4, c5, c6):
    return x0 * c0 + (x1 * c1 + (x2 * c2 + (x3 * c3 + (x4 * c4 + (x5 * c5 + c6)))))


@jit
def _squares(r0, r1, r2, r3, r4, r5, w, m, c, j):
    """Compare m pixels with 8 centres by their squared distances; c: (48,) float32, j: number of the first centre."""
    a0, a1, a2, a3, a4, a5 = c[0], c[1], c[2], c[3], c[4], c[5]
    b0, b1, b2, b3, b4, b5 = c[6], c[7], c[8], c[9], c[10], c[11]
    d0, d1, d2, d3, d4, d5 = c[12], c[13], c[14], c[15], c[16], c[17]
    e0, e1, e2, e3, e4, e5 = c[18], c[19], c[20], c[21], c[22], c[23]
    f0, f1, f2, f3, f4, f5 = c[24], c[25], c[26], c[27], c[28], c[29]
    g0, g1, g2, g3, g4, g5 = c[30], c[31], c[32], c[33], c[34], c[35]
    h0, h1, h2, h3, h4, h5 = c[36], c[37], c[38], c[39], c[40], c[41]
    k0, k1, k2, k3, k4, k5 = c[42], c[43], c[44], c[45], c[46], c[47]
    for i in range(m):
        x0, x1, x2 = _F(np.int32(r0[i])), _F(np.int32(r1[i])), _F(np.int32(r2[i]))
        x3, x4, x5 = _F(np.int32(r3[i])), _F(np.int32(r4[i])), _F(np.int32(r5[i]))
        s, t, n = w[i], w[i + SECOND], w[i + CLASS]
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, a0, a1, a2, a3, a4, a5), j, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, b0, b1, b2, b3, b4, b5), j + _ONE, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, d0, d1, d2, d3, d4, d5), j + _TWO, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, e0, e1, e2, e3, e4, e5), j + _THREE, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, f0, f1, f2, f3, f4, f5), j + _FOUR, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, g0, g1, g2, g3, g4, g5), j + _FIVE, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, h0, h1, h2, h3, h4, h5), j + _SIX, s, t, n)
        s, t, n = take(_square(x0, x1, x2, x3, x4, x5, k0, k1, k2, k3, k4, k5), j + _SEVEN, s, t, n)
        w[i], w[i + SECOND], w[i + CLASS] = s, t, n


@jit
def _first_scores(r0, r1, r2, r3, r4, r5, w, m, c, o, slack, share):
    """Compare m pixels with the first 8 centres by their scores; c: (56,) float32, o: (6,) float32 offsets."""
    o0, o1, o2, o3, o4, o5 = o[0], o[1], o[2], o[3], o[4], o[5]
    a0, a1, a2, a3, a4, a5, a6 = c[0], c[1], c[2], c[3], c[4], c[5], c[6]
    b0, b1, b2, b3, b4, b5, b6 = c[7], c[8], c[9], c[10], c[11], c[12], c[13]
    d0, d1, d2, d3, d4, d5, d6 = c[14], c[15], c[16], c[17], c[18], c[19], c[20]
    e0, e1, e2, e3, e4, e5, e6 = c[21], c[22], c[23], c[24], c[25], c[26], c[27]
    f0, f1, f2, f3, f4, f5, f6 = c[28], c[29], c[30], c[31], c[32], c[33], c[34]
    g0, g1, g2, g3, g4, g5, g6 = c[35], c[36], c[37], c[38], c[39], c[40], c[41]
    h0, h1, h2, h3, h4, h5, h6 = c[42], c[43], c[44], c[45], c[46], c[47], c[48]
    k0, k1, k2, k3, k4, k5, k6 = c[49], c[50], c[51], c[52], c[53], c[54], c[55]
    for i in range(m):
        x0, x1, x2 = _F(r0[i]) - o0, _F(r1[i]) - o1, _F(r2[i]) - o2
        x3, x4, x5 = _F(r3[i]) - o3, _F(r4[i]) - o4, _F(r5[i]) - o5
        s, t, n = INFINITY, INFINITY, ZERO
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, a0, a1, a2, a3, a4, a5, a6), ZERO, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, b0, b1, b2, b3, b4, b5, b6), _ONE, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, d0, d1, d2, d3, d4, d5, d6), _TWO, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, e0, e1, e2, e3, e4, e5, e6), _THREE, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, f0, f1, f2, f3, f4, f5, f6), _FOUR, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, g0, g1, g2, g3, g4, g5, g6), _FIVE, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, h0, h1, h2, h3, h4, h5, h6), _SIX, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, k0, k1, k2, k3, k4, k5, k6), _SEVEN, s, t, n)
        w[i], w[i + SECOND], w[i + CLASS] = s, t, n
        w[i + DOUBT] = _score(x0, x1, x2, x3, x4, x5, x0, x1, x2, x3, x4, x5, ZERO) * share + slack


@jit
def _next_scores(r0, r1, r2, r3, r4, r5, w, m, c, o, j):
    """Compare m pixels with 8 more centres; j: number of the first."""
    o0, o1, o2, o3, o4, o5 = o[0], o[1], o[2], o[3], o[4], o[5]
    a0, a1, a2, a3, a4, a5, a6 = c[0], c[1], c[2], c[3], c[4], c[5], c[6]
    b0, b1, b2, b3, b4, b5, b6 = c[7], c[8], c[9], c[10], c[11], c[12], c[13]
    d0, d1, d2, d3, d4, d5, d6 = c[14], c[15], c[16], c[17], c[18], c[19], c[20]
    e0, e1, e2, e3, e4, e5, e6 = c[21], c[22], c[23], c[24], c[25], c[26], c[27]
    f0, f1, f2, f3, f4, f5, f6 = c[28], c[29], c[30], c[31], c[32], c[33], c[34]
    g0, g1, g2, g3, g4, g5, g6 = c[35], c[36], c[37], c[38], c[39], c[40], c[41]
    h0, h1, h2, h3, h4, h5, h6 = c[42], c[43], c[44], c[45], c[46], c[47], c[48]
    k0, k1, k2, k3, k4, k5, k6 = c[49], c[50], c[51], c[52], c[53], c[54], c[55]
    for i in range(m):
        x0, x1, x2 = _F(r0[i]) - o0, _F(r1[i]) - o1, _F(r2[i]) - o2
        x3, x4, x5 = _F(r3[i]) - o3, _F(r4[i]) - o4, _F(r5[i]) - o5
        s, t, n = w[i], w[i + SECOND], w[i + CLASS]
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, a0, a1, a2, a3, a4, a5, a6), j, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, b0, b1, b2, b3, b4, b5, b6), j + _ONE, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, d0, d1, d2, d3, d4, d5, d6), j + _TWO, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, e0, e1, e2, e3, e4, e5, e6), j + _THREE, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, f0, f1, f2, f3, f4, f5, f6), j + _FOUR, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, g0, g1, g2, g3, g4, g5, g6), j + _FIVE, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, h0, h1, h2, h3, h4, h5, h6), j + _SIX, s, t, n)
        s, t, n = take(_score(x0, x1, x2, x3, x4, x5, k0, k1, k2, k3, k4, k5, k6), j + _SEVEN, s, t, n)
        w[i], w[i + SECOND], w[i + CLASS] = s, t, n


@jit
def _fill(row, m, value):
    for i in range(m):
        row[i] = value


@jit
def bands(dn, start, m, nothing):
    """Return the bands of a chunk; those that are not there are zero, and so are the centres in them."""
    n_bands, end, none = dn.shape[0], start + m, nothing[:m]
    r0 = dn[0, start:end]
    r1 = dn[1, start:end] if n_bands > 1 else none
    r2 = dn[2, start:end] if n_bands > 2 else none
    r3 = dn[3, start:end] if n_bands > 3 else none
    r4 = dn[4, start:end] if n_bands > 4 else none
    r5 = dn[5, start:end] if n_bands > 5 else none
    return r0, r1, r2, r3, r4, r5


@jit
def by_squares(dn, start, m, w, nothing, squares, grid, centres, new, index):
    """Find the classes and the two smallest distances of m pixels."""
    _fill(w[:SECOND], m, INFINITY)
    _fill(w[SECOND:CLASS], m, INFINITY)
    _fill(w[CLASS:DOUBT], m, ZERO)
    if squares.ndim == 2:
        r0, r1, r2, r3, r4, r5 = bands(dn, start, m, nothing)
        for group in range(squares.shape[0]):
            _squares(r0, r1, r2, r3, r4, r5, w, m, squares[group], _F(GROUP * group))
    else:
        wide.all_squares(dn, start, m, w, nothing, squares)
    _name_squares(w, m, new)
    open_ = list_open(new, m, index)
    if open_ > 0:
        _settle(dn, start, index, open_, grid, centres, new)


@jit
def _name_squares(w, m, new):
    """Write the classes, 0 where two squares are too close to call."""
    for i in range(m):
        best, second = w[i], w[i + SECOND]
        name = w[i + CLASS] + _ONE if second - best > second * _CLOSE else ZERO
        new[i] = np.uint8(np.int32(name))


@jit
def _name_scores(w, m, new):
    """Write the classes, 0 where two scores are too close to call."""
    for i in range(m):
        name = w[i + CLASS] + _ONE if w[i + SECOND] - w[i] > w[i + DOUBT] else ZERO
        new[i] = np.uint8(np.int32(name))


@jit
def list_open(new, m, index):
    """List the pixels whose class is 0; looks at eight at a time."""
    n = 0
    whole = m >> 3
    new8 = new[: whole << 3].view(np.uint64)
    for word in range(whole):
        # Not zero if and only if one of the eight bytes is 0.
        if (new8[word] - _BYTES_1) & ~new8[word] & _BYTES_128:
            for i in range(word << 3, (word << 3) + 8):
                index[n] = i
                n += new[i] == 0
    for i in range(whole << 3, m):
        index[n] = i
        n += new[i] == 0
    return n


@jit
def _settle(dn, start, index, n, grid, centres, new):
    """Label the n listed pixels in int64."""
    for a in range(n):
        i = index[a]
        smallest = np.int64(-1)
        for j in range(centres.shape[0]):
            square = np.int64(0)
            for b in range(dn.shape[0]):
                e = grid * np.int64(dn[b, start + i]) - centres[j, b]
                square += e * e
            if smallest < 0 or square < smallest:
                smallest = square
                new[i] = np.uint8(j + 1)


@jit
def by_scores(dn, start, m, w, nothing, scores, offsets, slack, share, new):
    """Find the classes of m pixels, 0 where the scores leave it open."""
    if scores.ndim == 2:
        r0, r1, r2, r3, r4, r5 = bands(dn, start, m, nothing)
        _first_scores(r0, r1, r2, r3, r4, r5, w, m, scores[0], offsets, slack, share)
        for group in range(1, scores.shape[0]):
            _next_scores(r0, r1, r2, r3, r4, r5, w, m, scores[group], offsets, _F(GROUP * group))
    else:
        wide.all_scores(dn, start, m, w, nothing, scores, offsets, slack, share)
    _name_scores(w, m, new)


@jit
def write_gaps(w, m):
    """Write the gaps in quanta, not yet rounded down."""
    for i in range(m):
        best, second = w[i], w[i + SECOND]
        quanta = (np.sqrt(second) - np.sqrt(best)) * _QUANTA - _WRONG
        quanta = quanta if quanta > ZERO else ZERO
        # Too close to call: who is second is not certain either.
        w[i + _GAP] = quanta if second - best > second * _CLOSE else ZERO


@jit
def add_closed(w, m, new, closed):
    """Round the gaps down and add what has closed of the class's: whole numbers below 2**24, exact in float32."""
    for i in range(m):
        w[i + _GAP] = _F(np.int32(w[i + _GAP])) + closed[new[i]]


@jit
def write_keys(w, m, key):
    """Write the sums as keys, saturated at their 16 bits."""
    for i in range(m):
        sum_ = w[i + _GAP]
        key[i] = np.uint16(np.int32(sum_ if sum_ < _LARGEST_KEY else _LARGEST_KEY))


@jit
def count_narrow(w, m, new, closing):
    """Count the gaps that one more such move of the centres would close."""
    n = 0
    for i in range(m):
        n += np.int32(w[i + _GAP]) <= closing[new[i]]
    return n


@jit
def list_differing(new, old, m, index):
    """List the pixels whose class differs; looks at eight at a time."""
    n = 0
    whole = m >> 3
    new8, old8 = new[: whole << 3].view(np.uint64), old[: whole << 3].view(np.uint64)
    for word in range(whole):
        if new8[word] != old8[word]:
            for i in range(word << 3, (word << 3) + 8):
                index[n] = i
                n += new[i] != old[i]
    for i in range(whole << 3, m):
        index[n] = i
        n += new[i] != old[i]
    return n


@jit
def _add_six(r0, r1, r2, r3, r4, r5, m, new, tally):
    for i in range(m):
        to = np.uintp(new[i]) << _TIMES_TALLY
        tally[to] += np.int64(r0[i])
        tally[to + _U1] += np.int64(r1[i])
        tally[to + _U2] += np.int64(r2[i])
        tally[to + _U3] += np.int64(r3[i])
        tally[to + _U4] += np.int64(r4[i])
        tally[to + _U5] += np.int64(r5[i])
        tally[to + _U6] += 1


@jit
def add_sums(dn, start, m, nothing, new, tally):
    """Add m pixels that had no class yet to the sums."""
    if tally.ndim == 1:
        r0, r1, r2, r3, r4, r5 = bands(dn, start, m, nothing)
        _add_six(r0, r1, r2, r3, r4, r5, m, new, tally)
    else:
        wide.add_sums(dn, start, m, new, tally)


@jit
def _move_six(dn, start, index, n, new, old, tally):
    for a in range(n):
        i = np.uintp(index[a])
        to, off = np.uintp(new[i]) << _TIMES_TALLY, np.uintp(old[i]) << _TIMES_TALLY
        for b in range(dn.shape[0]):
            x = np.int64(dn[b, np.uintp(start) + i])
            tally[to + np.uintp(b)] += x
            tally[off + np.uintp(b)] -= x
        tally[to + _U6] += 1
        tally[off + _U6] -= 1


@jit
def move_sums(dn, start, index, n, new, old, tally):
    """Take the n listed pixels out of the sums of their old class and into those of the new."""
    if tally.ndim == 1:
        _move_six(dn, start, index, n, new, old, tally)
    else:
        wide.move_sums(dn, start, index, n, new, old, tally)


@jit
def copy_labels(target, source, m):
    """Copy m labels; a loop is compiled once, a slice assignment brings its checks along."""
    for i in range(m):
        target[i] = source[i]


@jit
def gather(dn, start, index, n, picked):
    """Lay n pixels from anywhere behind `start` side by side."""
    for b in range(dn.shape[0]):
        gather_row(dn[b], start, index, n, picked[b])


@jit
def gather_row(values, start, index, n, row):
    """Lay n values from anywhere behind `start` side by side."""
    for a in range(n):
        row[a] = values[start + index[a]]
