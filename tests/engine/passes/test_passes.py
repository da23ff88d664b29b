"""The passes over the strips of a series: they count every pixel once, or say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from iikmc.engine.centres.kmeans import StopRule
from iikmc.engine.centres.starts import between
from iikmc.engine.execution.threads import ThreadExecutor
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.passes.iterate import iterate
from iikmc.engine.passes.sample import draw_sample
from iikmc.engine.passes.series import read_series
from iikmc.engine.passes.site import Plan, SeriesSite
from iikmc.engine.passes.write import write_rasters
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.strips import plan_series
from iikmc.engine.pixels.survey import Need, Wish, combine
from iikmc.engine.progress import Silent
from iikmc.engine.results.legend import Legend, class_names
from iikmc.engine.results.staging import Tray
from iikmc.engine.scenes.area import Area
from iikmc.engine.scenes.check import usable_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import ROLES, make_scene, product, six_band_noise

EVERYTHING = Selection(ROLES, MaskRule((), False))
STOP = StopRule(3, 0.0)


@pytest.fixture
def plan(small_series):
    scenes = usable_scenes(small_series, EVERYTHING, Silent())
    return Plan(tuple(scenes), EVERYTHING, tuple(plan_series(scenes, 300)), 4, Wish(Need.RANGE, pictures=True))


@pytest.fixture
def executor(plan):
    with SeriesSite(plan, NumpyKernel(), NumpyPacker()) as site:
        yield ThreadExecutor(site, 2)


def start_of(series):
    return between([int(n) for n in series.survey.low], [int(n) for n in series.survey.high], 4)


def test_iterating_over_pixels_that_are_labelled_already_is_refused(plan, executor):
    series = read_series(executor, plan, Silent())
    first = iterate(executor, series.population, start_of(series), STOP, Silent())
    assert first.tally.count.sum() == series.pixels
    with pytest.raises(RuntimeError, match=r"-?\d+ of \d+ pixels are labelled"):
        iterate(executor, series.population, start_of(series), STOP, Silent())
    executor.site.clear()
    again = iterate(executor, series.population, start_of(series), STOP, Silent())
    assert np.array_equal(again.centres, first.centres)
    assert [record.changed for record in again.iterations] == [record.changed for record in first.iterations]


def test_a_strip_that_is_left_out_is_noticed(plan, executor):
    series = read_series(executor, plan, Silent())
    fewer = replace(series.population, strips=series.population.strips[1:])
    with pytest.raises(RuntimeError, match="pixels are labelled"):
        iterate(executor, fewer, start_of(series), STOP, Silent())


def test_writing_twice_counts_once(plan, executor, tmp_path):
    series = read_series(executor, plan, Silent())
    iterate(executor, series.population, start_of(series), STOP, Silent())
    legend = Legend(class_names(4), [(1, 2, 3)] * 4)
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_rasters(executor, plan, series, None, legend, Tray(tmp_path / name, tmp_path, "OUTPUT"), Silent())
        found.append([one.moments for one in series.results])
    assert found[0] == found[1]
    assert sum(sum(moments.count) for moments in found[0]) == series.pixels
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_surveys_of_many_strips_are_put_together_on_the_way(tmp_path):
    path = make_scene(tmp_path, product(), six_band_noise(1, 80 * 16, 20), tile=16)
    scenes = tuple(usable_scenes([path], EVERYTHING, Silent()))
    strips = tuple(plan_series(scenes, 1))
    assert len(strips) == 80
    plan = Plan(scenes, EVERYTHING, strips, 2, Wish(Need.HISTOGRAM))
    with SeriesSite(plan, NumpyKernel(), NumpyPacker()) as site:
        series = read_series(ThreadExecutor(site, 2), plan, Silent())
    dn = six_band_noise(1, 80 * 16, 20).reshape(6, -1)
    assert np.array_equal(series.survey.histogram, [np.bincount(band, minlength=1 << 16) for band in dn])


def test_surveys_are_not_changed_by_being_put_together(plan, executor):
    one, other = (read_series(executor, replace(plan, wish=Wish(Need.RANGE)), Silent()).survey for _ in range(2))
    one.histogram, other.histogram = np.ones((6, 1 << 16), np.int64), np.ones((6, 1 << 16), np.int64)
    assert combine([one, other], 6).histogram.max() == 2
    assert one.histogram.max() == other.histogram.max() == 1


def test_an_area_that_no_scene_carries_is_refused(plan):
    with pytest.raises(ValueError, match="the area of a plan is in its scenes"):
        replace(plan, selection=replace(EVERYTHING, area=Area("fields", lambda wkt, bounds: [])))


def test_a_sample_of_scenes_that_lie_beside_the_area(small_series):
    nowhere = replace(EVERYTHING, area=Area("nowhere", lambda wkt, bounds: []))
    scenes = tuple(usable_scenes(small_series, nowhere, Silent()))
    plan = Plan(scenes, EVERYTHING, tuple(plan_series(scenes, 300)))
    with SeriesSite(plan, NumpyKernel(), NumpyPacker()) as site:
        sample = draw_sample(ThreadExecutor(site, 2), plan, 100, 1, Silent())
    assert sample.dn.shape == (6, 0)
    assert sample.valid == (0, 0, 0)
