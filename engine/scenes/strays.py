"""What looks like a scene and gives none: archives, names that nearly fit, and the file nearest to a missing one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import SceneError
from ..sensors.file_names import METADATA, parse
from ..sensors.products import Product, kin, product_in
from ..sensors.roles import ROLES, USUAL
from ..sensors.sheet import Sheet
from .archives import printable
from .members import Files, band_kind, is_product, owner, unfit
from .places import Location, bundle, folder, is_bundle
from .stac.documents import may_be_items
from .trees import expanded

_PACKED = re.compile(r"\.(tar\.(gz|bz2|xz|zst|z)|tgz|tbz2?|txz|zip|7z|rar|gz|bz2|xz)$", re.IGNORECASE)
_UNFINISHED = re.compile(r"\.(part|partial|crdownload|download|aria2|tmp)$", re.IGNORECASE)
_BAND_LIKE = re.compile(r"B(AND)?[_ -]?\d|" + "|".join(USUAL), re.IGNORECASE)
_RASTER = re.compile(r"\.(tiff?|jp2|img|vrt|hdf|nc)$", re.IGNORECASE)


@dataclass(frozen=True)
class Stray:
    """What looks like a scene and is none."""

    place: Path
    """The folder or bundle it was met in; of a folder that is itself meant, that."""
    product: Product | None
    """The product that its name tells."""
    note: str
    """A clause that says what it is, for a sentence."""
    is_place: bool = False
    """Whether the name is that of the folder or bundle itself."""


def is_packed(name: str) -> bool:
    """Tell by its name whether a file is an archive that must be unpacked."""
    return bool(_PACKED.search(name))


def strays(location: Location, held: list[Files], sheets: tuple[Sheet, ...] = ()) -> list[Stray]:
    """Return what in a place, and of its own name, looks like a product that `held` does not give.

    Parameters
    ----------
    location
        A place.
    held
        Its `files_in`.
    sheets
        The families; those that ship by default.
    """
    found = [*_packed(location), *_pipes(location)]
    # What counts as a product was told already.
    told = {files.product.text for files in held if is_product(files)}
    empty = {files.product.text: files.product for files in held}
    own = owner(location, sheets)
    if own is not None:
        empty[own.text] = own
    for text, product in sorted(empty.items()):
        if text not in told:
            note = unfit(product) or without_bands(location, product)
            found.append(Stray(location.path, product, note, is_place=True))
    said = kin(location.path.name, sheets)
    if said is not None:
        found.append(Stray(location.path, None, f"{_place(location)} is {said}", is_place=True))
    return [*found, *_kin(location, bool(held), sheets)]


def without_bands(location: Location, product: Product) -> str:
    """Return the clause for a place that looks as if it held a product, and holds none of its bands."""
    return f"{_place(location)} holds none of the files {_files_of(product)}{_such_as(location)}"


def _files_of(product: Product) -> str:
    """Return the names of the files with bands of a product, such as LC08_…_T1_SR_B*.TIF."""
    kinds = {re.sub(r"\d+$", "", layer.kind) for own in product.sheet.bands for layer in own.roles.values()}
    return product.sheet.file.format(id=product.text, kind=f"{kinds.pop()}*" if len(kinds) == 1 else "*")


def _place(location: Location) -> str:
    return f"{'the bundle' if location.bundled else 'the folder'} {printable(location.path)}"


def _packed(location: Location) -> list[Stray]:
    found = []
    for name in location.members:
        # A bundle in a folder is searched, one in a bundle is not.
        packed = location.bundled if is_bundle(name) else is_packed(name)
        if not packed and not _UNFINISHED.search(name):
            continue
        where = f"{printable(location.path)} holds {printable(name)}"
        told = product_in(name)
        if told is None:
            said = kin(name)
            if said is not None:
                found.append(Stray(location.path, None, f"{where}, {said}"))
        elif _is_whole(name, told[1], told[2]):
            rest = "unpack it" if packed else "it is not downloaded to its end, download it again"
            found.append(Stray(location.path, told[0], f"{where}; {unfit(told[0]) or rest}"))
    return found


def _is_whole(name: str, start: int, end: int) -> bool:
    """Tell whether an archive is named as a whole product, and not as one band of it or another thing."""
    rest = _PACKED.sub("", _UNFINISHED.sub("", name[end:]))
    return start == 0 and re.search(r"[A-Za-z]", re.sub(r"\.tar$", "", rest, flags=re.IGNORECASE)) is None


def _pipes(location: Location) -> list[Stray]:
    found = []
    for name, what in location.unusable.items():
        product = product_in(name)
        if product is not None or is_bundle(name):
            note = f"{printable(name)} in {printable(location.path)} is {what}"
            # Told even if the product is found: a band may be missed for it.
            found.append(Stray(location.path, None, note))
    return found


def _kin(location: Location, has_products: bool, sheets: tuple[Sheet, ...]) -> list[Stray]:
    """Return one stray for all rasters whose names are nearly those of a product."""
    names, reason = [], ""
    for name in location.members:
        if not _RASTER.search(name) or product_in(name, sheets) is not None:
            continue
        parsed = parse(name, sheets)
        if parsed is not None and parsed.sheet.tree is not None and has_products:
            continue
        said = kin(name, sheets)
        if said is None and parsed is not None and not has_products and parsed.kind.startswith(("SR_", "QA_")):
            said = "not named as a Landsat product; put the product's identifier before its names"
        if said is not None:
            names.append(name)
            reason = reason or said
    if not names:
        return []
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    where = f"{printable(location.path)} holds {printable(names[0])}{more}"
    return [Stray(location.path, None, f"{where}, {reason}")]


def foreign(location: Location) -> str:
    """Return a hint at what a place without scenes holds instead, in brackets, or ""."""
    rasters = [name for name in location.members if _RASTER.search(name)]
    if rasters:
        return f" (it holds {printable(rasters[0])}, which is not named as a file of a product)"
    items = [name for name in location.members if may_be_items(name)]
    if items:
        return f" (it holds {printable(items[0])}; choose STAC items themselves, not their folder)"
    return ""


def _such_as(location: Location) -> str:
    """Return a hint at a raster in a place, at best one that may be meant as a band, or ""."""
    rasters = [name for name in location.members if _RASTER.search(name)]
    rasters.sort(key=lambda name: _BAND_LIKE.search(name) is None)
    return f", but {printable(rasters[0])}" if rasters else ""


def _means(product: Product, kind: str) -> re.Pattern[str]:
    """Return what finds, in a name that a user gave, the band of a role, or a mask."""
    if kind not in ROLES:
        text = "|".join(
            {re.escape(kind), re.escape(kind.replace("_", "")), r"PIXEL_?QA|BQA" if kind == QUALITY else kind}
        )
    else:
        asset = {"nir": "nir(08)?", "swir1": "swir_?16?", "swir2": "swir_?22?"}.get(kind, kind)
        number = re.search(r"B0*(\d+[A-Z]?)(?![0-9])", band_kind(product, kind) or "")
        text = rf"B(AND)?[_ -]?0?{number[1]}|{asset}" if number else asset
    return re.compile(rf"(?<![0-9A-Z])({text})(?![0-9A-Z])", re.IGNORECASE)


QUALITY = "QA_PIXEL"
"""Kind of Landsat's mask, which users call by its older names as well."""


def needed_name(product: Product, affix: str, kind: str) -> str:
    """Return the name of the file that is looked for: as the provider has it, or as its like in the place are named.

    Parameters
    ----------
    product
        The product.
    affix
        `Choice.affix` of its other bands.
    kind
        A role, or the kind of a mask.
    """
    sheet = product.sheet
    own = band_kind(product, kind) if kind in ROLES else kind
    own = next((name for name in _spelled(sheet) if name.upper() == own), own or kind)
    if affix == sheet.plain or "*" not in affix:
        return sheet.file.format(id=product.text, kind=own)
    before, _, after = affix.partition("|")
    ending = sheet.file.rpartition(".")[2]
    return f"{before.replace('*', product.text)}{own}{after.replace('*', product.text)}.{ending}"


def _spelled(sheet: Sheet) -> list[str]:
    """Return what files are called, in upper and lower case as the provider has it."""
    layers = [layer.spelled for own in sheet.bands for layer in own.roles.values()]
    return [*(mask.name for mask in sheet.masks), *layers]


def remedy(product: Product, affix: str, kind: str = "") -> str:
    """Return how to come by a missing file, by its kind and by what the names of the others have in common."""
    told = product.sheet.remedies.get(kind)
    if told is not None:
        return told
    plain = affix == product.sheet.plain or product.sheet.tree is not None
    return "download it" if plain else "download it and cut or rename it as the others"


def nearest(place: str, product: Product, kind: str, taken: tuple[str, ...]) -> str:
    """Return a clause about the file in a place that may be the missing one, or "".

    Parameters
    ----------
    place
        `Scene.place`.
    product
        The scene's.
    kind
        A role, or the kind of a mask.
    taken
        Files that the scene has.
    """
    path = Path(place)
    try:
        location = expanded(folder(path)) if os.path.isdir(path) else bundle(path)
    except SceneError:
        return ""
    pattern = _means(product, kind)
    used = {name.replace("\\", "/").rsplit("/", 1)[-1] for name in taken}
    for name, what in location.unusable.items():
        if pattern.search(name):
            return f" ({printable(name)} is {what})"
    for name in location.folders:
        if _RASTER.search(name) and pattern.search(name):
            return f" ({printable(name)} is a folder)"
    for name in location.members:
        parsed = parse(name)
        # The file of another product, and what is known to be another band, is none.
        other = product_in(name)
        if name in used or not _RASTER.search(name) or (other is not None and other[0].text != product.text):
            continue
        if parsed is not None and (parsed.kind == METADATA or parsed.kind.startswith("ST_")):
            continue
        if pattern.search(name):
            return f" (the nearest there is {printable(name)})"
    return ""
