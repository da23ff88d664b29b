"""The names of files, as USGS gives them and as users change them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikmc.engine.sensors.file_names import METADATA, parse
from tiny import product

ID = product()
PLAIN = "*_|"


@pytest.mark.parametrize(
    ("name", "kind", "affix"),
    [
        (f"{ID}_SR_B4.TIF", "SR_B4", PLAIN),
        (f"{ID}_QA_PIXEL.TIF", "QA_PIXEL", PLAIN),
        (f"{ID}_QA_RADSAT.tiff", "QA_RADSAT", PLAIN),
        (f"{ID}_ST_B10.TIF", "ST_B10", PLAIN),
        (f"{ID}_B4.TIF", "B4", PLAIN),
        (f"{ID}_MTL.txt", METADATA, PLAIN),
        (f"{ID.lower()}_mtl.JSON", METADATA, PLAIN),
        (f"{ID.lower()}_sr_b2.tif", "SR_B2", PLAIN),
        (f"{ID}_SR_B4_clip.TIF", "SR_B4", "*_|_clip"),
        (f"{ID}_SR_B4_CLIP.tif", "SR_B4", "*_|_clip"),
        (f"clip_{ID}_SR_B4.TIF", "SR_B4", "clip_*_|"),
        (f"{ID}_clip_SR_B4.TIF", "SR_B4", "*_clip_|"),
        (f"{ID}_SR_B4 (1).TIF", "SR_B4", "*_| (1)"),
        (f"{ID}_SR_B4.TIF.tif", "SR_B4", "*_|.tif"),
        (f"SR_B4_{ID}.TIF", "SR_B4", "|_*"),
        (f"{ID}_red.tif", "red", PLAIN),
        (f"{ID}_QA_PIXEL_clipped.TIF", "QA_PIXEL", "*_|_clipped"),
    ],
)
def test_names_of_a_product(name, kind, affix):
    found = parse(name)
    assert (found.product.text, found.kind, found.affix) == (ID, kind, affix)


@pytest.mark.parametrize(
    ("name", "kind", "affix"),
    [
        ("SR_B4.TIF", "SR_B4", "|"),
        ("sr_b4_clip.tif", "SR_B4", "|_clip"),
        ("nir08.tif", "nir", "|"),
        ("swir16.TIF", "swir1", "|"),
        ("qa_pixel.tif", "QA_PIXEL", "|"),
        ("my_MTL.txt", METADATA, "my_|"),
        ("MTL.xml", METADATA, "|"),
    ],
)
def test_names_without_a_product(name, kind, affix):
    found = parse(name)
    assert (found.product, found.kind, found.affix) == (None, kind, affix)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "README.md",
        f"{ID}_classes.tif",
        f"{ID}_SR_B4.TIF.ovr",
        f"{ID}_SR_B4.TIF.aux.xml",
        f"{ID}_SR_B4xTIF",
        f"{ID}_SR_B4.jp2",
        f"{ID}_SR_QA_AEROSOL.TIF",
        f"{ID}_ANG.txt",
        f"{ID}_MTL.txt.bak",
        "infrared.tif",
        "clip_red.tif",
        f"{ID}_SR_B4" + "_" * 300 + ".TIF",
    ],
)
def test_names_that_are_none(name):
    assert parse(name) is None


@given(st.text(max_size=300))
def test_any_name_is_parsed_or_none(name):
    found = parse(name)
    assert found is None or found.kind


def test_a_long_name_is_parsed_at_once():
    parse("_".join(["SR_B4"] * 40) + ".png")
    parse("B" * 255)
    parse("_B4" * 80)
