"""What a series went through, as a spreadsheet and as a page to read."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..colours import css_colour
from ..maps.transition import UNCHANGED_COLOUR
from ..text_files import to_csv as csv_text
from ..version import version
from .html import PLOT_WIDTH, Cell, Heat, Html, Number, number, page, plot, table

if TYPE_CHECKING:
    from ..maps.series import Series

_UNSEEN, _UNSEEN_COLOUR = "not seen yet", (240, 240, 240)


def to_csv(series: Series) -> str:
    """Return the text of the table: a row per class and date, with pixels and hectares on the grid of the results."""
    area = series.grid.hectares_per_pixel
    rows: list[list[object]] = [["class_id", "class_name", "date", "pixels", "hectares", "percent_of_valid"]]
    for j in series.classes:
        for day, counts in zip(series.days, series.counts):
            pixels, valid = int(counts[j]), int(counts[1:].sum())
            rows.append(
                [
                    j,
                    series.raster_set.names[j],
                    day.isoformat(),
                    pixels,
                    "" if area is None else f"{pixels * area:.2f}",
                    f"{100.0 * pixels / valid:.4f}" if valid else "",
                ]
            )
    return csv_text(rows)


def render(series: Series) -> str:
    """Return the text of the page."""
    first, last = series.days[0].isoformat(), series.days[-1].isoformat()
    title = f"Series {first} to {last}, {len(series.days)} dates"
    body = "\n".join([_summary(title, series), _plots(series), _areas(series), _changes(series), _rasters(series)])
    return page(f"IIkMC: {title}", body)


def _chip(j: int, series: Series) -> Html:
    colour = css_colour(series.raster_set.colours[j])
    return Html(f'<span class="c" style="background:{colour}"></span>{escape(series.raster_set.full_name(j))}')


def _summary(title: str, series: Series) -> str:
    area = series.grid.hectares_per_pixel
    hectares = "" if area is None else f" ({series.altered * area:,.0f} of {series.observed * area:,.0f} ha)"
    unseen = series.grid.pixels - series.observed
    lines = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">IIkMC {escape(version())}</p>',
        f"<p><b>{series.altered_percent:.2f} % changed class at least once</b>: {series.altered:,} of "
        f"{series.observed:,} pixels{hectares} that were observed.</p>",
        f'<p class="note">On {series.grid.width:,} x {series.grid.height:,} pixels, of which {unseen:,} have no class '
        "on any date. A pixel that is masked on a date keeps the class it was last seen in: that is no change. A "
        "change of class is not always a change of cover: pixels near the border of two classes go to and fro with "
        "light, season and haze.</p>",
    ]
    lines += [f"<p><b>{escape(doubt)}</b></p>" for doubt in series.raster_set.doubts()]
    return "\n".join(lines)


def _plots(series: Series) -> str:
    return '<h2>Classes over time</h2><div class="row">' + plot(*_over_time(series)) + plot(*_flow(series)) + "</div>"


def _over_time(series: Series) -> tuple[dict[str, Any], str]:
    """Return the share of each class in the pixels seen on each date, a line a class."""
    valid = series.counts[:, 1:].sum(axis=1).tolist()
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": series.raster_set.full_name(j),
            "x": [day.isoformat() for day in series.days],
            "y": [100.0 * n / whole if whole else None for n, whole in zip(series.counts[:, j].tolist(), valid)],
            "line": {"color": css_colour(series.raster_set.colours[j]), "width": 2.5},
        }
        for j in series.classes
    ]
    layout = {
        "width": PLOT_WIDTH,
        "height": 440,
        "margin": {"l": 50, "r": 10, "t": 34, "b": 45},
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": "% of the pixels seen"}, "rangemode": "tozero"},
    }
    return {"data": data, "layout": layout}, "Share of each class in the pixels that were seen on each date."


def _flow(series: Series) -> tuple[dict[str, Any], str]:
    """Return the flow of pixels between the classes of some dates, each in the class it was last seen in."""
    area = series.grid.hectares_per_pixel
    flows = series.flows.copy()
    flows[:, 0, 0] -= series.grid.pixels - series.observed  # what is never seen is no part of it
    names: list[str] = []
    labels: list[str] = []
    colours: list[str] = []
    node: dict[tuple[int, int], int] = {}
    for place, which in enumerate(series.flow):
        there = flows[place].sum(axis=1) if place < len(flows) else flows[-1].sum(axis=0)
        for j in (int(j) for j in np.flatnonzero(there)):
            node[place, j] = len(names)
            own = series.raster_set.full_name(j) if j else _UNSEEN
            names.append(f"{own} ({series.days[which].isoformat()})")
            # Between the ends the bands go on in their colours, and names would lie over each other.
            labels.append(own if place in (0, len(flows)) else "")
            colours.append(css_colour(series.raster_set.colours[j] if j else _UNSEEN_COLOUR))
    source, target, value, shade = [], [], [], []
    for place, pairs in enumerate(flows):
        for f, t in np.argwhere(pairs).tolist():
            source.append(node[place, f])
            target.append(node[place + 1, t])
            value.append(int(pairs[f, t]) * (1.0 if area is None else area))
            red, green, blue = UNCHANGED_COLOUR if f in (t, 0) else series.raster_set.colours[t]
            shade.append(f"rgba({red},{green},{blue},{0.45 if f in (t, 0) else 0.8})")
    figure = {
        "data": [
            {
                "type": "sankey",
                "valuesuffix": " pixels" if area is None else " ha",
                "valueformat": ",.4~f",
                "node": {
                    "label": labels,
                    "customdata": names,
                    "hovertemplate": "%{customdata}: %{value}<extra></extra>",
                    "color": colours,
                    "pad": 8,
                    "thickness": 14,
                },
                "link": {
                    "source": source,
                    "target": target,
                    "value": value,
                    "color": shade,
                    "hovertemplate": "%{source.customdata} → %{target.customdata}: %{value}<extra></extra>",
                },
            }
        ],
        "layout": {
            "width": PLOT_WIDTH,
            "height": max(440, 40 * len(series.classes)),
            "margin": {"l": 10, "r": 10, "t": 50, "b": 20},
            "annotations": [_over(place / len(flows), series.days[which]) for place, which in enumerate(series.flow)],
        },
    }
    few = len(series.flow) < len(series.days)
    some = f" {len(series.flow)} of the {len(series.days)} dates are shown." if few else ""
    return figure, (
        "From date to date, each pixel in the class it was last seen in; what stayed, and what was seen for the first "
        f"time, is grey.{some}"
    )


def _over(place: float, day: date) -> dict[str, Any]:
    """Return the day over its column of the flow; the first and the last are set flush."""
    at = "left" if place == 0 else "right" if place == 1 else "center"
    where = {"x": place, "y": 1.02, "xref": "paper", "yref": "paper", "xanchor": at, "yanchor": "bottom"}
    return {**where, "text": day.isoformat(), "showarrow": False, "font": {"size": 10}}


def _areas(series: Series) -> str:
    area = series.grid.hectares_per_pixel
    unit, factor = ("pixels", 1.0) if area is None else ("ha", area)
    decimals = 0 if area is None or series.observed * factor >= 10_000 else 2
    head: list[Cell] = ["Date", *(_chip(j, series) for j in series.classes), "Seen", "Seen (%)"]
    areas: list[list[Cell]] = []
    shares: list[list[Cell]] = []
    for day, counts in zip(series.days, series.counts):
        valid = int(counts[1:].sum())
        first: list[Cell] = [day.isoformat()]
        cells = [Number(f"{int(counts[j]) * factor:.{decimals}f}") for j in series.classes]
        seen = [Number(f"{valid * factor:.{decimals}f}"), number(100.0 * valid / series.observed, 1)]
        areas.append([*first, *cells, *seen])
        parts = [100.0 * int(counts[j]) / valid if valid else None for j in series.classes]
        shares.append([*first, *(None if part is None else Heat(f"{part:.2f}", part / 100.0) for part in parts)])
    return (
        f"<h2>Areas ({unit})</h2>{table(head, areas)}"
        '<p class="note">Of the pixels that were seen on the date: where little was seen, areas are small. Compare the '
        "shares, and with care where different places were seen.</p>"
        f"<h3>Percent of the pixels seen</h3>{table(head[:-2], shares)}"
    )


def _changes(series: Series) -> str:
    area = series.grid.hectares_per_pixel
    rows: list[list[Cell]] = []
    for day, counts, changed in zip(series.days[1:], series.counts[1:], series.changed[1:].tolist()):
        valid = int(counts[1:].sum())
        hectares = None if area is None else number(changed * area, 1)
        rows.append([day.isoformat(), changed, hectares, number(100.0 * changed / valid, 2) if valid else None])
    head: list[Cell] = ["Date", "Changed (pixels)", "Changed (ha)", "Of the pixels seen (%)"]
    if area is None:
        rows, head = [[*row[:2], row[3]] for row in rows], [*head[:2], head[3]]
    return (
        f"<h2>Changes by date</h2>{table(head, rows)}"
        '<p class="note">Pixels whose class on the date differs from the one they were last seen in.</p>'
    )


def _rasters(series: Series) -> str:
    rows: list[list[Cell]] = [
        [member.day.isoformat() if member.day else "", member.id, pixels]
        for member, pixels in zip(series.raster_set.members, series.met)
    ]
    return (
        f"<h2>Rasters</h2>{table(['Date', 'Raster', 'Classified pixels on the grid'], rows)}"
        '<p class="note">Of several rasters of one date the first by name that has a class at a pixel counts there.</p>'
    )
