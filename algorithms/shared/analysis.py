"""What the algorithms have in common that look at scenes or classes and write single files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)

from . import groups
from .base import IIkMCAlgorithm


class AnalysisAlgorithm(IIkMCAlgorithm):
    """Group and file destinations."""

    GROUP = groups.ANALYSIS

    def _planned(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> Path | None:
        """Return where a file will go, for checks; None where it is not wanted or a temporary one will be made."""
        value = values.get(name)
        if isinstance(value, QgsProcessingOutputLayerDefinition):
            value = value.sink.valueAsString(context.expressionContext())[0]
        text = str(value or "").strip()
        return None if text in ("", "NULL", QgsProcessing.TEMPORARY_OUTPUT) else Path(text)

    def _file(self, values: dict[str, Any], name: str, context: QgsProcessingContext) -> Path | None:
        """Return where a file goes; None where it is not wanted."""
        text = self.parameterAsFileOutput(values, name, context)
        return Path(text) if text else None


def file_destination(name: str, caption: str, kind: str, text: str) -> QgsProcessingParameterDefinition:
    """Return an optional file that a dialog makes a temporary one of unless told otherwise.

    A filter with "htm" in it makes the output one that QGIS shows in its results viewer.
    """
    parameter = QgsProcessingParameterFileDestination(name, caption, kind, None, True, True)
    parameter.setHelp(text)
    return parameter


def whole_number(
    name: str, caption: str, default: int, limits: tuple[int, int | None], text: str
) -> QgsProcessingParameterDefinition:
    """Return an integer with its limits; None = no upper one."""
    low, high = limits
    kind = QgsProcessingParameterNumber.Type.Integer
    most = {} if high is None else {"maxValue": high}
    parameter = QgsProcessingParameterNumber(name, caption, kind, default, False, low, **most)
    parameter.setHelp(text)
    return parameter
