"""The report's plots, as the plain dicts that plotly's JavaScript draws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

from ..centres.fit import IterationRecord
from ..colours import css_colour
from ..results.signatures import ClassRecord, Signatures
from ..scenes.scene import Scene
from ..sensors.roles import WAVELENGTHS
from ..sensors.scale import SCALE
from .html import PLOT_WIDTH
from .shared import full_name

Figure = dict[str, Any]

_GRID, _OUTLINE = "#e2e2e2", "#555"
# With more classes the bands of one standard deviation hide each other; the table has the numbers.
_MOST_SPREADS = 12
# With more bands their names stand upright below the curves.
_MOST_LEVEL_BANDS = 6
# So many scenes are named level, or slanting, below their bars; of more, some dates stand upright.
_MOST_LEVEL, _MOST_SLANTING, _MOST_UPRIGHT = 4, 8, 25
# So many dates are named on the axis, if each is at least this share of the whole time from the next.
_MOST_DATES, _LEAST_GAP = 5, 0.15


def signature_curves(signed: Signatures) -> Figure:
    """Return mean reflectance over wavelength, a line a class, with a standard deviation up and down."""
    # In the order of their wavelengths, so the lines never turn back.
    order = sorted(range(len(signed.roles)), key=lambda band: WAVELENGTHS[signed.roles[band]])
    roles = [signed.roles[band] for band in order]
    x = [WAVELENGTHS[role] for role in roles]
    data: list[dict[str, Any]] = []
    members = [record for record in signed.classes if record.pixels]
    for record in members:
        mean = [record.mean[band] or 0.0 for band in order]
        std = [record.std[band] or 0.0 for band in order]
        if len(members) <= _MOST_SPREADS:
            data.append(
                {
                    "x": x + x[::-1],
                    "y": [m + s for m, s in zip(mean, std)] + [m - s for m, s in zip(mean, std)][::-1],
                    "fill": "toself",
                    "fillcolor": f"rgba({record.colour[0]},{record.colour[1]},{record.colour[2]},0.18)",
                    "line": {"width": 0},
                    "mode": "lines",
                    "hoverinfo": "skip",
                    "showlegend": False,
                    "legendgroup": str(record.id),
                }
            )
        data += _class_line(x, mean, record, "solid", "%{y:.4f}")
    # The lines lie above all the spreads.
    data.sort(key=lambda trace: "fill" not in trace)
    # Red edges and near infrared lie too near to each other for names that lie.
    level = len(roles) <= _MOST_LEVEL_BANDS
    names = [f"{role}{'<br>' if level else ' '}{WAVELENGTHS[role]:.2f}" for role in roles]
    layout = _layout(_height(len(members)))
    layout["xaxis"].update(type="log", tickvals=x, ticktext=names, title={"text": "Wavelength (µm, logarithmic)"})
    # Told, or plotly turns the names where long names of classes leave little room.
    layout["xaxis"]["tickangle"] = 0 if level else -90
    layout["yaxis"].update(title={"text": "Surface reflectance"})
    return {"data": data, "layout": layout}


def shares(classes: Sequence[ClassRecord], scenes: Sequence[Scene], counts: Sequence[Sequence[int]]) -> Figure:
    """Return the share of each class in the valid pixels of each scene, stacked."""
    layout = _layout(_height(len(classes)))
    layout.update(barmode="stack", bargap=0.15)
    n = len(scenes)
    _name_scenes(layout, scenes)
    layout["yaxis"].update(title={"text": "Share of the valid pixels (%)"}, range=[0, 100])
    return {
        "data": [
            {
                "type": "bar",
                "x": list(range(n)),
                "y": [_share(count, j) for count in counts],
                "text": [escape(scene.title) for scene in scenes],
                "textposition": "none",
                "name": escape(full_name(record)),
                "marker": {"color": css_colour(record.colour), "line": {"color": _OUTLINE, "width": 0.5}},
                "hovertemplate": "%{text}: %{y:.2f} %",
            }
            for j, record in enumerate(classes)
        ],
        "layout": layout,
    }


def _name_scenes(layout: Figure, scenes: Sequence[Scene]) -> None:
    """Name the scenes 0, 1, ... of the horizontal axis, not all of very many."""
    n = len(scenes)
    named = list(range(0, n, -(-n // _MOST_UPRIGHT)))
    layout["xaxis"].update(
        tickvals=named,
        ticktext=[_tick_text(scenes[number], full=n <= _MOST_SLANTING) for number in named],
        tickangle=0 if n <= _MOST_LEVEL else -45 if n <= _MOST_SLANTING else -90,
    )


def _tick_text(scene: Scene, full: bool) -> str:
    day = scene.acquired.isoformat()
    return f"{day}<br>{scene.product.subject}" if full else day


def over_time(
    classes: Sequence[ClassRecord], scenes: Sequence[Scene], counts: Sequence[Sequence[int]]
) -> Figure | None:
    """Return the share of each class over the dates of one place, a line a class; None without two dates of one."""
    places: dict[str, list[int]] = {}
    for number, (scene, count) in enumerate(zip(scenes, counts)):
        if any(count):
            places.setdefault(scene.product.tile, []).append(number)
    series = {
        place: numbers for place, numbers in places.items() if len({scenes[number].acquired for number in numbers}) > 1
    }
    if not series:
        return None
    dashes = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot")
    data: list[dict[str, Any]] = []
    for line, (place, numbers) in enumerate(series.items()):
        dash = dashes[line % len(dashes)]
        for j, record in enumerate(classes):
            x = [scenes[number].acquired.isoformat() for number in numbers]
            y = [_share(counts[number], j) for number in numbers]
            data += _class_line(x, y, record, dash, f"{place}, %{{x}}: %{{y:.2f}} %", in_legend=line == 0)
        if len(series) > 1:
            # Nothing but an entry of the legend.
            data.append(
                {"x": [None], "y": [None], "mode": "lines", "name": place, "line": {"color": _OUTLINE, "dash": dash}}
            )
    layout = _layout(_height(len(classes)))
    dates = sorted({scenes[number].acquired for numbers in series.values() for number in numbers})
    layout["xaxis"].update(type="date", tickformat="%Y-%m-%d", nticks=6)
    if len(dates) <= _MOST_DATES and _spread_out(dates):
        layout["xaxis"]["tickvals"] = [day.isoformat() for day in dates]
    layout["yaxis"].update(title={"text": "Share of the valid pixels (%)"}, rangemode="tozero")
    return {"data": data, "layout": layout}


def convergence(iterations: Sequence[IterationRecord], tolerance: float | None) -> Figure:
    """Return changed pixels and largest move of a centre over the iterations, one above the other.

    Parameters
    ----------
    iterations
        In order; numbers of 0 have no place on a logarithmic axis and are left out.
    tolerance
        Percent at which the run was to stop, if it is known.
    """
    x = [record.number for record in iterations]
    data: list[dict[str, Any]] = [
        _line(x, [record.changed_percent or None for record in iterations], "Changed pixels", "y"),
        _line(x, [record.largest_move_dn or None for record in iterations], "Largest move", "y2"),
    ]
    layout = _layout(440)
    if tolerance:
        data.append(
            {
                "x": [x[0], x[-1]],
                "y": [tolerance, tolerance],
                "name": "Tolerance",
                "mode": "lines",
                "line": {"color": "#b03a2e", "width": 1.5, "dash": "dash"},
                "hovertemplate": "%{y} %",
            }
        )
    layout["showlegend"] = False
    layout["xaxis"].update(title={"text": "Iteration"}, anchor="y2", dtick=1 if len(x) <= 20 else None)
    layout["yaxis"].update(title={"text": "Changed pixels (%)"}, type="log", domain=[0.55, 1])
    layout["yaxis2"] = {
        **_axis(), "title": {"text": "Largest move (DN)"}, "type": "log", "domain": [0, 0.45],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _line(x: Sequence[int], y: Sequence[float | None], name: str, axis: str) -> dict[str, Any]:
    return {
        "x": list(x),
        "y": list(y),
        "yaxis": axis,
        "name": name,
        "mode": "lines+markers",
        "line": {"color": "#31688e", "width": 2},
        "hovertemplate": "%{y:.4g}",
    }


def _spread_out(dates: Sequence[date]) -> bool:
    whole = (dates[-1] - dates[0]).days
    return all((later - earlier).days >= _LEAST_GAP * whole for earlier, later in zip(dates, dates[1:]))


def _class_line(
    x: Sequence[Any], y: Sequence[float | None], record: ClassRecord, dash: str, hover: str, in_legend: bool = True
) -> list[dict[str, Any]]:
    """Return a line in the colour of its class, on a wider grey one that makes pale colours visible."""
    colour = css_colour(record.colour)
    common = {"x": list(x), "y": list(y), "legendgroup": str(record.id)}
    return [
        {
            **common,
            "mode": "lines",
            "line": {"color": "#999", "width": 4, "dash": dash},
            "hoverinfo": "skip",
            "showlegend": False,
        },
        {
            **common,
            "name": escape(full_name(record)),
            "showlegend": in_legend,
            "mode": "lines+markers",
            "line": {"color": colour, "width": 2.5, "dash": dash},
            "marker": {"color": colour, "size": 8, "line": {"color": _OUTLINE, "width": 1}},
            "hovertemplate": hover,
        },
    ]


def _share(count: Sequence[int], j: int) -> float | None:
    whole = sum(count)
    return round(100.0 * count[j] / whole, 4) if whole else None


def _height(classes: int) -> int:
    """Return the height of a plot whose legend names so many classes, at which it is seen whole up to 40 of them."""
    return min(max(440, 130 + 20 * classes), 930)


def _layout(height: int) -> Figure:
    return {
        "width": PLOT_WIDTH,
        "height": height,
        "margin": {"l": 70, "r": 20, "t": 36, "b": 60},
        "font": {"family": "system-ui, Segoe UI, DejaVu Sans, sans-serif", "size": 13, "color": "#222"},
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
        "hovermode": "closest",
        "legend": {"traceorder": "normal"},
        "xaxis": _axis(),
        "yaxis": _axis(),
    }


def _axis() -> Figure:
    return {"gridcolor": _GRID, "linecolor": "#888", "zeroline": False, "showline": True, "automargin": True}


def distances(rows: Sequence[tuple[Scene, float | None, float]]) -> Figure:
    """Return the mean distances of each scene's own centres from the common ones, two bars a scene.

    Parameters
    ----------
    rows
        Scene, distance from the common class of the same number, and from the nearest one, in DN.
    """
    layout = _layout(380)
    layout.update(barmode="group", bargap=0.25)
    layout["legend"].update(orientation="h", y=1.12)
    _name_scenes(layout, [scene for scene, _, _ in rows])
    layout["yaxis"].update(title={"text": "Mean distance (reflectance)"}, rangemode="tozero")
    bars = (
        ("Same number", "#d9822b", [same for _, same, _ in rows]),
        ("Nearest", "#31688e", [nearest for _, _, nearest in rows]),
    )
    return {
        "data": [
            {
                "type": "bar",
                "x": list(range(len(rows))),
                "y": [None if distance is None else round(SCALE * distance, 6) for distance in column],
                "text": [escape(scene.title) for scene, _, _ in rows],
                "textposition": "none",
                "name": name,
                "marker": {"color": colour},
                "hovertemplate": "%{text}: %{y:.4f}",
            }
            for name, colour, column in bars
        ],
        "layout": layout,
    }
