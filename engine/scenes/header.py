"""What band files say of themselves: type, grid, and whether they are whole, by their headers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import monotonic
from typing import Any

from ..errors import SceneError
from ..quantities import counted
from .archives import IN_ARCHIVE
from .files import file_name, open_band, raster_env
from .places import stamp
from .remote import REMOTE, is_remote
from .scene import PixelGrid

# Seconds for which what a server said of a file is taken to hold, over the dialog, the check and the start of a run.
_KEPT = 900
# What rasterio gives where GDAL knows no place.
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Expected:
    """What a file should be."""

    bands: tuple[int, ...] = (1,)
    """Numbers of the bands that are read."""
    types: tuple[str, ...] = ("uint16",)
    """Types that these may have."""
    count: int = 1
    """How many bands it has; 0 = as many as are read, or more."""
    delivered: str = "as USGS delivers it"
    """How it should be used, for messages."""

    def refusal(self, count: int, types: Sequence[str]) -> str | None:
        """Return what is wrong with the number and the types of its bands; None where nothing is."""
        seen = [types[band - 1] for band in self.bands if band <= count]
        odd = [name for name in seen if name not in self.types]
        enough = count == (self.count or count)
        if enough and len(seen) == len(self.bands) and not odd:
            return None
        wanted = "one" if self.count == 1 else str(self.count or f"{max(self.bands)} or more")
        return f"has {counted(count, 'band')} of {(odd or types)[0]}, expected {wanted} of {' or '.join(self.types)}"


LANDSAT = Expected()


@dataclass(frozen=True)
class Header:
    """What a band file says of itself."""

    name: str
    """File name."""
    grid: PixelGrid
    """Its pixel grid, without a CRS."""
    wkt: str
    """Its CRS as WKT; "" without one."""

    def own_grid(self) -> PixelGrid:
        """Return the pixel grid with a CRS of its own: PROJ's objects are not for several threads at once."""
        return replace(self.grid, crs=self._crs())

    def _crs(self) -> Any:
        from rasterio.crs import CRS

        if not self.wkt:
            return None
        with raster_env():
            return CRS.from_wkt(self.wkt)

    def same_grid(self, other: Header) -> bool:
        """Tell whether two files lie pixel on pixel."""
        return self.repeats(other) == 1

    def repeats(self, other: Header) -> int:
        """Return how many pixels of another file, each way, make one of this file exactly; 0 where they do not."""
        mine, its = self.grid, other.grid
        n = its.width // mine.width
        a, b, c, d, e, f = its.transform
        # A thousandth of a pixel: MTL-made georeferences round to millimetres.
        tolerance = abs(mine.transform[0]) / 1000
        fits = (
            (n * mine.width, n * mine.height) == (its.width, its.height)
            # The files of a scene nearly always say it in the same words.
            and (self.wkt == other.wkt or self._crs() == other._crs())
            and all(abs(x - y) <= tolerance for x, y in zip(mine.transform, (n * a, n * b, c, n * d, n * e, f)))
        )
        return n if fits else 0

    def describe(self) -> str:
        """Return size, origin and CRS in words."""
        _, _, x, _, _, y = self.grid.transform
        crs = self._crs().to_string() if self.wkt else "no CRS"
        return f"{self.grid.width} x {self.grid.height} pixels at ({x:.0f}, {y:.0f}) in {crs[:40]}"


def read_header(
    scene_id: str, path: str, sidecars: Sequence[str] = (), expected: Expected = LANDSAT, opening: str = ""
) -> Header:
    """Open a file just to read its header, once as long as it does not change.

    The dialog's hint, Processing's check of the parameters (which blocks the window) and the run itself ask for the
    same headers one after the other; on a network disk opening a file takes far longer than asking for its date.

    Parameters
    ----------
    scene_id, path
        Whose file, and which.
    sidecars
        Paths of the files beside it that GDAL reads with it.
    expected
        What it should be; by default as a file of Landsat.
    opening
        As for `open_band`.

    Raises
    ------
    SceneError
        It is no readable raster of that kind with a georeference.
    """
    # A server tells no date without a request for each file, so that what it gave is asked for again after a while.
    states = [(0, int(monotonic() // _KEPT))] if is_remote(path) else [stamp(name) for name in (path, *sidecars)]
    known = tuple(state for state in states if state is not None)
    beside = tuple(sidecars)
    if len(known) < len(states):
        return _read(scene_id, path, beside, expected, opening)
    return _remembered(scene_id, path, beside, expected, opening, known)


@lru_cache(maxsize=4096)  # eight files each of 500 scenes
def _remembered(
    scene_id: str,
    path: str,
    sidecars: tuple[str, ...],
    expected: Expected,
    opening: str,
    _stamps: tuple[tuple[int, int], ...],
) -> Header:
    """Return what `_read` does for files of these sizes and dates; an error is not remembered."""
    return _read(scene_id, path, sidecars, expected, opening)


def _read(scene_id: str, path: str, sidecars: tuple[str, ...], expected: Expected, opening: str) -> Header:
    """Return the header of a file."""
    with raster_env(), open_band(scene_id, path, sidecars, opening) as dataset:
        name = file_name(path)
        kind = expected.refusal(dataset.count, dataset.dtypes)
        if kind:
            raise SceneError(f"Scene {scene_id}: {name} {kind}; use the file {expected.delivered}.")
        problem = misplaced(dataset)
        if problem:
            raise SceneError(
                f"Scene {scene_id}: {name} {problem}; use the file {expected.delivered}, or with the world file and "
                "the .aux.xml that came with it."
            )
        missing = _missing(dataset, path)
        if missing > 0:
            raise SceneError(
                f"Scene {scene_id}: {name} cannot be read to its end ({missing:,} bytes are missing); the file is "
                "damaged or incomplete, download the scene again."
            )
        grid = PixelGrid(
            width=dataset.width,
            height=dataset.height,
            transform=tuple(dataset.transform)[:6],
            crs=None,
            block_height=int(dataset.block_shapes[0][0]),
        )
        return Header(name, grid, dataset.crs.to_wkt() if dataset.crs else "")


def misplaced(dataset: Any) -> str | None:
    """Return what is wrong with where a raster says it lies, as the rest of a sentence; None where nothing is."""
    transform = tuple(dataset.transform)[:6]
    a, b, _, d, e, _ = transform
    if transform == _IDENTITY:
        if dataset.gcps[0]:
            return "is placed by ground control points alone, which makes no grid (warp it first)"
        return "has no georeference, neither inside nor in a file beside it"
    if not all(map(math.isfinite, transform)) or a * e == b * d:
        return f"has a georeference that no pixel can have {transform}"
    return None


def _missing(dataset: Any, path: str) -> int:
    """Return how many bytes of the last block of a GeoTIFF on disk lie behind the end of the file.

    The other blocks are not asked for: that would read the whole index of a file of which only the header is wanted,
    and what USGS and GDAL write ends with the last block.
    """
    state = None if path.startswith((*IN_ARCHIVE, *REMOTE)) else stamp(path)
    if state is None:
        return 0
    height, width = dataset.block_shapes[0]
    place = f"{(dataset.width - 1) // width}_{(dataset.height - 1) // height}"
    start, size = (dataset.get_tag_item(f"BLOCK_{what}_{place}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
    # A block that is all fill may have no place.
    return int(start) + int(size) - state[0] if start and size else 0
