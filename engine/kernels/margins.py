"""How safe each label is, and which pixels lie too far from every centre: looked at once, when labels are final.

With D1 <= D2 the two smallest squared distances of a pixel, in (1/64 DN)^2, its **margin** is
1 + (254 (D2 - D1)) // (D2 + D1): 1 midway between two centres, 255 on a centre. Where both are 0, on a centre that
there is twice, it is 1. A pixel is **rejected** where D1 exceeds a limit. As labels are those of the nearest centre, D1
is the distance to the centre of the label, and D2 the smallest to any other.

With up to 13 bands D2 stays below 13 (2^22)^2 < 2^48, and 254 (D2 - D1) below 2^56: int64 holds all of it. `NumpyJudge`
takes distances from float64 matrix products, sums of the whole numbers y^2, 2 y c and c^2 with y = 64 x. Each partial
sum, in whatever order a BLAS adds, is a whole number below 4 13 2^44 < 2^50 < 2^53, so each is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..arrays import GRID, UNCLASSIFIED
from ..sensors.scale import SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64, Labels

AS_LABELLINGS = 5
"""About how many labellings take as long as one look at the labels, both with NumPy."""
_STEPS = 254
# Distances that are looked at together: 1 MB of float64 stays in a second-level cache.
_CACHED = 1 << 17


@dataclass(frozen=True)
class Judging:
    """What is asked of labelled pixels besides their classes."""

    margin: bool = False
    """Whether their margins are wanted."""
    limit: int | None = None
    """The largest squared distance to the nearest centre, in (1/64 DN)^2, that is not rejected; None rejects none."""

    @property
    def wanted(self) -> bool:
        """Whether anything is asked."""
        return self.margin or self.limit is not None

    @property
    def bytes_a_pixel(self) -> int:
        """Bytes that are kept of a pixel until its scene is written."""
        return int(self.margin) + (self.limit is not None)

    @classmethod
    def of(cls, margin: bool, reject: float | None) -> Judging:
        """Return what the parameters MARGIN and REJECT ask for."""
        return cls(bool(margin), None if reject is None else limit_of(reject))


def limit_of(reject: float) -> int:
    """Return the largest squared distance in (1/64 DN)^2 that a distance in reflectance does not exclude.

    D1 > (64 REJECT / 0.0000275)^2 if and only if the whole number D1 is above the square rounded down. REJECT is taken
    as it is written, so 0.1 is a tenth, not the nearest binary fraction.
    """
    return floor((GRID * Fraction(str(reject)) / Fraction(str(SCALE))) ** 2)


@dataclass(frozen=True)
class Judged:
    """Labelled pixels, looked at once more."""

    labels: Labels
    """(n,) classes 1..k, or `UNCLASSIFIED`; the labels that were given where nothing can be rejected."""
    margins: NDArray[np.uint8] | None
    """(n,) margins 1..255, those of rejected pixels as well; None where they were not wanted."""

    def counts(self) -> Counts:
        """Return what they add up to."""
        values = self.labels.astype(np.intp)
        count = np.bincount(values, minlength=256)
        if self.margins is None:
            return Counts(count, np.zeros(256, np.int64))
        # Of whole numbers below 2**53, so exact.
        return Counts(count, np.bincount(values, self.margins, 256).astype(np.int64))


@dataclass(frozen=True)
class Counts:
    """What judged pixels add up to, by the value that is written."""

    pixels: NDArray[np.int64]
    """(256,) pixels of each value."""
    margins: NDArray[np.int64]
    """(256,) sums of their margins."""

    @classmethod
    def zero(cls) -> Counts:
        """Return those of no pixel."""
        return cls(np.zeros(256, np.int64), np.zeros(256, np.int64))

    def add(self, other: Counts) -> None:
        """Add in place."""
        self.pixels[:] += other.pixels
        self.margins[:] += other.margins


class Judge(Protocol):
    """Looks at labelled pixels once more. One object may serve many threads; all give the same bits."""

    def judge(self, dn: DN, labels: Labels, centres: Grid64, judging: Judging) -> Judged:
        """Return what is asked of some pixels.

        Parameters
        ----------
        dn
            (n_bands, n) DN.
        labels
            (n,) the class of each, 1..k: that of its nearest centre; not changed.
        centres
            (k, n_bands) in 1/64 DN, k at least 2.
        judging
            What is asked.
        """


class NumpyJudge:
    """In NumPy."""

    def judge(self, dn: DN, labels: Labels, centres: Grid64, judging: Judging) -> Judged:
        """Return what is asked of some pixels; see `Judge`."""
        n, k = dn.shape[1], centres.shape[0]
        new = labels if judging.limit is None else labels.copy()
        margins = np.empty(n, np.uint8) if judging.margin else None
        step = max(_CACHED // k, 1)
        for start in range(0, n, step):
            part = slice(start, start + step)
            own = labels[part].astype(np.intp) - 1
            if margins is None:
                nearest = _own_distances(dn[:, part], own, centres)
            else:
                nearest, next_ = _two_distances(dn[:, part], own, centres)
                margins[part] = 1 + _STEPS * (next_ - nearest) // np.maximum(next_ + nearest, 1)
            if judging.limit is not None:
                new[part][nearest > judging.limit] = UNCLASSIFIED
        return Judged(new, margins)


def _own_distances(dn: DN, own: NDArray[np.intp], centres: Grid64) -> NDArray[np.int64]:
    """Return the squared distance of each pixel to the centre of its own class."""
    distance = np.zeros(own.size, np.int64)
    for values, places in zip(dn, centres.T):
        difference = GRID * values.astype(np.int64) - places[own]
        difference *= difference
        distance += difference
    return distance


def _two_distances(dn: DN, own: NDArray[np.intp], centres: Grid64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the squared distances of each pixel to the centre of its own class, and to the nearest of the others."""
    y = dn.astype(np.float64)
    y *= GRID
    c = centres.astype(np.float64)
    distances = (-2.0 * c) @ y
    distances += (c * c).sum(axis=1)[:, None]
    distances += (y * y).sum(axis=0)
    pixels = np.arange(own.size)
    nearest = distances[own, pixels]
    distances[own, pixels] = np.inf
    return nearest.astype(np.int64), distances.min(axis=0).astype(np.int64)
