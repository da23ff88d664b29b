"""A benchmark as a spreadsheet and as a page to read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from .. import machine
from ..measuring.timings import STAGES, Timing, Timings, verdict
from ..quantities import counted
from ..text_files import to_csv as csv_text
from ..version import version
from .html import PLOT_WIDTH, Cell, Html, Wide, number, page, plot, table

if TYPE_CHECKING:
    from ..measuring.timings import BenchmarkResult

_WORDS = {"read": "Read, mask, pack", "start": "Start", "iterate": "Iterate", "write": "Write"}
# Colours of the stages (of the blind-safe set of Okabe and Ito), and of the two speed-ups.
_COLOURS = {"read": "#56b4e9", "start": "#f0e442", "iterate": "#d55e00", "write": "#009e73"}
_ITERATING, _WHOLE = "#2b6cb0", "#b6cbe3"
# Columns of the table of iterations.
_MOST_ITERATIONS = 12
_FRAME_HEIGHT, _ROW_HEIGHT, _LOW_ROW_HEIGHT = 120, 38, 26
_MOST_HIGH_ROWS = 8
_STYLE = ".bad{color:#b00020;font-weight:bold}.good{color:#20602c;font-weight:bold}"


def to_csv(result: BenchmarkResult) -> str:
    """Return the table: one way to calculate a row; what could not be measured has a reason and no numbers."""
    comparison = result.comparison
    head = ["kernel", "threads", "start_up_s"]
    for stage in STAGES:
        head += [f"{stage}_s", f"{stage}_median_s"]
    head += ["total_s", "iterations", "first_iteration_s", "mean_iteration_s", "pixels", "pixels_per_second"]
    head += ["speed_up_iterations", "speed_up_first_iteration", "speed_up_total", "equal", "note"]
    rows: list[list[object]] = [[*head]]
    for timing in comparison.timings:
        cells: list[object] = [timing.kernel, timing.threads, _seconds(timing.start_up)]
        for stage in STAGES:
            cells += [_seconds(timing.seconds(stage)), _seconds(statistics.median(timing.repeats(stage)))]
        cells += [_seconds(timing.total), comparison.iterations]
        cells += [_seconds(timing.first_iteration), _seconds(timing.mean_iteration)]
        cells += [comparison.pixels, f"{comparison.pixels_per_second(timing):.0f}"]
        speed_ups = (comparison.speed_up, comparison.first_speed_up, comparison.whole_speed_up)
        cells += [f"{speed_up(timing):.3f}" for speed_up in speed_ups]
        rows.append([*cells, "yes" if timing.equal else "no", _remark(timing)])
    for missing in comparison.lacking:
        rows.append([missing.kernel, *[""] * (len(head) - 2), f"not measured: {missing.why}"])
    return csv_text(rows)


def _seconds(value: float) -> str:
    return f"{value:.6f}"


def _remark(timing: Timing) -> str:
    return "; ".join(filter(None, (timing.difference, timing.note)))


def render(result: BenchmarkResult) -> str:
    """Return the text of the page."""
    title = f"Benchmark on {counted(len(result.parts), 'scene')}"
    parts = [_summary(title, result), _plots(result.comparison), _table(result), _iterations(result)]
    parts += [_method(result), _scenes(result), _machine(result)]
    return page(f"IIkMC: {title}", "\n".join(parts), _STYLE)


def _summary(title: str, result: BenchmarkResult) -> str:
    request, comparison = result.request, result.comparison
    runs = f"{request.repeats} run{'s' if request.repeats > 1 else ''}"
    ways = len(comparison.timings)
    if comparison.equal:
        checked = (
            f'<p><span class="good">Same result:</span> each of the {runs} of each of the {counted(ways, "way")} to '
            "calculate "
            f"gave the same {comparison.pixels:,} labels, the same {request.k} centres, and as many changed pixels in "
            "every iteration, bit for bit. All read the same pixels and wrote the same rasters.</p>"
        )
    else:
        wrong = "".join(
            f"<li>{escape(timing.name)}: {escape(timing.difference)}</li>"
            for timing in comparison.timings
            if not timing.equal
        )
        checked = f'<p class="bad">They must never differ: please report this, with this page.</p><ul>{wrong}</ul>'
    notes = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="note">IIkMC {escape(version())} · {comparison.pixels:,} valid pixels · '
        f"{request.k} classes · bands {escape(', '.join(request.roles))} · {comparison.iterations} iterations · "
        f"best of {runs}</p>"
        f"<p><b>{escape(verdict(comparison))}</b></p>{checked}" + (f"<ul>{notes}</ul>" if notes else "")
    )


def _plots(comparison: Timings) -> str:
    return (
        '<div class="row">'
        + plot(
            _speed_ups(comparison),
            f"How many times as fast as serial ({comparison.serial.name}): iterations alone, and all stages together.",
        )
        + plot(_stages(comparison), "Seconds of each stage, without the start-up of the kernel.")
        + "</div>"
    )


def _speed_ups(comparison: Timings) -> dict[str, Any]:
    names = [timing.name for timing in comparison.timings]
    bars = []
    for caption, colour, speed_up in (
        ("Iterations", _ITERATING, comparison.speed_up),
        ("All stages", _WHOLE, comparison.whole_speed_up),
    ):
        values = [round(speed_up(timing), 3) for timing in comparison.timings]
        bars.append(
            {
                **_bar(names, values, caption, colour),
                "text": [f"{value:.1f}" for value in values],
                "textposition": "outside",
                "cliponaxis": False,
            }
        )
    layout = _layout(len(names), "times as fast as serial")
    layout["shapes"] = [
        {"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": "#888", "dash": "dot"}}
    ]
    return {"data": bars, "layout": {**layout, "barmode": "group"}}


def _stages(comparison: Timings) -> dict[str, Any]:
    names = [timing.name for timing in comparison.timings]
    bars = [
        _bar(names, [round(timing.seconds(stage), 4) for timing in comparison.timings], _WORDS[stage], _COLOURS[stage])
        for stage in STAGES
    ]
    return {"data": bars, "layout": {**_layout(len(names), "seconds"), "barmode": "stack"}}


def _bar(names: Sequence[str], values: Sequence[float], caption: str, colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(names),
        "x": list(values),
        "name": caption,
        "marker": {"color": colour},
        "hovertemplate": f"{caption}: %{{x:.4g}}<extra>%{{y}}</extra>",
    }


def _layout(rows: int, caption: str) -> dict[str, Any]:
    height = _ROW_HEIGHT if rows <= _MOST_HIGH_ROWS else _LOW_ROW_HEIGHT
    return {
        "width": PLOT_WIDTH,
        "height": _FRAME_HEIGHT + height * rows,
        "margin": {"l": 130, "r": 45, "t": 62, "b": 50},
        "xaxis": {"title": {"text": caption}, "rangemode": "tozero", "gridcolor": "#e2e2e2", "automargin": True},
        # The first row of the table stands at the top.
        "yaxis": {"autorange": "reversed", "automargin": True, "ticksuffix": "  "},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
    }


def _table(result: BenchmarkResult) -> str:
    comparison = result.comparison
    head: list[Cell] = ["Kernel", "Threads", "Result"]
    head += [f"{_WORDS[stage]} (s)" for stage in STAGES]
    head += ["All stages (s)", "First iteration (s)", "Mean iteration (s)", "Million pixels/s"]
    head += ["Speed-up: first iteration", "Speed-up: iterations", "Speed-up: all stages", "Start-up (s)"]
    best = comparison.best
    rows: list[list[Cell]] = []
    for timing in comparison.timings:
        row: list[Cell] = [Html(f"<b>{escape(timing.kernel)}</b>") if timing is best else timing.kernel]
        row += [timing.threads, _result(timing, comparison)]
        row += [*(number(timing.seconds(stage), 3) for stage in STAGES), number(timing.total, 3)]
        row += [number(timing.first_iteration, 4), number(timing.mean_iteration, 4)]
        row += [number(comparison.pixels_per_second(timing) / 1e6, 1)]
        row += [number(speed_up(timing), 2) for speed_up in (comparison.first_speed_up, comparison.speed_up)]
        row += [number(comparison.whole_speed_up(timing), 2), number(timing.start_up, 2)]
        rows.append(row)
    rows += [[missing.kernel, Wide(f"not measured: {missing.why}")] for missing in comparison.lacking]
    notes = "".join(
        f"<li>{escape(timing.name)}: {escape(timing.note)}.</li>" for timing in comparison.timings if timing.note
    )
    return (
        "<h2>Times and speed-ups</h2>"
        + table(head, rows)
        + (f"<ul>{notes}</ul>" if notes else "")
        + '<p class="note">Speed-ups are times as fast as serial. Million pixels/s: pixels that are labelled and '
        "summed up in a second of iterating.</p>"
    )


def _result(timing: Timing, comparison: Timings) -> Cell:
    if not timing.equal:
        return Html('<span class="bad">DIFFERS</span>')
    return "reference" if timing is comparison.serial else "same bits"


def _iterations(result: BenchmarkResult) -> str:
    comparison = result.comparison
    shown = list(range(comparison.iterations))
    if len(shown) > _MOST_ITERATIONS:
        shown = [*shown[: _MOST_ITERATIONS - 1], shown[-1]]
    head: list[Cell] = ["", *(f"Iteration {step + 1}" for step in shown)]
    rows: list[list[Cell]] = [["Changed pixels (%)", *(number(result.changed_percent[step], 2) for step in shown)]]
    for timing in comparison.timings:
        seconds = timing.best_iterations
        cells = [number(seconds[step], 4) if step < len(seconds) else None for step in shown]
        rows.append([f"{timing.name} (s)", *cells])
    return (
        "<h2>Iteration by iteration</h2>"
        + table(head, rows)
        + '<p class="note">Of the fastest run of each. The first iteration labels every pixel from nothing. Later ones '
        "take less time where a kernel looks only at the pixels that can still change class (Numba), or corrects the "
        "sums by the changed pixels alone (NumPy); a graphics card gets the pixels in the first.</p>"
    )


def _method(result: BenchmarkResult) -> str:
    request = result.request
    flags = ", ".join((*request.mask.flags, *(["saturated"] if request.mask.saturated else [])))
    area = f" Only strips that AOI ({request.aoi.name}) meets, and pixels inside it." if request.aoi else ""
    strips = sum(part.strips for part in result.parts)
    share = 100 * result.pixels_read / result.all_pixels
    some = (
        f"All {result.all_pixels:,} pixels were read"
        if result.pixels_read == result.all_pixels
        else f"{result.pixels_read:,} of {result.all_pixels:,} pixels ({share:.0f} %) were read"
    )
    items = [
        f"{some}, as {counted(strips, 'whole strip')} spread evenly over the scenes (PIXELS). Masked: fill"
        f"{', ' + flags if flags else ''}.{area}",
        "Serial is one thread with the NumPy kernel. All ways start from the same centres (minimum-maximum) and make "
        f"the same {counted(result.comparison.iterations, 'iteration')}; the tolerance is 0, so none ends earlier than "
        "another.",
        f"Each stage was measured {counted(request.repeats, 'time')}, and the best time counts, because other programs "
        "can only add; the medians are in the CSV file. All stages is the sum of the best times.",
        "Everything was read once before the clock started, so the files were in the system's memory (warm): from a "
        "cold or slow disk reading takes longer, the same for every kernel.",
        "Reading and writing depend on the number of threads and on the packer (compiled beside Numba and GPU, NumPy "
        "beside NumPy) and not on the kernel, so each was measured once for each of these. Writing is of the rows "
        "that were read.",
        "Start-up is loading, compiling and testing the kernel, as met in this session of QGIS: near 0 where an "
        "earlier run had done it. It is in no other time.",
    ]
    return "<h2>How it was measured</h2><ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _scenes(result: BenchmarkResult) -> str:
    rows: list[list[Cell]] = [
        [part.scene.title, part.scene.sensor_name, part.strips, part.audit.pixels, part.audit.valid]
        for part in result.parts
    ]
    return "<h2>Scenes</h2>" + table(["Scene", "Sensor", "Strips", "Pixels read", "Valid pixels"], rows)


def _machine(result: BenchmarkResult) -> str:
    rows: list[list[Cell]] = [[name, value] for name, value in machine.describe()]
    rows += [[name, value] for name, value in result.versions.items() if name != "platform"]
    return "<h2>Machine and versions</h2>" + table(["", ""], rows)
