"""The area of interest: the centre decides, by hand; counts; scenes beside it; strips never matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio
import rasterio.features
from areas import area, at, box
from calls import CLOUD, LAND, apply_to, audit_of, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.errors import NoValidPixels, SceneError
from iikmc.engine.pixels import reading
from iikmc.engine.pixels.strips import most_valid
from iikmc.engine.progress import Silent
from iikmc.engine.requests import AuditRequest
from iikmc.engine.runs.audit import audit_scenes
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.area import Area, may_be_inside, most_inside, outside, placed, share_inside
from iikmc.engine.scenes.check import usable_scenes
from iikmc.engine.scenes.scene import PixelGrid, Scene, Strip
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from iikmc.engine.sensors.products import leading_product_id
from rasterio.crs import CRS
from rasterio.features import geometry_mask
from rasterio.transform import Affine
from tiny import Recorder, make_scene, product, read_json, read_raster, six_band_noise


def test_the_centre_decides(tmp_path):
    path = make_scene(tmp_path, product(), np.full((4, 5), 9000), LAND)
    # From 0.4 to 2.6 in columns: the centres 0.5, 1.5, 2.5. From 1.6 to 3.4 in rows: 2.5 alone.
    inside = np.zeros((4, 5), bool)
    inside[2, :3] = True
    # A triangle over the last two columns: centres (3.5, 0.5), (4.5, 0.5) lie under the line x - y = 3, not (3.5, 1.5).
    inside[0, 3:] = inside[1, 4] = True
    zone, asked = area(box(path, 0.4, 1.6, 2.6, 3.4), at(path, (2.9, 0), (5, 0), (5, 2.1)))
    (scene,) = usable_scenes([path], Selection(("red",), MaskRule((), True), zone), Silent())
    assert (~outside(scene, Strip(0, 0, 4))).tolist() == inside.tolist()
    assert (~outside(scene, Strip(0, 1, 2))).tolist() == inside[1:3].tolist()
    ((wkt, bounds),) = asked
    assert rasterio.crs.CRS.from_wkt(wkt) == scene.grid.crs
    (left, top), (right, bottom) = at(path, (0, 0), (5, 4))
    assert bounds == (left, bottom, right, top)


def test_several_polygons_and_holes(tmp_path):
    path = make_scene(tmp_path, product(), np.full((5, 5), 9000), LAND)
    outer, hole = box(path, 0, 0, 5, 5), box(path, 1, 1, 4, 4)
    shapes = [
        {"type": "Polygon", "coordinates": [[*outer, outer[0]], [*hole, hole[0]]]},
        {"type": "MultiPolygon", "coordinates": [[[*ring, ring[0]]] for ring in (box(path, 2, 2, 3, 3),)]},
    ]
    (scene,) = usable_scenes([path], Selection(("red",), MaskRule((), True), Area("a", lambda *_: shapes)), Silent())
    expected = np.ones((5, 5), bool)
    expected[1:4, 1:4] = False
    expected[2, 2] = True
    assert (~outside(scene, Strip(0, 0, 5))).tolist() == expected.tolist()


def test_counts_by_hand_in_all_algorithms(tmp_path, request_of):
    # Of 3 x 4 pixels the middle two columns lie inside: a fill, a cloud, four valid. Outside there is one of each too.
    dn = np.array([[0, 0, 20_000, 9000], [9000, 9000, 20_000, 9000], [9000, 9000, 9000, 9000]])
    qa = np.full((3, 4), LAND)
    qa[2, 2] = qa[2, 3] = CLOUD
    path = make_scene(tmp_path / "in", product(), dn, qa, 0)
    zone, _ = area(box(path, 1, -1, 3, 4))
    log = Recorder()
    first = cluster(request_of(path, k=2, flags=DEFAULT_FLAGS, aoi=zone), log)
    expected = [[0, 0, 2, 0], [0, 1, 2, 0], [0, 1, 0, 0]]
    assert read_raster(first.rasters[0]).tolist() == expected
    audit = read_json(first.signatures)["run"]["scenes"][0]["audit"]
    flags = {"dilated cloud": 0, "cirrus": 0, "cloud": 1, "cloud shadow": 0, "snow or ice": 0, "water": 0}
    assert audit == {
        "pixels": 12, "outside_aoi": 6, "fill": 1, "flags": flags, "saturated": 0, "out_of_range": 0, "valid": 4,
        "clipped": 0,
    }  # fmt: skip
    assert read_json(first.signatures)["run"]["parameters"]["aoi"] == zone.name
    assert "2022-05-11 LC08 190027: 4 of 6 pixels are valid (66.7 %)" in log.notes

    second = apply_to([path], first.signatures, tmp_path / "second", DEFAULT_FLAGS, area=zone)
    assert second.rasters[0].read_bytes() == first.rasters[0].read_bytes()
    for saturated in (True, False):
        found = audit_of([path], tmp_path / "audit", saturated=saturated, area=zone)
        assert found.audits[0].to_dict() == audit
        (row,) = rows_of(found)
        names = ("pixels", "outside_aoi", "fill", "cloud", "masked", "valid", "valid_percent")
        assert [row[name] for name in names] == ["12", "6", "1", "1", "1", "4", "66.6667"]
        assert found.valid_percent == pytest.approx(100 * 4 / 6)
        assert "4 of 6 pixels are valid (66.67 %)" in found.page.read_text()
        assert f"Only inside AOI: {zone.name}." in found.page.read_text()


@pytest.mark.parametrize("strip_pixels", [1, 16 * 30, 10**9])
def test_strips_never_matter(tmp_path, request_of, strip_pixels):
    path = make_scene(tmp_path / "in", product(), six_band_noise(4, 300, 30), tile=16)
    # A rhombus whose corners and edges run exactly through centres of pixels.
    zone, _ = area(at(path, (15.5, 5.5), (25.5, 150.5), (15.5, 295.5), (5.5, 150.5)))
    result = cluster(request_of(path, k=3, aoi=zone, max_iterations=2), strip_pixels=strip_pixels)
    whole = cluster(request_of(path, k=3, aoi=zone, max_iterations=2, out="whole"), strip_pixels=10**9)
    assert np.array_equal(read_raster(result.rasters[0]), read_raster(whole.rasters[0]))
    # The area of the rhombus is 2 * 10 * 145; its edges add or take at most about one pixel a row.
    assert abs(result.pixels - 2900) < 300


def test_strips_beside_the_area_are_not_decoded_and_counted_the_same(tmp_path, request_of, monkeypatch):
    rng = np.random.default_rng(3)
    dn = six_band_noise(5, 320, 30)
    dn[2, rng.random((320, 30)) < 0.1] = 0
    qa = rng.choice([LAND, LAND, CLOUD, 1], (320, 30))
    radsat = np.where(rng.random((320, 30)) < 0.1, 1 << 3, 0)
    path = make_scene(tmp_path / "in", product(), dn, qa, radsat, tile=16)
    zone, _ = area(at(path, (3, 100), (25, 130), (8, 140)), box(path, 0, 170, 30, 175))
    decoded = []
    genuine = reading.decode_strip

    def decode(scene, roles, strip, *rest):
        decoded.append(strip.row)
        return genuine(scene, roles, strip, *rest)

    monkeypatch.setattr(reading, "decode_strip", decode)
    monkeypatch.setattr("iikmc.engine.runs.audit.decode_strip", decode)
    runs = []
    for strip_pixels in (1, 10**9):
        out = f"cluster-{strip_pixels}"
        decoded.clear()
        run = cluster(request_of(path, k=3, flags=DEFAULT_FLAGS, aoi=zone, out=out), strip_pixels=strip_pixels)
        rows = sorted(decoded)
        audit = read_json(run.signatures)["run"]["scenes"][0]["audit"]
        applied = apply_to([path], run.signatures, tmp_path / f"apply-{out}", DEFAULT_FLAGS, area=zone)
        decoded.clear()
        request = AuditRequest((str(path),), tmp_path / f"audit-{out}", request_of(flags=DEFAULT_FLAGS).mask, aoi=zone)
        found = audit_scenes(request, strip_pixels=strip_pixels).audits[0].to_dict()
        assert sorted(decoded) == rows == ([96, 112, 128, 160] if strip_pixels == 1 else [0])
        assert audit == found
        runs.append((audit, read_raster(run.rasters[0]).tolist(), read_raster(applied.rasters[0]).tolist()))
    assert runs[0] == runs[1]
    assert runs[0][1] == runs[0][2]
    audit = runs[0][0]
    assert audit["pixels"] - audit["outside_aoi"] > audit["valid"] > 100
    assert min(audit["fill"], audit["flags"]["cloud"], audit["saturated"]) > 0


@settings(max_examples=60, deadline=None)
@given(
    corners=st.lists(st.tuples(st.floats(-30, 60), st.floats(-300, 900)), min_size=3, max_size=8),
    others=st.lists(st.tuples(st.floats(-30, 60), st.floats(-300, 900)), min_size=3, max_size=8),
    turn=st.floats(0, 360),
)
def test_windows_leave_out_no_pixel(corners, others, turn):
    """With any polygons, valid ones or not, on any grid: what is not looked at is outside."""
    affine = Affine.translation(500_000, 5_400_000) * Affine.rotation(turn) * Affine.scale(30, -30)
    grid = PixelGrid(30, 600, tuple(affine)[:6], CRS.from_epsg(32633), 16)
    first, second = ([affine * point for point in [*ring, ring[0]]] for ring in (corners, others))
    shapes = [
        {"type": "Polygon", "coordinates": [first, second]},
        {"type": "MultiPolygon", "coordinates": [[second], [first]]},
    ]
    bare = Scene(leading_product_id(product()), "", {}, grid=grid)
    for chosen in (shapes[:1], shapes[1:], shapes):
        scene = placed(bare, Area("a", lambda *_, found=chosen: found))
        expected = np.vstack(
            [
                geometry_mask(chosen, (min(256, 600 - row), 30), affine * Affine.translation(0, row))
                for row in (0, 256, 512)
            ]
        )
        strips = [Strip(0, row, min(48, 600 - row)) for row in range(0, 600, 48)]
        found = [outside(scene, strip) for strip in strips]
        assert np.array_equal(np.vstack(found), expected)
        assert most_inside(scene) >= np.count_nonzero(~expected)
        for strip, out in zip(strips, found):
            assert out.all() or may_be_inside(scene, strip)


def test_the_most_that_can_lie_inside_by_hand(tmp_path):
    path = make_scene(tmp_path, product(), np.full((100, 80), 9000), LAND, tile=16)

    def most(*rings, shapes=None):
        found = area(*rings)[0] if shapes is None else Area("a", lambda *_: shapes)
        scenes = usable_scenes([path], Selection(("red",), MaskRule((), True), found), Silent())
        return most_valid(scenes, 80 * 16)

    # A pixel to spare on each side: 12 x 22; strips are 16 rows, so rows 19..41 touch those at 16 and 32.
    assert most(box(path, 10, 20, 20, 40)) == (12 * 22, 2 * 16 * 80)
    # Far apart they add up; where they overlap, what holds them all is less.
    assert most(box(path, 10, 20, 20, 40), box(path, 60, 80, 70, 90)) == (12 * 22 + 12 * 12, (2 + 2) * 16 * 80)
    assert most(box(path, 10, 20, 20, 40), box(path, 10, 20, 20, 40)) == (12 * 22, 2 * 16 * 80)
    # Cut off at the edges, nothing beside the scene, and nothing where a shape encloses nothing.
    assert most(box(path, -50, -50, 2, 3)) == (3 * 4, 16 * 80)
    assert most(box(path, 90, 0, 95, 100)) == most(shapes=[]) == (0, 0)
    odd = {"type": "GeometryCollection", "geometries": []}
    assert most(shapes=[odd]) == most(shapes=[{"type": "Polygon", "coordinates": [[(5e5, 0)] * 4]}]) == (0, 0)
    scenes = usable_scenes([path], Selection(("red",), MaskRule((), True)), Silent())
    assert most_valid(scenes) == (8000, 8000)


def test_a_scene_that_the_area_does_not_meet_is_warned_of(tmp_path, request_of):
    met = make_scene(tmp_path / "in", product(day="20200101"), six_band_noise(1, 10, 10), LAND, 0)
    other = make_scene(tmp_path / "in", product(), six_band_noise(2, 10, 10), LAND, 0)
    rings = {"20200101": [box(met, 0, 0, 5, 5)], "20220511": [box(other, 20, 20, 30, 30)]}
    answers = iter(list(rings.values()) * 3)
    zone = Area("a", lambda *_: [{"type": "Polygon", "coordinates": [[*r, r[0]]]} for r in next(answers)])
    log = Recorder()
    first = cluster(request_of(met, other, k=2, aoi=zone), log)
    assert log.warnings == [
        "2022-05-11 LC08 190027 does not meet AOI: no pixel has its centre inside; its raster will be all nodata."
    ]
    assert (first.pixels, read_raster(first.rasters[1]).any()) == (25, False)
    page = first.report.read_text(encoding="utf-8")
    assert "<li>1 scene does not meet the area of interest: 2022-05-11 LC08 190027.</li>" in page
    assert "% valid pixels.<" not in page
    log = Recorder()
    apply_to([met, other], first.signatures, tmp_path / "applied", area=zone, progress=log)
    assert len([text for text in log.warnings if "does not meet AOI" in text]) == 1
    log = Recorder()
    found = audit_of([met, other], tmp_path / "audit", area=zone, progress=log)
    assert [
        text for text in log.warnings if text.startswith("2022-05-11 LC08 190027 does not meet AOI")
    ] == log.warnings
    assert found.audits[1].to_dict()["flags"]["cloud"] == 0
    assert (found.audits[1].outside, found.valid_percent) == (100, 100)


def test_no_pixel_at_all(tmp_path, request_of):
    path = make_scene(tmp_path / "in", product(), np.full((4, 4), 9000), LAND)
    for shapes in ([], [{"type": "Polygon", "coordinates": [[*ring, ring[0]]]} for ring in [box(path, 9, 9, 12, 12)]]):
        with pytest.raises(NoValidPixels) as caught:
            cluster(request_of(path, aoi=Area("a", lambda *_, found=shapes: found)))
        assert str(caught.value) == (
            "AOI: not one pixel of the 1 scene has its centre inside a polygon; choose polygons that meet the "
            "scenes, and check the CRS of their layer."
        )


def test_nothing_valid_inside(tmp_path, request_of):
    """Flags are no remedy alone: there may be valid pixels outside."""
    path = make_scene(tmp_path / "in", product(), np.zeros((4, 4)), LAND)
    zone = Area("a", lambda *_: [{"type": "Polygon", "coordinates": [[*r, r[0]]]} for r in [box(path, 0, 0, 2, 2)]])
    with pytest.raises(NoValidPixels) as caught:
        cluster(request_of(path, aoi=zone))
    assert str(caught.value) == (
        "SCENES: not one pixel of the 1 scene is valid (all are outside AOI, fill, masked or saturated); choose "
        "fewer flags in MASK, a larger AOI, or other scenes."
    )


def test_a_scene_without_crs_has_no_place_for_it(tmp_path):
    path = make_scene(tmp_path / "in", product(), np.full((4, 4), 9000), LAND)
    (scene,) = usable_scenes([path], Selection(("red",), MaskRule((), True)), Silent())
    bare = replace(scene, grid=replace(scene.grid, crs=None))
    with pytest.raises(SceneError, match="have no CRS, so AOI cannot be placed"):
        placed(bare, Area("a", lambda *_: []))
    assert placed(bare, None) is bare


def grid_with(shape, height, width):
    """Return a scene that exists nowhere, of 30 m pixels, with an area of one polygon."""
    grid = PixelGrid(width, height, (30.0, 0, 0, 0, -30.0, 0), CRS.from_epsg(32633), 256)
    scene = Scene(leading_product_id(product()), "/nowhere", {}, grid=grid)
    return placed(scene, Area("shape", lambda wkt, bounds: [shape] if shape else []))


def test_the_share_inside_is_drawn_once_however_large_the_scene(monkeypatch):
    drawn, genuine = [], rasterio.features.geometry_mask

    def count(shapes, size, *others, **options):
        drawn.append(size[0] * size[1])
        return genuine(shapes, size, *others, **options)

    monkeypatch.setattr(rasterio.features, "geometry_mask", count)
    height, width, radius = 7800, 7600, 30.0 * 3000
    angles = np.linspace(0, 2 * np.pi, 1001)
    ring = np.stack([30 * width / 2 + radius * np.cos(angles), -30 * height / 2 + radius * np.sin(angles)], axis=1)
    scene = grid_with({"type": "Polygon", "coordinates": [ring.tolist()]}, height, width)
    assert share_inside(scene) == pytest.approx(np.pi * 3000**2 / (height * width), rel=0.01)
    assert len(drawn) == 1
    assert drawn[0] <= 512 * 512


def test_the_share_inside_of_a_small_area_is_exact():
    # From 2.6 to 9.4 columns and 1.2 to 5.8 rows: the centres 3.5 to 8.5 and 1.5 to 5.5.
    ring = [(30 * x, -30 * y) for x, y in ((2.6, 1.2), (9.4, 1.2), (9.4, 5.8), (2.6, 5.8), (2.6, 1.2))]
    shape = {"type": "Polygon", "coordinates": [ring]}
    assert share_inside(grid_with(shape, 7800, 7600)) == pytest.approx(6 * 5 / (7800 * 7600), rel=1e-9)
    assert share_inside(grid_with(None, 7800, 7600)) == 0
    assert share_inside(replace(grid_with(None, 7800, 7600), aoi=None)) == 1


def test_transforms_are_multiplied_by_no_operator_that_goes_away(monkeypatch):
    """Affine 3, of rasterio 1.5, warns of `*` between transforms, and affine 2 has no `@`."""

    def refuse(self, other):
        raise AssertionError("a product of transforms")

    monkeypatch.setattr(Affine, "__mul__", refuse)
    ring = [(30 * x, -30 * y) for x, y in ((2.6, 1.2), (9.4, 1.2), (9.4, 5.8), (2.6, 5.8), (2.6, 1.2))]
    scene = grid_with({"type": "Polygon", "coordinates": [ring]}, 40, 20)
    assert share_inside(scene) == pytest.approx(30 / 800)
    assert np.count_nonzero(~outside(scene, Strip(0, 0, 40))) == 30
