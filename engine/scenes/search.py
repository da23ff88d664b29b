"""From the paths a user gives to scenes: raise for what was named, note and go on for what was met while searching."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SceneError
from ..machine import too_long_to_find
from ..progress import Progress, Silent, check_cancelled
from ..sensors.file_names import METADATA, FileName, parse
from ..sensors.products import kin
from ..sensors.sheet import Sheet
from ..sensors.sheet_file import read_sheet, shipped
from .archives import is_text, printable
from .candidates import Candidate, scenes_of
from .members import Files, choose, files_in, is_product, owner, passed_over, unfit
from .places import Location, bundle, folder, is_bundle
from .rasters import distinct, is_raster, scene_of, scenes_in
from .scene import Scene
from .stac.candidates import items_in
from .stac.documents import may_be_items
from .strays import Stray, foreign, is_packed, strays
from .trees import above
from .walk import walk

_WANTED = (
    "expected a folder with files such as LC08_L2SP_…_SR_B4.TIF, a folder of such folders, a metadata or band file, a "
    "bundle (.tar, or .zip of a .SAFE), or a STAC Item (.json), of Landsat 4-9 Collection 2 Level-2, HLS v2.0, "
    "Sentinel-2 Level-2A or PlanetScope surface reflectance"
)


@dataclass
class Found:
    """What a search of the user's paths gave."""

    scenes: list[Scene] = field(default_factory=list)
    """Sorted by acquisition date, then identifier; none twice."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""


@dataclass
class _Catch:
    """What a path leads to."""

    candidates: list[Candidate] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Clauses about products that cannot be used."""
    strays: list[Stray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Whole sentences."""
    rasters: list[Scene] = field(default_factory=list)
    """Scenes of no family, each a raster whose bands are described."""


def find_scenes(
    paths: Iterable[str | Path], progress: Progress | None = None, sheet: Sheet | str | Path | None = None
) -> Found:
    """Find the scenes that the paths lead to.

    A folder is searched with all below it, some levels deep. What is met there and cannot be used is noted; only what
    the paths name raises.

    Parameters
    ----------
    paths
        Scene folders, folders of scene folders or bundles, metadata and band files and bundles, in any mix and order.
    progress
        Who may cancel; nobody by default.
    sheet
        A family of products besides those that ship, or the path of its sheet; it is tried first. None by default.

    Raises
    ------
    Cancelled
        The user cancelled.
    SceneError
        A path does not exist, or leads to nothing that can be clustered; the message says why.
    ParameterError
        `sheet` is no sheet.
    """
    wanted = [Path(path) for path in paths if str(path).strip()]
    if not wanted:
        raise SceneError(f"SCENES is empty; {_WANTED}.")
    progress = progress or Silent()
    own = sheet if sheet is None or isinstance(sheet, Sheet) else read_sheet(sheet)
    sheets = (own, *shipped()) if own is not None else shipped()
    catches = [_catch(path, progress, sheets) for path in wanted]
    candidates = [candidate for catch in catches for candidate in catch.candidates]
    notes = [note for catch in catches for note in catch.notes]
    notes += [f"Left out: {reason}." for catch in catches for reason in catch.reasons]
    scenes = scenes_of(candidates, notes, progress)
    scenes += distinct(scene for catch in catches for scene in catch.rasters)
    scenes.sort(key=lambda scene: (scene.acquired, scene.id))
    _check_each_path(wanted, catches, scenes, notes)
    notes += _told([stray for catch in catches for stray in catch.strays], candidates)
    return Found(scenes, sorted(set(notes)))


def _check_each_path(
    wanted: Sequence[Path], catches: Sequence[_Catch], scenes: Sequence[Scene], notes: list[str]
) -> None:
    """Raise SceneError for the first path of which not one acquisition is left."""
    left = {scene.product.acquisition for scene in scenes}
    for path, catch in zip(wanted, catches):
        if not catch.rasters and not any(item.product.acquisition in left for item in catch.candidates):
            name = catch.candidates[0].product.text
            why = next((note for note in notes if name in note), notes[-1])
            raise SceneError(
                f"SCENES: {printable(path)} leads to no scene that can be clustered; {_clause(why)}; {_WANTED}."
            )


def entries(folder: str | Path, progress: Progress | None = None, sheet: Sheet | str | Path | None = None) -> list[str]:
    """Return what to name in SCENES to get each scene of a folder and nothing else, sorted.

    That is the scene's folder or bundle, or one of its band files where that folder leads to more scenes or is refused.
    The parameters and errors are those of `find_scenes`.
    """
    progress = progress or Silent()
    result = set()
    for scene in find_scenes([folder], progress, sheet).scenes:
        is_whole = not os.path.isdir(scene.place) or _is_one_scene(scene.place, progress, sheet)
        result.add(scene.place if is_whole else next(iter(scene.bands.values())).path)
    return sorted(result)


def _is_one_scene(place: str, progress: Progress, sheet: Sheet | str | Path | None) -> bool:
    try:
        return len(find_scenes([place], progress, sheet).scenes) == 1
    except SceneError:
        return False


def _catch(path: Path, progress: Progress, sheets: tuple[Sheet, ...]) -> _Catch:
    check_cancelled(progress)
    shown = printable(path)
    if not is_text(path):
        raise SceneError(f"SCENES: the path {shown} is not UTF-8; rename the folder or file.")
    # os.path rather than Path: a name that the disk cannot hold is one that does not exist, not an OSError.
    if not os.path.exists(path):
        what = "is a link that leads nowhere" if os.path.islink(path) else "does not exist"
        reason = too_long_to_find(path)
        what += f" ({reason})" if reason else ""
        raise SceneError(f"SCENES: {shown} {what}; {_WANTED}.")
    path = above(path)
    if os.path.isdir(path):
        return _in_folder(path, progress, sheets)
    if not os.path.isfile(path):
        raise SceneError(f"SCENES: {shown} is a pipe or device and no file; {_WANTED}.")
    parsed = parse(path.name, sheets)
    if parsed is not None and parsed.kind == METADATA and parsed.sheet.tree is not None:
        # As MTD_MSIL2A.xml, at the top of a product's own folder, whatever that is called.
        return _in_folder(path.parent, progress, sheets)
    if is_bundle(path.name):
        return _named(bundle(path), f"the bundle {shown}", sheets)
    if parsed is not None:
        return _of_file(path, parsed, sheets)
    if path.name.lower().endswith(".zip"):
        inside = bundle(path)
        if inside.top:
            return _named(inside, f"the bundle {shown}", sheets)
    if is_raster(path.name):
        return _Catch(rasters=[scene_of(folder(path.parent), path.name)])
    if may_be_items(path.name):
        items = items_in(path, progress, sheets)
        return _Catch(candidates=items.candidates, notes=items.notes)
    if is_packed(path.name):
        raise SceneError(f"SCENES: the file {shown} is packed; unpack it and choose the folder with its files.")
    raise SceneError(
        f"SCENES: the file {shown} is no band file of a scene, and neither its metadata nor a bundle; {_WANTED}."
    )


def _of_file(path: Path, parsed: FileName, sheets: tuple[Sheet, ...]) -> _Catch:
    """Return the scene that a metadata or band file stands for."""
    what = f"the {'metadata' if parsed.kind == METADATA else 'band'} file {printable(path)}"
    location = folder(path.parent)
    product = parsed.product or owner(location, sheets)
    if product is None:
        said = kin(path.name, sheets)
        if said is not None:
            raise SceneError(f"SCENES: {what} is {said}.")
        kind = f"{parsed.sheet.metadata.kind}.txt" if parsed.sheet.metadata is not None else ""
        example = f"LC08_L2SP_…_{kind}" if parsed.kind == METADATA else "LC08_L2SP_…_SR_B4.TIF"
        raise SceneError(f"SCENES: {what} is not named after a product; expected a name such as {example}.")
    held = [files for files in files_in(location, sheets) if files.product.text == product.text]
    # One that is hidden is not listed, but was named.
    files = held[0] if held else Files(product, {parsed.affix: {}})
    reason = unfit(product, files)
    if reason:
        raise SceneError(f"SCENES: {reason}.")
    by_band = parsed.kind != METADATA
    choice = choose(files, parsed.affix if by_band else None)
    return _Catch([Candidate(files, choice, location, 0, named=True, by_band=by_band)])


def _named(location: Location, what: str, sheets: tuple[Sheet, ...]) -> _Catch:
    """Return the products of a bundle that the user named; one that holds none of use is an error."""
    catch = _Catch()
    _take(location, 0, catch, sheets)
    if not catch.candidates:
        if catch.reasons:
            raise SceneError(f"SCENES: {catch.reasons[0]}.")
        why = f"; {catch.strays[0].note}" if catch.strays else foreign(location)
        raise SceneError(f"SCENES: {what} holds no scene that can be clustered{why}; {_WANTED}.")
    return catch


def _in_folder(path: Path, progress: Progress, sheets: tuple[Sheet, ...]) -> _Catch:
    catch = _Catch()
    hint = ""
    first: tuple[Location, bool] | None = None
    for location, level in walk(path, catch.notes, progress):
        held = _take(location, level, catch, sheets)
        first = first or (location, held)
        hint = hint or foreign(location)
    if not catch.candidates and first is not None and not first[1]:
        catch.rasters += scenes_in(first[0], catch.notes, progress)
    if not catch.candidates and not catch.rasters:
        whys = [*catch.reasons, *(stray.note for stray in catch.strays), *map(_clause, catch.notes)]
        why = f"; {whys[0]}" if whys else hint
        raise SceneError(f"SCENES: the folder {printable(path)} holds no scene that can be clustered{why}; {_WANTED}.")
    return catch


def _clause(note: str) -> str:
    """Return a note as a part of a sentence."""
    return note[len("Left out: ") :].rstrip(".") if note.startswith("Left out: ") else note.rstrip(".")


def _take(location: Location, level: int, catch: _Catch, sheets: tuple[Sheet, ...]) -> bool:
    """Add what a place holds to what its path leads to, changed in place; tell whether it holds files of products."""
    held = files_in(location, sheets)
    for files in held:
        if not is_product(files):
            continue
        reason = unfit(files.product) or _several(location, files)
        choice = choose(files)
        if reason is None and not choice.bands:
            reason = unfit(files.product, files)
        if reason:
            catch.reasons.append(reason)
            continue
        candidate = Candidate(files, choice, location, level, named=level == 0)
        catch.candidates.append(candidate)
        where = printable(location.path)
        catch.notes += [f"Left out: in {where}, {said}." for said in passed_over(files, choice)]
    copies = [name for name in location.copies if parse(name.rsplit("/", 1)[-1], sheets)]
    if copies:
        more = f" and {len(copies) - 1} more" if len(copies) > 1 else ""
        catch.notes.append(
            f"Left out: {printable(copies[0])}{more} in {printable(location.path)}; files of the same names lie "
            "nearer to its top and are used."
        )
    catch.strays += strays(location, held, sheets)
    return bool(held)


def _several(location: Location, files: Files) -> str | None:
    """Return why a product of several granules cannot be used; None for one of one, or none."""
    if files.product.sheet.tree is None or location.granules < 2:
        return None
    return (
        f"{files.product.text} holds {location.granules} granules, as products of before December 2016 do; download "
        "its Collection-1 version, which holds one"
    )


def _told(found: Sequence[Stray], candidates: Sequence[Candidate]) -> list[str]:
    """Return the notes about strays whose product was found nowhere, and below which no scene lies."""
    known = {candidate.product.text for candidate in candidates if candidate.choice.bands}
    places = {
        place
        for candidate in candidates
        if candidate.choice.bands
        for place in (candidate.location.path, *candidate.location.path.parents)
    }
    notes = []
    for stray in found:
        if stray.product is not None and stray.product.text in known:
            continue
        if stray.is_place and stray.place in places:
            continue
        notes.append(f"Left out: {stray.note}.")
    return notes
