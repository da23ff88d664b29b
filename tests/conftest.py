"""Makes the checkout importable as ``iikmc``, whatever its folder is called, and finds the real scenes."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine and in every run, and no complaint about a slow or busy machine: a test fails for
# what it says, or not at all.
settings.register_profile(
    "iikmc",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("iikmc")

ROOT = Path(__file__).resolve().parents[1]
if "PYTEST_XDIST_WORKER" in os.environ:
    # Processes side by side have a user's folder each, as QGIS locks files there, and share the compiled code.
    os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    os.environ["HOME"] = str(Path.home() / os.environ["PYTEST_XDIST_WORKER"])
    Path.home().mkdir(parents=True, exist_ok=True)
SCENES = Path(os.environ.get("IIKMC_SCENES", ROOT.parent / "shared" / "scenes"))
SENSORS = Path(os.environ.get("IIKMC_SENSORS", SCENES.parent / "sensors"))


def _alias_package() -> None:
    if "iikmc" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location("iikmc", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["iikmc"] = module
    spec.loader.exec_module(module)


_alias_package()


@pytest.fixture(scope="session")
def real_scenes() -> Path:
    """Return the folder of real Landsat scenes; skip where it is absent."""
    if not SCENES.is_dir():
        pytest.skip(f"the real Landsat scenes are not here ({SCENES}); set IIKMC_SCENES to their folder")
    return SCENES


@pytest.fixture(scope="session")
def sensor_files() -> Path:
    """Return the folder of real files of other sensors; skip where it is absent."""
    if not SENSORS.is_dir():
        pytest.skip(f"the real files of other sensors are not here ({SENSORS}); set IIKMC_SENSORS to their folder")
    return SENSORS


@pytest.fixture(scope="session")
def plugin(qgis_app, qgis_processing):
    """Return the plugin object, its provider in the registry, as an English user has it.

    One for all folders of tests: QGIS takes a second provider of the same id for none.
    """
    from qgis.PyQt.QtCore import QLocale

    # A developer's own language must not decide what the tests read.
    QLocale.setDefault(QLocale.c())
    plugin = importlib.import_module("iikmc").classFactory(None)
    plugin.initProcessing()
    yield plugin
    plugin.unload()
