"""The sections of RESULTS.md, drawn from the parts' figures; see `report`."""

from __future__ import annotations

from typing import Any

from . import series, settings, verdicts
from .figures import best, spread
from .kernels import ALL, CHOSEN, PLAIN
from .peers import OURS
from .tables import table, unfair
from .verdicts import Parts

# Share of labels that differ above which a peer's result is called another one.
_OTHER_RESULT = 0.001
_ORIGIN = {
    series.SIMULATED: "is simulated: a landscape of some dozen spectra, with noise and mixed pixels",
    series.REAL: "follows genuine scenes: cut-outs in cells of 30 m, mirrored along their edges over whole grids, with "
    "noise of 15 DN, under the fill, clouds and shadows of the simulation",
}


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
        f"- `{CHOSEN}` is the kernel that the product takes by itself, `{PLAIN}` the one that it takes where Numba is "
        "not installed; the name in brackets is what the run says of itself.",
        f"- Load average when each part began: {loads}. Above about 0.5 something else was running, and the figures "
        "are too high; parts that follow each other see each other.",
        "",
    ]


def _decode(parts: Parts) -> list[str]:
    part = parts["decode"]
    told, rows = [], []
    for name, found in part["scenes"].items():
        scenes = "; ".join(f"{scene['id']} {scene['width']} x {scene['height']}" for scene in found)
        told.append(f"- The {name} series {_ORIGIN[name]} ({scenes}), in {found[0]['layout']}.")
    told += [f"- The {name} series is left out: {why}." for name, why in part["left_out"].items()]
    for row in part["rows"]:
        seconds = best(row["seconds"])
        rows.append(
            (f"{row['series']}, {row['threads']} thread(s)", spread(row["seconds"]),
             f"{2 * row['samples'] / seconds / 1e6:.0f}", f"{2 * row['samples'] / row['bytes']:.2f}",
             f"{row['peak_mb']:.0f}")
        )  # fmt: skip
    return [
        "## The two series and their bare decode, the floor",
        "",
        *told,
        "",
        "What is decoded is what a run reads: 6 bands, QA_PIXEL and QA_RADSAT of each scene, "
        f"{part['rows'][0]['files']} files.",
        "",
        *table(("", "time", "MB/s of values", "compressed, times smaller", "peak MB"), rows),
        *unfair(
            "Tiles decoded twice: windows are whole rows of tiles, and each thread has its own handles.",
            "Another GDAL: it is the one that the plugin uses.",
            "Start-up: it is left out here, though it counts in the whole job.",
            "Values that compress otherwise than those of genuine files: noise makes files larger and slower to "
            "decode, flat masks and fill do the opposite. The whole job decodes the same files.",
            "The real series repeats itself: a cut-out of 1001 x 1001 pixels lies some 60 times in a scene, one of "
            "400 x 300 some 500 times, equal but for the noise. So it has fewer kinds of ground than a genuine "
            "scene, and its classes are those of the cut-outs; two scenes show one place.",
            "The noise widens every class by 15 DN, about as much as the instrument's own.",
            "Its masks are simulated and lie over the ground, so no cloud's rim is among its valid pixels, as there "
            "would be some in genuine scenes. Its share of valid pixels is 72 %, more than most genuine scenes have.",
            "All of its cut-outs are of OLI: the genuine scenes of TM and ETM+ at hand are thinned out too far.",
        ),
    ]


def _stages(parts: Parts) -> list[str]:
    rows, steps = [], []
    pixels: dict[str, int] = {}
    for row in parts["stages"]["rows"]:
        times, iterations = row["stages"], row["iterations"]
        name = f"{row['series']}, {_kernel(row)}, {row['threads']} thread(s), INIT={row['init']}"
        pixels[row["series"]] = row["pixels"]
        each = 1e9 * times["iterate"] / row["pixels"] / len(iterations)
        rows.append(
            (name, *(f"{times[stage]:.2f}" for stage in ("prepare", "read", "start", "iterate", "write")),
             f"{row['total']:.2f}", str(len(iterations)), f"{each:.3f}", f"{row['peak_mb']:.0f}")
        )  # fmt: skip
        shown = ", ".join(f"{1e9 * seconds / row['pixels']:.2f}" for seconds in iterations)
        steps.append(f"- {name}: {shown}")
    valid = " and ".join(f"{number:,} valid pixels ({name})" for name, number in pixels.items())
    return [
        "## Stages",
        "",
        f"{valid}, k = {settings.K}, defaults to the 1 % stop; seconds. INIT 0 is minimum-maximum, 4 is "
        "coarse-to-fine. Preparing is checking the scenes and estimating, reading includes masking and packing, "
        "writing the statistics of the classes. The cost of an iteration is the whole stage by their number.",
        "",
        *table(
            ("", "prepare", "read", "start", "iterate", "write", "total", "iterations", "ns per pixel and iteration",
             "peak MB"),
            rows,
        ),
        "Each iteration, ns per pixel:",
        "",
        *steps,
        "",
        *unfair(
            "One lucky run: the better of two, by its total, is given with all its stages; of the real series "
            f"{PLAIN} there is one.",
            "Loading and compiling: both happen on a small scene before the clock starts (see the whole jobs for "
            "them).",
            "Comparing INIT 0 with INIT 4 by iterations: they start elsewhere, and may end at other centres.",
            "Averaging over many late iterations, in which few pixels can change: each iteration is listed.",
            "A kernel that prepares while pixels are being read: the table of peers has all of it in its time.",
        ),
    ]  # fmt: skip


def _kernel(row: dict[str, Any]) -> str:
    """Return which kernel a run had, and the name that the run itself gives it."""
    return f"{row['wanted']} ({row['kernel']})"


def _whole(parts: Parts) -> list[str]:
    part = parts["whole"]
    rows = []
    for row in part["rows"]:
        seconds = best(row["all_seconds"])
        try:
            times = f"{seconds / verdicts.floor(parts, row['series']):.2f}"
        except (KeyError, IndexError):
            times = "–"
        rows.append(
            (f"{row['series']}, {row['job']}", spread(row["all_seconds"]), f"{row['user']:.1f}",
             f"{row['system']:.1f}", times, row["kernel"], str(len(row["iterations"])),
             *(f"{row['stages'][stage]:.2f}" for stage in ("read", "iterate", "write")),
             f"{row['peak_mb']:.0f}", f"{verdicts.pixel_bytes(row):.1f}")
        )  # fmt: skip
    first = [
        f"- {run['of']}: {run['first']:.2f} s, later {run['later']:.2f} s, {run['first'] - run['later']:.2f} s more."
        for run in part["first"]
    ]
    return [
        "## The whole job, as a user starts it",
        "",
        f"`qgis_process run iikmc:cluster` with SCENES, K={settings.K} and OUTPUT, everything else at its default but "
        "what the first column names; the whole process from start to end. Bytes a pixel are those of the peak above "
        f"{verdicts.CONSTANT_MB} MB.",
        "",
        *table(
            ("", "wall", "user s", "system s", "times the bare decode", "kernel", "iterations", "read s", "iterate s",
             "write s", "peak MB", "bytes a pixel"),
            rows,
        ),
        f"Starting QGIS and the plugin and clustering a scene of 300 x 300 pixels takes {part['start']:.2f} s. The "
        "first run after installation, when no code has been compiled:",
        "",
        *first,
        "",
        *unfair(
            "A floor with fewer threads: the bare decode has as many as the job uses by default.",
            "Compiling inside: the compiled code is kept in the user's profile, as it is after a user's first run. The "
            "first runs find the byte code of the plugin's modules, which a user's first run has to make.",
            "Jobs of different work: more classes, no tolerance or another start need other numbers of iterations; "
            "those are in the table.",
        ),
    ]  # fmt: skip


def _peers(parts: Parts) -> list[str]:
    part = parts["peers"]
    few, many = (int(number) for number in part["sets"][0]["rows"][0]["seconds"])
    pixels = max(one["pixels"] for one in part["sets"])
    empty = {
        f"{one['series']}, k = {one['k']}": most
        for one in part["sets"]
        if (most := max(row.get("empty", 0) for row in one["rows"]))
    }
    bands = pixels * 6 / 1e6
    tables = [line for one in part["sets"] for line in _peer_set(one)]
    emptied = "; ".join(f"{name}: {number}" for name, number in empty.items())
    return [
        "## Peers",
        "",
        f"A part of the valid pixels of each series, of strips spread evenly over all scenes, as the libraries' copies "
        f"need several times the memory and time; 6 bands, {part['threads']} threads, {few} and {many} iterations. An "
        "iteration labels all pixels and moves all centres; its cost is the difference of the two times by that of "
        "the numbers. The agreement is the largest difference of a centre from IIkMC's "
        f"after {many} iterations, and the pixels labelled otherwise.",
        "",
        *tables,
        *unfair(
            "Another start: all begin at the same centres, spread between the 2nd and 98th percentile"
            + (", which leaves no class empty (peers refill empty classes, each in its own way)" if not empty
               else f"; **classes became empty ({emptied}), which peers refill, so results may differ**")
            + ". SAGA and GRASS take no such start: their times stand for themselves.",
            "Another number of iterations: scikit-learn and scikit-learn-intelex get tol=0 and n_init=1, faiss niter "
            "and no sub-sample, GRASS convergence=100; what was done is in the table. The first two label once more "
            "at the end, as IIkMC does here; faiss does not. The difference of two times cancels it.",
            "Whole runs against the difference of two times: IIkMC's whole runs have in them what it prepares, the "
            "peers' iterations have not, which is to the peers' advantage. They label all pixels in every iteration "
            "alike, so that the number of iterations and the start do not change what one costs them.",
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
            f"Pruning: IIkMC looks at all pixels in early iterations and at few in late ones; the row "
            f'"{OURS[ALL].removeprefix("IIkMC, ")}" looks at all in all. A run of few iterations shows the former '
            "alone, and less of what preparing is good for.",
        ),
    ]  # fmt: skip


def _peer_set(one: dict[str, Any]) -> list[str]:
    """Return the tables of one set of pixels."""
    pixels, rows = one["pixels"], []
    for row in one["rows"]:
        totals = row["seconds"][str(row["iterations"])]
        versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items() if name != "numpy")
        name = f"{row['name']} ({row['kernel']})" if "kernel" in row else f"{row['name']} ({versions})"
        if "pixels" in row:
            name += f", {row['pixels']:,} pixels"
        each = f"{1e9 * row['each'] / row.get('pixels', pixels):.2f}"
        done = f"{spread(totals)} for {row.get('done', row['iterations'])}"
        rows.append((name, _agreement(row, pixels), each, done, f"{row['process']['peak_mb']:.0f}"))
    runs = []
    for run in one["runs"]:
        name = f"{OURS[run['wanted']]} ({run['kernel']}), to {'a fixed point' if run['tolerance'] == 0 else '1 %'}"
        if not run["converged"]:
            name += ", not reached"
        shown = f"{1e9 * run['steps'][0] / pixels:.2f}", f"{1e9 * run['steps'][-1] / pixels:.2f}"
        each = f"{verdicts.whole_run_ns(one, run['wanted'], run['tolerance']):.3f}"
        runs.append((name, str(run["iterations"]), spread(run["seconds"]), each, *shown))
    left = [f"- {name} is left out: {why}" for name, why in one["left_out"].items()]
    return [
        f"### {pixels:,} pixels of the {one['series']} series, k = {one['k']}",
        "",
        *table(("", "agreement", "ns per pixel and iteration", "total, for so many iterations", "peak MB"), rows),
        *([*left, ""] if left else []),
        "Whole runs of IIkMC from the default start, with all that a kernel prepares:",
        "",
        *table(("", "iterations", "time", "ns per pixel and iteration", "first iteration, ns per pixel", "last"), runs),
    ]


def _agreement(row: dict[str, Any], pixels: int) -> str:
    if "digest" in row:
        return "the reference" if row["name"] == OURS[CHOSEN] else "bit for bit"
    if "different" not in row:
        return "own start, not comparable"
    told = f"{row['centres_dn']:.2f} DN, {1e6 * row['different'] / pixels:.1f} labels in a million differ"
    return f"**another result**: {told}" if row["different"] > _OTHER_RESULT * pixels else told


def _growth(parts: Parts) -> list[str]:
    part = parts["growth"]
    by_scenes = []
    for row in part["scenes"]:
        stages = row["stages"]
        by_scenes.append(
            (f"{row['scenes']} scene(s), {_kernel(row)}", f"{row['pixels'] / 1e6:.1f}",
             *(f"{stages[stage]:.2f}" for stage in ("prepare", "read", "iterate", "write")), f"{row['total']:.2f}",
             f"{1e9 * row['total'] / row['pixels']:.1f}", f"{row['peak_mb']:.0f}")
        )  # fmt: skip
    by_k = []
    for row in part["k"]:
        each = 1e9 * row["total"] / part["pixels"] / part["iterations"]
        by_k.append(
            (f"k = {row['k']}, {_kernel(row)}", f"{row['total']:.2f}", f"{each:.2f}", f"{each / row['k']:.3f}",
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
        f"from the 2-98 % start, of the simulated series; `{ALL}` looks at all pixels in every iteration.",
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


DRAWN = {
    "machine": _machine, "decode": _decode, "stages": _stages, "whole": _whole, "peers": _peers, "growth": _growth
}  # fmt: skip
"""What draws a part, in the order of RESULTS.md."""
