"""Laws that k-means over many scenes must obey, and scikit-learn's answer where it has one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.centres.kmeans import Labelled, StopRule, lloyd
from iikmc.engine.centres.starts import between
from iikmc.engine.choices import SIGNATURES_FILE
from iikmc.engine.kernels import reference
from iikmc.engine.progress import Silent
from iikmc.engine.runs.cluster import cluster
from tiny import Subject, make_scene, pixels_of, product, read_json, read_raster, six_band_noise


def cost(dn, labels, centres) -> int:
    """Return the sum of squared distances in (1/64 DN)**2, in Python integers."""
    return sum(int(v) for v in ((64 * dn.astype(np.int64) - centres[labels.astype(int) - 1].T) ** 2).sum(axis=0))


def fit(kernel, blocks, start, stop=None, seen=None):
    """Cluster pixels (n_bands, n) that lie in several blocks."""
    subjects = [Subject(dn, len(start)) for dn in blocks]

    def label(centres, progress):
        changed = sum(subject.relabel(kernel, centres) for subject in subjects)
        tally = reference.tally(pixels_of(blocks), np.concatenate([subject.labels for subject in subjects]), len(start))
        if seen is not None:
            seen.append((centres.copy(), np.concatenate([subject.labels for subject in subjects])))
        return Labelled(changed, tally)

    n = sum(subject.size for subject in subjects)
    return lloyd(label, start, n, stop or StopRule(1000, 0.0), Silent())


@st.composite
def clusters(draw):
    """Pixels in loose groups, with start centres anywhere."""
    n_bands, k = draw(st.integers(1, 6)), draw(st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([1, 30, 2000, 30_000]))
    middles = rng.integers(1, 65536, (draw(st.integers(1, 6)), n_bands))
    n = draw(st.integers(1, 150))
    dn = np.clip(middles[rng.integers(0, len(middles), n)] + rng.integers(-spread, spread + 1, (n, n_bands)), 1, 65535)
    dn = np.ascontiguousarray(dn.T).astype(np.uint16)
    if draw(st.booleans()):
        return dn, between(dn.min(axis=1), dn.max(axis=1), k)
    return dn, rng.integers(64, 65535 * 64 + 1, (k, n_bands))


@settings(max_examples=40, deadline=None)
@given(clusters())
def test_cost_never_rises_and_a_fixed_point_is_reached(kernel, case):
    dn, start = case
    seen = []
    done = fit(kernel, [dn], start, seen=seen)
    costs = [cost(dn, labels, centres) for centres, labels in seen]
    assert costs == sorted(costs, reverse=True)
    assert done.converged
    # Better labels for the same centres do not exist, nor better centres for the same labels.
    assert costs[-1] == cost(dn, reference.nearest(dn, done.centres), done.centres)
    # A fixed point stays.
    again = fit(kernel, [dn], done.centres)
    assert len(again.iterations) == 1
    assert np.array_equal(again.centres, done.centres)


@settings(max_examples=30, deadline=None)
@given(clusters(), st.integers(2, 4), st.randoms(use_true_random=False))
def test_repeating_or_shuffling_all_pixels_changes_nothing(kernel, case, times, random):
    dn, start = case
    order = list(range(dn.shape[1]))
    random.shuffle(order)
    one = fit(kernel, [dn], start)
    for blocks in ([dn] * times, [np.ascontiguousarray(dn[:, order])], np.array_split(dn, 3, axis=1)):
        other = fit(kernel, [block for block in blocks if block.shape[1]], start)
        assert np.array_equal(other.centres, one.centres)
        assert [r.changed_percent for r in other.iterations] == [r.changed_percent for r in one.iterations]
        assert [r.largest_move_dn for r in other.iterations] == [r.largest_move_dn for r in one.iterations]


@settings(max_examples=30, deadline=None)
@given(clusters(), st.integers(0, 2**32 - 1))
def test_swapping_bands_or_classes_swaps_the_answer(kernel, case, seed):
    dn, start = case
    rng = np.random.default_rng(seed)
    one = fit(kernel, [dn], start)
    bands = rng.permutation(dn.shape[0])
    assert np.array_equal(fit(kernel, [dn[bands]], start[:, bands]).centres, one.centres[:, bands])
    # The order of the classes decides nothing but ties.
    if len({tuple(c) for c in start.tolist()}) == len(start) and no_ties(kernel, dn, start):
        classes = rng.permutation(len(start))
        assert np.array_equal(fit(kernel, [dn], start[classes]).centres, one.centres[classes])


def no_ties(kernel, dn, start) -> bool:
    """Tell whether no pixel is ever equally far from its two nearest centres."""
    seen = []
    fit(kernel, [dn], start, seen=seen)
    for centres, _ in seen:
        distance = np.sort(np.stack([((64 * dn.astype(np.int64) - c[:, None]) ** 2).sum(axis=0) for c in centres]), 0)
        if (distance[0] == distance[1]).any():
            return False
    return True


@settings(max_examples=25, deadline=None)
@given(clusters(), st.integers(1, 500))
def test_shifting_all_dn_shifts_the_centres(kernel, case, shift):
    dn, start = case
    dn = np.minimum(dn, 65535 - 500)
    start = np.minimum(start, 64 * (65535 - 500))
    one = fit(kernel, [dn], start)
    other = fit(kernel, [dn + np.uint16(shift)], start + 64 * shift)
    assert np.array_equal(other.centres, one.centres + 64 * shift)


@pytest.mark.parametrize(("seed", "n_bands", "k"), [(1, 6, 4), (2, 3, 8), (3, 1, 5), (4, 6, 12)])
def test_scikit_learn_reaches_the_same_centres(kernel, seed, n_bands, k):
    sklearn = pytest.importorskip("sklearn.cluster")
    # Groups 3000 DN apart and 400 wide: once every group has its centre, no pixel lies near a boundary, so rounding
    # the centres to 1/64 DN cannot change a label and the two fixed points are means of the same members.
    rng = np.random.default_rng(seed)
    middles = rng.permuted(np.tile(4000 + 3000 * np.arange(k), (n_bands, 1)), axis=1).T
    dn = middles[np.arange(3000) % k] + rng.integers(-200, 201, (3000, n_bands))
    start = 64 * (middles + rng.integers(-900, 901, middles.shape))
    seen = []
    ours = fit(kernel, [np.ascontiguousarray(dn.T).astype(np.uint16)], start, seen=seen)
    theirs = sklearn.KMeans(k, init=start / 64, n_init=1, tol=0, algorithm="lloyd", max_iter=1000).fit(dn.astype(float))
    assert np.array_equal(seen[-1][1] - 1, theirs.labels_)
    # Ours are rounded to 1/64 DN: half of that, and 1e-9 for their arithmetic.
    assert np.abs(ours.centres / 64 - theirs.cluster_centers_).max() <= 1 / 128 + 1e-9
    np.testing.assert_allclose(ours.centres / 64, theirs.cluster_centers_, rtol=2e-6)


def test_scikit_learn_labels_overlapping_groups_alike(kernel):
    sklearn = pytest.importorskip("sklearn.cluster")
    # Where groups overlap, a pixel within 1/128 DN of a boundary may go either way: the same labels but for a few.
    # The start leaves no class empty: scikit-learn would move its centre, we keep it.
    dn = pixels_of([six_band_noise(6, 50, 80)])
    start = 64 * np.ascontiguousarray(dn[:, :5].T).astype(np.int64)
    seen = []
    ours = fit(kernel, [dn], start, seen=seen)
    theirs = sklearn.KMeans(5, init=start / 64, n_init=1, tol=0, algorithm="lloyd", max_iter=1000).fit(
        dn.T.astype(float)
    )
    assert len(seen) > 5
    assert np.mean(seen[-1][1] - 1 != theirs.labels_) < 0.005
    assert cost(dn, seen[-1][1], ours.centres) / 64**2 == pytest.approx(theirs.inertia_, rel=1e-4)


# --- through files ---------------------------------------------------------------------------------------------------


def test_the_same_pixels_in_two_scenes_move_no_centre(tmp_path, request_of):
    dn = six_band_noise(11, 30, 40)
    one = make_scene(tmp_path, product(day="20200101"), dn)
    two = make_scene(tmp_path, product(day="20210101"), dn)
    single = cluster(request_of(one, out="single", k=4, tolerance=0.0))
    double = cluster(request_of(one, two, out="double", k=4, tolerance=0.0))
    assert np.array_equal(single.fit.centres, double.fit.centres)
    assert double.pixels == 2 * single.pixels
    rasters = [read_raster(path) for path in (*single.rasters, *double.rasters)]
    assert np.array_equal(rasters[0], rasters[1])
    assert np.array_equal(rasters[0], rasters[2])
    once, twice = (read_json(result.signatures)["classes"] for result in (single, double))
    assert [(c["mean"], c["std"], 2 * c["pixels"]) for c in once] == [(c["mean"], c["std"], c["pixels"]) for c in twice]


@pytest.mark.parametrize("stop", [{"max_iterations": 3}, {"tolerance": 5.0}, {"tolerance": 0.0}], ids=str)
def test_saved_signatures_give_the_same_rasters(stop, small_series, request_of, kernel):
    first = cluster(request_of(*small_series, out="first", k=6, **stop), kernel=kernel)
    again = cluster(
        request_of(
            *small_series, out="again", k=6, start=SIGNATURES_FILE, signatures=first.signatures, max_iterations=1
        ),
        kernel=kernel,
    )
    assert np.array_equal(first.fit.centres, again.fit.centres)
    for a, b in zip(first.rasters, again.rasters):
        assert np.array_equal(read_raster(a), read_raster(b))
    assert read_json(first.signatures)["classes"] == read_json(again.signatures)["classes"]
    assert first.statistics.read_text() == again.statistics.read_text()


def test_labels_are_the_nearest_saved_centres(tmp_path, request_of):
    # The rasters against the definition, from the numbers that stand in the files.
    dn = six_band_noise(21, 19, 23)
    dn[2, 4, 5] = 0
    path = make_scene(tmp_path, product(), dn)
    result = cluster(request_of(path, k=5, max_iterations=4))
    centres = np.array(read_json(result.signatures)["centres"])
    distance = ((64 * dn.astype(np.int64)[None] - centres[:, :, None, None]) ** 2).sum(axis=1)
    expected = np.argmin(distance, axis=0) + 1
    expected[4, 5] = 0
    assert np.array_equal(read_raster(result.rasters[0]), expected)
