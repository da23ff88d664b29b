"""How large a benchmark is and where its files lie."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from . import ROOT

BUILD = ROOT / "build" / "bench"
SCENES_VARIABLE = "IIKMC_BENCH_SCENES"
GENUINE = Path(os.environ.get("IIKMC_SCENES", ROOT.parent / "shared" / "scenes"))
"""Folder of small genuine scenes, which lie beside the checkout."""
K = 8
"""Number of classes, wherever the number is not what is varied."""
MANY = 64
"""Number of classes where they are many."""


@dataclass(frozen=True)
class Settings:
    """One size of the benchmark."""

    quick: bool
    """Small scenes, to see that everything runs; its figures mean nothing."""
    folder: Path
    """Where results and intermediate files go."""
    threads: tuple[int, ...]
    """Numbers of threads that are compared; the last is what peers use."""
    repeats: int
    """Runs of what is cheap."""
    subset: int
    """Pixels of each series that all peers get."""
    peer_iterations: tuple[int, int]
    """Two numbers of iterations; the difference of their times gives the cost of one."""
    most_iterations: int
    """Where a run to a fixed point ends at the latest."""
    growth_size: int
    """Width and height of the scenes of the growth test."""
    growth_scenes: tuple[int, ...]
    """Numbers of scenes."""
    growth_pixels: int
    """Pixels of the growth in k."""
    growth_k: tuple[int, ...]
    """Numbers of classes."""
    growth_iterations: int
    """Fixed number of iterations of both growth tests."""

    @property
    def results(self) -> Path:
        """Folder of the parts' figures."""
        return self.folder / "results"

    @property
    def report(self) -> Path:
        """Where the tables go."""
        return self.folder / "RESULTS.md" if self.quick else ROOT / "benchmarks" / "RESULTS.md"


def _threads() -> tuple[int, ...]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return tuple(sorted({1, min(2, cores)}))


def full() -> Settings:
    """Return the settings whose figures are published."""
    return Settings(
        quick=False, folder=BUILD / "full", threads=_threads(), repeats=3, subset=24_000_000,
        peer_iterations=(2, 10), most_iterations=1000, growth_size=2000, growth_scenes=(1, 2, 4, 8),
        growth_pixels=8_000_000, growth_k=(2, 8, 16, 32, 64), growth_iterations=8,
    )  # fmt: skip


def quick(folder: Path | None = None) -> Settings:
    """Return the settings for seeing that everything runs, in less than two minutes."""
    return Settings(
        quick=True, folder=folder or BUILD / "quick", threads=_threads(), repeats=1,
        subset=400_000, peer_iterations=(2, 4), most_iterations=60, growth_size=300, growth_scenes=(1, 2),
        growth_pixels=100_000, growth_k=(2, 8, 16), growth_iterations=3,
    )  # fmt: skip


def from_arguments(description: str | None) -> Settings:
    """Return what the command line of a part asks for."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small scenes: shows that all runs, not how fast")
    return quick() if parser.parse_args().quick else full()
