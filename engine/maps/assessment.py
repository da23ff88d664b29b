"""What an assessment of classified rasters found."""

from __future__ import annotations

from dataclasses import dataclass

from ..quantities import counted
from .accuracy import Accuracy
from .raster_set import RasterSet


@dataclass(frozen=True)
class LeftOut:
    """How many points could not be used; each is counted once, for the first of these reasons."""

    placeless: int
    """It has no coordinates, or none that have a place."""
    classless: int
    """It has no class."""
    dayless: int
    """It has no day, though the points have a field for it."""
    outside: int
    """No raster holds it."""
    another_day: int
    """Rasters hold it, but none of its day, nor as near as may be."""
    nodata: int
    """Its raster has no class there."""

    def told(self, max_days: int) -> list[tuple[str, int]]:
        """Return the reasons that occur in words, each with its count."""
        days = "of its day" if max_days == 0 else f"within {counted(max_days, 'day')}"
        reasons = (
            ("without a place", self.placeless),
            ("without a class", self.classless),
            ("without a day", self.dayless),
            ("outside every raster", self.outside),
            (f"without a raster {days}", self.another_day),
            ("on nodata (masked or fill)", self.nodata),
        )
        return [(words, count) for words, count in reasons if count]

    @property
    def count(self) -> int:
        """All of them."""
        return self.placeless + self.classless + self.dayless + self.outside + self.another_day + self.nodata


@dataclass(frozen=True)
class Assessment:
    """Error matrix and estimates, and what they were made of."""

    raster_set: RasterSet
    """The rasters."""
    accuracy: Accuracy
    """The estimates."""
    met: tuple[int, ...]
    """Per raster the points that met it."""
    left_out: LeftOut
    """The others."""
    shared: int
    """Points that lie in the same pixel of the same raster as another."""
    max_days: int
    """How many days a point and its raster could be apart."""

    @property
    def used(self) -> int:
        """Points that were used."""
        return sum(self.met)

    def warnings(self) -> list[str]:
        """Return what a reader of the numbers must know, in sentences."""
        name = self.raster_set.full_name
        accuracy = self.accuracy
        found = self.raster_set.doubts()
        whole = sum(accuracy.pixels)
        if accuracy.unsampled:
            found.append(
                f"No point lies in {', '.join(map(name, accuracy.unsampled))}: the estimates hold for the other "
                f"{100.0 * accuracy.covered / whole:.2f} % of the map, and there is none of the accuracy and the area "
                "of what has no point; add points there."
            )
        if accuracy.single:
            found.append(
                f"One point alone lies in {', '.join(map(name, accuracy.single))}: standard errors take two points in "
                "each class, so most are not estimable; add points there, or merge the class with another."
            )
        if self.shared:
            found.append(
                f"{self.shared:,} points lie in a pixel that another point lies in too: they count each, as if they "
                "were drawn with replacement."
            )
        return found
