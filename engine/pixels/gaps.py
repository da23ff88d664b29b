"""Tiles without one value in one file of a scene, where its other files have values: lost, as a rule.

A tile that a file does not hold, or holds with no byte, decodes to fill without an error; so does one whose bytes are
zeros where nothing is compressed. Fill at the edge of a scene, in the gaps of Landsat 7 or outside of a clipped area is
fill in all files, or in all bands, and is no gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..sensors.landsat.bands import FILL
from ..sensors.landsat.qa import QA_FILL

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels looked at in a tile each way, 1 in 1000 of a tile of 256 x 256: enough to tell that a tile may be empty.
_LOOKS = 8
# Rows at least of what is looked at as a tile, for files in strips of a few rows.
_ROWS = 64
# Of the pixels of a tile the share that must have values in the other files before its emptiness is told.
_SHARE = 0.5
# What QA_PIXEL is nowhere: outside of fill the confidence of at least cloud is told (USGS LSDS-1619, table 6-3).
_NEVER = 0


@dataclass(frozen=True)
class Gap:
    """A tile without a value."""

    file: int
    """Which of the files."""
    row: int
    """First row in the strip."""
    column: int
    """First column."""
    pixels: int
    """How many of its pixels have values in the other files."""


def gaps(bands: NDArray[np.uint16], qa: NDArray[np.uint16] | None, tiles: Sequence[tuple[int, int]]) -> Iterator[Gap]:
    """Yield the tiles of a strip that are empty in one file alone.

    Parameters
    ----------
    bands
        (n_bands, height, width) DN.
    qa
        (height, width) QA_PIXEL, where there is one; only 0 counts as empty, because fill is a value of it.
    tiles
        Height and width of the tiles of each band's file, and of QA_PIXEL's behind them.
    """
    for number, (height, width) in enumerate(tiles):
        own = bands[number] if number < len(bands) else qa
        if own is None:
            continue
        rows = height * -(-_ROWS // height)
        down, right = max(rows // _LOOKS, 1), max(width // _LOOKS, 1)
        few = (slice(down // 2, None, down), slice(right // 2, None, right))
        said = None if own is qa else qa
        empty = _is_empty(own[few], number, len(bands))
        if not empty.any() or not (empty & _has_values(bands, number, said, few)).any():
            continue
        for row in range(0, own.shape[0], rows):
            for column in range(0, own.shape[1], width):
                tile = (slice(row, row + rows), slice(column, column + width))
                if not _is_empty(own[tile], number, len(bands)).all():
                    continue
                pixels = int(np.count_nonzero(_has_values(bands, number, said, tile)))
                if pixels >= _SHARE * own[tile].size:
                    yield Gap(number, row, column, pixels)


def _is_empty(values: NDArray[np.uint16], number: int, n_bands: int) -> NDArray[np.bool_]:
    return values == (FILL if number < n_bands else _NEVER)


def _has_values(bands: NDArray[np.uint16], number: int, qa: NDArray[np.uint16] | None, part: Any) -> NDArray[np.bool_]:
    """Return where all bands but one have values, and QA_PIXEL says so as well; nowhere where there is no other."""
    others = [band[part] for i, band in enumerate(bands) if i != number]
    found: NDArray[np.bool_] = np.full(bands[0][part].shape, bool(others))
    for band in others:
        found &= band != FILL
    if qa is not None:
        found &= (qa[part] & np.uint16(QA_FILL)) == 0
    return found
