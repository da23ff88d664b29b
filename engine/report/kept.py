"""What a page keeps of a run, so that it can be made again in other names, or of merged classes.

The sums of each class in each scene stand in the page as JSON, which nobody sees; the pictures in natural colour stand
in it anyway. A page may be of another version, edited or missing: what cannot be read is not known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..arrays import UNCLASSIFIED
from ..kernels.margins import Counts
from ..pixels.masking import Audit
from ..pixels.scaling import Looks
from ..quality.own_classes import OwnClass, OwnClasses
from ..quality.scene_result import SceneResult
from ..results.statistics import Moments
from ..text_files import BadJson, from_json

_OPENING = '<script type="application/json" id="iikmc-kept">'
_CLOSING = "</script>"
MOST_BYTES = 512 << 20
"""What is read of a page at most: with plotly's 3.5 MB and two pictures a scene, that of some thousand scenes."""
# No scene has so many, nor margins that add up to so much.
_MOST_PIXELS = 1 << 48
# As `scenes.images` writes them: a scene's picture in natural colour, if there is one, then that of its classes.
_IMAGE = re.compile(r'<img src="(data:image/png;base64,[A-Za-z0-9+/=]*)" width="\d+" height="\d+" alt="([^"]*)">')
_CLASSES = "Classes of "
_CLASS_LISTS = ("cancelled", "absent", "missed")


@dataclass(frozen=True)
class KeptScene:
    """What a page keeps of a scene."""

    moments: Moments
    """Of its classes."""
    looks: Looks
    """What its values out of range look like."""
    blank: dict[str, int]
    """As in its audit."""
    own: OwnClasses | None
    """Its own classes beside the common ones."""
    judged: Counts | None
    """Pixels and margins by the value in its raster."""
    natural: str | None = None
    """Its picture in natural colour, as a data URI."""


def kept_block(results: Sequence[SceneResult]) -> str:
    """Return what a page keeps of its scenes, as an element that nobody sees."""
    document = {
        one.scene.id: {
            "count": one.moments.count,
            "total": one.moments.total,
            "squares": one.moments.squares,
            "looks": vars(one.audit.looks),
            "blank": one.audit.blank,
            "own": None if one.own is None else asdict(one.own),
            "judged": _judged_rows(one.judged),
        }
        for one in results
        if one.moments.total
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f"{_OPENING}{text}{_CLOSING}"


def read_kept(text: str, k: int, n_bands: int) -> dict[str, KeptScene]:
    """Return what a page keeps, by scene: nothing from one that is none, or of other numbers of classes and bands."""
    try:
        begin = text.index(_OPENING) + len(_OPENING)
        document = from_json(text[begin : text.index(_CLOSING, begin)])
    except (BadJson, ValueError):
        return {}
    pictures = _natural(text)
    found: dict[str, KeptScene] = {}
    for place, (scene, told) in enumerate(document.items() if isinstance(document, dict) else ()):
        try:
            one = _scene(told, k, n_bands)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
        natural = pictures[place] if len(pictures) == len(document) else None
        found[scene] = replace(one, natural=natural)
    return found


def _natural(text: str) -> list[str | None]:
    """Return the picture in natural colour of each scene, in the order of the page."""
    found: list[str | None] = []
    waiting = None
    for uri, caption in _IMAGE.findall(text):
        if caption.startswith(_CLASSES):
            found.append(waiting)
            waiting = None
        else:
            waiting = uri
    return found


def _scene(told: Any, k: int, n_bands: int) -> KeptScene:
    moments = Moments(
        _numbers(told["count"], k),
        [_numbers(row, n_bands) for row in told["total"]],
        [_numbers(row, n_bands) for row in told["squares"]],
    )
    if len(moments.total) != k or len(moments.squares) != k:
        raise ValueError("sums of other classes")
    looks = Looks(**{name: _number(told["looks"][name]) for name in vars(Looks())})
    blank = {str(name): _number(count) for name, count in told["blank"].items()}
    return KeptScene(moments, looks, blank, _own(told["own"], k), _judged(told.get("judged")))


def _judged_rows(counts: Counts | None) -> list[list[int]] | None:
    if counts is None:
        return None
    values = (int(value) for value in np.flatnonzero(counts.pixels))
    return [[value, int(counts.pixels[value]), int(counts.margins[value])] for value in values]


def _judged(told: Any) -> Counts | None:
    # A page of a version that judged nothing does not tell it.
    if told is None:
        return None
    counts = Counts.zero()
    for row in told:
        value, pixels, margins = _numbers(row, 3)
        if value > UNCLASSIFIED or max(pixels, margins) >= _MOST_PIXELS:
            raise ValueError("no count of a value")
        counts.pixels[value], counts.margins[value] = pixels, margins
    return counts


def _own(told: Any, k: int) -> OwnClasses | None:
    if told is None:
        return None
    classes = tuple(
        OwnClass(
            _class(one["id"], k),
            _number(one["pixels"]),
            _class(one["nearest"], k),
            _distance(one["to_nearest"]),
            None if one["to_same_id"] is None else _distance(one["to_same_id"]),
        )
        for one in told["classes"]
    )
    pixels = _number(told["pixels"])
    if not classes or not pixels or type(told["converged"]) is not bool:
        raise ValueError("no classes of a scene")
    cancelled, absent, missed = (tuple(_class(one, k) for one in told[name]) for name in _CLASS_LISTS)
    return OwnClasses(
        iterations=_number(told["iterations"]),
        converged=told["converged"],
        pixels=pixels,
        classes=classes,
        cancelled=cancelled,
        absent=absent,
        missed=missed,
        missed_pixels=_number(told["missed_pixels"]),
        doubled=tuple((_class(a, k), _class(b, k)) for a, b in told["doubled"]),
        renumbered=_number(told["renumbered"]),
    )


def _class(value: Any, k: int) -> int:
    if not 1 <= _number(value) <= k:
        raise ValueError("no class")
    return int(value)


def _distance(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError("no distance")
    return float(value)


def _numbers(values: Any, n: int) -> list[int]:
    if not isinstance(values, list) or len(values) != n:
        raise ValueError("not as many numbers as classes or bands")
    return [_number(value) for value in values]


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no count")
    return value


def audit_of(told: Any, kept: KeptScene | None, pixels: int, valid: int) -> Audit:
    """Return the audit of a scene as signatures.json and its page tell it; without them, of what its raster shows.

    Parameters
    ----------
    told
        What `Audit.to_dict` gave, if that.
    kept
        What the page keeps.
    pixels, valid
        Pixels of the scene's grid, and those with a class.
    """
    found = Audit(pixels=pixels, valid=valid)
    try:
        found = Audit(
            pixels=_number(told["pixels"]),
            fill=_number(told["fill"]),
            flags={str(name): _number(count) for name, count in told["flags"].items()},
            saturated=_number(told["saturated"]),
            out_of_range=_number(told["out_of_range"]),
            valid=_number(told["valid"]),
            outside=_number(told["outside_aoi"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return found
    return replace(found, looks=kept.looks, blank=kept.blank) if kept else found
