"""Cases about band files: what GDAL knows of them beside the pixels, and files that reach out for others."""

from __future__ import annotations

import http.server
import os
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from bands import CUT, DN, LEFT, ONE, again, audit, band, bands_of, bare, filled, grid_of, pam, run, scene, world
from calls import CLOUD, LAND
from iikmc.engine.errors import SceneError
from iikmc.engine.map_requests import TransitionRequest
from iikmc.engine.maps.classified import ClassifiedError, open_classified
from iikmc.engine.runs.transitions import compare
from rasterio.crs import CRS
from rasterio.transform import Affine
from table import case, refused
from tiny import make_scene, make_tar, product

# --- nodata ----------------------------------------------------------------------------------------------------------

FORMS: dict[str, dict[str, Any]] = {
    "little_endian_strips": {"tiled": False, "blockxsize": None, "blockysize": None},
    "big_endian_tiles": {"ENDIANNESS": "BIG", "tiled": True, "blockxsize": 16, "blockysize": 16},
    "bigtiff_tiles": {"BIGTIFF": "YES", "tiled": True, "blockxsize": 16, "blockysize": 32},
    "big_endian_bigtiff_strips": {"BIGTIFF": "YES", "ENDIANNESS": "BIG", "tiled": False, "blockysize": 7},
    "lzw_with_predictor": {"compress": "LZW", "predictor": 2},
    "uncompressed": {"compress": None},
}


def _nodata(value: int, form: dict[str, Any]) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        path, other = scene(folder), scene(folder / "other")
        for file in bands_of(path):
            again(file, filled(value), nodata=value, **form)
        for file in bands_of(other):
            again(file, filled(0))
        found = audit(path)
        assert (found.valid, found.fill) == (LEFT, CUT.sum())
        assert np.array_equal(run(path)[0], run(other)[0])

    return check


for value, (form, profile) in zip((65535, 65535, 1, 20000, 65535, 7), FORMS.items()):
    check = _nodata(value, profile)
    check.__name__ = f"nodata_{value}_{form}"
    case(1, f"bands cut to a triangle, nodata {value}, {form.replace('_', ' ')}", "as with nodata 0")(check)


@case(1, "nodata -9999, not a number, 1e30 or 0.5 in the tags of uint16 bands", "no pixel is nodata")
def nodata_that_the_type_cannot_hold(folder: Path) -> None:
    path = scene(folder)
    for file, text in zip(bands_of(path), ("-9999", "nan", "1e30", "0.5", "65535.5", "-0")):
        # rasterio writes no such tag; one of the same length is replaced in the file.
        again(file, nodata=11111)
        content = file.read_bytes()
        assert content.count(b"11111\0") == 1
        file.write_bytes(content.replace(b"11111\0", text.ljust(5)[:5].encode() + b"\0"))
    assert audit(path).valid == DN[0].size


@case(1, "nodata 65535 in the tag of one band alone", "fill there, and 65535 stays a value in the others")
def nodata_of_one_band(folder: Path) -> None:
    path = scene(folder)
    again(band(path, 3), filled(65535), nodata=65535)
    again(band(path, 5), filled(65535, ~CUT))
    found = audit(path)
    assert (found.valid, found.fill) == (LEFT, CUT.sum())


@case(1, "QA_PIXEL cut with nodata 65535, all of whose bits are set", "fill, not cloud")
def nodata_of_the_quality_band(folder: Path) -> None:
    path = scene(folder, qa=np.where(CUT, CLOUD, LAND))
    again(band(path, "QA_PIXEL"), filled(65535, CUT), nodata=65535)
    found = audit(path, ("cloud",))
    assert (found.valid, found.fill, found.flags["cloud"]) == (LEFT, CUT.sum(), 0)


@case(1, "QA_PIXEL cut with nodata 0, which says that nothing is wrong", "fill, as nothing is known there")
def nodata_zero_of_the_quality_band(folder: Path) -> None:
    path = scene(folder)
    again(band(path, "QA_PIXEL"), filled(0), nodata=0)
    assert (audit(path, ("cloud",)).valid, audit(path).fill) == (LEFT, CUT.sum())


@case(1, "QA_PIXEL with nodata 1, as USGS writes it in some products", "the same as without")
def nodata_one_of_the_quality_band(folder: Path) -> None:
    path = scene(folder, qa=np.where(CUT, 1, LAND))
    again(band(path, "QA_PIXEL"), nodata=1)
    assert (audit(path).valid, audit(path).fill) == (LEFT, CUT.sum())


@case(1, "QA_RADSAT cut with nodata 65535, all of whose bits are set", "not saturated")
def nodata_of_the_saturation_band(folder: Path) -> None:
    path = scene(folder)
    again(band(path, "QA_RADSAT"), filled(65535), nodata=65535)
    found = audit(path)
    assert (found.valid, found.saturated) == (DN[0].size, 0)


# --- masks -----------------------------------------------------------------------------------------------------------


@case(1, "a mask inside each band file", "as with nodata 0")
def mask_inside(folder: Path) -> None:
    path, other = scene(folder), scene(folder / "other")
    for file in bands_of(path):
        again(file, mask=~CUT, nodata=None)
    for file in bands_of(other):
        again(file, filled(0))
    assert audit(path).valid == LEFT
    assert np.array_equal(run(path)[0], run(other)[0])


@case(1, "a mask inside a band file that has a nodata tag too", "fill where either says so")
def mask_and_nodata(folder: Path) -> None:
    path = scene(folder)
    again(band(path), filled(65535), mask=~CUT[::-1, ::-1], nodata=65535)
    assert audit(path).valid == DN[0].size - (CUT | CUT[::-1, ::-1]).sum()


@case(1, "masks beside the files (.TIF.msk)", "as with nodata 0")
def mask_beside(folder: Path) -> None:
    path = scene(folder)
    for file in bands_of(path):
        again(file, mask=~CUT, internal=False, nodata=None)
        assert file.with_name(file.name + ".msk").exists()
    assert audit(path).valid == LEFT


@case(1, "a mask beside QA_PIXEL alone (.msk)", "fill there")
def mask_beside_the_quality_band(folder: Path) -> None:
    path = scene(folder)
    again(band(path, "QA_PIXEL"), mask=~CUT, internal=False)
    assert audit(path).valid == LEFT


@case(1, "a mask inside QA_RADSAT", "its pixels are not saturated")
def mask_of_the_saturation_band(folder: Path) -> None:
    path = make_scene(folder / "in", ONE, DN, radsat=8)
    again(band(path, "QA_RADSAT"), mask=~CUT)
    found = audit(path)
    assert (found.valid, found.saturated) == (CUT.sum(), LEFT)


@case(1, "masks beside the files of a .tar bundle", "as with nodata 0")
def mask_in_a_bundle(folder: Path) -> None:
    path = scene(folder)
    for file in bands_of(path):
        again(file, mask=~CUT, internal=False, nodata=None)
    (folder / "tars").mkdir()
    assert audit(make_tar(path, folder / "tars" / f"{ONE}.tar", "x/")).valid == LEFT


@case(1, "a mask of another size beside a band file", "refused by the file's name")
def mask_of_another_size(folder: Path) -> None:
    path = scene(folder)
    with rasterio.open(f"{band(path)}.msk", "w", driver="GTiff", width=9, height=9, count=1, dtype="uint8") as dataset:
        dataset.write(np.zeros((1, 9, 9), np.uint8))
        dataset.update_tags(INTERNAL_MASK_FLAGS_1=2)
    with refused(ONE, band(path).name):
        audit(path)


@case(1, "an .aux.xml with a nodata value beside each band file", "as with the tag")
def nodata_beside(folder: Path) -> None:
    path = scene(folder)
    for file in bands_of(path):
        again(file, filled(65535), nodata=None)
        pam(file, '<PAMRasterBand band="1"><NoDataValue>6.55350000000000E+04</NoDataValue></PAMRasterBand>')
    assert audit(path).valid == LEFT


@case(1, "an .aux.xml that appears and goes between two runs", "each run heeds what is there")
def nodata_beside_comes_and_goes(folder: Path) -> None:
    path = scene(folder)
    for file in bands_of(path):
        again(file, filled(65535), nodata=None)
    assert audit(path).valid == DN[0].size
    side = pam(band(path), '<PAMRasterBand band="1"><NoDataValue>65535</NoDataValue></PAMRasterBand>')
    assert audit(path).valid == LEFT
    side.unlink()
    assert audit(path).valid == DN[0].size


@case(1, "an .aux.xml with statistics alone, as QGIS leaves it", "the same result")
def statistics_beside(folder: Path) -> None:
    path, other = scene(folder), scene(folder / "other")
    for file in bands_of(path):
        inside = '<Metadata><MDI key="STATISTICS_MAXIMUM">1</MDI></Metadata>'
        pam(file, f'<PAMRasterBand band="1">{inside}</PAMRasterBand>')
    assert np.array_equal(run(path)[0], run(other)[0])


# --- where it lies ---------------------------------------------------------------------------------------------------


def _srs(code: int = 32633) -> str:
    return f"<SRS>{CRS.from_epsg(code).to_wkt().replace('&', '&amp;')}</SRS>"


def _sidecar(ending: str) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        path = scene(folder)
        before = grid_of(path)
        for file in path.glob("*.TIF"):
            world(file, bare(file), ending)
            pam(file, _srs())
        after = grid_of(path)
        assert np.allclose(after.transform, before.transform, atol=1e-6)
        assert after.crs == before.crs
        assert after.hectares_per_pixel == 0.09

    return check


for ending in (".tfw", ".TFW", ".tifw", ".TIFW", ".wld"):
    check = _sidecar(ending)
    check.__name__ = f"world_file_{ending[1:]}"
    case(1, f"bands without a georeference, with {ending} and .aux.xml", "the place and the areas of these")(check)


@case(1, "a bundle of bands without a georeference, with .tfw and .aux.xml", "the place of these")
def world_file_in_a_bundle(folder: Path) -> None:
    path = scene(folder)
    before = grid_of(path)
    for file in path.glob("*.TIF"):
        world(file, bare(file))
        pam(file, _srs())
    (folder / "tars").mkdir()
    after = grid_of(make_tar(path, folder / "tars" / f"{ONE}.tar"))
    assert np.allclose(after.transform, before.transform, atol=1e-6)
    assert after.crs == before.crs


@case(1, "a rotated world file", "its rotation is that of the raster written")
def world_file_rotated(folder: Path) -> None:
    path = scene(folder)
    turned = Affine(24, 18, 500_000, 18, -24, 5_000_000)
    for file in path.glob("*.TIF"):
        bare(file)
        world(file, turned)
        pam(file, _srs())
    found = grid_of(path)
    assert np.allclose(found.transform, turned[:6], atol=1e-6)
    assert found.hectares_per_pixel == 0.09


@case(1, "georeference and CRS in .aux.xml alone", "the place of the .aux.xml")
def place_in_pam(folder: Path) -> None:
    path = scene(folder)
    for file in path.glob("*.TIF"):
        bare(file)
        pam(file, f"{_srs(32719)}<GeoTransform>300000, 30, 0, 7000000, 0, -30</GeoTransform>")
    found = grid_of(path)
    assert found.transform == (30, 0, 300_000, 0, -30, 7_000_000)
    assert found.crs.to_epsg() == 32719


@case(1, "a world file without a CRS anywhere", "accepted, without a CRS")
def world_file_alone(folder: Path) -> None:
    path = scene(folder)
    before = grid_of(path)
    for file in path.glob("*.TIF"):
        world(file, bare(file))
    found = grid_of(path)
    assert np.allclose(found.transform, before.transform, atol=1e-6)
    assert found.crs is None


@case(1, "a geotransform without a CRS inside the files", "accepted, without a CRS")
def no_crs(folder: Path) -> None:
    path = scene(folder)
    before = grid_of(path)
    for file in path.glob("*.TIF"):
        again(file, crs=None)
    assert (grid_of(path).transform, grid_of(path).crs) == (before.transform, None)


@case(1, "bands without any georeference", "refused: has no georeference")
def no_georeference(folder: Path) -> None:
    path = scene(folder)
    for file in path.glob("*.TIF"):
        bare(file)
    with refused(ONE, "_SR_B2.TIF has no georeference", ".aux.xml", error=SceneError):
        audit(path)


@case(1, "bands with a CRS and no place", "refused: has no georeference")
def crs_without_a_place(folder: Path) -> None:
    path = scene(folder)
    bare(band(path, 6), crs=True)
    with refused(ONE, "_SR_B6.TIF has no georeference"):
        audit(path)


@case(1, "bands placed by ground control points alone", "refused: warp it")
def control_points_alone(folder: Path) -> None:
    path = scene(folder)
    for file in path.glob("*.TIF"):
        bare(file)
        with rasterio.open(file, "r+") as dataset:
            points = [rasterio.control.GroundControlPoint(r, c, 5e5 + c, 5e6 - r) for r, c in ((0, 0), (0, 9), (9, 0))]
            dataset.gcps = (points, CRS.from_epsg(32633))
    with refused(ONE, "ground control points alone", "warp it"):
        audit(path)


@case(1, "world files of zeros or of words", "refused in one sentence")
def world_file_of_nonsense(folder: Path) -> None:
    path = scene(folder)
    for file in path.glob("*.TIF"):
        bare(file)
        file.with_suffix(".tfw").write_text("0\n" * 6)
    with refused(ONE, "_SR_B2.TIF has", "georeference"):
        audit(path)
    for file in path.glob("*.TIF"):
        file.with_suffix(".tfw").write_text("thirty\nnan\ninf\n")
    with refused(ONE, "_SR_B2.TIF has", "georeference"):
        audit(path)


@case(1, "a world file of one band that lies elsewhere than the others", "refused: must share one grid")
def world_file_of_another_place(folder: Path) -> None:
    path = scene(folder)
    for file in path.glob("*.TIF"):
        transform = bare(file)
        a, b, c, d, e, f = tuple(transform)[:6]
        world(file, Affine(a, b, c + 30 * ("_B5" in file.name), d, e, f))
    with refused(ONE, "_SR_B5.TIF is", "must share one grid"):
        audit(path)


@case(1, "a world file beside bands that have a georeference inside", "what is inside counts")
def world_file_beside_a_georeference(folder: Path) -> None:
    path = scene(folder)
    before = grid_of(path)
    for file in path.glob("*.TIF"):
        world(file, Affine(1, 0, 0, 0, -1, 0))
    assert grid_of(path).transform == before.transform


def _classified(place: Path, change: Callable[[np.ndarray], np.ndarray] = lambda a: a, **profile: Any) -> Path:
    values = np.arange(12).reshape(3, 4) % 3 + 1
    base = {"driver": "GTiff", "width": 4, "height": 3, "count": 1, "dtype": "uint8", "nodata": 0, "crs": "EPSG:32633"}
    base.update({"transform": Affine(30, 0, 500_000, 0, -30, 5_000_000), **profile})
    with rasterio.open(place, "w", **{key: value for key, value in base.items() if value is not None}) as dataset:
        dataset.write(change(values).astype(np.uint8), 1)
    return place


@case(1, "a classified raster with a mask beside it", "its pixels are nodata")
def mask_of_a_classified_raster(folder: Path) -> None:
    before, after = _classified(folder / "a.tif"), _classified(folder / "b.tif", nodata=None)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(after, "r+") as dataset:
        dataset.write_mask(np.array([[0, 0, 0, 0], [255] * 4, [255] * 4], np.uint8))
    assert (folder / "b.tif.msk").exists()
    result = compare(TransitionRequest(before, after, None, folder / "m.csv", None, 1))
    assert (result.common, result.changed) == (8, 0)


@case(1, "a classified raster with .tfw and .aux.xml", "the areas of these")
def world_file_of_a_classified_raster(folder: Path) -> None:
    place = _classified(folder / "a.tif", transform=None, crs=None)
    world(place, Affine(30, 0, 500_000, 0, -30, 5_000_000))
    pam(place, _srs())
    found = open_classified("BEFORE", place)
    assert found.grid.hectares_per_pixel == 0.09
    assert found.grid.transform[2] == 500_000


@case(1, "a classified raster without a georeference", "refused: has no georeference")
def classified_raster_without_a_place(folder: Path) -> None:
    with refused("BEFORE", "a.tif has no georeference", error=ClassifiedError):
        open_classified("BEFORE", _classified(folder / "a.tif", transform=None, crs=None))


# --- files that reach out --------------------------------------------------------------------------------------------


def _vrt(place: Path, source: str, dtype: str = "UInt16") -> Path:
    place.write_text(
        f'<VRTDataset rasterXSize="48" rasterYSize="40"><GeoTransform>0, 30, 0, 0, 0, -30</GeoTransform>'
        f'<VRTRasterBand dataType="{dtype}" band="1"><SimpleSource><SourceFilename>{source}</SourceFilename>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return place


@case(9, "a band file that is a VRT of another file", "refused: is no GeoTIFF")
def vrt_of_a_file(folder: Path) -> None:
    path = scene(folder)
    target = folder / "secret.tif"
    band(path).rename(target)
    _vrt(band(path), str(target))
    with refused(ONE, "_SR_B4.TIF", "it is no GeoTIFF"):
        audit(path)


class _Server:
    """A server of this computer that remembers who asked."""

    def __enter__(self) -> _Server:
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            do_HEAD = do_GET  # noqa: N815 (its name for the server)

            def log_message(self, *_: object) -> None:
                pass

        self._server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@case(9, "band files that are a VRT, a GTI, a WMS or an ERS with an address", "refused, and nobody is asked")
def addresses_in_files(folder: Path) -> None:
    with _Server() as server:
        for number, text in enumerate(
            (
                f'<GDAL_WMS><Service name="TMS"><ServerUrl>http://{server.address}/a</ServerUrl></Service></GDAL_WMS>',
                f"<GDALTileIndexDataset><IndexDataset>/vsicurl/http://{server.address}/b</IndexDataset></GDALTileIndexDataset>",
                f"<WMT_MS_Capabilities>http://{server.address}/c</WMT_MS_Capabilities>",
                f'DatasetHeader Begin\n DataFile = "/vsicurl/http://{server.address}/d"\nDatasetHeader End\n',
            )
        ):
            path = scene(folder / str(number))
            band(path, 2).write_text(text)
            with refused(ONE, "_SR_B2.TIF", "it is no GeoTIFF"):
                audit(path)
        path = scene(folder / "vrt")
        _vrt(band(path, "QA_PIXEL"), f"/vsicurl/http://{server.address}/e.tif")
        with refused(ONE, "QA_PIXEL.TIF", "it is no GeoTIFF"):
            audit(path)
        assert server.asked == []


@case(9, "a VRT with an address in a bundle", "refused, and nobody is asked")
def address_in_a_bundle(folder: Path) -> None:
    path = scene(folder)
    with _Server() as server:
        _vrt(band(path), f"/vsicurl/http://{server.address}/a.tif")
        (folder / "tars").mkdir()
        with refused(ONE, "_SR_B4.TIF", "it is no GeoTIFF"):
            audit(make_tar(path, folder / "tars" / f"{ONE}.tar"))
        assert server.asked == []


@case(9, "a mask beside a band file (.msk) that is a VRT with an address", "refused, and nobody is asked")
def address_in_a_mask(folder: Path) -> None:
    path = scene(folder)
    with _Server() as server:
        _vrt(Path(f"{band(path)}.msk"), f"/vsicurl/http://{server.address}/a.tif", "Byte")
        with refused(ONE, "_SR_B4.TIF.msk", "it is no GeoTIFF"):
            audit(path)
        assert server.asked == []


@case(9, "overviews beside a band file (.ovr, OVERVIEW_FILE) that name an address", "nobody is asked")
def address_in_overviews(folder: Path) -> None:
    path, other = scene(folder), scene(folder / "other")
    with _Server() as server:
        _vrt(Path(f"{band(path)}.ovr"), f"/vsicurl/http://{server.address}/a.tif")
        address = f"/vsicurl/http://{server.address}/b.tif"
        pam(band(path), f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{address}</MDI></Metadata>')
        assert np.array_equal(run(path)[0], run(other)[0])
        assert server.asked == []


@case(9, "folders called http: and 127.0.0.1, given by a relative path", "read from the disk")
def folder_like_an_address(folder: Path) -> None:
    here = os.getcwd()
    with _Server() as server:
        path = scene(folder / "http:" / server.address)
        os.chdir(folder)
        try:
            found = audit(Path("http:") / server.address / "in" / path.name)
            assert found.valid == DN[0].size
        finally:
            os.chdir(here)
        assert server.asked == []


@case(9, "folders called GTIFF_RAW: and {a}, given by a relative path", "read from the disk")
def folder_like_a_prefix(folder: Path) -> None:
    here = os.getcwd()
    for name in ("GTIFF_RAW:x", "GTIFF_DIR:1:", "{a}", "vsicurl"):
        path = scene(folder / name)
        (folder / name / "tars").mkdir()
        bundle = make_tar(path, folder / name / "tars" / f"{ONE}.tar")
        os.chdir(folder)
        try:
            assert audit(path.relative_to(folder)).valid == DN[0].size
            assert audit(bundle.relative_to(folder)).valid == DN[0].size
        finally:
            os.chdir(here)


@case(9, "SCENES, BEFORE given as /vsicurl/, http:, /vsizip/ and a subdataset", "refused: no such file")
def addresses_as_parameters(folder: Path) -> None:
    with _Server() as server:
        for text in (
            f"/vsicurl/http://{server.address}/{ONE}",
            f"http://{server.address}/{ONE}.tar",
            "GTIFF_DIR:1:a.tif",
        ):
            with refused("SCENES", "does not exist"):
                audit(folder / "x" / text if text.startswith("G") else Path(text))
        _classified(folder / "a.tif")
        for text in (f"/vsicurl/http://{server.address}/a.tif", f"GTIFF_DIR:1:{folder}/a.tif", f"{folder}/a.zip/a.tif"):
            with refused("BEFORE", "it is no file"):
                open_classified("BEFORE", Path(text))
        assert server.asked == []


@case(9, "a classified raster that is a VRT", "refused: is no GeoTIFF")
def classified_vrt(folder: Path) -> None:
    target = _classified(folder / "a.tif")
    with refused("BEFORE", "b.tif", "it is no GeoTIFF", error=ClassifiedError):
        open_classified("BEFORE", _vrt(folder / "b.tif", str(target), "Byte"))


@case(9, "a classified raster in the ENVI format, with its header beside it", "read")
def classified_envi(folder: Path) -> None:
    place = _classified(folder / "a.dat", driver="ENVI", nodata=None)
    found = open_classified("BEFORE", place)
    assert found.read(0, 0, 3, 4).tolist() == [[1, 2, 3, 1], [2, 3, 1, 2], [3, 1, 2, 3]]
    assert found.grid.crs.to_epsg() == 32633


@case(8, "a pipe beside a band file in place of its .aux.xml", "refused: no regular file", seconds=10)
def pipe_as_a_sidecar(folder: Path) -> None:
    path = scene(folder)
    world(band(path), Affine(30, 0, 0, 0, -30, 0))
    os.mkfifo(f"{band(path)}.aux.xml")
    with refused(ONE, "_SR_B4.TIF.aux.xml", "no regular file"):
        audit(path)


@case(8, "an .aux.xml of 40 GB", "refused by its size")
def huge_sidecar(folder: Path) -> None:
    path = scene(folder)
    with open(f"{band(path)}.aux.xml", "wb") as file:
        file.truncate(40 << 30)
    with refused(ONE, "_SR_B4.TIF.aux.xml", "bytes, more than"):
        audit(path)


@case(7, "an .aux.xml of 200 000 elements in one another", "as without it", seconds=20)
def nested_sidecar(folder: Path) -> None:
    path = scene(folder)
    pam(band(path), "<a>" * 200_000)
    # GDAL finds it damaged and goes on without it.
    assert audit(path).valid == DN[0].size


@case(1, "two scenes of one series, one of them with nodata 65535", "the classes of both as with nodata 0")
def nodata_in_a_series(folder: Path) -> None:
    second = product(day="20220612")
    pairs = []
    for value, place in ((65535, folder / "a"), (0, folder / "b")):
        first, other = scene(place), scene(place, DN[:, ::-1], second)
        for file in bands_of(other):
            again(file, filled(value), nodata=value)
        pairs.append(run(first, other))
    assert np.array_equal(pairs[0][0], pairs[1][0])
    assert np.array_equal(pairs[0][1], pairs[1][1])
