"""Scene folders: GeoTIFF files and an MTL like those that USGS delivers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import Affine, from_origin
from rasterio.warp import transform as warp_points

from .imaging import simulate_scene
from .noise import salted
from .products import CELL, QA_FILL, SENSORS, STRIP_ROWS, SceneSpec


def write_scene(
    folder: os.PathLike[str] | str,
    product_id: str,
    bands: Mapping[int, np.ndarray],
    qa_pixel: np.ndarray | None = None,
    qa_radsat: np.ndarray | None = None,
    crs: str = "EPSG:32633",
    origin: tuple[float, float] = (465285.0, 5264715.0),
    cell: float = CELL,
    mtl: bool = True,
    tile: int = 256,
    compress: str = "DEFLATE",
    overviews: bool = False,
    threads: int = 1,
    attributes: Mapping[str, Any] | None = None,
) -> Path:
    """Write arrays as a Collection 2 Level-2 scene folder in the layout of the genuine files.

    Parameters
    ----------
    folder : path
        Parent folder; the scene's own folder, named by the product id, is made in it.
    product_id : str
        Such as LC08_L2SP_190027_20210514_20210524_02_T1.
    bands : mapping of int to ndarray
        SR band number -> (height, width) uint16 DN, 0 = fill.
    qa_pixel, qa_radsat : ndarray, optional
        (height, width) uint16; no file is written for None.
    crs : str
        Anything rasterio understands.
    origin : (float, float)
        Map coordinates of the outer corner of the upper left pixel.
    cell : float
        Pixel size in map units.
    mtl : bool
        Whether to write the MTL text file.
    tile : int
        Side of the tiles; a raster smaller than it (either way) is written in strips.
    compress : str
        GDAL's COMPRESS option, such as DEFLATE or NONE.
    overviews : bool
        Whether to add internal overviews 2, 4, ... as genuine files have.
    threads : int
        Files written at a time.
    attributes : mapping, optional
        Values for the MTL's keys, instead of the defaults.

    Returns
    -------
    Path
        The scene's folder.
    """
    target = Path(folder) / product_id
    target.mkdir(parents=True, exist_ok=True)
    arrays: list[tuple[str, np.ndarray, int | None]] = [
        (f"SR_B{number}", np.asarray(array), 0) for number, array in sorted(bands.items())
    ]
    arrays += [
        (name, np.asarray(array), None)
        for name, array in (("QA_PIXEL", qa_pixel), ("QA_RADSAT", qa_radsat))
        if array is not None
    ]
    height, width = arrays[0][1].shape
    transform = from_origin(origin[0], origin[1], cell, cell)
    profile: dict[str, Any] = {
        "driver": "GTiff", "dtype": "uint16", "count": 1, "width": width, "height": height,
        "crs": CRS.from_user_input(crs), "transform": transform, "compress": compress,
    }  # fmt: skip
    if width >= tile and height >= tile:
        profile.update(tiled=True, blockxsize=tile, blockysize=tile)
    if compress.upper() == "DEFLATE":
        profile["zlevel"] = 1  # noise does not compress better at 6, only slower

    def write(item: tuple[str, np.ndarray, int | None]) -> None:
        name, array, nodata = item
        if array.shape != (height, width):
            raise ValueError(f"{name} of {product_id} has the shape {array.shape}, expected {(height, width)}")
        with rasterio.open(target / f"{product_id}_{name}.TIF", "w", nodata=nodata, **profile) as dataset:
            dataset.update_tags(AREA_OR_POINT="Point")  # as in the genuine files
            # Rows of tiles in turn: GDAL then compresses each tile once and holds little.
            for row in range(0, height, tile):
                dataset.write(
                    array[row : row + tile].astype(np.uint16, copy=False),
                    1,
                    window=rasterio.windows.Window(0, row, width, min(tile, height - row)),
                )
            if overviews:
                factors = [2**n for n in range(1, 9) if max(width, height) / 2 ** (n - 1) > tile]
                if factors:
                    dataset.build_overviews(factors, Resampling.nearest)

    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(write, arrays))
    if mtl:
        names = [name for name, _, _ in arrays]
        text = _mtl_text(product_id, names, width, height, profile["crs"], transform, dict(attributes or {}))
        (target / f"{product_id}_MTL.txt").write_text(text, encoding="ascii")
    return target


def _mtl_text(
    product_id: str,
    names: Sequence[str],
    width: int,
    height: int,
    crs: CRS,
    transform: Affine,
    extra: Mapping[str, Any],
) -> str:
    """Return an MTL file: the groups, keys and repetitions of real ones (the repeated keys trap flat parsers)."""
    sensor, level, path_row, acquired, processed, collection, tier = product_id.split("_")
    spacecraft, instrument = SENSORS.get(sensor, ("LANDSAT_8", "OLI_TIRS", 0, 0))[:2]
    day = f"{acquired[:4]}-{acquired[4:6]}-{acquired[6:]}"
    made = f"{processed[:4]}-{processed[4:6]}-{processed[6:]}"
    level1 = product_id.replace(level, "L1TP")
    numbers = [int(name[4:]) for name in names if name.startswith("SR_B")]
    origin_text = '"Simulated for IIkMC in the layout of the U.S. Geological Survey; not a USGS product"'
    lines: list[str] = ["GROUP = LANDSAT_METADATA_FILE"]

    def group(name: str, items: Sequence[tuple[str, object]]) -> None:
        lines.append(f"  GROUP = {name}")
        lines.extend(f"    {key} = {extra.get(key, value)}" for key, value in items)
        lines.append(f"  END_GROUP = {name}")

    qa = [("L1_PIXEL", "QA_PIXEL"), ("L1_RADIOMETRIC_SATURATION", "QA_RADSAT")]
    group(
        "PRODUCT_CONTENTS",
        [
            ("ORIGIN", origin_text),
            ("LANDSAT_PRODUCT_ID", f'"{product_id}"'),
            ("PROCESSING_LEVEL", f'"{level}"'),
            ("COLLECTION_NUMBER", collection),
            ("COLLECTION_CATEGORY", f'"{tier}"'),
            ("OUTPUT_FORMAT", '"GEOTIFF"'),
            *[(f"FILE_NAME_BAND_{n}", f'"{product_id}_SR_B{n}.TIF"') for n in numbers],
            *[(f"FILE_NAME_QUALITY_{key}", f'"{product_id}_{name}.TIF"') for key, name in qa if name in names],
            ("FILE_NAME_METADATA_ODL", f'"{product_id}_MTL.txt"'),
            *[(f"DATA_TYPE_BAND_{n}", '"UINT16"') for n in numbers],
            *[(f"DATA_TYPE_QUALITY_{key}", '"UINT16"') for key, name in qa if name in names],
        ],
    )
    group(
        "IMAGE_ATTRIBUTES",
        [
            ("SPACECRAFT_ID", f'"{spacecraft}"'),
            ("SENSOR_ID", f'"{instrument}"'),
            ("WRS_TYPE", 2),
            ("WRS_PATH", path_row[:3] if instrument != "OLI_TIRS" else int(path_row[:3])),
            ("WRS_ROW", path_row[3:] if instrument != "OLI_TIRS" else int(path_row[3:])),
            ("DATE_ACQUIRED", day),
            ("SCENE_CENTER_TIME", '"09:58:30.0000000Z"'),
            ("CLOUD_COVER", "0.00"),
            ("CLOUD_COVER_LAND", "0.00"),
            ("SUN_AZIMUTH", "150.00000000"),
            ("SUN_ELEVATION", "50.00000000"),
        ],
    )
    left, top = transform.c, transform.f
    right, bottom = left + width * transform.a, top + height * transform.e
    half = transform.a / 2  # the MTL gives the centres of the corner pixels
    corners = {
        "UL": (left + half, top - half), "UR": (right - half, top - half),
        "LL": (left + half, bottom + half), "LR": (right - half, bottom + half),
    }  # fmt: skip
    longitudes, latitudes = warp_points(
        crs, CRS.from_epsg(4326), [c[0] for c in corners.values()], [c[1] for c in corners.values()]
    )
    epsg = crs.to_epsg() or 0
    utm = 32600 < epsg < 32661 or 32700 < epsg < 32761
    projection: list[tuple[str, object]] = [
        ("MAP_PROJECTION", '"UTM"' if utm else '"PS"'),
        ("DATUM", '"WGS84"'),
        ("ELLIPSOID", '"WGS84"'),
        *([("UTM_ZONE", epsg % 100)] if utm else []),
        ("GRID_CELL_SIZE_REFLECTIVE", f"{transform.a:.2f}"),
        ("REFLECTIVE_LINES", height),
        ("REFLECTIVE_SAMPLES", width),
        ("ORIENTATION", '"NORTH_UP"'),
    ]
    for corner, latitude, longitude in zip(corners, latitudes, longitudes):
        projection += [
            (f"CORNER_{corner}_LAT_PRODUCT", f"{latitude:.5f}"),
            (f"CORNER_{corner}_LON_PRODUCT", f"{longitude:.5f}"),
        ]
    for corner, (cx, cy) in corners.items():
        projection += [
            (f"CORNER_{corner}_PROJECTION_X_PRODUCT", f"{cx:.3f}"),
            (f"CORNER_{corner}_PROJECTION_Y_PRODUCT", f"{cy:.3f}"),
        ]
    group("PROJECTION_ATTRIBUTES", projection)
    group(
        "LEVEL2_PROCESSING_RECORD",
        [
            ("ORIGIN", origin_text),
            ("REQUEST_ID", '"SIMULATED"'),
            ("LANDSAT_PRODUCT_ID", f'"{product_id}"'),
            ("PROCESSING_LEVEL", f'"{level}"'),
            ("OUTPUT_FORMAT", '"GEOTIFF"'),
            ("DATE_PRODUCT_GENERATED", f"{made}T12:00:00Z"),
        ],
    )
    level2: list[tuple[str, object]] = []
    for n in numbers:
        level2 += [(f"REFLECTANCE_MAXIMUM_BAND_{n}", "1.602213"), (f"REFLECTANCE_MINIMUM_BAND_{n}", "-0.199972")]
    for n in numbers:
        level2 += [(f"QUANTIZE_CAL_MAX_BAND_{n}", 65535), (f"QUANTIZE_CAL_MIN_BAND_{n}", 1)]
    level2 += [(f"REFLECTANCE_MULT_BAND_{n}", "2.75e-05") for n in numbers]
    level2 += [(f"REFLECTANCE_ADD_BAND_{n}", "-0.2") for n in numbers]
    group("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", level2)
    extra = {}  # Level-1 groups repeat the keys with other values, which must not be overridden
    group(
        "LEVEL1_PROCESSING_RECORD",
        [
            ("ORIGIN", origin_text),
            ("LANDSAT_PRODUCT_ID", f'"{level1}"'),
            ("PROCESSING_LEVEL", '"L1TP"'),
            ("COLLECTION_CATEGORY", f'"{tier}"'),
            ("DATE_PRODUCT_GENERATED", f"{made}T10:00:00Z"),
            *[(f"FILE_NAME_BAND_{n}", f'"{level1}_B{n}.TIF"') for n in numbers],
        ],
    )
    mult, add = ("2.0000E-05", "-0.100000") if instrument == "OLI_TIRS" else ("1.2000E-03", "-0.010000")
    group(
        "LEVEL1_RADIOMETRIC_RESCALING",
        [
            *[(f"REFLECTANCE_MULT_BAND_{n}", mult) for n in numbers],
            *[(f"REFLECTANCE_ADD_BAND_{n}", add) for n in numbers],
        ],
    )
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END", ""])


VERSION = 1  # raise when the same specification gives other pixels


def stamp_of(*parts: object) -> str:
    """Return the REQUEST_ID by which a folder written from the same parts is recognised."""
    return f'"SIM_{salted(VERSION, *parts):08X}"'


def is_stamped(folder: os.PathLike[str] | str, product_id: str, names: Sequence[str], stamp: str) -> bool:
    """Return whether `folder` holds these files of a scene; the MTL is written last, so it vouches for the rest."""
    start = Path(folder) / product_id / product_id
    mtl = Path(f"{start}_MTL.txt")
    return (
        mtl.is_file()
        and all(Path(f"{start}_{name}.TIF").is_file() for name in names)
        and stamp in mtl.read_text(encoding="ascii", errors="replace")
    )


def is_complete(folder: os.PathLike[str] | str, spec: SceneSpec, overviews: bool = False) -> bool:
    """Return whether `folder` already holds this scene."""
    names = [f"SR_B{number}" for number in spec.band_numbers if number > 0] + ["QA_PIXEL", "QA_RADSAT"]
    return is_stamped(folder, spec.product_id, names, stamp_of(spec, overviews))


def write_simulated(
    folder: os.PathLike[str] | str,
    spec: SceneSpec,
    overviews: bool = False,
    threads: int | None = None,
    strip_rows: int = STRIP_ROWS,
) -> Path:
    """Simulate a scene and write its folder, unless it is already there; return the folder.

    Parameters
    ----------
    folder : path
        Parent folder.
    spec : SceneSpec
        What to simulate.
    overviews : bool
        Whether to add internal overviews.
    threads : int, optional
        Threads for computing and files written at a time; all processors by default.
    strip_rows : int
        Lines per unit of work.
    """
    target = Path(folder) / spec.product_id
    if is_complete(folder, spec, overviews):
        return target
    if target.exists():
        shutil.rmtree(target)
    scene = simulate_scene(spec, strip_rows, threads)
    azimuth, elevation = spec.sun()
    seen = scene.qa_pixel != QA_FILL
    clouds = np.count_nonzero(seen & ((scene.qa_pixel & 8) != 0)) / max(1, np.count_nonzero(seen))
    attributes = {
        "SUN_AZIMUTH": f"{azimuth:.8f}",
        "SUN_ELEVATION": f"{elevation:.8f}",
        "CLOUD_COVER": f"{100 * clouds:.2f}",
        "CLOUD_COVER_LAND": f"{100 * clouds:.2f}",
        "REQUEST_ID": stamp_of(spec, overviews),
    }
    return write_scene(
        folder,
        spec.product_id,
        scene.bands,
        scene.qa_pixel,
        scene.qa_radsat,
        crs=f"EPSG:{spec.epsg}",
        origin=spec.origin,
        overviews=overviews,
        threads=threads or os.cpu_count() or 1,
        attributes=attributes,
    )
