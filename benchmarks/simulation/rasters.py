"""One raster file as the providers write them: tiled GeoTIFF, and lossless JPEG 2000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from .views import Site

_TILE = 256


def write_tif(
    path: Path,
    bands: np.ndarray | Sequence[np.ndarray],
    site: Site,
    nodata: float | None = None,
    descriptions: Sequence[str] = (),
    scale: tuple[float, float] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Write a GeoTIFF and return its path.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    bands : ndarray or sequence of ndarray
        (height, width) of one band, or of each.
    site : Site
        Where it lies.
    nodata : float, optional
        The file's nodata value.
    descriptions : sequence of str
        Of the bands.
    scale : (float, float), optional
        Scale and offset of every band, as tags of the format; values are stored as they are.
    tags : mapping, optional
        Further tags of the file.
    """
    arrays = [bands] if isinstance(bands, np.ndarray) and bands.ndim == 2 else list(bands)
    height, width = arrays[0].shape
    profile: dict[str, Any] = {
        "driver": "GTiff", "dtype": arrays[0].dtype, "count": len(arrays), "width": width, "height": height,
        "crs": site.crs, "transform": site.transform, "nodata": nodata, "compress": "deflate", "zlevel": 1,
    }  # fmt: skip
    if min(width, height) >= _TILE:
        profile.update(tiled=True, blockxsize=_TILE, blockysize=_TILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **profile) as dataset:
        for number, array in enumerate(arrays, start=1):
            dataset.write(array, number)
        if descriptions:
            dataset.descriptions = tuple(descriptions)
        if scale is not None:
            dataset.scales, dataset.offsets = ((value,) * len(arrays) for value in scale)
        dataset.update_tags(**(tags or {}))
    return path


def write_jp2(path: Path, bands: np.ndarray | Sequence[np.ndarray], site: Site) -> Path:
    """Write a JPEG 2000 without loss and return its path; see `write_tif`."""
    arrays = [bands] if isinstance(bands, np.ndarray) and bands.ndim == 2 else list(bands)
    height, width = arrays[0].shape
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="JP2OpenJPEG", dtype=arrays[0].dtype, count=len(arrays), width=width, height=height,
        crs=site.crs, transform=site.transform, QUALITY="100", REVERSIBLE="YES", YCBCR420="NO", RESOLUTIONS="3",
    ) as dataset:  # fmt: skip
        for number, array in enumerate(arrays, start=1):
            dataset.write(array, number)
    return path
