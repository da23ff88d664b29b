"""Take the pictures of the documentation in a real QGIS window.

Run by QGIS itself, with the plugin enabled in the profile and a (virtual) screen::

    IIKMC_SHOTS=<folder for the pictures> IIKMC_SCENES=<folder of scene folders> IIKMC_OUT=<output folder> \
        xvfb-run -s "-screen 0 1400x900x24" qgis --nologo --code tools/screenshots.py
"""

import os
import sys
import tempfile
import traceback
from pathlib import Path

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsApplication, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

SHOTS = Path(os.environ["IIKMC_SHOTS"])
SCENES = sorted(str(path) for path in Path(os.environ["IIKMC_SCENES"]).glob(os.environ.get("IIKMC_GLOB", "*218074*")))
LIMIT_MS = 120_000


def shoot(widget, name):
    """Save what a window shows."""
    QApplication.processEvents()
    widget.grab().save(str(SHOTS / name))


def give_up(*error):
    """Leave a trace; without this QGIS would stay open with a message box."""
    (SHOTS / "error.txt").write_text("".join(traceback.format_exception(*error)))
    os._exit(1)


class Session:
    """Opens the dialog, runs it, and takes a picture at each step."""

    def __init__(self):
        self.output = os.environ.get("IIKMC_OUT") or tempfile.mkdtemp()
        self.dialog = None

    def open_dialog(self):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmc:cluster")
        self.dialog = AlgorithmDialog(algorithm, parent=iface.mainWindow())
        self.dialog.setParameters({"SCENES": SCENES, "K": 8, "MASK": [], "OUTPUT": self.output})
        self.dialog.resize(1000, 700)
        self.dialog.show()
        QTimer.singleShot(1500, self.fill)

    def fill(self):
        shoot(self.dialog, "dialog.png")
        self.dialog.runButton().click()
        self.wait(0)

    def wait(self, waited):
        layers = QgsProject.instance().mapLayers()
        if len(layers) < len(SCENES) and waited < LIMIT_MS:
            QTimer.singleShot(500, lambda: self.wait(waited + 500))
            return
        QTimer.singleShot(1500, self.ran)

    def ran(self):
        shoot(self.dialog, "log.png")
        self.dialog.close()
        window = iface.mainWindow()
        window.resize(1300, 850)
        extent = QgsRectangle()
        for layer in QgsProject.instance().mapLayers().values():
            QgsProject.instance().setCrs(layer.crs())
            extent.combineExtentWith(layer.extent())
        extent.scale(1.05)
        iface.mapCanvas().setExtent(extent)
        iface.mapCanvas().refresh()
        for node in QgsProject.instance().layerTreeRoot().findLayers()[:1]:
            node.setExpanded(True)
        QTimer.singleShot(3000, self.map)

    def map(self):
        shoot(iface.mainWindow(), "layers.png")
        QgsProject.instance().setDirty(False)
        os._exit(0)


def start():
    """Begin."""
    # PyQt holds a timer's bound method weakly: the session lives here.
    start.session = Session()
    start.session.open_dialog()


sys.excepthook = give_up
QTimer.singleShot(2000, start)
QTimer.singleShot(LIMIT_MS + 30_000, lambda: os._exit(2))
