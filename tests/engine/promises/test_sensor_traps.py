"""What goes wrong unseen elsewhere: offsets, numbers of bands, sizes of pixels; and products that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from iikmc.benchmarks.simulation.hls import write_hls
from iikmc.benchmarks.simulation.planet import write_planetscope
from iikmc.benchmarks.simulation.rasters import write_tif
from iikmc.benchmarks.simulation.sentinel2 import write_sentinel2
from iikmc.benchmarks.simulation.views import View
from iikmc.engine import AuditRequest, IIkMCError, MaskRule, Request, audit, cluster
from independent import read, read_hls, read_sentinel2
from known_ground import CLIP_3M, L30, MGRS_20M, MGRS_30M, NEW, OLD, PLANET, S30, SIX, known_view
from tiny import read_json, read_raster

NOTHING = MaskRule((), False)
CLOUDS = MaskRule(("cloud", "cloud shadow"), True)


def run(scenes, output: Path, roles: tuple[str, ...] = (), mask: MaskRule = CLOUDS, k: int = 4):
    return cluster(Request(tuple(map(str, scenes)), output, mask, roles, k=k, tolerance=0, workers=1))


def classes(result, scene: str) -> np.ndarray:
    return read_raster(result.output / f"{scene}_classes.tif")


# --- Sentinel-2 ------------------------------------------------------------------------------------------------------


def test_the_offset_of_a_baseline_changes_no_class(tmp_path):
    view = known_view()
    old, new = (write_sentinel2(tmp_path / "in", name, view, MGRS_20M, lone=True) for name in (OLD, NEW))
    blue = [read(next(safe.rglob("*_B02_20m.jp2"))).astype(int) for safe in (old, new)]
    assert set(np.unique(blue[1] - blue[0])) == {0, 1000}  # 0 is fill in both
    result = run([old, new], tmp_path / "out")
    assert np.array_equal(classes(result, OLD), classes(result, NEW))
    assert len(np.unique(classes(result, OLD))) > 3


def test_the_offset_follows_the_metadata_and_neither_name_nor_date(tmp_path):
    # An old image processed anew has the offset; its date and the names of its bands do not say so.
    anew = "S2A_MSIL2A_20180703T100031_N0500_R122_T33TVN_20230703T121527"
    # The text of the old product with the name of the new: the metadata count.
    safe = write_sentinel2(tmp_path / "in", anew, known_view(), MGRS_20M, lone=True)
    found = audit(AuditRequest((str(safe),), tmp_path / "with", NOTHING)).audits[0]
    assert (found.clipped, found.out_of_range) == (0, 0)
    mtd = safe / "MTD_MSIL2A.xml"
    text = mtd.read_text()
    mtd.write_text(text.replace(">-1000<", ">-1500<"))
    result = run([safe], tmp_path / "other")
    reading = read_sentinel2(safe, SIX)
    assert reading.dn.max() < 65535
    expected = reading.labels(read_json(result.signatures)["centres"], CLOUDS.flags)
    assert np.array_equal(classes(result, anew), expected)


def test_each_band_has_an_offset_of_its_own(tmp_path):
    safe = write_sentinel2(tmp_path / "in", NEW, known_view(), MGRS_20M, lone=True)
    mtd = safe / "MTD_MSIL2A.xml"
    # band_id 8 is B8A, the ninth in the list of bands; 7 is B8, which is no band of 20 m.
    text = (
        mtd.read_text()
        .replace('band_id="8">-1000<', 'band_id="8">-900<')
        .replace('band_id="7">-1000<', 'band_id="7">0<')
    )
    mtd.write_text(text)
    result = run([safe], tmp_path / "out", ("red", "nir"))
    expected = read_sentinel2(safe, ("red", "nir"))
    assert np.array_equal(classes(result, NEW), expected.labels(read_json(result.signatures)["centres"], CLOUDS.flags))
    assert expected.dn[1][20, 40] == (80 * (int(known_view().reflectance["nir"][20, 40]) + 100) + 160011) // 22


@pytest.mark.parametrize(
    ("roles", "metres"),
    [
        ((), 20),
        (("blue", "green", "red"), 20),
        (("blue", "green", "red", "nir"), 20),
        (("red", "nir", "rededge1", "rededge2", "rededge3"), 20),
        (("blue", "green", "red", "nir_broad"), 10),
        (("nir_broad",), 10),
    ],
)
def test_which_files_of_sentinel_2_are_read(tmp_path, roles, metres):
    view = known_view()
    fine = view.finer(2)
    # Something that only pixels of 10 m show: one in four is brighter.
    for role in fine.reflectance:
        fine.reflectance[role][::2, ::2] += 40
    safe = write_sentinel2(tmp_path / "in", NEW, view, MGRS_20M, fine)
    result = run([safe], tmp_path / "out", roles)
    expected = read_sentinel2(safe, roles or SIX, metres)
    found = classes(result, NEW)
    assert found.shape == expected.fill.shape == ((40, 48) if metres == 20 else (80, 96))
    assert np.array_equal(found, expected.labels(read_json(result.signatures)["centres"], CLOUDS.flags))


def test_a_band_that_is_missing_is_named_as_its_file_is(tmp_path):
    safe = write_sentinel2(tmp_path / "in", NEW, known_view(), MGRS_20M, lone=True)
    with pytest.raises(IIkMCError, match=r"_B08_10m\.jp2 is missing"):
        run([safe], tmp_path / "out", ("blue", "nir_broad"))


def test_bands_of_two_sizes_are_not_mixed(tmp_path):
    safe = write_sentinel2(tmp_path / "in", NEW, known_view(), MGRS_20M)
    with pytest.raises(IIkMCError, match="nir_broad"):
        run([safe], tmp_path / "out", ("swir1", "nir_broad"))


# --- HLS -------------------------------------------------------------------------------------------------------------


def test_b05_is_near_infrared_in_l30_and_red_edge_in_s30(tmp_path):
    view = known_view()
    scenes = [write_hls(tmp_path / "in", name, view, MGRS_30M) for name in (L30, S30)]
    result = run(scenes, tmp_path / "out")
    assert np.array_equal(classes(result, L30), classes(result, S30))
    roles = ("nir", "rededge1")
    edge = run(scenes[1:], tmp_path / "edge", roles)
    expected = read_hls(scenes[1], roles)
    labels = expected.labels(read_json(edge.signatures)["centres"], CLOUDS.flags)
    assert np.array_equal(classes(edge, S30), labels)
    assert expected.dn[1][20, 20] < expected.dn[0][20, 20]  # over forest
    with pytest.raises(IIkMCError, match=r"L30.*rededge1"):
        run(scenes, tmp_path / "none", roles)


def test_reflectance_below_zero_is_kept_and_below_the_scale_is_cut_and_counted(tmp_path):
    view = known_view()
    view.reflectance["swir2"][30, :7] = [-1, -150, -1999, -2000, -2001, -9000, 16022]
    view.reflectance["swir2"][31, :2] = [16023, 32767]
    scene = write_hls(tmp_path / "in", L30, view, MGRS_30M)
    reading = read_hls(scene, SIX)
    # -2000 is a reflectance of -0.2, whose DN would be 0, which is fill: it becomes 1 and is counted as cut.
    assert reading.dn[5][30, :4].tolist() == [7269, 6727, 4, 1]
    result = audit(AuditRequest((str(scene),), tmp_path / "out", NOTHING))
    assert result.audits[0].clipped == np.count_nonzero(reading.cut) == 5
    header, row = (line.split(",") for line in result.table.read_text(encoding="utf-8").splitlines())
    assert dict(zip(header, row))["clipped"] == "5"


# --- products that are refused ---------------------------------------------------------------------------------------


def _level_1c(folder: Path, view: View) -> Path:
    safe = write_sentinel2(folder, NEW, view, MGRS_20M, lone=True)
    renamed = safe.with_name(safe.name.replace("MSIL2A", "MSIL1C"))
    safe.rename(renamed)
    (renamed / "MTD_MSIL2A.xml").rename(renamed / "MTD_MSIL1C.xml")
    return renamed


def _no_mtd(folder: Path, view: View) -> Path:
    return write_sentinel2(folder, NEW, view, MGRS_20M, lone=True, mtd="")


def _radiance(folder: Path, view: View) -> Path:
    path = write_planetscope(folder, PLANET, view, CLIP_3M, 4)
    path.rename(path.with_name(path.name.replace("_SR", "")))
    return folder


def _old_mask(folder: Path, view: View) -> Path:
    write_planetscope(folder, PLANET, view, CLIP_3M, 4)
    (folder / f"{PLANET}_3B_udm2.tif").unlink()
    write_tif(folder / f"{PLANET}_3B_AnalyticMS_DN_udm.tif", view.fill.astype(np.uint8), CLIP_3M)
    return folder


def _version_1(folder: Path, view: View) -> Path:
    scene = write_hls(folder, L30, view, MGRS_30M)
    old = folder / scene.name.replace("v2.0", "v1.5")
    for path in scene.iterdir():
        path.rename(path.with_name(path.name.replace("v2.0", "v1.5")))
    scene.rename(old)
    return old


def _thermal(folder: Path, view: View) -> Path:
    scene = write_hls(folder, L30, view, MGRS_30M)
    for path in scene.iterdir():
        if path.name.split(".")[-2] not in ("B10", "B11", "Fmask"):
            path.unlink()
    return scene


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_level_1c, "Level-1C|L1C"),
        (_no_mtd, "MTD_MSIL2A"),
        (_radiance, "radiance"),
        (_old_mask, "udm2"),
        (_version_1, "v2.0"),
        (_thermal, "reflectance|B0|blue"),
    ],
)
def test_what_is_refused_and_what_to_do(tmp_path, write: Callable[[Path, View], Path], words):
    place = write(tmp_path / "in", known_view())
    with pytest.raises(IIkMCError, match=words) as refused:
        run([place], tmp_path / "out")
    text = str(refused.value)
    # One sentence that names the culprit and ends with what to do.
    assert text.endswith(".")
    assert any(name in text for name in (place.name, PLANET, L30.split(".v")[0], NEW[11:26])), text
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_jpeg_2000_without_its_driver_says_what_to_install(tmp_path, monkeypatch):
    safe = write_sentinel2(tmp_path / "in", NEW, known_view(), MGRS_20M, lone=True)
    monkeypatch.setattr("iikmc.engine.scenes.check.decodes_jp2", lambda: False)
    with pytest.raises(IIkMCError, match=rf"{NEW}.*lacks the driver JP2OpenJPEG; install"):
        run([safe], tmp_path / "out")
