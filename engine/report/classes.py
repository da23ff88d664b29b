"""The report's sections on the classes: signatures, areas, margins, drift between scenes, separability."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..arrays import UNCLASSIFIED
from ..kernels.margins import Counts
from ..quality.scene_result import SceneResult
from ..results.signatures import ClassRecord, Signatures
from ..sensors.roles import WAVELENGTHS
from . import figures
from .html import Cell, Heat, Html, Number, number, plot, table
from .shared import UNKNOWN, WELL_SEPARABLE, Numbers, chip, full_name, percent, shown_classes

# Heat: where a drift or a Jeffries-Matusita distance is as dark as it gets. 0.05 is the order of the spread within a
# class; below 1 two classes overlap widely.
_STRONG_DRIFT = 0.05
_JM_RANGE = (2.0, 1.0)
_LEAST_PAIRS = 5
# More classes make a table that nobody reads; then the pairs are listed, so many of them.
_MOST_IN_MATRIX, _LISTED_PAIRS = 40, 100


def signatures_section(signed: Signatures) -> str:
    """Return the signature curves and their numbers."""
    heading = "<h2>Signatures: mean ± standard deviation of surface reflectance</h2>"
    return heading + curves(signed) + signature_table(signed)


def curves(signed: Signatures) -> Html:
    """Return the signature curves."""
    alt = "Mean surface reflectance of each class by band, with one standard deviation of its pixels up and down."
    return plot(figures.signature_curves(signed), alt)


def signature_table(signed: Signatures) -> Html:
    """Return the numbers of the signatures."""
    head: list[Cell] = ["Class", "Pixels", "Share (%)"]
    # No-break spaces: a heading has two lines at most.
    head += [f"{role} ({WAVELENGTHS[role]:.2f}\u00a0µm)" for role in signed.roles]
    head += [f"±\u00a0{role}" for role in signed.roles]
    pixels = sum(record.pixels for record in signed.classes)
    rows: list[list[Cell]] = []
    for record in signed.classes:
        row: list[Cell] = [chip(record), record.pixels, number(percent(record.pixels, pixels), 2)]
        rows.append(row + [number(value, 4) for value in (*record.mean, *record.std)])
    return table(head, rows)


def areas_section(numbers: Numbers) -> str:
    """Return the area of each class in each scene, and over time."""
    classes, scenes, counts = numbers.shown, numbers.scenes, numbers.written
    head: list[Cell] = ["Date", "Scene", *map(chip, classes)]
    areas, shares = [], []
    for scene, count in zip(scenes, counts):
        first = [scene.acquired.isoformat(), scene.product.subject]
        area = scene.checked_grid().hectares_per_pixel
        areas.append([*first, *(None if area is None else number(n * area, 1) for n in count)])
        shares.append([*first, *(number(percent(n, sum(count)), 2) for n in count)])
    plots: str = plot(figures.shares(classes, scenes, counts), "Share of each class in the valid pixels of each scene.")
    lines = figures.over_time(classes, scenes, counts)
    if lines is not None:
        plots += plot(lines, "Share of each class over time, for each path and row with several dates.")
    text = f'<h2>Area of each class in each scene</h2><div class="row">{plots}</div>'
    if any(scene.checked_grid().hectares_per_pixel is None for scene in scenes):
        text += '<p class="note">Scenes in degrees have no area in hectares.</p>'
    text += _about_unclassified(numbers.signed)
    return f"{text}<h3>Hectares</h3>{table(head, areas)}<h3>Percent of the valid pixels</h3>{table(head, shares)}"


def _about_unclassified(signed: Signatures) -> str:
    reject = signed.run["parameters"].get("reject")
    if reject is None:
        return ""
    return (
        f'<p class="note">Unclassified ({UNCLASSIFIED} in the rasters): no centre is within {reject:g} of reflectance '
        "(REJECT). Such pixels are members of their nearest class in everything else on this page, as centres and "
        "signatures are made of all valid pixels.</p>"
    )


def margins_section(signed: Signatures, results: Sequence[SceneResult], heading: str = "h2") -> str:
    """Return how safe the classes are: their mean margins in each scene; "" where margins were not asked for."""
    if not signed.run["parameters"].get("margin") or not any(one.judged for one in results):
        return ""
    shown = shown_classes(signed)
    rows: list[list[Cell]] = []
    whole = Counts.zero()
    for one in results:
        if one.judged is not None:
            whole.add(one.judged)
            scene = [one.scene.acquired.isoformat(), one.scene.product.subject]
            rows.append([*scene, *_mean_margins(one.judged, shown)])
    if len(rows) > 1:
        rows.insert(0, ["All", "", *_mean_margins(whole, shown)])
    return (
        f'<{heading} id="margins">Mean margin of each class</{heading}>'
        + table(["Date", "Scene", *map(chip, shown)], rows)
        + '<p class="note">The margin of a pixel is 1 + 254 (D2 - D1) / (D2 + D1), rounded down, with the squared '
        "distances D1 to its nearest and D2 to its second nearest centre: 255 on a centre, 1 midway between two. A "
        "class with small margins has a near neighbour that many of its pixels could belong to as well. Of the pixels "
        "that the rasters show of a class; empty where there are none.</p>"
    )


def _mean_margins(counts: Counts, shown: Sequence[ClassRecord]) -> list[Number | None]:
    pairs = ((int(counts.margins[record.id]), int(counts.pixels[record.id])) for record in shown)
    return [number(total / pixels if pixels else None, 1) for total, pixels in pairs]


def vanished_section(numbers: Numbers) -> str:
    """Return which classes are empty, or have no pixel in a scene."""
    rows: list[list[Cell]] = []
    for record, missing in zip(numbers.signed.classes, numbers.vanished):
        if record.pixels == 0:
            rows.append([chip(record), len(numbers.scenes), "every scene: the class is empty"])
        elif missing:
            rows.append([chip(record), len(missing), ", ".join(numbers.scenes[n].title for n in missing)])
    text = '<h2 id="vanished">Empty and vanished classes</h2>'
    if not rows:
        return f"{text}<p>Every class has pixels in every scene that has valid pixels.</p>"
    return text + table(["Class", "Scenes without it", "Which"], rows)


def drift_section(numbers: Numbers) -> str:
    """Return how far each class of each scene lies from the common signature."""
    heading = '<h2 id="drift">Drift of each class from the common signature</h2>'
    if len(numbers.scenes) == 1:
        return f"{heading}<p>One scene: there is no other to compare it with.</p>"
    if all(drift is UNKNOWN for drift in numbers.drifts):
        return f"{heading}<p>Not known: the page of the run does not say what its scenes add up to.</p>"
    rows: list[list[Cell]] = []
    for scene, drift in zip(numbers.scenes, numbers.drifts):
        if drift is UNKNOWN:
            continue
        row: list[Cell] = [scene.acquired.isoformat(), scene.product.subject]
        offset = None if drift.offset is None else Heat(f"{drift.offset:+.4f}", abs(drift.offset) / _STRONG_DRIFT)
        row += [_hot(drift.overall), offset, *map(_hot, drift.distance)]
        rows.append(row)
    head: list[Cell] = ["Date", "Scene", "All classes", "Offset", *map(chip, numbers.signed.classes)]
    return (
        heading
        + table(head, rows)
        + '<p class="note">Euclidean distance over the bands, in reflectance, between the mean of the class in the '
        "scene and its mean in all scenes; empty where the scene has no pixel of the class. All classes: their mean, "
        "weighted by the pixels in the scene. Offset: how much brighter (+) or darker (-) the pixels of the scene "
        "are than the means of their classes, averaged over the bands. One scene that stands out in all classes "
        "points to haze, another season or a fault of the correction; one class that stands out in one scene holds "
        "another cover there.</p>"
    )


def _hot(distance: float | None) -> Heat | None:
    return None if distance is None else Heat(f"{distance:.4f}", distance / _STRONG_DRIFT)


def separability_section(numbers: Numbers) -> str:
    """Return how well each pair of classes can be told apart."""
    classes = numbers.signed.classes
    pairs = numbers.least_separable()
    if pairs:
        worst = "; ".join(
            f"{escape(full_name(classes[a]))} and {escape(full_name(classes[b]))} ({numbers.separation[a, b]:.2f})"
            for a, b in pairs[:_LEAST_PAIRS]
        )
        words = (
            f"{len(pairs)} of {len(numbers.separation)} pairs lie below {WELL_SEPARABLE}. The least separable: {worst}."
        )
    else:
        words = f"All {len(numbers.separation)} pairs reach {WELL_SEPARABLE}."
    return (
        f'<h2 id="separability">Separability of the classes</h2><p>{words}</p>'
        + (_matrix(numbers) if len(classes) <= _MOST_IN_MATRIX else _listed(numbers))
        + '<p class="note">Jeffries-Matusita distance JM = 2 (1 - exp(-B)), from 0 (the same) to 2 (no overlap), with '
        "B = sum over the bands of (m1 - m2)² / (4 (v1 + v2)) + ln((v1 + v2) / (2 √(v1 v2))) / 2, where m and v are a "
        "class's mean and variance. The bands are taken as independent, which they are not: compare pairs with each "
        "other rather than with other studies.</p>"
    )


def _matrix(numbers: Numbers) -> Html:
    members = [(place, record) for place, record in enumerate(numbers.signed.classes) if record.pixels]
    rows: list[list[Cell]] = []
    for i, a in members:
        pairs = [(min(i, j), max(i, j)) for j, _ in members]
        rows.append([chip(a), *(_near(numbers.separation.get(pair)) for pair in pairs)])
    return table(["Class", *(chip(record) for _, record in members)], rows)


def _listed(numbers: Numbers) -> Html:
    classes = numbers.signed.classes
    rows = [
        [chip(classes[a]), chip(classes[b]), _near(numbers.separation[a, b])]
        for a, b in numbers.least_separable()[:_LISTED_PAIRS]
    ]
    return table(["Class", "And class", "Jeffries-Matusita distance"], rows)


def _near(value: float | None) -> Heat | None:
    low, high = _JM_RANGE
    return None if value is None else Heat(f"{value:.3f}", (low - value) / (low - high))
