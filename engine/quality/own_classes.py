"""A scene's own classes beside the common ones: what is lost and what no longer corresponds without a common fit.

Han and Lee (2024, Remote Sensing 16(1):102) name two problems of k-means on one scene, class canceling and incomplete
segmentation. What is counted here for them is this module's own: classes that end up without a pixel, and common
classes that no own class stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isqrt, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..centres.fit import Fit

if TYPE_CHECKING:
    from ..arrays import Grid64


@dataclass(frozen=True)
class OwnClass:
    """A class of a scene's own fit that has pixels, beside the common classes."""

    id: int
    """1..k."""
    pixels: int
    """Its members."""
    nearest: int
    """Id of the common class whose centre is nearest; of equals the lowest."""
    to_nearest: float
    """Euclidean distance to that centre, in DN."""
    to_same_id: float | None
    """Euclidean distance to the common centre of the same id, in DN; None where that class is empty everywhere."""


@dataclass(frozen=True)
class OwnClasses:
    """One scene, clustered on its own and together with the others."""

    iterations: int
    """Of its own fit."""
    converged: bool
    """Whether its own fit did."""
    pixels: int
    """Valid pixels."""
    classes: tuple[OwnClass, ...]
    """Its own classes with pixels, in order."""
    cancelled: tuple[int, ...]
    """Ids of its own classes that ended without a pixel ("class canceling")."""
    absent: tuple[int, ...]
    """Ids of common classes without a pixel in the scene."""
    missed: tuple[int, ...]
    """Ids of common classes with pixels in the scene that are the nearest to none of its own ("incomplete
    segmentation")."""
    missed_pixels: int
    """Pixels of the scene in those common classes."""
    doubled: tuple[tuple[int, int], ...]
    """Ids of pairs of own classes that are nearest to one and the same common class."""
    renumbered: int
    """Pixels whose own class has another id than their common class."""

    @property
    def mean_to_nearest(self) -> float:
        """Mean of `to_nearest` over the pixels, in DN."""
        return sum(own.pixels * own.to_nearest for own in self.classes) / self.pixels

    @property
    def mean_to_same_id(self) -> float | None:
        """Mean of `to_same_id` over the pixels of the classes that have one, in DN; None where none has."""
        known = [(own.pixels, own.to_same_id) for own in self.classes if own.to_same_id is not None]
        return sum(n * distance for n, distance in known) / sum(n for n, _ in known) if known else None


def compare(own: Fit, common: Grid64, everywhere: Sequence[int], here: Sequence[int], renumbered: int) -> OwnClasses:
    """Compare a scene's own classes with the common ones, in exact integers.

    Parameters
    ----------
    own
        The fit of the scene alone, with at least one pixel.
    common
        (k, n_bands) common centres in 1/64 DN.
    everywhere, here
        Per common class its members in all scenes, and in this one. A common class without any has no meaning: its
        centre is where it started, and nothing is measured from it.
    renumbered
        Pixels whose own class has another id than their common class.
    """
    # Squared distances stay below 6 * (64 * 65535)**2 < 2**47.
    squared = ((own.centres[:, None, :] - common[None, :, :]) ** 2).sum(axis=2)
    full = np.flatnonzero(np.asarray(everywhere) > 0)
    members = [int(n) for n in own.tally.count]
    classes = []
    for j, n in enumerate(members):
        if n == 0:
            continue
        nearest = int(full[squared[j, full].argmin()])
        same = _dn(int(squared[j, j])) if everywhere[j] else None
        classes.append(OwnClass(j + 1, n, nearest + 1, _dn(int(squared[j, nearest])), same))
    met = {found.nearest for found in classes}
    missed = tuple(j + 1 for j, n in enumerate(here) if n and j + 1 not in met)
    return OwnClasses(
        iterations=len(own.iterations),
        converged=own.converged,
        pixels=sum(members),
        classes=tuple(classes),
        cancelled=tuple(j + 1 for j, n in enumerate(members) if n == 0),
        absent=tuple(j + 1 for j, n in enumerate(here) if n == 0),
        missed=missed,
        missed_pixels=sum(int(here[j - 1]) for j in missed),
        doubled=tuple((a.id, b.id) for a, b in combinations(classes, 2) if a.nearest == b.nearest),
        renumbered=renumbered,
    )


def _dn(squared: int) -> float:
    """Return the root of a square in 1/64 DN, in DN; exact where it is whole."""
    root = isqrt(squared)
    return (root if root * root == squared else sqrt(squared)) / GRID
