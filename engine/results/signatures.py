"""The signatures of classes: centres and statistics, exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..colours import RGB
from ..sensors.scale import SCALE, reflectance

if TYPE_CHECKING:
    from ..arrays import Grid64


@dataclass(frozen=True)
class ClassRecord:
    """A class as an analyst sees it."""

    id: int
    """1..k."""
    name: str
    """Such as "Class 3"."""
    colour: RGB
    """In rasters, styles and pages."""
    pixels: int
    """Members in all scenes."""
    mean: tuple[float | None, ...]
    """Mean surface reflectance of the members per band; None without members."""
    std: tuple[float | None, ...]
    """Standard deviation (of the whole population) of the same; None also where it was not computed."""


@dataclass(frozen=True)
class Signatures:
    """A set of signatures with the run that made it."""

    roles: tuple[str, ...]
    """Band roles of the columns."""
    centres: Grid64
    """(k, n_bands) in 1/64 DN."""
    classes: tuple[ClassRecord, ...]
    """k records, in the order of the ids."""
    run: dict[str, Any] = field(default_factory=dict)
    """Parameters, scenes with their audit, iterations, versions."""

    @property
    def k(self) -> int:
        """Number of classes."""
        return int(self.centres.shape[0])


def class_records(
    names: Sequence[str],
    colours: Sequence[RGB],
    count: Sequence[int],
    total: Sequence[Sequence[int]],
    squares: Sequence[Sequence[int]] | None,
) -> tuple[ClassRecord, ...]:
    """Describe the classes from the exact sums of their members.

    Parameters
    ----------
    names, colours
        k each.
    count
        (k,) members.
    total, squares
        (k, n_bands) sum and sum of squares of the members' DN, as Python integers (a sum of squares can pass 2**63);
        without the squares there are no deviations.
    """
    records = []
    for j, (name, colour) in enumerate(zip(names, colours)):
        n = int(count[j])
        mean: list[float | None] = []
        std: list[float | None] = []
        for b, s in enumerate(total[j]):
            mean.append(round(reflectance(int(s) / n), 9) if n else None)
            if n == 0 or squares is None:
                std.append(None)
                continue
            # n q - s**2 in integers: no cancellation however small the spread is beside the mean.
            variance = (n * int(squares[j][b]) - int(s) ** 2) / (n * n)
            std.append(round(SCALE * variance**0.5, 9))
        records.append(ClassRecord(j + 1, name, colour, n, tuple(mean), tuple(std)))
    return tuple(records)
