"""The judge in compiled loops: what `margins.NumpyJudge` does, several times as fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import GRID, UNCLASSIFIED
from ..compiled.cache import load_module
from .margins import Judged, Judging

if TYPE_CHECKING:
    from ..arrays import DN, Grid64, Labels

_NOTHING = np.empty(0, np.uint8)


class NumbaJudge:
    """In compiled loops."""

    def __init__(self) -> None:
        """Load the loops; raises whatever Numba raises."""
        self._loops: Any = load_module("margins")

    def judge(self, dn: DN, labels: Labels, centres: Grid64, judging: Judging) -> Judged:
        """Return what is asked of some pixels; see `margins.Judge`."""
        new = _NOTHING if judging.limit is None else labels.copy()
        margins = np.empty(labels.size, np.uint8) if judging.margin else _NOTHING
        # Distances are whole numbers below 2**53, so rounding a limit beyond that changes none of their comparisons.
        limit = np.inf if judging.limit is None else float(judging.limit)
        self._loops.judge(
            dn,
            labels,
            centres.astype(np.float64),
            float(GRID),
            limit,
            np.uint8(UNCLASSIFIED),
            new,
            margins,
        )
        return Judged(labels if judging.limit is None else new, margins if judging.margin else None)
