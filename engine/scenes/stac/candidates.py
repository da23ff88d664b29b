"""From a file of items to candidates for scenes: one for each item of a product that can be clustered."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from ...errors import SceneError, shown
from ...progress import Progress, check_cancelled
from ...sensors.products import Product
from ...sensors.sheet import Sheet
from ..archives import printable
from ..candidates import Candidate, Told
from ..members import Choice, Files, choose, files_in, unfit
from ..walk import left_out
from .documents import Item, item_of, read_features
from .places import ItemPlace, place_of, product_of


@dataclass
class Items:
    """What a file of items gave."""

    candidates: list[Candidate] = field(default_factory=list)
    """In its order."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""


def items_in(path: Path, progress: Progress, sheets: tuple[Sheet, ...] = ()) -> Items:
    """Return what a file of items leads to; what is wrong with one of several is noted.

    Parameters
    ----------
    path
        A JSON file.
    progress
        Who may cancel.
    sheets
        The families; those that ship by default.

    Raises
    ------
    Cancelled
        The user cancelled.
    SceneError
        The file is none, or not one of its items can be used.
    """
    features = read_features(path)
    found = Items()
    for feature in features:
        check_cancelled(progress)
        try:
            found.candidates.append(_candidate(item_of(feature, path), path, len(features) == 1, sheets))
        except SceneError as error:
            if len(features) == 1:
                raise
            found.notes.append(left_out(error))
    if not found.candidates:
        raise SceneError(
            f"SCENES: {printable(path)} holds {len(features)} items, and no scene that can be clustered; of the first: "
            f"{found.notes[0][len('Left out: ') :]}"
        )
    return found


def _candidate(item: Item, path: Path, named: bool, sheets: tuple[Sheet, ...]) -> Candidate:
    product = product_of(item, sheets)
    if product is None:
        raise SceneError(
            f"SCENES: the item {printable(item.id)} in {printable(path)} is of no product that is known, expected one "
            "of Landsat Collection 2 Level-2, HLS v2.0 or Sentinel-2 Level-2A; give a sensor sheet (SHEET) if its "
            "files are named after another."
        )
    reason = unfit(product)
    if reason:
        raise SceneError(f"SCENES: {reason}.")
    place = place_of(item, product, path, sheets)
    files = next((one for one in files_in(place, sheets) if one.product.text == product.text), None)
    if files is None:
        files = Files(product, {product.sheet.plain: {}})
    reason = unfit(product, files)
    if reason:
        raise SceneError(f"SCENES: {reason}.")
    choice = choose(files)
    if not choice.bands and place.absent:
        raise SceneError(
            f"SCENES: the item {printable(item.id)} in {printable(path)} names {printable(place.absent)}, which is not "
            "there; put its files where it says, or get an item whose addresses are whole."
        )
    if not choice.bands:
        raise SceneError(
            f"SCENES: the item {printable(item.id)} in {printable(path)} has none of the bands of "
            f"{product.sheet.title} among its assets ({', '.join(asset.key for asset in item.assets[:8])}); get the "
            "item of its surface reflectance."
        )
    told = _told(item, product, choice, place)
    return Candidate(files, choice, place, 0, named=named, told=told)


def _told(item: Item, product: Product, choice: Choice, place: ItemPlace) -> Told:
    """Return what the item tells besides its files.

    Raises
    ------
    SceneError
        It says of its bands' numbers what is not so, or nobody knows what they mean.
    """
    sheet = product.sheet
    rule = sheet.items
    scale = rule.scale if rule is not None and rule.scale is not None else sheet.scale
    offset = sheet.offset
    trusted = True
    if rule is not None and rule.offset is not None:
        offset, trusted = rule.offset.before, True
        undone = item.properties.get(rule.offset.undone)
        if dict(product.parts).get(rule.offset.group, "") >= rule.offset.since:
            if undone is False:
                raise SceneError(
                    f"Scene {product.text}: its item says {rule.offset.undone} = false, {rule.offset.doubt}."
                )
            offset, trusted = (rule.offset.before, False) if undone is True else (rule.offset.after, True)
    if not isinstance(scale, Fraction) or not isinstance(offset, Fraction):
        raise SceneError(
            f"Scene {product.text}: items of {sheet.title} do not tell what the numbers of its bands mean; download "
            "the product."
        )
    for own in (choice, *choice.others):
        for name, _ in own.bands.values():
            asset = place.assets[name]
            if asset.scale is None or asset.offset is None:
                continue
            # What the item says of the offset is known to be wrong where the provider says that it was taken away.
            wanted = (float(scale), float(offset) if trusted else asset.offset)
            if not all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip((asset.scale, asset.offset), wanted)):
                raise SceneError(
                    f"Scene {product.text}: its item says scale {shown(asset.scale)} and offset {shown(asset.offset)} "
                    f"of the asset {printable(asset.key)}, expected {wanted[0]:g} and {wanted[1]:g} of "
                    f"{sheet.title}, so nobody knows what its numbers mean; get the item anew, or download the product."
                )
    return Told(
        scale, offset, _number(item, "view:sun_elevation"), _number(item, "view:sun_azimuth"), dict(place.openings)
    )


def _number(item: Item, name: str) -> float | None:
    value = item.properties.get(name)
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good and value is not None else None
