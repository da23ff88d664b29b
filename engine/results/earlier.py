"""What an earlier run left in the output folder that this run does not replace, and whether it still fits.

A raster beside signatures of other classes would be read with the wrong ones. Such rasters are set apart with the
signatures and tables that they came with; nothing of them is deleted, and no file that is not ours is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import UNCLASSIFIED
from ..colours import RGB
from ..errors import IIkMCError, OutputError, SignatureError
from ..paths import companions
from ..quantities import counted
from ..scenes.files import open_raster, raster_env
from ..scenes.scene import Scene
from ..sensors.products import may_lead_with_product
from . import signatures_file
from .geotiff import SOFTWARE
from .legend import legend_of
from .names import (
    MARGIN_END,
    RASTER_END,
    REPORT_NAME,
    SIGNATURES_END,
    SIGNATURES_NAME,
    SIGNATURES_TABLE,
    STATISTICS_NAME,
    margin_name,
    raster_name,
)

if TYPE_CHECKING:
    from ..arrays import Grid64

_TABLES = (SIGNATURES_NAME, SIGNATURES_TABLE, STATISTICS_NAME, REPORT_NAME)
# How many names a sentence lists.
_LISTED = 3


@dataclass(frozen=True)
class Earlier:
    """What is left of an earlier run."""

    output: Path
    """The folder."""
    fitting: tuple[str, ...] = ()
    """Rasters that stay, because their classes are those of this run or have signatures of their own."""
    foreign: tuple[str, ...] = ()
    """Rasters of other classes."""
    apart: tuple[str, ...] = ()
    """All files that are set apart."""

    def told(self, folder: Path | None) -> list[str]:
        """Return what the user is told, given the folder that the files were set apart in."""
        sentences = []
        if folder is not None:
            what = (
                f"{counted(len(self.foreign), 'classified raster')} of other classes or colours{_listed(self.foreign)}"
            )
            what = what if self.foreign else "signatures of other classes"
            sentences.append(
                f"OUTPUT: an earlier run left {what} in {self.output}; they are now in {folder}, with the tables of "
                "that run, and layers of them must be loaded again from there."
            )
        if self.fitting:
            sentences.append(
                f"OUTPUT: {counted(len(self.fitting), 'classified raster')} of an earlier run{_listed(self.fitting)} "
                f"{'stays' if len(self.fitting) == 1 else 'stay'} in {self.output}, as their classes are still right; "
                f"{STATISTICS_NAME} and {REPORT_NAME} tell of the scenes of this run alone."
            )
        return sentences


@dataclass(frozen=True)
class Classes:
    """The common classes of a run, as a raster or a signatures file shows them."""

    roles: tuple[str, ...]
    """Bands."""
    centres: Grid64
    """(k, n_bands) in 1/64 DN."""
    colours: Sequence[RGB]
    """Of the classes 1, 2, ...; black for a number that is no class."""
    merged: tuple[int, ...] = ()
    """The class of each centre, where classes were merged."""


def left_rasters(output: Path, scenes: Sequence[Scene]) -> tuple[str, ...]:
    """Return the names of the classified rasters in a folder that an earlier run wrote and these scenes do not replace.

    A raster is ours if its name says so and its tag as well.
    """
    mine = {raster_name(scene) for scene in scenes}
    try:
        found = [path.name for path in sorted(output.glob(f"*{RASTER_END}")) if path.is_file()]
    except OSError:
        return ()
    return tuple(
        name
        for name in found
        if name not in mine and may_lead_with_product(name) and _colours_of(output / name) is not None
    )


def outdated_margins(output: Path, scenes: Sequence[Scene], margin: bool) -> tuple[str, ...]:
    """Return the names of files in a folder that belong to margins which an earlier run of these scenes wrote.

    They are worthless once the scenes have other classes.

    Parameters
    ----------
    output, scenes
        The folder, and the scenes of this run.
    margin
        Whether this run writes margins, and so replaces the rasters and their styles itself.
    """
    found = []
    for name in map(margin_name, scenes):
        try:
            with raster_env(), open_raster(output / name, OutputError) as dataset:
                ours = _is_ours(dataset)
        except IIkMCError:
            ours = False
        # What other programs noted of the values of the old raster is wrong of the new one too.
        found += [f"{name}.aux.xml"] if margin else _with_companions(name) if ours else []
    return tuple(name for name in found if (output / name).is_file())


def left_over(output: Path, scenes: Sequence[Scene], classes: Classes | None) -> Earlier:
    """Return what an earlier run left in the folder of a run that has these classes; None = each scene has its own."""
    rasters = left_rasters(output, scenes)
    if classes is None:
        return Earlier(output, rasters)
    # Of the same centres; their colours tell which rasters there are of them. A user may have given them others.
    own_colours = _own_colours(output / SIGNATURES_NAME, classes)
    known = [_told_apart(classes.colours), _told_apart(own_colours)]
    fitting = tuple(name for name in rasters if own_colours and _colours_of(output / name) in known)
    foreign = tuple(name for name in rasters if name not in fitting)
    # Signatures of single scenes, of a run that had no common ones.
    own = [path.name for path in sorted(output.glob(f"*{SIGNATURES_END}.json")) if may_lead_with_product(path.name)]
    with_margins = [raster for name in foreign for raster in (name, f"{name[: -len(RASTER_END)]}{MARGIN_END}")]
    apart = [name for raster in with_margins for name in _with_companions(raster)]
    apart += [name for signatures in own for name in (signatures, f"{signatures[:-5]}.csv")]
    tables = _TABLES if apart else ()
    there = (name for name in (*apart, *tables) if (output / name).is_file())
    return Earlier(output, fitting, foreign, tuple(dict.fromkeys(there)))


def _with_companions(raster: str) -> list[str]:
    return [raster, *(path.name for path in companions(Path(raster)))]


def _colours_of(path: Path) -> list[RGB] | None:
    """Return what a raster of ours shows of the colours of its classes, `_told_apart`; None for a file that is none."""
    try:
        with raster_env(), open_raster(path, OutputError) as dataset:
            if not _is_ours(dataset):
                return None
            table = dataset.colormap(1)
    except (IIkMCError, ValueError):
        return None
    # Whether pixels may be unclassified is no matter of the classes.
    return _told_apart([table[value][:3] for value in range(1, UNCLASSIFIED) if value in table])


def _is_ours(dataset: Any) -> bool:
    return bool(dataset.tags().get("TIFFTAG_SOFTWARE") == SOFTWARE)


def _told_apart(colours: Sequence[RGB]) -> list[RGB]:
    """Return colours without black ones at the end: rasterio fills a raster's table up to 256 entries with them."""
    kept = list(colours)
    while kept and kept[-1] == (0, 0, 0):
        kept.pop()
    return kept


def _own_colours(path: Path, classes: Classes) -> list[RGB]:
    """Return the colours of a signatures file that has these centres; none of another."""
    try:
        found = signatures_file.read(path)
    except SignatureError:
        return []
    same = found.roles == classes.roles and np.array_equal(found.centres, classes.centres)
    return legend_of(found).colours_by_number if same and found.merged == classes.merged else []


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f" ({', '.join(names[:_LISTED])}{more})" if names else ""
