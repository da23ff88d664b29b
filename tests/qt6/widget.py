"""Use the list of scenes under PyQt6 without QGIS, of which it takes a few names that are stood in for."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import types
from pathlib import Path
from unittest import mock

import PyQt6.QtCore
import PyQt6.QtGui
import PyQt6.QtWidgets
import PyQt6.sip

ROOT = Path(__file__).resolve().parents[2]


class Settings(dict):
    """Stands for QgsSettings."""

    def value(self, key, default=None, type=None):
        """Return what is known."""
        return self.get(key, default)

    def setValue(self, key, value):
        """Remember."""
        self[key] = value


def stand_in() -> None:
    """Make `qgis` importable: Qt's own modules are PyQt6's, of the rest any name does."""
    qgis = types.ModuleType("qgis")
    pyqt = types.ModuleType("qgis.PyQt")
    for name in ("QtCore", "QtGui", "QtWidgets", "sip"):
        module = importlib.import_module(f"PyQt6.{name}")
        setattr(pyqt, name, module)
        sys.modules[f"qgis.PyQt.{name}"] = module
    core, gui = mock.MagicMock(), mock.MagicMock()
    core.QgsSettings = Settings
    core.QgsMapLayer = type("QgsMapLayer", (), {})
    core.QgsApplication.getThemeIcon = lambda name: PyQt6.QtGui.QIcon()
    core.QgsMimeDataUtils.isUriList = lambda data: False
    sys.modules.update({"qgis": qgis, "qgis.PyQt": pyqt, "qgis.core": core, "qgis.gui": gui})
    spec = importlib.util.spec_from_file_location("iikmc", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    sys.modules["iikmc"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["iikmc"])


def main(folder: Path) -> dict[str, object]:
    """Add, order, remove and drop scenes, as a user does; return what was seen."""
    application = PyQt6.QtWidgets.QApplication([])
    from iikmc.algorithms.scenes_widget.line import ScenesLine
    from iikmc.algorithms.scenes_widget.panel import ScenesPanel

    panel, line = ScenesPanel(), ScenesLine()
    told: list[int] = []
    panel.changed.connect(lambda: told.append(1))
    paths = [str(path) for path in sorted(folder.iterdir())]
    panel.resize(500, 300)
    panel.show()
    panel.setPaths(paths[:1])
    panel.add(paths[1:])
    deadline = PyQt6.QtCore.QElapsedTimer()
    deadline.start()
    while deadline.elapsed() < 3000:
        application.processEvents()
    line.setPaths(paths)
    line.show()
    application.processEvents()
    seen = {
        "paths": panel.paths(),
        "line": line.paths(),
        "told": len(told),
        "picture": not panel.grab().isNull(),
        "status": panel.status.text(),
    }
    panel.close()
    return seen


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    stand_in()
    sys.stdout.write("@seen " + json.dumps(main(Path(sys.argv[1]))) + "\n")
    sys.stdout.flush()
    # Qt's objects are left to the system: their order at the end of Python is nobody's promise.
    os._exit(0)
