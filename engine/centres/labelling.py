"""Labelling all pixels, whoever does the work: what `kmeans.lloyd` asks for in every iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..kernels.kernel import Change
from ..kernels.moves import MoveLog, Moves
from ..pixels.block import Tally
from ..progress import Progress
from .kmeans import Labelled
from .outlook import Outlook

if TYPE_CHECKING:
    from ..arrays import Grid64


class LabelAll:
    """Labels all blocks with the centres it is given, and adds up what changed.

    Attributes
    ----------
    tally : Tally
        Of the labels that all blocks have now.
    """

    def __init__(
        self,
        each: Callable[[Grid64, Moves, Progress], Iterable[Change]],
        pixels: int,
        tally: Tally,
        labelled: bool,
        outlook: Outlook,
    ) -> None:
        """Begin with blocks as they are.

        Parameters
        ----------
        each
            Labels every block with these centres, which moved so, and gives the changes in any order.
        pixels
            Number of valid pixels.
        tally
            Of the labels that the blocks have, all zero if they have none; taken over.
        labelled
            Whether these are the labels of the centres that will be asked for first.
        outlook
            What is likely to follow.
        """
        self.tally = tally
        self._each = each
        self._pixels = pixels
        self._labelled = labelled
        self._log = MoveLog()
        self._outlook = outlook

    def __call__(self, centres: Grid64, progress: Progress) -> Labelled:
        """Label all blocks; the first time every pixel counts as changed."""
        moves = self._log.follow(centres, self._outlook.ahead())
        if self._labelled:
            self._labelled = False
            self._outlook.saw(self._pixels)
            return Labelled(self._pixels, self.tally.copy())
        changed = 0
        for change in self._each(centres, moves, progress):
            changed += change.changed
            self.tally.add(change.tally)
        if int(self.tally.count.sum()) != self._pixels:
            raise RuntimeError(f"{int(self.tally.count.sum())} of {self._pixels} pixels are labelled")
        self._outlook.saw(changed)
        return Labelled(changed, self.tally.copy())
