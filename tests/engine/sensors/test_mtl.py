"""Metadata files: read by group, alike in all three formats, and never trusted blindly."""

from __future__ import annotations

import json

import pytest
from iikmc.engine.sensors.landsat.mtl import parse_mtl
from iikmc.engine.sensors.metadata import Metadata, foreign_values
from iikmc.engine.sensors.sheet_file import shipped

MTL = shipped()[0].metadata
ODL = """GROUP = LANDSAT_METADATA_FILE
  GROUP = PRODUCT_CONTENTS
    LANDSAT_PRODUCT_ID = "LC08_L2SP_043024_20200802_20200914_02_T1"
    NOTE = "a = b"
  END_GROUP = PRODUCT_CONTENTS
  GROUP = IMAGE_ATTRIBUTES
    SUN_ELEVATION = 51.5
    SUN_AZIMUTH = -12.25
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
    REFLECTANCE_MULT_BAND_1 = 2.75e-05
    REFLECTANCE_ADD_BAND_1 = -0.2
  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
  GROUP = LEVEL1_RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_1 = 2.0000E-05
    REFLECTANCE_ADD_BAND_1 = -0.100000
  END_GROUP = LEVEL1_RADIOMETRIC_RESCALING
END_GROUP = LANDSAT_METADATA_FILE
END
"""
GROUPS = {
    "PRODUCT_CONTENTS": {"LANDSAT_PRODUCT_ID": "LC08_L2SP_043024_20200802_20200914_02_T1", "NOTE": "a = b"},
    "IMAGE_ATTRIBUTES": {"SUN_ELEVATION": "51.5", "SUN_AZIMUTH": "-12.25"},
    "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {
        "REFLECTANCE_MULT_BAND_1": "2.75e-05",
        "REFLECTANCE_ADD_BAND_1": "-0.2",
    },
    "LEVEL1_RADIOMETRIC_RESCALING": {"REFLECTANCE_MULT_BAND_1": "2.0000E-05", "REFLECTANCE_ADD_BAND_1": "-0.100000"},
}
JSON = json.dumps({"LANDSAT_METADATA_FILE": GROUPS}, indent=2)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<LANDSAT_METADATA_FILE>\n' + "".join(
    f"  <{name}>\n" + "".join(f"    <{k}>{v}</{k}>\n" for k, v in group.items()) + f"  </{name}>\n"
    for name, group in GROUPS.items()
)
XML += "</LANDSAT_METADATA_FILE>\n"
FORMATS = {"txt": ODL, "json": JSON, "xml": XML}


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_gives_the_same_groups(form):
    assert parse_mtl(FORMATS[form]) == GROUPS


@pytest.mark.parametrize("form", FORMATS)
def test_byte_order_mark_blank_lines_and_windows_line_ends(form):
    assert parse_mtl("\ufeff\r\n" + FORMATS[form].replace("\n", "\r\n")) == GROUPS


def test_numbers_are_read_from_their_own_group():
    groups = parse_mtl(ODL)
    assert Metadata(groups).number("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS/REFLECTANCE_MULT_BAND_1") == 2.75e-05
    assert Metadata(groups).number("LEVEL1_RADIOMETRIC_RESCALING/REFLECTANCE_MULT_BAND_1") == 2e-05
    assert Metadata(groups).number("IMAGE_ATTRIBUTES/SUN_ELEVATION") == 51.5
    assert Metadata(groups).number("IMAGE_ATTRIBUTES/CLOUD_COVER") is None
    assert Metadata(groups).number("NO_SUCH_GROUP/SUN_ELEVATION") is None
    assert Metadata(groups).number("PRODUCT_CONTENTS/LANDSAT_PRODUCT_ID") is None


def test_entities_of_xml_are_resolved():
    text = "<LANDSAT_METADATA_FILE><PRODUCT_CONTENTS><NOTE>a &amp; b &lt;c&gt;</NOTE></PRODUCT_CONTENTS>"
    assert parse_mtl(text)["PRODUCT_CONTENTS"]["NOTE"] == "a & b <c>"


@pytest.mark.parametrize("text", ["", "\n", "no metadata", "{}", '{"a": 1}', "<a></a>", "GROUP = X\n", "key = 1"])
def test_what_holds_no_group(text):
    with pytest.raises(ValueError, match="no metadata group"):
        parse_mtl(text)


@pytest.mark.parametrize("text", ['{"LANDSAT_METADATA_FILE": {"A": ', '{"LANDSAT_METADATA_FILE": [1]}', "{x}"])
def test_broken_json(text):
    with pytest.raises(ValueError, match=r"broken JSON|no metadata group"):
        parse_mtl(text)


def test_product_stated_by_the_file():
    assert Metadata(GROUPS).text(MTL.product) == "LC08_L2SP_043024_20200802_20200914_02_T1"
    assert Metadata().text(MTL.product) is None


def test_scale_of_collection_2_is_not_foreign():
    assert foreign_values(MTL, Metadata(GROUPS)) is None
    assert foreign_values(MTL, Metadata()) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("REFLECTANCE_MULT_BAND_4", "0.0001"), ("REFLECTANCE_ADD_BAND_4", "0.0"), ("REFLECTANCE_MULT_BAND_4", "none")],
)
def test_another_scale_is_named(key, value):
    groups = {"LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {"REFLECTANCE_MULT_BAND_3": "2.75e-05", key: value}}
    found = foreign_values(MTL, Metadata(groups))
    assert found.startswith(f"{key} = {value}, expected ")
    assert found.endswith("2.75e-05" if "MULT" in key else "-0.2")


@pytest.mark.scenes
@pytest.mark.parametrize(
    ("scene", "form", "sun", "level1"),
    [
        ("LC08_L2SP_005009_20150710_20200908_02_T2", "txt", (40.0015903, 177.8846007), 2e-05),
        ("LC08_L2SP_005009_20150710_20200908_02_T2", "xml", (40.0015903, 177.8846007), 2e-05),
        ("LC08_L2SP_005009_20150710_20200908_02_T2", "json", (40.0015903, 177.8846007), 2e-05),
        ("LT05_L2SP_090084_19980308_20200909_02_T1", "txt", (41.58326399, 61.29879916), 1.2198e-03),
        ("LT05_L2SP_090084_19980308_20200909_02_T1", "xml", (41.58326399, 61.29879916), 1.2198e-03),
        ("LT05_L2SP_090084_19980308_20200909_02_T1", "json", (41.58326399, 61.29879916), 1.2198e-03),
    ],
)
def test_real_files_keep_level_2_and_level_1_apart(real_scenes, scene, form, sun, level1):
    groups = parse_mtl((real_scenes / scene / f"{scene}_MTL.{form}").read_text())
    assert Metadata(groups).text(MTL.product) == scene
    assert groups["PRODUCT_CONTENTS"]["PROCESSING_LEVEL"] == "L2SP"
    assert groups["LEVEL1_PROCESSING_RECORD"]["PROCESSING_LEVEL"].startswith("L1")
    assert Metadata(groups).number("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS/REFLECTANCE_MULT_BAND_1") == 2.75e-05
    assert Metadata(groups).number("LEVEL1_RADIOMETRIC_RESCALING/REFLECTANCE_MULT_BAND_1") == level1
    assert Metadata(groups).number("IMAGE_ATTRIBUTES/SUN_ELEVATION") == sun[0]
    assert Metadata(groups).number("IMAGE_ATTRIBUTES/SUN_AZIMUTH") == sun[1]
    assert foreign_values(MTL, Metadata(groups)) is None


@pytest.mark.scenes
@pytest.mark.parametrize(
    "scene", ["LC08_L2SP_005009_20150710_20200908_02_T2", "LT05_L2SP_090084_19980308_20200909_02_T1"]
)
def test_real_files_say_the_same_in_every_format(real_scenes, scene):
    txt, xml, json_ = (
        parse_mtl((real_scenes / scene / f"{scene}_MTL.{form}").read_text()) for form in ("txt", "xml", "json")
    )
    assert len(txt) > 10
    assert set(txt) == set(xml) == set(json_)
    for name, group in txt.items():
        assert set(group) == set(xml[name]) == set(json_[name])
        for key, value in group.items():
            assert xml[name][key] == json_[name][key]
            # The text format drops or adds zeros; as numbers they are the same.
            try:
                assert float(value) == float(xml[name][key])
            except ValueError:
                assert value.replace("Z", "") == xml[name][key].replace("Z", "")
