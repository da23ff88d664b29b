"""The valid pixels of a strip, never changed after packing, and what an iteration needs to know of labelled ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..scenes.scene import Strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN


@dataclass
class Tally:
    """What an iteration needs to know about labelled pixels."""

    count: NDArray[np.int64]
    """(k,) members of each class."""
    total: NDArray[np.int64]
    """(k, n_bands) sum of the members' DN; at most 65535 * 1e10 < 2**50."""

    @classmethod
    def zero(cls, k: int, n_bands: int) -> Tally:
        """Return a tally of no pixel."""
        return cls(np.zeros(k, np.int64), np.zeros((k, n_bands), np.int64))

    def copy(self) -> Tally:
        """Return a tally that no later addition changes."""
        return Tally(self.count.copy(), self.total.copy())

    def add(self, other: Tally) -> None:
        """Add in place; integers, so the order of additions never matters."""
        self.count += other.count
        self.total += other.total


class Stored(Protocol):
    """Pixel values that are fetched when they are needed, such as those in a file."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n_bands, n_valid)."""

    def open(self) -> DN:
        """Return them."""


@dataclass(frozen=True)
class Block:
    """The valid pixels of one strip: the unit of work."""

    strip: Strip
    """Where the pixels lie."""
    valid: NDArray[np.uint8]
    """The strip's valid mask, row by row, eight pixels a byte (`numpy.packbits`)."""
    stored: DN | Stored
    """The pixel values, in memory or in a file; use `dn`."""

    @classmethod
    def loose(cls, dn: DN, number: int = 0) -> Block:
        """Return pixels (n_bands, n) that lie on no grid, such as a sub-sample's; `number` tells such blocks apart."""
        return cls(Strip(0, number, 0), np.empty(0, np.uint8), dn)

    @property
    def dn(self) -> DN:
        """(n_bands, n_valid) pixel values; take them once, a spilled block is mapped anew each time."""
        return self.stored if isinstance(self.stored, np.ndarray) else self.stored.open()

    @property
    def n_bands(self) -> int:
        """Number of bands."""
        return int(self.stored.shape[0])

    @property
    def size(self) -> int:
        """Number of valid pixels."""
        return int(self.stored.shape[1])
