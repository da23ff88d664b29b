"""What becomes of each pixel over the dates of a series: a masked date is no observation and no change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ..scenes.scene import PixelGrid
from .raster_set import RasterSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = 65535
"""Number of changes of a pixel that was never observed: nodata, for 0 is "no change"."""
# Pixels that are followed at a time: so many fit the processor's cache with the counts of a few classes.
_CHUNK = 1 << 16
# So many dates the flow diagram shows; with more its bands cannot be told apart.
_MOST_IN_FLOW = 8


def day_number(day: date) -> int:
    """Return a day as the number that the rasters hold, such as 20220511."""
    return day.year * 10_000 + day.month * 100 + day.day


@dataclass(frozen=True)
class Followed:
    """What some pixels went through."""

    observations: NDArray[np.uint16]
    """(n,) dates on which the pixel has a class."""
    majority: NDArray[np.uint8]
    """(n,) its most frequent class; of several that seen last; 0 without observation."""
    variety: NDArray[np.uint8]
    """(n,) different classes."""
    changes: NDArray[np.uint16]
    """(n,) observations that differ from the one before; `NEVER` without observation."""
    first_change: NDArray[np.int32]
    """(n,) day of the first such observation as yyyymmdd; 0 for none."""
    last_change: NDArray[np.int32]
    """(n,) day of the last one."""
    changed: NDArray[np.int64]
    """(dates,) pixels that changed class on each date."""
    flows: NDArray[np.uint32]
    """(flow dates - 1, 256, 256) pixels by their class up to a flow date, and up to the next; 0 for not yet seen."""


def follow(stack: NDArray[np.uint8], days: Sequence[date], flow: Sequence[int]) -> Followed:
    """Follow pixels over the dates.

    Parameters
    ----------
    stack : (dates, n)
        The class of each pixel on each date, 0 where it is masked.
    days
        The dates, ascending.
    flow
        The numbers of the dates that the flow is counted between, ascending.
    """
    n = stack.shape[1]
    found = Followed(
        np.zeros(n, np.uint16),
        np.zeros(n, np.uint8),
        np.zeros(n, np.uint8),
        np.zeros(n, np.uint16),
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        np.zeros(len(days), np.int64),
        np.zeros((max(len(flow) - 1, 0), 256, 256), np.uint32),
    )
    for first in range(0, n, _CHUNK):
        _follow(stack[:, first : first + _CHUNK], days, flow, found, slice(first, first + _CHUNK))
    return found


def _follow(stack: NDArray[np.uint8], days: Sequence[date], flow: Sequence[int], found: Followed, part: slice) -> None:
    """Follow the pixels of a part, and write into that part of `found`."""
    observations, majority, variety = found.observations[part], found.majority[part], found.variety[part]
    changes, first_change, last_change = found.changes[part], found.first_change[part], found.last_change[part]
    n = stack.shape[1]
    there = np.flatnonzero(np.bincount(stack.ravel(), minlength=256)[1:]) + 1
    row_of = np.zeros(256, np.intp)
    row_of[there] = np.arange(there.size)
    counts = np.zeros((there.size, n), np.uint16)
    most = np.zeros(n, np.uint16)
    now = np.zeros(n, np.uint8)  # the class of the last observation so far
    before = now
    for number, classes in enumerate(stack):
        seen = np.flatnonzero(classes)
        own, last = classes[seen], now[seen]
        rows = row_of[own]
        count = counts[rows, seen] + np.uint16(1)
        counts[rows, seen] = count
        observations[seen] += np.uint16(1)
        variety[seen] += count == 1
        # Whoever reaches the highest count last has it with the class's last observation: that settles a tie.
        leads = count >= most[seen]
        most[seen[leads]] = count[leads]
        majority[seen[leads]] = own[leads]
        moved = seen[(last != 0) & (last != own)]
        changes[moved] += np.uint16(1)
        day = day_number(days[number])
        first_change[moved[first_change[moved] == 0]] = day
        last_change[moved] = day
        found.changed[number] += moved.size
        now[seen] = own
        if number in flow:
            place = list(flow).index(number)
            if place:
                pairs = before.astype(np.uint16) << np.uint16(8) | now
                found.flows[place - 1] += np.bincount(pairs, minlength=1 << 16).reshape(256, 256).astype(np.uint32)
            before = now.copy()
    changes[observations == 0] = NEVER


def flow_dates(dates: int) -> list[int]:
    """Return the numbers of the dates that the flow is shown between: all of a few, else some evenly spread."""
    if dates <= _MOST_IN_FLOW:
        return list(range(dates))
    return [round(place * (dates - 1) / (_MOST_IN_FLOW - 1)) for place in range(_MOST_IN_FLOW)]


@dataclass(frozen=True)
class Series:
    """What a series went through on one grid."""

    raster_set: RasterSet
    """The rasters."""
    grid: PixelGrid
    """The grid of the results."""
    days: tuple[date, ...]
    """The dates, ascending."""
    counts: NDArray[np.int64]
    """(dates, 256) pixels of each class on each date; 0 is nodata."""
    changed: NDArray[np.int64]
    """(dates,) pixels that changed class on each date since they were last seen."""
    flow: tuple[int, ...]
    """The numbers of the dates that `flows` lie between."""
    flows: NDArray[np.int64]
    """(flow dates - 1, 256, 256) pixels by the class they were last seen in, up to one flow date and up to the next."""
    observed: int
    """Pixels that have a class on any date."""
    altered: int
    """Those that changed class at least once."""
    met: tuple[int, ...]
    """Per raster its classified pixels on the grid."""

    @property
    def classes(self) -> list[int]:
        """The classes that occur."""
        return [int(j) for j in np.flatnonzero(self.counts.sum(axis=0)) if j]

    @property
    def altered_percent(self) -> float:
        """Of the pixels observed."""
        return 100.0 * self.altered / self.observed if self.observed else 0.0
