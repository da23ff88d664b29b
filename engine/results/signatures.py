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
    """Such as 3: 1..k, or where classes were merged, the number of the new class."""
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
    """The classes in the order of their ids: one a centre, or fewer where classes were merged."""
    run: dict[str, Any] = field(default_factory=dict)
    """Parameters, scenes with their audit, iterations, versions."""
    merged: tuple[int, ...] = ()
    """The id of the class of each centre, where classes were merged; otherwise empty, and centre i is class i + 1."""

    @property
    def k(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def class_of_centre(self) -> tuple[int, ...]:
        """The id of the class of each centre."""
        return self.merged or tuple(range(1, len(self.centres) + 1))

    @property
    def place_of_centre(self) -> tuple[int, ...]:
        """The place of the class of each centre among `classes`, from 0."""
        places = {record.id: place for place, record in enumerate(self.classes)}
        return tuple(places[number] for number in self.class_of_centre)


def joined(records: Sequence[ClassRecord], number: int, name: str, colour: RGB) -> ClassRecord:
    """Return the class that several become, from their own means and deviations: for want of their exact sums.

    Parameters
    ----------
    records
        The classes, at least one.
    number, name, colour
        Of the new class.
    """
    members = [one for one in records if one.pixels]
    n = sum(one.pixels for one in members)
    bands = range(len(records[0].mean))
    mean: list[float | None] = [None] * len(bands)
    std: list[float | None] = [None] * len(bands)
    for b in bands:
        means = [one.mean[b] for one in members]
        if not n or None in means:
            continue
        mine = sum(one.pixels * (value or 0.0) for one, value in zip(members, means)) / n
        mean[b] = round(mine, 9)
        if all(one.std[b] is not None for one in members):
            # The mean square around the new mean: within the classes, and between them.
            square = sum(
                one.pixels * ((one.std[b] or 0.0) ** 2 + ((value or 0.0) - mine) ** 2)
                for one, value in zip(members, means)
            )
            std[b] = round((square / n) ** 0.5, 9)
    return ClassRecord(number, name, colour, n, tuple(mean), tuple(std))


def class_records(
    names: Sequence[str],
    colours: Sequence[RGB],
    count: Sequence[int],
    total: Sequence[Sequence[int]],
    squares: Sequence[Sequence[int]] | None,
    ids: Sequence[int] | None = None,
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
    ids
        (k,) their numbers; 1..k by default.
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
        records.append(ClassRecord(ids[j] if ids else j + 1, name, colour, n, tuple(mean), tuple(std)))
    return tuple(records)
