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
_ONE8, _ZERO8, _ZERO16 = np.uint8(1), np.uint8(0), np.uint16(0)

_OPTIONS = {"nogil": True, "error_model": "numpy", "boundscheck": False, "cache": True, "no_cfunc_wrapper": True}
# What Python calls, and what only these call.
_jit, _inner = njit(**_OPTIONS), njit(no_cpython_wrapper=True, **_OPTIONS)
# Unsigned indices spare the test for negative ones; pieces are told by where they begin, as slices compile longer.
_U = np.uintp
_U0, _U1, _U3, _U6, _U7, _U8, _UCHUNK, _UGROUP = (_U(i) for i in (0, 1, 3, 6, 7, 8, CHUNK, _GROUP))


@_inner
def _and_filled(ok, bands, b, p, m):
    for i in range(m):
        ok[p + i] &= np.uint8(bands[b, p + i] != _ZERO16)


@_inner
def _and_clear(ok, qa, bits, p, m):
    for i in range(m):
        ok[p + i] &= np.uint8((qa[p + i] & bits) == _ZERO16)


@_inner
def _total(ok, p, m):
    n = np.int32(0)
    for i in range(m):
        n = np.int32(n + np.int32(ok[p + i]))
    return np.int64(n)


@_inner
def _any_bits(ok, qa, p, m):
    """Return the bits that any pixel that is not fill carries."""
    bits = _ZERO16
    for i in range(m):
        bits |= np.uint16(qa[p + i] * ok[p + i])
    return bits


@_inner
def _count_flag(ok, qa, bit, p, m):
    n = np.int32(0)
    for i in range(m):
        n = np.int32(n + np.int32(ok[p + i] & np.uint8((qa[p + i] & bit) != _ZERO16)))
    return np.int64(n)


@_inner
def _fill(values, p, m, value):
    for i in range(m):
        values[p + i] = value


@_jit
def mask(bands, qa, has_qa, radsat, has_radsat, fill_bit, flag_bits, chosen, saturated, ok, words, bits, flags, counts):
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
    ok, words
        (n,) uint8, written: 1 = valid; and the same memory as whole groups of eight, (n // 8,) uint64.
    bits
        (ceil(n / 8),) uint8, written: `ok` as numpy.packbits packs it.
    flags
        (n_flags,) int64, to which the pixels that are not fill and carry the flag are added.
    counts
        (3,) int64, to which fill, saturated and valid pixels are added.
    """
    n = _U(ok.shape[0])
    p = _U0
    while p < n:
        m = n - p if n - p < _UCHUNK else _UCHUNK
        _fill(ok, p, m, _ONE8)
        for b in range(bands.shape[0]):
            _and_filled(ok, bands, b, p, m)
        if has_qa:
            _and_clear(ok, qa, fill_bit, p, m)
        filled = _total(ok, p, m)
        counts[0] += np.int64(m) - filled
        # Most chunks carry no flag at all: one look spares them one count for each flag.
        if filled > 0 and has_qa:
            carried = _any_bits(ok, qa, p, m)
            for f in range(flag_bits.shape[0]):
                if carried & flag_bits[f]:
                    flags[f] += _count_flag(ok, qa, flag_bits[f], p, m)
        if filled > 0 and has_radsat and _any_bits(ok, radsat, p, m) & saturated:
            counts[1] += _count_flag(ok, radsat, saturated, p, m)
        if has_qa:
            _and_clear(ok, qa, chosen, p, m)
        if has_radsat:
            _and_clear(ok, radsat, saturated, p, m)
        counts[2] += _total(ok, p, m)
        p += _UCHUNK
    _pack_bits(ok, words, bits)


@_inner
def _pack_bits(ok, words, bits):
    whole = words.shape[0]
    for w in range(whole):
        bits[w] = np.uint8((words[w] * _GATHER) >> _TOP)
    last = np.uint8(0)
    for i in range(whole << 3, ok.shape[0]):
        last |= np.uint8(ok[i] << (7 - (i & 7)))
    if whole << 3 < ok.shape[0]:
        bits[whole] = last


@_inner
def _copy_run(out, at, bands, b, begin, m):
    for i in range(m):
        out[b, at + i] = bands[b, begin + i]


@_jit
def pack(bands, ok, words, out):
    """Copy the valid values of all bands.

    Parameters
    ----------
    bands
        (n_bands, n) uint16.
    ok, words
        (n,) uint8, 1 = valid, and the same memory as whole groups of eight, (n // 8,) uint64.
    out
        (n_bands, n_valid) uint16, written.
    """
    n = _U(ok.shape[0])
    whole = n // _UGROUP
    for b in range(bands.shape[0]):
        at = _U0
        for group in range(whole):
            first = _U(group) << _U3
            every, some = words[first], words[first]
            for w in range(_U1, _U8):
                every &= words[first + w]
                some |= words[first + w]
            begin = _U(group) << _U6
            if every == _ALL:
                _copy_run(out, at, bands, b, begin, _UGROUP)
                at += _UGROUP
            elif some != 0:
                for i in range(_UGROUP):
                    if ok[begin + i] != 0:
                        out[b, at] = bands[b, begin + i]
                        at += _U1
        for i in range(whole << _U6, n):
            if ok[i] != 0:
                out[b, at] = bands[b, i]
                at += _U1


@_inner
def _extremes(dn, b, p, m, low, high):
    least, most = low[b], high[b]
    for i in range(m):
        x = dn[b, p + i]
        least = x if x < least else least
        most = x if x > most else most
    low[b], high[b] = least, most


@_inner
def _mark_outside(outside, dn, b, p, lowest, span, m):
    for i in range(m):
        outside[i] |= np.uint8(np.uint16(dn[b, p + i] - lowest) > span)


@_jit
def look(dn, lowest, span, outside, low, high):
    """Return how many pixels have a band outside lowest..lowest + span, and lower and raise `low` and `high`.

    Parameters
    ----------
    dn
        (n_bands, n) uint16.
    lowest, span
        uint16.
    outside
        (CHUNK,) uint8 of any values, written.
    low, high
        (n_bands,) uint16, changed in place.
    """
    n = _U(dn.shape[1])
    count = np.int64(0)
    p = _U0
    while p < n:
        m = n - p if n - p < _UCHUNK else _UCHUNK
        _fill(outside, _U0, m, _ZERO8)
        for b in range(dn.shape[0]):
            _extremes(dn, b, p, m, low, high)
            _mark_outside(outside, dn, b, p, lowest, span, m)
        count += _total(outside, _U0, m)
        p += _UCHUNK
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
    n = _U(out.shape[0])
    at = _U0
    for w in range(bits.shape[0]):
        byte = bits[w]
        if byte == 0:
            continue
        begin = _U(w) << _U3
        left = n - begin if n - begin < _U8 else _U8
        if byte == 255 and left == _U8:
            for i in range(_U8):
                out[begin + i] = labels[at + i]
            at += _U8
        else:
            for i in range(left):
                if (byte >> (_U7 - i)) & _ONE8:
                    out[begin + i] = labels[at]
                    at += _U1


@_inner
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
    for i in range(n):
        _add_squares(out, i & 1, labels[i], dn[0, i], dn[1, i], dn[2, i], dn[3, i], dn[4, i], dn[5, i])


@_inner
def _add_squares(tables, turn, label, x0, x1, x2, x3, x4, x5):
    row = np.uintp(label) << np.uintp(3)
    tables[turn, row] += _square(x0)
    tables[turn, row + np.uintp(1)] += _square(x1)
    tables[turn, row + np.uintp(2)] += _square(x2)
    tables[turn, row + np.uintp(3)] += _square(x3)
    tables[turn, row + np.uintp(4)] += _square(x4)
    tables[turn, row + np.uintp(5)] += _square(x5)
