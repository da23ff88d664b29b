"""Product identifiers taken apart, and the reasons for which a product is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iikmc.engine.sensors.products import kin, leading_product_id, product_in, refusal
from tiny import product

ID = "LC08_L2SP_043024_20200802_20200914_02_T1"


def test_an_identifier_taken_apart():
    found = leading_product_id(ID)
    parts = dict(found.parts)
    assert (found.text, found.sensor, parts["level"], found.tile) == (ID, "LC08", "L2SP", "043024")
    assert (found.acquired, parts["processed"]) == (date(2020, 8, 2), "20200914")
    assert (parts["collection"], parts["tier"]) == ("02", "T1")
    assert (found.place, found.sensor_name, found.short_name) == ("043/024", "Landsat 8 OLI", "Landsat 8")
    assert found.title == "2020-08-02 LC08 043024"
    assert found.acquisition == ("landsat_c2_l2", "LC08", "043024", date(2020, 8, 2), "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" + ID,
        ID.replace("20200802", "20200832"),  # no such day
        ID.replace("20200914", "20201314"),
        ID.replace("_T1", "_T3"),
        ID.replace("043024", "43024"),
        ID.replace("LC08", "S2A"),
    ],
)
def test_what_is_no_identifier(text):
    assert leading_product_id(text) is None


def test_upper_and_lower_case_are_the_same():
    assert leading_product_id(ID.lower()) == leading_product_id(ID)
    assert leading_product_id(f"{ID.lower()}_sr_b4.tif").text == ID


@pytest.mark.parametrize(
    ("name", "start"),
    [(ID, 0), (f"clip_{ID}_SR_B4.TIF", 5), (f"{ID}-1.tar", 0), (f"x {ID.lower()} (1)", 2), (f"Übung-{ID}", 6)],
)
def test_an_identifier_anywhere_in_a_name(name, start):
    product, begin, end = product_in(name)
    assert (product.text, begin, end) == (ID, start, start + len(ID))


@pytest.mark.parametrize(
    "name", ["", f"clip{ID}", f"{ID}x", f"{ID}7", f"{ID}ü", ID[1:], ID.replace("20200802", "20200832")]
)
def test_an_identifier_that_something_touches_is_none(name):
    assert product_in(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("LC08_CU_003009_20200802_20210502_C01_V01_SR.tar", "an Analysis Ready Data tile of Collection 1"),
        ("LC82180742019014LGN00", "from before the collections"),
        ("LC82180742019014LGN00_B4.TIF", "from before the collections"),
        ("LC082180742019011402T1-SC20200829120000.tar.gz", "an order of ESPA"),
        ("LC08_L2SP_218074_20190114", "not quite named as a Landsat product"),
        ("LC08_L2SP_218074_20190114_20200829_02_T9", "not quite named"),
        ("LC08_L2SP_218074_20190199_20200829_02_T1", "not quite named"),
    ],
)
def test_names_that_nearly_fit(name, words):
    assert words in kin(name)


@pytest.mark.parametrize("name", [ID, f"clip_{ID}_SR_B4.TIF", "photos", "L_notes.txt", "LC08", "Landsat 2019"])
def test_names_that_are_whole_or_foreign(name):
    assert kin(name) is None


@pytest.mark.parametrize("rest", ["_SR_B4.TIF", "_MTL.txt", ".tar", "", "_"])
def test_leading_identifier_of_a_file(rest):
    assert leading_product_id(ID + rest).text == ID


@pytest.mark.parametrize("name", [f"copy_of_{ID}_SR_B4.TIF", ID + "x_SR_B4.TIF", ID + "1.tar", ID[:-1], "README.md"])
def test_names_that_do_not_lead_with_one(name):
    assert leading_product_id(name) is None


@pytest.mark.parametrize("sensor", ["LT04", "LT05", "LE07", "LC08", "LO08", "LC09", "LO09"])
@pytest.mark.parametrize("level", ["L2SP", "L2SR"])
def test_products_with_reflectance_are_accepted(sensor, level):
    assert refusal(leading_product_id(product(sensor, level=level))) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (product("LM05"), ["LM05", "MSS", "no surface reflectance"]),
        (product("LM05", level="L1TP"), ["MSS"]),
        (product(collection="01"), ["Collection 1", "Collection 2 Level-2"]),
        (product(collection="01", level="L1TP"), ["Collection 1"]),
        (product(level="L1TP"), ["Level-1", "L1TP", "download its Level-2"]),
        (product(level="L1GT"), ["Level-1", "L1GT"]),
        (product(level="L3XX"), ["L3XX", "expected L2SP or L2SR"]),
    ],
)
def test_reasons_name_the_product_what_was_found_and_the_remedy(name, words):
    reason = refusal(leading_product_id(name))
    assert reason.startswith(name)
    for word in words:
        assert word in reason


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (product(processed="20220701"), product(processed="20220601")),
        (product(processed="20220701", tier="RT"), product(processed="20220601")),  # newest first of all
        (product(), product(tier="T2")),
        (product(), product(tier="RT")),
        (product(tier="T2"), product(tier="RT")),
        (product(), product(level="L2SR")),
    ],
)
def test_preference_of_two_products_of_one_acquisition(better, worse):
    assert leading_product_id(better).preference > leading_product_id(worse).preference
    assert leading_product_id(better).acquisition == leading_product_id(worse).acquisition


def test_analysis_ready_data_are_told_apart():
    tile = leading_product_id("LC08_CU_003009_20200802_20210502_02_SR_B4.TIF")
    assert (tile.text, tile.family) == ("LC08_CU_003009_20200802_20210502_02", "landsat_ard")
    assert (tile.place, tile.sensor_name, refusal(tile)) == ("CU h003v009", "Landsat 8 OLI", None)
    assert leading_product_id(ID).family == "landsat_c2_l2"


@given(st.dates(date(1972, 7, 23), date(2099, 12, 31)), st.integers(1, 233), st.integers(1, 248))
def test_any_day_and_place_round_trips(day, path, row):
    name = product(day=day.strftime("%Y%m%d"), path_row=f"{path:03d}{row:03d}")
    found = leading_product_id(name)
    assert (found.acquired, found.tile, found.text) == (day, f"{path:03d}{row:03d}", name)


def test_a_name_in_small_letters_is_of_a_sensor_that_is_known() -> None:
    product = leading_product_id("hls.s30.t33tvn.2022174t100031.v2.0.b8a.tif")
    assert product is not None
    assert product.sensor == "S30"
    assert product.sensor_name == "HLS Sentinel-2"
