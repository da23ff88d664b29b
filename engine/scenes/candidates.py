"""Of what a search met: one product of each acquisition, the first that is sound, as a scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from ..errors import SceneError, shown
from ..progress import Progress, check_cancelled
from ..quantities import counted
from ..sensors.metadata import Metadata, foreign_values, parse_metadata, values_of
from ..sensors.products import Product
from ..sensors.readings import BandFile, MaskFile, Values
from ..sensors.sheet_file import shipped
from .archives import printable
from .members import Choice, Files, owner
from .places import Location
from .scene import OtherGrid, Scene
from .strays import without_bands
from .walk import left_out


@dataclass(frozen=True)
class Told:
    """What an item of STAC tells of a product, instead of the metadata beside its bands."""

    scale: Fraction
    """Reflectance a step."""
    offset: Fraction
    """Reflectance of 0."""
    sun_elevation: float | None
    """Degrees."""
    sun_azimuth: float | None
    """Degrees."""
    openings: Mapping[str, str] = field(repr=False)
    """As in `Scene`."""


@dataclass(frozen=True)
class Candidate:
    """A product in a place."""

    files: Files
    """All that is there of it."""
    choice: Choice
    """What is used."""
    location: Location
    """Where."""
    level: int
    """Levels of folders below the one that the user named."""
    named: bool
    """Whether the user named the very place or file, so that a fault raises."""
    by_band: bool = False
    """Whether the file that was named is a band, so that metadata beside it were not meant."""
    told: Told | None = None
    """What an item tells, if it comes from one."""

    @property
    def product(self) -> Product:
        """The product."""
        return self.files.product

    @property
    def text(self) -> str:
        """The product and where it lies, for messages."""
        return f"{self.product.text} in {printable(self.location.path)}"


def scenes_of(candidates: Sequence[Candidate], notes: list[str], progress: Progress) -> list[Scene]:
    """Return one scene of each acquisition, in order of time.

    Parameters
    ----------
    candidates
        In any order, which changes nothing.
    notes
        Gets what was left out and why; changed in place.
    progress
        Who may cancel.

    Raises
    ------
    Cancelled
        The user cancelled.
    SceneError
        Of a candidate that was named: its metadata are broken or contradict it.
    """
    fruitful = {item.location.path for item in candidates if item.choice.bands}
    scenes = []
    for group in _by_acquisition(candidates, notes):
        check_cancelled(progress)
        scenes += _sound(group, fruitful, notes)
    return sorted(scenes, key=lambda scene: (scene.acquired, scene.id))


def _by_acquisition(candidates: Sequence[Candidate], notes: list[str]) -> list[list[Candidate]]:
    """Return the candidates of each acquisition, the one to be used first.

    That is the newest and best product; of one product in two places the one with more of the files that are used
    (a folder may hold no more than the metadata), unpacked rather than bundled, nearest to what the user named, in a
    place of its name.
    """

    def rank(item: Candidate) -> tuple[object, ...]:
        own = owner(item.location)
        of_its_name = own is not None and own.text == item.product.text
        worse = (
            -item.choice.count,
            -len(item.choice.bands),
            item.location.bundled,
            item.level,
            not of_its_name,
            -item.files.count,
        )
        return (*worse, str(item.location.path))

    # The path decides between equals, never the order in which they were given.
    ranked = sorted(sorted(candidates, key=rank), key=lambda item: item.product.preference, reverse=True)
    groups: dict[object, dict[tuple[str, Path], Candidate]] = {}
    twice = 0
    for item in ranked:
        group = groups.setdefault(item.product.acquisition, {})
        key = (item.product.text, item.location.path.resolve())
        twice += key in group
        group.setdefault(key, item)
    if twice:
        notes.append(f"Left out: {counted(twice, 'scene')} given more than once.")
    return [list(group.values()) for group in groups.values()]


def _sound(group: Sequence[Candidate], fruitful: set[Path], notes: list[str]) -> list[Scene]:
    """Return the first candidate of an acquisition that is sound, with the others as its spares; [] if none is."""
    kept: list[Candidate] = []
    scenes: list[Scene] = []
    has_bands = any(item.choice.bands for item in group)
    for item in group:
        if not item.choice.bands and (has_bands or not item.named or item.location.path in fruitful):
            # One that the user named alone is told by the check of the bands that were asked for.
            if not kept:
                notes.append(f"Left out: {without_bands(item.location, item.product)}.")
                continue
        else:
            try:
                # What is wrong with the metadata of a spare is nobody's concern.
                scene = _scene(item, [] if kept else notes)
            except SceneError as error:
                if item.named and not kept:
                    raise
                notes.append(left_out(error))
                continue
            # A copy inside the scene's own folder is most often a part of it that was cut out, and no second scene.
            if not kept or kept[0].location.path not in item.location.path.parents:
                scenes.append(scene)
        if kept and item.product.text != kept[0].product.text:
            notes.append(f"Left out: {item.product.text} is the same acquisition as {kept[0].product.text}.")
        elif kept:
            notes.append(f"Left out: {item.text} is also in {printable(kept[0].location.path)}.")
        kept.append(item)
    return [replace(scenes[0], spares=tuple(scenes[1:]))] if scenes else []


def _scene(candidate: Candidate, notes: list[str]) -> Scene:
    product, choice, told = candidate.product, candidate.choice, candidate.told
    metadata = _metadata(candidate, notes) if told is None else Metadata()
    file = product.sheet.metadata
    sun_elevation, sun_azimuth = (
        (metadata.number(place) if place else None)
        for place in ((file.sun_elevation, file.sun_azimuth) if file is not None else ("", ""))
    )
    if told is not None:
        sun_elevation, sun_azimuth = told.sun_elevation, told.sun_azimuth
    bands, masks, saturation = _files(candidate, choice, metadata)
    others = []
    for other in choice.others:
        others.append(OtherGrid(other.own.grid, *_files(candidate, other, metadata)))
    return Scene(
        product=product,
        place=str(candidate.location.path),
        bands=bands,
        masks=masks,
        saturation=saturation,
        sun_elevation=sun_elevation,
        sun_azimuth=sun_azimuth,
        affix=choice.affix,
        sidecars=candidate.location.sidecars(),
        others=tuple(others),
        metadata=tuple(candidate.location.raster_path(name) for name in choice.metadata),
        openings=told.openings if told is not None else {},
        listed=told is not None,
    )


def _told_values(candidate: Candidate) -> Values | None:
    told = candidate.told
    return Values(told.scale, told.offset, candidate.product.sheet.fill) if told is not None else None


def _files(
    candidate: Candidate, choice: Choice, metadata: Metadata
) -> tuple[dict[str, BandFile], tuple[MaskFile, ...], MaskFile | None]:
    """Return bands, masks and what tells saturation of a choice.

    Raises
    ------
    SceneError
        The metadata do not tell what the bands store.
    """
    sheet, path_of = candidate.product.sheet, candidate.location.raster_path
    # Of a sheet that a user brings not all bands of a file need be told.
    ships = sheet in shipped()
    bands = {}
    for role, (name, layer) in choice.bands.items():
        try:
            values = _told_values(candidate) or values_of(sheet, layer, metadata)
            # A file of more bands than its product has would be another product's, with other bands in these places.
            last = max(one.band for one in choice.own.roles.values() if one.kind == layer.kind)
            bands[role] = BandFile(path_of(name), layer.band, values, last if ships else 0)
        except ValueError as error:
            raise SceneError(
                f"Scene {candidate.product.text}: {printable(candidate.choice.metadata[0])} does not tell what the "
                f"numbers of its bands mean ({error}); download the product again."
            ) from error
    counts = {mask.kind: mask.band for mask in sorted(sheet.masks, key=lambda mask: mask.band) if ships}
    masks = tuple(
        MaskFile(
            path_of(choice.masks[mask.kind]),
            mask.band,
            mask.name,
            mask.bits,
            mask.classes,
            count=counts.get(mask.kind, 0),
        )
        for mask in sheet.masks
        if mask.kind in choice.masks
    )
    saturation = None
    if sheet.saturation is not None and choice.saturation is not None:
        bits = {role: sheet.saturation.bits.get(layer.kind, 0) for role, layer in choice.own.roles.items()}
        saturation = MaskFile(path_of(choice.saturation), sheet.saturation.band, sheet.saturation.name, bits, {})
    return bands, masks, saturation


def _metadata(candidate: Candidate, notes: list[str]) -> Metadata:
    """Return what the scene's metadata say (nothing without a file), checked against its name and its sheet.

    Where a scene can be used without, broken metadata raise only in a folder that the user named, or if they were
    named, and there are no others. In a bundle nobody can mend them.
    """
    product, file = candidate.product, candidate.product.sheet.metadata
    can_be_mended = candidate.named and not candidate.by_band and not candidate.location.bundled
    if file is None:
        return Metadata()
    broken = ""
    for name in candidate.choice.metadata:
        try:
            metadata = parse_metadata(candidate.location.read_text(name), file)
        except (OSError, ValueError) as error:
            broken = broken or f"Scene {product.text}: the metadata file {printable(name)} cannot be read ({error})"
            last = error
            continue
        if broken:
            notes.append(f"{broken}; {printable(name)} is used instead.")
        _check_metadata(product, printable(name), metadata)
        return metadata
    if file.required and broken:
        raise SceneError(f"{broken}, and without it nobody knows what its numbers mean; download it again.") from last
    if file.required:
        raise SceneError(
            f"Scene {product.text}: {file.kind}.{file.extensions[0]}, which tells what the numbers of its bands mean, "
            f"is missing in {printable(candidate.location.path)}; download the whole product again."
        )
    if broken and can_be_mended:
        raise SceneError(f"{broken}; download it again or remove it, the scene can be used without.") from last
    if broken:
        notes.append(f"{broken}; the scene is used without.")
    return Metadata()


def _check_metadata(product: Product, name: str, metadata: Metadata) -> None:
    file = product.sheet.metadata
    if file is None:
        return
    stated = metadata.text(file.product)
    ending = product.sheet.tree.ending if product.sheet.tree is not None else ""
    if stated is not None and stated.upper() not in (product.text.upper(), f"{product.text}{ending}".upper()):
        raise SceneError(
            f"Scene {product.text}: its metadata file {name} is of the product {shown(stated)[1:-1]}; "
            "put the files of one product together."
        )
    difference = foreign_values(file, metadata)
    if difference:
        raise SceneError(
            f"Scene {product.text}: {name} states {difference}, which is not that of {product.sheet.title}; download "
            "the Level-2 product."
        )
