"""The Numba kernel's passes over a block.

Importing this module imports Numba; only `kernels.numba_kernel` asks for it, through `cache.load_module`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from . import wide
from .chunk import (
    CLASSES,
    COUNT,
    GROUP,
    ROWS,
    TALLY,
    add_closed,
    add_sums,
    by_scores,
    by_squares,
    copy_labels,
    count_narrow,
    gather,
    gather_row,
    list_differing,
    list_open,
    move_sums,
    write_gaps,
    write_keys,
)
from .common import CHUNK, OPTIONS, jit

__all__ = ["CHUNK", "CLASSES", "COUNT", "GROUP", "TALLY", "relabel_keyed", "relabel_plain", "relabel_some", "wide"]

# One chunk in 16 is tried.
_TRIALS = 16 * CHUNK - 1
# What is called from Python is kept on disk, with all that it calls.
_pass = njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)


@jit
def _update(dn, start, m, first, nothing, labels, new, index, tally):
    """Bring labels and tally of m pixels in a row up to date and return how many changed class."""
    old = labels[start : start + m]
    if first:
        add_sums(dn, start, m, nothing, new, tally)
        copy_labels(old, new, m)
        return m
    changed = list_differing(new, old, m, index)
    if changed > 0:
        move_sums(dn, start, index, changed, new, old, tally)
        copy_labels(old, new, m)
    return changed


@_pass
def relabel_plain(dn, labels, first, closing, squares, scores, offsets, slack, share, grid, centres, tally):
    """Label all pixels of a block anew.

    Parameters
    ----------
    dn
        (n_bands, n) uint16, C-contiguous.
    labels
        (n,) uint8, changed in place.
    first
        Whether no pixel has a class yet.
    closing
        (CLASSES,) float32 quanta by which one move is expected to close each class's gaps, or nothing to leave out the
        trial.
    squares
        (groups, GROUP * 6) float32 centres in DN, GROUP of them a row; (groups, wide.GROUP, 10) for more than 6 bands.
    scores
        (groups, GROUP * 7) float32 of each centre: -2 d in 6 bands and |d|**2; else (groups, wide.GROUP, 11).
    offsets
        (6,) or (10,) float32 whole DN, near the middle of the centres: the point from which scores are reckoned.
    slack, share
        float32 bounds of the scores' error: slack + share |y|**2.
    grid
        The number that a DN is multiplied with on the centres' grid.
    centres
        (k, n_bands) int64 centres on the grid.
    tally
        (CLASSES * TALLY,) int64, for more than 6 bands (CLASSES, wide.COUNT + 1), in which the changes of sums and
        counts are added up.

    Returns
    -------
    changed, tried, narrow : int
        How many pixels changed class; and of how many that were tried such a move would have put how many in doubt.
    """
    n = labels.shape[0]
    w = np.empty(ROWS * CHUNK, np.float32)
    nothing = np.zeros(CHUNK, np.uint16)
    new = np.empty(CHUNK, np.uint8)
    sure = np.empty(CHUNK, np.uint8)
    picked = np.empty((dn.shape[0], CHUNK), np.uint16)
    index, index_of_open = np.empty(CHUNK + 1, np.int32), np.empty(CHUNK + 1, np.int32)
    changed = tried = narrow = 0
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        if closing.shape[0] and start & _TRIALS == 0:
            by_squares(dn, start, m, w, nothing, squares, grid, centres, new, index)
            write_gaps(w, m)
            tried += m
            narrow += count_narrow(w, m, new, closing)
            changed += _update(dn, start, m, first, nothing, labels, new, index, tally)
            continue
        by_scores(dn, start, m, w, nothing, scores, offsets, slack, share, new)
        open_ = list_open(new, m, index)
        if open_ > 0:
            gather(dn, start, index, open_, picked)
            by_squares(picked, start - start, open_, w, nothing, squares, grid, centres, sure, index_of_open)
            for a in range(open_):
                new[index[a]] = sure[a]
        changed += _update(dn, start, m, first, nothing, labels, new, index, tally)
    return changed, tried, narrow


@jit
def _keyed(dn, start, m, w, nothing, squares, grid, centres, new, index, closed, key):
    """Find the classes and the keys of m pixels."""
    by_squares(dn, start, m, w, nothing, squares, grid, centres, new, index)
    write_gaps(w, m)
    add_closed(w, m, new, closed)
    write_keys(w, m, key)


@_pass
def relabel_keyed(dn, labels, first, key, closed, squares, grid, centres, tally):
    """Label all pixels of a block anew and write their keys.

    Parameters
    ----------
    dn, labels, first
        As for `relabel_plain`.
    key
        (n,) uint16, written.
    closed
        (CLASSES,) float32 quanta by which each class's gaps have closed.
    squares, grid, centres, tally
        As for `relabel_plain`.

    Returns
    -------
    int
        How many pixels changed class.
    """
    n = labels.shape[0]
    w = np.empty(ROWS * CHUNK, np.float32)
    nothing = np.zeros(CHUNK, np.uint16)
    new = np.empty(CHUNK, np.uint8)
    index = np.empty(CHUNK + 1, np.int32)
    changed = 0
    for start in range(0, n, CHUNK):
        m = min(CHUNK, n - start)
        _keyed(dn, start, m, w, nothing, squares, grid, centres, new, index, closed, key[start : start + m])
        changed += _update(dn, start, m, first, nothing, labels, new, index, tally)
    return changed


@jit
def _flag(key, labels, m, closed, flags):
    """Flag the pixels that may have changed and count them."""
    n = 0
    for i in range(m):
        may = np.uint8(np.float32(np.int32(key[i])) <= closed[labels[i]])
        flags[i] = may
        n += may
    return n


@jit
def _list(flags, m, start, pending, n):
    """Append the flagged pixels to the list; looks at eight at a time."""
    words = flags[: (m + 7) & ~7].view(np.uint64)
    for word in range(words.shape[0]):
        if words[word] != 0:
            for i in range(word << 3, (word << 3) + 8):
                pending[n] = start + i
                n += flags[i]
    return n


@jit
def _listed(
    dn, labels, key, pending, m, here, w, nothing, squares, grid, centres, closed, tally, picked, new, old, fresh, index
):
    """Label the m listed pixels anew and return how many changed class; `here` is 0."""
    gather(dn, here, pending, m, picked)
    gather_row(labels, here, pending, m, old)
    _keyed(picked, here, m, w, nothing, squares, grid, centres, new, index, closed, fresh)
    for a in range(m):
        key[pending[a]] = fresh[a]
    changed = list_differing(new, old, m, index)
    move_sums(picked, here, index, changed, new, old, tally)
    for a in range(changed):
        labels[pending[index[a]]] = new[index[a]]
    return changed


@_pass
def relabel_some(dn, labels, key, closed, squares, grid, centres, tally, dense):
    """Label anew the pixels of a block that may have changed.

    Parameters
    ----------
    dn, labels, key, closed, squares, grid, centres, tally
        As for `relabel_keyed`; the keys must be those of earlier calls with the same history of moves.
    dense
        With more than this number of CHUNK pixels in doubt, all of them are labelled anew.

    Returns
    -------
    changed, evaluated : int
        How many pixels changed class, and how many were looked at.
    """
    n = labels.shape[0]
    w = np.empty(ROWS * CHUNK, np.float32)
    nothing = np.zeros(CHUNK, np.uint16)
    picked = np.empty((dn.shape[0], CHUNK), np.uint16)
    new, old = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    fresh = np.empty(CHUNK, np.uint16)
    index, pending = np.empty(CHUNK + 1, np.int32), np.empty(CHUNK + 1, np.int32)
    flags = np.zeros(CHUNK, np.uint8)
    # 0 and False in the source would be types of their own, and the functions be compiled once more for them.
    waiting = n - n
    changed = evaluated = 0
    chunks = (n + CHUNK - 1) // CHUNK
    for chunk in range(chunks + 1):
        # The chunk after the last is empty and labels what is still on the list.
        start = chunk * CHUNK
        m = max(0, min(CHUNK, n - start))
        flags[m:] = 0
        doubtful = _flag(key[start : start + m], labels[start : start + m], m, closed, flags)
        if doubtful > dense:
            evaluated += m
            _keyed(dn, start, m, w, nothing, squares, grid, centres, new, index, closed, key[start : start + m])
            changed += _update(dn, start, m, n < 0, nothing, labels, new, index, tally)
            continue
        if waiting > 0 and (waiting + doubtful > CHUNK or chunk == chunks):
            evaluated += waiting
            changed += _listed(
                dn, labels, key, pending, waiting, n - n, w, nothing, squares, grid, centres, closed, tally, picked,
                new, old, fresh, index,
            )  # fmt: skip
            waiting = 0
        if doubtful > 0:
            waiting = _list(flags, m, start, pending, waiting)
    return changed, evaluated
