"""Draws RESULTS.md from the parts' figures; measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import ROOT, figures, settings, verdicts
from .figures import best, spread
from .verdicts import Parts

PARTS = ("machine", "decode", "stages", "whole", "peers", "growth")
TRIED = ROOT / "benchmarks" / "TRIED.md"
"""Written by hand: what was tried where a target was missed, and what it gave. Goes to the end of the results."""
GPU = ROOT / "benchmarks" / "GPU.md"
"""Written by hand from what `benchmarks/gpu.py` gave on a machine with a card; comes after `TRIED`."""


# Share of labels that differ above which a peer's result is called another one.
_OTHER_RESULT = 0.001


class DisagreementError(RuntimeError):
    """Runs that must give one result gave several: their times mean nothing."""


def write(wanted: settings.Settings) -> str:
    """Draw the tables from what has been measured so far, write them, and return them.

    Raises
    ------
    DisagreementError
        The results differ; nothing is written.
    """
    parts = {name: found for name in PARTS if (found := figures.load(wanted, name)) is not None}
    by_hand = [path.read_text(encoding="utf-8").strip() for path in (TRIED, GPU) if path.exists()]
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
    drawn = {
        "machine": _machine, "decode": _decode, "stages": _stages, "whole": _whole, "peers": _peers, "growth": _growth
    }  # fmt: skip
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
    for name, draw in drawn.items():
        if name in parts:
            lines += draw(parts)
    if by_hand:
        lines += [by_hand.strip(), ""]
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table; all columns but the first are numbers."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in [header, rule, *rows]] + [""]


def unfair(*reasons: str) -> list[str]:
    """Return the list of what would make a table unfair, and what was done about it."""
    return ["What would make this unfair:", "", *[f"- {reason}" for reason in reasons], ""]


def _targets(parts: Parts) -> list[str]:
    words = {True: "met", False: "**missed**", None: "–"}
    rows = [(verdict.target, verdict.found, words[verdict.met]) for verdict in verdicts.targets(parts)]
    return ["## Targets", "", *table(("target", "measured", ""), rows)]


def _machine(parts: Parts) -> list[str]:
    found = parts["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    loads = ", ".join(f"{name} {part['load']}" for name, part in parts.items() if name != "machine")
    return [
        "## Machine, versions, method",
        "",
        f"- {found['processor']} ({found['instructions']}), {found['cores']} cores, {found['memory_gb']} GB; "
        f"{found['system']}; QGIS {found['qgis']}; code {found['revision']}.",
        f"- {versions}.",
        "- Every run is a process of its own. Time is wall time; memory is the peak of the resident memory that the "
        "system gives for the ended process (10^6 bytes), files mapped into memory included.",
        "- Of several runs the best is given, as whatever else a machine does can only add, with the median beside it.",
        "- Files lie in the system's cache; no disk is measured.",
        f"- Load average when each part began: {loads}. Above about 0.5 something else was running, and the figures "
        "are too high; parts that follow each other see each other.",
        "",
    ]


def _decode(parts: Parts) -> list[str]:
    part = parts["decode"]
    scenes = "; ".join(f"{scene['id']} {scene['width']} x {scene['height']}" for scene in part["scenes"])
    rows = []
    for row in part["rows"]:
        seconds = best(row["seconds"])
        rows.append(
            (str(row["threads"]), spread(row["seconds"]), f"{2 * row['samples'] / seconds / 1e6:.0f}",
             f"{row['peak_mb']:.0f}")
        )  # fmt: skip
    return [
        "## The series and its bare decode, the floor",
        "",
        f"Simulated scenes ({scenes}), in {part['scenes'][0]['layout']}. What is decoded is what a run reads: 6 "
        f"bands, QA_PIXEL and QA_RADSAT of each scene, {part['rows'][0]['files']} files.",
        "",
        *table(("threads", "time", "MB/s of values", "peak MB"), rows),
        *unfair(
            "Tiles decoded twice: windows are whole rows of tiles, and each thread has its own handles.",
            "Another GDAL: it is the one that the plugin uses.",
            "Start-up: it is left out here, though it counts in the whole job.",
            "Simulated values compress otherwise than genuine ones: the whole job decodes the same files.",
        ),
    ]


def _stages(parts: Parts) -> list[str]:
    rows, steps = [], []
    for row in parts["stages"]["rows"]:
        times, iterations = row["stages"], row["iterations"]
        name = f"{row['kernel']}, {row['threads']} thread(s), INIT={row['init']}"
        each = 1e9 * sum(iterations) / row["pixels"] / len(iterations)
        rows.append(
            (name, *(f"{times[stage]:.2f}" for stage in ("prepare", "read", "start", "iterate", "write")),
             f"{row['total']:.2f}", str(len(iterations)), f"{each:.2f}", f"{row['peak_mb']:.0f}")
        )  # fmt: skip
        shown = [f"{1e9 * seconds / row['pixels']:.2f}" for seconds in iterations]
        steps.append(f"- {name}: {', '.join(shown)}")
    pixels = parts["stages"]["rows"][0]["pixels"]
    return [
        "## Stages",
        "",
        f"{pixels:,} valid pixels, k = {settings.K}, defaults to the 1 % stop; seconds. INIT 0 is minimum-maximum, 4 "
        "is coarse-to-fine. Preparing is checking the scenes and estimating, reading includes masking and packing, "
        "writing the statistics of the classes.",
        "",
        *table(
            (
                "",
                "prepare",
                "read",
                "start",
                "iterate",
                "write",
                "total",
                "iterations",
                "ns per pixel and iteration",
                "peak MB",
            ),
            rows,
        ),
        "Each iteration, ns per pixel:",
        "",
        *steps,
        "",
        *unfair(
            "One lucky run: the better of two, by its total, is given with all its stages.",
            "Loading and compiling: both happen on a small scene before the clock starts (see the whole jobs for "
            "them).",
            "Comparing INIT 0 with INIT 4 by iterations: they start elsewhere, and may end at other centres.",
            "Averaging over many late iterations, in which few pixels can change: each iteration is listed.",
        ),
    ]


def _whole(parts: Parts) -> list[str]:
    part = parts["whole"]
    floor = verdicts.floor(parts) if "decode" in parts else None
    rows = []
    for row in part["rows"]:
        seconds = best(row["all_seconds"])
        rows.append(
            (row["job"], spread(row["all_seconds"]), f"{row['user']:.1f}", f"{row['system']:.1f}",
             f"{seconds / floor:.2f}" if floor else "–", row["kernel"], str(len(row["iterations"])),
             f"{row['peak_mb']:.0f}")
        )  # fmt: skip
    return [
        "## The whole job, as a user starts it",
        "",
        f"`qgis_process run iikmc:cluster` with SCENES, K={settings.K} and OUTPUT, everything else at its default but "
        "what the first column names; the whole process from start to end.",
        "",
        *table(("", "wall", "user s", "system s", "times the bare decode", "kernel", "iterations", "peak MB"), rows),
        f"Of that, starting QGIS and the plugin and clustering a scene of 300 x 300 pixels takes "
        f"{part['start']:.2f} s; the very first time, when Numba's code is compiled, {part['first']:.2f} s.",
        "",
        *unfair(
            "A floor with fewer threads: the bare decode has as many as the job uses by default.",
            "Compiling inside: the compiled code is kept in the user's profile, as it is after a user's first run.",
        ),
    ]


def _peers(parts: Parts) -> list[str]:
    part = parts["peers"]
    pixels, rows = part["pixels"], []
    for row in part["rows"]:
        totals = row["seconds"][str(row["iterations"])]
        if "digest" in row:
            agreement = "the reference" if row["name"].endswith("Numba") else "bit for bit"
        elif "different" in row:
            agreement = f"{row['centres_dn']:.2f} DN, {1e6 * row['different'] / pixels:.1f} labels in a million differ"
            if row["different"] > _OTHER_RESULT * pixels:
                agreement = f"**another result**: {agreement}"
        else:
            agreement = "own start, not comparable"
        versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items() if name != "numpy")
        name = f"{row['name']} ({versions})"
        if "pixels" in row:
            name += f", {row['pixels']:,} pixels"
        each = f"{1e9 * row['each'] / row.get('pixels', pixels):.2f}"
        done = f"{spread(totals)} for {row.get('done', row['iterations'])}"
        rows.append((name, agreement, each, done, f"{row['process']['peak_mb']:.0f}"))
    few, many = (int(number) for number in part["rows"][0]["seconds"])
    empty = max(row.get("empty", 0) for row in part["rows"])
    bands = pixels * 6 / 1e6
    try:
        averages = [
            f"Averaged over whole runs of the series to the 1 % stop (table above), IIkMC takes "
            f"{verdicts.whole_run_ns(parts, 'numba'):.2f} ns (Numba) and "
            f"{verdicts.whole_run_ns(parts, 'numpy'):.2f} ns (NumPy) per pixel and iteration.",
            "",
        ]
    except (KeyError, ValueError):
        averages = []
    left = [f"- {name} is left out: {why}" for name, why in part["left_out"].items()]
    return [
        "## Peers",
        "",
        f"{pixels:,} valid pixels of all scenes (strips spread evenly over each), 6 bands, k = {settings.K}, "
        f"{part['threads']} threads, {few} and {many} iterations; an iteration labels all pixels and moves all "
        "centres. The cost of an iteration is the difference of the two times by that of the numbers. The agreement is "
        f"the largest difference of a centre from IIkMC's after {many} iterations, and the pixels labelled otherwise.",
        "",
        *table(
            ("", "agreement", "ns per pixel and iteration", "total, for so many iterations", "peak MB"), rows
        ),
        *([*left, ""] if left else []),
        *averages,
        *unfair(
            "Another start: all begin at the same centres, spread between the 2nd and 98th percentile"
            + (", which leaves no class empty (peers refill empty classes, each in its own way)" if not empty
               else f"; **{empty} classes became empty, which peers refill, so results may differ**")
            + ". SAGA and GRASS take no such start: their times stand for themselves.",
            "Another number of iterations: scikit-learn and scikit-learn-intelex get tol=0 and n_init=1, faiss niter "
            "and no sub-sample, GRASS convergence=100; what was done is in the table. The first two label once more "
            "at the end, as IIkMC does here; faiss does not. The difference of two times cancels it.",
            "Another result: the libraries add up float32, and float32 sums of many pixels lose what is small beside "
            "them, so that centres drift from the means (on few pixels, as in quick mode, all agree). scikit-learn in "
            "float64 is the check that start and iterations are the same; its centres are not rounded to 1/64 DN.",
            "Fewer pixels: all get the same but GRASS, whose i.cluster gives wrong classes of more than 46 340 pixels "
            "(it squares their number in 32 bits); it gets a regular sample and more iterations.",
            f"Copies: the libraries get the float32 matrix they want ({bands * 4:.0f} MB, float64 twice that) before "
            f"the clock starts; IIkMC holds uint16 ({bands * 2:.0f} MB). scikit-learn makes another copy by default.",
            "Threads: all libraries get the same number; GRASS and this tool of SAGA use one only.",
            "Start-up: libraries are called once, and Numba has compiled, before the clock starts. SAGA and GRASS "
            "are timed as processes, with reading and writing in the total but not in the cost of an iteration.",
            "Pruning: IIkMC looks at all pixels in early iterations and at few in late ones; its second row "
            "looks at all in all. A run of few iterations shows the former alone.",
        ),
    ]  # fmt: skip


def _growth(parts: Parts) -> list[str]:
    part = parts["growth"]
    by_scenes = []
    for row in part["scenes"]:
        stages = row["stages"]
        by_scenes.append(
            (f"{row['scenes']} scene(s), {row['kernel']}", f"{row['pixels'] / 1e6:.1f}",
             *(f"{stages[stage]:.2f}" for stage in ("prepare", "read", "iterate", "write")), f"{row['total']:.2f}",
             f"{1e9 * row['total'] / row['pixels']:.1f}", f"{row['peak_mb']:.0f}")
        )  # fmt: skip
    by_k = []
    for row in part["k"]:
        each = 1e9 * row["total"] / part["pixels"] / part["iterations"]
        by_k.append(
            (f"k = {row['k']}, {row['kernel']}", f"{row['total']:.2f}", f"{each:.2f}", f"{each / row['k']:.3f}",
             f"{1e9 * row['steps'][0] / part['pixels']:.2f}", f"{1e9 * row['steps'][-1] / part['pixels']:.2f}")
        )  # fmt: skip
    return [
        "## Growth",
        "",
        f"Whole runs in one process over scenes of about {part['size']} x {part['size']} pixels, k = {settings.K}, "
        f"{part['threads']} threads, exactly {part['iterations']} iterations; seconds.",
        "",
        *table(
            ("", "million pixels", "prepare", "read", "iterate", "write", "total", "ns per pixel", "peak MB"), by_scenes
        ),
        f"{part['pixels']:,} pixels in memory, {part['threads']} threads, exactly {part['iterations']} labellings, "
        "from the 2-98 % start; `numba-all` looks at all pixels in every iteration.",
        "",
        *table(
            ("", "total s", "ns per pixel and iteration", "the same per class", "first, ns per pixel", "last"), by_k
        ),
        *unfair(
            "Runs to a stop rule: more classes or scenes need more iterations, so their number is fixed.",
            "Other pixels: each series is the beginning of the next, and k varies on one set. Scenes differ in their "
            "share of valid pixels, so that times per valid pixel may differ by some per cent.",
            "Work that stays whatever k is, such as reading the pixels: below k = 8 the cost per class rises "
            "with it. The target compares k = 8 with the largest.",
        ),
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
