#!/usr/bin/python3
"""Write the tables of parameters and outputs into docs/algorithms from the algorithms themselves: `make docs`.

What a parameter means stands in `algorithms/` alone; a page has everything around it. A test compares the two.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "algorithms"
BEGIN, END = "<!-- from the algorithm, by `make docs` -->", "<!-- end -->"
_BLOCK = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
_UNLIMITED = 2_000_000_000
_KINDS = {
    "multilayer": "files and folders",
    "boolean": "yes or no",
    "file": "file",
    "string": "text",
    "source": "vector layer",
    "field": "field of the layer",
    "raster": "raster layer or file",
    "folderDestination": "folder",
    "sink": "vector layer to write",
    "fileDestination": "file to write",
    "rasterDestination": "GeoTIFF to write",
}
_RESULTS = {
    "outputMultilayer": "several rasters",
    "outputFile": "file",
    "outputHtml": "HTML file",
    "outputRaster": "raster",
    "outputVector": "vector layer",
    "outputFolder": "folder",
    "outputNumber": "number",
    "outputBoolean": "yes or no",
    "outputString": "text",
}


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _options(parameter: Any) -> str:
    return ", ".join(f"{place} {text}" for place, text in enumerate(parameter.options()))


def parameter_type(name: str) -> int:
    """Return a type of layers as QGIS numbers it, such as VectorPoint."""
    from qgis.core import QgsProcessing

    return int(getattr(QgsProcessing.SourceType, f"Type{name}"))


def value(parameter: Any) -> str:
    """Return in words what a parameter takes."""
    kind = parameter.type()
    if kind == "number":
        text = "whole number" if parameter.dataType() == parameter.Type.Integer else "number"
        low, high = parameter.minimum(), parameter.maximum()
        if low > -_UNLIMITED and high < _UNLIMITED:
            return f"{text}, {_number(low)} to {_number(high)}"
        return f"{text}, at least {_number(low)}" if low > -_UNLIMITED else text
    if kind == "enum":
        return f"{'any' if parameter.allowMultiple() else 'one'} of: {_options(parameter)}"
    if kind == "multilayer" and parameter.layerType() != parameter_type("File"):
        return "raster layers or files"
    if kind == "source":
        of = {parameter_type("VectorPoint"): " of points", parameter_type("VectorPolygon"): " of polygons"}
        return _KINDS[kind] + "".join(of.get(found, "") for found in parameter.dataTypes())
    if kind == "file" and parameter.behavior() == parameter.Behavior.Folder:
        return "folder"
    if kind == "file" and parameter.extension():
        return f".{parameter.extension()} file"
    return _KINDS[kind]


def default(parameter: Any) -> str:
    """Return the default, and whether a parameter may be left out without one."""
    found = parameter.defaultValue()
    if found is None:
        return "none" if parameter.flags() & parameter.Flag.FlagOptional else "must be given"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, list):
        return ", ".join(map(str, found))
    return _number(found) if isinstance(found, (int, float)) else str(found)


def tables(algorithm: Any) -> str:
    """Return both tables of an algorithm as Markdown."""
    lines = ["| parameter | in the dialog | takes | default | meaning |", "|---|---|---|---|---|"]
    for parameter in algorithm.parameterDefinitions():
        caption = parameter.description()
        if parameter.flags() & parameter.Flag.FlagAdvanced:
            caption += " *(advanced)*"
        row = (f"`{parameter.name()}`", caption, value(parameter), default(parameter), parameter.help())
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    lines += ["", "| output | what it is | kind |", "|---|---|---|"]
    for output in algorithm.outputDefinitions():
        lines.append(f"| `{output.name()}` | {output.description()} | {_RESULTS[output.type()]} |")
    return "\n".join(lines)


def filled(page: str, algorithm: Any) -> str:
    """Return a page's text with the tables of an algorithm between the marks.

    Raises
    ------
    ValueError
        The page has not exactly one pair of marks.
    """
    text, count = _BLOCK.subn(lambda _: f"{BEGIN}\n{tables(algorithm)}\n{END}", page)
    if count != 1:
        raise ValueError(f"the page of {algorithm.id()} needs one line '{BEGIN}' and one '{END}'.")
    return text


def main() -> None:
    """Fill all pages."""
    import build_model
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    build_model.load_plugin()
    for algorithm in QgsApplication.processingRegistry().providerById("iikmc").algorithms():
        page = PAGES / f"{algorithm.name()}.md"
        if not page.is_file():
            print(f"doc_tables: {page} is not there; write it.", file=sys.stderr)
            continue
        page.write_text(filled(page.read_text(encoding="utf-8"), algorithm), encoding="utf-8")
    build_model.write(build_model.FOLDER)
    sys.stdout.flush()
    os._exit(0)  # leaving QGIS in good order may crash with a Python provider in its registry


if __name__ == "__main__":
    main()
