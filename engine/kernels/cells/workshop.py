"""What works on cells, and when it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ...pixels.block import Tally
from .costs import Costs
from .layout import Layout
from .table import Judge, Table
from .verdicts import Verdicts

if TYPE_CHECKING:
    from ...arrays import DN, Grid64, Labels


class Work(Judge, Protocol):
    """How pixels are put into cells, judged and labelled; `numpy_work` tells what the methods do."""

    def lay_out(self, dn: DN, table: Table) -> tuple[Layout, DN]:
        """Sort pixels by cell."""

    def label(
        self, arranged: DN, layout: Layout, verdicts: Verdicts, labels: Labels, owner: Labels, centres: Grid64
    ) -> tuple[int, Tally]:
        """Label the pixels of a block."""

    def in_rows(self, labels: Labels, owner: Labels, layout: Layout) -> Labels:
        """Return the classes row by row."""

    def lying(self, labels: Labels, owner: Labels, layout: Layout) -> Labels:
        """Return the classes as the pixels lie."""

    def in_cells(self, values: Labels, layout: Layout) -> Labels:
        """Return values, one a pixel row by row, as the pixels lie."""


class Workshop:
    """Work that is made when it is first needed: compiled loops take time to load, and more the first time."""

    def __init__(self, make: Callable[[], Work], costs: Costs | None) -> None:
        """Take what makes it.

        Parameters
        ----------
        make
            Loads and checks it; whatever it raises, there is none.
        costs
            What labelling takes; None: cells are used from the first labelling on.
        """
        self.costs = costs
        """What labelling takes with cells and without."""
        self._make = make
        self._lock = threading.Lock()
        self._work: Work | None = None
        self._failed = False
        self._thread: threading.Thread | None = None

    def ready(self) -> bool:
        """Tell whether the work can be done now; if not, it is prepared beside, and may be so the next time."""
        with self._lock:
            if self._work is None and not self._failed and self._thread is None:
                # No daemon: a program that ends waits, since one that is compiling cannot be stopped without harm.
                self._thread = threading.Thread(target=self._prepare, name="iikmc-cells")
                self._thread.start()
        return self._work is not None

    def work(self) -> Work:
        """Return what works on cells, made now if need be."""
        if self._work is None:
            self._work = self._make()
        return self._work

    def _prepare(self) -> None:
        try:
            self._work = self._make()
        except Exception:  # noqa: BLE001 - whatever is wrong with the loops, the other kernel goes on
            self._failed = True
