"""Tiles without one value in one file of a scene, where its other files have values: lost, as a rule.

A tile that a file does not hold, or holds with no byte, decodes to fill without an error; so does one whose bytes are
zeros where nothing is compressed. Fill at the edge of a scene, in the gaps of Landsat 7 or outside of a clipped area is
fill in all files, or in all bands, and is no gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..sensors.flags import QA_FILL
from ..sensors.scale import FILL

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels looked at in a tile each way: 1 in 4000 of a tile of 256 x 256, enough to tell that it may be empty, because
# each is a miss of the processor's cache.
_LOOKS = 4
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
        (height, width) words of flags, where there are any; only 0 counts as empty, because fill is a value of them.
    tiles
        Height and width of the tiles of each band's file, and of QA_PIXEL's behind them; of other masks none, because
        their 0 is a value as well.
    """
    planes = [*bands, *([qa] if qa is not None else [])]
    nothing = [FILL] * len(bands) + [_NEVER]
    samples: dict[tuple[int, int], list[NDArray[np.uint16]]] = {}
    for number, (height, width) in enumerate(tiles):
        rows = height * -(-_ROWS // height)
        steps = max(rows // _LOOKS, 1), max(width // _LOOKS, 1)
        if steps not in samples:
            few = tuple(slice(step // 2, None, step) for step in steps)
            samples[steps] = [plane[few].copy() for plane in planes]
        some = samples[steps]
        empty = some[number] == nothing[number]
        if not empty.any() or not (empty & _others_have(some, number, len(bands))).any():
            continue
        for row in range(0, bands.shape[1], rows):
            for column in range(0, bands.shape[2], width):
                tile = [plane[row : row + rows, column : column + width] for plane in planes]
                if (tile[number] == nothing[number]).all():
                    pixels = int(np.count_nonzero(_others_have(tile, number, len(bands))))
                    if pixels >= _SHARE * tile[number].size:
                        yield Gap(number, row, column, pixels)


def _others_have(planes: Sequence[NDArray[np.uint16]], number: int, n_bands: int) -> NDArray[np.bool_]:
    """Return where all bands but one have values, and the mask says so as well; nowhere where there is no other."""
    others = [plane for i, plane in enumerate(planes[:n_bands]) if i != number]
    found: NDArray[np.bool_] = np.full(planes[0].shape, bool(others))
    for plane in others:
        found &= plane != FILL
    for plane in planes[n_bands:]:
        if number < n_bands:
            found &= (plane & np.uint16(QA_FILL)) == 0
    return found
