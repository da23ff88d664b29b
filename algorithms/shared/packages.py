"""Which Python packages are there, and how to get the missing ones on this platform."""

from __future__ import annotations

import importlib
import importlib.util
import sys

from ...engine import installing
from .i18n import tr

# Without these no algorithm runs; everything else is optional and looked up where it is used.
REQUIRED = ("numpy", "rasterio")


def missing() -> list[str]:
    """Return the required packages that are not installed; looks without importing."""
    return [name for name in REQUIRED if not _installed(name)]


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def problem() -> str:
    """Return one sentence on what is missing and how to install it, or "" if all is there."""
    absent = missing()
    if not absent:
        return ""
    text = (
        tr("IIkMC needs the Python package {names}, which QGIS's Python does not have.")
        if len(absent) == 1
        else tr("IIkMC needs the Python packages {names}, which QGIS's Python does not have.")
    )
    return f"{text.format(names=', '.join(absent))} {advice(absent)}"


def import_problem() -> str:
    """Return as `problem`, and also what keeps an installed package from being imported."""
    text = problem()
    if text:
        return text
    for name in REQUIRED:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a broken binary package raises anything; the user must hear it
            reason = " ".join(str(error).split()) or type(error).__name__
            text = tr("IIkMC needs {name}, which is installed but cannot be loaded ({reason}).")
            return f"{text.format(name=name, reason=reason)} {advice([name])}"
    return ""


def advice(names: list[str]) -> str:
    """Return how to install packages on this platform; the commands and names are those of `engine.installing`."""
    way = installing.way(names)
    if way.kind == installing.OSGEO4W:
        return tr(
            "Start the OSGeo4W Setup of your QGIS, choose Advanced Install, select {wanted}, and restart QGIS (or run "
            "'{command}' in the OSGeo4W Shell)."
        ).format(wanted=way.wanted, command=way.command)
    if way.kind == installing.LINUX:
        return tr("Install your distribution's package, often {wanted}, and restart QGIS.").format(wanted=way.wanted)
    if way.kind == installing.UNKNOWN:
        return tr(
            "Install {wanted} with pip into the Python of QGIS, whose program was not found from {prefix}, and restart "
            "QGIS; the page Installing of the documentation has the ways."
        ).format(wanted=way.wanted, prefix=sys.prefix)
    return tr("Open a terminal, run '{command}', and restart QGIS.").format(command=way.command)


def version_of(name: str) -> str:
    """Return the version of an installed package, without importing it; "missing" where it is not."""
    # Late: it brings the parsers of mail along, which took half of the time of loading the plugin.
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
