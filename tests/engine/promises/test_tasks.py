"""Tasks, their answers and the plan of a site can be sent to another process, where they do and say the same."""

from __future__ import annotations

import dataclasses
import importlib
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calls import apply_to, audit_of
from classified_rasters import EARLY, LATER, centre, write_classified
from iikmc.engine.choices import EACH_SCENE
from iikmc.engine.execution import wire
from iikmc.engine.execution.executor import Task
from iikmc.engine.kernels.margins import Judging
from iikmc.engine.kernels.moves import MoveLog
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.map_requests import ReferencePoints
from iikmc.engine.maps.classified import open_classified
from iikmc.engine.maps.merging import EIGHT, lookup
from iikmc.engine.maps.overlap import overlap
from iikmc.engine.maps.raster_set import CountClasses, open_raster_set
from iikmc.engine.maps.reference import place
from iikmc.engine.maps.transition import code_table
from iikmc.engine.measuring.contenders import Contender
from iikmc.engine.measuring.equality import DigestStrip
from iikmc.engine.passes.sample import SampleStrip
from iikmc.engine.passes.site import Plan, SeriesSite
from iikmc.engine.passes.tasks import ClassifyStrip, JudgeStrip, LabelStrip, MeasureStrip, ReadStrip, WriteScene
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.pixels.sampling import Draws
from iikmc.engine.pixels.strips import plan_series
from iikmc.engine.pixels.survey import Need, Wish
from iikmc.engine.progress import Silent
from iikmc.engine.requests import BenchmarkRequest, SuggestRequest
from iikmc.engine.results.geotiff import Rows
from iikmc.engine.results.legend import Legend
from iikmc.engine.results.rasters import write_classes
from iikmc.engine.results.staging import Tray
from iikmc.engine.runs.accuracy import AssessmentSite, MeetStrip
from iikmc.engine.runs.audit import AuditStrip
from iikmc.engine.runs.benchmark import benchmark
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.compare import OWN, DifferStrip, LeaveStrip, SurveyStrip
from iikmc.engine.runs.each import cluster_each
from iikmc.engine.runs.finished import open_finished
from iikmc.engine.runs.rewrite import RewriteScene, RewriteSite, Rewriting
from iikmc.engine.runs.samplepoints import DrawStrip
from iikmc.engine.runs.series import FollowSite, FollowStrip
from iikmc.engine.runs.suggestk import SampleSite, ScoreK, suggest
from iikmc.engine.runs.transitions import CodeStrip, CountPairs, PairSite
from iikmc.engine.scenes.area import Area
from iikmc.engine.scenes.check import usable_scenes
from iikmc.engine.scenes.scene import Strip
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import ROLES, listing, six_band_noise

ROOT = Path(__file__).resolve().parents[3]
RULE = MaskRule(DEFAULT_FLAGS, True)
K = 4
LEGEND = Legend(["Wald", "Wasser", "Feld & Flur", "Fels"], [(0, 90, 0), (0, 0, 255), (220, 200, 0), (128, 128, 128)])

# By the kind of site that they run at; a task that is new joins one of these, and its test.
OF_SERIES = {
    AuditStrip, ClassifyStrip, DifferStrip, DigestStrip, JudgeStrip, LabelStrip, LeaveStrip, MeasureStrip, ReadStrip,
    SampleStrip, SurveyStrip, WriteScene,
}  # fmt: skip
OF_PAIR = {CountPairs, CodeStrip}
OF_SAMPLE = {ScoreK}
OF_MAPS = {CountClasses, DrawStrip, MeetStrip}
OF_GRID = {FollowStrip}
OF_FINISHED = {RewriteScene}


def travelled(thing: Any) -> Any:
    """Return what arrives of a thing in another process."""
    return pickle.loads(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL))


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Compare to the last bit and type, part by part."""
    assert type(one) is type(other), where
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        np.testing.assert_array_equal(one, other, where)
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, Mapping):
        assert list(one) == list(other), where
        for key in one:
            assert_same(one[key], other[key], f"{where}[{key!r}]")
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for number, (left, right) in enumerate(zip(one, other)):
            assert_same(left, right, f"{where}[{number}]")
    else:
        assert one == other, where


class Both:
    """Does tasks at one site, and what arrives of them at another; the answers must be the same, and arrive so."""

    def __init__(self, here: Any, there: Any) -> None:
        self.here, self.there = here, there
        self.kinds: set[type] = set()

    def do(self, task: Any) -> Any:
        self.kinds.add(type(task))
        other = travelled(task)
        assert_same(other, task, type(task).__name__)
        # Half of it would be the centres of 254 classes in ten bands: no task carries pixels or tables.
        assert len(pickle.dumps(task)) < 65536
        answer = task.do(self.here)
        assert_same(other.do(self.there), answer, type(answer).__name__)
        assert_same(travelled(answer), answer, type(answer).__name__)
        if type(task) in OF_SERIES:
            # The way that they go to the workers of a cluster.
            assert_same(wire.loads(wire.dumps(task)), task, type(task).__name__)
            assert_same(wire.loads(wire.dumps(answer)), answer, type(answer).__name__)
        return answer


def western_part(bounds: Any) -> list[dict[str, Any]]:
    """Return an area of interest: three quarters of whatever is asked for, but for a hole."""
    west, south, east, north = bounds
    east, side = west + 0.75 * (east - west), 0.1 * (east - west)
    x, y = (west + east) / 2, (south + north) / 2
    rings = [
        [(west, south), (west, north), (east, north), (east, south), (west, south)],
        [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)],
    ]
    return [{"type": "Polygon", "coordinates": rings}]


# A function of its own stands for the one that QGIS's geometries hide behind, which arrives nowhere else.
HERE = Area("here", lambda wkt, bounds: western_part(bounds))


@pytest.fixture
def plan(small_series) -> Plan:
    scenes = usable_scenes(small_series, Selection(ROLES, RULE, HERE), Silent())
    strips = tuple(plan_series(scenes, 500))
    wish = Wish(Need.DRAWS, 7, pictures=True)
    return Plan(tuple(scenes), Selection(ROLES, RULE), strips, K, wish, Judging.of(True, 0.1))


def centres(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(64 * 7000, 64 * 25000, (K, 6))


def test_every_task_of_the_engine_is_known_here_and_is_frozen():
    found = set()
    for path in sorted((ROOT / "engine").rglob("*.py")):
        if "def do(self, site" in path.read_text(encoding="utf-8"):
            name = ".".join(("iikmc", *path.relative_to(ROOT).with_suffix("").parts))
            own = [
                one for one in vars(importlib.import_module(name)).values() if getattr(one, "__module__", "") == name
            ]
            found |= {one for one in own if isinstance(one, type) and hasattr(one, "do") and one is not Task}
    assert found == OF_SERIES | OF_PAIR | OF_SAMPLE | OF_MAPS | OF_GRID | OF_FINISHED
    for task in found:
        assert dataclasses.is_dataclass(task)
        assert task.__dataclass_params__.frozen, task


def test_a_plan_arrives_as_it_was_sent(plan):
    before = travelled(plan)
    assert [scene.grid.crs.to_epsg() for scene in before.scenes] == [32632, 3031, 32633]
    assert all(scene.aoi for scene in before.scenes)
    assert_same(before, plan)
    # Also when what follows from it has been worked out, here or there.
    assert len(plan.draws) == len(plan.by_scene) == 3
    after = travelled(plan)
    for one in (before, after):
        assert_same(one, plan)
        assert_same(one.draws, plan.draws)
        assert_same(one.by_scene, plan.by_scene)


def test_the_plan_of_every_run_can_be_sent(small_series, request_of, tmp_path, monkeypatch):
    plans = []
    genuine = SeriesSite.__init__
    monkeypatch.setattr(SeriesSite, "__init__", lambda self, *of: plans.append(of[0]) or genuine(self, *of))
    scenes = tuple(map(str, small_series))
    result = cluster(request_of(*small_series, k=3, aoi=HERE, max_iterations=2))
    cluster_each(request_of(*small_series, out="each", k=3, aoi=HERE, max_iterations=1, mode=EACH_SCENE))
    apply_to(small_series, result.signatures, tmp_path / "applied", area=HERE)
    audit_of(small_series, tmp_path / "audit", area=HERE)
    suggest(SuggestRequest(scenes, mask=MaskRule((), True), k_max=3, sample=100, workers=1))
    numpy = [Contender("NumPy", NumpyKernel(), NumpyPacker(), (1,), 0.0)]
    ask = BenchmarkRequest(scenes, tmp_path / "bench", k=3, aoi=HERE, workers=1, repeats=1, max_iterations=1)
    benchmark(ask, None, (numpy, []))
    assert {len(plan.scenes) for plan in plans} == {1, 3}
    assert len(plans) >= 9
    for plan in plans:
        assert_same(travelled(plan), plan)


def test_tasks_of_a_series_do_the_same_wherever_they_are_done(kernel, plan, tmp_path):
    trays = [Tray(tmp_path / name, tmp_path / "out", "OUTPUT") for name in ("here", "there")]
    for tray in trays:
        tray.folder.mkdir()
    with SeriesSite(plan, kernel, NumpyPacker()) as here, SeriesSite(travelled(plan), kernel, NumpyPacker()) as there:
        both = Both(here, there)
        read = [both.do(ReadStrip(strip, centres(1))) for strip in plan.strips]
        assert any(part.sketch is not None and part.survey.draws for part in read)
        strips = [part.strip for part in read if part.audit.valid]
        assert len(strips) == len(plan.strips) == 9
        log = MoveLog()
        log.follow(centres(1))
        for number in (2, 3):
            moves = log.follow(centres(number))
            changes = [both.do(LabelStrip(strip, centres(number), moves)) for strip in strips]
            assert any(change.changed for change in changes)
        for strip in strips:
            np.testing.assert_array_equal(here.shelved(strip).labels(), there.shelved(strip).labels())
            both.do(DigestStrip(strip))
            both.do(MeasureStrip(strip))
            for need in Need:
                both.do(SurveyStrip(strip, need, plan.draws[strip.scene]))
            both.do(LeaveStrip(strip))
            both.do(LabelStrip(strip, centres(4), None, OWN))
            assert both.do(DifferStrip(strip)).renumbered > 0
            counts = both.do(JudgeStrip(strip, centres(3))).counts
            assert counts.pixels[255] > 0
            assert counts.margins.sum() > counts.pixels.sum()
        for number in range(len(plan.scenes)):
            task = WriteScene(number, LEGEND, trays[0])
            answer = both.do(task) if number else task.do(here)
            for strip in plan.by_scene[number] if number else ():
                JudgeStrip(strip, centres(3)).do(there)  # what was judged is handed out once
            assert_same(dataclasses.replace(travelled(task), tray=travelled(trays[1])).do(there), answer)
        files = listing(trays[0].folder)
        assert sorted(Path(name).suffix for name in files) == 6 * [".qml"] + 6 * [".tif"] + 3 * [".xml"]
        assert listing(trays[1].folder) == files
        for strip in plan.strips:
            both.do(SampleStrip(strip, Draws(plan.draws[strip.scene].key, (2,))))
            both.do(AuditStrip(strip))
            both.do(ClassifyStrip(strip, centres(5)))
            np.testing.assert_array_equal(here.classes(strip), there.classes(strip))
            np.testing.assert_array_equal(here.margins(strip), there.margins(strip))
        assert both.kinds == OF_SERIES


CHILD = """
import importlib.util, pickle, sys
root = sys.argv[1]
spec = importlib.util.spec_from_file_location("iikmc", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["iikmc"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.passes.site import SeriesSite
from iikmc.engine.pixels.packing import NumpyPacker
plan, tasks = pickle.load(sys.stdin.buffer)
with SeriesSite(plan, NumpyKernel(), NumpyPacker()) as site:
    pickle.dump([task.do(site) for task in tasks], sys.stdout.buffer)
"""


def test_another_process_reads_labels_and_writes_the_same_bytes(plan, tmp_path):
    log = MoveLog()
    log.follow(centres(1))
    moves = log.follow(centres(2))

    def tasks(folder: Path) -> list[Any]:
        folder.mkdir()
        tray = Tray(folder, tmp_path, "OUTPUT")
        return [
            *(ReadStrip(strip, centres(1)) for strip in plan.strips),
            *(LabelStrip(strip, centres(2), moves) for strip in plan.strips),
            *(WriteScene(number, LEGEND, tray) for number in range(len(plan.scenes))),
        ]

    with SeriesSite(plan, NumpyKernel(), NumpyPacker()) as site:
        answers = [task.do(site) for task in tasks(tmp_path / "here")]
    sent = pickle.dumps((plan, tasks(tmp_path / "there")))
    done = subprocess.run([sys.executable, "-c", CHILD, str(ROOT)], input=sent, capture_output=True, check=True)
    assert_same(pickle.loads(done.stdout), answers)
    assert listing(tmp_path / "there") == listing(tmp_path / "here")
    assert len(listing(tmp_path / "there")) == 15


def test_tasks_of_a_pair_of_rasters_do_the_same_wherever_they_are_done(plan, tmp_path):
    rng = np.random.default_rng(3)
    scene = plan.scenes[0]
    grid = scene.checked_grid()
    found = []
    for parameter in ("BEFORE", "AFTER"):
        classes = rng.integers(0, K + 1, (grid.height, grid.width)).astype(np.uint8)
        path = tmp_path / f"{parameter}_classes.tif"
        write_classes(path, scene, [Rows(0, classes)], LEGEND.names, LEGEND.colours)
        found.append(open_classified(parameter, path))
    common = overlap(*found)
    both = Both(PairSite(*found, common), PairSite(*travelled(found), travelled(common)))
    strips = [Strip(0, 0, 30), Strip(0, 30, grid.height - 30)]
    counts = sum(both.do(CountPairs(strip)) for strip in strips)
    assert counts.sum() == grid.pixels
    both.here.table = both.there.table = code_table(counts)
    for strip in strips:
        rows = both.do(CodeStrip(strip))
        assert (rows.first, rows.values.shape) == (strip.row, (strip.height, grid.width))
    assert both.kinds == OF_PAIR


def test_tasks_of_maps_do_the_same_wherever_they_are_done(tmp_path):
    rng = np.random.default_rng(4)
    paths = [write_classified(tmp_path, name, rng.integers(0, K + 1, (40, 30))) for name in (EARLY, LATER)]
    raster_set = open_raster_set(paths)
    points = ReferencePoints(*zip(*[centre(row, row // 2) for row in range(40)]), "EPSG:32633", ["1"] * 40)
    rasters, placed = [member.raster for member in raster_set.members], place(points, raster_set)
    both = Both(AssessmentSite(rasters, placed), AssessmentSite(travelled(rasters), travelled(placed)))
    met = 0
    for strip in [Strip(0, 0, 25), Strip(0, 25, 15), Strip(1, 0, 40)]:
        number, counts = both.do(CountClasses(strip))
        assert (number, counts.sum()) == (strip.scene, strip.height * 30)
        drawn = both.do(DrawStrip(strip, 7, np.full(256, 1 << 60, np.uint64), np.arange(256) > 1))
        assert set(drawn.classes.tolist()) <= {2, 3, 4}
        met += both.do(MeetStrip(strip)).numbers.size
    assert met == 80
    assert both.kinds == OF_MAPS


def test_tasks_of_a_grid_do_the_same_wherever_they_are_done(tmp_path):
    rng = np.random.default_rng(5)
    paths = [
        write_classified(tmp_path, EARLY, rng.integers(0, K + 1, (40, 30)), (270_000.0, 5_000_000.0)),
        write_classified(tmp_path, LATER, rng.integers(0, K + 1, (40, 30)), (743_000.0, 5_000_200.0), crs="EPSG:32632"),
    ]
    raster_set = open_raster_set(paths)
    grid = raster_set.members[0].raster.grid
    both = Both(FollowSite(raster_set, grid), FollowSite(travelled(raster_set), travelled(grid)))
    found = [both.do(FollowStrip(strip)) for strip in (Strip(0, 0, 25), Strip(0, 25, 15))]
    assert sum(part.counts.sum() for part in found) == 2 * grid.pixels
    assert all(part.observed for part in found)
    assert both.kinds == OF_GRID


def test_tasks_of_a_finished_run_do_the_same_wherever_they_are_done(small_series, request_of, tmp_path):
    finished = open_finished(cluster(request_of(*small_series, k=K, max_iterations=1)).output)
    trays = [Tray(tmp_path / name, tmp_path / "new", "OUTPUT") for name in ("here", "there")]
    for tray in trays:
        tray.folder.mkdir()
    table = tuple(int(value) for value in lookup([2, 2, 1, 4]))
    work = Rewriting(table, finished.legend.numbers, LEGEND, 3, EIGHT)
    both = Both(RewriteSite(finished.scenes, work), RewriteSite(travelled(finished.scenes), travelled(work)))
    for number in range(3):
        task = RewriteScene(number, trays[0], raster=number > 0)
        answer = both.do(task)
        assert_same(dataclasses.replace(travelled(task), tray=travelled(trays[1])).do(both.there), answer)
        assert answer.before.sum() == answer.after.sum() == finished.scenes[number].raster.grid.pixels
    assert listing(trays[0].folder) == listing(trays[1].folder)
    assert len(listing(trays[0].folder)) == 8
    assert both.kinds == OF_FINISHED


def test_tasks_of_a_sample_do_the_same_wherever_they_are_done():
    dn = six_band_noise(1, 40, 50).reshape(6, -1)
    both = Both(SampleSite(dn, 42, NumpyKernel(), False), SampleSite(travelled(dn), 42, NumpyKernel(), False))
    assert both.do(ScoreK(3)).inertia > both.do(ScoreK(5)).inertia > 0
    assert both.kinds == OF_SAMPLE
