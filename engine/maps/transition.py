"""From one class to another: codes, colours and counts of the changes between two classified rasters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..colours import RGB
from ..results.geotiff import NODATA
from .classified import Classified
from .overlap import Overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNCHANGED = 1
_STEP = 1000
UNCHANGED_COLOUR = (217, 217, 217)
# Share of the colour of the class that a pixel came from: enough to tell the ways into one class apart.
_FROM_SHARE = 0.3


@dataclass(frozen=True)
class Transition:
    """A transition that occurs, or all unchanged pixels together."""

    code: int
    """Value in the raster."""
    name: str
    """Such as "Class 3 → Class 5"."""
    colour: RGB
    """Mostly that of the class it went to."""
    pixels: int
    """How many."""
    before: int
    """Class before; 0 for unchanged."""
    after: int
    """Class after; 0 for unchanged."""


def code_of(before: int, after: int) -> int:
    """Return the code of a pair of classes; 0 where either is nodata."""
    if NODATA in (before, after):
        return NODATA
    return UNCHANGED if before == after else _STEP * before + after


def transitions_of(
    counts: NDArray[np.int64], before: Sequence[str], after: Sequence[str], colours: Sequence[RGB]
) -> list[Transition]:
    """Return what occurs: unchanged first, then the transitions from the most to the least frequent.

    Parameters
    ----------
    counts
        (256, 256) pixels per class before and after; row and column 0 are nodata.
    before, after, colours
        Names and colours of the classes 0..255.
    """
    unchanged = int(np.trace(counts[1:, 1:]))
    found = [
        Transition(code_of(f, t), f"{before[f]} → {after[t]}", _mixed(colours[f], colours[t]), int(counts[f, t]), f, t)
        for f, t in ((int(f), int(t)) for f, t in np.argwhere(counts))
        if f and t and f != t
    ]
    found.sort(key=lambda item: (-item.pixels, item.code))
    same = [Transition(UNCHANGED, "Unchanged", UNCHANGED_COLOUR, unchanged, 0, 0)] if unchanged else []
    return same + found


def code_table(counts: NDArray[np.int64]) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Return the code of 256 * before + after, (65536,); uint16 where the codes that occur fit, else uint32."""
    classes = np.arange(256, dtype=np.uint32)
    table: NDArray[np.uint32] = (_STEP * classes[:, None] + classes).astype(np.uint32)
    np.fill_diagonal(table, UNCHANGED)
    table[0, :] = table[:, 0] = NODATA
    largest = int(table[counts > 0].max(initial=0))
    flat = table.ravel()
    if largest < 1 << 16:
        return flat.astype(np.uint16)
    return flat


def _mixed(before: RGB, after: RGB) -> RGB:
    red, green, blue = (round(_FROM_SHARE * f + (1 - _FROM_SHARE) * t) for f, t in zip(before, after))
    return red, green, blue


@dataclass(frozen=True)
class Transitions:
    """What two rasters have in common and how they differ."""

    before: Classified
    """The earlier raster."""
    after: Classified
    """The later one."""
    overlap: Overlap
    """Their common pixels."""
    counts: NDArray[np.int64]
    """(256, 256) pixels per class before (rows) and after (columns); 0 is nodata."""
    before_names: list[str]
    """Of the classes 0..255."""
    after_names: list[str]
    """Of the classes 0..255."""
    colours: list[RGB]
    """Of the classes 0..255."""

    @property
    def common(self) -> int:
        """Pixels that are classified in both."""
        return int(self.counts[1:, 1:].sum())

    @property
    def changed(self) -> int:
        """Those that are of another class after."""
        return self.common - int(np.trace(self.counts[1:, 1:]))

    @property
    def changed_percent(self) -> float:
        """Of the pixels that are classified in both."""
        return 100.0 * self.changed / self.common

    @property
    def classes(self) -> list[int]:
        """The classes that occur in the common pixels, before or after."""
        inner = self.counts[1:, 1:]
        return [int(j) + 1 for j in np.flatnonzero(inner.sum(axis=0) + inner.sum(axis=1))]
