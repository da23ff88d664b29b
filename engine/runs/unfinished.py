"""A cancelled run keeps the signatures so far, from which a later run goes on as if it had never been cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ..centres.fit import Fit
from ..clock import Clock
from ..errors import Cancelled, OutputError, SignatureError
from ..kernels.kernel import Kernel
from ..passes.series import Series
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


class Keeper:
    """Remembers the last labelling from which the run goes on, and saves its centres if the run is cancelled.

    As a context manager it lets every error pass, but a `Cancelled` after at least one labelling leaves one file in the
    output folder and says where it lies. Centres, members and means in it belong together: those of one labelling of
    all pixels. A labelling that was under way does not count.

    Notes
    -----
    Iteration 1 of a run from the saved centres c_t makes the labels that iteration t made, so its centres move to the
    same c_(t+1), and iteration 2 counts the same changed pixels as iteration t + 1 did: both runs end with the same
    centres and labels. The tolerance does not apply to iteration 1, where every pixel counts as changed. So the centres
    of a labelling that the tolerance ended, which a cancel meets while the rasters are written, would be moved once too
    often: those before them are kept then.
    """

    def __init__(self, series: Series, request: Request, kernel: Kernel, clock: Clock, files: Staging) -> None:
        self._series = series
        self._request = request
        self._kernel = kernel
        self._clock = clock
        self._files = files
        self._latest: Fit | None = None

    def take(self, fit: Fit) -> None:
        """Remember a labelling of all pixels with its centres and the iterations up to it."""
        if self._latest is None or not fit.converged:
            self._latest = fit

    def __enter__(self) -> Keeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._latest is None or not isinstance(error, Cancelled):
            return
        number = len(self._latest.iterations)
        after = f"Cancelled by the user after {number} iteration{'s' if number > 1 else ''}"
        try:
            path = self._save(self._latest)
        except OutputError as problem:
            raise Cancelled(f"{after}; the signatures so far could not be kept: {problem}") from error
        raise Cancelled(
            f"{after}; the signatures so far are in {path}: to continue, run the same scenes again with the start "
            '"Signatures file" (INIT 3) and this file.'
        ) from error

    def _save(self, fit: Fit) -> Path:
        """Write the file and return its path."""
        series, request = self._series, self._request
        if "iterate" not in self._clock.laps:
            self._clock.lap("iterate")
        scenes, audits = [one.scene for one in series.results], [one.audit for one in series.results]
        run = run_record(scenes, audits, fit, request.parameters(), self._kernel, self._clock)
        run.update(converged=False, cancelled=True)
        names = legends.names_for(request.output, SIGNATURES_NAME, request.roles, fit.centres)
        records = class_records(
            names,
            class_colours(fit.centres, request.roles),
            [int(n) for n in fit.tally.count],
            [[int(value) for value in row] for row in fit.tally.total],
            None,
        )
        signed = Signatures(request.roles, fit.centres, records, run)
        # Alone, because the folder of the run may hold rasters already.
        return self._files.publish_alone(UNFINISHED_NAME, signatures_file.to_json(signed))


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
    """Return the name of a cancelled run's signatures in OUTPUT that the results of this run make worthless.

    Those of other scenes, masks, areas, bands or numbers of classes may still be wanted.
    """
    path = request.output / UNFINISHED_NAME
    if not path.is_file():
        return ()
    try:
        run = signatures_file.read_run(path)
    except SignatureError:
        return ()
    mine, its = request.parameters(), run.get("parameters")
    same = isinstance(its, dict) and all(its.get(name) == mine[name] for name in ("k", "bands"))
    return (UNFINISHED_NAME,) if same and _pixels_of(run) == ([scene.id for scene in scenes], *_chosen(mine)) else ()


def _pixels_of(run: dict[str, Any]) -> tuple[Any, ...]:
    """Return what decided about the valid pixels of a recorded run."""
    scenes, parameters = run.get("scenes"), run.get("parameters")
    found = scenes if isinstance(scenes, list) else []
    ids = [scene.get("id") for scene in found if isinstance(scene, dict)]
    return (ids, *_chosen(parameters if isinstance(parameters, dict) else {}))


def _chosen(parameters: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(parameters.get(name) for name in ("mask", "mask_saturated", "aoi"))
