"""The loops of the Numba kernel. Importing this module imports Numba; only `cpu_numba` does so, when it is needed.

How a pixel is labelled. The values of up to CHUNK pixels are laid on a workbench: one float32 array with a row for each
band and rows for the smallest distance, the second smallest and the class. Straight-line code over rows at constant
strides of one array needs no run-time check for overlaps, so that every LLVM since version 11 turns it into vector
instructions; the same loop over the bands' own arrays is ten times slower under Numba 0.56.

Why it is exact. DN and centres in DN have at most 22 bits, so float32 holds them and their differences exactly. A sum
of n_bands squares is then off by at most 6 u/(1 - 6 u) of itself (u = 2**-24), fused or not: where the second smallest
exceeds the smallest by more than 16 u of itself, the order is certain. The other pixels, about one in a million, are
labelled again in int64 by `_settle`.

What a key is. It says how far a pixel is from changing its class: the gap between the two smallest distances in quanta
of 1/16 DN, rounded down past all errors (a distance is at most 161 000 DN and wrong by 4 u of itself, a gap by less
than 1.4 quanta), plus the drift of its class at that moment. While a key exceeds the drift of the pixel's class, no
other centre can have become nearer. Keys are a cache: too small a key costs time and never changes the answer.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# 9 rows of 1024 float32 are 36 KB, within a first-level cache of 48 KB; 512 and 2048 are slower.
CHUNK = 1024
_BEST, _SECOND, _CLASS = 6 * CHUNK, 7 * CHUNK, 8 * CHUNK
_ROWS = 9
# Centres are taken in groups, each filled up with centres that are never nearest.
GROUP = 8
# A class's row of the tally: the sums of up to 6 bands, the count, and one number to make it a power of two.
TALLY = 8
COUNT = 6
# Classes 0..255, where 0 means "not yet labelled".
CLASSES = 256
LARGEST_KEY = 65535

_F = np.float32
_TIMES_TALLY, _U1, _U2, _U3, _U4, _U5, _U6 = (np.uintp(i) for i in (3, 1, 2, 3, 4, 5, COUNT))  # << 3 is * TALLY
_ZERO, _ONE, _TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN = (_F(i) for i in range(8))
_INFINITY = _F(np.inf)
# 16 u: above 2 x 6 u/(1 - 6 u) by enough for the rounding of the test itself.
_CLOSE = _F(16 * 2.0**-24)
# 16 quanta a DN, shrunk by 2**-20 for the rounding of the product.
_QUANTA = _F(16 * (1 - 2.0**-20))
_LARGEST_GAP = _F(60000)

# nsz and contract leave every rounding within the bound above; nothing else of fastmath would.
_jit = njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz"}, boundscheck=False, cache=True)


@_jit
def _square6(x0, x1, x2, x3, x4, x5, c0, c1, c2, c3, c4, c5):
    e0, e1, e2, e3, e4, e5 = x0 - c0, x1 - c1, x2 - c2, x3 - c3, x4 - c4, x5 - c5
    return e0 * e0 + e1 * e1 + e2 * e2 + e3 * e3 + e4 * e4 + e5 * e5


@_jit
def _square3(x0, x1, x2, c0, c1, c2):
    e0, e1, e2 = x0 - c0, x1 - c1, x2 - c2
    return e0 * e0 + e1 * e1 + e2 * e2


@_jit
def _take(square, j, best, second, nearest):
    larger = square if square > best else best
    second = larger if larger < second else second
    nearest = j if square < best else nearest
    best = square if square < best else best
    return best, second, nearest


@_jit
def _eight6(w, m, c, j):
    """Compare the m pixels on the workbench with 8 centres of 4 to 6 bands; c: (48,), j: number of the first."""
    a0, a1, a2, a3, a4, a5 = c[0], c[1], c[2], c[3], c[4], c[5]
    b0, b1, b2, b3, b4, b5 = c[6], c[7], c[8], c[9], c[10], c[11]
    d0, d1, d2, d3, d4, d5 = c[12], c[13], c[14], c[15], c[16], c[17]
    e0, e1, e2, e3, e4, e5 = c[18], c[19], c[20], c[21], c[22], c[23]
    f0, f1, f2, f3, f4, f5 = c[24], c[25], c[26], c[27], c[28], c[29]
    g0, g1, g2, g3, g4, g5 = c[30], c[31], c[32], c[33], c[34], c[35]
    h0, h1, h2, h3, h4, h5 = c[36], c[37], c[38], c[39], c[40], c[41]
    k0, k1, k2, k3, k4, k5 = c[42], c[43], c[44], c[45], c[46], c[47]
    for i in range(m):
        x0, x1, x2 = w[i], w[i + CHUNK], w[i + 2 * CHUNK]
        x3, x4, x5 = w[i + 3 * CHUNK], w[i + 4 * CHUNK], w[i + 5 * CHUNK]
        s, t, n = w[i + _BEST], w[i + _SECOND], w[i + _CLASS]
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, a0, a1, a2, a3, a4, a5), j, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, b0, b1, b2, b3, b4, b5), j + _ONE, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, d0, d1, d2, d3, d4, d5), j + _TWO, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, e0, e1, e2, e3, e4, e5), j + _THREE, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, f0, f1, f2, f3, f4, f5), j + _FOUR, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, g0, g1, g2, g3, g4, g5), j + _FIVE, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, h0, h1, h2, h3, h4, h5), j + _SIX, s, t, n)
        s, t, n = _take(_square6(x0, x1, x2, x3, x4, x5, k0, k1, k2, k3, k4, k5), j + _SEVEN, s, t, n)
        w[i + _BEST], w[i + _SECOND], w[i + _CLASS] = s, t, n


@_jit
def _eight3(w, m, c, j):
    """Compare the m pixels on the workbench with 8 centres of 1 to 3 bands; c: (24,), j: number of the first."""
    a0, a1, a2 = c[0], c[1], c[2]
    b0, b1, b2 = c[3], c[4], c[5]
    d0, d1, d2 = c[6], c[7], c[8]
    e0, e1, e2 = c[9], c[10], c[11]
    f0, f1, f2 = c[12], c[13], c[14]
    g0, g1, g2 = c[15], c[16], c[17]
    h0, h1, h2 = c[18], c[19], c[20]
    k0, k1, k2 = c[21], c[22], c[23]
    for i in range(m):
        x0, x1, x2 = w[i], w[i + CHUNK], w[i + 2 * CHUNK]
        s, t, n = w[i + _BEST], w[i + _SECOND], w[i + _CLASS]
        s, t, n = _take(_square3(x0, x1, x2, a0, a1, a2), j, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, b0, b1, b2), j + _ONE, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, d0, d1, d2), j + _TWO, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, e0, e1, e2), j + _THREE, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, f0, f1, f2), j + _FOUR, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, g0, g1, g2), j + _FIVE, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, h0, h1, h2), j + _SIX, s, t, n)
        s, t, n = _take(_square3(x0, x1, x2, k0, k1, k2), j + _SEVEN, s, t, n)
        w[i + _BEST], w[i + _SECOND], w[i + _CLASS] = s, t, n


@_jit
def _fill(row, m, value):
    for i in range(m):
        row[i] = value


@_jit
def _lay(row, values, m):
    for i in range(m):
        row[i] = _F(values[i])


@_jit
def _compare(w, m, n_bands, centres):
    """Find the two smallest distances of the m pixels on the workbench; centres: (groups, GROUP * 3 or 6) float32."""
    _fill(w[_BEST:_SECOND], m, _INFINITY)
    _fill(w[_SECOND:_CLASS], m, _INFINITY)
    _fill(w[_CLASS:], m, _ZERO)
    for group in range(centres.shape[0]):
        if n_bands <= 3:
            _eight3(w, m, centres[group], _F(GROUP * group))
        else:
            _eight6(w, m, centres[group], _F(GROUP * group))


@_jit
def _name(w, m, new):
    """Write the classes 1..k and return how many pixels are too close to call."""
    close = 0
    for i in range(m):
        second = w[i + _SECOND]
        close += np.int32(second - w[i + _BEST] <= second * _CLOSE)
        new[i] = np.uint8(np.int32(w[i + _CLASS]) + 1)
    return close


@_jit
def _gaps(w, m, gap):
    """Write the gap of every pixel in quanta."""
    for i in range(m):
        best, second = w[i + _BEST], w[i + _SECOND]
        quanta = (np.sqrt(second) - np.sqrt(best)) * _QUANTA - _TWO
        quanta = quanta if quanta > _ZERO else _ZERO
        quanta = quanta if quanta < _LARGEST_GAP else _LARGEST_GAP
        quanta = _ZERO if second - best <= second * _CLOSE else quanta
        gap[i] = np.int32(quanta)


@_jit
def _keys(gap, new, m, drift, key):
    """Write the keys: gap + drift of the class, saturated."""
    for i in range(m):
        sum_ = gap[i] + drift[new[i]]
        key[i] = np.uint16(sum_ if sum_ < LARGEST_KEY else LARGEST_KEY)


@_jit
def _settle(w, m, n_bands, grid, centres64, new):
    """Label the pixels that are too close to call in int64."""
    for i in range(m):
        second = w[i + _SECOND]
        if second - w[i + _BEST] <= second * _CLOSE:
            smallest = np.int64(-1)
            for j in range(centres64.shape[0]):
                square = np.int64(0)
                for b in range(n_bands):
                    e = grid * np.int64(w[b * CHUNK + i]) - centres64[j, b]
                    square += e * e
                if smallest < 0 or square < smallest:
                    smallest = square
                    new[i] = np.uint8(j + 1)


@_jit
def _differing(new, old, m, index):
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


@_jit
def _add(w, m, new, tally):
    """Add m pixels that had no class yet to the sums; unsigned indices spare the test for negative ones."""
    for i in range(m):
        x0, x1, x2 = np.int64(w[i]), np.int64(w[i + CHUNK]), np.int64(w[i + 2 * CHUNK])
        x3, x4, x5 = np.int64(w[i + 3 * CHUNK]), np.int64(w[i + 4 * CHUNK]), np.int64(w[i + 5 * CHUNK])
        to = np.uintp(new[i]) << _TIMES_TALLY
        tally[to] += x0
        tally[to + _U1] += x1
        tally[to + _U2] += x2
        tally[to + _U3] += x3
        tally[to + _U4] += x4
        tally[to + _U5] += x5
        tally[to + _U6] += 1


@_jit
def _move(w, index, n, new, old, tally):
    """Take the n listed pixels out of the sums of their old class and into those of the new."""
    for a in range(n):
        i = np.uintp(index[a])
        to, off = np.uintp(new[i]) << _TIMES_TALLY, np.uintp(old[i]) << _TIMES_TALLY
        for b in range(COUNT):
            x = np.int64(w[i + np.uintp(b * CHUNK)])
            tally[to + np.uintp(b)] += x
            tally[off + np.uintp(b)] -= x
        tally[to + _U6] += 1
        tally[off + _U6] -= 1


@_jit
def _copy(target, source, m):
    for i in range(m):
        target[i] = source[i]


@_jit
def _evaluate(w, m, n_bands, centres, grid, centres64, new):
    """Find the class of the m pixels on the workbench."""
    _compare(w, m, n_bands, centres)
    if _name(w, m, new) > 0:
        _settle(w, m, n_bands, grid, centres64, new)


@_jit
def _one_chunk(w, dn, labels, key, first, keyed, start, m, centres, grid, centres64, drift, tally, new, gap, index):
    """Label m pixels in a row anew and return how many changed class."""
    n_bands = dn.shape[0]
    for b in range(n_bands):
        _lay(w[b * CHUNK : b * CHUNK + m], dn[b, start : start + m], m)
    _evaluate(w, m, n_bands, centres, grid, centres64, new)
    if keyed:
        _gaps(w, m, gap)
        _keys(gap, new, m, drift, key[start : start + m])
    old = labels[start : start + m]
    if first:
        _add(w, m, new, tally)
        _copy(old, new, m)
        return m
    changed = _differing(new, old, m, index)
    if changed > 0:
        _move(w, index, changed, new, old, tally)
        _copy(old, new, m)
    return changed


@_jit
def relabel_all(dn, labels, key, first, keyed, centres, grid, centres64, drift, tally):
    """Label all pixels of a block anew.

    Parameters
    ----------
    dn
        (n_bands, n) uint16, C-contiguous.
    labels
        (n,) uint8, changed in place.
    key
        (n,) uint16, written if `keyed`; else it may be empty.
    first
        Whether no pixel has a class yet.
    keyed
        Whether to write the keys.
    centres
        (groups, GROUP * 3 or 6) float32 centres in DN, GROUP of them a row, band by band; 3 for up to 3 bands.
    grid
        The int64 that a DN is multiplied with on the centres' grid.
    centres64
        (k, n_bands) int64 centres on the grid.
    drift
        (CLASSES,) int32 drift of each class in quanta.
    tally
        (CLASSES * TALLY,) int64, in which the changes of sums and counts are added up.

    Returns
    -------
    int
        How many pixels changed class.
    """
    n = labels.shape[0]
    w = np.zeros(_ROWS * CHUNK, np.float32)
    new = np.empty(CHUNK, np.uint8)
    gap = np.empty(CHUNK, np.int32)
    index = np.empty(CHUNK + 1, np.int32)
    changed = 0
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        changed += _one_chunk(
            w, dn, labels, key, first, keyed, start, m, centres, grid, centres64, drift, tally, new, gap, index
        )  # fmt: skip
    return changed


@_jit
def _flag(key, labels, m, drift, flags):
    """Flag the pixels that may have changed and count them."""
    n = 0
    for i in range(m):
        may = np.uint8(np.int32(key[i]) <= drift[labels[i]])
        flags[i] = may
        n += may
    return n


@_jit
def _list(flags, m, start, pending, n):
    """Append the flagged pixels to the list; looks at eight at a time."""
    words = flags[: (m + 7) & ~7].view(np.uint64)
    for word in range(words.shape[0]):
        if words[word] != 0:
            for i in range(word << 3, (word << 3) + 8):
                pending[n] = start + i
                n += flags[i]
    return n


@_jit
def _gather(row, values, pending, n):
    for a in range(n):
        row[a] = _F(values[pending[a]])


@_jit
def _pick(labels, pending, n, old):
    for a in range(n):
        old[a] = labels[pending[a]]


@_jit
def _scatter(labels, pending, index, n, new):
    for a in range(n):
        labels[pending[index[a]]] = new[index[a]]


@_jit
def _scatter_keys(key, pending, n, fresh):
    for a in range(n):
        key[pending[a]] = fresh[a]


@_jit
def _listed(w, dn, labels, key, pending, m, centres, grid, centres64, drift, tally, new, gap, index, old, fresh):
    """Label the m listed pixels anew and return how many changed class."""
    n_bands = dn.shape[0]
    for b in range(n_bands):
        _gather(w[b * CHUNK : b * CHUNK + m], dn[b], pending, m)
    _pick(labels, pending, m, old)
    _evaluate(w, m, n_bands, centres, grid, centres64, new)
    _gaps(w, m, gap)
    _keys(gap, new, m, drift, fresh)
    _scatter_keys(key, pending, m, fresh)
    changed = _differing(new, old, m, index)
    _move(w, index, changed, new, old, tally)
    _scatter(labels, pending, index, changed, new)
    return changed


@_jit
def relabel_some(dn, labels, key, centres, grid, centres64, drift, tally, dense):
    """Label anew the pixels of a block that may have changed.

    Parameters
    ----------
    dn, labels, key, centres, grid, centres64, drift, tally
        As for `relabel_all`; the keys must be those of earlier calls with the same history of drift.
    dense
        With more than this number of CHUNK pixels in doubt, all of them are labelled anew.

    Returns
    -------
    changed, evaluated : int
        How many pixels changed class, and how many were looked at.
    """
    n = labels.shape[0]
    w = np.zeros(_ROWS * CHUNK, np.float32)
    new = np.empty(CHUNK, np.uint8)
    old = np.empty(CHUNK, np.uint8)
    fresh = np.empty(CHUNK, np.uint16)
    gap = np.empty(CHUNK, np.int32)
    index = np.empty(CHUNK + 1, np.int32)
    flags = np.zeros(CHUNK, np.uint8)
    pending = np.empty(CHUNK + 1, np.int32)
    waiting = 0
    changed = 0
    evaluated = 0
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        if m < CHUNK:
            flags[m:] = 0
        doubtful = _flag(key[start : start + m], labels[start : start + m], m, drift, flags)
        if doubtful == 0:
            continue
        if doubtful > dense:
            evaluated += m
            changed += _one_chunk(
                w, dn, labels, key, False, True, start, m, centres, grid, centres64, drift, tally, new, gap, index
            )  # fmt: skip
            continue
        if waiting + doubtful > CHUNK:
            evaluated += waiting
            changed += _listed(
                w, dn, labels, key, pending, waiting, centres, grid, centres64, drift, tally, new, gap, index, old,
                fresh,
            )  # fmt: skip
            waiting = 0
        waiting = _list(flags, m, start, pending, waiting)
    if waiting > 0:
        evaluated += waiting
        changed += _listed(
            w, dn, labels, key, pending, waiting, centres, grid, centres64, drift, tally, new, gap, index, old, fresh
        )  # fmt: skip
    return changed, evaluated
