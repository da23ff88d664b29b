"""Classified rasters as input: what they are, what their classes are called, and where two of them meet."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .colours import RGB
from .errors import GridError, IIkMCError
from .results.styles import entries_of
from .scenes.files import raster_env
from .scenes.scene import PixelGrid
from .sensors.landsat.product_id import leading_product_id

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

# Offsets are told from each other to a thousandth of a cell; MTL-made georeferences round to millimetres.
_OFFSET_DECIMALS = 3
# Cell sizes are the same when they add up to less than this share of a cell over the whole raster.
_SIZE_TOLERANCE = 0.05
# What `rasters.write_classes` puts into the tag: "1=Class 1; 2=Class 2".
_TAG_ENTRY = re.compile(r"(?:^|; )(\d{1,3})=(.*?)(?=; \d{1,3}=|$)", re.DOTALL)
_PAM_CATEGORY = re.compile(r"<Category>(.*?)</Category>", re.DOTALL)


class ClassifiedError(IIkMCError, ValueError):
    """A file is no classified raster that can be compared."""


@dataclass(frozen=True)
class Classified:
    """A raster of classes 1..255, 0 = nodata."""

    parameter: str
    """The parameter it was given as, for messages."""
    path: Path
    """The file."""
    grid: PixelGrid
    """Its pixel grid."""
    title: str
    """Date, sensor and path/row of a Landsat scene; otherwise the file's name."""
    acquired: date | None
    """Acquisition date, where the file is named after a Landsat product."""
    names: dict[int, str]
    """Class -> name, where the file or its style tells one."""
    colours: dict[int, RGB]
    """Class -> colour, likewise."""
    colour_table: dict[int, RGB]
    """The colour table inside the file, which only a new run changes."""

    def read(self, row: int, column: int, height: int, width: int) -> NDArray[np.uint8]:
        """Read a window; any thread may call.

        Raises
        ------
        ClassifiedError
            The file is damaged.
        """
        from rasterio.windows import Window

        with raster_env(), _opened(self.parameter, self.path) as dataset:
            try:
                classes: NDArray[np.uint8] = dataset.read(1, window=Window(column, row, width, height))
            except Exception as error:
                raise _unreadable(self.parameter, self.path, error) from error
        return classes


@dataclass(frozen=True)
class Overlap:
    """The cells that two rasters have in common."""

    grid: PixelGrid
    """In the cells of the first raster."""
    before: tuple[int, int]
    """Row and column in the first raster where it begins."""
    after: tuple[int, int]
    """Row and column in the second raster where it begins."""
    offset: tuple[float, float]
    """How many cells right and down of the first raster's origin the second one's lies."""
    residual: tuple[float, float]
    """How many cells right and down of a cell's centre the centre of its partner lies, at most half a cell."""


def open_classified(parameter: str, path: Path) -> Classified:
    """Read the header of a classified raster, its names and its colours.

    Raises
    ------
    ClassifiedError
        It cannot be opened, or is not one band of uint8 with nodata 0.
    """
    with raster_env(), _opened(parameter, path) as dataset:
        if dataset.count != 1 or dataset.dtypes[0] != "uint8":
            raise ClassifiedError(
                f"{parameter}: {path.name} has {dataset.count} band(s) of {dataset.dtypes[0]}, expected one of uint8 "
                "with classes 1 to 255; choose a raster ending in _classes.tif, or convert yours to Byte."
            )
        if dataset.nodata not in (None, 0):
            raise ClassifiedError(
                f"{parameter}: {path.name} has nodata {dataset.nodata:g}, expected 0 (which is never a class); "
                "reclassify it so that 0 is nodata."
            )
        a, b, _, d, e, _ = tuple(dataset.transform)[:6]
        if b or d or a <= 0 or e >= 0:
            raise ClassifiedError(
                f"{parameter}: {path.name} is not north-up (rotated or flipped), so its cells cannot be matched; "
                "warp it to a north-up grid with nearest neighbour."
            )
        grid = PixelGrid(
            width=dataset.width,
            height=dataset.height,
            transform=tuple(dataset.transform)[:6],
            crs=dataset.crs,
            block_height=int(dataset.block_shapes[0][0]),
        )
        table = _colour_table(dataset)
        names = _tag_names(dataset.tags().get("CLASS_NAMES", ""))
    names = names or _pam_names(path)
    styled_names, styled_colours = _style(path)
    product = leading_product_id(path.name)
    title = f"{product.acquired.isoformat()} {product.sensor} {product.path_row}" if product else path.stem
    return Classified(
        parameter=parameter,
        path=path,
        grid=grid,
        title=title,
        acquired=product.acquired if product else None,
        names={**names, **styled_names},
        colours={**table, **styled_colours},
        colour_table=table,
    )


def overlap(before: Classified, after: Classified) -> Overlap:
    """Match the cells of two rasters of one CRS and cell size by the nearest centre.

    Raises
    ------
    GridError
        CRS or cell size differ, or the rasters do not meet.
    """
    if before.grid.crs != after.grid.crs:
        raise GridError(
            f"{before.parameter} is in {_crs(before.grid)} and {after.parameter} in {_crs(after.grid)}; "
            "both must be in one CRS: choose scenes of one zone, or warp one raster with nearest neighbour."
        )
    for size_b, size_a, cells in (
        (before.grid.transform[0], after.grid.transform[0], max(before.grid.width, after.grid.width)),
        (before.grid.transform[4], after.grid.transform[4], max(before.grid.height, after.grid.height)),
    ):
        if abs(size_b - size_a) * cells > _SIZE_TOLERANCE * abs(size_b):
            raise GridError(
                f"The cells of {before.parameter} are {_cells(before.grid)} and those of {after.parameter} "
                f"{_cells(after.grid)}; both must have one size: warp one raster to the other's cells with nearest "
                "neighbour."
            )
    a, _, x, _, e, y = before.grid.transform
    right = round((after.grid.transform[2] - x) / a, _OFFSET_DECIMALS)
    down = round((after.grid.transform[5] - y) / e, _OFFSET_DECIMALS)
    # The cell of AFTER that holds the centre of column c is floor(c + 1/2 - right).
    by_columns, by_rows = math.floor(0.5 - right), math.floor(0.5 - down)
    left, width = _common(before.grid.width, after.grid.width, by_columns)
    top, height = _common(before.grid.height, after.grid.height, by_rows)
    if width <= 0 or height <= 0:
        raise GridError(
            f"{before.parameter} ({before.title}) and {after.parameter} ({after.title}) have no cell in common; "
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
    """Return in a sentence how the cells of two rasters were matched."""
    grid = common.grid
    size = f"{grid.width:,} x {grid.height:,} cells in common"
    right, down = common.offset
    if right == 0 and down == 0:
        return f"The rasters lie cell on cell; {size}."
    ways = [_way(right, "right", "left")] * (right != 0) + [_way(down, "below", "above")] * (down != 0)
    where = f"AFTER begins {' and '.join(ways)} of BEFORE"
    if common.residual == (0, 0):
        return f"{where}: the cells coincide; {size}."
    off = (common.residual[0] ** 2 + common.residual[1] ** 2) ** 0.5
    return (
        f"{where}: each cell of BEFORE is compared with the nearest of AFTER, whose centre lies {off:.2f} cells "
        f"({off * grid.transform[0]:.1f} map units) away; {size}."
    )


def _way(cells: float, positive: str, negative: str) -> str:
    return f"{abs(cells):,.10g} cells {positive if cells > 0 else negative}"


def _common(first: int, second: int, shift: int) -> tuple[int, int]:
    """Return start and number of the cells c of 0..first-1 whose c + shift is in 0..second-1."""
    start = max(0, -shift)
    return start, min(first, second - shift) - start


def _opened(parameter: str, path: Path) -> Any:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        return rasterio.open(path, sharing=False)
    except (RasterioError, OSError) as error:
        raise _unreadable(parameter, path, error) from error


def _unreadable(parameter: str, path: Path, error: BaseException) -> ClassifiedError:
    reason = str(error.__cause__ or error).strip().splitlines()
    return ClassifiedError(
        f"{parameter}: {path} cannot be read as a raster ({reason[0].rstrip('.') if reason else 'no reason given'}); "
        "choose a classified raster on disk."
    )


def _colour_table(dataset: Any) -> dict[int, RGB]:
    try:
        table = dataset.colormap(1)
    except ValueError:
        return {}
    # rasterio fills the table up to 256 entries with black.
    return {value: entry[:3] for value, entry in table.items() if value and entry[:3] != (0, 0, 0)}


def _tag_names(tag: str) -> dict[int, str]:
    return {int(number): name for number, name in _TAG_ENTRY.findall(tag)}


def _pam_names(path: Path) -> dict[int, str]:
    found = _PAM_CATEGORY.findall(_text_of(path.with_name(f"{path.name}.aux.xml")))
    return {number: html.unescape(name) for number, name in enumerate(found) if number and name.strip()}


def _style(path: Path) -> tuple[dict[int, str], dict[int, RGB]]:
    """Return names and colours from the QGIS style beside a raster, where a user renames and recolours classes."""
    names: dict[int, str] = {}
    colours: dict[int, RGB] = {}
    for attributes in entries_of(_text_of(path.with_suffix(".qml"))):
        value, label, colour = (attributes.get(key, "") for key in ("value", "label", "color"))
        if not re.fullmatch(r"\d{1,3}", value):
            continue
        if label.strip():
            names[int(value)] = label.strip()
        if re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            colours[int(value)] = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:], 16))
    return names, colours


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _crs(grid: PixelGrid) -> str:
    return str(grid.crs.to_string())[:60] if grid.crs else "no CRS"


def _cells(grid: PixelGrid) -> str:
    return f"{grid.transform[0]:.10g} x {-grid.transform[4]:.10g}"
