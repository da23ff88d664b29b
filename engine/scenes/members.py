"""Which products a place holds, and which of its files are a product's bands: the one home of these choices."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..sensors.file_names import METADATA, FileName, parse
from ..sensors.products import Product, product_in, refusal
from ..sensors.roles import ROLES, USUAL
from ..sensors.sheet import BandSet, Layer, Sheet
from .places import Location, is_bundle
from .stac.documents import may_be_items


@dataclass
class Files:
    """The files of one product in one place, by the affix they have in common, then by kind."""

    product: Product
    """The product."""
    families: dict[str, dict[str, str]] = field(default_factory=dict)
    """`FileName.affix` -> `FileName.kind` -> name of the file; METADATA has its ending behind it."""
    doubles: list[tuple[str, str]] = field(default_factory=list)
    """Names that differ in upper and lower case or their ending alone: the one that is used, the other."""

    @property
    def kinds(self) -> set[str]:
        """All kinds that there are."""
        return {kind for family in self.families.values() for kind in family}

    @property
    def count(self) -> int:
        """Number of files."""
        return sum(map(len, self.families.values()))


@dataclass(frozen=True)
class Choice:
    """The files of a product that are used."""

    affix: str
    """What they have in common; see `FileName.affix`."""
    own: BandSet
    """The set that the bands are of."""
    bands: Mapping[str, tuple[str, Layer]]
    """Role -> name of the file and where in it, for those there are."""
    masks: Mapping[str, str]
    """Kind of each mask file of the set that is there -> its name."""
    saturation: str | None
    """Name of the file that tells saturation band by band."""
    metadata: tuple[str, ...]
    """Names of the metadata files, best first."""
    others: tuple[Choice, ...] = ()
    """The family's other sets, as far as they are there."""

    @property
    def names(self) -> frozenset[str]:
        """Names of the rasters."""
        found = {name for name, _ in self.bands.values()} | set(self.masks.values())
        return frozenset(found | ({self.saturation} if self.saturation else set()))

    @property
    def count(self) -> int:
        """Number of rasters."""
        return len(self.names)


def files_in(location: Location, sheets: tuple[Sheet, ...] = ()) -> list[Files]:
    """Return the files of each product in a place, by the products' identifiers; a product may have no band.

    Files whose names tell no product, such as SR_B4.TIF, are those of the product that the place is named after, or
    of the only one whose files are there.
    """
    own = owner(location, sheets)
    parsed = {name: found for name in location.members for found in [parse(name, sheets, own)] if found is not None}
    told = {found.product.text: found.product for found in parsed.values() if found.product is not None}
    if own is None and len(told) == 1:
        (own,) = told.values()
    held: dict[str, Files] = {}
    for name, found in parsed.items():
        product = found.product or (own if own is not None and own.sheet is found.sheet else None)
        if product is not None:
            _add(held.setdefault(product.text, Files(product)), name, found)
    return [held[text] for text in sorted(held)]


def _add(files: Files, name: str, found: FileName) -> None:
    family = files.families.setdefault(found.affix, {})
    kind = found.kind
    if kind == METADATA:
        kind += "." + name.rsplit(".", 1)[-1].lower()
    # In the order of the names, of which those in upper case stand first.
    if family.setdefault(kind, name) != name:
        files.doubles.append((family[kind], name))


def owner(location: Location, sheets: tuple[Sheet, ...] = ()) -> Product | None:
    """Return the product that a folder or bundle is named after, if any; of a folder in a bundle, that."""
    # A path may be ".", whose name is in no path.
    names = [os.path.basename(os.path.abspath(location.path)), *([location.top] if location.top else [])]
    found = (product_in(name, sheets) for name in reversed(names))
    return next((one[0] for one in found if one is not None), None)


def is_product(files: Files) -> bool:
    """Tell whether there are bands or metadata, so that the product is there, be it of use or not."""
    sheet = files.product.sheet
    # Temperature bands count only where there is nothing else, so that their product is told to be unusable.
    thermal = files.product.platform is None
    others = {mask.kind for mask in sheet.masks} | ({sheet.saturation.kind} if sheet.saturation else set())
    return any(
        kind.startswith(METADATA)
        or kind in ROLES
        or kind in sheet.known_kinds
        or (sheet.tells is not None and sheet.tells.fullmatch(kind))
        or (thermal and kind not in others)
        for kind in files.kinds
    )


def unfit(product: Product, files: Files | None = None) -> str | None:
    """Return why a product, or what is there of it, cannot be clustered, or None if it can."""
    reason = refusal(product)
    if reason is not None or files is None or choose(files).bands:
        return reason
    told = (why for kind, why in product.sheet.refused_files.items() if kind in files.kinds)
    return next((f"{product.text} {why}" for why in told), None)


def band_kind(product: Product, role: str) -> str | None:
    """Return what a product's family calls the band of a role, such as SR_B4; None where it has no such band."""
    kinds = (own.roles[role].kind for own in product.sheet.sets_of(product.sensor) if role in own.roles)
    return next(kinds, None)


def choose(files: Files, affix: str | None = None) -> Choice:
    """Choose the files of a product.

    All bands are of one set and one family of names, so that a clipped and a whole band never meet: of the set, and
    then of the names, which have most of the usual roles; those named as the provider names them before others. A mask
    may be of another family of names where the bands are not named plainly and there is only one; the headers will
    tell whether its grid is theirs. QA_RADSAT may be of either.

    Parameters
    ----------
    files
        Of a product of a sensor with surface reflectance.
    affix
        The family of names to take the bands from, if it is known.
    """
    sets = files.product.sheet.sets_of(files.product.sensor) or (BandSet({}),)
    choices = [_of_set(files, own, affix) for own in sets]
    if len(choices) == 1:
        return choices[0]

    def usual(choice: Choice) -> int:
        return sum(role in choice.bands for role in USUAL)

    best = min(choices, key=lambda choice: (-usual(choice), -len(choice.bands), choices.index(choice)))
    others = tuple(choice for choice in choices if choice is not best and choice.bands)
    return replace(best, others=others)


def _of_set(files: Files, own: BandSet, affix: str | None) -> Choice:
    sheet, families = files.product.sheet, files.families

    def bands(name: str) -> dict[str, tuple[str, Layer]]:
        family = families.get(name, {})
        found = {role: (family.get(layer.kind) or family.get(role, ""), layer) for role, layer in own.roles.items()}
        return {role: file for role, file in found.items() if file[0]}

    if affix is None or not bands(affix):
        affix = min(families, key=lambda name: (-len(bands(name)), name != sheet.plain, len(name), name), default="")
    wanted = dict.fromkeys(mask.kind for mask in sheet.masks if own.masks is None or mask.kind in own.masks)
    masks = {kind: family for kind in wanted if (family := _with_mask(families, kind, affix, sheet.plain)) is not None}
    quality = next(iter(masks.values()), affix)
    saturation = sheet.saturation.kind if sheet.saturation is not None else ""
    saturations = [name for name in (affix, quality) if saturation in families.get(name, {})]
    endings = sheet.metadata.extensions if sheet.metadata is not None else ()
    metadata = [
        families[name][f"{METADATA}.{end}"]
        for name in sorted(families, key=lambda name: (name != affix, name != sheet.plain, name))
        for end in endings
        if f"{METADATA}.{end}" in families[name]
    ]
    return Choice(
        affix=affix,
        own=own,
        bands=bands(affix),
        masks={kind: families[name][kind] for kind, name in masks.items()},
        saturation=families[saturations[0]][saturation] if saturations else None,
        metadata=tuple(metadata),
    )


def _with_mask(families: Mapping[str, Mapping[str, str]], kind: str, affix: str, plain: str) -> str | None:
    """Return the family of names that the mask of a kind is taken from."""
    having = [name for name in families if kind in families[name]]
    if affix in having:
        return affix
    return having[0] if affix != plain and len(having) == 1 else None


def passed_over(files: Files, choice: Choice) -> list[str]:
    """Return sentences about bands that are there twice, of which one is used."""
    said = [f"{other} differs from {used} in its spelling alone; {used} is used" for used, other in files.doubles]
    taken = {layer.kind for _, layer in choice.bands.values()}
    for affix, family in sorted(files.families.items()):
        again = sorted(name for kind, name in family.items() if affix != choice.affix and kind in taken)
        if again:
            more = f" and {len(again) - 1} more" if len(again) > 1 else ""
            used = min(name for name, _ in choice.bands.values())
            said.append(f"{again[0]}{more}: these bands of {files.product.text} are taken from {used} and its like")
    return said


def is_choosable(name: str, sheets: Sequence[Sheet] = ()) -> bool:
    """Tell by its name whether a file can stand for scenes: metadata, a (quality) band, a bundle, or items of STAC."""
    return is_bundle(name) or may_be_items(name) or parse(name, tuple(sheets)) is not None
