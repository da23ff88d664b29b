"""Which bands a run takes: those that were chosen, or of the usual ones what all scenes have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import ParameterError, SceneError
from ..progress import Progress
from ..quantities import counted
from ..sensors.roles import ROLES, USUAL
from .scene import Scene


def recorded(scene: Scene) -> tuple[str, ...]:
    """Return the roles of the bands that the sensor of a scene records, also of those whose file is missing."""
    sheet = scene.product.sheet
    if scene.listed:
        listed = set(scene.bands).union(*(other.bands for other in scene.others))
        return tuple(role for role in ROLES if role in listed)
    sets = () if sheet.described else sheet.sets_of(scene.product.sensor)
    known = {role for own in sets for role in own.roles}
    return tuple(role for role in ROLES if role in known or role in scene.bands)


def settle(
    roles: Sequence[str], scenes: Sequence[Scene], progress: Progress | None = None, chosen_by: str = "BANDS"
) -> tuple[str, ...]:
    """Return the roles of the bands that a run takes, in the order of `ROLES`.

    Parameters
    ----------
    roles
        What was chosen; nothing for those of `USUAL` that the sensors of all scenes record.
    scenes
        At least one.
    progress
        Is told in one line which are taken and why, where none was chosen and that is not all of the usual ones.
    chosen_by
        The parameter that the roles come from, for messages.

    Raises
    ------
    SceneError
        The sensor of a scene does not record a chosen band.
    ParameterError
        None was chosen, and the scenes share none of the usual ones.
    """
    have = [recorded(scene) for scene in scenes]
    shared = [role for role in ROLES if all(role in own for own in have)]
    if roles:
        for scene, own in zip(scenes, have):
            lacking = [role for role in roles if role not in own]
            if lacking:
                raise SceneError(_refusal(scene, lacking, shared, chosen_by))
        return tuple(roles)
    taken = tuple(role for role in USUAL if role in shared)
    lacking = [role for role in USUAL if role not in shared]
    if not lacking:
        return taken
    culprits = [scene for scene, own in zip(scenes, have) if not set(lacking) <= set(own)]
    first = culprits[0]
    without = [role for role in lacking if role not in recorded(first)]
    more = f", and some are missing from {counted(len(culprits) - 1, 'more scene')}" if len(culprits) > 1 else ""
    why = f"{first.sensor_name} of {first.id} has no {_listed(without)}{more}"
    if not taken:
        raise ParameterError(
            f"BANDS is empty, which stands for those of {_listed(USUAL)} that every scene has, and there is none, as "
            f"{why}; {f'choose of {_listed(shared)}' if shared else 'leave scenes out'}."
        )
    if progress is not None:
        progress.note(f"BANDS is empty: {_listed(taken)} are taken, as {why}.")
    return taken


def _refusal(scene: Scene, lacking: Sequence[str], shared: Sequence[str], chosen_by: str) -> str:
    them = _listed(lacking)
    common = f"the bands that all scenes have are {_listed(shared)}" if shared else "there is none that all scenes have"
    other = f"leave {them} out of BANDS" if chosen_by == "BANDS" else f"choose {chosen_by} without {them}"
    return (
        f"Scene {scene.id}: its sensor, {scene.sensor_name}, has no {them} band; {common}; {other}, or leave the scene "
        "out."
    )


def _listed(roles: Iterable[str]) -> str:
    return ", ".join(roles)
