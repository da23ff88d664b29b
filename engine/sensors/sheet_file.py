"""Sheets from their files: those that ship, read once, and one of a user's own, checked so that each fault is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import ParameterError, shown
from ..text_files import BadJson, Unreadable, read_json
from .checks import (
    Fault,
    an_object,
    check_template,
    fraction,
    is_whole,
    items,
    listed,
    pairs,
    pattern,
    said,
    template,
    text_at,
    word,
    words,
)
from .flags import FLAGS
from .readings import FILLED, SATURATED
from .roles import ROLES
from .sheet import (
    STEM,
    BandSet,
    ItemRule,
    Layer,
    Mask,
    MetadataFile,
    Named,
    Platform,
    Sheet,
    Shift,
    Tree,
    Verdict,
)

FORMAT = "iikmc-sensor"
"""What the key "format" of a sheet says."""
VERSION = 1
"""The version that is read and written."""
GENERIC = "generic"
"""Key of the sheet of what is of no family."""
# The largest that ships has 4 KB.
_MOST_BYTES = 1 << 18
_FOLDER = Path(__file__).parent / "sheets"
# In this order names are looked up; Landsat first, as most are.
_SHIPPED = ("landsat_c2_l2", "sentinel2_l2a", "hls_l30", "hls_s30", "planetscope_sr", "landsat_ard")
_SAID = (*FLAGS, FILLED, SATURATED)
_GROUPS = ("platform", "tile", "acquired", "time", "processed")
_KEYS = frozenset(
    [
        "format",
        "version",
        "title",
        "sources",
        "product",
        "platforms",
        "example",
        "case",
        "tile",
        "newest",
        "prefer",
        "refuse",
        "kin",
        "files",
        "extensions",
        "bare",
        "file",
        "tells",
        "assets",
        "bands",
        "values",
        "masks",
        "saturation",
        "metadata",
        "refused_files",
        "remedy",
        "tree",
        "described",
        "items",
    ]
)


@lru_cache(maxsize=1)
def shipped() -> tuple[Sheet, ...]:
    """Return the sheets of the families that are known by their names, in the order in which names are tried."""
    return tuple(_shipped(key) for key in _SHIPPED)


@lru_cache(maxsize=1)
def generic() -> Sheet:
    """Return the sheet of GeoTIFFs of no family, whose bands tell what they are."""
    return _shipped(GENERIC)


def _shipped(key: str) -> Sheet:
    return sheet_of(key, read_json(_FOLDER / f"{key}.json", _MOST_BYTES), own=False)


def read_sheet(path: str | Path) -> Sheet:
    """Read a sheet of a user's own.

    Raises
    ------
    ParameterError
        It cannot be read, or is no sheet; the message names the key, what was found and what was expected.
    """
    path = Path(path)
    try:
        return sheet_of(path.stem, read_json(path, _MOST_BYTES), own=True)
    except (Unreadable, BadJson) as error:
        raise ParameterError(
            f"SHEET: {path.name} cannot be read ({error}); choose a sensor sheet as docs/sensors.md describes, or none."
        ) from error
    except Fault as error:
        raise ParameterError(f"SHEET: in {path.name}, {error}; see docs/sensors.md, or leave SHEET empty.") from error


def sheet_of(key: str, document: Any, own: bool) -> Sheet:
    """Return the sheet that a JSON document describes.

    Parameters
    ----------
    key
        `Sheet.key`.
    document
        As read.
    own
        Whether it is a user's, where a role that is not known is a fault.

    Raises
    ------
    ValueError
        It is none; the message is a sentence without its beginning.
    """
    top = an_object(document, "the whole")
    if top.get("format") != FORMAT or top.get("version") != VERSION:
        raise Fault(f"format and version are {shown(top.get('format'))} and {shown(top.get('version'))}, expected "
                     f"{FORMAT!r} and {VERSION}")  # fmt: skip
    unknown = sorted(set(top) - _KEYS)
    if unknown:
        raise Fault(f"the key {shown(unknown[0])} is not known, expected some of {', '.join(sorted(_KEYS))}")
    product = pattern(top.get("product"), "product")
    if "acquired" not in product.groupindex:
        raise Fault(f"product has the groups {shown(sorted(product.groupindex))}, expected (?P<acquired>…) among them")
    files = listed(top, "files", _file)
    if not files:
        raise Fault("files is empty, expected the names of rasters")
    bands = tuple(_band_set(item, f"bands[{number}]", own) for number, item in enumerate(items(top, "bands")))
    described = top.get("described") is True
    if not described and not any(band_set.roles for band_set in bands):
        raise Fault("bands tells no role, expected one set of roles at least")
    values = an_object(top.get("values"), "values")
    fill = values.get("fill")
    if fill is not None and not is_whole(fill):
        raise Fault(f"values.fill is {shown(fill)}, expected a whole number or null")
    scale, offset = (_number(values.get(name), f"values.{name}") for name in ("scale", "offset"))
    if isinstance(scale, Fraction) and scale <= 0:
        raise Fault(f"values.scale is {shown(values.get('scale'))}, expected a number above 0")
    metadata = _metadata(top.get("metadata"))
    if metadata is None and (isinstance(scale, Named) or isinstance(offset, Named)):
        raise Fault("values names an element of metadata, and the key metadata, which tells the file, is not there")
    platforms = {name: _platform(name, item) for name, item in pairs(top, "platforms")}
    return Sheet(
        key=key,
        title=text_at(top, "title"),
        product=product,
        platforms=platforms or {"": Platform(text_at(top, "title"), text_at(top, "title"), text_at(top, "title"))},
        files=files,
        extensions=listed(top, "extensions", word) or ("tif", "tiff"),
        bands=bands,
        fill=fill,
        scale=scale,
        offset=offset,
        masks=tuple(mask for number, item in enumerate(items(top, "masks")) for mask in _masks(item, number)),
        saturation=_saturation(top.get("saturation")),
        metadata=metadata,
        example=text_at(top, "example", ""),
        case=text_at(top, "case", ""),
        tile=template(top, "tile", "{tile}" if "tile" in product.groupindex else "", product),
        file=text_at(top, "file", "{id}_{kind}.TIF"),
        newest=listed(top, "newest", word) or ("processed",),
        prefer={group: words(item, f"prefer.{group}") for group, item in pairs(top, "prefer")},
        refuse=tuple(_verdict(item, f"refuse[{number}]", product) for number, item in enumerate(items(top, "refuse"))),
        refused_files={kind.upper(): said(text, "refused_files") for kind, text in pairs(top, "refused_files")},
        remedies={kind.upper(): said(text, "remedy") for kind, text in pairs(top, "remedy")},
        kin=tuple(_verdict(item, f"kin[{number}]", None) for number, item in enumerate(items(top, "kin"))),
        tells=pattern(top["tells"], "tells") if "tells" in top else None,
        assets={name.lower(): said(role, "assets") for name, role in pairs(top, "assets") if role in ROLES},
        bare=top.get("bare") is True,
        tree=_tree(top.get("tree")),
        described=described,
        items=_item_rule(top.get("items"), product),
    )


def _file(value: Any, where: str) -> tuple[str, str]:
    """Return kind and pattern of the names of a file."""
    if isinstance(value, str):
        return "", _plain_pattern(value, where)
    entry = an_object(value, where)
    name = entry.get("name")
    if name == "":
        return STEM, ""
    return said(entry.get("kind"), f"{where}.kind").upper(), _plain_pattern(name, f"{where}.name")


def _plain_pattern(value: Any, where: str) -> str:
    text = said(value, where)
    if pattern(text, where).groups or not text:
        raise Fault(f"{where} is {shown(text)}, expected a pattern without groups that are kept; write (?:…)")
    return text


def _platform(name: str, item: Any) -> Platform:
    entry = an_object(item, f"platforms.{name}")
    full = text_at(entry, "name")
    return Platform(full, text_at(entry, "short", full), text_at(entry, "title", name))


def _band_set(item: Any, where: str, own: bool) -> BandSet:
    entry = an_object(item, where)
    roles = an_object(entry.get("roles"), f"{where}.roles")
    odd = [role for role in roles if role not in ROLES]
    if odd and own:
        raise Fault(f"{where}.roles has {shown(odd[0])}, expected some of {', '.join(ROLES)}")
    layers = {role: _layer(roles[role], f"{where}.roles.{role}") for role in ROLES if role in roles}
    platforms = frozenset(words(entry["platforms"], f"{where}.platforms")) if "platforms" in entry else None
    masks = frozenset(map(str.upper, words(entry["masks"], f"{where}.masks"))) if "masks" in entry else None
    return BandSet(layers, text_at(entry, "grid", ""), platforms, masks)


def _layer(value: Any, where: str) -> Layer:
    if isinstance(value, str):
        return Layer(_kind(value, where), spelled=value)
    entry = an_object(value, where)
    file = entry.get("file", STEM)
    return Layer(_kind(file, f"{where}.file"), _band(entry, where), text_at(entry, "id", ""), file)


def _kind(value: Any, where: str) -> str:
    text = said(value, where)
    return STEM if text == STEM else text.upper()


def _band(entry: Mapping[str, Any], where: str) -> int:
    band = entry.get("band", 1)
    if not is_whole(band) or not 1 <= band <= 1000:
        raise Fault(f"{where}.band is {shown(band)}, expected a whole number from 1 to 1000")
    return int(band)


def _number(value: Any, where: str) -> Fraction | Named:
    """Return an exact number, or where metadata tell it."""
    if isinstance(value, dict):
        inverted = "one_over" in value
        name = said(value.get("one_over" if inverted else "field"), where)
        absent = fraction(value["absent"], f"{where}.absent") if "absent" in value else None
        return Named(name, text_at(value, "by", ""), text_at(value, "over", ""), inverted, absent)
    return fraction(value, where)


def _masks(item: Any, number: int) -> list[Mask]:
    where = f"masks[{number}]"
    entry = an_object(item, where)
    kind, name = _kind(entry.get("file"), f"{where}.file"), text_at(entry, "name", said(entry.get("file"), where))
    found = []
    if "bits" in entry or "classes" in entry:
        bits = {flag: _bits(value, f"{where}.bits.{flag}") for flag, value in _flagged(entry, "bits", where)}
        classes = {flag: _wholes(value, f"{where}.classes.{flag}") for flag, value in _flagged(entry, "classes", where)}
        found.append(Mask(kind, name, _band(entry, where), bits, classes))
    for flag, planes in _flagged(entry, "planes", where):
        for plane in _wholes(planes, f"{where}.planes.{flag}"):
            found.append(Mask(kind, name, _band({"band": plane}, f"{where}.planes.{flag}"), {}, {flag: (1,)}))
    if not found:
        raise Fault(f"{where} tells nothing, expected bits, classes or planes")
    return found


def _flagged(entry: dict[str, Any], key: str, where: str) -> Iterable[tuple[str, Any]]:
    for flag, value in an_object(entry.get(key, {}), f"{where}.{key}").items():
        if flag not in _SAID:
            raise Fault(f"{where}.{key} has {shown(flag)}, expected some of {', '.join(_SAID)}")
        yield flag, value


def _bits(value: Any, where: str) -> int:
    if not is_whole(value) or not 0 < value < 1 << 16:
        raise Fault(f"{where} is {shown(value)}, expected the bits as a whole number from 1 to 65535")
    return int(value)


def _wholes(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > 256 or not all(map(is_whole, value)):
        raise Fault(f"{where} is {shown(value)}, expected a list of whole numbers")
    return tuple(value)


def _saturation(item: Any) -> Mask | None:
    if item is None:
        return None
    entry = an_object(item, "saturation")
    kind = _kind(entry.get("file"), "saturation.file")
    bits = an_object(entry.get("bits"), "saturation.bits")
    told = {kind.upper(): _bits(value, f"saturation.bits.{kind}") for kind, value in bits.items()}
    return Mask(
        kind, text_at(entry, "name", said(entry.get("file"), "saturation.file")), _band(entry, "saturation"), told
    )


def _metadata(item: Any) -> MetadataFile | None:
    if item is None:
        return None
    entry = an_object(item, "metadata")
    stated = {where: fraction(value, f"metadata.stated.{where}") for where, value in pairs(entry, "stated")}
    return MetadataFile(
        kind=word(entry.get("file"), "metadata.file"),
        extensions=listed(entry, "extensions", word),
        required=entry.get("required") is True,
        product=text_at(entry, "product", ""),
        sun_elevation=text_at(entry, "sun_elevation", ""),
        sun_azimuth=text_at(entry, "sun_azimuth", ""),
        stated=stated,
    )


def _verdict(item: Any, where: str, product: re.Pattern[str] | None) -> Verdict:
    entry = an_object(item, where)
    like = pattern(entry.get("like"), f"{where}.like")
    group = text_at(entry, "group", "")
    if product is not None and group not in product.groupindex:
        raise Fault(f"{where}.group is {shown(group)}, expected a group of product")
    why = text_at(entry, "why")
    check_template(why, f"{where}.why", {*(product.groupindex if product is not None else ()), *like.groupindex})
    return Verdict(like, why, group)


def _tree(item: Any) -> Tree | None:
    if item is None:
        return None
    entry = an_object(item, "tree")
    return Tree(text_at(entry, "ending"), text_at(entry, "images"), text_at(entry, "granules"))


def _item_rule(item: Any, product: re.Pattern[str]) -> ItemRule | None:
    if item is None:
        return None
    entry = an_object(item, "items")
    return ItemRule(
        product=listed(entry, "product", said),
        assets={key.lower(): said(kind, f"items.assets.{key}") for key, kind in pairs(entry, "assets")},
        scale=fraction(entry["scale"], "items.scale") if "scale" in entry else None,
        offset=_shift(entry["offset"], product) if "offset" in entry else None,
    )


def _shift(item: Any, product: re.Pattern[str]) -> Shift:
    entry = an_object(item, "items.offset")
    group = text_at(entry, "group")
    if group not in product.groupindex:
        raise Fault(f"items.offset.group is {shown(group)}, expected a group of product")
    before, after = (fraction(entry.get(name), f"items.offset.{name}") for name in ("before", "after"))
    return Shift(
        group, text_at(entry, "since"), before, after, text_at(entry, "undone", ""), text_at(entry, "doubt", "")
    )
