"""What two dates' classes became of each other, as a spreadsheet and as a page to read."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from ..colours import css_colour
from ..maps.overlap import doubts, placement
from ..maps.transition import UNCHANGED_COLOUR, Transition, transitions_of
from ..text_files import to_csv as csv_text
from ..version import version
from .html import PLOT_WIDTH, Cell, Heat, Html, Number, number, page, plot, table

if TYPE_CHECKING:
    from ..maps.transition import Transitions

# The page lists so many transitions; all of them are in the matrix.
_LISTED = 15


def to_csv(result: Transitions) -> str:
    """Return the text of the matrix: a row per class before, a column per class after.

    The rows of `unit` "pixels" come first, then the same in "hectares" (where the map units are lengths) and in
    "percent" of the class before. Each block ends with a row of totals.
    """
    classes = result.classes
    rows: list[list[object]] = [
        ["unit", "from_id", "from_name", *(f"to {_full_name(j, result.after_names)}" for j in classes), "total"]
    ]
    area = result.overlap.grid.hectares_per_pixel
    inner = result.counts
    units: list[tuple[str, Callable[[int, int], object]]] = [("pixels", lambda count, _: count)]
    if area is not None:
        units.append(("hectares", lambda count, _: f"{count * area:.4f}"))
    units.append(("percent", lambda count, whole: f"{100.0 * count / whole:.4f}" if whole else ""))
    for unit, show in units:
        for f in classes:
            whole = int(inner[f, 1:].sum())
            cells = [show(int(inner[f, t]), whole) for t in classes]
            rows.append([unit, f, result.before_names[f], *cells, show(whole, whole)])
        cells = [show(int(inner[1:, t].sum()), result.common) for t in classes]
        rows.append([unit, "", "total", *cells, show(result.common, result.common)])
    return csv_text(rows)


def render(result: Transitions) -> str:
    """Return the text of the page."""
    title = f"Transitions {result.before.title} → {result.after.title}"
    found = transitions_of(result.counts, result.before_names, result.after_names, result.colours)
    body = "\n".join(
        [_summary(title, result), _matrix(result), _flows(result), _balance(result), _largest(result, found)]
    )
    return page(f"IIkMC: {title}", body)


def _full_name(number: int, names: list[str]) -> str:
    """Return a name with the class id, which the default name has already."""
    name = names[number]
    return name if str(number) in name.split() else f"{number} {name}"


def _chip(number: int, names: list[str], result: Transitions) -> Html:
    colour = css_colour(result.colours[number])
    return Html(f'<span class="c" style="background:{colour}"></span>{escape(_full_name(number, names))}')


class _Unit:
    """Pixels in hectares, or as they are where the map units are no lengths."""

    def __init__(self, result: Transitions) -> None:
        area = self.area = result.overlap.grid.hectares_per_pixel
        self.name = "pixels" if area is None else "ha"
        # One number of decimals in all tables: about five digits for the whole area.
        whole = result.common * (area or 1.0)
        self._decimals = 0 if area is None or whole >= 100_000 else 1 if whole >= 1_000 else 2

    def value(self, pixels: int) -> float:
        return pixels if self.area is None else pixels * self.area

    def text(self, pixels: int) -> str:
        return f"{self.value(pixels):.{self._decimals}f}"

    def cell(self, pixels: int) -> Cell:
        return pixels if self.area is None else Number(self.text(pixels))


def _summary(title: str, result: Transitions) -> str:
    unit = _Unit(result)
    lost, new = int(result.counts[1:, 0].sum()), int(result.counts[0, 1:].sum())
    amount = f"{result.changed:,} of {result.common:,} pixels"
    if unit.area is not None:
        amount += f" ({unit.value(result.changed):,.0f} of {unit.value(result.common):,.0f} ha)"
    lines = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">IIkMC {escape(version())} · {escape(result.before.path.name)} → '
        f"{escape(result.after.path.name)}</p>",
        f"<p><b>{result.changed_percent:.2f} % changed class</b>: {amount} that are classified in both.</p>",
        f'<p class="note">{escape(placement(result.overlap))} Of these, {lost:,} pixels are classified before only and '
        f"{new:,} after only (nodata in the other: fill, cloud or outside the mask); they are not counted.</p>",
    ]
    lines += [f"<p><b>{escape(doubt)}</b></p>" for doubt in doubts(result.before, result.after)]
    return "\n".join(lines)


def _matrix(result: Transitions) -> str:
    unit = _Unit(result)
    classes, counts = result.classes, result.counts
    head: list[Cell] = [f"From \\ to ({unit.name})"]
    head += [_chip(t, result.after_names, result) for t in classes] + ["Total before"]
    rows: list[list[Cell]] = []
    for f in classes:
        whole = int(counts[f, 1:].sum())
        cells: list[Cell] = [_chip(f, result.before_names, result)]
        for t in classes:
            count = int(counts[f, t])
            cells.append(Heat(unit.text(count), count / whole) if count else None)
        rows.append([*cells, unit.cell(whole)])
    rows.append(["Total after", *(unit.cell(int(counts[1:, t].sum())) for t in classes), unit.cell(result.common)])
    return (
        "<h2>From-to matrix</h2>"
        + table(head, rows)
        + '<p class="note">A row tells what a class became. The darker a cell, the larger its share of the row; the '
        "diagonal is what stayed.</p>"
    )


def _balance(result: Transitions) -> str:
    unit = _Unit(result)
    counts = result.counts
    rows: list[list[Cell]] = []
    for j in result.classes:
        before, after, same = int(counts[j, 1:].sum()), int(counts[1:, j].sum()), int(counts[j, j])
        net = after - before
        share = 100.0 * net / before if before else None
        rows.append(
            [
                _chip(j, result.after_names, result),
                *(unit.cell(pixels) for pixels in (before, after, same, before - same, after - same)),
                Number(("+" if net > 0 else "") + unit.text(net)),
                None if share is None else Number(f"{share:+.1f}"),
                number(100.0 * same / before if before else None, 1),
            ]
        )
    head = ["Class"] + [f"{word} ({unit.name})" for word in ("Before", "After", "Stayed", "Lost", "Gained", "Net")]
    return "<h2>Gains and losses</h2>" + table([*head, "Net (%)", "Stayed (%)"], rows)


def _largest(result: Transitions, found: list[Transition]) -> str:
    unit = _Unit(result)
    changes = [item for item in found if item.before]
    if not changes:
        return "<h2>Largest changes</h2><p>No pixel changed class.</p>"
    rows: list[list[Cell]] = []
    for item in changes[:_LISTED]:
        chip = f'<span class="c" style="background:{css_colour(item.colour)}"></span>{escape(item.name)}'
        rows.append(
            [
                Html(chip),
                str(item.code),
                item.pixels,
                unit.cell(item.pixels),
                number(100.0 * item.pixels / result.common, 2),
            ]
        )
    head = ["Transition", "Code", "Pixels", f"Area ({unit.name})", "Of the common area (%)"]
    if unit.area is None:
        rows, head = [row[:3] + row[4:] for row in rows], head[:3] + head[4:]
    more = len(changes) - len(rows)
    rest = f'<p class="note">{more} smaller ones are in the matrix and in the raster\'s legend.</p>' if more > 0 else ""
    return "<h2>Largest changes</h2>" + table(head, rows) + rest


def _flows(result: Transitions) -> str:
    return '<div class="row">' + plot(*_sankey(result)) + plot(*_bars(result)) + "</div>"


def _sankey(result: Transitions) -> tuple[dict[str, Any], str]:
    """Return the flow from the classes before (left) to those after (right)."""
    unit = _Unit(result)
    classes, counts = result.classes, result.counts
    colours = [css_colour(result.colours[j]) for j in classes]
    source, target, value, shade = [], [], [], []
    for i, f in enumerate(classes):
        for j, t in enumerate(classes):
            if counts[f, t]:
                source.append(i)
                target.append(len(classes) + j)
                value.append(unit.value(int(counts[f, t])))
                red, green, blue = UNCHANGED_COLOUR if f == t else result.colours[t]
                shade.append(f"rgba({red},{green},{blue},{0.6 if f == t else 0.75})")
    texts = [_full_name(j, names) for names in (result.before_names, result.after_names) for j in classes]
    figure = {
        "data": [
            {
                "type": "sankey",
                "valuesuffix": f" {unit.name}",
                "valueformat": ",.4~f",
                "node": {"label": texts, "color": colours * 2, "pad": 12, "thickness": 16},
                "link": {"source": source, "target": target, "value": value, "color": shade},
            }
        ],
        "layout": {
            "width": PLOT_WIDTH,
            "height": max(420, 40 * len(classes)),
            "margin": {"l": 10, "r": 10, "t": 34, "b": 20},
        },
    }
    return figure, "From the classes before (left) to those after (right); what stayed is grey."


def _bars(result: Transitions) -> tuple[dict[str, Any], str]:
    """Return gains and losses as bars to the right and to the left."""
    unit = _Unit(result)
    classes, counts = result.classes[::-1], result.counts
    texts = [_full_name(j, result.after_names) for j in classes]
    colours = [css_colour(result.colours[j]) for j in classes]
    lost = [-unit.value(int(counts[j, 1:].sum() - counts[j, j])) for j in classes]
    gained = [unit.value(int(counts[1:, j].sum() - counts[j, j])) for j in classes]
    line = {"color": "#777", "width": 1}
    bar = {"type": "bar", "orientation": "h", "y": texts, "showlegend": False}
    figure = {
        "data": [
            {**bar, "name": "lost", "x": lost, "marker": {"color": colours, "opacity": 0.55, "line": line}},
            {**bar, "name": "gained", "x": gained, "marker": {"color": colours, "line": line}},
            {
                "type": "scatter",
                "mode": "markers",
                "name": "net",
                "x": [a + b for a, b in zip(lost, gained)],
                "y": texts,
                "marker": {"symbol": "diamond", "size": 9, "color": "#222"},
                "showlegend": False,
            },
        ],
        "layout": {
            "width": PLOT_WIDTH,
            "height": max(420, 40 * len(classes)),
            "barmode": "relative",
            "margin": {"l": 110, "r": 10, "t": 34, "b": 45},
            "xaxis": {"title": {"text": f"lost ← {unit.name} → gained"}, "zerolinecolor": "#222"},
            "yaxis": {"automargin": True},  # or the beginnings of long names are cut off
        },
    }
    return figure, "Loss (left) and gain (right) of each class; the diamond is the net change."
