"""Tasks and answers as bytes that another Python, with another NumPy and another copy of the engine, can read.

Python's pickle names classes by the package that they were imported from and arrays by the version of NumPy; neither
need be the same on a worker. So what travels is written in a form of its own: names of the engine's classes relative to
its package, plain values, and arrays as their bytes. Nothing but records of the engine is ever made of what arrives.
"""

from __future__ import annotations

import importlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..errors import IIkMCError

ENGINE = __package__.rpartition(".")[0]
"""The engine's package, whatever it is called in this process."""
# Headers shrink to a fifth, arrays of DN hardly; level 1 takes 10 ns a byte.
_LEVEL = 1
_LETTERS = {"tuple": "(", "list": "[", "frozenset": "f", "set": "s"}


def dumps(thing: Any) -> bytes:
    """Return a thing as bytes.

    Parameters
    ----------
    thing
        Records of the engine, arrays, dates, paths, errors of the engine, and what Python has for plain values and
        collections, in any mix. One record or array that is met twice is written once.

    Raises
    ------
    TypeError
        There is something else in it.
    """
    writer = _Writer()
    root = writer.form(thing)
    head = json.dumps(
        {"root": root, "classes": writer.classes, "sizes": [len(buffer) for buffer in writer.buffers]},
        separators=(",", ":"),
    ).encode("ascii")
    return zlib.compress(b"".join([len(head).to_bytes(8, "big"), head, *writer.buffers]), _LEVEL)


def loads(data: bytes) -> Any:
    """Return the thing that `dumps` made bytes of; its records are those of this process's engine.

    Raises
    ------
    ValueError
        It is nothing of the kind.
    """
    plain = zlib.decompress(data)
    size = int.from_bytes(plain[:8], "big")
    head = json.loads(plain[8 : 8 + size])
    buffers, at = [], 8 + size
    view = memoryview(plain)
    for length in head["sizes"]:
        buffers.append(view[at : at + length])
        at += length
    return _Reader(head["classes"], buffers).thing(head["root"])


class _Writer:
    """Turns things into lists that begin with a letter, which JSON can write."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.buffers: list[bytes] = []
        self._numbers: dict[type, int] = {}
        # Things that were met, with their number: kept alive, so that no other thing gets the same id.
        self._met: dict[int, tuple[int, Any]] = {}

    def form(self, thing: Any) -> Any:
        if thing is None or type(thing) in (bool, int, float, str):
            return thing
        known = self._met.get(id(thing))
        if known is not None:
            return ["r", known[0]]
        if isinstance(thing, np.ndarray):
            formed = self._array(thing)
        elif is_dataclass(thing) and not isinstance(thing, type):
            values = [self.form(getattr(thing, field.name)) for field in fields(thing)]
            formed = ["o", self._class(type(thing)), *values]
        else:
            return self._plain(thing)
        self._met[id(thing)] = (len(self._met), thing)
        return formed

    def _plain(self, thing: Any) -> Any:
        if isinstance(thing, (tuple, list, frozenset, set)):
            letter = _LETTERS.get(type(thing).__name__)
            if letter is None:
                raise TypeError(f"a {type(thing).__qualname__} does not travel")
            return [letter, *map(self.form, thing)]
        if isinstance(thing, Mapping):
            return ["{", *(self.form(part) for pair in thing.items() for part in pair)]
        if isinstance(thing, bytes):
            return ["b", self._buffer(thing)]
        if isinstance(thing, Enum):
            return ["e", self._class(type(thing)), thing.name]
        if isinstance(thing, np.generic):
            return ["n", thing.dtype.str, self._buffer(thing.tobytes())]
        if isinstance(thing, PurePath):
            return ["p", str(thing)]
        if isinstance(thing, datetime):
            return ["t", thing.isoformat()]
        if isinstance(thing, date):
            return ["d", thing.isoformat()]
        if isinstance(thing, Fraction):
            return ["q", thing.numerator, thing.denominator]
        if isinstance(thing, re.Pattern):
            return ["m", thing.pattern, thing.flags]
        if isinstance(thing, IIkMCError):
            return ["x", self._class(type(thing)), str(thing)]
        if type(thing).__name__ == "CRS" and type(thing).__module__.startswith("rasterio."):
            return ["c", thing.to_wkt()]
        raise TypeError(f"a {type(thing).__module__}.{type(thing).__qualname__} does not travel")

    def _array(self, array: np.ndarray[Any, Any]) -> list[Any]:
        if array.dtype.hasobject:
            raise TypeError("an array of objects does not travel")
        return ["a", array.dtype.str, list(array.shape), self._buffer(np.ascontiguousarray(array).tobytes())]

    def _buffer(self, data: bytes) -> int:
        self.buffers.append(data)
        return len(self.buffers) - 1

    def _class(self, kind: type) -> int:
        if kind not in self._numbers:
            module, name = kind.__module__, kind.__qualname__
            if not module.startswith(f"{ENGINE}.") or "." in name:
                raise TypeError(f"a {module}.{name} does not travel: it is no class of the engine")
            self._numbers[kind] = len(self.classes)
            self.classes.append(f"{module[len(ENGINE) + 1 :]}:{name}")
        return self._numbers[kind]


class _Reader:
    """Turns lists that begin with a letter back into things."""

    def __init__(self, classes: list[str], buffers: list[memoryview]) -> None:
        self._classes = [_class_of(name) for name in classes]
        self._buffers = buffers
        self._met: list[Any] = []
        self._makers: dict[str, Callable[..., Any]] = {
            "(": lambda *parts: tuple(map(self.thing, parts)),
            "[": lambda *parts: list(map(self.thing, parts)),
            "f": lambda *parts: frozenset(map(self.thing, parts)),
            "s": lambda *parts: set(map(self.thing, parts)),
            "{": self._mapping,
            "a": self._array,
            "o": self._record,
            "r": lambda number: self._met[number],
            "b": lambda number: bytes(self._buffers[number]),
            "e": lambda kind, name: self._classes[kind][name],
            "n": lambda dtype, number: np.frombuffer(self._buffers[number], np.dtype(dtype))[0],
            "p": Path,
            "t": datetime.fromisoformat,
            "d": date.fromisoformat,
            "q": Fraction,
            "m": re.compile,
            "x": lambda kind, text: self._classes[kind](text),
            "c": _crs,
        }

    def thing(self, form: Any) -> Any:
        if not isinstance(form, list):
            return form
        return self._makers[form[0]](*form[1:])

    def _mapping(self, *parts: Any) -> dict[Any, Any]:
        things = list(map(self.thing, parts))
        return dict(zip(things[::2], things[1::2]))

    def _array(self, dtype: str, shape: list[int], number: int) -> np.ndarray[Any, Any]:
        # A copy of its own: one that is looked at through the message would keep all of it, and could not be changed.
        made = np.frombuffer(self._buffers[number], np.dtype(dtype)).reshape(shape).copy()
        self._met.append(made)
        return made

    def _record(self, kind: int, *forms: Any) -> Any:
        record = object.__new__(self._classes[kind])
        # In the order of writing: what is inside has its number before the record itself.
        for field, form in zip(fields(record), forms):
            object.__setattr__(record, field.name, self.thing(form))
        self._met.append(record)
        return record


def _class_of(name: str) -> Any:
    """Return a class of the engine, its records, enumerations and errors alone."""
    module, _, kind = name.partition(":")
    found = getattr(importlib.import_module(f"{ENGINE}.{module}"), kind, None)
    if not isinstance(found, type) or not (is_dataclass(found) or issubclass(found, (Enum, IIkMCError))):
        raise ValueError(f"{name} is no record of the engine")
    return found


def _crs(wkt: str) -> Any:
    from rasterio.crs import CRS

    return CRS.from_wkt(wkt)
