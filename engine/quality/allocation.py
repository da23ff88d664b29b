"""How many sample points each class gets."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..choices import EQUAL, PROPORTIONAL
from ..errors import ParameterError
from ..quantities import counted


def allocate(pixels: Mapping[int, int], wanted: int, allocation: str, least: int) -> dict[int, int]:
    """Share sample points out among classes: exactly as many as wanted, never more than a class has pixels.

    Fractions go to the classes with the largest remainders, of equal ones to the lower class. What a class is too small
    for goes to the others in the same way.

    Parameters
    ----------
    pixels
        Class -> its pixels, above 0.
    wanted
        Points.
    allocation
        One of `ALLOCATIONS`: the same number each; by the pixels; by the pixels, but at least `least` each.
    least
        Points that every class gets at least, or all its pixels, where the allocation asks for it.

    Raises
    ------
    ParameterError
        There are not so many pixels, or not so many points.
    """
    total = sum(pixels.values())
    if wanted > total:
        raise ParameterError(f"N is {wanted:,}, but RASTERS have {total:,} classified pixels; choose fewer points.")
    if allocation == EQUAL:
        return _shared(dict.fromkeys(pixels, 1), pixels, wanted)
    if allocation == PROPORTIONAL:
        return _shared(pixels, pixels, wanted)
    floor = {j: min(least, number) for j, number in pixels.items()}
    needed = sum(floor.values())
    if needed > wanted:
        raise ParameterError(
            f"N is {wanted:,}, but MIN_PER_CLASS {least:,} in {counted(len(pixels), 'class', 'classes')} takes "
            f"{needed:,} points; choose more points, or fewer for each class."
        )
    # Who would get less than the least gets just that, and the others share the rest; which may bring down more.
    small: set[int] = set()
    while True:
        rest = wanted - sum(floor[j] for j in small)
        free = {j: number for j, number in pixels.items() if j not in small}
        whole = sum(free.values())
        found = {j for j, number in free.items() if rest * number < floor[j] * whole}
        if not found:
            return {**{j: floor[j] for j in small}, **_shared(free, free, rest)}
        small |= found


def _shared(weights: Mapping[int, int], most: Mapping[int, int], wanted: int) -> dict[int, int]:
    """Share out by weights, by the largest remainders, at most so many each."""
    given = dict.fromkeys(weights, 0)
    open_ones = sorted(weights)
    while wanted and open_ones:
        whole = sum(weights[j] for j in open_ones)
        quotas = {j: Fraction(wanted * weights[j], whole) for j in open_ones}
        full = [j for j in open_ones if quotas[j] >= most[j]]
        if full:
            # The smallest are filled first: what is left is shared out anew.
            for j in full:
                given[j] = most[j]
                wanted -= most[j]
            open_ones = [j for j in open_ones if j not in full]
            continue
        parts = {j: int(quotas[j]) for j in open_ones}
        left = wanted - sum(parts.values())
        for j in sorted(open_ones, key=lambda j: (parts[j] - quotas[j], j))[:left]:
            parts[j] += 1
        given.update(parts)
        break
    return given
