"""Every accepted form of SCENES leads to the same scenes, in any order, none twice."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.errors import Cancelled
from iikmc.engine.requests import SuggestRequest
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes import check
from iikmc.engine.scenes.area import Area
from iikmc.engine.scenes.check import check_series, usable_scenes
from iikmc.engine.scenes.places import stamp
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import ROLES, Recorder, make_scene, make_tar, product, read_raster, six_band_noise

DN = np.arange(6 * 4 * 5).reshape(6, 4, 5) * 100 + 8000
ONE = product(day="20220511")
TWO = product("LT05", "19980308", "090084")


@pytest.fixture
def one(tmp_path):
    return make_scene(tmp_path / "in", ONE, DN, radsat=0)


@pytest.fixture
def two(tmp_path):
    return make_scene(tmp_path / "in", TWO, DN + 7)


def found_ids(*paths) -> list[str]:
    return [scene.id for scene in find_scenes(paths).scenes]


def checked(*paths):
    return check_series(find_scenes(paths).scenes, Selection(ROLES, MaskRule(("cloud",), True)))


def mtl_as(folder: Path, form: str) -> Path:
    """Replace the scene's MTL.txt by one of another format and return it."""
    text = folder / f"{folder.name}_MTL.txt"
    groups, name = {}, ""
    for line in text.read_text().splitlines():
        key, _, value = (part.strip() for part in line.partition("="))
        if key == "GROUP":
            name = value
        elif value and key != "END_GROUP":
            groups.setdefault(name, {})[key] = value.strip('"')
    if form == "json":
        content = json.dumps({"LANDSAT_METADATA_FILE": groups})
    else:
        inner = "".join(
            f"<{name}>{''.join(f'<{key}>{value}</{key}>' for key, value in group.items())}</{name}>"
            for name, group in groups.items()
        )
        content = f"<LANDSAT_METADATA_FILE>{inner}</LANDSAT_METADATA_FILE>"
    text.unlink()
    other = folder / f"{folder.name}_MTL.{form}"
    other.write_text(content)
    return other


# --- forms -----------------------------------------------------------------------------------------------------------


def test_scene_folder(one):
    (scene,) = checked(one)
    assert (scene.id, scene.place) == (ONE, str(one))
    assert {role: band.path for role, band in scene.bands.items()} == {
        role: str(one / f"{ONE}_SR_B{number}.TIF") for role, number in zip(ROLES, (2, 3, 4, 5, 6, 7))
    }
    assert [mask.path for mask in scene.masks] == [str(one / f"{ONE}_QA_PIXEL.TIF")]
    assert scene.saturation.path == str(one / f"{ONE}_QA_RADSAT.TIF")
    assert len(scene.files) == len(set(scene.files)) == 8
    assert (scene.sun_elevation, scene.sun_azimuth) == (50.0, 150.0)
    assert scene.title == "2022-05-11 LC08 190027"
    assert scene.sensor_name == "Landsat 8 OLI"
    assert (scene.grid.width, scene.grid.height, scene.grid.pixels) == (5, 4, 20)
    assert scene.grid.transform == (30.0, 0.0, 465285.0, 0.0, -30.0, 5264715.0)
    assert scene.grid.crs.to_epsg() == 32633
    assert scene.grid.hectares_per_pixel == 0.09


def test_tm_bands_have_tm_numbers(two):
    (scene,) = checked(two)
    assert {role: band.path for role, band in scene.bands.items()} == {
        role: str(two / f"{TWO}_SR_B{number}.TIF") for role, number in zip(ROLES, (1, 2, 3, 4, 5, 7))
    }
    assert scene.saturation is None
    assert scene.sensor_name == "Landsat 5 TM"


def test_folder_of_scene_folders_and_text_paths(one, two):
    assert found_ids(one.parent) == found_ids(str(one.parent)) == [TWO, ONE]  # in order of time
    assert found_ids(one.parent, "  ", "") == [TWO, ONE]


@pytest.mark.parametrize("form", ["txt", "xml", "json"])
def test_metadata_file_stands_for_its_scene(one, two, form):
    path = one / f"{ONE}_MTL.txt" if form == "txt" else mtl_as(one, form)
    (scene,) = checked(path)
    assert (scene.id, scene.sun_elevation, scene.sun_azimuth) == (ONE, 50.0, 150.0)
    assert len(scene.bands) == 6


@pytest.mark.parametrize("form", ["xml", "json"])
def test_scene_folder_with_metadata_of_another_format(one, form):
    mtl_as(one, form)
    (scene,) = checked(one)
    assert (scene.sun_elevation, scene.sun_azimuth) == (50.0, 150.0)


def test_scene_without_metadata_file(one):
    (one / f"{ONE}_MTL.txt").unlink()
    (scene,) = checked(one)
    assert (scene.sun_elevation, scene.sun_azimuth) == (None, None)


@pytest.mark.parametrize("prefix", ["", "./", f"{ONE}/", f"./{ONE}/", "a/b c/"])
@pytest.mark.parametrize("name", [f"{ONE}.tar", "any name.TAR"])
def test_bundle_is_read_in_place(one, tmp_path, prefix, name, request_of):
    bundle = make_tar(one, tmp_path / name, prefix)
    (scene,) = checked(bundle)
    assert (scene.id, scene.place, scene.sun_elevation) == (ONE, str(bundle), 50.0)
    expected = cluster(request_of(one, out="folder")).rasters[0]
    before = sorted(tmp_path.rglob("*"))
    result = cluster(request_of(bundle, out="folder"))
    assert np.array_equal(read_raster(result.rasters[0]), read_raster(expected))
    assert sorted(tmp_path.rglob("*")) == before  # nothing is unpacked


def test_folder_of_bundles(one, two, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    make_tar(one, store / "b.tar")
    make_tar(two, store / "a.tar", "./")
    assert found_ids(store) == [TWO, ONE]
    assert [scene.id for scene in checked(store)] == [TWO, ONE]


def test_bundle_of_two_scenes(one, two, tmp_path):
    everything = tmp_path / "everything"
    everything.mkdir()
    for path in (*one.iterdir(), *two.iterdir()):
        shutil.copy(path, everything)
    assert [scene.id for scene in checked(make_tar(everything, tmp_path / "both.tar"))] == [TWO, ONE]


def test_several_products_in_one_folder(one, two, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in (*one.iterdir(), *two.iterdir()):
        shutil.copy(path, flat)
    search = checked(flat)
    assert [scene.id for scene in search] == [TWO, ONE]
    for scene in search:
        assert all(Path(path).name.startswith(scene.id) for path in scene.files)
    assert found_ids(flat / f"{ONE}_MTL.txt") == [ONE]  # a metadata file means its own scene alone


def test_folder_of_scenes_and_bundles_together(one, two, tmp_path):
    make_tar(two, one.parent / "two.tar")
    shutil.rmtree(two)
    assert found_ids(one.parent) == [TWO, ONE]
    # Also beside the files of a scene.
    shutil.move(str(one.parent / "two.tar"), one)
    assert found_ids(one) == [TWO, ONE]


@pytest.mark.parametrize("extension", ["TIF", "tif", "Tif", "tiff", "TIFF"])
def test_extensions_in_any_case(one, extension):
    for path in list(one.glob("*.TIF")):
        path.rename(path.with_suffix(f".{extension}"))
    (one / f"{ONE}_MTL.txt").rename(one / f"{ONE}_MTL.TXT")
    (scene,) = checked(one)
    assert scene.bands["red"].path == str(one / f"{ONE}_SR_B4.{extension}")
    assert scene.masks[0].path == str(one / f"{ONE}_QA_PIXEL.{extension}")
    assert scene.sun_elevation == 50.0
    assert found_ids(one / f"{ONE}_MTL.TXT") == [ONE]


def test_bands_are_matched_by_their_whole_name(one):
    genuine = find_scenes([one]).scenes
    for decoy in (
        f"{ONE}_SR_B10.TIF",
        f"{ONE}_SR_B40.TIF",
        f"{ONE}_SR_B4.TIF.aux.xml",
        f"{ONE}_SR_B4.TIF.ovr",
        f"{ONE}_SR_B4_clipped.TIF",
        f"copy_of_{ONE}_SR_B4.TIF",
        f"{ONE}_ST_B4.TIF",
        f"{ONE}_B4.TIF",
        f"{ONE}_SR_QA_PIXEL.TIF",
        f"{ONE}_QA_PIXEL.TIF.aux.xml",
        f"a_{ONE}_QA_PIXEL.TIF",
        f"{ONE}_classes.tif",
        f"{ONE}_SR_B4xTIF",
    ):
        (one / decoy).write_bytes(b"decoy")
    assert [replace(scene, sidecars={}) for scene in find_scenes([one]).scenes] == genuine
    (one / f"{ONE}_SR_B4.TIF").unlink()
    (scene,) = find_scenes([one]).scenes
    assert "red" not in scene.bands


@pytest.mark.parametrize(
    "name", ["sp ace", "ha#sh", "que?stion", "ex!clamation", "per%20cent", "x.tar", "Übung-水", "a::b"]
)
def test_folders_of_any_name(one, tmp_path, name, request_of):
    place = tmp_path / name
    shutil.copytree(one, place / ONE)
    make_tar(one, place / "bundle.tar")
    for path in (place / ONE, place / "bundle.tar"):
        result = cluster(request_of(path, out=f"out {name}"))
        assert (read_raster(result.rasters[0]) > 0).all()


def test_folder_without_relevance_beside_scenes_is_passed_over(one):
    (one.parent / "notes").mkdir()
    (one.parent / "notes" / "README.txt").write_text("hello")
    (one.parent / ".hidden").mkdir()
    shutil.copy(one / f"{ONE}_MTL.txt", one.parent / ".hidden")
    found = find_scenes([one.parent])
    assert [scene.id for scene in found.scenes] == [ONE]
    assert found.notes == []


def test_unusable_products_beside_scenes_are_noted_and_left_out(one):
    level1 = product(day="20220527", level="L1TP")
    (one.parent / level1).mkdir()
    (one.parent / level1 / f"{level1}_B4.TIF").write_bytes(b"")
    found = find_scenes([one.parent])
    assert [scene.id for scene in found.scenes] == [ONE]
    (note,) = found.notes
    assert note.startswith(f"Left out: {level1} is a Level-1 product")


def test_notes_are_told_once_and_in_one_order(tmp_path):
    for number, name in enumerate([product(), product("LT05")]):
        make_scene(tmp_path / f"in{number}", name, DN)
        level1 = product(day=f"2019010{number + 1}", level="L1TP")
        (tmp_path / f"in{number}" / level1).mkdir()
        (tmp_path / f"in{number}" / level1 / f"{level1}_B4.TIF").write_bytes(b"")
    parents = [tmp_path / "in1", tmp_path / "in0"]
    notes = find_scenes(parents).notes
    assert [note[:50] for note in notes] == [
        "Left out: LC08_L1TP_190027_20190101_20220601_02_T1",
        "Left out: LC08_L1TP_190027_20190102_20220601_02_T1",
    ]
    assert find_scenes(parents[::-1]).notes == notes
    assert find_scenes([*parents, parents[0]]).notes == sorted([*notes, "Left out: 1 scene given more than once."])


PIECES = [
    *(ONE, TWO, ONE.lower(), product(level="L1TP"), "LC08_CU_003009_20200802_20210502_02", "clip", "red", "_SR_B4"),
    *("_B4", "_MTL", "_QA_PIXEL", ".TIF", ".tif", ".txt", ".tar", ".tar.gz", ".part", "-", "ü", "*", "|", "%", "'"),
    *(" (1)", "\n"),
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join), max_size=8, unique=True))
def test_whatever_lies_beside_a_scene_it_is_found(names):
    with tempfile.TemporaryDirectory() as folder:
        scene = make_scene(Path(folder) / "in", ONE, DN)
        for number, name in enumerate(names):
            path = (scene if number % 2 else scene.parent) / name
            if not path.exists():
                path.mkdir() if number % 3 == 2 else path.write_bytes(b"x")
        found = find_scenes([folder])
        assert ONE in [scene.id for scene in found.scenes]
        for note in found.notes:
            assert note.endswith(".")
            assert "\n" not in note


# --- duplicates ------------------------------------------------------------------------------------------------------


def test_scene_given_twice(one):
    found = find_scenes([one, one, one / f"{ONE}_MTL.txt"])
    assert [scene.id for scene in found.scenes] == [ONE]
    assert found.notes == ["Left out: 2 scenes given more than once."]


@pytest.mark.parametrize("name", ["a.tar", "z.tar"])
def test_the_folder_is_taken_before_the_bundle(one, tmp_path, name):
    bundle = make_tar(one, tmp_path / name)
    for paths in itertools.permutations([one, bundle]):
        found = find_scenes(paths)
        assert [scene.place for scene in found.scenes] == [str(one)]
        assert found.notes == [f"Left out: {ONE} in {bundle} is also in {one}."]


def test_one_product_in_two_folders(one, tmp_path):
    copy = tmp_path / "z copy"
    shutil.copytree(one, copy)
    notes = set()
    for paths in itertools.permutations([one, copy]):
        found = find_scenes(paths)
        assert len(found.scenes) == 1
        notes.add((found.scenes[0].place, *found.notes))
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (product(processed="20230101"), product()),
        (product(tier="T1"), product(tier="RT")),
        (product(tier="T2", processed="20220615"), product(tier="RT", processed="20220512")),
        (product(level="L2SP"), product(level="L2SR")),
    ],
)
def test_of_one_acquisition_the_newest_and_best_product_wins(tmp_path, better, worse):
    paths = [make_scene(tmp_path, name, DN) for name in (better, worse)]
    for order in itertools.permutations(paths):
        found = find_scenes(order)
        assert [scene.id for scene in found.scenes] == [better]
        assert found.notes == [f"Left out: {worse} is the same acquisition as {better}."]
    assert found_ids(tmp_path) == [better]


def test_another_sensor_day_or_place_is_another_scene(tmp_path):
    names = [product(), product(day="20220519"), product(path_row="190028"), product("LE07"), product("LC09")]
    paths = [make_scene(tmp_path, name, DN) for name in names]
    found = find_scenes(paths)
    assert sorted(scene.id for scene in found.scenes) == sorted(names)
    assert found.notes == []


def test_order_of_the_paths_never_matters(tmp_path):
    names = [product(), product(processed="20230101"), product("LT05", "19990101"), product("LE07", "20000101")]
    paths = [make_scene(tmp_path, name, DN) for name in names]
    paths.append(make_tar(paths[3], tmp_path / "bundle.tar"))
    answers = []
    for order in itertools.permutations(paths):
        found = find_scenes(order)
        answers.append((found.scenes, found.notes))
    assert all(answer == answers[0] for answer in answers)
    assert [scene.id for scene in answers[0][0]] == [names[2], names[3], names[1]]
    assert len(answers[0][1]) == 2


def test_the_folder_with_the_bands_wins_over_one_with_the_metadata_alone(tmp_path):
    whole = make_scene(tmp_path / "z", product(), six_band_noise(1, 8, 9))
    alone = tmp_path / "a"
    alone.mkdir()
    (mtl,) = whole.glob("*_MTL.txt")
    (alone / mtl.name).write_text(mtl.read_text())
    for paths in ((whole, alone), (alone, whole)):
        found = find_scenes(paths)
        assert [scene.place for scene in found.scenes] == [str(whole)]
        assert found.notes == [f"Left out: {product()} in {alone} is also in {whole}."]


def test_a_bundle_is_listed_anew_when_it_changes(one, two, tmp_path):
    (tmp_path / "x.tar").mkdir()
    bundle = make_tar(one, tmp_path / "x.tar" / "a.tar")
    assert [scene.id for scene in checked(bundle)] == [ONE]
    path = checked(bundle)[0].bands["red"].path
    before = stamp(path)
    assert before == (bundle.stat().st_size, bundle.stat().st_mtime_ns)
    make_tar(two, bundle)
    # GDAL lists a bundle anew as well, but only if it has become younger.
    os.utime(bundle, ns=(before[1], before[1] + 10**10))
    assert [scene.id for scene in checked(bundle)] == [TWO]
    assert stamp(path)[1] == before[1] + 10**10
    assert stamp(str(tmp_path / "none.TIF")) is None
    assert stamp("/vsitar//none.tar/a.TIF") is None


@pytest.mark.parametrize("where", ["a header", "the area of interest"])
def test_a_cancel_is_answered_between_two_scenes(tmp_path, monkeypatch, where):
    for day in ("20220511", "20220612", "20220714"):
        make_scene(tmp_path, product(day=day), np.full((3, 4), 9000))
    done, genuine = [], check.read_header

    def header(scene, *rest):
        done.append(f"a header of {scene}")
        return genuine(scene, *rest)

    def polygons(*_):
        done.append("the area of interest")
        return []

    monkeypatch.setattr(check, "read_header", header)
    progress = Recorder(lambda _: any(what.startswith(where) for what in done))
    with pytest.raises(Cancelled):
        usable_scenes([tmp_path], Selection(ROLES, MaskRule((), False), Area("here", polygons)), progress)
    assert len({what for what in done if what.startswith(where)}) == 1
    assert done.count("the area of interest") <= 1


def test_suggesting_k_can_be_cancelled_while_scenes_are_looked_for(tmp_path):
    for day in ("20220511", "20220612"):
        make_scene(tmp_path, product(day=day), np.full((3, 4), 9000))
    asked = Recorder()
    SuggestRequest((str(tmp_path),), MaskRule((), False)).checked_scenes(asked)
    assert asked.asked > 2
