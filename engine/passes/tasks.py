"""The units of work: reading a strip, labelling it, measuring and judging its classes, writing a scene.

Each says what to do and nothing of how: no open file, no progress, no function. The answers are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..kernels.kernel import Change
from ..kernels.margins import Counts
from ..kernels.moves import Moves
from ..maps.merging import merge_labels
from ..pixels.block import Block
from ..pixels.masking import Audit
from ..pixels.sketch import ClassRows, SketchRows, look_at_classes
from ..pixels.survey import Survey, survey
from ..results.geotiff import Rows
from ..results.legend import Legend
from ..results.names import margin_name, raster_name
from ..results.rasters import write_classes, write_margins
from ..results.staging import Tray
from ..results.statistics import Moments, moments
from ..results.styles import MARGIN_COLOURS, pam_xml, qml, qml_of_ramp
from ..scenes.scene import Strip
from .site import COMMON, BlockSite, SeriesSite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..arrays import Grid64


@dataclass(frozen=True)
class StripRead:
    """What is learnt of a strip while it is read."""

    strip: Strip
    """Which rows."""
    audit: Audit
    """Why pixels are invalid."""
    survey: Survey
    """What the start asked for."""
    sketch: SketchRows | None
    """What the scene's sketch keeps, if it is wanted."""
    change: Change | None
    """What labelling did, where centres were given; None without a valid pixel."""


@dataclass(frozen=True)
class ReadStrip:
    """Decode, mask and pack a strip, keep its pixels, and label them where the start is known."""

    strip: Strip
    """Which rows."""
    centres: Grid64 | None = None
    """(k, n_bands) centres in 1/64 DN to label with; None = not yet."""

    def do(self, site: SeriesSite) -> StripRead:
        """Read."""
        packed = site.read(self.strip)
        plan = site.plan
        width = site.scene(self.strip).checked_grid().width
        part = survey(packed, plan.wish.need, plan.draws[self.strip.scene].key, width)
        change = None
        if site.keep_pixels(packed) is not None:
            # Held at once, whether it is labelled or not: a card takes its copy while other strips are being read.
            held = site.held(self.strip)
            if self.centres is not None:
                change = held.relabel(self.centres)
        return StripRead(self.strip, packed.pixels.audit, part, packed.sketch, change)


@dataclass(frozen=True)
class LabelStrip:
    """Label the kept pixels of a strip."""

    strip: Strip
    """Which rows."""
    centres: Grid64
    """(k, n_bands) in 1/64 DN."""
    moves: Moves | None
    """How the centres moved up to these."""
    shelf: str = COMMON
    """Where the labels lie."""

    def do(self, site: BlockSite) -> Change:
        """Label."""
        return site.held(self.strip, self.shelf).relabel(self.centres, self.moves)


@dataclass(frozen=True)
class StripMeasured:
    """Moments of the classes in a strip."""

    scene: int
    """Index of the scene."""
    moments: Moments
    """Of the members of each class."""


@dataclass(frozen=True)
class MeasureStrip:
    """Add up the squares of the members of each class in a labelled strip."""

    strip: Strip
    """Which rows."""

    def do(self, site: SeriesSite) -> StripMeasured:
        """Measure."""
        held = site.shelved(self.strip)
        squares = site.packer.squares(*held.lying(), site.k)
        return StripMeasured(self.strip.scene, moments(held.tally, squares))


@dataclass(frozen=True)
class StripJudged:
    """Moments of the classes in a strip, and what a second look at its labels found."""

    strip: Strip
    """Which rows."""
    moments: Moments
    """Of the members of each class, whether they are rejected or not."""
    counts: Counts
    """By the value that is written."""


@dataclass(frozen=True)
class JudgeStrip:
    """Measure the classes in a labelled strip, or one without a valid pixel, and look at its labels once more."""

    strip: Strip
    """Which rows."""
    centres: Grid64
    """(k, n_bands) in 1/64 DN: those that the labels were made with."""

    def do(self, site: SeriesSite) -> StripJudged:
        """Measure and judge."""
        if not site.is_labelled(self.strip):
            return StripJudged(self.strip, Moments.zero(site.k, site.plan.n_bands), Counts.zero())
        held = site.shelved(self.strip)
        dn, labels = held.lying()
        found = moments(held.tally, site.packer.squares(dn, labels, site.k))
        return StripJudged(self.strip, found, site.judge(held, dn, labels, self.centres))


@dataclass(frozen=True)
class SceneWritten:
    """What a sketch keeps of the classes of a scene that was written."""

    scene: int
    """Index of the scene."""
    sketch: tuple[ClassRows, ...]
    """Strip by strip."""


@dataclass(frozen=True)
class WriteScene:
    """Write the classified raster of a scene whose strips are labelled, with its style."""

    scene: int
    """Index of the scene."""
    legend: Legend
    """Names and colours."""
    tray: Tray
    """Where files are made."""

    def do(self, site: SeriesSite) -> SceneWritten:
        """Write.

        Raises
        ------
        OutputError
            A file cannot be written.
        Cancelled
            Nobody waits any more.
        """
        scene, legend = site.plan.scenes[self.scene], self.legend
        name = raster_name(scene)
        seen: list[ClassRows] = []

        def classes() -> Iterator[Rows]:
            for strip, rows in self._rows(site, site.classes):
                seen.append(look_at_classes(scene.checked_grid(), strip, rows.values, site.plan.sketch_width))
                yield rows

        names, colours = legend.names_by_number, legend.colours_by_number
        write_classes(self.tray.path(name), scene, classes(), names, colours)
        self.tray.write_text(f"{name}.aux.xml", pam_xml(names))
        self.tray.write_text(f"{name[:-4]}.qml", qml(names, colours))
        if site.plan.judging.margin:
            name = margin_name(scene)
            write_margins(self.tray.path(name), scene, (rows for _, rows in self._rows(site, site.margins)))
            self.tray.write_text(f"{name[:-4]}.qml", qml_of_ramp(MARGIN_COLOURS))
        return SceneWritten(self.scene, tuple(seen))

    def _rows(
        self, site: SeriesSite, values_of: Callable[[Strip], NDArray[np.uint8] | None]
    ) -> Iterator[tuple[Strip, Rows]]:
        """Yield the values of each strip that has a valid pixel, on the grid."""
        for strip in site.plan.by_scene[self.scene]:
            site.check()
            values = values_of(strip)
            if values is not None:
                yield strip, Rows(strip.row, values)


@dataclass(frozen=True)
class StripClassified:
    """What is learnt of a strip that is read, labelled and let go."""

    strip: Strip
    """Which rows."""
    audit: Audit
    """Why pixels are invalid."""
    moments: Moments
    """Of the members of each class."""
    sketch: SketchRows | None
    """What the scene's sketch keeps."""
    counts: Counts | None
    """What a second look at the labels found, by the value that is written; None where none was asked for."""


@dataclass(frozen=True)
class ClassifyStrip:
    """Read a strip, label it with given centres, and keep its classes alone."""

    strip: Strip
    """Which rows."""
    centres: Grid64
    """(k, n_bands) in 1/64 DN."""
    merged: tuple[int, ...] = ()
    """The class of each centre, where classes were merged."""

    def do(self, site: SeriesSite) -> StripClassified:
        """Read and label."""
        packed = site.read(self.strip)
        pixels, k = packed.pixels, site.k
        counts = Counts.zero() if site.plan.judging.wanted else None
        if pixels.dn.shape[1] == 0:
            found = Moments.zero(k, site.plan.n_bands)
        else:
            held = site.kernel.hold(Block(self.strip, pixels.valid, pixels.dn), k)
            held.relabel(self.centres)
            dn, labels = held.lying()
            found = moments(held.tally, site.packer.squares(dn, labels, k))
            site.keep_classes(self.strip, pixels.valid, merge_labels(held.labels(), self.merged))
            if counts is not None:
                counts = site.judge(held, dn, labels, self.centres, self.merged)
        return StripClassified(self.strip, pixels.audit, found.merged(self.merged), packed.sketch, counts)
