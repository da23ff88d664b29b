"""Runs qgis_process and QGIS's Python without a screen, in a profile of its own that leaves the user's alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# A current Numba, if tools/prepare.py could get it.
FAST = Path(__file__).resolve().parents[1] / "build" / "packages"
# Dask, if tools/prepare.py could get it.
DASK = Path(__file__).resolve().parents[1] / "build" / "dask"
PYTHON_PATHS = ("/usr/share/qgis/python", "/usr/share/qgis/python/plugins")
# Set by other Pythons, other profiles or a desktop, and misleading here.
_UNWANTED = (
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "QGIS_CUSTOM_CONFIG_PATH",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
)


def environment(base: Path) -> dict[str, str]:
    """Return the variables for a run of QGIS whose home, profile and plugins lie under `base`.

    Plugins are looked for in base/plugins.
    """
    runtime = base / "runtime"
    for folder in (base / "home", base / "plugins", runtime):
        folder.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)  # as Qt demands
    env = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    env.update(
        HOME=str(base / "home"),
        XDG_RUNTIME_DIR=str(runtime),
        QGIS_PLUGINPATH=str(base / "plugins"),
        QT_QPA_PLATFORM="offscreen",
        PYTHONPATH=os.pathsep.join((str(FAST), *PYTHON_PATHS, str(DASK))),
        PYTHONNOUSERSITE="1",
        # QGIS looks up its Python by name: the distribution's must come before pyenv's and the like.
        PATH=os.pathsep.join(["/usr/bin", "/bin", os.environ.get("PATH", "")]),
    )
    return env


def qgis_process() -> str:
    """Return the command; Debian's wrapper passes an option that qgis_process does not know, its .bin works."""
    for name in ("qgis_process.bin", "qgis_process"):
        found = shutil.which(name, path=f"/usr/bin{os.pathsep}{os.environ.get('PATH', '')}")
        if found:
            return found
    raise FileNotFoundError("qgis_process is not here; it comes with QGIS 3.16 and newer.")


def enable(plugin: str, base: Path, env: dict[str, str] | None = None) -> None:
    """Enable a plugin in the profile under `base`, with other variables than `environment` has if `env` is given."""
    env = environment(base) if env is None else env
    command = [qgis_process(), "plugins", "enable", plugin]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    # Exit code 1 also means "already enabled".
    listed = subprocess.run(
        [qgis_process(), "plugins"], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if f"* {plugin}" not in listed.stdout:
        raise RuntimeError(f"QGIS does not load the plugin {plugin}:\n{done.stdout}{done.stderr}{listed.stderr}")


def run_algorithm(algorithm: str, arguments: list[str], base: Path) -> int:
    """Run an algorithm, its messages going to the terminal; return the exit status."""
    command = [qgis_process(), "run", algorithm, "--", *arguments]
    # QGIS's own plugins use deprecated calls, which is nothing that the reader of this terminal could mend.
    env = {**environment(base), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL).returncode
