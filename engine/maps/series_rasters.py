"""The rasters that tell what a series went through: what they hold, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..arrays import UNCLASSIFIED
from ..colours import RGB
from ..results.geotiff import Band
from ..results.legend import Legend
from .series import NEVER, Series, day_number

LAYERS = ("observations", "majority", "variety", "changes", "first_change", "last_change")
"""The rasters, by the names of their files; fields of `Followed`."""

# Light to dark, after ColorBrewer's Blues and YlOrBr; times from dark to light, after viridis, as its order is seen
# also without colours.
_BLUES = ((222, 235, 247), (107, 174, 214), (8, 48, 107))
_BROWNS = ((255, 247, 188), (254, 153, 41), (102, 37, 6))
_TIMES = ((68, 1, 84), (33, 145, 140), (253, 231, 37))
_STEADY = (217, 217, 217)
"""Colour of what did not change."""


def band_of(name: str, series: Series) -> Band:
    """Return what one of `LAYERS` says of its band."""
    dates = f"{series.days[0].isoformat()} to {series.days[-1].isoformat()}, {len(series.days)} dates"
    tags = {"DATES": dates}
    if name == "majority":
        legend = majority_legend(series)
        tags["CLASS_NAMES"] = "; ".join(f"{j}={name}" for j, name in zip(legend.numbers, legend.names))
        return Band("Most frequent class", "uint8", tags, legend.colours_by_number)
    return {
        "observations": Band("Observations", "uint16", tags),
        "variety": Band("Different classes", "uint8", tags),
        "changes": Band("Changes of class", "uint16", tags, nodata=NEVER),
        "first_change": Band("First change, yyyymmdd", "int32", tags),
        "last_change": Band("Last change, yyyymmdd", "int32", tags),
    }[name]


def majority_legend(series: Series) -> Legend:
    """Return how the majority is shown: the classes up to the highest that occurs, and unclassified if that does."""
    own, highest = series.raster_set, max((j for j in series.classes if j != UNCLASSIFIED), default=0)
    numbers = [*range(1, highest + 1), *([UNCLASSIFIED] if UNCLASSIFIED in series.classes else [])]
    return Legend([own.names[j] for j in numbers], [own.colours[j] for j in numbers], numbers)


def legend_of(name: str, series: Series, highest: int) -> Iterator[tuple[int, str, RGB]]:
    """Yield (value, label, colour) of what may occur in one of `LAYERS`, up to the highest value that does."""
    if name == "majority":
        for j in series.classes:
            yield j, series.raster_set.names[j], series.raster_set.colours[j]
    elif name in ("first_change", "last_change"):
        days = series.days[1:]
        for day, colour in zip(days, ramp(_TIMES, len(days))):
            yield day_number(day), day.isoformat(), colour
    elif name == "changes":
        yield 0, "no change", _STEADY
        for number, colour in enumerate(ramp(_BROWNS, highest), start=1):
            yield number, f"{number} change{'s' if number > 1 else ''}", colour
    else:
        one, many, stops = {
            "observations": ("observation", "observations", _BLUES),
            "variety": ("class", "classes", _BROWNS),
        }[name]
        for number, colour in enumerate(ramp(stops, highest), start=1):
            yield number, f"{number} {many if number > 1 else one}", colour


def ramp(stops: Sequence[RGB], count: int) -> list[RGB]:
    """Return so many colours from the first stop over the others to the last; one alone is that in the middle."""
    if count == 1:
        return [stops[len(stops) // 2]]
    found = []
    for place in range(count):
        at = place * (len(stops) - 1) / (count - 1)
        low = min(int(at), len(stops) - 2)
        share = at - low
        red, green, blue = (round(a + share * (b - a)) for a, b in zip(stops[low], stops[low + 1]))
        found.append((red, green, blue))
    return found
