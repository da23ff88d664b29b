"""What a run knows of one scene: the record that statistics and report are made of."""

from __future__ import annotations

from dataclasses import dataclass

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
