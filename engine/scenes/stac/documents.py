"""STAC Items and ItemCollections as JSON files: what is read of them, checked so that each fault is named.

The versions 1.0 and 1.1 of the specification are read, with the extensions raster 1.x (`raster:bands`) and 2.0
(`raster:scale` in `bands` or beside it), eo, view and alternate-assets. Sources: the specification's item-spec.md, best
practices and extensions at stac-extensions.github.io.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import SceneError, shown
from ...text_files import BadJson, Unreadable, read_json
from ..archives import printable

ENDINGS = (".json", ".geojson")
_VERSION = re.compile(r"1\.[01](\.\d+)?(-[0-9a-z.]+)?")
# An item has 15 to 40 KB, so that this is some 2000 of them.
_MOST_BYTES = 64 << 20
_COLLECTIONS = ("FeatureCollection", "ItemCollection")
_WANTED = "expected a STAC Item, or an ItemCollection as a search gives it"


@dataclass(frozen=True)
class Asset:
    """A file of an item."""

    key: str
    """What the item calls it."""
    href: str
    """Where it lies."""
    alternates: Mapping[str, str] = field(default_factory=dict)
    """Name -> where else it lies."""
    scale: float | None = None
    """Reflectance a step, as the item says; None where it does not."""
    offset: float | None = None
    """Reflectance of 0, likewise."""


@dataclass(frozen=True)
class Item:
    """What an item says."""

    id: str
    """Its identifier."""
    properties: Mapping[str, Any]
    """As they are."""
    assets: tuple[Asset, ...]
    """In the order of the file."""
    base: str
    """What relative references are relative to on a server, as its link to itself says; "" if it does not."""


def may_be_items(name: str) -> bool:
    """Tell by its name whether a file may hold items."""
    return name.lower().endswith(ENDINGS)


def read_features(path: Path) -> list[Any]:
    """Return what stands for the items in a file, in its order, each to be read by `item_of`.

    Raises
    ------
    SceneError
        It cannot be read, or holds no item; says what it is.
    """
    where = f"SCENES: {printable(path)}"
    try:
        document = read_json(path, _MOST_BYTES)
    except (Unreadable, BadJson) as error:
        raise SceneError(f"{where} cannot be read ({error}); {_WANTED}.") from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        features = [document]
    elif kind in _COLLECTIONS and isinstance(document.get("features"), list):
        features = document["features"]
        if not features:
            raise SceneError(f"{where} is an ItemCollection of no item; search again with other limits.")
    elif kind in ("Catalog", "Collection"):
        raise SceneError(f"{where} is a STAC {kind}, which holds no scene itself; {_WANTED}.")
    else:
        raise SceneError(f"{where} is no STAC document (its type is {shown(kind)}); {_WANTED}.")
    return list(features)


def item_of(feature: Any, path: Path) -> Item:
    """Return an item of a file.

    Raises
    ------
    SceneError
        It is none, or of a version that is not read.
    """
    where = f"SCENES: {printable(path)}"
    if not isinstance(feature, dict) or not isinstance(feature.get("assets"), dict):
        raise SceneError(f"{where} holds {shown(feature)[:60]}, which is no STAC Item, as it has no assets; {_WANTED}.")
    name, version = feature.get("id"), feature.get("stac_version")
    if not isinstance(name, str) or not name or len(name) > 255:
        raise SceneError(f"{where} holds an item whose id is {shown(name)}, expected a text; get the item anew.")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise SceneError(
            f"{where}: the item {printable(name)} is of STAC {shown(version)}, expected 1.0 or 1.1; get the item anew "
            "from its provider's API."
        )
    properties = feature.get("properties")
    assets = feature["assets"].items()
    return Item(
        id=name,
        properties=properties if isinstance(properties, dict) else {},
        assets=tuple(_asset(key, value) for key, value in assets if _has_href(value)),
        base=_own_address(feature.get("links")),
    )


def _has_href(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("href"), str) and bool(value["href"].strip())


def _asset(key: str, value: Mapping[str, Any]) -> Asset:
    told = value.get("alternate")
    alternates = told if isinstance(told, dict) else {}
    scale, offset = _scaling(value)
    return Asset(
        key=key,
        href=value["href"].strip(),
        alternates={name: other["href"].strip() for name, other in alternates.items() if _has_href(other)},
        scale=scale,
        offset=offset,
    )


def _scaling(value: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return scale and offset of an asset's first band as any of the extension's versions has them.

    Where one is told, the other is 1 or 0 unless it is told too, as the extension says.
    """
    first: Mapping[str, Any] = {}
    for name in ("raster:bands", "bands"):
        bands = value.get(name)
        if isinstance(bands, list) and bands and isinstance(bands[0], dict):
            prefix = "" if name == "raster:bands" else "raster:"
            first = {
                what: bands[0][prefix + what] for what in ("scale", "offset") if prefix + what in bands[0]
            } or first
    for what in ("scale", "offset"):
        if f"raster:{what}" in value:
            first = {what: value[f"raster:{what}"], **first}
    if not first:
        return None, None
    return _number(first.get("scale", 1)), _number(first.get("offset", 0))


def _number(value: Any) -> float:
    """Return a number; not-a-number, which equals nothing, for what is none."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")


def _own_address(links: Any) -> str:
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "self" and isinstance(link.get("href"), str):
            return str(link["href"]).strip()
    return ""
