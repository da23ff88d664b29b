"""The pieces that the sections of RESULTS.md are made of."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table; all columns but the first are numbers."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in [header, rule, *rows]] + [""]


def unfair(*reasons: str) -> list[str]:
    """Return the list of what would make a table unfair, and what was done about it."""
    return ["What would make this unfair:", "", *[f"- {reason}" for reason in reasons], ""]
