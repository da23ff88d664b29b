"""The rasters of a run written anew: in other names and colours, or with other classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import UNCLASSIFIED
from ..errors import ParameterError
from ..execution.executor import Site
from ..execution.threads import ThreadExecutor, threads_of
from ..maps.legend_file import listed
from ..maps.merging import FOUR, sieve
from ..pixels.sketch import Sketch, look_at_classes, width_for
from ..progress import Progress
from ..results.geotiff import Rows
from ..results.legend import Legend
from ..results.names import raster_name
from ..results.rasters import write_classes
from ..results.staging import Tray
from ..results.styles import pam_xml, qml
from ..scenes.scene import Strip
from .finished import RESULTS, FinishedScene

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A scene is held whole, for the sieve: 60 million pixels of it take up to 0.6 GB. So many at a time, for all cores.
_AT_A_TIME = 2
_COUNTED = 1 << 20


@dataclass(frozen=True)
class Rewriting:
    """What becomes of rasters."""

    table: tuple[int, ...]
    """What becomes of each value, 256."""
    known: tuple[int, ...]
    """The classes that a raster may have before."""
    legend: Legend
    """Of the classes afterwards."""
    least: int = 0
    """Pixels that a patch must have to stay."""
    neighbours: int = FOUR
    """Which pixels belong to a patch."""


class RewriteSite(Site):
    """The scenes of a run that has ended."""

    def __init__(self, scenes: Sequence[FinishedScene], rewriting: Rewriting) -> None:
        super().__init__()
        self.scenes = tuple(scenes)
        """In the order of time."""
        self.rewriting = rewriting
        """What becomes of them."""


@dataclass(frozen=True)
class Rewritten:
    """What a scene has after it was written anew."""

    scene: int
    """Index of the scene."""
    before: NDArray[np.int64]
    """(256,) pixels of each value before."""
    after: NDArray[np.int64]
    """(256,) afterwards."""
    classes: NDArray[np.uint8]
    """Every n-th pixel of it, for its picture."""


@dataclass(frozen=True)
class RewriteScene:
    """Write the raster of a scene anew, with its style and metadata."""

    scene: int
    """Index of the scene."""
    tray: Tray
    """Where files are made."""
    raster: bool = True
    """Whether the raster itself is written; otherwise what lies beside it alone."""

    def do(self, site: RewriteSite) -> Rewritten:
        """Read, change and write.

        Raises
        ------
        ClassifiedError, ParameterError
            The raster is damaged, has changed meanwhile, or has a class that the run has not.
        OutputError
            A file cannot be written.
        Cancelled
            Nobody waits any more.
        """
        one, work = site.scenes[self.scene], site.rewriting
        site.check()
        grid = one.raster.grid
        classes = one.raster.read(0, 0, grid.height, grid.width)
        one.raster.check_unchanged()
        before = _counts(classes)
        foreign = [n for n in np.flatnonzero(before) if n not in (0, UNCLASSIFIED, *work.known)]
        if foreign:
            raise ParameterError(
                f"{RESULTS}: {one.raster.path.name} has pixels of class {listed(foreign)}, which the signatures beside "
                "it do not have; take that raster out of the folder, or choose the folder of one run."
            )
        site.check()
        classes = sieve(np.array(work.table, np.uint8)[classes], work.least, work.neighbours)
        site.check()
        name = raster_name(one.scene)
        names, colours = work.legend.names_by_number, work.legend.colours_by_number
        if self.raster:
            write_classes(self.tray.path(name), one.scene, [Rows(0, classes)], names, colours)
        self.tray.write_text(f"{name}.aux.xml", pam_xml(names))
        self.tray.write_text(f"{name[:-4]}.qml", qml(names, colours))
        sketch = Sketch(grid, (), width_for(len(site.scenes)))
        sketch.add(look_at_classes(grid, Strip(self.scene, 0, grid.height), classes, width_for(len(site.scenes))))
        return Rewritten(self.scene, before, _counts(classes), sketch.classes)


def _counts(classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the pixels of each value: (256,), some rows at a time, because counting takes 8 bytes a pixel."""
    rows = max(_COUNTED // max(classes.shape[1], 1), 1)
    parts = (classes[first : first + rows] for first in range(0, classes.shape[0], rows))
    return sum((np.bincount(part.ravel(), minlength=256) for part in parts), np.zeros(256, np.int64))


def rewrite(
    site: RewriteSite, tray: Tray, progress: Progress, workers: int = 0, kept: Sequence[int] = ()
) -> list[Rewritten]:
    """Write all rasters of a run anew and return what they have afterwards, in their order.

    Parameters
    ----------
    site
        The rasters, and what becomes of them.
    tray
        Where files are made.
    progress
        Whom to tell, and who may cancel.
    workers
        Threads; 0 = as many as memory is sure to bear.
    kept
        Numbers of the scenes whose rasters themselves are left as they are.

    Raises
    ------
    IIkMCError
        A raster cannot be read or written, or the user cancelled.
    """
    executor = ThreadExecutor(site, workers or min(threads_of(0), _AT_A_TIME))
    tasks = [RewriteScene(number, tray, number not in kept) for number in range(len(site.scenes))]
    return sorted(executor.run(tasks, progress), key=lambda one: one.scene)
