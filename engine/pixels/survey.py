"""What the start needs to know of the valid pixels, gathered while they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from .reading import Packed
from .sampling import SAMPLE_SIZE, Sample, merge, pixel_hashes, smallest

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Need(Enum):
    """What a start asks of a survey."""

    NOTHING = "nothing"
    RANGE = "range"
    HISTOGRAM = "histogram"
    SAMPLE = "sample"
    DRAWS = "draws"


@dataclass(frozen=True)
class Wish:
    """What is wanted of the pixels while they are read, besides their values."""

    need: Need = Need.NOTHING
    """What the start asks for."""
    seed: int = 0
    """Chooses the pixels of samples."""
    pictures: bool = False
    """Whether sketches are wanted."""

    @property
    def draws(self) -> bool:
        """Whether sub-samples are drawn."""
        return self.need is Need.DRAWS


@dataclass
class Survey:
    """Of some valid pixels; surveys of parts add up to the survey of the whole in any order."""

    low: NDArray[np.uint16] | None = None
    """(n_bands,) lowest DN."""
    high: NDArray[np.uint16] | None = None
    """(n_bands,) highest DN."""
    histogram: NDArray[np.int64] | None = None
    """(n_bands, 65536) pixels per DN."""
    sample: Sample | None = None
    """Seeded sample."""
    draws: dict[int, list[Sample]] = field(default_factory=dict)
    """Share -> drawn sub-samples of the parts."""


def survey(packed: Packed, need: Need, key: int, width: int) -> Survey:
    """Survey one strip.

    Parameters
    ----------
    packed
        The strip's valid pixels.
    need
        What the start asks for.
    key
        `sampling.scene_key` of the scene.
    width
        Columns of the scene's grid.
    """
    result = Survey()
    dn = packed.pixels.dn
    if dn.shape[1] == 0:
        return result
    if need is Need.RANGE:
        result.low, result.high = packed.pixels.low, packed.pixels.high
    elif need is Need.HISTOGRAM:
        result.histogram = np.stack([np.bincount(band, minlength=1 << 16) for band in dn])
    elif need is Need.SAMPLE:
        inside = np.flatnonzero(np.unpackbits(packed.pixels.valid, count=packed.strip.height * width))
        hashes = pixel_hashes(key, inside + packed.strip.row * width)
        result.sample = smallest(hashes, dn, SAMPLE_SIZE)
    elif need is Need.DRAWS:
        result.draws = {share: [sample] for share, sample in packed.draws.items()}
    return result


def combine(surveys: Iterable[Survey], n_bands: int) -> Survey:
    """Return the survey of all the parts together."""
    parts = list(surveys)
    whole = Survey()
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    if lows:
        whole.low, whole.high = np.min(lows, axis=0), np.max(highs, axis=0)
    samples = [part.sample for part in parts if part.sample is not None]
    if samples:
        whole.sample = merge(samples, n_bands, SAMPLE_SIZE)
    for part in parts:
        # One by one: a strip's histogram has 3 MB, and a stack of them would double what a long series takes.
        if part.histogram is not None:
            whole.histogram = part.histogram.copy() if whole.histogram is None else whole.histogram + part.histogram
        for share, drawn in part.draws.items():
            whole.draws.setdefault(share, []).extend(drawn)
    return whole
