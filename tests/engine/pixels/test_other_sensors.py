"""Scenes of other sensors are read as DN and flags: by hand, and the same as a scene of Landsat that stores these."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import others
import pytest
from iikmc.engine.errors import SceneError
from iikmc.engine.estimates.preview import glance, valid_share
from iikmc.engine.pixels import reading
from iikmc.engine.pixels.masking import Audit
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.strips import plan_strips
from iikmc.engine.progress import Silent
from iikmc.engine.scenes.handles import Handles
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.scenes.untold import untold
from iikmc.engine.sensors.flags import DEFAULT_FLAGS, FLAGS
from iikmc.engine.sensors.readings import BandFile, MaskFile, Values
from others import checked
from rasterio.transform import from_origin
from test_packing import PACKERS
from tiny import OLI, ROLES, make_scene, product, spoil

ALL = MaskRule(DEFAULT_FLAGS, True)


def read(scene, rule=ALL, roles=ROLES, packer=None, pixels=10**9):
    """Return the valid pixels of a scene and its audit, strip by strip."""
    scene, audit, found, valid = checked(scene, roles, rule), Audit(), [], []
    with Handles() as handles:
        for strip in plan_strips(scene.grid, 0, pixels):
            packed = reading.read_strip(scene, Selection(roles, rule), strip, handles, packer or NumpyPacker()).pixels
            audit.add(packed.audit)
            found.append(packed.dn)
            valid.append(np.unpackbits(packed.valid, count=packed.audit.pixels))
    return np.concatenate(found, axis=1), audit, np.concatenate(valid).reshape(scene.grid.height, -1).astype(bool)


def counts(**some):
    return {**dict.fromkeys(FLAGS, 0), **{name.replace("_", " "): count for name, count in some.items()}}


def test_sentinel_by_hand(tmp_path):
    # 3500 is reflectance 0.25 and DN 16364; 17023 is more than the scale holds; 0 is fill.
    stored = np.full((6, 3, 4), 3500)
    stored[0, 0, 0] = 0
    stored[5, 0, 1] = 17_023
    stored[1, 2, 3] = 20_000
    scl = [[4, 5, 7, 2], [8, 9, 10, 3], [6, 11, 1, 8]]
    dn, audit, valid = read(others.sentinel(tmp_path, stored, scl))
    # Valid: the vegetation, soil, unclassified and dark ones less the fill; water and snow, which were not chosen.
    assert valid.tolist() == [[False, True, True, True], [False] * 4, [True, True, False, False]]
    assert dn.tolist() == [[16364] * 5] * 5 + [[65535, 16364, 16364, 16364, 16364]]
    assert audit.flags == counts(cloud=3, cirrus=1, cloud_shadow=1, snow_or_ice=1, water=1)
    # Of the two values that were cut one lies in a cloud.
    assert (audit.fill, audit.saturated, audit.valid, audit.clipped, audit.out_of_range) == (1, 1, 5, 1, 1)
    assert audit.to_dict()["clipped"] == 1
    # The saturated one is valid where saturation is not masked, and then it is not counted, as of Landsat.
    _, audit, valid = read(others.sentinel(tmp_path, stored, scl), MaskRule((), False))
    assert (audit.saturated, audit.valid, audit.clipped) == (0, 11, 2)


def test_hls_by_hand(tmp_path):
    # (80 q + 160011) // 22: 2500 -> 16364, -50 -> 7091.
    stored = np.full((6, 2, 5), 2500)
    stored[3, 0, 0] = -9999
    stored[2, 0, 1] = -50
    # 64: aerosol; 255: fill; 2: cloud; 4: beside one; 8: shadow; 16: snow; 32: water; 1: reserved.
    dn, audit, valid = read(others.hls(tmp_path, stored, [[0, 64, 255, 2, 4], [8, 16, 32 | 192, 1, 6]]))
    assert valid.tolist() == [[False, True, False, False, False], [False, True, True, True, False]]
    assert dn.tolist() == [[16364] * 4] * 2 + [[7091, 16364, 16364, 16364]] + [[16364] * 4] * 3
    assert audit.flags == counts(cloud=2, dilated_cloud=2, cloud_shadow=1, snow_or_ice=1, water=1)
    assert (audit.fill, audit.saturated, audit.valid, audit.clipped, audit.out_of_range) == (2, 0, 4, 0, 1)


def udm2(shape, **planes):
    found = np.zeros((8, *shape), np.uint8)
    for name, values in planes.items():
        found[int(name[1:]) - 1] = values
    return found


def test_planet_by_hand(tmp_path):
    stored = np.full((4, 2, 4), 2500)
    stored[1, 0, 0] = 0
    planes = udm2(
        (2, 4),
        _1=[[1, 1, 0, 0], [0, 0, 0, 1]],
        _2=[[0, 0, 1, 0], [0, 0, 0, 0]],
        _3=[[0, 0, 0, 1], [0, 0, 0, 0]],
        _4=[[0, 0, 0, 0], [1, 0, 0, 0]],
        _5=[[0, 0, 0, 0], [0, 1, 0, 0]],
        _6=[[0, 0, 0, 0], [0, 0, 1, 0]],
        _7=[[90, 80, 70, 60], [50, 40, 30, 0]],
        _8=[[0, 2, 0, 0], [0, 0, 0, 1]],  # bit 0 of the old mask is blackfill, bit 1 cloud
    )
    roles = ROLES[:4]
    dn, audit, valid = read(others.planet(tmp_path, stored, planes), roles=roles)
    assert valid.tolist() == [[False, True, True, False], [False] * 4]
    assert dn.tolist() == [[16364, 16364]] * 4
    assert audit.flags == counts(snow_or_ice=1, cloud_shadow=1, cirrus=2, cloud=1)
    assert (audit.fill, audit.saturated, audit.valid) == (2, 0, 2)


def test_bands_of_one_file_in_any_order(tmp_path):
    stored = np.arange(4 * 20 * 30).reshape(4, 20, 30) + 1000
    scene = others.planet(tmp_path, stored, udm2((20, 30)))
    roles = ("nir", "blue", "red")
    dn, *_ = read(scene, roles=roles)
    wanted = (80 * stored[[3, 0, 2]] + 160_011) // 22
    assert np.array_equal(dn, wanted.reshape(3, -1))


def test_reflectance_in_floating_point(tmp_path):
    stored = np.full((2, 2, 3), 0.25, np.float32)
    stored[0, 0, 0], stored[1, 0, 1], stored[1, 0, 2], stored[0, 1, 0] = np.nan, np.inf, -9999, 2.0
    path = others.write(tmp_path / "x.tif", stored, nodata=-9999)
    bands = {role: BandFile(path, number, others.REFLECTANCE, 2) for number, role in enumerate(("red", "nir"), 1)}
    dn, audit, valid = read(others.other("20220101", bands), MaskRule((), True), ("red", "nir"))
    assert valid.tolist() == [[False] * 3, [True] * 3]
    # floor(0.45 / 0.0000275 + 0.5) = floor(16364.1).
    assert dn.tolist() == [[65535, 16364, 16364], [16364] * 3]
    assert (audit.fill, audit.clipped, audit.flags) == (3, 1, {})


def test_what_the_files_declare_is_fill(tmp_path):
    stored = np.full((6, 2, 4), 3000)
    stored[0, 0, 0] = 9  # the tag
    hidden = np.array([[255, 0, 255, 255]] * 2, np.uint8)
    scene = others.sentinel(tmp_path, stored, np.full((2, 4), 4), nodata=9)
    band = scene.bands["green"]
    others.write(tmp_path / "B03.tif", [stored[1].astype(np.uint16)], mask=hidden)
    _, audit, valid = read(replace(scene, bands={**scene.bands, "green": band}))
    assert valid.tolist() == [[False, False, True, True], [True, False, True, True]]
    assert audit.fill == 3
    # Of a mask in one band the tag counts, and its own mask band.
    others.write(tmp_path / "SCL.tif", np.array([[[4, 4, 5, 4]] * 2], np.uint8), nodata=5)
    assert read(scene)[2].tolist() == [[False, False, False, True], [True, False, False, True]]
    others.write(tmp_path / "SCL.tif", np.array([[[4, 4, 5, 4]] * 2], np.uint8), mask=hidden[:, [1, 1, 1, 0]])
    assert not read(scene)[2].any(axis=0)[:3].any()


def test_a_nodata_tag_of_planes_is_no_fill(tmp_path):
    scene = others.planet(tmp_path, np.full((4, 2, 3), 2500), udm2((2, 3)))
    others.write(tmp_path / "udm2.tif", udm2((2, 3), _6=[[1, 0, 0]] * 2), nodata=0)
    assert read(scene, roles=ROLES[:4])[2].tolist() == [[False, True, True]] * 2


def test_landsats_values_in_one_file(tmp_path):
    rng = np.random.default_rng(0)
    stored = rng.integers(0, 65536, (3, 40, 50)).astype(np.uint16)
    path = others.write(tmp_path / "all.tif", stored, interleave="pixel")
    values = Values(Fraction(275, 10**7), Fraction(-2, 10), 0, ("uint16",))
    bands = {role: BandFile(path, number, values, 3) for number, role in enumerate(("red", "nir", "swir1"), 1)}
    dn, audit, valid = read(others.other("20220101", bands), MaskRule((), True), ("swir1", "red"))
    assert np.array_equal(valid, (stored[[2, 0]] != 0).all(axis=0))
    assert np.array_equal(dn, stored[[2, 0]][:, valid])
    assert audit.clipped == 0


@pytest.fixture(params=["sentinel", "hls", "planet"])
def noisy(request, tmp_path):
    """A scene of every kind of pixel, and what makes its DN and flags without the engine."""
    rng = np.random.default_rng(8)
    shape = (70, 90)
    if request.param == "sentinel":
        stored = rng.integers(0, 18_000, (6, *shape))
        stored[rng.random((6, *shape)) < 0.01] = 0
        scl = rng.integers(0, 12, shape)
        word = np.choose(scl, [1, 0, 0, 16, 0, 0, 128, 0, 8, 8, 4, 32])
        r, saturated = stored - 1000, scl == 1
        return others.sentinel(tmp_path, stored, scl), np.where(stored == 0, 0, to_dn(r)), word, saturated
    if request.param == "hls":
        stored = rng.integers(-3000, 17_000, (6, *shape))
        stored[rng.random((6, *shape)) < 0.01] = -9999
        fmask = rng.choice([0, 64, 128, 2, 4, 8, 16, 32, 255, 6, 40], shape)
        word = 8 * (fmask >> 1 & 1) | 2 * (fmask >> 2 & 1) | 16 * (fmask >> 3 & 1) | 32 * (fmask >> 4 & 1)
        word = np.where(fmask == 255, 1, word | 128 * (fmask >> 5 & 1))
        return others.hls(tmp_path, stored, fmask), np.where(stored == -9999, 0, to_dn(stored)), word, np.zeros(shape)
    stored = rng.integers(0, 17_000, (6, *shape))
    planes = (rng.random((8, *shape)) < 0.1).astype(int)
    word = 32 * planes[1] | 16 * planes[2] | 4 * (planes[3] | planes[4]) | 8 * planes[5] | planes[7]
    return others.planet(tmp_path, stored, planes), np.where(stored == 0, 0, to_dn(stored)), word, np.zeros(shape)


def to_dn(ten_thousandths):
    return np.clip((80 * ten_thousandths + 160_011) // 22, 1, 65535)


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("rule", [ALL, MaskRule(("water", "snow or ice"), True), MaskRule((), False)])
def test_a_scene_is_read_as_one_of_landsat_that_stores_its_dn(noisy, tmp_path, rule, packer):
    scene, dn, word, saturated = noisy
    twin = make_scene(tmp_path, product(), dn, word, radsat=saturated * sum(1 << (n - 1) for n in OLI))
    twin = reading_twin(twin, rule)
    found, audit, valid = read(scene, rule, packer=packer)
    wanted, its, where = read(twin, rule, packer=packer)
    assert np.array_equal(valid, where)
    assert np.array_equal(found, wanted)
    assert found.size
    cut = (dn == 65535) | (dn == 1)
    assert audit.clipped >= np.count_nonzero(valid & cut.any(axis=0)) * 0.99
    audit.clipped = 0
    audit.looks = its.looks
    assert audit == its


def reading_twin(folder, rule):
    from iikmc.engine.scenes.search import find_scenes

    (scene,) = find_scenes([folder]).scenes
    return scene


def test_strips_together_are_the_whole_scene(noisy):
    scene = noisy[0]
    whole, parts = read(scene), read(scene, pixels=1)
    assert np.array_equal(whole[0], parts[0])
    assert whole[1].to_dict() == parts[1].to_dict()


def test_a_look_before_the_run_knows_the_masks(noisy):
    scene, _, word, _ = noisy
    scene = checked(scene)
    wanted = (word & (1 | 2 | 4 | 8 | 16)) == 0
    assert valid_share(scene, Selection(ROLES, ALL)) == pytest.approx(wanted.mean())
    assert glance(scene, Selection(ROLES, ALL), Silent()).share == pytest.approx(wanted.mean())


def test_a_look_without_a_mask_knows_fill(tmp_path):
    stored = np.full((6, 10, 10), 3500)
    stored[:, :, :3] = 0
    scene = checked(replace(others.sentinel(tmp_path, stored, np.full((10, 10), 4)), masks=()))
    assert valid_share(scene, Selection(ROLES, ALL)) == 0.7


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        # Baseline 04.00 or later, from which somebody has subtracted the offset already.
        (np.linspace(100, 900, 100), "most below 0: this looks like an offset that was subtracted twice"),
        # DN of Landsat, named as Sentinel-2.
        (np.linspace(12_000, 16_000, 100), "most above 1: this looks like another scale than the sensor's"),
        (np.full(100, 65_535), "fill that the file does not declare"),
        (np.linspace(800, 990, 100), "as water and shadow can"),
        (np.where(np.arange(100) % 2, 100, 14_000), "another scaling than the sensor's"),
    ],
)
def test_what_odd_values_look_like(tmp_path, stored, words):
    scene = others.sentinel(tmp_path, np.broadcast_to(stored.reshape(10, 10), (6, 10, 10)), np.full((10, 10), 4))
    (doubt,) = read(scene)[1].doubts
    assert doubt.startswith("100.0 % of the valid pixels lie outside reflectance 0 to 1 in some band, ")
    assert words in doubt
    assert words in glance(checked(scene), Selection(ROLES, ALL), Silent()).doubt


def test_what_masks_cannot_tell_is_said_once(tmp_path):
    grey = np.full((6, 2, 2), 3000)
    scenes = [
        others.sentinel(tmp_path / "1", grey, np.full((2, 2), 4)),
        others.sentinel(tmp_path / "2", grey, np.full((2, 2), 4), "20220713"),
        others.hls(tmp_path / "3", grey, np.zeros((2, 2))),
    ]
    assert untold(scenes, MaskRule(("dilated cloud", "cirrus", "cloud"), True)) == [
        "MASK: not told by Landsat 8 OLI (2 scenes), so nothing is masked by it there: dilated cloud.",
        "MASK: not told by Landsat 8 OLI (1 scene), so nothing is masked by it there: cirrus.",
        "MASK_SATURATED: not told by Landsat 8 OLI (1 scene), so nothing is masked by it there: saturation.",
    ]
    assert untold(scenes, MaskRule(("cloud",), False)) == []


@pytest.mark.parametrize("pixels", [10**9, 1])
def test_one_pixel_of_a_mask_tells_of_several_of_the_bands(tmp_path, pixels):
    scl = np.array([[4, 8], [3, 5]])
    scene = others.sentinel(tmp_path, np.full((6, 6, 6), 3000), np.full((6, 6), 4))
    transform = from_origin(465285.0, 5264715.0, 60.0, 60.0)
    others.write(tmp_path / "SCL.tif", scl[np.newaxis].astype(np.uint8), transform=transform)
    _, audit, valid = read(scene, pixels=pixels)
    assert np.array_equal(valid, np.kron(np.isin(scl, (4, 5)), np.ones((3, 3))) == 1)
    assert (audit.flags["cloud"], audit.flags["cloud shadow"]) == (9, 9)
    assert valid_share(checked(scene), Selection(ROLES, ALL)) == 0.5
    for odd in (from_origin(465285.0, 5264715.0, 40.0, 60.0), from_origin(465305.0, 5264715.0, 60.0, 60.0)):
        others.write(tmp_path / "SCL.tif", scl[np.newaxis].astype(np.uint8), transform=odd)
        with pytest.raises(SceneError, match="one grid"):
            checked(scene)
    # A band must lie on the others.
    others.write(tmp_path / "SCL.tif", np.full((1, 6, 6), 4, np.uint8))
    others.write(tmp_path / "B11.tif", np.full((1, 2, 2), 3000, np.uint16), transform=transform)
    with pytest.raises(SceneError, match="one grid"):
        checked(scene)


@pytest.mark.parametrize(
    ("planes", "profile", "words"),
    [
        (
            np.zeros((1, 2, 3), np.uint8),
            {},
            "has 1 band of uint8, expected one of uint16; use the file as delivered",
        ),
        (np.zeros((2, 2, 3), np.uint16), {}, "has 2 bands of uint16, expected one of uint16"),
        (np.zeros((1, 2, 4), np.uint16), {}, "is 4 x 2 pixels at"),
        (np.zeros((1, 2, 3), np.uint16), {"crs": "EPSG:32632"}, "in EPSG:32632"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, planes, profile, words):
    scene = others.sentinel(tmp_path, np.full((6, 2, 3), 3000), np.full((2, 3), 4))
    others.write(tmp_path / "B04.tif", planes, **profile)
    with pytest.raises(SceneError) as caught:
        checked(scene)
    assert "B04.tif" in str(caught.value)
    assert words in str(caught.value)


def test_a_file_of_more_bands_than_the_product_has_is_refused(tmp_path):
    scene = others.planet(tmp_path, np.full((4, 2, 3), 2500), udm2((2, 3)))
    others.write(tmp_path / "SR.tif", np.full((8, 2, 3), 2500, np.uint16))
    with pytest.raises(SceneError, match=r"SR\.tif has 8 bands of uint16, expected 4 of uint16"):
        checked(scene, ROLES[:4])
    others.write(tmp_path / "SR.tif", np.full((4, 2, 3), 2500, np.uint16))
    others.write(tmp_path / "udm2.tif", udm2((2, 3))[:1])
    with pytest.raises(SceneError, match=r"udm2\.tif has 1 band of uint8, expected 8 of uint8"):
        checked(scene, ROLES[:4])


@pytest.mark.parametrize("name", ["SR.tif", "udm2.tif"])
def test_damaged_files_are_named(tmp_path, name):
    rng = np.random.default_rng(0)
    scene = others.planet(
        tmp_path,
        rng.integers(1, 9000, (4, 200, 200)),
        rng.integers(0, 2, (8, 200, 200)),
        tiled=True,
        blockxsize=64,
        blockysize=64,
    )
    spoil(tmp_path / name)
    with pytest.raises(SceneError, match=f"{name} cannot be read at rows 0-199"):
        read(scene, roles=ROLES[:4])


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_truncated_jpeg_2000_is_damaged_and_no_fill(tmp_path, share):
    rng = np.random.default_rng(0)
    stored = rng.integers(1, 9000, (6, 300, 300))
    scene = others.sentinel(tmp_path, stored, np.full((300, 300), 4))
    jp2 = {
        "driver": "JP2OpenJPEG",
        "blockxsize": 64,
        "blockysize": 64,
        "QUALITY": "100",
        "REVERSIBLE": "YES",
        "compress": None,
    }
    path = tmp_path / "B04.tif"
    try:
        # By a name that does not end so GDAL 3.10 writes no georeference into it.
        others.write(path.with_suffix(".jp2"), stored[2:3].astype(np.uint16), **jp2)
        path.with_suffix(".jp2").replace(path)
    except Exception as error:  # noqa: BLE001 - any GDAL without the driver
        pytest.skip(f"this GDAL writes no JPEG 2000: {error}")
    dn, *_ = read(scene)
    assert np.array_equal(dn[2], to_dn(stored[2] - 1000).reshape(-1))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SceneError, match=r"B04\.tif cannot be read at rows"):
        read(scene)


def test_a_tile_that_a_band_lacks_is_damage(tmp_path):
    stored = np.full((6, 256, 256), 3000)
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    scene = others.sentinel(tmp_path, stored, np.full((256, 256), 4), **tiles)
    holed = stored[:1].astype(np.uint16)
    holed[:, 64:128, 64:128] = 0
    others.write(tmp_path / "B02.tif", holed, SPARSE_OK="TRUE", **tiles)
    with pytest.raises(SceneError, match=r"B02\.tif does not hold the tile at row 64, column 64"):
        read(scene)
    # Of a mask without a word for what is clear, such a tile is nothing odd.
    clear = others.hls(tmp_path / "h", stored, np.zeros((256, 256)))
    assert read(clear)[1].doubts == []


def test_masks_of_several_files_add_up(tmp_path):
    scene = others.sentinel(tmp_path, np.full((6, 1, 4), 3000), [[4, 8, 4, 6]])
    more = others.write(tmp_path / "more.tif", np.array([[[0, 0, 1, 300]]], np.uint16))
    extra = MaskFile(more, 1, "more", {"cloud shadow": 1}, {"fill": (300,)})
    _, audit, valid = read(replace(scene, masks=(*scene.masks, extra)))
    assert valid.tolist() == [[True, False, False, False]]
    assert (audit.fill, audit.flags) == (1, counts(cloud=1, cloud_shadow=1))
