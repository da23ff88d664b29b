"""Landsat metadata files (MTL) as txt, xml or json.

Keys repeat between groups (REFLECTANCE_MULT_BAND_1 is 2.75e-05 in LEVEL2_SURFACE_REFLECTANCE_PARAMETERS and another
number in the Level-1 groups), so everything is read by group and never flattened.
"""

from __future__ import annotations

import re
from typing import Any

from ...text_files import BadJson, from_json, unescaped

Groups = dict[str, dict[str, str]]
"""Group name -> key -> value, all text, quotes removed."""

_XML_TAG = re.compile(r"<(/?)([A-Za-z_]\w*)\s*>([^<]*)")


def parse_mtl(text: str) -> Groups:
    """Read an MTL file of any of its three formats.

    Raises
    ------
    ValueError
        `text` is none of the three, or holds no group.
    """
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("{"):
        groups = _from_json(start)
    elif start.startswith("<"):
        groups = _from_xml(start)
    else:
        groups = _from_odl(start)
    if not groups:
        raise ValueError("no metadata group in it")
    return groups


def _from_odl(text: str) -> Groups:
    groups: Groups = {}
    stack: list[str] = []
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        if key == "GROUP":
            stack.append(value)
        elif key == "END_GROUP":
            if stack:
                stack.pop()
        elif stack:
            groups.setdefault(stack[-1], {})[key] = value.strip('"')
    return groups


def _from_xml(text: str) -> Groups:
    # The file is two plain levels of elements without attributes; a tag scanner reads it without an XML parser,
    # whose entity handling would be a security question for downloaded files.
    groups: Groups = {}
    stack: list[str] = []
    for closing, tag, content in _XML_TAG.findall(text):
        if closing:
            if stack and stack[-1] == tag:
                stack.pop()
            continue
        if content.strip() and stack:
            groups.setdefault(stack[-1], {})[tag] = unescaped(content.strip())
        stack.append(tag)
    return groups


def _from_json(text: str) -> Groups:
    try:
        document: Any = from_json(text)
    except BadJson as error:
        raise ValueError(f"broken JSON ({error})") from error
    root = document.get("LANDSAT_METADATA_FILE", document)
    if not isinstance(root, dict):
        raise ValueError("no metadata group in it")
    return {
        name: {key: str(value) for key, value in group.items() if isinstance(value, (str, int, float))}
        for name, group in root.items()
        if isinstance(group, dict)
    }
