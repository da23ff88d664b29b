"""Class statistics: exact moments of the members, and areas by scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..pixels.block import Tally
from ..scenes.scene import Scene
from ..text_files import to_csv as csv_text

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Moments:
    """Of the members of each class; Python integers, because a sum of squares can pass 2**63."""

    count: list[int]
    """k numbers."""
    total: list[list[int]]
    """k x n_bands sums of DN; empty where only the members are known."""
    squares: list[list[int]]
    """k x n_bands sums of squared DN; likewise."""

    @classmethod
    def zero(cls, k: int, n_bands: int) -> Moments:
        """Return the moments of no pixel."""
        return cls([0] * k, [[0] * n_bands for _ in range(k)], [[0] * n_bands for _ in range(k)])

    def add(self, other: Moments) -> None:
        """Add in place."""
        for j, n in enumerate(other.count):
            self.count[j] += n
            for b in range(len(self.total[j])):
                self.total[j][b] += other.total[j][b]
                self.squares[j][b] += other.squares[j][b]

    def merged(self, ids: Sequence[int]) -> Moments:
        """Return the moments of the classes that these were merged into, in the order of their numbers.

        Parameters
        ----------
        ids
            The number of the new class of each; none where nothing was merged.
        """
        if not ids:
            return self
        places = {number: place for place, number in enumerate(sorted(set(ids)))}
        whole = Moments.zero(len(places), len(self.total[0]) if self.total else 0)
        for j, number in enumerate(ids):
            place = places[number]
            whole.count[place] += self.count[j]
            for b, total in enumerate(self.total[j] if self.total else ()):
                whole.total[place][b] += total
                whole.squares[place][b] += self.squares[j][b]
        return whole if self.total else Moments(whole.count, [], [])


def moments(tally: Tally, squares: NDArray[np.uint64]) -> Moments:
    """Return the moments of labelled pixels.

    Parameters
    ----------
    tally
        Their members and sums.
    squares
        (k, n_bands) sums of their squared DN.
    """
    return Moments(
        [int(n) for n in tally.count],
        [[int(value) for value in row] for row in tally.total],
        [[int(value) for value in row] for row in squares],
    )


def added(parts: Iterable[Moments], k: int, n_bands: int) -> Moments:
    """Return the moments of all parts together."""
    whole = Moments.zero(k, n_bands)
    for part in parts:
        whole.add(part)
    return whole


def to_csv(
    scenes: Sequence[Scene],
    names: Sequence[str],
    counts: Sequence[Sequence[int]],
    ids: Sequence[int] | None = None,
) -> str:
    """Return the text of statistics.csv: one row per class and scene.

    Parameters
    ----------
    scenes
        In order.
    names
        Of the classes.
    counts
        Per scene the k member counts.
    ids
        The numbers of the classes; 1..k by default.
    """
    numbers = ids or range(1, len(names) + 1)
    return _csv(
        _row(j, number, name, scene, count)
        for j, (number, name) in enumerate(zip(numbers, names))
        for scene, count in zip(scenes, counts)
    )


def to_csv_each(
    scenes: Sequence[Scene],
    names: Sequence[Sequence[str]],
    counts: Sequence[Sequence[int]],
    ids: Sequence[Sequence[int]],
) -> str:
    """Return the text of statistics.csv of scenes with classes of their own: scene by scene, one row per class.

    Parameters
    ----------
    scenes
        In order.
    names, counts, ids
        Per scene the names, the pixels and the numbers of its classes, none where it has no classes.
    """
    return _csv(
        _row(j, number, name, scene, count)
        for scene, own, count, numbers in zip(scenes, names, counts, ids)
        for j, (number, name) in enumerate(zip(numbers, own))
    )


def _csv(rows: Iterable[list[object]]) -> str:
    head: list[object] = ["class_id", "class_name", "scene", "date", "pixels", "hectares", "percent_of_valid"]
    return csv_text([head, *rows])


def _row(j: int, number: int, name: str, scene: Scene, count: Sequence[int]) -> list[object]:
    area = scene.checked_grid().hectares_per_pixel
    valid = sum(count)
    return [
        number,
        name,
        scene.id,
        scene.acquired.isoformat(),
        count[j],
        "" if area is None else f"{count[j] * area:.2f}",
        f"{100.0 * count[j] / valid:.4f}" if valid else "",
    ]
