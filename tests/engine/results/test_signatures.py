"""Signatures: exact statistics by hand, faithful files, and refusal of files that do not fit."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iikmc.engine.choices import SIGNATURES_FILE
from iikmc.engine.errors import SignatureError
from iikmc.engine.results.signatures import ClassRecord, Signatures, class_records
from iikmc.engine.results.signatures_file import read_centres, to_csv, to_json
from iikmc.engine.runs.cluster import cluster
from tiny import make_scene, product

ROLES = ("red", "nir")
CENTRES = [[64, 128], [640_001, 65535 * 64]]


def signed(centres=CENTRES, roles=ROLES) -> Signatures:
    records = tuple(
        ClassRecord(j + 1, f"Class {j + 1}", (j, 255, 16), 10 - j, (0.25, None), (0.125, None))
        for j in range(len(centres))
    )
    return Signatures(roles, np.array(centres, np.int64), records, {"note": "Übung"})


# --- statistics ------------------------------------------------------------------------------------------------------


def test_mean_and_deviation_by_hand():
    # DN 10000 and 20000: mean 15000 = 0.2125, deviation of the population 5000 = 0.1375.
    # DN 7, 7, 7: mean 7 = -0.1998075, deviation 0. Nobody: nothing.
    records = class_records(
        ["A", "B", "C"], [(1, 2, 3)] * 3, [2, 3, 0], [[30_000], [21], [0]], [[500_000_000], [147], [0]]
    )
    assert [(r.id, r.name, r.colour, r.pixels) for r in records] == [
        (1, "A", (1, 2, 3), 2), (2, "B", (1, 2, 3), 3), (3, "C", (1, 2, 3), 0),
    ]  # fmt: skip
    assert [r.mean for r in records] == [(0.2125,), (-0.1998075,), (None,)]
    assert [r.std for r in records] == [(0.1375,), (0.0,), (None,)]


def test_deviation_of_a_huge_narrow_class_is_exact():
    # 10**10 pixels, half of 65534 and half of 65535: naive float64 sums lose it altogether.
    n = 10**10
    total = n // 2 * (65534 + 65535)
    squares = n // 2 * (65534**2 + 65535**2)
    (record,) = class_records(["A"], [(0, 0, 0)], [n], [[total]], [[squares]])
    assert record.std == (round(0.5 * 0.0000275, 9),)
    assert record.mean == (round(65534.5 * 0.0000275 - 0.2, 9),)


def test_deviation_of_a_class_with_few_other_members_is_exact():
    # 20 000 of 10**10 pixels are 65534, the others 65535: the variance p (1 - p) = 2e-6 DN**2 lies far below the
    # rounding of the squares, 4e9 DN**2.
    n, few = 10**10, 20_000
    squares = few * 65534**2 + (n - few) * 65535**2
    (record,) = class_records(["A"], [(0, 0, 0)], [n], [[65535 * n - few]], [[squares]])
    assert record.std == (3.9e-8,)  # 2.75e-5 * sqrt(2e-6) = 3.889e-8
    (record,) = class_records(["A"], [(0, 0, 0)], [n], [[65535 * n - 1]], [[65534**2 + (n - 1) * 65535**2]])
    assert record.std == (0.0,)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 65535), min_size=1, max_size=30))
def test_deviation_is_that_of_the_population(values):
    (record,) = class_records(["A"], [(0, 0, 0)], [len(values)], [[sum(values)]], [[sum(v * v for v in values)]])
    assert record.mean[0] == pytest.approx(np.mean(values) * 0.0000275 - 0.2, abs=1e-9)
    assert record.std[0] == pytest.approx(np.std(values) * 0.0000275, abs=1e-8)


# --- files -----------------------------------------------------------------------------------------------------------


def test_json_by_hand():
    assert json.loads(to_json(signed())) == {
        "format": "iikmc-signatures",
        "version": 1,
        "bands": ["red", "nir"],
        "scale": 0.0000275,
        "offset": -0.2,
        "grid": 64,
        "centres": CENTRES,
        "classes": [
            {"id": 1, "name": "Class 1", "colour": "#00ff10", "pixels": 10, "mean": [0.25, None], "std": [0.125, None]},
            {"id": 2, "name": "Class 2", "colour": "#01ff10", "pixels": 9, "mean": [0.25, None], "std": [0.125, None]},
        ],
        "run": {"note": "Übung"},
    }


def test_csv_by_hand():
    head = "class_id class_name colour pixels mean_red mean_nir std_red std_nir centre_dn_red centre_dn_nir"
    assert list(csv.reader(io.StringIO(to_csv(signed())))) == [
        head.split(),
        ["1", "Class 1", "#00ff10", "10", "0.250000", "", "0.125000", "", "1.0", "2.0"],
        ["2", "Class 2", "#01ff10", "9", "0.250000", "", "0.125000", "", "10000.015625", "65535.0"],
    ]


@settings(max_examples=50)
@given(st.integers(2, 254), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_centres_come_back_as_they_were_saved(tmp_path_factory, k, n_bands, seed):
    roles = ("blue", "green", "red", "nir", "swir1", "swir2")[:n_bands]
    centres = np.random.default_rng(seed).integers(0, 65535 * 64 + 1, (k, n_bands))
    path = tmp_path_factory.getbasetemp() / "round.json"
    path.write_text(to_json(signed(centres, roles)), encoding="utf-8")
    back = read_centres(path, roles, k)
    assert back.dtype == np.int64
    assert np.array_equal(back, centres)
    assert np.array_equal(read_centres(path, roles), centres)


# --- refusal ---------------------------------------------------------------------------------------------------------


def changed(**keys):
    return json.dumps(json.loads(to_json(signed())) | keys)


def without(key):
    return json.dumps({k: v for k, v in json.loads(to_json(signed())).items() if k != key})


BAD = {
    "empty": ("", "it is no JSON text"),
    "no JSON": ("class,red\n1,2\n", "it is no JSON text"),
    "cut off": (to_json(signed())[:200], "it is no JSON text"),
    "not UTF-8": (b"\xff\xfe\x00{}", "it is no JSON text"),
    "a list": ("[1, 2]", "no format 'iikmc-signatures'"),
    "a number": ("3", "no format 'iikmc-signatures'"),
    "other format": (changed(format="scp-signatures"), "no format 'iikmc-signatures'"),
    "no format": (without("format"), "no format 'iikmc-signatures'"),
    "version": (changed(version=3), "has version 3, expected 1 or 2"),
    "no version": (without("version"), "has version None, expected 1"),
    "scale": (changed(scale=0.0001), "has scale 0.0001, expected 2.75e-05"),
    "offset": (changed(offset=0), "has offset 0, expected -0.2"),
    "grid": (changed(grid=1), "has grid 1, expected 64"),
    "bands": (changed(bands=["red", "swir1"]), "is of the bands red, swir1, but BANDS chooses red, nir"),
    "order of bands": (changed(bands=["nir", "red"]), "is of the bands nir, red, but BANDS chooses red, nir"),
    "no bands": (without("bands"), "is of the bands none, but BANDS chooses red, nir"),
    "bands no list": (changed(bands="red"), "is of the bands none"),
    "no centres": (without("centres"), "the centres in"),
    "centres no list": (changed(centres={}), "the centres in"),
    "one centre": (changed(centres=[[1, 2]]), "expected 2 to 254 rows of 2 whole numbers from 0 to 4194240"),
    "255 centres": (changed(centres=[[1, 2]] * 255), "the centres in"),
    "short centre": (changed(centres=[[1, 2], [3]]), "the centres in"),
    "long centre": (changed(centres=[[1, 2], [3, 4, 5]]), "the centres in"),
    "fraction": (changed(centres=[[1, 2], [3, 4.5]]), "the centres in"),
    "whole float": (changed(centres=[[1, 2], [3, 4.0]]), "the centres in"),
    "text": (changed(centres=[[1, 2], [3, "4"]]), "the centres in"),
    "boolean": (changed(centres=[[1, 2], [3, True]]), "the centres in"),
    "null": (changed(centres=[[1, 2], [3, None]]), "the centres in"),
    "negative": (changed(centres=[[1, 2], [3, -1]]), "the centres in"),
    "too large": (changed(centres=[[1, 2], [3, 65535 * 64 + 1]]), "the centres in"),
    "number of classes": (changed(centres=[[1, 2]] * 3), "has 3 classes, but K is 2; set K to 3."),
}


@pytest.mark.parametrize("kind", BAD)
def test_files_that_do_not_fit(kind, tmp_path):
    content, words = BAD[kind]
    path = tmp_path / "signatures.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SignatureError) as caught:
        read_centres(path, ROLES, 2)
    message = str(caught.value)
    assert message.startswith("SIGNATURES: ")
    assert str(path) in message
    assert words in message
    assert message.endswith(".")


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_unreadable_file(tmp_path, name):
    with pytest.raises(SignatureError, match=r"cannot be read \(.+\); choose the signatures\.json of an earlier run"):
        read_centres(tmp_path / name, ROLES)


def test_a_bad_file_stops_the_run_before_the_scenes_are_read(tmp_path, request_of):
    scene = make_scene(tmp_path, product(), np.full((3, 3), 9000))
    path = tmp_path / "s.json"
    path.write_text(changed(version=9))
    with pytest.raises(SignatureError, match="has version 9"):
        cluster(request_of(scene, start=SIGNATURES_FILE, signatures=path))
    assert not (tmp_path / "out").exists()


def test_unfilled_classes_are_null_and_valid_json():
    text = to_json(signed())
    assert "NaN" not in text
    assert not any(isinstance(v, float) and math.isnan(v) for v in json.loads(text)["classes"][0]["std"] if v)
