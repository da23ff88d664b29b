"""Stored values become DN by the written rule and flags by the sheets' words, value for value."""

from __future__ import annotations

import math
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import numpy as np
import pytest
from iikmc.engine.pixels import conversion
from iikmc.engine.sensors.flags import FLAGS, QA_FILL, SATURATION
from iikmc.engine.sensors.readings import FLOATS, MaskFile, Values

LANDSAT = Values(Fraction(275, 10**7), Fraction(-2, 10), 0)
TEN_THOUSANDTHS = Values(Fraction(1, 10_000), Fraction(0), 0)
BASELINE_4 = Values(Fraction(1, 10_000), Fraction(-1000, 10_000), 0)
HLS = Values(Fraction(1, 10_000), Fraction(0), -9999)
DTYPES = {"uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535)}


def dn(values, stored, dtype="uint16", nodata=None):
    """Return what the engine makes of stored values, and which of them it says were cut."""
    stored = np.array([stored], dtype)
    out, cut = np.zeros(stored.shape, np.uint16), np.zeros(stored.shape, bool)
    if dtype in FLOATS:
        found = conversion.float_to_dn(values, nodata, stored, out, cut)
    else:
        found = conversion.to_dn(conversion.band_table(values, dtype, nodata), stored, out, cut)
    assert found == cut.any()
    return out[0].tolist(), cut[0].tolist()


@pytest.mark.parametrize(
    ("values", "stored", "wanted"),
    [
        # (80 q + 160011) // 22 by hand: q = 1: 160091 // 22 = 7276; 2: 160171 // 22 = 7280; 3: 160251 // 22 = 7284.
        (TEN_THOUSANDTHS, [1, 2, 3], [7276, 7280, 7284]),
        # q = 10000 is reflectance 1: (800000 + 160011) // 22 = 43636, the largest that USGS calls valid.
        (TEN_THOUSANDTHS, [10_000, 9_999, 16_022], [43636, 43633, 65535]),
        # o = -1000: q = 1000 is reflectance 0, 0.2/0.0000275 = 7272.7 and so DN 7273; q = 1 is -0.0999.
        (BASELINE_4, [1000, 1, 1001, 11_000], [7273, 3640, 7276, 43636]),
        # q = 3500: reflectance 0.25, 0.45/0.0000275 = 16363.6.
        (BASELINE_4, [3500], [16364]),
    ],
)
def test_the_rule_by_hand(values, stored, wanted):
    assert dn(values, stored) == (wanted, [False] * len(stored))


def test_negative_values_by_hand():
    # (80 q + 160011) // 22: q = -1: 159931 // 22 = 7269; -2000 is reflectance -0.2, which is no DN with data; the next,
    # 91 // 22 = 4; q = -9999 is fill.
    assert dn(HLS, [-1, -1999, -9999, 0], "int16") == ([7269, 4, 0, 7273], [False] * 4)
    # Below, 11 // 22 = 0 and less: cut to 1.
    assert dn(HLS, [-2000, -2001, -32768], "int16") == ([1, 1, 1], [True] * 3)


def test_what_is_cut_at_either_end_by_hand():
    # (80 * 16022 + 160011) // 22 = 65535, (80 * 16023 + 160011) // 22 = 65538.
    assert dn(TEN_THOUSANDTHS, [16_022, 16_023, 65_535, 0]) == ([65535, 65535, 65535, 0], [False, True, True, False])
    # 17 023 - 1000 = 16 023; the lowest, q = 1, is far above DN 1.
    assert dn(BASELINE_4, [17_022, 17_023, 1]) == ([65535, 65535, 3640], [False, True, False])


def test_fill_and_nodata_are_fill_and_never_cut():
    assert dn(TEN_THOUSANDTHS, [0, 65_535, 20_000], nodata=65_535) == ([0, 0, 65535], [False, False, True])
    assert dn(Values(Fraction(1, 10_000), Fraction(0), None), [0]) == ([7273], [False])
    # A tag that the type cannot hold marks no pixel.
    for odd in (-9999, 0.5, float("nan"), float("inf")):
        assert dn(Values(Fraction(1, 10_000), Fraction(0), None), [0, 1], nodata=odd) == ([7273, 7276], [False] * 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "values",
    [
        TEN_THOUSANDTHS,
        BASELINE_4,
        HLS,
        LANDSAT,
        Values(Fraction(1, 255), Fraction(0), 0),
        Values(Fraction(1, 3), Fraction(-7, 11), None),
    ],
)
def test_every_stored_value_is_that_of_the_rule_in_decimals(values, dtype):
    low, high = DTYPES[dtype]
    stored = np.arange(low, high + 1)
    found, cut = dn(values, stored, dtype)
    exact = [Decimal(0)] * stored.size
    for place, q in enumerate(stored.tolist()):
        # Times the denominators, so that every number is whole or has a few decimals.
        d1, d2 = values.scale.denominator, values.offset.denominator
        r = Decimal(q * values.scale.numerator * d2 + values.offset.numerator * d1)
        whole = d1 * d2
        exact[place] = (
            (r + Decimal("0.2") * whole) / (Decimal("0.0000275") * whole) + Decimal("0.5")
        ).to_integral_value(ROUND_FLOOR)
    for q, value, uncut, was_cut in zip(stored.tolist(), found, exact, cut):
        if q == values.fill:
            assert (value, was_cut) == (0, False)
        else:
            assert value == min(max(int(uncut), 1), 65535), q
            assert was_cut == (not 1 <= uncut <= 65535), q


@pytest.mark.parametrize("values", [TEN_THOUSANDTHS, BASELINE_4])
def test_ten_thousandths_keep_every_difference(values):
    found, cut = dn(values, np.arange(1, 65536))
    kept = np.array(found)[~np.array(cut)]
    assert set(np.diff(kept).tolist()) == {3, 4}
    assert kept.size == (16_022 if values is TEN_THOUSANDTHS else 17_022)
    # And it is the division that the documentation names.
    q = np.arange(1, 65536)[~np.array(cut)] + int(values.offset * 10_000)
    assert np.array_equal(kept, (80 * q + 160_000 + 11) // 22)


def test_landsats_values_are_dn_as_they_are():
    assert LANDSAT.on_scale
    assert not BASELINE_4.on_scale
    assert not Values(LANDSAT.scale, LANDSAT.offset, 1).on_scale
    assert dn(LANDSAT, np.arange(65536))[0] == list(range(65536))


def test_types_that_can_hold_the_values():
    assert LANDSAT.accepted == ("uint16",)
    assert TEN_THOUSANDTHS.accepted == ("int16", "uint16")
    assert Values(Fraction(1, 255), Fraction(0), 0).accepted == ("uint8", "int16", "uint16")
    assert Values(Fraction(1), Fraction(0), None).accepted == ("uint8", "int16", "uint16", "float32", "float64")
    assert Values(Fraction(1, 100), Fraction(0), 0, ("float32",)).accepted == ("float32",)


def test_a_scale_below_0_is_nobodys():
    with pytest.raises(ValueError, match="expected one above 0"):
        conversion.band_table(Values(Fraction(-1, 10_000), Fraction(0), 0), "uint16")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_reflectance_in_floating_point_by_an_independent_computation(dtype):
    rng = np.random.default_rng(3)
    stored = np.concatenate([rng.uniform(-0.25, 1.7, 4000), np.arange(0, 1, 0.0001), [-0.2, 1.6, 0.0]]).astype(dtype)
    found, cut = dn(Values(Fraction(1), Fraction(0), None), stored, dtype)
    for value, got, was_cut in zip(stored.tolist(), found, cut):
        # Exact sums and quotients of the operands, each rounded once to the nearest float64, as IEEE 754 has it.
        total = float(Fraction(value) + Fraction(0.2))
        ratio = float(Fraction(total) / Fraction(0.0000275))
        wanted = math.floor(float(Fraction(ratio) + Fraction(1, 2)))
        assert got == min(max(wanted, 1), 65535)
        assert was_cut == (not 1 <= wanted <= 65535)


def test_what_is_no_number_and_nodata_are_fill():
    odd = [float("nan"), float("inf"), float("-inf"), -9999.0, -3.4e38, 0.25]
    reflectance = Values(Fraction(1), Fraction(0), -9999)
    assert dn(reflectance, odd, "float32", nodata=-3.4e38) == ([0, 0, 0, 0, 0, 16364], [False] * 6)
    # A tag that float32 cannot hold marks none.
    assert dn(reflectance, [0.25, 5.0], "float32", nodata=1e300) == ([16364, 65535], [False, True])


def test_percent_in_floating_point():
    # 25 % is reflectance 0.25.
    assert dn(Values(Fraction(1, 100), Fraction(0), None), [25.0, 0.0], "float32")[0] == [16364, 7273]


def test_rows_and_bands_of_any_shape_are_converted_in_place():
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 17_000, (300, 701)).astype(np.uint16)
    wanted = np.where(stored == 0, 0, np.minimum((80 * stored.astype(int) + 160_011) // 22, 65535))
    cut = np.zeros(stored.shape, bool)
    assert conversion.to_dn(conversion.band_table(TEN_THOUSANDTHS, "uint16"), stored, stored, cut)
    assert np.array_equal(stored, wanted)
    assert np.array_equal(cut, wanted == 65535) or wanted[cut].min() == 65535


def mask(bits=None, classes=None):
    return MaskFile("x.tif", 1, "test", bits or {}, classes or {})


# The families' words, written down again from their manuals (docs/sensors.md names them).
FMASK = mask({"dilated cloud": 4, "cloud": 2, "cloud shadow": 8, "snow or ice": 16, "water": 32}, {"fill": (255,)})
SCL = mask(
    classes={
        "fill": (0,),
        "saturated": (1,),
        "cloud shadow": (3,),
        "water": (6,),
        "cloud": (8, 9),
        "cirrus": (10,),
        "snow or ice": (11,),
    }
)


def words(mask, stored, dtype="uint8", nodata=None):
    out = np.zeros((1, len(stored)), np.uint16)
    conversion.to_flags(conversion.flag_table(mask, dtype, nodata), np.array([stored], dtype), out, True)
    return out[0].tolist()


def test_fmask_by_hand():
    # 64: aerosol alone; 2 | 4: cloud and beside it; 32 | 192: water under high aerosol; 1: the reserved bit.
    assert words(FMASK, [0, 64, 6, 224, 8, 16, 1]) == [0, 0, 2 | 8, 128, 16, 32, 0]
    assert words(FMASK, [255])[0] & QA_FILL


def test_scene_classes_by_hand():
    wanted = [QA_FILL, SATURATION, 0, 16, 0, 0, 128, 0, 8, 8, 4, 32]
    assert words(SCL, list(range(12))) == wanted
    assert words(SCL, [200, 5], nodata=200) == [QA_FILL, 0]


def test_planes_add_up():
    planes = {3: "cloud shadow", 6: "cloud", 4: "cirrus"}
    stored = {3: [0, 1, 1, 0], 6: [0, 0, 1, 1], 4: [0, 0, 0, 1]}
    out = np.full((1, 4), 999, np.uint16)
    for number, (band, name) in enumerate(planes.items()):
        table = conversion.flag_table(mask(classes={name: (1,)}), "uint8")
        conversion.to_flags(table, np.array([stored[band]], np.uint8), out, number == 0)
    assert out[0].tolist() == [0, 16, 16 | 8, 8 | 4]


def test_masks_of_16_bits_and_of_negative_classes():
    assert words(mask({"cloud": 1 << 15}), [1 << 15, 1], "uint16") == [8, 0]
    assert words(mask(classes={"fill": (-1,), "water": (300,)}), [-1, 300, 0], "int16") == [QA_FILL, 128, 0]


def test_landsats_words_are_flags_as_they_are():
    qa_pixel = mask({**FLAGS, "fill": 1})
    assert qa_pixel.is_flags
    assert qa_pixel.accepted == ("uint16",)
    assert not FMASK.is_flags
    assert not mask({**FLAGS, "fill": 1}, {"cloud": (3,)}).is_flags
    own = sum(FLAGS.values()) | QA_FILL
    assert words(qa_pixel, list(range(0, 65536, 7)), "uint16") == [q & own for q in range(0, 65536, 7)]
