"""Full-size scenes whose pixels are borrowed from small genuine ones, under a simulated sky.

Where simulated pixels gather around a few dozen spectra, genuine ones form one cloud without gaps, so that runs need
many more iterations, in which many more pixels change. A genuine scene is gigabytes, but its cut-outs are not: one is
mirrored along its edges over the whole grid. Fill, clouds and their shadows come from the simulation, as the cut-outs
have no quality bands; what lies under a mask stays the ground.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import rasterio

from .files import is_stamped, stamp_of, write_scene
from .imaging import qa_pixel_of
from .noise import hashed, salted
from .products import CELL, OLI_BANDS, QA_FILL, STRIP_ROWS, TM_BANDS, SceneSpec
from .weather import MARGIN, Weather, inside_footprint, sky_over, weather_of

NOISE = 15
"""Standard deviation of what is added to each value, in DN, so that repeated pixels are not equal.

About OLI's own noise: its signal is 200 to 360 times that at typical radiances (Landsat 8 Data Users Handbook,
LSDS-1574), which at a reflectance of 0.1 makes 0.0003 to 0.0005; a DN is 0.0000275.
"""
WIDTH, HEIGHT = 7600, 7700
"""Size of the first grid; as in `bench_series`."""
FOOTPRINT, CLOUDS, CIRRUS = 0.783, 0.04, 0.005
"""As in SceneSpec; together they leave 127.6 million valid pixels in three full-size scenes."""
# The near infrared below which a pixel is called water, 0.05 of reflectance; QA_PIXEL's water bit is not masked.
_WATER_NIR = 9100
_VERSION = 1  # raise when the same specification and cut-out give other pixels


@dataclass(frozen=True)
class CutOut:
    """A part of a genuine scene."""

    product_id: str
    """Of the genuine scene."""
    epsg: int
    """Of its grid."""
    origin: tuple[float, float]
    """Map coordinates of its upper left corner."""
    numbers: tuple[int, ...]
    """Numbers of the SR_B files: blue, green, red, near infrared and both of short-wave infrared."""
    bands: np.ndarray
    """DN, (6, height, width) uint16, 0 = none."""

    @property
    def digest(self) -> str:
        """What its values are recognised by."""
        return hashlib.sha256(self.bands.tobytes()).hexdigest()


def read_cut_outs(folder: os.PathLike[str] | str) -> list[CutOut]:
    """Return the scenes of a folder of scene folders that have the six bands in cells of 30 m, in order of their names.

    Scenes of larger cells are thinned out: their neighbours are none.
    """
    found = []
    for scene in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        numbers = (OLI_BANDS if scene.name.startswith("L") and scene.name[1] in "CO" else TM_BANDS)[1:]
        files = [scene / f"{scene.name}_SR_B{number}.TIF" for number in numbers]
        if not all(path.is_file() for path in files):
            continue
        with rasterio.open(files[0]) as dataset:
            transform, epsg = dataset.transform, dataset.crs.to_epsg()
        if transform.a == CELL:
            bands = np.stack([_values(path) for path in files])
            found.append(CutOut(scene.name, epsg, (transform.c, transform.f), numbers, bands))
    return found


def _values(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        values: np.ndarray = dataset.read(1)
    return values


def borrowed_series(
    cut_outs: Sequence[CutOut], width: int = WIDTH, height: int = HEIGHT, seed: int = 1
) -> list[tuple[SceneSpec, CutOut]]:
    """Return a scene's specification for each cut-out; grids differ by some per cent, as genuine ones do."""
    pairs = []
    for n, cut_out in enumerate(cut_outs):
        rng = np.random.default_rng([seed, 13, n])
        more = [int(rng.integers(0, size // 60 + 1)) if n else 0 for size in (width, height)]
        spec = SceneSpec(
            cut_out.product_id, cut_out.epsg, cut_out.origin, width + more[0], height + more[1], seed, FOOTPRINT,
            CLOUDS, CIRRUS,
        )  # fmt: skip
        pairs.append((spec, cut_out))
    return pairs


def write_borrowed(
    folder: os.PathLike[str] | str, spec: SceneSpec, cut_out: CutOut, threads: int | None = None
) -> Path:
    """Write the folder of a scene of borrowed pixels, unless it is already there; return the folder.

    Parameters
    ----------
    folder : path
        Parent folder.
    spec : SceneSpec
        Grid, sky and seed.
    cut_out : CutOut
        Where the pixels come from.
    threads : int, optional
        Threads for computing and files written at a time; all processors by default; never changes the result.
    """
    target = Path(folder) / spec.product_id
    names = [*(f"SR_B{number}" for number in cut_out.numbers), "QA_PIXEL", "QA_RADSAT"]
    stamp = stamp_of("borrowed", _VERSION, spec, NOISE, cut_out.digest)
    if is_stamped(folder, spec.product_id, names, stamp):
        return target
    if target.exists():
        shutil.rmtree(target)
    threads = threads or os.cpu_count() or 1
    bands, qa_pixel = borrowed_scene(spec, cut_out, threads)
    return write_scene(
        folder,
        spec.product_id,
        dict(zip(cut_out.numbers, bands)),
        qa_pixel,
        np.zeros_like(qa_pixel),
        crs=f"EPSG:{spec.epsg}",
        origin=spec.origin,
        threads=threads,
        attributes={"REQUEST_ID": stamp},
    )


def borrowed_scene(spec: SceneSpec, cut_out: CutOut, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the (6, height, width) bands and QA_PIXEL of a scene."""
    bands = np.zeros((len(cut_out.bands), spec.height, spec.width), np.uint16)
    qa_pixel = np.full((spec.height, spec.width), QA_FILL, np.uint16)
    weather = weather_of(spec)

    def work(row: int) -> None:
        rows = np.arange(row, min(row + STRIP_ROWS, spec.height))
        _strip(spec, cut_out, weather, rows, bands, qa_pixel)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, spec.height, STRIP_ROWS)))
    return bands, qa_pixel


def _strip(
    spec: SceneSpec, cut_out: CutOut, weather: Weather, rows: np.ndarray, bands: np.ndarray, qa_pixel: np.ndarray
) -> None:
    """Fill rows of a scene whose arrays hold fill."""
    found = inside_footprint(spec, rows)
    if found is None:
        return
    inside, first = found
    columns = np.arange(first, first + inside.shape[1])
    target = (slice(int(rows[0]), int(rows[-1]) + 1), slice(first, first + len(columns)))
    height, width = cut_out.bands.shape[1:]
    place = np.ix_(mirrored(rows, height), mirrored(columns, width))
    table = _noise_table()
    draws = np.zeros(0, np.uint32)
    for number, band in enumerate(cut_out.bands):
        # 32 bits make the noise of two bands.
        if number % 2 == 0:
            draws = hashed(columns[None, :], rows[:, None], salted(weather.salt, "noise", number))
        else:
            draws >>= 16
        values = band[place].astype(np.int32)
        none = values == 0
        values += table[draws & np.uint32(0xFFFF)]
        np.clip(values, 1, 65535, out=values)
        values[none | ~inside] = 0
        bands[number][target] = values
    m = MARGIN
    east = spec.origin[0] + (np.arange(columns[0] - m, columns[-1] + 1 + m) + 0.5) * CELL
    north = spec.origin[1] - (np.arange(rows[0] - m, rows[-1] + 1 + m) + 0.5) * CELL
    water = cut_out.bands[3][place] < _WATER_NIR
    sky = sky_over(weather, east, north)
    qa_pixel[target] = qa_pixel_of(spec.is_oli, inside, sky, np.zeros_like(inside), water)


def mirrored(positions: np.ndarray, size: int) -> np.ndarray:
    """Return the index into something of this size that lies at each position when it is mirrored along its edges."""
    turned = positions % (2 * size)
    return np.minimum(turned, 2 * size - 1 - turned)


@functools.lru_cache(maxsize=1)
def _noise_table() -> np.ndarray:
    """Return the noise for each of 65536 equally likely draws, int32."""
    normal = NormalDist(0, NOISE)
    return np.array([round(normal.inv_cdf((draw + 0.5) / 65536)) for draw in range(65536)], np.int32)
