"""Products of every family, written from one view: named and typed as the makers', and all mean the same ground."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import rasterio
from iikmc.benchmarks.simulation import SceneSpec, simulate_scene
from iikmc.benchmarks.simulation.views import Site, landsat_dn, view_of
from independent import (
    Reading,
    dn_of,
    read,
    read_geotiff,
    read_hls,
    read_landsat,
    read_planetscope,
    read_sentinel2,
)
from known_ground import FOUR, L30, S30, Product, known_view, write_products

READERS: dict[str, Callable[..., Reading]] = {
    "landsat": read_landsat,
    "ard": read_landsat,
    "hls l30": read_hls,
    "hls s30": read_hls,
    "sentinel-2 safe": read_sentinel2,
    "sentinel-2 zip": read_sentinel2,
    "planetscope 4": read_planetscope,
    "planetscope 8": read_planetscope,
    "geotiff": lambda path, roles: read_geotiff(path, roles, FOUR),
}
COMMON_FLAGS = ("cloud", "cloud shadow", "snow or ice")


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Product]:
    return write_products(tmp_path_factory.mktemp("known_ground"), known_view())


@pytest.mark.parametrize("family", READERS)
def test_every_product_means_the_same_ground(products, family):
    product, view = products[family], known_view()
    reading = READERS[family](product.where, product.roles)
    assert np.array_equal(reading.fill, view.fill)
    for role, dn in zip(product.roles, reading.dn):
        assert np.array_equal(dn, np.where(view.fill, 0, landsat_dn(view.reflectance[role]))), role
    assert not reading.cut.any()
    if reading.flags:
        masked = np.logical_or.reduce([view.where(flag) for flag in COMMON_FLAGS]) | view.fill
        assert np.array_equal(reading.valid(COMMON_FLAGS, saturated=False), ~masked)


def test_dn_of_ten_thousandths_by_hand():
    # A reflectance of 0 is 0.2/0.0000275 = 7272.7, of 1 is 43636.4, of 0.0001 is 7276.4, of -0.2 is 0, which is fill.
    stored = np.array([0, 10000, 1, -2000, -9999, 15000], np.int32)
    dn, cut = dn_of(stored, Fraction(1, 10_000), Fraction(0), -9999)
    assert dn.tolist() == [7273, 43636, 7276, 1, 0, 61818]
    assert cut.tolist() == [False, False, False, True, False, False]
    assert landsat_dn(stored[[0, 1, 2, 3, 5]]).tolist() == [7273, 43636, 7276, 1, 61818]


def test_files_are_stored_as_the_makers_do(products):
    with rasterio.open(next(products["hls s30"].where.glob("*.B8A.tif"))) as dataset:
        assert (dataset.dtypes, dataset.nodata, dataset.scales) == (("int16",), -9999, (0.0001,))
        assert dataset.tags()["scale_factor"] == "0.0001"
    safe = products["sentinel-2 safe"].where
    names = sorted(path.relative_to(safe).as_posix() for path in safe.rglob("*.jp2"))
    assert names[0] == ("GRANULE/L2A_T33TVN_A042550_20220703T100029/IMG_DATA/R10m/T33TVN_20220703T100029_B02_10m.jp2")
    with rasterio.open(safe / names[0]) as dataset:
        assert (dataset.driver, dataset.dtypes, dataset.res) == ("JP2OpenJPEG", ("uint16",), (10, 10))
    with zipfile.ZipFile(products["sentinel-2 zip"].where) as archive:
        assert any(name.endswith(".SAFE/MTD_MSIL2A.xml") for name in archive.namelist())
        assert not any("_B01_20m" in name for name in archive.namelist())  # came with the baseline 04.00
    with rasterio.open(products["planetscope 8"].where) as dataset:
        assert (dataset.count, dataset.dtypes[0], dataset.nodata) == (8, "uint16", 0)
    assert products["planetscope 8"].where.name == "20220701_095522_43_24b3_3B_AnalyticMS_SR_8b_clip.tif"


def test_numbers_of_one_band_mean_two_in_hls(products):
    nir, edge = (
        read(products[name].where / f"{scene}.B05.tif") for name, scene in (("hls l30", L30), ("hls s30", S30))
    )
    view = known_view()
    assert np.array_equal(nir[~view.fill], view.reflectance["nir"][~view.fill])
    assert np.array_equal(edge[~view.fill], view.reflectance["rededge1"][~view.fill])


def test_the_landscape_is_the_same_in_pixels_of_other_sizes(tmp_path: Path):
    spec = SceneSpec(
        "LC08_L2SP_190027_20220628_20220714_02_T1", 32633, (477000.0, 5253000.0), 60, 60, footprint=1, cloud_cover=0,
        cirrus_cover=0,
    )  # fmt: skip
    coarse = view_of(simulate_scene(spec))
    fine = view_of(simulate_scene(replace(spec, width=180, height=180, cell=10.0)))
    means = fine.reflectance["nir"].reshape(60, 3, 60, 3).mean(axis=(1, 3))
    assert np.corrcoef(means.ravel(), coarse.reflectance["nir"].ravel())[0, 1] > 0.9
    assert Site("EPSG:32633", spec.origin, 30.0).finer(3).transform == spec.transform * spec.transform.scale(1 / 3)
