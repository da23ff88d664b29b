"""What all algorithms of the provider have in common."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessing, QgsProcessingAlgorithm, QgsProcessingContext
from qgis.PyQt.QtGui import QIcon

from . import packages, parameters

ICON = Path(__file__).resolve().parents[1] / "icons" / "iikmc.svg"


class IIkMCAlgorithm(QgsProcessingAlgorithm):
    """Icon, instance and package check."""

    def createInstance(self) -> IIkMCAlgorithm:
        return self.__class__()

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def canExecute(self) -> tuple[bool, str]:
        text = packages.problem()
        return not text, text

    def _output_folder(self, values: dict[str, Any], context: QgsProcessingContext) -> str:
        """Return OUTPUT as given, for checks; a temporary one is not made yet, the folder around it stands for it."""
        text = self.parameterAsString(values, parameters.OUTPUT, context)
        return tempfile.gettempdir() if text in ("", QgsProcessing.TEMPORARY_OUTPUT) else text

    def _chosen(
        self, names: Iterable[str], values: dict[str, Any], name: str, context: QgsProcessingContext
    ) -> tuple[str, ...]:
        """Return what a choice of several chooses, in the order of `names`."""
        if parameters.is_emptied(values, name):
            return ()
        return parameters.chosen(names, self.parameterAsEnums(values, name, context))
