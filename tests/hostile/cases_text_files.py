"""Cases about small text files: metadata, signatures and styles that are no files, no text, or made to do harm."""

from __future__ import annotations

import codecs
import json
import os
import shutil
import socket
import tarfile
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine import ClassifyRequest, MaskRule, Request, Silent, classify, cluster, find_scenes, read_signatures
from iikmc.engine.errors import SceneError, SignatureError
from iikmc.engine.estimates.rates import recall
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.results import signatures_file
from iikmc.engine.results.legend import names_for
from iikmc.engine.results.signatures import ClassRecord, Signatures
from iikmc.engine.results.styles import categories_of, entries_of, pam_xml, qml
from iikmc.engine.scenes.places import bundle
from iikmc.engine.sensors.landsat.mtl import parse_mtl
from iikmc.engine.text_files import MOST_BYTES, BadJson, Unreadable, from_json, read_text
from table import assert_sentence, case, refused
from tiny import make_scene, product

DN = np.arange(6 * 4 * 5).reshape(6, 4, 5) * 100 + 8000
RED_AND_NIR = ("red", "nir")
CENTRES = np.array([[64_000, 128_000], [320_000, 640_000]])
DEEP = "[" * 100_000
SPARSE = 40 << 30
ANY = MaskRule((), True)


def signed(*names: str) -> Signatures:
    """Return two classes of two bands with these names."""
    classes = [ClassRecord(j, name, (j, 2, 3), 5, (0.1, 0.2), (0.01, None)) for j, name in enumerate(names, start=1)]
    return Signatures(RED_AND_NIR, CENTRES, tuple(classes))


def good_text() -> str:
    return signatures_file.to_json(signed("Water", "Forest"))


def assert_good(path: Path) -> None:
    read = read_signatures(path)
    assert [record.name for record in read.classes] == ["Water", "Forest"]
    np.testing.assert_array_equal(read.centres, CENTRES)


def sparse(path: Path) -> Path:
    """Make a file of 40 GB that takes no room on the disk."""
    with open(path, "wb") as file:
        file.truncate(SPARSE)
    return path


def scene_with_mtl(folder: Path, data: bytes | None, kind: str = "txt") -> Path:
    """Make a scene with a metadata file of these bytes; none where they are None."""
    scene = make_scene(folder, product(), DN)
    for path in scene.glob("*_MTL.*"):
        path.unlink()
    if data is not None:
        (scene / f"{product()}_MTL.{kind}").write_bytes(data)
    return scene


def tell_of_mtl(folder: Path, *words: object) -> None:
    with refused(
        f"Scene {product()}", "_MTL.", "cannot be read", *words, "the scene can be used without", error=SceneError
    ):
        find_scenes([folder])


@case(7, "signatures.json of 100 000 nested lists", "refused: its brackets nest too deeply")
def deep_signatures(folder: Path) -> None:
    path = folder / "signatures.json"
    for text in (DEEP, DEEP + "]" * 100_000, '{"format":' + '{"a":' * 50_000):
        path.write_text(text)
        with refused("SIGNATURES", path, "nest too deeply", error=SignatureError):
            read_signatures(path)


@case(7, "signatures.json whose run holds 100 000 nested lists", "refused: its brackets nest too deeply")
def deep_run(folder: Path) -> None:
    path = folder / "signatures.json"
    path.write_text(good_text().replace('"run": {}', f'"run": {DEEP}{"]" * 100_000}'))
    with refused("SIGNATURES", path, "nest too deeply", error=SignatureError):
        read_signatures(path)


@case(7, "signatures.json of 40 GB, all hole", "refused: it has more than 64 MB", seconds=10)
def sparse_signatures(folder: Path) -> None:
    path = sparse(folder / "signatures.json")
    with refused("SIGNATURES", path, "more than 64 MB", error=SignatureError):
        read_signatures(path)


@case(7, "MTL.json of 100 000 nested lists", "refused, says that the scene can be used without")
def deep_mtl(folder: Path) -> None:
    tell_of_mtl(scene_with_mtl(folder, b'{"LANDSAT_METADATA_FILE":' + DEEP.encode(), "json"), "nest too deeply")


@case(7, "MTL of 40 GB, all hole, as txt, json and xml", "refused, says that the scene can be used without", seconds=10)
def sparse_mtl(folder: Path) -> None:
    scene = scene_with_mtl(folder, None)
    for kind in ("txt", "json", "xml"):
        path = sparse(scene / f"{product()}_MTL.{kind}")
        tell_of_mtl(scene, "more than 1 MB")
        path.unlink()


@case(7, "MTL in a bundle that says it has 2 MB, where nobody can mend it", "the scene, and a note")
def large_mtl_in_a_bundle(folder: Path) -> None:
    scene = scene_with_mtl(folder / "in", bytes(2 << 20))
    path = folder / f"{product()}.tar"
    with tarfile.open(path, "w") as archive:
        for file in sorted(scene.iterdir()):
            archive.add(file, file.name)
    found = find_scenes([path])
    assert [scene.id for scene in found.scenes] == [product()]
    [note] = found.notes
    assert_sentence(note, f"Scene {product()}", "_MTL.", "cannot be read", "more than 1 MB", "is used without")


@case(7, "MTL.json whose values nest 190 deep", "read, without those values")
def values_that_nest(folder: Path) -> None:
    groups = parse_mtl('{"LANDSAT_METADATA_FILE": {"G": {"A": ' + "[" * 190 + "]" * 190 + ', "B": "1"}}}')
    assert groups == {"G": {"B": "1"}}


@case(7, "signatures.json with a number of 100 000 digits", "refused in a second")
def endless_number(folder: Path) -> None:
    path = folder / "signatures.json"
    for number in ("9" * 100_000, "0." + "9" * 100_000):
        path.write_text(good_text().replace("640000", number))
        with refused("SIGNATURES", path, "a number of 10000", error=SignatureError):
            read_signatures(path)


@case(7, "signatures.json with a key twice", "refused, as programs read it in different ways")
def doubled_key(folder: Path) -> None:
    path = folder / "signatures.json"
    path.write_text(good_text().replace('"grid": 64', '"grid": 64, "grid": 32'))
    with refused("SIGNATURES", path, "a key twice", error=SignatureError):
        read_signatures(path)


@case(7, "signatures.json with a wrong type at every key in turn", "read or refused in a sentence")
def wrong_types(folder: Path) -> None:
    path = folder / "signatures.json"
    good = json.loads(good_text())
    strange = (None, True, 1.5, -1, 10**300, "text", "", [], [[]], {}, {"id": 1}, [None, None], "\ud800")
    places = [(good, key) for key in good] + [(row, key) for row in good["classes"] for key in row]
    told = []
    for place, key in places:
        kept = place[key]
        for value in strange:
            place[key] = value
            path.write_text(json.dumps(good))
            try:
                read_signatures(path)
            except SignatureError as error:
                told.append(str(error))
        place[key] = kept
    assert len(told) > 150
    for message in told:
        assert_sentence(message, "SIGNATURES: ")
        assert len(message) < 1000


@case(
    12,
    "signatures.json with NaN and infinities, as an earlier version wrote",
    "read; they are unknown",
)
def not_json_but_written(folder: Path) -> None:
    path = folder / "signatures.json"
    text = good_text().replace('"run": {}', '"run": {"sun_elevation": NaN, "x": -Infinity, "y": 1e999}')
    path.write_text(text.replace("0.1,", "NaN,"))
    assert_good(path)
    read = read_signatures(path)
    assert read.run == {"sun_elevation": None, "x": None, "y": None}
    assert read.classes[0].mean == (None, 0.2)


@case(12, "signatures.json with a byte order mark, as UTF-8, UTF-16 and UTF-32", "read")
def marks(folder: Path) -> None:
    path = folder / "signatures.json"
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        path.write_text(good_text(), encoding=encoding)
        assert_good(path)
    path.write_bytes(codecs.BOM_UTF16_BE + good_text().encode("utf-16-be"))
    assert_good(path)


@case(7, "signatures.json in Latin-1, cut UTF-16, zeros", "refused: no JSON text")
def other_bytes(folder: Path) -> None:
    path = folder / "signatures.json"
    latin = good_text().replace("Water", "Gewässer").encode("latin-1")
    for data in (latin, codecs.BOM_UTF16_LE + b"\x7b\x00\x7d", bytes(1000), b"\xff" * 1000):
        path.write_bytes(data)
        with refused("SIGNATURES", path, "it is no JSON text", error=SignatureError):
            read_signatures(path)


@case(12, "MTL with a byte order mark, as txt, json and xml, UTF-8 and UTF-16", "read")
def marked_mtl(folder: Path) -> None:
    texts = {
        "txt": "GROUP = IMAGE_ATTRIBUTES\n  SUN_ELEVATION = 41.5\nEND_GROUP = IMAGE_ATTRIBUTES\n",
        "json": '{"LANDSAT_METADATA_FILE": {"IMAGE_ATTRIBUTES": {"SUN_ELEVATION": "41.5"}}}',
        "xml": "<L><IMAGE_ATTRIBUTES><SUN_ELEVATION>41.5</SUN_ELEVATION></IMAGE_ATTRIBUTES></L>",
    }
    for kind, text in texts.items():
        for encoding in ("utf-8-sig", "utf-16"):
            where = folder / f"{kind}-{encoding}"
            scene_with_mtl(where, text.encode(encoding), kind)
            [scene] = find_scenes([where]).scenes
            assert scene.sun_elevation == 41.5


def _pipes(path: Path) -> None:
    os.mkfifo(path)


def _sockets(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path has 108 bytes at most
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


OTHER_KINDS = {
    "a named pipe": _pipes,
    "a socket": _sockets,
    "a device": _endless,
    "a folder": Path.mkdir,
}


@case(8, "SIGNATURES is a named pipe, a socket, a device, a folder", "refused: says what it is", seconds=5)
def signatures_that_are_no_file(folder: Path) -> None:
    for number, (name, make) in enumerate(OTHER_KINDS.items()):
        path = folder / f"{number}.json"
        make(path)
        with refused("SIGNATURES", path, f"it is {name}", error=SignatureError):
            read_signatures(path)


@case(8, "SIGNATURES is a named pipe, in the dialog", "refused: says what it is", qgis=True, seconds=10)
def signatures_pipe_in_the_dialog(folder: Path) -> None:
    from qgis.core import QgsApplication, QgsProcessingContext

    make_scene(folder / "scenes", product(), DN)
    os.mkfifo(folder / "s.json")
    values = {"SCENES": [str(folder / "scenes")], "MASK": [], "SIGNATURES": str(folder / "s.json")}
    values["OUTPUT"] = str(folder / "out")
    for tool, more in (("classify", {}), ("cluster", {"INIT": 3})):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"iikmc:{tool}")
        good, text = algorithm.checkParameterValues({**values, **more}, QgsProcessingContext())
        assert not good
        assert "it is a named pipe" in text


@case(8, "the MTL is a named pipe or a device", "the scene without it: only files are looked at", seconds=5)
def mtl_that_is_no_file(folder: Path) -> None:
    scene = scene_with_mtl(folder, None)
    os.mkfifo(scene / f"{product()}_MTL.txt")
    (scene / f"{product()}_MTL.xml").symlink_to("/dev/zero")
    [found] = find_scenes([folder]).scenes
    assert (found.id, found.sun_elevation) == (product(), None)


@case(8, "SCENES is a named pipe that ends in .tar", "refused: says what it is", seconds=5)
def a_bundle_that_is_no_file(folder: Path) -> None:
    path = folder / f"{product()}.tar"
    os.mkfifo(path)
    with refused("SCENES", path, "cannot be read as a tar bundle", "named pipe", error=SceneError):
        bundle(path)


@case(8, "a raster's .qml and .aux.xml are named pipes", "read without names", seconds=10)
def styles_that_are_no_file(folder: Path) -> None:
    scene = make_scene(folder / "in", product(), DN)
    result = cluster(Request((str(scene),), folder / "out", ANY, k=2, workers=1))
    [raster] = result.rasters
    expected = open_classified("BEFORE", raster).names
    for path in (raster.with_suffix(".qml"), raster.with_name(f"{raster.name}.aux.xml")):
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    assert open_classified("BEFORE", raster).names == expected == {1: "Class 1", 2: "Class 2"}
    assert names_for(folder / "out", "signatures.json", result_roles(folder), read_centres(folder)) == [
        "Class 1",
        "Class 2",
    ]


def read_centres(folder: Path) -> np.ndarray:
    return read_signatures(folder / "out" / "signatures.json").centres


def result_roles(folder: Path) -> tuple[str, ...]:
    return read_signatures(folder / "out" / "signatures.json").roles


@case(8, "the remembered times of this computer are a pipe, deep brackets or 40 GB", "none are remembered", seconds=10)
def rates_that_are_none(folder: Path) -> None:
    path = folder / "rates.json"
    os.mkfifo(path)
    assert recall(path) == []
    path.unlink()
    for text in (DEEP, '{"runs": 5}', '{"runs": [[1]]}', "[]", '{"runs": [{"kernel": NaN}]}'):
        path.write_text(text)
        assert recall(path) == []
    assert recall(sparse(path)) == []


@case(8, "a .qml with 100 000 opening brackets, quotes or attributes", "read in a second", seconds=10)
def styles_that_explode(folder: Path) -> None:
    entry = '<paletteEntry value="3" label="Three" color="#010203"/>'
    for junk in (
        "<paletteEntry " * 100_000,
        '<paletteEntry a="' * 100_001,
        "<" * 500_000,
        "<paletteEntry " + 'a="b" ' * 100_000,
        "<paletteEntry " + "a" * 1_000_000,
        "<paletteEntry" + " " * 1_000_000,
        "<paletteEntry a" + " =" * 100_000,
        '"' * 500_001,
    ):
        list(entries_of(junk))
        read = list(entries_of(entry + junk))
        assert [(one.value, one.label, one.colour) for one in read] == [(3, "Three", (1, 2, 3))]


@case(8, "an .aux.xml with 100 000 opening categories", "read in a second", seconds=10)
def categories_that_explode(folder: Path) -> None:
    assert categories_of("<Category>" * 100_000) == []
    assert categories_of("<Category>A</Category>" + "<Category>" * 100_000) == ["A"]
    assert len(categories_of("<Category></Category>" * 100_000)) == 100_000


@case(8, "an MTL.xml with 100 000 opening brackets, spaces or tags", "read or refused in a second", seconds=10)
def mtl_that_explodes(folder: Path) -> None:
    for junk in ("<" * 500_000, "<a" + " " * 500_000, "<a>" * 100_000, "<a" * 200_000, "<a>&#" + "9" * 500_000):
        try:
            parse_mtl(junk)
        except ValueError:
            continue


@case(8, "a text of SCENES with 100 000 line breaks", "taken apart in a second", qgis=True, seconds=10)
def paths_that_explode(folder: Path) -> None:
    from iikmc.algorithms.scenes_widget.paths import split_paths

    for junk in ("\n" * 100_000, " " * 100_000, "\n " * 50_000, '"' * 100_001, ' "' * 50_000):
        assert split_paths(f"/a;{junk};/b")[0] == "/a"
        assert split_paths(f"/a;{junk}\n/b")[-1].endswith("/b")


@case(8, "a style with entities that grow a billion times", "read as text, nothing grows", seconds=5)
def entity_bomb(folder: Path) -> None:
    bomb = '<!DOCTYPE q [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>'
    [entry] = entries_of(bomb + '<paletteEntry value="1" label="&b;&b;" color="#000000"/>')
    assert entry.label == "&b;&b;"


@case(7, "a style whose value or character reference has 100 000 digits", "left out, or kept as text", seconds=10)
def endless_references(folder: Path) -> None:
    digits = "9" * 100_000
    assert list(entries_of(f'<paletteEntry value="{digits}" label="x" color="#000000"/>')) == []
    [entry] = entries_of(f'<paletteEntry value="1" label="&#{digits};" color="#000000"/>')
    assert entry.label == f"&#{digits};"
    assert categories_of(f"<Category>&#x{digits};</Category>") == [f"&#x{digits};"]
    parse_mtl(f"<L><G><K>&#{digits};</K></G></L>")


@case(7, "class names with half a pair, control characters and marks", "every file is written and reads back")
def names_that_no_file_holds(folder: Path) -> None:
    scene = make_scene(folder / "in", product(), DN)
    first = cluster(Request((str(scene),), folder / "first", ANY, k=2, workers=1))
    path = folder / "signatures.json"
    document = json.loads(first.signatures.read_text("utf-8"))
    for record, name in zip(document["classes"], ("\ud800 half", "bell\a & <b>\"'\x00\x1f\ufffe")):
        record["name"] = name
    path.write_text(json.dumps(document))
    result = classify(ClassifyRequest((str(scene),), folder / "out", ANY, workers=1, signatures=path))
    names = {1: "half", 2: "bell  & <b>\"'"}
    assert {j: name.strip() for j, name in open_classified("AFTER", result.rasters[0]).names.items()} == names
    assert [record.name.strip() for record in read_signatures(result.signatures).classes] == list(names.values())
    for file in (folder / "out").iterdir():
        if file.suffix != ".tif":
            file.read_text("utf-8")


@case(7, "a class name that is nothing but control characters", "refused: a text is expected")
def names_of_nothing(folder: Path) -> None:
    path = folder / "signatures.json"
    path.write_text(good_text().replace('"Water"', '"\\u0000\\ud800"'))
    with refused("SIGNATURES", "class 1", "name", "expected a text", error=SignatureError):
        read_signatures(path)


@case(7, "names with control characters and half pairs in .qml and .aux.xml", "well-formed XML, a space for each")
def names_in_xml(folder: Path) -> None:
    from xml.dom import minidom

    name = "a\x00b\x0bc\ud800d\ufffee<&>\"'"
    for text in (qml([name], [(1, 2, 3)]), pam_xml([name])):
        minidom.parseString(text.encode("utf-8"))
    assert next(entries_of(qml([name], [(1, 2, 3)]))).label == "a b c d e<&>\"'"
    assert categories_of(pam_xml([name]))[1] == "a b c d e<&>\"'"


@case(6, "an MTL that names another product in a million characters and lines", "refused in one line that can be read")
def long_values_in_messages(folder: Path) -> None:
    text = '{"LANDSAT_METADATA_FILE": {"PRODUCT_CONTENTS": {"LANDSAT_PRODUCT_ID": "' + "LC\\n" * 100_000 + '"}}}'
    scene = scene_with_mtl(folder, text.encode(), "json")
    with pytest.raises(SceneError) as caught:
        find_scenes([scene])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@case(7, "a file shrinks to nothing or becomes a pipe between two looks", "refused, never waited for", seconds=5)
def swapped_between_two_looks(folder: Path) -> None:
    path = folder / "s.json"
    path.write_text(good_text())
    state = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("iikmc.engine.text_files.os.stat", lambda _: state)
        with pytest.raises(Unreadable, match="named pipe"):
            read_text(path)


@case(7, "a text of exactly the most bytes, and of one more", "read; refused")
def the_bound_itself(folder: Path) -> None:
    path = folder / "a.txt"
    path.write_bytes(b"x" * 1000)
    assert len(read_text(path, 1000)) == 1000
    with pytest.raises(Unreadable, match="more than"):
        read_text(path, 999)
    assert MOST_BYTES == 64 << 20


@case(7, "JSON at the edges: an object with a key twice, 400 and 401 digits, NaN", "each as it should be")
def json_at_the_edges(folder: Path) -> None:
    assert from_json('{"a": NaN, "b": [Infinity, -0.0, 1e400]}') == {"a": None, "b": [None, 0.0, None]}
    assert from_json("9" * 400) == 10**400 - 1
    for text in ("9" * 401, '{"a": 1, "a": 1}', "", "{", "nul", '"\n"', DEEP):
        with pytest.raises(BadJson):
            from_json(text)


@case(8, "OUTPUT holds a pipe named signatures.json or report.html", "one sentence, or replaced", seconds=20)
def pipes_in_output(folder: Path) -> None:
    scene = make_scene(folder / "in", product(), DN)
    out = folder / "out"
    out.mkdir()
    os.mkfifo(out / "signatures.json")
    os.mkfifo(out / f"{product()}_classes.qml")
    result = cluster(Request((str(scene),), out, ANY, k=2, workers=1), Silent())
    assert result.signatures.is_file()
    shutil.rmtree(out)
