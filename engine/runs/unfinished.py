"""A run that is stopped leaves the signatures so far, from which a later run goes on as if it had never been stopped.

They are saved after every iteration, so that a cancel, an error, a crash and a kill all leave those of the last one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ..centres.fit import Fit
from ..choices import SIGNATURES_FILE
from ..clock import Clock
from ..colours import RGB
from ..errors import Cancelled, OutputError, SignatureError
from ..kernels.kernel import Kernel
from ..passes.series import Series
from ..paths import same_file
from ..progress import Progress
from ..requests import Request
from ..results import legend as legends
from ..results import signatures_file
from ..results.names import SIGNATURES_NAME
from ..results.palette import class_colours
from ..results.run_record import run_record, unconverged
from ..results.signatures import Signatures, class_records
from ..results.staging import Staging
from ..scenes.scene import Scene

UNFINISHED_NAME = "signatures_unfinished.json"
_STEM = UNFINISHED_NAME[: -len(".json")]
_HOW = 'run the same scenes again with the start "Signatures file" (INIT 3) and this file'


class Keeper:
    """Saves the centres of the last labelling from which the run goes on, after every iteration.

    As a context manager it lets every error pass, but tells where the file lies; a `Cancelled` after at least one
    labelling says so itself. Centres, members and means in it belong together: those of one labelling of all pixels. A
    labelling that was under way does not count.

    A file that an earlier run has left is not touched before this run is cancelled, or has ended well: until then this
    run's has a number behind its name, unless it is the very file that this run started from.

    Notes
    -----
    Iteration 1 of a run from the saved centres c_t makes the labels that iteration t made, so its centres move to the
    same c_(t+1), and iteration 2 counts the same changed pixels as iteration t + 1 did: both runs end with the same
    centres and labels. The tolerance does not apply to iteration 1, where every pixel counts as changed. So the centres
    of a labelling that the tolerance ended, which a cancel meets while the rasters are written, would be moved once too
    often: those before them are kept then.
    """

    def __init__(
        self, series: Series, request: Request, kernel: Kernel, clock: Clock, files: Staging, progress: Progress
    ) -> None:
        self._progress = progress
        self._series = series
        self._request = request
        self._kernel = kernel
        self._clock = clock
        self._files = files
        self._latest: Fit | None = None
        self._look: _Look | None = None
        self._name = self._free_name()
        self._saved: Path | None = None

    def _free_name(self) -> str:
        """Return the name that this run saves under while it goes on."""
        request, number, name = self._request, 1, UNFINISHED_NAME
        own = request.signatures if request.start == SIGNATURES_FILE else None
        while (request.output / name).exists() and not (own and same_file(own, request.output / name)):
            number += 1
            name = f"{_STEM}_{number}.json"
        return name

    def take(self, fit: Fit) -> None:
        """Save a labelling of all pixels with its centres and the iterations up to it."""
        if self._latest is not None and fit.converged:
            return
        self._latest = fit
        if self._look is None:
            # Colours take longer to find than many an iteration: they are found anew only for a file that is told.
            self._look = self._look_of(fit)
        try:
            self._saved = self._save(fit, self._name, self._look, cancelled=False)
        except OutputError:
            # A file that cannot be replaced now, as where another program reads it, may be later; this run needs none.
            return

    def __enter__(self) -> Keeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Cancelled):
            if error is not None and self._saved is not None:
                self._progress.warn(f"The signatures so far are in {self._saved}: to continue, {_HOW}.")
            return
        if self._latest is None:
            return
        number = len(self._latest.iterations)
        after = f"Cancelled by the user after {number} iteration{'s' if number > 1 else ''}"
        try:
            path = self._save(self._latest, UNFINISHED_NAME, self._look_of(self._latest), cancelled=True)
            if self._saved is not None and self._saved.name != UNFINISHED_NAME:
                self._saved.unlink()
        except (OutputError, OSError) as problem:
            raise Cancelled(f"{after}; the signatures so far could not be kept: {problem}") from error
        raise Cancelled(f"{after}; the signatures so far are in {path}: to continue, {_HOW}.") from error

    def _look_of(self, fit: Fit) -> _Look:
        request = self._request
        names = legends.names_for(request.output, SIGNATURES_NAME, request.roles, fit.centres)
        return _Look(names, class_colours(fit.centres, request.roles))

    def _save(self, fit: Fit, name: str, look: _Look, *, cancelled: bool) -> Path:
        """Write the file and return its path."""
        series, request = self._series, self._request
        if "iterate" not in self._clock.laps and cancelled:
            self._clock.lap("iterate")
        scenes, audits = [one.scene for one in series.results], [one.audit for one in series.results]
        run = run_record(scenes, audits, fit, request.parameters(), self._kernel, self._clock)
        run.update(converged=False, cancelled=cancelled)
        records = class_records(
            look.names,
            look.colours,
            [int(n) for n in fit.tally.count],
            [[int(value) for value in row] for row in fit.tally.total],
            None,
        )
        signed = Signatures(request.roles, fit.centres, records, run)
        # Alone, because the folder of the run may hold rasters already.
        return self._files.publish_alone(name, signatures_file.to_json(signed))


@dataclass(frozen=True)
class _Look:
    """How classes are shown."""

    names: Sequence[str]
    """Of the classes."""
    colours: Sequence[RGB]
    """Of the classes."""


def tell_continued(path: Path, scenes: Sequence[Scene], request: Request, progress: Progress) -> None:
    """Note that the signatures file of the start is that of a run which had not converged, if so.

    Parameters
    ----------
    path
        A signatures file that was read before.
    scenes, request
        Those of the run that starts from it.
    progress
        Whom to tell.
    """
    run = signatures_file.read_run(path)
    ended = unconverged(run)
    if not ended:
        return
    if _pixels_of(run) == ([scene.id for scene in scenes], *_chosen(request.parameters())):
        progress.note(f"This run continues a run that {ended}.")
    else:
        progress.note(
            f"SIGNATURES: {path} is of a run that {ended}; it had other scenes or another mask or area, so this run "
            "starts from its classes, but does not continue it."
        )


def superseded(scenes: Sequence[Scene], request: Request) -> tuple[str, ...]:
    """Return the names of stopped runs' signatures in OUTPUT that the results of this run make worthless.

    Those of other scenes, masks, areas, bands or numbers of classes may still be wanted.
    """
    return tuple(name for name, _ in _of_the_same(scenes, request))


def tell_unfinished(scenes: Sequence[Scene], request: Request, progress: Progress) -> None:
    """Note where OUTPUT has signatures of a stopped run of the same scenes and classes, and this run begins anew."""
    if request.start == SIGNATURES_FILE:
        return
    for name, ended in _of_the_same(scenes, request):
        progress.note(
            f"OUTPUT: {request.output / name} is of a run of the same scenes that {ended or 'was stopped'}. This run "
            f"begins anew; to go on from there instead, cancel it and {_HOW}."
        )


def _of_the_same(scenes: Sequence[Scene], request: Request) -> Iterator[tuple[str, str]]:
    """Yield names of signatures of stopped runs in OUTPUT with the same pixels, bands and k, and how these ended."""
    mine = request.parameters()
    wanted = ([scene.id for scene in scenes], *_chosen(mine))
    # os.path rather than Path: a name that the disk cannot hold is one that does not exist, not an OSError.
    held = request.output.glob(f"{_STEM}*.json") if os.path.isdir(request.output) else ()
    for path in sorted(held):
        try:
            run = signatures_file.read_run(path)
        except SignatureError:
            continue
        its = run.get("parameters")
        same = isinstance(its, dict) and all(its.get(name) == mine[name] for name in ("k", "bands"))
        if same and _pixels_of(run) == wanted:
            yield path.name, unconverged(run)


def _pixels_of(run: dict[str, Any]) -> tuple[Any, ...]:
    """Return what decided about the valid pixels of a recorded run."""
    scenes, parameters = run.get("scenes"), run.get("parameters")
    found = scenes if isinstance(scenes, list) else []
    ids = [scene.get("id") for scene in found if isinstance(scene, dict)]
    return (ids, *_chosen(parameters if isinstance(parameters, dict) else {}))


def _chosen(parameters: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(parameters.get(name) for name in ("mask", "mask_saturated", "aoi"))
