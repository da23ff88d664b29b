"""Advice on the number of classes: indices by hand and by scikit-learn, a sample that no order changes."""

from __future__ import annotations

import csv
import math
import sys

import numpy as np
import pytest
from iikmc.engine.errors import Cancelled, NoValidPixels, ParameterError, SceneError
from iikmc.engine.execution.threads import ThreadExecutor
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.passes.sample import draw_sample
from iikmc.engine.passes.site import Plan, SeriesSite
from iikmc.engine.pixels.block import Tally
from iikmc.engine.pixels.packing import NumpyPacker, squares
from iikmc.engine.pixels.sampling import quotas, share_of
from iikmc.engine.pixels.strips import plan_series
from iikmc.engine.progress import Silent
from iikmc.engine.quality import indices
from iikmc.engine.quality.indices import Score, advise, elbow
from iikmc.engine.requests import SuggestRequest
from iikmc.engine.runs.suggestk import SampleSite, ScoreK, suggest
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import ROLES, Recorder, listing, make_scene, product, six_band_noise

FILL_ONLY = MaskRule((), False)


def tally_of(dn, labels, k) -> Tally:
    tally = Tally.zero(k, dn.shape[0])
    for j in range(k):
        tally.count[j] = np.count_nonzero(labels == j + 1)
        tally.total[j] = dn[:, labels == j + 1].sum(axis=1, dtype=np.int64)
    return tally


def score(dn, labels, centres, with_scikit_learn=True) -> Score:
    dn, labels = np.asarray(dn, np.uint16), np.asarray(labels, np.uint8)
    centres = np.asarray(centres, np.int64)
    return indices.score(dn, labels, tally_of(dn, labels, len(centres)), centres, with_scikit_learn)


# --- indices


def test_indices_of_four_pixels_by_hand():
    # Classes {8, 10} and {20, 22}: means 9 and 21, mean of all 15.
    found = score([[8, 10, 20, 22]], [1, 1, 2, 2], [[64 * 9], [64 * 21]])
    assert found.inertia == 4.0  # four times 1
    assert found.rms_dn == 1.0
    assert found.calinski_harabasz == 72.0  # (4 x 36 / 1) / (4 / 2)
    # a = 2 everywhere; b = 13, 11, 11, 13
    assert found.silhouette == pytest.approx((11 / 13 + 9 / 11) / 2)
    assert found.davies_bouldin == pytest.approx(1 / 6)  # (1 + 1) / 12
    assert found.empty == 0


def test_inertia_counts_distances_to_the_centres_given():
    assert score([[8, 10], [0, 4]], [1, 1], [[64 * 8, 64 * 1], [0, 0]]).inertia == 1 + 4 + 9
    assert score([[8, 10]], [1, 1], [[64 * 9 + 32]]).inertia == 1.5**2 + 0.5**2


def test_own_formulas_agree_with_scikit_learn_and_numpy():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    dn = rng.integers(1, 65536, (6, 700)).astype(np.uint16)
    labels = rng.integers(1, 8, 700).astype(np.uint8)
    centres = rng.integers(0, 64 * 65535, (7, 6))
    found = score(dn, labels, centres)
    pixels = dn.T.astype(float)
    assert found.calinski_harabasz == pytest.approx(metrics.calinski_harabasz_score(pixels, labels), rel=1e-10)
    assert found.inertia == pytest.approx(((pixels - centres[labels - 1] / 64) ** 2).sum(), rel=1e-12)
    assert found.davies_bouldin == pytest.approx(metrics.davies_bouldin_score(pixels, labels))
    assert found.silhouette == pytest.approx(metrics.silhouette_score(pixels, labels))


def test_calinski_harabasz_has_no_value_where_it_has_no_meaning():
    def index(values, labels, k):
        dn, labels = np.array([values], np.uint16), np.array(labels, np.uint8)
        return indices.calinski_harabasz(tally_of(dn, labels, k), squares(dn, labels, k))

    assert index([5, 6, 7], [1, 1, 1], 2) is None  # one class with members
    assert index([5, 6], [1, 2], 2) is None  # no pixel more than classes
    assert index([5, 5, 9], [1, 1, 2], 2) == math.inf  # no spread within
    assert index([5, 7, 20, 22], [1, 1, 3, 3], 3) == index([5, 7, 20, 22], [1, 1, 2, 2], 2)  # empty class 2


# --- the suggestion


def made(k, inertia, silhouette=None, ch=None, db=None) -> Score:
    return Score(k, 1000, inertia, 0, ch, silhouette, db)


def test_the_best_mean_rank_wins_by_hand():
    scores = [
        made(2, 900, 0.5, 10, 0.9),
        made(3, 300, 0.6, 30, 0.5),
        made(4, 200, 0.4, 40, 0.7),
        made(5, 100, 0.3, 20, 0.8),
    ]
    advice = advise(scores)
    # Ranks of silhouette 2, 1, 3, 4; of Calinski-Harabasz 4, 2, 1, 3; of Davies-Bouldin 4, 1, 2, 3.
    assert advice.ranks == pytest.approx({2: 10 / 3, 3: 4 / 3, 4: 2.0, 5: 10 / 3})
    assert advice.k == 3
    assert advice.reason == (
        "3 classes have the best mean rank (1.33) among 2 to 5 classes: silhouette 0.600 (rank 1), "
        "Calinski-Harabasz 30 (rank 2), Davies-Bouldin 0.500 (rank 1); the inertia curve bends most at 3."
    )


def test_a_tie_goes_to_the_fewer_classes():
    advice = advise([made(2, 9, 0.5, 10, 0.9), made(3, 5, 0.5, 20, 0.5), made(4, 3, 0.2, 20, 0.5)])
    # Silhouette 1.5, 1.5, 3; the others 3, 1.5, 1.5 each.
    assert advice.ranks == pytest.approx({2: 2.5, 3: 1.5, 4: 2.0})
    assert advise([made(2, 9, 0.5, 10, 0.5), made(3, 5, 0.4, 20, 0.5)]).k == 2


def test_without_scikit_learn_calinski_harabasz_decides():
    advice = advise([made(2, 9, ch=10), made(3, 5, ch=25), made(4, 4, ch=20)])
    assert advice.k == 3
    assert advice.reason == (
        "3 classes have the highest Calinski-Harabasz 25 (rank 1) among 2 to 4 classes; "
        "the inertia curve bends most at 3."
    )


def test_the_elbow_lies_farthest_below_the_chord():
    # Scaled: 1, 0.5, 0.25, 0.1, 0 over 0, 1/4 .. 1: below the chord by 0, 0.25, 0.25, 0.15, 0; the first of a tie.
    curve = [made(2 + i, value) for i, value in enumerate((1000, 500, 250, 100, 0))]
    assert elbow(curve) == 3
    assert elbow(curve[:2]) is None
    assert elbow([made(2, 5), made(3, 5), made(4, 5)]) is None
    assert elbow([made(2, 30), made(3, 20), made(4, 10)]) is None  # a straight line has none


# --- the sample


def test_quotas_by_hand():
    assert quotas([100, 100], 100) == [50, 50]
    assert quotas([900, 100], 100) == [90, 10]
    assert quotas([99_000, 1000, 3], 300) == [296, 10, 3]  # 2.99 -> at least 300 / 10 / 3 = 10, never more than 3
    assert quotas([5, 0], 100) == [5, 0]
    assert quotas([0, 0], 100) == [0, 0]
    assert quotas([1000, 99_000], 300) == quotas([99_000, 1000], 300)[::-1]


def test_a_share_leaves_enough_cells_of_every_grid():
    assert share_of(100, 100) == 1
    assert share_of(60_060_000, 20_000) == 64
    for pixels in (1, 10_000, 640_000, 1_280_000, 60_060_000):
        share = share_of(pixels, 20_000)
        assert share == 1 or pixels // share >= 32 * 20_000
        assert pixels // (2 * share) < 32 * 20_000


def drawn(paths, size, seed=42, workers=1, strip_pixels=2_000_000):
    scenes = check_series(find_scenes(paths).scenes, Selection(ROLES, FILL_ONLY))
    plan = Plan(tuple(scenes), Selection(ROLES, FILL_ONLY), tuple(plan_series(scenes, strip_pixels)), 2)
    with SeriesSite(plan, NumpyKernel(), NumpyPacker()) as site:
        sample = draw_sample(ThreadExecutor(site, workers), plan, size, seed, Silent())
        assert not any(site.handles._idle.values())
    return sample


def test_neither_order_nor_threads_nor_strips_change_the_sample(small_series):
    first = drawn(small_series, 150)
    again = drawn(small_series[::-1], 150, workers=3, strip_pixels=500)
    np.testing.assert_array_equal(first.dn, again.dn)
    assert first.drawn == again.drawn
    assert not np.array_equal(first.dn, drawn(small_series, 150, seed=43).dn)


def test_every_pixel_of_the_sample_is_a_valid_one_of_its_scene(tmp_path):
    # Each pixel has a number of its own, so that none can be drawn twice unseen; 0 is fill.
    values = np.arange(1, 2001, dtype=np.uint16).reshape(40, 50)
    values[:4] = 0
    path = make_scene(tmp_path, product(), values)
    sample = drawn([path], 300)
    assert sample.valid == (1800,)
    assert sample.drawn == (300,)
    assert np.unique(sample.dn[0]).size == 300
    assert sample.dn.min() > 200
    whole = drawn([path], 5000)
    assert sorted(whole.dn[0].tolist()) == list(range(201, 2001))
    # 300 of 201..2000, mean 1100.5, standard error 30 x sqrt(1 - 1/6) = 27: five of them.
    assert abs(sample.dn[0].mean() - 1100.5) < 137


def test_a_small_scene_is_represented(tmp_path):
    small = make_scene(tmp_path, product(day="20220101"), np.full((3, 10), 9000))
    large = make_scene(tmp_path, product(day="20220611"), six_band_noise(1, 100, 200))
    sample = drawn([small, large], 200)
    # 200 x 30 / 20030 is less than one pixel; a tenth of an equal share is ten.
    assert sample.drawn == (10, 199)
    assert np.count_nonzero((sample.dn == 9000).all(axis=0)) == 10


# --- the whole


@pytest.fixture
def blobs(tmp_path):
    """Two scenes of four well separated covers, which lie on no line."""
    covers = np.array([[9000] * 6, [9000, 9000, 9000, 20000, 20000, 20000], [20000] * 6, [30000, 9000] * 3])
    rng = np.random.default_rng(6)
    paths = []
    for day in ("20220511", "20220714"):
        cover = rng.integers(0, 4, (60, 70))
        dn = covers[cover] + rng.normal(0, 400, (60, 70, 6))
        paths.append(make_scene(tmp_path / "scenes", product(day=day), dn.transpose(2, 0, 1)))
    return paths


def ask(paths, folder, **options) -> SuggestRequest:
    options = {"mask": FILL_ONLY, "workers": 1, "k_max": 7, "sample": 1000, **options}
    return SuggestRequest(tuple(map(str, paths)), table=folder / "t.csv", report=folder / "r.html", **options)


def test_four_covers_are_found_to_be_four(blobs, tmp_path):
    pytest.importorskip("sklearn")
    log = Recorder()
    result = suggest(ask(blobs, tmp_path / "out"), log)
    assert result.advice.k == 4
    assert result.advice.ranks[4] == 1.0
    assert result.advice.elbow == 4
    assert result.pixels == 1000
    four = result.scores[2]
    # 400 DN in each of 6 bands: sqrt(6) x 400 = 980, within 3 %.
    assert four.rms_dn == pytest.approx(980, rel=0.03)
    rows = list(csv.DictReader((tmp_path / "out" / "t.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["k"] for row in rows] == ["2", "3", "4", "5", "6", "7"]
    assert rows[2]["mean_rank"] == "1.000"
    assert float(rows[2]["inertia_dn2"]) == pytest.approx(four.inertia, abs=1e-3)
    assert float(rows[2]["rms_reflectance"]) == pytest.approx(0.0000275 * four.rms_dn, abs=1e-5)
    inertias = [float(row["inertia_dn2"]) for row in rows]
    assert inertias == sorted(inertias, reverse=True)
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "4 classes suggested for 2 scenes" in page
    assert result.advice.reason in page
    assert log.notes[-1] == result.advice.reason
    assert log.fractions == sorted(log.fractions)
    assert log.fractions[-1] == 1.0
    assert log.warnings == []


def test_the_advice_is_the_same_in_any_order(blobs, tmp_path):
    one = suggest(ask(blobs, tmp_path / "a"))
    two = suggest(ask(blobs[::-1], tmp_path / "b", workers=2), strip_pixels=500)
    assert one.scores == two.scores
    assert (tmp_path / "a" / "t.csv").read_bytes() == (tmp_path / "b" / "t.csv").read_bytes()
    assert (tmp_path / "a" / "r.html").read_bytes() == (tmp_path / "b" / "r.html").read_bytes()


def test_without_scikit_learn_two_indices_are_left_and_it_says_so(blobs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    log = Recorder()
    result = suggest(ask(blobs, tmp_path / "out"), log)
    assert result.advice.k == 4
    assert any("scikit-learn is not installed" in text for text in log.warnings)
    rows = list(csv.DictReader((tmp_path / "out" / "t.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["silhouette"] + row["davies_bouldin"] for row in rows} == {""}
    assert all(float(row["calinski_harabasz"]) > 0 for row in rows)
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "because scikit-learn" in page
    assert "is not installed" in page


def test_no_more_classes_than_different_pixels(tmp_path):
    dn = np.full((20, 20), 8000)
    dn[5:10], dn[10:] = 12000, 20000
    path = make_scene(tmp_path / "scenes", product(), dn)
    log = Recorder()
    result = suggest(ask([path], tmp_path / "out", k_max=9), log)
    assert [found.k for found in result.scores] == [2, 3]
    assert "only 3 different pixels: K_MAX 9 is cut to 3" in log.warnings[0]
    assert result.advice.k == 3
    assert result.scores[1].inertia == 0
    assert result.scores[1].calinski_harabasz == math.inf
    with pytest.raises(NoValidPixels, match=r"only 3 different pixel.*too few for K_MIN = 4"):
        suggest(ask([path], tmp_path / "out", k_min=4))


def test_a_scene_without_a_valid_pixel_is_told(blobs, tmp_path):
    empty = make_scene(tmp_path / "scenes", product(day="20220901"), np.zeros((5, 5)))
    log = Recorder()
    result = suggest(ask([*blobs, empty], tmp_path / "out", k_max=3), log)
    assert result.sample.drawn[2] == 0
    assert "not one pixel is valid" in log.warnings[0]
    with pytest.raises(NoValidPixels, match=r"SCENES: not one pixel of the 1 scene"):
        suggest(ask([empty], tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k_min": 1}, "K_MIN is 1"),
        ({"k_max": 255}, "K_MAX is 255"),
        ({"k_min": 5, "k_max": 5}, "K_MIN is 5 and K_MAX 5"),
        ({"sample": 99}, "SAMPLE is 99; choose 100 to 50000"),
        ({"sample": 50_001}, "SAMPLE is 50001"),
        ({"roles": ("nir", "red")}, "BANDS is"),
        ({"workers": -2}, "WORKERS is -2"),
    ],
)
def test_parameters_out_of_range_are_refused(blobs, tmp_path, options, words):
    with pytest.raises(ParameterError, match=words):
        suggest(ask(blobs, tmp_path / "out", **options))
    assert not (tmp_path / "out").exists()


def test_scenes_are_checked_first(blobs, tmp_path):
    with pytest.raises(SceneError, match="does not exist"):
        suggest(ask([tmp_path / "gone"], tmp_path / "out"))
    with pytest.raises(ParameterError, match=r"TABLE: .* is a folder"):
        suggest(SuggestRequest((str(blobs[0]),), table=tmp_path))


@pytest.mark.parametrize("asked", [1, 3, 10])
def test_a_cancel_leaves_nothing(blobs, tmp_path, asked):
    before = listing(tmp_path)
    with pytest.raises(Cancelled):
        suggest(ask(blobs, tmp_path / "out"), Recorder(lambda recorder: recorder.asked >= asked))
    assert listing(tmp_path) == before


@pytest.mark.parametrize("stage", ["Drawing", "Clustering"])
def test_a_cancel_at_any_stage_leaves_nothing(blobs, tmp_path, stage):
    before = listing(tmp_path)
    log = Recorder(lambda told: bool(told.stages) and told.stages[-1].startswith(stage))
    with pytest.raises(Cancelled):
        suggest(ask(blobs, tmp_path / "out"), log)
    assert log.stages[-1].startswith(stage)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("last", [1, 4])
def test_a_clustering_ends_between_two_iterations_when_nobody_waits_for_it(last):
    class Impatient(NumpyKernel):
        labelled = 0

        def hold(self, block, k, labelling=None):
            held = super().hold(block, k, labelling)
            genuine = held.relabel

            def relabel(centres, moves=None):
                self.labelled += 1
                if self.labelled == last:
                    site.given_up.set()
                return genuine(centres, moves)

            held.relabel = relabel
            return held

    kernel = Impatient()
    dn = six_band_noise(1, 40, 50).reshape(6, -1)
    site = SampleSite(dn, 42, kernel, False)
    with pytest.raises(Cancelled):
        ScoreK(5).do(site)
    assert kernel.labelled == last


@pytest.mark.scenes
def test_real_scenes_of_three_sensors(real_scenes, tmp_path):
    result = suggest(ask([real_scenes], tmp_path, k_max=4, mask=FILL_ONLY, sample=3000))
    assert len(result.scenes) == 6
    assert all(drawn > 0 for drawn in result.sample.drawn)
    assert result.advice.k in (2, 3, 4)
