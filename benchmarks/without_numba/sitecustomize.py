"""With this folder on PYTHONPATH a Python finds no Numba, as if it were not installed."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder


class WithoutNumba(PathFinder):
    """Looks for modules as Python does, but for one."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return where a module lies; None for Numba, which makes its import a ModuleNotFoundError."""
        return None if fullname.partition(".")[0] == "numba" else super().find_spec(fullname, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutNumba
