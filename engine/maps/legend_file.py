"""A legend as a table of the user's: which class becomes which, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..arrays import UNCLASSIFIED
from ..choices import MAX_K
from ..colours import RGB, colour_of
from ..errors import ParameterError, shown
from ..results.legend import default_name
from ..text_files import Unreadable, from_csv, read_text

T = TypeVar("T")

LEGEND = "LEGEND"
"""The parameter that asks for the table."""
# What each column may be called: as the parameter's help says, or as in signatures.csv, to which a column is added.
_COLUMNS = {
    "class": ("class", "class_id"),
    "to": ("to",),
    "name": ("name", "class_name"),
    "colour": ("colour", "color"),
}


@dataclass(frozen=True)
class LegendRow:
    """What the table says of one class."""

    number: int
    """The class."""
    to: int | None
    """The class that it becomes; None where the table has no such column or nothing in it."""
    name: str
    """What that is called; "" where nothing is said."""
    colour: RGB | None
    """Its colour, likewise."""


def read_legend(path: Path, known: Sequence[int]) -> dict[int, LegendRow]:
    """Read a table of classes.

    Parameters
    ----------
    path
        A CSV with the column class, and any of to, name and colour.
    known
        The classes of the run.

    Raises
    ------
    ParameterError
        It cannot be read, lacks the column class, or a line says what cannot be.
    """
    try:
        head, *lines = from_csv(read_text(path)) or [[]]
    except Unreadable as error:
        raise ParameterError(f"{LEGEND}: {path} cannot be read ({error}); choose a CSV file.") from error
    columns = {key: place for key, names in _COLUMNS.items() for place in [_place_of(head, names)] if place is not None}
    if "class" not in columns:
        raise ParameterError(
            f"{LEGEND}: the first line of {path.name} is {shown(','.join(head))}, expected the names of the columns, "
            "class,to,name,colour; write them there."
        )
    found: dict[int, LegendRow] = {}
    for number, line in enumerate(lines, start=1):
        cells = {key: line[place] if place < len(line) else "" for key, place in columns.items()}
        row = _row(f"{LEGEND}: row {number} of {path.name}", cells, known)
        if row.number in found:
            raise ParameterError(f"{LEGEND}: {path.name} has class {row.number} twice; leave one of the rows out.")
        found[row.number] = row
    return found


def _place_of(head: Sequence[str], names: Sequence[str]) -> int | None:
    return next((place for place, cell in enumerate(head) if cell.lower() in names), None)


def _row(where: str, cells: Mapping[str, str], known: Sequence[int]) -> LegendRow:
    number = _whole(cells["class"])
    if number is None or number not in known:
        raise ParameterError(
            f"{where} has the class {shown(cells['class'])}, expected one of the run's, {listed(known)}; correct it."
        )
    text = cells.get("to", "")
    to = _whole(text)
    stays = number == to == UNCLASSIFIED
    if text and not stays and (to is None or not 1 <= to <= MAX_K):
        raise ParameterError(
            f"{where} has {shown(text)} in the column to, expected a number from 1 to {MAX_K}; correct it."
        )
    colour = colour_of(cells.get("colour", ""))
    if cells.get("colour") and colour is None:
        raise ParameterError(
            f"{where} has the colour {shown(cells['colour'])}, expected six hexadecimal digits such as #1f78b4; "
            "correct it, or leave the cell empty."
        )
    return LegendRow(number, to, cells.get("name", ""), colour)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(UNCLASSIFIED)) else None


def listed(numbers: Sequence[int]) -> str:
    """Return numbers in words: "1 to 8", or "1, 2, 5"."""
    whole = list(numbers)
    if len(whole) > 2 and whole == list(range(whole[0], whole[-1] + 1)):
        return f"{whole[0]} to {whole[-1]}"
    return ", ".join(map(str, whole))


@dataclass(frozen=True)
class Becomes:
    """What the classes of a run become."""

    to: dict[int, int]
    """Class -> new class."""
    names: dict[int, str]
    """New class -> its name."""
    colours: dict[int, RGB]
    """New class -> its colour."""


def by_equal_names(names: Mapping[int, str], colours: Mapping[int, RGB]) -> Becomes:
    """Return that classes of equal name become one: numbered 1, 2, ... by their lowest old number, whose colour it has.

    Parameters
    ----------
    names, colours
        Of each class, in ascending order.
    """
    new: dict[str, int] = {}
    to = {number: new.setdefault(name, len(new) + 1) for number, name in names.items()}
    first = {place: number for number, place in reversed(to.items())}
    return Becomes(to, {place: name for name, place in new.items()}, {place: colours[first[place]] for place in first})


def by_table(rows: Mapping[int, LegendRow], names: Mapping[int, str], colours: Mapping[int, RGB]) -> Becomes:
    """Return what a table says that the classes become.

    A new class without a name keeps the one that its classes have in common, or is called "Class 5"; one without a
    colour gets that of its lowest old class.

    Parameters
    ----------
    rows
        Of the table, by class.
    names, colours
        Of each class that must be in it, in ascending order.

    Raises
    ------
    ParameterError
        A class is missing or becomes nothing, or two rows of a new class differ in name or colour.
    """
    lacking = [number for number in names if number not in rows or rows[number].to is None]
    if lacking:
        raise ParameterError(
            f"{LEGEND}: what class {listed(lacking)} becomes is not said; give every class of the run a row with a "
            "number in the column to."
        )
    to = {number: rows[number].to or number for number in names}
    new_names: dict[int, str] = {}
    new_colours: dict[int, RGB] = {}
    for place in sorted(set(to.values())):
        old = [number for number in names if to[number] == place]
        name = _agreed(place, "name", old, lambda number: rows[number].name)
        common = {names[number] for number in old}
        new_names[place] = name or (common.pop() if len(common) == 1 else default_name(place))
        colour = _agreed(place, "colour", old, lambda number: rows[number].colour)
        new_colours[place] = colour or colours[old[0]]
    return Becomes(to, new_names, new_colours)


def _agreed(place: int, what: str, old: Sequence[int], told: Callable[[int], T]) -> T | None:
    """Return what the rows of a new class say, those that say nothing aside; None where none says anything."""
    first = next((number for number in old if told(number)), None)
    if first is None:
        return None
    other = next((number for number in old if told(number) and told(number) != told(first)), None)
    if other is not None:
        raise ParameterError(
            f"{LEGEND}: the rows of class {first} and {other} give class {place} another {what} each; give it one."
        )
    return told(first)
