"""What scripts may rely on: the names of `iikmc.engine`, what they take and what they give. Only add to it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import iikmc.engine
import pytest
from iikmc.engine import (
    EACH_SCENE,
    FLAGS,
    PERCENTILE_RANGE,
    ROLES,
    ClassifyRequest,
    IIkMCError,
    MaskRule,
    Progress,
    Request,
    Selection,
    check_series,
    classify,
    cluster,
    find_scenes,
    read_signatures,
)
from tiny import listing

ROOT = Path(__file__).resolve().parents[3]
CHOICES = {
    "AUTOMATIC": "automatic",
    "COARSE_TO_FINE": "coarse-to-fine",
    "CPU": "CPU",
    "EACH_SCENE": "each scene on its own",
    "EQUAL": "equal",
    "GPU": "GPU",
    "MINIMUM_MAXIMUM": "minimum-maximum",
    "PERCENTILE_RANGE": "2-98 %",
    "PLUS_PLUS": "k-means++",
    "PROPORTIONAL": "proportional",
    "PROPORTIONAL_LEAST": "proportional with a least number",
    "SIGNATURES_FILE": "signatures file",
    "TOGETHER": "all scenes together",
}
SCENES = "scenes, output, mask=, "
CALLS = {
    "find_scenes": "paths, progress=, sheet=",
    "check_series": "scenes, selection, chosen_by=, progress=",
    "read_signatures": "path",
    "cluster": "request, progress=, kernel=, strip_pixels=",
    "classify": "request, progress=, kernel=, strip_pixels=",
    "audit": "request, progress=, strip_pixels=",
    "suggest_k": "request, progress=, strip_pixels=",
    "compare": "request, progress=, strip_pixels=",
    "sample_points": "request, progress=, strip_pixels=",
    "name_classes": "request, progress=",
    "merge_classes": "request, progress=",
    "follow_series": "request, progress=, strip_pixels=",
    "assess_accuracy": "request, progress=, strip_pixels=",
    "benchmark": "request, progress=, contenders=, strip_pixels=",
    "Area": "name, polygons",
    "MaskRule": "flags, saturated",
    "Selection": "roles, mask, area=",
    "Request": SCENES + "roles=, aoi=, workers=, sheet=, k=, mode=, start=, signatures=, max_iterations=, tolerance=, "
    "seed=, device=, memory=, compare=, margin=, reject=, scheduler=",
    "ClassifyRequest": SCENES + "aoi=, workers=, sheet=, signatures=, margin=, reject=, scheduler=",
    "AuditRequest": SCENES + "roles=, aoi=, workers=, sheet=, scheduler=",
    "BenchmarkRequest": SCENES + "roles=, aoi=, workers=, sheet=, k=, max_iterations=, repeats=, pixels=",
    "SuggestRequest": "scenes, mask=, roles=, workers=, sheet=, k_min=, k_max=, sample=, seed=, table=, report=",
    "TransitionRequest": "before, after, changes=, matrix=, report=, workers=",
    "NamesRequest": "results, legend=, workers=",
    "MergeRequest": "results, output, legend=, min_pixels=, connectivity=, workers=",
    "SeriesRequest": "rasters, output, grid=, workers=",
    "SampleRequest": "rasters, n=, allocation=, min_per_class=, seed=, workers=",
    "ReferencePoints": "x, y, crs, classes, days=, scenes=",
    "AccuracyRequest": "rasters, points, max_days=, matrix=, report=, workers=",
    "Silent": "",
}
ANSWERS = {
    "Result": "scenes, rasters, output, fit, pixels, empty_classes, names, margins, unclassified",
    "EachResult": "scenes, rasters, output, k, fits, signature_files, pixels, empty_classes, margins, unclassified",
    "AuditResult": "scenes, audits, output",
    "Suggestion": "request, scenes, sample, scores, advice, scikit_learn",
    "Transitions": "before, after, overlap, counts, before_names, after_names, colours",
    "Named": "output, rasters, legend, changed, held",
    "SeriesResult": "series, output",
    "PointSample": "points, crs, names, pixels, drawn",
    "Assessment": "raster_set, accuracy, met, left_out, shared, max_days",
    "BenchmarkResult": "request, parts, all_pixels, comparison, changed_percent, versions, notes",
    "Signatures": "roles, centres, classes, run, merged",
}
OTHERS = {"FLAGS", "ROLES", "IIkMCError", "Progress", "Scene"}


def test_the_names_are_these():
    assert set(iikmc.engine.__all__) == {*CHOICES, *CALLS, *ANSWERS, *OTHERS}
    assert len(iikmc.engine.__all__) == len(set(iikmc.engine.__all__))


def test_the_table_of_contents_lists_every_name():
    told = set(re.findall(r"\w+", iikmc.engine.__doc__.split("The front door", 1)[1]))
    assert set(iikmc.engine.__all__) <= told


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name):
    assert getattr(iikmc.engine, name) == CHOICES[name]


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    parameters = inspect.signature(getattr(iikmc.engine, name)).parameters.values()
    assert ", ".join(p.name + ("" if p.default is p.empty else "=") for p in parameters) == CALLS[name]


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(name):
    assert ", ".join(field.name for field in fields(getattr(iikmc.engine, name))) == ANSWERS[name]


def test_the_rest():
    assert ROLES[:6] == ("blue", "green", "red", "nir", "swir1", "swir2")
    assert list(FLAGS)[:6] == ["dilated cloud", "cirrus", "cloud", "cloud shadow", "snow or ice", "water"]
    assert issubclass(IIkMCError, Exception)
    told = {name for name in vars(Progress) if not name.startswith("_")}
    assert told == {"report", "stage", "note", "warn", "cancelled"}


def test_another_name_is_none_of_it():
    with pytest.raises(AttributeError, match="has no public name 'kmeans'"):
        iikmc.engine.kmeans  # noqa: B018


def test_nothing_is_loaded_before_a_name_is_asked_for():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['pytest'] = sys.modules['hypothesis'] = None\n"
        "import importlib.util\n"
        "spec = importlib.util.spec_from_file_location('iikmc', sys.argv[1] + '/__init__.py', "
        "submodule_search_locations=[sys.argv[1]])\n"
        "module = importlib.util.module_from_spec(spec); sys.modules['iikmc'] = module\n"
        "spec.loader.exec_module(module)\n"
        "import iikmc.engine\n"
        "print('numpy' in sys.modules, end=' ')\n"
        "from iikmc.engine import MaskRule\n"
        "print('numpy' in sys.modules, 'rasterio' in sys.modules, 'numba' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "True", "False", "False"]


def test_a_script_that_uses_nothing_else(small_series, tmp_path):
    mask = MaskRule(("cloud",), saturated=True)
    found = find_scenes(small_series)
    scenes = check_series(found.scenes, Selection(("red", "nir"), mask))
    assert [scene.id for scene in scenes] == sorted((path.name for path in small_series), key=lambda name: name[17:25])
    request = Request(
        tuple(map(str, small_series)), tmp_path / "classes", mask, ("red", "nir"), k=3, start=PERCENTILE_RANGE
    )
    result = cluster(request)
    signatures = read_signatures(result.signatures)
    assert (signatures.k, signatures.roles) == (3, ("red", "nir"))
    again = classify(ClassifyRequest(request.scenes, tmp_path / "again", mask, signatures=result.signatures))
    assert [path.read_bytes() for path in again.rasters] == [path.read_bytes() for path in result.rasters]
    each = cluster(Request(request.scenes[:1], tmp_path / "each", mask, k=2, mode=EACH_SCENE))
    assert each.signatures.name.endswith("_signatures.json")
    assert "report.html" in listing(tmp_path / "each")
