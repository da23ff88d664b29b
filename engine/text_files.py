"""Small text files: read so that nothing in their place can hang or fill the memory, written so that others read them.

A file that a user names, or that merely lies beside one, may be anything: a pipe, a device, forty gigabytes of holes, a
hundred thousand brackets. Every text that the engine reads is read here, every table and JSON text is written here.
"""

from __future__ import annotations

import codecs
import csv
import html
import io
import json
import math
import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from .errors import first_line

MOST_BYTES = 64 << 20
"""What is read of a text at most. A run writes under 1 KB a scene into signatures.json, so that of 50 000 fits; the
style of all changes between 254 classes has 8 MB."""

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MOST_NESTED = 200
"""Brackets in brackets that a JSON text may have; what is read has some ten. What reads it calls itself for each, and
how often that goes well depends on Python (1 000 times until 3.11, some ten thousand since) and on the thread."""
_RUN_OF_BRACKETS = re.compile(r"[\[{\]}]+")
# Far more than a float or a count has; Python takes time that grows with the square of the digits, or refuses.
_MOST_DIGITS = 400
# The number of a character reference may have any digits too; the largest character is 1114111.
_ENDLESS_REFERENCE = re.compile(r"(&#[xX]?[0-9a-fA-F]{9,};?)")
# What XML 1.0 (fifth edition, section 2.2) does not allow, not even escaped. Half a surrogate has no bytes at all.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Spreadsheets take a cell that begins so for a formula (OWASP, "CSV Injection"). Our own quote is doubled, so that
# taking one away before such a cell gives back any text.
_FORMULA = re.compile("'*[=+\\-@\t\r\n]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")

_NO_JSON = "it is no JSON text"


class Unreadable(ValueError):
    """A text file cannot be read; says why in a few words, such as "it is a named pipe"."""


class BadJson(ValueError):
    """A text is no JSON that can be used; says why in a few words."""


def open_regular(path: str | Path) -> BinaryIO:
    """Open a file for reading bytes if it is one, and not a pipe to wait for or a device without an end.

    Raises
    ------
    Unreadable
        It is none, is not there, or may not be read.
    """
    try:
        _check_kind(os.stat(path))
        # Something else may have taken its place since: never wait for the other end of a pipe, and look again.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    file = os.fdopen(handle, "rb")
    try:
        _check_kind(os.fstat(handle))
    except Unreadable:
        file.close()
        raise
    return file


def is_special(path: str | Path) -> bool:
    """Tell whether a pipe, socket or device is at a path: what may be waited for, or read, without an end."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _check_kind(state: os.stat_result) -> None:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    if not stat.S_ISREG(state.st_mode):
        raise Unreadable(f"it is {next((name for test, name in kinds if test(state.st_mode)), 'no file')}")


def _unreadable(error: OSError | ValueError) -> Unreadable:
    if isinstance(error, Unreadable):
        return error
    return Unreadable(getattr(error, "strerror", None) or first_line(error))


def read_bytes(file: BinaryIO, most: int = MOST_BYTES) -> bytes:
    """Return what is in an open file, to its end.

    Raises
    ------
    Unreadable
        It cannot be read, or has more than `most` bytes.
    """
    try:
        data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    if len(data) > most:
        raise Unreadable(f"it has more than {most >> 20} MB, which no such file has")
    return data


def read_text(path: str | Path, most: int = MOST_BYTES, *, strict: bool = False) -> str:
    """Return the text of a file.

    Parameters
    ----------
    path
        The file.
    most
        Bytes that it may have.
    strict
        Whether bytes that are no text are an error; otherwise each becomes U+FFFD.

    Raises
    ------
    Unreadable
        It is no regular file, may not be read, is too large, or is no text.
    """
    with open_regular(path) as file:
        return decoded(read_bytes(file, most), strict=strict)


def decoded(data: bytes, *, strict: bool = False) -> str:
    """Return bytes as text: of the encoding that a byte order mark tells, of UTF-8 without one.

    Raises
    ------
    Unreadable
        They are no text, if that is `strict`.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding, "strict" if strict else "replace")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is no {encoding.upper()} text") from error


def read_json(path: str | Path, most: int = MOST_BYTES) -> Any:
    """Return what a JSON file of at most so many bytes says; see `from_json`.

    Raises
    ------
    Unreadable
        It is no regular file, may not be read, or is too large.
    BadJson
        It holds no JSON that can be used.
    """
    with open_regular(path) as file:
        data = read_bytes(file, most)
    try:
        return from_json(decoded(data, strict=True))
    except Unreadable as error:
        raise BadJson(_NO_JSON) from error


def from_json(text: str) -> Any:
    """Return what a JSON text says; NaN and infinities, which are no JSON but were written, are None.

    Raises
    ------
    BadJson
        It is no JSON, nests too deeply, or is of the kind that programs read in different ways: an object with a key
        twice, a number of more than 400 digits.
    """
    if _nests_deeper(text, MOST_NESTED):
        raise BadJson("its brackets nest too deeply")
    try:
        return json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=lambda _: None, object_pairs_hook=_object
        )
    except BadJson:
        raise
    except ValueError as error:
        raise BadJson(_NO_JSON) from error


def _nests_deeper(text: str, most: int) -> bool:
    """Tell whether brackets that stand in no string nest deeper."""
    if text.count("[") + text.count("{") <= most:
        return False
    # Without escaped backslashes and quotes, every other quote ends a string.
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    deep = 0
    for run in _RUN_OF_BRACKETS.findall(outside):
        for bracket in run:
            deep += 1 if bracket in "[{" else -1
            if deep > most:
                return True
    return False


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else _too_long(digits)


def _finite(digits: str) -> float | None:
    value = float(digits) if len(digits) <= _MOST_DIGITS else _too_long(digits)
    return value if math.isfinite(value) else None


def _too_long(digits: str) -> NoReturn:
    raise BadJson(f"it has a number of {len(digits)} digits")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadJson("an object in it has a key twice")
    return found


def to_json(document: object) -> str:
    """Return a document as JSON text; a number that JSON does not know (NaN, an infinity) is null."""
    try:
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(_known(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _known(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items()}
    return [_known(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV text. A text that a spreadsheet would take for a formula gets a quote in front; no number."""
    out = io.StringIO()
    # Of the characters in a cell, the writer quotes those of the line's end: both, of whatever system a name comes.
    writer = csv.writer(out, lineterminator="\r\n")
    lines = []
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        lines.append(out.getvalue()[:-2])
        out.seek(0)
        out.truncate()
    return "".join(f"{line}\n" for line in lines)


def _cell(value: object) -> object:
    if not isinstance(value, str) or _PLAIN_NUMBER.fullmatch(value):
        return value
    return f"'{value}" if _FORMULA.match(value) else value


def from_csv(text: str) -> list[list[str]]:
    """Return the rows of a CSV text that are not empty, cells without space around them.

    The cells are set apart by commas, or where the first line has none, by semicolons or tabs, as spreadsheets write
    them where the comma is the decimal sign. The quote that `to_csv` puts before what looks like a formula is taken
    away again.
    """
    first = text.split("\n", 1)[0]
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), ",")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(f"it is no CSV text: {first_line(error)}") from error
    return [[_plain_cell(cell) for cell in row] for row in rows if any(cell.strip() for cell in row)]


def _plain_cell(cell: str) -> str:
    quoted = cell[:1] == "'" and _FORMULA.match(cell[1:])
    return writable(cell[1:] if quoted else cell).strip()


def writable(text: str) -> str:
    """Return the text with a space for each character that not every file can hold: control characters, half pairs."""
    return _UNWRITABLE.sub(" ", text)


def unescaped(text: str) -> str:
    """Return the text of an XML attribute or element, character references resolved, `writable`."""
    parts = _ENDLESS_REFERENCE.split(text)
    parts[::2] = map(html.unescape, parts[::2])
    return writable("".join(parts))
