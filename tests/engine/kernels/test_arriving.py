"""Whenever the compiled loops become ready, the result is the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from iikmc.engine.choices import COARSE_TO_FINE, MINIMUM_MAXIMUM
from iikmc.engine.compiled.background import Part
from iikmc.engine.kernels import arriving, choice
from iikmc.engine.kernels.arriving import ArrivingKernel, ArrivingPacker
from iikmc.engine.kernels.cells.kernel import CellsKernel
from iikmc.engine.kernels.cells.numpy_work import NumpyWork
from iikmc.engine.kernels.cells.workshop import Workshop
from iikmc.engine.kernels.kernel import Labelling
from iikmc.engine.kernels.moves import MoveLog
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel, nearest, tally
from iikmc.engine.pixels.block import Block
from iikmc.engine.pixels.kept import Kept
from iikmc.engine.pixels.packing import NumpyPacker
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.runs import classify as classify_run
from iikmc.engine.runs import clustering
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from tiny import HAS_NUMBA, listing, read_json, read_raster

SETTINGS = {"flags": ("cloud",), "tolerance": 0.5, "k": 5, "workers": 2}
NEVER = 10**9


class Gate:
    """In the place of a part: ready after it was asked so many times."""

    wanted, error, elapsed = True, None, 0.0

    def __init__(self, value, opens):
        self._value, self._left, self._lock = value, opens, threading.Lock()
        self.asked = 0

    @property
    def value(self):
        with self._lock:
            self.asked += 1
            return self._value if self.asked > self._left else None

    @property
    def settled(self):
        return self.asked > self._left

    def want(self):
        pass

    def wait(self, seconds=None, progress=None):
        return self.settled


def better():
    """Return a kernel and a packer that the NumPy ones are followed by."""
    if not HAS_NUMBA:
        return ReferenceKernel(), NumpyPacker()
    from iikmc.engine.kernels.numba_kernel import NumbaKernel
    from iikmc.engine.pixels.numba_packer import NumbaPacker

    return NumbaKernel(), NumbaPacker()


def gated(monkeypatch, opens, module):
    """Let runs get a kernel and a packer that change over after so many questions; return both gates."""
    kernel, packer = better()
    gates = Gate(kernel, opens), Gate(packer, opens)
    monkeypatch.setattr(module, "pick_kernel", lambda *_, **__: ArrivingKernel(gates[0]))
    monkeypatch.setattr(module, "pick_packer", lambda _: ArrivingPacker(gates[1]))
    return gates


def outcome(result):
    document = read_json(result.signatures)
    return {
        "rasters": {path.name: read_raster(path).tolist() for path in result.rasters},
        "centres": document["centres"],
        "classes": document["classes"],
        "statistics": result.statistics.read_text(),
        "audits": [scene["audit"] for scene in document["run"]["scenes"]],
    }


@pytest.mark.parametrize("start", [MINIMUM_MAXIMUM, COARSE_TO_FINE])
def test_a_clustering_is_the_same_whenever_the_change_over_comes(start, small_series, request_of, monkeypatch):
    def run(opens):
        gates = gated(monkeypatch, opens, clustering)
        request = request_of(*small_series, out=f"out{opens}", start=start, **SETTINGS)
        return outcome(cluster(request, strip_pixels=1)), gates

    expected, (kernel, packer) = run(NEVER)
    assert len(expected["centres"]) == 5
    # Before anything, within reading, from iteration to iteration, in the middle of one, and while it is written.
    moments = sorted({0, 1, 2, 3, 5, packer.asked - 1, *range(8, kernel.asked, max(kernel.asked // 6, 1))})
    assert kernel.asked > 30
    assert len(moments) > 8
    for opens in moments:
        assert run(opens)[0] == expected, opens


def test_a_classification_is_the_same_whenever_the_change_over_comes(small_series, request_of, tmp_path, monkeypatch):
    source = cluster(request_of(*small_series, out="source", **SETTINGS), kernel=NumpyKernel())

    def run(opens):
        gates = gated(monkeypatch, opens, classify_run)
        folder = tmp_path / f"classified{opens}"
        request = ClassifyRequest(tuple(map(str, small_series)), folder, signatures=source.signatures, workers=2)
        result = classify(request, strip_pixels=1)
        return outcome(result), gates

    expected, (kernel, _) = run(NEVER)
    for opens in range(0, kernel.asked, 4):
        assert run(opens)[0] == expected, opens


@pytest.mark.parametrize("opens", range(12))
def test_a_block_is_handed_over_with_its_labels(opens):
    rng = np.random.default_rng(3)
    dn = rng.integers(1, 65536, (4, 3000), np.uint16)
    centres = rng.integers(0, 65536 * 64, (6, 4))
    kernel = ArrivingKernel(Gate(better()[0], opens))
    held, log = kernel.hold(Block.loose(dn), 6), MoveLog()
    before = np.zeros(3000, np.uint8)
    for _ in range(6):
        centres = np.clip(centres + rng.integers(-9000, 9000, centres.shape), 0, 65535 * 64)
        change = held.relabel(centres, log.follow(centres))
        expected = nearest(dn, centres)
        assert change.changed == np.count_nonzero(expected != before)
        assert np.array_equal(held.labels(), expected)
        assert np.array_equal(held.tally.count, tally(dn, expected, 6).count)
        assert np.array_equal(held.tally.total, tally(dn, expected, 6).total)
        before = expected
    assert held.block.dn is dn
    held.leave()
    assert np.array_equal(held.labels(), before)


def test_what_another_kernel_has_labelled_is_taken_over():
    dn = np.random.default_rng(4).integers(1, 65536, (2, 500), np.uint16)
    centres = np.array([[64, 640], [64000, 32000], [4000000, 3000000]])
    labels = nearest(dn, centres)
    kernel = ArrivingKernel(Gate(better()[0], NEVER))
    held = kernel.hold(Block.loose(dn), 3, Labelling(labels, tally(dn, labels, 3)))
    assert held.relabel(centres).changed == 0


def early(beside, loops):
    """Return what labels by cells from the first labelling on."""
    return CellsKernel(beside, Workshop(loops, None), 40, 0, name="numba")


@pytest.mark.parametrize("opens", range(0, 40, 3))
def test_loops_on_cells_label_without_the_kernel_whenever_they_come(opens):
    rng = np.random.default_rng(6)
    dn = rng.integers(7000, 20000, (4, 3000), np.uint16)
    centres = rng.integers(7000 * 64, 20000 * 64, (6, 4))
    kernel = ArrivingKernel(Part(ReferenceKernel)).dressed(lambda kernel: kernel, early)
    kernel.coming.cells = Gate(NumpyWork(), opens)
    held, log = kernel.hold(Block.loose(Kept(dn.copy())), 6), MoveLog()
    before = np.zeros(3000, np.uint8)
    for _ in range(6):
        centres = np.clip(centres + rng.integers(-9000, 9000, centres.shape), 0, 65535 * 64)
        change = held.relabel(centres, log.follow(centres))
        expected = nearest(dn, centres)
        assert change.changed == np.count_nonzero(expected != before)
        assert np.array_equal(held.labels(), expected)
        assert np.array_equal(held.tally.total, tally(dn, expected, 6).total)
        before = expected
    assert not kernel.part.wanted
    assert kernel.name == ("numba" if kernel.coming.cells.settled else "numpy")


def test_the_kernel_is_made_after_all_where_cells_leave_much_to_numpy(monkeypatch):
    """As with blocks that are too small to be laid out."""
    monkeypatch.setattr(arriving, "_ENOUGH", 0.0)
    dn = np.random.default_rng(7).integers(7000, 20000, (4, 3000), np.uint16)
    centres = np.random.default_rng(8).integers(7000 * 64, 20000 * 64, (6, 4))
    made = Part(NumpyWork)
    made.make()
    kernel = ArrivingKernel(Part(ReferenceKernel))
    kernel = kernel.dressed(lambda kernel: kernel, lambda beside, loops: CellsKernel(beside, Workshop(loops, None)))
    kernel.coming.cells = made
    held, log = kernel.hold(Block.loose(dn), 6), MoveLog()
    held.relabel(centres, log.follow(centres))
    assert kernel.part.wait(30.0)
    held.relabel(centres, log.follow(centres))
    assert isinstance(held._held._by, ReferenceKernel)
    assert np.array_equal(held.labels(), nearest(dn, centres))


def test_the_name_is_that_of_what_labels_now():
    kernel = ArrivingKernel(Gate(ReferenceKernel(), 1))
    assert [kernel.name, kernel.name] == ["numpy", "reference"]


def test_the_compiled_kernel_labels_when_it_is_there_from_the_start(small_series, request_of, monkeypatch):
    monkeypatch.setattr(choice, "_parts", choice._Parts())
    monkeypatch.setattr(choice._parts.chosen, "_make", ReferenceKernel)
    monkeypatch.setattr(choice._parts.packer, "_make", NumpyPacker)
    assert choice._parts.chosen.wait(30.0)
    result = cluster(request_of(*small_series, **SETTINGS), strip_pixels=1)
    assert read_json(result.signatures)["run"]["kernel"] == "reference"
    assert listing(result.output)
