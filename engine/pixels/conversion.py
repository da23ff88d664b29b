"""What files store becomes DN and flags of the one scale: by tables of whole numbers, exactly.

The rule for reflectance r = q x scale + offset is DN = floor((r + 0.2)/0.0000275 + 1/2), see "Other sensors" in
docs/method.md. For the usual products of 1/10000 with an additive offset o that is (80 (q + o) + 160000 + 11) // 22:
neighbouring q lie 3 or 4 DN apart, so no two of them fall together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..sensors.flags import FLAGS, QA_FILL, SATURATION
from ..sensors.readings import FILLED, SATURATED, MaskFile, Values
from ..sensors.scale import EXACT_OFFSET, EXACT_SCALE, FILL, OFFSET, SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWEST, HIGHEST = 1, 65_535
"""DN that a value with data can have; what lies beyond is cut to them."""
_BITS = {**FLAGS, FILLED: QA_FILL, SATURATED: SATURATION}
# Values converted at a time: their temporaries stay in a second-level cache.
_CHUNK = 1 << 16


@dataclass(frozen=True)
class BandTable:
    """What each stored whole number of a band means."""

    dn: NDArray[np.uint16]
    """DN of each value; of 16 bits, those that are negative lie behind the others, as their bits say."""
    first: int
    """Values below it are cut."""
    last: int
    """Values above it are cut."""


def dn_of(values: Values, stored: int | Fraction) -> int:
    """Return the DN of a stored value by the rule, not cut, whether it means fill or not."""
    return _floor((Fraction(stored) * values.scale + values.offset - EXACT_OFFSET) / EXACT_SCALE + Fraction(1, 2))


@lru_cache(maxsize=64)  # 128 KB each; the bands of a product share theirs
def band_table(values: Values, dtype: str, nodata: float | None = None) -> BandTable:
    """Return the DN of every stored value.

    Parameters
    ----------
    values
        What is stored; its scale is above 0.
    dtype
        One of `WHOLE`.
    nodata
        The file's nodata tag, which is fill as well; a number that the type cannot hold marks none.

    Raises
    ------
    ValueError
        The scale is not above 0.
    """
    if values.scale <= 0:
        raise ValueError(f"a reflectance a step of {values.scale}, expected one above 0")
    low, high = _limits(dtype)
    # DN = (step q + start) // parts in whole numbers.
    step, start = values.scale / EXACT_SCALE, (values.offset - EXACT_OFFSET) / EXACT_SCALE + Fraction(1, 2)
    parts = step.denominator * start.denominator
    step_parts, start_parts = int(step * parts), int(start * parts)
    every = [(step_parts * q + start_parts) // parts for q in range(low, high + 1)]
    dn = np.array([min(max(value, LOWEST), HIGHEST) for value in every], np.uint16)
    for fill in _whole_within(dtype, (values.fill, nodata)):
        dn[fill - low] = FILL
    # Where scale q + offset reaches the ends of the range: the smallest q of DN >= 1, the largest of DN <= 65535.
    first = -(-(LOWEST * parts - start_parts) // step_parts)
    last = -(-((HIGHEST + 1) * parts - start_parts) // step_parts) - 1
    dn = np.roll(dn, low)
    dn.setflags(write=False)
    return BandTable(dn, first, last)


@lru_cache(maxsize=64)
def _flag_table(items: tuple[tuple[bool, int, int], ...], dtype: str, filled: tuple[int, ...]) -> NDArray[np.uint16]:
    low, high = _limits(dtype)
    stored = np.arange(low, high + 1, dtype=np.int64)
    word = np.zeros(stored.size, np.uint16)
    for by_bits, what, bit in items:
        hit = (stored & what) != 0 if by_bits else stored == what
        word[hit] |= np.uint16(bit)
    for value in filled:
        word[value - low] |= np.uint16(QA_FILL)
    word = np.roll(word, low)
    word.setflags(write=False)
    return word


def flag_table(mask: MaskFile, dtype: str, nodata: float | None = None) -> NDArray[np.uint16]:
    """Return the word of flags of every stored value of a mask.

    Parameters
    ----------
    mask
        What its values say.
    dtype
        One of `WHOLE`.
    nodata
        The file's nodata tag, which says fill; a number that the type cannot hold marks none.

    Returns
    -------
    (256,) or (65536,) uint16
        Bits of `FLAGS`, `QA_FILL` and `SATURATION`; negative values lie behind the others, as their bits say.
    """
    items = [(True, bits, _BITS[name]) for name, bits in mask.bits.items()]
    items += [(False, value, _BITS[name]) for name, classes in mask.classes.items() for value in classes]
    return _flag_table(tuple(items), dtype, tuple(_whole_within(dtype, (nodata,))))


def to_dn(table: BandTable, stored: NDArray[Any], out: NDArray[np.uint16], cut: NDArray[np.bool_] | None) -> bool:
    """Convert stored whole numbers.

    Parameters
    ----------
    table
        Of `band_table` for this type.
    stored : (height, width) uint8, int16 or uint16
        May be the memory of `out`.
    out
        (height, width), written.
    cut
        (height, width), set to True where a value was cut; None = only tell whether any was.

    Returns
    -------
    bool
        Whether any value was cut.
    """
    found = False
    low, high = _limits(stored.dtype.name)
    may_cut = table.first > low or table.last < high
    for some, given, made in _chunks(stored, out):
        if may_cut and (int(given.min()) < table.first or int(given.max()) > table.last):
            beyond = ((given < max(table.first, low)) | (given > min(table.last, high))) & (
                _looked_up(table.dn, given) != FILL
            )
            if beyond.any():
                found = True
                if cut is not None:
                    cut[some] |= beyond
        made[...] = _looked_up(table.dn, given)
    return found


def float_to_dn(
    values: Values,
    nodata: float | None,
    stored: NDArray[Any],
    out: NDArray[np.uint16],
    cut: NDArray[np.bool_] | None,
) -> bool:
    """Convert reflectance in floating point, by the rule in IEEE float64: an addition, a division, an addition, floor.

    Parameters
    ----------
    values
        What is stored; a scale of 1 and an offset of 0 cost no operation, others one each before the rule.
    nodata
        The file's nodata tag, which is fill, as are infinities and what is not a number.
    stored : (height, width) float32 or float64
        Values.
    out, cut
        As for `to_dn`.

    Returns
    -------
    bool
        Whether any value was cut.
    """
    found = False
    for some, given, made in _chunks(stored, out):
        reflectance = given.astype(np.float64)
        good = np.isfinite(reflectance)
        for fill in (values.fill, nodata):
            # As the type of the file rounds it, because a tag is a text; what the type cannot hold marks none.
            if fill is not None and abs(fill) <= np.finfo(given.dtype).max:
                good &= given != given.dtype.type(fill)
        reflectance[~good] = 0.0
        if values.scale != 1:
            reflectance *= float(values.scale)
        if values.offset != 0:
            reflectance += float(values.offset)
        reflectance -= OFFSET
        reflectance /= SCALE
        reflectance += 0.5
        dn = np.floor(reflectance, out=reflectance)
        beyond = ((dn < LOWEST) | (dn > HIGHEST)) & good
        if beyond.any():
            found = True
            if cut is not None:
                cut[some] |= beyond
        np.clip(dn, LOWEST, HIGHEST, out=dn)
        dn[~good] = FILL
        made[...] = dn
    return found


def to_flags(table: NDArray[np.uint16], stored: NDArray[Any], out: NDArray[np.uint16], first: bool) -> None:
    """Convert a mask's values.

    Parameters
    ----------
    table
        Of `flag_table` for this type.
    stored : (height, width) uint8, int16 or uint16
        May be the memory of `out`.
    out
        (height, width) words of flags, changed in place.
    first
        Whether it is the first mask, which sets the words; others add to them.
    """
    for _, given, made in _chunks(stored, out):
        if first:
            made[...] = _looked_up(table, given)
        else:
            np.bitwise_or(made, _looked_up(table, given), out=made)


def _looked_up(table: NDArray[np.uint16], stored: NDArray[Any]) -> NDArray[np.uint16]:
    index = stored.view(np.uint16) if stored.dtype == np.int16 else stored
    return table.take(index)


def _chunks(stored: NDArray[Any], out: NDArray[np.uint16]) -> Iterator[tuple[slice, NDArray[Any], NDArray[np.uint16]]]:
    """Yield whole rows, a few at a time: which, what is stored there, what to write there."""
    rows = max(1, _CHUNK // max(1, stored.shape[1]))
    for row in range(0, stored.shape[0], rows):
        some = slice(row, row + rows)
        yield some, stored[some], out[some]


def _limits(dtype: str) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _whole_within(dtype: str, numbers: Sequence[float | None]) -> list[int]:
    """Return the numbers that the type can hold."""
    low, high = _limits(dtype)
    return [int(n) for n in numbers if n is not None and low <= n <= high and float(n).is_integer()]


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator
