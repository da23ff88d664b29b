"""The report of a run with classes of each scene: scene by scene, because no class corresponds to one elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from ..arrays import UNCLASSIFIED
from ..centres.fit import Fit
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..results.legend import Legend
from ..results.names import scene_signatures
from ..results.signatures import Signatures
from .classes import curves, margins_section, signature_table
from .html import Cell, number, page, table
from .pictures import Picture
from .scenes import images, legend, scenes_section
from .shared import STYLE, parameters_section, percent

_STYLE = f"""{STYLE}
.warning{{border-left:5px solid #d9822b;background:#fdf3e7;padding:.5rem .9rem;max-width:60rem}}
"""


NOTHING = Legend((), ())
"""That of a scene without a valid pixel."""


@dataclass(frozen=True)
class SceneClasses:
    """A scene with classes of its own."""

    result: SceneResult
    """What is known of the scene."""
    fit: Fit | None = None
    """Its centres and iterations; None where it has no valid pixel."""
    signed: Signatures | None = None
    """Its signatures with its run's record, likewise."""
    legend: Legend = NOTHING
    """How its raster is shown."""

    @property
    def empty(self) -> tuple[int, ...]:
        """Ids of its classes without a pixel."""
        return tuple(record.id for record in self.signed.classes if record.pixels == 0) if self.signed else ()


def render_each(each: Sequence[SceneClasses], pictures: Sequence[Picture], k: int) -> str:
    """Return the text of report.html of a run with classes of each scene.

    Parameters
    ----------
    each
        In order; at least one has valid pixels.
    pictures
        One a scene.
    k
        Number of classes of each.
    """
    title = f"IIkMC: {counted(len(each), 'scene')}, each on its own in {k} classes"
    run = _whole_run(each)
    pixels = sum(one.result.audit.valid for one in each)
    body = [
        f"<h1>{escape(title)}</h1>\n"
        f'<p class="note">{escape(run["finished"])} · IIkMC {escape(run["versions"]["iikmc"])}</p>\n'
        f"<p>{pixels:,} valid pixels were clustered scene by scene, with k-means of one scene (kMC).</p>\n{_warning()}",
        _doubts(each),
        _table(each),
        scenes_section([one.result for one in each]),
        *map(_scene, each, pictures),
        parameters_section(run),
    ]
    return page(title, "\n".join(body), _STYLE)


def _warning() -> str:
    return (
        '<p class="warning"><b>Classes do not match between scenes.</b> Class 3 of one scene is not class 3 of '
        "another: numbers, names and colours hold within a scene. Do not compare areas or read changes between dates "
        "from these rasters, even where two scenes look alike. For classes that are the same in every scene, choose "
        "the mode that clusters all scenes together.</p>"
    )


def _doubts(each: Sequence[SceneClasses]) -> str:
    results = [one.result for one in each]
    doubts = [f"{one.scene.title}: {doubt}." for one in results for doubt in one.audit.doubts]
    return "".join(f'<p class="warning">{escape(doubt)}</p>' for doubt in doubts)


def _table(each: Sequence[SceneClasses]) -> str:
    rows: list[list[Cell]] = []
    for one in each:
        scene = one.result.scene
        row: list[Cell] = [scene.acquired.isoformat(), scene.product.subject]
        row.append(one.result.audit.valid)
        if one.fit is None or one.signed is None:
            rows.append([*row, None, None, "no valid pixel", "", ""])
            continue
        last = one.fit.iterations[-1]
        empty = ", ".join(map(str, one.empty))
        row += [last.number, number(last.changed_percent, 2), "yes" if one.fit.converged else "no, stopped at the most"]
        rows.append([*row, empty or "none", f"{scene_signatures(scene)}.json"])
    head = ["Date", "Scene", "Valid pixels", "Iterations", "Changed in the last (%)", "Converged"]
    return (
        "<h2>The clustering of each scene</h2>"
        + table([*head, "Classes without a pixel", "Signatures"], rows)
        + '<p class="note">Classes without a pixel ended empty: other classes took all their pixels.</p>'
    )


def _scene(one: SceneClasses, picture: Picture) -> str:
    scene = one.result.scene
    text = f"<h2>{escape(scene.title)}</h2>"
    if one.signed is None:
        return f"{text}<p>No pixel is valid; there are no classes.</p>"
    # Below the scene's own heading its classes need not name the scene again.
    suffix = f" of {scene.title}"
    short = [
        replace(record, name=record.name[: -len(suffix)] if record.name.endswith(suffix) else record.name)
        for record in one.signed.classes
    ]
    signed = replace(one.signed, classes=tuple(short))
    return (
        f'{text}<p class="note">Classes of this scene alone.</p>{legend(signed)}'
        f'<div class="row"><div class="scene">{images(scene, picture)}</div>{curves(signed)}</div>'
        f"{signature_table(signed)}{_unclassified(one)}{margins_section(signed, [one.result], 'h3')}"
    )


def _unclassified(one: SceneClasses) -> str:
    if UNCLASSIFIED not in one.legend.numbers:
        return ""
    share = percent(one.result.unclassified, one.result.audit.valid) or 0.0
    return (
        f"<p>{one.result.unclassified:,} pixels ({share:.2f} %) are unclassified in the raster, as they are too far "
        "from every centre (REJECT); in the table they are members of their nearest class.</p>"
    )


def _whole_run(each: Sequence[SceneClasses]) -> dict[str, Any]:
    """Return the record of the last scene's run with the times of all."""
    runs = [one.signed.run for one in each if one.signed is not None]
    seconds: dict[str, float] = {}
    for run in runs:
        for stage, value in run["seconds"].items():
            seconds[stage] = seconds.get(stage, 0.0) + value
    return {**runs[-1], "seconds": seconds}
