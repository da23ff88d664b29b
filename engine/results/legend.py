"""How the classes are named and shown: names by default, and those that the user gave, written once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..colours import RGB
from ..errors import SignatureError
from ..scenes.scene import Scene
from ..text_files import Unreadable, read_text
from . import signatures_file
from .styles import entries_of

if TYPE_CHECKING:
    from ..arrays import Grid64


def names_for(
    output: Path,
    signatures_name: str,
    roles: Sequence[str],
    centres: Grid64,
    default: Sequence[str] | None = None,
    styles: str = "*_classes.qml",
) -> list[str]:
    """Return the names of the classes of a run.

    Where the output folder holds a run with the same centres, its classes are the same, and so are their names: those
    in the style files that differ from the run's own, the last edited file first; then the run's own. Otherwise the
    names are those by default.

    Parameters
    ----------
    output
        The folder that the results go to.
    signatures_name
        File name of the signatures there.
    roles
        Bands of the run.
    centres
        (k, n_bands) in 1/64 DN.
    default
        The k names by default; "Class 1" and so on if there are none.
    styles
        Pattern of the names of the style files that show these classes.
    """
    k = len(centres)
    default = list(default or class_names(k))
    try:
        same = np.array_equal(signatures_file.read_centres(output / signatures_name, roles, k), centres)
        names = signatures_file.read_names(output / signatures_name, k)
    except SignatureError:
        return default
    if not same:
        return default
    edited: dict[int, str] = {}
    for style in sorted(output.glob(styles), key=_age):
        for j, label in _names_in(style).items():
            if 1 <= j <= k and label not in ("", names[j - 1]):
                edited.setdefault(j, label)
    return [edited.get(j + 1, name) for j, name in enumerate(names)]


def _age(path: Path) -> tuple[int, str]:
    """Return a sort key that puts the last edited file first."""
    try:
        return -path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def _names_in(style: Path) -> dict[int, str]:
    """Return value -> label of a style file's unique values; nothing from a file that is none."""
    try:
        text = read_text(style, strict=True)
    except Unreadable:
        return {}
    return {entry.value: entry.label for entry in entries_of(text)}


def default_name(number: int) -> str:
    """Return the name of a class that has none of its own."""
    return f"Class {number}"


def class_names(k: int) -> list[str]:
    """Return the names "Class 1" to "Class k"."""
    return [default_name(number) for number in range(1, k + 1)]


def default_names(scene: Scene, k: int) -> list[str]:
    """Return names of a scene's own classes that nobody takes for those of another scene."""
    return [f"{name} of {scene.title}" for name in class_names(k)]


@dataclass(frozen=True)
class Legend:
    """How the classes 1..k are shown, the same in every scene."""

    names: Sequence[str]
    """k names."""
    colours: Sequence[RGB]
    """k colours."""
