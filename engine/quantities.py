"""Numbers in words for the log: sizes, times and counts, as exact as a reader needs them."""

from __future__ import annotations


def size(n_bytes: float) -> str:
    """Return a size such as "2.9 GB" or "14 MB"; decimal units, as file managers and disks have them."""
    if n_bytes >= 0.9995e9:
        return f"{n_bytes / 1e9:.1f} GB"
    if n_bytes >= 9.95e6:
        return f"{n_bytes / 1e6:.0f} MB"
    return f"{max(n_bytes / 1e6, 0.1):.1f} MB" if n_bytes else "0 MB"


def about(count: int, million: str = "million") -> str:
    """Return a count to about two digits, such as "39 million", "1.2 million" or "54,000"."""
    if count >= 9_950_000:
        return f"{count / 1e6:,.0f} {million}"
    if count >= 950_000:
        return f"{count / 1e6:.1f} {million}"
    digits = max(len(str(count)) - 2, 0)
    return f"{round(count, -digits):,}"


def duration(seconds: float) -> str:
    """Return an estimated time such as "40 s", "3 min" or "1.5 h"; to the second below 10, coarser above."""
    if seconds < 9.5:
        return f"{max(round(seconds), 1)} s"
    if seconds < 92.5:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 5370:
        return f"{max(round(seconds / 60), 2)} min"
    return f"{seconds / 3600:.1f} h"


def counted(count: int, one: str, several: str = "") -> str:
    """Return a count with its noun, such as "1 scene" or "1,200 scenes".

    Parameters
    ----------
    count
        How many.
    one
        The noun for one of them.
    several
        The noun for any other number; by default `one` with an "s".
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"
