"""Classified rasters on the pixels of another grid, of whatever zone and shift, by the nearest centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import GridError, IIkMCError
from ..scenes.coordinates import moved, pixels_of
from ..scenes.files import raster_env
from ..scenes.header import misplaced
from ..scenes.scene import PixelGrid
from .classified import Classified, ClassifiedError, open_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Offsets are told from each other to a thousandth of a pixel, as in `overlap`.
_OFFSET_DECIMALS = 3
# Pixels are of one size when they add up to less than this share of a pixel over the whole raster, as in `overlap`.
_SIZE_TOLERANCE = 0.05
# Centres are brought into another CRS one in so many pixels each way, and those between are set in proportion: over 32
# pixels of 30 m a projection bends by less than 0.02 m (960^2 / 8 / the earth's radius), a thousandth of a pixel.
_STEP = 32


def grid_of(parameter: str, path: Path) -> PixelGrid:
    """Return the pixel grid of a raster of any kind.

    Raises
    ------
    ClassifiedError
        It cannot be opened.
    GridError
        It has no georeference, or is not north-up.
    """
    with raster_env(), open_map(path, partial(_unreadable, parameter, path)) as dataset:
        problem = misplaced(dataset)
        if problem:
            raise GridError(f"{parameter}: {path.name} {problem}; choose a raster that lies somewhere.")
        a, b, _, d, e, _ = tuple(dataset.transform)[:6]
        if b or d or a <= 0 or e >= 0:
            raise GridError(
                f"{parameter}: {path.name} is not north-up (rotated or flipped), so that no pixels can be laid on it; "
                "choose a raster with a north-up grid."
            )
        return PixelGrid(
            width=dataset.width,
            height=dataset.height,
            transform=tuple(dataset.transform)[:6],
            crs=dataset.crs,
            block_height=int(dataset.block_shapes[0][0]),
        )


def _unreadable(parameter: str, path: Path, reason: str) -> IIkMCError:
    return ClassifiedError(f"{parameter}: {path} cannot be read as a raster ({reason}); choose a raster on disk.")


@dataclass(frozen=True)
class Alignment:
    """A classified raster on a grid."""

    grid: PixelGrid
    """The grid that is wanted."""
    raster: Classified
    """The raster, on its own grid."""

    def read(self, row: int, height: int) -> NDArray[np.uint8]:
        """Return the class of the raster's pixel nearest to the centre of each pixel of some full rows; 0 beyond it.

        Returns
        -------
        (height, width) uint8
            On the wanted grid. The same whatever rows are read together.
        """
        shift = self._shift()
        return self._shifted(row, height, *shift) if shift is not None else self._placed(row, height)

    def _shift(self) -> tuple[int, int] | None:
        """Return by how many columns and rows the raster's pixel lies off the grid's; None if it is not so simple."""
        mine, its = self.grid, self.raster.grid
        if mine.crs != its.crs:
            return None
        (a, _, x, _, e, y), (a2, _, x2, _, e2, y2) = mine.transform, its.transform
        if abs(a - a2) * max(mine.width, its.width) > _SIZE_TOLERANCE * a:
            return None
        if abs(e - e2) * max(mine.height, its.height) > _SIZE_TOLERANCE * -e:
            return None
        right, down = round((x2 - x) / a, _OFFSET_DECIMALS), round((y2 - y) / e, _OFFSET_DECIMALS)
        # The raster's pixel that holds the centre of column c is floor(c + 1/2 - right).
        return math.floor(0.5 - right), math.floor(0.5 - down)

    def _shifted(self, row: int, height: int, by_columns: int, by_rows: int) -> NDArray[np.uint8]:
        found = np.zeros((height, self.grid.width), np.uint8)
        top, bottom = max(row + by_rows, 0), min(row + by_rows + height, self.raster.grid.height)
        left, right = max(by_columns, 0), min(by_columns + self.grid.width, self.raster.grid.width)
        if top < bottom and left < right:
            part = self.raster.read(top, left, bottom - top, right - left)
            first = top - by_rows - row
            found[first : first + bottom - top, left - by_columns : right - by_columns] = part
        return found

    def _placed(self, row: int, height: int) -> NDArray[np.uint8]:
        x, y = self._centres(row, height)
        rows, columns, inside = pixels_of(self.raster.grid, x, y)
        found = np.zeros((height, self.grid.width), np.uint8)
        if not inside.any():
            return found
        near_rows, near_columns = rows[inside], columns[inside]
        top, left = int(near_rows.min()), int(near_columns.min())
        part = self.raster.read(top, left, int(near_rows.max()) - top + 1, int(near_columns.max()) - left + 1)
        found[inside] = part[near_rows - top, near_columns - left]
        return found

    def _centres(self, row: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the centres of full rows lie in the raster's CRS, (height, width) each."""
        # Knots at whole multiples of the step, so that a pixel's place does not depend on the rows read with it.
        first = row // _STEP
        knot_rows = np.arange(first, (row + height - 1) // _STEP + 2) * _STEP
        knot_columns = np.arange((self.grid.width - 1) // _STEP + 2) * _STEP
        a, _, left, _, e, top = self.grid.transform
        knots = np.meshgrid(left + (knot_columns + 0.5) * a, top + (knot_rows + 0.5) * e)
        there = moved(knots[0].ravel(), knots[1].ravel(), self.grid.crs, self.raster.grid.crs)
        down, right = np.arange(row, row + height), np.arange(self.grid.width)
        up_to, along = (down % _STEP / _STEP)[:, None], right % _STEP / _STEP
        above, before = down // _STEP - first, right // _STEP
        found = []
        for knot in (part.reshape(knots[0].shape) for part in there):
            rows = knot[above] * (1.0 - up_to) + knot[above + 1] * up_to
            found.append(rows[:, before] * (1.0 - along) + rows[:, before + 1] * along)
        return found[0], found[1]
