"""Texts that carry the classes' names and colours to other programs: the QGIS style and GDAL's metadata file.

The colour table itself is in the TIFF; these files add what a TIFF has no room for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..colours import RGB, colour_of, css_colour
from ..text_files import unescaped, writable

# Read without an XML parser, whose entity handling would be a security question for files that come with downloaded
# results, and from front to back, never twice: a crafted file must not take longer than its length. QGIS writes one
# element a class, all in attributes, and ">" within them as it stands.
_ENTRY = "<paletteEntry"
_ATTRIBUTE = re.compile(r'\s+([\w:]+)\s*=\s*"([^"]*)"')
_END = re.compile(r"\s*/?>")
_CATEGORY, _CATEGORY_END = "<Category>", "</Category>"
# As many digits as the largest value of a raster of uint32 has.
_MOST_DIGITS = 10

# As QGIS 3.22 writes it; later versions read it and convert older files by the version attribute. What is left out
# (minimum and maximum, brightness, hue) keeps QGIS's defaults. rasterresampler without a zoomed-in or zoomed-out
# resampler means nearest neighbour: class numbers must never be averaged.
_FRAME = """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="AllStyleCategories" hasScaleBasedVisibilityFlag="0" \
minScale="1e+08" maxScale="0">
  <pipe>
    <provider>
      <resampling enabled="false" zoomedInResamplingMethod="nearestNeighbour" \
zoomedOutResamplingMethod="nearestNeighbour" maxOversampling="2"/>
    </provider>
{renderer}
    <rasterresampler maxOversampling="2"/>
    <resamplingStage>resamplingFilter</resamplingStage>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
"""
_PALETTED = """\
    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">
      <colorPalette>
{entries}
      </colorPalette>
    </rasterrenderer>"""
_RAMP = """\
    <rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" nodataColor="" \
classificationMin="{low}" classificationMax="{high}">
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" labelPrecision="0" \
minimumValue="{low}" maximumValue="{high}">
{entries}
        </colorrampshader>
      </rastershader>
    </rasterrenderer>"""

# Red where a class is in doubt, blue where it is safe, after ColorBrewer's RdBu.
MARGIN_COLOURS: tuple[tuple[int, str, RGB], ...] = (
    (1, "1: between two classes", (103, 0, 31)),
    (64, "64", (214, 96, 77)),
    (128, "128", (253, 219, 199)),
    (192, "192", (146, 197, 222)),
    (255, "255: on a centre", (5, 48, 97)),
)
"""Of the margins."""


def qml(names: Sequence[str], colours: Sequence[RGB]) -> str:
    """Return the QGIS layer style of a raster of classes: beside `x.tif` as `x.qml` it is the layer's default.

    Parameters
    ----------
    names : sequence of str
        The label of each class 1, 2, ...; any text, "" for a number that is no class.
    colours : sequence of (red, green, blue)
        The colour of each class, levels 0 to 255.

    Returns
    -------
    str
        Unique values of band 1, opaque, nearest-neighbour resampling; 0 (no data) is not listed.

    Raises
    ------
    ValueError
        If there are not as many names as colours.
    """
    if len(names) != len(colours):
        raise ValueError(f"There are {len(names)} names for {len(colours)} colours; expected one name per colour.")
    entries = ((value, name, colour) for value, (name, colour) in enumerate(zip(names, colours), start=1))
    return qml_of_values(entry for entry in entries if entry[1])


def qml_of_values(entries: Iterable[tuple[int, str, RGB]]) -> str:
    """Return the QGIS layer style of a raster of any codes; see `qml`.

    Parameters
    ----------
    entries
        (value, label, colour), in the order of the legend.
    """
    lines = (
        f'        <paletteEntry value="{value}" label="{escaped(name)}" color="{css_colour(colour)}" alpha="255"/>'
        for value, name, colour in entries
    )
    return _FRAME.format(renderer=_PALETTED.format(entries="\n".join(lines)))


def qml_of_ramp(stops: Sequence[tuple[int, str, RGB]]) -> str:
    """Return the QGIS layer style of a raster of numbers, whose colours run from one of the given to the next.

    Parameters
    ----------
    stops
        (value, label, colour), ascending, at least two.
    """
    lines = (
        f'          <item value="{value}" label="{escaped(name)}" color="{css_colour(colour)}" alpha="255"/>'
        for value, name, colour in stops
    )
    renderer = _RAMP.format(low=stops[0][0], high=stops[-1][0], entries="\n".join(lines))
    return _FRAME.format(renderer=renderer)


@dataclass(frozen=True)
class Entry:
    """How a style shows one value."""

    value: int
    """Such as a class."""
    label: str
    """Its name in the legend, "" without one."""
    colour: RGB | None
    """None where the style tells none."""


def entries_of(text: str) -> Iterator[Entry]:
    """Yield the entry of each unique value in a QGIS layer style, of those that are whole numbers.

    Of one that QGIS or `qml` wrote; nothing from a text that is none.
    """
    for attributes in _attributes(text):
        value, label, colour = (unescaped(attributes.get(key, "")) for key in ("value", "label", "color"))
        if value.isdecimal() and len(value) <= _MOST_DIGITS:
            yield Entry(int(value), label.strip(), colour_of(colour))


def _attributes(text: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of each entry, as they stand."""
    place = text.find(_ENTRY)
    while place >= 0:
        place += len(_ENTRY)
        found: dict[str, str] = {}
        attribute = _ATTRIBUTE.match(text, place)
        while attribute:
            found[attribute[1]] = attribute[2]
            place = attribute.end()
            attribute = _ATTRIBUTE.match(text, place)
        if _END.match(text, place):
            yield found
        place = text.find(_ENTRY, place)


def categories_of(text: str) -> list[str]:
    """Return the category names in a metadata file of GDAL's, of one that GDAL or `pam_xml` wrote."""
    found = []
    begin = text.find(_CATEGORY)
    while begin >= 0:
        begin += len(_CATEGORY)
        end = text.find(_CATEGORY_END, begin)
        if end < 0:
            break
        found.append(unescaped(text[begin:end]))
        begin = text.find(_CATEGORY, end)
    return found


def pam_xml(names: Sequence[str]) -> str:
    """Return GDAL's metadata file of a raster of classes: `x.tif.aux.xml` beside `x.tif`.

    Parameters
    ----------
    names : sequence of str
        The name of each class 1, 2, ...; any text, "" for a number that is no class.

    Returns
    -------
    str
        The category names of band 1; category 0 is "No data".
    """
    categories = "".join(f"      <Category>{escaped(name)}</Category>\n" for name in ("No data", *names))
    return (
        '<PAMDataset>\n  <PAMRasterBand band="1">\n    <CategoryNames>\n'
        f"{categories}"
        "    </CategoryNames>\n  </PAMRasterBand>\n</PAMDataset>\n"
    )


def escaped(text: str) -> str:
    """Return the text for an XML attribute or element, on one line; characters that XML forbids become spaces."""
    return html.escape(re.sub(r"[\t\n\r]", " ", writable(text)), quote=True)
