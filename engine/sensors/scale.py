"""The one scale on which pixels of every sensor are held: the digital numbers (DN) of Landsat Collection 2 Level-2.

Sources: USGS LSDS-1619 and LSDS-1618 (scale, offset, fill and valid range of surface reflectance), USGS "How do I use a
scale factor with Landsat Level-2 science products?".
"""

from __future__ import annotations

from fractions import Fraction

EXACT_SCALE = Fraction(275, 10**7)
EXACT_OFFSET = Fraction(-2, 10)
SCALE = float(EXACT_SCALE)
OFFSET = float(EXACT_OFFSET)
FILL = 0
# Reflectance 0..1; numbers outside occur (glint, shadow edges, clouds) and stay valid.
VALID_DN = (7273, 43636)


def reflectance(dn: float) -> float:
    """Return the surface reflectance of a DN (float DN such as means allowed)."""
    return dn * SCALE + OFFSET
