"""What a layer that is given as a text leads to on the disk: looked at before QGIS opens it, and waits for a pipe."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterLayer,
    QgsProperty,
)

from ...engine.errors import ParameterError
from ...engine.text_files import is_special
from .i18n import tr

# What stands before the path of a file: a provider of QGIS (ogr://), a scheme (file://), a driver of GDAL (GPKG:), its
# file systems (/vsizip/) with their brace, quotes. One letter and a colon is a drive.
_BEFORE = re.compile(r"(?:\w{2,}:(?://)?|/vsi\w+/|[{\"'\s])*")
# What ends it: options of QGIS (|layername=, ?type=), brace and quotes, and a layer of GDAL's (GPKG:file:layer).
_AFTER = (re.compile(r"[|?\"'}].*", re.DOTALL), re.compile(r":[^:/\\]*$"))


def check_layers(definition: QgsProcessingParameterDefinition, value: Any, context: QgsProcessingContext) -> None:
    """Check that layers which are given as texts are no pipes or devices, nor have one among their files.

    Parameters
    ----------
    definition
        Any parameter; those that take no layers have nothing to check.
    value
        As handed over.
    context
        For expressions.

    Raises
    ------
    ParameterError
        One is; to open it would wait without an end.
    """
    if not _takes_layers(definition):
        return
    for one in flat(value, context):
        for path in _paths(one) if isinstance(one, (str, os.PathLike)) else ():
            if is_special(path):
                text = tr("{name}: {path} is a pipe or device and no file; choose a file.")
                raise ParameterError(text.format(name=definition.name(), path=path))
            for other in _special_beside(path):
                text = tr("{name}: {path}, which is read with {layer}, is a pipe or device and no file; take it away.")
                raise ParameterError(text.format(name=definition.name(), path=other, layer=os.path.basename(path)))


def flat(value: Any, context: QgsProcessingContext) -> list[Any]:
    """Return what a value of layers holds: a list, one of lists as a model makes it, or a single one."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source
    if isinstance(value, QgsProperty):
        value = value.valueAsString(context.expressionContext())[0]
    if isinstance(value, (list, tuple)):
        return [inner for part in value for inner in flat(part, context)]
    return [value] if value else []


def _takes_layers(definition: QgsProcessingParameterDefinition) -> bool:
    if isinstance(definition, QgsProcessingParameterMultipleLayers):
        return bool(definition.layerType() != QgsProcessing.SourceType.TypeFile)
    return isinstance(definition, (QgsProcessingParameterFeatureSource, QgsProcessingParameterRasterLayer))


def _paths(value: str | os.PathLike[str]) -> Iterator[str]:
    """Yield what is on the disk of the paths that a text may mean; of a path into an archive the archive."""
    text = os.fspath(value)
    rest = _BEFORE.sub("", text, count=1)
    meant = [text, rest]
    for end in _AFTER:
        meant.append(end.sub("", meant[-1]))
    for path in dict.fromkeys(meant):
        whole = path
        while path and not _is_there(path):
            path = path[: max(path.rfind("/"), path.rfind("\\"), 0)]
        if path and (path == whole or not os.path.isdir(path)):
            yield path


def _is_there(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:
        return False


def _special_beside(path: str) -> Iterator[str]:
    """Yield pipes and devices that are read with a file, by their names, or as they lie in the folder given."""
    folder, name = (path, "") if os.path.isdir(path) else os.path.split(path)
    stem = os.path.splitext(name)[0].lower()
    try:
        with os.scandir(folder or ".") as entries:
            found = [entry.path for entry in entries if _belongs(entry.name.lower(), stem)]
    except OSError:
        return  # told by whoever opens the layer
    yield from filter(is_special, found)


def _belongs(name: str, stem: str) -> bool:
    return not stem or (name.startswith(stem) and name[len(stem) : len(stem) + 1] in (".", "_"))


class FeatureSource(QgsProcessingParameterFeatureSource):
    """A parameter of a vector layer, which opens no pipe to tell whether it can be one."""

    def checkValueIsAcceptable(self, value: Any, context: QgsProcessingContext | None = None) -> bool:
        """Tell whether a value can be a layer; True for what `check_layers` refuses with a sentence."""
        return _is_refused(self, value, context) or super().checkValueIsAcceptable(value, context)


class RasterLayer(QgsProcessingParameterRasterLayer):
    """Likewise of a raster layer."""

    def checkValueIsAcceptable(self, value: Any, context: QgsProcessingContext | None = None) -> bool:
        """Tell whether a value can be a layer; True for what `check_layers` refuses with a sentence."""
        return _is_refused(self, value, context) or super().checkValueIsAcceptable(value, context)


class MultipleLayers(QgsProcessingParameterMultipleLayers):
    """Likewise of several layers."""

    def checkValueIsAcceptable(self, value: Any, context: QgsProcessingContext | None = None) -> bool:
        """Tell whether a value can be layers; True for what `check_layers` refuses with a sentence."""
        return _is_refused(self, value, context) or super().checkValueIsAcceptable(value, context)


class Files(QgsProcessingParameterMultipleLayers):
    """A parameter of files and folders, which QGIS does not open to write its history.

    From 3.24 on, a dialog writes down each value when Run is pressed, and QGIS tries every path as a layer for that: as
    a raster, as a vector layer and as a mesh, in the window's thread.
    """

    def valueAsJsonObject(self, value: Any, context: QgsProcessingContext) -> Any:
        """Return the value for the history: paths as they are."""
        return _written(value) or super().valueAsJsonObject(value, context)

    def valueAsStringList(self, value: Any, context: QgsProcessingContext) -> tuple[list[str], bool]:
        """Return the value for a command line, and that it could be written."""
        written = _written(value)
        return (written, True) if written else super().valueAsStringList(value, context)


def _written(value: Any) -> list[str]:
    """Return paths that need no more than to be written down; nothing if there is anything else."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return list(values) if all(isinstance(one, str) for one in values) else []


def _is_refused(definition: QgsProcessingParameterDefinition, value: Any, context: QgsProcessingContext | None) -> bool:
    # qgis_process asks this of all values before it asks the algorithm anything.
    try:
        check_layers(definition, value, context or QgsProcessingContext())
    except ParameterError:
        return True
    return False
