"""Every n-th row and column of a scene and of its classes, kept of what is read and written anyway."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..scenes.scene import PixelGrid, Strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 300
"""Columns of a picture, at most."""
# Columns below which a picture shows nothing.
_LEAST_WIDTH = 24
# Samples of all pictures of a run together, of seven bytes each: those of 40 scenes, 25 MB and about as much report.
_SAMPLES = 40 * WIDTH * WIDTH
NATURAL = ("red", "green", "blue")
"""Band roles of a natural-colour picture."""


@dataclass(frozen=True)
class SketchRows:
    """Some rows of a sketch, seen while a strip was read."""

    first: int
    """The sketch's row that they begin at."""
    dn: NDArray[np.uint16]
    """(3, height, width) red, green and blue in DN."""
    valid: NDArray[np.bool_]
    """(height, width) which of these pixels are valid."""


@dataclass(frozen=True)
class ClassRows:
    """Some rows of a sketch, seen while classes were written."""

    first: int
    """The sketch's row that they begin at."""
    classes: NDArray[np.uint8]
    """(height, width) classes 1..k, 0 = nodata."""


class Sketch:
    """Every n-th pixel of one scene, put together from its strips.

    Attributes
    ----------
    dn : (3, height, width) uint16
        Red, green and blue in DN; (0, height, width) where one of them is not read.
    valid : (height, width) bool
        Which of these pixels are valid; all False without red, green and blue.
    classes : (height, width) uint8
        Their classes 1..k, 0 = nodata.
    """

    def __init__(self, grid: PixelGrid, roles: Sequence[str], width: int = WIDTH) -> None:
        """Take the scene's grid, the roles of the bands that are read, and the columns there may be."""
        step = _step(grid, width)
        shape = (-(-grid.height // step), -(-grid.width // step))
        self.dn = np.zeros((len(_natural(roles)), *shape), np.uint16)
        self.valid = np.zeros(shape, bool)
        self.classes = np.zeros(shape, np.uint8)

    def add(self, part: SketchRows | ClassRows | None) -> None:
        """Take what was seen of a strip; None = nothing was."""
        if isinstance(part, SketchRows):
            rows = slice(part.first, part.first + part.valid.shape[0])
            self.dn[:, rows], self.valid[rows] = part.dn, part.valid
        elif part is not None:
            self.classes[part.first : part.first + part.classes.shape[0]] = part.classes

    def samples(self) -> NDArray[np.uint16]:
        """Return red, green and blue of the valid samples, in one row."""
        return self.dn[:, self.valid].reshape(-1)


def look_at_bands(
    grid: PixelGrid,
    roles: Sequence[str],
    strip: Strip,
    bands: NDArray[np.uint16],
    valid: NDArray[np.uint8],
    width: int = WIDTH,
) -> SketchRows | None:
    """Return what a sketch keeps of a strip that is being read; None where it has no natural colours.

    Parameters
    ----------
    grid, roles
        The scene's grid and the bands that are read.
    strip
        Which rows.
    bands
        (n_bands, height, width) DN.
    valid
        The strip's valid mask, eight pixels a byte.
    width
        Columns of the sketch, at most.
    """
    natural = _natural(roles)
    if not natural:
        return None
    step = _step(grid, width)
    first, skipped = _first_row(strip, step)
    dn = np.stack([bands[band, skipped::step, ::step] for band in natural])
    row = np.arange(skipped, strip.height, step)[:, None]
    index = row * grid.width + np.arange(0, grid.width, step)
    bits = (valid[index >> 3] >> (7 - (index & 7)).astype(np.uint8)) & 1
    return SketchRows(first, dn, bits.astype(bool))


def look_at_classes(grid: PixelGrid, strip: Strip, classes: NDArray[np.uint8], width: int = WIDTH) -> ClassRows:
    """Return what a sketch of so many columns keeps of a strip's (height, width) classes while they are written."""
    step = _step(grid, width)
    first, skipped = _first_row(strip, step)
    return ClassRows(first, classes[skipped::step, ::step].copy())


def width_for(scenes: int) -> int:
    """Return the columns of each picture of so many scenes, so that those of many take no more room than of some."""
    return max(min(WIDTH, math.isqrt(_SAMPLES // max(scenes, 1))), _LEAST_WIDTH)


def _step(grid: PixelGrid, width: int) -> int:
    """Return n: every n-th row and column is kept."""
    return -(-grid.width // width)


def _natural(roles: Sequence[str]) -> list[int]:
    """Return the places of red, green and blue among the bands; none where one is missing."""
    return [roles.index(role) for role in NATURAL] if set(NATURAL) <= set(roles) else []


def _first_row(strip: Strip, step: int) -> tuple[int, int]:
    """Return the sketch's first row within a strip, and the rows of the strip above it."""
    first = -(-strip.row // step)
    return first, first * step - strip.row
