"""Band roles, their files per sensor, and the meaning of the digital numbers.

Sources: USGS LSDS-1619 and LSDS-1618 (band designations; scale, offset, fill and valid range of surface reflectance),
USGS "How do I use a scale factor with Landsat Level-2 science products?".
"""

from __future__ import annotations

# The order is the meaning of the BANDS parameter and of signatures.json; never reorder.
ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")

SCALE = 0.0000275
OFFSET = -0.2
FILL = 0
# Reflectance 0..1; numbers outside occur (glint, shadow edges, clouds) and stay valid.
VALID_DN = (7273, 43636)

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

# Centre wavelengths in micrometres, of OLI (USGS "What are the band designations for the Landsat satellites?",
# middle of each range); TM and ETM+ lie within 0.02 of them except nir (0.83).
WAVELENGTHS = {"blue": 0.482, "green": 0.561, "red": 0.655, "nir": 0.865, "swir1": 1.609, "swir2": 2.201}


def reflectance(dn: float) -> float:
    """Return the surface reflectance of a DN (float DN such as means allowed)."""
    return dn * SCALE + OFFSET
