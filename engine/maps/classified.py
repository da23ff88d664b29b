"""Classified rasters as input: what they are, what their classes are called, and where two of them meet."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import UNCLASSIFIED
from ..colours import RGB
from ..errors import IIkMCError
from ..quantities import counted
from ..results.styles import categories_of, entries_of
from ..scenes.files import open_raster, raster_env, read_window
from ..scenes.header import misplaced
from ..scenes.places import stamp
from ..scenes.scene import PixelGrid, Window
from ..scenes.sidecars import sidecars_on_disk
from ..scenes.unchanged import Stamp, change_of
from ..sensors.products import leading_product_id
from ..text_files import Unreadable, read_text, writable

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

# What `rasters.write_classes` puts into the tag: "1=Class 1; 2=Class 2".
_TAG_ENTRY = re.compile(r"(?:^|; )(\d{1,3})=(.*?)(?=; \d{1,3}=|$)", re.DOTALL)
# Formats of one band that programs which classify write, none of which names another file than its own header. Left out
# of what QGIS reads: those that point to other files or addresses (VRT, ERS, PCIDSK, WMS, and IMAGINE's .img, whose
# pixels may lie in any file it names), databases, and pictures without a place.
_DRIVERS = ("GTiff", "JP2OpenJPEG", "ENVI", "EHdr", "SAGA", "RST")


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
    """Class -> colour in the file itself, which only a new run changes; without unclassified, which any may have."""
    stamp: Stamp = None
    """Size and date of the file before its header was read."""

    def check_unchanged(self) -> None:
        """Check that the file is what it was when its header was read.

        Raises
        ------
        ClassifiedError
            It has changed or vanished.
        """
        change = change_of(self.stamp, str(self.path))
        if change:
            raise ClassifiedError(
                f"{self.parameter}: {self.path} {change} while it was read; wait until whatever writes it is done, "
                "then run again."
            )

    def read(self, row: int, column: int, height: int, width: int) -> NDArray[np.uint8]:
        """Read a window; any thread may call.

        Raises
        ------
        ClassifiedError
            The file is damaged.
        """
        window = Window(row, row + height, column, column + width)
        refusal = partial(_unreadable, self.parameter, self.path)
        with raster_env(), open_map(self.path, refusal) as dataset:
            classes: NDArray[np.uint8] = read_window(dataset, window, refusal, marked=0)
        return classes


def open_classified(parameter: str, path: Path) -> Classified:
    """Read the header of a classified raster, its names and its colours.

    Raises
    ------
    ClassifiedError
        It cannot be opened, or is not one band of uint8 with nodata 0.
    """
    refusal = partial(_unreadable, parameter, path)
    before = stamp(str(path))
    with raster_env(), open_map(path, refusal) as dataset:
        if dataset.count != 1 or dataset.dtypes[0] != "uint8":
            raise ClassifiedError(
                f"{parameter}: {path.name} has {counted(dataset.count, 'band')} of {dataset.dtypes[0]}, expected one "
                "of uint8 with classes 1 to 255; choose a raster ending in _classes.tif, or convert yours to Byte."
            )
        if dataset.nodata not in (None, 0):
            raise ClassifiedError(
                f"{parameter}: {path.name} has nodata {dataset.nodata:g}, expected 0 (which is never a class); "
                "reclassify it so that 0 is nodata."
            )
        problem = misplaced(dataset)
        if problem:
            raise ClassifiedError(
                f"{parameter}: {path.name} {problem}; choose a raster that lies somewhere, such as one ending in "
                "_classes.tif."
            )
        a, b, _, d, e, _ = tuple(dataset.transform)[:6]
        if b or d or a <= 0 or e >= 0:
            raise ClassifiedError(
                f"{parameter}: {path.name} is not north-up (rotated or flipped), so its pixels cannot be matched; "
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
    return Classified(
        parameter=parameter,
        path=path,
        grid=grid,
        title=product.title if product else path.stem,
        acquired=product.acquired if product else None,
        names={**names, **styled_names},
        colours={**table, **styled_colours},
        colour_table={value: colour for value, colour in table.items() if value != UNCLASSIFIED},
        stamp=before,
    )


def open_map(path: Path, refusal: Callable[[str], IIkMCError]) -> Any:
    """Return an open dataset of a raster of one of the formats that maps come in; see `files.open_raster`.

    Raises
    ------
    IIkMCError
        That of `refusal`: it is no file, or cannot be opened.
    """
    # Names that GDAL would take for an address or for a part of an archive are none of a file.
    if not os.path.isfile(path):
        raise refusal("it is no file")
    return open_raster(path, refusal, _DRIVERS, sidecars_on_disk(path))


def _unreadable(parameter: str, path: Path, reason: str) -> ClassifiedError:
    return ClassifiedError(
        f"{parameter}: {path} cannot be read as a raster ({reason}); choose a classified raster on disk."
    )


def _colour_table(dataset: Any) -> dict[int, RGB]:
    try:
        table = dataset.colormap(1)
    except ValueError:
        return {}
    # rasterio fills the table up to 256 entries with black.
    return {value: entry[:3] for value, entry in table.items() if value and entry[:3] != (0, 0, 0)}


def _tag_names(tag: str) -> dict[int, str]:
    return {int(number): writable(name) for number, name in _TAG_ENTRY.findall(tag)}


def _pam_names(path: Path) -> dict[int, str]:
    found = categories_of(_text_of(path.with_name(f"{path.name}.aux.xml")))
    return {number: name for number, name in enumerate(found) if number and name.strip()}


def _style(path: Path) -> tuple[dict[int, str], dict[int, RGB]]:
    """Return names and colours from the QGIS style beside a raster, where a user renames and recolours classes."""
    names: dict[int, str] = {}
    colours: dict[int, RGB] = {}
    for entry in entries_of(_text_of(path.with_suffix(".qml"))):
        if entry.label:
            names[entry.value] = entry.label
        if entry.colour is not None:
            colours[entry.value] = entry.colour
    return names, colours


def _text_of(path: Path) -> str:
    try:
        return read_text(path)
    except Unreadable:
        return ""
