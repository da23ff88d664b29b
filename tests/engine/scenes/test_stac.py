"""Items of STAC: which files of theirs are taken as what, and which documents are refused, each in one sentence."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from iikmc.engine.errors import SceneError
from iikmc.engine.progress import Silent
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.remote import without_secrets
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.scenes.stac.candidates import items_in
from iikmc.engine.sensors.roles import USUAL
from stac_house import collection, item_of, write
from tiny import make_scene, product, six_band_noise

COGS = "/vsicurl/https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs/29/R/KH/2020/2/"
SAFE = "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527"


def sentinel(baseline: str = "0400", keys: tuple[str, ...] = ("blue", "scl"), **properties: Any) -> dict[str, Any]:
    """Return an item as Earth Search makes it."""
    names = {"blue": "B02.tif", "green": "B03.tif", "nir08": "B8A.tif", "swir16": "B11.tif", "scl": "SCL.tif"}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "S2B_33TVN_20220703_0_L2A",
        "properties": {"s2:product_uri": f"{SAFE.replace('N0400', f'N{baseline}')}.SAFE", **properties},
        "assets": {key: {"href": f"https://example.org/S2B_33TVN/{names[key]}"} for key in keys},
    }


def scaled(item: dict[str, Any], key: str, scale: float, offset: float) -> dict[str, Any]:
    """Return an item that says what one asset's numbers mean."""
    item["assets"][key]["raster:bands"] = [{"scale": scale, "offset": offset}]
    return item


def found(path: Path) -> Any:
    """Return the only scene of a file."""
    (scene,) = find_scenes([path]).scenes
    return scene


def refusal(path: Path) -> str:
    """Return why a file is refused, which must be one sentence."""
    with pytest.raises(SceneError) as caught:
        find_scenes([path])
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_genuine_item_of_earth_search(sensor_files):
    scene = found(sensor_files / "stac" / "earthsearch_v0_S2A_29RKH_20200219_0_L2A.json")
    # By hand, from the file: the product is that of s2:product_uri; B8A, B11, B12 and SCL have 20 m, B02 to B04 10 m.
    assert scene.id == "S2A_MSIL2A_20200219T112111_N0214_R037_T29RKH_20200219T123947"
    assert scene.sun_elevation == pytest.approx(48.293248430895)
    there = f"{COGS}S2A_29RKH_20200219_0_L2A/"
    assert {role: band.path for role, band in scene.bands.items()} == {
        "nir": f"{there}B8A.tif",
        "swir1": f"{there}B11.tif",
        "swir2": f"{there}B12.tif",
        "rededge1": f"{there}B05.tif",
        "rededge2": f"{there}B06.tif",
        "rededge3": f"{there}B07.tif",
    }
    assert [mask.path for mask in scene.masks] == [f"{there}SCL.tif"]
    assert list(scene.others[0].bands) == ["blue", "green", "red", "nir_broad"]
    # Baseline 02.14 has no offset.
    assert {(band.values.scale, band.values.offset) for band in scene.bands.values()} == {(Fraction(1, 10_000), 0)}
    assert scene.openings == {}


def test_an_offset_that_earth_search_took_away_is_not_taken_away_again(sensor_files):
    # Its pixels go down to 1, with 171 at the first percent of B02, where untouched ones of baseline 05.09 begin near
    # 1000; and yet the item says offset -0.1 beside boa_offset_applied = true.
    scene = found(sensor_files / "stac" / "earthsearch_v1_S2A_33TWM_20230815_0_L2A.json")
    assert scene.id.startswith("S2A_MSIL2A_20230815T095031_N0509_")
    assert {band.values.offset for band in scene.bands.values()} == {0}


@pytest.mark.parametrize(("platform", "nir", "day"), [("L30", "B05", "2022-06-14"), ("S30", "B8A", "2022-06-15")])
def test_genuine_items_of_hls(sensor_files, platform, nir, day):
    (path,) = (sensor_files / "stac").glob(f"hls_HLS.{platform}*.json")
    scene = found(path)
    assert scene.title == f"{day} HLS-{platform} 19LDD"
    assert scene.bands["nir"].path.endswith(f"{scene.id}.{nir}.tif")
    assert scene.bands["nir"].values.fill == -9999
    assert scene.masks[0].path.endswith(f"{scene.id}.Fmask.tif")


def test_an_item_whose_files_lie_nowhere(sensor_files):
    said = refusal(sensor_files / "stac" / "planetary_computer_LC08_L2SP_047027_20201204_02_T1.json")
    assert "LC08_L2SP_047027_20201204_20210313_02_T1_QA_PIXEL.TIF, which is not there" in said


def test_an_item_of_another_version(sensor_files):
    said = refusal(sensor_files / "stac" / "usgs_LC08_L2SP_005009_20150710_20200908_02_T2_SR_stac.json")
    assert "is of STAC '0.7.0', expected 1.0 or 1.1" in said


@pytest.mark.parametrize(
    ("item", "offset"),
    [
        (sentinel("0214"), 0),
        (sentinel("0400"), Fraction(-1, 10)),
        (scaled(sentinel("0509"), "blue", 0.0001, -0.1), Fraction(-1, 10)),
        (sentinel("0509", **{"earthsearch:boa_offset_applied": True}), 0),
        (sentinel("0214", **{"earthsearch:boa_offset_applied": False}), 0),
    ],
)
def test_what_the_numbers_of_sentinel2_mean(tmp_path, item, offset):
    scene = found(write(tmp_path / "item.json", item))
    assert scene.bands["blue"].values.offset == offset


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (sentinel("0509", **{"earthsearch:boa_offset_applied": False}), "earthsearch:boa_offset_applied = false"),
        (scaled(sentinel("0509"), "blue", 0.0001, 0), "offset 0.0 of the asset blue, expected 0.0001 and -0.1"),
        (scaled(sentinel("0214"), "blue", 0.0001, -0.1), "expected 0.0001 and 0 "),
        (scaled(sentinel("0400"), "blue", 1, -0.1), "says scale 1.0"),
    ],
)
def test_numbers_of_which_nobody_knows_what_they_mean_are_refused(tmp_path, item, said):
    assert said in refusal(write(tmp_path / "item.json", item))


def test_the_scale_as_version_1_1_tells_it(tmp_path):
    item = sentinel("0214")
    item["stac_version"] = "1.1.0"
    item["assets"]["blue"]["bands"] = [{"name": "B02", "raster:scale": 0.0001, "raster:offset": -0.1}]
    assert "expected 0.0001 and 0 " in refusal(write(tmp_path / "item.json", item))
    item["assets"]["blue"]["bands"] = [{"name": "B02"}]
    item["assets"]["blue"]["raster:scale"] = 0.0001
    assert found(write(tmp_path / "item.json", item)).bands["blue"].values.offset == 0


def test_bands_of_two_grids_are_not_mixed(tmp_path):
    scenes = find_scenes([write(tmp_path / "item.json", sentinel(keys=("blue", "green", "nir08", "swir16")))]).scenes
    with pytest.raises(SceneError, match=r"lie on grids of their own.* on that of 20 m nir, swir1; on that of 10 m"):
        check_series(scenes, Selection((), MaskRule((), False)))


def test_files_beside_an_item(tmp_path):
    folder = make_scene(tmp_path / "data", product(), six_band_noise(1, 5, 6))
    scene = found(write(tmp_path / "item.json", item_of(folder, "./data")))
    assert Path(scene.bands["blue"].path) == folder / f"{folder.name}_SR_B2.TIF"
    assert scene.masks
    assert scene.place == str(tmp_path / "item.json")
    (checked,) = check_series([scene], Selection(USUAL, MaskRule((), True)))
    assert (checked.checked_grid().height, checked.checked_grid().width) == (5, 6)
    whole = found(write(tmp_path / "whole.json", item_of(folder, f"file://{tmp_path}/data")))
    assert whole.bands["blue"].path == scene.bands["blue"].path


def test_a_relative_reference_of_an_item_that_was_downloaded(tmp_path):
    item = sentinel()
    item["links"] = [{"rel": "self", "href": "https://example.org/a/b/item.json?sig=x"}]
    item["assets"]["blue"]["href"] = "../B02.tif"
    assert found(write(tmp_path / "item.json", item)).bands["blue"].path == "/vsicurl/https://example.org/a/B02.tif"


def test_the_copy_on_s3_is_for_those_who_pay(tmp_path, monkeypatch):
    item = sentinel()
    item["assets"]["blue"]["alternate"] = {"s3": {"href": "s3://bucket/B02.tif"}}
    path = write(tmp_path / "item.json", item)
    monkeypatch.delenv("AWS_REQUEST_PAYER", raising=False)
    assert found(path).bands["blue"].path.startswith("/vsicurl/")
    monkeypatch.setenv("AWS_REQUEST_PAYER", "requester")
    assert found(path).bands["blue"].path == "/vsis3/bucket/B02.tif"


def test_secrets_are_known_where_files_are_opened_and_nowhere_else(tmp_path):
    item = sentinel()
    item["assets"]["blue"]["href"] = "https://me:pw@example.org/B02.tif?sig=x&se=2022"
    scene = found(write(tmp_path / "item.json", item))
    path = scene.bands["blue"].path
    assert path == "/vsicurl/https://example.org/B02.tif"
    assert scene.openings == {path: "/vsicurl/https://me:pw@example.org/B02.tif?sig=x&se=2022"}
    assert "sig=x" not in repr(scene)
    assert "pw" not in repr(scene)


def test_the_same_acquisition_on_disk_is_used_before_one_on_a_server(tmp_path):
    folder = make_scene(tmp_path / "data", product(), six_band_noise(1, 5, 6))
    item = write(tmp_path / "item.json", item_of(folder, "https://example.org"))
    result = find_scenes([item, folder])
    assert [scene.place for scene in result.scenes] == [str(folder)]
    assert any("is also in" in note for note in result.notes)


def test_of_several_items_what_cannot_be_used_is_noted(tmp_path):
    radar = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "S1A_IW_GRDH",
        "assets": {"vv": {"href": "s3://b/vv.tif"}},
    }
    path = write(tmp_path / "search.json", collection(sentinel(), radar, {**sentinel(), "stac_version": "0.9.0"}))
    result = items_in(path, Silent())
    assert len(result.candidates) == 1
    assert "of STAC '0.9.0'" in result.notes[1]
    assert "S1A_IW_GRDH" in result.notes[0]
    assert "no product that is known" in result.notes[0]


HOSTILE = [
    ("[1, 2", "cannot be read"),
    ("[]", "is no STAC document"),
    ('"Feature"', "is no STAC document"),
    ('{"type": "Catalog", "stac_version": "1.0.0", "links": []}', "is a STAC Catalog"),
    ('{"type": "FeatureCollection", "features": []}', "of no item"),
    ('{"type": "FeatureCollection", "features": {}}', "is no STAC document"),
    ('{"type": "FeatureCollection", "features": [7]}', "no STAC Item"),
    ('{"type": "Feature", "geometry": {}, "properties": {}}', "as it has no assets"),
    ('{"type": "Feature", "id": 5, "stac_version": "1.0.0", "assets": {}}', "whose id is 5"),
    ('{"type": "Feature", "id": "x", "stac_version": "2.0.0", "assets": {}}', "is of STAC '2.0.0'"),
    ('{"type": "Feature", "id": "x", "stac_version": null, "assets": {}}', "is of STAC None"),
    ('{"type": "Feature", "id": "x", "stac_version": "1.0.0", "assets": {}}', "no product that is known"),
    ('{"type": "Feature", "id": "x", "stac_version": "1.0.0", "assets": {"a": {"href": []}}}', "no product"),
    ("[" * 100_000, "cannot be read"),
    ("NaN", "is no STAC document"),
]


@pytest.mark.parametrize(("text", "said"), HOSTILE, ids=range(len(HOSTILE)))
def test_documents_that_are_no_items(tmp_path, text, said):
    path = tmp_path / "item.json"
    path.write_text(text, encoding="utf-8")
    assert said in refusal(path)


@pytest.mark.parametrize(
    "href",
    ["gs://bucket/B02.tif", "ftp://host/B02.tif", "https://", "https:///B02.tif", "http://[::1/B02.tif", "s3://bucket"],
)
def test_addresses_that_are_not_read(tmp_path, href):
    item = sentinel()
    item["assets"]["blue"]["href"] = href
    said = refusal(write(tmp_path / "item.json", item))
    assert "its asset blue" in said
    assert "https://, http:// or s3://" in said


@pytest.mark.parametrize(
    ("href", "why"),
    [
        ("/vsicurl/file:///etc/passwd", "is no address of a file"),
        ("/vsitar/x/B02.tif", "/vsitar/x/B02.tif, which is not there"),
        # A path beside the item, as anything without a scheme.
        ("GTIFF_DIR:1:/x/B02.tif", "/GTIFF_DIR:1:/x/B02.tif, which is not there"),
    ],
)
def test_ways_of_gdals_to_other_files_are_not_taken(tmp_path, href, why):
    item = sentinel(keys=("blue",))
    item["assets"]["blue"]["href"] = href
    assert why in refusal(write(tmp_path / "item.json", item))


@pytest.mark.parametrize(
    "href",
    ["s3://key:hush@bucket/B02.tif", "ftp://me:hush@host/B02.tif", "gs://b/B02.tif?sig=hush", "B02.tif?sig=hush"],
)
def test_secrets_of_addresses_that_are_refused_are_not_told(tmp_path, href):
    item = sentinel(keys=("blue",))
    item["assets"]["blue"]["href"] = href
    assert "hush" not in refusal(write(tmp_path / "item.json", item))


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("B04.TIF?sig=hush#4, band 1: IReadBlock failed", "B04.TIF, band 1: IReadBlock failed"),
        ("'/vsicurl/https://me:hush@h/a/B04.TIF?sig=hu,sh' is no file", "'/vsicurl/https://h/a/B04.TIF' is no file"),
        ("(B04.jp2?hush).", "(B04.jp2)."),
        ("scene?sv=1&sig=hush", "scene"),
        ("Is it there? 1 = 1.", "Is it there? 1 = 1."),
    ],
)
def test_no_secret_is_left_in_what_is_told(told, shown):
    assert without_secrets(told) == shown


def test_what_an_item_says_of_the_sun_may_be_anything(tmp_path):
    item = sentinel(**{"view:sun_elevation": "high", "view:sun_azimuth": [1]})
    scene = found(write(tmp_path / "item.json", item))
    assert scene.sun_elevation is None
    assert scene.sun_azimuth is None
    assert json.loads((tmp_path / "item.json").read_text())["id"] == item["id"]
