"""What band files say of themselves: type, grid, and whether they are whole, by their headers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..errors import SceneError
from ..quantities import counted
from .archives import IN_ARCHIVE
from .files import file_name, open_band, raster_env
from .places import stamp
from .scene import PixelGrid

# What rasterio gives where GDAL knows no place.
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


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
        mine, its = self.grid, other.grid
        # A thousandth of a pixel: MTL-made georeferences round to millimetres.
        tolerance = abs(mine.transform[0]) / 1000
        return (
            (mine.width, mine.height) == (its.width, its.height)
            # The files of a scene nearly always say it in the same words.
            and (self.wkt == other.wkt or self._crs() == other._crs())
            and all(abs(a - b) <= tolerance for a, b in zip(mine.transform, its.transform))
        )

    def describe(self) -> str:
        """Return size, origin and CRS in words."""
        _, _, x, _, _, y = self.grid.transform
        crs = self._crs().to_string() if self.wkt else "no CRS"
        return f"{self.grid.width} x {self.grid.height} pixels at ({x:.0f}, {y:.0f}) in {crs[:40]}"


def read_header(scene_id: str, path: str, sidecars: Sequence[str] = ()) -> Header:
    """Open a file just to read its header, once as long as it does not change.

    The dialog's hint, Processing's check of the parameters (which blocks the window) and the run itself ask for the
    same headers one after the other; on a network disk opening a file takes far longer than asking for its date.

    Parameters
    ----------
    scene_id, path
        Whose file, and which.
    sidecars
        Paths of the files beside it that GDAL reads with it.

    Raises
    ------
    SceneError
        It is no readable single-band uint16 raster with a georeference.
    """
    states = [stamp(name) for name in (path, *sidecars)]
    known = tuple(state for state in states if state is not None)
    beside = tuple(sidecars)
    if len(known) < len(states):
        return _read(scene_id, path, beside)
    return _remembered(scene_id, path, beside, known)


@lru_cache(maxsize=4096)  # eight files each of 500 scenes
def _remembered(scene_id: str, path: str, sidecars: tuple[str, ...], _stamps: tuple[tuple[int, int], ...]) -> Header:
    """Return what `_read` does for files of these sizes and dates; an error is not remembered."""
    return _read(scene_id, path, sidecars)


def _read(scene_id: str, path: str, sidecars: tuple[str, ...]) -> Header:
    """Return the header of a file."""
    with raster_env(), open_band(scene_id, path, sidecars) as dataset:
        name = file_name(path)
        if dataset.count != 1 or dataset.dtypes[0] != "uint16":
            raise SceneError(
                f"Scene {scene_id}: {name} has {counted(dataset.count, 'band')} of {dataset.dtypes[0]}, expected one "
                "of uint16; use the file as USGS delivers it."
            )
        problem = misplaced(dataset)
        if problem:
            raise SceneError(
                f"Scene {scene_id}: {name} {problem}; use the file as USGS delivers it, or with the world file and the "
                ".aux.xml that came with it."
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
    state = None if path.startswith(IN_ARCHIVE) else stamp(path)
    height, width = dataset.block_shapes[0]
    place = f"{(dataset.width - 1) // width}_{(dataset.height - 1) // height}"
    start, size = (dataset.get_tag_item(f"BLOCK_{what}_{place}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
    # A block that is all fill may have no place.
    return int(start) + int(size) - state[0] if start and size and state else 0
