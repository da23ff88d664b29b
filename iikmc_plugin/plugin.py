"""The plugin object: adds the provider to Processing, in the user's language, and takes it away again."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTranslator

from ..engine.compiled.background import rest
from . import translation
from .provider import IIkMCProvider


class IIkMCPlugin:
    """What `classFactory` returns; touches no window, so that it also serves qgis_process."""

    def __init__(self, iface: object) -> None:
        """Take QGIS's interface, which is None in qgis_process and is not used."""
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
        """Add the provider to QGIS with a window."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider and the translation away."""
        # QGIS may end right after this.
        rest()
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        if self._translator is not None:
            translation.remove(self._translator)
            self._translator = None
