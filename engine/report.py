"""The report: one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from .landsat.bands import WAVELENGTHS
from .records import Audit, Fit, Scene
from .signatures import ClassRecord, Signatures

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:90rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;margin:.6rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid #e4e4e4}
th:first-child,td:first-child,th.t,td.t{text-align:left}thead th{border-bottom:2px solid #999}
.c{display:inline-block;width:1em;height:1em;border:1px solid #888;vertical-align:-.15em;margin-right:.4em}
.bar{display:flex;width:16rem;height:.9em;background:#eee}.bar i{display:block;height:100%}
.v{background:#3a923a}.f{background:#bbb}.m{background:#d9822b}
.wide{overflow-x:auto}.note{color:#666}
@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def render(
    signed: Signatures,
    scenes: Sequence[Scene],
    audits: Sequence[Audit],
    counts: Sequence[Sequence[int]],
    fit: Fit,
) -> str:
    """Return the text of report.html.

    Parameters
    ----------
    signed
        The signatures with the run's record.
    scenes, audits
        In order.
    counts
        Per scene the k member counts.
    fit
        Centres and iterations.
    """
    body = "\n".join(
        [
            _summary(signed, scenes, fit),
            _scenes(scenes, audits),
            _signatures(signed),
            _areas(signed.classes, scenes, counts),
            _convergence(fit),
            _parameters(signed),
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>IIkMC: {len(scenes)} scenes in {signed.k} classes</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the cells are HTML."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    lines = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead>\n<tbody>\n{lines}\n</tbody></table></div>'


def _chip(record: ClassRecord) -> str:
    colour = "#{:02x}{:02x}{:02x}".format(*record.colour)
    # The name that a class has by default says its id already.
    name = record.name if str(record.id) in record.name.split() else f"{record.id} {record.name}"
    return f'<span class="c" style="background:{colour}"></span>{escape(name)}'


def _summary(signed: Signatures, scenes: Sequence[Scene], fit: Fit) -> str:
    run = signed.run
    seconds = ", ".join(f"{stage} {value:.1f} s" for stage, value in run["seconds"].items())
    empty = [str(record.id) for record in signed.classes if record.pixels == 0]
    lines = [
        f"<h1>IIkMC: {len(scenes)} scene(s) in {signed.k} classes</h1>",
        f'<p class="note">{escape(run["finished"])} · IIkMC {escape(run["versions"]["iikmc"])}</p>',
        f"<p>{_outcome(run, fit)} Time: {seconds}.</p>",
    ]
    if empty:
        lines.append(f"<p><b>Classes without a pixel: {', '.join(empty)}.</b></p>")
    return "\n".join(lines)


def _outcome(run: dict[str, Any], fit: Fit) -> str:
    if not fit.iterations:
        source = escape(str(run["applied"]["signatures"]))
        return (
            f"{run['pixels']:,} valid pixels got the nearest of the saved signatures in {source}; nothing was iterated."
        )
    last = fit.iterations[-1]
    end = "converged" if fit.converged else "stopped at the maximum number of iterations, not converged"
    return (
        f"{run['pixels']:,} valid pixels were clustered together. After {last.number} iteration(s), "
        f"with {last.changed_percent:.2f} % of the pixels changing class in the last one, the run {end}."
    )


def _scenes(scenes: Sequence[Scene], audits: Sequence[Audit]) -> str:
    flags = list(dict.fromkeys(name for audit in audits for name in audit.flags))
    head = ["Scene", "Sensor", "Sun elevation", "Valid, fill, masked", "Valid", "Fill"]
    head += [escape(flag.capitalize()) for flag in flags] + ["Saturated", "Out of 0..1"]
    rows = []
    for scene, audit in zip(scenes, audits):
        sun = "" if scene.sun_elevation is None else f"{scene.sun_elevation:.1f}°"
        rows.append(
            [f'<span title="{escape(scene.id)}">{escape(scene.title)}</span>', escape(scene.sensor_name), sun]
            + [_bar(audit), _percent(audit.valid, audit.pixels), _percent(audit.fill, audit.pixels)]
            + [_percent(audit.flags[flag], audit.pixels) if flag in audit.flags else "" for flag in flags]
            + [_percent(audit.saturated, audit.pixels), _percent(audit.out_of_range, audit.pixels)]
        )
    return (
        "<h2>Scenes and why pixels are invalid</h2>"
        + _table(head, rows)
        + '<p class="note">Shares of all pixels of the scene\'s grid; a pixel can have several flags. A flag is '
        "counted whether it was chosen in the mask or not. Out of 0..1: valid pixels with a reflectance outside 0 to "
        "1.</p>"
    )


def _bar(audit: Audit) -> str:
    valid = 100.0 * audit.valid / audit.pixels
    fill = 100.0 * (audit.fill + audit.outside) / audit.pixels
    return (
        f'<span class="bar"><i class="v" style="width:{valid:.1f}%"></i>'
        f'<i class="m" style="width:{100 - valid - fill:.1f}%"></i><i class="f" style="width:{fill:.1f}%"></i></span>'
    )


def _signatures(signed: Signatures) -> str:
    head = ["Class", "Pixels", "Share"] + [f"{role} ({WAVELENGTHS[role]:.2f} µm)" for role in signed.roles]
    pixels = sum(record.pixels for record in signed.classes)
    rows = [
        [_chip(record), f"{record.pixels:,}", _percent(record.pixels, pixels)]
        + [_spread(mean, std) for mean, std in zip(record.mean, record.std)]
        for record in signed.classes
    ]
    return "<h2>Signatures: mean ± standard deviation of surface reflectance</h2>" + _table(head, rows)


def _spread(mean: float | None, std: float | None) -> str:
    return "–" if mean is None or std is None else f"{mean:.4f} ± {std:.4f}"


def _areas(classes: Sequence[ClassRecord], scenes: Sequence[Scene], counts: Sequence[Sequence[int]]) -> str:
    head = ["Class"] + [escape(scene.title) for scene in scenes]
    rows = []
    for j, record in enumerate(classes):
        cells = [_chip(record)]
        for scene, count in zip(scenes, counts):
            area = scene.checked_grid().hectares_per_pixel
            amount = f"{count[j]:,} px" if area is None else f"{count[j] * area:,.0f} ha"
            cells.append(f"{amount} · {_percent(count[j], sum(count))}")
        rows.append(cells)
    return "<h2>Area of each class in each scene</h2>" + _table(head, rows)


def _convergence(fit: Fit) -> str:
    if not fit.iterations:
        return ""
    rows = [
        [
            str(record.number),
            f"{record.changed:,}",
            f"{record.changed_percent:.3f} %",
            f"{record.largest_move_dn:.2f}",
            f"{record.seconds:.2f}",
        ]
        for record in fit.iterations
    ]
    head = ["Iteration", "Changed pixels", "Share", "Largest centre move (DN)", "Seconds"]
    return "<h2>Convergence</h2>" + _table(head, rows)


def _parameters(signed: Signatures) -> str:
    def text(value: object) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    run = signed.run
    rows = [[escape(key), escape(text(value))] for key, value in run["parameters"].items()]
    rows.append(["kernel", escape(run["kernel"])])
    rows += [[escape(key), escape(value)] for key, value in run["versions"].items()]
    return "<h2>Parameters and versions</h2>" + _table(["Name", "Value"], rows)


def _percent(part: int, whole: int) -> str:
    return f"{100.0 * part / whole:.2f} %" if whole else ""
