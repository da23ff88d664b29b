"""The tutorial's session in a real QGIS window: does each step and takes a picture of it.

Run by QGIS itself, with the plugin enabled in its profile and a (virtual) screen; `tools/pictures.py` does that::

    IIKMC_DATA=<folder with landsat/> IIKMC_SHOTS=<folder for the pictures> IIKMC_MODEL=<model file> \
        xvfb-run -s "-screen 0 1600x1200x24" qgis --nologo --code tools/screenshots.py

An error leaves its trace in <IIKMC_SHOTS>/error.txt and ends QGIS with status 1, a step that takes too long with 2.
"""

import os
import sys
import time
import traceback
from pathlib import Path

from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.modeler.ModelerDialog import ModelerDialog
from qgis.core import (
    QgsApplication,
    QgsDateTimeRange,
    QgsInterval,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsUnitTypes,
)
from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import QDateTime, Qt, QTimer
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QGroupBox, QScrollArea, QTextEdit, QToolBar
from qgis.utils import iface

SHOTS = Path(os.environ["IIKMC_SHOTS"])
DATA = Path(os.environ["IIKMC_DATA"])
MODEL = os.environ["IIKMC_MODEL"]
LANDSAT, CLASSES = DATA / "landsat", DATA / "classes"
BEFORE, AFTER = "LC08_L2SP_218074_20190114_20200829_02_T1", "LC08_L2SP_218074_20190130_20200829_02_T1"
OTHER = "LC08_L2SP_043024_20200802_20200914_02_T1"
SEVERAL = (
    "LC08_L2SP_005009_20150710_20200908_02_T2",
    "LE07_L2SP_090084_20210331_20210426_02_T1",
    "LT05_L2SP_090084_19980308_20200909_02_T1",
)
NAMES = {
    1: "Water and shadow",
    2: "Mud, mine, bare ground",
    3: "Vegetation, dark",
    4: "Vegetation, medium",
    5: "Vegetation, bright",
    6: "Grass",
    7: "Bright ground, built-up",
    8: "Cloud",
}
STEP_LIMIT = 120
"""Seconds after which something that is waited for counts as failed."""
WINDOW, DIALOG = (1240, 780), (980, 640)


def leave(status, text=""):
    """End QGIS at once: nothing is asked, nothing is saved."""
    if text:
        (SHOTS / "error.txt").write_text(text, encoding="utf-8")
    os._exit(status)


def fail(*error):
    """Leave a trace; without this QGIS would stay open with a message box."""
    leave(1, "".join(traceback.format_exception(*error)))


def shoot(widget, name):
    """Save what a window shows."""
    QApplication.processEvents()
    if not widget.grab().save(str(SHOTS / f"{name}.png")):
        raise RuntimeError(f"{name}.png could not be written")


def dock(name):
    """Return a panel of the main window."""
    found = iface.mainWindow().findChild(QDockWidget, name)
    if found is None:
        raise RuntimeError(f"no panel {name}")
    return found


def layers(beginning=""):
    """Return the project's layers whose files' names begin so, in the order of the layer tree."""
    nodes = QgsProject.instance().layerTreeRoot().findLayers()
    return [node.layer() for node in nodes if Path(node.layer().source()).name.startswith(beginning)]


def look_at(*chosen):
    """Show some layers alone, in their own CRS, with legends folded; the first one's is open."""
    QgsProject.instance().setCrs(chosen[0].crs())
    extent = QgsRectangle()
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        node.setItemVisibilityChecked(node.layer() in chosen)
        node.setExpanded(node.layer() is chosen[0])
    for layer in chosen:
        extent.combineExtentWith(layer.extent())
    extent.scale(1.03)
    iface.setActiveLayer(chosen[0])
    iface.mapCanvas().setExtent(extent)
    iface.mapCanvas().refresh()


def drawn():
    """Tell whether the map is there."""
    return not iface.mapCanvas().isDrawing()


def tidy(*panels, legend=330):
    """Leave of the window what the tutorial speaks of: the map, the layers, and the panels named."""
    window = iface.mainWindow()
    for panel in window.findChildren(QDockWidget):
        panel.setVisible(panel.objectName() in ("Layers", *panels))
    for bar in window.findChildren(QToolBar):
        bar.setVisible(bar.objectName() in ("mFileToolBar", "mMapNavToolBar"))
    dock("Layers").setFixedWidth(legend)
    window.showNormal()
    window.resize(*WINDOW)
    QApplication.processEvents()


def show_map(name, *chosen, panels=(), legend=330):
    """Take a picture of the main window with some layers."""
    tidy(*panels, legend=legend)
    look_at(*chosen)
    yield 2.0
    iface.mainWindow().resize(*WINDOW)
    look_at(*chosen)  # the map may have got another size
    yield 1.0
    yield drawn
    shoot(iface.mainWindow(), name)


def fill(algorithm, parameters):
    """Open an algorithm's dialog with these parameters."""
    made = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
    dialog = AlgorithmDialog(made, parent=iface.mainWindow())
    dialog.setParameters(parameters)
    dialog.resize(*DIALOG)
    dialog.show()
    return dialog


def run(dialog, done):
    """Press Run, wait until the files are there and the dialog is at rest; fail with the log if they do not come."""
    for path in done:
        path.unlink(missing_ok=True)
    dialog.runButton().click()
    yield lambda: dialog.runButton().isEnabled() and not dialog.cancelButton().isEnabled()
    yield 1.0
    missing = [str(path) for path in done if not path.is_file()]
    if missing:
        log = dialog.findChild(QTextEdit, "txtLog")
        raise RuntimeError(f"{dialog.windowTitle()}: {missing} did not come\n{log.toPlainText()}")


def tour():
    """Do the tutorial; what is yielded is waited for: seconds, or a function that becomes true."""
    tidy()
    yield 2.0
    yield from toolbox()
    yield from suggest()
    yield from audit()
    yield from cluster()
    yield from play()
    yield from rename()
    yield from classify()
    yield from compare()
    yield from contrast()
    yield from measure()
    yield from design()


def toolbox():
    """Where the algorithms are."""
    panel = dock("ProcessingToolbox")
    panel.setVisible(True)
    panel.setFloating(True)
    panel.resize(440, 300)
    panel.findChild(QgsFilterLineEdit).setText("iikmc")
    yield 2.0
    shoot(panel, "toolbox")
    panel.findChild(QgsFilterLineEdit).clear()
    panel.setFloating(False)
    panel.setVisible(False)


def pair():
    """Return the paths of the two scenes of one place."""
    return [str(LANDSAT / BEFORE), str(LANDSAT / AFTER)]


def suggest():
    """How many classes."""
    places = {"TABLE": str(DATA / "suggestk.csv"), "REPORT": str(DATA / "suggestk.html")}
    dialog = fill("iikmc:suggestk", {"SCENES": pair(), "K_MIN": 2, "K_MAX": 12, "MASK": [], **places})
    yield 2.0
    shoot(dialog, "suggestk-dialog")
    yield from run(dialog, [DATA / "suggestk.html"])
    dialog.close()


def audit():
    """What the mask leaves."""
    scenes = [str(LANDSAT / scene) for scene in SEVERAL]
    dialog = fill("iikmc:audit", {"SCENES": scenes, "OUTPUT": str(DATA / "audit")})
    yield 2.0
    shoot(dialog, "audit-dialog")
    yield from run(dialog, [DATA / "audit" / "audit.html"])
    dialog.close()


def series():
    """Return the parameters of the clustering."""
    return {"SCENES": pair(), "K": 8, "INIT": 1, "MASK": [], "OUTPUT": str(CLASSES)}


def cluster():
    """The run, its log and its layers."""
    dialog = fill("iikmc:cluster", series())
    dialog.resize(DIALOG[0], 730)
    yield 3.0
    shoot(dialog, "cluster-dialog")
    box = dialog.findChild(QGroupBox, "grpAdvanced")
    box.setProperty("collapsed", False)  # PyQt knows it as a plain group box
    dialog.resize(DIALOG[0], 960)
    yield 1.0
    area = next(area for area in dialog.findChildren(QScrollArea) if area.isAncestorOf(box))
    area.verticalScrollBar().setValue(box.mapTo(area.widget(), box.rect().topLeft()).y())
    yield 1.0
    shoot(dialog, "cluster-advanced")
    box.setProperty("collapsed", True)  # remembered for the other dialogs
    dialog.resize(*DIALOG)
    yield from run(dialog, [CLASSES / "report.html"])
    shoot(dialog, "cluster-log")
    dialog.close()
    yield lambda: len(layers("LC08")) == 2
    yield from show_map("layers", *layers(BEFORE))


def play():
    """The Temporal Controller on the second date."""
    controller = iface.mapCanvas().temporalController()
    days = [QDateTime.fromString(f"2019-01-{day}T00:00:00Z", Qt.DateFormat.ISODate) for day in ("14", "31")]
    tidy("Temporal Controller")
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.Animated)
    controller.setTemporalExtents(QgsDateTimeRange(*days))
    controller.setFrameDuration(QgsInterval(1, QgsUnitTypes.TemporalUnit.TemporalDays))
    controller.setCurrentFrameNumber(16)
    yield 1.0
    yield from show_map("temporal", *layers(AFTER), *layers(BEFORE), panels=["Temporal Controller"])
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.NavigationOff)


def rename():
    """Names in one layer's style, kept by a repeated run in all layers."""
    (layer,) = layers(BEFORE)
    panel = dock("LayerStyling")
    panel.setMinimumWidth(465)
    renderer = layer.renderer().clone()
    for entry in renderer.classes():
        renderer.setLabel(entry.value, NAMES.get(entry.value, entry.label))
    layer.setRenderer(renderer)
    layer.saveDefaultStyle()
    layer.emitStyleChanged()
    yield from show_map("rename", layer, panels=["LayerStyling"], legend=315)
    panel.setMinimumWidth(0)
    dialog = fill("iikmc:cluster", series())
    yield from run(dialog, [CLASSES / "report.html"])
    dialog.close()
    yield lambda: len(layers("LC08")) == 2
    yield from show_map("renamed", *layers(AFTER))


def classify():
    """Another scene in the same classes."""
    values = {
        "SCENES": [str(LANDSAT / OTHER)],
        "SIGNATURES": str(CLASSES / "signatures.json"),
        "MASK": [],
        "OUTPUT": str(DATA / "classes_2020"),
    }
    dialog = fill("iikmc:classify", values)
    yield 3.0
    shoot(dialog, "classify-dialog")
    yield from run(dialog, [DATA / "classes_2020" / "report.html"])
    dialog.close()
    yield lambda: len(layers(OTHER)) == 1
    yield from show_map("classified", *layers(OTHER))


def compare():
    """What became of each class."""
    values = {
        "BEFORE": str(CLASSES / f"{BEFORE}_classes.tif"),
        "AFTER": str(CLASSES / f"{AFTER}_classes.tif"),
        "CHANGES": str(DATA / "changes.tif"),
        "MATRIX": str(DATA / "changes.csv"),
        "REPORT": str(DATA / "changes.html"),
    }
    dialog = fill("iikmc:transitions", values)
    yield 2.0
    shoot(dialog, "transitions-dialog")
    yield from run(dialog, [DATA / "changes.html"])
    dialog.close()
    yield lambda: len(layers("changes")) == 1
    yield from show_map("changes", *layers("changes"), legend=420)


def contrast():
    """The common classes beside those of each scene; a page alone, the dialog is the clustering's."""
    values = {"SCENES": [*pair(), str(LANDSAT / OTHER)], "COMPARE": True, "LOAD_RESULTS": False}
    dialog = fill("iikmc:cluster", {**series(), **values, "OUTPUT": str(DATA / "compared")})
    yield 2.0
    yield from run(dialog, [DATA / "compared" / "report.html"])
    dialog.close()


def measure():
    """How fast this computer is; a page alone, the dialog is like the others."""
    scenes = [*pair(), str(LANDSAT / OTHER)]
    dialog = fill("iikmc:benchmark", {"SCENES": scenes, "MASK": [], "OUTPUT": str(DATA / "benchmark")})
    yield 2.0
    yield from run(dialog, [DATA / "benchmark" / "benchmark.html"])
    dialog.close()


def design():
    """The model that ships with the plugin."""
    designer = ModelerDialog.create()
    designer.loadModel(MODEL)
    designer.resize(1260, 760)
    designer.show()
    yield 2.0
    shoot(designer, "model")


class Tourist:
    """Walks through the tour in QGIS's event loop."""

    def __init__(self):
        self.steps, self.wanted, self.since = tour(), 0.0, time.monotonic()

    def look(self):
        """Go on if what was waited for is there."""
        waited = time.monotonic() - self.since
        ready = waited >= self.wanted if isinstance(self.wanted, float) else self.wanted()
        if not ready and waited > STEP_LIMIT:
            leave(2, f"waited {STEP_LIMIT} s in vain after {sorted(path.name for path in SHOTS.glob('*.png'))}")
        if ready:
            try:
                self.wanted = next(self.steps)
            except StopIteration:
                leave(0)
            self.since = time.monotonic()
        QTimer.singleShot(100, self.look)


def start():
    """Begin."""
    # PyQt holds a timer's bound method weakly: the tourist lives here.
    start.tourist = Tourist()
    start.tourist.look()


sys.excepthook = fail
QTimer.singleShot(2000, start)
