"""Two states of the plugin side by side, each in a QGIS profile of its own; nothing is written into a checkout."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import ROOT
from .processes import WITHOUT_NUMBA

sys.path.append(str(ROOT / "tools"))
import qgis_run

KERNELS = ("numba", "numpy")


@dataclass(frozen=True)
class Checkout:
    """A state of the plugin and where its runs keep what they keep."""

    name: str
    """What tables call it."""
    path: Path
    """The working tree, whatever its folder is called."""
    base: Path
    """Folder of its profile, its byte code and its machine code."""

    @property
    def plugins(self) -> Path:
        """Folder in which the checkout is found as ``iikmc``."""
        return self.base / "plugins"

    def environment(self, kernel: str, packages: Path, wait: bool = False) -> dict[str, str]:
        """Return the variables of a run of QGIS.

        Parameters
        ----------
        kernel
            Of `KERNELS`: whether Numba can be imported.
        packages
            Folder of a current Numba.
        wait
            Whether runs begin when Numba is ready, so that it does the work of small ones too.
        """
        first = packages if kernel == "numba" else WITHOUT_NUMBA
        return {
            **qgis_run.environment(self.base),
            "PYTHONPATH": os.pathsep.join([str(first), str(self.plugins), *qgis_run.PYTHON_PATHS]),
            "PYTHONPYCACHEPREFIX": str(self.base / "bytecode"),
            "PYTHONWARNINGS": "ignore",
            "XDG_CACHE_HOME": str(self.base / "cache"),
            "LC_ALL": "C.UTF-8",
            "IIKMC_WAIT_FOR_NUMBA": str(int(wait)),
        }


def place(name: str, path: Path, work: Path) -> Checkout:
    """Return a checkout, linked as a plugin in a new profile below the folder `work`.

    What an earlier profile remembers, such as speeds and machine code, is forgotten: both begin alike.

    Raises
    ------
    FileNotFoundError
        The path is no checkout.
    """
    path = path.resolve()
    if not (path / "metadata.txt").is_file():
        raise FileNotFoundError(f"{path} is no checkout of IIkMC: it has no metadata.txt.")
    checkout = Checkout(name, path, work / name)
    shutil.rmtree(checkout.base, ignore_errors=True)
    checkout.plugins.mkdir(parents=True)
    (checkout.plugins / "iikmc").symlink_to(path, target_is_directory=True)
    return checkout


def packages(checkouts: Iterable[Checkout]) -> Path:
    """Return the folder of Numba that all runs share: that of this checkout, else of the first that has one."""
    places = [qgis_run.FAST, *(checkout.path / "build" / "packages" for checkout in checkouts)]
    return next((place for place in places if (place / "numba").is_dir()), qgis_run.FAST)
