"""Labelling, packing and judging with NumPy until the compiled loops are ready, and with them from then on.

Where cells will label nearly all pixels from the first labelling on, the loops on cells are made and those of the
kernel are not, which take as long to compile (`Coming`).

All kernels give the same bits, and so do all packers and all judges, so it never matters which had a block in hand. The
change-over is at the next block, or at the next labelling of a block: its labels are handed over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..pixels.packing import NumpyPacker, PackedPixels, Packer
from .kernel import Change, Held, Kernel, Labelling
from .margins import Judge, Judged, Judging, NumpyJudge
from .numpy_kernel import NumpyKernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64, Labels
    from ..compiled.background import Part
    from ..pixels.block import Block, Tally
    from ..scenes.selection import MaskRule
    from .moves import Moves

Dress = Callable[[Kernel], Kernel]
"""From a kernel to one that labels by it in another way."""
# From how many seconds of labelling with NumPy on the kernel is wanted after all where cells were to do without it.
_ENOUGH = 3.0


class Coming:
    """What a run has made for it, which all kernels of the run share."""

    def __init__(self, kernel: Part[Kernel]) -> None:
        """Take the kernel that can be made."""
        self.kernel = kernel
        """The better kernel."""
        self.cells: Part[Any] | None = None
        """The loops on cells, where these are made in its place."""
        self.waited = 0.0
        """Seconds for which the run has stood still."""
        self.told = False
        """Whether the run was told how it went."""
        self._lock = threading.Lock()
        self._by_numpy = 0.0

    @property
    def part(self) -> Part[Any]:
        """What is to label most."""
        return self.kernel if self.cells is None else self.cells

    @property
    def soon(self) -> bool:
        """Whether it is being made."""
        return self.part.wanted and not self.part.settled

    def took(self, seconds: float) -> None:
        """Learn how long NumPy labelled, without cells, some pixels that cells were to label."""
        with self._lock:
            self._by_numpy += seconds
            too_long = self.cells is not None and self.cells.settled and self._by_numpy > _ENOUGH
        if too_long and not self.kernel.wanted:
            # Small blocks, which are not laid out, or no room for it.
            self.kernel.want()

    def without_cells(self) -> None:
        """Have the kernel made, as the loops on cells cannot be."""
        self.cells = None
        self.kernel.want()


class ArrivingKernel:
    """The NumPy kernel until a better one has been made, if it ever is."""

    def __init__(
        self,
        part: Part[Kernel],
        dress: Dress | None = None,
        early: Callable[[Kernel, Part[Any]], Kernel] | None = None,
        coming: Coming | None = None,
    ) -> None:
        """Take what is being made.

        Parameters
        ----------
        part
            The better kernel.
        dress
            What is put around either kernel, for one run; by default nothing.
        early
            Makes the kernel that labels by loops on cells, of what labels small blocks and of these loops, where they
            are made in the better kernel's place; by default none does.
        coming
            What is shared with another kernel of the run; by default nothing is.
        """
        self.coming = coming or Coming(part)
        """What is being made, in all."""
        self.plain: Kernel = NumpyKernel()
        """What labels until then, with nothing put around it."""
        self._dress: Dress = dress or (lambda kernel: kernel)
        self._early = early
        self._by_cells: Kernel | None = None
        self._dressed: dict[int, Kernel] = {}
        self._lock = threading.Lock()

    @property
    def part(self) -> Part[Kernel]:
        """The better kernel that is being made."""
        return self.coming.kernel

    @property
    def present(self) -> Kernel:
        """What labels now."""
        coming = self.coming
        if self._early is not None and coming.cells is not None and coming.cells.value is not None:
            with self._lock:
                if self._by_cells is None:
                    self._by_cells = self._early(ArrivingKernel(self.part, coming=coming), coming.cells)
                return self._by_cells
        if self.part.value is not None:
            return self._in_dress(self.part.value)
        # One that will soon go need not prepare for many labellings.
        return self.plain if coming.soon else self._in_dress(self.plain)

    def dressed(self, dress: Dress, early: Callable[[Kernel, Part[Any]], Kernel] | None = None) -> ArrivingKernel:
        """Return the same with something put around either kernel, and what labels early, for one run."""
        return ArrivingKernel(self.part, dress, early, self.coming)

    def _in_dress(self, kernel: Kernel) -> Kernel:
        with self._lock:
            if id(kernel) not in self._dressed:
                self._dressed[id(kernel)] = self._dress(kernel)
            return self._dressed[id(kernel)]

    @property
    def name(self) -> str:
        """Of what labels now."""
        return self.present.name

    def hold(self, block: Block, k: int, labelling: Labelling | None = None) -> Held:
        """Take a block in."""
        return _Held(self, block, k, labelling)


class _Held:
    """A block that is handed over to the better kernel at the first labelling after that has come."""

    def __init__(self, kernel: ArrivingKernel, block: Block, k: int, labelling: Labelling | None) -> None:
        self._kernel, self._k = kernel, k
        self._by = kernel.present
        self._held = self._by.hold(block, k, labelling)

    @property
    def block(self) -> Block:
        return self._held.block

    @property
    def tally(self) -> Tally:
        return self._held.tally

    def relabel(self, centres: Grid64, moves: Moves | None = None) -> Change:
        present = self._kernel.present
        # Never to NumPy as it is: if it labels in another way already, that is only undone.
        if present is not self._by and present is not self._kernel.plain:
            labelling = Labelling(self._held.labels(), self._held.tally)
            self._held, self._by = present.hold(self._held.block, self._k, labelling), present
        if self._by is not self._kernel.plain:
            return self._held.relabel(centres, moves)
        began = time.perf_counter()
        change = self._held.relabel(centres, moves)
        self._kernel.coming.took(time.perf_counter() - began)
        return change

    def labels(self) -> Labels:
        return self._held.labels()

    def lying(self) -> tuple[DN, Labels]:
        return self._held.lying()

    def in_rows(self, values: Labels) -> Labels:
        return self._held.in_rows(values)

    def leave(self) -> None:
        self._held.leave()


class ArrivingPacker:
    """The NumPy packer until the compiled one has been made, if it ever is."""

    def __init__(self, part: Part[Packer]) -> None:
        """Take what is being made."""
        self.part = part
        """What is being made."""
        self._numpy: Packer = NumpyPacker()

    @property
    def present(self) -> Packer:
        """What packs now."""
        return self.part.value or self._numpy

    def pack(
        self,
        bands: NDArray[np.uint16],
        qa: NDArray[np.uint16] | None,
        radsat: NDArray[np.uint16] | None,
        rule: MaskRule,
        saturated_bits: int,
    ) -> PackedPixels:
        """Mask and pack a strip; the parameters are those of `masking.mask`."""
        return self.present.pack(bands, qa, radsat, rule, saturated_bits)

    def spread(self, valid: NDArray[np.uint8], labels: Labels, height: int, width: int) -> NDArray[np.uint8]:
        """Put labels back on the grid; the parameters are those of `packing.unmask`."""
        return self.present.spread(valid, labels, height, width)

    def squares(self, dn: DN, labels: Labels, k: int) -> NDArray[np.uint64]:
        """Return the (k, n_bands) sums of the members' squared DN."""
        return self.present.squares(dn, labels, k)


class ArrivingJudge:
    """The NumPy judge until the compiled one has been made, if it ever is."""

    def __init__(self, part: Part[Judge]) -> None:
        """Take what is being made."""
        self.part = part
        """What is being made."""
        self._numpy = NumpyJudge()

    def judge(self, dn: DN, labels: Labels, centres: Grid64, judging: Judging) -> Judged:
        """Return what is asked of some pixels; see `margins.Judge`."""
        return (self.part.value or self._numpy).judge(dn, labels, centres, judging)
