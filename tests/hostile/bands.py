"""Makers for the cases about files: scenes whose band files are written again in another form, and what they give."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from calls import audit_of
from iikmc.engine.pixels.masking import Audit
from iikmc.engine.progress import Progress
from iikmc.engine.requests import Request
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.scene import PixelGrid
from iikmc.engine.scenes.selection import MaskRule
from rasterio.transform import Affine
from tiny import make_scene, product, read_raster, six_band_noise

ONE = product()
HEIGHT, WIDTH = 40, 48
DN = six_band_noise(7, HEIGHT, WIDTH)
CUT = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) < 30
"""A triangle in the upper left corner, which is cut away."""
LEFT = (HEIGHT * WIDTH) - int(CUT.sum())
"""Pixels that are left."""


def scene(folder: Path, dn: Any = DN, name: str = ONE, **options: Any) -> Path:
    """Make a scene with QA_PIXEL and QA_RADSAT."""
    return make_scene(folder / "in", name, dn, radsat=0, **options)


def bands_of(path: Path) -> list[Path]:
    """Return the SR band files of a scene."""
    return sorted(path.glob("*_SR_B*.TIF"))


def band(path: Path, number: int | str = 4) -> Path:
    """Return one file of a scene: the number of its SR band, or "QA_PIXEL" and the like."""
    return path / (f"{path.name}_SR_B{number}.TIF" if isinstance(number, int) else f"{path.name}_{number}.TIF")


def again(
    path: Path,
    change: Callable[[np.ndarray], np.ndarray] = lambda values: values,
    mask: np.ndarray | None = None,
    internal: bool = True,
    **profile: Any,
) -> None:
    """Write a file again with other values, a mask (True = valid) or another profile; None takes a key away."""
    with rasterio.open(path) as dataset:
        values, old = dataset.read(1), {**dataset.profile, **profile}
    old = {key: value for key, value in old.items() if value is not None}
    path.unlink()
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal), rasterio.open(path, "w", **old) as dataset:
        dataset.write(change(values), 1)
        if mask is not None:
            dataset.write_mask(np.where(mask, 255, 0).astype(np.uint8))


def filled(value: int, where: np.ndarray = CUT) -> Callable[[np.ndarray], np.ndarray]:
    """Return what puts a value where pixels are cut away."""
    return lambda values: np.where(where, np.uint16(value), values)


def audit(path: Path, flags: tuple[str, ...] = (), progress: Progress | None = None, **options: Any) -> Audit:
    """Return the counts of one scene."""
    return audit_of([path], path.parents[1] / "audit", flags, progress=progress, **options).audits[0]


def run(path: Path, *others: Path, k: int = 3, progress: Progress | None = None, **options: Any) -> list[np.ndarray]:
    """Cluster scenes and return the rasters of classes."""
    out = path.parents[1] / f"out-{os.urandom(4).hex()}"
    request = Request((str(path), *map(str, others)), out, k=k, mask=MaskRule((), True), workers=2, **options)
    return [read_raster(raster) for raster in cluster(request, progress).rasters]


def grid_of(path: Path) -> PixelGrid:
    """Return the grid of the raster that a run writes."""
    out = path.parents[1] / f"out-{os.urandom(4).hex()}"
    result = cluster(Request((str(path),), out, k=3, mask=MaskRule((), True), workers=2))
    with rasterio.open(result.rasters[0]) as dataset:
        return PixelGrid(dataset.width, dataset.height, tuple(dataset.transform)[:6], dataset.crs, 1)


def bare(path: Path, crs: bool = False) -> Affine:
    """Take the georeference out of a file, all of it or all but the CRS, and return the transform it had."""
    with rasterio.open(path) as dataset:
        transform = dataset.transform
    again(path, transform=None, **({} if crs else {"crs": None}))
    return transform


def world(path: Path, transform: Affine, ending: str = ".tfw") -> Path:
    """Write a world file: it names the centre of the first pixel (ESRI)."""
    a, b, c, d, e, f = tuple(transform)[:6]
    numbers = (a, d, b, e, c + (a + b) / 2, f + (d + e) / 2)
    place = path.with_suffix(ending)
    place.write_text("".join(f"{number:.10f}\n" for number in numbers), encoding="ascii")
    return place


def pam(path: Path, inside: str) -> Path:
    """Write the .aux.xml of a raster."""
    place = path.with_name(path.name + ".aux.xml")
    place.write_text(f"<PAMDataset>{inside}</PAMDataset>", encoding="utf-8")
    return place
