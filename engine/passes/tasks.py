"""The units of work: reading a strip, labelling a strip, measuring its classes, writing a scene.

Each says what to do and nothing of how: no open file, no progress, no function. The answers are small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..kernels.kernel import Change
from ..kernels.moves import Moves
from ..maps.merging import merge_labels
from ..pixels.block import Block
from ..pixels.masking import Audit
from ..pixels.sketch import ClassRows, SketchRows, look_at_classes
from ..pixels.survey import Survey, survey
from ..results.geotiff import Rows
from ..results.legend import Legend
from ..results.names import raster_name
from ..results.rasters import write_classes
from ..results.staging import Tray
from ..results.statistics import Moments, moments
from ..results.styles import pam_xml, qml
from ..scenes.scene import Strip
from .site import COMMON, BlockSite, SeriesSite

if TYPE_CHECKING:
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

        def rows() -> Iterator[Rows]:
            for strip in site.plan.by_scene[self.scene]:
                site.check()
                classes = site.classes(strip)
                if classes is not None:
                    seen.append(look_at_classes(scene.checked_grid(), strip, classes))
                    yield Rows(strip.row, classes)

        names, colours = legend.names_by_number, legend.colours_by_number
        write_classes(self.tray.path(name), scene, rows(), names, colours)
        self.tray.write_text(f"{name}.aux.xml", pam_xml(names))
        self.tray.write_text(f"{name[:-4]}.qml", qml(names, colours))
        return SceneWritten(self.scene, tuple(seen))


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
        if pixels.dn.shape[1] == 0:
            found = Moments.zero(k, site.plan.n_bands)
        else:
            held = site.kernel.hold(Block(self.strip, pixels.valid, pixels.dn), k)
            held.relabel(self.centres)
            found = moments(held.tally, site.packer.squares(pixels.dn, held.labels(), k))
            site.keep_classes(self.strip, pixels.valid, merge_labels(held.labels(), self.merged))
        return StripClassified(self.strip, pixels.audit, found.merged(self.merged), packed.sketch)
