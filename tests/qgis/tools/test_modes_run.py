"""iikmc:cluster with MODE 1 (each scene on its own) and with COMPARE: outputs, files, layers, and what follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import numpy as np
import processing
import tiny_series as tiny_scenes
from qgis.core import QgsProcessingException, QgsProject
from qgis.PyQt.QtCore import Qt
from running import Log, groups, legend, load
from tiny_series import IDS, NEWEST, TITLES, VALID, assert_classes_are_right, write_cloudy, write_tiny

pytestmark = pytest.mark.qgis


def run(scenes, output, context=None, feedback=None, **others):
    parameters = {"SCENES": [str(scenes)], "K": 3, "OUTPUT": str(output), **others}
    return processing.run("iikmc:cluster", parameters, context=context, feedback=feedback)


def own_classes(scene_id):
    """Return the raster of a scene on its own: every scene has a dark value and one other, which becomes class 3.

    Of two values the starts are at one, three and five sixths between them: class 2 stays empty.
    """
    return np.where(tiny_scenes.TINY[scene_id].classes > 1, 3, tiny_scenes.TINY[scene_id].classes)


def test_each_scene_on_its_own_worked_out_by_hand(plugin, tiny, tmp_path):
    log = Log()
    result = run(tiny, tmp_path / "out", feedback=log, MODE=1)
    out = tmp_path / "out"
    assert result == {
        "OUTPUT": str(out),
        "CLASSIFICATIONS": [str(out / f"{scene}_classes.tif") for scene in IDS],
        "SIGNATURES_FILE": "",
        "STATISTICS": str(out / "statistics.csv"),
        "REPORT": str(out / "report.html"),
        "SCENE_COUNT": 3,
        "PIXEL_COUNT": VALID,
        "ITERATIONS": 2,
        "CONVERGED": True,
        "EMPTY_CLASSES": 3,
        "MARGINS": [],
        "UNCLASSIFIED_COUNT": 0,
    }
    values = {}
    for scene in IDS:
        np.testing.assert_array_equal(tiny_scenes.read_classes(out / f"{scene}_classes.tif"), own_classes(scene))
        stored = json.loads((out / f"{scene}_signatures.json").read_text(encoding="utf-8"))
        values[scene] = [centre[0] / 64 for centre in stored["centres"]]
    assert list(values.values()) == [[8000, 11000, 14000], [8000, 14000, 20000], [8000, 14000, 20000]]
    assert not (out / "signatures.json").exists()
    assert log.warnings == log.errors == []
    assert f"{TITLES[0]}: no pixel belongs to class 2." in log.infos


def test_one_scene_names_its_signatures_and_they_classify_it(plugin, tiny, tmp_path):
    single = run(tiny / NEWEST, tmp_path / "a", MODE="1")
    assert single["SIGNATURES_FILE"] == str(tmp_path / "a" / f"{NEWEST}_signatures.json")
    again = processing.run(
        "iikmc:classify",
        {
            "SCENES": [str(tiny / NEWEST)],
            "SIGNATURES": single["SIGNATURES_FILE"],
            "OUTPUT": str(tmp_path / "b"),
        },
    )
    (ours,), (theirs,) = single["CLASSIFICATIONS"], again["CLASSIFICATIONS"]
    assert Path(ours).read_bytes() == Path(theirs).read_bytes()


def test_layers_have_the_styles_of_their_own_scenes(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path, context, MODE=1)
    load(cluster, context)
    assert groups() == [(f"IIkMC {tmp_path.name} (3 classes of each scene)", TITLES)]
    shown = {}
    for layer in QgsProject.instance().mapLayers().values():
        scene = Path(layer.source()).name.replace("_classes.tif", "")
        stored = json.loads((tmp_path / f"{scene}_signatures.json").read_text(encoding="utf-8"))["classes"]
        assert legend(layer) == [(entry["id"], entry["name"], entry["colour"]) for entry in stored]
        assert [label for _, label, _ in legend(layer)] == [f"Class {j} of {layer.name()}" for j in (1, 2, 3)]
        times = layer.temporalProperties()
        assert times.isActive()
        begin = times.fixedTemporalRange().begin().date().toString(Qt.DateFormat.ISODate)
        assert begin == layer.name()[:10]
        shown[layer.name()] = legend(layer)
    assert sorted(shown) == TITLES
    assert len({label for entries in shown.values() for _, label, _ in entries}) == 9


def test_a_scene_without_a_valid_pixel_is_a_layer_without_classes(plugin, cluster, tmp_path, context):
    scenes = write_tiny(tmp_path / "in")
    cloudy = write_cloudy(scenes)
    log = Log()
    result = run(scenes, tmp_path / "out", context, log, MODE=1)
    assert [text.split(":")[0] for text in log.warnings] == ["2022-06-28 LC09 190027"]
    assert not tiny_scenes.read_classes(tmp_path / "out" / f"{cloudy.name}_classes.tif").any()
    assert (result["SCENE_COUNT"], result["PIXEL_COUNT"], result["EMPTY_CLASSES"]) == (4, VALID, 3)
    load(cluster, context)
    (layer,) = QgsProject.instance().mapLayersByName("2022-06-28 LC09 190027")
    assert layer.isValid()
    assert legend(layer) == []


def test_compare_tells_in_the_report_and_changes_no_raster(plugin, tiny, tmp_path):
    log = Log()
    result = run(tiny, tmp_path / "with", feedback=log, COMPARE=True)
    assert_classes_are_right(tmp_path / "with")
    assert (result["ITERATIONS"], result["EMPTY_CLASSES"]) == (2, 0)
    run(tiny, tmp_path / "without")
    for scene in IDS:
        name = f"{scene}_classes.tif"
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()
    assert f"{TITLES[0]} on its own: 2 iterations" in log.infos
    compared, plain = (
        (tmp_path / folder / "report.html").read_text(encoding="utf-8") for folder in ("with", "without")
    )
    assert "Each scene on its own, beside the common classes" in compared
    assert "Each scene on its own" not in plain


def test_a_folder_of_the_other_mode_is_refused_before_the_run(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path)
    values = {"SCENES": [str(tiny)], "OUTPUT": str(tmp_path), "MODE": 1}
    good, text = cluster.checkParameterValues(values, context)
    assert not good
    assert text.startswith(f"OUTPUT: {tmp_path} holds a run with common classes (signatures.json), and MODE asks for")
    with pytest.raises(QgsProcessingException, match="holds a run with common classes"):
        run(tiny, tmp_path, MODE=1)
