"""The raster of changes: one code per transition that an analyst can read, filter and style.

Code 0 is nodata, 1 is "unchanged", and class f to class t is 1000 f + t: 3005 is class 3 to class 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import OutputError
from .results.geotiff import NODATA, overview_factors, profile
from .results.styles import escaped
from .scenes.files import raster_env
from .scenes.scene import PixelGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .colours import RGB

UNCHANGED = 1
_STEP = 1000
UNCHANGED_COLOUR = (217, 217, 217)
# Share of the colour of the class that a cell came from: enough to tell the ways into one class apart.
_FROM_SHARE = 0.3


@dataclass(frozen=True)
class Transition:
    """A transition that occurs, or all unchanged cells together."""

    code: int
    """Value in the raster."""
    name: str
    """Such as "Class 3 → Class 5"."""
    colour: RGB
    """Mostly that of the class it went to."""
    pixels: int
    """Cells."""
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
        (256, 256) cells per class before and after; row and column 0 are nodata.
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


def write_changes(
    path: Path,
    grid: PixelGrid,
    dtype: str,
    strips: Iterable[tuple[int, NDArray[np.uint16] | NDArray[np.uint32]]],
    tags: dict[str, str],
) -> None:
    """Write the raster as a tiled, compressed GeoTIFF with overviews and nodata 0.

    Parameters
    ----------
    path
        The file.
    grid
        Its pixel grid.
    dtype
        uint16 or uint32.
    strips
        (first row, (height, width) codes), in any order.
    tags
        Metadata.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    from rasterio.enums import Resampling
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile
    from rasterio.windows import Window

    try:
        # In memory, compressed, and written in one go: only so is a full disk noticed.
        with raster_env(), MemoryFile(ext=".tif") as memory:
            with memory.open(**profile(grid, dtype)) as target:
                target.set_band_description(1, "Transition")
                target.update_tags(TIFFTAG_SOFTWARE="IIkMC", **tags)
                for row, codes in strips:
                    target.write(codes, 1, window=Window(0, row, grid.width, codes.shape[0]))
                factors = overview_factors(grid)
                if factors:
                    target.build_overviews(factors, Resampling.nearest)
            path.write_bytes(memory.getbuffer())
    except (RasterioError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"CHANGES: {path.name} cannot be written ({reason}); free some space or choose another folder."
        ) from error


def attribute_table(transitions: Sequence[Transition], area: float | None) -> str:
    """Return GDAL's metadata file with a raster attribute table: code, name, classes, pixels, hectares, colour."""
    # Types 0 integer, 1 real, 2 text; usages 5 value, 1 pixel count, 2 name, 6-8 red, green, blue, 0 other (GDAL).
    fields = [("Value", 0, 5), ("Transition", 2, 2), ("From", 0, 0), ("To", 0, 0), ("Pixels", 0, 1)]
    fields += [("Hectares", 1, 0)] if area is not None else []
    fields += [("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8)]
    head = "".join(
        f'      <FieldDefn index="{i}"><Name>{name}</Name><Type>{kind}</Type><Usage>{usage}</Usage></FieldDefn>\n'
        for i, (name, kind, usage) in enumerate(fields)
    )
    rows = []
    for index, item in enumerate(transitions):
        values: list[object] = [item.code, escaped(item.name), item.before, item.after, item.pixels]
        values += [f"{item.pixels * area:.4f}"] if area is not None else []
        cells = "".join(f"<F>{value}</F>" for value in [*values, *item.colour])
        rows.append(f'      <Row index="{index}">{cells}</Row>\n')
    return (
        '<PAMDataset>\n  <PAMRasterBand band="1">\n    <GDALRasterAttributeTable tableType="thematic">\n'
        f"{head}{''.join(rows)}    </GDALRasterAttributeTable>\n  </PAMRasterBand>\n</PAMDataset>\n"
    )


def _mixed(before: RGB, after: RGB) -> RGB:
    red, green, blue = (round(_FROM_SHARE * f + (1 - _FROM_SHARE) * t) for f, t in zip(before, after))
    return red, green, blue
