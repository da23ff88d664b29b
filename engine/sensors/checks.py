"""What the parts of a JSON document must be, each fault told as a sentence without its beginning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeVar

from ..errors import shown

_MOST_MARKS = 500
# Marks of a pattern that stand for more than themselves: an escape, a class, a repeat, a bracket, or a choice.
_MARKS = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<repeat>[*+?]|\{(?P<least>\d*)(?P<to>,?)(?P<most>\d*)\})[?+]?|\(\??|[)|]|."
)
# A name of a file has at most 255 characters, and so many ways to end an open repeat.
_OPEN = 255
# Ways to lay a pattern over a name, all tried on one that nearly fits: three open repeats, and one more choice.
_MOST_WAYS = 1 << 25

T = TypeVar("T")


class Fault(ValueError):
    """What is wrong in a sheet, as a sentence without its beginning."""


def an_object(value: Any, where: str) -> dict[str, Any]:
    """Return a value that must be an object."""
    if not isinstance(value, dict):
        raise Fault(f"{where} is {shown(value)}, expected an object")
    return value


def pairs(top: dict[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    """Return names and values of the object at a key; none without the key."""
    return an_object(top.get(key, {}), key).items()


def items(top: dict[str, Any], key: str) -> list[Any]:
    """Return the list of at most 100 at a key; an empty one without the key."""
    value = top.get(key, [])
    if not isinstance(value, list) or len(value) > 100:
        raise Fault(f"{key} is {shown(value)}, expected a list of at most 100")
    return value


def listed(top: dict[str, Any], key: str, of: Callable[[Any, str], T]) -> tuple[T, ...]:
    """Return the list at a key, each item as `of` makes it of the item and its place."""
    return tuple(of(item, f"{key}[{number}]") for number, item in enumerate(items(top, key)))


def text_at(top: dict[str, Any], key: str, default: str | None = None) -> str:
    """Return the text at a key."""
    return said(top.get(key, default), key)


def said(value: Any, where: str) -> str:
    """Return a value that must be a short text."""
    if not isinstance(value, str) or len(value) > _MOST_MARKS or not value.isprintable():
        raise Fault(f"{where} is {shown(value)}, expected a text of at most {_MOST_MARKS} characters")
    return value


def word(value: Any, where: str) -> str:
    """Return a value that must be a word of letters, digits and underscores."""
    if not isinstance(value, str) or not re.fullmatch(r"\w+", value, re.ASCII):
        raise Fault(f"{where} is {shown(value)}, expected a word")
    return value


def words(value: Any, where: str) -> tuple[str, ...]:
    """Return a value that must be a list of words."""
    return listed({where: value}, where, word)


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number of at most 32 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 32


def pattern(value: Any, where: str) -> re.Pattern[str]:
    """Return a value that must be a regular expression, compiled."""
    text = said(value, where)
    try:
        compiled = re.compile(text, re.IGNORECASE | re.ASCII)
        _check_ways(text, where)
        return compiled
    except (re.error, OverflowError, RecursionError) as error:
        raise Fault(f"{where} is {shown(text)}, which is no regular expression ({error})") from error


def _check_ways(text: str, where: str) -> None:
    """Raise Fault for a pattern that can take for ever on a name that nearly fits."""
    ways = 1
    # Whether what stands in each bracket that is open varies; the first is the whole.
    varies = [False]
    closed = False
    for match in _MARKS.finditer(text):
        mark = match.group()
        if match["repeat"] is not None:
            if closed and match["repeat"] != "?":
                raise Fault(f"{where} is {shown(text)}, which repeats what repeats itself, expected a plain pattern")
            count = _choices(match)
            ways *= count
            varies[-1] = varies[-1] or count > 1
        elif mark == "|":
            ways *= 2
            varies[-1] = True
        closed = False
        if mark.startswith("("):
            varies.append(False)
        elif mark == ")" and len(varies) > 1:
            closed = varies.pop()
            varies[-1] = varies[-1] or closed
    if ways > _MOST_WAYS:
        raise Fault(f"{where} is {shown(text)}, which fits a name in too many ways, expected at most three of * and +")


def _choices(match: re.Match[str]) -> int:
    """Return how many numbers of times a repeat allows."""
    if match["repeat"] in "*+":
        return _OPEN
    if match["repeat"] == "?":
        return 2
    if not match["to"]:
        return 1
    return min(int(match["most"]) - int(match["least"] or 0) + 1, _OPEN) if match["most"] else _OPEN


def template(top: dict[str, Any], key: str, default: str, product: re.Pattern[str]) -> str:
    """Return the text at a key, whose braces must stand around groups of a pattern."""
    text = text_at(top, key, default)
    check_template(text, key, set(product.groupindex))
    return text


def check_template(text: str, where: str, names: set[str]) -> None:
    """Raise Fault where braces in a text stand around something else than these names."""
    found = re.findall(r"\{([^{}]*)\}", text)
    odd = [name for name in found if name not in names]
    if odd or re.search(r"[{}]", re.sub(r"\{\w+\}", "", text)):
        raise Fault(
            f"{where} is {shown(text)}, expected braces around names of {', '.join(sorted(names)) or 'nothing'}"
        )


def fraction(value: Any, where: str) -> Fraction:
    """Return a decimal fraction, or one as "1/10000"; a number of JSON went through floating point and is none."""
    text = str(value) if is_whole(value) else value
    if isinstance(text, str) and len(text) <= 40 and re.fullmatch(r"[+-]?\d+(\.\d+)?(/\d+)?", text, re.ASCII):
        top, _, bottom = text.partition("/")
        if not bottom or int(bottom):
            return Fraction(top) / (int(bottom) if bottom else 1)
    raise Fault(f'{where} is {shown(value)}, expected a decimal number in quotes, such as "0.0001"')
