"""Products of every family are found, or refused with the remedy, by names and metadata alone; most files are empty."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import rasterio
from iikmc.engine.errors import ParameterError, SceneError
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from rasterio.transform import from_origin

S30 = "HLS.S30.T33TVN.2022174T100031.v2.0"
S2 = "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527"
PLANET = "20220701_095522_43_24b3"
SIX = ("blue", "green", "red", "nir", "swir1", "swir2")


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def mtd(product=S2, offset="-1000", more=""):
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{n}">{offset}</BOA_ADD_OFFSET>' for n in range(13)) if offset else ""
    return (
        f"<n1:P><PRODUCT_URI>{product}.SAFE</PRODUCT_URI>"
        f"<BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>{offsets}{more}</n1:P>"
    )


def safe(folder, product=S2, text=None, granules=1, name=None):
    whole = folder / (name or f"{product}.SAFE")
    start = "T33TVN_20220703T100029"
    for number in range(granules):
        images = f"GRANULE/L2A_T33TVN_A{number:06}_20220703T100029/IMG_DATA"
        bands = [
            f"{images}/R20m/{start}_{band}_20m.jp2" for band in ("B02", "B03", "B04", "B05", "B8A", "B11", "B12", "SCL")
        ]
        bands += [f"{images}/R10m/{start}_{band}_10m.jp2" for band in ("B02", "B03", "B04", "B08")]
        touch(whole, *bands)
    if text != "":
        (whole / "MTD_MSIL2A.xml").write_text(text or mtd(product))
    return whole


def one(*paths, **more):
    [scene] = find_scenes(paths, **more).scenes
    return scene


def refusal(*paths, **more):
    with pytest.raises(SceneError) as caught:
        find_scenes(paths, **more)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


# --- Sentinel-2 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way", ["folder", "parent", "inside", "band", "metadata", "without ending", "zip", "tar named"]
)
def test_a_safe_however_it_is_named(way, tmp_path):
    whole = safe(tmp_path / "in", name="shorter" if way == "without ending" else None)
    images = next(whole.rglob("R20m"))
    path = {
        "folder": whole, "parent": whole.parent, "inside": images, "band": next(images.iterdir()),
        "metadata": whole / "MTD_MSIL2A.xml", "without ending": whole,
    }.get(way)  # fmt: skip
    if path is None:
        path = tmp_path / (f"{S2}.zip" if way == "zip" else "order.zip")
        with zipfile.ZipFile(path, "w") as archive:
            for file in whole.rglob("*"):
                archive.write(file, f"{whole.name}/{file.relative_to(whole)}")
    scene = one(path)
    assert (scene.id, scene.title, scene.sensor_name) == (S2, "2022-07-03 S2B 33TVN", "Sentinel-2B MSI")
    assert {role: scene.bands[role].path[-11:] for role in SIX} == {
        "blue": "B02_20m.jp2", "green": "B03_20m.jp2", "red": "B04_20m.jp2", "nir": "B8A_20m.jp2",
        "swir1": "B11_20m.jp2", "swir2": "B12_20m.jp2",
    }  # fmt: skip
    assert {band.values.offset for band in scene.bands.values()} == {Fraction(-1, 10)}
    assert [(mask.kind, mask.path[-11:]) for mask in scene.masks] == [("SCL", "SCL_20m.jp2")]
    [other] = scene.others
    assert set(other.bands) == {"blue", "green", "red", "nir_broad"}
    assert all(path.startswith("/vsizip/") == (path.count(".zip/") == 1) for path in scene.files)


def test_the_offset_is_never_that_of_the_date(tmp_path):
    old = S2.replace("2022", "2018")
    assert one(safe(tmp_path / "a", old, mtd(old))).bands["red"].values.offset == Fraction(-1, 10)
    assert one(safe(tmp_path / "b", S2, mtd(offset=""))).bands["red"].values.offset == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "MTD_MSIL2A.xml, which tells what the numbers of its bands mean, is missing"),
        ("<a>", "the metadata file MTD_MSIL2A.xml cannot be read (it ends before its element 'a' does)"),
        (mtd(S2.replace("33TVN", "33TWN")), "is of the product S2B_MSIL2A_20220703T100029_N0400_R122_T33TWN_"),
        (mtd().replace('band_id="8"', 'band_id="88"'), "0 elements BOA_ADD_OFFSET of band_id 8"),
    ],
)
def test_a_safe_whose_numbers_nobody_knows(text, words, tmp_path):
    message = refusal(safe(tmp_path, text=text))
    assert message.startswith(f"Scene {S2}: ")
    assert words in message


def test_level_1c_and_several_granules(tmp_path):
    level_1 = S2.replace("L2A", "L1C")
    touch(tmp_path / f"{level_1}.SAFE", "GRANULE/L1C_T33TVN/IMG_DATA/T33TVN_20220703T100029_B02.jp2")
    assert f"{level_1} is a Level-1C product" in refusal(tmp_path / f"{level_1}.SAFE")
    assert "holds 2 granules" in refusal(safe(tmp_path / "old", granules=2))


def test_bands_outside_of_their_safe(tmp_path):
    folder = touch(tmp_path / "R20m", "T33TVN_20220703T100029_B8A_20m.jp2")
    for path in (folder, folder / "T33TVN_20220703T100029_B8A_20m.jp2"):
        assert "a band of Sentinel-2 outside of its SAFE" in refusal(path)


def test_bands_of_two_grids_are_not_mixed(tmp_path):
    scene = one(safe(tmp_path))
    with pytest.raises(
        SceneError, match=r"lie on grids of their own, and nothing is resampled; .* 20 m blue, .* 10 m blue"
    ):
        check_series([scene], Selection(("swir1", "nir_broad"), MaskRule((), False)))


@pytest.mark.parametrize("fault", ["encrypted", "twice", "packing", "two products", "cut"])
def test_a_zip_that_is_odd(fault, tmp_path, recwarn):
    path = tmp_path / f"{S2}.SAFE.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2 if fault == "packing" else zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{S2}.SAFE/MTD_MSIL2A.xml", mtd())
        if fault == "twice":
            archive.writestr(f"{S2}.SAFE/MTD_MSIL2A.xml", mtd())
        if fault == "two products":
            archive.writestr(f"{S2.replace('33TVN', '33TWN')}.SAFE/MTD_MSIL2A.xml", mtd())
    data = bytearray(path.read_bytes())
    if fault == "encrypted":
        data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data[: len(data) // 2] if fault == "cut" else data)
    words = {"encrypted": "is encrypted", "twice": "is in it twice", "packing": "packed by the method 12",
             "two products": "2 products are in it", "cut": "not a zip file"}  # fmt: skip
    message = refusal(path)
    assert "cannot be read as a zip file" in message
    assert words[fault] in message


# --- HLS -------------------------------------------------------------------------------------------------------------


def test_granules_of_hls_in_one_folder(tmp_path):
    l30 = "HLS.L30.T33TVN.2022179T095830.v2.0"
    touch(tmp_path, *(f"{S30}.{band}.tif" for band in ("B02", "B03", "B04", "B05", "B8A", "B11", "B12", "Fmask")))
    touch(tmp_path, *(f"{l30}.{band}.tif" for band in ("B02", "B03", "B04", "B05", "B06", "B07", "B10", "Fmask")))
    first, second = find_scenes([tmp_path]).scenes
    assert (first.id, second.id) == (S30, l30)
    # B05 is red edge on S30 and near infrared on L30.
    assert first.bands["nir"].path.endswith(f"{S30}.B8A.tif")
    assert second.bands["nir"].path.endswith(f"{l30}.B05.tif")
    assert (first.masks[0].kind, first.bands["red"].values.fill) == ("Fmask", -9999)


def test_a_granule_of_hls_in_capitals_and_in_small_letters_is_one(tmp_path):
    bands = ("B02", "B03", "B04", "B8A", "B11", "B12", "Fmask")
    for number, name in enumerate((S30, S30.lower())):
        touch(tmp_path / str(number), *(f"{name}.{band}.tif" for band in bands))
    found = find_scenes([tmp_path])
    assert len(found.scenes) == 1
    assert "is the same acquisition" in " ".join(found.notes)


def test_hls_of_version_1(tmp_path):
    name = "HLS.S30.T33TVN.2018174T100031.v1.4"
    message = refusal(touch(tmp_path, f"{name}.B04.tif"))
    assert f"{name} is of HLS v1.4, whose masks and corrections differ; download version 2.0" in message


# --- PlanetScope -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behind", ["", "_clip", "_harmonized", "_harmonized_clip"])
@pytest.mark.parametrize("bands", ["", "_8b"])
def test_planetscope(bands, behind, tmp_path):
    udm2 = f"{PLANET}_3B_udm2{'_clip' if 'clip' in behind else ''}.tif"
    scene = one(touch(tmp_path, f"{PLANET}_3B_AnalyticMS_SR{bands}{behind}.tif", udm2))
    expected = {"blue": 2, "green": 4, "red": 6, "nir": 8} if bands else {"blue": 1, "green": 2, "red": 3, "nir": 4}
    assert {role: scene.bands[role].band for role in expected} == expected
    assert len(scene.files) == 2
    assert scene.told == {"snow or ice", "cloud shadow", "cirrus", "cloud", "fill"}


def test_planetscope_without_the_mask_that_is_read(tmp_path):
    scene = one(touch(tmp_path, f"{PLANET}_3B_AnalyticMS_SR.tif", f"{PLANET}_3B_AnalyticMS_SR_DN_udm.tif"))
    with pytest.raises(SceneError) as caught:
        check_series([scene], Selection(("red",), MaskRule(("cloud",), False)))
    assert f"{PLANET}_3B_udm2.tif is missing" in str(caught.value)
    assert "order the asset ortho_udm2 (the old mask, udm, is not read), or choose no flag in MASK." in str(
        caught.value
    )


def test_radiance_of_planetscope(tmp_path):
    message = refusal(touch(tmp_path, f"{PLANET}_3B_AnalyticMS.tif", f"{PLANET}_3B_AnalyticMS_DN_udm.tif"))
    assert f"{PLANET} is radiance at the sensor" in message
    assert "ortho_analytic_4b_sr" in message


# --- rasters of no family, and a user's own sheet --------------------------------------------------------------------


def raster(path, descriptions=("blue", "nir"), dtype="int16", scale=0.0001, offset=0.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=4, height=3, count=len(descriptions), dtype=dtype, crs="EPSG:32633",
        transform=from_origin(500_000, 5_300_000, 30, 30),
    ) as dataset:  # fmt: skip
        dataset.write(np.full((len(descriptions), 3, 4), 1, dtype))
        dataset.descriptions = descriptions
        dataset.scales, dataset.offsets = [scale] * len(descriptions), [offset] * len(descriptions)
    return path


@pytest.mark.parametrize("named", ["file", "folder"])
def test_a_raster_whose_bands_are_described(named, tmp_path):
    path = raster(tmp_path / "farm_2022-06-28.tif", ("Blue", "", "NIR broad", "nir"), offset=-0.1)
    raster(tmp_path / "farm_2022-06-28_mask.tif", ("",), "uint8")
    scene = one(path if named == "file" else tmp_path)
    assert (scene.id, scene.title) == ("farm_2022-06-28", "2022-06-28 GeoTIFF farm")
    assert {role: band.band for role, band in scene.bands.items()} == {"blue": 1, "nir": 4, "nir_broad": 3}
    assert (scene.bands["nir"].values.scale, scene.bands["nir"].values.offset) == (
        Fraction(1, 10_000),
        Fraction(-1, 10),
    )
    assert scene.told == {"cloud"}


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("farm.tif", {}, "its name tells no date"),
        (
            "farm_2022-06-28.tif",
            {"descriptions": ("", "1")},
            "is described as a role, expected descriptions such as blue",
        ),
        ("farm_2022-06-28.tif", {"descriptions": ("red", "red")}, "two bands of"),
        ("farm_2022-06-28.tif", {"scale": 1.0}, "stores whole numbers and tells no scale to reflectance"),
    ],
)
def test_a_raster_that_tells_too_little(name, more, words, tmp_path):
    path = raster(tmp_path / name, **more)
    assert words in refusal(path)
    assert words in refusal(tmp_path)


def test_two_rasters_of_one_name(tmp_path):
    paths = [raster(tmp_path / side / "2022-06-28.tif") for side in ("east", "west")]
    assert one(paths[0], paths[0]).id == "2022-06-28"
    assert "results are named after it; rename one of them" in refusal(*paths)


def test_beside_products_of_a_family_no_raster_is_opened(tmp_path):
    touch(tmp_path, f"{S30}.B04.tif", "dem_2022-06-28.tif")
    assert one(tmp_path).id == S30


def test_a_sheet_of_a_user_comes_first(tmp_path):
    sheet = {
        "format": "iikmc-sensor", "version": 1, "title": "Fusion", "product": "(?P<acquired>\\d{4}-\\d{2}-\\d{2})",
        "files": [{"name": ""}], "bands": [{"roles": {"blue": {"band": 1}, "red": {"band": 3}}}],
        "values": {"fill": 0, "scale": "0.0001", "offset": "0"},
    }  # fmt: skip
    path = tmp_path / "fusion.json"
    path.write_text(json.dumps(sheet))
    folder = touch(tmp_path / "PF-SR", "2020-08-08.tif", "2020-08-09.tif", "notes.tif")
    scenes = find_scenes([folder], sheet=path).scenes
    assert [scene.id for scene in scenes] == ["2020-08-08", "2020-08-09"]
    assert {role: band.band for role, band in scenes[0].bands.items()} == {"blue": 1, "red": 3}
    with pytest.raises(SceneError, match="its sheet tells no mask, and MASK needs one; choose no flag in MASK"):
        check_series(scenes, Selection(("red",), MaskRule(("cloud",), False)))
    path.write_text("{}")
    with pytest.raises(ParameterError, match=r"^SHEET: in fusion\.json"):
        find_scenes([folder], sheet=path)
