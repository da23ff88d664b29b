"""Class statistics: exact moments of the members, and areas by scene."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .records import Scene

if TYPE_CHECKING:
    from .records import DN, Labels

# A float64 sum of squares of one chunk stays below 2**32 * 2**16 = 2**48 < 2**53: exact.
_CHUNK = 1 << 16


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


def moments(dn: DN, labels: Labels, k: int) -> Moments:
    """Return the moments of labelled pixels.

    Parameters
    ----------
    dn
        (n_bands, n) DN.
    labels
        (n,) classes 1..k.
    k
        Number of classes.
    """
    n_bands, n = dn.shape
    count = np.zeros(k, np.int64)
    total = np.zeros((k, n_bands), np.int64)
    squares = np.zeros((k, n_bands), np.uint64)
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        index = labels[part].astype(np.intp)
        count += np.bincount(index, minlength=k + 1)[1:]
        for b in range(n_bands):
            values = dn[b, part].astype(np.float64)
            total[:, b] += np.bincount(index, weights=values, minlength=k + 1)[1:].astype(np.int64)
            values *= values
            squares[:, b] += np.bincount(index, weights=values, minlength=k + 1)[1:].astype(np.uint64)
    return Moments(count.tolist(), total.tolist(), squares.tolist())


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
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["class_id", "class_name", "scene", "date", "pixels", "hectares", "percent_of_valid"])
    for j, name in enumerate(names):
        for scene, count in zip(scenes, counts):
            area = scene.checked_grid().hectares_per_pixel
            valid = sum(count)
            writer.writerow(
                [
                    j + 1,
                    name,
                    scene.id,
                    scene.acquired.isoformat(),
                    count[j],
                    "" if area is None else f"{count[j] * area:.2f}",
                    f"{100.0 * count[j] / valid:.4f}" if valid else "",
                ]
            )
    return out.getvalue()
