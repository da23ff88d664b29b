"""The range of every number that a user may set, and the one sentence that says so of another; names likewise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from .choices import MAX_K, MAX_POINTS, MAX_REPEATS, MAX_SAMPLE, MIN_K, MIN_SAMPLE
from .errors import ParameterError, shown

# What a number field of QGIS holds. A run of as many iterations does not end, no benchmark reads as many pixels.
_MOST = 2**31 - 1
# Twice the hardware threads of the largest servers, which are about 2000: more only wait for each other, and each takes
# the memory of a strip.
MOST_WORKERS = 4096
# 128 TB, all that a 64-bit program can address on x86-64 (47 bits): more is a slip of the unit, not of the machine.
MOST_MEMORY = 128_000_000
# No pixel is farther from a centre than 65535 DN, 1.8 of reflectance, in each of 13 bands, together 6.5: more is a slip
# of the unit, such as a distance in DN.
_MOST_REFLECTANCE = 10
# Signed 64 bits: what other programs store a seed in.
_SEEDS = (-(2**63), 2**63 - 1)


@dataclass(frozen=True)
class Range:
    """From where to where a number may lie."""

    low: int
    """Smallest."""
    high: int
    """Largest."""
    wanted: str
    """What to choose, in words."""
    whole: bool = True
    """Whether it must be a whole number."""
    unit: str = ""
    """What stands behind the number where it is told, with a space."""

    @property
    def kind(self) -> str:
        """What is expected, in words."""
        return "a whole number" if self.whole else "a number"


_CLASSES = Range(MIN_K, MAX_K, f"a number of classes from {MIN_K} to {MAX_K}")
RANGES: Mapping[str, Range] = {
    "K": _CLASSES,
    "K_MIN": _CLASSES,
    "K_MAX": _CLASSES,
    "MAX_ITERATIONS": Range(1, _MOST, f"a number of iterations from 1 to {_MOST}"),
    "TOLERANCE": Range(0, 100, "a share from 0 to 100", whole=False, unit=" %"),
    "REJECT": Range(0, _MOST_REFLECTANCE, f"a distance in reflectance from 0 to {_MOST_REFLECTANCE}", whole=False),
    "SEED": Range(*_SEEDS, f"a whole number from {_SEEDS[0]} to {_SEEDS[1]}"),
    "WORKERS": Range(0, MOST_WORKERS, f"a number of threads up to {MOST_WORKERS}, or 0 for one a core"),
    "MEMORY": Range(
        0, MOST_MEMORY, f"a size up to {MOST_MEMORY} MB, or 0 for a safe share of what is free", unit=" MB"
    ),
    "SAMPLE": Range(MIN_SAMPLE, MAX_SAMPLE, f"{MIN_SAMPLE} to {MAX_SAMPLE} pixels"),
    "REPEATS": Range(1, MAX_REPEATS, f"a number from 1 to {MAX_REPEATS}"),
    "N": Range(1, MAX_POINTS, f"a number of points from 1 to {MAX_POINTS}"),
    "MIN_PER_CLASS": Range(0, MAX_POINTS, f"a number of points up to {MAX_POINTS}, or 0 for none"),
    "MIN_PIXELS": Range(0, _MOST, f"a number of pixels up to {_MOST}, or 0 to leave all patches"),
    "MAX_DAYS": Range(0, _MOST, f"a number of days up to {_MOST}, or 0 for the same day"),
    "PIXELS": Range(0, _MOST, f"a number of pixels up to {_MOST}, or 0 for all"),
}
"""Parameter -> its range."""


def check_number(parameter: str, value: object, written: str = "") -> None:
    """Check a number that a user set.

    Parameters
    ----------
    parameter
        Its name.
    value
        The number, if it is one.
    written
        How it was written, for the message, where it was a text.

    Raises
    ------
    ParameterError
        It is no number, not whole where it must be, or out of its range; the message says which range.
    """
    known = RANGES[parameter]
    number: Any = value
    # True is a number to Python, not to a user.
    if isinstance(value, bool) or not isinstance(value, Integral if known.whole else Real):
        raise ParameterError(f"{parameter} is {shown(value)}, expected {known.kind}; choose {known.wanted}.")
    if known.whole:
        # As Python's own: NumPy compares its unsigned numbers with signed ones as floats.
        number = int(number)
    # Written so that NaN, which is neither below nor above anything, is out of every range.
    if not known.low <= number <= known.high:
        found = shown(written)[1:-1] if written else _short(value)
        raise ParameterError(f"{parameter} is {found}{known.unit}; choose {known.wanted}.")


def check_names(parameter: str, found: object, known: tuple[str, ...]) -> None:
    """Raise ParameterError if a choice of several is no list of known names, each once, in their order."""
    names = [name for name in known if isinstance(found, (tuple, list)) and name in found]
    if not isinstance(found, (tuple, list)) or names != list(found):
        raise ParameterError(
            f"{parameter} is {shown(found)}, expected some of {', '.join(known)}, each once and in this order; choose "
            "of these."
        )


def _short(value: object) -> str:
    # A whole number may have any number of digits, which Python refuses to write from 4300 on.
    if not isinstance(value, int) or value.bit_length() < 128:
        return str(value)
    return f"about {'-' if value < 0 else ''}10**{round(value.bit_length() * math.log10(2))}"
