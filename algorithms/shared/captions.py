"""What the engine's names are called in a dialog; there the names themselves stand in files and logs."""

from __future__ import annotations

from .i18n import tr


def of_flags() -> dict[str, str]:
    """Return the captions of the flags."""
    return {
        "dilated cloud": tr("Dilated cloud"),
        "cirrus": tr("Cirrus"),
        "cloud": tr("Cloud"),
        "cloud shadow": tr("Cloud shadow"),
        "snow or ice": tr("Snow or ice"),
        "water": tr("Water"),
    }


def of_roles() -> dict[str, str]:
    """Return the captions of the band roles."""
    return {
        "blue": tr("blue"),
        "green": tr("green"),
        "red": tr("red"),
        "nir": tr("nir"),
        "swir1": tr("swir1"),
        "swir2": tr("swir2"),
        "coastal": tr("coastal"),
        "yellow": tr("yellow"),
        "green1": tr("green1"),
        "rededge1": tr("rededge1"),
        "rededge2": tr("rededge2"),
        "rededge3": tr("rededge3"),
        "nir_broad": tr("nir_broad"),
    }
