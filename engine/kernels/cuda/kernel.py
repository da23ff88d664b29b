"""The GPU kernel: blocks stay on the card with their labels; what does not fit, or fails, is done by a CPU kernel."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from ..kernel import Change, Held, HeldInMemory, Labelling
from .held import CardHeld
from .ledger import FETCHING, Ledger

if TYPE_CHECKING:
    from ...arrays import Grid64
    from ...pixels.block import Block
    from ..kernel import Kernel
    from ..moves import Moves
    from .card import Card

MEMORY_SHARE = 0.85
"""Of the card's free memory when the run starts: the rest is for the display, other programs, blocks that pass through
and CuPy itself."""


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
        self._ledger = Ledger(card, fallback, int(MEMORY_SHARE * card.free_memory()) if room is None else room)
        self._lock = threading.Lock()
        self._helds: weakref.WeakSet[CardHeld] = weakref.WeakSet()

    @property
    def trouble(self) -> str:
        """What the card did when it was given up during the run, and why; empty while it works."""
        return self._ledger.trouble

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> CardHeld:
        """Take a block in, on the card if there is room; any thread may call, and no failure of the card is raised."""
        held = CardHeld(self._ledger, block, labelling or Labelling.none(block, k))
        with self._lock:
            self._helds.add(held)
        return held

    def about(self) -> dict[str, Any]:
        """Return what did the work, for the run's record.

        Returns
        -------
        dict
            "card" and "beside": names of the card and of the CPU's kernel; "percent": the shares of all labelling that
            were done on pixels that stay on the card, that passed through it, and by the CPU;
            "nanoseconds_per_pixel_off_card": what a thread took either way for those that do not stay.
        """
        return self._ledger.about()

    def close(self) -> None:
        """Give the card's memory back; what is still on it can be had again from the pixels."""
        with self._lock:
            helds = list(self._helds)
        for held in helds:
            held.let_go()
        try:
            self._card.close()
        except Exception as error:  # noqa: BLE001 - the run is over
            self._ledger.give_up(FETCHING, error)


class PassingKernel:
    """Sends every block through the card every time: for tests and measurements of that way alone."""

    name = "gpu, passing through"

    def __init__(self, card: Card) -> None:
        self._card = card

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> Held:
        """Take a block in."""
        return _Passing(self._card, block, k, labelling)


class _Passing(HeldInMemory):
    def __init__(self, card: Card, block: Block, k: int, labelling: Labelling | None) -> None:
        super().__init__(block, k, labelling)
        self._card = card

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label every pixel on the card."""
        labelling = self._labelling
        found = self._card.pass_through(self.block.dn, labelling.labels, centres, wait=True)
        if found is None:
            raise RuntimeError("the card was not waited for")
        change, new = found
        if new is not None:
            labelling.labels[:] = new
        labelling.tally.add(change.tally)
        return change
