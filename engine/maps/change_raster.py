"""The raster of changes: one code per transition that an analyst can read, filter and style.

Code 0 is nodata, 1 is "unchanged", and class f to class t is 1000 f + t: 3005 is class 3 to class 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..results.geotiff import Band, Rows, write_raster
from ..results.styles import escaped
from ..scenes.scene import PixelGrid
from .transition import Transition


def write_changes(path: Path, grid: PixelGrid, dtype: str, strips: Iterable[Rows], tags: dict[str, str]) -> None:
    """Write the raster as a compressed GeoTIFF with nodata 0, in tiles and with overviews where it is large.

    Parameters
    ----------
    path
        The file.
    grid
        Its pixel grid.
    dtype
        uint16 or uint32.
    strips
        The codes, in any order.
    tags
        Metadata.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_raster(path, grid, Band("Transition", dtype, tags), strips, "CHANGES")


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
