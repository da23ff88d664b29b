"""The advice on the number of classes, as a spreadsheet and as a page to read."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from ..quality.indices import SILHOUETTE_PIXELS, Score
from ..quantities import counted
from ..sensors.scale import SCALE
from ..text_files import to_csv as csv_text
from ..version import version
from .html import PLOT_WIDTH, Cell, Heat, Html, Number, page, plot, table

if TYPE_CHECKING:
    from ..quality.indices import Suggestion

_COLUMNS: tuple[tuple[str, str, str, Callable[[Score], float | None], str], ...] = (
    ("rms_reflectance", "RMS distance to the centre (reflectance)", "low", lambda s: SCALE * s.rms_dn, ".5f"),
    ("silhouette", "Silhouette", "high", lambda s: s.silhouette, ".4f"),
    ("calinski_harabasz", "Calinski-Harabasz", "high", lambda s: s.calinski_harabasz, ".1f"),
    ("davies_bouldin", "Davies-Bouldin", "low", lambda s: s.davies_bouldin, ".4f"),
)


def to_csv(result: Suggestion) -> str:
    """Return the table: one number of classes a row; empty where an index could not be had."""
    rows: list[list[object]] = [["k", "inertia_dn2", *(column[0] for column in _COLUMNS), "mean_rank", "empty_classes"]]
    for score in result.scores:
        cells = [_text(index(score), form) for _, _, _, index, form in _COLUMNS]
        rank = f"{result.advice.ranks[score.k]:.3f}"
        rows.append([score.k, f"{score.inertia:.3f}", *cells, rank, score.empty])
    return csv_text(rows)


def render(result: Suggestion) -> str:
    """Return the text of the page."""
    title = f"{result.advice.k} classes suggested for {counted(len(result.scenes), 'scene')}"
    return page(
        f"IIkMC: {title}", "\n".join([_summary(title, result), _plots(result), _table(result), _sample(result)])
    )


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _summary(title: str, result: Suggestion) -> str:
    names = "silhouette (high is good), Calinski-Harabasz (high) and Davies-Bouldin (low)"
    rule = f"the number of classes with the best mean rank over {names}; a tie goes to the fewer classes"
    if not result.scikit_learn:
        rule = (
            "the highest Calinski-Harabasz index, because scikit-learn, which computes silhouette and Davies-Bouldin, "
            "is not installed"
        )
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="note">IIkMC {escape(version())} · {result.pixels:,} pixels · seed {result.request.seed} · '
        f"bands {escape(', '.join(result.request.roles))}</p>"
        f"<p><b>{escape(result.advice.reason)}</b></p>"
        f'<p class="note">Rule: {rule}. The bend (elbow) of the inertia curve is a hint: beyond it, more classes '
        "explain little more. These indices favour few, compact classes; a map that must tell more covers apart may "
        "need more, and a local optimum above the suggestion is a good candidate.</p>"
    )


def _plots(result: Suggestion) -> str:
    return (
        '<div class="row">'
        + "".join(plot(*_curve(result, *column)) for column in _COLUMNS if _has(result, column[3]))
        + "</div>"
    )


def _has(result: Suggestion, index: Callable[[Score], float | None]) -> bool:
    return any(value is not None and math.isfinite(value) for value in map(index, result.scores))


def _curve(
    result: Suggestion, key: str, name: str, good: str, index: Callable[[Score], float | None], form: str
) -> tuple[dict[str, Any], str]:
    """Return one index against k; the suggestion is filled, the elbow of the inertia is a diamond."""
    points = [(score.k, index(score)) for score in result.scores]
    known = [(k, value) for k, value in points if value is not None and math.isfinite(value)]
    marked = result.advice.elbow if key == "rms_reflectance" else None
    fill = ["#c8501e" if k == result.advice.k else "#2b6cb0" if k == marked else "#fff" for k, _ in known]
    shape = ["diamond" if k == marked else "circle" for k, _ in known]
    figure = {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [k for k, _ in known],
                "y": [value for _, value in known],
                "line": {"color": "#2b6cb0", "width": 2},
                "marker": {"color": fill, "symbol": shape, "size": 10, "line": {"color": "#2b6cb0", "width": 2}},
                "hovertemplate": f"k = %{{x}}<br>%{{y:{form}}}<extra></extra>",
            }
        ],
        "layout": {
            "width": PLOT_WIDTH,
            "height": 300,
            "margin": {"l": 70, "r": 15, "t": 10, "b": 45},
            "xaxis": {"title": {"text": "number of classes k"}, "dtick": 1 if len(points) <= 30 else None},
            "yaxis": {"title": {"text": name.replace(" to the centre", "")}, "rangemode": "normal"},
            "shapes": [
                {
                    "type": "line",
                    "x0": result.advice.k,
                    "x1": result.advice.k,
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "line": {"color": "#c8501e", "dash": "dot", "width": 1.5},
                }
            ],
        },
    }
    caption = f"{name}: {good} is good; the suggestion is red"
    return figure, caption + (f", the elbow ({marked}) a diamond." if marked is not None else ".")


def _table(result: Suggestion) -> str:
    columns = [column for column in _COLUMNS if any(column[3](score) is not None for score in result.scores)]
    rows: list[list[Cell]] = []
    for score in result.scores:
        own = score.k == result.advice.k
        cells: list[Cell] = [Html(f"<b>{score.k}</b>") if own else str(score.k)]
        for key, _, good, index, form in columns:
            value = index(score)
            ranked = key != "rms_reflectance"
            cells.append(
                None
                if value is None
                else Number(format(value, form))
                if not ranked
                else _ranked(value, good, index, form, result)
            )
        rows.append([*cells, Number(f"{result.advice.ranks[score.k]:.2f}"), score.empty])
    head: list[Cell] = ["Classes", *(name for _, name, *_ in columns), "Mean rank", "Empty classes"]
    note = f"Suggested: {result.advice.k}. The darker a cell, the better its rank in the column."
    if result.scikit_learn and result.pixels > SILHOUETTE_PIXELS:
        note += f" The silhouette is that of {SILHOUETTE_PIXELS:,} pixels of the sample."
    if any(score.empty for score in result.scores):
        note += " Empty classes: the sample holds fewer distinct groups than classes asked for."
    return "<h2>Indices</h2>" + table(head, rows) + f'<p class="note">{note}</p>'


def _ranked(value: float, good: str, index: Callable[[Score], float | None], form: str, result: Suggestion) -> Cell:
    """Return a value on a ground that is the darker, the better its rank; cells without a sign copy as numbers."""
    sign = -1 if good == "high" else 1
    values = [found for found in map(index, result.scores) if found is not None]
    better = sum(sign * found < sign * value for found in values)
    return Heat(format(value, form), (1.0 - better / max(len(values) - 1, 1)) ** 2)


def _sample(result: Suggestion) -> str:
    rows: list[list[Cell]] = [
        [scene.title, scene.sensor_name, valid, drawn, Number(f"{100.0 * drawn / valid:.3f}" if valid else "")]
        for scene, valid, drawn in zip(result.scenes, result.sample.valid, result.sample.drawn)
    ]
    mask = ", ".join(result.request.mask.flags) or "fill only"
    return (
        "<h2>Sample</h2>"
        + table(["Scene", "Sensor", "Valid pixels", "In the sample", "Share (%)"], rows)
        + '<p class="note">Drawn by the seed in proportion to the valid pixels, every scene with at least a tenth '
        "of an equal share; the order of the scenes does not matter. Each number of classes was clustered from "
        f"three k-means++ starts to the fixed point. Masked: {escape(mask)}.</p>"
    )
