"""Simulated Landsat scenes: landscape, weather, instrument, files. `benchmarks.simulate` is the same as a command."""

from __future__ import annotations

from .borrowed import borrowed_scene, borrowed_series, mirrored, read_cut_outs, write_borrowed
from .command import main
from .covers import COVERS, NO_COVER
from .files import is_complete, write_scene, write_simulated
from .imaging import simulate_scene
from .products import QA_VALUES_OLI, QA_VALUES_TM, RADSAT_VALUES, SceneSpec, SimulatedScene, count_valid
from .series import DEMO_SENSORS, INTERVAL, START, bench_series, series

__all__ = [
    "COVERS",
    "DEMO_SENSORS",
    "INTERVAL",
    "NO_COVER",
    "QA_VALUES_OLI",
    "QA_VALUES_TM",
    "RADSAT_VALUES",
    "START",
    "SceneSpec",
    "SimulatedScene",
    "bench_series",
    "borrowed_scene",
    "borrowed_series",
    "count_valid",
    "is_complete",
    "main",
    "mirrored",
    "read_cut_outs",
    "series",
    "simulate_scene",
    "write_borrowed",
    "write_scene",
    "write_simulated",
]
