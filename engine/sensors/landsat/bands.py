"""Which file of a Landsat product holds which band role.

Sources: USGS LSDS-1619 and LSDS-1618 (band designations).
"""

from __future__ import annotations

from fractions import Fraction

from ..flags import FLAGS, QA_FILL
from ..readings import FILLED, BandFile, MaskFile, Values

_TM = {"blue": 1, "green": 2, "red": 3, "nir": 4, "swir1": 5, "swir2": 7}
_OLI = {"blue": 2, "green": 3, "red": 4, "nir": 5, "swir1": 6, "swir2": 7}

# Number of the SR_B<n> file of each role; LT08 (thermal only) has no surface reflectance and is not listed.
BAND_NUMBERS: dict[str, dict[str, int]] = {
    "LT04": _TM,
    "LT05": _TM,
    "LE07": _TM,
    "LC08": _OLI,
    "LO08": _OLI,
    "LC09": _OLI,
    "LO09": _OLI,
}

SENSOR_NAMES = {
    "LT04": "Landsat 4 TM",
    "LT05": "Landsat 5 TM",
    "LE07": "Landsat 7 ETM+",
    "LC08": "Landsat 8 OLI",
    "LO08": "Landsat 8 OLI",
    "LC09": "Landsat 9 OLI",
    "LO09": "Landsat 9 OLI",
}

# USGS LSDS-1619 and LSDS-1618: the same of all bands of surface reflectance.
_VALUES = Values(Fraction("0.0000275"), Fraction("-0.2"), 0)


def band_file(path: str) -> BandFile:
    """Return what a file of surface reflectance holds."""
    return BandFile(path, 1, _VALUES)


def quality_file(path: str) -> MaskFile:
    """Return what QA_PIXEL tells, whose bits are those of `flags`."""
    return MaskFile(path, 1, "QA_PIXEL", {**FLAGS, FILLED: QA_FILL}, {})


def saturation_file(path: str, sensor: str) -> MaskFile:
    """Return what QA_RADSAT tells of the bands of a sensor, by role.

    Landsat 8-9: bits 0-6 are B1-B7. Landsat 4-7: bits 0-4 are B1-B5, 5 is B6 and 6 is B7, so for the reflective bands
    the rule is the same: bit = number - 1 (USGS LSDS-1619 and LSDS-1618).
    """
    return MaskFile(path, 1, "QA_RADSAT", {role: 1 << (n - 1) for role, n in BAND_NUMBERS[sensor].items()}, {})
