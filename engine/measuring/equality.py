"""Are the results of two runs the same, bit for bit?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..centres.fit import Fit
from ..execution.threads import ThreadExecutor
from ..pixels.block import Block
from ..progress import Progress

if TYPE_CHECKING:
    from ..arrays import Grid64, Labels


@dataclass(frozen=True)
class Outcome:
    """What a run must give to be equal to another."""

    centres: Grid64
    """(k, n_bands) in 1/64 DN."""
    labels: tuple[Labels, ...]
    """One array a block."""
    changed: tuple[int, ...]
    """Pixels that changed class, one an iteration."""

    @classmethod
    def of(cls, fit: Fit, blocks: Iterable[Block]) -> Outcome:
        """Return a copy of a run's outcome."""
        labels = tuple(block.labels.copy() for block in blocks)
        return cls(fit.centres.copy(), labels, tuple(record.changed for record in fit.iterations))

    def difference(self, fit: Fit, blocks: Iterable[Block]) -> str:
        """Return how another run differs from this one, in words; empty where all bits are the same."""
        found = []
        wrong = sum(int(np.count_nonzero(mine != block.labels)) for mine, block in zip(self.labels, blocks))
        if wrong:
            found.append(f"{wrong:,} of {sum(mine.size for mine in self.labels):,} labels")
        moved = int(np.count_nonzero((self.centres != fit.centres).any(axis=1)))
        if moved:
            found.append(f"{moved} of {len(self.centres)} centres")
        if tuple(record.changed for record in fit.iterations) != self.changed:
            found.append("the numbers of pixels that changed class")
        return f"{' and '.join(found)} differ from serial" if found else ""


def digests(blocks: Sequence[Block], executor: ThreadExecutor, progress: Progress) -> dict[tuple[int, int], bytes]:
    """Return a hash of where the valid pixels of each block lie and of their values, by scene and row."""

    def digest(block: Block) -> tuple[tuple[int, int], bytes]:
        found = hashlib.sha256(block.valid.tobytes())
        found.update(block.dn.tobytes())
        return (block.strip.scene, block.strip.row), found.digest()

    return dict(executor.each(digest, blocks, progress))


def digest_of_rasters(folder: Path) -> bytes:
    """Return a hash of all rasters in a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.tif")):
        found.update(path.read_bytes())
    return found.digest()
