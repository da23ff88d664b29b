"""Pixels that a site keeps, which a kernel may put in an order of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .block import Stored

if TYPE_CHECKING:
    from ..arrays import DN
    from .store import PixelStore


class Order(Protocol):
    """An order of the pixels of a block other than row by row."""

    def rows(self, arranged: DN) -> DN:
        """Return pixels that lie in this order, row by row."""


class Kept:
    """The pixel values of a block: always the same ones, in memory or in a file, in one order or another.

    Whoever asks for them gets them row by row, and looks at them at once: a kernel that works in another order leaves
    them in it, in the same memory, so that they are never there twice.
    """

    def __init__(self, stored: DN | Stored, store: PixelStore | None = None) -> None:
        """Take pixels that lie row by row, and the store that has put them there."""
        self._stored = stored
        self._store = store
        self._lock = threading.Lock()
        self._order: Order | None = None
        shape = stored.shape
        self.shape: tuple[int, int] = (int(shape[0]), int(shape[1]))
        """(n_bands, n_valid)."""

    @property
    def stored(self) -> DN | Stored:
        """Where they are."""
        return self._stored

    @property
    def in_memory(self) -> bool:
        """Whether they lie in memory; if not, in a file."""
        return isinstance(self._stored, np.ndarray)

    @property
    def order(self) -> Order | None:
        """How they lie; None for row by row."""
        return self._order

    def open(self) -> DN:
        """Return them row by row."""
        dn, order = self.lying()
        return dn if order is None else order.rows(dn)

    def lying(self) -> tuple[DN, Order | None]:
        """Return them as they lie, and their order."""
        with self._lock:
            stored, order = self._stored, self._order
        return (stored if isinstance(stored, np.ndarray) else stored.open()), order

    def arrange(self, dn: DN, order: Order | None) -> None:
        """Keep the same pixels in another order instead.

        Parameters
        ----------
        dn
            (n_bands, n_valid) the pixels.
        order
            How they lie; None for row by row.

        Raises
        ------
        MemoryBudgetError
            They are kept in a file, and a new one cannot be written.
        """
        with self._lock:
            self._stored = dn if self._store is None else self._store.replace(self._stored, dn)
            self._order = order

    def restore(self) -> None:
        """Keep them row by row again."""
        if self._order is not None:
            self.arrange(self.open(), None)
