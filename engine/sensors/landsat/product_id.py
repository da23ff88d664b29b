"""Landsat product identifiers: their form, their parts, and which products are refused.

Source: USGS LSDS-1619 (Landsat 8-9 C2 L2 Data Format Control Book) and LSDS-1618 (Landsat 4-7), naming convention
``LXSS_LLLL_PPPRRR_YYYYMMDD_yyyymmdd_CX_TX``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

PRODUCT_ID = re.compile(
    r"(?P<sensor>L[COTEM]0[1-9])_(?P<level>L[0-9A-Z]{3})_(?P<path_row>\d{6})_(?P<acquired>\d{8})_(?P<processed>\d{8})"
    r"_(?P<collection>\d{2})_(?P<tier>T1|T2|RT)",
    re.IGNORECASE | re.ASCII,
)
# An Analysis Ready Data tile (LSDS-1873) looks alike but is named by region and tile.
ARD_ID = re.compile(r"L[COTEM]0[1-9]_(CU|AK|HI)_\d{6}_\d{8}_\d{8}_\d{2}", re.IGNORECASE | re.ASCII)
# Other names of Landsat data: Analysis Ready Data; scenes from before the collections (such as LC82180742019014LGN00);
# orders of ESPA (LC082180742019011402T1-SC2020…); and what an identifier of the collections begins with.
_KIN = (
    (ARD_ID, "an Analysis Ready Data tile, which is another product"),
    (
        re.compile(r"L[COTEM][1-9]\d{13}[A-Z]{3}\d{2}", re.IGNORECASE | re.ASCII),
        "named as a scene from before the collections; download its Collection 2 Level-2 product",
    ),
    (
        re.compile(r"L[COTEM]0[1-9]\d{14}(?!\d)|L[COTEM]0[1-9]\d{16}T[12]", re.IGNORECASE | re.ASCII),
        "named as an order of ESPA; download the Collection 2 Level-2 product",
    ),
    (
        re.compile(r"L[COTEM]0[1-9]_L[0-9A-Z]{3}_\d{6}_\d{8}", re.IGNORECASE | re.ASCII),
        "not quite named as a Landsat product; give it the whole name back, such as "
        "LC08_L2SP_218074_20190114_20200829_02_T1",
    ),
)
LEVEL_2 = ("L2SP", "L2SR")
# Best first, for products of one acquisition: L2SP holds all that L2SR holds; T1 is geometrically better than T2,
# and RT (real time) is replaced by either within weeks.
TIERS = ("T1", "T2", "RT")


@dataclass(frozen=True)
class ProductId:
    """A Landsat product identifier taken apart."""

    text: str
    """The whole identifier, such as LC08_L2SP_043024_20200802_20200914_02_T1."""
    sensor: str
    """Sensor and satellite, such as LC08, LE07 or LT05."""
    level: str
    """Processing level, such as L2SP."""
    path_row: str
    """WRS-2 path and row, six digits."""
    acquired: date
    """Acquisition date (UTC)."""
    processed: date
    """Processing date."""
    collection: str
    """Collection number, two digits."""
    tier: str
    """T1, T2 or RT."""

    @property
    def title(self) -> str:
        """Date, sensor and path/row, such as "2015-07-10 LC08 005009"."""
        return f"{self.acquired.isoformat()} {self.sensor} {self.path_row}"

    @property
    def acquisition(self) -> tuple[str, str, date]:
        """Sensor, path/row and date: what two products of one acquisition share."""
        return self.sensor, self.path_row, self.acquired

    @property
    def preference(self) -> tuple[date, int, int, str]:
        """Sort key by which the newest and best product of one acquisition comes last."""
        tier = -TIERS.index(self.tier)
        return self.processed, tier, int(self.level == "L2SP"), self.text


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def leading_product_id(file_name: str) -> ProductId | None:
    """Return the identifier that `file_name` starts with, followed by an underscore or a dot, or None.

    Upper and lower case are the same; the identifier comes out in upper case, as USGS writes it.
    """
    match = PRODUCT_ID.match(file_name)
    if not match or file_name[match.end() : match.end() + 1] not in ("_", ".", ""):
        return None
    return _taken_apart(match)


@lru_cache(maxsize=4096)  # a search asks for each name a few times
def product_in(name: str) -> tuple[ProductId, int, int] | None:
    """Return the first identifier anywhere in a name with where it begins and ends, or None.

    It stands for itself: neither a letter nor a digit touches it.
    """
    for match in PRODUCT_ID.finditer(name):
        around = name[max(match.start() - 1, 0) : match.start()] + name[match.end() : match.end() + 1]
        product = None if any(mark.isalnum() for mark in around) else _taken_apart(match)
        if product is not None:
            return product, match.start(), match.end()
    return None


def kin(name: str) -> str | None:
    """Return what a name without a product identifier is that looks as if it had one, or None."""
    if product_in(name) is not None:
        return None
    return next((what for pattern, what in _KIN if pattern.match(name)), None)


def _taken_apart(match: re.Match[str]) -> ProductId | None:
    acquired, processed = _day(match["acquired"]), _day(match["processed"])
    if acquired is None or processed is None:
        return None
    return ProductId(
        text=match.group().upper(),
        sensor=match["sensor"].upper(),
        level=match["level"].upper(),
        path_row=match["path_row"],
        acquired=acquired,
        processed=processed,
        collection=match["collection"],
        tier=match["tier"].upper(),
    )


def refusal(product: ProductId) -> str | None:
    """Return why a product cannot be clustered, or None if it can."""
    if product.sensor.startswith("LM"):
        return f"{product.text} is an MSS product, which has no surface reflectance; use TM, ETM+ or OLI scenes"
    if product.collection != "02":
        found = f"{product.text} is a Collection {int(product.collection)} product"
        return f"{found}; download its Collection 2 Level-2 version"
    if product.level not in LEVEL_2:
        return (
            f"{product.text} is a Level-1 product ({product.level}), whose numbers are not surface reflectance; "
            "download its Level-2 version (L2SP or L2SR)"
            if product.level.startswith("L1")
            else f"{product.text} has the level {product.level}, expected L2SP or L2SR; download its Level-2 version"
        )
    return None
