"""The cells of a run and what is known of them, shared by all blocks and threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .boxes import Boxes
from .partition import Partition
from .verdicts import Verdicts

if TYPE_CHECKING:
    from ...arrays import Grid64


class Judge(Protocol):
    """Judges cells."""

    def judge(self, boxes: Boxes, partition: Partition, centres: Grid64) -> Verdicts:
        """Return what is certain of each cell for (k, n_bands) centres in 1/64 DN."""


class Table:
    """A partition with the boxes around the pixels of all blocks, and the last verdicts on them."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        """The cells."""
        self._boxes = Boxes.empty(partition.axes.shape[0], partition.size)
        self._work = np.empty(self._boxes.low.shape, np.bool_)
        self._grown = 0
        self._lock = threading.Lock()
        self._judged: tuple[Grid64, int, Verdicts] | None = None

    def add(self, boxes: Boxes) -> None:
        """Let the boxes hold the pixels of one more block.

        It takes no memory for that: pixels that have just been put in order could not be put back where it is lacking.
        """
        with self._lock:
            self._grown += self._boxes.extend(boxes, self._work)

    @property
    def grown(self) -> int:
        """How often the boxes have grown: verdicts made at this point are true of all blocks added so far."""
        with self._lock:
            return self._grown

    def verdicts(self, centres: Grid64, grown: int, judge: Judge) -> Verdicts:
        """Return verdicts that are true of blocks that were added when the boxes had grown so often.

        Parameters
        ----------
        centres
            (k, n_bands) in 1/64 DN. Blocks that ask for the same ones are answered once.
        grown
            What `grown` was after a block was added.
        judge
            What judges.
        """
        with self._lock:
            if self._judged is not None:
                judged, when, verdicts = self._judged
                if when >= grown and np.array_equal(judged, centres):
                    return verdicts
            verdicts = judge.judge(self._boxes, self.partition, centres)
            self._judged = (centres.copy(), self._grown, verdicts)
            return verdicts
