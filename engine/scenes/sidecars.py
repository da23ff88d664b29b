"""Files beside a raster that GDAL reads with it: georeference, nodata and masks that the raster itself lacks.

Nobody looks for them on a disk: a folder's listing, which the search makes anyway, tells of them. Where it tells of
none, GDAL is forbidden to look, because that costs more than opening the raster on a network disk.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

MASK_ENDING = ".msk"
"""Of a mask, which is a GeoTIFF itself."""
# Numbers, XML with a coordinate system and at most some statistics: a file of more is none that a program wrote.
_MOST_BYTES = 16 << 20


def endings(name: str) -> list[tuple[str, str]]:
    """Return how a raster's sidecars are called: (beginning, ending) each; GDAL tries the endings in either case.

    Sources: GDAL's pages on the GTiff driver (PAM, TABFILE, WORLDFILE) and on `GDALReadWorldFile`: x.tif has x.tfw,
    x.tifw or x.wld.
    """
    stem, _, extension = name.rpartition(".")
    found = [(name, ".aux.xml"), (name, MASK_ENDING), (name, ".aux"), (stem, ".aux"), (stem, ".tab"), (stem, ".wld")]
    if len(extension) > 1:
        found += [(stem, f".{extension[0]}{extension[-1]}w"), (stem, f".{extension}w")]
    return found


def sidecars_of(name: str, names: Iterable[str]) -> list[str]:
    """Return which of the names in a folder are sidecars of a raster there."""
    known = set(names)
    wanted = [beginning + end for beginning, ending in endings(name) for end in (ending.lower(), ending.upper())]
    return [name for name in dict.fromkeys(wanted) if name in known]


def sidecars_beside(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the sidecars of each raster among the names in a folder that has any."""
    names = list(names)
    # For the scenes of USGS this is all there is to do: beside their rasters lies nothing that could be one.
    odd = [name for name in names if name.lower().endswith((".aux.xml", MASK_ENDING, ".aux", ".tab", ".wld", "w"))]
    if not odd:
        return {}
    rasters = [name for name in names if name.lower().endswith((".tif", ".tiff", ".jp2"))]
    found = {name: sidecars_of(name, odd) for name in rasters}
    return {name: sidecars for name, sidecars in found.items() if sidecars}


def sidecars_on_disk(path: str | os.PathLike[str]) -> list[str]:
    """Return the paths of the files beside a raster on disk that may be its sidecars, or its header."""
    folder, name = os.path.split(os.path.abspath(path))
    stem = name.rpartition(".")[0] or name
    wanted = [beginning + ending for beginning, ending in (*endings(name), (stem, ".hdr"), (name, ".hdr"))]
    return [place for name in wanted if os.path.isfile(place := os.path.join(folder, name))]


def is_oversized(name: str, size: int) -> bool:
    """Tell whether a sidecar has more bytes than it can need; a mask may have any number, and is not read at once."""
    return size > _MOST_BYTES and not name.lower().endswith(MASK_ENDING)


def what_is_odd(path: str) -> str | None:
    """Return why GDAL had better not read the sidecars of a raster on disk; None where it may.

    GDAL waits for ever for a pipe, and takes a text of any size into memory.
    """
    folder, name = os.path.split(path)
    wanted = [beginning + end for beginning, ending in endings(name) for end in (ending.lower(), ending.upper())]
    for name in dict.fromkeys(wanted):
        try:
            state = os.stat(os.path.join(folder, name))
        except OSError:
            continue
        if not stat.S_ISREG(state.st_mode):
            return f"{name} beside it is no regular file"
        if is_oversized(name, state.st_size):
            return f"{name} beside it has {state.st_size:,} bytes, more than such a file can need"
    return None
