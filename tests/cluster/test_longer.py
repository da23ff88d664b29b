"""Every start, with other kernels at every worker and workers that are lost at random: the bits of a local run."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest
from dask_house import HAS_DASK, House
from iikmc.engine.choices import COARSE_TO_FINE, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS
from iikmc.engine.requests import Request
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
from tiny import Recorder, make_scene, product, six_band_noise

pytestmark = [
    pytest.mark.skipif(not HAS_DASK, reason="Dask (distributed) is not here"),
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("dask"))
    yield house
    house.close()


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    return [
        make_scene(folder, product(day=f"2020{month:02d}01"), six_band_noise(month, 64, 48), tile=16)
        for month in range(1, 13)
    ]


class Chance(Recorder):
    """Loses up to two workers anywhere, and has another join for each."""

    def __init__(self, house, seed):
        super().__init__()
        self._house, self._random, self.lost = house, random.Random(seed), 0

    def cancelled(self):
        if self.lost < 2 and self._random.random() < 0.15:
            self.lost += 1
            self._house.kill(self._random.choice(self._house.workers))
            self._house.worker()
        return super().cancelled()


@pytest.mark.parametrize("start", [MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, COARSE_TO_FINE])
@pytest.mark.parametrize("seed", [1, 2])
def test_workers_that_are_lost_at_random_change_no_bit(house, series, tmp_path, start, seed):
    def asked(name, scheduler=""):
        rule = MaskRule((), True)
        options = {"k": 5, "tolerance": 0.0, "max_iterations": 8, "start": start, "compare": seed == 2, "margin": True}
        return Request(tuple(map(str, series)), tmp_path / name, mask=rule, scheduler=scheduler, **options)

    here = cluster(asked("here"))
    house.fill(3)
    there = cluster(asked("there", house.address), Chance(house, seed))
    assert np.array_equal(here.fit.centres, there.fit.centres)
    for mine, its in zip((*here.rasters, *here.margins), (*there.rasters, *there.margins)):
        assert mine.read_bytes() == its.read_bytes()
    assert here.statistics.read_bytes() == there.statistics.read_bytes()
