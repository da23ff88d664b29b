"""From the paths a user gives to scenes: raise for what was named, note and go on for what was met while searching."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SceneError
from ..machine import too_long_to_find
from ..progress import Progress, Silent, check_cancelled
from ..sensors.landsat.file_names import METADATA, FileName, parse
from .candidates import Candidate, scenes_of
from .members import Files, choose, files_in, is_product, owner, passed_over, unfit
from .places import Location, bundle, folder, is_bundle, is_text, printable
from .scene import Scene
from .strays import Stray, foreign, is_packed, strays
from .walk import walk

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


@dataclass
class _Catch:
    """What a path leads to."""

    candidates: list[Candidate] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Clauses about products that cannot be used."""
    strays: list[Stray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Whole sentences."""


def find_scenes(paths: Iterable[str | Path], progress: Progress | None = None) -> Found:
    """Find the scenes that the paths lead to.

    A folder is searched with all below it, some levels deep. What is met there and cannot be used is noted; only what
    the paths name raises.

    Parameters
    ----------
    paths
        Scene folders, folders of scene folders or bundles, MTL and band files and .tar bundles, in any mix and order.
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
    progress = progress or Silent()
    catches = [_catch(path, progress) for path in wanted]
    candidates = [candidate for catch in catches for candidate in catch.candidates]
    notes = [note for catch in catches for note in catch.notes]
    notes += [f"Left out: {reason}." for catch in catches for reason in catch.reasons]
    scenes = scenes_of(candidates, notes, progress)
    _check_each_path(wanted, catches, scenes, notes)
    notes += _told([stray for catch in catches for stray in catch.strays], candidates)
    return Found(scenes, sorted(set(notes)))


def _check_each_path(
    wanted: Sequence[Path], catches: Sequence[_Catch], scenes: Sequence[Scene], notes: list[str]
) -> None:
    """Raise SceneError for the first path of which not one acquisition is left."""
    left = {scene.product.acquisition for scene in scenes}
    for path, catch in zip(wanted, catches):
        if not any(item.product.acquisition in left for item in catch.candidates):
            name = catch.candidates[0].product.text
            why = next((note for note in notes if name in note), notes[-1])
            raise SceneError(
                f"SCENES: {printable(path)} leads to no scene that can be clustered; {_clause(why)}; {_WANTED}."
            )


def entries(folder: str | Path, progress: Progress | None = None) -> list[str]:
    """Return what to name in SCENES to get each scene of a folder and nothing else, sorted.

    That is the scene's folder or bundle, or one of its band files where that folder leads to more scenes or is refused.
    The parameters and errors are those of `find_scenes`.
    """
    progress = progress or Silent()
    result = set()
    for scene in find_scenes([folder], progress).scenes:
        is_whole = not os.path.isdir(scene.place) or _is_one_scene(scene.place, progress)
        result.add(scene.place if is_whole else next(iter(scene.bands.values())).path)
    return sorted(result)


def _is_one_scene(place: str, progress: Progress) -> bool:
    try:
        return len(find_scenes([place], progress).scenes) == 1
    except SceneError:
        return False


def _catch(path: Path, progress: Progress) -> _Catch:
    check_cancelled(progress)
    shown = printable(path)
    if not is_text(path):
        raise SceneError(f"SCENES: the path {shown} is not UTF-8; rename the folder or file.")
    # os.path rather than Path: a name that the disk cannot hold is one that does not exist, not an OSError.
    if os.path.isdir(path):
        return _in_folder(path, progress)
    if not os.path.exists(path):
        what = "is a link that leads nowhere" if os.path.islink(path) else "does not exist"
        reason = too_long_to_find(path)
        what += f" ({reason})" if reason else ""
        raise SceneError(f"SCENES: {shown} {what}; {_WANTED}.")
    if not os.path.isfile(path):
        raise SceneError(f"SCENES: {shown} is a pipe or device and no file; {_WANTED}.")
    if is_bundle(path.name):
        return _named(bundle(path), f"the bundle {shown}")
    parsed = parse(path.name)
    if parsed is not None:
        return _of_file(path, parsed)
    if is_packed(path.name):
        raise SceneError(f"SCENES: the file {shown} is packed; unpack it and choose the folder with its files.")
    raise SceneError(f"SCENES: the file {shown} is no band file, and neither an MTL file nor a .tar bundle; {_WANTED}.")


def _of_file(path: Path, parsed: FileName) -> _Catch:
    """Return the scene that a metadata or band file stands for."""
    what = f"the {'MTL' if parsed.kind == METADATA else 'band'} file {printable(path)}"
    location = folder(path.parent)
    product = parsed.product or owner(location)
    if product is None:
        example = "LC08_L2SP_…_MTL.txt" if parsed.kind == METADATA else "LC08_L2SP_…_SR_B4.TIF"
        raise SceneError(
            f"SCENES: {what} is not named after a Landsat Collection 2 product; expected a name such as {example}."
        )
    reason = unfit(product)
    if reason:
        raise SceneError(f"SCENES: {reason}.")
    held = [files for files in files_in(location) if files.product.text == product.text]
    # One that is hidden is not listed, but was named.
    files = held[0] if held else Files(product, {parsed.affix: {}})
    by_band = parsed.kind != METADATA
    choice = choose(files, parsed.affix if by_band else None)
    return _Catch([Candidate(files, choice, location, 0, named=True, by_band=by_band)])


def _named(location: Location, what: str) -> _Catch:
    """Return the products of a bundle that the user named; one that holds none of use is an error."""
    catch = _Catch()
    _take(location, 0, catch)
    if not catch.candidates:
        if catch.reasons:
            raise SceneError(f"SCENES: {catch.reasons[0]}.")
        why = f"; {catch.strays[0].note}" if catch.strays else foreign(location)
        raise SceneError(f"SCENES: {what} holds no Landsat scene{why}; {_WANTED}.")
    return catch


def _in_folder(path: Path, progress: Progress) -> _Catch:
    catch = _Catch()
    hint = ""
    for location, level in walk(path, catch.notes, progress):
        _take(location, level, catch)
        hint = hint or foreign(location)
    if not catch.candidates:
        whys = [*catch.reasons, *(stray.note for stray in catch.strays), *map(_clause, catch.notes)]
        why = f"; {whys[0]}" if whys else hint
        raise SceneError(
            f"SCENES: the folder {printable(path)} holds no Landsat scene that can be clustered{why}; {_WANTED}."
        )
    return catch


def _clause(note: str) -> str:
    """Return a note as a part of a sentence."""
    return note[len("Left out: ") :].rstrip(".") if note.startswith("Left out: ") else note.rstrip(".")


def _take(location: Location, level: int, catch: _Catch) -> None:
    """Add what a place holds to what its path leads to, changed in place."""
    held = files_in(location)
    for files in held:
        if not is_product(files):
            continue
        reason = unfit(files.product)
        if reason:
            catch.reasons.append(reason)
            continue
        choice = choose(files)
        candidate = Candidate(files, choice, location, level, named=level == 0)
        catch.candidates.append(candidate)
        where = printable(location.path)
        catch.notes += [f"Left out: in {where}, {said}." for said in passed_over(files, choice)]
    copies = [name for name in location.copies if parse(name.rsplit("/", 1)[-1])]
    if copies:
        more = f" and {len(copies) - 1} more" if len(copies) > 1 else ""
        catch.notes.append(
            f"Left out: {printable(copies[0])}{more} in {printable(location.path)}; files of the same names lie "
            "nearer to its top and are used."
        )
    catch.strays += strays(location, held)


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
