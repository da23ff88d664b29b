"""The Numba kernel: compiled loops that look at each pixel once, and later only at those that can change."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ..records import GRID, Gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..records import Block, Grid64
    from .drift import Drift

# Of a chunk, the share of doubtful pixels above which all its pixels are labelled anew, which costs less than picking
# the doubtful ones out (measured: a picked pixel costs about 2.5 times as much as one of a whole chunk).
_DENSE = 0.4
# A centre that is never nearest, in DN: its squared distance is finite in float32.
_NOWHERE = 1e9
_loading = threading.Lock()


def load_module(name: str) -> ModuleType:
    """Return a module of compiled loops beside this one.

    Raises
    ------
    Exception
        Whatever Numba raises where it is missing, broken or of a version that fits nothing here.
    """
    with _loading:
        import numba

        # The plugin's folder may be read-only, and is replaced by updates. Numba looks at this setting when a function
        # is declared; other plugins' functions must not see it.
        kept = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = kept or str(cache_folder())
        try:
            return importlib.import_module(f"{__package__}.{name}")
        finally:
            numba.config.CACHE_DIR = kept


def cache_folder() -> Path:
    """Return the folder of the user's profile that compiled code is kept in."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "iikmc" / "numba"


class NumbaKernel:
    """Labels by float32 distances with an integer check of near ties; remembers how safe each pixel is."""

    name = "numba"

    def __init__(self, prune: bool = True) -> None:
        """Load the loops; `prune` = False labels every pixel every time."""
        self._loops = load_module("numba_loops")
        self._prune = prune

    def relabel(self, block: Block, centres: Grid64, drift: Drift | None = None) -> int:
        """Label the block's pixels anew in place and return how many changed class."""
        loops = self._loops
        k, n_bands = centres.shape
        single = _grouped(centres, loops.GROUP)
        exact = np.ascontiguousarray(centres, np.int64)
        tally = np.zeros(loops.CLASSES * loops.TALLY, np.int64)
        keyed = self._prune and drift is not None
        limits = np.zeros(loops.CLASSES, np.int32)
        if drift is not None:
            limits[1 : k + 1] = drift.total
        gaps = block.gaps
        if keyed and drift is not None and gaps is not None and gaps.history == drift.history:
            dense = int(_DENSE * loops.CHUNK)
            changed, _ = loops.relabel_some(
                block.dn, block.labels, gaps.key, single, GRID, exact, limits, tally, dense
            )  # fmt: skip
        else:
            gaps = Gaps(drift.history, np.empty(block.size, np.uint16)) if keyed and drift is not None else None
            key = gaps.key if gaps is not None else np.empty(0, np.uint16)
            first = not block.tally.count.any()
            changed = loops.relabel_all(
                block.dn, block.labels, key, first, keyed, single, GRID, exact, limits, tally
            )  # fmt: skip
            block.gaps = gaps
        rows = tally.reshape(loops.CLASSES, loops.TALLY)[1 : k + 1]
        block.tally.count += rows[:, loops.COUNT]
        block.tally.total += rows[:, :n_bands]
        return int(changed)


def _grouped(centres: Grid64, group: int) -> NDArray[np.float32]:
    """Return the centres in DN, `group` of them a row, filled up with bands of zeros and centres out of reach."""
    k, n_bands = centres.shape
    result = np.zeros((-(-k // group) * group, 3 if n_bands <= 3 else 6), np.float32)
    result[k:] = _NOWHERE
    result[:k, :n_bands] = centres / GRID
    return result.reshape(-1, group * result.shape[1])
