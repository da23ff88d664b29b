#!/usr/bin/python3
"""Draw a PNG of classified scenes: natural colour above, classes in their colours below, one legend for all.

    quicklook.py RESULTS_FOLDER PICTURE.png

The scenes must be folders, still where the run found them, of Landsat, HLS, Sentinel-2 or PlanetScope. A scene that
lies inside a much larger one is outlined there. Needs rasterio and QGIS's Qt, but no screen
(QT_QPA_PLATFORM=offscreen).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import rasterio
from qgis.PyQt.QtCore import QRect, Qt
from qgis.PyQt.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter
from rasterio.enums import Resampling

WIDEST = 1100  # pixels of the picture for all scenes, so that four fit on a page
CELL = 340  # pixels of the picture for a scene at most
FONT = 16
GAP, HEAD, LINE, MARGIN = 12, 44, 30, 20
PER_LINE = 5  # legend entries
BRIGHTEST, GAMMA = 0.25, 0.6  # reflectance shown as white, and how much dark ground is lifted
SMALL = 0.25  # share of a picture's side below which a scene inside it is outlined
# Red, green and blue of each family: what stands in the names of files, or the bands of one file; and how stored values
# become reflectance.
LANDSAT = {"LC": (4, 3, 2), "LE": (3, 2, 1), "LT": (3, 2, 1)}
PLANETSCOPE = {4: (3, 2, 1), 8: (6, 4, 2)}
COLLECTION_2, TEN_THOUSANDTHS, WITH_OFFSET = (0.0000275, -0.2), (0.0001, 0.0), (0.0001, -0.1)
EMPTY = 232  # grey of fill and nodata, so that clouds stay white
LEVELS = 12  # of each colour: fewer make a smaller file and cannot be seen here


def _shape(dataset: rasterio.DatasetReader, cell: int) -> tuple[int, int]:
    factor = cell / max(dataset.width, dataset.height)
    return max(1, round(dataset.height * factor)), max(1, round(dataset.width * factor))


def rgb_files(place: Path, product: str) -> tuple[list[tuple[Path, int]], tuple[float, float]]:
    """Return file and band of red, green and blue of a scene, with scale and offset of what they store."""
    if product[:2] in LANDSAT:
        numbers = LANDSAT[product[:2]]
        return [(next(place.rglob(f"*_SR_B{number}.TIF")), 1) for number in numbers], COLLECTION_2
    if product.startswith("HLS."):
        return [(next(place.rglob(f"{product}.B0{number}.tif")), 1) for number in (4, 3, 2)], TEN_THOUSANDTHS
    if "MSIL2A" in product:
        scale = WITH_OFFSET if int(product.split("_N")[1][:4]) >= 400 else TEN_THOUSANDTHS
        return [(next(place.rglob(f"*_B0{number}_20m.jp2")), 1) for number in (4, 3, 2)], scale
    path = next(place.rglob(f"{product}*_SR*.tif"))
    with rasterio.open(path) as dataset:
        return [(path, band) for band in PLANETSCOPE[dataset.count]], TEN_THOUSANDTHS


def natural_colour(place: Path, product: str, cell: int = CELL) -> QImage:
    """Return red, green and blue of a scene, in a square of `cell` pixels."""
    planes, fill = [], None
    files, (scale, offset) = rgb_files(place, product)
    for path, band in files:
        with rasterio.open(path) as dataset:
            plane = dataset.read(band, out_shape=_shape(dataset, cell), resampling=Resampling.average, masked=True)
        reflectance = np.clip(plane.filled(0) * scale + offset, 0, BRIGHTEST) / BRIGHTEST
        planes.append(np.round(reflectance**GAMMA * (LEVELS - 1)) * (255 / (LEVELS - 1)))
        fill = (plane.filled(0) == 0) | (False if fill is None else fill)
    return _image(np.where(fill[..., None], EMPTY, np.stack(planes, axis=-1)))


def classes(raster: Path, colours: dict[int, tuple[int, int, int]], cell: int = CELL) -> QImage:
    """Return a classified raster in the colours of its classes."""
    with rasterio.open(raster) as dataset:
        labels = dataset.read(1, out_shape=_shape(dataset, cell), resampling=Resampling.mode)
    table = np.full((256, 3), EMPTY)
    for number, colour in colours.items():
        table[number] = colour
    return _image(table[labels])


def _image(rgb: np.ndarray) -> QImage:
    data = np.ascontiguousarray(rgb, dtype=np.uint8)
    height, width = data.shape[:2]
    return QImage(data.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def outlines_in(frame: tuple, others: Iterable[tuple], width: int, height: int) -> list[QRect]:
    """Return where scenes much smaller than a frame lie in its picture of this size."""
    crs, bounds = frame
    across, down = width / (bounds.right - bounds.left), height / (bounds.top - bounds.bottom)
    rectangles = [
        QRect(
            round((other.left - bounds.left) * across),
            round((bounds.top - other.top) * down),
            round((other.right - other.left) * across),
            round((other.top - other.bottom) * down),
        )
        for their_crs, other in others
        if their_crs == crs
    ]
    whole = QRect(0, 0, width, height)
    return [found for found in rectangles if found.width() < SMALL * width and whole.contains(found)]


def _where(product: str) -> str:
    """Return path and row of Landsat, or the tile that stands in a product's name."""
    if product[:2] in LANDSAT:
        path_row = product.split("_")[2]
        return f"{path_row[:3]}/{path_row[3:]}"
    tile = re.search(r"[._](T\d\d[A-Z]{3})[._]", product)
    return tile[1] if tile else ""


def _entry(record: dict, total: int) -> str:
    share = f"{100 * record['pixels'] / total:.1f} %" if record["pixels"] else "no pixel"
    return f"{record['name']} ({share})"


def draw(results: Path, picture: Path) -> None:
    """Draw the picture."""
    signatures = json.loads((results / "signatures.json").read_text(encoding="utf-8"))
    records = signatures["classes"]
    scenes = sorted(signatures["run"]["scenes"], key=lambda scene: scene["date"])
    colours = {record["id"]: tuple(bytes.fromhex(record["colour"][1:])) for record in records}

    total = sum(record["pixels"] for record in records)
    entries = [(colours[record["id"]], _entry(record, total)) for record in records]
    entries.append(((EMPTY, EMPTY, EMPTY), "No data or masked out"))

    extents = {}
    for scene in scenes:
        with rasterio.open(results / f"{scene['id']}_classes.tif") as dataset:
            extents[scene["id"]] = (dataset.crs, dataset.bounds)

    cell = min(CELL, WIDEST // len(scenes))
    lines = -(-len(entries) // PER_LINE)
    width = 2 * MARGIN + len(scenes) * cell + (len(scenes) - 1) * GAP
    legend = MARGIN + HEAD + 2 * cell + 2 * GAP
    canvas = QImage(width, legend + lines * LINE + MARGIN, QImage.Format.Format_RGB32)
    canvas.fill(QColor("white"))
    painter = QPainter(canvas)
    font = QFont("DejaVu Sans")
    font.setPixelSize(round(FONT * (cell / CELL) ** 0.5))
    painter.setFont(font)
    painter.setPen(QColor("#222222"))
    for column, scene in enumerate(scenes):
        product = scene["id"]
        left = MARGIN + column * (cell + GAP)
        title = f"{scene['date']}   {scene['sensor']}   {_where(product)}"
        painter.drawText(QRect(left, MARGIN, cell, HEAD - 8), Qt.AlignmentFlag.AlignCenter, title)
        top = MARGIN + HEAD
        for image in (
            natural_colour(Path(scene["place"]), product, cell),
            classes(results / f"{product}_classes.tif", colours, cell),
        ):
            corner = left + (cell - image.width()) // 2, top + (cell - image.height()) // 2
            painter.drawImage(*corner, image)
            for outline in outlines_in(extents[product], extents.values(), image.width(), image.height()):
                painter.drawRect(outline.translated(*corner))
            top += cell + GAP
    step = (width - 2 * MARGIN) // PER_LINE
    for place, (colour, text) in enumerate(entries):
        left, top = MARGIN + place % PER_LINE * step, legend + place // PER_LINE * LINE
        painter.fillRect(left, top + 4, 34, 20, QColor(*colour))
        room = width - left if place == len(entries) - 1 else step
        painter.drawText(QRect(left + 44, top, room - 48, 28), Qt.AlignmentFlag.AlignVCenter, text)
    painter.end()
    picture.parent.mkdir(parents=True, exist_ok=True)
    if not canvas.save(str(picture), "PNG", 0):  # 0 = smallest file
        sys.exit(f"quicklook: {picture} cannot be written")


if __name__ == "__main__":
    app = QGuiApplication(sys.argv[:1])  # keeps the fonts alive
    draw(*(Path(argument) for argument in sys.argv[1:3]))
