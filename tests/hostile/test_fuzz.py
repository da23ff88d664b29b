"""Whatever a text file holds, it ends in an answer or in a sentence of the engine's, and in time."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest
from hypothesis import example, given, settings
from iikmc.engine.errors import IIkMCError, ParameterError, SceneError, SignatureError, shown, unexpected
from iikmc.engine.results import signatures_file
from iikmc.engine.results.signatures import ClassRecord, Signatures
from iikmc.engine.results.styles import categories_of, entries_of, pam_xml, qml
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.sensors.landsat import mtl
from iikmc.engine.sensors.products import leading_product_id, refusal
from iikmc.engine.text_files import decoded, to_csv, writable
from strategies import (
    CATEGORIES,
    GROUPS,
    ODL,
    PRODUCT,
    SAFE,
    STYLE,
    XML,
    category_files,
    class_names,
    encoded,
    mtd_files,
    mtl_files,
    product_ids,
    scalars,
    sheet_files,
    signature_files,
    style_files,
    texts,
    trees,
)
from table import assert_sentence, within

MANY = settings(max_examples=200)


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    with within(100):
        yield


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return one folder for all examples of a test."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def assert_short_sentence(error: IIkMCError, *words: object) -> None:
    assert_sentence(str(error), *words)
    assert len(str(error)) < 1500


def test_the_good_ones_are_good():
    for text in (ODL, XML, json.dumps({"LANDSAT_METADATA_FILE": GROUPS})):
        assert mtl.parse_mtl(text) == GROUPS
    assert [entry.label for entry in entries_of(STYLE)] == ["Water", "Wood & 'meadow'"]
    assert categories_of(CATEGORIES) == ["No data", "Water", "Wood & 'meadow'"]


@MANY
@given(data=mtl_files)
def test_mtl(folder, data):
    scene = folder / PRODUCT
    scene.mkdir(exist_ok=True)
    (scene / f"{PRODUCT}_SR_B4.TIF").touch()
    (scene / f"{PRODUCT}_MTL.txt").write_bytes(data)
    try:
        [found] = find_scenes([folder]).scenes
    except SceneError as error:
        assert_short_sentence(error, f"Scene {PRODUCT}", f"{PRODUCT}_MTL.txt")
        return
    for angle in (found.sun_elevation, found.sun_azimuth):
        assert angle is None or np.isfinite(angle)
    json.dumps([found.sun_elevation, found.sun_azimuth], allow_nan=False)


@MANY
@given(data=mtd_files)
def test_mtd(folder, data):
    images = folder / "in" / f"{SAFE}.SAFE" / "GRANULE" / "L2A_T33TVN_A0_20220703T100029" / "IMG_DATA" / "R20m"
    images.mkdir(parents=True, exist_ok=True)
    (images / "T33TVN_20220703T100029_B04_20m.jp2").touch()
    (folder / "in" / f"{SAFE}.SAFE" / "MTD_MSIL2A.xml").write_bytes(data)
    try:
        [found] = find_scenes([folder / "in"]).scenes
    except SceneError as error:
        assert_short_sentence(error, f"Scene {SAFE}", "MTD_MSIL2A.xml")
        return
    values = found.bands["red"].values
    assert values.scale > 0
    assert values.fill == 0


@MANY
@given(data=sheet_files)
def test_sheets(folder, data):
    kites = folder / "kites"
    kites.mkdir(exist_ok=True)
    for kind in ("red", "nir", "mask"):
        (kites / f"KITE_20240501_{kind}.tif").touch()
    path = folder / "kite.json"
    path.write_bytes(data)
    try:
        found = find_scenes([kites], sheet=path).scenes
    except ParameterError as error:
        assert_short_sentence(error, "SHEET: ", "kite.json")
        return
    except SceneError as error:
        assert_short_sentence(error)
        return
    for scene in found:
        assert isinstance(scene.title, str)
        assert isinstance(scene.product.place, str)


@MANY
@given(data=signature_files)
def test_signatures(folder, data):
    path = folder / "signatures.json"
    path.write_bytes(data)
    for read in (signatures_file.read, signatures_file.read_run, lambda path: signatures_file.read_names(path, 2)):
        try:
            read(path)
        except SignatureError as error:
            assert_short_sentence(error, "SIGNATURES", path)
    try:
        signed = signatures_file.read(path)
    except SignatureError:
        return
    # What was read can be written, and is the same when it is read again.
    text = signatures_file.to_json(signed)
    path.write_text(text, encoding="utf-8", errors="replace")
    again = signatures_file.read(path)
    assert (again.roles, again.classes) == (signed.roles, signed.classes)
    np.testing.assert_array_equal(again.centres, signed.centres)
    signatures_file.to_csv(signed).encode("utf-8")


@MANY
@given(data=style_files)
def test_styles(data):
    for entry in entries_of(decoded(data)):
        assert 0 <= entry.value < 10**10
        assert entry.label == writable(entry.label)
        assert entry.colour is None or all(0 <= level <= 255 for level in entry.colour)


@MANY
@given(data=category_files)
def test_categories(data):
    for name in categories_of(decoded(data)):
        assert name == writable(name)


@MANY
@given(name=product_ids)
@example("LC08_L2SP_190027_20220511_20220601_02_T1_SR_B4.TIF")
def test_product_ids(name):
    product = leading_product_id(name)
    if product is not None:
        assert name.startswith(product.text)
        assert_sentence(f"{refusal(product) or 'It can be clustered'}.")


@given(names=class_names)
def test_names_read_back_from_every_file(names):
    colours = [(1, 2, 3)] * len(names)
    # One without a name is the number of no class.
    names = [name if writable(name) else "x" for name in names]
    style, metadata = qml(names, colours), pam_xml(names)
    wanted = [re.sub(r"[\t\n\r]", " ", writable(name)) for name in names]
    assert [entry.label for entry in entries_of(style)] == [name.strip() for name in wanted]
    assert categories_of(metadata) == ["No data", *wanted]
    for text in (style, metadata):
        minidom.parseString(text.encode("utf-8"))


@given(names=class_names)
def test_names_in_tables_are_no_formulas_and_read_back(names):
    records = [ClassRecord(j, writable(name), (1, 2, 3), 0, (-0.1,), (None,)) for j, name in enumerate(names, start=1)]
    text = signatures_file.to_csv(Signatures(("red",), np.ones((len(names), 1), np.int64), tuple(records)))
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    cells = [row[1] for row in rows]
    assert [cell[1:] if re.match("''*[=+\\-@\t\r\n]", cell) else cell for cell in cells] == [r.name for r in records]
    assert not any(re.match("[=+@\t\r\n]|-[^0-9]", cell) for cell in cells)
    assert all(row[4] == "-0.100000" for row in rows)


@given(value=trees)
def test_whatever_was_found_is_shown_in_a_line(value):
    text = shown(value)
    assert "\n" not in text
    assert len(text) < 1000


@given(text=texts, value=scalars)
def test_whatever_goes_wrong_is_a_sentence(text, value):
    for error in (
        ValueError(text),
        KeyError(value),
        OSError(5, text),
        MemoryError(text),
        RuntimeError(),
        OSError(text),
    ):
        told = unexpected(error, "The run")
        assert isinstance(told, IIkMCError)
        assert_sentence(str(told), "The run")


@given(rows=texts.map(lambda text: [[text, 1], [text]]))
def test_tables_are_tables(rows):
    assert (
        len(list(csv.reader(io.StringIO(to_csv([[writable(str(c)) for c in row] for row in rows]), newline="")))) == 2
    )


def test_half_pairs_are_bytes_here():
    assert encoded("\ud800") == b"\xed\xa0\x80"
