"""Sheets: what those that ship say, written down again here, and how a fault in a user's own is told."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import pytest
from iikmc.engine.errors import ParameterError
from iikmc.engine.sensors.flags import FLAGS
from iikmc.engine.sensors.roles import ROLES
from iikmc.engine.sensors.sheet import STEM, Named
from iikmc.engine.sensors.sheet_file import generic, read_sheet, shipped

SHEETS = {sheet.key: sheet for sheet in shipped()}
OWN = {
    "format": "iikmc-sensor",
    "version": 1,
    "title": "Planet Fusion",
    "product": "(?P<acquired>20\\d{2}-\\d{2}-\\d{2})",
    "platforms": {"PF": {"name": "Planet Fusion"}},
    "files": [{"name": ""}],
    "bands": [{"roles": {"blue": {"band": 1}, "green": {"band": 2}, "red": {"band": 3}, "nir": {"band": 4}}}],
    "values": {"fill": 0, "scale": "0.0001", "offset": "0"},
}
"""A user's sheet for the four bands of Planet Fusion, in the files of its PF-SR folders."""

# Family -> sensor -> role -> kind of the file and band, by the sources in the sheets.
BANDS = {
    "landsat_c2_l2": {
        "LT05": {"blue": "SR_B1", "green": "SR_B2", "red": "SR_B3", "nir": "SR_B4", "swir1": "SR_B5", "swir2": "SR_B7"},
        "LC09": {"blue": "SR_B2", "green": "SR_B3", "red": "SR_B4", "nir": "SR_B5", "swir1": "SR_B6", "swir2": "SR_B7",
                 "coastal": "SR_B1"},
    },
    "landsat_ard": {"LE07": {"blue": "SR_B1", "nir": "SR_B4"}, "LC08": {"blue": "SR_B2", "nir": "SR_B5"}},
    "hls_l30": {"L30": {"red": "B04", "nir": "B05", "swir1": "B06", "swir2": "B07"}},
    "hls_s30": {"S30": {"red": "B04", "nir": "B8A", "swir1": "B11", "swir2": "B12", "rededge1": "B05",
                        "nir_broad": "B08"}},
    "sentinel2_l2a": {"S2C": {"blue": "B02_20M", "nir": "B8A_20M", "swir1": "B11_20M", "swir2": "B12_20M",
                              "rededge3": "B07_20M"}},
    "planetscope_sr": {"PS": {"blue": ("ANALYTICMS_SR_8B", 2), "green": ("ANALYTICMS_SR_8B", 4),
                              "green1": ("ANALYTICMS_SR_8B", 3), "red": ("ANALYTICMS_SR_8B", 6),
                              "nir": ("ANALYTICMS_SR_8B", 8)}},
}  # fmt: skip
VALUES = {
    "landsat_c2_l2": (0, Fraction(11, 400_000), Fraction(-1, 5)),
    "landsat_ard": (0, Fraction(11, 400_000), Fraction(-1, 5)),
    "hls_l30": (-9999, Fraction(1, 10_000), 0),
    "hls_s30": (-9999, Fraction(1, 10_000), 0),
    "planetscope_sr": (0, Fraction(1, 10_000), 0),
}
# Family -> flag -> (bits, classes), all bands of the mask together.
MASKS = {
    "landsat_c2_l2": {**{name: (bit, ()) for name, bit in FLAGS.items()}, "fill": (1, ())},
    "hls_s30": {"cloud": (2, ()), "dilated cloud": (4, ()), "cloud shadow": (8, ()), "snow or ice": (16, ()),
                "water": (32, ()), "fill": (0, (255,))},
    "sentinel2_l2a": {"fill": (0, (0,)), "saturated": (0, (1,)), "cloud shadow": (0, (3,)), "water": (0, (6,)),
                      "cloud": (0, (8, 9)), "cirrus": (0, (10,)), "snow or ice": (0, (11,))},
}  # fmt: skip


def test_these_ship():
    assert set(SHEETS) == set(BANDS)
    assert generic().described


@pytest.mark.parametrize(("family", "sensor"), [(family, sensor) for family in BANDS for sensor in BANDS[family]])
def test_bands(family, sensor):
    own = SHEETS[family].sets_of(sensor)[0]
    for role, kind in BANDS[family][sensor].items():
        layer = own.roles[role]
        assert (layer.kind, layer.band) == (kind if isinstance(kind, tuple) else (kind, 1)), role
    assert list(own.roles) == [role for role in ROLES if role in own.roles]


@pytest.mark.parametrize("family", VALUES)
def test_values(family):
    sheet = SHEETS[family]
    assert (sheet.fill, sheet.scale, sheet.offset) == VALUES[family]


def test_sentinel_2_is_told_by_its_metadata():
    sheet = SHEETS["sentinel2_l2a"]
    assert sheet.scale == Named("BOA_QUANTIFICATION_VALUE", inverted=True)
    assert sheet.offset == Named("BOA_ADD_OFFSET", "band_id", "BOA_QUANTIFICATION_VALUE", absent=Fraction(0))
    ids = {role: layer.id for own in sheet.bands for role, layer in own.roles.items()}
    # B1 .. B8, B8A, B9 .. B12 are 0 .. 12.
    assert ids == {
        "coastal": "0", "blue": "1", "green": "2", "red": "3", "rededge1": "4", "rededge2": "5", "rededge3": "6",
        "nir_broad": "7", "nir": "8", "swir1": "11", "swir2": "12",
    }  # fmt: skip


@pytest.mark.parametrize("family", MASKS)
def test_masks(family):
    told = {}
    for mask in SHEETS[family].masks:
        for name in {*mask.bits, *mask.classes}:
            told[name] = (mask.bits.get(name, 0), mask.classes.get(name, ()))
    assert told == MASKS[family]


def test_planes_of_udm2():
    planes = [(mask.band, dict(mask.bits), dict(mask.classes)) for mask in SHEETS["planetscope_sr"].masks]
    assert planes == [
        (2, {}, {"snow or ice": (1,)}), (3, {}, {"cloud shadow": (1,)}), (4, {}, {"cirrus": (1,)}),
        (5, {}, {"cirrus": (1,)}), (6, {}, {"cloud": (1,)}), (8, {"fill": 1}, {}),
    ]  # fmt: skip


def write(folder, document):
    path = folder / "fusion.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_sheet_of_a_user(tmp_path):
    sheet = read_sheet(write(tmp_path, OWN))
    [own] = sheet.bands
    assert {role: (layer.kind, layer.band) for role, layer in own.roles.items()} == {
        "blue": (STEM, 1), "green": (STEM, 2), "red": (STEM, 3), "nir": (STEM, 4),
    }  # fmt: skip
    assert (sheet.key, sheet.scale, sheet.masks) == ("fusion", Fraction(1, 10_000), ())


FAULTS = {
    "format": ("landsat", "'landsat' and 1, expected 'iikmc-sensor' and 1"),
    "version": (2, "'iikmc-sensor' and 2"),
    "colour": (1, "the key 'colour' is not known"),
    "title": (None, "title is None, expected a text"),
    "product": ("[", "product is '[', which is no regular expression"),
    "product ": ("(?P<day>x)", "product has the groups ['day'], expected (?P<acquired>…)"),
    "product  ": ("((a+)+)(?P<acquired>x)", "repeats what repeats itself"),
    "files": ([], "files is empty"),
    "files ": ([{"kind": "A", "name": "(B)"}], "expected a pattern without groups that are kept"),
    "bands": ([{"roles": {"pink": "B1"}}], "bands[0].roles has 'pink', expected some of blue, green"),
    "bands ": ([], "bands tells no role"),
    "bands  ": ([{"roles": {"red": {"band": 0}}}], "bands[0].roles.red.band is 0, expected a whole number from 1"),
    "values": ({"fill": 0, "scale": 0.0001, "offset": "0"}, "values.scale is 0.0001, expected a decimal number in"),
    "values ": ({"fill": 0, "scale": "0", "offset": "0"}, "values.scale is '0', expected a number above 0"),
    "values  ": ({"fill": 0.5, "scale": "1", "offset": "0"}, "values.fill is 0.5, expected a whole number"),
    "values   ": ({"fill": 0, "scale": {"field": "X"}, "offset": "0"}, "the key metadata, which tells the file"),
    "masks": ([{"file": "M", "bits": {"fog": 1}}], "masks[0].bits has 'fog', expected some of dilated cloud"),
    "masks ": ([{"file": "M"}], "masks[0] tells nothing"),
    "masks  ": ([{"file": "M", "planes": {"cloud": 6}}], "masks[0].planes.cloud is 6, expected a list"),
    "refuse": ([{"group": "tier", "like": "x", "why": "y"}], "refuse[0].group is 'tier', expected a group of product"),
    "tile": ("{acquired.year}", "tile is '{acquired.year}', expected braces around names of acquired"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str.strip)
def test_a_fault_is_named(fault, tmp_path):
    value, words = FAULTS[fault]
    document = copy.deepcopy(OWN)
    document[fault.strip()] = value
    with pytest.raises(ParameterError) as caught:
        read_sheet(write(tmp_path, document))
    message = str(caught.value)
    assert message.startswith("SHEET: in fusion.json, ")
    assert words in message
    assert "\n" not in message
    assert message.endswith("; see docs/sensors.md, or leave SHEET empty.")


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"format": 1, "format": 2}'])
def test_what_is_no_sheet(text, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ParameterError, match=r"^SHEET: .*x\.json"):
        read_sheet(path)


def test_a_sheet_that_is_not_there(tmp_path):
    with pytest.raises(ParameterError, match=r"^SHEET: none\.json cannot be read \(No such file"):
        read_sheet(tmp_path / "none.json")
