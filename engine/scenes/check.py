"""Are the scenes usable? Headers, grids and the files that the bands and the mask need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import GridError, SceneError
from ..progress import Progress, Silent, check_cancelled
from ..sensors.readings import BandFile, MaskFile
from ..sensors.sheet import Sheet
from .archives import printable
from .area import placed
from .drivers import decodes_jp2
from .files import file_name
from .header import Expected, Header, read_header
from .origin import delivered
from .problems import Problems
from .scene import PixelGrid, Scene
from .search import find_scenes
from .selection import Selection
from .shared_bands import settle
from .strays import nearest, needed_name, remedy
from .unchanged import stamps_of
from .untold import untold


def usable_scenes(
    paths: Iterable[str | Path],
    selection: Selection,
    progress: Progress,
    chosen_by: str = "BANDS",
    sheet: Sheet | str | Path | None = None,
) -> list[Scene]:
    """Find the scenes and check them by their headers; tell what was left out.

    The parameters and errors are those of `find_scenes` and `check_series`.
    """
    found = find_scenes(paths, progress, sheet)
    for note in found.notes:
        progress.warn(note)
    scenes = check_series(found.scenes, selection, chosen_by, progress)
    for sentence in untold(scenes, selection.mask):
        progress.note(sentence)
    return scenes


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
        cannot be placed on a scene without a CRS; the message names scene and file, one line a problem.
    ParameterError
        No band is chosen, and the scenes share none of the usual ones.
    """
    progress = progress or Silent()
    selection = replace(selection, roles=settle(selection.roles, scenes, progress, chosen_by))
    _check_grids(scenes, selection.roles, chosen_by)
    checked, problems = [], Problems()
    for scene in scenes:
        # Headers on a slow disk take their time.
        check_cancelled(progress)
        with problems.of(scene):
            checked.append(_checked(scene, selection, chosen_by, progress))
    problems.tell()
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
    scene = _on_one_grid(scene, selection.roles)
    stamps = stamps_of(scene.files)
    return replace(scene, grid=_checked_grid(scene, selection, chosen_by), stamps=stamps, spares=())


def _on_one_grid(scene: Scene, roles: Sequence[str]) -> Scene:
    """Return the scene with the files of the first of its grids that has all roles; with its usual ones if none has."""
    for other in scene.others if any(role not in scene.bands for role in roles) else ():
        if all(role in other.bands for role in roles):
            scene = replace(scene, bands=other.bands, masks=other.masks, saturation=other.saturation)
            break
    return replace(scene, others=())


def _check_grids(scenes: Sequence[Scene], roles: Sequence[str], chosen_by: str) -> None:
    """Raise SceneError for the first scene whose sensor has the roles on grids of their own."""
    for scene in scenes:
        sets = _sets_of(scene)
        whole = all(role in scene.bands for role in roles)
        if sets and not whole and not any(all(role in own for role in roles) for _, own in sets):
            told = "; ".join(f"on that of {grid} {', '.join(own)}" for grid, own in sets)
            raise SceneError(
                f"Scene {scene.id}: {', '.join(roles)} of {scene.sensor_name} lie on grids of their own, and nothing "
                f"is resampled; choose bands of one grid in {chosen_by}: {told}."
            )


def _sets_of(scene: Scene) -> list[tuple[str, tuple[str, ...]]]:
    """Return the grids of a product's bands, and the roles on each; none where files tell it one by one."""
    sheet = scene.product.sheet
    sets = () if sheet.described else sheet.sets_of(scene.product.sensor)
    if not scene.listed or not scene.others:
        return [(own.grid, tuple(own.roles)) for own in sets]
    there = {other.name: tuple(other.bands) for other in scene.others}
    return [(own.grid, there.get(own.grid, tuple(scene.bands))) for own in sets]


def _without(role: str, chosen_by: str) -> str:
    return f"leave {role} out of BANDS" if chosen_by == "BANDS" else f"choose {chosen_by} without {role}"


def _checked_grid(scene: Scene, selection: Selection, chosen_by: str) -> PixelGrid:
    roles, rule = selection.roles, selection.mask
    for role in roles:
        if role not in scene.bands:
            name = needed_name(scene.product, scene.affix, role)
            raise SceneError(
                f"Scene {scene.id}: the {role} band file {name} is missing in {printable(scene.place)}"
                f"{nearest(scene.place, scene.product, role, scene.files)}; {remedy(scene.product, scene.affix)}, or "
                f"{_without(role, chosen_by)}."
            )
    if rule.flags and not scene.masks:
        raise SceneError(_without_mask(scene, roles))
    _check_driver(scene, roles)
    first: Header | None = None
    masks = {mask.path for mask in scene.masks if not mask.is_flags} - {scene.bands[role].path for role in roles}
    for path, expected in _expected(scene, selection).items():
        header = read_header(scene.id, path, scene.sidecars.get(path, ()), expected, scene.openings.get(path, ""))
        first = first or header
        # One pixel of a mask may tell of several of the bands.
        if not (header.repeats(first) if path in masks else header.same_grid(first)):
            raise GridError(
                f"Scene {scene.id}: {header.name} is {header.describe()}, but {first.name} is {first.describe()}; "
                "all files of a scene must share one grid, so use the files of one download or leave the scene out."
            )
    if first is None:
        raise RuntimeError("a scene has at least one band")
    return first.own_grid()


def _without_mask(scene: Scene, roles: Sequence[str]) -> str:
    """Return the message for a scene with nothing that tells flags."""
    sheet = scene.product.sheet
    own = next((one for one in sheet.sets_of(scene.product.sensor) if all(role in one.roles for role in roles)), None)
    if own is not None and own.masks == frozenset():
        return (
            f"Scene {scene.id}: on the grid of {own.grid}, where {', '.join(roles)} of {scene.sensor_name} lie "
            "together, there is no mask, and MASK needs it; choose no flag in MASK, or bands of another grid."
        )
    if sheet.described:
        return (
            f"Scene {scene.id}: no mask {scene.id}_mask.tif lies beside its raster in {printable(scene.place)}, and "
            "MASK needs one; put it there, with 0 where pixels are good, or choose no flag in MASK."
        )
    if not sheet.masks:
        return f"Scene {scene.id}: its sheet tells no mask, and MASK needs one; choose no flag in MASK."
    kind = sheet.masks[0].kind
    return (
        f"Scene {scene.id}: {needed_name(scene.product, scene.affix, kind)} is missing in {printable(scene.place)}"
        f"{nearest(scene.place, scene.product, kind, scene.files)}, and MASK needs it; "
        f"{remedy(scene.product, scene.affix, kind)}, or choose no flag in MASK."
    )


def _check_driver(scene: Scene, roles: Sequence[str]) -> None:
    """Raise SceneError where this GDAL cannot decode the files of a scene."""
    path = scene.bands[roles[0]].path
    if path.lower().endswith(".jp2") and not decodes_jp2():
        raise SceneError(
            f"Scene {scene.id}: {file_name(path)} is JPEG 2000, which this GDAL cannot decode, as it lacks the driver "
            "JP2OpenJPEG; install a GDAL with it (Debian and Ubuntu: libgdal with libopenjp2; Windows: OSGeo4W's "
            "gdal; pip: a wheel of rasterio), then start QGIS again."
        )


def _expected(scene: Scene, selection: Selection) -> dict[str, Expected]:
    """Return what each file that is needed should be, in the order in which they are looked at."""
    readings: list[BandFile | MaskFile] = [*(scene.bands[role] for role in selection.roles), *scene.masks]
    if selection.mask.saturated and scene.saturation is not None:
        readings.append(scene.saturation)
    found: dict[str, Expected] = {}
    for reading in readings:
        types = reading.values.accepted if isinstance(reading, BandFile) else reading.accepted
        before = found.get(reading.path)
        bands = (*before.bands, reading.band) if before else (reading.band,)
        found[reading.path] = Expected(bands, types, reading.count, delivered(scene, "it"))
    return found
