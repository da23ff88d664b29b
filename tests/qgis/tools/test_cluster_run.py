"""iikmc:cluster as the toolbox, batch and background tasks run it: results, files and loaded layers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import numpy as np
import processing
import tiny_series as tiny_scenes
from qgis.core import (
    QgsApplication,
    QgsDateTimeRange,
    QgsInterval,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsTemporalNavigationObject,
    QgsTemporalUtils,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTimer
from running import Log, assert_styled, groups, legend_of, load, run_task
from tiny_series import IDS, NEWEST, OLDEST, TITLES, VALID, assert_classes_are_right, write_cloudy, write_tiny

pytestmark = pytest.mark.qgis

UNFINISHED = "signatures_unfinished.json"


def run(scenes, output, context=None, feedback=None, **others):
    parameters = {"SCENES": [str(scenes)], "K": 3, "OUTPUT": str(output), **others}
    return processing.run("iikmc:cluster", parameters, context=context, feedback=feedback)


def test_the_result_is_the_one_worked_out_by_hand(plugin, tiny, tmp_path):
    log = Log()
    result = run(tiny, tmp_path / "new" / "out", feedback=log)
    out = tmp_path / "new" / "out"
    assert result == {
        "OUTPUT": str(out),
        "CLASSIFICATIONS": [str(out / f"{scene}_classes.tif") for scene in IDS],
        "SIGNATURES_FILE": str(out / "signatures.json"),
        "STATISTICS": str(out / "statistics.csv"),
        "REPORT": str(out / "report.html"),
        "SCENE_COUNT": 3,
        "PIXEL_COUNT": VALID,
        "ITERATIONS": 2,
        "CONVERGED": True,
        "EMPTY_CLASSES": 0,
        "MARGINS": [],
        "UNCLASSIFIED_COUNT": 0,
    }
    assert_classes_are_right(out)
    centres = json.loads((out / "signatures.json").read_text(encoding="utf-8"))["centres"]
    assert centres == [[64 * dn] * 6 for dn in (tiny_scenes.DARK, tiny_scenes.MIDDLE, tiny_scenes.BRIGHT)]
    names = {path.name for path in out.iterdir() if not path.name.startswith("plotly-")}
    rasters = {f"{scene}_classes.{end}" for scene in IDS for end in ("tif", "tif.aux.xml", "qml")}
    assert names == rasters | {"signatures.json", "signatures.csv", "statistics.csv", "report.html"}
    assert log.warnings == log.errors == []
    assert f"{TITLES[2]}: {120 - 3} of 120 pixels are valid (97.5 %)" in log.infos


@pytest.mark.parametrize(
    ("given", "classes_of_newest"),
    [
        ({}, [0, 0, 0, 1]),  # cloud, fill, fill by value, dark
        ({"MASK": []}, [1, 0, 0, 1]),  # fill alone is left out
        ({"MASK": ""}, [1, 0, 0, 1]),
        ({"MASK": [0, 1, 3]}, [1, 0, 0, 1]),  # the cloud flag is not among them
        ({"MASK": "2"}, [0, 0, 0, 1]),
        ({"MASK": None}, [0, 0, 0, 1]),  # not given: the default
        ({"BANDS": [1]}, [0, 0, 0, 1]),
    ],
)
def test_mask_in_every_way_it_can_be_given(plugin, tiny, tmp_path, given, classes_of_newest):
    run(tiny, tmp_path, **given)
    assert tiny_scenes.read_classes(tmp_path / f"{NEWEST}_classes.tif")[0, :4].tolist() == classes_of_newest


def test_numbers_and_choices_may_be_text(plugin, tiny, tmp_path):
    text = {"K": "3", "MASK": "0,1,2,3", "BANDS": "0,3", "INIT": "0", "TOLERANCE": "0.5", "MAX_ITERATIONS": "1"}
    text.update(SEED="7", WORKERS="1", MASK_SATURATED="false")
    result = run(tiny, tmp_path, **text)
    assert result["ITERATIONS"] == 1
    assert not result["CONVERGED"]
    assert result["PIXEL_COUNT"] == VALID + 1  # the saturated pixel counts
    stored = json.loads(Path(result["SIGNATURES_FILE"]).read_text(encoding="utf-8"))
    assert stored["bands"] == ["blue", "nir"]
    assert stored["run"]["parameters"]["tolerance_percent"] == 0.5
    assert stored["run"]["parameters"]["seed"] == 7


def test_saved_signatures_start_the_next_run(plugin, tiny, tmp_path):
    first = run(tiny, tmp_path / "a")
    again = run(tiny, tmp_path / "b", INIT=3, SIGNATURES=first["SIGNATURES_FILE"], MAX_ITERATIONS=1)
    assert again["ITERATIONS"] == 1
    assert_classes_are_right(tmp_path / "b")


@pytest.mark.parametrize("start", [1, 2])
def test_the_other_starts_find_the_same_three_covers(plugin, tiny, tmp_path, start):
    run(tiny, tmp_path, INIT=start, SEED=-5, TOLERANCE=0)
    found = [tiny_scenes.read_classes(tmp_path / f"{scene}_classes.tif") for scene in IDS]
    right = [tiny_scenes.TINY[scene].classes for scene in IDS]
    pairs = set(zip(np.concatenate(right).ravel().tolist(), np.concatenate(found).ravel().tolist()))
    assert len(pairs) == 4  # classes correspond one to one, and nodata to nodata
    assert (0, 0) in pairs


def test_scenes_come_as_folders_files_and_text(plugin, tiny, tmp_path):
    mixed = [str(tiny / OLDEST / f"{OLDEST}_MTL.txt"), str(tiny / NEWEST)]
    run(tiny, tmp_path / "a", SCENES=mixed)
    run(tiny, tmp_path / "b", SCENES=";".join(reversed(mixed)))
    for scene in (OLDEST, NEWEST):
        name = f"{scene}_classes.tif"
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert not (tmp_path / "a" / f"{IDS[1]}_classes.tif").exists()
    single = run(tiny, tmp_path / "c", SCENES=str(tiny / OLDEST), K=2)
    assert single["SCENE_COUNT"] == 1


def test_a_temporary_folder_is_made_where_none_is_chosen(plugin, tiny):
    result = run(tiny, "TEMPORARY_OUTPUT")
    assert_classes_are_right(Path(result["OUTPUT"]))


def test_a_scene_without_a_valid_pixel_is_a_warning(plugin, tmp_path):
    scenes = write_tiny(tmp_path / "in")
    cloudy = write_cloudy(scenes)
    log = Log()
    result = run(scenes, tmp_path / "out", feedback=log)
    assert [text.split(":")[0] for text in log.warnings] == ["2022-06-28 LC09 190027"]
    assert "not one of its 120 pixels is valid" in log.warnings[0]
    assert result["SCENE_COUNT"] == 4
    assert result["PIXEL_COUNT"] == VALID
    assert not tiny_scenes.read_classes(tmp_path / "out" / f"{cloudy.name}_classes.tif").any()
    assert_classes_are_right(tmp_path / "out")


def test_empty_classes_are_counted_and_named(plugin, tiny, tmp_path):
    # Centres 9200, 11600, 14000, 16400, 18800: nothing lies near the second and the fourth.
    log = Log()
    result = run(tiny, tmp_path, K=5, feedback=log)
    assert result["EMPTY_CLASSES"] == 2
    assert any("class 2, 4" in text for text in log.warnings)


# --- layers


def test_layers_are_named_styled_grouped_and_in_the_order_of_time(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path, context)
    assert len(QgsProject.instance().mapLayers()) == 0  # loading is Processing's, once all is done
    load(cluster, context)
    assert groups() == [(f"IIkMC {tmp_path.name} (3 classes)", TITLES)]
    assert_styled(tmp_path, 3)
    assert [entry[:2] for entry in legend_of(tmp_path)] == [(1, "Class 1"), (2, "Class 2"), (3, "Class 3")]
    assert len({colour for _, _, colour in legend_of(tmp_path)}) == 3


def test_each_run_has_a_group_of_its_own(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path / "a", context)
    load(cluster, context)
    second = QgsProcessingContext()
    second.setProject(QgsProject.instance())
    run(tiny, tmp_path / "b", second)
    load(cluster, second)
    assert groups() == [("IIkMC b (3 classes)", TITLES), ("IIkMC a (3 classes)", TITLES)]


def test_folders_of_one_name_have_a_group_each(plugin, cluster, tiny, tmp_path, context):
    for place in ("x", "y"):
        again = QgsProcessingContext()
        again.setProject(QgsProject.instance())
        run(tiny, tmp_path / place / "out", again)
        load(cluster, again)
    assert groups() == [("IIkMC out (3 classes) (2)", TITLES), ("IIkMC out (3 classes)", TITLES)]


def test_another_run_into_a_folder_has_its_group(plugin, cluster, tiny, tmp_path, context):
    """With fewer scenes: what the first run left is still of the same classes, and stays where it is."""
    run(tiny, tmp_path / "out", context)
    load(cluster, context)
    again = QgsProcessingContext()
    again.setProject(QgsProject.instance())
    run(tiny / NEWEST, tmp_path / "out", again)
    load(cluster, again)
    assert groups() == [("IIkMC out (3 classes)", TITLES)]


def test_a_group_of_an_earlier_session_is_another_folders(plugin, cluster, tiny, tmp_path, context):
    """A project that was opened has a group of the same name; nothing of this session knows of its folder."""
    QgsProject.instance().layerTreeRoot().addGroup(f"IIkMC {tmp_path.name} (3 classes)")
    run(tiny, tmp_path, context)
    load(cluster, context)
    assert [titles for _, titles in groups()] == [TITLES, []]


def test_in_a_window_layers_are_added_one_by_one_while_it_lives(plugin, a_window, cluster, tiny, tmp_path, context):
    from iikmc.algorithms.shared import layers

    run(tiny, tmp_path, context)
    load(cluster, context)
    project, seen = QgsProject.instance(), []
    seen.append(len(project.mapLayers()))
    between = QTimer()
    between.timeout.connect(lambda: seen.append(len(project.mapLayers())))
    between.start(0)
    while layers._LOADING:
        QgsApplication.processEvents()
    between.stop()
    assert sorted(set(seen)) == [1, 2, 3]  # other events come between any two
    assert groups() == [(f"IIkMC {tmp_path.name} (3 classes)", TITLES)]
    assert_styled(tmp_path, 3)
    # Once more into the same folder: the layers are used again.
    again = QgsProcessingContext()
    again.setProject(project)
    run(tiny, tmp_path, again)
    load(cluster, again)
    while layers._LOADING:
        QgsApplication.processEvents()
    assert groups() == [(f"IIkMC {tmp_path.name} (3 classes)", TITLES)]
    assert_styled(tmp_path, 3)


def test_layers_do_not_come_into_another_project(plugin, a_window, cluster, tiny, tmp_path, context):
    from iikmc.algorithms.shared import layers

    run(tiny, tmp_path, context)
    load(cluster, context)
    QgsProject.instance().clear()
    assert layers._LOADING == []
    QgsApplication.processEvents()
    assert len(QgsProject.instance().mapLayers()) == 0


def test_two_runs_loaded_together_have_a_group_each(plugin, cluster, tiny, tmp_path, context):
    """As two steps of one model."""
    run(tiny, tmp_path / "a", context)
    run(tiny, tmp_path / "b", context)
    load(cluster, context)
    found = groups()
    assert [titles for _, titles in found] == [TITLES, TITLES]
    assert len({name for name, _ in found}) == 2


def test_a_second_run_into_the_same_folder_shows_the_new_classes(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path, context, K=2)
    load(cluster, context)
    assert_styled(tmp_path, 3)
    second = QgsProcessingContext()
    second.setProject(QgsProject.instance())
    run(tiny, tmp_path, second, K=3)
    load(cluster, second)
    assert_styled(tmp_path, 3)
    for layer in QgsProject.instance().mapLayers().values():
        right = tiny_scenes.TINY[Path(layer.source()).name.replace("_classes.tif", "")].classes
        block = layer.dataProvider().block(1, layer.extent(), layer.width(), layer.height())
        shown = np.frombuffer(bytes(block.data()), np.uint8).reshape(right.shape)
        np.testing.assert_array_equal(shown, right)
    assert groups() == [(f"IIkMC {tmp_path.name} (3 classes)", TITLES)]


def test_the_order_of_time_holds_where_the_user_has_a_layer_selected(plugin, cluster, tiny, tmp_path, context):
    """QGIS puts a new layer beside the current one, which after the first is one of the run's own."""
    project = QgsProject.instance()
    root, bridge = project.layerTreeRoot(), project.layerTreeRegistryBridge()

    def at_each_change(*_):
        for group in root.findGroups():
            bridge.setLayerInsertionPoint(type(bridge).InsertionPoint(group, len(group.children())))

    root.addedChildren.connect(at_each_change)
    try:
        run(tiny, tmp_path / "a", context)
        load(cluster, context)
        second = QgsProcessingContext()
        second.setProject(project)
        run(tiny, tmp_path / "b", second, K=2)
        load(cluster, second)
    finally:
        root.addedChildren.disconnect(at_each_change)
        bridge.setLayerInsertionPoint(type(bridge).InsertionPoint(root, 0))
    assert sorted(titles for _, titles in groups()) == [TITLES, TITLES]


def test_the_users_group_for_results_is_respected(plugin, cluster, tiny, tmp_path, context):
    from processing.core.ProcessingConfig import ProcessingConfig

    before = ProcessingConfig.getSetting(ProcessingConfig.RESULTS_GROUP_NAME)
    ProcessingConfig.setSettingValue(ProcessingConfig.RESULTS_GROUP_NAME, "Results")
    try:
        run(tiny, tmp_path, context)
        load(cluster, context)
    finally:
        ProcessingConfig.setSettingValue(ProcessingConfig.RESULTS_GROUP_NAME, before)
    root = QgsProject.instance().layerTreeRoot()
    (outer,) = root.children()
    assert outer.name() == "Results"
    (inner,) = outer.children()
    assert inner.name() == f"IIkMC {tmp_path.name} (3 classes)"
    assert [node.name() for node in root.findLayers()] == TITLES


def test_the_temporal_controller_shows_each_scene_on_its_day(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path, context)
    load(cluster, context)
    layers = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert sorted(layers) == TITLES
    for title, layer in layers.items():
        times = layer.temporalProperties()
        assert times.isActive()
        begin, end = (time.toString(Qt.DateFormat.ISODate) for time in (
            times.fixedTemporalRange().begin(), times.fixedTemporalRange().end()
        ))  # fmt: skip
        midnight = "00:00:00" if title == TITLES[0] else "00:00:01"
        assert (begin, end) == (f"{title[:10]}T{midnight}Z", f"{title[:10]}T23:59:59Z")
    # The frame of a month shows the scene of that month alone, and the map is drawn from it.
    may = QgsDateTimeRange(QDateTime(2022, 5, 1, 0, 0, 0), QDateTime(2022, 5, 31, 23, 59, 59))
    shown = [title for title in TITLES if layers[title].temporalProperties().isVisibleInTemporalRange(may)]
    assert shown == [TITLES[2]]


def test_a_scene_shows_in_the_frame_of_its_day_alone(plugin, cluster, tiny, tmp_path, context):
    """With the controller set to the full range of the layers, whatever its step."""
    run(tiny, tmp_path, context)
    load(cluster, context)
    player = QgsTemporalNavigationObject()
    player.setTemporalExtents(QgsTemporalUtils.calculateTemporalRangeForProject(QgsProject.instance()))
    first, *_, newest = (QDate.fromString(title[:10], Qt.DateFormat.ISODate) for title in TITLES)
    for days in (1, first.daysTo(newest)):  # with the longer step the newest scene is in a frame of its own as well
        player.setFrameDuration(QgsInterval(days * 86400.0))
        for layer in QgsProject.instance().mapLayers().values():
            shown = layer.temporalProperties().isVisibleInTemporalRange
            right = first.daysTo(QDate.fromString(layer.name()[:10], Qt.DateFormat.ISODate)) // days
            frames = range(max(right - 2, 0), right + 3)
            assert [n for n in frames if shown(player.dateTimeRangeForFrameNumber(n))] == [right]


def test_the_time_of_a_layer_is_saved_with_the_project(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path / "out", context)
    load(cluster, context)
    assert QgsProject.instance().write(str(tmp_path / "project.qgz"))
    again = QgsProject()
    assert again.read(str(tmp_path / "project.qgz"))
    (layer,) = again.mapLayersByName(TITLES[0])
    assert layer.temporalProperties().isActive()
    assert (
        layer.temporalProperties().fixedTemporalRange().begin().date().toString(Qt.DateFormat.ISODate) == "1995-07-01"
    )


def test_layers_are_not_loaded_where_they_are_not_wanted(plugin, cluster, tiny, tmp_path, context):
    run(tiny, tmp_path, context, LOAD_RESULTS=False)
    assert context.layersToLoadOnCompletion() == {}
    load(cluster, context)
    assert groups() == []


def test_layers_without_a_project_are_not_asked_for(plugin, tiny, tmp_path):
    context = QgsProcessingContext()
    run(tiny, tmp_path, context)
    assert context.layersToLoadOnCompletion() == {}
    assert_classes_are_right(tmp_path)


@pytest.mark.scenes
def test_real_scenes_of_three_sensors_become_layers(plugin, cluster, real_scenes, tmp_path, context):
    ids = [
        "LT05_L2SP_090084_19980308_20200909_02_T1",
        "LC08_L2SP_005009_20150710_20200908_02_T2",
        "LE07_L2SP_090084_20210331_20210426_02_T1",
    ]
    scenes = [str(real_scenes / scene) for scene in reversed(ids)]
    result = run("", tmp_path, context, SCENES=scenes, K=8, MASK_SATURATED=False)
    assert result["PIXEL_COUNT"] == 1911 + 53794 + 1630  # as the scenes' README counts them
    load(cluster, context)
    assert [titles for _, titles in groups()] == [
        ["1998-03-08 LT05 090084", "2015-07-10 LC08 005009", "2021-03-31 LE07 090084"]
    ]
    assert_styled(tmp_path, 3)
    for scene in ids:
        classes = tiny_scenes.read_classes(tmp_path / f"{scene}_classes.tif")
        assert 0 < classes.max() <= 8
        assert (classes == 0).any()


# --- background tasks


def test_layers_arrive_from_a_background_task(cluster, tiny, tmp_path, context):
    log = QgsProcessingFeedback(False)
    parameters = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(tmp_path)}
    good, write, _ = run_task(cluster, parameters, context, log)
    assert good
    assert write["PIXEL_COUNT"] == VALID
    assert_classes_are_right(tmp_path)
    load(cluster, context)
    assert [titles for _, titles in groups()] == [TITLES]
    assert_styled(tmp_path, 3)


@pytest.mark.parametrize("stage", ["Reading", "Clustering", "Writing"])
def test_a_cancel_ends_the_run_soon_and_leaves_no_raster(cluster, tiny, tmp_path, context, monkeypatch, stage):
    """In each stage, with work that would take a minute."""
    from iikmc.engine.kernels import numpy_kernel
    from iikmc.engine.passes import tasks
    from iikmc.engine.passes.site import SeriesSite
    from iikmc.engine.runs import clustering

    reached = []

    def slowed(function):
        def slow(*args, **kwargs):
            reached.append(time.monotonic())
            time.sleep(0.3)
            return function(*args, **kwargs)

        return slow

    if stage == "Reading":
        monkeypatch.setattr(SeriesSite, "read", slowed(SeriesSite.read))
    elif stage == "Clustering":
        monkeypatch.setattr(clustering, "pick_kernel", lambda *_: numpy_kernel.NumpyKernel())
        monkeypatch.setattr(numpy_kernel._Held, "relabel", slowed(numpy_kernel._Held.relabel))
    else:
        monkeypatch.setattr(tasks, "write_classes", slowed(tasks.write_classes))
    feedback = QgsProcessingFeedback(False)
    cancelled = []

    def cancel_once_there():
        if reached and not cancelled:
            cancelled.append(time.monotonic())
            feedback.cancel()

    output = tmp_path / "made" / "for the run"
    parameters = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output), "WORKERS": 1}
    good, write, _ = run_task(cluster, parameters, context, feedback, cancel_once_there)
    assert cancelled
    assert not good
    assert write == {}
    assert time.monotonic() - cancelled[0] < 2
    # Once all pixels were labelled, the signatures so far are kept, and nothing else.
    kept = [output / UNFINISHED] if stage == "Writing" else []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == kept
    assert list(tmp_path.iterdir()) == [output.parent] * len(kept)
    assert context.layersToLoadOnCompletion() == {}
    assert "Cancelled" in feedback.textLog()


def test_a_cancel_keeps_the_files_of_the_earlier_run(cluster, tiny, tmp_path, context):
    run(tiny, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    good, _, _ = run_task(cluster, {"SCENES": [str(tiny)], "K": 2, "OUTPUT": str(tmp_path)}, context, feedback)
    assert not good
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_cancelled_run_is_continued_from_the_file_that_it_names(cluster, tiny, tmp_path, context):
    class Impatient(Log):
        def setProgressText(self, text):
            super().setProgressText(text)
            if text.startswith("Iteration 1:"):
                self.cancel()

    run(tiny, tmp_path / "whole")
    output = tmp_path / "out"
    parameters = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(output)}
    log = Impatient()
    good, write, _ = run_task(cluster, parameters, context, log)
    assert (good, write) == (False, {})
    assert context.layersToLoadOnCompletion() == {}
    kept = output / UNFINISHED
    assert list(output.iterdir()) == [kept]
    assert log.errors == [
        f"Cancelled by the user after 1 iteration; the signatures so far are in {kept}: to continue, run the same "
        'scenes again with the start "Signatures file" (INIT 3) and this file.'
    ]
    log = Log()
    good, write, _ = run_task(cluster.create(), {**parameters, "INIT": 3, "SIGNATURES": str(kept)}, context, log)
    assert good
    assert (write["ITERATIONS"], write["CONVERGED"]) == (2, True)
    assert "This run continues a run that was cancelled after 1 iteration, before it had converged." in log.infos
    assert_classes_are_right(output)
    assert {path.name for path in output.iterdir()} == {path.name for path in (tmp_path / "whole").iterdir()}


# --- batch


def test_rows_of_a_batch_are_independent(cluster, tiny, tmp_path):
    """As the batch dialog works: one algorithm, a copy and a context for each row, results loaded row by row."""
    from processing.gui.AlgorithmExecutor import execute

    QgsProject.instance().clear()
    try:
        for row, k in enumerate((3, 2)):
            context = QgsProcessingContext()
            context.setProject(QgsProject.instance())
            parameters = {"SCENES": [str(tiny)], "K": k, "OUTPUT": str(tmp_path / str(row)), "LOAD_RESULTS": row == 0}
            algorithm = cluster.create()
            good, write = execute(algorithm, parameters, context, QgsProcessingFeedback(False))
            assert good
            assert write["PIXEL_COUNT"] == VALID
            load(algorithm, context)
        assert_classes_are_right(tmp_path / "0")
        # Centres 11000 and 17000: the middle value is as far from both, so it goes to class 1.
        for scene in IDS:
            expected = np.array([0, 1, 1, 2], np.uint8)[tiny_scenes.TINY[scene].classes]
            np.testing.assert_array_equal(tiny_scenes.read_classes(tmp_path / "1" / f"{scene}_classes.tif"), expected)
        assert [titles for _, titles in groups()] == [TITLES]
        assert_styled(tmp_path / "0", 3)
    finally:
        QgsProject.instance().clear()


def test_one_algorithm_object_runs_twice(cluster, tiny, tmp_path):
    context = QgsProcessingContext()
    first, good = cluster.run({"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(tmp_path / "a")}, context, Log())
    assert good
    second, good = cluster.run({"SCENES": [str(tiny / OLDEST)], "K": 2, "OUTPUT": str(tmp_path / "b")}, context, Log())
    assert good
    assert (first["SCENE_COUNT"], second["SCENE_COUNT"]) == (3, 1)


# --- failures that only the run can find


def test_a_band_that_breaks_off_is_named_and_nothing_stays(plugin, tmp_path):
    scenes = write_tiny(tmp_path / "in")
    band = tiny_scenes.file_of(scenes, NEWEST, "SR_B4")
    data = band.read_bytes()
    band.write_bytes(data[:-10])
    output = tmp_path / "out"
    with pytest.raises(QgsProcessingException, match=f"Scene {NEWEST}: {band.name} cannot be read"):
        run(scenes, output)
    assert not output.exists()


def test_a_series_without_a_valid_pixel_is_refused(plugin, tmp_path):
    write_cloudy(tmp_path / "in")
    output = tmp_path / "out"
    with pytest.raises(QgsProcessingException, match=r"SCENES: not one pixel of the 1 scene.* is valid"):
        run(tmp_path / "in", output)
    assert not output.exists()


def test_an_output_that_cannot_be_made_is_named(plugin, tiny, tmp_path):
    (tmp_path / "file").write_text("x")
    for output in (tmp_path / "file" / "inside", tmp_path / ("a" * 300)):
        with pytest.raises(QgsProcessingException, match=f"OUTPUT: the folder {output} cannot be written to"):
            run(tiny, output)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
