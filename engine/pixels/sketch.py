"""Every n-th row and column of a scene and of its classes, kept of what is read and written anyway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..scenes.scene import PixelGrid, Strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 300
"""Columns of a picture, at most."""
NATURAL = ("red", "green", "blue")
"""Band roles of a natural-colour picture."""


class Sketch:
    """Every n-th pixel of one scene. Threads may fill different strips at the same time.

    Attributes
    ----------
    dn : (3, height, width) uint16
        Red, green and blue in DN; (0, height, width) where one of them is not read.
    valid : (height, width) bool
        Which of these pixels are valid; all False without red, green and blue.
    classes : (height, width) uint8
        Their classes 1..k, 0 = nodata.
    """

    def __init__(self, grid: PixelGrid, roles: Sequence[str]) -> None:
        """Take the scene's grid and the roles of the bands that are read."""
        self._width = grid.width
        self._step = -(-grid.width // WIDTH)
        shape = (-(-grid.height // self._step), -(-grid.width // self._step))
        self._bands = [roles.index(role) for role in NATURAL] if set(NATURAL) <= set(roles) else []
        self.dn = np.zeros((len(self._bands), *shape), np.uint16)
        self.valid = np.zeros(shape, bool)
        self.classes = np.zeros(shape, np.uint8)

    def take_bands(self, strip: Strip, bands: NDArray[np.uint16], valid: NDArray[np.uint8]) -> None:
        """Look at a strip while it is read.

        Parameters
        ----------
        strip
            Where it lies.
        bands
            (n_bands, height, width) DN.
        valid
            Its valid mask, eight pixels a byte.
        """
        if not self._bands:
            return
        rows, first = self._rows(strip)
        for out, band in zip(self.dn, self._bands):
            out[rows] = bands[band, first :: self._step, :: self._step]
        row = np.arange(first, strip.height, self._step)[:, None]
        index = row * self._width + np.arange(0, self._width, self._step)
        self.valid[rows] = (valid[index >> 3] >> (7 - (index & 7)).astype(np.uint8)) & 1

    def take_classes(self, strip: Strip, classes: NDArray[np.uint8]) -> None:
        """Look at the (height, width) classes of a strip while they are written."""
        rows, first = self._rows(strip)
        self.classes[rows] = classes[first :: self._step, :: self._step]

    def _rows(self, strip: Strip) -> tuple[slice, int]:
        """Return the sketch's rows within a strip, and the first of them counted from the strip's top."""
        begin, end = (-(-row // self._step) for row in (strip.row, strip.row + strip.height))
        return slice(begin, end), begin * self._step - strip.row

    def samples(self) -> NDArray[np.uint16]:
        """Return red, green and blue of the valid samples, in one row."""
        return self.dn[:, self.valid].reshape(-1)
