"""Genuine files of other sensors: pixels, masks and metadata as their makers wrote them; the rest is simulated."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from iikmc.benchmarks.simulation.rasters import write_jp2, write_tif
from iikmc.benchmarks.simulation.views import Site
from iikmc.engine import AuditRequest, IIkMCError, MaskRule, Request, audit, cluster, find_scenes
from independent import FLAGS, SCL, read, read_geotiff, read_sentinel2
from known_ground import FOUR, SIX
from tiny import read_json, read_raster

pytestmark = pytest.mark.scenes

OLD_MTD = "S2A_MSIL2A_20150826T185436_N0212_R070_T11SLT_20210412T023147"
NEW_MTD = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157"
CLOUDS = MaskRule(("cirrus", "cloud", "cloud shadow"), True)


def genuine_safe(folder: Path, sensors: Path, product: str, images: dict[str, np.ndarray], metres: int) -> Path:
    """Write genuine pixels under the name of the product whose genuine metadata lie in `sensors`."""
    safe = folder / f"{product}.SAFE"
    mtd = next(path for path in (sensors / "sentinel2" / "mtd").iterdir() if path.name.startswith(product))
    text = (mtd / "MTD_MSIL2A.xml").read_text(encoding="utf-8")
    listed = re.findall(r"<IMAGE_FILE>(.*?)</IMAGE_FILE>", text)
    for name, values in images.items():
        size = 20 if name == "SCL" else metres
        path = next(path for path in listed if path.endswith(f"_{name}_{size}m"))
        write_jp2(safe / f"{path}.jp2", values, Site("EPSG:32611", (300000.0, 4100040.0), float(size)))
    (safe / "MTD_MSIL2A.xml").write_text(text, encoding="utf-8")
    return safe


def test_genuine_pixels_without_an_offset(sensor_files, tmp_path):
    pixels = sensor_files / "sentinel2" / "S2A_29RKH_20200219_0_L2A"
    images = {name: read(pixels / f"{name}.tif") for name in ("B05", "B8A", "B11", "B12", "SCL")}
    # The visible bands come in pixels of half the size: every other one.
    images |= {name: read(pixels / f"{name}.tif")[::2, ::2] for name in ("B02", "B03", "B04")}
    safe = genuine_safe(tmp_path / "in", sensor_files, OLD_MTD, images, 20)
    result = cluster(Request((str(safe),), tmp_path / "out", CLOUDS, k=6, start="2-98 %", workers=1))
    reading = read_sentinel2(safe, SIX)
    assert np.array_equal(
        reading.dn[3], np.where(images["B8A"] == 0, 0, (80 * images["B8A"].astype(int) + 160011) // 22)
    )
    expected = reading.labels(read_json(result.signatures)["centres"], CLOUDS.flags)
    assert np.array_equal(read_raster(result.output / f"{OLD_MTD}_classes.tif"), expected)


def test_genuine_pixels_with_an_offset_at_10_m(sensor_files, tmp_path):
    pixels = sensor_files / "sentinel2" / "S2A_33TWM_20230815_0_L2A"
    images = {name: read(pixels / f"{name}.tif")[:400, :400] for name in ("B02", "B03", "B04", "B08")}
    images["SCL"] = read(pixels / "SCL.tif")[:400:2, :400:2]
    safe = genuine_safe(tmp_path / "in", sensor_files, NEW_MTD, images, 10)
    roles = ("blue", "green", "red", "nir_broad")
    result = audit(AuditRequest((str(safe),), tmp_path / "out", CLOUDS, roles))
    reading, found = read_sentinel2(safe, roles, 10), result.audits[0]
    seen = ~reading.fill
    assert found.fill == np.count_nonzero(reading.fill)
    for flag in FLAGS:
        assert found.flags.get(flag, 0) == (np.count_nonzero(reading.flags[flag] & seen) if flag in SCL else 0), flag
    assert found.valid == np.count_nonzero(reading.valid(CLOUDS.flags))
    # With the offset taken off dark water lies near 0; without it nothing would be below 0.09.
    assert reading.dn[3][seen].min() < 7273 + 0.05 / 0.0000275


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("HLS.L30.T06WVS.2024120T211159.v2.0", {"red": "B04", "nir": "B05"}),
        ("HLS.S30.T13RCN.2024128T173909.v2.0", {"red": "B04", "nir": "B8A"}),
    ],
)
def test_genuine_fmask(sensor_files, tmp_path, name, numbers):
    source = sensor_files / "hls" / f"{name}.Fmask.tif"
    fmask = read(source)
    with rasterio.open(source) as dataset:
        site = Site(dataset.crs.to_string(), (dataset.transform.c, dataset.transform.f), dataset.transform.a)
    folder = tmp_path / name
    folder.mkdir()
    (folder / source.name).symlink_to(source)
    for number in numbers.values():
        values = np.broadcast_to((np.arange(fmask.shape[1]) % 3000).astype(np.int16), fmask.shape).copy()
        values[fmask == 255] = -9999
        write_tif(folder / f"{name}.{number}.tif", values, site, -9999)
    found = audit(AuditRequest((str(folder),), tmp_path / "out", CLOUDS, tuple(numbers))).audits[0]
    seen = fmask != 255
    bits = {"cloud": 2, "dilated cloud": 4, "cloud shadow": 8, "snow or ice": 16, "water": 32}
    assert found.fill == np.count_nonzero(~seen)
    assert {flag: count for flag, count in found.flags.items() if count} == {
        flag: np.count_nonzero(fmask[seen] & bit) for flag, bit in bits.items() if (fmask[seen] & bit).any()
    }
    assert found.valid == np.count_nonzero(seen & ((fmask & (2 | 8)) == 0))


def test_genuine_radiance_is_refused(sensor_files):
    with pytest.raises(IIkMCError, match="radiance"):
        find_scenes([sensor_files / "planetscope" / "20170831_172754_101c"])


def test_planet_fusion_by_the_sheet_of_the_documentation(sensor_files, tmp_path):
    text = (Path(__file__).resolve().parents[3] / "docs" / "sensors.md").read_text(encoding="utf-8")
    sheet = tmp_path / "fusion.json"
    sheet.write_text(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1], encoding="utf-8")
    folder = sensor_files / "planetscope" / "planet_fusion_UTM-24000" / "33N" / "23E-223N" / "PF-SR"
    request = Request((str(folder),), tmp_path / "out", MaskRule((), True), k=5, workers=1, sheet=sheet)
    result = cluster(request)
    assert [scene.id for scene in result.scenes] == [f"2020-08-{day:02}" for day in range(8, 15)]
    signatures = read_json(result.signatures)
    assert signatures["bands"] == list(FOUR)
    for raster, scene in zip(result.rasters, result.scenes):
        reading = read_geotiff(folder / f"{scene.id}.tif", FOUR, FOUR, 0)
        assert np.array_equal(read_raster(raster), reading.labels(signatures["centres"], ()))
