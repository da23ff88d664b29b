"""Pixels by cells of feature space: never another answer, wherever the cells lie and whenever they are made."""

from __future__ import annotations

import tracemalloc
import types
import weakref
from threading import Event

import numpy as np
import pytest
from iikmc.engine.arrays import GRID
from iikmc.engine.choices import CPU
from iikmc.engine.compiled.background import Part
from iikmc.engine.errors import Cancelled, MemoryBudgetError
from iikmc.engine.kernels import reference
from iikmc.engine.kernels.arriving import ArrivingKernel
from iikmc.engine.kernels.cells import boxes, choice, costs, numpy_work, verdicts
from iikmc.engine.kernels.cells.choice import at_once, with_cells
from iikmc.engine.kernels.cells.kernel import CellsHeld, CellsKernel
from iikmc.engine.kernels.cells.layout import Layout
from iikmc.engine.kernels.cells.numba_work import NumbaWork
from iikmc.engine.kernels.cells.numpy_work import NumpyWork
from iikmc.engine.kernels.cells.partition import MOST_WANTED, Partition
from iikmc.engine.kernels.cells.table import Table
from iikmc.engine.kernels.cells.workshop import Workshop
from iikmc.engine.kernels.device_choice import DeviceChoice
from iikmc.engine.kernels.moves import MoveLog
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.selftest import check
from iikmc.engine.passes.site import loose_site
from iikmc.engine.pixels.block import Block
from iikmc.engine.pixels.kept import Kept
from iikmc.engine.pixels.store import PixelStore, SpilledPixels
from iikmc.engine.progress import Silent
from tiny import HAS_NUMBA, NumbaKernel, NumpyCellsKernel, Recorder, ReferenceKernel, Subject

WORKS = (NumpyWork, *([NumbaWork] if HAS_NUMBA else []))


@pytest.fixture(params=WORKS, ids=lambda work: work.__name__)
def work(request):
    return request.param()


def by_cells(work, cells=40):
    """Return a kernel that lays every block out at once."""
    return CellsKernel(NumpyKernel(), Workshop.made(work), cells, 0)


def scattered(seed, n, n_bands=6):
    rng = np.random.default_rng(seed)
    middles = rng.integers(7000, 30000, (5, n_bands))
    dn = middles[rng.integers(0, 5, n)] + rng.normal(0, 900, (n, n_bands))
    return np.clip(dn, 1, 65535).astype(np.uint16).T.copy()


def centres_near(dn, k, seed):
    rng = np.random.default_rng(seed)
    chosen = GRID * dn[:, rng.integers(0, dn.shape[1], k)].T.astype(np.int64)
    return np.clip(chosen + rng.integers(-9000, 9001, chosen.shape), 0, 65535 * GRID)


def compare(held, centres, moves=None):
    """Label a held block, and compare everything with the definition."""
    # Kept pixels are put in order in the memory where they lie.
    before, earlier, dn = held.labels().copy(), held.tally.copy(), held.block.dn.copy()
    expected = reference.nearest(dn, centres)
    tally = reference.tally(dn, expected, len(centres))
    change = held.relabel(centres, moves)
    assert change.changed == np.count_nonzero(expected != before)
    np.testing.assert_array_equal(held.labels(), expected)
    np.testing.assert_array_equal(held.tally.count, tally.count)
    np.testing.assert_array_equal(held.tally.total, tally.total)
    np.testing.assert_array_equal(change.tally.total, tally.total - earlier.total)
    lying, labels = held.lying()
    order = np.lexsort((*dn, expected))
    again = np.lexsort((*lying, labels))
    np.testing.assert_array_equal(lying[:, again], dn[:, order])
    np.testing.assert_array_equal(labels[again], expected[order])


def test_the_self_test_holds(work):
    check(by_cells(work))
    check(by_cells(work), wide=True)


@pytest.mark.parametrize("n_bands", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
@pytest.mark.parametrize("n", [1, 2, 7, 5000])
def test_any_number_of_bands_and_pixels(work, n_bands, n):
    dn = scattered(n_bands, n, n_bands)
    held = by_cells(work).hold(Block.loose(dn), 9)
    for seed in range(4):
        compare(held, centres_near(dn, 9, seed))


@pytest.mark.parametrize("cells", [1, 2, 500, MOST_WANTED])
def test_any_number_of_cells(work, cells):
    dn = scattered(1, 3000)
    kernel = by_cells(work, cells)
    held = kernel.hold(Block.loose(dn), 12)
    for seed in range(3):
        compare(held, centres_near(dn, 12, seed))
    assert kernel.table(6).partition.size <= max(1.5 * cells, 1)


def test_a_sample_that_is_like_nothing_that_follows(work):
    kernel = by_cells(work)
    water = np.full((6, 500), 7300, np.uint16)
    first = kernel.hold(Block.loose(water, 0), 6)
    compare(first, centres_near(water, 6, 1))
    assert kernel.table(6).partition.size == 1
    for number, values in enumerate(
        (scattered(2, 4000), np.full((6, 9), 65535, np.uint16), np.ones((6, 1), np.uint16))
    ):
        held = kernel.hold(Block.loose(values, number + 1), 6)
        for seed in range(3):
            compare(held, centres_near(values, 6, seed))
            compare(first, centres_near(values, 6, seed))


def test_blocks_that_come_later_widen_the_boxes_of_those_before(work):
    kernel, rng = by_cells(work), np.random.default_rng(5)
    helds = []
    centres = centres_near(scattered(0, 100), 7, 3)
    for number in range(6):
        helds.append(kernel.hold(Block.loose(scattered(number, int(rng.integers(1, 900))), number), 7))
        # The same centres throughout, so that verdicts are kept where they may be.
        for held in helds:
            compare(held, centres)


def test_ties_on_the_walls_between_classes(work):
    # Pixels at whole numbers on a line, centres whose bisectors run through them, each twice.
    line = np.arange(20000, 20400, dtype=np.uint16)
    dn = np.stack([line] * 6)
    held = by_cells(work, 80).hold(Block.loose(dn), 8)
    for step in (40, 2, 1):
        ends = GRID * np.array([20100, 20100 + step, 20100 + 2 * step, 20100 + 3 * step], np.int64)
        compare(held, np.repeat(np.concatenate([ends, ends[::-1]])[:, None], 6, axis=1))


def test_a_box_that_touches_a_bisector_is_mixed_and_one_beyond_it_is_pure():
    # One band, one cell of the pixels 100 .. 110; between centres at 90 and c the bisector is at (90 + c)/2.
    one = boxes.Boxes(np.array([[100]], np.int32), np.array([[110]], np.int32))
    for wall, kind in ((105, verdicts.PAIR), (110, verdicts.PAIR), (111, verdicts.PAIR), (112, verdicts.PURE)):
        found = verdicts.judge(one, np.eye(1), GRID * np.array([[90], [2 * wall - 90]]), GRID)
        assert (found.kind[0], found.base[0]) == (kind, 0)
    found = verdicts.judge(one, np.eye(1), GRID * np.array([[90], [90], [500]]), GRID)
    assert (found.kind[0], found.base[0], found.other[0]) == (verdicts.PAIR, 0, 1)


@pytest.mark.skipif(not HAS_NUMBA, reason="Numba is not installed")
@pytest.mark.parametrize("k", [2, 8, 65, 254])
def test_both_judges_agree(k):
    dn = scattered(11, 20000)
    table = Table(Partition.of(dn, 300))
    NumpyWork().lay_out(dn, table, np.empty_like(dn))
    centres = centres_near(dn, k, 12)
    one, other = (judge.judge(table._boxes, table.partition, centres) for judge in (NumpyWork(), NumbaWork()))
    for name in ("kind", "base", "other", "first", "listed"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_pure_verdict_is_true_of_every_corner(work):
    dn = scattered(21, 20000)
    table = Table(Partition.of(dn, 200))
    work.lay_out(dn, table, np.empty_like(dn))
    centres = centres_near(dn, 10, 22)
    found = work.judge(table._boxes, table.partition, centres)
    pure = np.flatnonzero((found.kind == verdicts.PURE) & (table._boxes.low[0] <= table._boxes.high[0]))
    assert pure.size > 20
    rotated = centres / GRID @ table.partition.axes.T
    sides = np.array(np.meshgrid(*[[0, 1]] * 6)).reshape(6, -1)
    for cell in pure:
        low, high = table._boxes.low[:, cell] - 1.2, table._boxes.high[:, cell] + 1.2
        corners = low[:, None] + sides * (high - low)[:, None]
        distance = ((corners[None] - rotated[:, :, None]) ** 2).sum(axis=1)
        assert (distance.argmin(axis=0) == found.base[cell]).all()


def test_the_table_of_cells_covers_all_bins():
    dn = scattered(31, 50000)
    part = Partition.of(dn, 1000)
    assert np.unique(part.table).tolist() == list(range(part.size))
    assert 600 < part.size < 1500
    np.testing.assert_allclose(part.axes @ part.axes.T, np.eye(6), atol=1e-13)


@pytest.mark.parametrize("kind", [ReferenceKernel, NumpyKernel, *([NumbaKernel] if HAS_NUMBA else [])])
def test_changing_over_in_the_middle(work, kind):
    subject, log = Subject(scattered(41, 5000), 8), MoveLog()
    kernels = [kind(), by_cells(work)]
    for number in range(9):
        centres = centres_near(subject.dn, 8, 42) + number * number * 40
        held = subject.hold(kernels[number // 3 % 2])
        moves = log.follow(centres)
        if hasattr(held, "expect_few_doubts") and number % 3 == 1:
            held.expect_few_doubts(moves.history)
        compare(held, centres, moves)


class Patient:
    """Costs by which cells pay from the third labelling on."""

    def pays(self, k, ahead, share, pixels):
        return ahead < 8


def test_a_kernel_that_changes_over_by_itself(work, monkeypatch):
    kernel = CellsKernel(NumpyKernel(), Workshop.made(work, Patient()), 40, 0)
    held, log = kernel.hold(Block.loose(scattered(51, 4000)), 8), MoveLog()
    for number in range(5):
        centres = centres_near(held.block.dn, 8, 52) + 100 * number
        compare(held, centres, log.follow(centres, 10.0 - number))
        assert (held._laid is not None) == (number >= 3)


def test_loops_that_fail_leave_the_other_kernel_at_work():
    def broken():
        raise ImportError("no loops here")

    part = Part(broken)
    kernel = CellsKernel(NumpyKernel(), Workshop(part, Patient()), 40, 0)
    held, log = kernel.hold(Block.loose(scattered(61, 500)), 8), MoveLog()
    for number in range(3):
        centres = centres_near(held.block.dn, 8, 62) + 100 * number
        compare(held, centres, log.follow(centres, 1.0))
        part.wait()
    assert isinstance(part.error, ImportError)
    assert held._laid is None


def test_loops_are_made_beside_while_the_other_kernel_labels(work):
    gate = Event()

    def late():
        gate.wait()
        return work

    part = Part(late)
    kernel = CellsKernel(NumpyKernel(), Workshop(part, Patient()), 40, 0)
    held, log = kernel.hold(Block.loose(scattered(61, 500)), 8), MoveLog()
    for number in range(6):
        if number == 3:
            gate.set()
            part.wait()
        centres = centres_near(held.block.dn, 8, 62) + 100 * number
        compare(held, centres, log.follow(centres, 1.0))
        assert (held._laid is not None) == (number >= 3)


def test_cells_of_a_kernel_that_is_still_on_its_way(work):
    """NumPy without cells while the other comes; by cells when it is there, and where it never comes."""
    part = Part(NumpyKernel)
    kernel = ArrivingKernel(part, lambda kernel: CellsKernel(kernel, Workshop.made(work), 40, 0))
    part.wanted = True
    held, log = kernel.hold(Block.loose(scattered(65, 2000)), 8), MoveLog()
    for number in range(4):
        if number == 2:
            part.make()
        centres = centres_near(held.block.dn, 8, 66) + 100 * number
        compare(held, centres, log.follow(centres))
        assert isinstance(held._held, CellsHeld) == (number >= 2)
    never = with_cells(ArrivingKernel(Part(NumpyKernel)))
    assert isinstance(never.present, CellsKernel)
    assert never.name == "numpy"


def test_small_blocks_stay_with_the_other_kernel():
    kernel = with_cells(NumpyKernel())
    block = Block.loose(scattered(71, 1000))
    assert type(kernel.hold(block, 8)) is type(NumpyKernel().hold(block, 8))
    assert kernel.name == "numpy"
    assert with_cells(ReferenceKernel()).name == "reference"


def test_cells_pay_where_many_labellings_are_ahead_and_not_for_a_few():
    for one in (costs.NUMBA, costs.NUMPY):
        assert one.pays(8, 10.0, 1.0, 10**8)
        assert one.pays(64, 5.0, 1.0, 10**8)
        assert not one.pays(8, 2.0, 1.0, 10**8)
        # NumPy skips nothing: what it takes less than the first time, it took for other things.
        assert one.pays(8, 10.0, 0.1, 10**8) == (not one.skips)
        assert not one.pays(8, 10.0, 1.0, 10**5)


@pytest.mark.parametrize("budget", [0, 10**9], ids=["in files", "in memory"])
def test_kept_pixels_are_rearranged_where_they_are(work, tmp_path, monkeypatch, budget):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dn = scattered(81, 4000)
    with PixelStore(budget, 4000, 6, tmp_path) as store:
        kept = Kept(store.keep(dn.copy()), store)
        assert isinstance(kept.stored, SpilledPixels) == (budget == 0)
        block = Block.loose(kept)
        kernel = by_cells(work)
        held = kernel.hold(block, 8)
        for seed in range(3):
            compare(held, centres_near(dn, 8, seed))
            assert isinstance(kept.order, Layout)
            np.testing.assert_array_equal(block.dn, dn)
        # Other labels of the same pixels use the same order.
        own = kernel.hold(block, 5)
        order = kept.order
        compare(own, centres_near(dn, 5, 9))
        compare(held, centres_near(dn, 8, 9))
        assert kept.order is order
        files = list(tmp_path.rglob("*.dn"))
        assert len(files) == (budget == 0)
        kept.restore()
        np.testing.assert_array_equal(kept.lying()[0], dn)
        assert kept.order is None


def test_another_kernel_goes_on_with_cells_that_are_made(work):
    dn = scattered(91, 3000)
    block = Block.loose(Kept(dn.copy()))
    first = by_cells(work).hold(block, 6)
    compare(first, centres_near(dn, 6, 1))
    order = block.stored.order
    second = NumpyCellsKernel().hold(block, 6)
    compare(second, centres_near(dn, 6, 2))
    assert block.stored.order is order


def test_a_site_that_is_cleared_has_its_pixels_row_by_row(work):
    dn = scattered(101, 2000)
    block = Block.loose(Kept(dn.copy()))
    site = loose_site([block], 6, by_cells(work))
    site.held(block.strip).relabel(centres_near(dn, 6, 1))
    site.clear()
    assert block.stored.order is None
    np.testing.assert_array_equal(block.stored.lying()[0], dn)
    # And can be laid out again.
    compare(site.held(block.strip), centres_near(dn, 6, 2))


def test_a_shelf_that_is_cleared_leaves_the_order_that_another_follows(work):
    dn = scattered(101, 2000)
    block = Block.loose(Kept(dn.copy()))
    site = loose_site([block], 6, by_cells(work))
    common, own = site.held(block.strip), site.held(block.strip, "own")
    compare(common, centres_near(dn, 6, 1))
    compare(own, centres_near(dn, 6, 2))
    site.clear("own")
    compare(common, centres_near(dn, 6, 3))
    site.clear()
    assert block.stored.order is None


def test_a_block_that_is_held_with_two_sets_of_labels_counts_once():
    kernel = with_cells(NumpyKernel())
    blocks = [Block.loose(Kept(scattered(number, 140_000)), number) for number in range(2)]
    site = loose_site(blocks, 6, kernel)
    for shelf in ("", "own"):
        for block in blocks:
            site.held(block.strip, shelf)
    assert kernel._pace.pixels == 280_000


def test_the_benchmark_measures_cells_where_a_long_run_would_use_them():
    assert at_once(NumpyKernel(), 1000, 8) is None
    assert at_once(ReferenceKernel(), 10**8, 8) is None
    kernel = at_once(NumpyKernel(), 10**8, 8)
    dn = scattered(111, 140_000)
    held = kernel.hold(Block.loose(dn), 4)
    compare(held, centres_near(dn, 4, 1))
    assert held._laid is not None


def test_each_clustering_begins_with_cells_of_its_own():
    progress = Silent()
    device = DeviceChoice(CPU, 8, 6, NumpyKernel(), progress, by_cells=True)
    device.renew()
    first = device.kernel
    device.renew()
    assert isinstance(first, CellsKernel)
    assert isinstance(device.kernel, CellsKernel)
    assert device.kernel is not first
    assert device.title == "numpy kernel"
    # A kernel that was asked for labels alone.
    asked = NumpyKernel()
    device = DeviceChoice(CPU, 8, 6, asked, progress)
    device.renew()
    assert device.kernel is asked


def test_a_disk_without_room_for_another_order_keeps_the_one_there_is(work, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dn = scattered(121, 3000)
    with PixelStore(0, 3000, 6, tmp_path) as store:
        kept = Kept(store.keep(dn.copy()), store)

        def full(*_):
            raise MemoryBudgetError("MEMORY: no room")

        monkeypatch.setattr(store, "replace", full)
        held = by_cells(work).hold(Block.loose(kept), 8)
        for seed in range(3):
            compare(held, centres_near(dn, 8, seed))
        assert held._laid is None
        assert kept.order is None


def test_a_file_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dn = scattered(131, 300)
    with PixelStore(0, 300, 6, tmp_path) as store:
        kept = store.keep(dn)
        # A folder that is gone stands for a disk that is full.
        with pytest.raises(MemoryBudgetError, match="MEMORY"):
            store.replace(SpilledPixels(tmp_path / "nowhere" / "block.dn", kept.shape), dn)
        np.testing.assert_array_equal(kept.open(), dn)


def test_an_error_in_the_middle_of_laying_out_leaves_the_pixels_as_they_were(monkeypatch):
    dn = scattered(141, 2000)
    kept = Kept(dn.copy())

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(numpy_work, "_look", full)
    held = by_cells(NumpyWork()).hold(Block.loose(kept), 8)
    compare(held, centres_near(dn, 8, 1))
    assert held._laid is None
    np.testing.assert_array_equal(kept.open(), dn)


@pytest.mark.parametrize("taken", range(6))
def test_memory_that_gives_out_between_two_bands_leaves_the_pixels_as_they_were(monkeypatch, taken):
    """Another thread may have taken the rest; where one band is in order and the next is not, there are no pixels."""
    dn, left, take = scattered(151, 2000), [taken], np.take
    kept = Kept(dn.copy())
    held = by_cells(NumpyWork()).hold(Block.loose(kept), 8)

    def scarce(values, places, out=None, **options):
        # That which looks up cells has a place for its answer, and each band must have one.
        if out is None and values.dtype == np.uint16 and values.size == dn.shape[1]:
            left[0] -= 1
            if left[0] < 0:
                raise MemoryError
        return take(values, places, out=out, **options)

    monkeypatch.setattr(np, "take", scarce)
    for seed in range(2):
        compare(held, centres_near(dn, 8, seed))
    np.testing.assert_array_equal(kept.open(), dn)


def test_a_table_that_cannot_take_a_block_leaves_its_pixels_as_they_were(monkeypatch):
    dn = scattered(161, 2000)
    kept = Kept(dn.copy())
    kernel = by_cells(NumpyWork())
    held = kernel.hold(Block.loose(kept), 8)

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(kernel.table(6), "add", full)
    compare(held, centres_near(dn, 8, 1))
    assert held._laid is None
    np.testing.assert_array_equal(kept.open(), dn)


def test_a_table_takes_a_block_without_memory_for_its_cells():
    """Compiled loops have put the pixels in order by then, and there may be no room to put them back."""
    dn = scattered(171, 50000)
    table = Table(Partition.of(dn, 4000))
    shape = table._boxes.low.shape
    one = boxes.Boxes(np.zeros(shape, np.int32), np.ones(shape, np.int32))
    tracemalloc.start()
    table.add(one)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # NumPy's own buffer has 8 KB, whatever the cells.
    assert peak < 10_000 < shape[1] * shape[0]
    assert table.grown == 1


def test_cells_that_find_no_memory_once_are_made_for_the_next_block(monkeypatch):
    kernel, cut, fails = by_cells(NumpyWork()), Partition.of, [MemoryError()]
    helds = [kernel.hold(Block.loose(scattered(seed, 900), seed), 8) for seed in (181, 182)]

    def scarce(*parameters):
        if fails:
            raise fails.pop()
        return cut(*parameters)

    monkeypatch.setattr(Partition, "of", scarce)
    for held in helds:
        compare(held, centres_near(held.block.dn, 8, 1))
    assert [held._laid is not None for held in helds] == [False, True]


def test_a_kernel_that_arrives_before_its_loops_for_cells(work):
    """Another run has it compiled, while NumPy has laid this run's pixels out already."""
    better, loops = Part(NumpyKernel), Part(lambda: work)

    def dress(kernel):
        workshop = Workshop(loops, Patient()) if kernel is better.value else Workshop.made(NumpyWork())
        return CellsKernel(kernel, workshop, 40, 0)

    dn = scattered(191, 2000)
    held = ArrivingKernel(better, dress).hold(Block.loose(Kept(dn.copy())), 8)
    compare(held, centres_near(dn, 8, 1))
    assert held._held._laid is not None
    # What is on its way does not undo what is done.
    better.wanted = True
    compare(held, centres_near(dn, 8, 2))
    assert held._held._laid is not None
    better.make()
    for seed in range(3, 6):
        compare(held, centres_near(dn, 8, seed))
        assert (held._held._laid is not None) == (seed > 3)
        loops.wait()


def test_a_file_in_the_old_order_is_not_mapped_any_more_when_it_is_replaced(work):
    class Mapped:
        """Pixels in a file that know whether somebody still has them mapped, and the store that replaces them."""

        shape = (6, 2000)
        seen = None

        def open(self):
            dn = scattered(201, 2000)
            self.seen = weakref.ref(dn)
            return dn

        def replace(self, stored, dn):
            assert stored is self
            assert self.seen() is None
            return dn.copy()

    file = Mapped()
    held = by_cells(work).hold(Block.loose(Kept(file, file)), 8)
    compare(held, centres_near(scattered(201, 2000), 8, 1))
    assert held._laid is not None


@pytest.mark.parametrize("chunk", [16, 300, 1 << 14])
def test_cells_of_several_bases_share_a_group(monkeypatch, chunk):
    """However many cells NumPy looks at together, each pixel gets the nearest of all classes, ties the lowest."""
    monkeypatch.setattr(numpy_work, "_CHUNK", chunk)
    groups = []

    def seen(verdicts, counts):
        for group in all_groups(verdicts, counts):
            groups.append((group, verdicts.base[group.cells]))
            yield group

    all_groups = numpy_work._groups
    monkeypatch.setattr(numpy_work, "_groups", seen)
    dn = scattered(223, 4000)
    held = by_cells(NumpyWork(), 400).hold(Block.loose(dn), 66)
    centres = centres_near(dn, 66, 227)
    centres[40:44] = centres[3]
    for move in (0, 64, 4000, 4000):
        centres = np.clip(centres + move, 0, 65535 * GRID)
        compare(held, centres)
    many = [bases for group, bases in groups if group.classes.size > 2]
    if chunk > 16:
        assert any(np.unique(bases).size > 1 for bases in many)
    # Whatever a pixel's cell was taken for, it can stay that.
    assert all(np.isin(bases, group.classes).all() for group, bases in groups)


def test_a_single_large_cell_is_labelled_in_small_parts(work):
    """A sea of one colour falls into one cell, which needs no more memory at a time than many small ones."""
    dn = np.random.default_rng(211).integers(9000, 9040, (6, 400_000)).astype(np.uint16)
    held = by_cells(work, 1).hold(Block.loose(Kept(dn.copy())), 3)
    # Two classes and three in question: the only cell is a pair, then one of many.
    near = GRID * np.full(6, 9020) + np.array([-900, 0, 900])[:, None]
    far = np.concatenate([near[:2], GRID * np.full((1, 6), 60000)])
    for centres in (near, far, near + 64):
        compare(held, centres)
        tracemalloc.start()
        held.relabel(centres)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5_000_000


def test_pixels_that_lie_in_order_get_their_labels_when_there_is_memory_again():
    class Scarce(NumpyWork):
        fails = True

        def in_cells(self, values, layout):
            if self.fails:
                self.fails = False
                raise MemoryError
            return super().in_cells(values, layout)

    dn = scattered(221, 2000)
    held = CellsKernel(NumpyKernel(), Workshop.made(Scarce(), Patient()), 40, 0).hold(Block.loose(Kept(dn.copy())), 8)
    log = MoveLog()
    for ahead, laid in ((10.0, False), (7.0, False), (6.0, True), (5.0, True)):
        centres = centres_near(dn, 8, int(ahead))
        compare(held, centres, log.follow(centres, ahead))
        assert (held._laid is not None) == laid


def test_a_benchmark_that_is_cancelled_does_not_wait_for_the_loops(monkeypatch):
    gate = Event()
    monkeypatch.setitem(choice._WAYS, "numba", (Part(gate.wait), costs.NUMBA))
    compiled = types.SimpleNamespace(name="numba")
    try:
        with pytest.raises(Cancelled):
            at_once(compiled, 10**8, 8, Recorder(stop=lambda _: True))
    finally:
        gate.set()
