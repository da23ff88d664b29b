"""The parameters are checked before anything is read, each with a message that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from iikmc.engine.choices import SIGNATURES_FILE, STARTS
from iikmc.engine.errors import IIkMCError, ParameterError
from iikmc.engine.requests import ClassifyRequest, Request, SuggestRequest
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
from iikmc.engine.sensors.roles import ROLES


def request(tmp_path, **options):
    return Request(("nowhere",), options.pop("output", tmp_path / "out"), **options)


def test_defaults_are_the_documented_ones(tmp_path):
    default = request(tmp_path)
    default.check()
    assert default.parameters() == {
        "scenes": ["nowhere"],
        "k": 8,
        "mask": ["dilated cloud", "cirrus", "cloud", "cloud shadow"],
        "mask_saturated": True,
        "aoi": None,
        # Those that all scenes have, which are not known yet.
        "bands": [],
        "mode": "all scenes together",
        "init": "minimum-maximum",
        "signatures": None,
        "max_iterations": 100,
        "tolerance_percent": 1.0,
        "seed": 42,
        "margin": False,
        "reject": None,
    }
    # In this order they stand in signatures.json.
    assert list(default.parameters())[:8] == ["scenes", "k", "mask", "mask_saturated", "aoi", "bands", "mode", "init"]
    assert STARTS[:4] == ("minimum-maximum", "2-98 %", "k-means++", "signatures file")


@pytest.mark.parametrize(
    "options",
    [
        {"k": 2},
        {"k": 254},
        {"tolerance": 0},
        {"tolerance": 100},
        {"max_iterations": 1},
        {"seed": -5},
        {"workers": 64},
        {"device": "GPU"},
        {"roles": ("nir",)},
        {"roles": ()},
        {"roles": ROLES[3:]},
        {"mask": MaskRule((), False)},
        {"start": SIGNATURES_FILE, "signatures": Path("s.json")},
    ],
    ids=str,
)
def test_the_ends_of_the_ranges_are_good(tmp_path, options):
    request(tmp_path, **options).check()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 1}, "K is 1; choose a number of classes from 2 to 254."),
        ({"k": 255}, "K is 255; choose a number of classes from 2 to 254."),
        ({"k": -3}, "K is -3; choose a number of classes from 2 to 254."),
        (
            {"roles": ROLES[:11]},
            "BANDS chooses 11 bands, expected at most 10, as many as can be clustered exactly; choose fewer.",
        ),
        ({"max_iterations": 0}, "MAX_ITERATIONS is 0; choose a number of iterations from 1 to 2147483647."),
        ({"tolerance": -0.1}, "TOLERANCE is -0.1 %; choose a share from 0 to 100."),
        ({"tolerance": 100.5}, "TOLERANCE is 100.5 %; choose a share from 0 to 100."),
        ({"tolerance": float("nan")}, "TOLERANCE is nan %; choose a share from 0 to 100."),
        ({"workers": -1}, "WORKERS is -1; choose a number of threads up to 4096, or 0 for one a core."),
        ({"device": "TPU"}, "DEVICE is 'TPU'; choose one of automatic, CPU, GPU."),
        (
            {"start": "random"},
            "INIT is 'random'; choose one of " + ", ".join(STARTS) + ".",
        ),
        (
            {"start": SIGNATURES_FILE},
            "INIT asks for a signatures file, but SIGNATURES is empty; choose a signatures.json.",
        ),
    ],
    ids=str,
)
def test_what_is_out_of_range(tmp_path, options, message):
    bad = request(tmp_path, **options)
    with pytest.raises(ParameterError) as caught:
        bad.check()
    assert str(caught.value) == message
    assert isinstance(caught.value, IIkMCError)
    # Nothing is read before: the scenes do not exist, yet this is what is told.
    with pytest.raises(ParameterError):
        cluster(bad)
    assert not (tmp_path / "out").exists()


def test_output_that_is_a_file(tmp_path):
    path = tmp_path / "results"
    path.write_text("mine")
    with pytest.raises(ParameterError) as caught:
        request(tmp_path, output=path).check()
    assert str(caught.value) == f"OUTPUT: {path} is a file; choose a folder."
    assert path.read_text() == "mine"


def test_parameters_of_a_run_from_a_file(tmp_path):
    made = request(tmp_path, start=SIGNATURES_FILE, signatures=tmp_path / "s.json", roles=("red", "nir"), seed=7)
    parameters = made.parameters()
    assert (parameters["signatures"], parameters["bands"], parameters["seed"]) == (
        str(tmp_path / "s.json"),
        ["red", "nir"],
        7,
    )


def test_parameters_of_a_classification_name_the_bands_and_classes_of_the_file(tmp_path):
    made = ClassifyRequest(("a",), tmp_path, signatures=tmp_path / "s.json")
    assert list(made.parameters(("red", "nir"), 5).items()) == [
        ("scenes", ["a"]),
        ("k", 5),
        ("mask", ["dilated cloud", "cirrus", "cloud", "cloud shadow"]),
        ("mask_saturated", True),
        ("aoi", None),
        ("bands", ["red", "nir"]),
        ("signatures", str(tmp_path / "s.json")),
        ("margin", False),
        ("reject", None),
    ]


def test_what_a_tool_does_not_ask_is_no_argument_of_its_request(tmp_path):
    with pytest.raises(TypeError):
        ClassifyRequest(("a",), tmp_path, roles=("red",), signatures=tmp_path / "s.json")
    with pytest.raises(TypeError):
        SuggestRequest(("a",), output=tmp_path)
    with pytest.raises(TypeError):
        SuggestRequest(("a",), aoi=None)
