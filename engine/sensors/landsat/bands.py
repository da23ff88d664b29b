"""Which file of a Landsat product holds which band role.

Sources: USGS LSDS-1619 and LSDS-1618 (band designations).
"""

from __future__ import annotations

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
