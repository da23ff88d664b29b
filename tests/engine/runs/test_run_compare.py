"""Each scene of a common run on its own: the same as its own run, and compared by hand."""

from __future__ import annotations

import numpy as np
import pytest
from iikmc.engine.centres.fit import Fit, IterationRecord
from iikmc.engine.choices import COARSE_TO_FINE, EACH_SCENE, SIGNATURES_FILE, STARTS
from iikmc.engine.errors import Cancelled
from iikmc.engine.pixels import sampling
from iikmc.engine.pixels import store as pixel_store
from iikmc.engine.pixels.block import Tally
from iikmc.engine.quality.own_classes import OwnClass, compare
from iikmc.engine.runs import compare as run_compare
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.each import cluster_each
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import Recorder, make_scene, product, read_json, read_raster


@pytest.fixture
def compared(monkeypatch):
    """What every scene's own fit was, with the comparison."""
    found, real = [], run_compare.compare

    def spy(own, *arguments):
        found.append((own, arguments, real(own, *arguments)))
        return found[-1][2]

    monkeypatch.setattr(run_compare, "compare", spy)
    return found


@pytest.mark.parametrize("start", STARTS)
def test_it_is_the_scene_s_own_run_and_changes_no_raster(start, small_series, request_of, compared):
    options = {"k": 5, "flags": DEFAULT_FLAGS, "start": start, "workers": 2, "seed": 3}
    if start == SIGNATURES_FILE:
        options["signatures"] = cluster(request_of(*small_series, k=5, max_iterations=2, out="before")).signatures
    plain = cluster(request_of(*small_series, out="plain", **options), strip_pixels=500)
    result = cluster(request_of(*small_series, compare=True, **options), strip_pixels=500)
    for ours, theirs in zip(result.rasters, plain.rasters):
        assert ours.read_bytes() == theirs.read_bytes()
    first, second = read_json(result.signatures), read_json(plain.signatures)
    assert first["centres"] == second["centres"]
    assert first["classes"] == second["classes"]
    each = cluster_each(request_of(*small_series, mode=EACH_SCENE, out="each", **options))
    assert len(compared) == 3
    for number, (own, (_, everywhere, here, renumbered), _) in enumerate(compared):
        assert np.array_equal(own.centres, each.fits[number].centres)
        assert np.array_equal(own.tally.count, each.fits[number].tally.count)
        assert [r.changed for r in own.iterations] == [r.changed for r in each.fits[number].iterations]
        common, alone_ = read_raster(result.rasters[number]), read_raster(each.rasters[number])
        assert here == np.bincount(common.reshape(-1), minlength=6)[1:].tolist()
        assert renumbered == np.count_nonzero(common != alone_)
        assert everywhere == result.fit.tally.count.tolist()


def test_sub_samples_are_those_of_the_scene_alone(small_series, request_of, compared, monkeypatch):
    # The largest scene has 1920 pixels and all three 4748: their finest sub-samples are 1/64 alone, but 1/8 and 1
    # within the limits that each scene has by itself.
    monkeypatch.setattr(sampling, "_MOST_PIXELS", 240)
    options = {"k": 2, "start": COARSE_TO_FINE, "max_iterations": 1}
    assert sampling.shares_for(4748) == (512, 64)
    assert sampling.shares_for(1920) == (512, 64, 8)
    cluster(request_of(*small_series, compare=True, **options))
    each = cluster_each(request_of(*small_series, mode=EACH_SCENE, out="each", **options))
    for (own, *_), fit in zip(compared, each.fits):
        assert np.array_equal(own.centres, fit.centres)


def test_spilled_pixels_are_compared_too(small_series, request_of, compared, monkeypatch):
    cluster(request_of(*small_series, compare=True))
    monkeypatch.setattr(pixel_store, "automatic_budget", lambda: 0)
    progress = Recorder()
    cluster(request_of(*small_series, compare=True, out="spilled"), progress)
    assert any("temporary files" in note for note in progress.notes)
    assert [found[2] for found in compared[:3]] == [found[2] for found in compared[3:]]


def test_only_one_scene_has_labels_of_its_own_at_a_time(small_series, request_of, monkeypatch):
    seen, real = [], run_compare.own_survey

    def own_survey(clustering, *arguments):
        seen.append([strip for shelf, strip in clustering.site._held if shelf == run_compare.OWN])
        return real(clustering, *arguments)

    monkeypatch.setattr(run_compare, "own_survey", own_survey)
    cluster(request_of(*small_series, compare=True))
    assert seen == [[]] * 3


def test_a_series_compared_by_hand(tmp_path, request_of, compared):
    # Common start of 8000 to 32000 in thirds: 12000, 20000, 28000. Common classes: 1 = 8000 and 12000, 2 = none
    # (16000 is as far from 1 as from 2 and goes to the lower), 3 = 32000 and 28000.
    dark = make_scene(tmp_path / "in", product(day="20220511"), [[8000, 8000, 12000, 16000]])
    bright = make_scene(tmp_path / "in", product(day="20220628"), [[32000, 32000, 32000, 28000]])
    empty = make_scene(tmp_path / "in", product(day="20220720"), [[0, 0]])
    progress = Recorder()
    result = cluster(request_of(dark, bright, empty, k=3, max_iterations=1, compare=True), progress)
    assert result.fit.tally.count.tolist() == [4, 0, 4]
    (_, _, first), (_, _, second) = compared
    # Dark alone: starts 9333.3, 12000 and 14666.7, so its pixels are 1, 1, 2, 3, and the lone 16000 is nearer to the
    # common class 1 (12000) than to 3 (28000). The centres are those that the labels belong to.
    third = 64 * 9333 + 21  # 9333 1/3 DN is 597333.33 / 64
    assert first.cancelled == ()
    assert [(own.id, own.pixels, own.nearest) for own in first.classes] == [(1, 2, 1), (2, 1, 1), (3, 1, 1)]
    near = 6**0.5 * (12000 * 64 - third) / 64
    assert first.classes[0].to_nearest == pytest.approx(near, abs=1e-9)
    assert first.classes[1].to_same_id is None  # the common class 2 is empty
    assert first.doubled == ((1, 2), (1, 3), (2, 3))
    assert first.absent == (2, 3)
    assert (first.missed, first.missed_pixels) == ((), 0)
    assert first.renumbered == 2
    # Bright alone: starts 28666.7, 30000 and 31333.3: 28000 is class 1, the others are class 3, and class 2 is empty.
    assert second.cancelled == (2,)
    assert [(own.id, own.nearest) for own in second.classes] == [(1, 3), (3, 3)]
    assert second.renumbered == 1
    assert sum("on its own" in note for note in progress.notes) == 2


def test_a_cancel_while_comparing_keeps_the_common_signatures(small_series, request_of):
    request = request_of(*small_series, compare=True)
    progress = Recorder(lambda told: any("each scene on its own" in stage for stage in told.stages))
    with pytest.raises(Cancelled, match="the signatures so far are in"):
        cluster(request, progress)
    assert [path.name for path in request.output.iterdir()] == ["signatures_unfinished.json"]


def test_one_scene_has_no_other_to_be_compared_with(small_series, request_of, compared):
    result = cluster(request_of(small_series[0], compare=True))
    assert compared == []
    assert "on its own" not in result.report.read_text(encoding="utf-8")


def test_the_bar_never_goes_back(small_series, request_of):
    progress = Recorder()
    cluster(request_of(*small_series, compare=True, start=COARSE_TO_FINE), progress)
    assert progress.fractions == sorted(progress.fractions)


# --- the comparison itself


def fit(centres, count):
    tally = Tally(np.array(count), np.zeros((len(count), 2), np.int64))
    return Fit(64 * np.array(centres), tally, (IterationRecord(1, 1, 100.0, 0.0, 0.0),) * 3, True)


def test_comparison_by_hand():
    common = 64 * np.array([[0, 0], [100, 0], [200, 0], [300, 0], [400, 0]])
    # Own 1 lies 5 from common 1 (a 3-4-5 triangle); own 2 and 3 both at common 3; own 4 has no pixel; own 5 is half
    # way between 4 and 5, where 5 is empty everywhere.
    own = fit([[3, 4], [190, 0], [206, 8], [300, 0], [350, 0]], [10, 20, 30, 0, 40])
    found = compare(own, common, everywhere=[50, 60, 70, 80, 0], here=[12, 25, 0, 63, 0], renumbered=33)
    assert found.classes == (
        OwnClass(1, 10, 1, 5.0, 5.0),
        OwnClass(2, 20, 3, 10.0, 90.0),
        OwnClass(3, 30, 3, 10.0, 10.0),
        OwnClass(5, 40, 4, 50.0, None),
    )
    assert found.cancelled == (4,)
    assert found.absent == (3, 5)
    assert (found.missed, found.missed_pixels) == ((2,), 25)
    assert found.doubled == ((2, 3),)
    assert (found.renumbered, found.pixels, found.iterations, found.converged) == (33, 100, 3, True)
    # (10 x 5 + 20 x 10 + 30 x 10 + 40 x 50) / 100, and (10 x 5 + 20 x 90 + 30 x 10) / 60
    assert found.mean_to_nearest == 25.5
    assert found.mean_to_same_id == pytest.approx(2150 / 60)


def test_ties_go_to_the_lower_class_and_an_empty_class_is_nobody_s_nearest():
    common = 64 * np.array([[0, 0], [100, 0], [50, 0]])
    found = compare(fit([[50, 0], [0, 0], [0, 0]], [5, 0, 0]), common, [7, 8, 0], [7, 0, 0], 0)
    assert [(c.nearest, c.to_nearest) for c in found.classes] == [(1, 50.0)]
    assert found.missed == ()


def test_the_same_classes_differ_in_nothing():
    centres = [[10, 20], [30, 40], [50, 60]]
    found = compare(fit(centres, [1, 2, 3]), 64 * np.array(centres), [4, 5, 6], [1, 2, 3], 0)
    assert [(c.id, c.nearest, c.to_nearest, c.to_same_id) for c in found.classes] == [
        (1, 1, 0.0, 0.0),
        (2, 2, 0.0, 0.0),
        (3, 3, 0.0, 0.0),
    ]
    assert (found.cancelled, found.missed, found.doubled) == ((), (), ())
    assert (found.mean_to_nearest, found.mean_to_same_id) == (0.0, 0.0)


def test_no_distance_by_number_where_no_common_class_of_that_number_has_pixels():
    common = 64 * np.array([[0, 0], [100, 0]])
    found = compare(fit([[0, 0], [90, 0]], [0, 5]), common, [9, 0], [5, 0], 5)
    assert found.mean_to_same_id is None
    assert found.mean_to_nearest == 90.0
