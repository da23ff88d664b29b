"""Every packer does what the NumPy one does, and that is what numbers counted one by one say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.flags import FLAGS


def packers():
    found = [pytest.param(NumpyPacker(), id="numpy")]
    try:
        from iikmc.engine.pixels.numba_packer import NumbaPacker

        found.append(pytest.param(NumbaPacker(), id="numba"))
    except ImportError:
        found.append(pytest.param(None, id="numba", marks=pytest.mark.skip(reason="Numba is not installed")))
    return found


PACKERS = packers()


def strip(seed, height, width, n_bands, cover):
    """Return a strip with runs and specks of every kind of invalid pixel."""
    rng = np.random.default_rng(seed)
    n = height * width
    bands = rng.choice(np.array([1, 7272, 7273, 20000, 43636, 43637, 65535], np.uint16), size=(n_bands, n))
    qa = np.full(n, 21824, np.uint16)
    radsat = np.zeros(n, np.uint16)
    for _ in range(max(1, int(n * cover / 50))):
        at, length = int(rng.integers(n)), int(rng.integers(1, 200))
        kind = int(rng.integers(4))
        if kind == 0:
            bands[int(rng.integers(n_bands)), at : at + length] = 0
        elif kind == 1:
            qa[at : at + length] = int(rng.choice([1, 55052, 22280, 30048, 23888, 21762, 21952]))
        elif kind == 2:
            radsat[at : at + length] = int(rng.integers(1, 4096))
        else:
            bands[:, at] = 0
    return bands.reshape(n_bands, height, width), qa.reshape(height, width), radsat.reshape(height, width)


def one_by_one(bands, qa, radsat, rule, saturated_bits):
    """Count pixel by pixel in plain Python."""
    n_bands = bands.shape[0]
    flat = bands.reshape(n_bands, -1)
    valid, kept = [], []
    fill = saturated = outside = 0
    flags = dict.fromkeys(FLAGS, 0) if qa is not None else {}
    for i in range(flat.shape[1]):
        values = [int(value) for value in flat[:, i]]
        q = int(qa.flat[i]) if qa is not None else 0
        r = int(radsat.flat[i]) if radsat is not None else 0
        if 0 in values or q & 1:
            fill += 1
            valid.append(False)
            continue
        for name in flags:
            flags[name] += bool(q & FLAGS[name])
        saturated += bool(r & saturated_bits)
        good = not any(q & FLAGS[name] for name in rule.flags) and not r & saturated_bits
        valid.append(good)
        if good:
            kept.append(values)
            outside += any(not 7273 <= value <= 43636 for value in values)
    return valid, kept, fill, saturated, outside, flags


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize(
    ("height", "width", "n_bands", "cover"),
    [(1, 1, 1, 1), (1, 7, 2, 1), (3, 65, 6, 1), (5, 1000, 6, 0.2), (2, 5000, 3, 3), (64, 64, 6, 0), (9, 999, 4, 9)],
)
def test_pack_counts_and_keeps_what_counting_one_by_one_does(packer, height, width, n_bands, cover):
    bands, qa, radsat = strip(height * width, height, width, n_bands, cover)
    rule = MaskRule(("dilated cloud", "cloud", "cloud shadow"), True)
    for use_qa, use_radsat in ((True, True), (True, False), (False, False)):
        q, r = (qa if use_qa else None), (radsat if use_radsat else None)
        used = rule if use_qa else MaskRule((), True)
        valid, kept, fill, saturated, outside, flags = one_by_one(bands, q, r, used, 0b101)
        found = packer.pack(bands, q, r, used, 0b101)
        np.testing.assert_array_equal(np.unpackbits(found.valid, count=height * width), valid)
        np.testing.assert_array_equal(found.dn, np.array(kept, np.uint16).reshape(-1, n_bands).T)
        audit = found.audit
        assert (audit.pixels, audit.valid) == (height * width, len(kept))
        assert (audit.fill, audit.saturated, audit.out_of_range, audit.flags) == (fill, saturated, outside, flags)
        assert found.low.tolist() == ([min(band) for band in zip(*kept)] or [65535] * n_bands)
        assert found.high.tolist() == ([max(band) for band in zip(*kept)] or [0] * n_bands)


@pytest.mark.parametrize("packer", PACKERS)
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(0, 1))
def test_spread_puts_each_label_back(packer, seed, n, share):
    rng = np.random.default_rng(seed)
    where = rng.random(n) < share
    labels = rng.integers(1, 255, int(where.sum())).astype(np.uint8)
    expected = np.zeros(n, np.uint8)
    expected[where] = labels
    np.testing.assert_array_equal(packer.spread(np.packbits(where), labels, 1, n)[0], expected)


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("n_bands", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
@pytest.mark.parametrize("n", [0, 1, 2, 70_001])
def test_squares_are_sums_of_integers(packer, n_bands, n):
    rng = np.random.default_rng(n + n_bands)
    dn = rng.choice(np.array([1, 2, 40000, 65535], np.uint16), size=(n_bands, n))
    labels = rng.integers(1, 255, n).astype(np.uint8)
    found = packer.squares(dn, labels, 254)
    assert found.shape == (254, n_bands)
    for j in (0, 1, 100, 253):
        members = dn[:, labels == j + 1].tolist()
        assert found[j].tolist() == [sum(value * value for value in band) for band in members]
    wide = dn.astype(np.uint64) ** 2
    assert int(found.sum()) == int(wide.sum())
