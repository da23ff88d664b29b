"""Many small scenes of four sensors in two zones, for what grows with the number of scenes and not with their size."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

from .files import stamp_of
from .hls import write_hls
from .imaging import simulate_scene
from .planet import write_planetscope
from .products import SceneSpec
from .reflectance import write_landsat
from .sentinel2 import write_sentinel2
from .views import Site, view_of

_ZONES = ((32633, "33TVN", (459000.0, 5268000.0)), (32632, "32TQT", (759000.0, 5268000.0)))
_FIRST = date(2022, 5, 1)
_VERSION = 1  # raise when the same scenes are written otherwise
_SENSORS = ("landsat", "hls", "sentinel2", "planet")
_CELLS = dict(zip(_SENSORS, (30.0, 30.0, 20.0, 3.0)))


def write_many(folder: Path, count: int, size: int = 120) -> None:
    """Write so many scenes, unless they are there: the sensors and zones in turn, each of another day.

    Parameters
    ----------
    folder : Path
        Is made anew; ".txt" beside it says what it holds.
    count, size : int
        Scenes, and pixels of a side.
    """
    mark, stamp = folder.with_name(f"{folder.name}.txt"), stamp_of("many", _VERSION, count, size)
    if mark.is_file() and mark.read_text(encoding="ascii") == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(count):
        _write(folder, number, size)
    mark.write_text(stamp, encoding="ascii")


def _write(folder: Path, number: int, size: int) -> None:
    sensor = _SENSORS[number % len(_SENSORS)]
    epsg, tile, origin = _ZONES[number // len(_SENSORS) % len(_ZONES)]
    day = _FIRST + timedelta(number)
    text, cell = day.strftime("%Y%m%d"), _CELLS[sensor]
    # What is seen is named as Landsat's, whose noise and weather follow from the name.
    look = f"LC09_L2SP_190027_{text}_{text}_02_T1"
    view = view_of(simulate_scene(SceneSpec(look, epsg, origin, size, size, 1, 0.9, 0.05, 0.01, cell), threads=1))
    site = Site(f"EPSG:{epsg}", origin, cell)
    if sensor == "landsat":
        write_landsat(folder, look, view, site)
    elif sensor == "hls":
        write_hls(folder, f"HLS.S30.T{tile}.{day.strftime('%Y%j')}T100031.v2.0", view, site)
    elif sensor == "sentinel2":
        name = f"S2B_MSIL2A_{text}T100029_N0400_R122_T{tile}_{text}T121527"
        write_sentinel2(folder, name, view, site, lone=True)
    else:
        name = f"{text}_095522_43_24b3"
        write_planetscope(folder / name, name, view, site)
