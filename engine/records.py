"""The records that travel through the engine, in the words of the field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .scenes.scene import Strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .arrays import DN, Grid64, Labels


@dataclass
class Audit:
    """Why the pixels of a scene are invalid; the reasons overlap, so they need not add up."""

    pixels: int = 0
    """All pixels of the grid."""
    fill: int = 0
    """QA_PIXEL's fill bit is set or a chosen band is 0."""
    flags: dict[str, int] = field(default_factory=dict)
    """Flag -> pixels that are not fill and carry it, for all flags, chosen or not; empty without QA_PIXEL."""
    saturated: int = 0
    """Pixels that are not fill and saturated in a chosen band."""
    out_of_range: int = 0
    """Valid pixels with a chosen band outside `landsat.bands.VALID_DN`."""
    valid: int = 0
    """Pixels that are clustered."""
    outside: int = 0
    """Pixels whose centre lies outside the area of interest; they count for no other reason."""

    @property
    def inside(self) -> int:
        """Pixels that may be valid for all the area of interest says."""
        return self.pixels - self.outside

    @property
    def valid_percent(self) -> float:
        """Share of valid pixels among those inside the area of interest; 0 if there are none."""
        return 100.0 * self.valid / self.inside if self.inside else 0.0

    def add(self, other: Audit) -> None:
        """Add the counts of another part of the same scene."""
        self.pixels += other.pixels
        self.outside += other.outside
        self.fill += other.fill
        for name, count in other.flags.items():
            self.flags[name] = self.flags.get(name, 0) + count
        self.saturated += other.saturated
        self.out_of_range += other.out_of_range
        self.valid += other.valid

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as they stand in signatures.json."""
        return {
            "pixels": self.pixels,
            "outside_aoi": self.outside,
            "fill": self.fill,
            "flags": dict(self.flags),
            "saturated": self.saturated,
            "out_of_range": self.out_of_range,
            "valid": self.valid,
        }


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
    """Number of the `kernels.drift` history that the keys belong to."""
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


@dataclass(frozen=True)
class IterationRecord:
    """What one iteration did."""

    number: int
    """1, 2, ..."""
    changed: int
    """Pixels whose class changed."""
    changed_percent: float
    """Of all valid pixels."""
    largest_move_dn: float
    """Longest Euclidean distance between a centre and the mean of its members, in DN."""
    seconds: float
    """Wall time."""


@dataclass(frozen=True)
class Fit:
    """The outcome of the iteration."""

    centres: Grid64
    """(k, n_bands) the saved centres, which the labels belong to."""
    tally: Tally
    """Of the final labels."""
    iterations: tuple[IterationRecord, ...]
    """In order."""
    converged: bool
    """Stopped by the tolerance or at a fixed point, not by the maximum."""
