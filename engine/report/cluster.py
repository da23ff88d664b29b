"""The report: one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from ..centres.fit import Fit
from ..quality.scene_result import SceneResult
from ..quantities import counted
from ..results.signatures import Signatures
from ..sensors.scale import SCALE
from . import figures
from .classes import (
    areas_section,
    drift_section,
    margins_section,
    separability_section,
    signatures_section,
    vanished_section,
)
from .html import Cell, number, page, plot, table
from .kept import kept_block
from .own_classes import own_classes_section, remark
from .pictures import Picture
from .scenes import quicklooks_section, scenes_section
from .shared import STYLE, Numbers, full_name, gather, parameters_section, percent

# A scene with less is worth a look before it is compared with others.
_FEW_VALID_PERCENT = 5.0
# Classes below it were taken up by a few extreme pixels, usually clouds or snow under "minimum-maximum".
_TINY_PERCENT = 0.1
# The drift of a class with less of a scene's pixels is a matter of chance, and is not told as the largest.
_WEIGHTY_PERCENT = 1.0


def render(signed: Signatures, fit: Fit, results: Sequence[SceneResult], pictures: Sequence[Picture] = ()) -> str:
    """Return the text of report.html.

    Parameters
    ----------
    signed
        The signatures with the run's record.
    fit
        Centres and iterations.
    results
        What is known of the scenes, in order.
    pictures
        One a scene, or none at all.
    """
    numbers = gather(signed, fit, results)
    sections = [
        _summary(numbers),
        scenes_section(results),
        quicklooks_section(signed, results, pictures),
        signatures_section(signed),
        areas_section(numbers),
        margins_section(signed, results),
        vanished_section(numbers),
        drift_section(numbers),
        own_classes_section(signed, results),
        separability_section(numbers),
        _convergence(fit, signed),
        parameters_section(signed.run),
        kept_block(results),
    ]
    return page(_title(numbers), "\n".join(sections), STYLE)


def _title(numbers: Numbers) -> str:
    return f"IIkMC: {counted(len(numbers.results), 'scene')} in {numbers.signed.k} classes"


def _summary(numbers: Numbers) -> str:
    run, fit = numbers.signed.run, numbers.fit
    seconds = ", ".join(f"{stage} {value:.1f} s" for stage, value in run["seconds"].items())
    remarks = "".join(f"<li>{text}</li>" for text in [*_remarks(numbers), remark(numbers.results)] if text)
    return (
        f"<h1>{escape(_title(numbers))}</h1>\n"
        f'<p class="note">{escape(run["finished"])} · IIkMC {escape(run["versions"]["iikmc"])}</p>\n'
        f"<p>{run['pixels']:,} valid pixels {_outcome(run, fit)} Time: {escape(seconds)}.</p>"
        + (f"<h3>Worth a look</h3><ul>{remarks}</ul>" if remarks else "")
    )


def _outcome(run: dict[str, Any], fit: Fit) -> str:
    """Return what was done with the pixels, as the rest of a sentence."""
    if not fit.iterations:
        source = run.get("applied", {}).get("signatures", "a signatures file")
        return f"got the nearest of the saved signatures in {escape(str(source))}, without iterating."
    last = fit.iterations[-1]
    end = "converged" if fit.converged else "stopped at the maximum number of iterations, not converged"
    return (
        f"were clustered together. After {counted(last.number, 'iteration')}, with {last.changed_percent:.2f} % of the "
        f"pixels changing class in the last one, the run {end}."
    )


def _remarks(numbers: Numbers) -> list[str]:
    """Return what an analyst should know before using the classes, as HTML."""
    classes = numbers.signed.classes
    remarks = []
    if numbers.fit.iterations and not numbers.fit.converged:
        remarks.append("The run has not converged: raise MAX_ITERATIONS, or continue from its signatures.")
    empty = [str(record.id) for record in classes if record.pixels == 0]
    if empty:
        remarks.append(f"<b>Classes without a pixel: {', '.join(empty)}.</b>")
    pixels = sum(record.pixels for record in classes)
    tiny = [str(record.id) for record in classes if 0 < 100 * record.pixels < _TINY_PERCENT * pixels]
    if tiny:
        remarks.append(
            f"Of less than {_TINY_PERCENT} % of all pixels: {'class' if len(tiny) == 1 else 'classes'} "
            f"{', '.join(tiny)}. Where these are extremes such as snow or missed clouds, the start 2-98 % leaves more "
            "classes to the land."
        )
    rejected = sum(one.unclassified for one in numbers.results)
    if rejected:
        share = percent(rejected, pixels) or 0.0
        remarks.append(f"Unclassified, as they are too far from every centre: {rejected:,} pixels ({share:.2f} %).")
    away = [one.scene.title for one in numbers.results if not one.audit.inside]
    if away:
        verb = "does" if len(away) == 1 else "do"
        remarks.append(
            f"{counted(len(away), 'scene')} {verb} not meet the area of interest: {escape(', '.join(away))}."
        )
    for scene, audit in ((one.scene, one.audit) for one in numbers.results):
        share = audit.valid_percent
        remarks += [f"<b>{escape(scene.title)}: {escape(doubt)}.</b>" for doubt in audit.doubts]
        if audit.inside and share < _FEW_VALID_PERCENT:
            remarks.append(f"{escape(scene.title)} has only {share:.2f} % valid pixels.")
    gone = [record for record, scenes in zip(classes, numbers.vanished) if scenes]
    if gone:
        remarks.append(
            f"{counted(len(gone), 'class', 'classes')} without a pixel in some of the scenes: "
            f'{escape(", ".join(str(record.id) for record in gone))} (<a href="#vanished">which</a>).'
        )
    far = [
        (distance, scene, record)
        for scene, drift, count in zip(numbers.scenes, numbers.drifts, numbers.counts)
        for record, distance, n in zip(classes, drift.distance, count)
        if distance is not None and 100 * n >= _WEIGHTY_PERCENT * sum(count)
    ]
    if len(numbers.results) > 1 and far:
        distance, scene, record = max(far, key=lambda found: found[0])
        remarks.append(
            f"The largest drift is {distance:.3f} of reflectance: {escape(full_name(record))} in {escape(scene.title)} "
            f'(of classes with at least {_WEIGHTY_PERCENT:.0f} % of a scene; <a href="#drift">all</a>).'
        )
    pairs = numbers.least_separable()
    if pairs:
        a, b = (escape(full_name(classes[j])) for j in pairs[0])
        remarks.append(
            f"{a} and {b} are the least separable classes, with a Jeffries-Matusita distance of "
            f'{numbers.separation[pairs[0]]:.2f} of 2 (<a href="#separability">all</a>).'
        )
    return remarks


def _convergence(fit: Fit, signed: Signatures) -> str:
    if not fit.iterations:
        return ""
    rows: list[list[Cell]] = [
        [
            record.number,
            record.changed,
            number(record.changed_percent, 3),
            number(record.largest_move_dn, 2),
            number(record.largest_move_dn * SCALE, 5),
            # As the record has it, from which the page is made again.
            number(round(record.seconds, 3), 2),
        ]
        for record in fit.iterations
    ]
    tolerance = signed.run["parameters"].get("tolerance_percent")
    figure = figures.convergence(fit.iterations, tolerance)
    alt = "Pixels that changed class (dashed: the tolerance), and the largest move of a centre, in each iteration."
    head = ["Iteration", "Changed pixels", "Changed (%)", "Largest centre move (DN)", "in reflectance", "Seconds"]
    return "<h2>Convergence</h2>" + plot(figure, alt) + table(head, rows)
