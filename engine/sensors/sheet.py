"""A sensor's sheet: all that is known of a family of products, as data. `docs/sensors.md` tells what each key means.

The shipped sheets lie in `sheets/`; a user can bring another (SHEET). Code reads sheets and knows no sensor by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

STEM = "stem"
"""`FileName.kind` of a file that is named by its product alone."""
_NOT_IN_A_NAME = r"[^0-9A-Z]"


@dataclass(frozen=True)
class Named:
    """A number that a product's metadata tell."""

    field: str
    """Name of the element."""
    by: str = ""
    """Attribute of the element that tells the bands apart, by `Layer.id`."""
    over: str = ""
    """Element by whose number it is divided."""
    inverted: bool = False
    """Whether one over the number is meant."""
    absent: Fraction | None = None
    """What holds where not one element of this name is there; None = it must be there."""


@dataclass(frozen=True)
class Layer:
    """Where the values of a role lie."""

    kind: str
    """`FileName.kind` of the file."""
    band: int = 1
    """Number of the band in it, from 1."""
    id: str = ""
    """What the metadata call the band."""
    spelled: str = ""
    """`kind` in upper and lower case as the provider has it, for messages."""


@dataclass(frozen=True)
class BandSet:
    """Bands that share one grid."""

    roles: Mapping[str, Layer]
    """Role -> where it lies, in the order of `roles.ROLES`."""
    grid: str = ""
    """What tells it from the family's other sets, such as "10 m"."""
    platforms: frozenset[str] | None = None
    """Those that it is for; None = all."""
    masks: frozenset[str] | None = None
    """`Mask.kind` of those on this grid; None = all."""


@dataclass(frozen=True)
class Mask:
    """What a band of a file tells."""

    kind: str
    """`FileName.kind` of the file."""
    name: str
    """What messages call it."""
    band: int = 1
    """Number of the band in it, from 1."""
    bits: Mapping[str, int] = field(default_factory=dict)
    """As in `readings.MaskFile`; of a file that tells saturation, `FileName.kind` of a band -> bits."""
    classes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """As in `readings.MaskFile`."""


@dataclass(frozen=True)
class Platform:
    """A satellite or instrument."""

    name: str
    """Such as "Landsat 8 OLI"."""
    short: str
    """Such as "Landsat 8"."""
    title: str
    """Such as "LC08", for titles of scenes."""


@dataclass(frozen=True)
class Verdict:
    """Why products, or names, of some kind cannot be used."""

    like: re.Pattern[str]
    """What finds them."""
    why: str
    """The rest of a sentence on one."""
    group: str = ""
    """The part of a product's name that `like` must match as a whole."""


@dataclass(frozen=True)
class MetadataFile:
    """A text beside the bands."""

    kind: str
    """How its name ends, without its ending."""
    extensions: tuple[str, ...]
    """Endings, best first; the same is said by each."""
    required: bool = False
    """Whether a product is of no use without."""
    product: str = ""
    """Where the product's identifier stands, as "GROUP/KEY" or the name of an element."""
    sun_elevation: str = ""
    """Likewise the sun's elevation, in degrees."""
    sun_azimuth: str = ""
    """Likewise."""
    stated: Mapping[str, Fraction] = field(default_factory=dict)
    """"GROUP/beginning of keys" -> the only number that they may have."""


@dataclass(frozen=True)
class Tree:
    """How the files of a product lie in folders of their own."""

    ending: str
    """Of the product's folder, such as ".SAFE"."""
    images: str
    """Pattern of the folders with rasters below it, such as "GRANULE/*/IMG_DATA/*"."""
    granules: str
    """Pattern of the folders of which there must be one."""


@dataclass(frozen=True)
class Shift:
    """An offset of reflectance that products have from some edition on, and that a provider may have taken away."""

    group: str
    """Part of a product's name that tells the edition."""
    since: str
    """The first edition that has it; editions are compared as texts."""
    before: Fraction
    """Reflectance of 0 in older ones."""
    after: Fraction
    """Reflectance of 0 in those that have it."""
    undone: str
    """Property of an item that says whether it was taken away."""
    doubt: str
    """Why an item that says no is not believed, as the rest of a sentence on it."""


@dataclass(frozen=True)
class ItemRule:
    """What items of STAC tell of a family's products."""

    product: tuple[str, ...] = ()
    """Properties that name the product."""
    assets: Mapping[str, str] = field(default_factory=dict)
    """Key of an asset, in lower case -> `FileName.kind` of its file, where the file's name does not tell it."""
    scale: Fraction | None = None
    """Reflectance a step; None = as the sheet says."""
    offset: Shift | None = None
    """Reflectance of 0; None = as the sheet says."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A family of products."""

    key: str
    """Name of the sheet's file, without ending."""
    title: str
    """What people call the family."""
    product: re.Pattern[str]
    """Finds a product's identifier in a name; its groups are the parts, of which `acquired` is needed."""
    platforms: Mapping[str, Platform]
    """Group `platform`, or the only one there is -> what it is; products of others are refused."""
    files: tuple[tuple[str, str], ...]
    """(kind, pattern) of the rasters' names behind or before the identifier; without kind it is what matched."""
    extensions: tuple[str, ...]
    """Endings of the rasters."""
    bands: tuple[BandSet, ...]
    """Sets of bands, the usual first."""
    fill: int | None
    """The stored value that means no data."""
    scale: Fraction | Named
    """Reflectance a step of the stored values."""
    offset: Fraction | Named
    """Reflectance of 0."""
    masks: tuple[Mask, ...] = ()
    """What tells flags and fill."""
    saturation: Mask | None = None
    """What tells saturation band by band."""
    metadata: MetadataFile | None = None
    """The text beside the bands."""
    example: str = ""
    """An identifier, for messages."""
    case: str = ""
    """ "upper" or "lower": how identifiers are written; "" as they come."""
    tile: str = "{tile}"
    """What people call the place, made of the groups."""
    file: str = "{id}_{kind}.TIF"
    """How a raster is named, for messages."""
    newest: tuple[str, ...] = ("processed",)
    """Groups by which products of one acquisition are ordered, the newest last."""
    prefer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Group -> values, best first, by which equally new ones are."""
    refuse: tuple[Verdict, ...] = ()
    """Products that cannot be used; the first that holds is told."""
    refused_files: Mapping[str, str] = field(default_factory=dict)
    """Kind of a file -> why a product that has no better one cannot be used."""
    remedies: Mapping[str, str] = field(default_factory=dict)
    """Kind of a missing file -> how to come by it."""
    kin: tuple[Verdict, ...] = ()
    """Names that look like products' and are none."""
    tells: re.Pattern[str] | None = None
    """Kinds that tell that a product is there, be it of use or not, besides those of its bands."""
    assets: Mapping[str, str] = field(default_factory=dict)
    """Other names of files -> their role."""
    bare: bool = False
    """Whether names without an identifier are files of the product that their folder is named after."""
    tree: Tree | None = None
    """Folders of a product's own."""
    items: ItemRule | None = None
    """What items of STAC tell of its products."""
    described: bool = False
    """Whether the bands' descriptions tell their roles, and the file scale and offset."""

    @cached_property
    def names(self) -> re.Pattern[str]:
        """Finds, in a file's name, what stands before the kind, the kind, and what stands behind."""
        groups = [f"(?P<k{number}>{pattern})" for number, (_, pattern) in enumerate(self.files) if pattern]
        raster = f"(?:{'|'.join(groups)})" if groups else "(?!)"
        text = rf"(?:{raster}(?P<after>(?:{_NOT_IN_A_NAME}.*)?)\.(?:{'|'.join(map(re.escape, self.extensions))})"
        if self.metadata is not None:
            endings = "|".join(self.metadata.extensions)
            text += rf"|(?P<metadata>{self.metadata.kind})(?P<behind>(?:{_NOT_IN_A_NAME}.*)?)\.(?:{endings})"
        # Lazy, so that a name is read from its beginning: SR_B4 and not B4.
        return _pattern(rf"(?P<before>(?:.*?{_NOT_IN_A_NAME})??){text})")

    @cached_property
    def alone(self) -> re.Pattern[str] | None:
        """Finds what stands behind the identifier in a name that has no kind; None where there are no such files."""
        if all(pattern for _, pattern in self.files):
            return None
        return _pattern(rf"(?P<after>(?:{_NOT_IN_A_NAME}.*)?)\.(?:{'|'.join(map(re.escape, self.extensions))})")

    @cached_property
    def asset_names(self) -> re.Pattern[str]:
        """Finds the key of an asset in a file's name."""
        keys = "|".join(map(re.escape, self.assets)) or "(?!)"
        return _pattern(rf"(?P<before>(?:.*_)?)(?P<key>{keys})\.(?:{'|'.join(map(re.escape, self.extensions))})")

    @cached_property
    def plain(self) -> str:
        """`FileName.affix` of the files as the provider names them."""
        between = re.search(r"\{id\}(.?)", self.file)
        return f"*{between[1]}|" if between and STEM not in dict(self.files) else "*|" if between else "|"

    @cached_property
    def known_kinds(self) -> frozenset[str]:
        """Kinds of the files that hold a band, or that a product is refused for."""
        return frozenset(self.refused_files).union(layer.kind for own in self.bands for layer in own.roles.values())

    def sets_of(self, platform: str) -> tuple[BandSet, ...]:
        """Return the sets of bands of a platform, the usual first."""
        return tuple(own for own in self.bands if own.platforms is None or platform in own.platforms)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.ASCII | re.DOTALL)
