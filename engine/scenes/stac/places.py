"""Where the files of an item lie, as a place of files that are named as their product's are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urljoin, urlsplit

from ...errors import SceneError, shown
from ...sensors.file_names import METADATA, parse
from ...sensors.products import Product, product_in
from ...sensors.sheet import Sheet
from ...sensors.sheet_file import shipped
from ..archives import printable
from ..places import Location
from ..remote import is_address, last_name, placed, without_secrets
from ..sidecars import sidecars_on_disk
from .documents import Asset, Item

# Set by whoever has an account of AWS and is willing to pay for what is sent (GDAL's page on /vsis3/).
_PAYER = "AWS_REQUEST_PAYER"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


@dataclass(frozen=True)
class ItemPlace(Location):
    """The files of one item."""

    targets: Mapping[str, str] = field(default_factory=dict)
    """Name of a file -> what stands for it: its path, or on a server its address without secrets, as GDAL has it."""
    openings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As in `Scene`."""
    assets: Mapping[str, Asset] = field(default_factory=dict, repr=False)
    """Name of a file -> what the item says of it."""
    absent: str = ""
    """The first file that should lie on disk, and does not."""

    def raster_path(self, name: str) -> str:
        """Return what stands for the file `name`."""
        return self.targets[name]

    def sidecars(self) -> dict[str, tuple[str, ...]]:
        """Return the files beside those on disk that GDAL reads with them."""
        found = {path: sidecars_on_disk(path) for path in self.targets.values() if os.path.isfile(path)}
        return {path: tuple(beside) for path, beside in found.items() if beside}


def product_of(item: Item, sheets: tuple[Sheet, ...] = ()) -> Product | None:
    """Return the product that an item is of, as its properties, the names of its files or its identifier tell it."""

    def names() -> Iterator[str]:
        for sheet in sheets or shipped():
            for name in sheet.items.product if sheet.items is not None else ():
                text = item.properties.get(name)
                if isinstance(text, str):
                    yield text[:255]
        yield from (last_name(asset.href)[:255] for asset in item.assets)
        yield item.id

    found = (product_in(name, sheets) for name in names())
    return next((one[0] for one in found if one is not None), None)


def place_of(item: Item, product: Product, path: Path, sheets: tuple[Sheet, ...] = ()) -> ItemPlace:
    """Return where the files of an item lie that its product's sheet knows.

    Parameters
    ----------
    item, product
        An item, and what it is of.
    path
        The file that it stands in.
    sheets
        The families; those that ship by default.

    Raises
    ------
    SceneError
        A file lies where nothing is read.
    """
    targets: dict[str, str] = {}
    openings: dict[str, str] = {}
    assets: dict[str, Asset] = {}
    absent = ""
    for asset in item.assets:
        name = _name_of(asset, product, sheets)
        if name is None or name in targets:
            continue
        try:
            stands, opens = _target(_reference(asset), item, path)
        except ValueError as error:
            raise SceneError(
                f"Scene {printable(item.id)}: its asset {printable(asset.key)} {error}; expected a path, or an address "
                "that begins with https://, http:// or s3://."
            ) from None
        if not stands:
            absent = absent or opens
            continue
        targets[name], assets[name] = stands, asset
        if opens != stands:
            openings[stands] = opens
    return ItemPlace(
        path,
        {name: name for name in targets},
        bundled=True,
        top=product.text,
        targets=targets,
        openings=openings,
        assets=assets,
        absent=absent,
    )


def _name_of(asset: Asset, product: Product, sheets: tuple[Sheet, ...]) -> str | None:
    """Return a name for an asset by which its product's family knows it: that of its file, or one after its key."""
    name = last_name(asset.href)
    parsed = parse(name, sheets, product)
    if parsed is not None and parsed.product in (None, product) and parsed.sheet is product.sheet:
        return name if parsed.kind != METADATA else None
    told = product.sheet.items.assets.get(asset.key.lower()) if product.sheet.items is not None else None
    name = f"{product.text}_{told or asset.key}.tif"
    parsed = parse(name, sheets, product)
    return name if parsed is not None and parsed.kind != METADATA else None


def _reference(asset: Asset) -> str:
    """Return where an asset is taken from: on S3, rather than from a server that wants a login, if the user pays."""
    told = asset.alternates.get("s3", "")
    pays = told.lower().startswith("s3://") and bool(os.environ.get(_PAYER))
    return told if pays else asset.href


def _target(href: str, item: Item, path: Path) -> tuple[str, str]:
    """Return what stands for a file, "" if it should lie on disk and does not, and what rasterio opens.

    Raises
    ------
    ValueError
        It lies where nothing is read; the rest of a sentence on it.
    """
    if is_address(href):
        return placed(href)
    local = _local(href)
    if local is None:
        raise ValueError(f"lies at {shown(without_secrets(re.split('[?#]', href)[0]))}")
    beside = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(path)), local))
    if os.path.isfile(beside) or not is_address(item.base) or os.path.isabs(local):
        # What is behind a question mark may be the signature of an address that lost its beginning.
        return (beside, beside) if os.path.isfile(beside) else ("", beside.partition("?")[0])
    scheme, _, rest = item.base.partition("://")
    # urljoin knows how for http alone.
    return placed(f"{scheme}{urljoin(f'http://{rest}', href)[len('http') :]}")


def _local(href: str) -> str | None:
    """Return a reference as a path; None if it is an address of another kind."""
    if href.lower().startswith("file:"):
        found = unquote(urlsplit(href).path)
        # As in file:///C:/data: what is behind the slash is the path.
        return found[1:] if PureWindowsPath(found[1:]).drive and os.name == "nt" else found
    # A letter and a colon are a drive of Windows.
    return None if _SCHEME.match(href) else href
