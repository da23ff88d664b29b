"""The seeded sample depends on the pixels and the seed alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.reading import Packed
from iikmc.engine.pixels.sampling import draw, merge, pixel_hashes, scene_key, shares_for, smallest
from iikmc.engine.pixels.survey import Need, combine, survey
from iikmc.engine.scenes.scene import Strip
from iikmc.engine.scenes.selection import MaskRule

M = 2**64


def split_mix(key: int, position: int) -> int:
    """The hash in Python's integers (Steele, Lea and Flood 2014)."""
    z = ((position + 1) * 0x9E3779B97F4A7C15 + key) % M
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % M
    return z ^ (z >> 31)


@given(st.integers(0, M - 1), st.lists(st.integers(0, 10**9), max_size=20))
def test_hash_is_split_mix(key, positions):
    found = pixel_hashes(key, np.array(positions, np.int64))
    assert found.tolist() == [split_mix(key, position) for position in positions]


def test_hash_of_key_0_is_the_published_sequence():
    # The first numbers of SplitMix64 seeded with 0.
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert pixel_hashes(0, np.arange(3)).tolist() == expected


def test_scene_keys_differ_by_seed_and_scene():
    keys = {scene_key(seed, scene) for seed in (-1, 0, 1, 10**30) for scene in ("A", "B", "1:A")}
    assert len(keys) == 12
    assert all(0 <= key < M for key in keys)


@settings(max_examples=60)
@given(st.integers(0, 60), st.integers(1, 30), st.integers(0, 2**32), st.data())
def test_sample_of_a_union_is_the_sample_of_the_parts(n, size, key, data):
    dn = np.random.default_rng(key).integers(1, 65536, (2, n)).astype(np.uint16)
    hashes = pixel_hashes(key, np.arange(n))
    whole = smallest(hashes, dn, size)
    assert whole.hashes.tolist() == sorted(hashes.tolist())[:size]
    # Each pixel keeps its own values.
    where = {int(h): tuple(p) for h, p in zip(hashes, dn.T.tolist())}
    assert [tuple(p) for p in whole.dn.T.tolist()] == [where[int(h)] for h in whole.hashes]
    owner = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), int)
    parts = [smallest(hashes[owner == i], dn[:, owner == i], size) for i in range(4)]
    for order in (parts, parts[::-1]):
        again = merge(order, 2, size)
        assert np.array_equal(again.hashes, whole.hashes)
        assert np.array_equal(again.dn, whole.dn)


def test_sample_of_nothing():
    empty = merge([], 6, 10)
    assert empty.dn.shape == (6, 0)
    assert empty.dn.dtype == np.uint16


def test_sample_is_spread_evenly():
    # 2 000 of 100 000 pixels: every tenth of the scene gives about 200 of them (five standard deviations: 67).
    positions = np.arange(100_000)
    chosen = np.sort(np.argsort(pixel_hashes(scene_key(42, "LC08"), positions))[:2000])
    assert np.abs(np.histogram(chosen, bins=10, range=(0, 100_000))[0] - 200).max() < 67


RULE = MaskRule((), False)


def packed(valid, dn, row, width):
    """Pack as a strip is read; invalid pixels are fill."""
    shape = (valid.size // width, width)
    bands = np.where(valid, dn, 0).astype(np.uint16).reshape(-1, *shape)
    pixels = NumpyPacker().pack(bands, None, None, RULE, 0)
    return Packed(Strip(0, row, shape[0]), pixels, {4: draw(4, 99, bands, valid.reshape(shape), row)})


@pytest.mark.parametrize("need", list(Need))
def test_survey_is_the_same_however_the_scene_is_cut(need):
    rng = np.random.default_rng(6)
    width, height = 13, 24
    valid = rng.random(width * height) < 0.5
    valid[: 3 * width] = False  # a strip without a valid pixel
    dn = rng.integers(1, 65536, (3, width * height)).astype(np.uint16)
    answers = []
    for rows in (24, 1, 3, 7):
        parts = []
        for row in range(0, height, rows):
            here = slice(row * width, min(row + rows, height) * width)
            parts.append(survey(packed(valid[here], dn[:, here], row, width), need, 99, width))
        answers.append(combine(parts[::-1] if rows == 3 else parts, 3))
    good = dn[:, valid]
    for answer in answers:
        assert (answer.low is None, answer.histogram is None, answer.sample is None) == (
            need is not Need.RANGE, need is not Need.HISTOGRAM, need is not Need.SAMPLE,
        )  # fmt: skip
        if need is Need.RANGE:
            assert answer.low.tolist() == good.min(axis=1).tolist()
            assert answer.high.tolist() == good.max(axis=1).tolist()
        elif need is Need.HISTOGRAM:
            assert answer.histogram.shape == (3, 65536)
            for band in range(3):
                assert answer.histogram[band].tolist() == np.bincount(good[band], minlength=65536).tolist()
        elif need is Need.SAMPLE:
            assert np.array_equal(answer.sample.dn, answers[0].sample.dn)
            assert sorted(map(tuple, answer.sample.dn.T.tolist())) == sorted(map(tuple, good.T.tolist()))
        elif need is Need.DRAWS:
            drawn = merge(answer.draws[4], 3, 10**6)
            assert np.array_equal(drawn.dn, merge(answers[0].draws[4], 3, 10**6).dn)
            assert set(map(tuple, drawn.dn.T.tolist())) <= set(map(tuple, good.T.tolist()))
            # One of every 4 neighbours of a row of 13 is 4 a row (3 if the last run's draw lies outside), half valid.
            assert 21 * 3 / 2 * 0.6 < drawn.hashes.size < 21 * 4 / 2 * 1.4


def test_a_sub_sample_takes_one_of_every_run():
    width, share = 64, 8
    bands = np.arange(1, 10 * width + 1, dtype=np.uint16).reshape(1, 10, width)
    drawn = draw(share, scene_key(1, "LC08"), bands, np.ones((10, width), bool), 0)
    positions = np.sort(drawn.dn[0].astype(int) - 1)
    assert (positions // share).tolist() == list(range(10 * width // share))
    assert len(set(positions % share)) == share  # drawn, not every eighth
    assert not np.array_equal(drawn.dn, draw(share, scene_key(2, "LC08"), bands, np.ones((10, width), bool), 0).dn)


def test_shares_are_drawn_where_they_stay_small():
    assert shares_for(1_000) == (512, 64, 8, 1)
    assert shares_for(8_000_008) == (512, 64, 8)
    assert shares_for(3 * 58_520_000) == (512, 64)
    assert shares_for(10**10) == (512,)
