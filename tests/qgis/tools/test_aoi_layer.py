"""AOI as a layer of any CRS: classes by hand, selected features, layers that cannot be used."""

from __future__ import annotations

import processing
import pytest

pytest.importorskip("qgis.core")

import numpy as np
import rasterio
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)
from running import Log, run_task
from tiny_series import IDS, NEWEST, OLDEST, TINY, TITLES, file_of, read_classes

pytestmark = pytest.mark.qgis

# Columns 2 to 7 and rows 1 to 8 of every scene of the series, drawn a third of a pixel off the centres.
LEFT, TOP, RIGHT, BOTTOM = 2 - 0.17, 1 - 0.17, 8 + 0.17, 9 + 0.17
INSIDE = np.zeros((10, 12), bool)
INSIDE[1:9, 2:8] = True


def rings_of(tiny, crs):
    """Return one ring a scene, in a CRS."""
    rings = []
    for scene in IDS:
        with rasterio.open(file_of(tiny, scene, "SR_B4")) as raster:
            own = QgsCoordinateReferenceSystem(raster.crs.to_string())
            corners = [raster.transform * at for at in ((LEFT, TOP), (RIGHT, TOP), (RIGHT, BOTTOM), (LEFT, BOTTOM))]
        there = QgsCoordinateTransform(own, QgsCoordinateReferenceSystem(crs), QgsProject.instance())
        rings.append([there.transform(QgsPointXY(*corner)) for corner in corners])
    return rings


def layer_of(crs, rings):
    layer = QgsVectorLayer(f"Polygon?crs={crs}", "fields", "memory")
    for ring in rings:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromPolygonXY([ring]))
        assert layer.dataProvider().addFeatures([feature])[0]
    return layer


def right(scene):
    return np.where(INSIDE, TINY[scene].classes, 0)


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "EPSG:3035"])
def test_all_algorithms_keep_to_the_polygons(plugin, tiny, tmp_path, crs):
    zone = layer_of(crs, rings_of(tiny, crs))
    log = Log()
    first = processing.run(
        "iikmc:cluster",
        {"SCENES": [str(tiny)], "K": 3, "AOI": zone, "OUTPUT": str(tmp_path / "a")},
        feedback=log,
    )
    assert log.warnings == log.errors == []
    valid = sum(int((right(scene) > 0).sum()) for scene in IDS)
    assert first["PIXEL_COUNT"] == valid
    # 8 rows of 6 pixels in each scene; cloud shadow and cirrus of the second lie inside.
    assert valid == 3 * 48 - 2
    for scene in IDS:
        np.testing.assert_array_equal(read_classes(tmp_path / "a" / f"{scene}_classes.tif"), right(scene))
    values = {"SCENES": [str(tiny)], "SIGNATURES": first["SIGNATURES_FILE"], "AOI": zone, "OUTPUT": str(tmp_path / "b")}
    assert processing.run("iikmc:classify", values)["PIXEL_COUNT"] == valid
    for scene in IDS:
        name = f"{scene}_classes.tif"
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()
    found = processing.run("iikmc:audit", {"SCENES": [str(tiny)], "AOI": zone, "OUTPUT": str(tmp_path / "c")})
    assert found["PIXEL_COUNT"] == valid
    assert found["VALID_PERCENT"] == pytest.approx(100 * valid / 144)


def test_a_file_from_a_background_task(plugin, tiny, tmp_path, context):
    from qgis.core import QgsVectorFileWriter

    path = tmp_path / "zone.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    zone = layer_of("EPSG:4326", rings_of(tiny, "EPSG:4326"))
    QgsVectorFileWriter.writeAsVectorFormatV3(zone, str(path), QgsProject.instance().transformContext(), options)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmc:audit")
    values = {"SCENES": [str(tiny)], "AOI": str(path), "OUTPUT": str(tmp_path / "out")}
    good, results, _ = run_task(algorithm, values, context, QgsProcessingFeedback(False))
    assert good
    assert results["PIXEL_COUNT"] == 3 * 48 - 2


def test_a_polygon_of_the_whole_world_leaves_nothing_out(plugin, tiny, tmp_path):
    """Most of it has no place in a UTM zone."""
    world = layer_of("EPSG:4326", [[QgsPointXY(*at) for at in ((-180, -90), (180, -90), (180, 90), (-180, 90))]])
    found = processing.run("iikmc:audit", {"SCENES": [str(tiny)], "AOI": world, "OUTPUT": str(tmp_path)})
    assert found["VALID_PERCENT"] == pytest.approx(100 * 354 / 360)


def test_a_polygon_that_crosses_itself_encloses_what_it_encloses(plugin, tiny, tmp_path):
    """A bow tie larger than the oldest scene: two triangles, whose edges run through no centre."""
    with rasterio.open(file_of(tiny, OLDEST, "SR_B4")) as raster:
        crs = raster.crs.to_string()
        corners = [
            QgsPointXY(*(raster.transform * at)) for at in ((-20.1, -0.1), (31.9, 10.1), (31.9, -0.1), (-20.1, 10.1))
        ]
    values = {"SCENES": [str(tiny / OLDEST)], "AOI": layer_of(crs, [corners]), "OUTPUT": str(tmp_path)}
    found = processing.run("iikmc:audit", values)
    # The two edges are y = 5 -/+ 5.1 (x - 5.9) / 26 rows. Between them, to the left and right of their crossing in
    # column 5.9, lie the centres whose distance from row 5 is less than 5.1 |x - 5.9| / 26.
    expected = sum(abs(y + 0.5 - 5) < 5.1 * abs(x + 0.5 - 5.9) / 26 for x in range(12) for y in range(10))
    assert expected == 14  # in the two middle rows the columns 0, 1, 2 and 8, 9, 10, 11
    assert found["PIXEL_COUNT"] == expected


def test_selected_features_alone(plugin, tiny, tmp_path):
    zone = layer_of("EPSG:4326", rings_of(tiny, "EPSG:4326"))
    QgsProject.instance().addMapLayer(zone)
    try:
        zone.selectByIds([sorted(zone.allFeatureIds())[IDS.index(NEWEST)]])
        chosen = QgsProcessingFeatureSourceDefinition(zone.id(), True)
        values = {"SCENES": [str(tiny / NEWEST)], "AOI": chosen, "OUTPUT": str(tmp_path)}
        assert processing.run("iikmc:audit", values)["PIXEL_COUNT"] == 48
        zone.removeSelection()
        with pytest.raises(QgsProcessingException, match="AOI: fields has no polygon"):
            processing.run("iikmc:audit", values)
    finally:
        QgsProject.instance().clear()


def test_scenes_that_the_polygons_do_not_meet_are_listed(plugin, tiny, tmp_path):
    far = layer_of("EPSG:4326", [[QgsPointXY(*at) for at in ((-150, -60), (-149, -60), (-149, -59))]])
    log = Log()
    values = {"SCENES": [str(tiny)], "AOI": far, "OUTPUT": str(tmp_path)}
    assert processing.run("iikmc:audit", values, feedback=log)["PIXEL_COUNT"] == 0
    assert [text.split(" does not meet AOI")[0] for text in log.warnings] == TITLES


def test_layers_that_cannot_be_used(plugin, tiny, tmp_path):
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmc:cluster")

    def answer(zone):
        values = {"SCENES": [str(tiny)], "K": 3, "AOI": zone, "OUTPUT": str(tmp_path / "out")}
        return algorithm.checkParameterValues(values, QgsProcessingContext())[1]

    assert answer(None) == answer("") == ""
    assert answer(layer_of("EPSG:4326", rings_of(tiny, "EPSG:4326"))) == ""
    assert answer(layer_of("EPSG:4326", [])).startswith("AOI: fields has no polygon")
    assert answer(str(tmp_path / "gone.gpkg")).startswith(f"AOI: {tmp_path / 'gone.gpkg'} cannot be read as a layer")


def test_in_a_terminal(terminal, tiny, tmp_path):
    from qgis.core import QgsVectorFileWriter

    path = tmp_path / "zone.geojson"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    zone = layer_of("EPSG:4326", rings_of(tiny, "EPSG:4326"))
    QgsVectorFileWriter.writeAsVectorFormatV3(zone, str(path), QgsProject.instance().transformContext(), options)
    values = (f"SCENES={tiny / NEWEST}", "K=2", f"AOI={path}", f"OUTPUT={tmp_path / 'out'}")
    code, out, err = terminal("run", "iikmc:cluster", "--", *values)
    assert code == 0, err
    assert "PIXEL_COUNT:\t48\n" in out
    code, out, err = terminal("run", "iikmc:cluster", "--", *values[:2], "AOI=", f"OUTPUT={tmp_path / 'all'}")
    assert code == 0, err
    assert "PIXEL_COUNT:\t117\n" in out
