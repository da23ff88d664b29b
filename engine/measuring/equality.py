"""Are the results of two runs the same, bit for bit?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..centres.fit import Fit
from ..execution.executor import Executor
from ..passes.site import BlockSite
from ..progress import Progress
from ..scenes.scene import Strip

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
    def of(cls, fit: Fit, labels: Iterable[Labels]) -> Outcome:
        """Return a copy of a run's outcome, with the labels block by block."""
        return cls(
            fit.centres.copy(), tuple(one.copy() for one in labels), tuple(record.changed for record in fit.iterations)
        )

    def difference(self, fit: Fit, labels: Iterable[Labels]) -> str:
        """Return how another run differs from this one, in words; empty where all bits are the same."""
        found = []
        wrong = sum(int(np.count_nonzero(mine != its)) for mine, its in zip(self.labels, labels))
        if wrong:
            found.append(f"{wrong:,} of {sum(mine.size for mine in self.labels):,} labels")
        moved = int(np.count_nonzero((self.centres != fit.centres).any(axis=1)))
        if moved:
            found.append(f"{moved} of {len(self.centres)} centres")
        if tuple(record.changed for record in fit.iterations) != self.changed:
            found.append("the numbers of pixels that changed class")
        return f"{' and '.join(found)} differ from serial" if found else ""


@dataclass(frozen=True)
class DigestStrip:
    """Hash where the valid pixels of a kept strip lie, and their values."""

    strip: Strip
    """Which rows."""

    def do(self, site: BlockSite) -> tuple[Strip, bytes]:
        """Hash."""
        block = site.block(self.strip)
        found = hashlib.sha256(block.valid.tobytes())
        found.update(block.dn.tobytes())
        return self.strip, found.digest()


def digests(executor: Executor, strips: Sequence[Strip], progress: Progress) -> dict[Strip, bytes]:
    """Return a hash of the pixels of each strip that was kept."""
    return dict(executor.run([DigestStrip(strip) for strip in strips], progress))


def digest_of_rasters(folder: Path) -> bytes:
    """Return a hash of all rasters in a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.tif")):
        found.update(path.read_bytes())
    return found.digest()
