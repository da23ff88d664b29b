"""Whether the values of a scene are what its sensor's sheet says at all, and what they look like where they are not.

The count of pixels out of range tells whether; a few of them are looked at to say what. No result changes. Of values
that were converted no more is known than their reflectance: what is small as stored is no longer small as DN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..sensors.scale import SCALE, VALID_DN

if TYPE_CHECKING:
    from ..arrays import DN

# Values looked at in a strip where most pixels are out of range; in others none is.
_LOOKED_AT = 4096
# A little below reflectance 0, as water and shadow come out of the atmospheric correction: 0.03 (USGS names -0.2 to 1.6
# as the range that occurs).
_DARK = VALID_DN[0] - round(0.03 / SCALE)
# Reflectance 1 in products of 1/10000, such as Collection 1 (USGS LSDS-1370); clouds and snow go beyond.
_TEN_THOUSAND = 10_000
_LARGEST = 65_535
_MOST = 0.9
_DARK_WORDS = "most by less than 0.03 of reflectance, as water and shadow can after the atmospheric correction"


@dataclass
class Looks:
    """Counts among some values of pixels out of range."""

    values: int = 0
    """How many were looked at."""
    to_1: int = 0
    """0 or 1."""
    to_255: int = 0
    """Up to 255."""
    to_10000: int = 0
    """Up to 10 000."""
    dark: int = 0
    """Below the range, by a reflectance of 0.03 at most."""
    low: int = 0
    """Below the range."""
    largest: int = 0
    """65535."""
    converted: int = 0
    """Converted from another scale than Landsat's; these are all or none of a scene."""

    def add(self, other: Looks) -> None:
        """Add the counts of another part."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def words(self) -> str:
        """What the values look like, as the rest of a sentence on the scene."""
        if not self.values:
            return "which is seldom so in Collection 2"
        enough = _MOST * self.values
        if self.converted:
            return self._words_of_converted
        if self.to_1 >= enough:
            return "most are 0 or 1: this looks like a mask, or like reflectance cut to whole numbers"
        if self.to_255 >= enough:
            return "most are 255 or less: this looks like an 8-bit picture"
        if self.dark >= _MOST * self.low > 0 and self.low >= self.values / 2:
            return _DARK_WORDS
        if self.to_10000 >= enough:
            return "most are 10000 or less: this looks like reflectance x 10000, the scaling of Collection 1"
        if self.largest >= self.values / 2:
            return "most are 65535: this looks like fill that the file does not declare as nodata"
        return "which looks like another scaling than that of Collection 2"

    @property
    def _words_of_converted(self) -> str:
        if self.dark >= _MOST * self.low > 0 and self.low >= self.values / 2:
            return _DARK_WORDS
        if self.low >= _MOST * self.values:
            return "most below 0: this looks like an offset that was subtracted twice, or that the values do not have"
        if self.largest >= self.values / 2:
            return (
                "most at reflectance 1.6 or more: this looks like another scale than the sensor's, or like fill that "
                "the file does not declare as nodata"
            )
        if self.low <= (1 - _MOST) * self.values:
            return "most above 1: this looks like another scale than the sensor's, or like an offset not subtracted"
        return "which looks like another scaling than the sensor's"


def look(dn: DN, out_of_range: int, converted: bool = False) -> Looks:
    """Look at some values of pixels of which most are out of range; at none otherwise.

    Parameters
    ----------
    dn
        (n_bands, n) valid pixels of a strip.
    out_of_range
        How many of them are out of range.
    converted
        Whether they were stored on another scale than Landsat's.
    """
    n = dn.shape[1]
    if not n or 2 * out_of_range <= n:
        return Looks()
    some = dn[:, :: -(-dn.size // _LOOKED_AT)]
    odd = some[(some < VALID_DN[0]) | (some > VALID_DN[1])]
    return Looks(
        values=odd.size,
        to_1=int(np.count_nonzero(odd <= 1)),
        to_255=int(np.count_nonzero(odd <= 255)),
        to_10000=int(np.count_nonzero(odd <= _TEN_THOUSAND)),
        dark=int(np.count_nonzero((odd >= _DARK) & (odd < VALID_DN[0]))),
        low=int(np.count_nonzero(odd < VALID_DN[0])),
        largest=int(np.count_nonzero(odd == _LARGEST)),
        converted=odd.size if converted else 0,
    )


def suspicion(out_of_range: int, valid: int, looks: Looks, band: str | None = None) -> str | None:
    """Return what is to be told of a scene of which most valid pixels are out of range, as the end of a sentence.

    Parameters
    ----------
    out_of_range, valid
        Of the scene, or of some of its pixels.
    looks
        Of some of its values.
    band
        The one that some of the pixels were looked at in; None where all were, in all bands.
    """
    if 2 * out_of_range <= valid:
        return None
    low, high = VALID_DN
    looked_at, where = ("", "some band") if band is None else (" looked at", f"the {band} band")
    bounds = "reflectance 0 to 1" if looks.converted else f"DN {low}-{high} (reflectance 0 to 1)"
    share = f"{100 * out_of_range / valid:.1f} % of the valid pixels{looked_at}"
    return f"{share} lie outside {bounds} in {where}, {looks.words}"
