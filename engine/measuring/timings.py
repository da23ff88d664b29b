"""What a benchmark measured, and what follows from it by arithmetic alone."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from ..pixels.masking import Audit
from ..requests import BenchmarkRequest
from ..scenes.scene import Scene

STAGES = ("read", "start", "iterate", "write")
"""In the order of a run."""


@dataclass(frozen=True)
class Timing:
    """Wall seconds of one way to calculate: a kernel on a number of threads, each stage measured several times."""

    kernel: str
    """Such as "NumPy"."""
    threads: int
    """At least 1."""
    start_up: float
    """Seconds that loading, compiling and testing the kernel took, once."""
    read: tuple[float, ...]
    """Decode, mask and pack; one a repeat."""
    start: tuple[float, ...]
    """Find the start centres; one a repeat."""
    iterations: tuple[tuple[float, ...], ...]
    """Iterations of each repeat, the same number in all."""
    write: tuple[float, ...]
    """Put labels on the grid and write the rasters; one a repeat."""
    difference: str = ""
    """How the results differ from those of serial; empty where all bits are the same."""
    note: str = ""
    """What else is to be known, such as pixels that did not fit a graphics card."""

    @property
    def name(self) -> str:
        """Such as "Numba, 2 threads"."""
        return f"{self.kernel}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def equal(self) -> bool:
        """Whether the results are those of serial, bit for bit."""
        return not self.difference

    def repeats(self, stage: str) -> tuple[float, ...]:
        """Return the seconds of a stage of `STAGES`, one a repeat."""
        if stage == "iterate":
            return tuple(sum(steps) for steps in self.iterations)
        return {"read": self.read, "start": self.start, "write": self.write}[stage]

    def seconds(self, stage: str) -> float:
        """Return the best time of a stage: what else the machine does can only add."""
        return min(self.repeats(stage))

    @property
    def total(self) -> float:
        """Sum of the stages' best times, without the start-up."""
        return sum(self.seconds(stage) for stage in STAGES)

    @property
    def best_iterations(self) -> tuple[float, ...]:
        """Iterations of the fastest repeat."""
        return min(self.iterations, key=sum)

    @property
    def first_iteration(self) -> float:
        """Best time of the first iteration, which labels every pixel from nothing."""
        return min(steps[0] for steps in self.iterations)

    @property
    def mean_iteration(self) -> float:
        """Mean of the iterations of the fastest repeat."""
        return self.seconds("iterate") / len(self.iterations[0])


@dataclass(frozen=True)
class Lacking:
    """What this machine cannot run."""

    kernel: str
    """Such as "GPU"."""
    why: str
    """In words."""


@dataclass(frozen=True)
class Timings:
    """All ways side by side. The first is serial, which the others are compared with."""

    pixels: int
    """Valid pixels that were clustered."""
    timings: tuple[Timing, ...]
    """At least one."""
    lacking: tuple[Lacking, ...] = ()
    """What could not be measured."""

    @property
    def serial(self) -> Timing:
        """One thread, NumPy."""
        return self.timings[0]

    @property
    def iterations(self) -> int:
        """Iterations of each run."""
        return len(self.serial.iterations[0])

    def speed_up(self, timing: Timing) -> float:
        """Return how many times as fast as serial the iterations are."""
        return self.serial.seconds("iterate") / timing.seconds("iterate")

    def first_speed_up(self, timing: Timing) -> float:
        """Return how many times as fast as serial the first iteration is."""
        return self.serial.first_iteration / timing.first_iteration

    def whole_speed_up(self, timing: Timing) -> float:
        """Return how many times as fast as serial all stages together are."""
        return self.serial.total / timing.total

    def pixels_per_second(self, timing: Timing) -> float:
        """Return how many pixels are labelled and summed up in a second of iterating."""
        return self.pixels / timing.mean_iteration

    @property
    def best(self) -> Timing:
        """The fastest in iterating of those with the right result."""
        return max((timing for timing in self.timings if timing.equal), key=self.speed_up, default=self.serial)

    @property
    def unsteadiness(self) -> float:
        """By what share of the best time the median of repeated work is longer, at most."""
        return max(
            statistics.median(timing.repeats(stage)) / timing.seconds(stage) - 1
            for timing in self.timings
            for stage in ("read", "iterate", "write")
        )

    @property
    def equal(self) -> bool:
        """Whether all results are the same, bit for bit."""
        return all(timing.equal for timing in self.timings)


def thread_counts(most: int) -> tuple[int, ...]:
    """Return the numbers of threads to measure: 1, 2, 3, 4, 6, 8, 12, 16, 24, ... and `most` itself."""
    steps = {factor << power for factor in (1, 3) for power in range(most.bit_length())}
    return tuple(sorted({step for step in steps if step < most} | {most}))


def ceiling(units: int, threads: int) -> float:
    """Return how many times as fast as one thread some threads can be at most, on so many equal units of work."""
    return units / -(-units // threads) if units else 1.0


TABLE_NAME = "benchmark.csv"
PAGE_NAME = "benchmark.html"


@dataclass(frozen=True)
class BenchmarkResult:
    """What a benchmark found."""

    request: BenchmarkRequest
    """What was asked."""
    parts: tuple[Part, ...]
    """One a scene that strips were read of, in the order of time."""
    all_pixels: int
    """Of the grids of all scenes, read or not."""
    comparison: Timings
    """Times and results of all ways."""
    changed_percent: tuple[float, ...]
    """Pixels that changed class, one an iteration."""
    versions: dict[str, str]
    """Of everything that took part."""
    notes: tuple[str, ...]
    """What a reader must know to judge the times, one sentence each."""

    @property
    def pixels_read(self) -> int:
        """Of the grids."""
        return sum(part.audit.pixels for part in self.parts)

    @property
    def table(self) -> Path:
        """Path of benchmark.csv."""
        return self.request.output / TABLE_NAME

    @property
    def page(self) -> Path:
        """Path of benchmark.html."""
        return self.request.output / PAGE_NAME


def verdict(comparison: Timings) -> str:
    """Return the outcome in one or two sentences."""
    best = comparison.best
    if best is comparison.serial:
        outcome = f"Nothing here is faster than serial ({best.name})"
    else:
        outcome = (
            f"{best.name}: {comparison.speed_up(best):.1f} times as fast as serial ({comparison.serial.name}) in "
            f"iterating, {comparison.whole_speed_up(best):.1f} times in all stages together"
        )
    wrong = [timing.name for timing in comparison.timings if not timing.equal]
    if wrong:
        return f"The results differ: {'; '.join(wrong)} gave another result than serial. Of the others, {outcome}."
    return f"{outcome}; all results are the same, bit for bit."


@dataclass(frozen=True)
class Part:
    """What was read of one scene."""

    scene: Scene
    """The scene."""
    strips: int
    """Strips that were read."""
    audit: Audit
    """Of their pixels."""
