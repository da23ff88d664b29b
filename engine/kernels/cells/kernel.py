"""The cells kernel: once it pays, the pixels of a block lie by cells of feature space, and most need no look."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np

from ...errors import MemoryBudgetError
from ...pixels.block import Block, Tally
from ...pixels.kept import Kept
from ..kernel import Change, Held, Kernel, Labelling
from .costs import Pace
from .layout import Layout
from .partition import Partition
from .table import Table
from .workshop import Work, Workshop

if TYPE_CHECKING:
    from ...arrays import DN, Grid64, Labels
    from ..moves import Moves

CELLS = 4096
"""Cells of a run (measured: with 1000 as with 16 000 an iteration over 32 M pixels takes 10 to 20 % longer)."""
LEAST = 32 * CELLS
"""Pixels of a block from which on cells pay: what a block remembers of each cell is then less than 2 bytes a pixel."""
EARLY_LEAST = 8 * CELLS
"""The same where smaller blocks are left to NumPy, which takes many times as long."""
# Places of pixels are counted in 32 bits.
_MOST = 1 << 31
HOPED = 10.0
"""Labellings for which everything is made ready; how many there will be is known later."""
# The sample that the cells are cut by: runs of neighbours, evenly spread over a block, and pixels in all.
_RUNS, _RUN, _SAMPLE = 32, 128, 1 << 16


class CellsKernel:
    """Labels as another kernel does until cells pay, and from then on by cells; one for each run."""

    def __init__(
        self, beside: Kernel, workshop: Workshop, cells: int = CELLS, least: int = LEAST, name: str | None = None
    ) -> None:
        """Take what labels before cells pay.

        Parameters
        ----------
        beside
            The other kernel.
        workshop
            What works on cells.
        cells
            Number of cells wanted.
        least
            Pixels of the smallest block that is laid out by cells.
        name
            By default that of the other kernel, where both need the same packages.
        """
        self.name = name or beside.name
        """What it is called in records and messages."""
        self.beside = beside
        """What labels until cells pay."""
        self._workshop, self._cells, self._least = workshop, cells, least
        self._lock = threading.Lock()
        # By number of bands: a run has one, a self-test several.
        self._samples: dict[int, list[DN]] = {}
        self._tables: dict[int, Table] = {}
        self._pace = Pace()
        self._known: WeakSet[Kept] = WeakSet()

    def work(self, n_bands: int) -> Work:
        """Return what works on cells."""
        return self._workshop.work(n_bands)

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> Held:
        """Take a block in."""
        if not max(self._least, 1) <= block.size < _MOST:
            return self.beside.hold(block, k, labelling)
        with self._lock:
            # With labels of other classes as well (COMPARE) a block is held twice, and is laid out once.
            kept = block.stored if isinstance(block.stored, Kept) else None
            if kept is None or kept not in self._known:
                self._pace.holds(block.size)
            if kept is not None:
                self._known.add(kept)
            pixels = self._pace.pixels
        costs = self._workshop.costs
        if costs is not None and costs.pays(k, HOPED, 1.0, pixels):
            # While the pixels are still being read.
            self._workshop.ready(block.n_bands)
        if block.n_bands not in self._tables:
            # In whatever order they lie: to have them row by row, all of a block's would be made anew.
            sample = _sample(block.stored.lying()[0] if isinstance(block.stored, Kept) else block.dn)
            with self._lock:
                self._samples.setdefault(block.n_bands, []).append(sample)
        return CellsHeld(self, block, k, labelling)

    def ready(self, n_bands: int) -> bool:
        """Tell whether cells can be worked on now; if not, that is prepared."""
        return self._workshop.ready(n_bands)

    def table(self, n_bands: int) -> Table:
        """Return the cells of the run; they are made when they are first asked for, by the blocks held so far."""
        with self._lock:
            if n_bands not in self._tables:
                sample = np.concatenate(self._samples[n_bands], axis=1)
                step = max(1, sample.shape[1] // _SAMPLE)
                self._tables[n_bands] = Table(Partition.of(sample[:, ::step], self._cells))
                del self._samples[n_bands]
            return self._tables[n_bands]

    def pays(self, k: int, n_bands: int, moves: Moves | None) -> bool:
        """Tell whether a block that is labelled now should be laid out by cells."""
        if self._workshop.costs is None:
            return True
        if moves is None:
            return False
        with self._lock:
            wanted = self._workshop.costs.pays(k, moves.ahead, self._pace.share(), self._pace.pixels)
        return wanted and self.ready(n_bands)

    def took(self, pixels: int, seconds: float, moves: Moves | None) -> None:
        """Learn how long the other kernel took for a block."""
        with self._lock:
            self._pace.took(pixels, seconds, moves)


class CellsHeld:
    """A block that another kernel holds until cells pay."""

    def __init__(self, kernel: CellsKernel, block: Block, k: int, labelling: Labelling | None) -> None:
        self.block = block
        self._kernel = kernel
        self._k = k
        self._other: Held | None = kernel.beside.hold(block, k, labelling)
        self._laid: _Laid | None = None
        self._no_room = False

    @property
    def tally(self) -> Tally:
        """Of the labels."""
        return self._now().tally

    def labels(self) -> Labels:
        """Return the classes, row by row."""
        return self._now().labels()

    def lying(self) -> tuple[DN, Labels]:
        """Return the pixels and their classes as they lie."""
        return self._now().lying()

    def in_rows(self, values: Labels) -> Labels:
        """Return values, one a pixel as they lie, row by row."""
        return self._now().in_rows(values)

    def leave(self) -> None:
        """Let the other kernel forget what only saves time; the order of the pixels stays."""
        self._now().leave()

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label every pixel, by cells from the time on when they pay."""
        may = self._laid is None and not self._no_room
        if may and self._may_lay_out(moves):
            self._lay_out()
        if self._laid is not None:
            return self._laid.relabel(centres, moves)
        began = time.perf_counter()
        change = self._now().relabel(centres, moves)
        self._kernel.took(self.block.size, time.perf_counter() - began, moves)
        return change

    def _may_lay_out(self, moves: Moves | None) -> bool:
        """Tell whether the block can be laid out now, and whether that pays where it is not so already."""
        n_bands = self.block.n_bands
        if _laid_already(self.block):
            return self._kernel.ready(n_bands)
        return self._kernel.pays(self._k, n_bands, moves)

    def _lay_out(self) -> None:
        """Lay the pixels out; where memory or disk lack the room for it, all stays as it is."""
        other = self._now()
        try:
            self._laid = _Laid(self._kernel, self.block, Labelling(other.labels(), other.tally))
        except (MemoryError, MemoryBudgetError):
            # Pixels that lie in order already need little more, and would have to be put back each time without it.
            self._no_room = not _laid_already(self.block)
        else:
            self._other = None

    def _now(self) -> Held:
        now = self._laid or self._other
        if now is None:
            raise RuntimeError("a block is held by one kernel or the other")
        return now


class _Laid:
    """A block that is laid out by cells."""

    def __init__(self, kernel: CellsKernel, block: Block, labelling: Labelling) -> None:
        self.block = block
        self._work = kernel.work(block.n_bands)
        kept = block.stored if isinstance(block.stored, Kept) else None
        dn, order = (block.dn, None) if kept is None else kept.lying()
        if isinstance(order, Layout):
            self._layout = order
        else:
            # In memory pixels are put in order where they lie, or freed ones would be holes that are of no use.
            out = dn if kept is not None and kept.in_memory else np.empty(dn.shape, np.uint16)
            self._layout = self._work.lay_out(dn, kernel.table(block.n_bands), out)
            # A file that is still mapped cannot be deleted on Windows, and would stay beside the new one.
            dn = out
            if kept is not None:
                kept.arrange(out, self._layout)
        self._kept = dn if kept is None else kept
        self._grown = self._layout.table.grown
        self.tally = labelling.tally
        # Where nobody has labelled, all labels are 0 in any order.
        some = labelling.tally.count.any()
        self._labels = self._work.in_cells(labelling.labels, self._layout) if some else labelling.labels
        # The class of all pixels of a cell, 0 where `_labels` tells them one by one.
        self._owner = np.zeros(self._layout.table.partition.size, np.uint8)

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        """Label every pixel."""
        verdicts = self._layout.table.verdicts(centres, self._grown, self._work)
        changed, tally = self._work.label(self._dn(), self._layout, verdicts, self._labels, self._owner, centres)
        difference = Tally(tally.count - self.tally.count, tally.total - self.tally.total)
        self.tally.add(difference)
        return Change(changed, difference)

    def _dn(self) -> DN:
        return self._kept.lying()[0] if isinstance(self._kept, Kept) else self._kept

    def labels(self) -> Labels:
        """Return the classes, row by row."""
        return self._work.in_rows(self._labels, self._owner, self._layout)

    def lying(self) -> tuple[DN, Labels]:
        """Return the pixels and their classes as they lie."""
        return self._dn(), self._layout.lying(self._labels, self._owner)

    def in_rows(self, values: Labels) -> Labels:
        """Return values, one a pixel as they lie, row by row."""
        return self._work.in_rows(values, np.zeros_like(self._owner), self._layout)

    def leave(self) -> None:
        """Do nothing: the order is that of the pixels, which other labels of theirs may use as well."""


def _laid_already(block: Block) -> bool:
    """Tell whether the pixels lie by cells because other labels of theirs were made so."""
    return isinstance(block.stored, Kept) and isinstance(block.stored.order, Layout)


def _sample(dn: DN) -> DN:
    """Return some pixels of a block."""
    n = dn.shape[1]
    if n <= _RUNS * _RUN:
        return dn.copy()
    begins = [(n - _RUN) * number // (_RUNS - 1) for number in range(_RUNS)]
    return np.concatenate([dn[:, begin : begin + _RUN] for begin in begins], axis=1)
