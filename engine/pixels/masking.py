"""Which pixels are valid, and why the others are not: step 2 of "What is computed" in docs/method.md.

The area of interest is not known here: `reading.decode_strip` has made fill of what lies outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..scenes.selection import MaskRule
from ..sensors.flags import FLAGS, QA_FILL, flag_bits
from ..sensors.scale import FILL, VALID_DN
from .scaling import Looks, suspicion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN


def mask(
    bands: NDArray[np.uint16],
    qa: NDArray[np.uint16] | None,
    radsat: NDArray[np.uint16] | None,
    rule: MaskRule,
    saturated_bits: int,
) -> tuple[NDArray[np.bool_], Audit]:
    """Find the valid pixels and count why the others are not.

    Parameters
    ----------
    bands
        (n_bands, height, width) DN.
    qa, radsat
        (height, width) words of flags, as QA_PIXEL's, and of saturation, as QA_RADSAT's; None where there is none.
    rule
        What makes a pixel invalid besides fill.
    saturated_bits
        Bits of `radsat` that mean a chosen band.

    Returns
    -------
    valid : (height, width) bool
    audit : Audit
        Without `out_of_range`.
    """
    filled = not_fill(bands, qa)
    audit = Audit(pixels=filled.size, fill=filled.size - int(np.count_nonzero(filled)))
    valid = filled
    if qa is not None:
        # Fill pixels are blanked once, so that no flag is counted on them.
        seen = np.where(filled, qa, np.uint16(0))
        audit.flags = {name: int(np.count_nonzero(seen & np.uint16(bit))) for name, bit in FLAGS.items()}
        bits = flag_bits(rule.flags)
        if bits:
            valid = valid & ((qa & np.uint16(bits)) == 0)
    if radsat is not None:
        saturated = (radsat & np.uint16(saturated_bits)) != 0
        np.logical_and(saturated, filled, out=saturated)
        audit.saturated = int(np.count_nonzero(saturated))
        if audit.saturated:
            valid = valid & ~saturated
    audit.valid = int(np.count_nonzero(valid))
    return valid, audit


def not_fill(bands: NDArray[np.uint16], qa: NDArray[np.uint16] | None) -> NDArray[np.bool_]:
    """Return where neither a band nor the mask says fill; the parameters are those of `mask`."""
    filled: NDArray[np.bool_] = bands[0] != FILL
    for band in bands[1:]:
        np.logical_and(filled, band != FILL, out=filled)
    if qa is not None:
        np.logical_and(filled, (qa & np.uint16(QA_FILL)) == 0, out=filled)
    return filled


def count_out_of_range(dn: DN) -> int:
    """Return how many pixels have a band outside the range that USGS calls valid (they stay valid here)."""
    low, high = VALID_DN
    outside = np.zeros(dn.shape[1], bool)
    for band in dn:
        # One comparison for both ends: below `low` the unsigned difference wraps to a large number.
        np.logical_or(outside, (band - np.uint16(low)) > np.uint16(high - low), out=outside)
    return int(np.count_nonzero(outside))


def masked(audit: Audit) -> int:
    """Return how many pixels are invalid for another reason than fill."""
    return audit.inside - audit.fill - audit.valid


@dataclass
class Audit:
    """Why the pixels of a scene are invalid; the reasons overlap, so they need not add up."""

    pixels: int = 0
    """All pixels of the grid."""
    fill: int = 0
    """The mask says fill or a chosen band is fill."""
    flags: dict[str, int] = field(default_factory=dict)
    """Flag -> pixels that are not fill and carry it, for all flags, chosen or not; empty without a mask."""
    saturated: int = 0
    """Pixels that are not fill and saturated in a chosen band."""
    out_of_range: int = 0
    """Valid pixels with a chosen band outside `sensors.scale.VALID_DN`."""
    valid: int = 0
    """Pixels that are clustered."""
    outside: int = 0
    """Pixels whose centre lies outside the area of interest; they count for no other reason."""
    looks: Looks = field(default_factory=Looks)
    """What values out of range look like, where most pixels are."""
    blank: dict[str, int] = field(default_factory=dict)
    """File -> pixels of its tiles without one value, while the other files have values there; see `gaps`."""
    clipped: int = 0
    """Valid pixels with a value in a chosen band that was cut to the ends of the scale; none of Landsat's can be."""

    @property
    def inside(self) -> int:
        """Pixels that may be valid for all the area of interest says."""
        return self.pixels - self.outside

    @property
    def valid_percent(self) -> float:
        """Share of valid pixels among those inside the area of interest; 0 if there are none."""
        return 100.0 * self.valid / self.inside if self.inside else 0.0

    @property
    def doubts(self) -> list[str]:
        """What makes the scene doubtful though it can be read, as ends of sentences on it."""
        found = suspicion(self.out_of_range, self.valid, self.looks)
        blank = [
            f"{name} has no value in tiles of {count:,} pixels where the other files have some, so it may be damaged"
            for name, count in sorted(self.blank.items())
        ]
        return [*([found] if found else []), *blank]

    def add(self, other: Audit) -> None:
        """Add the counts of another part of the same scene."""
        self.pixels += other.pixels
        self.outside += other.outside
        self.fill += other.fill
        for name, count in other.flags.items():
            self.flags[name] = self.flags.get(name, 0) + count
        self.saturated += other.saturated
        self.out_of_range += other.out_of_range
        self.valid += other.valid
        self.looks.add(other.looks)
        for name, count in other.blank.items():
            self.blank[name] = self.blank.get(name, 0) + count
        self.clipped += other.clipped

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as they stand in signatures.json."""
        return {
            "pixels": self.pixels,
            "outside_aoi": self.outside,
            "fill": self.fill,
            "flags": dict(self.flags),
            "saturated": self.saturated,
            "out_of_range": self.out_of_range,
            "valid": self.valid,
            "clipped": self.clipped,
        }
