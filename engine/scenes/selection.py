"""What is read of the scenes."""

from __future__ import annotations

from dataclasses import dataclass

from .area import Area


@dataclass(frozen=True)
class MaskRule:
    """Which pixels are invalid besides fill."""

    flags: tuple[str, ...]
    """Names of QA_PIXEL flags, of `sensors.flags.FLAGS`."""
    saturated: bool
    """Whether pixels saturated in a chosen band are invalid where the scene has QA_RADSAT."""


@dataclass(frozen=True)
class Selection:
    """What is read of every scene: which bands, and which of their pixels count."""

    roles: tuple[str, ...]
    """Band roles, in the order of the bands of every array of pixels; before scenes are checked there may be none."""
    mask: MaskRule
    """Which pixels are invalid besides fill."""
    area: Area | None = None
    """Only pixels whose centre lies inside count; everywhere by default."""
