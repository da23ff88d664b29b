"""What the stored values of a product's files mean: how they become DN and flags of the one scale.

Made of a sensor's sheet and the few metadata that it names; see `scale` and `flags` for what they become.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .flags import FLAGS, QA_FILL
from .scale import EXACT_OFFSET, EXACT_SCALE, FILL

# QA_FILL's name beside those of `flags.FLAGS`; what QA_RADSAT tells of Landsat.
FILLED = "fill"
SATURATED = "saturated"
WHOLE = ("uint8", "int16", "uint16")
"""Types of whole numbers that bands and masks can be stored in."""
FLOATS = ("float32", "float64")
"""Types of reflectance in floating point."""
_MOST = dict(zip(WHOLE, (255, 32_767, 65_535)))
# Reflectance a step: percent, and no more, is written in floating point.
_COARSE = Fraction(1, 100)


@dataclass(frozen=True)
class Values:
    """How stored values q mean reflectance: q x scale + offset, in exact rational numbers."""

    scale: Fraction
    """Reflectance a step."""
    offset: Fraction
    """Reflectance of 0."""
    fill: int | None
    """The stored value that means no data, besides what the file itself declares."""
    types: tuple[str, ...] = ()
    """Types that the file may have; () = `accepted` decides."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """Types that the file may have: those that can hold reflectance 0.5, and floating point where a step is large.

        Values of 0 to 1 in a file of a product of 1/10000 would all mean reflectance 0.
        """
        if self.types:
            return self.types
        if self.on_scale:
            return ("uint16",)
        whole = [name for name, most in _MOST.items() if most * self.scale + self.offset >= Fraction(1, 2)]
        return (*whole, *(FLOATS if self.scale >= _COARSE else ()))

    @property
    def on_scale(self) -> bool:
        """Whether stored whole numbers are DN of the one scale as they are, as Landsat's."""
        return (self.scale, self.offset, self.fill) == (EXACT_SCALE, EXACT_OFFSET, FILL)


@dataclass(frozen=True)
class BandFile:
    """Where the values of a band role lie."""

    path: str
    """What rasterio opens."""
    band: int
    """Number of the band in the file, from 1."""
    values: Values
    """What is stored."""
    count: int = 1
    """How many bands the file has."""


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
    types: tuple[str, ...] = ()
    """Types that the file may have; () = `accepted` decides."""
    count: int = 1
    """How many bands the file has."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """Types that the file may have: whole numbers, of 16 bits where the values are words of flags already."""
        return self.types or (("uint16",) if self.is_flags else WHOLE)

    @property
    def is_flags(self) -> bool:
        """Whether values of 16 bits are words of flags as they are, as those of Landsat's QA_PIXEL."""
        told = {name: bits for name, bits in self.bits.items() if bits}
        return told == {**FLAGS, FILLED: QA_FILL} and not any(self.classes.values())
