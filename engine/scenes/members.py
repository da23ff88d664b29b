"""Which products a place holds, and which of its files are a product's bands: the one home of these choices."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..sensors.landsat.bands import BAND_NUMBERS, SENSOR_NAMES
from ..sensors.landsat.file_names import METADATA, PLAIN, QUALITY, SATURATION, FileName, parse
from ..sensors.landsat.product_id import ProductId, product_in, refusal
from ..sensors.roles import ROLES
from .places import Location, is_bundle

_METADATA_ENDS = ("txt", "json", "xml")
"""Any says the same; txt is the oldest and the one every distributor keeps."""
_LEVEL_1 = re.compile(r"B\d+")
_THERMAL = re.compile(r"ST_B\d+")


@dataclass
class Files:
    """The files of one product in one place, by the affix they have in common, then by kind."""

    product: ProductId
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
    bands: Mapping[str, str]
    """Role -> name of the file, for those there are."""
    qa_pixel: str | None
    """Name of QA_PIXEL."""
    qa_radsat: str | None
    """Name of QA_RADSAT."""
    metadata: tuple[str, ...]
    """Names of the MTL files, best first."""

    @property
    def count(self) -> int:
        """Number of rasters."""
        return len(self.bands) + (self.qa_pixel is not None) + (self.qa_radsat is not None)


def files_in(location: Location) -> list[Files]:
    """Return the files of each product in a place, by the products' identifiers; a product may have no band.

    Files whose names tell no product, such as SR_B4.TIF, are those of the product that the place is named after, or
    of the only one whose files are there.
    """
    parsed = {name: found for name in location.members for found in [parse(name)] if found is not None}
    told = {found.product.text: found.product for found in parsed.values() if found.product is not None}
    own = owner(location)
    if own is None and len(told) == 1:
        (own,) = told.values()
    held: dict[str, Files] = {}
    for name, found in parsed.items():
        product = found.product or own
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


def owner(location: Location) -> ProductId | None:
    """Return the product that a folder or bundle is named after, if any."""
    # A path may be ".", whose name is in no path.
    found = product_in(os.path.basename(os.path.abspath(location.path)))
    return found[0] if found else None


def is_product(files: Files) -> bool:
    """Tell whether there are bands or metadata, so that the product is there, be it of use or not."""
    # Temperature bands count only where there is nothing else, so that their product is told to be unusable.
    thermal = files.product.sensor not in BAND_NUMBERS
    return any(
        kind.startswith(("SR_B", METADATA))
        or kind in ROLES
        or _LEVEL_1.fullmatch(kind)
        or (thermal and _THERMAL.fullmatch(kind))
        for kind in files.kinds
    )


def unfit(product: ProductId) -> str | None:
    """Return why a product cannot be clustered, or None if it can."""
    reason = refusal(product)
    if reason is None and product.sensor not in BAND_NUMBERS:
        known = ", ".join(sorted(set(SENSOR_NAMES)))
        reason = f"{product.text} is of the sensor {product.sensor}, which has no surface reflectance; use {known}"
    return reason


def band_kind(product: ProductId, role: str) -> str:
    """Return what USGS calls the band of a role, such as SR_B4."""
    return f"SR_B{BAND_NUMBERS[product.sensor][role]}"


def choose(files: Files, affix: str | None = None) -> Choice:
    """Choose the files of a product.

    All bands are of one family, so that a clipped and a whole band never meet: that which has most of the six, those
    named as USGS names them before others. QA_PIXEL may be of another where the bands are not named plainly and
    there is only one; the headers will tell whether its grid is theirs. QA_RADSAT may be of either.

    Parameters
    ----------
    files
        Of a product of a sensor with surface reflectance.
    affix
        The family to take the bands from, if it is known.
    """
    product, families = files.product, files.families

    def bands(name: str) -> dict[str, str]:
        family = families.get(name, {})
        known = [role for role in ROLES if role in BAND_NUMBERS[product.sensor]]
        found = {role: family.get(band_kind(product, role)) or family.get(role) for role in known}
        return {role: file for role, file in found.items() if file}

    if affix is None or not bands(affix):
        affix = min(families, key=lambda name: (-len(bands(name)), name != PLAIN, len(name), name))
    qualities = [name for name in families if QUALITY in families[name]]
    quality = affix if affix in qualities or affix == PLAIN or len(qualities) != 1 else qualities[0]
    saturations = [name for name in (affix, quality) if SATURATION in families.get(name, {})]
    metadata = [
        families[name][f"{METADATA}.{end}"]
        for name in sorted(families, key=lambda name: (name != affix, name != PLAIN, name))
        for end in _METADATA_ENDS
        if f"{METADATA}.{end}" in families[name]
    ]
    return Choice(
        affix=affix,
        bands=bands(affix),
        qa_pixel=families.get(quality, {}).get(QUALITY),
        qa_radsat=families[saturations[0]][SATURATION] if saturations else None,
        metadata=tuple(metadata),
    )


def passed_over(files: Files, choice: Choice) -> list[str]:
    """Return sentences about bands that are there twice, of which one is used."""
    said = [f"{other} differs from {used} in its spelling alone; {used} is used" for used, other in files.doubles]
    taken = {band_kind(files.product, role) for role in choice.bands}
    for affix, family in sorted(files.families.items()):
        again = sorted(name for kind, name in family.items() if affix != choice.affix and kind in taken)
        if again:
            more = f" and {len(again) - 1} more" if len(again) > 1 else ""
            used = min(choice.bands.values())
            said.append(f"{again[0]}{more}: these bands of {files.product.text} are taken from {used} and its like")
    return said


def is_choosable(name: str) -> bool:
    """Tell by its name whether a file can stand for a scene: metadata, a band or quality band, or a bundle."""
    return is_bundle(name) or parse(name) is not None
