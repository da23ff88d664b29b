"""What a labelling takes with cells and without: whether it pays to lay the pixels out.

Nanoseconds a pixel on one thread, measured on pixels of Landsat scenes of 30 m (k = 4 to 64, 6 bands). Only their
proportions matter, which differ little from machine to machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..moves import Moves


@dataclass(frozen=True)
class Costs:
    """Of the work of one kind of loops."""

    all_pixels: tuple[float, float]
    """Labelling without cells: for a pixel, and for each class more."""
    mixed_cells: tuple[float, float]
    """Labelling with cells."""
    lay_out: float
    """Laying out, and bringing the labels back at the end."""
    begin: float
    """Seconds for cutting feature space."""
    skips: bool
    """Whether the other kernel may know of pixels that need no look."""

    def pays(self, k: int, ahead: float, share: float, pixels: int) -> bool:
        """Tell whether laying out now is paid back.

        Parameters
        ----------
        k
            Classes.
        ahead
            Labellings that are likely to follow.
        share
            Of the time of labelling all pixels, what the last labelling took: less where the other kernel knows that
            many pixels need no look.
        pixels
            Of all blocks that can be laid out.
        """
        fixed, each = self.all_pixels
        # A kernel that skips nothing takes longer the first time for what it does besides.
        without = (share if self.skips else 1.0) * (fixed + each * k)
        fixed, each = self.mixed_cells
        saved = ahead * (without - fixed - each * k)
        return saved * pixels > _MARGIN * (self.lay_out * pixels + self.begin * 1e9)


# What is expected to be saved must exceed what it takes by so much: guesses err.
_MARGIN = 1.25
NUMBA = Costs((2.0, 0.22), (0.25, 0.01), 17.0, 0.12, True)
NUMPY = Costs((7.0, 1.0), (2.2, 0.13), 50.0, 0.12, False)
EARLY = Costs(NUMPY.all_pixels, NUMBA.mixed_cells, NUMBA.lay_out, NUMBA.begin, False)
"""Of compiled loops on cells beside the NumPy kernel."""


class Pace:
    """How fast the other kernel has labelled the blocks of a run."""

    def __init__(self) -> None:
        self.pixels = 0
        """Of all blocks that can be laid out."""
        # Pixels and seconds of the first labelling, and of the last two.
        self._first, self._last, self._now = [0, 0.0], [0, 0.0], [0, 0.0]
        self._moves: Moves | None = None

    def holds(self, pixels: int) -> None:
        """Learn of a block."""
        self.pixels += pixels

    def took(self, pixels: int, seconds: float, moves: Moves | None) -> None:
        """Learn how long a block took to label."""
        if moves is not self._moves:
            self._last, self._now, self._moves = self._now, [0, 0.0], moves
            if not self._first[0]:
                self._first = self._last
        self._now[0] += pixels
        self._now[1] += seconds

    def share(self) -> float:
        """Return what the last labelling of all blocks took of the time of the first, 1 before that is known."""
        last = self._last if self._last[0] else self._now
        if not (self._first[0] and last[0] and self._first[1]):
            return 1.0
        return min(1.0, (last[1] / last[0]) / (self._first[1] / self._first[0]))
