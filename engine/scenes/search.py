"""From the paths a user gives to checked scenes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SceneError, shown
from ..progress import Progress, Silent, check_cancelled
from ..sensors.landsat import mtl
from ..sensors.landsat.bands import BAND_NUMBERS, ROLES, SENSOR_NAMES
from ..sensors.landsat.product_id import ARD_ID, ProductId, leading_product_id, refusal
from .places import Location, bundle, folder, subfolders
from .scene import Scene

_MTL_NAME = re.compile(r"_MTL\.(txt|xml|json)$", re.IGNORECASE)
_TAR_NAME = re.compile(r"\.tar$", re.IGNORECASE)
_WANTED = (
    "expected a folder with files such as LC08_L2SP_…_SR_B4.TIF, a folder of such folders, "
    "an MTL file or a .tar bundle of Landsat 4-9 Collection 2 Level-2"
)


@dataclass
class Found:
    """What a search of the user's paths gave."""

    scenes: list[Scene] = field(default_factory=list)
    """Sorted by acquisition date, then identifier; none twice."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""


@dataclass(frozen=True)
class _Candidate:
    product: ProductId
    location: Location


def find_scenes(paths: Iterable[str | Path], progress: Progress | None = None) -> Found:
    """Find the scenes that the paths lead to.

    Parameters
    ----------
    paths
        Scene folders, folders of scene folders or bundles, MTL files and .tar bundles, in any mix and order.
    progress
        Who may cancel; nobody by default.

    Raises
    ------
    Cancelled
        The user cancelled.
    SceneError
        A path does not exist, or leads to nothing that can be clustered; the message says why.
    """
    wanted = [Path(path) for path in paths if str(path).strip()]
    if not wanted:
        raise SceneError(f"SCENES is empty; {_WANTED}.")
    found = Found()
    candidates: list[_Candidate] = []
    progress = progress or Silent()
    for path in wanted:
        candidates.extend(_candidates(path, found.notes, progress))
    kept = _without_duplicates(candidates, found.notes)
    for candidate in kept:
        check_cancelled(progress)
        found.scenes.append(_scene(candidate))
    found.notes = sorted(set(found.notes))
    return found


def _candidates(path: Path, notes: list[str], progress: Progress) -> list[_Candidate]:
    check_cancelled(progress)
    # os.path rather than Path: a name that the disk cannot hold is one that does not exist, not an OSError.
    if os.path.isdir(path):
        return _in_folder(path, notes, progress)
    if not os.path.exists(path):
        raise SceneError(f"SCENES: {path} does not exist; {_WANTED}.")
    if _TAR_NAME.search(path.name):
        return _named(bundle(path), f"the bundle {path}")
    if _MTL_NAME.search(path.name):
        product = leading_product_id(path.name)
        if product is None:
            raise SceneError(
                f"SCENES: the MTL file {path} is not named after a Landsat Collection 2 product; "
                "expected a name such as LC08_L2SP_…_MTL.txt."
            )
        return _named(folder(path.parent), f"the MTL file {path}", product)
    raise SceneError(f"SCENES: the file {path} is neither an MTL file nor a .tar bundle; {_WANTED}.")


def _named(location: Location, what: str, only: ProductId | None = None) -> list[_Candidate]:
    """Return the products of a place the user named; one that cannot be used is an error."""
    products = [only] if only else _products(location)
    if not products:
        raise SceneError(f"SCENES: {what} holds no Landsat scene{_foreign(location)}; {_WANTED}.")
    for product in products:
        reason = refusal(product) or _no_reflectance(product)
        if reason:
            raise SceneError(f"SCENES: {reason}.")
    return [_Candidate(product, location) for product in products]


def _in_folder(path: Path, notes: list[str], progress: Progress) -> list[_Candidate]:
    here = folder(path)
    if _products(here):
        named = _named(here, f"the folder {path}")
        bundles = _searched([path / name for name in here.members if _TAR_NAME.search(name)], [], notes, progress)
        return named + bundles
    reasons: list[str] = []
    inside = [path / name for name in here.members if _TAR_NAME.search(name)] + subfolders(path)
    candidates = _searched(inside, reasons, notes, progress)
    if not candidates:
        why = f"; {reasons[0]}" if reasons else _foreign(here)
        raise SceneError(f"SCENES: the folder {path} holds no Landsat scene that can be clustered{why}; {_WANTED}.")
    return candidates


def _searched(places: Iterable[Path], reasons: list[str], notes: list[str], progress: Progress) -> list[_Candidate]:
    """Return the products of places met in a search; one that cannot be used is noted and left out."""
    candidates: list[_Candidate] = []
    for place in places:
        check_cancelled(progress)
        location = bundle(place) if place.is_file() else folder(place)
        for product in _products(location):
            reason = refusal(product) or _no_reflectance(product)
            if reason:
                reasons.append(reason)
                notes.append(f"Left out: {reason}.")
            else:
                candidates.append(_Candidate(product, location))
    return candidates


def _products(location: Location) -> list[ProductId]:
    """Return the products a place holds: those with a band or an MTL file, matched by their whole name."""
    products: dict[str, ProductId] = {}
    for name in location.members:
        product = leading_product_id(name)
        if product is None:
            continue
        rest = name[len(product.text) :]
        # Temperature bands count only where there is nothing else, so that their product is told to be unusable.
        bands = r"(_SR)?_B\d+\.TIFF?" if product.sensor in BAND_NUMBERS else r"(_S[RT])?_B\d+\.TIFF?"
        if _MTL_NAME.fullmatch(rest) or re.fullmatch(bands, rest, re.IGNORECASE):
            products[product.text] = product
    return [products[text] for text in sorted(products)]


def _no_reflectance(product: ProductId) -> str | None:
    if product.sensor not in BAND_NUMBERS:
        known = ", ".join(sorted(set(SENSOR_NAMES)))
        return f"{product.text} is of the sensor {product.sensor}, which has no surface reflectance; use {known}"
    return None


def _foreign(location: Location) -> str:
    """Return a hint at what a place without scenes holds instead."""
    for name in location.members:
        if ARD_ID.match(name):
            return f" (it holds the Analysis Ready Data file {name}, which is another product)"
    tifs = [name for name in location.members if name.lower().endswith((".tif", ".tiff", ".jp2"))]
    return f" (it holds {tifs[0]}, which is not named as a Landsat Collection 2 product)" if tifs else ""


def _without_duplicates(candidates: Sequence[_Candidate], notes: list[str]) -> list[_Candidate]:
    """Keep one product of each acquisition: the newest and best, whole, unpacked rather than bundled; in order of time.

    A folder may hold no more than the metadata of a product whose bands lie in another: the one with more files wins.
    """

    def rank(item: _Candidate) -> tuple[object, ...]:
        files = sum(name.startswith(item.product.text) for name in item.location.members)
        return item.product.preference, files, not item.location.bundled, str(item.location.path)

    # Sorted worst first, so that the last of each acquisition wins; the path decides between equals, never the order.
    ranked = sorted(candidates, key=rank)
    best = {candidate.product.acquisition: candidate for candidate in ranked}
    for candidate in ranked:
        winner = best[candidate.product.acquisition]
        if candidate.product.text != winner.product.text:
            notes.append(f"Left out: {candidate.product.text} is the same acquisition as {winner.product.text}.")
        elif candidate.location.path.resolve() != winner.location.path.resolve():
            notes.append(
                f"Left out: {candidate.product.text} in {candidate.location.path} is also in {winner.location.path}."
            )
    given_twice = len(candidates) - len({(c.product.text, c.location.path.resolve()) for c in candidates})
    if given_twice:
        notes.append(f"Left out: {given_twice} scene(s) given more than once.")
    return sorted(best.values(), key=lambda item: (item.product.acquired, item.product.text))


def _scene(candidate: _Candidate) -> Scene:
    product, location = candidate.product, candidate.location

    def path_of(suffix: str) -> str | None:
        pattern = re.compile(re.escape(f"{product.text}_{suffix}") + r"\.(?i:tiff?)")
        name = next((name for name in location.members if pattern.fullmatch(name)), None)
        return location.raster_path(name) if name else None

    numbers = BAND_NUMBERS[product.sensor]
    bands = {role: path_of(f"SR_B{numbers[role]}") for role in ROLES}
    groups = _metadata(product, location)
    return Scene(
        product=product,
        place=str(location.path),
        bands={role: path for role, path in bands.items() if path},
        qa_pixel=path_of("QA_PIXEL"),
        qa_radsat=path_of("QA_RADSAT"),
        sun_elevation=mtl.number(groups, "IMAGE_ATTRIBUTES", "SUN_ELEVATION"),
        sun_azimuth=mtl.number(groups, "IMAGE_ATTRIBUTES", "SUN_AZIMUTH"),
        sidecars=location.sidecars(),
    )


def _metadata(product: ProductId, location: Location) -> mtl.Groups:
    """Return the scene's MTL groups (empty without an MTL file), checked against its name and Collection 2."""
    names = [name for name in location.members if name.startswith(product.text) and _MTL_NAME.search(name)]
    # Any of the three says the same; txt is the oldest and the one every distributor keeps.
    names.sort(key=lambda name: ("txt", "json", "xml").index(name.rsplit(".", 1)[-1].lower()))
    if not names:
        return {}
    name = names[0]
    try:
        groups = mtl.parse_mtl(location.read_text(name))
    except (OSError, ValueError) as error:
        raise SceneError(
            f"Scene {product.text}: the metadata file {name} cannot be read ({error}); "
            "download it again or remove it, the scene can be used without."
        ) from error
    stated = mtl.product_of(groups)
    if stated is not None and stated != product.text:
        raise SceneError(
            f"Scene {product.text}: its metadata file {name} is of the product {shown(stated)[1:-1]}; "
            "put the files of one product together."
        )
    difference = mtl.foreign_scale(groups)
    if difference:
        raise SceneError(
            f"Scene {product.text}: {name} states {difference}, which is not Collection 2 surface reflectance; "
            "download the Level-2 product."
        )
    return groups
