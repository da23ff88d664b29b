"""Small pictures of scenes and of their classes, drawn from their sketches."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..colours import RGB
from ..pixels.sketch import Sketch
from ..sensors.scale import FILL, OFFSET, SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY = (232, 232, 232)
"""Colour of fill and nodata: grey, so that clouds stay white."""
# The share of the valid samples of the median scene that are darker than the middle of the tones, so that land is not
# dark and one scene of snow changes no other; with limits for series of water or of snow alone.
_DARKER_SHARE, _MIDDLE_RANGE = 90, (0.03, 0.5)
# Of each colour: fewer make a smaller file and cannot be seen at this size.
_LEVELS = 24


@dataclass(frozen=True)
class Picture:
    """What the report shows of one scene; each a data URI of a PNG."""

    natural: str | None
    """Natural colour; None where red, green or blue was not read."""
    classes: str
    """Classes in their colours."""
    width: int
    """Pixels of both."""
    height: int
    """Pixels of both."""


def draw_all(sketches: Sequence[Sketch], colours: Sequence[Sequence[RGB]]) -> list[Picture]:
    """Draw scenes that are looked at side by side: their sketches, and the colours of the classes of each."""
    middle = middle_tone(sketches)
    return [draw(sketch, middle, own) for sketch, own in zip(sketches, colours)]


def draw(sketch: Sketch, middle: float, colours: Sequence[RGB]) -> Picture:
    """Draw a scene in natural colour and its classes.

    Parameters
    ----------
    sketch
        Of the scene.
    middle
        Reflectance shown in the middle of the tones, of `middle_tone`.
    colours
        Of the classes 1..k.
    """
    natural = _data_uri(_natural(sketch.dn, middle)) if len(sketch.dn) else None
    return redraw(natural, sketch, colours)


def redraw(natural: str | None, sketch: Sketch, colours: Sequence[RGB]) -> Picture:
    """Draw the classes of a scene beside its picture in natural colour that there is, if there is one."""
    height, width = sketch.classes.shape
    return Picture(natural, _data_uri(sketch.classes, [EMPTY, *colours]), width, height)


def _natural(dn: NDArray[np.uint16], middle: float) -> NDArray[np.uint8]:
    """Return (height, width, 3) levels of (3, height, width) DN."""
    reflectance = np.clip(dn * SCALE + OFFSET, 0.0, 1.0)
    # Steep where land and water are, flat where clouds and snow are, and white at 1 alone.
    levels = reflectance / (reflectance + middle) * (1.0 + middle)
    shown = np.round(levels * (_LEVELS - 1)) * (255 / (_LEVELS - 1))
    shown = np.where((dn == FILL).any(axis=0), np.array(EMPTY)[:, None, None], shown)
    return np.ascontiguousarray(shown.astype(np.uint8).transpose(1, 2, 0))


def middle_tone(sketches: Sequence[Sketch]) -> float:
    """Return the reflectance to show in the middle of the tones: one for all scenes, so that haze and season show."""
    samples = [sketch.samples() for sketch in sketches]
    dn = [float(np.percentile(part, _DARKER_SHARE)) for part in samples if part.size]
    if not dn:
        return _MIDDLE_RANGE[1]
    return min(max(float(np.median(dn)) * SCALE + OFFSET, _MIDDLE_RANGE[0]), _MIDDLE_RANGE[1])


def _data_uri(pixels: NDArray[np.uint8], palette: Sequence[RGB] | None = None) -> str:
    return "data:image/png;base64," + base64.b64encode(png(pixels, palette)).decode("ascii")


def png(pixels: NDArray[np.uint8], palette: Sequence[RGB] | None = None) -> bytes:
    """Return the PNG file of a picture.

    Parameters
    ----------
    pixels
        (height, width, 3) red, green and blue; or (height, width) indices into `palette`.
    palette
        Colours of the indices 0, 1, ...
    """
    height, width = pixels.shape[:2]
    colour_type = 2 if palette is None else 3
    # Each row is preceded by its filter: 1 is the difference to the pixel at the left, 0 is none.
    rows = pixels.reshape(height, -1)
    if palette is None:
        rows = rows.copy()
        rows[:, 3:] -= pixels.reshape(height, -1)[:, :-3]
    filtered = np.concatenate([np.full((height, 1), palette is None, np.uint8), rows], axis=1)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))]
    if palette is not None:
        parts.append((b"PLTE", bytes(level for colour in palette for level in colour)))
    parts += [(b"IDAT", zlib.compress(filtered.tobytes(), 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
