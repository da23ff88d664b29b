"""The GeoTIFFs of classes and codes: how they are laid out, and their one writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..colours import RGB
from ..errors import OutputError
from ..machine import why_unwritten
from ..pixels.strips import ROW_MULTIPLE
from ..scenes.files import raster_env
from ..scenes.scene import PixelGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

NODATA = 0
"""Never a class."""
SOFTWARE = "IIkMC"
"""What the tag TIFFTAG_SOFTWARE says in every raster of ours."""
# Overviews down to below one tile, as USGS makes them for the bands.
_SMALLEST_OVERVIEW = 256
# Bytes of a whole number up to which GDAL's overviews hold it: wider ones it takes through float32, where the date
# 20221119 becomes 20221120 (measured with GDAL 3.6).
_EXACT_IN_OVERVIEWS = 2


@dataclass(frozen=True)
class Band:
    """What a GeoTIFF says of its one band."""

    description: str
    """What the values are."""
    dtype: str
    """Their type: uint8, uint16, uint32 or int32."""
    tags: dict[str, str]
    """Metadata of the file."""
    colours: Sequence[RGB] | None = None
    """Of the values 1, 2, ..., for a colour table; none by default."""
    nodata: int = NODATA
    """The value that is none."""


@dataclass(frozen=True)
class Rows:
    """Values of some full rows."""

    first: int
    """First row."""
    values: NDArray[Any]
    """(height, width)."""


def write_raster(path: Path, grid: PixelGrid, band: Band, rows: Iterable[Rows], parameter: str = "OUTPUT") -> None:
    """Write a compressed GeoTIFF, in tiles and with overviews where it is large.

    Parameters
    ----------
    path
        The file to write; the caller renames it into place.
    grid
        Its pixel grid; CRS and transform are handed on unchanged.
    band
        What the file says of its band.
    rows
        The values, in any order; rows that are not given become nodata.
    parameter
        The parameter that asks for the file, for messages.

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
        # Made in memory (at worst 1.4 bytes a pixel of classes) and written in one go: when a disk is full, GDAL
        # tells of it while it closes a file, where rasterio lets it pass and a damaged raster would look like a result.
        with raster_env(), MemoryFile(ext=".tif") as memory:
            with memory.open(**_profile(grid, band)) as target:
                if band.colours is not None:
                    table = {j: (*colour, 255) for j, colour in enumerate(band.colours, start=1)}
                    target.write_colormap(1, {NODATA: (0, 0, 0, 0), **table})
                target.set_band_description(1, band.description)
                target.update_tags(TIFFTAG_SOFTWARE=SOFTWARE, **band.tags)
                for part in rows:
                    height = part.values.shape[0]
                    target.write(part.values, 1, window=Window(0, part.first, grid.width, height))
                factors = _overview_factors(grid)
                if factors:
                    # The most frequent class would be slower and no truer: nearest keeps real pixels and nodata apart.
                    target.build_overviews(factors, Resampling.nearest)
            if np.dtype(band.dtype).itemsize > _EXACT_IN_OVERVIEWS:
                _write_overviews_anew(memory.name, factors)
            path.write_bytes(memory.getbuffer())
    except (RasterioError, OSError) as error:
        reason = why_unwritten(error, path.parent) if isinstance(error, OSError) else error
        raise OutputError(
            f"{parameter}: {path.name} cannot be written ({reason}); free some space or choose another folder."
        ) from error


def _write_overviews_anew(name: str, factors: Sequence[int]) -> None:
    """Write into the overviews of a closed raster, the factors of which are given, what its pixels hold."""
    import rasterio
    from rasterio.windows import Window

    for level, factor in enumerate(factors):
        with rasterio.open(name, "r+", overview_level=level) as overview, rasterio.open(name) as full:
            for first in range(0, overview.height, ROW_MULTIPLE):
                height = min(ROW_MULTIPLE, overview.height - first)
                rows = min(height * factor, full.height - first * factor)
                values = full.read(1, window=Window(0, first * factor, full.width, rows))[::factor, ::factor]
                overview.write(values, 1, window=Window(0, first, overview.width, height))


def _profile(grid: PixelGrid, band: Band) -> dict[str, Any]:
    """Return how rasterio shall create the file."""
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 1,
        "dtype": band.dtype,
        "nodata": band.nodata,
        "crs": grid.crs,
        "transform": _affine(grid),
        "compress": "deflate",
        # Level 1 writes 5 times as fast as 6 and is a few per cent larger.
        "zlevel": 1,
    }
    if min(grid.width, grid.height) >= ROW_MULTIPLE:
        profile.update(tiled=True, blockxsize=ROW_MULTIPLE, blockysize=ROW_MULTIPLE)
    if band.colours is not None:
        profile.update(photometric="palette")
    return profile


def _affine(grid: PixelGrid) -> Any:
    from rasterio.transform import Affine

    return Affine(*grid.transform)


def _overview_factors(grid: PixelGrid) -> list[int]:
    """Return the factors of the overviews of a raster, none for a small one."""
    factors = []
    factor = 2
    while max(grid.width, grid.height) * 2 > _SMALLEST_OVERVIEW * factor:
        factors.append(factor)
        factor *= 2
    return factors
