"""Small pictures of scenes and of their classes, taken from every n-th row and column of what is read anyway."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..scenes.scene import PixelGrid, Strip
from ..sensors.landsat.bands import FILL, OFFSET, SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 300
"""Columns of a picture, at most."""
NATURAL = ("red", "green", "blue")
"""Band roles of a natural-colour picture."""

EMPTY = (232, 232, 232)
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


class Sketch:
    """Every n-th pixel of one scene. Threads may fill different strips at the same time."""

    def __init__(self, grid: PixelGrid, roles: Sequence[str]) -> None:
        """Take the scene's grid and the roles of the bands that are read."""
        self._width = grid.width
        self._step = -(-grid.width // WIDTH)
        shape = (-(-grid.height // self._step), -(-grid.width // self._step))
        self._bands = [roles.index(role) for role in NATURAL] if set(NATURAL) <= set(roles) else []
        self._dn = np.zeros((len(self._bands), *shape), np.uint16)
        self._valid = np.zeros(shape, bool)
        self._classes = np.zeros(shape, np.uint8)

    def take_bands(self, strip: Strip, bands: NDArray[np.uint16], valid: NDArray[np.uint8]) -> None:
        """Look at a strip while it is read.

        Parameters
        ----------
        strip
            Where it lies.
        bands
            (n_bands, height, width) DN.
        valid
            Its valid mask, eight pixels a byte.
        """
        if not self._bands:
            return
        rows, first = self._rows(strip)
        for out, band in zip(self._dn, self._bands):
            out[rows] = bands[band, first :: self._step, :: self._step]
        row = np.arange(first, strip.height, self._step)[:, None]
        index = row * self._width + np.arange(0, self._width, self._step)
        self._valid[rows] = (valid[index >> 3] >> (7 - (index & 7)).astype(np.uint8)) & 1

    def take_classes(self, strip: Strip, classes: NDArray[np.uint8]) -> None:
        """Look at the (height, width) classes of a strip while they are written."""
        rows, first = self._rows(strip)
        self._classes[rows] = classes[first :: self._step, :: self._step]

    def _rows(self, strip: Strip) -> tuple[slice, int]:
        """Return the sketch's rows within a strip, and the first of them counted from the strip's top."""
        begin, end = (-(-row // self._step) for row in (strip.row, strip.row + strip.height))
        return slice(begin, end), begin * self._step - strip.row

    def samples(self) -> NDArray[np.uint16]:
        """Return red, green and blue of the valid samples, in one row."""
        return self._dn[:, self._valid].reshape(-1)

    def picture(self, middle: float, colours: Sequence[tuple[int, int, int]]) -> Picture:
        """Draw both pictures.

        Parameters
        ----------
        middle
            Reflectance shown in the middle of the tones, of `middle_tone`.
        colours
            Of the classes 1..k.
        """
        height, width = self._classes.shape
        natural = _data_uri(self._natural(middle)) if self._bands else None
        return Picture(natural, _data_uri(self._classes, [EMPTY, *colours]), width, height)

    def _natural(self, middle: float) -> NDArray[np.uint8]:
        """Return (height, width, 3) levels."""
        reflectance = np.clip(self._dn * SCALE + OFFSET, 0.0, 1.0)
        # Steep where land and water are, flat where clouds and snow are, and white at 1 alone.
        levels = reflectance / (reflectance + middle) * (1.0 + middle)
        shown = np.round(levels * (_LEVELS - 1)) * (255 / (_LEVELS - 1))
        shown = np.where((self._dn == FILL).any(axis=0), np.array(EMPTY)[:, None, None], shown)
        return np.ascontiguousarray(shown.astype(np.uint8).transpose(1, 2, 0))


def middle_tone(sketches: Sequence[Sketch]) -> float:
    """Return the reflectance to show in the middle of the tones: one for all scenes, so that haze and season show."""
    samples = [sketch.samples() for sketch in sketches]
    dn = [float(np.percentile(part, _DARKER_SHARE)) for part in samples if part.size]
    if not dn:
        return _MIDDLE_RANGE[1]
    return min(max(float(np.median(dn)) * SCALE + OFFSET, _MIDDLE_RANGE[0]), _MIDDLE_RANGE[1])


def _data_uri(pixels: NDArray[np.uint8], palette: Sequence[tuple[int, int, int]] | None = None) -> str:
    return "data:image/png;base64," + base64.b64encode(png(pixels, palette)).decode("ascii")


def png(pixels: NDArray[np.uint8], palette: Sequence[tuple[int, int, int]] | None = None) -> bytes:
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
