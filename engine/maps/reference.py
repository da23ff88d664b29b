"""Which class the points of a reference have, and which pixels of which rasters they lie in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ParameterError, shown
from ..map_requests import ReferencePoints
from ..quantities import counted
from ..results.geotiff import NODATA
from ..scenes.coordinates import crs_of, moved, pixels_of
from .raster_set import RasterSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGHEST = 255
# Of names that no class has, so many are told.
_TOLD = 5


@dataclass(frozen=True)
class Placed:
    """The points that lie in a raster."""

    rows: NDArray[np.int64]
    """(n,) ascending."""
    columns: NDArray[np.int64]
    """(n,)"""
    numbers: NDArray[np.int64]
    """(n,) which points they are."""


def classes_of(points: ReferencePoints, raster_set: RasterSet) -> NDArray[np.int64]:
    """Return the class of each point, 0 for one without.

    A whole number is the class of that number, whether the rasters have it or not; anything else is a name, whose upper
    and lower case and spaces around it do not matter. Empty, "NULL" and 0, which is nodata, are no class.

    Raises
    ------
    ParameterError
        A text is neither, or is the name of several classes.
    """
    numbers: dict[str, list[int]] = {}
    for number in range(1, _HIGHEST + 1):
        # A name that any of the rasters gives counts: a user may have renamed the class in one of them.
        given = {_folded(member.raster.names.get(number, "")) for member in raster_set.members}
        for name in sorted({*given, _folded(raster_set.names[number])} - {""}):
            numbers.setdefault(name, []).append(number)
    known: dict[str, int] = {}
    unknown: Counter[str] = Counter()
    for text in points.classes:
        if text not in known:
            known[text] = _class_of(text, numbers)
        if known[text] < 0:
            unknown[text] += 1
    if unknown:
        raise ParameterError(_refusal(unknown, numbers, raster_set))
    return np.array([known[text] for text in points.classes], np.int64)


def _class_of(text: str, numbers: dict[str, list[int]]) -> int:
    """Return the class that a text tells, 0 for none, -1 if it cannot be told."""
    plain = text.strip()
    if plain in ("", "NULL"):
        return NODATA
    try:
        value = float(plain)
    except ValueError:
        value = math.nan
    if value.is_integer() and 0 <= value <= _HIGHEST:
        return int(value)
    found = numbers.get(_folded(plain), [])
    return found[0] if len(found) == 1 else -1


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _refusal(unknown: Counter[str], numbers: dict[str, list[int]], raster_set: RasterSet) -> str:
    text, count = unknown.most_common(1)[0]
    several = numbers.get(_folded(text), [])
    if several:
        listed = " and ".join(map(str, several))
        return (
            f"CLASS_FIELD: {shown(text)} is the name of the classes {listed}; give the class by its number, or give "
            "one of them another name."
        )
    others = f" and {counted(len(unknown) - 1, 'other text')}" if len(unknown) > 1 else ""
    there = sorted({number for member in raster_set.members for number in member.raster.names if number != NODATA})
    names = ", ".join(raster_set.full_name(number) for number in there[:_TOLD])
    more = ", ..." if len(there) > _TOLD else ""
    return (
        f"CLASS_FIELD: {shown(text)} of {counted(count, 'point')}{others} is neither a number from 1 to {_HIGHEST} nor "
        "the name "
        f"of a class of RASTERS{f' ({names}{more})' if names else ''}; correct it, leave it empty so that the point is "
        "left out, or give a number of its own to a class that the rasters do not have."
    )


def place(points: ReferencePoints, raster_set: RasterSet) -> list[Placed]:
    """Return for each raster the points that its grid holds.

    Raises
    ------
    ParameterError
        The points have a CRS and a raster has none, or the other way round; or it is no CRS.
    """
    crs = crs_of(points.crs, "POINTS") if points.crs else None
    first = raster_set.members[0].raster.grid.crs
    if crs is None and any(member.raster.grid.crs != first for member in raster_set.members):
        raise ParameterError("POINTS has no CRS and RASTERS have several; give the points their CRS.")
    x, y = np.asarray(points.x, np.float64), np.asarray(points.y, np.float64)
    there: dict[object, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    found = []
    for member in raster_set.members:
        grid = member.raster.grid
        if crs is not None and grid.crs is None:
            raise ParameterError(
                f"RASTERS: {member.raster.path.name} has no CRS, so POINTS cannot be placed on it; give it one."
            )
        if crs is None or grid.crs == crs:
            own = x, y
        else:
            if grid.crs not in there:
                there[grid.crs] = moved(x, y, crs, grid.crs)
            own = there[grid.crs]
        rows, columns, inside = pixels_of(grid, *own)
        numbers = np.flatnonzero(inside)
        order = np.argsort(rows[numbers], kind="stable")
        numbers = numbers[order]
        found.append(Placed(rows[numbers], columns[numbers], numbers))
    return found


def candidates(
    points: ReferencePoints, raster_set: RasterSet, placed: Sequence[Placed], max_days: int
) -> tuple[list[list[int]], list[bool]]:
    """Return which rasters each point may meet, in this order.

    Those whose grid holds the point; where the points have days, of them the ones of the nearest day, at most so many
    days away; of two as near the earlier. Of several of one day the one that the point was drawn from comes first, then
    by id.

    Returns
    -------
    rasters : list of list of int
        For each point the numbers of rasters.
    held : list of bool
        Whether any raster at all holds it.
    """
    found: list[list[int]] = [[] for _ in range(len(points))]
    for number, part in enumerate(placed):
        for point in part.numbers.tolist():
            found[point].append(number)
    held = [bool(rasters) for rasters in found]
    members = raster_set.members
    for point, rasters in enumerate(found):
        if points.days is not None:
            day = points.days[point]
            rasters = _nearest(rasters, [member.day for member in members], day, max_days)
        scene = points.scenes[point] if points.scenes is not None else ""
        found[point] = sorted(rasters, key=lambda number: (members[number].id != scene, members[number].id))
    return found, held


def _nearest(rasters: list[int], days: Sequence[date | None], day: date | None, most: int) -> list[int]:
    """Return the rasters of the day that is nearest to a point's, the earlier of two; none beyond `most` days."""
    if day is None:
        return []
    dated = [(number, own) for number in rasters for own in [days[number]] if own is not None]
    near = min(((abs((own - day).days), own) for _, own in dated), default=None)
    if near is None or near[0] > most:
        return []
    return [number for number, own in dated if own == near[1]]
