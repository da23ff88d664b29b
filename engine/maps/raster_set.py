"""Several classified rasters as one map of one legend: which they are, when they were taken, how they are read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..colours import RGB, default_colour
from ..errors import GridError, ParameterError
from ..execution.executor import Site
from ..pixels.strips import plan_strips
from ..results.legend import default_name
from ..scenes.scene import Strip
from ..sensors.products import leading_product_id
from .classified import Classified, open_classified

if TYPE_CHECKING:
    from numpy.typing import NDArray

RASTERS = "RASTERS"
"""The parameter that asks for the rasters."""

# A day in the name of a file that is no Landsat product's: 20220511, 2022-05-11 or 2022_05_11.
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_]?)([01]\d)\2([0-3]\d)(?!\d)")
# Pixels of one size: those of the rasters agree to this share.
_SIZE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Member:
    """One of the rasters."""

    id: str
    """What tells it from the others wherever they lie: the product identifier or the file's name, without ending."""
    raster: Classified
    """The raster."""
    day: date | None
    """When it was taken, if its name says so."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.raster.title


@dataclass(frozen=True)
class RasterSet:
    """Rasters of one legend, by day and then by id, so that the order in which they were given never matters."""

    members: tuple[Member, ...]
    """The rasters; one without a day comes first."""
    names: list[str]
    """Of the classes 0..255."""
    colours: list[RGB]
    """Of the classes 0..255."""

    @property
    def pixels(self) -> int:
        """Pixels of all grids."""
        return sum(member.raster.grid.pixels for member in self.members)

    @property
    def hectares_per_pixel(self) -> float | None:
        """Area of a pixel, the same in all rasters; None where map units are no lengths."""
        return self.members[0].raster.grid.hectares_per_pixel

    def full_name(self, number: int) -> str:
        """Return the name of a class with its id, which the default name has already."""
        name = self.names[number]
        return name if str(number) in name.split() else f"{number} {name}"

    def strips(self, pixels: int) -> list[Strip]:
        """Cut all rasters into strips of about so many pixels; the scene of a strip is the number of the raster."""
        grids = enumerate(member.raster.grid for member in self.members)
        return [strip for number, grid in grids for strip in plan_strips(grid, number, pixels)]

    def doubts(self) -> list[str]:
        """Return what makes it doubtful that the rasters have one legend, in sentences."""
        first, *others = self.members
        odd = [other for other in others if other.raster.colour_table != first.raster.colour_table]
        if not odd:
            return []
        return [
            f"RASTERS: the colour table of {odd[0].raster.path.name} differs from that of {first.raster.path.name}"
            f"{f', and so do {len(odd) - 1:,} more' if len(odd) > 1 else ''}: they may come from different runs, or "
            "from scenes clustered each on its own, and class numbers mean the same only where scenes were clustered "
            "together (or where one was classified with the other's signatures)."
        ]


def open_raster_set(paths: Sequence[Path]) -> RasterSet:
    """Read the headers of classified rasters; a file given twice is used once.

    Raises
    ------
    ParameterError
        There is none.
    ClassifiedError
        One is no classified raster.
    """
    if not paths:
        raise ParameterError("RASTERS is empty; choose classified rasters, such as those ending in _classes.tif.")
    distinct = {os.path.normcase(os.path.realpath(path)): path for path in reversed(paths)}
    rasters = [open_classified(RASTERS, path) for path in distinct.values()]
    ids = _ids([raster.path for raster in rasters])
    members = [Member(own, raster, raster.acquired or day_in(raster.path.name)) for own, raster in zip(ids, rasters)]
    members.sort(key=lambda member: (member.day or date.min, member.id))
    return RasterSet(tuple(members), _names(members), _colours(members))


def check_one_pixel_size(raster_set: RasterSet) -> None:
    """Check that a pixel is as large in each raster, so that pixels may be counted together.

    Raises
    ------
    GridError
        It is not.
    """
    first, *others = (member.raster for member in raster_set.members)
    for other in others:
        (a, e), (a2, e2) = ((grid.transform[0], -grid.transform[4]) for grid in (first.grid, other.grid))
        degrees = [grid.hectares_per_pixel is None for grid in (first.grid, other.grid)]
        if abs(a - a2) > _SIZE_TOLERANCE * a or abs(e - e2) > _SIZE_TOLERANCE * e or degrees[0] != degrees[1]:
            raise GridError(
                f"RASTERS: the pixels of {first.path.name} are {a:.10g} x {e:.10g} and those of {other.path.name} "
                f"{a2:.10g} x {e2:.10g} map units; all must have one size: warp one to the other's pixels with "
                "nearest neighbour."
            )


def day_in(name: str) -> date | None:
    """Return the first day that a file's name tells, such as 20220511 or 2022-05-11; None without one."""
    for year, _, month, day in _DAY.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def _ids(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: as short as tells all of them apart, with folders in front where that takes them."""
    products = [leading_product_id(path.name) for path in paths]
    own = [product.text if product else path.stem for path, product in zip(paths, products)]
    own = [path.name if own.count(name) > 1 else name for path, name in zip(paths, own)]
    folders = [path.absolute().parts[:-1] if own.count(name) > 1 else () for path, name in zip(paths, own)]
    found, depth = own, 0
    while len(set(found)) < len(found) and depth < max(map(len, folders)):
        depth += 1
        found = ["/".join((*parts[-depth:], name)) for parts, name in zip(folders, own)]
    return found


def _names(members: Sequence[Member]) -> list[str]:
    """Return the names of the classes: of those that a user gave, the first raster's."""
    names = [default_name(number) for number in range(256)]
    for number in range(256):
        given = (member.raster.names.get(number, "") for member in members)
        names[number] = next((name for name in given if name not in ("", names[number])), names[number])
    return names


def _colours(members: Sequence[Member]) -> list[RGB]:
    found = []
    for number in range(256):
        told = (member.raster.colours.get(number) for member in members)
        found.append(next((colour for colour in told if colour), default_colour(number)))
    return found


class RasterSetSite(Site):
    """Classified rasters, read strip by strip."""

    def __init__(self, rasters: Sequence[Classified]) -> None:
        super().__init__()
        self.rasters = list(rasters)
        """In the order of the set."""

    def read(self, strip: Strip) -> NDArray[np.uint8]:
        """Return the classes of a strip, (height, width)."""
        raster = self.rasters[strip.scene]
        return raster.read(strip.row, 0, strip.height, raster.grid.width)


@dataclass(frozen=True)
class CountClasses:
    """Count the pixels of each class in a strip of one raster."""

    strip: Strip
    """Which rows of which raster."""

    def do(self, site: RasterSetSite) -> tuple[int, NDArray[np.int64]]:
        """Return the number of the raster, and (256,) pixels."""
        return self.strip.scene, np.bincount(site.read(self.strip).ravel(), minlength=256)
