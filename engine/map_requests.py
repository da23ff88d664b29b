"""What the user asks of the tools that take classified rasters, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .choices import (
    ALLOCATIONS,
    DEFAULT_LEAST,
    DEFAULT_POINTS,
    DEFAULT_SEED,
    PROPORTIONAL_LEAST,
)
from .errors import ParameterError, shown
from .paths import Place, companions, same_file
from .ranges import check_number
from .request_checks import check_destinations, check_path


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
        check_path("BEFORE", self.before)
        check_path("AFTER", self.after)
        check_number("WORKERS", self.workers)
        if same_file(self.before, self.after):
            raise ParameterError(f"BEFORE and AFTER are the same file, {self.before}; choose two dates.")
        given = {"BEFORE": self.before, "AFTER": self.after}
        inputs = [Place(parameter, path) for parameter, path in given.items()]
        inputs += [Place(parameter, beside, True) for parameter, path in given.items() for beside in companions(path)]
        written = () if self.changes is None else companions(self.changes)[:2]
        check_destinations(self.destinations, inputs, [Place("CHANGES", path, True) for path in written])


@dataclass(frozen=True)
class SampleRequest:
    """The parameters of a sample of points, named as in `iikmc:samplepoints`."""

    rasters: tuple[Path, ...]
    """RASTERS: classified rasters of one legend."""
    n: int = DEFAULT_POINTS
    """N: how many points."""
    allocation: str = PROPORTIONAL_LEAST
    """ALLOCATION: one of `ALLOCATIONS`."""
    min_per_class: int = DEFAULT_LEAST
    """MIN_PER_CLASS: points that each class gets at least, where the allocation asks for it."""
    seed: int = DEFAULT_SEED
    """SEED."""
    workers: int = 0
    """Threads, 0 = one a core; never changes the result."""

    def check(self) -> None:
        """Check the numbers; `runs.samplepoints.check` looks at the rasters as well.

        Raises
        ------
        ParameterError
            One is out of its range; the message names it.
        """
        check_number("N", self.n)
        if self.allocation not in ALLOCATIONS:
            raise ParameterError(f"ALLOCATION is {self.allocation!r}; choose one of {', '.join(ALLOCATIONS)}.")
        check_number("MIN_PER_CLASS", self.min_per_class)
        check_number("SEED", self.seed)
        check_number("WORKERS", self.workers)


@dataclass(frozen=True)
class SeriesRequest:
    """The parameters of following a series, named as in `iikmc:series`."""

    rasters: tuple[Path, ...]
    """RASTERS: classified rasters of one legend and of several dates."""
    output: Path
    """OUTPUT: the folder the results go to."""
    grid: Path | None = None
    """GRID: a raster whose pixels the results have; by default the earliest of RASTERS."""
    workers: int = 0
    """Threads, 0 = one a core; never changes the result."""

    def check(self) -> None:
        """Check the number of threads and the place; `runs.series.check` looks at the rasters as well.

        Raises
        ------
        ParameterError
            One cannot be; the message names the parameter.
        """
        check_number("WORKERS", self.workers)
        check_path("OUTPUT", self.output)
        if os.path.exists(self.output) and not os.path.isdir(self.output):
            raise ParameterError(f"OUTPUT: {self.output} is a file; choose a folder.")


@dataclass(frozen=True)
class MergeRequest:
    """The parameters of merging classes, named as in `iikmc:merge`."""

    results: Path
    """RESULTS: the folder of a run."""
    output: Path
    """OUTPUT: the folder the results go to."""
    legend: Path | None = None
    """LEGEND: a CSV of class, to, name and colour; by default classes of one name in the legend become one."""
    min_pixels: int = 0
    """MIN_PIXELS: patches of fewer pixels join their largest neighbour."""
    connectivity: int = 4
    """CONNECTIVITY: 4 or 8 neighbours belong to a patch."""
    workers: int = 0
    """Threads, 0 = as many as memory is sure to bear; never changes the result."""

    def check(self) -> None:
        """Check the numbers and the place; `runs.merge.check` looks at the run as well.

        Raises
        ------
        ParameterError
            One cannot be; the message names the parameter.
        """
        check_number("MIN_PIXELS", self.min_pixels)
        check_number("WORKERS", self.workers)
        if self.connectivity not in (4, 8):
            raise ParameterError(f"CONNECTIVITY is {shown(self.connectivity)}; choose 4 or 8 neighbours.")
        check_run_folder(self.results)
        check_path("OUTPUT", self.output)
        if os.path.exists(self.output) and not os.path.isdir(self.output):
            raise ParameterError(f"OUTPUT: {self.output} is a file; choose a folder.")
        if same_file(self.results, self.output):
            raise ParameterError(
                f"OUTPUT: {self.output} is the folder of RESULTS itself, whose rasters and tables would be replaced; "
                "choose another folder."
            )


@dataclass(frozen=True)
class NamesRequest:
    """The parameters of naming classes, named as in `iikmc:names`."""

    results: Path
    """RESULTS: the folder of a run."""
    legend: Path | None = None
    """LEGEND: a CSV of class, name and colour; by default what was changed in the styles beside the rasters."""
    workers: int = 0
    """Threads, 0 = as many as memory is sure to bear; never changes the result."""

    def check(self) -> None:
        """Check the number of threads and the folder; `runs.names.check` looks at the run as well.

        Raises
        ------
        ParameterError
            One cannot be; the message names the parameter.
        """
        check_number("WORKERS", self.workers)
        check_run_folder(self.results)


def check_run_folder(results: Path) -> None:
    """Check that RESULTS is a folder.

    Raises
    ------
    ParameterError
        It is none.
    """
    check_path("RESULTS", results)
    if not os.path.isdir(results):
        what = "is a file" if os.path.exists(results) else "is not there"
        raise ParameterError(
            f"RESULTS: {results} {what}; choose the output folder of a run of iikmc:cluster, classify or merge."
        )


@dataclass(frozen=True)
class ReferencePoints:
    """Points with the class that they really have, from whatever they are kept in."""

    x: Sequence[float]
    """Easting or longitude; NaN for one without a place."""
    y: Sequence[float]
    """Northing or latitude."""
    crs: str
    """Their CRS, such as "EPSG:4326", or as WKT; "" for that of the rasters."""
    classes: Sequence[str]
    """The class of each by number or by name, as a text; "" for one without."""
    days: Sequence[date | None] | None = None
    """The day that each is of; None where there is no such field."""
    scenes: Sequence[str] | None = None
    """The `scene` of each as `iikmc:samplepoints` writes it; None where there is no such field."""

    def __len__(self) -> int:
        return len(self.classes)


@dataclass(frozen=True)
class AccuracyRequest:
    """The parameters of an assessment, named as in `iikmc:accuracy`."""

    rasters: tuple[Path, ...]
    """RASTERS: classified rasters of one legend."""
    points: ReferencePoints
    """POINTS, CLASS_FIELD and DATE_FIELD: the reference."""
    max_days: int = 0
    """MAX_DAYS: how many days a point and its raster may be apart."""
    matrix: Path | None = None
    """MATRIX: error matrix and estimates, .csv."""
    report: Path | None = None
    """REPORT: .html."""
    workers: int = 0
    """Threads, 0 = one a core; never changes the result."""

    @property
    def destinations(self) -> dict[str, Path | None]:
        """Parameter -> file that is written."""
        return {"MATRIX": self.matrix, "REPORT": self.report}

    def check(self) -> None:
        """Check the numbers and places; `runs.accuracy.check` looks at the rasters as well.

        Raises
        ------
        ParameterError
            One cannot be; the message names the parameter.
        """
        check_number("MAX_DAYS", self.max_days)
        lengths = {len(part) for part in (self.points.x, self.points.y, self.points.classes)}
        lengths |= {len(part) for part in (self.points.days, self.points.scenes) if part is not None}
        if len(lengths) > 1:
            raise ParameterError(f"POINTS has columns of {sorted(lengths)} entries; give one entry a point in each.")
        check_number("WORKERS", self.workers)
        given = [Place("RASTERS", path) for path in self.rasters]
        given += [Place("RASTERS", beside, True) for path in self.rasters for beside in companions(path)]
        check_destinations(self.destinations, given)
