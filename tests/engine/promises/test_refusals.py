"""Every input that cannot be clustered is refused with its name, what was found, what was expected and the remedy."""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from iikmc.engine.errors import GridError, IIkMCError, SceneError
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from rasterio.transform import from_origin
from tiny import ROLES, make_scene, make_tar, product, six_band_noise, spoil

DN = np.arange(6 * 4 * 5).reshape(6, 4, 5) * 100 + 8000
ONE = product()


@pytest.fixture
def one(tmp_path):
    return make_scene(tmp_path / "in", ONE, DN, radsat=0)


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def refused(paths, *words, error=SceneError, roles=ROLES, flags=("cloud",), saturated=True):
    """Check that the paths are refused in one sentence with these words."""
    paths = [paths] if isinstance(paths, (str, Path)) else paths
    with pytest.raises(error) as caught:
        check_series(find_scenes(paths).scenes, Selection(roles, MaskRule(flags, saturated)))
    message = str(caught.value)
    for word in words:
        assert str(word) in message, message
    assert message.endswith(".")
    assert "\n" not in message
    assert isinstance(caught.value, IIkMCError)


# --- paths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paths", [[], [""], ["  ", ""]])
def test_no_path(paths):
    refused(paths, "SCENES is empty", "expected a folder")


def test_missing_path(tmp_path):
    refused(tmp_path / "nowhere", "SCENES", tmp_path / "nowhere", "does not exist", "expected a folder")


def test_a_missing_path_beside_a_good_one(one, tmp_path):
    refused([one, tmp_path / "nowhere.tar"], tmp_path / "nowhere.tar", "does not exist")


def test_file_that_is_neither(one):
    touch(one, f"{ONE}_ANG.txt")
    path = one / f"{ONE}_ANG.txt"
    refused(path, path, "is no band file of a scene, and neither its metadata nor a bundle")


def test_archive_that_is_named(tmp_path):
    path = touch(tmp_path, f"{ONE}.tar.gz") / f"{ONE}.tar.gz"
    refused(path, path, "is packed", "unpack it")


def test_metadata_file_of_a_foreign_name(tmp_path):
    path = touch(tmp_path, "my_MTL.txt") / "my_MTL.txt"
    refused(path, path, "not named after a product", "LC08_L2SP_…_MTL.txt")


def test_empty_folder(tmp_path):
    folder = touch(tmp_path / "empty")
    refused(folder, folder, "holds no scene that can be clustered", "expected a folder")


def test_foreign_folder(tmp_path):
    folder = touch(tmp_path / "sentinel", "T32_B04.jp2", "README.txt")
    refused(folder, folder, "T32_B04.jp2", "not named as a file of a product")


def test_folder_of_other_files_alone(tmp_path):
    refused(touch(tmp_path / "photos", "a.jpg"), "photos", "holds no scene that can be clustered;")


# --- bundles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no tar " * 300, b"\0" * 300], ids=["empty", "text", "zeros"])
def test_broken_bundle(tmp_path, content):
    path = tmp_path / f"{ONE}.tar"
    path.write_bytes(content)
    refused(path, path, "cannot be read as a tar bundle", "download it again or unpack it")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_bundle_of_an_interrupted_download(one, tmp_path, share):
    path = make_tar(one, tmp_path / f"{ONE}.tar")
    with open(path, "r+b") as file:
        with tarfile.open(path) as archive:
            end = max(member.offset_data + member.size for member in archive.getmembers())
        file.truncate(int(end * share))
    refused(path, path, "cannot be read as a tar bundle", "download it again")


def test_compressed_bundle(one, tmp_path):
    path = tmp_path / f"{ONE}.tar"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(one, ONE)
    refused(path, path, "cannot be read as a tar bundle", "unpack it")


def test_broken_bundle_in_a_folder_of_nothing_else(tmp_path):
    path = tmp_path / "broken.tar"
    path.write_bytes(b"no")
    refused(tmp_path, path, "cannot be read as a tar bundle")


def test_bundle_without_a_scene(tmp_path):
    path = make_tar(touch(tmp_path / "x", "a.tif"), tmp_path / "x.tar")
    refused(path, path, "holds no scene", "a.tif")


# --- products --------------------------------------------------------------------------------------------------------

LEVEL1 = product(level="L1TP")
REFUSED = {
    "Level-1": (LEVEL1, [f"{LEVEL1}_B4.TIF", f"{LEVEL1}_MTL.txt"], ["Level-1", "L1TP", "not surface reflectance"]),
    "Collection 1": (
        product(level="L1TP", collection="01"),
        ["{}_B4.TIF"],
        ["Collection 1 product", "Collection 2 Level-2"],
    ),
    "MSS": (product("LM05", level="L1TP"), ["{}_B4.TIF"], ["MSS", "no surface reflectance"]),
    "thermal only": (product("LT08"), ["{}_MTL.txt", "{}_ST_B10.TIF"], ["LT08", "no surface reflectance", "LC08"]),
    "thermal only, no MTL": (product("LT08"), ["{}_ST_B10.TIF"], ["LT08", "no surface reflectance", "LC08"]),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("way", ["folder", "parent", "tar"])
def test_other_products(kind, way, tmp_path):
    name, files, words = REFUSED[kind]
    folder = touch(tmp_path / "in" / name, *(file.format(name) for file in files))
    path = {"folder": folder, "parent": folder.parent}.get(way) or make_tar(folder, tmp_path / "x.tar")
    refused(path, name, *words)


def test_metadata_file_of_a_level_1_product(tmp_path):
    folder = touch(tmp_path / LEVEL1, f"{LEVEL1}_MTL.txt")
    refused(folder / f"{LEVEL1}_MTL.txt", LEVEL1, "Level-1")


def test_analysis_ready_data_of_collection_1(tmp_path):
    name = "LC08_CU_003009_20200802_20210502_C01_V01_SRB4.tif"
    folder = touch(tmp_path / "ard", name)
    refused(folder, name, "an Analysis Ready Data tile of Collection 1", "download that of Collection 2")
    refused(make_tar(folder, tmp_path / "ard.tar"), name, "an Analysis Ready Data tile of Collection 1")


# --- metadata --------------------------------------------------------------------------------------------------------


def test_metadata_of_another_product(one, tmp_path):
    other = make_scene(tmp_path / "other", product(day="20220527"), DN)
    shutil.copy(other / f"{other.name}_MTL.txt", one / f"{ONE}_MTL.txt")
    refused(one, f"Scene {ONE}", f"{ONE}_MTL.txt", f"of the product {other.name}", "files of one product")


@pytest.mark.parametrize("text", ["", "nonsense", "\x00\xff\x00", "<<<", "{broken"])
def test_broken_metadata(one, text):
    (one / f"{ONE}_MTL.txt").write_text(text)
    refused(one, f"Scene {ONE}", f"{ONE}_MTL.txt", "cannot be read", "download it again or remove it")


def test_metadata_with_another_scale(one):
    path = one / f"{ONE}_MTL.txt"
    path.write_text(path.read_text().replace("REFLECTANCE_MULT_BAND_4 = 2.75e-05", "REFLECTANCE_MULT_BAND_4 = 0.0001"))
    refused(one, ONE, path.name, "REFLECTANCE_MULT_BAND_4 = 0.0001", "expected 2.75e-05")


def test_metadata_with_another_scale_in_a_bundle(one, tmp_path):
    test_metadata_with_another_scale(one)
    refused(make_tar(one, tmp_path / "x.tar", "./"), ONE, "REFLECTANCE_MULT_BAND_4 = 0.0001")


# --- files of a scene ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "number"), [(ONE, 4), (product("LT05"), 3)])
def test_missing_band(tmp_path, name, number):
    folder = make_scene(tmp_path, name, DN)
    (folder / f"{name}_SR_B{number}.TIF").unlink()
    refused(folder, f"Scene {name}", "red band", f"{name}_SR_B{number}.TIF is missing in {folder}", "leave red out")
    check_series(find_scenes([folder]).scenes, Selection(("blue", "nir"), MaskRule(("cloud",), True)))


def test_missing_quality_band(tmp_path):
    folder = make_scene(tmp_path, ONE, DN, qa=None)
    refused(folder, f"Scene {ONE}", f"{ONE}_QA_PIXEL.TIF is missing in {folder}", "MASK", "choose no flag")
    (scene,) = check_series(find_scenes([folder]).scenes, Selection(ROLES, MaskRule((), True)))
    assert scene.masks == ()


def test_scene_of_quality_bands_alone(tmp_path):
    folder = make_scene(tmp_path, ONE, DN)
    for path in folder.glob("*_SR_B*"):
        path.unlink()
    refused(folder, f"Scene {ONE}", "blue band", "is missing")


def test_a_band_that_the_sensor_does_not_record(one):
    words = (
        f"Scene {ONE}",
        "Landsat 8 OLI",
        "has no rededge1",
        "all scenes have are blue, green, red, nir, swir1, swir2",
    )
    refused(one, *words, "leave rededge1 out of BANDS", roles=("red", "rededge1"))


def write(path, array, crs="EPSG:32633", origin=(465285.0, 5264715.0), cell=30.0, **profile):
    array = np.asarray(array)
    array = array[None] if array.ndim == 2 else array
    profile = {
        "driver": "GTiff",
        "dtype": array.dtype,
        "crs": crs,
        "transform": from_origin(*origin, cell, cell),
    } | profile
    count, height, width = array.shape
    with rasterio.open(path, "w", count=count, height=height, width=width, **profile) as dataset:
        dataset.write(array)


GOOD = np.full((4, 5), 9000, np.uint16)
OTHER_GRIDS = {
    "size": ({"array": np.full((4, 6), 9000, np.uint16)}, "6 x 4 pixels"),
    "pan-sized": ({"array": np.full((8, 10), 9000, np.uint16), "cell": 15.0}, "10 x 8 pixels"),
    "origin": ({"array": GOOD, "origin": (465315.0, 5264715.0)}, "5 x 4 pixels at (465315, 5264715)"),
    "half a pixel": ({"array": GOOD, "origin": (465285.0, 5264700.0)}, "at (465285, 5264700)"),
    "cell": ({"array": GOOD, "cell": 30.1}, "5 x 4 pixels"),
    "zone": ({"array": GOOD, "crs": "EPSG:32632"}, "EPSG:32632"),
    "no CRS": ({"array": GOOD, "crs": None}, "no CRS"),
}


@pytest.mark.parametrize("file", ["SR_B5", "QA_PIXEL", "QA_RADSAT"])
@pytest.mark.parametrize("kind", OTHER_GRIDS)
def test_files_of_different_grids(one, kind, file):
    options, words = OTHER_GRIDS[kind]
    path = one / f"{ONE}_{file}.TIF"
    path.unlink()
    write(path, **options)
    refused(one, f"Scene {ONE}", path.name, words, f"{ONE}_SR_B2.TIF is 5 x 4 pixels", "one grid", error=GridError)


def test_a_grid_off_by_rounding_is_the_same_grid(one):
    path = one / f"{ONE}_SR_B5.TIF"
    write(path, GOOD, origin=(465285.001, 5264714.999))
    check_series(find_scenes([one]).scenes, Selection(ROLES, MaskRule((), True)))


def test_saturation_band_of_another_grid_does_not_matter_where_it_is_not_used(one):
    write(one / f"{ONE}_QA_RADSAT.TIF", np.zeros((2, 2), np.uint16))
    check_series(find_scenes([one]).scenes, Selection(ROLES, MaskRule((), False)))
    refused(one, f"{ONE}_QA_RADSAT.TIF", error=GridError)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((4, 5), 0.1, np.float32), "1 band of float32"),
        (np.full((4, 5), 9, np.uint8), "1 band of uint8"),
        (np.full((4, 5), 9000, np.int16), "1 band of int16"),
        (np.full((3, 4, 5), 9000, np.uint16), "3 bands of uint16"),
    ],
)
@pytest.mark.parametrize("file", ["SR_B5", "QA_PIXEL"])
def test_files_of_another_kind(one, array, words, file):
    path = one / f"{ONE}_{file}.TIF"
    write(path, array)
    refused(one, f"Scene {ONE}", path.name, words, "expected one of uint16", "as USGS delivers it")


@pytest.mark.parametrize("content", [b"", b"junk", b"II*\0junkjunkjunk", b"<html>404</html>"])
@pytest.mark.parametrize("file", ["SR_B2", "SR_B5", "QA_PIXEL", "QA_RADSAT"])
def test_junk_files(one, content, file):
    path = one / f"{ONE}_{file}.TIF"
    path.write_bytes(content)
    refused(one, f"Scene {ONE}", path.name, "cannot be opened as a raster", "download the scene again")


@pytest.mark.parametrize("file", ["SR_B5", "QA_PIXEL"])
def test_damaged_file_is_named_when_it_is_read(tmp_path, file, request_of):
    name = product()
    folder = make_scene(tmp_path / "in", name, six_band_noise(1, 300, 300), np.full((300, 300), 21824), tile=16)
    path = folder / f"{name}_{file}.TIF"
    spoil(path)
    with pytest.raises(SceneError) as caught:
        cluster(request_of(folder, k=2))
    message = str(caught.value)
    assert message.startswith(f"Scene {name}: {path.name} cannot be read at rows ")
    assert re.search(r"rows \d+-\d+ \(.+\); the file is damaged or incomplete, download the scene again\.$", message)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("compress", ["NONE", "DEFLATE"])
@pytest.mark.parametrize("file", ["SR_B5", "QA_PIXEL"])
def test_truncated_file_is_named_before_anything_is_read(one, file, compress, tmp_path):
    path = make_scene(tmp_path / "cut", ONE, six_band_noise(1, 40, 40), 21824, compress=compress) / f"{ONE}_{file}.TIF"
    with open(path, "r+b") as handle:
        handle.truncate(path.stat().st_size - 7)
    refused(path.parent, f"Scene {ONE}", path.name, "7 bytes are missing", "incomplete, download the scene again")


def test_scene_errors_are_value_errors_too():
    # So that a caller who knows nothing of the engine can catch them.
    assert issubclass(SceneError, ValueError)
    assert issubclass(GridError, SceneError)
