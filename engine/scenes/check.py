"""Are the scenes usable? Headers, grids and the files that the bands and the mask need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import GridError, SceneError
from ..progress import Progress, Silent, check_cancelled
from ..sensors.landsat.file_names import QUALITY
from .area import placed
from .header import Header, read_header
from .places import printable
from .scene import PixelGrid, Scene
from .search import find_scenes
from .selection import Selection
from .shared_bands import settle
from .strays import nearest, needed_name, remedy
from .unchanged import stamps_of


def usable_scenes(
    paths: Iterable[str | Path], selection: Selection, progress: Progress, chosen_by: str = "BANDS"
) -> list[Scene]:
    """Find the scenes and check them by their headers; tell what was left out.

    The parameters and errors are those of `find_scenes` and `check_series`.
    """
    found = find_scenes(paths, progress)
    for note in found.notes:
        progress.warn(note)
    return check_series(found.scenes, selection, chosen_by, progress)


def check_series(
    scenes: Sequence[Scene], selection: Selection, chosen_by: str = "BANDS", progress: Progress | None = None
) -> list[Scene]:
    """Check by headers alone that every needed file is there, readable and on the scene's one pixel grid.

    On scenes that are, the area of interest is placed. A scene that is not gives way to an older product or another
    copy of its acquisition that is, with a warning.

    Parameters
    ----------
    scenes
        As found.
    selection
        Bands, mask and area of interest; no band for the usual ones that all scenes have (`shared_bands.settle`).
    chosen_by
        The parameter that the bands come from, for messages.
    progress
        Who may cancel, is warned, and is told which bands are taken where none was chosen; nobody by default.

    Returns
    -------
    list of Scene
        The same scenes with their grid, and the polygons of the area on it, filled in.

    Raises
    ------
    Cancelled
        The user cancelled.
    SceneError, GridError
        A file is missing, unreadable or of another kind or size, a sensor does not record a chosen band, or an area
        cannot be placed on a scene without a CRS; the message names scene and file.
    ParameterError
        No band is chosen, and the scenes share none of the usual ones.
    """
    progress = progress or Silent()
    selection = replace(selection, roles=settle(selection.roles, scenes, progress, chosen_by))
    checked = []
    for scene in scenes:
        # Headers on a slow disk take their time.
        check_cancelled(progress)
        checked.append(_checked(scene, selection, chosen_by, progress))
    usable = []
    for scene in checked:
        check_cancelled(progress)
        usable.append(placed(scene, selection.area))
    return usable


def _checked(scene: Scene, selection: Selection, chosen_by: str, progress: Progress) -> Scene:
    """Return the scene with its grid, or the first of its spares that can be used."""
    try:
        return _with_grid(scene, selection, chosen_by)
    except SceneError as error:
        for spare in scene.spares:
            try:
                used = _with_grid(spare, selection, chosen_by)
            except SceneError:
                continue
            why = str(error).rstrip(".")
            progress.warn(f"{used.id} in {printable(used.place)} is used after all, as it is whole. {why}.")
            return used
        raise


def _with_grid(scene: Scene, selection: Selection, chosen_by: str) -> Scene:
    stamps = stamps_of(scene.files)
    return replace(scene, grid=_checked_grid(scene, selection, chosen_by), stamps=stamps, spares=())


def _checked_grid(scene: Scene, selection: Selection, chosen_by: str) -> PixelGrid:
    roles, rule = selection.roles, selection.mask
    for role in roles:
        if role not in scene.bands:
            other = f"leave {role} out of BANDS" if chosen_by == "BANDS" else f"choose {chosen_by} without {role}"
            name = needed_name(scene.product, scene.affix, role)
            raise SceneError(
                f"Scene {scene.id}: the {role} band file {name} is missing in {printable(scene.place)}"
                f"{nearest(scene.place, scene.product, role, scene.files)}; {remedy(scene.affix)}, or {other}."
            )
    if rule.flags and not scene.masks:
        name = needed_name(scene.product, scene.affix, QUALITY)
        raise SceneError(
            f"Scene {scene.id}: {name} is missing in {printable(scene.place)}"
            f"{nearest(scene.place, scene.product, QUALITY, scene.files)}, and MASK needs it; "
            f"{remedy(scene.affix)}, or choose no flag in MASK."
        )
    paths = [*(scene.bands[role].path for role in roles), *(mask.path for mask in scene.masks)]
    if rule.saturated and scene.saturation is not None:
        paths.append(scene.saturation.path)
    first: Header | None = None
    for path in dict.fromkeys(paths):
        header = read_header(scene.id, path, scene.sidecars.get(path, ()))
        first = first or header
        if not header.same_grid(first):
            raise GridError(
                f"Scene {scene.id}: {header.name} is {header.describe()}, but {first.name} is {first.describe()}; "
                "all files of a scene must share one grid, so use the files of one download or leave the scene out."
            )
    if first is None:
        raise RuntimeError("a scene has at least one band")
    return first.own_grid()
