"""Compiled loops beside the labelling: masking, packing, class squares, labels back on the grid.

Importing this module imports Numba; only `pixels.numba_packer` asks for it, through `cache.load_module`. Together they
give exactly what `pixels.packing.NumpyPacker` gives; here all arithmetic is on integers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# A chunk's flags and values stay in a first-level cache.
CHUNK = 4096
# Runs of valid pixels are copied whole: clouds and edges leave most groups of 64 all valid or all invalid.
_GROUP = 64
_ALL = np.uint64(0x0101010101010101)
# Gathers the lowest bits of eight bytes into one byte, the first byte's highest, as numpy.packbits orders them.
_GATHER = np.uint64(0x8040201008040201)
_TOP = np.uint64(56)
_ONE8, _ZERO16, _ONE16 = np.uint8(1), np.uint16(0), np.uint16(1)

_jit = njit(nogil=True, error_model="numpy", boundscheck=False, cache=True)


@_jit
def _and_filled(ok, band, m):
    for i in range(m):
        ok[i] &= np.uint8(band[i] != _ZERO16)


@_jit
def _and_clear(ok, qa, bits, m):
    for i in range(m):
        ok[i] &= np.uint8((qa[i] & bits) == _ZERO16)


@_jit
def _total(ok, m):
    n = 0
    for i in range(m):
        n += np.int32(ok[i])
    return n


@_jit
def _any_bits(ok, qa, m):
    """Return the bits that any pixel that is not fill carries."""
    bits = _ZERO16
    for i in range(m):
        bits |= np.uint16(qa[i] * ok[i])
    return bits


@_jit
def _count_flag(ok, qa, bit, m):
    n = 0
    for i in range(m):
        n += np.int32(ok[i] & np.uint8((qa[i] & bit) != _ZERO16))
    return n


@_jit
def mask(bands, qa, has_qa, radsat, has_radsat, fill_bit, flag_bits, chosen, saturated, ok, bits, flags, counts):
    """Find the valid pixels of a strip.

    Parameters
    ----------
    bands
        (n_bands, n) uint16.
    qa, has_qa, radsat, has_radsat
        (n,) uint16 and whether they mean anything.
    fill_bit
        uint16 bit of QA_PIXEL for fill.
    flag_bits
        (n_flags,) uint16 bits of the flags to count.
    chosen, saturated
        uint16 bits of QA_PIXEL for the chosen flags, and of QA_RADSAT for the chosen bands.
    ok
        (n,) uint8, written: 1 = valid.
    bits
        (ceil(n / 8),) uint8, written: `ok` as numpy.packbits packs it.
    flags
        (n_flags,) int64, to which the pixels that are not fill and carry the flag are added.
    counts
        (3,) int64, to which fill, saturated and valid pixels are added.
    """
    n = ok.shape[0]
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        part = ok[start : start + m]
        part[:] = _ONE8
        for b in range(bands.shape[0]):
            _and_filled(part, bands[b, start : start + m], m)
        if has_qa:
            _and_clear(part, qa[start : start + m], fill_bit, m)
        filled = _total(part, m)
        counts[0] += m - filled
        # Most chunks carry no flag at all: one look spares them one count for each flag.
        if filled > 0 and has_qa:
            carried = _any_bits(part, qa[start : start + m], m)
            for f in range(flag_bits.shape[0]):
                if carried & flag_bits[f]:
                    flags[f] += _count_flag(part, qa[start : start + m], flag_bits[f], m)
        if filled > 0 and has_radsat and _any_bits(part, radsat[start : start + m], m) & saturated:
            counts[1] += _count_flag(part, radsat[start : start + m], saturated, m)
        if has_qa:
            _and_clear(part, qa[start : start + m], chosen, m)
        if has_radsat:
            _and_clear(part, radsat[start : start + m], saturated, m)
        counts[2] += _total(part, m)
    _pack_bits(ok, bits)


@_jit
def _pack_bits(ok, bits):
    whole = ok.shape[0] >> 3
    words = ok[: whole << 3].view(np.uint64)
    for w in range(whole):
        bits[w] = np.uint8((words[w] * _GATHER) >> _TOP)
    last = np.uint8(0)
    for i in range(whole << 3, ok.shape[0]):
        last |= np.uint8(ok[i] << (7 - (i & 7)))
    if whole << 3 < ok.shape[0]:
        bits[whole] = last


@_jit
def _copy_run(target, source, m):
    for i in range(m):
        target[i] = source[i]


@_jit
def pack(band, ok, out):
    """Copy the valid values of one band.

    Parameters
    ----------
    band
        (n,) uint16.
    ok
        (n,) uint8, 1 = valid.
    out
        (n_valid,) uint16, written.
    """
    n = ok.shape[0]
    whole = n // _GROUP
    words = ok[: whole * _GROUP].view(np.uint64)
    at = 0
    for group in range(whole):
        first = group * 8
        every, some = words[first], words[first]
        for w in range(first + 1, first + 8):
            every &= words[w]
            some |= words[w]
        begin = group * _GROUP
        if every == _ALL:
            _copy_run(out[at : at + _GROUP], band[begin : begin + _GROUP], _GROUP)
            at += _GROUP
        elif some != 0:
            for i in range(begin, begin + _GROUP):
                if ok[i] != 0:
                    out[at] = band[i]
                    at += 1
    for i in range(whole * _GROUP, n):
        if ok[i] != 0:
            out[at] = band[i]
            at += 1


@_jit
def _extremes(values, m):
    low, high = values[0], values[0]
    for i in range(m):
        x = values[i]
        low = x if x < low else low
        high = x if x > high else high
    return low, high


@_jit
def _mark_outside(outside, values, lowest, span, m):
    for i in range(m):
        outside[i] |= np.uint8(np.uint16(values[i] - lowest) > span)


@_jit
def look(dn, lowest, span, low, high):
    """Return how many pixels have a band outside lowest..lowest + span, and lower and raise `low` and `high`.

    Parameters
    ----------
    dn
        (n_bands, n) uint16, n at least 1.
    lowest, span
        uint16.
    low, high
        (n_bands,) uint16, changed in place.
    """
    n_bands, n = dn.shape
    outside = np.empty(CHUNK, np.uint8)
    count = 0
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        outside[:] = 0
        for b in range(n_bands):
            values = dn[b, start : start + m]
            least, most = _extremes(values, m)
            low[b] = min(low[b], least)
            high[b] = max(high[b], most)
            _mark_outside(outside, values, lowest, span, m)
        count += _total(outside, m)
    return count


@_jit
def spread(bits, labels, out):
    """Put labels back on the grid.

    Parameters
    ----------
    bits
        Valid mask of the strip, as numpy.packbits makes it.
    labels
        (n_valid,) uint8.
    out
        (n,) uint8 of zeros, written where valid.
    """
    at = 0
    n = out.shape[0]
    for w in range(bits.shape[0]):
        byte = bits[w]
        begin = w << 3
        if byte == 0:
            continue
        if byte == 255 and begin + 8 <= n:
            for i in range(8):
                out[begin + i] = labels[at + i]
            at += 8
        else:
            for i in range(min(8, n - begin)):
                if byte & (128 >> i):
                    out[begin + i] = labels[at]
                    at += 1


@_jit
def _square(x):
    return np.uint64(x) * np.uint64(x)


@_jit
def squares(dn, labels, out):
    """Add the squares of the members' DN.

    Parameters
    ----------
    dn
        (n_bands, n) uint16, up to 16 bands; n below 2**32, so that a sum of squares stays below 2**64.
    labels
        (n,) uint8, 0..255.
    out
        (2, 256 * width) uint64: two tables with a row for each class, of which the first n_bands are used; width is 8
        for up to 8 bands, else 16.
    """
    n_bands, n = dn.shape
    if n_bands != 6:
        width = np.uintp(3 if n_bands <= 8 else 4)
        for i in range(n):
            row = np.uintp(labels[i]) << width
            for b in range(n_bands):
                out[0, row + np.uintp(b)] += _square(dn[b, i])
        return
    # Neighbours are often of one class: two tables in turn halve the wait for the last addition to the same place.
    v0, v1, v2, v3, v4, v5 = dn[0], dn[1], dn[2], dn[3], dn[4], dn[5]
    even, odd = out[0], out[1]
    for pair in range(n >> 1):
        i = pair << 1
        _add_squares(even, labels[i], v0[i], v1[i], v2[i], v3[i], v4[i], v5[i])
        i += 1
        _add_squares(odd, labels[i], v0[i], v1[i], v2[i], v3[i], v4[i], v5[i])
    if n & 1:
        i = n - 1
        _add_squares(even, labels[i], v0[i], v1[i], v2[i], v3[i], v4[i], v5[i])


@_jit
def _add_squares(table, label, x0, x1, x2, x3, x4, x5):
    row = np.uintp(label) << np.uintp(3)
    table[row] += _square(x0)
    table[row + np.uintp(1)] += _square(x1)
    table[row + np.uintp(2)] += _square(x2)
    table[row + np.uintp(3)] += _square(x3)
    table[row + np.uintp(4)] += _square(x4)
    table[row + np.uintp(5)] += _square(x5)
