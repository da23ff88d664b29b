"""Draws RESULTS.md from the parts' figures; measures nothing."""

from __future__ import annotations

from pathlib import Path

from . import ROOT, figures, sections, settings, verdicts
from .tables import table
from .verdicts import Parts

TRIED = ROOT / "benchmarks" / "TRIED.md"
"""Written by hand: what was tried where a target was missed, and what it gave. Goes to the end of the results."""
CLUSTER = ROOT / "benchmarks" / "CLUSTER.md"
"""Written by hand from what `benchmarks.cluster` and `benchmarks.remote` gave; comes after `TRIED`."""
GPU = ROOT / "benchmarks" / "GPU.md"
"""Written by hand from what `benchmarks/gpu.py` gave on a machine with a card; comes after `CLUSTER`."""


class DisagreementError(RuntimeError):
    """Runs that must give one result gave several: their times mean nothing."""


def write(wanted: settings.Settings) -> str:
    """Draw the tables from what has been measured so far, write them, and return them.

    Raises
    ------
    DisagreementError
        The results differ; nothing is written.
    """
    parts = {name: found for name in sections.DRAWN if (found := figures.load(wanted, name)) is not None}
    by_hand = [path.read_text(encoding="utf-8").strip() for path in (TRIED, CLUSTER, GPU) if path.exists()]
    text = render(parts, wanted.quick, "\n\n".join(by_hand))
    wanted.report.parent.mkdir(parents=True, exist_ok=True)
    wanted.report.write_text(text, encoding="utf-8")
    return text


def render(parts: Parts, quick: bool, by_hand: str = "") -> str:
    """Return RESULTS.md.

    Raises
    ------
    DisagreementError
        The results differ.
    """
    wrong = verdicts.disagreements(parts)
    if wrong:
        raise DisagreementError("Results differ that must be the same, so no time is told: " + " ".join(wrong))
    lines = ["# Benchmark results", ""]
    if quick:
        lines += [
            "**Quick mode: the scenes are tiny; this shows that everything runs, and no figure means anything.**",
            "",
        ]
    lines += [
        "Made by `make bench`. Before any time was written down, the results were compared: all kernels, numbers of",
        "threads, memory limits and ways to start the job gave the same rasters and centres, bit for bit (SHA-256 of",
        "all values of all rasters and of the centres).",
        "",
    ]
    lines += _targets(parts)
    for name, draw in sections.DRAWN.items():
        if name in parts:
            lines += draw(parts)
    if by_hand:
        lines += [by_hand.strip(), ""]
    return "\n".join(lines)


def _targets(parts: Parts) -> list[str]:
    words = {True: "met", False: "**missed**", None: "–"}
    rows = [(verdict.what, verdict.target, verdict.found, words[verdict.met]) for verdict in verdicts.targets(parts)]
    return [
        "## Targets",
        "",
        *table(("", "target", "measured", ""), rows),
        "An iteration's average has all in it that a kernel prepares before the iterations and puts back after them; "
        "a peer's is what one more iteration costs it, without its own preparation.",
        "",
    ]


def main() -> None:
    """Draw the tables anew."""
    wanted = settings.from_arguments(__doc__)
    print(write(wanted))
    print(f"Written to {_short(wanted.report)}")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    main()
