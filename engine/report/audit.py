"""What an audit writes: one CSV table and one HTML page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..pixels.masking import Audit, masked
from ..quantities import counted
from ..scenes.origin import is_landsats, mask_name
from ..scenes.scene import Scene
from ..sensors.flags import FLAGS
from ..sensors.readings import SATURATED
from ..text_files import to_csv as csv_text
from .html import Cell, Html, Number, page, table

_STYLE = """
tbody tr:last-child td{border-top:2px solid #999}td.l{min-width:32rem}
.bar{display:flex;width:11rem;height:.9em;background:#eee}.bar i{display:block;height:100%}
i.v,b.v{background:#3a923a}i.m,b.m{background:#d9822b}i.f,b.f{background:#bbb}i.o,b.o{background:#eee}
b.k{display:inline-block;width:1em;height:1em;vertical-align:-.15em;margin:0 .3em 0 .8em}
.low{display:block;text-align:right;color:#b00020;font-weight:bold}
"""


def unknown(scene: Scene) -> list[str]:
    """Return what cannot be known of a scene, for want of a file."""
    found = []
    if not scene.masks:
        found.append(f"no {mask_name(scene)}: flags unknown, fill by value alone")
    if SATURATED not in scene.told and is_landsats(scene):
        found.append("no QA_RADSAT: saturation unknown")
    return found


def to_csv(scenes: Sequence[Scene], audits: Sequence[Audit]) -> str:
    """Return the text of audit.csv: one scene a row, counts of pixels; a count that is not known is empty."""
    head: list[object] = ["scene", "date", "sensor", "pixels", "outside_aoi", "fill"]
    head += [name.replace(" ", "_") for name in FLAGS]
    rows = [[*head, "saturated", "masked", "valid", "valid_percent", "out_of_range", "note", "clipped"]]
    for scene, audit in zip(scenes, audits):
        rows.append(
            [scene.id, scene.acquired.isoformat(), scene.sensor_name, audit.pixels, audit.outside, audit.fill]
            + [audit.flags.get(name, "") for name in FLAGS]
            + [audit.saturated if SATURATED in scene.told else "", masked(audit), audit.valid]
            + [f"{audit.valid_percent:.4f}", audit.out_of_range, "; ".join([*unknown(scene), *audit.doubts])]
            + [audit.clipped]
        )
    return csv_text(rows)


def to_html(
    scenes: Sequence[Scene], audits: Sequence[Audit], rule: Sequence[str], advice: Sequence[str], low_percent: float
) -> str:
    """Return the text of audit.html.

    Parameters
    ----------
    scenes, audits
        In order.
    rule
        What is masked and which bands are read, in words; one paragraph each.
    advice
        Sentences about the run that may follow.
    low_percent
        Scenes with a smaller share of valid pixels are marked.
    """
    whole = Audit()
    for audit in audits:
        whole.add(audit)
    if not all(audit.flags for audit in audits):
        whole.flags = {}  # a share of the scenes that have flags, among the pixels of all, would mislead
    head: list[Cell] = ["Scene", "Sensor", "Valid, masked, fill, outside", "Valid", "Masked", "Fill"]
    head += [name.capitalize() for name in FLAGS]
    # Landsat's values are never cut.
    cut = not all(map(is_landsats, scenes))
    head += ["Saturated", "Out of 0..1", *(["Cut"] if cut else []), "Pixels", "Outside AOI", "Note"]
    rows = []
    for scene, audit in zip(scenes, audits):
        name = Html(f'<span title="{escape(scene.id)}">{escape(scene.title)}</span>')
        note = "; ".join([*unknown(scene), *audit.doubts])
        told = {"saturation": SATURATED in scene.told, "cut": cut}
        rows.append(_row([name, scene.sensor_name], audit, note, low_percent, **told))
    told = {"saturation": all(SATURATED in scene.told for scene in scenes), "cut": cut}
    rows.append(_row(["All scenes", ""], whole, "", low_percent, **told))
    paragraphs = "\n".join(f"<p>{escape(text)}</p>" for text in (*advice, *rule))
    title = f"Audit of {counted(len(scenes), 'scene')}"
    legend = zip("vmfo", ("valid", "masked", "fill", "outside AOI"))
    return page(
        f"IIkMC: {title}",
        f"<h1>{escape(title)}</h1>\n"
        f"<p>{whole.valid:,} of {whole.inside:,} pixels are valid ({percent(whole.valid, whole.inside)}).</p>\n"
        f"{paragraphs}\n"
        '<p class="note">' + " ".join(f'<b class="k {kind}"></b>{text}' for kind, text in legend) + "</p>\n"
        f"{table(head, rows)}\n"
        '<p class="note">Shares of the pixels of a scene that lie inside AOI, of all where there is none; the bars '
        "show all pixels. A pixel can have several flags, and a flag is "
        "counted whether it is masked or not, so the shares need not add up. Out of 0..1: valid pixels with a "
        "reflectance outside 0 to 1 (DN outside 7273 to 43636) in one of the bands; they stay valid."
        + (" Cut: valid pixels with a value beyond -0.2 to 1.6 in one of the bands, taken as that." if cut else "")
        + "</p>\n",
        _STYLE,
    )


def _row(
    title: Sequence[Cell], audit: Audit, note: str, low_percent: float, *, saturation: bool, cut: bool
) -> list[Cell]:
    parts = (audit.valid, masked(audit), audit.fill, audit.outside)
    shares = [100.0 * part / audit.pixels for part in parts]
    bar = "".join(f'<i class="{kind}" style="width:{share:.2f}%"></i>' for kind, share in zip("vmfo", shares))
    valid = percent(audit.valid, audit.inside)
    return [
        *title,
        Html(f'<span class="bar">{bar}</span>'),
        Html(f'<span class="low">{valid}</span>') if audit.valid_percent < low_percent else Number(valid),
        Number(percent(masked(audit), audit.inside)),
        Number(percent(audit.fill, audit.inside)),
        *(Number(percent(audit.flags[name], audit.inside) if name in audit.flags else "") for name in FLAGS),
        Number(percent(audit.saturated, audit.inside) if saturation else ""),
        Number(percent(audit.out_of_range, audit.inside)),
        *([Number(percent(audit.clipped, audit.inside))] if cut else []),
        audit.pixels,
        audit.outside,
        note,
    ]


def percent(part: int, whole: int) -> str:
    """Return a share in words."""
    return f"{100.0 * part / whole:.2f} %" if whole else ""
