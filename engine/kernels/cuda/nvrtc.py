"""NVIDIA's run-time compiler from its own PyPI package, where CuPy 13 does not look for it."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

# Of nvidia-cuda-nvrtc-cu12, on Linux and on Windows; CuPy for CUDA 12 loads it by these names.
_LIBRARIES = ("lib/libnvrtc.so.12", "bin/nvrtc64_120_0.dll")


def preload() -> None:
    """Load the compiler if its package is installed; a library that is loaded is then found by its name alone.

    CuPy 14 finds the package by itself. Without the package, or with a broken one, nothing happens: CuPy looks for a
    CUDA toolkit, and says so if there is none.
    """
    try:
        spec = importlib.util.find_spec("nvidia.cuda_nvrtc")
    except (ImportError, ValueError):
        return
    for folder in (spec.submodule_search_locations if spec else None) or []:
        for name in _LIBRARIES:
            path = Path(folder) / name
            if path.is_file():
                try:
                    ctypes.CDLL(str(path))
                except OSError:
                    continue
