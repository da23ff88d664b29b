"""Colours as red, green and blue: their type, how a page writes them, and one for a class that has none."""

from __future__ import annotations

import colorsys

RGB = tuple[int, int, int]


def css_colour(colour: RGB) -> str:
    """Return a colour as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def default_colour(number: int) -> RGB:
    """Return a colour for a class that has none: hues a golden angle apart, so that neighbours differ."""
    red, green, blue = colorsys.hsv_to_rgb(number * 0.618034 % 1.0, 0.55, 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)
