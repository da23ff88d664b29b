"""How the classes are named and shown: names by default, and those that the user gave, written once and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..arrays import UNCLASSIFIED
from ..colours import RGB
from ..errors import SignatureError
from ..scenes.scene import Scene
from ..text_files import Unreadable, read_text
from . import signatures_file
from .names import SIGNATURES_NAME
from .signatures import Signatures
from .styles import Entry, entries_of

if TYPE_CHECKING:
    from ..arrays import Grid64

T = TypeVar("T")

UNCLASSIFIED_NAME = "Unclassified"
# A violet that no land has; the levels of the classes' colours are multiples of 15, so that no class gets it.
UNCLASSIFIED_COLOUR: RGB = (254, 0, 254)
NO_COLOUR: RGB = (0, 0, 0)
"""What a colour table has for a number that is no class."""


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
    legend = Legend(names, [NO_COLOUR] * k)
    return list(edited(legend, output.glob(styles)).names)


def colours_for(output: Path, roles: Sequence[str], centres: Grid64, default: Sequence[RGB]) -> list[RGB]:
    """Return the colours of the common classes of a run: those of an earlier run of the same centres, as for names.

    Parameters
    ----------
    output, roles, centres
        As for `names_for`.
    default
        The k colours by default.
    """
    try:
        earlier = signatures_file.read(output / SIGNATURES_NAME)
    except SignatureError:
        return list(default)
    if earlier.merged or earlier.roles != tuple(roles) or not np.array_equal(earlier.centres, centres):
        return list(default)
    return list(edited(legend_of(earlier), output.glob("*_classes.qml")).colours)


def edited(legend: Legend, styles: Iterable[Path]) -> Legend:
    """Return a legend with what a user has changed in style files: of each class, what was edited last.

    Parameters
    ----------
    legend
        What the run itself wrote into the styles.
    styles
        The style files that show its classes.
    """
    names: dict[int, str] = {}
    colours: dict[int, RGB] = {}
    own = {number: (name, colour) for number, name, colour in zip(legend.numbers, legend.names, legend.colours)}
    for style in sorted(styles, key=_age):
        for entry in _entries_in(style):
            name, colour = own.get(entry.value, ("", None))
            if colour is None:
                continue
            if entry.label not in ("", name):
                names.setdefault(entry.value, entry.label)
            if entry.colour not in (None, colour):
                colours.setdefault(entry.value, entry.colour)
    return Legend(
        [names.get(number, name) for number, (name, _) in own.items()],
        [colours.get(number, colour) for number, (_, colour) in own.items()],
        legend.ids,
    )


def _age(path: Path) -> tuple[int, str]:
    """Return a sort key that puts the last edited file first."""
    try:
        return -path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def _entries_in(style: Path) -> list[Entry]:
    """Return the unique values of a style file; nothing from a file that is none."""
    try:
        return list(entries_of(read_text(style, strict=True)))
    except Unreadable:
        return []


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
    """How the classes are shown, the same in every scene."""

    names: Sequence[str]
    """k names."""
    colours: Sequence[RGB]
    """k colours."""
    ids: Sequence[int] = ()
    """Their k numbers, ascending; 1..k where there are none."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the classes."""
        return tuple(self.ids) or tuple(range(1, len(self.names) + 1))

    @property
    def names_by_number(self) -> list[str]:
        """The names of 1, 2, ... up to the highest number; "" of a number that is no class."""
        return self._by_number(self.names, "")

    @property
    def colours_by_number(self) -> list[RGB]:
        """The colours likewise; black of a number that is no class."""
        return self._by_number(self.colours, NO_COLOUR)

    def _by_number(self, values: Sequence[T], none: T) -> list[T]:
        found = [none] * max(self.numbers, default=0)
        for number, value in zip(self.numbers, values):
            found[number - 1] = value
        return found


def with_unclassified(legend: Legend, output: Path) -> Legend:
    """Return a legend that shows unclassified pixels as well, as a user has named and coloured them in a folder."""
    own = edited(Legend([UNCLASSIFIED_NAME], [UNCLASSIFIED_COLOUR], [UNCLASSIFIED]), output.glob("*_classes.qml"))
    return Legend([*legend.names, *own.names], [*legend.colours, *own.colours], [*legend.numbers, *own.numbers])


def legend_of(signatures: Signatures) -> Legend:
    """Return how signatures show their classes."""
    records = signatures.classes
    return Legend(
        [record.name for record in records],
        [record.colour for record in records],
        [record.id for record in records],
    )
