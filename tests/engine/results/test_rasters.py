"""The classified rasters, read back with rasterio and with GDAL's own tools."""

from __future__ import annotations

import json
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from iikmc.engine.pixels.packing import pack, unmask
from iikmc.engine.results.geotiff import Band, Rows, write_raster
from iikmc.engine.results.palette import class_colours
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.scene import PixelGrid
from tiny import make_scene, product, read_json, read_raster, six_band_noise

DN = [[8000, 8000, 0, 20_000, 20_000, 30_000]]
CLASSES = [[1, 1, 0, 2, 2, 3]]


@pytest.fixture
def small(tmp_path, request_of):
    path = make_scene(tmp_path, product(), DN, crs="EPSG:32733", origin=(300_000.0, -1_000_000.0))
    return cluster(request_of(path, k=3))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A scene of 700 x 520 pixels: tiled, with overviews."""
    from iikmc.engine.requests import Request
    from iikmc.engine.scenes.selection import MaskRule

    folder = tmp_path_factory.mktemp("large")
    dn = six_band_noise(3, 520, 700)
    dn[:, 100:200, 300:500] = 0
    path = make_scene(folder, product(), dn, tile=128)
    request = Request((str(path),), folder / "out", k=5, mask=MaskRule((), True), max_iterations=3)
    return cluster(request), path


def test_classes_and_nodata(small):
    (path,) = small.rasters
    assert path == small.output / f"{product()}_classes.tif"
    assert read_raster(path).tolist() == CLASSES
    with rasterio.open(path) as dataset:
        assert (dataset.count, dataset.dtypes, dataset.nodata) == (1, ("uint8",), 0)
        assert (dataset.width, dataset.height) == (6, 1)
        assert dataset.crs.to_epsg() == 32733
        assert dataset.transform[:6] == (30.0, 0.0, 300_000.0, 0.0, -30.0, -1_000_000.0)
        assert dataset.read_masks(1).tolist() == [[255, 255, 0, 255, 255, 255]]
        assert dataset.overviews(1) == []


def test_colour_table_and_legends_are_those_of_the_signatures(small):
    (path,) = small.rasters
    colours = [record["colour"] for record in read_json(small.signatures)["classes"]]
    expected = class_colours(small.fit.centres, ("blue", "green", "red", "nir", "swir1", "swir2"))
    assert colours == ["#{:02x}{:02x}{:02x}".format(*colour) for colour in expected]
    with rasterio.open(path) as dataset:
        table = dataset.colormap(1)
        assert dataset.colorinterp[0].name == "palette"
        assert dataset.descriptions == ("Class",)
        tags = dataset.tags()
    assert table[0] == (0, 0, 0, 0)
    assert [table[j] for j in (1, 2, 3)] == [(*colour, 255) for colour in expected]
    assert tags["LANDSAT_PRODUCT_ID"] == product()
    assert tags["CLASS_NAMES"] == "1=Class 1; 2=Class 2; 3=Class 3"
    assert tags["TIFFTAG_DATETIME"] == "2022:05:11 00:00:00"
    qml = ElementTree.parse(path.with_suffix(".qml"))
    entries = [(e.get("value"), e.get("label"), e.get("color")) for e in qml.iter("paletteEntry")]
    assert entries == [(str(j + 1), f"Class {j + 1}", colour) for j, colour in enumerate(colours)]


def test_gdal_tells_the_category_names(small):
    if not shutil.which("gdalinfo"):
        pytest.skip("gdalinfo is not installed")
    (path,) = small.rasters
    info = json.loads(subprocess.run(["gdalinfo", "-json", str(path)], capture_output=True, check=True).stdout)
    (band,) = info["bands"]
    assert band["categories"] == ["No data", "Class 1", "Class 2", "Class 3"]
    assert (band["type"], band["noDataValue"], band["colorInterpretation"]) == ("Byte", 0.0, "Palette")


def test_large_rasters_are_tiled_compressed_and_have_overviews(large):
    result, scene = large
    (path,) = result.rasters
    with rasterio.open(path) as dataset:
        assert dataset.block_shapes == [(256, 256)]
        assert dataset.compression.name == "deflate"
        # Down to the first that fits one tile: 350 and 175 pixels wide.
        assert dataset.overviews(1) == [2, 4]
        classes = dataset.read(1)
        half = dataset.read(1, out_shape=(260, 350))
    with rasterio.open(next(scene.glob("*_SR_B2.TIF"))) as band:
        assert np.array_equal(classes == 0, band.read(1) == 0)
    assert not path.with_suffix(".tif.ovr").exists()
    # Overviews show real classes, never an average: every value is one of the four pixels it stands for.
    blocks = classes.reshape(260, 2, 350, 2).transpose(0, 2, 1, 3).reshape(260, 350, 4)
    assert (blocks == half[:, :, None]).any(axis=2).all()
    assert set(np.unique(half)) == {0, 1, 2, 3, 4, 5}


def test_overviews_hold_dates_to_the_day(tmp_path):
    """GDAL makes overviews of wide whole numbers in float32, which would draw 2022-11-19 as a day without a colour."""
    from iikmc.engine.pixels.strips import ROW_MULTIPLE
    from iikmc.engine.scenes.coordinates import crs_of

    assert np.float32(20221119) == 20221120
    days = np.random.default_rng(5).choice(np.array([0, 20211231, 20221119, 20230101], np.int32), (1101, 1205))
    transform = (30.0, 0.0, 300_000.0, 0.0, -30.0, 5_000_000.0)
    grid = PixelGrid(1205, 1101, transform, crs_of("EPSG:32633", "CRS"), ROW_MULTIPLE)
    write_raster(tmp_path / "days.tif", grid, Band("Last change", "int32", {}), [Rows(0, days)])
    with rasterio.open(tmp_path / "days.tif") as dataset:
        assert dataset.overviews(1) == [2, 4, 8]
        np.testing.assert_array_equal(dataset.read(1), days)
    for level, factor in enumerate((2, 4, 8)):
        with rasterio.open(tmp_path / "days.tif", overview_level=level) as overview:
            np.testing.assert_array_equal(overview.read(1), days[::factor, ::factor])


def test_every_scene_keeps_its_own_grid(small_series, request_of):
    result = cluster(request_of(*small_series, k=4))
    assert [scene.id for scene in result.scenes] == [path.stem[:40] for path in result.rasters]
    for scene, path in zip(result.scenes, result.rasters):
        with rasterio.open(scene.bands["red"].path) as band, rasterio.open(path) as classes:
            assert classes.crs == band.crs
            assert classes.transform == band.transform
            assert (classes.width, classes.height) == (band.width, band.height)
    tables = []
    for path in result.rasters:
        with rasterio.open(path) as dataset:
            tables.append(dataset.colormap(1))
    assert tables[0] == tables[1] == tables[2]
    assert len({path.with_suffix(".qml").read_text() for path in result.rasters}) == 1


def test_a_scene_without_crs_is_written_without(tmp_path, request_of):
    name = product()
    path = make_scene(tmp_path, name, DN)
    for file in path.glob("*.TIF"):
        with rasterio.open(file) as dataset:
            array, profile = dataset.read(), dataset.profile
        profile["crs"] = None
        with rasterio.open(file, "w", **profile) as dataset:
            dataset.write(array)
    result = cluster(request_of(path, k=3))
    with rasterio.open(result.rasters[0]) as dataset:
        assert dataset.crs is None
        assert dataset.read(1).tolist() == CLASSES


def test_254_classes(tmp_path, request_of):
    dn = np.linspace(7000, 60_000, 254 * 3).round().reshape(3, 254)
    result = cluster(request_of(make_scene(tmp_path, product(), dn), k=254, max_iterations=2))
    classes = read_raster(result.rasters[0])
    assert (classes.min(), classes.max()) == (1, 254)
    # Dark to bright: the class never falls as the DN rises.
    assert (np.diff(classes.reshape(-1).astype(int)) >= 0).all()
    with rasterio.open(result.rasters[0]) as dataset:
        table = dataset.colormap(1)
    assert len({table[j] for j in range(1, 255)}) == 254


def test_pack_and_unmask_are_each_others_inverse():
    rng = np.random.default_rng(1)
    for height, width in ((1, 1), (3, 5), (7, 8), (4, 33)):
        valid = rng.random((height, width)) < 0.6
        bands = rng.integers(1, 255, (2, height, width)).astype(np.uint16)
        dn = pack(bands, valid)
        assert np.array_equal(dn, bands[:, valid])
        back = unmask(np.packbits(valid), dn[0].astype(np.uint8), height, width)
        assert np.array_equal(back, np.where(valid, bands[0], 0))
        assert np.array_equal(pack(bands, np.ones_like(valid)), bands.reshape(2, -1))
        assert pack(bands, np.zeros_like(valid)).shape == (2, 0)
