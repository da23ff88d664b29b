"""The scenes and pixel sets that are measured, made once and kept.

There are two series. The pixels of the simulated one gather around some dozen spectra, so that a run of eight classes
ends after seven iterations; those of the real one follow genuine scenes, which take several times as many.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from .processes import call
from .settings import BUILD, GENUINE, MANY, SCENES_VARIABLE, K, Settings

SIMULATED, REAL = "simulated", "real"
"""Names of the series."""
SERIES = (REAL, SIMULATED)

# Pixels of a block of the pixel sets: what a strip of a full scene holds.
BLOCK = 1_000_000
# The peers take empty classes elsewhere, each in its own way, so they get a start that leaves none empty; the percent
# points of each band between which the centres are spread.
LOW, HIGH = 2, 98


def why_not(name: str) -> str:
    """Return why a series cannot be had; empty where it can."""
    if name == REAL and not GENUINE.is_dir():
        return "the genuine scenes that it follows are not here; name their folder in IIKMC_SCENES"
    return ""


def available() -> list[str]:
    """Return the names of the series that can be had."""
    return [name for name in SERIES if not why_not(name)]


def left_out() -> dict[str, str]:
    """Return the others, and why."""
    return {name: why for name in SERIES if (why := why_not(name))}


def scenes(settings: Settings, name: str = SIMULATED) -> Path:
    """Return the folder of a series, making what is missing of it; three full-size scenes unless quick."""
    if name == REAL:
        folder = settings.folder / REAL if settings.quick else BUILD / REAL
        call("series", "borrow", {"source": str(GENUINE), "folder": str(folder), "full": not settings.quick})
        return folder
    named = os.environ.get(SCENES_VARIABLE)
    if named and not settings.quick:
        return Path(named)
    folder = settings.folder / "scenes" if settings.quick else BUILD / "scenes"
    call("series", "simulate", {"folder": str(folder), "full": not settings.quick})
    return folder


def growth_scenes(settings: Settings) -> list[Path]:
    """Return the scene folders of the growth test, in order; the first n are a series of n."""
    folder, size = settings.folder / "growth", settings.growth_size
    number = max(settings.growth_scenes)
    return [
        Path(path)
        for path in call("series", "simulate", {"folder": str(folder), "size": size, "number": number})["scenes"]
    ]


def warm_scene(settings: Settings) -> Path:
    """Return a small scene to compile and load everything with before a measurement."""
    folder = settings.folder / "warm"
    return Path(call("series", "simulate", {"folder": str(folder), "size": 300, "number": 1})["scenes"][0])


def pixel_set(settings: Settings, name: str = SIMULATED) -> Path:
    """Return the folder of the pixels that peers get of a series, made anew where it was made of something else.

    It holds pixels.u16, the bands one after the other; a start for K and MANY classes, see `start_of`; shape.json; and
    a GeoTIFF a band for programs that read pictures.
    """
    folder = settings.folder / "pixels" / name
    wanted = {"scenes": str(scenes(settings, name)), "pixels": settings.subset}
    note, made_of = folder / "made_of.json", {**wanted, "k": [K, MANY], "described": _described(wanted["scenes"])}
    if not note.exists() or json.loads(note.read_text(encoding="utf-8")) != made_of:
        folder.mkdir(parents=True, exist_ok=True)
        call("series", "collect", {**wanted, "folder": str(folder)})
        note.write_text(json.dumps(made_of), encoding="utf-8")
    return folder


def _described(scenes: Any) -> str:
    """Return a hash of the scenes' MTL files, which tell what made scenes were made from."""
    found = hashlib.sha256()
    for path in sorted(Path(scenes).glob("*/*_MTL.txt")):
        found.update(path.read_bytes())
    return found.hexdigest()


def simulate(folder: str, full: bool = False, size: int = 700, number: int = 3) -> dict[str, Any]:
    """Simulate a series of square scenes, or the full-size one; return the paths of the scenes."""
    from . import simulate as simulation

    specs = simulation.bench_series() if full else simulation.bench_series(size, size, scenes=number)
    paths = [simulation.write_simulated(folder, spec) for spec in specs]
    return {"scenes": [str(path) for path in paths]}


def borrow(source: str, folder: str, full: bool = False, size: int = 700) -> dict[str, Any]:
    """Make a series whose pixels follow the genuine scenes in `source`, full-size or square; return the paths."""
    from . import simulate as simulation

    cut_outs = simulation.read_cut_outs(source)
    if not cut_outs:
        raise FileNotFoundError(f"{source} holds no scene folder of six bands in cells of 30 m to borrow pixels from.")
    pairs = simulation.borrowed_series(cut_outs) if full else simulation.borrowed_series(cut_outs, size, size)
    return {"scenes": [str(simulation.write_borrowed(folder, spec, cut_out)) for spec, cut_out in pairs]}


def band_files(folder: str) -> list[str]:
    """Return the files that a run with default parameters decodes: 6 bands, QA_PIXEL and QA_RADSAT of each scene."""
    from iikmc.engine.scenes.search import find_scenes
    from iikmc.engine.sensors.roles import USUAL

    files: list[str] = []
    for scene in find_scenes((folder,)).scenes:
        readings = [*(scene.bands[role] for role in USUAL), *scene.masks, scene.saturation]
        files += [reading.path for reading in readings if reading is not None]
    return files


def collect(scenes: str, pixels: int, folder: str) -> dict[str, Any]:
    """Write the valid pixels of evenly spread strips of all scenes, and a start for K and for MANY classes."""
    from iikmc.engine.kernels.choice import pick_packer
    from iikmc.engine.kernels.numpy_kernel import NumpyKernel
    from iikmc.engine.pixels.reading import read_strip
    from iikmc.engine.pixels.strips import plan_strips
    from iikmc.engine.requests import Request
    from iikmc.engine.scenes.check import check_series
    from iikmc.engine.scenes.handles import Handles
    from iikmc.engine.scenes.search import find_scenes
    from iikmc.engine.scenes.selection import Selection
    from iikmc.engine.sensors.roles import USUAL

    request = Request((scenes,), Path(folder))
    selection = Selection(USUAL, request.mask)
    found = check_series(find_scenes((scenes,)).scenes, selection)
    strips = [strip for number, scene in enumerate(found) for strip in plan_strips(scene.checked_grid(), number, 1)]
    # Strides prime to the number of strips visit all parts of all scenes before they come back to any.
    step = next(step for step in (61, 67, 71, 73) if len(strips) % step)
    parts: list[np.ndarray] = []
    packer = pick_packer(NumpyKernel())
    total = 0
    with Handles() as handles:
        for number in range(len(strips)):
            strip = strips[number * step % len(strips)]
            parts.append(read_strip(found[strip.scene], selection, strip, handles, packer).pixels.dn)
            total += parts[-1].shape[1]
            if total >= pixels:
                break
    dn = np.concatenate(parts, axis=1)[:, :pixels]
    width = picture_width(dn.shape[1])
    dn = np.ascontiguousarray(dn[:, : dn.shape[1] // width * width])
    dn.tofile(Path(folder) / "pixels.u16")
    for k in (K, MANY):
        np.save(start_of(folder, k), start(dn, k))
    (Path(folder) / "shape.json").write_text(json.dumps(dn.shape), encoding="utf-8")
    for role, band in zip(USUAL, dn):
        _write_picture(Path(folder) / f"{role}.tif", band.reshape(-1, width))
    return {"pixels": dn.shape[1]}


def picture_width(pixels: int) -> int:
    """Return the width of the picture that a pixel set is laid out as; the rest of the last row is left out."""
    return 4000 if pixels >= 4_000_000 else 400


def _write_picture(path: Path, values: np.ndarray) -> None:
    import rasterio
    from rasterio.transform import from_origin

    height, width = values.shape
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint16", "width": width, "height": height}
    with rasterio.open(path, "w", **profile, transform=from_origin(0, height, 1, 1)) as dataset:
        dataset.write(values, 1)


def start_of(folder: str | Path, k: int) -> Path:
    """Return the file of the start of a pixel set: (k, n_bands) centres in 1/64 DN."""
    return Path(folder) / f"start_{k}.npy"


def shape_of(folder: str | Path) -> tuple[int, int]:
    """Return the number of bands and of pixels of a pixel set."""
    n_bands, n = json.loads((Path(folder) / "shape.json").read_text(encoding="utf-8"))
    return n_bands, n


def read_pixels(folder: str | Path, first: int = 0, count: int | None = None) -> np.ndarray:
    """Return (n_bands, count) pixels of a pixel set, read and not mapped, so that no file counts as memory."""
    n_bands, n = shape_of(folder)
    count = n - first if count is None else count
    dn = np.empty((n_bands, count), np.uint16)
    for number in range(n_bands):
        dn[number] = np.fromfile(Path(folder) / "pixels.u16", np.uint16, count, offset=2 * (number * n + first))
    return dn


def start(dn: np.ndarray, k: int) -> np.ndarray:
    """Return k centres in 1/64 DN, spread between percentiles of each band of (n_bands, n) pixels."""
    from iikmc.engine.centres.starts import between, percentile

    histograms = [np.bincount(band, minlength=65536) for band in dn]
    return between([percentile(h, LOW) for h in histograms], [percentile(h, HIGH) for h in histograms], k)


def default_start(dn: np.ndarray, k: int) -> np.ndarray:
    """Return k centres in 1/64 DN spread between the least and the greatest value of each band, as by default."""
    from iikmc.engine.centres.starts import between

    return between(dn.min(axis=1).tolist(), dn.max(axis=1).tolist(), k)


def blocks(folder: str | Path, pixels: int | None = None) -> list[Any]:
    """Return the blocks of a pixel set, as a run has them in memory; of its first `pixels`, if given."""
    from iikmc.engine.pixels.block import Block
    from iikmc.engine.pixels.kept import Kept

    n = min(shape_of(folder)[1], pixels or shape_of(folder)[1])
    return [
        Block.loose(Kept(read_pixels(folder, first, min(BLOCK, n - first))), number)
        for number, first in enumerate(range(0, n, BLOCK))
    ]
