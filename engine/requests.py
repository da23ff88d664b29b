"""What the user asks for, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .choices import (
    AUTOMATIC,
    DEFAULT_BENCHMARK_ITERATIONS,
    DEFAULT_BENCHMARK_PIXELS,
    DEFAULT_K,
    DEFAULT_K_MAX,
    DEFAULT_K_MIN,
    DEFAULT_MAX_ITERATIONS,
    DEFAULT_REPEATS,
    DEFAULT_SAMPLE,
    DEFAULT_SEED,
    DEFAULT_TOLERANCE,
    DEVICES,
    MAX_K,
    MAX_REPEATS,
    MAX_SAMPLE,
    MIN_K,
    MIN_SAMPLE,
    MINIMUM_MAXIMUM,
    MODES,
    SIGNATURES_FILE,
    STARTS,
    TOGETHER,
)
from .errors import ParameterError
from .paths import Place, check_apart, companions, same_file
from .progress import Progress
from .scenes.area import Area
from .scenes.check import check_bands, usable_scenes
from .scenes.inputs import input_places
from .scenes.scene import Scene
from .scenes.selection import MaskRule, Selection
from .sensors.landsat.bands import ROLES
from .sensors.landsat.qa import DEFAULT_FLAGS

DEFAULT_MASK = MaskRule(DEFAULT_FLAGS, True)


@dataclass(frozen=True)
class SceneRequest:
    """What every tool asks that reads scenes. What one does not ask is no argument of its request."""

    scenes: tuple[str, ...]
    """SCENES: paths of scenes, folders of scenes, MTL files and bundles."""
    output: Path
    """OUTPUT: the folder the results go to."""
    mask: MaskRule = DEFAULT_MASK
    """MASK and MASK_SATURATED: what makes a pixel invalid besides fill."""
    roles: tuple[str, ...] = ROLES
    """BANDS: the chosen band roles, in the order of `ROLES`."""
    aoi: Area | None = None
    """AOI: only pixels whose centre lies inside; everywhere by default."""
    workers: int = 0
    """WORKERS: threads, 0 = one a core."""

    @property
    def selection(self) -> Selection:
        """What is read of every scene."""
        return Selection(self.roles, self.mask, self.aoi)

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        check_bands(self.roles)
        self._check_place()

    def _check_place(self) -> None:
        check_workers(self.workers)
        if os.path.exists(self.output) and not os.path.isdir(self.output):
            raise ParameterError(f"OUTPUT: {self.output} is a file; choose a folder.")

    def _of_classes(self, k: int, roles: tuple[str, ...]) -> dict[str, Any]:
        """Return the first parameters in signatures.json, which those of the tool follow."""
        return {
            "scenes": list(self.scenes),
            "k": k,
            "mask": list(self.mask.flags),
            "mask_saturated": self.mask.saturated,
            "aoi": self.aoi.name if self.aoi else None,
            "bands": list(roles),
        }


@dataclass(frozen=True)
class Request(SceneRequest):
    """The parameters of a run, named as in `iikmc:cluster`."""

    k: int = DEFAULT_K
    """K: number of classes."""
    mode: str = TOGETHER
    """MODE: one of `MODES`."""
    start: str = MINIMUM_MAXIMUM
    """INIT: one of `STARTS`."""
    signatures: Path | None = None
    """SIGNATURES: for the start from a file."""
    max_iterations: int = DEFAULT_MAX_ITERATIONS
    """MAX_ITERATIONS."""
    tolerance: float = DEFAULT_TOLERANCE
    """TOLERANCE: percent of pixels."""
    seed: int = DEFAULT_SEED
    """SEED."""
    device: str = AUTOMATIC
    """DEVICE: one of `DEVICES`; never changes the result."""
    memory: int = 0
    """MEMORY: megabytes for the pixels, 0 = a safe share of what is free."""
    compare: bool = False
    """COMPARE: of scenes clustered together, whether each is also clustered on its own for the report."""

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        check_k(self.k)
        check_bands(self.roles)
        if self.mode not in MODES:
            raise ParameterError(f"MODE is {self.mode!r}; choose one of {', '.join(MODES)}.")
        if self.start not in STARTS:
            raise ParameterError(f"INIT is {self.start!r}; choose one of {', '.join(STARTS)}.")
        if self.start == SIGNATURES_FILE and self.signatures is None:
            raise ParameterError("INIT asks for a signatures file, but SIGNATURES is empty; choose a signatures.json.")
        _check_iterations(self.max_iterations)
        if not 0 <= self.tolerance <= 100:
            raise ParameterError(f"TOLERANCE is {self.tolerance} %; choose a share from 0 to 100.")
        if self.device not in DEVICES:
            raise ParameterError(f"DEVICE is {self.device!r}; choose one of {', '.join(DEVICES)}.")
        if self.memory < 0:
            raise ParameterError(f"MEMORY is {self.memory} MB; choose a size, or 0 for a safe share of what is free.")
        self._check_place()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as they stand in signatures.json."""
        return {
            **self._of_classes(self.k, self.roles),
            "mode": self.mode,
            "init": self.start,
            "signatures": str(self.signatures) if self.signatures else None,
            "max_iterations": self.max_iterations,
            "tolerance_percent": self.tolerance,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class ClassifyRequest(SceneRequest):
    """The parameters of a run, named as in `iikmc:classify`."""

    roles: tuple[str, ...] = field(default=(), init=False)
    """Not asked: the bands are those of the signatures."""
    signatures: Path = Path()
    """SIGNATURES: the file whose classes are given."""

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        # An empty path is the folder "." to pathlib.
        if self.signatures == Path():
            raise ParameterError("SIGNATURES is empty; choose the signatures.json of an earlier run.")
        self._check_place()

    def parameters(self, roles: tuple[str, ...], k: int) -> dict[str, Any]:
        """Return the parameters as they stand in signatures.json, with the bands and classes of the file."""
        return {**self._of_classes(k, roles), "signatures": str(self.signatures)}


@dataclass(frozen=True)
class AuditRequest(SceneRequest):
    """The parameters of a run, named as in `iikmc:audit`."""


@dataclass(frozen=True)
class BenchmarkRequest(SceneRequest):
    """The parameters, named as in `iikmc:benchmark`; `workers` is the largest number of threads."""

    k: int = DEFAULT_K
    """K."""
    max_iterations: int = DEFAULT_BENCHMARK_ITERATIONS
    """MAX_ITERATIONS: of each run; fewer only where no centre moves any more."""
    repeats: int = DEFAULT_REPEATS
    """REPEATS: how often each stage is measured."""
    pixels: int = DEFAULT_BENCHMARK_PIXELS
    """PIXELS: of the grids, at most; 0 = all."""

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        check_k(self.k)
        check_bands(self.roles)
        _check_iterations(self.max_iterations)
        if not 1 <= self.repeats <= MAX_REPEATS:
            raise ParameterError(f"REPEATS is {self.repeats}; choose a number from 1 to {MAX_REPEATS}.")
        if self.pixels < 0:
            raise ParameterError(f"PIXELS is {self.pixels}; choose a number of pixels, or 0 for all.")
        self._check_place()


@dataclass(frozen=True)
class SuggestRequest(SceneRequest):
    """The parameters, named as in `iikmc:suggestk`."""

    output: Path = field(default=Path(), init=False)
    """Not asked: TABLE and REPORT are files, each of which may be left out."""
    aoi: Area | None = field(default=None, init=False)
    """Not asked."""
    k_min: int = DEFAULT_K_MIN
    """K_MIN."""
    k_max: int = DEFAULT_K_MAX
    """K_MAX."""
    sample: int = DEFAULT_SAMPLE
    """SAMPLE: wanted pixels."""
    seed: int = DEFAULT_SEED
    """SEED."""
    table: Path | None = None
    """TABLE: .csv."""
    report: Path | None = None
    """REPORT: .html."""

    def check(self) -> None:
        """Check the numbers and places.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        for name, value in (("K_MIN", self.k_min), ("K_MAX", self.k_max)):
            check_k(value, name)
        if self.k_min >= self.k_max:
            raise ParameterError(f"K_MIN is {self.k_min} and K_MAX {self.k_max}; choose K_MAX above K_MIN.")
        check_bands(self.roles)
        if not MIN_SAMPLE <= self.sample <= MAX_SAMPLE:
            raise ParameterError(f"SAMPLE is {self.sample}; choose {MIN_SAMPLE} to {MAX_SAMPLE} pixels.")
        check_workers(self.workers)
        check_destinations(self.destinations)

    @property
    def destinations(self) -> dict[str, Path | None]:
        """Parameter -> file that is written."""
        return {"TABLE": self.table, "REPORT": self.report}

    def checked_scenes(self, progress: Progress) -> list[Scene]:
        """Find the scenes and check them by their headers; tell what was left out.

        Raises
        ------
        ParameterError
            TABLE or REPORT is a file of a scene.
        SceneError, GridError
            A scene cannot be used.
        """
        scenes = usable_scenes(self.scenes, self.selection, progress)
        check_destinations(self.destinations, input_places(scenes))
        return scenes


@dataclass(frozen=True)
class TransitionRequest:
    """The parameters of a comparison, named as in `iikmc:transitions`."""

    before: Path
    """BEFORE: the earlier classified raster."""
    after: Path
    """AFTER: the later one."""
    changes: Path | None = None
    """CHANGES: raster of changes, .tif."""
    matrix: Path | None = None
    """MATRIX: from-to matrix, .csv."""
    report: Path | None = None
    """REPORT: .html."""
    workers: int = 0
    """WORKERS: threads, 0 = one a core."""

    @property
    def destinations(self) -> dict[str, Path | None]:
        """Parameter -> file that is written."""
        return {"CHANGES": self.changes, "MATRIX": self.matrix, "REPORT": self.report}

    def check(self) -> None:
        """Check the number of threads and the places; `runs.transitions.check` looks at the rasters as well.

        No file is written over BEFORE or AFTER, or over a style or other file that belongs to them.

        Raises
        ------
        ParameterError
            One cannot be; the message names the parameter.
        """
        check_workers(self.workers)
        if same_file(self.before, self.after):
            raise ParameterError(f"BEFORE and AFTER are the same file, {self.before}; choose two dates.")
        given = {"BEFORE": self.before, "AFTER": self.after}
        inputs = [Place(parameter, path) for parameter, path in given.items()]
        inputs += [Place(parameter, beside, True) for parameter, path in given.items() for beside in companions(path)]
        written = () if self.changes is None else companions(self.changes)[:2]
        check_destinations(self.destinations, inputs, [Place("CHANGES", path, True) for path in written])


def check_k(k: int, parameter: str = "K") -> None:
    """Raise ParameterError if there cannot be so many classes."""
    if not MIN_K <= k <= MAX_K:
        raise ParameterError(f"{parameter} is {k}; choose a number of classes from {MIN_K} to {MAX_K}.")


def check_workers(workers: int) -> None:
    """Raise ParameterError if there cannot be so many threads."""
    if workers < 0:
        raise ParameterError(f"WORKERS is {workers}; choose a number of threads, or 0 for one a core.")


def _check_iterations(most: int) -> None:
    if most < 1:
        raise ParameterError(f"MAX_ITERATIONS is {most}; choose 1 or more.")


def check_destinations(
    paths: Mapping[str, Path | None], inputs: Iterable[Place] = (), beside: Sequence[Place] = ()
) -> None:
    """Check that files can have these places.

    Parameters
    ----------
    paths
        Parameter -> file that is written; None for a file that is not wanted.
    inputs
        What is read.
    beside
        What is written beside these files.

    Raises
    ------
    ParameterError
        One is a folder, an input, or two are the same file; the message names the parameters.
    """
    places = [Place(parameter, path) for parameter, path in paths.items() if path is not None]
    for place in places:
        if place.path.is_dir():
            raise ParameterError(f"{place.parameter}: {place.path} is a folder; choose a file.")
    check_apart([*places, *beside], inputs)
