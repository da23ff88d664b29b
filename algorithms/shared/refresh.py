"""Layers whose files were written anew while they are open: they show the new ones, and do not write the old back."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from qgis.core import QgsPalettedRasterRenderer, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, QThread, pyqtSignal
from qgis.PyQt.QtGui import QColor


def layers_of(project: QgsProject, raster: Path) -> list[QgsRasterLayer]:
    """Return the raster layers of a project that show a file."""
    wanted = os.path.normcase(os.path.realpath(raster))
    rasters = (layer for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer))
    return [layer for layer in rasters if os.path.normcase(os.path.realpath(layer.source().split("|")[0])) == wanted]


def reload(layers: Iterable[QgsRasterLayer], raster: Path) -> None:
    """Have layers read their file anew, after something else was put in its place.

    A layer has the earlier file still open. If QGIS has asked GDAL for a histogram, GDAL writes what it knows of that
    file, the old names of its classes with it, into the .aux.xml when it is closed, over that of the new one. So the
    metadata are put back, and read again by a layer that has nothing to write.
    """
    layers, metadata = list(layers), raster.with_name(f"{raster.name}.aux.xml")
    before = _content(metadata)
    for layer in layers:
        layer.reload()
    if before is not None and _content(metadata) != before:
        with contextlib.suppress(OSError):
            _put(metadata, before)
        for layer in layers:
            layer.reload()
    for layer in layers:
        layer.triggerRepaint()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _put(path: Path, content: bytes) -> None:
    """Replace a file at once, so that nobody reads half of it."""
    handle, aside = tempfile.mkstemp(prefix=".iikmc-aux-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(aside, path.stat().st_mode & 0o777)
        os.replace(aside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


def show_classes(layer: QgsRasterLayer, classes: Mapping[int, tuple[str, tuple[int, int, int]]]) -> None:
    """Give the classes in a layer's legend other names and colours, and leave all else of its style as it is.

    Parameters
    ----------
    layer
        One that shows unique values; another is left alone.
    classes
        Class -> name and colour.
    """
    before = layer.renderer()
    if not isinstance(before, QgsPalettedRasterRenderer):
        return
    entries = [
        QgsPalettedRasterRenderer.Class(number, QColor(*colour), name) for number, (name, colour) in classes.items()
    ]
    renderer = QgsPalettedRasterRenderer(layer.dataProvider(), before.usesBands()[0], entries)
    renderer.setOpacity(before.opacity())
    layer.setRenderer(renderer)
    layer.legendChanged.emit()
    layer.emitStyleChanged()
    layer.triggerRepaint()


class _MainThread(QObject):
    """Lives in the main thread, and does there what other threads ask."""

    asked = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.moveToThread(QCoreApplication.instance().thread())
        self.asked.connect(self._do, Qt.ConnectionType.QueuedConnection)

    def _do(self, work: Callable[[], object]) -> None:
        work()
        _WAITING.remove(self)


# Qt does not keep the Python side of an object that a signal is on its way to.
_WAITING: list[_MainThread] = []


def in_main_thread(work: Callable[[], object]) -> None:
    """Do something with layers of the project, which belong to the main thread: now there, or soon.

    A model calls what follows its steps in its own thread.
    """
    application = QCoreApplication.instance()
    if application is None or QThread.currentThread() == application.thread():
        work()
        return
    caller = _MainThread()
    _WAITING.append(caller)
    caller.asked.emit(work)
