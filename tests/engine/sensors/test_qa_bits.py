"""Quality bits: every value that real products hold, against a table made by hand from the USGS bit tables.

Values counted in real Landsat 4-9 Collection 2 Level-2 products; bits of USGS LSDS-1619 table 6-3 and LSDS-1618
table 5-4.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iikmc.engine.pixels.masking import mask
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.scene import Scene
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.flags import DEFAULT_FLAGS, FLAGS, flag_bits
from iikmc.engine.sensors.products import leading_product_id
from iikmc.engine.sensors.readings import MaskFile
from tiny import ROLES, make_scene, product, read_json, read_raster

D, R, C, S, N, W = "dilated cloud", "cirrus", "cloud", "cloud shadow", "snow or ice", "water"

# Value -> its flags, taken apart by hand. The comment says whether the "clear" bit (6) is set where that misleads.
OLI_VALUES = {
    1: None,  # fill
    21824: (),
    22080: (),  # cloud confidence medium
    21952: (W,),
    22280: (C,),
    55052: (C, R),
    23888: (S,),  # clear bit set on shadow
    24144: (S,),  # likewise
    23826: (D, S),
    24082: (D, S),
    21762: (D,),
    22018: (D,),
    21890: (D, W),
    22146: (D, W),
    30048: (N,),
    30304: (N,),
    29986: (D, N),
    30242: (D, N),
    54596: (R,),  # clear bit set on cirrus
    54852: (R,),
    54724: (R, W),
    54534: (D, R),
    56598: (D, R, S),
    56854: (D, R, S),
    56660: (R, S),
}
TM_VALUES = {
    1: None,
    5440: (),
    5696: (),
    5504: (W,),  # clear bit missing on water
    5896: (C,),
    7440: (S,),
    7696: (S,),
    7442: (D, S),
    7698: (D, S),
    5442: (D,),  # clear bit set on dilated cloud
    5698: (D,),
    5506: (D, W),
    13664: (N,),
}
FAMILIES = {"LC08": OLI_VALUES, "LT05": TM_VALUES}
RULES = {
    "default": DEFAULT_FLAGS,
    "none": (),
    "all": (D, R, C, S, N, W),
    **{name: (name,) for name in (D, R, C, S, N, W)},
}


def valid_by_hand(values, flags) -> list[bool]:
    return [found is not None and not set(found) & set(flags) for found in values.values()]


def mask_of(qa, flags, radsat=None, bands=None, bits=0, saturated=True):
    qa = None if qa is None else np.atleast_2d(np.array(qa, np.uint16))
    if bands is None:
        bands = np.full((1, *qa.shape), 9000, np.uint16)
    valid, audit = mask(bands, qa, radsat, MaskRule(tuple(flags), saturated), bits)
    return valid, audit


def test_flags_and_defaults_are_the_documented_ones():
    assert FLAGS == {D: 2, R: 4, C: 8, S: 16, N: 32, W: 128}
    assert list(FLAGS) == [D, R, C, S, N, W]  # the numbers 0..5 of the MASK parameter
    assert DEFAULT_FLAGS == (D, R, C, S)
    assert flag_bits(DEFAULT_FLAGS) == 0b11110
    assert flag_bits(()) == 0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_real_value(family, rule):
    values = FAMILIES[family]
    valid, audit = mask_of(list(values), RULES[rule])
    assert dict(zip(values, valid[0].tolist())) == dict(zip(values, valid_by_hand(values, RULES[rule])))
    assert audit.valid == sum(valid_by_hand(values, RULES[rule]))
    assert audit.fill == 1
    assert audit.flags == {name: sum(name in (found or ()) for found in values.values()) for name in FLAGS}


@pytest.mark.parametrize("family", FAMILIES)
def test_default_flags_in_figures(family):
    valid, _ = mask_of(list(FAMILIES[family]), DEFAULT_FLAGS)
    kept = [value for value, good in zip(FAMILIES[family], valid[0]) if good]
    assert kept == {"LC08": [21824, 22080, 21952, 30048, 30304], "LT05": [5440, 5696, 5504, 13664]}[family]


@settings(max_examples=200)
@given(st.integers(0, 65535), st.sampled_from(sorted(RULES)))
def test_clear_and_confidence_bits_are_never_used(value, rule):
    flags = RULES[rule]
    for other in (value ^ 64, value ^ 0xFF00, value & 0b10111111):
        valid, _ = mask_of([value, other], flags)
        assert valid[0, 0] == valid[0, 1]


@pytest.mark.parametrize("rule", ["default", "none", S])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_real_value_through_files(family, rule, tmp_path, request_of):
    # Two DN, so that two classes have members wherever a pixel is valid.
    values = FAMILIES[family]
    qa = np.array([list(values)] * 2, np.uint16)
    dn = np.stack([np.full(len(values), 8000), np.full(len(values), 20_000)])
    path = make_scene(tmp_path, product(family), dn, qa)
    result = cluster(request_of(path, k=2, flags=RULES[rule]))
    good = np.array(valid_by_hand(values, RULES[rule]))
    expected = np.where(good, [[1], [2]], 0)
    assert np.array_equal(read_raster(result.rasters[0]), expected)


# --- fill ------------------------------------------------------------------------------------------------------------


def test_fill_is_where_either_a_band_or_quality_says_so():
    bands = np.array([[[0, 9, 9, 9, 0]], [[9, 9, 0, 9, 0]]], np.uint16)
    valid, audit = mask_of([21824, 1, 21824, 21824, 1], (), bands=bands)
    assert valid.tolist() == [[False, False, False, True, False]]
    assert (audit.fill, audit.valid, audit.pixels) == (4, 1, 5)


def test_without_quality_band_fill_is_zero_alone():
    valid, audit = mask_of(None, (), bands=np.array([[[0, 1, 65535]]], np.uint16))
    assert valid.tolist() == [[False, True, True]]
    assert audit.flags == {}


def test_empty_mask_uses_quality_fill_where_there_is_quality(tmp_path, request_of):
    dn = np.array([[8000, 8000, 20_000, 20_000]])
    with_qa = make_scene(tmp_path, product(day="20200101"), dn, np.array([[1, 22280, 21824, 22280]]))
    without = make_scene(tmp_path, product(day="20200201"), dn, None)
    result = cluster(request_of(with_qa, without, k=2))
    assert [read_raster(path).tolist() for path in result.rasters] == [[[0, 1, 2, 2]], [[1, 1, 2, 2]]]


def test_fill_of_a_band_that_was_not_chosen_does_not_matter(tmp_path, request_of):
    dn = np.full((6, 1, 3), 9000, np.uint16)
    dn[0, 0, 0] = dn[3, 0, 2] = 0
    dn[1, 0, 1] = 20_000
    path = make_scene(tmp_path, product(), dn)
    result = cluster(request_of(path, k=2, roles=("green", "nir")))
    assert read_raster(result.rasters[0]).tolist() == [[1, 2, 0]]


# --- saturation ------------------------------------------------------------------------------------------------------

# Bit of QA_RADSAT -> role. Landsat 4-7: bits 0-4 are B1-B5, 5 thermal B6, 6 B7, 8 the other gain of B6, 9 dropped
# pixel. Landsat 8-9: bits 0-6 are B1-B7, 8 B9, 11 terrain occlusion; B1 is the coastal band, which is never chosen.
TM_BITS = {0: "blue", 1: "green", 2: "red", 3: "nir", 4: "swir1", 6: "swir2"}
OLI_BITS = {1: "blue", 2: "green", 3: "red", 4: "nir", 5: "swir1", 6: "swir2"}


@pytest.mark.parametrize("roles", [ROLES, ("red", "nir"), ("swir2",), ("blue", "swir1")], ids=",".join)
@pytest.mark.parametrize(
    ("sensor", "bits"),
    [("LT04", TM_BITS), ("LT05", TM_BITS), ("LE07", TM_BITS), ("LC08", OLI_BITS), ("LC09", OLI_BITS)],
)
def test_saturation_masks_the_chosen_bands_alone(sensor, bits, roles, tmp_path, request_of):
    # Pixel i has bit i alone; 16 is not saturated. The second row sets every other bit too, to no effect.
    radsat = np.array([[1 << i for i in range(16)] + [0]] * 2, np.uint16)
    dn = np.stack([np.full(17, 8000), np.full(17, 20_000)])
    path = make_scene(tmp_path, product(sensor), dn, radsat=radsat)
    expected = [0 if bits.get(i) in roles else 1 for i in range(17)]
    result = cluster(request_of(path, k=2, roles=roles))
    assert read_raster(result.rasters[0]).tolist() == [expected, [2 * v for v in expected]]
    audit = read_json(result.signatures)["run"]["scenes"][0]["audit"]
    assert audit["saturated"] == 2 * len(roles)
    ignored = cluster(request_of(path, k=2, roles=roles, saturated=False, out="ignored"))
    assert read_raster(ignored.rasters[0]).tolist() == [[1] * 17, [2] * 17]
    assert read_json(ignored.signatures)["run"]["scenes"][0]["audit"]["saturated"] == 0


def saturation_bits(sensor, roles):
    found = leading_product_id(product(sensor))
    [own] = found.sheet.sets_of(sensor)
    bits = {role: found.sheet.saturation.bits[layer.kind] for role, layer in own.roles.items()}
    return Scene(found, "", {}, saturation=MaskFile("", 1, "QA_RADSAT", bits, {})).saturation_bits(roles)


def test_saturation_bits_by_hand():
    assert saturation_bits("LT05", ROLES) == 0b1011111
    assert saturation_bits("LC08", ROLES) == 0b1111110
    assert saturation_bits("LC08", ["swir1"]) == 32
    assert saturation_bits("LC08", []) == 0
    assert Scene(leading_product_id(product()), "", {}).saturation_bits(ROLES) == 0


def test_real_saturation_values():
    # Landsat 8: 0, 2, 16, 24, 26, 30, 2048 (terrain occlusion); Landsat 7: 5, 7; Landsat 5: 1.
    values = np.array([[0, 2, 16, 24, 26, 30, 2048, 5, 7, 1]], np.uint16)
    bands = np.full((1, 1, 10), 9000, np.uint16)
    for sensor, roles, expected in (
        ("LC08", ROLES, [1, 0, 0, 0, 0, 0, 1, 0, 0, 1]),
        ("LC08", ["green"], [1, 1, 1, 1, 1, 0, 1, 0, 0, 1]),
        ("LT05", ROLES, [1, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
    ):
        valid, audit = mask_of(None, (), radsat=values, bands=bands, bits=saturation_bits(sensor, roles))
        assert valid[0].tolist() == [bool(v) for v in expected]
        assert audit.saturated == 10 - sum(expected)


# --- the audit -------------------------------------------------------------------------------------------------------


def test_audit_of_a_tiny_scene_by_hand(tmp_path, request_of):
    # fmt: off
    qa = np.array([[1,     22280, 22280, 55052],
                   [23888, 24082, 21952, 30048],
                   [21824, 21824, 21824, 1]])
    blue = np.array([[0,    0,    9000,  9000],    # fill twice over; a band 0 under what quality calls cloud
                     [9000, 9000, 20000, 43636],   # the ends of the valid range are within it
                     [7273, 7272, 43637, 9000]])   # fill by quality alone
    # fmt: on
    radsat = np.zeros((3, 4), np.uint16)
    radsat[0, 0] = radsat[1, 3] = radsat[0, 2] = 2  # on fill, on a valid pixel, on cloud
    dn = np.full((6, 3, 4), 10_000)
    dn[0] = blue
    path = make_scene(tmp_path, product(), dn, qa, radsat)
    result = cluster(request_of(path, k=2, flags=DEFAULT_FLAGS))
    assert read_json(result.signatures)["run"]["scenes"][0]["audit"] == {
        "pixels": 12,
        "outside_aoi": 0,
        "fill": 3,
        "flags": {D: 1, R: 1, C: 2, S: 2, N: 1, W: 1},
        "saturated": 2,
        "out_of_range": 2,
        "valid": 4,
        "clipped": 0,
    }
    assert (read_raster(result.rasters[0]) > 0).tolist() == [
        [False] * 4,
        [False, False, True, False],
        [True] * 3 + [False],
    ]
    assert result.pixels == 4


words = arrays(
    np.uint16, (2, 7), elements=st.sampled_from([0, 1, 2, 64, 5440, 21824, 22280, 23888, 24082, 56598, 65535])
)


@settings(max_examples=60)
@given(
    words, words, arrays(np.uint16, (3, 2, 7), elements=st.sampled_from([0, 1, 9000])), st.sampled_from(sorted(RULES))
)
def test_mask_is_the_definition_pixel_by_pixel(qa, radsat, bands, rule):
    flags = RULES[rule]
    kept = [array.copy() for array in (qa, radsat, bands)]
    valid, audit = mask_of(qa, flags, radsat, bands, bits=0b110)
    fill = saturated = 0
    for index in np.ndindex(2, 7):
        q, r = int(qa[index]), int(radsat[index])
        is_fill = q % 2 == 1 or 0 in bands[(slice(None), *index)].tolist()
        flagged = any(q // FLAGS[name] % 2 for name in flags)
        is_saturated = r // 2 % 2 == 1 or r // 4 % 2 == 1
        fill += is_fill
        saturated += is_saturated and not is_fill
        assert valid[index] == (not is_fill and not flagged and not is_saturated)
    assert (audit.fill, audit.saturated, audit.valid) == (fill, saturated, int(valid.sum()))
    for array, before in zip((qa, radsat, bands), kept):
        assert np.array_equal(array, before)
