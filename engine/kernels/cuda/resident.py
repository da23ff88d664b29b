"""Pixels that stay on a CUDA card with their labels, and how much of its memory they may take."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...arrays import DN, Labels
    from .card import Card


class Budget:
    """Bytes of the card's memory that blocks may still take; any thread may ask."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._refused = size + 1
        # Taken again by the same thread where Python drops a piece, which gives its bytes back, while it is held.
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
