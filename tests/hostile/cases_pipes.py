"""Cases about layers that are pipes or devices, or have one among their files: QGIS would wait for it in the window."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from bands import scene
from table import assert_sentence, case
from tiny import product

SPECIAL = "is a pipe or device and no file"
RING = "POLYGON((0 0, 1 0, 1 1, 0 0))"


def _answer(tool: str, **values: Any) -> str:
    """Return what the dialog, `processing.run` and qgis_process say of values, "" if they are taken."""
    from qgis.core import QgsApplication, QgsProcessingContext

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"iikmc:{tool}")
    good, text = algorithm.checkParameterValues(values, QgsProcessingContext())
    assert good == (not text)
    return text


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _raster(folder: Path, name: str = "20220511.tif") -> Path:
    folder.mkdir(exist_ok=True)
    place = rasterio.transform.from_origin(500_000, 5_000_000, 30, 30)
    options = {"driver": "GTiff", "dtype": "uint8", "count": 1, "nodata": 0, "crs": "EPSG:32633", "transform": place}
    with rasterio.open(folder / name, "w", height=4, width=5, **options) as raster:
        raster.write(np.ones((4, 5), np.uint8), 1)
    return folder / name


def _shapes(folder: Path) -> Path:
    """Write a polygon as a shapefile."""
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorFileWriter, QgsVectorLayer

    folder.mkdir()
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=a:int", "zone", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(RING))
    assert layer.dataProvider().addFeatures([feature])[0]
    path = folder / "zone.shp"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    written = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), layer.transformContext(), options)
    assert written[0] == QgsVectorFileWriter.WriterError.NoError
    return path


def _audit_values(folder: Path, zone: object) -> dict[str, Any]:
    return {"SCENES": [str(scene(folder))], "MASK": [], "AOI": zone, "OUTPUT": str(folder / "out")}


@case(8, "AOI is a named pipe, however its path is written", "refused before QGIS opens it", qgis=True)
def aoi_is_a_pipe(folder: Path) -> None:
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProperty

    pipe = _pipe(folder / "zone.geojson")
    (folder / "link.gpkg").symlink_to(pipe)
    zones = (
        str(pipe),
        f"{pipe}|layername=zone",
        f"{folder}/./zone.geojson|layerid=0|subset=a = 'b/c'",
        f"ogr://{pipe}",
        f"file://{pipe}",
        f"delimitedtext://file://{pipe}?type=csv&geomType=none",
        f"GeoJSON:{pipe}",
        f'GPKG:"{pipe}":zone',
        f"GPKG:{pipe}:zone",
        f"/vsizip/{pipe}/zone.shp",
        f"/vsizip/{{{pipe}}}/zone.shp",
        f"/vsigzip/{pipe}",
        f"  {pipe}",
        str(folder / "link.gpkg"),
        QgsProperty.fromValue(str(pipe)),
        QgsProperty.fromExpression(f"'{pipe}'"),
        QgsProcessingFeatureSourceDefinition(str(pipe), True),
    )
    for zone in zones:
        text = _answer("audit", **_audit_values(folder, zone))
        assert_sentence(text, "AOI: ", folder, SPECIAL, "choose a file")


@case(8, "AOI is a device or a socket", "refused before QGIS opens it", qgis=True)
def aoi_is_a_device(folder: Path) -> None:
    (folder / "zone.shp").symlink_to("/dev/zero")
    here = os.getcwd()
    os.chdir(folder)  # a socket's path has 108 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("zone.gpkg")
            for zone in ("/dev/zero", "/dev/tty", "zone.gpkg", str(folder / "zone.shp")):
                assert_sentence(_answer("audit", **_audit_values(folder, zone)), f"AOI: {zone} {SPECIAL}")
    finally:
        os.chdir(here)


@case(8, "a part of AOI's shapefile is a named pipe, or lies in a folder as AOI", "refused with its name", qgis=True)
def aoi_has_a_pipe(folder: Path) -> None:
    for part in ("dbf", "shx", "prj", "cpg"):
        path = _shapes(folder / part)
        path.with_suffix(f".{part}").unlink()
        pipe = _pipe(path.with_suffix(f".{part}"))
        for zone in (path, f"{path}|layerid=0", path.parent):
            text = _answer("audit", **_audit_values(folder, str(zone)))
            assert_sentence(text, f"AOI: {pipe}, which is read with ", SPECIAL, "take it away")


@case(8, "AOI is a shapefile, its folder, a layer in memory or a database, beside pipes", "taken as ever", qgis=True)
def aoi_beside_a_pipe(folder: Path) -> None:
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    alone, path = _shapes(folder / "alone"), _shapes(folder / "shapes")
    for name in ("zones.dbf", "another.geojson", "zone"):
        _pipe(path.parent / name)
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326", "zone", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(RING))
    assert layer.dataProvider().addFeatures([feature])[0]
    for zone in (str(path), f"{path}|layerid=0", str(alone.parent), f"ogr://{path}", layer):
        assert _answer("audit", **_audit_values(folder, zone)) == "", zone
    for zone in (
        'postgres://dbname=\'nowhere\' host=127.0.0.1 port=1 table="a"."b" (geom)',
        str(path.parent / "none" / "x.shp"),
        str(path.parent / "none.shp"),
        "zone\0.shp",
    ):
        assert_sentence(_answer("audit", **_audit_values(folder, zone)), "AOI: ", "cannot be read as a layer")


LAYERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "transitions BEFORE": lambda pipe, good: {"BEFORE": pipe, "AFTER": good},
    "transitions AFTER": lambda pipe, good: {"BEFORE": good, "AFTER": pipe},
    "series RASTERS": lambda pipe, good: {"RASTERS": [good, pipe], "OUTPUT": f"{good}-out"},
    "series GRID": lambda pipe, good: {"RASTERS": [good], "GRID": pipe, "OUTPUT": f"{good}-out"},
    "samplepoints RASTERS": lambda pipe, good: {"RASTERS": [[pipe], good], "OUTPUT": f"{good}.gpkg"},
    "accuracy RASTERS": lambda pipe, good: {"RASTERS": pipe, "POINTS": good, "CLASS_FIELD": "a"},
    "accuracy POINTS": lambda pipe, good: {"RASTERS": [good], "POINTS": pipe, "CLASS_FIELD": "a"},
}


@case(8, "any layer of any tool is a named pipe, or a raster with a pipe as .aux.xml or .ovr", "refused", qgis=True)
def layers_are_pipes(folder: Path) -> None:
    good = str(_raster(folder / "good"))
    pipe = str(_pipe(folder / "20220612.tif"))
    for what, values in LAYERS.items():
        tool, name = what.split()
        for text in (pipe, f"{pipe}|option", f"gdal://{pipe}"):
            assert_sentence(_answer(tool, **values(text, good)), f"{name}: {pipe} {SPECIAL}")
    for ending in (".tif.aux.xml", ".tif.ovr", ".xml", "_rpc.txt"):
        odd = _raster(folder / ending[1:])
        beside = _pipe(odd.with_name(f"{odd.stem}{ending}"))
        for what, values in LAYERS.items():
            tool, name = what.split()
            assert_sentence(_answer(tool, **values(str(odd), good)), f"{name}: {beside}, which is read with {odd.name}")


@case(8, "a layer is a named pipe, by processing.run or a step of a model, which nobody checks", "refused", qgis=True)
def pipes_without_a_dialog(folder: Path) -> None:
    import processing
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

    good = str(_raster(folder))
    pipe = str(_pipe(folder / "20220612.tif"))
    calls = [("audit AOI", _audit_values(folder, pipe))]
    calls += [(what, values(pipe, good)) for what, values in LAYERS.items()]
    for what, values in calls:
        tool, name = what.split()
        with pytest.raises(QgsProcessingException, match=f"{name}: {pipe} {SPECIAL}"):
            processing.run(f"iikmc:{tool}", values)
        log = QgsProcessingFeedback(False)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"iikmc:{tool}")
        _, done = algorithm.run(values, QgsProcessingContext(), log)
        assert not done
        assert f"{name}: {pipe} {SPECIAL}" in log.textLog()


@case(8, "a layer is a named pipe, and qgis_process asks each parameter whether it can be one", "not opened", qgis=True)
def pipes_that_a_parameter_is_asked_of(folder: Path) -> None:
    import gc

    from qgis.core import QgsApplication, QgsProcessingContext

    pipe = str(_pipe(folder / "20220612.tif"))
    for what in ("audit AOI", *LAYERS):
        tool, name = what.split()
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"iikmc:{tool}")
        gc.collect()
        definition = algorithm.parameterDefinition(name)
        assert definition.checkValueIsAcceptable(pipe, QgsProcessingContext())
        assert definition.checkValueIsAcceptable(pipe)
        assert not definition.checkValueIsAcceptable(str(folder / "none.tif"), QgsProcessingContext())


@case(8, "SCENES holds a named pipe, in the dialog", "refused: says so", qgis=True)
def scenes_are_a_pipe(folder: Path) -> None:
    for name in (f"{product()}.tar", "scene.tif", "scene"):
        pipe = _pipe(folder / name)
        text = _answer("audit", SCENES=[str(pipe)], OUTPUT=str(folder / "out"))
        assert_sentence(text, f"SCENES: {pipe} {SPECIAL}")
