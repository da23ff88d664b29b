"""Quality bits of Collection 2 Level-2 as data.

Sources: QA_PIXEL table 6-3 of USGS LSDS-1619 (Landsat 8-9) and table 5-4 of LSDS-1618 (Landsat 4-7), USGS page
"Landsat Collection 2 Quality Assessment Bands". Bit 6 ("clear") is deliberately not offered: on Landsat 8 it is also
set on cloud shadow and cirrus, on Landsat 4-7 it is missing over water (USGS known issue, February 2021).
SR_QA_AEROSOL is not used either: its commonest value flags high aerosol that was interpolated over good pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

QA_FILL = 1 << 0

# Name -> bit of QA_PIXEL, in the order of the MASK parameter; never reorder. The bits are the same for both sensor
# families; cirrus is never set by Landsat 4-7, which lack the band.
FLAGS: dict[str, int] = {
    "dilated cloud": 1 << 1,
    "cirrus": 1 << 2,
    "cloud": 1 << 3,
    "cloud shadow": 1 << 4,
    "snow or ice": 1 << 5,
    "water": 1 << 7,
}
DEFAULT_FLAGS = ("dilated cloud", "cirrus", "cloud", "cloud shadow")

# Band number -> bit of QA_RADSAT. Landsat 8-9: bits 0-6 are B1-B7. Landsat 4-7: bits 0-4 are B1-B5, 5 is B6 and
# 6 is B7, so for the reflective bands the rule is the same: bit = number - 1.
SATURATION_BITS: dict[int, int] = {number: 1 << (number - 1) for number in (1, 2, 3, 4, 5, 7)}
SATURATION_BITS[6] = 1 << 5


def flag_bits(names: Iterable[str]) -> int:
    """Return the QA_PIXEL bits of the named flags, ORed."""
    bits = 0
    for name in names:
        bits |= FLAGS[name]
    return bits


def saturation_bits(band_numbers: Iterable[int]) -> int:
    """Return the QA_RADSAT bits of the bands with these numbers, ORed."""
    bits = 0
    for number in band_numbers:
        bits |= SATURATION_BITS[number]
    return bits
