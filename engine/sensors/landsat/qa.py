"""Saturation bits of Landsat Collection 2 Level-2 as data; source: USGS LSDS-1619 and LSDS-1618, QA_RADSAT."""

from __future__ import annotations

from collections.abc import Iterable

# Band number -> bit of QA_RADSAT. Landsat 8-9: bits 0-6 are B1-B7. Landsat 4-7: bits 0-4 are B1-B5, 5 is B6 and
# 6 is B7, so for the reflective bands the rule is the same: bit = number - 1.
SATURATION_BITS: dict[int, int] = {number: 1 << (number - 1) for number in (1, 2, 3, 4, 5, 7)}
SATURATION_BITS[6] = 1 << 5


def saturation_bits(band_numbers: Iterable[int]) -> int:
    """Return the QA_RADSAT bits of the bands with these numbers, ORed."""
    bits = 0
    for number in band_numbers:
        bits |= SATURATION_BITS[number]
    return bits
