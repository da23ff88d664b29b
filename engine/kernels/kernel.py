"""What a kernel is: how the pixels of a block are labelled. All give the same bits; they differ in time alone.

A kernel holds each block in its own way. What it holds is the only thing that a labelling changes; the pixels stay as
they were packed, and what comes back is the change of a few integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..pixels.block import Block, Tally

if TYPE_CHECKING:
    from ..arrays import DN, Grid64, Labels
    from .moves import Moves

NARROW = 6
"""Bands up to which compiled loops are made for the usual run; those for more are made only where a run has more."""


@dataclass(frozen=True)
class Change:
    """What a labelling did."""

    changed: int
    """Pixels whose class changed."""
    tally: Tally
    """What it added to the members and sums of each class; negative where more left than came."""


@dataclass
class Labelling:
    """The classes of a block's pixels and what they add up to; they belong together."""

    labels: Labels
    """(n_valid,) classes 1..k; 0 = not yet labelled."""
    tally: Tally
    """Of `labels`."""

    @classmethod
    def none(cls, block: Block, k: int) -> Labelling:
        """Return that of a block that nobody has labelled."""
        return cls(np.zeros(block.size, np.uint8), Tally.zero(k, block.n_bands))


class Held(Protocol):
    """A block as one kernel holds it, with its labels. One thread at a time labels; any thread may ask for labels."""

    @property
    def block(self) -> Block:
        """The pixels."""

    @property
    def tally(self) -> Tally:
        """Of the labels, brought up to date by each labelling; not to be changed."""

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label every pixel with its nearest centre; a tie goes to the lowest class.

        Parameters
        ----------
        centres
            (k, n_bands) in 1/64 DN.
        moves
            How the centres moved up to these, for kernels that remember how safe each pixel is; unknown by default.
            It saves time and never changes the answer.
        """

    def labels(self) -> Labels:
        """Return the classes, row by row; they may have to be fetched from elsewhere, and must not be changed."""

    def lying(self) -> tuple[DN, Labels]:
        """Return the pixels and their classes as they lie, in whatever order: for sums over all of them."""

    def in_rows(self, values: Labels) -> Labels:
        """Return values, one a pixel in the order of `lying`, row by row; the same array where that is the order."""

    def leave(self) -> None:
        """Let go of all that only saves time. Labels can be had all the same, and labelling can go on."""


class Kernel(Protocol):
    """Holds blocks; knows nothing of rasters, scenes or threads. One object may serve many threads."""

    @property
    def name(self) -> str:
        """Short name for the log."""

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> Held:
        """Take a block in.

        Parameters
        ----------
        block
            The pixels.
        k
            Number of classes.
        labelling
            What another kernel has made of the block, to go on from; it is taken over, not copied. By default the
            pixels are not yet labelled.
        """


class HeldInMemory:
    """A block whose labels lie in memory: what the CPU's kernels have in common."""

    def __init__(self, block: Block, k: int, labelling: Labelling | None = None) -> None:
        self.block = block
        self._labelling = labelling or Labelling.none(block, k)

    @property
    def tally(self) -> Tally:
        """Of the labels."""
        return self._labelling.tally

    def labels(self) -> Labels:
        """Return the classes."""
        return self._labelling.labels

    def lying(self) -> tuple[DN, Labels]:
        """Return the pixels and their classes."""
        return self.block.dn, self.labels()

    def in_rows(self, values: Labels) -> Labels:
        """Return the values as they are, since pixels lie row by row."""
        return values

    def leave(self) -> None:
        """Do nothing: there is nothing but the labels."""
