"""What a kernel knows of its card: who may lie there, what did the work, and what went wrong."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from ...errors import first_line
from .card import Card
from .passing import Rates
from .resident import Budget, Piece

if TYPE_CHECKING:
    from ...arrays import DN, Labels
    from ..kernel import Kernel

UPLOADING, LABELLING, FETCHING = "copying pixels to it", "labelling", "fetching the labels from it"
"""What a card does when it fails."""
CARD, THROUGH, CPU = "card", "through", "cpu"
"""Who labels: the card what stays there, the card what passes through it, the CPU."""


class Ledger:
    """What the blocks of one kernel have in common; any thread may ask and tell."""

    def __init__(self, card: Card, fallback: Kernel | None, room: int) -> None:
        self.card, self.fallback = card, fallback
        self.rates = Rates()
        """Of both ways of what does not stay on the card."""
        self.trouble = ""
        """What the card did when it was given up, and why; empty while it works."""
        self._budget = Budget(room)
        self._labelled = {CARD: 0, THROUGH: 0, CPU: 0}
        self._lock = threading.Lock()

    def upload(self, begin: int, dn: DN, labels: Labels) -> Piece | None:
        """Return some of a block's pixels on the card, `begin` being the first one's place; None without room."""
        size = Card.size(*dn.shape)
        if self.trouble or not self._budget.take(size):
            return None
        try:
            piece = Piece(self.card, begin, dn, labels)
        except Exception as error:
            self._budget.give_back(size)
            self._budget.refuse(size)
            if self.fallback is None:
                raise
            self.give_up(UPLOADING, error)
            return None
        weakref.finalize(piece, self._budget.give_back, size).atexit = False
        return piece

    def admit_none(self) -> None:
        """Let no more pixels stay on the card: they would meet with the same lack of memory."""
        self._budget.refuse(1)

    def count(self, who: str, pixels: int) -> None:
        """Add pixels that were labelled."""
        with self._lock:
            self._labelled[who] += pixels

    def give_up(self, doing: str, error: Exception) -> None:
        """Remember what befell the card, which is not used any more then; a lack of memory is none of its failures."""
        if isinstance(error, self.card.cupy.cuda.memory.OutOfMemoryError):
            try:
                self.card.tidy()
                return
            except Exception as worse:  # noqa: BLE001 - likewise
                error = worse
        with self._lock:
            self.trouble = self.trouble or f"{doing} ({first_line(error, with_kind=True)})"

    def about(self) -> dict[str, Any]:
        """Return what `CupyKernel.about` returns."""
        with self._lock:
            labelled = dict(self._labelled)
        whole = sum(labelled.values())
        return {
            "card": self.card.name,
            "beside": self.fallback.name if self.fallback else None,
            "percent": {who: 100.0 * pixels / whole if whole else 0.0 for who, pixels in labelled.items()},
            "nanoseconds_per_pixel_off_card": self.rates.about(),
        }
