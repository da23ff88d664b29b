"""Blocks on a CUDA card: how much of its memory they may take, and a block that lies there whole, in pieces or in part.

Nothing is lost when the card fails: labels are a function of the pixels and of the centres that they were made with,
so a CPU kernel makes them again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...pixels.block import Block, Tally
from .. import reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...arrays import DN, Grid64, Labels
    from ...pixels.block import HeldElsewhere
    from ..kernel import Kernel
    from .card import Card

UPLOADING, LABELLING, FETCHING = "copying pixels to it", "labelling", "fetching the labels from it"
"""What a card does when it fails."""


class Budget:
    """Bytes of the card's memory that blocks may still take; any thread may ask."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._refused = size + 1
        # Taken again by the same thread where Python drops a block, which gives its bytes back, while it is held.
        self._lock = threading.RLock()

    def take(self, size: int) -> bool:
        """Take some bytes if they are left."""
        with self._lock:
            if size > self._left or size >= self._refused:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """Return bytes."""
        with self._lock:
            self._left += size

    def refuse(self, size: int) -> None:
        """Let nobody take as many at a time any more, whatever is left: the card had less than it said."""
        with self._lock:
            self._refused = min(self._refused, size)


class Piece:
    """Some pixels of a block on the card, and their labels."""

    def __init__(self, card: Card, begin: int, dn: DN, labels: Labels) -> None:
        self.begin, self.end = begin, begin + dn.shape[1]
        self.pixels, self.labels = card.upload(dn, labels)

    def of(self, labels: Labels) -> Labels:
        """Return its own of a block's labels."""
        return labels[self.begin : self.end]


@dataclass(frozen=True)
class Columns:
    """Some pixels of a block, as `Block.held` of a block of their own: taken out whenever they are worked on."""

    held: DN | HeldElsewhere
    begin: int
    end: int

    def open(self) -> DN:
        """Return a copy, as kernels want whole rows."""
        dn = self.held if isinstance(self.held, np.ndarray) else self.held.open()
        return np.ascontiguousarray(dn[:, self.begin : self.end])


class OnCard:
    """A block on the card, whole or in part: the `block.Resident` of a block."""

    def __init__(
        self,
        card: Card,
        fallback: Kernel | None,
        pieces: list[Piece],
        rest: list[Block],
        give_up: Callable[[str, Exception], None],
    ) -> None:
        self._card = card
        self._fallback = fallback
        self.pieces = pieces
        """What is on the card."""
        self.rest = rest
        """Blocks of the pixels that are not on the card."""
        self._give_up = give_up
        # Rasters and statistics are made by two threads, which may want the same block's labels.
        self._lock = threading.RLock()
        # Whether the host's labels may be other than the card's, and whether they are out of date.
        self._host_may_differ, self._host_is_old = False, False
        self._centres: Grid64 | None = None
        self._left = False

    @property
    def pixels(self) -> int:
        """Pixels on the card."""
        return sum(piece.end - piece.begin for piece in self.pieces)

    def run(self, block: Block, centres: Grid64) -> NDArray[np.int64]:
        """Label on the card, where the labels stay; return the changes, which are not yet in the tally.

        Raises
        ------
        Exception
            Of any kind; `restore` gives the labels that belong to the tally then.
        """
        with self._lock:
            if self._left:
                raise RuntimeError("the block has left the card")
            if self._host_may_differ:
                for piece in self.pieces:
                    self._card.set_labels(piece.labels, piece.of(block.kept))
                self._host_may_differ = False
            parts = [
                self._card.run(piece.pixels, piece.labels, piece.end - piece.begin, centres) for piece in self.pieces
            ]
            changes: NDArray[np.int64] = np.sum(parts, axis=0)
            self._host_is_old |= bool(changes[-1])
            self._centres = centres.copy()
        return changes

    def bring_home(self, block: Block) -> None:
        """Bring the host's labels up to date; whoever gets them may change them. Any number of threads may ask."""
        with self._lock:
            if self._host_is_old and self._left:
                self.restore(block)
            elif self._host_is_old:
                try:
                    for piece in self.pieces:
                        self._card.get_labels(piece.labels, piece.of(block.kept))
                    self._host_is_old = False
                except Exception as error:  # noqa: BLE001 - whatever befell the card, the labels can be made again
                    self.restore(block)
                    self._give_up(FETCHING, error)
            self._host_may_differ = True

    def restore(self, block: Block) -> None:
        """Leave the card, with the labels of the last centres that it finished."""
        with self._lock:
            if self._host_is_old and self._centres is not None:
                if self._fallback is None:
                    raise RuntimeError("the card failed and nothing else may label")
                # The tally is theirs already, and another thread may be reading it.
                again = Block(
                    block.strip, block.valid, block.held, np.zeros_like(block.kept), Tally.zero(*self._centres.shape)
                )
                self._fallback.relabel(again, self._centres)
                block.kept[:] = again.kept
                self._host_is_old = False
            block.resident = None
            self.pieces = []

    def leave(self) -> None:
        """Let go of the card's memory; labels that somebody still asks for are made again."""
        with self._lock:
            self.pieces, self._left = [], True


def part_of(block: Block, begin: int, end: int) -> Block:
    """Return a block of some of a block's pixels, whose labels are the same memory."""
    columns = Columns(block.held, begin, end)
    labels = block.kept[begin:end]
    tally = (
        reference.tally(columns.open(), labels, block.tally.count.shape[0])
        if labels.any()
        else Tally.zero(*block.tally.total.shape)
    )
    return Block(block.strip, np.empty(0, np.uint8), columns, labels, tally)
