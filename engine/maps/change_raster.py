"""The raster of changes: one code per transition that an analyst can read, filter and style.

Code 0 is nodata, 1 is "unchanged", and class f to class t is 1000 f + t: 3005 is class 3 to class 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import OutputError
from ..results.geotiff import overview_factors, profile
from ..results.styles import escaped
from ..scenes.files import raster_env
from ..scenes.scene import PixelGrid
from .transition import Transition

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
