"""The report's section on what each scene gives on its own, beside the common classes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..colours import css_colour
from ..quality.own_classes import OwnClasses
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..results.signatures import Signatures
from ..scenes.scene import Scene
from ..sensors.scale import SCALE
from . import figures
from .html import Cell, Heat, Html, Number, number, plot, table
from .shared import full_name, percent

# Heat: as for the drift of a class; a share of the pixels is as dark as it gets where half of them are concerned.
_STRONG, _MANY_PERCENT = 0.05, 50.0
# More classes make a table that nobody reads.
_MOST_LISTED = 40


def own_classes_section(signed: Signatures, results: Sequence[SceneResult]) -> str:
    """Return the comparison of each scene's own classes with the common ones; "" where none was asked for."""
    known = [(one.scene, one.own) for one in results if one.own is not None]
    if not known:
        return ""
    alt = (
        "How far the centres of each scene's own classes lie from the common ones, averaged over its pixels: from the "
        "common class of the same number, and from the nearest common class."
    )
    return (
        '<h2 id="alone">Each scene on its own, beside the common classes</h2>'
        f"<p>{_words(known)}</p>"
        + _losses(known)
        + "<h3>How far the scenes' own centres lie from the common ones</h3>"
        + plot(figures.distances([(s, f.mean_to_same_id, f.mean_to_nearest) for s, f in known]), alt)
        + _distances(known)
        + _mapping(signed, known)
        + _note()
    )


def remark(results: Sequence[SceneResult]) -> str:
    """Return the comparison in one sentence of HTML for the summary; "" where there is none."""
    known = [one.own for one in results if one.own is not None]
    if not known:
        return ""
    share = 100.0 * sum(found.renumbered for found in known) / sum(found.pixels for found in known)
    return (
        f"Clustered on their own, the scenes would give {share:.0f} % of the pixels another class number than "
        'together (<a href="#alone">comparison</a>).'
    )


def _words(known: Sequence[tuple[Scene, OwnClasses]]) -> str:
    n = len(known)

    def some(count: int) -> str:
        return f"{count} of {counted(n, 'scene')}"

    cancelled = sum(bool(found.cancelled) for _, found in known)
    missed = sum(bool(found.missed) for _, found in known)
    moved = sum(any(own.id != own.nearest for own in found.classes) for _, found in known)
    return (
        "Each scene was also clustered on its own (k-means of one scene, kMC), with the same parameters; its raster is "
        f"not changed by that. On their own, classes end without a pixel in {some(cancelled)}, a common class that is "
        f"held has no class in {some(missed)} (for how many of the pixels, see below), and in {some(moved)} at least "
        "one class is most like a common class of another number."
    )


def _losses(known: Sequence[tuple[Scene, OwnClasses]]) -> str:
    head: list[Cell] = [
        *("Date", "Scene", "Iterations alone", "Own classes without a pixel", "Common classes not in the scene"),
        *("Common classes missed", "Pixels in them (%)", "Pairs on one common class"),
        "Pixels with another number (%)",
    ]
    rows: list[list[Cell]] = []
    for scene, found in known:
        rows.append(
            [
                *_scene(scene),
                found.iterations if found.converged else Number(f"{found.iterations} (not converged)"),
                _counted(found.cancelled),
                _counted(found.absent),
                _counted(found.missed),
                _share(found.missed_pixels, found.pixels),
                len(found.doubled),
                _share(found.renumbered, found.pixels),
            ]
        )
    return table(head, rows)


def _distances(known: Sequence[tuple[Scene, OwnClasses]]) -> str:
    head: list[Cell] = ["Date", "Scene"]
    for what in ("Same number, mean", "Nearest, mean", "Nearest, largest"):
        head += [f"{what} (reflectance)", "(DN)"]
    head.append("Of own class")
    rows: list[list[Cell]] = []
    for scene, found in known:
        far = max(found.classes, key=lambda own: own.to_nearest)
        row = [*_scene(scene), *_distance(found.mean_to_same_id), *_distance(found.mean_to_nearest)]
        rows.append([*row, *_distance(far.to_nearest), far.id])
    return table(head, rows)


def _mapping(signed: Signatures, known: Sequence[tuple[Scene, OwnClasses]]) -> str:
    if signed.k > _MOST_LISTED:
        return f'<p class="note">Of more than {_MOST_LISTED} classes it is not listed which is most like which.</p>'
    head: list[Cell] = ["Date", "Scene", *(Number(f"Own {j + 1}") for j in range(signed.k))]
    rows: list[list[Cell]] = []
    for scene, found in known:
        nearest = {own.id: own.nearest for own in found.classes}
        shared = {j for pair in found.doubled for j in pair}
        cells = [_nearest(signed, j, nearest.get(j), j in shared) for j in range(1, signed.k + 1)]
        rows.append([*_scene(scene), *cells])
    return (
        "<h3>The common class that each own class is most like</h3>"
        + table(head, rows)
        + '<p class="note">The number and colour of the nearest common class; <b>bold</b> where it has another number '
        "than the own class, <u>underlined</u> where two own classes of the scene share it, - where the own class has "
        "no pixel. A row that reads 1, 2, 3 and so on is a scene whose own classes happen to match.</p>"
    )


def _nearest(signed: Signatures, own: int, common: int | None, shared: bool) -> Html:
    if common is None:
        return Html("-")
    record = signed.classes[common - 1]
    text = f"<b>{common}</b>" if common != own else str(common)
    text = f"<u>{text}</u>" if shared else text
    return Html(
        f'<span class="c" title="{escape(full_name(record))}" style="background:{css_colour(record.colour)}"></span>'
        f"{text}"
    )


def _note() -> str:
    return (
        '<p class="note">Han and Lee (2024) name two problems of clustering scenes one by one, class canceling and '
        "incomplete segmentation. What is counted for them here is this report's own reading. <b>Class canceling</b>: "
        "own classes without a pixel. <b>Incomplete segmentation</b>: common classes missed, that is those with pixels "
        "in the scene that are the nearest to none of its own classes with pixels; their pixels are counted as the "
        "common run labels them. <b>Pairs on one common class</b>: own classes with the same nearest common class. "
        "They divide what the common classes hold together, which is detail of one scene that no other need "
        "have.</p>"
        '<p class="note">Nearest: by the Euclidean distance of the centres over the bands. Same number: from own class '
        "1 to common class 1 and so on, as one who compares numbers would take them. Means are weighted by the pixels "
        "of the own classes; distances are in reflectance, and in digital numbers (DN). Pixels with another number: "
        "own and common class differ in their number.</p>"
    )


def _scene(scene: Scene) -> list[Cell]:
    return [scene.acquired.isoformat(), scene.product.subject]


def _counted(ids: Sequence[int]) -> Cell:
    return f"{len(ids)}: {', '.join(map(str, ids))}" if ids else "none"


def _share(part: int, whole: int) -> Heat:
    share = percent(part, whole) or 0.0
    return Heat(f"{share:.2f}", share / _MANY_PERCENT)


def _distance(dn: float | None) -> list[Cell]:
    if dn is None:
        return [None, None]
    return [Heat(f"{SCALE * dn:.4f}", SCALE * dn / _STRONG), number(dn, 1)]
