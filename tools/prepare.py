#!/usr/bin/python3
"""Install what a make target needs and this machine lacks: distribution packages first, then a virtual environment.

    /usr/bin/python3 tools/prepare.py demo|test|check|bench|cluster|pictures|translations

Standard library only, because it runs on a machine that has nothing else. A run that finds everything there asks
neither apt nor PyPI. The virtual environment sees the distribution's packages; from PyPI it takes only what Debian
lacks or has too old, so that NumPy, GDAL and rasterio stay those of QGIS.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
# The Python that QGIS and the distribution's packages belong to, whatever comes first on PATH.
PYTHON = "/usr/bin/python3"

_RUN = ("qgis", "python3-qgis", "qgis-providers", "python3-rasterio")
# Fonts: QGIS recommends them only, and pictures need letters.
_DRAW = ("fonts-dejavu-core",)
_VENV = ("python3-venv",)
# The tests of the GPU's kernel compile it for the CPU; Debian 12 brings g++ with QGIS, Debian 13 does not.
_TEST = ("python3-pytest", "python3-pytest-xdist", "python3-hypothesis", "python3-sklearn", "g++")
_CHECK = ("git",)
# A screen, a browser for the reports, palettes, and what the reports have in them when all is installed.
_PICTURES = ("xvfb", "xauth", "chromium", "python3-pil", "python3-plotly", "python3-sklearn", "git")

PACKAGES = {
    "demo": _RUN + _DRAW + _VENV,
    "test": _RUN + _DRAW + _VENV + _TEST,
    "check": _RUN + _VENV + _CHECK,
    "bench": _RUN + _VENV,
    "cluster": _RUN + _VENV,
    "pictures": _RUN + _DRAW + _VENV + _PICTURES,
    "translations": ("qttools5-dev-tools",),
}
# Threads work without it too: wanted wherever the plugin runs, and done without where it cannot be had.
OPTIONAL = dict.fromkeys(("demo", "cluster", "test", "bench", "pictures"), ("python3-threadpoolctl",))
# What to look for where there is no apt: a module (for /usr/bin/python3) or a command per package.
MODULES = {
    "python3-qgis": "qgis.core",
    "python3-rasterio": "rasterio",
    "python3-venv": "ensurepip",
    "python3-pytest": "pytest",
    "python3-pytest-xdist": "xdist",
    "python3-hypothesis": "hypothesis",
    "python3-sklearn": "sklearn",
}
COMMANDS = {"qgis": "qgis_process", "git": "git", "g++": "g++"}

# The optional package for speed, in one version everywhere: it lies apart and is put on the path of the runs that want
# it, so that the distribution's packages stay untouched.
FAST = ROOT / "build" / "packages"
FAST_VERSIONS = {"numba": "0.68.1", "llvmlite": "0.50.0"}
# Dask's scheduler and workers, and what they need that is no part of the distribution; likewise apart.
DASK = ROOT / "build" / "dask"
DASK_VERSION = {"distributed": "2026.8.0"}
# Qt 6, which QGIS 4 is built with, for the tests that look whether the plugin would run there; likewise apart.
QT6 = ROOT / "build" / "qt6"
QT6_VERSION = {"PyQt6": "6.11.0"}
# What the benchmark compares with; rows are left out where one cannot be had.
PEERS = ROOT / "build" / "bench" / "venv"
PEER_PACKAGES = ("scikit-learn", "scikit-learn-intelex", "faiss-cpu")
_PEER_PROGRAMS = ("saga", "grass-core")

# Pinned, so that a check says the same on every machine.
CHECKERS = {"ruff": "0.17.6", "mypy": "2.4.1", "bandit": "1.9.4", "detect-secrets": "1.5.0"}


def pytest_qgis() -> str:
    """Return the newest pytest-qgis that works with this QGIS; 3.0 and later need QGIS 3.34."""
    command = [PYTHON, "-c", "from qgis.core import Qgis; print(Qgis.QGIS_VERSION_INT)"]
    found = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    if found.returncode:
        stop(f"QGIS's Python bindings do not load in {PYTHON}: {found.stderr.strip().splitlines()[-1]}")
    return "2.1.0" if int(found.stdout) < 33400 else "5.0.2"


def stop(text: str) -> None:
    """End with one sentence."""
    sys.exit(f"prepare: {text}")


# --- distribution packages ------------------------------------------------------------------------------------------


def missing_packages(wanted: tuple[str, ...]) -> list[str]:
    """Return the packages that dpkg does not list as installed."""
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
    ).stdout
    there = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in there]


def missing_without_apt(wanted: tuple[str, ...]) -> list[str]:
    """Return the packages whose module or command is not to be found."""
    absent = []
    for name in wanted:
        if name in MODULES:
            found = subprocess.run([PYTHON, "-c", f"import {MODULES[name]}"], capture_output=True).returncode == 0
        else:
            found = name not in COMMANDS or shutil.which(COMMANDS[name]) is not None
        if not found:
            absent.append(name)
    return absent


def install_packages(wanted: tuple[str, ...], fatal: bool = True) -> None:
    """Install the missing ones of the distribution's packages; end if that fails, or, if not `fatal`, say so."""
    if shutil.which("apt-get") is None:
        if not fatal:
            return
        absent = missing_without_apt(wanted)
        if absent:
            stop(
                "this needs apt-get (Debian 12 or newer, Ubuntu 22.04 or newer), which is not here. On another system "
                f"install QGIS 3.22 or newer and, for {PYTHON}, what Debian calls {' '.join(absent)}; then try again."
            )
        return
    absent = missing_packages(wanted)
    if not absent:
        return
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    if as_root and shutil.which("sudo") is None:
        if not fatal:
            print(f"prepare: without sudo {' '.join(absent)} cannot be installed; going on without.", file=sys.stderr)
            return
        stop(f"as root, run 'apt-get update && apt-get install {' '.join(absent)}'; there is no sudo here. Try again.")
    print(f"Installing with apt-get: {' '.join(absent)}", flush=True)
    # A new machine may still be busy with its own updates: wait for them instead of failing.
    options = ["-q", "-o", "DPkg::Lock::Timeout=300"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options]
    refresh_lists((*apt, "update"))
    run(
        [*apt, "install", "-y", "--no-install-recommends", *absent],
        "apt-get could not install the packages; its message is above. On Ubuntu, is 'universe' enabled?",
        fatal,
    )


@functools.cache
def refresh_lists(command: tuple[str, ...]) -> None:
    """Bring apt's lists of packages up to date, once; old ones may still be good enough."""
    run([*command], "apt-get update failed; going on with the old lists of packages.", fatal=False)


def run(command: list[str], failure: str, fatal: bool = True) -> None:
    """Run a command without standard input; on failure end, or only say so."""
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        if fatal:
            stop(failure)
        print(f"prepare: {failure}", file=sys.stderr, flush=True)


# --- virtual environment --------------------------------------------------------------------------------------------

_VERSIONS = (
    "import importlib.metadata as m, sys; [print(d.name, d.version) for d in m.distributions(path=[sys.argv[1]])]"
)


def venv_versions() -> dict[str, str]:
    """Return name -> version of what the virtual environment itself holds; {} if it is not there or unfit."""
    python = VENV / "bin" / "python"
    config = VENV / "pyvenv.cfg"
    if not python.exists() or not config.exists():
        return {}
    settings = config.read_text(encoding="utf-8").replace(" ", "").splitlines()
    if "home=/usr/bin" not in settings or "include-system-site-packages=true" not in settings:
        return {}
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([str(python), "-c", where], capture_output=True, text=True)
    listed = subprocess.run([str(python), "-c", _VERSIONS, site.stdout.strip()], capture_output=True, text=True)
    if site.returncode or listed.returncode:
        return {}
    return {name.lower(): version for name, version in (line.split() for line in listed.stdout.splitlines())}


def install_venv(wanted: dict[str, str]) -> None:
    """Make the virtual environment if need be and bring the wanted versions into it."""
    there = venv_versions()
    if "pip" not in there:
        print(f"Making the virtual environment {VENV}", flush=True)
        run(
            [PYTHON, "-m", "venv", "--clear", "--system-site-packages", str(VENV)],
            f"the virtual environment {VENV} could not be made; its message is above.",
        )
        there = venv_versions()
    lacking = [f"{name}=={version}" for name, version in wanted.items() if there.get(name) != version]
    if not lacking:
        return
    print(f"Installing with pip into .venv: {' '.join(lacking)}", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    # pytest-qgis needs nothing but pytest and QGIS, which the distribution has; what the checkers need is no part of
    # QGIS. Nothing here can bring a second NumPy or rasterio.
    alone = [name for name in lacking if name.startswith("pytest-qgis")]
    others = [name for name in lacking if name not in alone]
    if alone:
        run([*pip, "--no-deps", *alone], f"pip could not install {' '.join(alone)}; its message is above.")
    if others:
        run([*pip, *others], f"pip could not install {' '.join(others)}; its message is above.")


def versions_in(folder: Path) -> dict[str, str]:
    """Return name -> version of the packages that lie in a folder."""
    found = (path.name[: -len(".dist-info")].rsplit("-", 1) for path in folder.glob("*.dist-info"))
    return {name.lower(): version for name, version in found}


def install_fast() -> None:
    """Bring a current Numba into its own folder; without it everything works, only slower."""
    wanted = [f"{name}=={version}" for name, version in FAST_VERSIONS.items()]
    if versions_in(FAST) == FAST_VERSIONS:
        return
    shutil.rmtree(FAST, ignore_errors=True)
    print(f"Installing with pip into build/packages: {' '.join(wanted)}", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    # --no-deps: NumPy is the distribution's.
    run(
        [*pip, "--no-deps", "--only-binary=:all:", "--target", str(FAST), *wanted],
        "Numba could not be installed from PyPI; going on without it, which is slower.",
        fatal=False,
    )


def install_apart(folder: Path, versions: dict[str, str]) -> None:
    """Bring a package, and all that it needs, into a folder of its own; without it its tests are skipped."""
    wanted = [f"{name}=={version}" for name, version in versions.items()]
    there = {name.lower(): version for name, version in versions_in(folder).items()}
    if all(there.get(name.lower()) == version for name, version in versions.items()):
        return
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Installing with pip into build/{folder.name}: {' '.join(wanted)}", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    run(
        [*pip, "--target", str(folder), *wanted],
        f"{wanted[0]} could not be installed from PyPI; going on without it: its tests are skipped.",
        fatal=False,
    )


def install_peers() -> None:
    """Bring the programs and libraries that the benchmark compares with; each may be missing."""
    install_packages(_PEER_PROGRAMS, fatal=False)
    python = PEERS / "bin" / "python"
    if not python.exists():
        print(f"Making the virtual environment {PEERS}", flush=True)
        # Without the system's packages: peers get the NumPy that their wheels are made for.
        run([PYTHON, "-m", "venv", "--clear", str(PEERS)], f"{PEERS} could not be made.", fatal=False)
    found = {path.name.split("-")[0] for path in PEERS.glob("lib/python*/site-packages/*.dist-info")}
    for name in PEER_PACKAGES:
        if name.replace("-", "_") in found:
            continue
        print(f"Installing with pip into build/bench/venv: {name}", flush=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
        run([*pip, "--only-binary=:all:", name], f"{name} could not be installed; its row is left out.", fatal=False)


def main() -> None:
    """Run the command line."""
    purpose = sys.argv[1] if len(sys.argv) == 2 else ""
    if purpose not in PACKAGES:
        stop(f"say what for: {', '.join(PACKAGES)}.")
    # Where Qt's tools cannot be had, tools/translations.py itself says so, after its own part of the work.
    install_packages(PACKAGES[purpose], fatal=purpose != "translations")
    install_packages(OPTIONAL.get(purpose, ()), fatal=False)
    if purpose == "translations":
        return
    if purpose == "test":
        install_venv({"pytest-qgis": pytest_qgis()})
    else:
        install_venv(CHECKERS if purpose == "check" else {})
    if purpose != "check":
        install_fast()
    if purpose in ("cluster", "test", "bench"):
        # What Dask needs comes along, none of which is NumPy or GDAL.
        install_apart(DASK, DASK_VERSION)
    if purpose == "test":
        install_apart(QT6, QT6_VERSION)
    if purpose == "bench":
        install_peers()


if __name__ == "__main__":
    main()
