"""What the name of a file tells: which product it belongs to, what it holds, and what else stands in the name.

Sources: USGS LSDS-1619 and LSDS-1618 (``<product id>_SR_B4.TIF``); the keys of assets as in USGS's STAC catalogue
(stactools-landsat), by which downloading programs name files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .product_id import ProductId, product_in

PLAIN = "*_|"
"""`FileName.affix` of a file as USGS names it."""
METADATA = "MTL"
QUALITY = "QA_PIXEL"
SATURATION = "QA_RADSAT"
_ASSET_KEYS = {"blue": "blue", "green": "green", "red": "red", "nir08": "nir", "swir16": "swir1", "swir22": "swir2"}
"""Key of an asset -> role."""
_LONGEST = 255
"""Bytes of a file's name, the most that file systems take; in a bundle it may be longer."""

# Lazy, so that a name is read from its beginning: SR_B4 and not B4.
_FILE = re.compile(
    r"(?P<before>(?:.*?[^0-9A-Z])??)"
    r"(?:(?P<raster>(?:S[RT]_)?B\d{1,2}|QA_PIXEL|QA_RADSAT)(?P<after>(?:[^0-9A-Z].*)?)\.tiff?"
    r"|(?P<metadata>MTL)(?P<behind>(?:[^0-9A-Z].*)?)\.(?:txt|xml|json))",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_ASSET = re.compile(rf"(?P<before>(?:.*_)?)(?P<key>{'|'.join(_ASSET_KEYS)})\.tiff?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class FileName:
    """The name of a file of a product, taken apart."""

    product: ProductId | None
    """The product that the name tells, if any."""
    kind: str
    """SR_B4, ST_B10, B4 (of Level-1), QA_PIXEL, QA_RADSAT or MTL, in upper case; or a role, of an asset's key."""
    affix: str
    """What stands before and behind the kind, in lower case, "*" for the product identifier.

    `PLAIN`, or such as "clip_*_|" and "*_|_clip". The files of one clipping or renaming have it in common.
    """


def parse(name: str) -> FileName | None:
    """Take the name of a file apart; None for one that is no file of a product.

    Upper and lower case are the same.
    """
    if len(name) > _LONGEST:
        return None
    found = _FILE.fullmatch(name)
    if found is not None:
        kind = (found["raster"] or found["metadata"]).upper()
        before, after = found["before"], found["after"] or found["behind"] or ""
    else:
        found = _ASSET.fullmatch(name)
        if found is None:
            return None
        kind, before, after = _ASSET_KEYS[found["key"].lower()], found["before"], ""
    product = product_in(name)
    affix = f"{_starred(before)}|{_starred(after)}"
    if kind in _ASSET_KEYS.values() and affix not in (PLAIN, "|"):
        return None
    return FileName(product[0] if product else None, kind, affix)


def _starred(part: str) -> str:
    found = product_in(part)
    return (part if found is None else f"{part[: found[1]]}*{part[found[2] :]}").lower()
