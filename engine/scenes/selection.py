"""What is read of the scenes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MaskRule:
    """Which pixels are invalid besides fill."""

    flags: tuple[str, ...]
    """Names of QA_PIXEL flags, of `landsat.qa.FLAGS`."""
    saturated: bool
    """Whether pixels saturated in a chosen band are invalid where the scene has QA_RADSAT."""
