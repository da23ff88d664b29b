"""The plugin object: adds the provider to Processing, in the user's language, and an entry to the window's menus."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QTranslator

from ..engine.compiled.background import rest
from . import translation
from .provider import IIkMCProvider

# The first QGIS whose dialogs get the list of scenes from QGIS's registry; later ones know no other way.
_REGISTERS = 40000


class IIkMCPlugin:
    """What `classFactory` returns; touches no window before `initGui`, so that it also serves qgis_process."""

    def __init__(self, iface: Any) -> None:
        """Take QGIS's interface, which is None in qgis_process."""
        self._iface = iface
        self._class_names: Any = None
        self._list: Any = None
        self._provider: IIkMCProvider | None = None
        self._translator: QTranslator | None = None

    def initProcessing(self) -> None:
        """Add the provider; all that qgis_process calls."""
        if self._provider is None:
            # First of all: the provider's algorithms take their texts when they are added.
            self._translator = translation.install(translation.language())
            self._provider = IIkMCProvider()
            QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Add the provider to QGIS with a window, and "Class names …" to its menus."""
        if Qgis.QGIS_VERSION_INT >= _REGISTERS and self._list is None:
            from ..algorithms.scenes_widget import registered

            self._list = registered.register()
        self.initProcessing()
        if self._iface is not None and self._class_names is None:
            # Here, because qgis_process shall import no widget.
            from .class_names import ClassNames

            self._class_names = ClassNames(self._iface)

    def unload(self) -> None:
        """Take the provider and the translation away."""
        # QGIS may end right after this.
        rest()
        if self._class_names is not None:
            self._class_names.remove()
            self._class_names = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        if self._list is not None:
            from ..algorithms.scenes_widget import registered

            registered.unregister(self._list)
            self._list = None
        if self._translator is not None:
            translation.remove(self._translator)
            self._translator = None
