"""Identifiers of products, of any family: their parts, what two of one acquisition share, and which are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from .sheet import Platform, Sheet
from .sheet_file import generic, shipped

_MOST_MARKS = 200
"""Characters of an identifier: with what results are named behind it, a name stays below the 255 of file systems."""


@dataclass(frozen=True)
class Product:
    """A product's identifier taken apart."""

    text: str
    """The whole identifier, such as LC08_L2SP_043024_20200802_20200914_02_T1."""
    family: str
    """`Sheet.key` of its family."""
    sensor: str
    """Sensor and satellite as the identifier has them, such as LC08, S2A or L30."""
    tile: str
    """Where it lies, such as the WRS-2 path and row 043024 or the tile 33TVN; of PlanetScope, time and satellite."""
    acquired: date
    """Acquisition date (UTC)."""
    time: str
    """Time of day as the identifier has it; "" without."""
    parts: tuple[tuple[str, str], ...] = field(repr=False)
    """All groups of the identifier."""
    sheet: Sheet = field(repr=False, compare=False)
    """Its family."""

    @property
    def platform(self) -> Platform | None:
        """What it was taken by; None for one that the family's sheet does not know."""
        return self.sheet.platforms.get(self.sensor)

    @property
    def sensor_name(self) -> str:
        """Such as "Landsat 8 OLI"."""
        return self.platform.name if self.platform is not None else self.sensor

    @property
    def short_name(self) -> str:
        """Such as "Landsat 8"."""
        return self.platform.short if self.platform is not None else self.sensor

    @property
    def place(self) -> str:
        """Such as "005/009"."""
        return self.sheet.tile.format_map(dict(self.parts))

    @property
    def subject(self) -> str:
        """Sensor and place in short, such as "LC08 005009"."""
        sensor = self.platform.title if self.platform is not None else self.sensor
        return f"{sensor} {self.tile}".strip()

    @property
    def title(self) -> str:
        """Date, sensor and place, such as "2015-07-10 LC08 005009"."""
        return f"{self.acquired.isoformat()} {self.subject}"

    @property
    def acquisition(self) -> tuple[str, str, str, date, str]:
        """Family, sensor, place, date and time: what two products of one acquisition share, in capitals or not."""
        return self.family, self.sensor.upper(), self.tile.upper() or self.text, self.acquired, self.time.upper()

    @property
    def preference(self) -> tuple[object, ...]:
        """Sort key by which the newest and best product of one acquisition comes last."""
        parts = dict(self.parts)
        newest = tuple(parts.get(group, "") for group in self.sheet.newest)
        best = tuple(
            -values.index(parts[group]) if parts.get(group) in values else -len(values)
            for group, values in self.sheet.prefer.items()
        )
        return self.family, *newest, *best, self.text


def _day(text: str) -> date | None:
    """Return the day of yyyymmdd, or of year and day of the year, with whatever between the numbers."""
    digits = re.sub(r"\D", "", text)
    try:
        if len(digits) == 7:
            day = date(int(digits[:4]), 1, 1) + timedelta(int(digits[4:]) - 1)
            return day if day.year == int(digits[:4]) else None
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if len(digits) == 8 else None
    except (ValueError, OverflowError):
        return None


def leading_product_id(file_name: str, sheets: Sequence[Sheet] = ()) -> Product | None:
    """Return the identifier that `file_name` starts with, followed by an underscore or a dot, or None.

    Upper and lower case are the same; the identifier comes out as the family's sheet writes it.

    Parameters
    ----------
    file_name
        Of a product's file, or of a result that is named after it.
    sheets
        The families; those that ship by default.
    """
    for sheet in sheets or shipped():
        match = sheet.product.match(file_name)
        if match and file_name[match.end() : match.end() + 1] in ("_", ".", ""):
            product = taken_apart(sheet, match)
            if product is not None:
                return product
    return None


def may_lead_with_product(file_name: str) -> bool:
    """Tell whether a result may be named after a scene: by an identifier, or by a date as scenes of no family are."""
    return leading_product_id(file_name) is not None or generic().product.match(file_name) is not None


@lru_cache(maxsize=4096)  # a search asks for each name a few times
def product_in(name: str, sheets: tuple[Sheet, ...] = ()) -> tuple[Product, int, int] | None:
    """Return the first identifier anywhere in a name with where it begins and ends, or None.

    It stands for itself: neither a letter nor a digit touches it. The parameters are those of `leading_product_id`.
    """
    for sheet in sheets or shipped():
        for match in sheet.product.finditer(name):
            around = name[max(match.start() - 1, 0) : match.start()] + name[match.end() : match.end() + 1]
            product = None if any(mark.isalnum() for mark in around) else _known(sheet, match.group())
            if product is not None:
                return product, match.start(), match.end()
    return None


def kin(name: str, sheets: tuple[Sheet, ...] = ()) -> str | None:
    """Return what a name without a product identifier is that looks as if it had one, or None."""
    if product_in(name, sheets) is not None:
        return None
    for sheet in sheets or shipped():
        for verdict in sheet.kin:
            if verdict.like.match(name):
                return verdict.why
    return None


@lru_cache(maxsize=4096)  # a product has a dozen files
def _known(sheet: Sheet, text: str) -> Product | None:
    """Return what `taken_apart` does of an identifier alone."""
    match = sheet.product.fullmatch(text)
    return taken_apart(sheet, match) if match is not None else None


def taken_apart(sheet: Sheet, match: re.Match[str]) -> Product | None:
    """Return the product that a sheet's pattern found; None where a date in it is none."""
    parts = {name: _in_case(text or "", sheet) for name, text in match.groupdict().items()}
    acquired = _day(parts["acquired"])
    processed = parts.get("processed", "")[:8]
    if acquired is None or (len(processed) == 8 and _day(processed) is None) or len(match.group()) > _MOST_MARKS:
        return None
    platform = parts.get("platform") or next(iter(sheet.platforms))
    platform = next((name for name in sheet.platforms if name.lower() == platform.lower()), platform)
    tile = parts.get("tile", "").strip("_-")
    text = _in_case(match.group(), sheet)
    return Product(text, sheet.key, platform, tile, acquired, parts.get("time", ""), tuple(parts.items()), sheet)


def _in_case(text: str, sheet: Sheet) -> str:
    return text.upper() if sheet.case == "upper" else text.lower() if sheet.case == "lower" else text


def refusal(product: Product) -> str | None:
    """Return why a product cannot be clustered, or None if it can."""
    parts = dict(product.parts)
    for verdict in product.sheet.refuse:
        match = verdict.like.fullmatch(parts[verdict.group])
        if match is not None:
            return f"{product.text} {verdict.why.format_map({**parts, **match.groupdict()})}"
    if product.platform is None:
        known = ", ".join(sorted(product.sheet.platforms))
        return f"{product.text} is of the sensor {product.sensor}, which has no surface reflectance; use {known}"
    return None
