"""Error matrix, accuracies and areas of an assessment, as a spreadsheet and as a page to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ..colours import css_colour
from ..text_files import to_csv as csv_text
from ..version import version
from .html import PLOT_WIDTH, Cell, Heat, Html, Number, number, page, plot, table

if TYPE_CHECKING:
    from ..maps.accuracy import Estimate
    from ..maps.assessment import Assessment

_NONE = "not estimable"
_PAPER = (
    "Olofsson, Foody, Herold, Stehman, Woodcock and Wulder (2014), Good practices for estimating area and assessing "
    "accuracy of land change, Remote Sensing of Environment 148, 42-57"
)


def to_csv(result: Assessment) -> str:
    """Return the text of the matrix: a row per class of the map, a column per class of the reference.

    The rows of `unit` "points" come first, then "area_proportion" (equation 4), each with a row of totals. Below, the
    column of each class has its estimates: accuracies as shares, areas in pixels and hectares; "_se" is the standard
    error, "_ci95" half the 95 % interval. A cell is empty where something is not estimable.
    """
    accuracy, name = result.accuracy, result.raster_set.full_name
    classes = range(len(accuracy.classes))
    rows: list[list[object]] = [
        ["unit", "map_id", "map_name", *(f"ref {name(j)}" for j in accuracy.classes), "total"],
    ]
    for unit, matrix, show in (
        ("points", accuracy.points, lambda value: int(value)),
        ("area_proportion", accuracy.proportions, lambda value: f"{value:.6f}"),
    ):
        for i, j in enumerate(accuracy.classes):
            own = result.raster_set.names[j]
            rows.append([unit, j, own, *(show(matrix[i, t]) for t in classes), show(matrix[i].sum())])
        rows.append([unit, "", "total", *(show(matrix[:, t].sum()) for t in classes), show(matrix.sum())])

    def add(unit: str, values: Sequence[object], total: object = "") -> None:
        rows.append([unit, "", "", *values, total])

    def estimates(unit: str, found: Sequence[Estimate], scale: float, decimals: int) -> None:
        for ending, part in (("", "value"), ("_se", "error"), ("_ci95", "half")):
            values = [getattr(one, part) for one in found]
            add(unit + ending, ["" if value is None else f"{scale * value:.{decimals}f}" for value in values])

    estimates("users_accuracy", accuracy.users, 1.0, 6)
    estimates("producers_accuracy", accuracy.producers, 1.0, 6)
    for ending, value in (
        ("", accuracy.overall.value),
        ("_se", accuracy.overall.error),
        ("_ci95", accuracy.overall.half),
    ):
        add(f"overall_accuracy{ending}", [""] * len(accuracy.classes), "" if value is None else f"{value:.6f}")
    add("map_pixels", accuracy.pixels, sum(accuracy.pixels))
    estimates("area_pixels", accuracy.areas, accuracy.covered, 1)
    area = result.raster_set.hectares_per_pixel
    if area is not None:
        add("map_ha", [f"{n * area:.4f}" for n in accuracy.pixels], f"{sum(accuracy.pixels) * area:.4f}")
        estimates("area_ha", accuracy.areas, accuracy.covered * area, 4)
    return csv_text(rows)


def render(result: Assessment) -> str:
    """Return the text of the page."""
    count = len(result.raster_set.members)
    title = f"Accuracy of {result.raster_set.members[0].title if count == 1 else f'{count} classified rasters'}"
    body = "\n".join(
        [
            _summary(title, result),
            _classes(result),
            _plots(result),
            _matrices(result),
            _points(result),
            _method(result),
        ]
    )
    return page(f"IIkMC: {title}", body)


def _chip(j: int, result: Assessment) -> Html:
    colour = css_colour(result.raster_set.colours[j])
    return Html(f'<span class="c" style="background:{colour}"></span>{escape(result.raster_set.full_name(j))}')


def _with_interval(estimate: Estimate, show: Callable[[float], str]) -> Cell:
    """Return "0.88 ± 0.07"."""
    if estimate.value is None:
        return _NONE
    half = estimate.half
    return Number(show(estimate.value) + (" ± ?" if half is None else f" ± {show(half)}"))


def _share(value: float) -> str:
    return f"{value:.3f}"


class _Unit:
    """Areas in hectares, or in pixels where the map units are no lengths."""

    def __init__(self, result: Assessment) -> None:
        area = result.raster_set.hectares_per_pixel
        self.name = "pixels" if area is None else "ha"
        self.factor = 1.0 if area is None else area
        whole = sum(result.accuracy.pixels) * self.factor
        # About five digits for the whole map.
        self._decimals = 0 if area is None or whole >= 10_000 else 1 if whole >= 1_000 else 2

    def text(self, value: float) -> str:
        return f"{value:,.{self._decimals}f}"


def _summary(title: str, result: Assessment) -> str:
    overall = result.accuracy.overall
    if overall.value is None:
        words = f"Overall accuracy: {_NONE}"
    elif overall.half is None:
        words = f"Overall accuracy {overall.value:.3f}, its interval {_NONE}"
    else:
        words = f"Overall accuracy {overall.value:.3f} ± {overall.half:.3f}"
    left = result.left_out.count
    lines = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">IIkMC {escape(version())}</p>',
        f"<p><b>{words}</b> (95 % interval), from {result.used:,} points"
        f"{f'; {left:,} others were left out' if left else ''}.</p>",
    ]
    lines += [f"<p><b>{escape(line)}</b></p>" for line in result.warnings()]
    return "\n".join(lines)


def _classes(result: Assessment) -> str:
    accuracy, unit = result.accuracy, _Unit(result)
    whole, covered = sum(accuracy.pixels), accuracy.covered * unit.factor
    rows: list[list[Cell]] = []
    for i, j in enumerate(accuracy.classes):
        rows.append(
            [
                _chip(j, result),
                int(accuracy.points[i].sum()),
                _with_interval(accuracy.users[i], _share),
                _with_interval(accuracy.producers[i], _share),
                number(100.0 * accuracy.pixels[i] / whole, 2),
                Number(unit.text(accuracy.pixels[i] * unit.factor)),
                _with_interval(accuracy.areas[i], lambda value: unit.text(value * covered)),
            ]
        )
    head: list[Cell] = ["Class", "Points", "User's accuracy", "Producer's accuracy", "Share of the map (%)"]
    head += [f"On the map ({unit.name})", f"Adjusted area ({unit.name})"]
    several = len(result.raster_set.members)
    text = (
        "± is half the 95 % interval. User's accuracy: of what the map calls so, the share that is. Producer's "
        "accuracy: of what is so, the share that the map calls so. Adjusted area: what the points say of the area, "
        "without the bias that the map's errors give it; report this one."
    )
    if several > 1:
        text += (
            f" Areas are those of all {several} rasters added up, so ground that is in several of them counts as often."
        )
    return f'<h2>Accuracy and area of each class</h2>{table(head, rows)}<p class="note">{text}</p>'


def _plots(result: Assessment) -> str:
    return '<div class="row">' + plot(*_accuracies(result)) + plot(*_areas(result)) + "</div>"


def _bars(
    result: Assessment, name: str, found: Sequence[float | None], halves: Sequence[float | None]
) -> dict[str, Any]:
    texts = [result.raster_set.full_name(j) for j in result.accuracy.classes][::-1]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": texts,
        "x": list(found)[::-1],
        "error_x": {"type": "data", "array": list(halves)[::-1], "color": "#222", "thickness": 1},
    }


def _layout(result: Assessment, title: str) -> dict[str, Any]:
    return {
        "width": PLOT_WIDTH,
        "height": max(320, 90 + 46 * len(result.accuracy.classes)),
        "barmode": "group",
        "margin": {"l": 110, "r": 10, "t": 34, "b": 45},
        "xaxis": {"title": {"text": title}, "rangemode": "tozero"},
        "yaxis": {"automargin": True},
        "legend": {"orientation": "h", "traceorder": "reversed", "y": 1, "yanchor": "bottom"},
    }


def _accuracies(result: Assessment) -> tuple[dict[str, Any], str]:
    accuracy = result.accuracy
    data = []
    for name, found, colour in (
        ("producer's", accuracy.producers, "#9ecae1"),
        ("user's", accuracy.users, "#3182bd"),
    ):
        bars = _bars(result, name, [one.value for one in found], [one.half for one in found])
        data.append({**bars, "marker": {"color": colour}})
    return (
        {"data": data, "layout": _layout(result, "accuracy")},
        "User's and producer's accuracy of each class with their 95 % intervals.",
    )


def _areas(result: Assessment) -> tuple[dict[str, Any], str]:
    accuracy, unit = result.accuracy, _Unit(result)
    covered = accuracy.covered * unit.factor
    values = [None if one.value is None else one.value * covered for one in accuracy.areas]
    halves = [None if one.half is None else one.half * covered for one in accuracy.areas]
    mapped = [n * unit.factor for n in accuracy.pixels]
    data = [
        {**_bars(result, "adjusted", values, halves), "marker": {"color": "#e6550d"}},
        {**_bars(result, "on the map", mapped, [None] * len(mapped)), "marker": {"color": "#bdbdbd"}},
    ]
    return (
        {"data": data, "layout": _layout(result, unit.name)},
        "Area of each class on the map, and adjusted by the points with its 95 % interval.",
    )


def _matrices(result: Assessment) -> str:
    accuracy = result.accuracy
    parts = ["<h2>Error matrix</h2>"]
    for title, matrix, decimals in (
        ("Points", accuracy.points, 0),
        ("Estimated proportions of area", accuracy.proportions, 4),
    ):
        head: list[Cell] = ["Map \\ reference", *(_chip(j, result) for j in accuracy.classes), "Total"]
        rows: list[list[Cell]] = []
        for i, j in enumerate(accuracy.classes):
            whole = float(matrix[i].sum())
            cells: list[Cell] = [_chip(j, result)]
            for value in matrix[i].tolist():
                cells.append(Heat(f"{value:.{decimals}f}", value / whole) if value else None)
            rows.append([*cells, number(whole, decimals)])
        rows.append(
            [
                "Total",
                *(number(value, decimals) for value in matrix.sum(axis=0).tolist()),
                number(matrix.sum(), decimals),
            ]
        )
        parts.append(f"<h3>{title}</h3>{table(head, rows)}")
    parts.append(
        '<p class="note">A row is what the map says, a column what the reference says; the diagonal is right. The '
        "darker a cell, the larger its share of the row.</p>"
    )
    return "\n".join(parts)


def _points(result: Assessment) -> str:
    rows: list[list[Cell]] = [
        [member.day.isoformat() if member.day else "", member.id, count]
        for member, count in zip(result.raster_set.members, result.met)
    ]
    text = f"<h2>Points</h2>{table(['Date', 'Raster', 'Points'], rows)}"
    told: list[list[Cell]] = [[words, count] for words, count in result.left_out.told(result.max_days)]
    if told:
        text += f"<h3>Left out</h3>{table(['Reason', 'Points'], told)}"
    return text


def _method(result: Assessment) -> str:
    return (
        f'<h2>Method</h2><p class="note">{escape(_PAPER)}: the map\'s classes are the strata, with their numbers of '
        "pixels as weights; error matrix by equation 4, overall, user's and producer's accuracy by equations 1 to 3, "
        "their variances by 5 to 7, areas and their standard errors by 9 to 11. The 95 % intervals are 1.96 standard "
        "errors to each side; near 0 and 1, and with few points, they are rough. The points must be a random sample of "
        "each class of the map, as iikmc:samplepoints draws it: points chosen where the map is known to be right, or "
        "that trained it, say nothing of its accuracy.</p>"
    )
