"""What can make a pixel invalid, by names and as bits of one word that masks of every sensor are brought to.

The bits are those of QA_PIXEL of Landsat Collection 2 Level-2, so that its files are read as they are. Sources:
QA_PIXEL table 6-3 of USGS LSDS-1619 (Landsat 8-9) and table 5-4 of LSDS-1618 (Landsat 4-7), USGS page
"Landsat Collection 2 Quality Assessment Bands". Bit 6 ("clear") is deliberately not offered: on Landsat 8 it is also
set on cloud shadow and cirrus, on Landsat 4-7 it is missing over water (USGS known issue, February 2021).
SR_QA_AEROSOL is not used either: its commonest value flags high aerosol that was interpolated over good pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

QA_FILL = 1 << 0

# Name -> bit, in the order of the MASK parameter; never reorder. On Landsat the bits are the same for both sensor
# families; cirrus is never set by Landsat 4-7, which lack the band.
FLAGS: dict[str, int] = {
    "dilated cloud": 1 << 1,
    "cirrus": 1 << 2,
    "cloud": 1 << 3,
    "cloud shadow": 1 << 4,
    "snow or ice": 1 << 5,
    "water": 1 << 7,
}
# Saturated or defective, in words made of masks that tell it beside flags; QA_PIXEL has another meaning for this bit,
# and Landsat tells saturation in a file of its own.
SATURATION = 1 << 8
DEFAULT_FLAGS = ("dilated cloud", "cirrus", "cloud", "cloud shadow")


def flag_bits(names: Iterable[str]) -> int:
    """Return the bits of the named flags, ORed."""
    bits = 0
    for name in names:
        bits |= FLAGS[name]
    return bits
