"""The runs on a cluster: from SCHEDULER to an executor, and the paths that other computers understand."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..execution.dask_client import Cluster
from ..execution.dask_executor import DaskExecutor
from ..execution.dask_links import Links
from ..execution.messages import PROBE, Opening, Sight, Terms
from ..passes.elsewhere import Errands
from ..passes.site import Plan
from ..progress import Progress, Span, check_cancelled
from ..quantities import counted
from ..requests import AuditRequest, ClassifyRequest, Request
from ..results.staging import Staging, unwritten
from ..scenes.scene import Scene

R = TypeVar("R", Request, ClassifyRequest, AuditRequest)

# Of how many scenes each worker looks whether they are there, spread over the series: more would be met soon anyway.
_LOOKED_AT = 50


def with_whole_paths(request: R) -> R:
    """Return a request whose paths a worker understands, which runs in another folder; as it is without SCHEDULER.

    Raises
    ------
    ParameterError
        A parameter is out of its range.
    """
    if not request.scheduler:
        return request
    request.check()
    scenes = tuple(path if "://" in str(path) else os.path.abspath(path) for path in request.scenes)
    return replace(request, scenes=scenes, output=Path(os.path.abspath(request.output)))


@contextmanager
def workers_of(
    address: str, plan: Plan, terms: Terms, progress: Progress, staging: Staging | None = None
) -> Iterator[DaskExecutor]:
    """Yield an executor on the workers of a cluster, each of which holds a site of the plan until the end.

    Parameters
    ----------
    address
        SCHEDULER.
    plan, terms
        What is worked on, and how.
    progress
        Whom to tell, and who may cancel.
    staging
        Where rasters are made; None where none are.

    Raises
    ------
    SchedulerError
        The cluster cannot be used, or one of its workers; the message names it.
    """
    progress.stage(f"Connecting to the scheduler {address}")
    with Cluster(address, progress) as cluster:
        sight = Sight(_inputs(plan.scenes), *_probe(staging))
        links = Links(cluster, Opening(plan, terms, sight), progress)
        try:
            links.greet(lambda: check_cancelled(progress))
            workers, threads = counted(len(links.ready), "worker"), counted(links.threads, "thread")
            progress.note(f"{workers} of {address} with {threads} in all")
            executor = DaskExecutor(links, Errands(plan), progress)
            yield executor
            progress.note(
                f"Sent {cluster.sent / 1e6:,.2f} MB to the workers, {cluster.received / 1e6:,.2f} MB came from them"
            )
        finally:
            links.close()


class Beside(Span):
    """A progress whose lines about iterations also tell of the workers."""

    def __init__(self, progress: Progress, executor: DaskExecutor) -> None:
        super().__init__(progress, 0.0, 1.0)
        self._executor = executor

    def stage(self, text: str) -> None:
        """Pass on, with what the workers do."""
        super().stage(f"{text}; {self._executor.about}" if text.startswith("Iteration ") else text)


def _inputs(scenes: Sequence[Scene]) -> tuple[str, ...]:
    """Return folders and bundles of some scenes."""
    step = -(-len(scenes) // _LOOKED_AT)
    # Of an item the plan has all that workers need; servers are asked when a scene is read.
    some = (scene.files_on_disk[:1] if scene.listed else (scene.place,) for scene in scenes[::step])
    return tuple(dict.fromkeys(path for paths in some for path in paths if os.path.exists(path)))


def _probe(staging: Staging | None) -> tuple[Path | None, str]:
    """Write what workers are to find where rasters are made; return the folder and what it is.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    if staging is None:
        return None, ""
    token, folder = secrets.token_hex(8), staging.folder / "workers"
    try:
        folder.mkdir()
        (folder / PROBE).write_text(token, encoding="ascii")
    except OSError as error:
        raise unwritten("OUTPUT", PROBE, staging.output, error) from error
    return folder, token
