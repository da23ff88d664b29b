"""The classes' colours keep apart, suggest the cover and are the same on every machine."""

from __future__ import annotations

import numpy as np
from iikmc.engine.palette import class_colours, class_names


def test_names_count_from_1():
    assert class_names(3) == ["Class 1", "Class 2", "Class 3"]


def test_254_identical_signatures_get_254_colours():
    roles = ("blue", "green", "red", "nir", "swir1", "swir2")
    assert len(set(class_colours(np.zeros((254, 6), dtype=np.int64), roles))) == 254
