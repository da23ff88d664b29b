"""One answer for a series: whatever the kernel, the size of the strips, the threads and the order of the scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from iikmc.engine.choices import COARSE_TO_FINE, MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE
from iikmc.engine.execution import threads
from iikmc.engine.kernels import device_choice
from iikmc.engine.kernels.cells.kernel import CellsKernel
from iikmc.engine.kernels.cells.numpy_work import NumpyWork
from iikmc.engine.kernels.cells.workshop import Workshop
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.passes.tasks import ReadStrip
from iikmc.engine.pixels import store as pixel_store
from iikmc.engine.pixels.store import PixelStore, SpilledPixels
from iikmc.engine.pixels.strips import plan_strips
from iikmc.engine.requests import Request
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from tiny import listing, make_scene, product, read_json, read_raster, six_band_noise

WHOLE = 10**9
SETTINGS = {"flags": DEFAULT_FLAGS, "tolerance": 0.5, "k": 5}
ORDERS = ([2, 0, 1], [1, 0, 2, 0])


def outcome(result):
    """Return all that must not depend on how a run was made."""
    document = read_json(result.signatures)
    run = document["run"]
    return {
        "rasters": {path.name: read_raster(path).tolist() for path in result.rasters},
        "fit": result.fit.centres.tolist(),
        "centres": document["centres"],
        "classes": document["classes"],
        "changed": [record["changed_percent"] for record in run["iterations"]],
        "moves": [record["largest_move_dn"] for record in run["iterations"]],
        "audits": {scene["id"]: scene["audit"] for scene in run["scenes"]},
        "statistics": result.statistics.read_text(),
        "csv": (result.output / "signatures.csv").read_text(),
        "legends": {path.name: path.read_text() for path in sorted(result.output.glob("*.qml"))},
        "empty": result.empty_classes,
        "pixels": result.pixels,
    }


@pytest.fixture(scope="session")
def expected(small_series, tmp_path_factory):
    """By start: the outcome with the reference kernel, one thread, whole scenes."""
    found = {}
    for start in (MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, COARSE_TO_FINE):
        request = Request(
            tuple(map(str, small_series)), tmp_path_factory.mktemp("expected"), k=5, tolerance=0.5, start=start,
            mask=MaskRule(DEFAULT_FLAGS, True), workers=1,
        )  # fmt: skip
        found[start] = outcome(cluster(request, kernel=ReferenceKernel(), strip_pixels=WHOLE))
    # The runs must have something to disagree about, and the strips something to cut.
    scenes = check_series(find_scenes(small_series).scenes, Selection(("red",), MaskRule((), False)))
    assert [[len(plan_strips(s.grid, 0, pixels)) for s in scenes] for pixels in (1, 1000, WHOLE)] == [
        [4, 2, 3],
        [2, 2, 3],
        [1, 1, 1],
    ]
    assert len(found[MINIMUM_MAXIMUM]["changed"]) >= 4
    assert len({str(answer["centres"]) for answer in found.values()}) == 4
    assert all(np.unique(raster).size == 6 for raster in map(np.array, found[MINIMUM_MAXIMUM]["rasters"].values()))
    return found


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("strip_pixels", [1, 1000, WHOLE])
def test_same_answer_however_it_is_made(kernel, strip_pixels, workers, order, small_series, expected, request_of):
    request = request_of(*(small_series[i] for i in order), workers=workers, **SETTINGS)
    assert outcome(cluster(request, kernel=kernel, strip_pixels=strip_pixels)) == expected[MINIMUM_MAXIMUM]


@pytest.mark.parametrize("strip_pixels", [1, WHOLE])
def test_same_answer_with_pixels_in_files(kernel, strip_pixels, small_series, expected, request_of, monkeypatch):
    # The smallest MEMORY that a user can set holds these tiny scenes: a budget of nothing spills all of them.
    monkeypatch.setattr(pixel_store, "automatic_budget", lambda: 0)
    spilled = []
    genuine = PixelStore.keep
    monkeypatch.setattr(PixelStore, "keep", lambda self, dn: spilled.append(genuine(self, dn)) or spilled[-1])
    request = request_of(*small_series, workers=2, **SETTINGS)
    assert outcome(cluster(request, kernel=kernel, strip_pixels=strip_pixels)) == expected[MINIMUM_MAXIMUM]
    assert len(spilled) >= 3
    assert all(isinstance(held, SpilledPixels) for held in spilled)


class Payable:
    """Says that cells pay where at most so many labellings are ahead."""

    def __init__(self, most):
        self.most = most

    def pays(self, k, ahead, share, pixels):
        return ahead <= self.most


@pytest.mark.parametrize("budget", [0, 10**9], ids=["in files", "in memory"])
@pytest.mark.parametrize("most", [10.0, 9.0, 4.0])
def test_same_answer_when_a_run_turns_to_cells_by_itself(most, budget, small_series, expected, request_of, monkeypatch):
    made = []

    def with_cells(kernel):
        made.append(CellsKernel(kernel, Workshop.made(NumpyWork(), Payable(most)), 40, 0))
        return made[-1]

    monkeypatch.setattr(device_choice, "with_cells", with_cells)
    monkeypatch.setattr(pixel_store, "automatic_budget", lambda: budget)
    request = request_of(*small_series, workers=2, compare=True, **SETTINGS)
    found = outcome(cluster(request, strip_pixels=1000))
    assert found == outcome(cluster(replace(request, workers=1), kernel=ReferenceKernel()))
    assert {name: found[name] for name in ("rasters", "changed")} == {
        name: expected[MINIMUM_MAXIMUM][name] for name in ("rasters", "changed")
    }
    (kernel,) = made
    assert kernel._tables


@pytest.mark.parametrize("strip_pixels", [1, WHOLE])
def test_same_answer_from_given_centres(kernel, strip_pixels, small_series, request_of, tmp_path):
    """Where the start is known, the first labels are made while later strips are still being read."""
    first = cluster(request_of(*small_series, out="first", k=5, max_iterations=2, workers=1), kernel=ReferenceKernel())
    answers = []
    for number, one in enumerate((ReferenceKernel(), kernel)):
        request = request_of(
            *small_series,
            out=f"run {number}",
            start=SIGNATURES_FILE,
            signatures=first.signatures,
            workers=3,
            **SETTINGS,
        )
        answers.append(outcome(cluster(request, kernel=one, strip_pixels=strip_pixels if number else WHOLE)))
    assert answers[0] == answers[1]
    assert answers[0]["changed"][0] == 100.0
    assert len(answers[0]["changed"]) > 2


@pytest.mark.parametrize("start", [PERCENTILE_RANGE, PLUS_PLUS, COARSE_TO_FINE])
@pytest.mark.parametrize(("strip_pixels", "workers", "order"), [(1, 2, ORDERS[0]), (1000, 5, ORDERS[1])])
def test_same_start_however_it_is_surveyed(start, strip_pixels, workers, order, small_series, expected, request_of):
    request = request_of(*(small_series[i] for i in order), workers=workers, start=start, **SETTINGS)
    assert outcome(cluster(request, strip_pixels=strip_pixels)) == expected[start]


class Backwards(threads._Todo):
    """Hands out the last task first."""

    def take(self):
        with self._changed:
            self._tasks.rotate()
            return super().take()


@pytest.mark.parametrize("start", [MINIMUM_MAXIMUM, PLUS_PLUS, COARSE_TO_FINE])
@pytest.mark.parametrize("workers", [1, 3])
def test_same_answer_whichever_block_is_done_first(start, workers, small_series, expected, request_of, monkeypatch):
    taken = []
    monkeypatch.setattr(threads, "_Todo", Backwards)
    genuine = ReadStrip.do
    monkeypatch.setattr(ReadStrip, "do", lambda self, site: taken.append(self.strip) or genuine(self, site))
    request = request_of(*small_series, start=start, workers=workers, **SETTINGS)
    assert outcome(cluster(request, strip_pixels=1)) == expected[start]
    backwards = sorted(taken, key=lambda strip: (strip.scene, strip.row), reverse=True)
    assert len(taken) == 9
    assert workers > 1 or taken == backwards


def test_large_tiled_scenes_in_strips_give_the_same_raster(tmp_path, request_of):
    # 300 x 530 pixels: two and a bit rows of tiles, written in strips of 256 rows, of 512 and whole.
    paths = [make_scene(tmp_path, product(), six_band_noise(1, 530, 300), qa=None)]
    rasters = []
    for strip_pixels in (1, 2 * 256 * 300, WHOLE):
        request = request_of(*paths, out=f"out{strip_pixels}", k=4, max_iterations=4)
        result = cluster(request, strip_pixels=strip_pixels)
        rasters.append(read_raster(result.rasters[0]))
    assert (rasters[0] > 0).all()
    assert np.array_equal(rasters[0], rasters[1])
    assert np.array_equal(rasters[0], rasters[2])


def test_a_second_run_writes_the_same_files(small_series, request_of, tmp_path):
    for out in ("one", "two"):
        cluster(request_of(*small_series, out=out, **SETTINGS))
    one, two = listing(tmp_path / "one"), listing(tmp_path / "two")
    assert set(one) == set(two)
    timed = {"signatures.json", "report.html"}  # they hold the time of the run
    assert {name: one[name] for name in set(one) - timed} == {name: two[name] for name in set(two) - timed}
