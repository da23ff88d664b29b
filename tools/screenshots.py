"""The tutorial's session in a real QGIS window: does each step and takes a picture of it.

Run by QGIS itself, with the plugin enabled in its profile and a (virtual) screen; `tools/pictures.py` does that::

    IIKMC_DATA=<folder with landsat/> IIKMC_SHOTS=<folder for the pictures> IIKMC_MODEL=<model file> \
        PYTHONPATH=<checkout> IIKMC_PLUGIN=<name of the plugin> \
        xvfb-run -s "-screen 0 1600x1200x24" qgis --nologo --code tools/screenshots.py

An error leaves its trace in <IIKMC_SHOTS>/error.txt and ends QGIS with status 1, a step that takes too long with 2.
"""

import os
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import processing
from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.modeler.ModelerDialog import ModelerDialog
from qgis.core import (
    QgsApplication,
    QgsContrastEnhancement,
    QgsCoordinateTransform,
    QgsDateTimeRange,
    QgsInterval,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsUnitTypes,
)
from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QGroupBox, QScrollArea, QTextEdit, QToolBar
from qgis.utils import iface, plugins

from benchmarks.simulation.covers import COVERS as COVERS_OF_SIMULATION
from benchmarks.simulation.covers import variants_on
from benchmarks.simulation.ground import ground_at
from benchmarks.simulation.noise import salted
from benchmarks.simulation.products import ANCHOR

SHOTS = Path(os.environ["IIKMC_SHOTS"])
DATA = Path(os.environ["IIKMC_DATA"])
MODEL = os.environ["IIKMC_MODEL"]
PLUGIN = os.environ["IIKMC_PLUGIN"]
LANDSAT, CLASSES, COVERS = DATA / "landsat", DATA / "classes", DATA / "covers"
BEFORE, AFTER = "LC08_L2SP_190027_20220511_20220527_02_T1", "LC09_L2SP_190027_20220628_20220714_02_T1"
"""Of the scenes of `python3 benchmarks/simulate.py <folder> --scenes 5`; the first three are those of `make demo`."""
PLACE = "190027"
"""Path and row of four of them."""
ELSEWHERE = "LE07_L2SP_193027_20210815_20210831_02_T1"
NAMES = {
    "Water": (1, 2),
    "Conifer forest": (3, 6, 7),
    "Green vegetation": (8, 9, 14, 15, 16),
    "Dry or sparse vegetation": (5, 10, 12, 13),
    "Bare ground, built-up": (11, 17, 18),
    "Snow": (4, 19, 20),
}
"""Cover -> the spectral classes that look like it in the signatures."""
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


def look_at(*chosen, part=1.0):
    """Show some layers alone, or a part of them, in their own CRS, with legends folded; the first one's is open."""
    QgsProject.instance().setCrs(chosen[0].crs())
    extent = QgsRectangle()
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        node.setItemVisibilityChecked(node.layer() in chosen)
        node.setExpanded(node.layer() is chosen[0])
    for layer in chosen:
        extent.combineExtentWith(layer.extent())
    extent.scale(1.03 * part)
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


def show_map(name, *chosen, panels=(), legend=330, part=1.0):
    """Take a picture of the main window with some layers."""
    tidy(*panels, legend=legend)
    look_at(*chosen, part=part)
    yield 2.0
    iface.mainWindow().resize(*WINDOW)
    look_at(*chosen, part=part)  # the map may have got another size
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
    yield from audit()
    yield from suggest()
    yield from cluster()
    yield from play()
    yield from name()
    yield from merge()
    yield from compare()
    yield from follow()
    yield from sample()
    yield from assess()
    yield from classify()
    yield from contrast()
    yield from measure()
    yield from design()


def toolbox():
    """Where the algorithms are."""
    panel = dock("ProcessingToolbox")
    panel.setVisible(True)
    panel.setFloating(True)
    panel.resize(440, 350)
    panel.findChild(QgsFilterLineEdit).setText("iikmc")
    yield 2.0
    shoot(panel, "toolbox")
    panel.findChild(QgsFilterLineEdit).clear()
    panel.setFloating(False)
    panel.setVisible(False)


def every():
    """Return the paths of all scenes."""
    return [str(path) for path in sorted(LANDSAT.iterdir())]


def rasters(folder, of=PLACE):
    """Return the paths of a run's rasters of one place, by date."""
    return sorted((str(path) for path in folder.glob(f"*_{of}_*_classes.tif")), key=lambda path: path.split("_")[-5])


def suggest():
    """How many classes; a page alone, the dialog is like the others."""
    places = {"TABLE": str(DATA / "suggestk.csv"), "REPORT": str(DATA / "suggestk.html")}
    dialog = fill("iikmc:suggestk", {"SCENES": every(), "K_MIN": 2, "K_MAX": 12, **places})
    yield 2.0
    yield from run(dialog, [DATA / "suggestk.html"])
    dialog.close()


def audit():
    """What the mask leaves."""
    dialog = fill("iikmc:audit", {"SCENES": every(), "OUTPUT": str(DATA / "audit")})
    yield 2.0
    shoot(dialog, "audit-dialog")
    yield from run(dialog, [DATA / "audit" / "audit.html"])
    dialog.close()


def spectral():
    """Return the parameters of the clustering."""
    return {"SCENES": every(), "K": 20, "INIT": 1, "OUTPUT": str(CLASSES)}


def cluster():
    """The run, its log and its layers."""
    dialog = fill("iikmc:cluster", spectral())
    dialog.resize(DIALOG[0], 900)
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
    yield lambda: len(layers("L")) == len(every())
    yield from show_map("layers", *layers(BEFORE))


def play():
    """The Temporal Controller by the days that the layers have."""
    controller = iface.mapCanvas().temporalController()
    tidy("Temporal Controller")
    of_place = [layer for layer in layers("L") if PLACE in layer.name()]
    days = [layer.temporalProperties().fixedTemporalRange() for layer in of_place]
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.Animated)
    controller.setTemporalExtents(QgsDateTimeRange(min(day.begin() for day in days), max(day.end() for day in days)))
    controller.setAvailableTemporalRanges(days)
    # "source timestamps": from scene to scene
    controller.setFrameDuration(QgsInterval(1, QgsUnitTypes.TemporalUnit.TemporalIrregularStep))
    controller.setCurrentFrameNumber(2)
    yield 1.0
    yield from show_map("temporal", *reversed(of_place), panels=["Temporal Controller"])
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.NavigationOff)


def name():
    """Names of the classes, once for all scenes."""
    (layer,) = layers(BEFORE)
    iface.setActiveLayer(layer)
    entry = plugins[PLUGIN]._class_names
    QTimer.singleShot(0, entry.ask)  # it waits for an answer
    found = []

    def asked():
        found[:] = [box for box in QApplication.topLevelWidgets() if type(box).__name__ == "ClassNamesDialog"]
        return bool(found)

    yield asked
    (dialog,) = found
    for cover, numbers in NAMES.items():
        for number in numbers:
            dialog.table.item(number - 1, 2).setText(cover)
    dialog.table.clearSelection()
    yield 1.0
    shoot(dialog, "names-dialog")
    dialog.accept()
    yield lambda: not entry._running
    wanted = set(NAMES)
    for layer in layers("L"):
        missing = wanted - {shown.label for shown in layer.renderer().classes()}
        if missing:
            raise RuntimeError(f"{layer.name()} lacks {missing}")


def merge():
    """Six covers of twenty classes."""
    dialog = fill("iikmc:merge", {"RESULTS": str(CLASSES), "MIN_PIXELS": 9, "OUTPUT": str(COVERS)})
    yield 2.0
    shoot(dialog, "merge-dialog")
    yield from run(dialog, [COVERS / "report.html"])
    dialog.close()
    yield lambda: len(layers("L")) == 2 * len(every())
    yield from show_map("covers", *covers(BEFORE), legend=390)


def covers(beginning="L"):
    """Return the layers of the merged run."""
    return [layer for layer in layers(beginning) if Path(layer.source()).parent == COVERS]


def compare():
    """What became of each cover."""
    before, after = rasters(COVERS)[:2]
    values = {
        "BEFORE": before,
        "AFTER": after,
        "CHANGES": str(DATA / "changes.tif"),
        "MATRIX": str(DATA / "changes.csv"),
        "REPORT": str(DATA / "changes.html"),
    }
    dialog = fill("iikmc:transitions", values)
    yield 2.0
    shoot(dialog, "transitions-dialog")
    yield from run(dialog, [DATA / "changes.html"])
    dialog.close()
    yield lambda: len(layers("changes.tif")) == 1
    yield from show_map("changes", *layers("changes.tif"), legend=460)


def follow():
    """All dates of one place."""
    dialog = fill("iikmc:series", {"RASTERS": rasters(COVERS), "OUTPUT": str(DATA / "series")})
    yield 2.0
    shoot(dialog, "series-dialog")
    yield from run(dialog, [DATA / "series" / "series.html"])
    dialog.close()
    (changed,) = layers("last_change")
    yield from show_map("last-change", changed, legend=390)
    (majority,) = layers("majority")
    yield from show_map("majority", majority, legend=390)


def sample():
    """Points to label, over a picture of their scene."""
    points = DATA / "points.gpkg"
    values = {"RASTERS": rasters(COVERS), "N": 300, "MIN_PER_CLASS": 30, "OUTPUT": str(points)}
    dialog = fill("iikmc:samplepoints", values)
    yield 2.0
    shoot(dialog, "samplepoints-dialog")
    yield from run(dialog, [points])
    dialog.close()
    yield lambda: len(layers("points.gpkg")) == 1
    (layer,) = layers("points.gpkg")
    picture = natural_colour(LANDSAT / BEFORE)
    root = QgsProject.instance().layerTreeRoot()
    for number, shown in enumerate((layer, picture)):
        node = root.findLayer(shown.id())
        root.insertChildNode(number, node.clone())
        node.parent().removeChildNode(node)
    layer.renderer().symbol().setSize(3.5)
    layer.renderer().symbol().setColor(QColor("yellow"))
    layer.setSubsetString("\"date\" = '2022-05-11'")
    yield from show_map("points", layer, picture, legend=390, part=0.35)
    layer.setSubsetString("")
    known = {entry.label: f"{entry.value:.0f}" for entry in covers(BEFORE)[0].renderer().classes()}
    column = layer.fields().lookupField("ref_class")
    layer.startEditing()
    for feature in layer.getFeatures():
        layer.changeAttributeValue(feature.id(), column, known[truth(layer, feature, known)])
    if not layer.commitChanges():
        raise RuntimeError(f"the points were not labelled: {layer.commitErrors()}")
    table = iface.showAttributeTable(layer)
    table.resize(760, 330)
    yield 2.0
    shoot(table, "points-table")
    table.close()


def natural_colour(scene):
    """Return a layer of red, green and blue of a scene, from a reflectance of 0 to one of 0.18."""
    bands = [str(scene / f"{scene.name}_SR_B{band}.TIF") for band in (4, 3, 2)]
    made = {"INPUT": bands, "SEPARATE": True, "RESOLUTION": 0, "OUTPUT": str(DATA / "natural_colour.vrt")}
    layer = iface.addRasterLayer(processing.run("gdal:buildvirtualraster", made)["OUTPUT"], "natural_colour")
    renderer = layer.renderer()
    puts = [getattr(renderer, f"set{colour}ContrastEnhancement") for colour in ("Red", "Green", "Blue")]
    for band, put in enumerate(puts, 1):
        stretch = QgsContrastEnhancement(layer.dataProvider().dataType(band))
        stretch.setMinimumValue(7300)
        stretch.setMaximumValue(13800)
        stretch.setContrastEnhancementAlgorithm(
            QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
        )
        put(stretch)
    layer.triggerRepaint()
    return layer


def truth(layer, feature, known):
    """Return the cover that a point of a simulated scene has on its day, as somebody who was there would call it."""
    scene = feature["scene"]
    crs = covers(scene)[0].crs()
    turn = QgsCoordinateTransform(layer.crs(), crs, QgsProject.instance())
    place = turn.transform(feature.geometry().asPoint())
    spot = [np.array([at - middle]) for at, middle in zip((place.x(), place.y()), ANCHOR)]
    ground = ground_at(*spot, salted(1, int(crs.authid().split(":")[1])))
    cover = COVERS_OF_SIMULATION[int(ground.cover[0, 0])]
    day = feature["date"].dayOfYear()
    red, infrared = variants_on(day)[int(ground.cover[0, 0]), int(ground.jitter[0, 0])][[3, 4]]
    greenness = (infrared - red) / (infrared + red)
    if cover in ("lake", "river"):
        return "Water"
    if cover == "conifer":
        return "Conifer forest"
    if cover in ("rock", "alpine") and known.get("Snow") == str(feature["map_class"]):
        return "Snow"  # where snow lies is the sky's, not the ground's
    if greenness > 0.55:
        return "Green vegetation"
    return "Dry or sparse vegetation" if greenness > 0.25 else "Bare ground, built-up"


def assess():
    """How right the covers are."""
    values = {
        "RASTERS": rasters(COVERS),
        "POINTS": str(DATA / "points.gpkg"),
        "CLASS_FIELD": "ref_class",
        "DATE_FIELD": "date",
        "MATRIX": str(DATA / "accuracy.csv"),
        "REPORT": str(DATA / "accuracy.html"),
    }
    dialog = fill("iikmc:accuracy", values)
    yield 2.0
    shoot(dialog, "accuracy-dialog")
    yield from run(dialog, [DATA / "accuracy.html"])
    dialog.close()


def classify():
    """Another scene in the same covers."""
    values = {
        "SCENES": [str(LANDSAT / ELSEWHERE)],
        "SIGNATURES": str(COVERS / "signatures.json"),
        "OUTPUT": str(DATA / "covers_2021"),
    }
    dialog = fill("iikmc:classify", values)
    yield 3.0
    shoot(dialog, "classify-dialog")
    yield from run(dialog, [DATA / "covers_2021" / "report.html"])
    dialog.close()


def contrast():
    """The common classes beside those of each scene; a page alone, the dialog is the clustering's."""
    values = {"SCENES": every()[:3], "K": 8, "COMPARE": True, "LOAD_RESULTS": False}
    dialog = fill("iikmc:cluster", {**spectral(), **values, "OUTPUT": str(DATA / "compared")})
    yield 2.0
    yield from run(dialog, [DATA / "compared" / "report.html"])
    dialog.close()


def measure():
    """How fast this computer is; a page alone, the dialog is like the others."""
    dialog = fill("iikmc:benchmark", {"SCENES": every()[:3], "OUTPUT": str(DATA / "benchmark")})
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
