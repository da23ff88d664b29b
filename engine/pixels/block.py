"""The valid pixels of a strip, and what an iteration knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..scenes.scene import Strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Labels


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

    def add(self, other: Tally) -> None:
        """Add in place; integers, so the order of additions never matters."""
        self.count += other.count
        self.total += other.total


@dataclass
class Gaps:
    """How far the pixels of a block are from changing class: a cache that kernels may make, use and drop."""

    history: int
    """Number of the history (`kernels.moves`) that the keys belong to."""
    key: NDArray[np.uint16] | None
    """(n_valid,) drift of its class that a pixel withstands, in quanta of 1/16 DN; too small is never wrong."""
    doubtful: float
    """Share of the pixels that the last move of the centres put in doubt, or would have."""


class Resident(Protocol):
    """A kernel's copy of a block in another memory, such as a graphics card's, where it keeps the labels."""

    def bring_home(self, block: Block) -> None:
        """Bring `block.kept` up to date; whoever asked for it may change it."""


class HeldElsewhere(Protocol):
    """Pixel values that are fetched when they are needed, such as those in a file."""

    def open(self) -> DN:
        """Return them."""


@dataclass
class Block:
    """The valid pixels of one strip and their labels: the unit of work."""

    strip: Strip
    """Where the pixels lie."""
    valid: NDArray[np.uint8]
    """The strip's valid mask, row by row, eight pixels a byte (`numpy.packbits`)."""
    held: DN | HeldElsewhere
    """The pixel values, in memory or in a file; use `dn`."""
    kept: Labels
    """(n_valid,) classes, which `resident` may have newer ones of; use `labels`."""
    tally: Tally
    """Of `labels`, kept up to date by the kernels."""
    gaps: Gaps | None = None
    """A kernel's cache."""
    resident: Resident | None = None
    """A kernel's copy elsewhere."""

    @property
    def dn(self) -> DN:
        """(n_bands, n_valid) pixel values; take them once, a spilled block is mapped anew each time."""
        return self.held if isinstance(self.held, np.ndarray) else self.held.open()

    @property
    def labels(self) -> Labels:
        """(n_valid,) classes; take them once, they may have to be fetched from a graphics card."""
        # Taken once: another thread that asks at the same time may find that the card is gone, and drop it.
        resident = self.resident
        if resident is not None:
            resident.bring_home(self)
        return self.kept

    @property
    def size(self) -> int:
        """Number of valid pixels."""
        return int(self.kept.shape[0])

    def forget(self) -> None:
        """Drop the pixel values and the kernel's cache; what remains is enough to write the labels."""
        self.held = np.empty((self.tally.total.shape[1], 0), np.uint16)
        self.gaps = None
