"""What a user is told where a required package is missing or broken."""

from __future__ import annotations

import importlib.util
import sys

import pytest

pytest.importorskip("qgis.core")

import processing
from iikmc.algorithms.shared import packages
from iikmc.engine import installing
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException

pytestmark = pytest.mark.qgis

ABSENT = ["numpy", "rasterio"]
ADVICE = {
    "osgeo4w": "Start the OSGeo4W Setup of your QGIS, choose Advanced Install, select A, B, and restart QGIS "
    "(or run 'C' in the OSGeo4W Shell).",
    "linux": "Install your distribution's package, often A, B, and restart QGIS.",
    "unknown": f"Install A, B with pip into the Python of QGIS, whose program was not found from {sys.prefix}, and "
    "restart QGIS; the page Installing of the documentation has the ways.",
    "debian": "Open a terminal, run 'C', and restart QGIS.",
    "pip": "Open a terminal, run 'C', and restart QGIS.",
}


@pytest.fixture
def absent(monkeypatch):
    """Let packages look as if they were not installed."""
    genuine = importlib.util.find_spec

    def hide(*names):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, *rest: None if name in names else genuine(name, *rest)
        )

    return hide


def test_nothing_is_said_while_all_is_there(plugin, cluster):
    assert packages.missing() == []
    assert packages.problem() == packages.import_problem() == ""
    assert cluster.canExecute() == (True, "")


@pytest.mark.parametrize("kind", ADVICE)
def test_each_platform_has_its_own_way(plugin, cluster, absent, monkeypatch, kind):
    """Which way it is, and with which names and commands: tests/engine/basics/test_installing.py."""
    absent(*ABSENT)
    monkeypatch.setattr(installing, "way", lambda names: installing.Way(kind, "A, B", "C") if names == ABSENT else None)
    sentence = "IIkMC needs the Python packages numpy, rasterio, which QGIS's Python does not have."
    assert cluster.canExecute() == (False, f"{sentence} {ADVICE[kind]}")
    provider = QgsApplication.processingRegistry().providerById("iikmc")
    assert provider.warningMessage() == f"{sentence} {ADVICE[kind]}"


@pytest.mark.parametrize("name", packages.REQUIRED)
def test_a_missing_package_stops_a_run_before_anything_is_read(plugin, cluster, absent, tiny, tmp_path, name):
    absent(name)
    sentence = f"IIkMC needs the Python package {name}, which QGIS's Python does not have."
    good, text = cluster.checkParameterValues({"SCENES": [str(tiny)], "OUTPUT": str(tmp_path)}, QgsProcessingContext())
    assert not good
    assert text.startswith(sentence)
    with pytest.raises(QgsProcessingException, match=sentence):
        processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "OUTPUT": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_the_provider_still_loads(plugin, absent):
    absent(*packages.REQUIRED)
    plugin.unload()
    plugin.initProcessing()
    provider = QgsApplication.processingRegistry().providerById("iikmc")
    assert "iikmc:cluster" in [algorithm.id() for algorithm in provider.algorithms()]


def test_a_package_that_fails_on_import_is_told_with_its_reason(plugin, cluster, monkeypatch, tmp_path):
    (tmp_path / "rasterio").mkdir()
    (tmp_path / "rasterio" / "__init__.py").write_text("raise OSError('libproj.so.99:\\n  cannot open')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "rasterio"]:
        monkeypatch.delitem(sys.modules, name)
    text = packages.import_problem()
    assert text.startswith(
        "IIkMC needs rasterio, which is installed but cannot be loaded (libproj.so.99: cannot open). "
    )
    assert "python3-rasterio" in text
    # The toolbox asks often, so it only looks whether the package is there.
    assert cluster.canExecute() == (True, "")


def test_versions_are_told_without_importing():
    assert packages.version_of("rasterio")[0].isdigit()
    assert packages.version_of("a-package-that-nobody-has") == "missing"
