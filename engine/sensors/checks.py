"""What the parts of a JSON document must be, each fault told as a sentence without its beginning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeVar

from ..errors import shown

_MOST_MARKS = 500
# The parts of a regular expression: an escaped mark or a set of marks, a bracket, a way out, a repeat, anything else.
_PART = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\(\?P?[<:=!][^>)]*?[>:=!]|\(\?:|[()|]"
    r"|[*+?]|\{[\d,]*\}|.",
    re.DOTALL,
)
# Repeats without an end, each of which multiplies the ways to read a name of 255 marks.
_MOST_ENDLESS = 3

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
    if is_slow(text):
        raise Fault(f"{where} is {shown(text)}, which repeats what repeats itself, expected a plain pattern")
    try:
        return re.compile(text, re.IGNORECASE | re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise Fault(f"{where} is {shown(text)}, which is no regular expression ({error})") from error


def is_slow(text: str) -> bool:
    """Tell whether a regular expression may take for ever on a name that nearly fits.

    That is one which repeats what can itself be read in several ways, as (a+)+ or (a|b)+, or has many endless repeats.
    """
    several, closed, endless = [False], False, 0
    for part in _PART.findall(text):
        if part[0] == "(":
            several.append(False)
        elif part == ")":
            closed = several.pop() if len(several) > 1 else False
            several[-1] |= closed
            continue
        elif part == "|":
            several[-1] = True
        elif part in "*+?" or (part[0] == "{" and len(part) > 1):
            if part != "?" and closed:
                return True
            several[-1] = True
            endless += part in "*+" or part.endswith(",}")
        closed = False
    return endless > _MOST_ENDLESS


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
