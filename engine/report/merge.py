"""The report of merged classes: what became what, and all that is still known of the scenes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from ..centres.fit import Fit
from ..colours import colour_of
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..results.signatures import ClassRecord, Signatures
from . import cluster
from .classes import areas_section, drift_section, separability_section, signatures_section, vanished_section
from .html import Cell, Html, page, table
from .kept import kept_block
from .pictures import Picture
from .scenes import quicklooks_section, scenes_section
from .shared import STYLE, Numbers, chip, gather, parameters_section


def render(signed: Signatures, fit: Fit, results: Sequence[SceneResult], pictures: Sequence[Picture] = ()) -> str:
    """Return the text of report.html of a run with common classes, merged or not.

    Parameters
    ----------
    signed
        The signatures with the run's record.
    fit
        Centres and iterations.
    results
        What is known of the scenes, in order.
    pictures
        One a scene, or none at all.
    """
    merging = signed.run.get("merging")
    if not isinstance(merging, dict):
        return cluster.render(signed, fit, results, pictures)
    numbers = gather(signed, fit, results)
    sections = [
        _summary(numbers, merging),
        _classes(signed, merging),
        scenes_section(results),
        quicklooks_section(signed, results, pictures),
        signatures_section(signed),
        areas_section(numbers),
        vanished_section(numbers),
        drift_section(numbers),
        separability_section(numbers),
        parameters_section(signed.run),
        kept_block(results),
    ]
    return page(_title(numbers, merging), "\n".join(sections), STYLE)


def _title(numbers: Numbers, merging: dict[str, Any]) -> str:
    old, scenes = len(_old(merging)), len(numbers.results)
    return f"IIkMC: {old} classes of {counted(scenes, 'scene')} merged into {numbers.signed.k}"


def _old(merging: dict[str, Any]) -> list[dict[str, Any]]:
    classes = merging.get("classes")
    return [one for one in classes if isinstance(one, dict)] if isinstance(classes, list) else []


def _summary(numbers: Numbers, merging: dict[str, Any]) -> str:
    title = escape(_title(numbers, merging))
    least, neighbours = merging.get("min_pixels"), merging.get("connectivity")
    sieved = (
        f" Patches of less than {least} pixels ({neighbours} neighbours) were then made part of their largest "
        "neighbour by GDAL's sieve: areas are those of the rasters after it, signatures and drift those of all "
        "members before it."
        if isinstance(least, int) and least > 1
        else ""
    )
    legend = merging.get("legend")
    how = f"as {escape(str(legend))} says" if legend else "where their names were the same"
    return (
        f'<h1>{title}</h1>\n<p class="note">{escape(str(merging.get("finished")))} · '
        f"IIkMC {escape(str(merging.get('version')))}</p>\n"
        f"<p>The classes of {escape(str(merging.get('results')))} became one {how}.{sieved}</p>"
    )


def _classes(signed: Signatures, merging: dict[str, Any]) -> str:
    rows: list[list[Cell]] = []
    old = _old(merging)
    for record in signed.classes:
        own = [_chip(one) for one in old if one.get("to") == record.id]
        rows.append([chip(record), Html(" &nbsp; ".join(own))])
    return "<h2>What became what</h2>" + table(["Class", "Made of"], rows)


def _chip(one: dict[str, Any]) -> Html:
    colour = colour_of(str(one.get("colour"))) or (255, 255, 255)
    number = one.get("id")
    return chip(ClassRecord(number if isinstance(number, int) else 0, str(one.get("name")), colour, 0, (), ()))
