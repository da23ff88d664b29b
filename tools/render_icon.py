#!/usr/bin/python3
"""Render icons/iikmc.png, which plugin lists show, from icons/iikmc.svg. Run it after changing the SVG.

QT_QPA_PLATFORM=offscreen PYTHONPATH=/usr/share/qgis/python /usr/bin/python3 tools/render_icon.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QGuiApplication, QImage, QPainter
from qgis.PyQt.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "icons"
SIZE = 128

if __name__ == "__main__":
    app = QGuiApplication(sys.argv[:1])
    image = QImage(SIZE, SIZE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(ICONS / "iikmc.svg")).render(painter)
    painter.end()
    if not image.save(str(ICONS / "iikmc.png"), "PNG", 0):
        sys.exit("render_icon: icons/iikmc.png cannot be written")
