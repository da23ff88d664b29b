"""The parameters of the tools that take a run that has ended: its folder, and a table of its classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
)

from ...engine.errors import ParameterError
from .i18n import tr

if TYPE_CHECKING:
    from .base import IIkMCAlgorithm

RESULTS = "RESULTS"
LEGEND = "LEGEND"


def run_folder() -> QgsProcessingParameterDefinition:
    """RESULTS: the output folder of a run."""
    parameter = QgsProcessingParameterFile(
        RESULTS, tr("Folder of a run"), QgsProcessingParameterFile.Behavior.Folder, "", None, False
    )
    parameter.setHelp(
        tr(
            "The output folder of a clustering of scenes together, of a classification with saved signatures, or of a "
            "merging: the one with signatures.json and the rasters ending in _classes.tif."
        )
    )
    return parameter


def legend_table(text: str) -> QgsProcessingParameterDefinition:
    """LEGEND: a table of classes, with its help."""
    parameter = QgsProcessingParameterFile(
        LEGEND, tr("Table of classes"), QgsProcessingParameterFile.Behavior.File, "csv", None, True
    )
    parameter.setHelp(text)
    return parameter


def run_folder_in(algorithm: IIkMCAlgorithm, values: dict[str, Any], context: QgsProcessingContext) -> Path:
    """Return the folder of RESULTS.

    Raises
    ------
    ParameterError
        It is empty.
    """
    text = algorithm.parameterAsFile(values, RESULTS, context).strip()
    if not text:
        raise ParameterError(tr("RESULTS is empty; choose the output folder of a run."))
    return Path(text)


def legend_in(algorithm: IIkMCAlgorithm, values: dict[str, Any], context: QgsProcessingContext) -> Path | None:
    """Return the file of LEGEND; None without one."""
    text = algorithm.parameterAsFile(values, LEGEND, context).strip()
    return Path(text) if text else None
