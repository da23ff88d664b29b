"""The common area of two classified rasters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import GridError
from ..scenes.scene import PixelGrid
from .classified import Classified

# Offsets are told from each other to a thousandth of a pixel; MTL-made georeferences round to millimetres.
_OFFSET_DECIMALS = 3
# Pixel sizes are the same when they add up to less than this share of a pixel over the whole raster.
_SIZE_TOLERANCE = 0.05


@dataclass(frozen=True)
class Overlap:
    """The pixels that two rasters have in common."""

    grid: PixelGrid
    """In the pixels of the first raster."""
    before: tuple[int, int]
    """Row and column in the first raster where it begins."""
    after: tuple[int, int]
    """Row and column in the second raster where it begins."""
    offset: tuple[float, float]
    """How many pixels right and down of the first raster's origin the second one's lies."""
    residual: tuple[float, float]
    """How many pixels right and down of a pixel's centre the centre of its partner lies, at most half a pixel."""


def overlap(before: Classified, after: Classified) -> Overlap:
    """Match the pixels of two rasters of one CRS and pixel size by the nearest centre.

    Raises
    ------
    GridError
        CRS or pixel size differ, or the rasters do not meet.
    """
    if before.grid.crs != after.grid.crs:
        raise GridError(
            f"{before.parameter} is in {_crs(before.grid)} and {after.parameter} in {_crs(after.grid)}; "
            "both must be in one CRS: choose scenes of one zone, or warp one raster with nearest neighbour."
        )
    for size_b, size_a, pixels in (
        (before.grid.transform[0], after.grid.transform[0], max(before.grid.width, after.grid.width)),
        (before.grid.transform[4], after.grid.transform[4], max(before.grid.height, after.grid.height)),
    ):
        if abs(size_b - size_a) * pixels > _SIZE_TOLERANCE * abs(size_b):
            raise GridError(
                f"The pixels of {before.parameter} are {_size(before.grid)} and those of {after.parameter} "
                f"{_size(after.grid)}; both must have one size: warp one raster to the other's pixels with nearest "
                "neighbour."
            )
    a, _, x, _, e, y = before.grid.transform
    right = round((after.grid.transform[2] - x) / a, _OFFSET_DECIMALS)
    down = round((after.grid.transform[5] - y) / e, _OFFSET_DECIMALS)
    # The pixel of AFTER that holds the centre of column c is floor(c + 1/2 - right).
    by_columns, by_rows = math.floor(0.5 - right), math.floor(0.5 - down)
    left, width = _common(before.grid.width, after.grid.width, by_columns)
    top, height = _common(before.grid.height, after.grid.height, by_rows)
    if width <= 0 or height <= 0:
        raise GridError(
            f"{before.parameter} ({before.title}) and {after.parameter} ({after.title}) have no pixel in common; "
            "choose two rasters of one place."
        )
    grid = PixelGrid(
        width=width,
        height=height,
        transform=(a, 0.0, x + left * a, 0.0, e, y + top * e),
        crs=before.grid.crs,
        block_height=before.grid.block_height,
    )
    residual = (round(by_columns + right, _OFFSET_DECIMALS), round(by_rows + down, _OFFSET_DECIMALS))
    return Overlap(grid, (top, left), (top + by_rows, left + by_columns), (right, down), residual)


def doubts(before: Classified, after: Classified) -> list[str]:
    """Return what makes a comparison doubtful, in sentences."""
    found = []
    if before.acquired and after.acquired and before.acquired > after.acquired:
        found.append(
            f"BEFORE ({before.title}) is later than AFTER ({after.title}): gains and losses are those of going back "
            "in time."
        )
    shared = before.colour_table.keys() & after.colour_table.keys()
    if before.colour_table.keys() != after.colour_table.keys() or any(
        before.colour_table[j] != after.colour_table[j] for j in shared
    ):
        found.append(
            "The colour tables of BEFORE and AFTER differ, so they may come from different runs, or from scenes "
            "clustered each on its own: class numbers mean the same only where scenes were clustered together (or "
            "where one was classified with the other's signatures)."
        )
    return found


def placement(common: Overlap) -> str:
    """Return in a sentence how the pixels of two rasters were matched."""
    grid = common.grid
    size = f"{grid.width:,} x {grid.height:,} pixels in common"
    right, down = common.offset
    if right == 0 and down == 0:
        return f"The rasters lie pixel on pixel; {size}."
    ways = [_way(right, "right of", "left of")] * (right != 0) + [_way(down, "below", "above")] * (down != 0)
    where = f"AFTER begins {' and '.join(ways)} BEFORE"
    if common.residual == (0, 0):
        return f"{where}: the pixels coincide; {size}."
    off = (common.residual[0] ** 2 + common.residual[1] ** 2) ** 0.5
    return (
        f"{where}: each pixel of BEFORE is compared with the nearest of AFTER, whose centre lies {off:.2f} pixels "
        f"({off * grid.transform[0]:.1f} map units) away; {size}."
    )


def _way(pixels: float, positive: str, negative: str) -> str:
    return f"{abs(pixels):,.10g} pixels {positive if pixels > 0 else negative}"


def _common(first: int, second: int, shift: int) -> tuple[int, int]:
    """Return start and number of the pixels c of 0..first-1 whose c + shift is in 0..second-1."""
    start = max(0, -shift)
    return start, min(first, second - shift) - start


def _crs(grid: PixelGrid) -> str:
    return str(grid.crs.to_string())[:60] if grid.crs else "no CRS"


def _size(grid: PixelGrid) -> str:
    return f"{grid.transform[0]:.10g} x {-grid.transform[4]:.10g}"
