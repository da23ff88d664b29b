"""What every run does around its own work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Generic, TypeVar

from ..clock import Clock
from ..errors import MemoryBudgetError, first_line
from ..execution.threads import one_blas_thread
from ..pixels.masking import Audit
from ..progress import Progress, Silent, Span, check_cancelled
from ..results.earlier import Earlier
from ..results.staging import Destinations, Staging
from ..scenes.files import small_block_cache
from ..scenes.origin import delivered
from ..scenes.scene import Scene

F = TypeVar("F", Staging, Destinations)
T = TypeVar("T")


class Run(Generic[F]):
    """A run of any tool: who is told, the time it takes, and its files, none of which appears before `publish`.

    As a context manager it holds BLAS to one thread and GDAL's cache of blocks small, and opens the files.
    """

    def __init__(self, files: F, progress: Progress | None) -> None:
        """Begin the clock, and clear what a killed run left where the results go.

        Parameters
        ----------
        files
            Where the results go.
        progress
            Whom to tell; nobody if None.
        """
        self.files: F = files
        """Where the results are made."""
        self.progress: Progress = progress or Silent()
        """Whom to tell."""
        self.clock = Clock()
        """The seconds of the stages."""
        self._stack = ExitStack()
        files.recover()

    def __enter__(self) -> Run[F]:
        with ExitStack() as stack:
            stack.enter_context(one_blas_thread())
            stack.enter_context(small_block_cache())
            stack.enter_context(self.files)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        swallowed = self._stack.__exit__(kind, error, trace)
        if error is not None and _lacks_memory(error):
            raise MemoryBudgetError(
                f"MEMORY: the system gave the run no more memory ({first_line(error)}); set MEMORY to fewer megabytes "
                "so that pixels go to temporary files, choose fewer WORKERS or BANDS, or close other programs."
            ) from error
        return swallowed

    def enter(self, context: AbstractContextManager[T]) -> T:
        """Enter a context that is left with the run, before its files are."""
        return self._stack.enter_context(context)

    def span(self, start: float, end: float) -> Span:
        """Return a part of the progress bar."""
        return Span(self.progress, start, end)

    def publish(self, superseded: Sequence[str] = (), earlier: Earlier | None = None) -> None:
        """Let the results appear, unless the user has cancelled meanwhile.

        Parameters
        ----------
        superseded
            Names of files of an earlier run that these make worthless.
        earlier
            What an earlier run left that is to be told or set apart.
        """
        check_cancelled(self.progress)
        if not isinstance(self.files, Staging):
            self.files.publish()
            return
        folder = self.files.publish(superseded, earlier.apart if earlier else ())
        if earlier:
            for sentence in earlier.told(folder):
                self.progress.warn(sentence)


def _lacks_memory(error: BaseException) -> bool:
    """Tell whether the system's memory ended the run, by Python's own error or GDAL's."""
    if isinstance(error, MemoryBudgetError):
        return False  # says so itself
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or type(cause).__name__ == "CPLE_OutOfMemoryError":
            return True
        cause = cause.__cause__
    return False


def tell_doubts(scene: Scene, doubts: Sequence[str], progress: Progress) -> None:
    """Warn of a scene that can be read and yet is not what it should be."""
    for doubt in doubts:
        progress.warn(
            f"{scene.title}: {doubt}. Use the files {delivered(scene)}, or leave the scene out; it is taken as it is."
        )


def tell_audit(scene: Scene, audit: Audit, progress: Progress) -> None:
    """Tell how much of a scene is valid, and warn if nothing is or what there is looks wrong."""
    tell_doubts(scene, audit.doubts, progress)
    if audit.valid:
        cut = f"; of {audit.clipped:,} a value was cut to reflectance -0.2 or 1.6" if audit.clipped else ""
        progress.note(
            f"{scene.title}: {audit.valid:,} of {audit.inside:,} pixels are valid ({audit.valid_percent:.1f} %){cut}"
        )
    elif audit.inside:
        progress.warn(
            f"{scene.title}: not one of its {audit.inside:,} pixels is valid ({audit.fill:,} are fill, the others "
            "masked); its raster will be all nodata."
        )
    else:
        progress.warn(
            f"{scene.title} does not meet AOI: no pixel has its centre inside; its raster will be all nodata."
        )
