"""Real files of other sensors, read by the engine and by rasterio and whole numbers alone: the same DN and flags."""

from __future__ import annotations

from contextlib import nullcontext
from fractions import Fraction
from functools import partial

import numpy as np
import others
import pytest
import rasterio
from iikmc.engine.estimates.preview import valid_share
from iikmc.engine.pixels.masking import Audit
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.planes import read_masks
from iikmc.engine.pixels.reading import decode_strip, read_strip
from iikmc.engine.pixels.strips import plan_strips
from iikmc.engine.scenes.files import raster_env, unreadable
from iikmc.engine.scenes.handles import Handles
from iikmc.engine.scenes.scene import Window
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from iikmc.engine.sensors.readings import BandFile, MaskFile, Values

pytestmark = pytest.mark.scenes

RULE = MaskRule(DEFAULT_FLAGS, True)
OLD = "sentinel2/S2A_29RKH_20200219_0_L2A"  # baseline 02.14: no offset
NEW = "sentinel2/S2A_33TWM_20230815_0_L2A"  # baseline 05.09: -1000; JPEG 2000 whose georeference lies in .aux.xml


def raw(path, band=1):
    with rasterio.open(path) as dataset:
        return dataset.read(band).astype(np.int64)


def dn_of(stored, offset):
    return np.where(stored == 0, 0, np.clip((80 * (stored + offset) + 160_011) // 22, 1, 65535))


def scene_of(folder, files, offset):
    """Return a scene of the product's files, with what GDAL reads beside them."""
    values = Values(Fraction(1, 10_000), Fraction(offset, 10_000), 0, ("uint16",))
    bands = {role: BandFile(str(folder / f"{name}.tif"), 1, values) for role, name in files.items()}
    scl = MaskFile(str(folder / "SCL.tif"), 1, "SCL", {}, others.SCL, ("uint8",))
    scene = others.other("20200219", bands, (scl,))
    for path in scene.files:
        beside = f"{path}.aux.xml"
        if (folder / beside).is_file():
            scene.sidecars[path] = (beside,)
    return others.checked(scene, tuple(files), RULE)


@pytest.mark.parametrize(
    ("product", "files", "offset"),
    [
        (OLD, {"nir": "B8A", "swir1": "B11", "swir2": "B12"}, 0),
        (NEW, {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08"}, -1000),
    ],
)
def test_sentinel(sensor_files, product, files, offset):
    folder = sensor_files / product
    scene, roles = scene_of(folder, files, offset), tuple(files)
    stored = np.array([raw(folder / f"{name}.tif") for name in files.values()])
    scl = raw(folder / "SCL.tif")
    valid = (stored != 0).all(axis=0) & ~np.isin(scl, (0, 1, 3, 8, 9, 10))
    wanted = dn_of(stored, offset)
    found, audit = [], Audit()
    with Handles() as handles:
        for strip in plan_strips(scene.grid, 0, 100_000):
            packed = read_strip(scene, Selection(roles, RULE), strip, handles, NumpyPacker()).pixels
            found.append(packed.dn)
            audit.add(packed.audit)
    assert 0 < audit.valid < audit.pixels
    assert np.array_equal(np.concatenate(found, axis=1), wanted[:, valid])
    data = (stored != 0).all(axis=0) & (scl != 0)
    classes = {"cloud": (8, 9), "cirrus": (10,), "cloud shadow": (3,), "snow or ice": (11,), "water": (6,)}
    assert audit.flags == {
        "dilated cloud": 0,
        **{name: np.count_nonzero(data & np.isin(scl, told)) for name, told in classes.items()},
    }
    assert audit.fill == np.count_nonzero(~data)
    assert audit.saturated == np.count_nonzero(data & (scl == 1))
    assert audit.clipped == np.count_nonzero(valid & (stored + offset > 16_022).any(axis=0))
    # Reflectance as the product's manual has it, to half a DN.
    reflectance = (stored + offset) / 10_000
    inside = data & (reflectance < 1.6).all(axis=0)
    assert np.abs(wanted * 0.0000275 - 0.2 - reflectance)[:, inside].max() <= 0.0000275 / 2 + 1e-12


def test_classes_of_20_m_on_bands_of_10_m(sensor_files):
    """Of this product, thinned tenfold, classes lie at 200 m and the visible bands at 100 m."""
    folder = sensor_files / OLD
    files = {"blue": "B02", "green": "B03", "red": "B04", "nir_broad": "B08"}
    scene = scene_of(folder, files, 0)
    stored = np.array([raw(folder / f"{name}.tif") for name in files.values()])
    scl = np.kron(raw(folder / "SCL.tif"), np.ones((2, 2), np.int64))
    assert scl.shape == stored.shape[1:] == (1098, 1098)
    valid = (stored != 0).all(axis=0) & ~np.isin(scl, (0, 1, 3, 8, 9, 10))
    with Handles() as handles:
        # Strips of whole blocks of the bands begin and end anywhere among those of the classes.
        for strip in plan_strips(scene.grid, 0, 1):
            packed = read_strip(scene, Selection(tuple(files), RULE), strip, handles, NumpyPacker()).pixels
            rows = slice(strip.row, strip.row + strip.height)
            assert np.array_equal(packed.dn, dn_of(stored, 0)[:, rows][:, valid[rows]])
    assert valid_share(scene, Selection(tuple(files), RULE)) == pytest.approx(valid.mean(), abs=0.01)


@pytest.mark.parametrize("day", ["2020-08-08", "2020-08-14"])
@pytest.mark.parametrize("tile", ["23E-223N", "24E-223N"])
def test_four_bands_of_planet_in_one_file(sensor_files, tile, day):
    path = sensor_files / "planetscope" / "planet_fusion_UTM-24000" / "33N" / tile / "PF-SR" / f"{day}.tif"
    roles = ("blue", "green", "red", "nir")
    bands = {role: BandFile(str(path), number, others.PLANET, 4) for number, role in enumerate(roles, 1)}
    scene = others.checked(others.other("20200808", bands), roles)
    (strip,) = plan_strips(scene.grid, 0)
    with Handles() as handles:
        decoded = decode_strip(scene, roles, strip, handles, True)
    assert np.array_equal(decoded.bands, dn_of(np.array([raw(path, band) for band in range(1, 5)]), 0))
    assert decoded.masks.qa is None


@pytest.mark.parametrize("name", ["HLS.L30.T06WVS.2024120T211159.v2.0", "HLS.S30.T13RCN.2024128T173909.v2.0"])
def test_fmask(sensor_files, name):
    path = sensor_files / "hls" / f"{name}.Fmask.tif"
    window = Window(700, 1900, 300, 2100)
    stored = raw(path)[700:1900, 300:2100]
    mask = MaskFile(str(path), 1, "Fmask", others.FMASK, {"fill": (255,)}, ("uint8",))
    words = np.empty(stored.shape, np.uint16)
    with raster_env(), rasterio.open(path) as dataset:
        assert (
            read_masks([mask], lambda _: nullcontext(dataset), window, partial(unreadable, name, window), words, 3660)
            is None
        )
    fill = stored == 255
    assert np.array_equal(words & 1 != 0, fill)
    # Bit 1 cloud, 2 beside it, 3 shadow, 4 snow, 5 water (HLS user guide 2.0, table 9) are QA_PIXEL's 3, 1, 4, 5, 7.
    for theirs, ours in {1: 3, 2: 1, 3: 4, 4: 5, 5: 7}.items():
        assert np.array_equal((words >> ours & 1)[~fill], (stored >> theirs & 1)[~fill])
    assert len(np.unique(stored)) > 5
