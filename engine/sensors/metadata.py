"""The texts beside a product's bands: what a sheet names in them, by group and key or by element.

Keys and elements that no sheet names are not looked at. XML is read by a scanner of tags without an XML parser, whose
entities would be a security question for downloaded files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..errors import shown
from ..text_files import unescaped
from .landsat.mtl import Groups, parse_mtl
from .readings import Values
from .sheet import Layer, MetadataFile, Named, Sheet

_TAG = re.compile(r"<(?P<closing>/?)(?P<name>[^\s<>/!?]+)(?P<rest>[^<>]*)>")
# Of a tag's attributes; the longest of a whole product's has 250.
_MOST_ATTRIBUTES = 4000
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# Of a whole product's the deepest is 8.
_DEEPEST = 64
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{0,20})?", re.ASCII)


@dataclass(frozen=True)
class Element:
    """An element of an XML text."""

    attributes: Mapping[str, str]
    """Its attributes."""
    text: str
    """What stands in it before another element."""


@dataclass(frozen=True)
class Metadata:
    """What a text says."""

    groups: Groups = field(default_factory=dict)
    """Group -> key -> value, of a text in groups."""
    elements: Mapping[str, list[Element]] = field(default_factory=dict)
    """Name without prefix -> its elements in order, of another."""

    def text(self, place: str) -> str | None:
        """Return what stands at "GROUP/KEY", or in the first element of a name; None without."""
        group, slash, key = place.rpartition("/")
        if slash:
            return self.groups.get(group, {}).get(key)
        found = self.elements.get(place, [])
        return found[0].text if found else None

    def number(self, place: str) -> float | None:
        """Return a number; None where it is absent or no number, as NaN is none."""
        try:
            value = float(self.text(place) or "")
        except ValueError:
            return None
        return value if math.isfinite(value) else None


def parse_metadata(text: str, file: MetadataFile) -> Metadata:
    """Read a text.

    Raises
    ------
    ValueError
        It is none, or ends early.
    """
    if "/" in file.product:
        return Metadata(groups=parse_mtl(text))
    return Metadata(elements=elements_of(text))


def elements_of(text: str) -> dict[str, list[Element]]:
    """Return the elements of an XML text by their names.

    Raises
    ------
    ValueError
        It has none, is not closed, or declares what no metadata do.
    """
    found: dict[str, list[Element]] = {}
    stack: list[str] = []
    ended = False
    text = _without(_without(text, "<!--", "-->"), "<?", "?>")
    if "<!" in text:
        raise ValueError("it has a declaration, which metadata have not")
    for match in _TAG.finditer(text):
        name = match["name"]
        if match["closing"]:
            if not stack or stack.pop() != name:
                raise ValueError(f"its element {shown(name)} is closed, but not open")
            ended = not stack
            continue
        if ended:
            raise ValueError("it goes on behind its end")
        rest = match["rest"]
        if len(rest) > _MOST_ATTRIBUTES:
            raise ValueError(f"its element {shown(name)} has attributes of {len(rest):,} characters")
        own = {key: unescaped(one or other) for key, one, other in _ATTRIBUTE.findall(rest)}
        end = text.find("<", match.end())
        inside = "" if rest.endswith("/") or end < 0 else unescaped(text[match.end() : end].strip())
        found.setdefault(name.rpartition(":")[2], []).append(Element(own, inside))
        if not rest.endswith("/"):
            stack.append(name)
            if len(stack) > _DEEPEST:
                raise ValueError("its elements nest too deeply")
    if stack:
        raise ValueError(f"it ends before its element {shown(stack[-1])} does")
    if not found:
        raise ValueError("no element in it")
    return found


def _without(text: str, start: str, end: str) -> str:
    """Return a text without what stands between two marks, and without them."""
    kept = []
    place = 0
    while (begin := text.find(start, place)) >= 0:
        kept.append(text[place:begin])
        behind = text.find(end, begin + len(start))
        if behind < 0:
            raise ValueError("it ends in a comment")
        place = behind + len(end)
    return "".join([*kept, text[place:]])


def values_of(sheet: Sheet, layer: Layer, metadata: Metadata) -> Values:
    """Return how the stored values of a band mean reflectance.

    Raises
    ------
    ValueError
        The metadata do not tell it.
    """
    scale, offset = (_exact(number, layer, metadata) for number in (sheet.scale, sheet.offset))
    if scale <= 0:
        raise ValueError(f"it tells the scale {float(scale):g}, expected a number above 0")
    return Values(scale, offset, sheet.fill)


def _exact(number: Fraction | Named, layer: Layer, metadata: Metadata) -> Fraction:
    if isinstance(number, Fraction):
        return number
    found = metadata.elements.get(number.field, [])
    if not found and number.absent is not None:
        return number.absent
    if number.by:
        found = [element for element in found if element.attributes.get(number.by) == layer.id]
    if len(found) != 1:
        of_band = f" of {number.by} {layer.id}" if number.by else ""
        raise ValueError(f"it has {len(found)} elements {number.field}{of_band}, expected one")
    value = _fraction(number.field, found[0].text)
    if number.inverted or number.over:
        below = value if number.inverted else _fraction(number.over, metadata.text(number.over) or "")
        if below == 0:
            raise ValueError(f"its {number.over or number.field} is 0")
        return 1 / below if number.inverted else value / below
    return value


def _fraction(name: str, text: str) -> Fraction:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"its {name} is {shown(text)}, expected a number")
    return Fraction(text.rstrip("."))


def foreign_values(file: MetadataFile, metadata: Metadata) -> str | None:
    """Return what differs where the metadata state other numbers than the sheet says that they must, else None."""
    for where, expected in file.stated.items():
        group, _, start = where.rpartition("/")
        for key, value in metadata.groups.get(group, {}).items():
            if not key.startswith(start):
                continue
            try:
                same = abs(float(value) - float(expected)) < 1e-9
            except ValueError:
                same = False
            if not same:
                return f"{shown(key)[1:-1]} = {shown(value)[1:-1]}, expected {float(expected)}"
    return None
