"""What a run made, for whoever started it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..centres.fit import Fit
from ..scenes.scene import Scene
from .names import REPORT_NAME, SIGNATURES_NAME, STATISTICS_NAME


class Written:
    """The files that a run of either mode writes for all scenes."""

    output: Path
    """The folder."""

    @property
    def statistics(self) -> Path:
        """Path of statistics.csv."""
        return self.output / STATISTICS_NAME

    @property
    def report(self) -> Path:
        """Path of report.html."""
        return self.output / REPORT_NAME


@dataclass(frozen=True)
class Result(Written):
    """What a run made."""

    scenes: tuple[Scene, ...]
    """In the order of time."""
    rasters: tuple[Path, ...]
    """One a scene."""
    output: Path
    """The folder."""
    fit: Fit
    """Centres and iterations."""
    pixels: int
    """Valid pixels of all scenes."""
    empty_classes: tuple[int, ...]
    """Classes without a pixel in any scene."""
    names: tuple[str, ...]
    """Of the classes 1..k."""
    margins: tuple[Path, ...] = ()
    """Rasters of margins, one a scene; none where they were not asked for."""
    unclassified: int = 0
    """Valid pixels that are too far from every centre."""

    common: ClassVar[bool] = True
    """Whether the classes are the same in every scene."""

    @property
    def k(self) -> int:
        """Number of classes."""
        return len(self.names)

    @property
    def iterations(self) -> int:
        """Number of iterations."""
        return len(self.fit.iterations)

    @property
    def converged(self) -> bool:
        """Whether the iteration stopped by itself."""
        return self.fit.converged

    @property
    def signatures(self) -> Path:
        """Path of signatures.json."""
        return self.output / SIGNATURES_NAME


@dataclass(frozen=True)
class EachResult(Written):
    """What a run with classes of each scene made."""

    scenes: tuple[Scene, ...]
    """In the order of time."""
    rasters: tuple[Path, ...]
    """One a scene."""
    output: Path
    """The folder."""
    k: int
    """Number of classes of each scene."""
    fits: tuple[Fit | None, ...]
    """One a scene; None where it has no valid pixel."""
    signature_files: tuple[Path | None, ...]
    """One a scene, likewise."""
    pixels: int
    """Valid pixels of all scenes."""
    empty_classes: tuple[tuple[int, int], ...]
    """(index of the scene, class) of each class that has no pixel in its own scene."""
    margins: tuple[Path, ...] = ()
    """Rasters of margins, one a scene; none where they were not asked for."""
    unclassified: int = 0
    """Valid pixels that are too far from every centre of their scene."""

    common: ClassVar[bool] = False
    """Whether the classes are the same in every scene."""

    @property
    def iterations(self) -> int:
        """The most iterations of a scene."""
        return max(len(fit.iterations) for fit in self.fits if fit is not None)

    @property
    def converged(self) -> bool:
        """Whether all scenes with valid pixels converged."""
        return all(fit.converged for fit in self.fits if fit is not None)

    @property
    def signatures(self) -> Path | None:
        """The signatures file of a run with one scene; None with several, of which none stands for the others."""
        return self.signature_files[0] if len(self.scenes) == 1 else None
