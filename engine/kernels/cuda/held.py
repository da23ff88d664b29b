"""A block as the GPU kernel holds it: on the card whole, in pieces or in part, with the rest beside it.

Of a block, its pixels travel to the card once. From then on an iteration sends the centres and gets the changes of the
tally back, k (n_bands + 1) + 1 integers; its labels come home when somebody asks for them.

A block that finds no room is halved, and its halves are, down to pieces not worth a launch; so it may lie on the card
in several pieces, or in part, with the rest labelled as blocks that are not on the card are: by the CPU, or by sending
them through the card in every iteration where this run measured that to be faster (`passing`).

Nothing is lost when the card fails: labels are a function of the pixels and of the centres that they were made with,
so a CPU kernel makes them again, and goes on.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...pixels.block import Block, Tally
from .. import reference
from ..kernel import Change, Labelling
from .ledger import CARD, CPU, FETCHING, LABELLING, THROUGH

if TYPE_CHECKING:
    from ...arrays import DN, Grid64, Labels
    from ..kernel import Kernel
    from ..moves import Moves
    from .ledger import Ledger
    from .resident import Piece

LEAST_PIXELS = 1 << 18
"""Of a piece of a block that has been halved: below that, the time of a launch shows."""


@dataclass(frozen=True)
class Columns:
    """Some pixels of a block, as `Block.stored` of a block of their own: taken out whenever they are worked on."""

    whole: Block
    """The block."""
    begin: int
    """First of its pixels."""
    end: int
    """Behind the last."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n_bands, n_valid)."""
        return self.whole.n_bands, self.end - self.begin

    def open(self) -> DN:
        """Return a copy, as kernels want whole rows."""
        return np.ascontiguousarray(self.whole.dn[:, self.begin : self.end])


class OffCard:
    """Pixels that are not on the card: labelled by the CPU's kernel or sent through, whichever is faster."""

    def __init__(self, ledger: Ledger, fallback: Kernel, block: Block, begin: int, labelling: Labelling) -> None:
        self.begin, self.end = begin, begin + block.size
        self._ledger, self._fallback = ledger, fallback
        self.held = fallback.hold(block, labelling.tally.count.shape[0], labelling)
        """By the CPU's kernel."""

    def relabel(self, centres: Grid64, moves: Moves | None) -> Change:
        """Label the pixels anew."""
        ledger = self._ledger
        # Where the CPU's kernel knows which pixels can change at all, no card is faster.
        knows_gaps = getattr(self.held, "knows_gaps", False)
        if not ledger.trouble and not knows_gaps and ledger.rates.passing_pays():
            change = self._pass_through(centres)
            if change is not None:
                return change
        began = time.perf_counter()
        change = self.held.relabel(centres, moves)
        size = self.held.block.size
        ledger.rates.labelled(max(size, 1), time.perf_counter() - began)
        ledger.count(CPU, size)
        return change

    def _pass_through(self, centres: Grid64) -> Change | None:
        """Label the pixels through the card; None if it is busy or fails, the labels being as they were then."""
        ledger, block, labels = self._ledger, self.held.block, self.held.labels()
        began = time.perf_counter()
        try:
            found = ledger.card.pass_through(block.dn, labels, centres, wait=False)
        except Exception as error:  # noqa: BLE001 - the CPU can do it
            ledger.rates.close()
            ledger.give_up(LABELLING, error)
            return None
        if found is None:
            ledger.rates.missed()
            return None
        change, new = found
        tally = self.held.tally
        tally.add(change.tally)
        if new is not None:
            labels[:] = new
        # What the CPU's kernel remembers belongs to labels that are gone: it takes the new ones over.
        self.held = self._fallback.hold(block, centres.shape[0], Labelling(labels, tally))
        ledger.rates.passed(max(block.size, 1), time.perf_counter() - began)
        ledger.count(THROUGH, block.size)
        return change


class CardHeld:
    """A block on the card and beside it. One thread at a time labels; any number of threads may ask for labels."""

    def __init__(self, ledger: Ledger, block: Block, labelling: Labelling) -> None:
        self.block = block
        self.tally = labelling.tally
        """Of the labels; no lock is needed to read it, as nothing but `relabel` changes it."""
        self.pieces: list[Piece] = []
        """What is on the card."""
        self.rest: list[OffCard] = []
        """What is not, once that was tried."""
        self._ledger = ledger
        # The host's labels: out of date for pixels that are, or were, on the card where `_old` says so, and for the
        # rest until they are collected.
        self._labels = labelling.labels
        self._old = False
        # Where the pieces begin and end, also when they have been let go of, and the centres of their labels.
        self._there: list[tuple[int, int]] = []
        self._centres: Grid64 | None = None
        # Rasters and statistics are made by two threads, which may want the same block's labels; and a kernel may be
        # closed by a third. Taken again by the same thread on the ways back from a card that failed.
        self._lock = threading.RLock()
        self._place()

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label the block where its pixels are; the labels stay there."""
        changed, difference = 0, Tally.zero(*centres.shape)
        with self._lock:
            if not self.pieces:
                # There may be room now that other blocks have left.
                self._come_home()
                self._place()
            changes = self._label_there(centres)
            # Only now is it known what the rest is.
            changes += [part.relabel(centres, moves) for part in self.rest]
            for change in changes:
                changed += change.changed
                difference.add(change.tally)
            self.tally.add(difference)
        return Change(changed, difference)

    def labels(self) -> Labels:
        """Return the classes, fetched from the card where they lie there, or made again where it is gone."""
        with self._lock:
            if self._old and self.pieces:
                self._fetch()
            elif self._old:
                self._make_again()
            self._collect()
            return self._labels

    def lying(self) -> tuple[DN, Labels]:
        """Return the pixels and their classes."""
        return self.block.dn, self.labels()

    def in_rows(self, values: Labels) -> Labels:
        """Return the values as they are, since `lying` gives the pixels row by row."""
        return values

    def leave(self) -> None:
        """Fetch the labels and give the card's memory back."""
        with self._lock:
            if self._old and self.pieces:
                self._fetch()
            self.let_go()
            for part in self.rest:
                part.held.leave()

    def let_go(self) -> None:
        """Give the card's memory back at once; labels that somebody still asks for are made again."""
        with self._lock:
            self.pieces = []

    def _label_there(self, centres: Grid64) -> list[Change]:
        """Label what is on the card; if that fails, all of the block is off the card, labelled as it was before."""
        ledger = self._ledger
        try:
            changes = [
                ledger.card.run(piece.pixels, piece.labels, piece.end - piece.begin, centres) for piece in self.pieces
            ]
        except Exception as error:
            if ledger.fallback is None:
                raise
            self._come_home()
            # If lack of memory was the trouble, nobody shall run into it again.
            ledger.admit_none()
            ledger.give_up(LABELLING, error)
            self._place()
            return []
        if changes:
            self._old |= any(change.changed for change in changes)
            self._centres = centres.copy()
            ledger.count(CARD, sum(end - begin for begin, end in self._there))
        return changes

    def _place(self) -> None:
        """Put the block on the card as far as there is room; nothing of it is there now."""
        size = self.block.size
        rest = [(0, size)]
        if size and not self._ledger.trouble:
            self._collect()
            pieces, rest = self._upload()
            # Where the card failed meanwhile, none of the block shall stay there.
            if self._ledger.trouble:
                rest = [(0, size)]
            else:
                self.pieces = pieces
                self._there = [(piece.begin, piece.end) for piece in pieces]
        # A block that is off the card as before stays with what the CPU's kernel knows of it.
        if self.pieces or not self.rest:
            self.rest = [self._off_card(begin, end) for begin, end in rest]

    def _upload(self) -> tuple[list[Piece], list[tuple[int, int]]]:
        """Return what found room on the card, halved if need be, and from where to where there was none."""
        dn = self.block.dn
        pieces: list[Piece] = []
        rest: list[tuple[int, int]] = []
        todo = [(0, self.block.size)]
        while todo:
            begin, end = todo.pop()
            piece = self._ledger.upload(begin, dn[:, begin:end], self._labels[begin:end])
            if piece is not None:
                pieces.append(piece)
            elif not self._ledger.trouble and end - begin >= 2 * LEAST_PIXELS:
                middle = (begin + end) // 2
                todo += [(middle, end), (begin, middle)]
            elif rest and rest[-1][1] == begin:
                rest[-1] = (rest[-1][0], end)
            else:
                rest.append((begin, end))
        return pieces, rest

    def _off_card(self, begin: int, end: int) -> OffCard:
        """Return pixels beside the card; their labels are the same memory as the block's."""
        fallback, labels = self._ledger.fallback, self._labels[begin:end]
        if fallback is None:
            raise MemoryError("the card has no room for a block of pixels")
        block = self._part(begin, end)
        if block is self.block:
            tally = self.tally.copy()
        elif labels.any():
            tally = reference.tally(block.dn, labels, self.tally.count.shape[0])
        else:
            tally = Tally.zero(*self.tally.total.shape)
        return OffCard(self._ledger, fallback, block, begin, Labelling(labels, tally))

    def _part(self, begin: int, end: int) -> Block:
        """Return a block of some of the block's pixels, or itself where they are all."""
        if end - begin == self.block.size:
            return self.block
        return Block(self.block.strip, np.empty(0, np.uint8), Columns(self.block, begin, end))

    def _come_home(self) -> None:
        """Take what is or was on the card away from it, with the labels of the last centres that it finished."""
        if not self._there:
            return
        if self._old:
            self._make_again()
        self._collect()
        self.pieces, self._there, self.rest = [], [], []

    def _fetch(self) -> None:
        """Bring the host's labels up to date from the card."""
        try:
            for piece in self.pieces:
                self._ledger.card.get_labels(piece.labels, self._labels[piece.begin : piece.end])
            self._old = False
        except Exception as error:  # noqa: BLE001 - whatever befell the card, the labels can be made again
            self._come_home()
            self._ledger.give_up(FETCHING, error)

    def _make_again(self) -> None:
        """Bring the host's labels up to date without the card; the tally is theirs already."""
        fallback, centres = self._ledger.fallback, self._centres
        if fallback is None or centres is None:
            raise RuntimeError("the card failed and nothing else may label")
        for begin, end in self._there:
            again = fallback.hold(self._part(begin, end), centres.shape[0])
            again.relabel(centres)
            self._labels[begin:end] = again.labels()
        self._old = False

    def _collect(self) -> None:
        """Bring the host's labels up to date where the CPU's kernel has them; most keep them in the same memory."""
        for part in self.rest:
            here, there = self._labels[part.begin : part.end], part.held.labels()
            if not np.may_share_memory(here, there):
                here[:] = there
