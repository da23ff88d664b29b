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
    """k x n_bands sums of DN."""
    squares: list[list[int]]
    """k x n_bands sums of squared DN."""

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


def to_csv(scenes: Sequence[Scene], names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return the text of statistics.csv: one row per class and scene.

    Parameters
    ----------
    scenes
        In order.
    names
        Of the classes 1..k.
    counts
        Per scene the k member counts.
    """
    return _csv(_row(j, name, scene, count) for j, name in enumerate(names) for scene, count in zip(scenes, counts))


def to_csv_each(scenes: Sequence[Scene], names: Sequence[Sequence[str]], counts: Sequence[Sequence[int]]) -> str:
    """Return the text of statistics.csv of scenes with classes of their own: scene by scene, one row per class.

    Parameters
    ----------
    scenes
        In order.
    names, counts
        Per scene the names and the member counts of its classes, none where it has no classes.
    """
    return _csv(
        _row(j, name, scene, count) for scene, own, count in zip(scenes, names, counts) for j, name in enumerate(own)
    )


def _csv(rows: Iterable[list[object]]) -> str:
    head: list[object] = ["class_id", "class_name", "scene", "date", "pixels", "hectares", "percent_of_valid"]
    return csv_text([head, *rows])


def _row(j: int, name: str, scene: Scene, count: Sequence[int]) -> list[object]:
    area = scene.checked_grid().hectares_per_pixel
    valid = sum(count)
    return [
        j + 1,
        name,
        scene.id,
        scene.acquired.isoformat(),
        count[j],
        "" if area is None else f"{count[j] * area:.2f}",
        f"{100.0 * count[j] / valid:.4f}" if valid else "",
    ]
