"""What was measured on: machine, versions, revision of the code."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from . import ROOT, figures, settings
from .processes import call


def measure(wanted: settings.Settings) -> None:
    """Keep what is known of the machine."""
    load = figures.load_average()
    figures.save(wanted, "machine", {**machine(), **call("machine", "versions", {})}, load)


def machine() -> dict[str, Any]:
    """Return processor, cores, memory, system and revision."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor(),
        "instructions": _vector_instructions(),
        "cores": os.cpu_count(),
        "memory_gb": round(int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) * 1024 / 1e9, 1),
        "system": _field("/etc/os-release", "PRETTY_NAME", "=") or platform.system(),
        "revision": _revision(),
        "qgis": _qgis(),
    }


def versions() -> dict[str, Any]:
    """Return the versions of what the engine uses."""
    from importlib.metadata import PackageNotFoundError, version

    import numpy as np
    from iikmc.engine.kernels.numpy_kernel import NumpyKernel
    from iikmc.engine.results.run_record import versions as of_run

    found = of_run(NumpyKernel())
    found.pop("platform")
    for name in ("numba",):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {"versions": found}
    np.ones((2, 2)) @ np.ones((2, 2))  # loads BLAS
    blas = [f"{library['internal_api']} {library['version']}" for library in threadpool_info()]
    return {"versions": {**found, "blas": ", ".join(blas)}}


def _field(path: str, name: str, separator: str = ":") -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        key, found, value = line.partition(separator)
        if found and key.strip() == name:
            return value.strip().strip('"')
    return None


def _vector_instructions() -> str:
    flags = (_field("/proc/cpuinfo", "flags") or "").split()
    return next(
        (name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), platform.machine()
    )


def _revision() -> str:
    def git(*arguments: str) -> str:
        command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    # The tables themselves are no part of what was measured.
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/RESULTS.md")
    return git("rev-parse", "--short", "HEAD") + (" with local changes" if changed else "")


def _qgis() -> str:
    from .whole import qgis_run

    command = [qgis_run.qgis_process(), "--version"]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    lines = subprocess.run(command, capture_output=True, text=True, env=env).stdout.splitlines()
    return next((line.split("'")[0].removeprefix("QGIS ").strip() for line in lines if line.startswith("QGIS ")), "?")


if __name__ == "__main__":
    measure(settings.from_arguments(__doc__))
