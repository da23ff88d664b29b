"""What a run knows of one scene: the record that statistics and report are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..arrays import UNCLASSIFIED
from ..kernels.margins import Counts
from ..pixels.masking import Audit
from ..pixels.sketch import Sketch
from ..results.statistics import Moments
from ..scenes.scene import Scene
from .own_classes import OwnClasses


@dataclass
class SceneResult:
    """What a run knows of one scene, filled in as it goes on."""

    scene: Scene
    """The scene."""
    audit: Audit
    """Why pixels are invalid."""
    sketch: Sketch
    """For the report's pictures."""
    moments: Moments
    """Of the classes in the scene; all zero before it is labelled."""
    own: OwnClasses | None = None
    """The scene's own classes beside the common ones, where they were asked for and it has valid pixels."""
    sieved: Sequence[int] | None = None
    """Pixels of each class in the raster, where a sieve or rejection has changed them; otherwise those of `moments`."""
    unclassified: int = 0
    """Valid pixels that are of no class in the raster."""
    judged: Counts | None = None
    """Pixels and margins by the value that is written, where margins were asked for or pixels may be rejected."""

    @property
    def counts(self) -> Sequence[int]:
        """Pixels of each class in the scene's raster."""
        return self.moments.count if self.sieved is None else self.sieved

    def shows(self, numbers: Sequence[int]) -> None:
        """Take from what was judged how many pixels of each class, by its number, the raster has."""
        if self.judged is not None:
            self.sieved = [int(self.judged.pixels[number]) for number in numbers]
            self.unclassified = int(self.judged.pixels[UNCLASSIFIED])
