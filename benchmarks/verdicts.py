"""What the figures say: whether all results agree, and which targets are met. The targets' one home."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .figures import best
from .kernels import ALL, CHOSEN, PLAIN
from .peers import SCIKIT_LEARN, SCIKIT_LEARN_INTELEX, STOP
from .series import REAL, SERIES, SIMULATED
from .settings import MANY, K
from .whole import DEFAULTS, MEMORY

Parts = dict[str, dict[str, Any]]

DECODES = 3
"""A whole job takes at most so many times the bare decode."""
PARTS_OF_PEERS = (
    (REAL, K, CHOSEN, SCIKIT_LEARN, 20),
    (REAL, K, CHOSEN, SCIKIT_LEARN_INTELEX, 30),
    (REAL, MANY, CHOSEN, SCIKIT_LEARN, 50),
    (SIMULATED, K, CHOSEN, SCIKIT_LEARN, 7),
    (REAL, K, PLAIN, SCIKIT_LEARN, 3),
    (SIMULATED, K, PLAIN, SCIKIT_LEARN, 3),
)
"""Series, classes, kernel, peer, and the part of the peer's time that an iteration takes at most."""
FIRST_SECONDS = 5
"""The first run after installation takes at most so many seconds more than a later one."""
PIXEL_BYTES, CONSTANT_MB = 17, 520
"""Peak memory: at most so many bytes a valid pixel, and so much for QGIS, the packages and the strips in work.

The constant is what was left of 2300 MB, with 119 016 823 valid pixels, beside the 15 bytes that each then took.
"""
LIMITED_MB, LIMITED_TIMES = 1300, 2
"""With MEMORY: at most so much memory, and so many times the time without."""
LINEAR = 1.25
"""Time per unit of the largest case over that of the smallest, above which growth is not called linear."""


def disagreements(parts: Parts) -> list[str]:
    """Return one sentence for each group of runs that should have had one result and had several."""
    groups: dict[str, set[str]] = {}

    def add(group: str, digests: Iterable[str]) -> None:
        groups.setdefault(group, set()).update(digests)

    for row in parts.get("stages", {}).get("rows", []):
        add(_run_of(row["series"], "INIT=4" if row["init"] == 4 else ""), row["digests"])
    for row in parts.get("whole", {}).get("rows", []):
        add(_run_of(row["series"], row["result"]), row["digests"])
    for one in parts.get("peers", {}).get("sets", []):
        name = f"the peers' pixels of the {one['series']} series, k = {one['k']}"
        add(name, [row["digest"] for row in one["rows"] if "digest" in row])
        for run in one["runs"]:
            add(f"{name}, to {run['tolerance']:g} %", [run["digest"]])
    for row in parts.get("growth", {}).get("scenes", []):
        add(f"{row['scenes']} scene(s)", [row["digest"]])
    for row in parts.get("growth", {}).get("k", []):
        add(f"k = {row['k']}", [row["digest"]])
    return [f"{group}: {len(found)} different results." for group, found in groups.items() if len(found) > 1]


def _run_of(series: str, parameters: str) -> str:
    return f"the {series} series, {parameters or 'defaults'}"


@dataclass(frozen=True)
class Verdict:
    """One target."""

    what: str
    """What is measured."""
    target: str
    """What it shall be."""
    found: str
    """What it was; "not measured" where a part is missing."""
    met: bool | None
    """None where it was not measured."""


def peer_set(parts: Parts, series: str, k: int) -> dict[str, Any]:
    """Return the figures of a set of pixels that peers got."""
    found: dict[str, Any] = next(one for one in parts["peers"]["sets"] if (one["series"], one["k"]) == (series, k))
    return found


def whole_run_ns(one: dict[str, Any], kernel: str, tolerance: float = STOP) -> float:
    """Return ns per pixel and iteration over a whole run from the default start, with all that a kernel prepares."""
    run = next(run for run in one["runs"] if (run["wanted"], run["tolerance"]) == (kernel, tolerance))
    return 1e9 * best(run["seconds"]) / one["pixels"] / run["iterations"]


def peer_ns(one: dict[str, Any], name: str) -> float:
    """Return a peer's ns per pixel and iteration."""
    row = next(row for row in one["rows"] if row["name"] == name)
    return 1e9 * row["each"] / row.get("pixels", one["pixels"])


def floor(parts: Parts, series: str) -> float:
    """Return the seconds of the bare decode with most threads."""
    return best([row for row in parts["decode"]["rows"] if row["series"] == series][-1]["seconds"])


def job(parts: Parts, series: str, name: str) -> dict[str, Any]:
    """Return the row of a whole job."""
    rows = parts["whole"]["rows"]
    found: dict[str, Any] = next(row for row in rows if (row["series"], row["job"]) == (series, name))
    return found


def pixel_bytes(row: dict[str, Any]) -> float:
    """Return the bytes a valid pixel that a whole job takes beside the constant."""
    return (row["peak_mb"] - CONSTANT_MB) * 1e6 / row["pixels"]


def growth_scenes(parts: Parts, kernel: str) -> float:
    """Return seconds per pixel with most scenes over those with fewest."""
    rows = [row for row in parts["growth"]["scenes"] if row["wanted"] == kernel]
    return (rows[-1]["total"] / rows[-1]["pixels"]) / (rows[0]["total"] / rows[0]["pixels"])


def growth_k(parts: Parts, kernel: str) -> float:
    """Return seconds per class at the largest k over those at k = 8."""
    rows = {row["k"]: row for row in parts["growth"]["k"] if row["wanted"] == kernel}
    most = max(rows)
    return (rows[most]["total"] / most) / (rows[K]["total"] / K)


def targets(parts: Parts) -> list[Verdict]:
    """Return the targets with what was found."""
    verdicts = []

    def state(what: str, target: str, measure: Callable[[], tuple[str, bool]]) -> None:
        try:
            found, met = measure()
        except (KeyError, StopIteration, IndexError, ValueError):
            found, met = "not measured", None
        verdicts.append(Verdict(what, target, found, met))

    for series in SERIES:
        state(
            f"Whole job, {series} series, against the bare decode of its files", f"≤ {DECODES} times",
            lambda series=series: _times_decode(parts, series),
        )  # fmt: skip
    for series, k, kernel, peer, limit in PARTS_OF_PEERS:
        plain = f" {PLAIN}" if kernel == PLAIN else ""
        state(
            f"An iteration{plain}, averaged over the whole run, {series} series, k = {k}, against {peer}",
            f"≤ 1/{limit}",
            lambda series=series, k=k, kernel=kernel, peer=peer, limit=limit: _part_of(
                peer_set(parts, series, k), kernel, peer, limit
            ),
        )
    state(
        "First run after installation, against a later one", f"≤ {FIRST_SECONDS} s more",
        lambda: _first(parts["whole"]["first"]),
    )  # fmt: skip
    for series in SERIES:
        state(
            f"Peak memory, {series} series", f"≤ {PIXEL_BYTES} bytes a valid pixel + {CONSTANT_MB} MB",
            lambda series=series: _memory(job(parts, series, DEFAULTS)),
        )  # fmt: skip
    for series in SERIES:
        state(
            f"MEMORY={MEMORY}, {series} series",
            f"≤ {LIMITED_MB} MB, ≤ {LIMITED_TIMES} times the time without, same rasters",
            lambda series=series: _limited(parts, series),
        )
    kernels = ((CHOSEN, ""), (PLAIN, f", {PLAIN}"))
    for kernel, name in kernels:
        state(
            f"Growth with pixels{name}: time per pixel, most scenes against one", f"≤ {LINEAR}",
            lambda kernel=kernel: _linear(growth_scenes(parts, kernel)),
        )  # fmt: skip
    for kernel, name in ((ALL, ", all pixels in every iteration"), kernels[1]):
        state(
            f"Growth with k{name}: time per class, most classes against {K}", f"≤ {LINEAR}",
            lambda kernel=kernel: _linear(growth_k(parts, kernel)),
        )  # fmt: skip
    return verdicts


def _times_decode(parts: Parts, series: str) -> tuple[str, bool]:
    ratio = best(job(parts, series, DEFAULTS)["all_seconds"]) / floor(parts, series)
    return f"{ratio:.2f}", ratio <= DECODES


def _part_of(one: dict[str, Any], kernel: str, peer: str, limit: int) -> tuple[str, bool]:
    ratio = peer_ns(one, peer) / whole_run_ns(one, kernel)
    return f"1/{ratio:.1f}", ratio >= limit


def _first(runs: list[dict[str, Any]]) -> tuple[str, bool]:
    more = [run["first"] - run["later"] for run in runs]
    found = ", ".join(f"{seconds:.1f} s ({run['of']})" for seconds, run in zip(more, runs))
    return found, max(more) <= FIRST_SECONDS


def _memory(row: dict[str, Any]) -> tuple[str, bool]:
    return f"{pixel_bytes(row):.1f} bytes ({row['peak_mb']:.0f} MB in all)", pixel_bytes(row) <= PIXEL_BYTES


def _limited(parts: Parts, series: str) -> tuple[str, bool]:
    with_limit, without = job(parts, series, f"MEMORY={MEMORY}"), job(parts, series, DEFAULTS)
    ratio = best(with_limit["all_seconds"]) / best(without["all_seconds"])
    same = set(with_limit["digests"]) == set(without["digests"])
    peak = with_limit["peak_mb"]
    found = f"{peak:.0f} MB, {ratio:.2f} times, {'the same' if same else 'other'} rasters"
    return found, peak <= LIMITED_MB and ratio <= LIMITED_TIMES and same


def _linear(ratio: float) -> tuple[str, bool]:
    return f"{ratio:.2f}", ratio <= LINEAR
