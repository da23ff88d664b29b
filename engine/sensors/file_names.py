"""What the name of a file tells: which product it belongs to, what it holds, and what else stands in the name."""

from __future__ import annotations

from dataclasses import dataclass

from .products import Product, product_in
from .sheet import STEM, Sheet
from .sheet_file import shipped

METADATA = "*metadata"
"""`FileName.kind` of a metadata file; no pattern of a sheet gives it."""
_LONGEST = 255
"""Bytes of a file's name, the most that file systems take; in a bundle it may be longer."""


@dataclass(frozen=True)
class FileName:
    """The name of a file of a product, taken apart."""

    product: Product | None
    """The product that the name tells, if any."""
    sheet: Sheet
    """The family whose patterns fit it."""
    kind: str
    """What it holds, in upper case, such as SR_B4, B8A_20M or QA_PIXEL; METADATA; STEM; or a role, of an asset."""
    affix: str
    """What stands before and behind the kind, in lower case, "*" for the product identifier.

    `Sheet.plain`, or such as "clip_*_|" and "*_|_clip". The files of one clipping or renaming have it in common.
    """


def parse(name: str, sheets: tuple[Sheet, ...] = (), own: Product | None = None) -> FileName | None:
    """Take the name of a file apart; None for one that is no file of a product.

    Upper and lower case are the same.

    Parameters
    ----------
    name
        Of the file.
    sheets
        The families; those that ship by default.
    own
        The product that its folder is named after; names without an identifier are read as its family has them.
    """
    if len(name) > _LONGEST:
        return None
    sheets = sheets or shipped()
    found = product_in(name, sheets)
    if found is not None:
        return _of_sheet(name, found[0].sheet, found)
    if own is not None:
        return _of_sheet(name, own.sheet, None) if own.sheet.bare else None
    parsed = (_of_sheet(name, sheet, None) for sheet in sheets if sheet.bare)
    return next((one for one in parsed if one is not None), None)


def _of_sheet(name: str, sheet: Sheet, found: tuple[Product, int, int] | None) -> FileName | None:
    product = found[0] if found is not None else None
    match = sheet.names.fullmatch(name)
    if match is not None:
        groups = match.groupdict()
        if groups.get("metadata") is not None:
            kind, behind = METADATA, "behind"
        else:
            kind, behind = _kind(sheet, groups), "after"
        before = _starred(name, match.span("before"), found)
        return FileName(product, sheet, kind, f"{before}|{_starred(name, match.span(behind), found)}")
    if found is not None and sheet.alone is not None:
        match = sheet.alone.fullmatch(name, found[2])
        if match is not None:
            return FileName(product, sheet, STEM, f"{_starred(name, (0, found[2]), found)}|{match['after'].lower()}")
    match = sheet.asset_names.fullmatch(name) if sheet.assets else None
    if match is None:
        return None
    affix = f"{_starred(name, match.span('before'), found)}|"
    if affix not in (sheet.plain, "|"):
        return None
    return FileName(product, sheet, sheet.assets[match["key"].lower()], affix)


def _kind(sheet: Sheet, groups: dict[str, str | None]) -> str:
    for number, (kind, _) in enumerate(sheet.files):
        text = groups.get(f"k{number}")
        if text is not None:
            return kind or text.upper()
    return ""


def _starred(name: str, span: tuple[int, int], found: tuple[Product, int, int] | None) -> str:
    """Return a part of a name in lower case, "*" for the identifier if that lies in it."""
    start, end = span
    if found is None or not (start <= found[1] and found[2] <= end):
        return name[start:end].lower()
    return f"{name[start : found[1]]}*{name[found[2] : end]}".lower()
