"""The report's sections on the scenes: why pixels are invalid, and quicklooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..pixels.masking import Audit
from ..quality.scene_result import SceneResult
from ..results.signatures import Signatures
from ..scenes.scene import Scene
from .html import Cell, Html, number, table
from .pictures import Picture
from .shared import chip, percent, shown_classes


def scenes_section(results: Sequence[SceneResult]) -> str:
    """Return a line a scene: when, by what, and why its pixels are invalid."""
    audits = [one.audit for one in results]
    flags = list(dict.fromkeys(name for audit in audits for name in audit.flags))
    head: list[Cell] = ["Date", "Sensor", "Path/row or tile", "Sun elevation (°)", "Valid, masked, fill", "Pixels"]
    head += [f"{name} (%)" for name in ("Valid", "Fill", *map(str.capitalize, flags), "Saturated", "Out of 0..1")]
    apart, cut = any(audit.outside for audit in audits), any(audit.clipped for audit in audits)
    head += [*(["Outside AOI (%)"] if apart else []), *(["Cut (%)"] if cut else [])]
    rows = []
    for scene, audit in ((one.scene, one.audit) for one in results):
        counts = [audit.valid, audit.fill, *(audit.flags.get(flag) for flag in flags)]
        counts += [audit.saturated, audit.out_of_range, *([audit.outside] if apart else [])]
        counts += [audit.clipped] if cut else []
        first: list[Cell] = [
            Html(f'<span title="{escape(scene.id)}">{scene.acquired.isoformat()}</span>'),
            scene.sensor_name,
            scene.product.place,
            number(scene.sun_elevation, 1),
            _bar(audit),
            audit.pixels,
        ]
        rows.append(first + [number(percent(count, audit.pixels), 2) for count in counts])
    return (
        "<h2>Scenes and why pixels are invalid</h2>"
        + table(head, rows)
        + '<p class="note">Bar: <span class="c v"></span>valid <span class="c m"></span>masked '
        '<span class="c f"></span>fill or outside the area of interest. Percent of all pixels of the scene\'s grid; '
        "a pixel can have several flags. "
        "A flag is counted whether it was chosen in the mask or not. Out of 0..1: valid pixels with a reflectance "
        "outside 0 to 1."
        + (" Cut: valid pixels with a value beyond -0.2 to 1.6, taken as that." if cut else "")
        + "</p>"
    )


def _bar(audit: Audit) -> Html:
    valid = 100.0 * audit.valid / audit.pixels
    fill = 100.0 * (audit.fill + audit.outside) / audit.pixels
    return Html(
        f'<span class="bar"><i class="v" style="width:{valid:.1f}%"></i>'
        f'<i class="m" style="width:{100 - valid - fill:.1f}%"></i><i class="f" style="width:{fill:.1f}%"></i></span>'
    )


def quicklooks_section(signed: Signatures, results: Sequence[SceneResult], pictures: Sequence[Picture]) -> str:
    """Return each scene in natural colour beside its classes; "" without pictures."""
    if not pictures:
        return ""
    shown = [
        f'<div class="scene"><h3>{escape(one.scene.title)}</h3>{images(one.scene, picture)}</div>'
        for one, picture in zip(results, pictures)
    ]
    return (
        f'<h2>Quicklooks</h2>{legend(signed)}<div class="row">{"".join(shown)}</div>'
        '<p class="note">Every n-th pixel. Natural colour is stretched alike in all scenes, so that haze and season '
        "show; grey has no data or was masked out.</p>"
    )


def legend(signed: Signatures) -> str:
    """Return the classes with their colours, in one paragraph."""
    return f'<p class="legend">{" ".join(f"<span>{chip(record)}</span>" for record in shown_classes(signed))}</p>'


def images(scene: Scene, picture: Picture) -> str:
    """Return a scene in natural colour, if there is such a picture, and its classes."""
    size = f'width="{picture.width}" height="{picture.height}"'
    title = escape(scene.title)
    natural = f'<img src="{picture.natural}" {size} alt="{title} in natural colour">' if picture.natural else ""
    return f'{natural}<img src="{picture.classes}" {size} alt="Classes of {title}">'
