"""The Numba kernel's work on pixels of seven to ten bands. Importing this module imports Numba.

`chunk` has the same for up to six, and the bounds. Which of the two is compiled is told by the dimensions of the arrays
that hold the centres, and of the tally: Numba knows these, and leaves out what cannot be reached. So where six bands do
nothing of this is compiled. Bands that are not there are zero, and so are the centres in them. Centres are taken four
at a time: eight of ten bands are several times as many numbers as a processor has registers for.
"""

from __future__ import annotations

import numpy as np

from .common import CLASS, DOUBT, INFINITY, SECOND, ZERO, jit, take

GROUP = 4
"""Centres that are compared at a time."""
BANDS = 10
"""Bands at most."""
COUNT = 10
"""Place of the members in a class's row of the tally, behind the sums of the bands."""

_F = np.float32
_ONE, _TWO, _THREE = _F(1), _F(2), _F(3)


@jit
def ten(a):
    """Return the numbers of an array one by one: in registers, and not to be looked up again."""
    return a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]


@jit
def _pixel(r, i):
    """Return the bands of pixel i as float32."""
    return (
        _F(np.int32(r[0][i])), _F(np.int32(r[1][i])), _F(np.int32(r[2][i])), _F(np.int32(r[3][i])),
        _F(np.int32(r[4][i])), _F(np.int32(r[5][i])), _F(np.int32(r[6][i])), _F(np.int32(r[7][i])),
        _F(np.int32(r[8][i])), _F(np.int32(r[9][i])),
    )  # fmt: skip


@jit
def _minus(x, c):
    """Return the differences band by band."""
    return (
        x[0] - c[0], x[1] - c[1], x[2] - c[2], x[3] - c[3], x[4] - c[4],
        x[5] - c[5], x[6] - c[6], x[7] - c[7], x[8] - c[8], x[9] - c[9],
    )  # fmt: skip


@jit
def _dot(x, c, start):
    """Return start + x.c, added from the last band to the first."""
    s = x[5] * c[5] + (x[6] * c[6] + (x[7] * c[7] + (x[8] * c[8] + (x[9] * c[9] + start))))
    return x[0] * c[0] + (x[1] * c[1] + (x[2] * c[2] + (x[3] * c[3] + (x[4] * c[4] + s))))


@jit
def _square(x, c):
    e = _minus(x, c)
    return _dot(e, e, ZERO)


@jit
def _squares(r, w, m, c, j):
    """Compare m pixels with 4 centres by their squared distances; c: (4, 10) float32, j: number of the first centre."""
    c0, c1, c2, c3 = ten(c[0]), ten(c[1]), ten(c[2]), ten(c[3])
    for i in range(m):
        x = _pixel(r, i)
        s, t, n = w[i], w[i + SECOND], w[i + CLASS]
        s, t, n = take(_square(x, c0), j, s, t, n)
        s, t, n = take(_square(x, c1), j + _ONE, s, t, n)
        s, t, n = take(_square(x, c2), j + _TWO, s, t, n)
        s, t, n = take(_square(x, c3), j + _THREE, s, t, n)
        w[i], w[i + SECOND], w[i + CLASS] = s, t, n


@jit
def _begin_scores(r, w, m, c, offsets, slack, share):
    """Compare m pixels with the first 4 centres by their scores; c: (4, 11) float32, offsets: (10,) float32."""
    o, c0, c1, c2, c3 = ten(offsets), ten(c[0]), ten(c[1]), ten(c[2]), ten(c[3])
    d0, d1, d2, d3 = c[0, BANDS], c[1, BANDS], c[2, BANDS], c[3, BANDS]
    for i in range(m):
        x = _minus(_pixel(r, i), o)
        s, t, n = INFINITY, INFINITY, ZERO
        s, t, n = take(_dot(x, c0, d0), ZERO, s, t, n)
        s, t, n = take(_dot(x, c1, d1), _ONE, s, t, n)
        s, t, n = take(_dot(x, c2, d2), _TWO, s, t, n)
        s, t, n = take(_dot(x, c3, d3), _THREE, s, t, n)
        w[i], w[i + SECOND], w[i + CLASS] = s, t, n
        w[i + DOUBT] = _dot(x, x, ZERO) * share + slack


@jit
def _go_on_scores(r, w, m, c, offsets, j):
    """Compare m pixels with 4 more centres; j: number of the first."""
    o, c0, c1, c2, c3 = ten(offsets), ten(c[0]), ten(c[1]), ten(c[2]), ten(c[3])
    d0, d1, d2, d3 = c[0, BANDS], c[1, BANDS], c[2, BANDS], c[3, BANDS]
    for i in range(m):
        x = _minus(_pixel(r, i), o)
        s, t, n = w[i], w[i + SECOND], w[i + CLASS]
        s, t, n = take(_dot(x, c0, d0), j, s, t, n)
        s, t, n = take(_dot(x, c1, d1), j + _ONE, s, t, n)
        s, t, n = take(_dot(x, c2, d2), j + _TWO, s, t, n)
        s, t, n = take(_dot(x, c3, d3), j + _THREE, s, t, n)
        w[i], w[i + SECOND], w[i + CLASS] = s, t, n


@jit
def bands(dn, start, m, nothing):
    """Return the bands of a chunk; those that are not there are zero."""
    n_bands, end, none = dn.shape[0], start + m, nothing[:m]
    r0 = dn[0, start:end]
    r1 = dn[1, start:end] if n_bands > 1 else none
    r2 = dn[2, start:end] if n_bands > 2 else none
    r3 = dn[3, start:end] if n_bands > 3 else none
    r4 = dn[4, start:end] if n_bands > 4 else none
    r5 = dn[5, start:end] if n_bands > 5 else none
    r6 = dn[6, start:end] if n_bands > 6 else none
    r7 = dn[7, start:end] if n_bands > 7 else none
    r8 = dn[8, start:end] if n_bands > 8 else none
    r9 = dn[9, start:end] if n_bands > 9 else none
    return r0, r1, r2, r3, r4, r5, r6, r7, r8, r9


@jit
def all_squares(dn, start, m, w, nothing, squares):
    """Compare m pixels with all centres by their squared distances; squares: (groups, 4, 10) float32."""
    r = bands(dn, start, m, nothing)
    for group in range(squares.shape[0]):
        _squares(r, w, m, squares[group], _F(GROUP * group))


@jit
def all_scores(dn, start, m, w, nothing, scores, offsets, slack, share):
    """Compare m pixels with all centres by their scores; scores: (groups, 4, 11) float32."""
    r = bands(dn, start, m, nothing)
    _begin_scores(r, w, m, scores[0], offsets, slack, share)
    for group in range(1, scores.shape[0]):
        _go_on_scores(r, w, m, scores[group], offsets, _F(GROUP * group))


@jit
def add_sums(dn, start, m, new, tally):
    """Add m pixels that had no class yet to the sums; tally: (classes, 11) int64."""
    for i in range(m):
        to = np.uintp(new[i])
        for b in range(dn.shape[0]):
            tally[to, b] += np.int64(dn[b, start + i])
        tally[to, COUNT] += 1


@jit
def move_sums(dn, start, index, n, new, old, tally):
    """Take the n listed pixels out of the sums of their old class and into those of the new."""
    for a in range(n):
        i = index[a]
        to, off = np.uintp(new[i]), np.uintp(old[i])
        for b in range(dn.shape[0]):
            x = np.int64(dn[b, start + i])
            tally[to, b] += x
            tally[off, b] -= x
        tally[to, COUNT] += 1
        tally[off, COUNT] -= 1
