"""What the figures say: whether all results agree, and which targets are met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .figures import best
from .whole import MEMORY

Parts = dict[str, dict[str, Any]]

DECODES, DECODES_STRETCH = 3, 2
"""A whole job may take so many times the bare decode."""
SKLEARN, SKLEARNEX, SKLEARN_NUMPY = 20, 8, 3
"""An iteration shall take at most this part of a peer's."""
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
        add(f"the series, INIT={row['init']}", row["digests"])
    for row in parts.get("whole", {}).get("rows", []):
        add(f"the series, INIT={4 if row['job'] == 'INIT=4' else 0}", row["digests"])
    for row in parts.get("peers", {}).get("rows", []):
        if "digest" in row:
            add("the peers' pixels", [row["digest"]])
    for row in parts.get("growth", {}).get("scenes", []):
        add(f"{row['scenes']} scene(s)", [row["digest"]])
    for row in parts.get("growth", {}).get("k", []):
        add(f"k = {row['k']}", [row["digest"]])
    return [f"{group}: {len(found)} different results." for group, found in groups.items() if len(found) > 1]


@dataclass(frozen=True)
class Verdict:
    """One target."""

    target: str
    """In words."""
    found: str
    """What was measured; "not measured" where a part is missing."""
    met: bool | None
    """None where it was not measured."""


def whole_run_ns(parts: Parts, kernel: str) -> float:
    """Return ns per pixel and iteration over the whole run to the 1 % stop, from the default start, most threads."""
    row = max(
        (row for row in parts["stages"]["rows"] if row["kernel"] == kernel and row["init"] == 0),
        key=lambda row: row["threads"],
    )
    return 1e9 * sum(row["iterations"]) / row["pixels"] / len(row["iterations"])


def peer_ns(parts: Parts, name: str) -> float:
    """Return a peer's ns per pixel and iteration."""
    row = next(row for row in parts["peers"]["rows"] if row["name"] == name)
    return 1e9 * row["each"] / row.get("pixels", parts["peers"]["pixels"])


def floor(parts: Parts) -> float:
    """Return the seconds of the bare decode with most threads."""
    return best(parts["decode"]["rows"][-1]["seconds"])


def job(parts: Parts, name: str) -> dict[str, Any]:
    """Return the row of a whole job."""
    return next(row for row in parts["whole"]["rows"] if row["job"] == name)


def growth_scenes(parts: Parts, kernel: str) -> float:
    """Return seconds per pixel with most scenes over those with fewest."""
    rows = [row for row in parts["growth"]["scenes"] if row["kernel"] == kernel]
    return (rows[-1]["total"] / rows[-1]["pixels"]) / (rows[0]["total"] / rows[0]["pixels"])


def growth_k(parts: Parts, kernel: str) -> float:
    """Return seconds per class at the largest k over those at k = 8."""
    rows = {row["k"]: row for row in parts["growth"]["k"] if row["kernel"] == kernel}
    most = max(rows)
    return (rows[most]["total"] / most) / (rows[8]["total"] / 8)


def targets(parts: Parts) -> list[Verdict]:
    """Return the targets with what was found."""
    verdicts = []

    def state(target: str, measure: Any) -> None:
        try:
            found, met = measure()
        except (KeyError, StopIteration, ValueError):
            found, met = "not measured", None
        verdicts.append(Verdict(target, found, met))

    def times_decode(limit: int) -> Any:
        ratio = best(job(parts, "defaults")["all_seconds"]) / floor(parts)
        return f"{ratio:.2f} times", ratio <= limit

    def part_of(kernel: str, peer: str, limit: int) -> Any:
        ratio = peer_ns(parts, peer) / whole_run_ns(parts, kernel)
        return f"1/{ratio:.1f}", ratio >= limit

    def limited() -> Any:
        with_limit, without = job(parts, f"MEMORY={MEMORY}"), job(parts, "defaults")
        ratio = best(with_limit["all_seconds"]) / best(without["all_seconds"])
        same = set(with_limit["digests"]) == set(without["digests"])
        peak = with_limit["peak_mb"]
        found = f"{peak:.0f} MB, {ratio:.2f} times the time, {'the same' if same else 'other'} rasters"
        return found, peak <= LIMITED_MB and ratio <= LIMITED_TIMES and same

    def linear(ratio: float) -> Any:
        return f"{ratio:.2f}", ratio <= LINEAR

    state(f"Whole job, defaults: at most {DECODES} times the bare decode", lambda: times_decode(DECODES))
    state(f"The same, stretch: at most {DECODES_STRETCH} times", lambda: times_decode(DECODES_STRETCH))
    each = "Per pixel and iteration, averaged over the whole run to the 1 % stop"
    state(f"{each}: at most 1/{SKLEARN} of scikit-learn", lambda: part_of("numba", "scikit-learn", SKLEARN))
    state(
        f"{each}: at most 1/{SKLEARNEX} of scikit-learn-intelex",
        lambda: part_of("numba", "scikit-learn-intelex", SKLEARNEX),
    )
    state(
        f"{each}, NumPy kernel: at most 1/{SKLEARN_NUMPY} of scikit-learn",
        lambda: part_of("numpy", "scikit-learn", SKLEARN_NUMPY),
    )
    state(
        f"MEMORY={MEMORY}: at most {LIMITED_MB} MB at the peak, at most {LIMITED_TIMES} times the time, same rasters",
        limited,
    )
    more = f"(at most {LINEAR} times as much per unit)"
    state(f"Growth linear in pixels, Numba {more}", lambda: linear(growth_scenes(parts, "numba")))
    state(f"Growth linear in pixels, NumPy {more}", lambda: linear(growth_scenes(parts, "numpy")))
    state(f"Growth linear in k, Numba, all pixels {more}", lambda: linear(growth_k(parts, "numba-all")))
    state(f"Growth linear in k, NumPy {more}", lambda: linear(growth_k(parts, "numpy")))
    return verdicts
