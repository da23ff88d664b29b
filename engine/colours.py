"""Colours as red, green and blue: their type, how texts write them, and one for a class that has none."""

from __future__ import annotations

import colorsys
import re

RGB = tuple[int, int, int]
"""Levels 0 to 255 of sRGB."""
_CSS = re.compile(r"#[0-9a-fA-F]{6}")


def css_colour(colour: RGB) -> str:
    """Return a colour as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def colour_of(css: str) -> RGB | None:
    """Return the colour that "#rrggbb" stands for; None of any other text."""
    if not _CSS.fullmatch(css):
        return None
    red, green, blue = bytes.fromhex(css[1:])
    return red, green, blue


def default_colour(number: int) -> RGB:
    """Return a colour for a class that has none: hues a golden angle apart, so that neighbours differ."""
    red, green, blue = colorsys.hsv_to_rgb(number * 0.618034 % 1.0, 0.55, 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)
