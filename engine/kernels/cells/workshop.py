"""What works on cells, and when it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ...compiled.background import Part
from ...pixels.block import Tally
from ..kernel import NARROW
from .costs import Costs
from .layout import Layout
from .table import Judge, Table
from .verdicts import Verdicts

if TYPE_CHECKING:
    from ...arrays import DN, Grid64, Labels


class Work(Judge, Protocol):
    """How pixels are put into cells, judged and labelled; `numpy_work` tells what the methods do."""

    def lay_out(self, dn: DN, table: Table, out: DN) -> Layout:
        """Sort pixels by cell."""

    def label(
        self, arranged: DN, layout: Layout, verdicts: Verdicts, labels: Labels, owner: Labels, centres: Grid64
    ) -> tuple[int, Tally]:
        """Label the pixels of a block."""

    def in_rows(self, labels: Labels, owner: Labels, layout: Layout) -> Labels:
        """Return the classes row by row."""

    def in_cells(self, values: Labels, layout: Layout) -> Labels:
        """Return values, one a pixel row by row, as the pixels lie."""


class Workshop:
    """Work that is made when it is first needed: compiled loops take time to load, and more the first time."""

    def __init__(self, part: Part[Work], costs: Costs | None, wide: Part[Work] | None = None) -> None:
        """Take what is made.

        Parameters
        ----------
        part
            The work, made here or in the background.
        costs
            What labelling takes; None: cells are used from the first labelling on.
        wide
            What is made for pixels of more than `NARROW` bands, where that is something else.
        """
        self.costs = costs
        """What labelling takes with cells and without."""
        self._part, self._wide = part, wide or part

    @classmethod
    def made(cls, work: Work, costs: Costs | None = None) -> Workshop:
        """Return one whose work is there already."""
        part: Part[Work] = Part(lambda: work)
        part.make()
        return cls(part, costs)

    def ready(self, n_bands: int) -> bool:
        """Tell whether the work can be done now; if not, it is prepared beside, and may be so the next time."""
        part = self._for(n_bands)
        if not part.settled:
            part.want()
        return part.value is not None

    def work(self, n_bands: int) -> Work:
        """Return what works on cells of so many bands, which is ready."""
        work = self._for(n_bands).value
        if work is None:
            raise RuntimeError("cells are worked on before that can be done")
        return work

    def _for(self, n_bands: int) -> Part[Work]:
        return self._wide if n_bands > NARROW else self._part
