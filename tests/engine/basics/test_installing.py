"""Each platform's command for a package, on trees of files as they lie there; what is printed exists."""

from __future__ import annotations

import importlib.metadata
import os
import sys

import pytest
from iikmc.engine import installing

VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APT = "sudo apt install python3-rasterio python3-sklearn"
DNF = "sudo dnf install python3-rasterio python3-scikit-learn"
NUMPY = f"numpy=={importlib.metadata.version('numpy')}"


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Return a function that makes a Python of a platform of programs and folders below tmp_path."""
    monkeypatch.setattr(installing, "_FLATPAK_MARK", tmp_path / "no-flatpak")
    monkeypatch.setattr(installing, "_OS_RELEASE", tmp_path / "no-os-release")
    monkeypatch.delenv("FLATPAK_ID", raising=False)

    def make(platform, prefix, executable, programs=(), folders=()):
        for name in programs:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\n")
            path.chmod(0o755)
        for name in folders:
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
        monkeypatch.setattr(sys, "platform", platform)
        for name in ("prefix", "exec_prefix", "base_prefix"):
            monkeypatch.setattr(sys, name, str(tmp_path / prefix) + ("/" if prefix.endswith("/") else ""))
        for name in ("executable", "_base_executable"):
            monkeypatch.setattr(sys, name, str(tmp_path / executable) if executable else "", raising=False)
        return tmp_path

    return make


# Bundle of macOS, what Python says its prefix is, what lies in it, and the program and the home that are found.
OLD = (
    "QGIS.app",
    "MacOS",
    ["MacOS/QGIS", "MacOS/bin/python3"],
    [f"MacOS/lib/{VERSION}"],
    ("MacOS/bin/python3", ""),
)
NEW = (
    "QGIS-final-4_0_0.app",
    "Frameworks/",
    ["MacOS/QGIS", "MacOS/python", f"MacOS/{VERSION}"],
    [f"Frameworks/lib/{VERSION}"],
    (f"MacOS/{VERSION}", "Frameworks"),
)
NEW_PLAIN = (
    "QGIS.app",
    "Frameworks",
    ["MacOS/QGIS", "MacOS/python"],
    [f"Frameworks/lib/{VERSION}"],
    ("MacOS/python", "Frameworks"),
)
FRAMEWORK = (
    "QGIS3.10.app",
    "Frameworks/Python.framework/Versions/Current",
    ["MacOS/QGIS", "Frameworks/Python.framework/Versions/Current/bin/python3"],
    [f"Frameworks/Python.framework/Versions/Current/lib/{VERSION}"],
    ("Frameworks/Python.framework/Versions/Current/bin/python3", ""),
)
SPACED = (
    "QGIS 3.44.app",
    "Frameworks",
    ["MacOS/QGIS", f"MacOS/{VERSION}"],
    [f"Frameworks/lib/{VERSION}"],
    (f"MacOS/{VERSION}", "Frameworks"),
)


@pytest.mark.parametrize("bundle", [OLD, NEW, NEW_PLAIN, FRAMEWORK, SPACED], ids=lambda bundle: bundle[0])
def test_every_bundle_of_macos_has_its_own_program(place, bundle):
    app, prefix, programs, folders, (program, home) = bundle
    inside = f"Applications/{app}/Contents"
    root = place(
        "darwin",
        f"{inside}/{prefix}",
        f"{inside}/MacOS/QGIS",
        [f"{inside}/{name}" for name in programs],
        [f"{inside}/{name}" for name in folders],
    )
    way = installing.way(["rasterio"])
    quote = "'" if " " in app else ""
    setting = f"PYTHONHOME={quote}{root}/{inside}/{home}{quote} " if home else ""
    command = f"{setting}{quote}{root}/{inside}/{program}{quote} -m pip install rasterio {NUMPY}"
    assert (way.kind, way.command) == (installing.PIP, command)
    assert installing.in_short(["rasterio"]) == f"to get it: {command}"


def test_qgis_itself_is_never_taken_for_python(place):
    place("darwin", "Q.app/Contents/Frameworks", "Q.app/Contents/MacOS/QGIS", ["Q.app/Contents/MacOS/QGIS"])
    way = installing.way(["numba"])
    assert (way.kind, way.command) == (installing.UNKNOWN, "")
    assert installing.in_short(["numba"]) == "to get it: numba with pip, in the Python of QGIS"


def test_a_file_that_nobody_may_run_is_no_program(place):
    root = place("darwin", "Q.app/Contents/Frameworks", "", ["Q.app/Contents/MacOS/python"])
    os.chmod(root / "Q.app/Contents/MacOS/python", 0o644)
    assert installing.way(["numba"]).kind == installing.UNKNOWN


def test_a_python_of_homebrew_is_told_that_its_packages_may_change(place):
    root = place("darwin", "brew", "brew/bin/python3", ["brew/bin/python3"], [f"brew/lib/{VERSION}"])
    (root / "brew" / "lib" / VERSION / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    assert installing.way(["numba"]).command == (
        f"{root}/brew/bin/python3 -m pip install --user --break-system-packages numba {NUMPY}"
    )


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_conda_is_conda_everywhere(place, platform):
    root = place(platform, "my env", "", folders=["my env/conda-meta"])
    quote = '"' if platform == "win32" else "'"
    assert installing.way(["rasterio", "numba"]).command == (
        f"conda install -p {quote}{root}/my env{quote} -c conda-forge rasterio numba"
    )


def test_windows_has_its_packages_in_the_setup(place):
    place("win32", "apps/Python312", "bin/qgis-bin.exe")
    names = ["rasterio", "numba", "scikit-learn", "plotly", "joblib"]
    way = installing.way(names)
    assert way.kind == installing.OSGEO4W
    # As the folders of recipes are called in OSGeo4W's own repository.
    assert way.wanted == "python3-rasterio, python3-numba, python3-scikit-learn, python3-plotly, python3-joblib"
    assert way.command == f"python -m pip install {' '.join(names)} {NUMPY}"
    assert installing.in_short(["numba"]) == "to get it: python3-numba in the OSGeo4W Setup, Advanced Install"


@pytest.mark.parametrize(
    ("told", "kind", "command"),
    [
        ("ID=debian\n", installing.DEBIAN, APT),
        ('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', installing.DEBIAN, APT),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', installing.DEBIAN, APT),
        ("ID=fedora\n", installing.FEDORA, DNF),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', installing.FEDORA, DNF),
        ("ID=arch\n", installing.LINUX, ""),
        (None, installing.LINUX, ""),
    ],
)
def test_distributions_have_packages_of_their_own_names(place, told, kind, command):
    root = place("linux", "usr", "usr/bin/python3", ["usr/bin/python3"])
    if told is not None:
        (root / "no-os-release").write_text(told)
    way = installing.way(["rasterio", "scikit-learn"])
    assert (way.kind, way.command) == (kind, command)
    if kind == installing.LINUX:
        short = "to get it: your distribution's package, often python3-numba"
    else:
        short = f"to get it: {command.split(' python3')[0]} python3-numba"
    assert installing.in_short(["numba"]) == short


def test_flatpak_takes_pip_from_its_sdk(place, monkeypatch):
    root = place("linux", "usr", "usr/bin/python3")
    (root / "no-flatpak").write_text("[Application]\n")
    command = f"flatpak run --devel --command=pip3 org.qgis.qgis install --user rasterio {NUMPY}"
    assert installing.way(["rasterio"]).command == command
    monkeypatch.setenv("FLATPAK_ID", "org.qgis.qgis.beta")
    assert " org.qgis.qgis.beta install" in installing.way(["rasterio"]).command


def test_numpy_is_asked_for_in_no_version_where_it_is_missing(place, monkeypatch):
    root = place("darwin", "p", "p/bin/python3", ["p/bin/python3"])

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert installing.way(["numpy", "rasterio"]).command == f"{root}/p/bin/python3 -m pip install numpy rasterio"


def test_what_is_printed_on_this_computer_exists():
    way = installing.way(["numba"])
    if way.kind == installing.DEBIAN:
        assert way.command == "sudo apt install python3-numba"
    elif way.kind == installing.PIP:
        assert os.access(way.command.split(" -m pip")[0].split()[-1], os.X_OK)
