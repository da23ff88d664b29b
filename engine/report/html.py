"""Pages that open offline in any browser: the frame, tables that copy into a spreadsheet, and plots.

Everything that is not marked as `Html` is escaped, and the page's own content policy forbids it to load anything but
the plotting library, which lies beside the pages of a folder once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import Any, Union

from ..colours import css_colour

PLOT_WIDTH = 690
"""Pixels: two plots stand side by side on a wide screen, one fills the width of a printed A4 or Letter page."""

_STYLE = """
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif;color:#222;background:#fff;max-width:90rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}
h2{font-size:1.2rem;margin:2.4rem 0 .6rem;border-bottom:1px solid #ccc}h3{font-size:1rem;margin:1.2rem 0 .2rem}
p,ul{max-width:60rem}
table{border-collapse:collapse;margin:.6rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #e4e4e4}td{white-space:nowrap}
td.n,th.n{text-align:right}thead th{border-bottom:2px solid #999;vertical-align:bottom}
td.l{white-space:normal;overflow-wrap:anywhere}
td.n i{margin-left:.22em}
.c{display:inline-block;width:1em;height:1em;border:1px solid #888;vertical-align:-.15em;margin-right:.4em}
.wide{overflow-x:auto}.note{color:#595959}.row{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem}
figure{margin:.8rem 0;overflow-x:auto}figcaption{color:#595959;max-width:690px}
.unplotted .plot,.alone{display:none}.unplotted .alone{display:block}
@page{margin:12mm}
@media print{body{margin:0;padding:0;max-width:none;font-size:10px}h2,h3{break-after:avoid}
tr,figure,.scene,.short{break-inside:avoid}thead{display:table-header-group}
th,td{padding:.1rem .35rem;white-space:normal}
td:first-child{white-space:nowrap}.wide,figure{overflow:visible}
.row{display:block;orphans:1;widows:1}.scene{display:inline-block;vertical-align:top;margin-right:1rem}
.many{font-size:6.5px}.many th,.many td{padding:.1rem .15rem}.many th{overflow-wrap:anywhere}
nav,.modebar{display:none}}
"""
# Nothing may be fetched from anywhere, even by a plotting library that would like to, except the library itself, from
# the page's own folder: on a disk ("file:" in browsers that know no own place there), or where a server has it.
_POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
# Neither plotly's mark nor its button that would upload the plot to a service.
_DRAW = """
if (typeof Plotly === "undefined") {
  document.body.className = "unplotted";
} else for (const box of document.querySelectorAll(".plot")) {
  const figure = JSON.parse(box.querySelector("script").textContent);
  const config = {displaylogo: false, showSendToCloud: false, modeBarButtonsToRemove: ["sendDataToCloud"]};
  Plotly.newPlot(box.querySelector("div"), figure.data, figure.layout, config);
}
"""
NO_PLOTS = "The plots are left out, because the Python package plotly was not found; the tables hold all numbers."
"""What is told of a page with plots where the library is missing."""
_UNPLOTTED = f'<p class="note">{NO_PLOTS}</p>'
_ALONE = (
    '<p class="note alone">The plots need the file {name}, which was written to the folder of this page; '
    "put it beside the page again. The tables hold all numbers.</p>"
)
# Rows of a table that is not to be torn apart where a page of paper ends: about half of one.
_SHORT = 30
# Columns of a table that a page of paper is wide enough for; more are set smaller there.
_MOST_COLUMNS = 17


# Orange, the darkest ground of `Heat`; and the length from which a text may break into lines.
_HOT = (242, 142, 92)
_LONG = 60


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


class Number(str):
    """A number as text, such as "0.250": it stands at the right."""

    __slots__ = ()


@dataclass(frozen=True)
class Heat:
    """A number on a ground that is the darker, the higher `level` is."""

    text: str
    """The number."""
    level: float
    """0..1."""

    @property
    def ground(self) -> str:
        """Colour from white to orange; black text is easy to read on each."""
        level = min(max(self.level, 0.0), 1.0)
        return css_colour(tuple(round(255 + level * (end - 255)) for end in _HOT))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Wide:
    """A text that takes the rest of its row."""

    text: str
    """Plain text; it may break into lines."""


Cell = Union[str, int, Number, Heat, Wide, Html, None]
"""What stands in a table: text, a number, nothing, or HTML."""


def number(value: float | None, decimals: int) -> Number | None:
    """Return a number with so many decimals; None stays None."""
    return None if value is None else Number(f"{value:.{decimals}f}")


def page(title: str, body: str, style: str = "") -> str:
    """Return the text of a whole page.

    Parameters
    ----------
    title
        Plain text.
    body
        HTML.
    style
        More CSS.

    Returns
    -------
    str
        One file; where `body` has plots, it loads the library beside it (`library`). Without the package plotly the
        plots are hidden and a line says so.
    """
    kind = script = ""
    if has_plots(body):
        name = library_name()
        if name is None:
            kind, told = ' class="unplotted"', _UNPLOTTED
        else:
            told = _ALONE.format(name=name)
            script = f'<script src="{name}"></script>\n<script>{_DRAW}</script>\n'
        body = body.replace("</h1>", f"</h1>\n{told}", 1)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head>\n"
        f"<body{kind}>\n{body}\n{script}</body></html>\n"
    )


def has_plots(text: str) -> bool:
    """Tell whether a page, or a part of one, has plots."""
    return '<figure class="plot"' in text


def library_name() -> str | None:
    """Return the name of the file with plotly's JavaScript, by its version; None where the package is missing."""
    try:
        from plotly.offline import get_plotlyjs_version

        return f"plotly-{get_plotlyjs_version()}.min.js"
    except (ImportError, OSError):
        return None


def library() -> str | None:
    """Return plotly's JavaScript (3.5 to 9 MB); None where the package is missing."""
    try:
        from plotly.offline import get_plotlyjs

        return str(get_plotlyjs())
    except (ImportError, OSError):  # a distribution may package the script apart from the module
        return None


def plot(figure: Mapping[str, Any], alt: str) -> Html:
    """Return a plot.

    Parameters
    ----------
    figure
        Plotly's "data" and "layout", of plain dicts, lists, texts and numbers.
    alt
        What the plot shows, in one sentence: its caption.
    """
    # Within a script element only "<" can end it or open a comment.
    text = json.dumps(figure, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return Html(
        f'<figure class="plot"><div role="img" aria-label="{escape(alt)}"></div>'
        f'<script type="application/json">{text}</script><figcaption>{escape(alt)}</figcaption></figure>'
    )


def table(head: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> Html:
    """Return a table of plain cells.

    Parameters
    ----------
    head
        Column headings, with the units.
    rows
        Cells. An integer's thousands are set apart by style alone, so that it copies as digits. A row that ends in
        `Wide` has fewer cells than `head`.
    """
    kinds = [_kind(column) for column in zip_longest(*rows)] or [""] * len(head)
    top = "".join(f'<th scope="col"{kind}>{_content(cell)}</th>' for cell, kind in zip(head, kinds))
    lines = "\n".join(
        "<tr>" + "".join(_cell(cell, len(head) - i) for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    manner = " short" * (len(rows) <= _SHORT) + " many" * (len(head) > _MOST_COLUMNS)
    return Html(
        f'<div class="wide{manner}"><table><thead><tr>{top}</tr></thead>\n<tbody>\n{lines}\n</tbody></table></div>'
    )


def _kind(column: Sequence[Cell]) -> str:
    return ' class="n"' if any(isinstance(cell, (int, Number, Heat)) for cell in column) else ""


def _cell(cell: Cell, left: int) -> str:
    if isinstance(cell, Wide):
        return f'<td class="l" colspan="{left}">{escape(cell.text)}</td>'
    if isinstance(cell, Heat):
        return f'<td class="n" style="background:{cell.ground}">{escape(cell.text)}</td>'
    long = isinstance(cell, str) and not isinstance(cell, Html) and len(cell) > _LONG
    kind = ' class="l"' if long else _kind([cell])
    return f"<td{kind}>{_content(cell)}</td>"


def _content(cell: Cell) -> str:
    if isinstance(cell, Html):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}".replace(",", "<i></i>")
    return escape(cell.text if isinstance(cell, (Heat, Wide)) else cell or "")
