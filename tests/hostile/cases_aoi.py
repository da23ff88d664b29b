"""Cases about the area of interest: layers that are none, and polygons in degrees where their edges are curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from bands import DN, audit, band, scene
from iikmc.engine.errors import IIkMCError
from iikmc.engine.scenes.area import Area
from rasterio.crs import CRS
from rasterio.warp import transform
from table import assert_sentence, case, refused
from tiny import make_scene, product

DEGREES = "EPSG:4326"
HEIGHT, WIDTH = 300, 400


def _layer(kind: str, crs: str, *wkts: str) -> Any:
    """Return a layer in memory with features of these well-known texts; "" gives one without a geometry."""
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"{kind}?crs={crs}", "fields", "memory")
    for wkt in wkts:
        feature = QgsFeature()
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert layer.dataProvider().addFeatures([feature])[0]
    return layer


def _count(path: Path, zone: Any, folder: Path) -> int:
    """Return how many pixels of a scene lie inside, as the audit tells it."""
    import processing

    values = {"SCENES": [str(path)], "AOI": zone, "OUTPUT": str(folder / "audit")}
    found: int = processing.run("iikmc:audit", values)["PIXEL_COUNT"]
    return found


def _refused(path: Path, zone: Any, folder: Path, *words: str) -> None:
    import processing
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException
    from running import Log

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmc:cluster")
    values = {"SCENES": [str(path)], "K": 3, "AOI": zone, "OUTPUT": str(folder / "out")}
    good, message = algorithm.checkParameterValues(values, QgsProcessingContext())
    if good:
        # Only who reads the features can know.
        log = Log()
        try:
            processing.run("iikmc:audit", {**values, "OUTPUT": str(folder / "audit")}, feedback=log)
        except QgsProcessingException:
            message = log.errors[0]
        else:
            raise AssertionError("accepted")
    assert_sentence(message, *words)


def _wkt(*rings: Sequence[tuple[float, float]]) -> str:
    parts = [", ".join(f"{x!r} {y!r}" for x, y in [*ring, ring[0]]) for ring in rings]
    return f"MultiPolygon ({', '.join(f'(({part}))' for part in parts)})"


def _inside(ring: Sequence[tuple[float, float]], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return which points a ring encloses: by the crossings of a ray, straight from the definition."""
    found = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]]):
        if y0 != y1:
            found ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return found


def _expected(code: int, origin: tuple[float, float], cell: float, rings: Any, crs: int = 4326) -> int:
    """Return how many centres, brought into the CRS of the rings, lie in one of them."""
    x, y = np.meshgrid(origin[0] + (np.arange(WIDTH) + 0.5) * cell, origin[1] - (np.arange(HEIGHT) + 0.5) * cell)
    x, y = np.array(transform(CRS.from_epsg(code), CRS.from_epsg(crs), x.ravel().tolist(), y.ravel().tolist()))
    found = np.zeros(len(x), bool)
    for ring in rings:
        for turn in (0, 360, -360) if crs == 4326 else (0,):
            found |= _inside(ring, x + turn, y)
    return int(found.sum())


PLACES: dict[str, tuple[str, int, tuple[float, float], float, list[list[tuple[float, float]]]]] = {
    "across_180_in_two_parts": (
        "a scene in UTM 1N across 180°, a polygon in degrees cut there",
        32601, (160_000.0, 1_110_000.0), 30.0,
        [[(179.9, 9.97), (180, 9.97), (180, 10.02), (179.9, 10.02)],
         [(-180, 9.97), (-179.95, 9.97), (-179.95, 10.02), (-180, 10.02)]],
    ),
    "across_180_beyond_it": (
        "a scene in UTM 1N across 180°, a polygon that goes on to 180.1°",
        32601, (160_000.0, 1_110_000.0), 30.0, [[(179.9, 9.97), (180.05, 9.99), (180.1, 10.02), (179.93, 10.01)]],
    ),
    "across_180_west_of_it": (
        "a scene in UTM 60N across 180°, a polygon from -180.1°",
        32660, (825_000.0, 1_110_000.0), 30.0, [[(-180.1, 9.96), (-179.95, 9.99), (-179.93, 10.02), (-180.02, 10.01)]],
    ),
    "the_world_at_180": (
        "a scene in UTM 1N across 180°, a polygon around the Earth between two parallels",
        32601, (160_000.0, 6_660_000.0), 300.0, [[(-180, 59.3), (180, 59.3), (180, 59.7), (-180, 59.7)]],
    ),
    "along_a_parallel": (
        "a scene at 60° N, a polygon along a parallel across a third of the Earth",
        32633, (400_000.0, 6_680_000.0), 300.0, [[(-40, 59.5), (70, 59.5), (70, 60.1), (-40, 60.1)]],
    ),
    "around_the_south_pole": (
        "a scene with the South Pole in it, a polygon from -90° to -89° all around",
        3031, (-300_000.0, 200_000.0), 1500.0, [[(-180, -90), (180, -90), (180, -88.9), (-180, -88.9)]],
    ),
    "a_sector_of_the_pole": (
        "a scene with the South Pole in it, a polygon of a sector",
        3031, (-300_000.0, 200_000.0), 1500.0, [[(20, -90), (150, -90), (150, -88), (20, -88)]],
    ),
    "beside_the_pole": (
        "a scene beside the South Pole across 180°, a polygon cut there",
        3031, (-60_000.0, -200_000.0), 300.0,
        [[(-180, -88), (-160, -88), (-160, -87.5), (-180, -87.5)],
         [(160, -88), (180, -88), (180, -87.5), (160, -87.5)]],
    ),
    "near_the_north_pole": (
        "a scene at 83° N in UTM, a polygon along a parallel",
        32633, (470_000.0, 9_250_000.0), 300.0, [[(5, 82.7), (25, 82.7), (25, 83.1), (5, 83.1)]],
    ),
}  # fmt: skip


def _place(code: int, origin: tuple[float, float], cell: float, rings: Any) -> Any:
    def check(folder: Path) -> None:
        dn = np.full((HEIGHT, WIDTH), 9000, np.uint16)
        path = make_scene(folder / "in", product(), dn, crs=f"EPSG:{code}", origin=origin, cell=cell)
        right = _expected(code, origin, cell, rings)
        assert 0.01 * dn.size < right < dn.size, right
        assert _count(path, _layer("MultiPolygon", DEGREES, _wkt(*rings)), folder) == right

    return check


for name, (given, *rest) in PLACES.items():
    check = _place(*rest)
    check.__name__ = name
    case(11, given, "the pixels whose centre lies inside in degrees, to the last", qgis=True)(check)


@case(11, "a scene across 180° in UTM 1N, a polygon in Web Mercator at both of its ends", "its pixels", qgis=True)
def web_mercator_at_180(folder: Path) -> None:
    end = 20_037_508.342789244
    rings = [
        [(end - 9000, 1_110_000), (end, 1_110_000), (end, 1_116_000), (end - 9000, 1_116_000)],
        [(-end, 1_112_000), (-end + 5000, 1_112_000), (-end + 5000, 1_117_000), (-end, 1_117_000)],
    ]
    dn = np.full((HEIGHT, WIDTH), 9000, np.uint16)
    origin = (160_000.0, 1_105_000.0)
    path = make_scene(folder / "in", product(), dn, crs="EPSG:32601", origin=origin)
    right = _expected(32601, origin, 30, rings, 3857)
    assert right > 1000
    assert _count(path, _layer("MultiPolygon", "EPSG:3857", _wkt(*rings)), folder) == right


def _square(path: Path, left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    """Return corners in the scene's map units, from its columns and rows."""
    x, y = 465_285.0, 5_264_715.0
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [(x + 30 * column, y - 30 * row) for column, row in corners]


@case(11, "a layer of lines", "refused: holds lines; choose a polygon layer", qgis=True)
def lines(folder: Path) -> None:
    path = scene(folder)
    zone = _layer("LineString", DEGREES, "LineString (14 47, 15 48)")
    _refused(path, zone, folder, "AOI: fields holds lines; choose a polygon layer")


@case(11, "a layer of points, of many points, of lines with heights", "refused by what it holds", qgis=True)
def points(folder: Path) -> None:
    path = scene(folder)
    for kind, wkt, word in (
        ("Point", "Point (14 47)", "points"),
        ("MultiPoint", "MultiPoint ((14 47), (15 48))", "points"),
        ("MultiLineStringZ", "MultiLineStringZ ((14 47 1, 15 48 1))", "lines"),
    ):
        _refused(path, _layer(kind, DEGREES, wkt), folder, f"AOI: fields holds {word}; choose a polygon layer")


@case(11, "a file of lines, as a script or qgis_process gives it", "refused: holds lines", qgis=True)
def file_of_lines(folder: Path) -> None:
    path = scene(folder)
    place = folder / "fields.geojson"
    place.write_text('{"type": "LineString", "coordinates": [[14, 47], [15, 48]]}')
    _refused(path, str(place), folder, "AOI: ", "holds lines")


@case(11, "a table without geometries", "refused: has no polygon", qgis=True)
def table_without_geometries(folder: Path) -> None:
    path = scene(folder)
    place = folder / "fields.csv"
    place.write_text("a,b\n1,2\n")
    _refused(path, str(place), folder, "AOI: ", "has no polygon")


@case(11, "a layer of collections with a polygon and a line", "refused: has no polygon", qgis=True)
def collection_with_a_line(folder: Path) -> None:
    path = scene(folder)
    from osgeo import ogr, osr

    place = folder / "fields.gpkg"
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(place))
    degrees = osr.SpatialReference()
    degrees.ImportFromEPSG(4326)
    layer = source.CreateLayer("fields", degrees, ogr.wkbGeometryCollection)
    feature = ogr.Feature(layer.GetLayerDefn())
    both = "GEOMETRYCOLLECTION (POLYGON ((14 47, 15 47, 15 48, 14 47)), LINESTRING (14 47, 15 48))"
    feature.SetGeometry(ogr.CreateGeometryFromWkt(both))
    assert layer.CreateFeature(feature) == 0
    feature = layer = source = None
    _refused(path, str(place), folder, "AOI: fields has no polygon")


@case(
    7, "polygons of one point, of two points and of a point thrice", "no pixel lies inside, in one sentence", qgis=True
)
def polygons_of_few_points(folder: Path) -> None:
    import processing
    from qgis.core import QgsProcessingException

    path = scene(folder)
    (x, y), *_ = _square(path, 3.5, 3.5, 9, 9)
    for wkt in (f"{x} {y}", f"{x} {y}, {x + 90} {y}", f"{x} {y}, {x} {y}, {x} {y}", f"{x} {y}, {x + 90} {y}, {x} {y}"):
        zone = _layer("Polygon", "EPSG:32633", f"Polygon (({wkt}))")
        try:
            assert _count(path, zone, folder) <= 4
            processing.run("iikmc:cluster", {"SCENES": [str(path)], "K": 2, "AOI": zone, "OUTPUT": str(folder / "out")})
        except QgsProcessingException as error:
            assert_sentence(str(error), "AOI")


@case(7, "features without a geometry and empty polygons beside a good one", "the good one", qgis=True)
def empty_geometries(folder: Path) -> None:
    path = scene(folder)
    good = _wkt(_square(path, 2, 3, 8, 9))
    assert _count(path, _layer("MultiPolygon", "EPSG:32633", "", "MultiPolygon EMPTY", good), folder) == 36


@case(7, "a polygon with a corner that is not a number or infinite", "refused in one sentence", qgis=True)
def corners_that_are_no_numbers(folder: Path) -> None:
    from qgis.core import QgsFeature, QgsGeometry, QgsLineString, QgsPolygon

    path = scene(folder)
    corners = _square(path, 2, 3, 8, 9)
    for odd in (float("nan"), float("inf")):
        ring = [*corners[:2], (odd, corners[2][1]), corners[3], corners[0]]
        layer = _layer("Polygon", "EPSG:32633")
        feature = QgsFeature()
        x, y = zip(*ring)
        feature.setGeometry(QgsGeometry(QgsPolygon(QgsLineString(list(x), list(y)))))
        layer.dataProvider().addFeatures([feature])
        _refused(path, layer, folder, "AOI: fields has a polygon with a corner that is no finite number")


@case(7, "polygons with heights and measures", "as without", qgis=True)
def heights_and_measures(folder: Path) -> None:
    path = scene(folder)
    corners = _square(path, 2, 3, 8, 9)
    text = ", ".join(f"{x} {y} 5 6" for x, y in [*corners, corners[0]])
    for crs in ("EPSG:32633", "EPSG:32632"):
        zone = _layer("PolygonZM", "EPSG:32633", f"PolygonZM (({text}))")
        if crs != "EPSG:32633":
            import processing

            values = {"INPUT": zone, "TARGET_CRS": crs, "OUTPUT": "memory:"}
            zone = processing.run("native:reprojectlayer", values)["OUTPUT"]
        assert _count(path, zone, folder) == 36


@case(7, "a polygon with an arc for its edge", "the pixels of the circle", qgis=True)
def curves(folder: Path) -> None:
    path = scene(folder)
    (left, y), (right, _), *_ = _square(path, 4.2, 20, 36.2, 21)
    circle = f"CurvePolygon (CircularString ({left} {y}, {right} {y}, {left} {y}))"
    rows, columns = np.mgrid[:40, :48] + 0.5
    expected = int(((columns - 20.2) ** 2 + (rows - 20) ** 2 < 16**2).sum())
    assert _count(path, _layer("CurvePolygon", "EPSG:32633", circle), folder) == expected


@case(11, "an area from a script that holds lines, points or nonsense", "refused in one sentence")
def areas_of_scripts(folder: Path) -> None:
    path = scene(folder)
    for shape, word in (
        ({"type": "LineString", "coordinates": [(0, 0), (1, 1)]}, "holds lines"),
        ({"type": "MultiPoint", "coordinates": [(0, 0)]}, "holds points"),
        ({"type": "Polygon", "coordinates": [[(0, 0), (float("inf"), 0), (1, 1)]]}, "finite numbers"),
        ("POLYGON ((0 0, 1 1))", "holds str"),
        ({}, "holds dict"),
        (reduce(lambda inner, _: {"type": "GeometryCollection", "geometries": [inner]}, range(5000), {}), "too many"),
    ):
        with refused("AOI: ", word):
            audit(path, area=Area("mine", lambda *_, found=shape: [found]))


@case(7, "an area from a script of one or two points", "no pixel lies inside, in one sentence")
def areas_of_few_points(folder: Path) -> None:
    from bands import run

    path = scene(folder)
    for ring in ([(5e5, 5e6)], [(5e5, 5e6), (6e5, 5e6)], []):
        area = Area("mine", lambda *_, found=ring: [{"type": "Polygon", "coordinates": [found]}])
        assert audit(path, area=area).inside == 0
        with refused("AOI: not one pixel", error=IIkMCError):
            run(path, aoi=area)


@case(11, "an area from a script of a collection with a polygon that is not closed and has heights", "its pixels")
def collected_area_of_a_script(folder: Path) -> None:
    path = scene(folder)
    assert band(path).exists()
    corners = [(x, y, 100.0) for x, y in _square(path, 2, 3, 8, 9)]
    shape = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [corners]}]}
    found = audit(path, area=Area("mine", lambda *_: [shape]))
    assert (found.inside, found.pixels) == (36, DN[0].size)
