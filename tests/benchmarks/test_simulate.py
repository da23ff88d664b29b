"""The simulated scenes: they read like genuine products, and never depend on how they were computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio
from iikmc.benchmarks.simulate import (
    COVERS,
    NO_COVER,
    QA_VALUES_OLI,
    QA_VALUES_TM,
    RADSAT_VALUES,
    SceneSpec,
    main,
    series,
    simulate_scene,
    write_scene,
    write_simulated,
)

SMALL = SceneSpec("LC08_L2SP_190027_20220511_20220527_02_T1", 32633, (477015.0, 5253015.0), 200, 220)
WATER = (COVERS.index("lake"), COVERS.index("river"))


@pytest.fixture(scope="module")
def scene():
    return simulate_scene(SMALL)


def groups(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    name = ""
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition("="))
        if key == "GROUP":
            name = value
            found[name] = {}
        elif value and key != "END_GROUP":
            assert key not in found[name]
            found[name][key] = value.strip('"')
    return found


def test_files_are_named_and_georeferenced_as_genuine_ones(tmp_path):
    spec = replace(SMALL, width=300, height=260)
    folder = write_simulated(tmp_path, spec)
    product = spec.product_id
    names = [f"SR_B{n}.TIF" for n in range(1, 8)] + ["QA_PIXEL.TIF", "QA_RADSAT.TIF", "MTL.txt"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{product}_{name}" for name in names)
    for name in names[:-1]:
        with rasterio.open(folder / f"{product}_{name}") as dataset:
            assert dataset.crs.to_epsg() == 32633
            assert dataset.transform == spec.transform
            assert (dataset.width, dataset.height, dataset.dtypes) == (300, 260, ("uint16",))
            assert dataset.nodata == (0 if name.startswith("SR") else None)
            assert dataset.block_shapes == [(256, 256)]
            assert dataset.compression.name == "deflate"
            assert dataset.tags()["AREA_OR_POINT"] == "Point"
    mtl = groups((folder / f"{product}_MTL.txt").read_text())
    assert mtl["PRODUCT_CONTENTS"]["LANDSAT_PRODUCT_ID"] == product
    assert mtl["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"]["REFLECTANCE_MULT_BAND_5"] == "2.75e-05"
    assert mtl["LEVEL1_RADIOMETRIC_RESCALING"]["REFLECTANCE_MULT_BAND_5"] == "2.0000E-05"
    assert float(mtl["PROJECTION_ATTRIBUTES"]["CORNER_UL_PROJECTION_X_PRODUCT"]) == spec.origin[0] + 15
    assert float(mtl["PROJECTION_ATTRIBUTES"]["CORNER_UL_PROJECTION_Y_PRODUCT"]) == spec.origin[1] - 15
    assert 47 < float(mtl["PROJECTION_ATTRIBUTES"]["CORNER_UL_LAT_PRODUCT"]) < 48


def test_fill_is_where_both_say_so(scene):
    fill = scene.qa_pixel == 1
    assert 0.25 < fill.mean() < 0.40
    assert all(fill[corner] for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)))
    assert not fill[110, 100]
    for array in scene.bands.values():
        assert not array[fill].any()
    # Oddity of real products: a band is 0 where QA_PIXEL knows of no fill.
    odd = sum(np.count_nonzero((array == 0) & ~fill) for array in scene.bands.values())
    assert 1 <= odd < 100
    assert np.array_equal(scene.cover == NO_COVER, fill)


def test_numbers_are_plausible(scene):
    seen = (scene.qa_pixel & 0b11111) == 0
    nir, red = (scene.bands[n] * 2.75e-05 - 0.2 for n in (5, 4))
    water = np.isin(scene.cover, WATER) & seen & (scene.bands[5] > 0)
    forest = (scene.cover == COVERS.index("deciduous")) & seen
    assert nir[water].mean() < 0.06 < 0.2 < nir[forest].mean()
    assert red[forest].mean() < 0.1
    brightest = simulate_scene(replace(SMALL, cloud_cover=0.3))
    assert (brightest.bands[4] > 43636).any()
    swir2 = brightest.bands[7]
    assert ((swir2 > 0) & (swir2 < 7273)).any()


@pytest.mark.parametrize("sensor", ["LC09", "LE07", "LT05"])
def test_quality_values_are_real_ones(sensor):
    spec = series(1, 220, 200, sensors=[sensor], cloud_cover=0.2)[0]
    scene = simulate_scene(spec)
    values = set(np.unique(scene.qa_pixel).tolist())
    assert values <= (QA_VALUES_OLI if sensor == "LC09" else QA_VALUES_TM)
    assert len(values) >= 6
    assert sorted(scene.bands) == ([1, 2, 3, 4, 5, 6, 7] if sensor == "LC09" else [1, 2, 3, 4, 5, 7])
    assert set(np.unique(scene.qa_radsat).tolist()) <= {0, 2048, *RADSAT_VALUES[sensor[:2]]}
    assert scene.qa_radsat.any()
    # Cloud is what was asked for, and the scan-line gaps are fill.
    cloud = np.count_nonzero(scene.qa_pixel & 8) / np.count_nonzero(scene.qa_pixel != 1)
    assert cloud == pytest.approx(0.2, abs=0.05)
    assert (scene.qa_pixel == 1).mean() > 0.4 if sensor == "LE07" else (scene.qa_pixel == 1).mean() < 0.4


def test_result_depends_neither_on_strips_nor_on_threads(scene):
    for strip_rows, threads in ((1000, 1), (37, 3), (64, 2)):
        other = simulate_scene(SMALL, strip_rows, threads)
        assert np.array_equal(other.qa_pixel, scene.qa_pixel)
        assert np.array_equal(other.qa_radsat, scene.qa_radsat)
        assert np.array_equal(other.cover, scene.cover)
        for number, array in scene.bands.items():
            assert np.array_equal(other.bands[number], array), number
    assert not np.array_equal(simulate_scene(replace(SMALL, seed=2)).bands[4], scene.bands[4])


def test_shifted_scenes_show_the_same_place(scene):
    spec = replace(
        SMALL,
        product_id="LC09_L2SP_190027_20220628_20220714_02_T1",
        origin=(SMALL.origin[0] + 17 * 30, SMALL.origin[1] - 40 * 30),
        width=230,
    )
    other = simulate_scene(spec)
    ours, theirs = scene.cover[40:, 17:], other.cover[: 220 - 40, : 200 - 17]
    both = (ours != NO_COVER) & (theirs != NO_COVER)
    assert both.mean() > 0.3
    ours, theirs = np.isin(ours, WATER)[both], np.isin(theirs, WATER)[both]
    assert ours.any()
    assert np.array_equal(ours, theirs)


def test_series_has_two_zones_and_shifted_grids(tmp_path):
    specs = series(3, 200, 220)
    assert [spec.epsg for spec in specs] == [32633, 32633, 32632]
    assert specs[0].product_id[10:16] == specs[1].product_id[10:16] != specs[2].product_id[10:16]
    assert specs[0].origin != specs[1].origin
    assert len({spec.product_id for spec in series(12, 200, 220, sensors=["LT05"], interval=365)}) == 12
    assert all(spec.acquired.year <= 2011 for spec in series(4, 200, 220, sensors=["LT05"]))
    assert all((value - 15) % 30 == 0 for spec in specs for value in spec.origin)
    arguments = [str(tmp_path), "--scenes", "1", "--width", "120", "--height", "130"]
    assert main(arguments) == 0
    mtl = next(tmp_path.glob("*/*_MTL.txt"))
    before = mtl.stat().st_mtime_ns
    assert main(arguments) == 0
    assert mtl.stat().st_mtime_ns == before  # complete folders are left alone
    assert main([*arguments, "--seed", "2"]) == 0
    assert mtl.stat().st_mtime_ns != before


def test_write_scene_writes_just_what_it_is_given(tmp_path):
    bands = {2: np.arange(12, dtype=np.uint16).reshape(3, 4), 7: np.full((3, 4), 9000, np.uint16)}
    folder = write_scene(tmp_path, "LE07_L2SP_190027_20200101_20200117_02_T1", bands, crs="EPSG:3031", mtl=False)
    assert folder.name == "LE07_L2SP_190027_20200101_20200117_02_T1"
    assert len(list(folder.iterdir())) == 2
    with rasterio.open(folder / f"{folder.name}_SR_B2.TIF") as dataset:
        assert np.array_equal(dataset.read(1), bands[2])
        assert not dataset.profile["tiled"]
    with pytest.raises(ValueError, match="QA_PIXEL"):
        write_scene(tmp_path, folder.name, bands, qa_pixel=np.ones((2, 2), np.uint16))
