"""The GPU kernel: blocks stay on the card with their labels; what does not fit, or fails, is done by a CPU kernel.

Of a block, its pixels travel to the card once. From then on an iteration sends the centres and gets the changes of the
tally back, k (n_bands + 1) + 1 integers; its labels come home when somebody asks for them (`Block.labels`).

A block that finds no room is halved, and its halves are, down to pieces not worth a launch; so it may lie on the card
in several pieces, or in part, with the rest labelled as blocks that are not on the card are: by the CPU, or by sending
them through the card in every iteration where this run measured that to be faster (`passing`).

Nothing is lost when the card fails: labels are a function of the pixels and of the centres that they were made with,
so a CPU kernel makes them again, and goes on.
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from ...errors import first_line
from .card import Card
from .passing import Rates
from .resident import FETCHING, LABELLING, UPLOADING, Budget, OnCard, Piece, part_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...arrays import DN, Grid64, Labels
    from ...pixels.block import Block
    from ..kernel import Kernel
    from ..moves import Drift

MEMORY_SHARE = 0.85
"""Of the card's free memory when the run starts: the rest is for the display, other programs, blocks that pass through
and CuPy itself."""
LEAST_PIXELS = 1 << 18
"""Of a piece of a block that has been halved: below that, the time of a launch shows."""


class CupyKernel:
    """Labels on a CUDA device as long as there is room and nothing fails; the rest by a CPU kernel."""

    name = "gpu"

    def __init__(self, card: Card, fallback: Kernel | None, room: int | None = None) -> None:
        """Plan for the card's memory that is free now.

        Parameters
        ----------
        card
            The device.
        fallback
            Labels what the card cannot. None = raise what the card raises, as a test wants it.
        room
            Bytes that blocks may take; by default a safe share of what is free.
        """
        self._card = card
        self._fallback = fallback
        self._budget = Budget(int(MEMORY_SHARE * card.free_memory()) if room is None else room)
        self._lock = threading.Lock()
        self._residents: weakref.WeakSet[OnCard] = weakref.WeakSet()
        self._rates = Rates()
        self._labelled = {"card": 0, "through": 0, "cpu": 0}
        self.trouble = ""
        """What the card did when it was given up during the run, and why; empty while it works."""

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        resident = self._resident(block)
        if resident is None:
            return self._relabel_off_card(block, centres, drift)
        try:
            changes = resident.run(block, centres)
        except Exception as error:
            if self._fallback is None:
                raise
            resident.restore(block)
            # The card's memory is free from here on; if lack of memory was the trouble, nobody shall run into it again.
            del resident
            self._budget.refuse(1)
            self._give_up(LABELLING, error)
            return self._relabel_off_card(block, centres, drift)
        self._count("card", resident.pixels)
        changed = _apply(block, changes)
        for part in resident.rest:
            count, total = part.tally.count.copy(), part.tally.total.copy()
            changed += self._relabel_off_card(part, centres, drift)
            block.tally.count += part.tally.count - count
            block.tally.total += part.tally.total - total
        # Keys of a CPU kernel belong to labels that are gone.
        block.gaps = None
        return changed

    def take_in(self, block: Block) -> None:
        """Put a block on the card if there is room; any thread may call."""
        self._resident(block)

    def about(self) -> dict[str, Any]:
        """Return what did the work, for the run's record.

        Returns
        -------
        dict
            "card" and "beside": names of the card and of the CPU's kernel; "percent": the shares of all labelling that
            were done on pixels that stay on the card, that passed through it, and by the CPU;
            "nanoseconds_per_pixel_off_card": what a thread took either way for those that do not stay.
        """
        with self._lock:
            whole = sum(self._labelled.values())
            percent = {what: 100.0 * pixels / whole if whole else 0.0 for what, pixels in self._labelled.items()}
        return {
            "card": self._card.name,
            "beside": self._fallback.name if self._fallback else None,
            "percent": percent,
            "nanoseconds_per_pixel_off_card": self._rates.about(),
        }

    def close(self) -> None:
        """Give the card's memory back; what is still on it can be had again from the pixels."""
        with self._lock:
            residents = list(self._residents)
        for resident in residents:
            resident.leave()
        try:
            self._card.close()
        except Exception as error:  # noqa: BLE001 - the run is over
            self._give_up(FETCHING, error)

    def _relabel_off_card(self, block: Block, centres: Grid64, drift: Drift | None) -> int:
        """Label a block that is not on the card, the way that is faster."""
        if self._fallback is None:
            raise MemoryError("the card has no room for a block of pixels")
        # Where the CPU's kernel knows which pixels can change at all, no card is faster.
        has_keys = block.gaps is not None and block.gaps.key is not None
        if not self.trouble and not has_keys and self._rates.passing_pays():
            changed = self._pass_through(block, centres)
            if changed is not None:
                return changed
        began = time.perf_counter()
        changed = self._fallback.relabel(block, centres, drift)
        self._rates.labelled(max(block.size, 1), time.perf_counter() - began)
        self._count("cpu", block.size)
        return changed

    def _pass_through(self, block: Block, centres: Grid64) -> int | None:
        """Label a block through the card; None if it is busy or fails, the block being as it was then."""
        began = time.perf_counter()
        try:
            found = self._card.pass_through(block.dn, block.labels, centres, wait=False)
        except Exception as error:  # noqa: BLE001 - the CPU can do it
            self._rates.close()
            self._give_up(LABELLING, error)
            return None
        if found is None:
            self._rates.missed()
            return None
        changes, labels = found
        if labels is not None:
            block.labels[:] = labels
        block.gaps = None
        changed = _apply(block, changes)
        self._rates.passed(max(block.size, 1), time.perf_counter() - began)
        self._count("through", block.size)
        return changed

    def _resident(self, block: Block) -> OnCard | None:
        """Return the block's copy on the card, made now if there is room; None if there is none for any of it."""
        if isinstance(block.resident, OnCard):
            return block.resident
        if self.trouble or block.size == 0:
            return None
        labels, dn = block.labels, block.dn
        pieces: list[Piece] = []
        rest: list[tuple[int, int]] = []
        todo = [(0, block.size)]
        while todo:
            begin, end = todo.pop()
            piece = self._piece(begin, dn[:, begin:end], labels[begin:end])
            if piece is not None:
                pieces.append(piece)
            elif not self.trouble and end - begin >= 2 * LEAST_PIXELS:
                middle = (begin + end) // 2
                todo += [(middle, end), (begin, middle)]
            elif rest and rest[-1][1] == begin:
                rest[-1] = (rest[-1][0], end)
            else:
                rest.append((begin, end))
        if self.trouble or not pieces:
            return None
        parts = [part_of(block, begin, end) for begin, end in rest]
        resident = OnCard(self._card, self._fallback, pieces, parts, self._give_up)
        with self._lock:
            self._residents.add(resident)
        block.resident = resident
        return resident

    def _piece(self, begin: int, dn: DN, labels: Labels) -> Piece | None:
        """Return pixels on the card; None without room."""
        size = Card.size(*dn.shape)
        if self.trouble or not self._budget.take(size):
            return None
        try:
            piece = Piece(self._card, begin, dn, labels)
        except Exception as error:
            self._budget.give_back(size)
            self._budget.refuse(size)
            if self._fallback is None:
                raise
            self._give_up(UPLOADING, error)
            return None
        weakref.finalize(piece, self._budget.give_back, size).atexit = False
        return piece

    def _count(self, what: str, pixels: int) -> None:
        with self._lock:
            self._labelled[what] += pixels

    def _give_up(self, doing: str, error: Exception) -> None:
        """Remember what befell the card, which is not used any more then; a lack of memory is none of its failures."""
        if isinstance(error, self._card.cupy.cuda.memory.OutOfMemoryError):
            try:
                self._card.tidy()
                return
            except Exception as worse:  # noqa: BLE001 - likewise
                error = worse
        with self._lock:
            self.trouble = self.trouble or f"{doing} ({first_line(error, with_kind=True)})"


class PassingKernel:
    """Sends every block through the card every time: for tests and measurements of that way alone."""

    name = "gpu, passing through"

    def __init__(self, card: Card) -> None:
        self._card = card

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        found = self._card.pass_through(block.dn, block.labels, centres, wait=True)
        if found is None:
            raise RuntimeError("the card was not waited for")
        changes, labels = found
        if labels is not None:
            block.labels[:] = labels
        return _apply(block, changes)


def _apply(block: Block, changes: NDArray[np.int64]) -> int:
    """Bring a block's tally up to date with what the card returned, and return how many pixels changed class."""
    k, n_bands = block.tally.total.shape
    by_class = changes[:-1].reshape(k, n_bands + 1)
    block.tally.count += by_class[:, n_bands]
    block.tally.total += by_class[:, :n_bands]
    return int(changes[-1])
