#!/usr/bin/python3
"""Draw a PNG of classified scenes: natural colour above, classes in their colours below, one legend for all.

    quicklook.py RESULTS_FOLDER PICTURE.png

The scenes must be folders, still where the run found them. Needs rasterio and QGIS's Qt, but no screen
(QT_QPA_PLATFORM=offscreen).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import rasterio
from qgis.PyQt.QtCore import QRect, Qt
from qgis.PyQt.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter
from rasterio.enums import Resampling

CELL = 340  # pixels of the picture per scene
GAP, HEAD, LINE, MARGIN = 12, 44, 30, 20
PER_LINE = 5  # legend entries
SCALE, OFFSET = 0.0000275, -0.2  # reflectance = DN * SCALE + OFFSET, all of Collection 2 Level-2
BRIGHTEST, GAMMA = 0.25, 0.6  # reflectance shown as white, and how much dark ground is lifted
# Red, green and blue of each sensor family.
RGB = {"LC": (4, 3, 2), "LE": (3, 2, 1), "LT": (3, 2, 1)}
EMPTY = 232  # grey of fill and nodata, so that clouds stay white
LEVELS = 12  # of each colour: fewer make a smaller file and cannot be seen here


def _shape(dataset: rasterio.DatasetReader) -> tuple[int, int]:
    factor = CELL / max(dataset.width, dataset.height)
    return max(1, round(dataset.height * factor)), max(1, round(dataset.width * factor))


def natural_colour(folder: Path, product_id: str) -> QImage:
    """Return red, green and blue of a scene."""
    planes, fill = [], None
    for number in RGB[product_id[:2]]:
        with rasterio.open(folder / f"{product_id}_SR_B{number}.TIF") as dataset:
            plane = dataset.read(1, out_shape=_shape(dataset), resampling=Resampling.average, masked=True)
        reflectance = np.clip(plane.filled(0) * SCALE + OFFSET, 0, BRIGHTEST) / BRIGHTEST
        planes.append(np.round(reflectance**GAMMA * (LEVELS - 1)) * (255 / (LEVELS - 1)))
        fill = (plane.filled(0) == 0) | (False if fill is None else fill)
    return _image(np.where(fill[..., None], EMPTY, np.stack(planes, axis=-1)))


def classes(raster: Path, colours: dict[int, tuple[int, int, int]]) -> QImage:
    """Return a classified raster in the colours of its classes."""
    with rasterio.open(raster) as dataset:
        labels = dataset.read(1, out_shape=_shape(dataset), resampling=Resampling.mode)
    table = np.full((256, 3), EMPTY)
    for number, colour in colours.items():
        table[number] = colour
    return _image(table[labels])


def _image(rgb: np.ndarray) -> QImage:
    data = np.ascontiguousarray(rgb, dtype=np.uint8)
    height, width = data.shape[:2]
    return QImage(data.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


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

    lines = -(-len(entries) // PER_LINE)
    width = 2 * MARGIN + len(scenes) * CELL + (len(scenes) - 1) * GAP
    legend = MARGIN + HEAD + 2 * CELL + 2 * GAP
    canvas = QImage(width, legend + lines * LINE + MARGIN, QImage.Format.Format_RGB32)
    canvas.fill(QColor("white"))
    painter = QPainter(canvas)
    font = QFont("DejaVu Sans")
    font.setPixelSize(16)
    painter.setFont(font)
    painter.setPen(QColor("#222222"))
    for column, scene in enumerate(scenes):
        product = scene["id"]
        left = MARGIN + column * (CELL + GAP)
        path_row = product.split("_")[2]
        title = f"{scene['date']}   {scene['sensor']}   {path_row[:3]}/{path_row[3:]}"
        painter.drawText(QRect(left, MARGIN, CELL, HEAD - 8), Qt.AlignmentFlag.AlignCenter, title)
        top = MARGIN + HEAD
        for image in (
            natural_colour(Path(scene["place"]), product),
            classes(results / f"{product}_classes.tif", colours),
        ):
            painter.drawImage(left + (CELL - image.width()) // 2, top + (CELL - image.height()) // 2, image)
            top += CELL + GAP
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
