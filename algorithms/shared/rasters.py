"""The RASTERS parameter: several classified rasters, as layers of the project or as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
)

from ...engine.errors import ParameterError
from .i18n import tr
from .sources import MultipleLayers, flat

RASTERS = "RASTERS"


def rasters(text: str) -> QgsProcessingParameterDefinition:
    """RASTERS, with its help."""
    parameter = MultipleLayers(RASTERS, tr("Classified rasters"), QgsProcessing.SourceType.TypeRaster)
    parameter.setMinimumNumberInputs(1)
    parameter.setHelp(text)
    return parameter


def paths_in(values: dict[str, Any], context: QgsProcessingContext) -> tuple[Path, ...]:
    """Return the files of RASTERS; layers of a project belong to the main thread, which must call this.

    Raises
    ------
    ParameterError
        One is no raster file on disk.
    """
    return tuple(path_of(RASTERS, value, context) for value in flat(values.get(RASTERS), context))


def path_of(name: str, value: Any, context: QgsProcessingContext) -> Path:
    """Return the file of a raster layer, its id, its name, or a path.

    Raises
    ------
    ParameterError
        It is no raster file on disk.
    """
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        return Path(value)
    layer = value if isinstance(value, QgsMapLayer) else QgsProcessingUtils.mapLayerFromString(str(value), context)
    source = layer.source().split("|")[0] if layer is not None else ""
    if os.path.isfile(source):
        return Path(source)
    found = layer.name() if layer is not None else value
    raise ParameterError(
        tr("{name}: {found} is no raster file on disk; choose a classified raster.").format(name=name, found=found)
    )
