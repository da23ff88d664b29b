"""Tiles without a value in one file, by hand; and what values out of range look like."""

from __future__ import annotations

import numpy as np
import pytest
from iikmc.engine.pixels.gaps import Gap, gaps
from iikmc.engine.pixels.masking import Audit
from iikmc.engine.pixels.scaling import Looks, look, suspicion

TILES = [(64, 64)] * 4


def strip():
    return np.full((3, 128, 192), 9000, np.uint16), np.full((128, 192), 21824, np.uint16)


def test_a_tile_that_is_empty_in_one_band():
    bands, qa = strip()
    assert list(gaps(bands, qa, TILES)) == []
    bands[1, 64:, 64:128] = 0
    assert list(gaps(bands, qa, TILES)) == [Gap(1, 64, 64, 64 * 64)]
    # Half of it is fill in another band, too, or by QA_PIXEL: enough is left. One row more, and it is not.
    bands[0, 64:96, 64:128] = 0
    assert list(gaps(bands, qa, TILES)) == [Gap(1, 64, 64, 64 * 32)]
    qa[96, 64:128] = 1
    assert list(gaps(bands, qa, TILES)) == []


def test_one_value_fills_a_tile_and_fill_in_all_bands_is_no_gap():
    bands, qa = strip()
    bands[2, :64, :64] = 0
    bands[2, 3, 3] = 1
    assert list(gaps(bands, qa, TILES)) == []
    bands[:, :64, :64] = 0
    assert list(gaps(bands, qa, TILES)) == []


def test_quality_band():
    bands, qa = strip()
    qa[:64, 128:] = 1
    assert list(gaps(bands, qa, TILES)) == []
    qa[:64, 128:] = 0
    assert list(gaps(bands, qa, TILES)) == [Gap(3, 0, 128, 64 * 64)]
    # One band alone, and no quality band: nobody says that there should be values.
    assert list(gaps(bands[:1] * 0, None, TILES[:1])) == []


def test_tiles_of_each_file_and_strips_of_a_few_rows():
    bands, qa = strip()
    bands[0, 64:, :] = 0
    assert list(gaps(bands, qa, [(1, 192), (64, 64), (64, 64), (64, 64)])) == [Gap(0, 64, 0, 64 * 192)]
    bands[0, 64:, :] = 1
    bands[1, 100:, 150:] = 0
    # Tiles at the edges are smaller.
    assert list(gaps(bands, qa, [(64, 64), (100, 150), (64, 64), (64, 64)])) == [Gap(1, 100, 150, 28 * 42)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 1, 1], "0 or 1"), ([1, 200, 255], "8-bit"), ([300, 4000, 9900], "reflectance x 10000"),
        ([7272, 7000, 6200], "water and shadow"), ([65535, 65535, 50_000], "65535"), ([300, 12_000, 50_000], "another"),
    ],
)  # fmt: skip
def test_what_values_look_like(values, words):
    dn = np.array([values] * 2, np.uint16)
    audit = Audit(valid=3, out_of_range=3, looks=look(dn, 3))
    (doubt,) = audit.doubts
    assert doubt.startswith("100.0 % of the valid pixels lie outside DN 7273-43636 (reflectance 0 to 1)")
    assert words in doubt


def test_only_more_than_half_is_looked_at_and_told():
    dn = np.array([[5, 9000]], np.uint16)
    assert look(dn, 1) == look(dn[:, :0], 0) == Looks()
    assert look(dn[:, :1], 1).values == 1
    assert suspicion(50, 100, Looks()) is None
    assert suspicion(0, 0, Looks()) is None
    assert suspicion(51, 100, Looks()).startswith("51.0 %")
    large = np.full((6, 100_000), 5, np.uint16)
    assert 3000 < look(large, 100_000).values < 4200


def test_audits_of_parts_add_up():
    whole = Audit(valid=4, out_of_range=4, looks=Looks(values=2, low=2), blank={"a": 1})
    whole.add(Audit(valid=4, looks=Looks(values=3, largest=1), blank={"a": 2, "b": 5}))
    assert whole.looks == Looks(values=5, low=2, largest=1)
    assert whole.blank == {"a": 3, "b": 5}
    assert [doubt[:1] for doubt in whole.doubts] == ["a", "b"]
    assert "looks" not in whole.to_dict()
    assert "blank" not in whole.to_dict()
