"""One place in one summer as four sensors record it: Landsat 9, HLS, Sentinel-2 and PlanetScope."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .files import stamp_of
from .hls import write_hls
from .imaging import simulate_scene
from .planet import write_planetscope
from .products import SceneSpec
from .reflectance import write_landsat
from .sentinel2 import write_sentinel2
from .views import Site, View, view_of

_EPSG = 32633
# Corners of the grids: Landsat's pixel centres are multiples of 30 m; tiles of MGRS begin at 399960, 5300040.
_LANDSAT_CORNER, _TILE_CORNER, _CLIP_CORNER = (459015.0, 5268015.0), (459000.0, 5268000.0), (477600.0, 5252700.0)
_KILOMETRES = 36
_CLIP_KILOMETRES = 5.4
_VERSION = 1  # raise when the same place is written otherwise


@dataclass(frozen=True)
class Acquisition:
    """One look at the place."""

    product: str
    """Identifier of the product that is written."""
    write: Callable[[Path, str, View, Site], Any]
    """What writes it."""
    spec: SceneSpec
    """What is seen, by a sensor like OLI with pixels of this size."""


def _spec(day: str, corner: tuple[float, float], cell: float, kilometres: float, footprint: float) -> SceneSpec:
    size = round(kilometres * 1000 / cell)
    product = f"LC09_L2SP_190027_{day}_{day}_02_T1"
    return SceneSpec(product, _EPSG, corner, size, size, 1, footprint, 0.05, 0.01, cell)


def _write_safe(folder: Path, product: str, view: View, site: Site) -> Path:
    return write_sentinel2(folder, product, view, site, lone=True)


ACQUISITIONS = (
    Acquisition(
        "HLS.S30.T33TVN.2022174T100031.v2.0", write_hls, _spec("20220623", _TILE_CORNER, 30.0, _KILOMETRES, 1.0)
    ),
    Acquisition(
        "LC09_L2SP_190027_20220628_20220714_02_T1",
        write_landsat,
        _spec("20220628", _LANDSAT_CORNER, 30.0, _KILOMETRES, 0.8),
    ),
    Acquisition(
        "20220701_095522_43_24b3",
        write_planetscope,
        _spec("20220701", _CLIP_CORNER, 3.0, _CLIP_KILOMETRES, 0.9),
    ),
    Acquisition(
        "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527",
        _write_safe,
        _spec("20220703", _TILE_CORNER, 20.0, _KILOMETRES, 1.0),
    ),
)
"""In the order of their dates."""


def write_one_place(folder: Path, scale: float = 1.0) -> None:
    """Write the four products, unless they are there, each in a folder of its own; they fill the folder alone.

    Parameters
    ----------
    folder : Path
        Is made anew; a file of its name and ".txt" beside it says what it holds.
    scale : float
        Share of the grids' sides; 1 makes some nine million pixels.
    """
    looks = [
        replace(look.spec, width=round(look.spec.width * scale), height=round(look.spec.height * scale))
        for look in ACQUISITIONS
    ]
    mark, stamp = folder.with_name(f"{folder.name}.txt"), stamp_of("one place", _VERSION, looks)
    if mark.is_file() and mark.read_text(encoding="ascii") == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    for look, spec in zip(ACQUISITIONS, looks):
        site = Site(f"EPSG:{spec.epsg}", spec.origin, spec.cell)
        # The others make a folder of their name themselves.
        target = folder / look.product if look.write is write_planetscope else folder
        look.write(target, look.product, view_of(simulate_scene(spec)), site)
    mark.write_text(stamp, encoding="ascii")
