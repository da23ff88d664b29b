"""What the iteration gives: one record an iteration, and the final centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..pixels.block import Tally

if TYPE_CHECKING:
    from ..arrays import Grid64


@dataclass(frozen=True)
class IterationRecord:
    """What one iteration did."""

    number: int
    """1, 2, ..."""
    changed: int
    """Pixels whose class changed."""
    changed_percent: float
    """Of all valid pixels."""
    largest_move_dn: float
    """Longest Euclidean distance between a centre and the mean of its members, in DN."""
    seconds: float
    """Wall time."""


@dataclass(frozen=True)
class Fit:
    """The outcome of the iteration."""

    centres: Grid64
    """(k, n_bands) the saved centres, which the labels belong to."""
    tally: Tally
    """Of the final labels."""
    iterations: tuple[IterationRecord, ...]
    """In order."""
    converged: bool
    """Stopped by the tolerance or at a fixed point, not by the maximum."""
