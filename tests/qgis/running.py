"""Runs algorithms as QGIS's dialogs do, and looks at the layers that come of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from unittest import mock

from qgis.core import QgsApplication, QgsProcessingAlgRunnerTask, QgsProcessingFeedback, QgsProject

COLOURED = "paletted"


class Log(QgsProcessingFeedback):
    """Keeps what a run says."""

    def __init__(self):
        super().__init__(False)
        self.warnings, self.errors, self.infos, self.stages = [], [], [], []

    def pushWarning(self, text):
        self.warnings.append(text)

    def reportError(self, text, fatalError=False):
        self.errors.append(text)

    def pushInfo(self, text):
        self.infos.append(text)

    def setProgressText(self, text):
        self.stages.append(text)


def load(algorithm, context):
    """Do what the dialog does when a run is over."""
    from processing.gui import Postprocessing

    log = Log()
    # pytest-qgis puts a mock there, which is no layer tree view to QGIS from 3.42 on.
    with mock.patch.object(Postprocessing, "iface", None, create=True):
        assert Postprocessing.handleAlgorithmResults(algorithm, context, log)
    assert log.errors == []
    assert log.warnings == []


def groups():
    """Return the name of each layer group from top to bottom, with its layers' names."""
    root = QgsProject.instance().layerTreeRoot()
    assert root.findLayers() == [layer for group in root.findGroups() for layer in group.findLayers()]
    return [(group.name(), [node.name() for node in group.findLayers()]) for group in root.findGroups()]


def legend(layer):
    return [(entry.value, entry.label, entry.color.name()) for entry in layer.renderer().classes()]


def legend_of(output):
    classes = json.loads((Path(output) / "signatures.json").read_text(encoding="utf-8"))["classes"]
    return [(entry["id"], entry["name"], entry["colour"]) for entry in classes]


def assert_styled(output, count):
    layers = list(QgsProject.instance().mapLayers().values())
    assert len(layers) == count
    for layer in layers:
        assert layer.isValid()
        assert layer.renderer().type() == COLOURED
        assert legend(layer) == legend_of(output)
        assert Path(layer.source()).parent == Path(output)


def run_task(cluster, parameters, context, feedback, on_poll=lambda: None):
    """Run as the dialog does, in QGIS's task manager, and return (successful, results, seconds)."""
    ended = []
    task = QgsProcessingAlgRunnerTask(cluster, parameters, context, feedback)
    task.executed.connect(lambda good, results: ended.append((good, results)))
    began = time.monotonic()
    QgsApplication.taskManager().addTask(task)
    while not ended and time.monotonic() - began < 30:
        QgsApplication.processEvents()
        on_poll()
        time.sleep(0.01)
    assert ended, "the task did not end"
    return (*ended[0], time.monotonic() - began)
