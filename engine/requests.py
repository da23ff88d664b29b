"""What the user asks for, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

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
    MINIMUM_MAXIMUM,
    MODES,
    SIGNATURES_FILE,
    STARTS,
    TOGETHER,
)
from .errors import ParameterError, shown
from .progress import Progress
from .ranges import check_names, check_number
from .request_checks import check_destinations, check_judging, check_path, check_scheduler, check_truth
from .scenes.area import Area
from .scenes.check import usable_scenes
from .scenes.inputs import input_places
from .scenes.scene import Scene
from .scenes.selection import MaskRule, Selection
from .scenes.shared_bands import settle
from .sensors.flags import DEFAULT_FLAGS, FLAGS
from .sensors.roles import MOST_BANDS, ROLES

DEFAULT_MASK = MaskRule(DEFAULT_FLAGS, True)
R = TypeVar("R", bound="SceneRequest")


@dataclass(frozen=True)
class SceneRequest:
    """What every tool asks that reads scenes. What one does not ask is no argument of its request."""

    scenes: tuple[str, ...]
    """SCENES: paths of scenes, folders of scenes, MTL files and bundles."""
    output: Path
    """OUTPUT: the folder the results go to."""
    mask: MaskRule = DEFAULT_MASK
    """MASK and MASK_SATURATED: what makes a pixel invalid besides fill."""
    roles: tuple[str, ...] = ()
    """BANDS: the chosen band roles, in the order of `ROLES`; none for those of the first six that every scene has."""
    aoi: Area | None = None
    """AOI: only pixels whose centre lies inside; everywhere by default."""
    workers: int = 0
    """WORKERS: threads, 0 = one a core."""
    sheet: Path | None = None
    """SHEET: a sensor sheet of the user's own; only those that ship by default."""

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
        self._check_scenes()
        self._check_place()

    def _check_scenes(self) -> None:
        """Check what is asked of the scenes: paths, bands, flags and threads."""
        paths = self.scenes if isinstance(self.scenes, (tuple, list)) else [None]
        if not all(isinstance(path, (str, os.PathLike)) for path in paths):
            raise ParameterError(f"SCENES is {shown(self.scenes)}, expected a list of paths; give a list, also of one.")
        self._check_bands()
        if not isinstance(self.mask, MaskRule):
            raise ParameterError(f"MASK is {shown(self.mask)}, expected a MaskRule; give one.")
        check_names("MASK", self.mask.flags, tuple(FLAGS))
        check_truth("MASK_SATURATED", self.mask.saturated)
        if self.aoi is not None and not isinstance(self.aoi, Area):
            raise ParameterError(f"AOI is {shown(self.aoi)}, expected an Area; give one, or None.")
        check_number("WORKERS", self.workers)
        if self.sheet is not None:
            check_path("SHEET", self.sheet)

    def settled(self: R, scenes: Sequence[Scene]) -> R:
        """Return the same with the bands that are taken of these checked scenes where none was chosen."""
        return replace(self, roles=settle(self.roles, scenes))

    def _check_bands(self) -> None:
        check_names("BANDS", self.roles, ROLES)
        if len(self.roles) > MOST_BANDS:
            raise ParameterError(
                f"BANDS chooses {len(self.roles)} bands, expected at most {MOST_BANDS}, as many as can be clustered "
                "exactly; choose fewer."
            )

    def _check_place(self) -> None:
        check_path("OUTPUT", self.output)
        if os.path.exists(self.output) and not os.path.isdir(self.output):
            raise ParameterError(f"OUTPUT: {self.output} is a file; choose a folder.")

    def _of_classes(self, k: int, roles: tuple[str, ...]) -> dict[str, Any]:
        """Return the first parameters in signatures.json, which those of the tool follow."""
        return {
            "scenes": [str(path) for path in self.scenes],
            "k": k,
            "mask": list(self.mask.flags),
            "mask_saturated": self.mask.saturated,
            "aoi": self.aoi.name if self.aoi else None,
            "bands": list(roles),
            **({"sheet": str(self.sheet)} if self.sheet is not None else {}),
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
    margin: bool = False
    """MARGIN: whether each scene also gets a raster of how safe the class of each pixel is."""
    reject: float | None = None
    """REJECT: the largest distance to the nearest centre, in reflectance; pixels farther away are unclassified."""
    scheduler: str = ""
    """SCHEDULER: address of a Dask scheduler, whose workers do the work; none by default. Never changes the result."""

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        check_number("K", self.k)
        self._check_scenes()
        if self.mode not in MODES:
            raise ParameterError(f"MODE is {self.mode!r}; choose one of {', '.join(MODES)}.")
        if self.start not in STARTS:
            raise ParameterError(f"INIT is {self.start!r}; choose one of {', '.join(STARTS)}.")
        if self.start == SIGNATURES_FILE and self.signatures is None:
            raise ParameterError("INIT asks for a signatures file, but SIGNATURES is empty; choose a signatures.json.")
        if self.signatures is not None:
            check_path("SIGNATURES", self.signatures)
        check_number("MAX_ITERATIONS", self.max_iterations)
        check_number("TOLERANCE", self.tolerance)
        check_number("SEED", self.seed)
        if self.device not in DEVICES:
            raise ParameterError(f"DEVICE is {self.device!r}; choose one of {', '.join(DEVICES)}.")
        check_number("MEMORY", self.memory)
        check_truth("COMPARE", self.compare)
        check_judging(self.margin, self.reject)
        check_scheduler(self.scheduler)
        if self.scheduler and self.mode != TOGETHER:
            raise ParameterError(
                f"SCHEDULER is {shown(self.scheduler)}, and MODE asks for classes of each scene, which are found on "
                "this computer; leave SCHEDULER empty, or choose all scenes together."
            )
        self._check_place()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as they stand in signatures.json."""
        return {
            **self._of_classes(int(self.k), self.roles),
            "mode": self.mode,
            "init": self.start,
            "signatures": str(self.signatures) if self.signatures else None,
            # A script may have taken them from an array of NumPy, whose numbers JSON does not know.
            "max_iterations": int(self.max_iterations),
            "tolerance_percent": self.tolerance if isinstance(self.tolerance, int) else float(self.tolerance),
            "seed": int(self.seed),
            **_judging(self.margin, self.reject),
        }


@dataclass(frozen=True)
class ClassifyRequest(SceneRequest):
    """The parameters of a run, named as in `iikmc:classify`."""

    roles: tuple[str, ...] = field(default=(), init=False)
    """Not asked: the bands are those of the signatures."""
    signatures: Path = Path()
    """SIGNATURES: the file whose classes are given."""
    margin: bool = False
    """MARGIN: as in `Request`."""
    reject: float | None = None
    """REJECT: as in `Request`."""
    scheduler: str = ""
    """SCHEDULER: as of `Request`."""

    def _check_bands(self) -> None:
        """Check nothing: the file tells them."""

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        self._check_scenes()
        check_path("SIGNATURES", self.signatures)
        # An empty path is the folder "." to pathlib.
        if self.signatures == Path():
            raise ParameterError("SIGNATURES is empty; choose the signatures.json of an earlier run.")
        check_judging(self.margin, self.reject)
        check_scheduler(self.scheduler)
        self._check_place()

    def parameters(self, roles: tuple[str, ...], k: int) -> dict[str, Any]:
        """Return the parameters as they stand in signatures.json, with the bands and classes of the file."""
        judging = _judging(self.margin, self.reject)
        return {**self._of_classes(k, roles), "signatures": str(self.signatures), **judging}


@dataclass(frozen=True)
class AuditRequest(SceneRequest):
    """The parameters of a run, named as in `iikmc:audit`."""

    scheduler: str = ""
    """SCHEDULER: as of `Request`."""

    def check(self) -> None:
        """Check the numbers and names.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        super().check()
        check_scheduler(self.scheduler)


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
        check_number("K", self.k)
        self._check_scenes()
        check_number("MAX_ITERATIONS", self.max_iterations)
        check_number("REPEATS", self.repeats)
        check_number("PIXELS", self.pixels)
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
        check_number("K_MIN", self.k_min)
        check_number("K_MAX", self.k_max)
        if self.k_min >= self.k_max:
            raise ParameterError(f"K_MIN is {self.k_min} and K_MAX {self.k_max}; choose K_MAX above K_MIN.")
        self._check_scenes()
        check_number("SAMPLE", self.sample)
        check_number("SEED", self.seed)
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
        scenes = usable_scenes(self.scenes, self.selection, progress, sheet=self.sheet)
        check_destinations(self.destinations, input_places(scenes))
        return scenes


def _judging(margin: bool, reject: float | None) -> dict[str, Any]:
    """Return the last parameters in signatures.json."""
    return {"margin": bool(margin), "reject": None if reject is None else float(reject)}
