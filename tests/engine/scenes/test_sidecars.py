"""Which files beside a raster GDAL reads with it: by the names in its documentation."""

from __future__ import annotations

import logging
import os

import pytest
from iikmc.engine.scenes.complaints import complaints
from iikmc.engine.scenes.sidecars import sidecars_beside, sidecars_on_disk, what_is_odd


@pytest.mark.parametrize(
    ("name", "sidecar"),
    [
        ("a.TIF", "a.TIF.aux.xml"), ("a.TIF", "a.TIF.msk"), ("a.TIF", "a.tfw"), ("a.TIF", "a.TFW"), ("a.TIF", "a.tifw"),
        ("a.tiff", "a.tfw"), ("a.tiff", "a.tiffw"), ("a.tif", "a.wld"), ("a.tif", "a.WLD"), ("a.tif", "a.tab"),
        ("a.jp2", "a.j2w"), ("a.tif", "a.aux"), ("a.b.tif", "a.b.tfw"),
    ],
)  # fmt: skip
def test_names_that_count(name, sidecar):
    assert sidecars_beside([name, sidecar, "b.TIF", "x_MTL.txt"]) == {name: [sidecar]}


@pytest.mark.parametrize(
    "other", ["b.tfw", "a.TIF.ovr", "a.xml", "a_MTL.xml", "a.tif.tfw", "a.Tfw", "a.rrd", "aTIF.msk"]
)
def test_names_that_do_not(other):
    assert sidecars_beside(["a.TIF", other]) == {}


def test_several_of_one_raster():
    names = ["a.TIF", "a.TIF.aux.xml", "a.tfw", "a.TIF.msk", "b.TIF", "b.tfw"]
    assert {name: sorted(found) for name, found in sidecars_beside(names).items()} == {
        "a.TIF": ["a.TIF.aux.xml", "a.TIF.msk", "a.tfw"],
        "b.TIF": ["b.tfw"],
    }


def test_on_disk_only_files_count(tmp_path):
    raster = tmp_path / "a.dat"
    assert sidecars_on_disk(raster) == []
    (tmp_path / "a.hdr").write_text("ENVI")
    os.mkfifo(tmp_path / "a.dat.aux.xml")
    assert sidecars_on_disk(raster) == [str(tmp_path / "a.hdr")]
    assert what_is_odd(str(raster)) == "a.dat.aux.xml beside it is no regular file"
    (tmp_path / "a.dat.aux.xml").unlink()
    (tmp_path / "a.dat.aux.xml").mkdir()
    assert "no regular file" in what_is_odd(str(raster))
    (tmp_path / "a.dat.aux.xml").rmdir()
    assert what_is_odd(str(raster)) is None


@pytest.mark.parametrize("name", ["rasterio._env", "rasterio._err"])
def test_only_what_means_damage_is_a_complaint_and_only_of_this_thread(name):
    logger = logging.getLogger(name)
    logger.warning("PackBitsDecode: lack of data")
    with complaints() as found:
        logger.warning("CPLE_AppDefined in PackBitsDecode:Discarding 9 bytes to avoid buffer overrun")
        logger.warning("CPLE_AppDefined in TIFFReadDirectory:Unknown field with tag 42112")
    assert found == ["CPLE_AppDefined in PackBitsDecode:Discarding 9 bytes to avoid buffer overrun"]
    with complaints() as found:
        pass
    assert found == []
