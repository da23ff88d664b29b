"""How right a map is, and how large its classes really are, from a stratified sample of reference points.

After Olofsson, Foody, Herold, Stehman, Woodcock and Wulder (2014), "Good practices for estimating area and assessing
accuracy of land change", Remote Sensing of Environment 148, 42-57; the numbers of equations are theirs. The strata are
the classes of the map. Row i is what the map says, column j what the reference says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = 1.96
"""Standard errors in half a 95 % interval, as the paper takes them."""


@dataclass(frozen=True)
class Estimate:
    """A number and how well it is known; None is "not estimable"."""

    value: float | None
    """The estimate."""
    error: float | None
    """Its standard error; None as well where a class has a single point."""

    @property
    def half(self) -> float | None:
        """Half the width of the 95 % interval."""
        return None if self.error is None else Z * self.error


UNKNOWN = Estimate(None, None)
"""What cannot be estimated."""


@dataclass(frozen=True)
class Accuracy:
    """The estimates for the part of a map that lies in classes with points, which `covered` tells the share of."""

    classes: tuple[int, ...]
    """The q classes of map or reference, ascending."""
    points: NDArray[np.int64]
    """(q, q) sample points: n_ij."""
    pixels: tuple[int, ...]
    """Per class the pixels that the map has of it: N_i."""
    proportions: NDArray[np.float64]
    """(q, q) of area: p_ij; a row of zeros where the class has no pixel or no point."""
    overall: Estimate
    """Overall accuracy."""
    users: tuple[Estimate, ...]
    """User's accuracy: of what the map calls so, the share that is."""
    producers: tuple[Estimate, ...]
    """Producer's accuracy: of what is so, the share that the map calls so."""
    areas: tuple[Estimate, ...]
    """Area of the class by the reference, as a share of the covered part."""

    @property
    def unsampled(self) -> tuple[int, ...]:
        """The classes that the map has, but of which no pixel was sampled."""
        return tuple(j for j, n, row in zip(self.classes, self.pixels, self.points) if n and not row.sum())

    @property
    def single(self) -> tuple[int, ...]:
        """The classes of the map with one point, which is not enough for any standard error."""
        return tuple(j for j, n, row in zip(self.classes, self.pixels, self.points) if n and row.sum() == 1)

    @property
    def covered(self) -> int:
        """Pixels of the map that the estimates are for: those of the classes that have points."""
        return sum(n for n, row in zip(self.pixels, self.points) if row.sum())


def assess(classes: Sequence[int], points: NDArray[np.int64], pixels: Sequence[int]) -> Accuracy:
    """Estimate accuracies and areas.

    A class of the map without a point says nothing of the pixels that the map gives it: the estimates are then for the
    rest of the map, and the accuracy and the area of that class are not estimable.

    Parameters
    ----------
    classes
        The q classes that map or reference have, ascending.
    points
        (q, q) sample points by class of the map (rows) and of the reference.
    pixels
        Per class the pixels that the map has of it; 0 for one of the reference alone, which then has no points in its
        row.
    """
    n = points.sum(axis=1)
    # N_i, of the strata that were sampled; W_i = N_i / N is the share of the map in class i.
    size = np.where(n > 0, np.asarray(pixels, np.float64), 0.0)
    whole = float(size.sum())
    weight = size / whole if whole else size
    share = points / np.maximum(n, 1)[:, None]  # n_ij / n_i.
    p = weight[:, None] * share  # eq. 4
    # W_i^2 (n_ij/n_i.)(1 - n_ij/n_i.) / (n_i. - 1), the terms of the variances; undefined where n_i. is 1.
    spread = share * (1.0 - share) / np.maximum(n - 1, 1)[:, None]
    known = bool(whole) and not bool(((n == 1) & (size > 0)).any())
    unsampled = (n == 0) & (np.asarray(pixels) > 0)
    users, producers, areas = [], [], []
    for j in range(len(classes)):
        users.append(_users(share[j, j], int(n[j])) if size[j] else UNKNOWN)
        if not whole or unsampled[j]:
            producers.append(UNKNOWN)
            areas.append(UNKNOWN)
            continue
        producers.append(_producers(j, size, share, spread, known))
        # eq. 9, and eq. 10 for its standard error; times the whole area they are eq. 11.
        areas.append(Estimate(float(p[:, j].sum()), _root(weight**2 @ spread[:, j], known)))
    # eq. 1; its variance is eq. 5, as U_i = n_ii / n_i.
    right = Estimate(float(np.trace(p)), _root(weight**2 @ np.diag(spread), known)) if whole else UNKNOWN
    return Accuracy(
        tuple(classes),
        points,
        tuple(int(number) for number in pixels),
        p,
        right,
        tuple(users),
        tuple(producers),
        tuple(areas),
    )


def _users(share: float, n: int) -> Estimate:
    """Return U_i = p_ii / p_i. (eq. 2), which is n_ii / n_i., and its standard error (eq. 6)."""
    return Estimate(float(share), sqrt(share * (1.0 - share) / (n - 1)) if n > 1 else None)


def _producers(
    j: int, size: NDArray[np.float64], share: NDArray[np.float64], spread: NDArray[np.float64], known: bool
) -> Estimate:
    """Return P_j = p_jj / p_.j (eq. 3) and its standard error (eq. 7)."""
    total = float(size @ share[:, j])  # the pixels of reference class j: sum of N_i n_ij / n_i.
    if not total:
        return UNKNOWN
    right = float(size[j] * share[j, j] / total)
    others = np.arange(len(size)) != j
    variance = (
        size[j] ** 2 * (1.0 - right) ** 2 * spread[j, j] + right**2 * (size[others] ** 2 @ spread[others, j])
    ) / total**2
    return Estimate(right, _root(variance, known))


def _root(variance: float, known: bool) -> float | None:
    return sqrt(float(variance)) if known else None
