"""Products of every family, through the front door: what an independent reader finds in the files is what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from iikmc.engine import AuditRequest, ClassifyRequest, MaskRule, Request, audit, classify, cluster, find_scenes
from independent import (
    FLAGS,
    Reading,
    read_geotiff,
    read_hls,
    read_landsat,
    read_planetscope,
    read_sentinel2,
)
from known_ground import FOUR, SIX, Product, known_view, write_products
from tiny import KERNELS, ids, read_json, read_raster

READERS = {
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
# What all families tell; the mask of a plain raster tells no more than that a pixel is bad, which is called cloud.
COMMON = ("cloud", "cloud shadow", "snow or ice")
# Two products of one scene cannot be in one run: it is taken once.
MIXED = tuple(family for family in READERS if family != "planetscope 4")


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Product]:
    return write_products(tmp_path_factory.mktemp("every_sensor"), known_view())


@pytest.fixture(scope="module")
def mixed(products, tmp_path_factory):
    """One run of one product of each family, with the bands that all have."""
    output = tmp_path_factory.mktemp("mixed")
    scenes = tuple(str(products[family].given) for family in MIXED)
    return cluster(Request(scenes, output, MaskRule(COMMON, True), k=4, tolerance=0, workers=1))


def reading_of(product: Product, roles: tuple[str, ...]) -> Reading:
    return READERS[product.family](product.where, roles)


def centres_of(result) -> list[list[int]]:
    return read_json(result.signatures)["centres"]


def raster_of(output: Path, product: Product) -> np.ndarray:
    return read_raster(output / f"{product.scene}_classes.tif")


@pytest.mark.parametrize("family", READERS)
def test_a_family_alone(products, tmp_path, family):
    product = products[family]
    result = cluster(Request((str(product.given),), tmp_path / "out", MaskRule(COMMON, True), k=3, workers=1))
    assert [scene.id for scene in result.scenes] == [product.scene]
    assert tuple(read_json(result.signatures)["bands"]) == product.roles
    expected = reading_of(product, product.roles).labels(centres_of(result), COMMON)
    assert np.array_equal(raster_of(result.output, product), expected)
    assert len(np.unique(expected)) > 2


def test_all_families_together(products, mixed):
    signatures = read_json(mixed.signatures)
    assert tuple(signatures["bands"]) == FOUR
    assert {scene["id"] for scene in signatures["run"]["scenes"]} == {products[family].scene for family in MIXED}
    for family in MIXED:
        product = products[family]
        expected = reading_of(product, FOUR).labels(signatures["centres"], COMMON)
        assert np.array_equal(raster_of(mixed.output, product), expected), family


def test_the_same_ground_is_of_the_same_class_in_every_family(products, mixed):
    landsat = raster_of(mixed.output, products["landsat"])
    assert len(np.unique(landsat)) > 3
    for family in MIXED:
        other = raster_of(mixed.output, products[family])
        both = (landsat > 0) & (other > 0)
        assert both.mean() > 0.9, family
        assert np.array_equal(landsat[both], other[both]), family


@pytest.mark.parametrize("kernel", KERNELS, ids=ids(KERNELS))
def test_every_kernel_gives_the_same_on_mixed_sensors(products, mixed, tmp_path, kernel):
    scenes = tuple(str(products[family].given) for family in reversed(MIXED))
    request = Request(scenes, tmp_path / "out", MaskRule(COMMON, True), k=4, tolerance=0, workers=2)
    result = cluster(request, kernel=kernel(), strip_pixels=500)
    assert centres_of(result) == centres_of(mixed)
    for family in MIXED:
        product = products[family]
        assert np.array_equal(raster_of(result.output, product), raster_of(mixed.output, product)), family


@pytest.mark.parametrize("family", READERS)
def test_the_audit_counts_what_the_files_say(products, tmp_path, family):
    product = products[family]
    flags = ("cirrus", "cloud", "cloud shadow")
    result = audit(AuditRequest((str(product.given),), tmp_path / "out", MaskRule(flags, True), workers=1))
    found, reading = result.audits[0], reading_of(product, product.roles)
    seen = ~reading.fill
    assert found.pixels == seen.size
    assert found.fill == np.count_nonzero(reading.fill)
    for flag in FLAGS:
        # What a family does not tell counts 0.
        told = np.count_nonzero(reading.flags[flag] & seen) if flag in reading.flags else 0
        assert found.flags.get(flag, 0) == told, flag
    assert found.saturated == (
        np.count_nonzero(reading.flags["saturated"] & seen) if "saturated" in reading.flags else 0
    )
    valid = reading.valid(flags)
    assert found.valid == np.count_nonzero(valid)
    assert found.clipped == np.count_nonzero(reading.cut & valid)


@pytest.mark.parametrize(
    ("learned", "applied"),
    [
        ("landsat", "sentinel-2 zip"),
        ("landsat", "hls s30"),
        ("sentinel-2 safe", "landsat"),
        ("hls l30", "ard"),
        ("planetscope 8", "landsat"),
    ],
)
def test_signatures_of_one_sensor_classify_scenes_of_another(products, tmp_path, learned, applied):
    mask = MaskRule(COMMON, True)
    first = cluster(Request((str(products[learned].given),), tmp_path / "first", mask, k=4, workers=1))
    request = ClassifyRequest((str(products[applied].given),), tmp_path / "then", mask, signatures=first.signatures)
    then = classify(request)
    roles = tuple(read_json(first.signatures)["bands"])
    expected = reading_of(products[applied], roles).labels(centres_of(first), COMMON)
    assert np.array_equal(raster_of(then.output, products[applied]), expected)
    assert np.count_nonzero(expected) > 1500


def test_scenes_of_every_family_are_found_in_one_folder(products):
    root = products["landsat"].given.parents[1]
    found = find_scenes([root])
    # The unzipped copy of the old product lies there as well, and Planet's scene twice: each is taken once. A raster of
    # no family is taken from a folder of its own alone.
    expected = {product.scene for family, product in products.items() if family != "geotiff"}
    assert sorted(scene.id for scene in found.scenes) == sorted(expected)
    days = [scene.acquired.isoformat() for scene in found.scenes]
    assert days == sorted(days)
    assert dict(zip((scene.id for scene in found.scenes), days)) == {
        "S2A_MSIL2A_20180703T100031_N0208_R122_T33TVN_20180703T121527": "2018-07-03",
        "HLS.S30.T33TVN.2022174T100031.v2.0": "2022-06-23",
        "HLS.L30.T33TVN.2022179T095830.v2.0": "2022-06-28",
        "LC08_L2SP_190027_20220628_20220714_02_T1": "2022-06-28",
        "LC08_CU_003008_20220628_20220714_02": "2022-06-28",
        "20220701_095522_43_24b3": "2022-07-01",
        "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527": "2022-07-03",
    }


def test_six_bands_are_taken_where_all_scenes_have_them(products, tmp_path):
    families = ("landsat", "hls s30", "sentinel-2 safe")
    scenes = tuple(str(products[family].given) for family in families)
    result = cluster(Request(scenes, tmp_path / "out", MaskRule(COMMON, True), k=4, workers=1))
    assert tuple(read_json(result.signatures)["bands"]) == SIX
    rasters = [raster_of(result.output, products[family]) for family in families]
    both = (rasters[0] > 0) & (rasters[1] > 0) & (rasters[2] > 0)
    assert np.array_equal(rasters[0][both], rasters[1][both])
    assert np.array_equal(rasters[0][both], rasters[2][both])
