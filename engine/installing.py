"""How to get a Python package into the Python of this QGIS: the one home of names and commands for each platform.

Nothing is installed here; what comes out is text for people. A command names only programs and folders that are there
when it is made, because QGIS's Python lies elsewhere in every packaging. docs/installing.md has the sources and says
what was tried.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OSGEO4W, FLATPAK, CONDA, DEBIAN, FEDORA, LINUX, PIP, UNKNOWN = (
    "osgeo4w", "flatpak", "conda", "debian", "fedora", "linux", "pip", "unknown",
)  # fmt: skip
"""The ways: the Setup of OSGeo4W, Flatpak, conda, apt, dnf, another Linux, pip, and no program found that runs pip."""

# Where a system's package has not the package's own name behind "python3-".
_DEBIAN = {"scikit-learn": "python3-sklearn"}
# Read on 2026-11-26 in /etc/os-release's own manual, os-release(5): ID, and ID_LIKE for what descends from it.
_APT, _DNF = {"debian", "ubuntu"}, {"fedora"}

# What tells a platform; tests put others here.
_FLATPAK_MARK = Path("/.flatpak-info")
_OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True)
class Way:
    """How packages are installed here."""

    kind: str
    """One of the ways above."""
    wanted: str
    """The packages by the names that they have in the Setup of OSGeo4W or in a distribution, or else with pip."""
    command: str
    """What to type into a terminal (`OSGEO4W`: into the OSGeo4W Shell); "" for `LINUX` and `UNKNOWN`."""


def way(names: Sequence[str]) -> Way:
    """Return how to install packages, named as on PyPI, into the Python that runs this."""
    plain = " ".join(names)
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return Way(CONDA, plain, f"conda install -p {_quoted(sys.prefix)} -c conda-forge {plain}")
    if sys.platform.startswith("win"):
        wanted = ", ".join(f"python3-{name}" for name in names)
        return Way(OSGEO4W, wanted, f"python -m pip install {_with_numpy(names)}")
    if sys.platform != "darwin":
        return _on_linux(names)
    python = _interpreter()
    if python is None:
        return Way(UNKNOWN, plain, "")
    return Way(PIP, plain, f"{_home(python)}{_quoted(python)} -m pip install {_managed()}{_with_numpy(names)}")


def in_short(names: Sequence[str]) -> str:
    """Return the same in a few English words, for a line of the log; no full stop."""
    found = way(names)
    if found.kind == OSGEO4W:
        return f"to get it: {found.wanted} in the OSGeo4W Setup, Advanced Install"
    if found.kind == LINUX:
        return f"to get it: your distribution's package, often {found.wanted}"
    if found.kind == UNKNOWN:
        return f"to get it: {found.wanted} with pip, in the Python of QGIS"
    return f"to get it: {found.command}"


def _on_linux(names: Sequence[str]) -> Way:
    if _FLATPAK_MARK.exists():
        pip = f"flatpak run --devel --command=pip3 {os.environ.get('FLATPAK_ID') or 'org.qgis.qgis'} install --user"
        return Way(FLATPAK, " ".join(names), f"{pip} {_with_numpy(names)}")
    systems = _systems()
    if systems & _DNF:
        wanted = " ".join(f"python3-{name}" for name in names)
        return Way(FEDORA, wanted, f"sudo dnf install {wanted}")
    wanted = " ".join(_DEBIAN.get(name, f"python3-{name}") for name in names)
    if systems & _APT:
        return Way(DEBIAN, wanted, f"sudo apt install {wanted}")
    return Way(LINUX, " ".join(f"python3-{name}" for name in names), "")


def _systems() -> set[str]:
    """Return the names of this distribution and of those that it descends from; empty where it does not tell."""
    try:
        lines = _OS_RELEASE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    told = (line.partition("=") for line in lines)
    return {word for key, _, value in told if key in ("ID", "ID_LIKE") for word in value.strip("\"' ").split()}


def _with_numpy(names: Sequence[str]) -> str:
    """Return what pip is asked for: with the NumPy that is there, so that none of the packages can replace it.

    rasterio 1.5 needs NumPy 2, for instance; told so, pip takes 1.4 beside a NumPy 1.
    """
    # Late: it brings the parsers of mail along, which took half of the time of loading the plugin.
    from importlib import metadata

    try:
        version = metadata.version("numpy")
    except metadata.PackageNotFoundError:
        return " ".join(names)
    return " ".join([*(name for name in names if name != "numpy"), f"numpy=={version}"])


def _interpreter() -> Path | None:
    """Return the program that is this Python, or None if none is found; inside QGIS `sys.executable` may be QGIS."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    told = [Path(path) for path in (sys.executable, getattr(sys, "_base_executable", None)) if path]
    candidates = [path for path in told if path.name.lower().startswith("python")]
    folders = [Path(prefix) / "bin" for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix)]
    for path in (*told, Path(sys.prefix)):
        for bundle in (parent for parent in (path, *path.parents) if parent.suffix == ".app"):
            # Up to 3.42 and from 3.44 on; then the frameworks of 3.10 and of what others pack.
            folders += [bundle / "Contents" / part for part in ("MacOS/bin", "MacOS", "Frameworks/bin")]
            folders.append(bundle / "Contents/Frameworks/Python.framework/Versions/Current/bin")
    candidates += [folder / name for folder in folders for name in (version, "python3", "python")]
    return next((path for path in candidates if path.is_file() and os.access(path, os.X_OK)), None)


def _home(python: Path) -> str:
    """Return the setting in front of a command without which the program does not find its own library, or ""."""
    library = Path("lib") / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if (python.parent.parent / library).is_dir() or not (Path(sys.prefix) / library).is_dir():
        return ""
    return f"PYTHONHOME={_quoted(Path(sys.prefix))} "


def _managed() -> str:
    """Return what pip wants to hear where another program looks after this Python's packages (PEP 668), or ""."""
    library = Path(sys.base_prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return "--user --break-system-packages " if (library / "EXTERNALLY-MANAGED").is_file() else ""


def _quoted(path: object) -> str:
    """Return a path as a terminal of this platform takes it."""
    return f'"{path}"' if sys.platform.startswith("win") else shlex.quote(str(path))
