"""Which Python packages are there, and how to get the missing ones on this platform."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib import metadata

# Without these no algorithm runs; everything else is optional and looked up where it is used.
REQUIRED = ("numpy", "rasterio", "joblib")


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
    return f"IIkMC needs {_listed(absent)}, which QGIS's Python does not have. {advice(absent)}" if absent else ""


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
            return f"IIkMC needs {name}, which is installed but cannot be loaded ({reason}). {advice([name])}"
    return ""


def advice(names: list[str]) -> str:
    """Return how to install packages on this platform."""
    packages = " ".join(names)
    if sys.platform.startswith("win"):
        wanted = ", ".join(f"python3-{name}" for name in names)
        return (
            f"Start the OSGeo4W Setup of your QGIS, choose Advanced Install, select {wanted}, and restart QGIS "
            f"(or run 'python -m pip install {packages}' in the OSGeo4W Shell)."
        )
    if sys.platform == "darwin":
        return (
            f"Open Terminal, run '/Applications/QGIS.app/Contents/MacOS/bin/python3 -m pip install {packages}', "
            "and restart QGIS."
        )
    wanted = " ".join(f"python3-{name}" for name in names)
    return (
        f"On Debian and Ubuntu run 'sudo apt install {wanted}', on Fedora 'sudo dnf install {wanted}', "
        "and restart QGIS."
    )


def version_of(name: str) -> str:
    """Return the version of an installed package, without importing it; "missing" where it is not."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _listed(names: list[str]) -> str:
    noun = "Python package" if len(names) == 1 else "Python packages"
    return f"the {noun} {', '.join(names)}"
