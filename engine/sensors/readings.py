"""What the stored values of a product's files mean: how they become DN and flags of the one scale.

Made of a sensor's sheet and the few metadata that it names; see `scale` and `flags` for what they become.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

# QA_FILL's name beside those of `flags.FLAGS`; what QA_RADSAT tells of Landsat.
FILLED = "fill"
SATURATED = "saturated"


@dataclass(frozen=True)
class Values:
    """How stored values q mean reflectance: q x scale + offset, in exact rational numbers."""

    scale: Fraction
    """Reflectance a step."""
    offset: Fraction
    """Reflectance of 0."""
    fill: int | None
    """The stored value that means no data, besides what the file itself declares."""


@dataclass(frozen=True)
class BandFile:
    """Where the values of a band role lie."""

    path: str
    """What rasterio opens."""
    band: int
    """Number of the band in the file, from 1."""
    values: Values
    """What is stored."""


@dataclass(frozen=True)
class MaskFile:
    """A band of a file that tells flags."""

    path: str
    """What rasterio opens."""
    band: int
    """Number of the band in the file, from 1."""
    kind: str
    """What the product calls it, such as QA_PIXEL, Fmask, SCL or udm2; for messages."""
    bits: Mapping[str, int]
    """Flag, FILLED or SATURATED -> bits of the stored value any of which says so."""
    classes: Mapping[str, tuple[int, ...]]
    """Flag, FILLED or SATURATED -> stored values each of which says so."""
