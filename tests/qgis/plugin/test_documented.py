"""What the documentation says of the algorithms is so: their tables, and every example, which is run."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qgis.core")

import processing
from iikmc.benchmarks.simulate import write_scene
from qgis.core import QgsApplication
from tiny_series import BRIGHT, DARK, MIDDLE, OLI, OLI_CLEAR, SHAPE

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
SCENES = ("LC08_L2SP_218074_20190114_20200829_02_T1", "LC08_L2SP_218074_20190130_20200829_02_T1")
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def _blocks(language, word):
    """Return the examples in a language that have a word in them: (page, text)."""
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}-{place}")
        for page in PAGES
        for place, (kind, text) in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")))
        if kind == language and word in text
    ]


@pytest.fixture(scope="module")
def tool():
    """Return tools/doc_tables.py."""
    sys.path.insert(0, str(ROOT / "tools"))
    yield importlib.import_module("doc_tables")
    sys.path.remove(str(ROOT / "tools"))


@pytest.fixture
def provider(plugin):
    return QgsApplication.processingRegistry().providerById("iikmc")


def test_every_algorithm_has_a_page_and_every_page_an_algorithm(provider):
    names = {algorithm.name() for algorithm in provider.algorithms()}
    assert {page.stem for page in (DOCS / "algorithms").glob("*.md")} == names


def test_the_tables_are_those_of_the_algorithms(provider, tool):
    if not QgsApplication.locale().startswith(("en", "C")):
        pytest.skip(f"the pages are English, QGIS speaks {QgsApplication.locale()}")
    for algorithm in provider.algorithms():
        page = (DOCS / "algorithms" / f"{algorithm.name()}.md").read_text(encoding="utf-8")
        assert page == tool.filled(page, algorithm), f"{algorithm.id()} has changed: run 'make docs' and commit"


@pytest.fixture(scope="module")
def data(plugin, tmp_path_factory):
    """Return a folder as the examples have it, with the results of its first steps."""
    folder = tmp_path_factory.mktemp("data")
    for place in (folder / "landsat", folder / "years" / "2019"):
        place.mkdir(parents=True)
        for number, scene in enumerate(SCENES):
            dn = np.full(SHAPE, MIDDLE, np.uint16)
            dn[:, 6:] = BRIGHT
            dn[:4, number : 8 + number] = DARK
            dn += np.arange(dn.size, dtype=np.uint16).reshape(SHAPE) * 16
            write_scene(place, scene, dict.fromkeys(OLI, dn), np.full(SHAPE, OLI_CLEAR, np.uint16))
    for name in ("2022", "2023"):  # as the README has them
        (folder / "landsat" / name).symlink_to(folder / "years" / "2019", target_is_directory=True)
    values = {"SCENES": [str(folder / "landsat" / scene) for scene in SCENES], "K": 3}
    run = processing.run("iikmc:cluster", {**values, "OUTPUT": str(folder / "classes")})
    (folder / "covers.csv").write_text("class,to,name\n1,1,Water\n2,2,Land\n3,2,Land\n", encoding="utf-8")
    (folder / "names.csv").write_text("class,name\n1,Water\n", encoding="utf-8")
    drawn = {"RASTERS": run["CLASSIFICATIONS"], "N": 60, "MIN_PER_CLASS": 10, "OUTPUT": str(folder / "drawn.gpkg")}
    labelled = {
        "INPUT": processing.run("iikmc:samplepoints", drawn)["OUTPUT"],
        "FIELD_NAME": "ref_class",
        "FIELD_TYPE": 2,  # text
        "FORMULA": "to_string(map_class)",
        "OUTPUT": str(folder / "labelled.gpkg"),
    }
    processing.run("native:fieldcalculator", labelled)
    return folder


def _commands(text):
    """Return the words of each `qgis_process run` of an example, without the program."""
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("qgis_process run iikmc:")]


@pytest.mark.parametrize("text", _blocks("sh", "qgis_process run iikmc:"))
def test_documented_commands_run(text, data, provider):
    """As qgis_process would: names are checked, a repeated one makes a list."""
    for _, algorithm, *words in _commands(text):
        if any("..." in word for word in words):
            continue  # a pattern and no example
        parameters = {definition.name() for definition in provider.algorithm(algorithm[6:]).parameterDefinitions()}
        values = {}
        for word in words:
            if word in ("--", "-"):
                continue
            name, _, value = word.removeprefix("--").partition("=")
            assert name in parameters, f"{algorithm} has no parameter {name}"
            value = re.sub(r"^/data\b", str(data), value)
            values[name] = value if name not in values else [*np.atleast_1d(values[name]).tolist(), value]
        for name in {"SCENES", "RASTERS"} & set(values):
            values[name] = np.atleast_1d(values[name]).tolist()
        assert processing.run(algorithm, values)


@pytest.mark.parametrize("text", _blocks("sh", '{"inputs"'))
def test_documented_json_names_parameters(text, provider):
    (inputs,) = re.findall(r"echo '(.*?)'", text)
    parameters = {definition.name() for definition in provider.algorithm("cluster").parameterDefinitions()}
    assert set(json.loads(inputs)["inputs"]) <= parameters


@pytest.mark.parametrize("text", _blocks("python", "iikmc"))
def test_documented_python_runs(text, data, monkeypatch):
    """In QGIS's console, where `processing` is there already; K is 3, because the scenes are tiny."""
    said = []
    text = text.replace("/data/", f"{data}/").replace('"K": 8', '"K": 3').replace("k=8", "k=3")
    code = compile(text, "example", "exec")
    exec(code, {"processing": processing, "print": lambda *words: said.append(words)})
    assert len(said) == text.count("print(")
