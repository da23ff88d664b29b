"""The groups of the toolbox, in the order of the work.

QGIS sorts groups, and what is in them, by the names that it shows, and selects the first tool that a search finds. So
the groups have numbers, and the clustering is in none of them: what is in no group stands above all groups.
"""

from __future__ import annotations

from .i18n import tr

PREPARATION = "preparation"
CLASSIFICATION = "classification"
ANALYSIS = "analysis"
NONE = ""


def caption(group: str) -> str:
    """Return what the toolbox calls a group; "" for none."""
    captions = {PREPARATION: tr("Preparation"), CLASSIFICATION: tr("Classification"), ANALYSIS: tr("Analysis")}
    numbered = {name: f"{number}. {text}" for number, (name, text) in enumerate(captions.items(), 1)}
    return numbered.get(group, "")
