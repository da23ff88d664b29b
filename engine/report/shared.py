"""The numbers that the report's sections share, and how they name a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from typing import Any

from ..arrays import UNCLASSIFIED
from ..centres.fit import Fit
from ..colours import css_colour
from ..quality import classes as quality
from ..quality.classes import Drift
from ..quality.scene_result import SceneResult
from ..results.legend import UNCLASSIFIED_COLOUR, UNCLASSIFIED_NAME
from ..results.signatures import ClassRecord, Signatures
from ..results.statistics import added
from ..scenes.scene import Scene
from .html import Cell, Html, number, table

STYLE = """
.bar{display:flex;width:14rem;height:.9em;background:#eee}.bar i{display:block;height:100%}
.v{background:#3a923a}.m{background:#d9822b}.f{background:#bbb}
.scene{margin:.4rem 0}.scene h3{margin:.2rem 0}.scene img{width:300px;max-width:48%;height:auto;
image-rendering:pixelated;border:1px solid #ccc;margin-right:.3rem}.legend>span{white-space:nowrap;margin-right:1.2rem}
@media print{.bar{width:7rem}.scene img{width:164px}}
"""
"""Beside that of all pages."""

UNKNOWN = Drift((), None, None)
"""Of a scene of which the sums of its classes are not known, as of a run before pages kept them."""
WELL_SEPARABLE = 1.9
"""Jeffries-Matusita distance below which a pair is told as hard to separate: the usual bound."""


@dataclass(frozen=True)
class Numbers:
    """What the sections share."""

    signed: Signatures
    """The signatures with the run's record."""
    fit: Fit
    """Centres and iterations."""
    results: Sequence[SceneResult]
    """What is known of the scenes, in order."""
    drifts: list[Drift]
    """One a scene."""
    separation: dict[tuple[int, int], float]
    """Indices of two classes with members -> Jeffries-Matusita distance."""
    vanished: list[list[int]]
    """Per class the scenes without it."""

    @property
    def scenes(self) -> list[Scene]:
        """The scenes, in order."""
        return [one.scene for one in self.results]

    @property
    def counts(self) -> list[Sequence[int]]:
        """Per scene the k member counts."""
        return [one.counts for one in self.results]

    @property
    def shown(self) -> list[ClassRecord]:
        """What the rasters show: the classes, and unclassified where pixels may be rejected."""
        return shown_classes(self.signed)

    @property
    def written(self) -> list[list[int]]:
        """Per scene the pixels of what is shown."""
        also = len(self.shown) > len(self.signed.classes)
        return [[*one.counts, *([one.unclassified] if also else [])] for one in self.results]

    def least_separable(self) -> list[tuple[int, int]]:
        """Return the pairs below the bound, the worst first."""
        # Rounded, so that pairs that are equal stand in the order of the classes on every machine.
        pairs = sorted(self.separation, key=lambda pair: (round(self.separation[pair], 9), pair))
        return [pair for pair in pairs if self.separation[pair] < WELL_SEPARABLE]


def gather(signed: Signatures, fit: Fit, results: Sequence[SceneResult]) -> Numbers:
    """Compute what the sections show; the parameters are those of `cluster.render`."""
    moments = [one.moments for one in results]
    whole = added([part for part in moments if part.total], signed.k, len(signed.roles))
    drifts = [quality.drift(part, whole) if part.total else UNKNOWN for part in moments]
    vanished = quality.vanished([one.counts for one in results])
    return Numbers(signed, fit, results, drifts, _separation(signed.classes), vanished)


def shown_classes(signed: Signatures) -> list[ClassRecord]:
    """Return the classes, and unclassified where pixels may be rejected."""
    if signed.run["parameters"].get("reject") is None:
        return list(signed.classes)
    nothing = (None,) * len(signed.roles)
    rejected = ClassRecord(UNCLASSIFIED, UNCLASSIFIED_NAME, UNCLASSIFIED_COLOUR, 0, nothing, nothing)
    return [*signed.classes, rejected]


def _separation(classes: Sequence[ClassRecord]) -> dict[tuple[int, int], float]:
    found = {}
    members = [(place, record) for place, record in enumerate(classes) if record.pixels]
    for (i, a), (j, b) in combinations(members, 2):
        values = [[value or 0.0 for value in row] for row in (a.mean, a.std, b.mean, b.std)]
        found[i, j] = quality.jeffries_matusita(*values)
    return found


def full_name(record: ClassRecord) -> str:
    """Return the name of a class, with its id."""
    # The name that a class has by default says its id already, and what is no class needs none.
    if record.id == UNCLASSIFIED:
        return record.name
    return record.name if str(record.id) in record.name.split() else f"{record.id} {record.name}"


def chip(record: ClassRecord) -> Html:
    """Return the colour and the name of a class."""
    return Html(f'<span class="c" style="background:{css_colour(record.colour)}"></span>{escape(full_name(record))}')


def percent(part: int | None, whole: int) -> float | None:
    """Return a share in percent; None where there is nothing to share."""
    return 100.0 * part / whole if whole and part is not None else None


def parameters_section(run: dict[str, Any]) -> str:
    """Return the parameters, versions and times of a run."""

    def text(value: object) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if value is None or value == []:
            return "none"
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    rows: list[list[Cell]] = [[key, text(value)] for key, value in run["parameters"].items()]
    rows.append(["kernel", str(run["kernel"])])
    device = run.get("device") or {}
    if device.get("card"):
        rows.append(["device", f"{device['card']} ({device['percent']['card']:.1f} % of the labelling), CPU"])
    rows += [[key, str(value)] for key, value in run["versions"].items()]
    times: list[list[Cell]] = [[stage, number(value, 2)] for stage, value in run["seconds"].items()]
    return (
        f"<h2>Parameters, versions and times</h2>{table(['Name', 'Value'], rows)}{table(['Stage', 'Seconds'], times)}"
    )
