"""iikmc:classify as the toolbox, models and qgis_process run it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelParameter,
    QgsProcessingParameterFile,
    QgsProject,
)
from running import Log, assert_styled, groups, legend_of, load, run_task
from steps import add_step, source
from tiny_series import (
    BRIGHT,
    DARK,
    IDS,
    MIDDLE,
    MIDST,
    NEWEST,
    OLDEST,
    PIXELS,
    TINY,
    TITLES,
    VALID,
    assert_classes_are_right,
    file_of,
    read_classes,
    write_cloudy,
    write_tiny,
)  # fmt: skip

pytestmark = pytest.mark.qgis

LEGEND = [(1, "Water", "#1f78b4"), (2, "Field", "#b2df8a"), (3, "Rock", "#999999")]


@pytest.fixture(scope="session")
def signatures(tmp_path_factory) -> Path:
    """Return signatures of the three covers with a legend of their own, written by hand."""
    classes = [{"id": number, "name": name, "colour": colour} for number, name, colour in LEGEND]
    roles = ["blue", "green", "red", "nir", "swir1", "swir2"]
    document = {
        "format": "iikmc-signatures", "version": 1, "bands": roles, "scale": 0.0000275, "offset": -0.2, "grid": 64,
        "centres": [[64 * dn] * 6 for dn in (DARK, MIDDLE, BRIGHT)], "classes": classes,
    }  # fmt: skip
    path = tmp_path_factory.mktemp("signatures") / "signatures.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def classify(plugin):
    return QgsApplication.processingRegistry().createAlgorithmById("iikmc:classify")


def run(scenes, signatures, output, context=None, feedback=None, **others):
    parameters = {"SCENES": [str(scenes)], "SIGNATURES": str(signatures), "OUTPUT": str(output), **others}
    return processing.run("iikmc:classify", parameters, context=context, feedback=feedback)


def test_the_result_is_the_one_worked_out_by_hand(plugin, tiny, signatures, tmp_path):
    log = Log()
    out = tmp_path / "new" / "out"
    assert run(tiny, signatures, out, feedback=log) == {
        "OUTPUT": str(out),
        "CLASSIFICATIONS": [str(out / f"{scene}_classes.tif") for scene in IDS],
        "SIGNATURES_FILE": str(out / "signatures.json"),
        "STATISTICS": str(out / "statistics.csv"),
        "REPORT": str(out / "report.html"),
        "SCENE_COUNT": 3,
        "PIXEL_COUNT": VALID,
        "EMPTY_CLASSES": 0,
        "MARGINS": [],
        "UNCLASSIFIED_COUNT": 0,
    }
    assert_classes_are_right(out)
    assert legend_of(out) == LEGEND
    assert log.warnings == log.errors == []
    assert f"{TITLES[2]}: {PIXELS - 3} of {PIXELS} pixels are valid (97.5 %)" in log.infos


def test_signatures_of_a_run_give_its_rasters_bit_for_bit(plugin, tiny, tmp_path):
    first = processing.run("iikmc:cluster", {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(tmp_path / "a")})
    run(tiny, first["SIGNATURES_FILE"], tmp_path / "b")
    for scene in IDS:
        for end in ("tif", "qml"):
            name = f"{scene}_classes.{end}"
            assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()


def test_one_cloudy_scene_is_a_warning_and_an_empty_class_is_counted(plugin, signatures, tmp_path):
    cloudy = write_cloudy(tmp_path / "in")
    log = Log()
    result = run(cloudy, signatures, tmp_path / "out", feedback=log)
    assert (result["PIXEL_COUNT"], result["EMPTY_CLASSES"]) == (0, 3)
    assert not read_classes(result["CLASSIFICATIONS"][0]).any()
    assert len(log.warnings) == 1
    assert log.warnings[0].startswith("2022-06-28 LC09 190027: not one of its 120 pixels is valid")
    assert run(cloudy, signatures, tmp_path / "bare", MASK="")["PIXEL_COUNT"] == PIXELS


def test_layers_are_named_styled_and_grouped(classify, tiny, signatures, tmp_path, context):
    parameters = {"SCENES": [str(tiny)], "SIGNATURES": str(signatures), "OUTPUT": str(tmp_path)}
    good, results, _ = run_task(classify, parameters, context, QgsProcessingFeedback(False))
    assert good
    assert results["PIXEL_COUNT"] == VALID
    load(classify, context)
    assert groups() == [(f"IIkMC {tmp_path.name} (3 classes)", TITLES)]
    assert_styled(tmp_path, 3)


def test_layers_are_not_loaded_where_they_are_not_wanted(classify, tiny, signatures, tmp_path, context):
    run(tiny, signatures, tmp_path, context, LOAD_RESULTS=False)
    assert context.layersToLoadOnCompletion() == {}


def test_a_cancel_leaves_no_file(classify, tiny, signatures, tmp_path, context):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    parameters = {"SCENES": [str(tiny)], "SIGNATURES": str(signatures), "OUTPUT": str(tmp_path / "out")}
    good, results, _ = run_task(classify, parameters, context, feedback)
    assert (good, results) == (False, {})
    assert not (tmp_path / "out").exists()
    assert "Cancelled by the user" in feedback.textLog()


# --- refusals: one sentence, before anything is read


@pytest.fixture
def answer(classify, tiny, signatures, tmp_path):
    """Return what the dialog, processing.run and qgis_process show for parameters, "" if they are accepted."""

    def check(**others):
        parameters = {"SCENES": [str(tiny)], "SIGNATURES": str(signatures), "OUTPUT": str(tmp_path / "out"), **others}
        good, text = classify.checkParameterValues(parameters, QgsProcessingContext())
        assert good == (not text)
        assert "\n" not in text
        assert not (tmp_path / "out").exists()
        return text

    return check


def test_good_values_are_accepted(answer):
    assert answer() == answer(MASK="") == answer(MASK=[2], WORKERS="2") == answer(OUTPUT="TEMPORARY_OUTPUT") == ""


def test_bad_values_are_refused_in_the_users_words(answer, signatures, tiny, tmp_path):
    def told(**changes):
        document = json.loads(signatures.read_text(encoding="utf-8"))
        path = tmp_path / "changed.json"
        path.write_text(json.dumps({**document, **changes}), encoding="utf-8")
        text = answer(SIGNATURES=str(path))
        assert text.startswith("SIGNATURES: ")
        assert str(path) in text
        assert text.endswith(".")
        return text

    assert "bands red, blue" in told(bands=["red", "blue"])
    assert "scale 0.0001, expected 2.75e-05" in told(scale=0.0001)
    assert "version 3, expected 1 or 2" in told(version=3)
    assert "describes 0 classes, but has 3 centres" in told(classes=[])
    assert "SIGNATURES is empty" in answer(SIGNATURES="")
    assert "cannot be read" in answer(SIGNATURES=str(tmp_path / "gone.json"))
    assert f"OUTPUT: {signatures.parent} is the folder of SIGNATURES itself" in answer(OUTPUT=str(signatures.parent))
    assert "does not exist" in answer(SCENES=[str(tiny / "gone")])


def test_a_scene_that_does_not_fit(answer, tmp_path):
    scenes = write_tiny(tmp_path / "in", [NEWEST])
    file_of(scenes, NEWEST, "SR_B5").unlink()
    assert "SR_B5.TIF is missing" in answer(SCENES=[str(scenes)])
    scenes = write_tiny(tmp_path / "without", [NEWEST], qa=False)
    assert "QA_PIXEL.TIF is missing" in answer(SCENES=[str(scenes)])
    assert answer(SCENES=[str(scenes)], MASK="") == ""


# --- models and the terminal


def test_a_model_clusters_one_scene_and_classifies_another(plugin, tiny, tmp_path, context):
    model = QgsProcessingModelAlgorithm("old and new", "tests")
    for name in ("old", "new"):
        folder = QgsProcessingParameterFile(name, name, QgsProcessingParameterFile.Behavior.Folder)
        model.addModelParameter(folder, QgsProcessingModelParameter(name))
    # Dark and bright fill the older scene: centres 10000 and 18000 at the start, the two values in the end.
    first = {"SCENES": source("ModelParameter", "old"), "K": source("StaticValue", 2)}
    add_step(model, "iikmc:cluster", "cluster", first, {"old_classes": "OUTPUT"})
    second = {
        "SCENES": source("ModelParameter", "new"),
        "SIGNATURES": source("ChildOutput", "cluster", "SIGNATURES_FILE"),
        "LOAD_RESULTS": source("StaticValue", False),
    }
    add_step(model, "iikmc:classify", "classify", second, {"new_classes": "OUTPUT"})
    model.updateDestinationParameters()
    assert model.validate()[0]
    parameters = {
        "old": str(tiny / MIDST), "new": str(tiny / NEWEST),
        "cluster:old_classes": str(tmp_path / "old"), "classify:new_classes": str(tmp_path / "new"),
    }  # fmt: skip
    good, results, _ = run_task(model, parameters, context, QgsProcessingFeedback(False))
    assert good
    assert results["classify:new_classes"] == str(tmp_path / "new")
    right = TINY[NEWEST].classes
    assert ((read_classes(tmp_path / "new" / f"{NEWEST}_classes.tif") == 2) == (right == 3)).all()
    assert ((read_classes(tmp_path / "new" / f"{NEWEST}_classes.tif") == 0) == (right == 0)).all()


def test_in_a_terminal(terminal, tiny, signatures, tmp_path):
    values = (f"SCENES={tiny / NEWEST}", f"SCENES={tiny / OLDEST}", f"SIGNATURES={signatures}", "WORKERS=1")
    code, out, err = terminal("run", "iikmc:classify", "--", *values, f"OUTPUT={tmp_path / 'out'}")
    assert code == 0, err
    assert f"PIXEL_COUNT:\t{2 * PIXELS - 3}\n" in out
    assert_classes_are_right(tmp_path / "out", [NEWEST, OLDEST])
    other = shutil.copy(signatures, tmp_path / "other.json")
    Path(other).write_text('{"type": "FeatureCollection"}', encoding="utf-8")
    code, _, err = terminal("run", "iikmc:classify", "--", *values[:2], f"SIGNATURES={other}", f"OUTPUT={tmp_path}/x")
    assert code == 1
    assert f"SIGNATURES: {other} is not a signatures file" in err
    assert not (tmp_path / "x").exists()


def test_what_fails_while_it_runs_is_told_in_a_sentence(plugin, tiny, signatures, tmp_path):
    scenes = shutil.copytree(tiny, tmp_path / "in")
    band = file_of(scenes, MIDST, "SR_B4")
    band.write_bytes(band.read_bytes()[:-10])
    with pytest.raises(QgsProcessingException, match=f"Scene {MIDST}: {band.name} cannot be read to its end"):
        run(scenes, signatures, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- margins and unclassified pixels ---------------------------------------------------------------------------------


def test_margins_and_unclassified_pixels_become_styled_layers(classify, tiny, signatures, tmp_path, context):
    parameters = {"SCENES": [str(tiny)], "SIGNATURES": str(signatures), "OUTPUT": str(tmp_path), "MARGIN": True}
    good, results, _ = run_task(classify, {**parameters, "REJECT": "0.01"}, context, QgsProcessingFeedback(False))
    assert good
    assert results["MARGINS"] == [str(tmp_path / f"{scene}_margin.tif") for scene in IDS]
    # All pixels lie on the centres, or nearer to one than a hundredth.
    assert results["UNCLASSIFIED_COUNT"] == 0
    load(classify, context)
    ((_, titles),) = groups()
    assert titles == [*TITLES, *(f"Margin of {title}" for title in TITLES)]
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        layer, is_margin = node.layer(), node.name().startswith("Margin")
        assert node.itemVisibilityChecked() is not is_margin
        assert layer.renderer().type() == ("singlebandpseudocolor" if is_margin else "paletted")
        assert layer.temporalProperties().isActive()
        if is_margin:
            ramp = layer.renderer().shader().rasterShaderFunction()
            assert [(item.value, item.color.name()) for item in ramp.colorRampItemList()][:: 4] == [
                (1.0, "#67001f"), (255.0, "#053061"),
            ]  # fmt: skip
        else:
            assert [(entry.value, entry.label) for entry in layer.renderer().classes()][-1] == (255, "Unclassified")


@pytest.mark.parametrize("empty", [None, "", " "])
def test_no_distance_rejects_nothing(plugin, tiny, signatures, tmp_path, empty):
    result = run(tiny, signatures, tmp_path, REJECT=empty)
    assert (result["UNCLASSIFIED_COUNT"], result["MARGINS"]) == (0, [])
    assert legend_of(tmp_path) == LEGEND


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REJECT", "far", "REJECT is 'far', expected a number; choose a distance in reflectance from 0 to 10"),
        ("REJECT", -1, "REJECT is -1"),
        ("REJECT", 11, "REJECT is 11"),
        ("MARGIN", "perhaps", "MARGIN is 'perhaps', expected yes or no"),
    ],
)
def test_wrong_values_are_told(classify, tiny, signatures, tmp_path, context, name, value, words):
    parameters = {"SCENES": [str(tiny)], "SIGNATURES": str(signatures), "OUTPUT": str(tmp_path), name: value}
    good, text = classify.checkParameterValues(parameters, context)
    assert not good
    assert text.startswith(words)
