"""The numbers that the report's sections share, and how they name a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations

from ..html import Html, css_colour
from ..records import Audit, Fit, Scene
from ..signatures import ClassRecord, Signatures
from ..statistics import Moments, added
from . import comparison
from .comparison import Drift

WELL_SEPARABLE = 1.9
"""Jeffries-Matusita distance below which a pair is told as hard to separate: the usual bound."""


@dataclass(frozen=True)
class Numbers:
    """What the sections share."""

    signed: Signatures
    scenes: Sequence[Scene]
    audits: Sequence[Audit]
    counts: list[list[int]]
    """Per scene the k member counts."""
    drifts: list[Drift]
    """One a scene."""
    fit: Fit
    separation: dict[tuple[int, int], float]
    """Indices of two classes with members -> Jeffries-Matusita distance."""
    vanished: list[list[int]]
    """Per class the scenes without it."""

    def least_separable(self) -> list[tuple[int, int]]:
        """Return the pairs below the bound, the worst first."""
        # Rounded, so that pairs that are equal stand in the order of the classes on every machine.
        pairs = sorted(self.separation, key=lambda pair: (round(self.separation[pair], 9), pair))
        return [pair for pair in pairs if self.separation[pair] < WELL_SEPARABLE]


def gather(
    signed: Signatures, scenes: Sequence[Scene], audits: Sequence[Audit], moments: Sequence[Moments], fit: Fit
) -> Numbers:
    """Compute what the sections show; the parameters are those of `render`."""
    whole = added(moments, signed.k, len(signed.roles))
    counts = [part.count for part in moments]
    drifts = [comparison.drift(part, whole) for part in moments]
    vanished = comparison.vanished(counts)
    return Numbers(signed, scenes, audits, counts, drifts, fit, _separation(signed.classes), vanished)


def _separation(classes: Sequence[ClassRecord]) -> dict[tuple[int, int], float]:
    found = {}
    for a, b in combinations([record for record in classes if record.pixels], 2):
        values = [[value or 0.0 for value in row] for row in (a.mean, a.std, b.mean, b.std)]
        found[a.id - 1, b.id - 1] = comparison.jeffries_matusita(*values)
    return found


def label(record: ClassRecord) -> str:
    """Return the name of a class, with its id."""
    # The name that a class has by default says its id already.
    return record.name if str(record.id) in record.name.split() else f"{record.id} {record.name}"


def chip(record: ClassRecord) -> Html:
    """Return the colour and the name of a class."""
    return Html(f'<span class="c" style="background:{css_colour(record.colour)}"></span>{escape(label(record))}')


def percent(part: int | None, whole: int) -> float | None:
    """Return a share in percent; None where there is nothing to share."""
    return 100.0 * part / whole if whole and part is not None else None
