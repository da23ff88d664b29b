"""What a dialog calls the pages of a run: the Results Viewer lists them by the description of the output alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessing, QgsProcessingAlgorithm

from . import parameters
from .i18n import tr

_HTML = "outputHtml"


def page_captions(algorithm: QgsProcessingAlgorithm) -> dict[str, str]:
    """Return what the pages of an algorithm are called, by the names of its outputs."""
    return {one.name(): one.description() for one in algorithm.outputDefinitions() if one.type() == _HTML}


def name_pages(algorithm: QgsProcessingAlgorithm, captions: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Call the pages of a dialog's algorithm after its tool and where they go, such as "Report: Cluster, classes".

    Parameters
    ----------
    algorithm
        That of a dialog, which asks it for the names when the run is over.
    captions
        What they were called first.
    values
        Of the run.
    """
    tool = algorithm.name().capitalize()
    for name, caption in captions.items():
        page = tr("{page}: {tool}, {place}").format(page=caption, tool=tool, place=_place(name, values))
        algorithm.outputDefinition(name).setDescription(page)


def _place(name: str, values: Mapping[str, Any]) -> str:
    """Return the folder that the page of an output goes to, or the file itself."""
    value = values.get(name, values.get(parameters.OUTPUT))
    text = value.rstrip("/\\") if isinstance(value, str) else ""
    if text in ("", QgsProcessing.TEMPORARY_OUTPUT):
        return tr("temporary")
    return os.path.basename(text) or text
